"""Finds the face in an image, levels its eyes and crops it."""
