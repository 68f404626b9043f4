"""Likeness that lasts, and groups that need no comparison of all with all."""

import time
from collections.abc import Callable
from itertools import combinations

import numpy as np
import pytest
from PIL import Image

from ferblur.curation.similarity import WITHIN, difference_hash, group
from ferblur.images.decoding import decode
from hostile_images import save

Picture = Callable[..., np.ndarray]


def apart(one: np.ndarray, other: np.ndarray) -> int:
    return (difference_hash(one) ^ difference_hash(other)).bit_count()


def test_a_hash_is_rows_of_what_grows_to_the_right() -> None:
    step = np.zeros((80, 90, 3), np.uint8)
    assert difference_hash(step) == 0
    step[:10, 10:] = 255  # the first row's second place is brighter than its first
    assert difference_hash(step) == 1 << 63


def test_what_is_saved_again_stays_alike(picture: Picture) -> None:
    pictures = [picture(seed) for seed in range(40)]
    again: dict[str, Callable[[Image.Image], np.ndarray]] = {
        "saved": lambda image: decode(save(image, "JPEG", quality=40))[0],
        "smaller": lambda image: np.asarray(image.resize((60, 60))),
        "darker": lambda image: (np.asarray(image) * 0.9).astype(np.uint8),
    }
    for change in again.values():
        near = [apart(one, change(Image.fromarray(one))) <= WITHIN for one in pictures]
        assert np.mean(near) >= 0.9
    assert min(apart(one, other) for one, other in combinations(pictures, 2)) > WITHIN


def test_groups_are_those_of_comparing_all(picture: Picture) -> None:
    generator = np.random.default_rng(0)
    seeds = generator.integers(0, 2**64, 40, dtype=np.uint64)
    hashes = np.repeat(seeds, 10)
    for _ in range(3):  # so that some differ in more than may be, from their seed but not in steps
        flips = generator.integers(0, 64, len(hashes)).astype(np.uint64)
        hashes ^= np.uint64(1) << flips
    expected = np.arange(len(hashes))
    for i, j in combinations(range(len(hashes)), 2):
        if int(hashes[i] ^ hashes[j]).bit_count() <= WITHIN:
            expected[expected == expected[j]] = expected[i]
    found = group(hashes)
    assert len(np.unique(found)) > 30
    assert np.array_equal(found[:, None] == found, expected[:, None] == expected)
    first = [found.tolist().index(number) for number in range(found.max() + 1)]
    assert first == sorted(first)


@pytest.mark.parametrize("count", [0, 1])
def test_few_hashes(count: int) -> None:
    assert group(np.zeros(count, np.uint64)).tolist() == [0] * count


def test_thousands_of_equal_ones_take_no_longer() -> None:
    generator = np.random.default_rng(0)
    seeds = generator.integers(0, 2**64, 60, dtype=np.uint64)
    hashes = np.concatenate([np.repeat(seeds[:4], 10_000),
                             generator.integers(0, 2**64, 20_000, dtype=np.uint64)])  # fmt: skip
    start = time.process_time()
    found = group(hashes)
    assert time.process_time() - start < 5
    assert np.bincount(found)[:4].tolist() == [10_000] * 4
