"""Margins repeat the edge, join opposite edges without a step, and are cut off again."""

from collections.abc import Callable

import numpy as np
import pytest
from scipy.fft import next_fast_len

from ferblur.beyond.margins import FADE, in_margins


@pytest.mark.parametrize("reach", [1, 7])
def test_nothing_undone_is_nothing_changed(picture: Callable[..., np.ndarray], reach: int) -> None:
    face = picture(1, 31, 44)
    np.testing.assert_array_equal(in_margins(face, reach, lambda channel: channel), face)


def test_edges_repeat_and_then_fade(picture: Callable[..., np.ndarray]) -> None:
    face, reach, seen = picture(1, 31, 44), 5, []

    def note(channel: np.ndarray) -> np.ndarray:
        seen.append(channel)
        return channel

    in_margins(face, reach, note)
    assert len(seen) == 3
    for number, channel in enumerate(seen):
        shown = face[:, :, number] / 255
        assert channel.dtype == np.float32
        for whole, side in zip(channel.shape, shown.shape, strict=True):
            assert whole >= side + 2 * (reach + FADE)
            assert whole == next_fast_len(whole, real=True)
        top, left = (np.subtract(channel.shape, shown.shape) // 2).tolist()
        near = channel[top - reach : top + 31 + reach, left - reach : left + 44 + reach]
        np.testing.assert_allclose(near, np.pad(shown, reach, mode="edge"), atol=1e-6)
        for edge in (channel[0], channel[-1], channel[:, 0], channel[:, -1]):
            np.testing.assert_allclose(edge, shown.mean(), atol=1e-6)


def test_what_is_undone_is_rounded_into_range() -> None:
    face = np.zeros((4, 4, 3), np.uint8)
    levels = iter([-0.1, 100.6 / 255, 1.2])
    found = in_margins(face, 2, lambda channel: np.full_like(channel, next(levels)))
    assert found.dtype == np.uint8
    assert (found == [0, 101, 255]).all()
