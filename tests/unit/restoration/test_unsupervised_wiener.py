"""The sampling Wiener filter starts near the truth, and a few steps do."""

from collections.abc import Callable

import numpy as np
from skimage.metrics import peak_signal_noise_ratio
from skimage.restoration import unsupervised_wiener

from ferblur.beyond.blurring import weights
from ferblur.beyond.margins import in_margins
from ferblur.dataset.blur import box_blur
from ferblur.restoration.unsupervised_wiener import LEFT_OUT, STEPS, restore


def test_few_steps_are_enough_in_units_of_rounding(picture: Callable[..., np.ndarray]) -> None:
    face, kernel = picture(3, 50, 60), weights("box", 2)
    blurred = box_blur(face, 2)
    steps = {"min_num_iter": STEPS, "max_num_iter": STEPS, "burnin": LEFT_OUT}

    def from_0_to_1(channel: np.ndarray) -> np.ndarray:
        found, _ = unsupervised_wiener(channel, kernel, user_params=steps, rng=0)
        return np.asarray(found)

    ours = peak_signal_noise_ratio(face, restore(blurred, kernel))
    theirs = peak_signal_noise_ratio(face, in_margins(blurred, len(kernel) // 2, from_0_to_1))
    assert ours > peak_signal_noise_ratio(face, blurred)
    assert ours > theirs + 3
