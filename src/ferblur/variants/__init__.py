"""Variants of the study's models: a module for each, whose `variant` is what it is trained on."""
