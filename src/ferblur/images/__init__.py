"""Turns image files into pixels: decoding what the field's datasets hold, and telling likeness."""
