"""What an expression changes is measured in cycles per aligned face, on repeatable renders."""

from itertools import pairwise

import numpy as np
import pytest
from PIL import Image
from scipy.ndimage import gaussian_filter

from ferblur.alignment.detection import Mtcnn
from ferblur.beyond import changes
from ferblur.beyond.changes import ACTIONS, FACE, FRAME, VIEW, measure, person, prototype
from ferblur.rendering import expression


def grating(
    size: int, cycles: int, amplitude: float = 1, phase: float = 0, down: bool = False
) -> np.ndarray:
    """A wave of so many cycles over a square of `size` px, along one axis."""
    wave = amplitude * np.cos(2 * np.pi * cycles * np.arange(size) / size + phase)
    return np.broadcast_to(wave[:, None] if down else wave, (size, size))


@pytest.mark.parametrize("cycles", [3, 8, 9, 40])
def test_a_grating_has_its_frequency(cycles: int) -> None:
    found = measure(grating(128, cycles, amplitude=10, phase=0.7), (128, 128))
    assert found.centroid == pytest.approx(cycles)
    assert found.above_8 == pytest.approx(float(cycles > 8))
    assert found.amount == pytest.approx(10 / np.sqrt(2))


def test_cycles_are_per_face_and_not_per_frame() -> None:
    for down, cycles in ((True, 20 * 96 / 192), (False, 20 * 64 / 192)):
        found = measure(grating(192, 20, down=down), (96, 64))
        assert found.centroid == pytest.approx(cycles)
        assert found.above_8 == pytest.approx(float(cycles > 8))
    # a difference that is the face alone, and one in a frame around it, are the same amount
    small = np.ones((96, 64))
    framed = np.pad(small, 40)
    assert measure(small, (96, 64)).amount == measure(framed, (96, 64)).amount == 1


def test_power_is_shared_out_by_amplitude_squared() -> None:
    waves = grating(128, 4, 3) + grating(128, 20, 1, down=True) + 2  # and 2 at frequency 0
    powers = {0: 4, 4: 4.5, 20: 0.5}
    found = measure(waves, (128, 128))
    total = sum(powers.values())
    assert found.centroid == pytest.approx((4 * 4.5 + 20 * 0.5) / total)
    assert found.above_8 == pytest.approx(0.5 / total)
    assert found.amount == pytest.approx(np.sqrt(total))


def test_blur_makes_a_difference_coarser_and_less() -> None:
    sharp = np.zeros((128, 128))
    sharp[40:80, 40:80] = np.random.default_rng(1).normal(0, 20, (40, 40))
    found = [measure(gaussian_filter(sharp, sigma), (128, 128)) for sigma in (0, 1.5, 5)]
    for more, less in pairwise(found):
        assert all(a > b for a, b in zip(more, less, strict=True))


def test_no_difference_has_no_frequency() -> None:
    found = measure(np.zeros((16, 16)), (16, 16))
    assert found.amount == 0
    assert np.isnan([found.centroid, found.above_8]).all()


def test_grey_is_pillows() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (30, 20, 3), dtype=np.uint8)
    pillows = np.asarray(Image.fromarray(pixels).convert("L"), dtype=float)
    np.testing.assert_allclose(changes.grey(pixels), pillows, atol=0.51)


def test_people_are_drawn_one_by_one() -> None:
    assert person(1, 4).weights == person(1, 4).weights
    assert person(1, 4).weights != person(1, 5).weights
    assert person(1, 4).weights != person(2, 4).weights


def test_every_variant_of_an_emotion_gets_its_turn() -> None:
    for emotion, variants in expression.PROTOTYPES.items():
        shown = [prototype(emotion, number) for number in range(2 * len(variants))]
        assert shown[: len(variants)] == shown[len(variants) :]
        assert shown[: len(variants)] == [expression.actions(units) for units in variants]
        assert all(set(actions) <= set(ACTIONS) for actions in shown)
    assert set(ACTIONS) < set(expression.ACTIONS)  # the others are habits, and blinking
    assert "jawOpen" in ACTIONS
    assert "cheekPuff" not in ACTIONS


def test_a_wide_open_mouth_changes_more_and_coarser_than_wide_open_eyes() -> None:
    who = person(8, 0)
    jaw, half, eyes, nothing = changes.changes(
        who, [{"jawOpen": 1.0}, {"jawOpen": 0.5}, {"eyeWideLeft": 1.0}, {}]
    )
    assert 0 < half.amount < jaw.amount
    assert eyes.amount < jaw.amount
    assert jaw.centroid < eyes.centroid
    assert 0 < jaw.above_8 < eyes.above_8 < 1
    assert nothing.amount == 0
    assert changes.changes(who, [{"jawOpen": 1.0}]) == [jaw]


def test_a_face_is_what_the_detector_finds() -> None:
    renderer = changes._renderer()
    images = [renderer.render(person(8, number), {}, VIEW, FRAME) for number in range(6)]
    boxes = np.array([faces[0].box for faces in Mtcnn().detect(np.stack(images))])
    width, height = boxes[:, 2:].mean(axis=0) / FRAME * VIEW.zoom
    assert (height, width) == pytest.approx(FACE, rel=0.05)
    assert FRAME**2 * FACE[0] * FACE[1] / VIEW.zoom**2 == pytest.approx(128**2, rel=0.03)
