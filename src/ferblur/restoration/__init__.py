"""Ways to undo blur: a module for each, whose `restore` takes faces and the blur's kernel."""
