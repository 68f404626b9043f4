"""Accuracy over kinds and strengths of blur: the sweep, its cut-offs, areas and corruption errors.

Ours, not the paper's, which has one kind and five strengths.
"""

from collections.abc import Mapping, Sequence
from functools import cached_property, partial
from typing import Any

import numpy as np
from scipy.special import softmax

from ferblur.evidence.intervals import Interval, accuracy, f1
from ferblur.evidence.robustness import (
    CutOff,
    calibration_error,
    cut_off,
    cut_off_interval,
)
from ferblur.evidence.unseen import Score, Unseen

Blurs = Sequence[tuple[str, float]]
"""The kind and the radius in px of each blur, in order; the first is radius 0."""


def f1_by_class(confusions: np.ndarray) -> np.ndarray:
    """F1 of each class, … x K; even guessing scores 1 / K, and recall would rise in a collapse."""
    hits = np.diagonal(confusions, axis1=-2, axis2=-1)
    both = confusions.sum(axis=-1) + confusions.sum(axis=-2)
    return np.asarray(2 * hits / np.maximum(both, 1))


class Swept:
    """What several models answered to every blur, S trainings x C blurs x N x K logits each."""

    def __init__(
        self, unseen: Unseen, logits: Mapping[str, np.ndarray], blurs: Blurs, f1_average: str
    ) -> None:
        self.unseen, self.logits, self.f1_average = unseen, logits, f1_average
        self.blurs = [(kind, float(radius)) for kind, radius in blurs]
        self.kernels = list(dict.fromkeys(kind for kind, _ in self.blurs))
        self.radii = sorted({radius for _, radius in self.blurs})
        self._known: dict[tuple[str, int, str], np.ndarray] = {}

    @cached_property
    def chance(self) -> float:
        """The accuracy of guessing."""
        return 1 / self.unseen.classes

    def place(self, kernel: str, radius: float) -> int:
        """The number of a blur; of radius 0 there is one for all kinds."""
        return self.blurs.index((kernel, radius)) if radius else 0

    def predicted(self, model: str, kernel: str, radius: float) -> np.ndarray:
        """The answers to a blur, S x N."""
        return np.asarray(self.logits[model][:, self.place(kernel, radius)].argmax(axis=-1))

    def accuracy(self, model: str, kernel: str, radius: float) -> np.ndarray:
        """Accuracy under a blur, (1 + B)."""
        return self._score(model, kernel, radius, "accuracy")

    def f1(self, model: str, kernel: str, radius: float) -> np.ndarray:
        """F1 under a blur, averaged as evaluate.f1_average says, (1 + B)."""
        return self._score(model, kernel, radius, "f1")

    def by_class(self, model: str, kernel: str, radius: float) -> np.ndarray:
        """F1 of each class under a blur, (1 + B) x K."""
        return self._score(model, kernel, radius, "by_class")

    def _score(self, model: str, kernel: str, radius: float, name: str) -> np.ndarray:
        key = model, self.place(kernel, radius), name
        if key not in self._known:
            average = partial(f1, average=self.f1_average)
            scores: dict[str, Score] = {
                "accuracy": accuracy,
                "f1": average,
                "by_class": f1_by_class,
            }
            predicted = self.predicted(model, kernel, radius)
            self._known[key] = self.unseen.score(model, predicted, scores[name])
        return self._known[key]

    def over(self, model: str, kernel: str, radii: Sequence[float]) -> np.ndarray:
        """Accuracy at several radii, (1 + B) x R."""
        return np.stack([self.accuracy(model, kernel, radius) for radius in radii], axis=-1)

    def mean(self, model: str, kernel: str, radii: Sequence[float]) -> np.ndarray:
        """Mean accuracy over several radii, (1 + B)."""
        return np.asarray(self.over(model, kernel, radii).mean(axis=-1))

    def area(self, model: str, kernel: str) -> np.ndarray:
        """Area under accuracy against radius, as a share of that of an accuracy of 1: (1 + B)."""
        curve = self.over(model, kernel, self.radii)
        return np.asarray(np.trapezoid(curve, self.radii, axis=-1) / self.radii[-1])

    def cut_off(self, model: str, kernel: str) -> CutOff:
        """The radius at which half of the margin over chance is gone, px of the equal box."""
        curve = self.over(model, kernel, self.radii)
        reached = cut_off(self.radii, curve, self.chance)
        return cut_off_interval(reached, self.unseen.settings.confidence)

    def cut_offs_by_class(self, model: str, kernel: str) -> np.ndarray:
        """The same for the F1 of each class, (1 + B) x K radii; infinite beyond the sweep."""
        scores = np.stack([self.by_class(model, kernel, r) for r in self.radii], axis=-1)
        return cut_off(self.radii, scores, self.chance)

    def corruption_error(
        self, model: str, reference: str, radii: Sequence[float], relative: bool
    ) -> np.ndarray:
        """mCE, or relative mCE, of a model against another, (1 + B) (Hendrycks and Dietterich).

        Per kind of blur, the sum of a model's errors over severities `radii`, by that of the
        reference; relative: of what the errors exceed that on sharp faces by. Then the mean.
        """
        ratios = []
        for kernel in self.kernels:
            sums = []
            for name in (model, reference):
                sharp = self.over(name, kernel, [0.0]) if relative else 1.0
                sums.append((sharp - self.over(name, kernel, radii)).sum(axis=-1))
            ratios.append(sums[0] / sums[1])
        return np.asarray(np.mean(ratios, axis=0))


