"""The cascade's parts against plain definitions; test_detection.py has the whole against mtcnn."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from scipy import ndimage

from ferblur.alignment import cascade
from ferblur.alignment.cascade import Cascade
from ferblur.core.errors import UserError


@pytest.fixture(scope="module")
def network() -> Cascade:
    return Cascade()


@pytest.mark.parametrize(("size", "scaled"), [(128, 32), (128, 77), (97, 13), (20, 20)])
def test_area_weights_are_box_means(size: int, scaled: int) -> None:
    weights = cascade.area_weights(size, scaled)
    np.testing.assert_allclose(weights.sum(axis=1), 1)
    row = np.random.default_rng(0).uniform(0, 255, (1, size)).astype(np.float32)
    # Pillow's reduction by area, an independent implementation, where the ratio is whole
    if size % scaled == 0:
        pillow = Image.fromarray(row, "F").resize((scaled, 1), Image.Resampling.BOX)
        np.testing.assert_allclose(row @ weights.T, np.asarray(pillow), rtol=1e-5)
    fine = np.repeat(row, scaled, axis=1).reshape(scaled, size).mean(axis=1)
    np.testing.assert_allclose((row @ weights.T)[0], fine, rtol=1e-5)


def test_the_pyramid_ends_at_one_cell() -> None:
    scales = cascade.pyramid(256, 300)
    assert scales[0] == pytest.approx(12 / 20)
    np.testing.assert_allclose(np.divide(scales[1:], scales[:-1]), 0.709)
    assert 256 * scales[-1] >= 12
    assert cascade.pyramid(14, 14) == []


def test_leaving_out_the_border_changes_nothing(
    network: Cascade, picture: Callable[..., np.ndarray]
) -> None:
    # a noisy picture has many proposals; all of them must survive leaving out the black
    images = np.stack([picture(seed, 61, 84) for seed in range(12)])
    images[0] = np.random.default_rng(0).integers(0, 256, images[0].shape)
    padded = np.pad(images, ((0, 0), (30, 30), (42, 42), (0, 0)))
    part, whole = (
        network._propose(_pixels(i), b, (121, 168))
        for i, b in ((images, (30, 42)), (padded, (0, 0)))
    )
    assert len(part[0]) > 20
    np.testing.assert_array_equal(part[0], whole[0])
    np.testing.assert_allclose(part[1], whole[1], atol=1e-3)


def _pixels(images: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(images).permute(0, 3, 1, 2).float() / 128


def test_black_is_no_face(network: Cascade) -> None:
    cell = torch.full((1, 3, 12, 12), -127.5 / 128)
    face = network._pnet(cell)[0, 4:, 0, 0].softmax(dim=0)[1]
    assert face < 0.5 < cascade.THRESHOLDS["pnet"]
    owners, faces = network.detect(np.zeros((2, 40, 40, 3), dtype=np.uint8), (20, 20))
    assert owners.shape == (0,)
    assert faces.shape == (0, 15)


def _suppressed(boxes: np.ndarray, scores: np.ndarray, threshold: float, over: str) -> set[int]:
    """Keep what no better box overlaps too much: the definition, box by box."""

    def overlap(a: np.ndarray, b: np.ndarray) -> float:
        size = np.clip(np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2]), 0, None)
        shared = size.prod()
        areas = [(box[2:] - box[:2]).prod() for box in (a, b)]
        return float(shared / (min(areas) if over == "smaller" else sum(areas) - shared))

    return {
        i
        for i in range(len(boxes))
        if not any(
            scores[j] > scores[i] and overlap(boxes[i], boxes[j]) > threshold
            for j in range(len(boxes))
        )
    }


@pytest.mark.parametrize("over", ["union", "smaller"])
@pytest.mark.parametrize("pairs", [cascade._PAIRS, 50])
def test_suppression_is_by_group(over: str, pairs: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cascade, "_PAIRS", pairs)
    generator = np.random.default_rng(3)
    corner = generator.uniform(0, 60, (90, 2))
    boxes = np.hstack([corner, corner + generator.uniform(10, 50, (90, 2))])
    scores = generator.permutation(90) / 90
    groups = generator.choice([0, 3, 4], 90, p=[0.2, 0.3, 0.5])
    tensors = torch.from_numpy(boxes), torch.from_numpy(scores), torch.from_numpy(groups)
    kept = cascade.suppress(*tensors, threshold=0.4, over=over).numpy()
    expected: set[int] = set()
    for group in np.unique(groups):
        index = np.flatnonzero(groups == group)
        expected |= {int(index[i]) for i in _suppressed(boxes[index], scores[index], 0.4, over)}
    assert 3 < len(expected) < 80
    assert set(kept.tolist()) == expected
    assert (np.diff(groups[kept]) >= 0).all()
    for group in np.unique(groups):
        assert (np.diff(scores[kept][groups[kept] == group]) < 0).all()


def test_suppression_of_nothing() -> None:
    empty = torch.zeros(0)
    kept = cascade.suppress(torch.zeros(0, 4), empty, empty.long(), 0.5)
    assert kept.shape == (0,)


def test_boxes_become_square_about_their_centres() -> None:
    boxes = cascade.square(torch.tensor([[0.0, 10.0, 20.0, 14.0], [5.0, 5.0, 8.0, 9.0]])).numpy()
    np.testing.assert_allclose(boxes, [[0.0, 2.0, 20.0, 22.0], [4.5, 5.0, 8.5, 9.0]])


def test_crops_are_bilinear_samples(picture: Callable[..., np.ndarray]) -> None:
    images = np.stack([picture(seed, 30, 44) for seed in range(3)])
    padded = np.pad(images, ((0, 0), (15, 15), (22, 22), (0, 0)))
    owners = np.array([0, 2, 2])
    # inside, across the image's edge, beyond the border
    boxes = np.array([[25.0, 18.5, 50.25, 40.0], [10, 5, 30, 25], [70, 40, 95, 65.5]])
    crops = cascade.crop(
        _pixels(images), (15, 22), (60, 88), torch.from_numpy(owners), torch.from_numpy(boxes), 24
    )
    assert crops.shape == (3, 3, 24, 24)
    for crop, owner, (x1, y1, x2, y2) in zip(crops.numpy(), owners, boxes, strict=True):
        ys = np.linspace(y1 / 60 * 59, y2 / 60 * 59, 24)
        xs = np.linspace(x1 / 88 * 87, x2 / 88 * 87, 24)
        inside = ((ys >= 0) & (ys <= 59))[:, None] & ((xs >= 0) & (xs <= 87))
        for channel in range(3):
            seen = (padded[owner, :, :, channel] - 127.5) / 128
            sampled = ndimage.map_coordinates(
                seen, np.meshgrid(ys, xs, indexing="ij"), order=1, mode="nearest"
            )
            np.testing.assert_allclose(crop[channel], np.where(inside, sampled, 0), atol=2e-4)


def test_threads_and_neighbours_do_not_change_an_answer(
    network: Cascade, picture: Callable[..., np.ndarray]
) -> None:
    images = np.stack([picture(seed, 64, 64) for seed in range(8)])
    with ThreadPoolExecutor(3) as workers:
        first, *others = workers.map(lambda _: network.detect(images, (32, 32)), range(4))
    for other in others:
        np.testing.assert_array_equal(first[1], other[1])


def test_other_weights_are_refused_before_they_are_opened(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"pnet\.lz4: No such file.*mtcnn 1\.0\.0"):
        cascade.read_weights("pnet", tmp_path)
    content = (cascade.weights_folder() / "pnet.lz4").read_bytes()
    (tmp_path / "pnet.lz4").write_bytes(content[:-1] + b"x")
    with pytest.raises(UserError, match=r"pnet\.lz4: SHA-256 is [0-9a-f]{64}, not ea6b0c3e"):
        cascade.read_weights("pnet", tmp_path)
    (tmp_path / "pnet.lz4").write_bytes(content)
    assert cascade.read_weights("pnet", tmp_path)[0].shape == (3, 3, 3, 10)
