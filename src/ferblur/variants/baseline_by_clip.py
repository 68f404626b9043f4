"""The baseline, whose own test set shows other clips than it was trained on."""

from ferblur.beyond.training import Source, Variant
from ferblur.curation.grouping import regroup


def variant(source: Source) -> Variant:
    """The study's samples; whole clips fall into train, val and test."""
    rows = regroup(source.baseline, source.clips, source.params.split, "clip")
    return Variant(rows, source.params.train.epochs)
