"""Plumbing that every stage shares: names, parameters, files, arithmetic, errors, resuming."""
