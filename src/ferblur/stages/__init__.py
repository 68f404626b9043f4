"""The verbs of dvc.yaml, one thin module each; `python -m ferblur.stages.<stage>` runs one."""

from ferblur.core import stage as stage  # sets a stage's arithmetic before its module loads
