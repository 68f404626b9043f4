"""The study's own names, each written once: emotions, pools, blur levels, models, splits, tasks."""

from collections.abc import Sequence

from ferblur.core.errors import UserError

EMOTIONS = ("anger", "disgust", "fear", "happiness", "sadness", "surprise")
"""Class names; a label is the index, as scikit-learn's LabelEncoder gives it (section III.A)."""

CHANCE = 1 / len(EMOTIONS)
"""Accuracy of guessing."""

POOLS = ("train", "deployment")
"""The two subsets of the study; their subjects differ (section III.A)."""

LEVELS = ("none", "low", "medium", "high", "very_high")
"""Blur levels in order of strength; `params.yaml: blur` gives each one's radius (section III.C)."""

MODELS = ("baseline", "second")
"""The study's two models: trained on sharp faces, and on blurred ones too (section III.D)."""

SPLITS = ("train", "val", "test")
"""The parts of a model's dataset (Table I)."""

TASKS = ("test", *LEVELS)
"""What a model is scored on: its own test split, and unseen people at each blur level."""


def model_named(arguments: Sequence[str]) -> str:
    """The model that a stage's command line names.

    Raises UserError where that is not exactly one of the study's two.
    """
    if len(arguments) != 1 or arguments[0] not in MODELS:
        raise UserError(f"name one model, {' or '.join(MODELS)}, not '{' '.join(arguments)}'")
    return arguments[0]
