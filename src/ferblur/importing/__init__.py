"""Brings the field's datasets, in the layouts they come in, into the project's own."""
