"""Puts results into words, rows and pages for readers."""
