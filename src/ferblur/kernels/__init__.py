"""Kinds of blur: a module for each, whose `weights` are the kernel of a standard deviation."""
