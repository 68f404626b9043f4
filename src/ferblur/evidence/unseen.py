"""What models answer to the unseen people, resampled: one draw of people for everything compared.

Ours, not the paper's. The trainings of each model are drawn for themselves, by its name, so that a
model more changes nothing for the others.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from ferblur.core.params import Statistics
from ferblur.evidence.intervals import Bootstrap, Interval, Resampled, interval, training_weights

Score = Callable[[np.ndarray], np.ndarray]
"""What is made of … x K x K confusion matrices."""


@dataclass(frozen=True)
class Unseen:
    """N samples of people whom no model was trained on, and B draws of these people."""

    labels: np.ndarray
    """N places among the classes."""
    clusters: np.ndarray
    """N names of what is drawn: the person shown, or the image where nobody knows."""
    classes: int
    settings: Statistics
    draws: Bootstrap

    @classmethod
    def draw(
        cls, labels: np.ndarray, clusters: np.ndarray, classes: int, settings: Statistics
    ) -> Self:
        """Draw people as `settings` say."""
        generator = np.random.default_rng(settings.seed)
        draws = Bootstrap.draw(clusters, settings.resamples, generator)
        return cls(labels, clusters, classes, settings, draws)

    def answered(
        self, model: str, predicted: np.ndarray, among: np.ndarray | None = None
    ) -> Resampled:
        """A model's answers, S trainings x N places, resampled; `among` are the N samples counted.

        The place K, one behind the last class, means that there was no answer: it is always wrong.
        """
        chosen = np.ones(len(self.labels), dtype=bool) if among is None else among
        classes = self.classes + 1
        confusions = [
            self.draws.confusions(
                self.clusters[chosen], self.labels[chosen], training[chosen], classes
            )
            for training in predicted
        ]
        if (predicted < self.classes).all():  # a class that nobody shows would lower a mean over F1
            confusions = [each[:, : self.classes, : self.classes] for each in confusions]
        generator = np.random.default_rng([self.settings.seed, *model.encode()])
        weights = training_weights(len(predicted), self.settings.resamples, generator)
        return Resampled(np.stack(confusions, axis=1), weights)

    def score(
        self, model: str, predicted: np.ndarray, score: Score, among: np.ndarray | None = None
    ) -> np.ndarray:
        """The mean over trainings of a score of a model's answers: (1 + B) x …."""
        return self.answered(model, predicted, among).mean(score)

    def share(self, counted: np.ndarray) -> np.ndarray:
        """The share of samples for which `counted`, N booleans or numbers, holds: (1 + B)."""
        places = np.searchsorted(self.draws.names, self.clusters)
        size = len(self.draws.names)
        sums = np.bincount(places, counted, size)
        return np.asarray((self.draws.draws @ sums) / (self.draws.draws @ np.bincount(places)))

    def interval(self, values: np.ndarray) -> Interval:
        """The interval of (1 + B) values, the sample's own first."""
        return interval(values, self.settings.confidence)

    def intervals(self, values: np.ndarray, names: Sequence[str]) -> dict[str, Interval]:
        """The interval of each column of (1 + B) x M values, by its name."""
        return {name: self.interval(values[:, i]) for i, name in enumerate(names)}
