"""What `make` runs beside the pipeline: preflight, verify, committed, imagenet, export."""
