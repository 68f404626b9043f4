"""Turns image files into pixels: decoding what the field's datasets hold, whatever is in them."""