def table(swept: Swept, model: str) -> list[dict[str, Any]]:
    """A row for each blur: scores with intervals, calibration, the commonest answer's share.

    ECE and the share are means over the trainings, which have an answer each.
    """
    rows = []
    labels = swept.unseen.labels
    for number, (kernel, radius) in enumerate(swept.blurs):
        logits = swept.logits[model][:, number].astype(float)
        predicted = logits.argmax(axis=-1)
        counts = [np.bincount(each, minlength=swept.unseen.classes) for each in predicted]
        ece = [calibration_error(softmax(each, axis=-1), labels) for each in logits]
        rows.append(
            {
                "kernel": kernel,
                "radius": radius,
                "accuracy": swept.unseen.interval(swept.accuracy(model, kernel, radius)),
                "f1": swept.unseen.interval(swept.f1(model, kernel, radius)),
                "ece": float(np.mean(ece)),
                "commonest_share": float(np.mean([each.max() / len(labels) for each in counts])),
            }
        )
    return rows


def breaking(swept: Swept, levels: Sequence[float], emotions: Sequence[str]) -> dict[str, Any]:
    """Where recognition breaks: by model, its `table`, cut-offs, areas and corruption errors.

    `levels` are the study's blurred radii in px, the severities of the corruption errors, whose
    reference is the first model; None where that does not surely err, or lose, under each kind.
    """
    reference = next(iter(swept.logits))
    found: dict[str, Any] = {}
    for model in swept.logits:
        by_class = swept.cut_offs_by_class(model, swept.kernels[0])
        confidence = swept.unseen.settings.confidence
        found[model] = {
            "cut_off": {kernel: swept.cut_off(model, kernel) for kernel in swept.kernels},
            "cut_off_by_emotion": {
                emotion: cut_off_interval(by_class[:, place], confidence)
                for place, emotion in enumerate(emotions)
            },
            "area": {k: swept.unseen.interval(swept.area(model, k)) for k in swept.kernels},
            "mce": _error(swept, model, reference, levels, relative=False),
            "relative_mce": _error(swept, model, reference, levels, relative=True),
            "table": table(swept, model),
        }
    return found


def _error(
    swept: Swept, model: str, reference: str, levels: Sequence[float], relative: bool
) -> Interval | None:
    for kernel in swept.kernels:
        best = swept.accuracy(reference, kernel, 0) if relative else 1.0
        if swept.unseen.interval(best - swept.mean(reference, kernel, levels))["low"] <= 0:
            return None
    return swept.unseen.interval(swept.corruption_error(model, reference, levels, relative))


def across(swept: Swept, levels: Sequence[float]) -> dict[str, Any]:
    """Whether training on one kind of blur helps against others of equal standard deviation.

    By model after the first: its `gain` in mean accuracy over the blurred `levels` over the first,
    by kernel; that on `others` than the study's kernel; and, as `transfer`, the share of the gain
    on the study's kernel that the others have, None where that gain is not surely above 0.
    """
    reference, *models = swept.logits
    studys, *others = swept.kernels
    unseen = swept.unseen
    found: dict[str, Any] = {}
    gains: dict[str, np.ndarray] = {}
    for model in models:
        by_kernel = {
            kernel: swept.mean(model, kernel, levels) - swept.mean(reference, kernel, levels)
            for kernel in swept.kernels
        }
        if not others:
            continue
        elsewhere = np.mean([by_kernel[kernel] for kernel in others], axis=0)
        gains[model] = elsewhere
        own = unseen.interval(by_kernel[studys])
        with np.errstate(divide="ignore", invalid="ignore"):
            transfer = elsewhere / by_kernel[studys]
        found[model] = {
            "gain": {kernel: unseen.interval(values) for kernel, values in by_kernel.items()},
            "others": unseen.interval(elsewhere),
            "transfer": unseen.interval(transfer) if own["low"] > 0 else None,
        }
    first = next(iter(gains), None)
    for model in gains:
        if model != first:
            found[model]["others_over_first"] = unseen.interval(gains[model] - gains[first or ""])
    return found
