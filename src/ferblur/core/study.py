"""The study's own names, each written once: emotions, pools, blur levels, models, splits, tasks."""

from collections.abc import Sequence

from ferblur.core.errors import UserError

EMOTIONS = ("anger", "disgust", "fear", "happiness", "sadness", "surprise")
"""The study's six classes, in the order scikit-learn's LabelEncoder gives them (section III.A).

Those of a run are `params.yaml: data.emotions`; what a user's data goes through reads them there.
"""

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


def training_named(arguments: Sequence[str], seeds: Sequence[int]) -> tuple[str, int]:
    """The training that a stage's command line names: the model, and the seed of it.

    Raises UserError where that is not one of the study's two models and one of `seeds`.
    """
    known = {f"{model} {seed}": (model, seed) for model in MODELS for seed in seeds}
    named = " ".join(arguments)
    if named not in known:
        raise UserError(
            f"name a model, {' or '.join(MODELS)}, and a seed of train.seeds, "
            f"{', '.join(map(str, seeds))}, not '{named}'"
        )
    return known[named]
