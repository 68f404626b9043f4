"""Draws people, expressions and views, and renders their faces."""
