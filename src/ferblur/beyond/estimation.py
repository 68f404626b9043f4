"""How strongly a face is blurred, estimated from its pixels alone."""

from typing import NamedTuple

import numpy as np
import pandas as pd
from sklearn.ensemble import RandomForestRegressor
from sklearn.isotonic import IsotonicRegression

from ferblur.beyond.cells import LAPLACIAN, LEARNED

LEAF = 5
"""Fewest copies of faces that a leaf of the forest is the mean of."""


class Fitted(NamedTuple):
    """Both estimators, fitted to features of faces of known radius."""

    laplacian: IsotonicRegression
    """A curve that falls with the Laplacian's variance, and sees nothing else."""
    learned: RandomForestRegressor
    """A forest on all features."""

    def radii(self, found: np.ndarray) -> pd.DataFrame:
        """Estimated box radii in px of the face, a column for each estimator.

        `found` is N x features, as `sharpness.features` gives them. Other kinds of blur than the
        box get the radius of the box that they look most like.
        """
        curve, forest = self.laplacian.predict(found[:, 0]), self.learned.predict(found)
        return pd.DataFrame({LAPLACIAN: curve, LEARNED: forest})

    def curve(self) -> pd.DataFrame:
        """The Laplacian's estimator as points: `log_variance`, as `features` has it, and `radius`.

        Between them it is a straight line; beyond the ends the radius is that of the end, in px.
        """
        known = self.laplacian
        return pd.DataFrame({"log_variance": known.X_thresholds_, "radius": known.y_thresholds_})


def radii_to_fit(faces: int, copies: int, largest: float, seed: int) -> np.ndarray:
    """Radii of the copies that estimators are fitted to, 1 + copies x faces, in px.

    One copy of each face is sharp; the others' radii are even over 0..`largest`, drawn from `seed`.
    """
    drawn = np.random.default_rng(seed).uniform(0, largest, (copies, faces))
    return np.vstack([np.zeros(faces), drawn])


def fit(found: np.ndarray, radii: np.ndarray, trees: int, seed: int) -> Fitted:
    """Fit both estimators to N x features of faces blurred by boxes of N `radii`, in px.

    The forest's `trees` are drawn from `seed`.
    """
    curve = IsotonicRegression(increasing=False, out_of_bounds="clip")
    forest = RandomForestRegressor(trees, min_samples_leaf=LEAF, random_state=seed, n_jobs=1)
    return Fitted(curve.fit(found[:, 0], radii), forest.fit(found, radii))
