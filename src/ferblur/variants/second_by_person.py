"""The second model, whose own test set shows other people than it was trained on."""

from ferblur.beyond.training import Source, Variant
from ferblur.curation.grouping import regroup


def variant(source: Source) -> Variant:
    """The study's samples; whole people fall into train, val and test."""
    rows = regroup(source.second, source.people, source.params.split, "person")
    return Variant(rows, source.params.train.epochs)
