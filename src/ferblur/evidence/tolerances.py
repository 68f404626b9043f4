"""How far a score of another run may be from the committed one before the two differ."""

from collections.abc import Mapping
from statistics import stdev
from typing import Any

from scipy.stats import t

from ferblur.core.study import MODELS, TASKS
from ferblur.evidence.run_comparison import SCORES

CONFIDENCE = 0.95
"""How often a run that differs only by chance has every score within tolerance."""

MIN_TOLERANCE = 0.01
"""The smallest tolerance: a score that hardly varied over a few runs may still vary."""


def tolerances(spread: Mapping[str, Any]) -> dict[str, Any]:
    """How far apart two runs may be that differ in nothing but arithmetic or seed, by score.

    `spread` holds the scores of n such runs. Student's t with n - 1 degrees of freedom gives the
    distance that the difference of two exceeds in (1 - CONFIDENCE) / 12 of cases: accuracy and F1
    of one model on one set of faces go together, which leaves 12 chances to be outside.
    """
    chances = len(MODELS) * len(TASKS)
    factor = float(t.ppf(1 - (1 - CONFIDENCE) / chances / 2, len(spread) - 1)) * 2**0.5
    return {
        model: {
            task: {
                score: max(
                    MIN_TOLERANCE, factor * stdev(n[model][task][score] for n in spread.values())
                )
                for score in SCORES
            }
            for task in TASKS
        }
        for model in MODELS
    }
