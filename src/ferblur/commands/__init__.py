"""What people run beside the pipeline: preflight, verify, export."""
