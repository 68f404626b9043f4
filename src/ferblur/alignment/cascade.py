"""MTCNN's cascade of three networks in PyTorch, batched over images, scales and crops.

The networks, thresholds and steps are those of the mtcnn package, version 1.0.0 (the method is
Zhang et al., "Joint Face Detection and Alignment Using Multitask Cascaded Convolutional
Networks", 2016), and so are the weights: they are read from the installed package, whose
TensorFlow code is never imported. Images are searched inside the black border DeepFace puts
around them. P-Net's answer on plain black is the same everywhere, and no face, so only the part
of the pyramid that sees the image is computed, on the same grid of cells.
"""

import hashlib
import importlib.util
import io
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import joblib
import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from ferblur.core.errors import UserError

SHA256 = {
    "pnet": "ea6b0c3e685ebee3165326ad6484acc95f2ef78f1c94fbf40a55704fa989f7b5",
    "rnet": "cb00e6460f3c98b0bfafaba3c0a0ded4bdf6e62cee7174d969e8670d7e757fee",
    "onet": "94f6ea2f4cf985275ee958cdd762d17b6009348a4fb9d8c6be39ba73ffd22ca3",
}
"""Of the weight files of mtcnn 1.0.0. They are pickles: none is opened before it is checked."""

MIN_FACE = 20  # px, the smallest face looked for
CELL, STRIDE = 12, 2  # px, P-Net's receptive field and grid
SCALE_FACTOR = 0.709  # of the image pyramid
THRESHOLDS = {"pnet": 0.6, "rnet": 0.7, "onet": 0.8}

_BLACK = -127.5 / 128  # a black pixel as the networks see it: (grey level - 127.5) / 128
_CROPS = 96  # a pass through R-Net or O-Net; more leave a processor's caches
_PAIRS = 1 << 20  # boxes compared at once; bounds memory


class Pool(nn.Module):
    """Max pooling with stride 2, last window cut short if `ceil`: nn.MaxPool2d in any layout.

    Maxima of shifted slices, rows first, are several times faster than MaxPool2d on a CPU.
    """

    def __init__(self, size: int, ceil: bool) -> None:
        super().__init__()
        self._size, self._ceil = size, ceil

    def forward(self, x: Tensor) -> Tensor:
        """N x C x H x W to N x C x H' x W'."""
        for axis in (2, 3):
            rest = x.shape[axis] - self._size
            count = (rest + self._ceil) // 2 + 1
            parts = [_every_second(x, axis, start, count) for start in range(self._size)]
            x = torch.maximum(parts[0], parts[1]) if rest % 2 == 0 else parts[0].clone()
            for part in parts[2 if rest % 2 == 0 else 1 :]:
                within = x.narrow(axis, 0, part.shape[axis])
                torch.maximum(within, part, out=within)
        return x


def _every_second(x: Tensor, axis: int, start: int, count: int) -> Tensor:
    return x[(slice(None),) * axis + (slice(start, start + 2 * count - 1, 2),)]


def pnet() -> nn.Sequential:
    """P-Net, convolutions only: N x 3 x H x W to N x 6 x H' x W' (4 box offsets, no face, face).

    The first layer has 10 filters; 6 of zeros fill it up to what a processor adds at once.
    """
    return nn.Sequential(
        nn.Conv2d(3, 16, 3), nn.PReLU(16), Pool(2, ceil=True),
        nn.Conv2d(16, 16, 3), nn.PReLU(16),
        nn.Conv2d(16, 32, 3), nn.PReLU(32),
        nn.Conv2d(32, 6, 1),
    )  # fmt: skip


def rnet() -> nn.Sequential:
    """R-Net: N x 3 x 24 x 24 to N x 6 (4 box offsets, no face, face)."""
    return nn.Sequential(
        nn.Conv2d(3, 28, 3), nn.PReLU(28), Pool(3, ceil=True),
        nn.Conv2d(28, 48, 3), nn.PReLU(48), Pool(3, ceil=False),
        nn.Conv2d(48, 64, 2), nn.PReLU(64),
        nn.Flatten(), nn.Linear(576, 128), nn.PReLU(128),
        nn.Linear(128, 6),
    )  # fmt: skip


def onet() -> nn.Sequential:
    """O-Net: N x 3 x 48 x 48 to N x 16 (4 box offsets, x of 5 landmarks, y of 5, no face, face)."""
    return nn.Sequential(
        nn.Conv2d(3, 32, 3), nn.PReLU(32), Pool(3, ceil=True),
        nn.Conv2d(32, 64, 3), nn.PReLU(64), Pool(3, ceil=False),
        nn.Conv2d(64, 64, 3), nn.PReLU(64), Pool(2, ceil=True),
        nn.Conv2d(64, 128, 2), nn.PReLU(128),
        nn.Flatten(), nn.Linear(1152, 256), nn.PReLU(256),
        nn.Linear(256, 16),
    )  # fmt: skip


def weights_folder() -> Path:
    """Where the mtcnn package keeps its weights; found without importing it.

    Raises UserError where the package is not installed.
    """
    package = importlib.util.find_spec("mtcnn")
    if package is None or package.origin is None:
        raise UserError("align.detector: mtcnn's weights are not installed; run 'make setup'")
    return Path(package.origin).parent / "assets" / "weights"


def read_weights(name: str, folder: Path) -> list[np.ndarray]:
    """Read the arrays of `pnet`, `rnet` or `onet` after checking the file's SHA-256.

    Raises UserError where the file is missing or is another one.
    """
    path = folder / f"{name}.lz4"
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UserError(f"{path}: {error.strerror}; reinstall mtcnn 1.0.0") from error
    found = hashlib.sha256(content).hexdigest()
    if found != SHA256[name]:
        raise UserError(f"{path}: SHA-256 is {found}, not {SHA256[name]}; reinstall mtcnn 1.0.0")
    arrays: list[np.ndarray] = joblib.load(io.BytesIO(content))
    return arrays


def _transpose(array: np.ndarray) -> np.ndarray:
    """TensorFlow's layout as PyTorch's: kernels H W I O, flattened features W H C."""
    if array.ndim == 4:
        return array.transpose(3, 2, 0, 1)
    if array.ndim == 3:  # PReLU
        return array.ravel()
    if array.ndim == 2 and len(array) in (576, 1152):  # behind Flatten: 3 x 3 positions
        return array.reshape(3, 3, -1, array.shape[1]).transpose(3, 2, 1, 0).reshape(-1, len(array))
    return array.T


def load(network: nn.Sequential, arrays: list[np.ndarray]) -> nn.Sequential:
    """Put mtcnn's arrays into a network made here; returns it, for inference.

    mtcnn's heads, a layer each, become one; a layer that is wider here is filled up with zeros.
    """
    parameters = list(network.parameters())
    body = len(parameters) - 2
    kernels, biases = arrays[body::2], arrays[body + 1 :: 2]
    arrays = [*arrays[:body], np.concatenate(kernels, axis=-1), np.concatenate(biases)]
    with torch.no_grad():
        for parameter, array in zip(parameters, map(_transpose, arrays), strict=True):
            corner = tuple(slice(length) for length in array.shape)
            parameter.zero_()[corner] = torch.from_numpy(array.copy())
    return network.eval().requires_grad_(False)


def pyramid(height: int, width: int) -> list[float]:
    """Scales at which an image of that size (px) is searched."""
    levels = round(-(np.log(min(height, width) / CELL) / np.log(SCALE_FACTOR) + 1))
    return [float(CELL / MIN_FACE * SCALE_FACTOR**level) for level in range(levels)]


def area_weights(
    size: int, scaled: int, rows: slice = slice(None), columns: slice = slice(None)
) -> np.ndarray:
    """Matrix (scaled x size) that averages `size` px into `scaled` px by area; rows sum to 1.

    Only the part that `rows` and `columns` name is made.
    """
    edges = np.arange(scaled + 1) * (size / scaled)
    low, high = edges[:-1][rows, None], edges[1:][rows, None]
    pixels = np.arange(size)[columns]
    overlap = np.minimum(high, pixels + 1) - np.maximum(low, pixels)
    weights: np.ndarray = np.clip(overlap, 0, None, out=overlap)
    weights /= size / scaled
    return weights


@dataclass(frozen=True)
class _Window:
    """The part of a scaled axis (rows or columns) that P-Net needs, in scaled px.

    `weights` (n x size) make its `seen` px from the image's; the others up to `length` are black.
    `cell` is the first P-Net cell in it.
    """

    weights: Tensor
    seen: slice
    length: int
    cell: int


@lru_cache(64)  # a few sizes' scales: a dataset has one size, or so many that none returns soon
def _window(size: int, border: int, scale: float) -> _Window:
    """The window for an axis of `size` px with `border` black ones on either side."""
    padded = size + 2 * border
    scaled = int(padded * scale)
    edges = np.arange(scaled + 1) * (padded / scaled)
    seen = np.flatnonzero((edges[1:] > border) & (edges[:-1] < border + size))
    top, end = int(seen[0]), int(seen[-1]) + 1
    weights = area_weights(padded, scaled, slice(top, end), slice(border, border + size))
    cells = -(-(scaled - 2) // 2) - 4
    first = max(0, -((CELL - 1 - top) // STRIDE))
    last = min(cells - 1, (end - 1) // STRIDE)
    start, stop = STRIDE * first, min(STRIDE * last + CELL, scaled)
    part = torch.from_numpy(weights.astype(np.float32))
    return _Window(part, slice(top - start, end - start), stop - start, first)


def suppress(
    boxes: Tensor, scores: Tensor, groups: Tensor, threshold: float, over: str = "union"
) -> Tensor:
    """Non-maximum suppression as mtcnn does it, in many groups at once.

    A box is dropped when any better box of its group overlaps it by more than `threshold` of
    their union (or of the smaller one, `over="smaller"`), even if that one is dropped too.
    `boxes` is N x 4 (x1, y1, x2, y2), `groups` N integers. Of equal scores, frequent because they
    saturate at 1, the later counts as better, as in mtcnn's reversed sort. Returns the indices
    kept, by group, best first.
    """
    order = torch.argsort(scores, stable=True).flip(0)
    order = order[torch.argsort(groups[order], stable=True)]
    counts = torch.unique_consecutive(groups[order], return_counts=True)[1]
    starts = counts.cumsum(0) - counts
    kept = torch.ones(len(order), dtype=torch.bool)
    by_size = torch.argsort(counts, stable=True)
    for chunk in _chunks(by_size, counts[by_size].tolist()):
        most = int(counts[chunk].max())
        place = torch.arange(most)
        inside = place < counts[chunk][:, None]
        index = torch.where(inside, starts[chunk][:, None] + place, 0)
        some = torch.where(inside[..., None], boxes[order[index]], 0.0)
        # a large group is compared with a part of itself at a time
        step = max(1, _PAIRS // (len(chunk) * most))
        worse = torch.cat(
            [_worse(some, slice(i, i + step), threshold, over) for i in range(0, most, step)], dim=1
        )
        kept[index[inside]] = ~worse[inside]
    return order[kept]


def _worse(boxes: Tensor, part: slice, threshold: float, over: str) -> Tensor:
    """Whether a better box overlaps each of a part of G x N boxes, best first: G x part."""
    these, better = boxes[:, None, part], boxes[:, : part.stop, None]
    low = torch.maximum(better[..., :2], these[..., :2])
    high = torch.minimum(better[..., 2:], these[..., 2:])
    shared = (high - low).clamp(min=0).prod(dim=-1)
    areas = [(some[..., 2:] - some[..., :2]).prod(dim=-1) for some in (better, these)]
    whole = areas[0] + areas[1] - shared if over == "union" else torch.minimum(*areas)
    return (shared / whole > threshold).triu(1 - part.start).any(dim=1)


def _chunks(groups: Tensor, counts: list[int]) -> Iterator[Tensor]:
    """Cut groups (smallest first) so that a chunk compares at most about _PAIRS boxes."""
    start = 0
    for end in range(1, len(counts) + 1):
        if end == len(counts) or (end + 1 - start) * counts[end] ** 2 > _PAIRS:
            yield groups[start:end]
            start = end


def square(boxes: Tensor) -> Tensor:
    """Make boxes (N x 4) square about their centres, with the longer side."""
    size = boxes[:, 2:] - boxes[:, :2]
    side = size.max(dim=1, keepdim=True).values
    corner = boxes[:, :2] + size * 0.5 - side * 0.5
    return torch.cat([corner, corner + side], dim=1)


class Cascade:
    """P-Net, R-Net and O-Net with mtcnn's weights, on the CPU: the same boxes with a GPU."""

    def __init__(self) -> None:
        folder = weights_folder()
        self._pnet, self._rnet, self._onet = (
            load(make(), read_weights(make.__name__, folder)) for make in (pnet, rnet, onet)
        )

    @torch.inference_mode()
    def detect(self, images: np.ndarray, border: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
        """Find the faces of a batch of equally large images.

        `images` is N x H x W x 3 uint8 RGB, `border` the black (rows, columns) thought on each
        side. Returns the image of each face (M integers, ascending; an image's most certain face
        first) and M x 15 float64: x1, y1, x2, y2, confidence, x of five landmarks, y of five
        (eye on the left of the image, eye on the right, nose, mouth left, mouth right), in px of
        the image with its border.
        """
        pixels = torch.tensor(images).permute(0, 3, 1, 2).float() / 128
        shape = tuple(s + 2 * b for s, b in zip(images.shape[1:3], border, strict=True))
        image, boxes = self._propose(pixels, border, shape)
        image, boxes = self._refine(pixels, border, shape, image, boxes)
        image, faces = self._output(pixels, border, shape, image, boxes)
        limit = torch.tensor([shape[1] - 1, shape[0] - 1] * 2)
        faces[:, :4] = torch.minimum(faces[:, :4].clamp(min=0), limit)
        return image.numpy(), faces.numpy()

    def _propose(
        self, pixels: Tensor, border: tuple[int, int], shape: tuple[int, ...]
    ) -> tuple[Tensor, Tensor]:
        images, boxes, scores, levels = [], [], [], []
        count, _, height, width = pixels.shape
        scales = pyramid(*shape)
        downs = [_window(height, border[0], scale) for scale in scales]
        acrosses = [_window(width, border[1], scale) for scale in scales]
        # all scales' rows in one product: large ones are fast
        rows = torch.cat([down.weights for down in downs] or [torch.zeros(0, height)])
        by_row = rows @ pixels.permute(2, 0, 1, 3).reshape(height, -1)
        parts = torch.split(
            by_row.view(len(rows), count, 3, width), [len(down.weights) for down in downs]
        )
        for level, (scale, down, across, part) in enumerate(
            zip(scales, downs, acrosses, parts, strict=True)
        ):
            scaled = torch.empty(
                (count, 3, down.length, across.length),
                memory_format=torch.channels_last,
            ).fill_(_BLACK)
            seen = part @ across.weights.T
            scaled[:, :, down.seen, across.seen] += seen.permute(1, 2, 0, 3)
            answer = self._pnet(scaled)
            face = answer[:, 4:].softmax(dim=1)[:, 1]
            image, row, column = torch.nonzero(face > THRESHOLDS["pnet"], as_tuple=True)
            corner = torch.stack([column + across.cell, row + down.cell], dim=1) * STRIDE
            cell = torch.cat([corner + 1, corner + CELL], dim=1)
            offsets = answer[image, :4, row, column].double() * (CELL - 1)
            images.append(image)
            boxes.append((cell + offsets) / scale)
            scores.append(face[image, row, column])
            levels.append(torch.full_like(image, level))
        if not images:
            none = torch.zeros(0, dtype=torch.int64)
            return none, torch.zeros(0, 4, dtype=torch.float64)
        image, box, score = torch.cat(images), torch.cat(boxes), torch.cat(scores)
        kept = suppress(box, score, image * len(levels) + torch.cat(levels), 0.5)
        kept = kept[suppress(box[kept], score[kept], image[kept], 0.7)]
        return image[kept], square(box[kept])

    def _refine(
        self, pixels: Tensor, border: tuple[int, int], shape: tuple[int, ...],
        image: Tensor, boxes: Tensor,
    ) -> tuple[Tensor, Tensor]:  # fmt: skip
        answer = self._crops(self._rnet, 24, 6, pixels, border, shape, image, boxes)
        score = answer[:, 4:].softmax(dim=1)[:, 1]
        boxes = _calibrate(boxes, answer[:, :4])
        sure = torch.nonzero(score > THRESHOLDS["rnet"])[:, 0]
        kept = sure[suppress(boxes[sure], score[sure], image[sure], 0.7)]
        return image[kept], square(boxes[kept])

    def _output(
        self, pixels: Tensor, border: tuple[int, int], shape: tuple[int, ...],
        image: Tensor, boxes: Tensor,
    ) -> tuple[Tensor, Tensor]:  # fmt: skip
        answer = self._crops(self._onet, 48, 16, pixels, border, shape, image, boxes)
        score = answer[:, 14:].softmax(dim=1)[:, 1]
        size = boxes[:, 2:] - boxes[:, :2] + 1
        landmarks = answer[:, 4:14].double().reshape(-1, 2, 5) * size[:, :, None]
        landmarks += boxes[:, :2, None] - 1
        boxes = _calibrate(boxes, answer[:, :4])
        sure = torch.nonzero(score > THRESHOLDS["onet"])[:, 0]
        kept = sure[suppress(boxes[sure], score[sure], image[sure], 0.7, over="smaller")]
        faces = [boxes[kept], score[kept, None].double(), landmarks[kept].flatten(1)]
        return image[kept], torch.cat(faces, dim=1)

    def _crops(
        self, network: nn.Sequential, size: int, outputs: int, pixels: Tensor,
        border: tuple[int, int], shape: tuple[int, ...], image: Tensor, boxes: Tensor,
    ) -> Tensor:  # fmt: skip
        """The answers (M x outputs) of a network on boxes cut out and resized to size x size px."""
        answers = [torch.zeros(0, outputs)]
        for start in range(0, len(boxes), _CROPS):
            part = slice(start, start + _CROPS)
            crops = crop(pixels, border, shape, image[part], boxes[part], size)
            answers.append(network(crops.contiguous(memory_format=torch.channels_last)))
        return torch.cat(answers)


def _calibrate(boxes: Tensor, offsets: Tensor) -> Tensor:
    """Move the corners of boxes (N x 4) by offsets in shares of their size."""
    size = boxes[:, 2:] - boxes[:, :2] + 1
    return boxes + offsets.double() * size.repeat(1, 2)


def crop(
    pixels: Tensor, border: tuple[int, int], shape: tuple[int, ...], image: Tensor, boxes: Tensor,
    size: int,
) -> Tensor:  # fmt: skip
    """Cut boxes out of images with a black border and resize them, bilinear.

    `pixels` is N x 3 x H x W, 0 for black and grey level / 128 above it; `boxes` M x 4 in px of
    the images with their border (`shape`), `image` the image of each, ascending. Samples outside
    that are 0, TensorFlow's extrapolation, not black. Returns M x 3 x size x size as the networks
    want it.
    """
    # TensorFlow's crop_and_resize: corners as shares of the size, spread over the size less one
    axes = []
    step = torch.arange(size, dtype=torch.float32)
    for axis, length in ((1, shape[0]), (0, shape[1])):
        first, last = ((boxes[:, i] / length).float()[:, None] for i in (axis, axis + 2))
        axes.append(first * (length - 1) + step * ((last - first) * (length - 1) / (size - 1)))
    inside = [(a >= 0) & (a <= n - 1) for a, n in zip(axes, shape, strict=True)]
    grids = [
        (a - b) * (2 / max(n - 1, 1)) - 1
        for a, b, n in zip(axes, border, pixels.shape[2:], strict=True)
    ]
    y, x = grids[0][:, :, None], grids[1][:, None, :]
    grid = torch.stack([x.expand(-1, size, -1), y.expand(-1, -1, size)], dim=-1)
    ends = torch.bincount(image, minlength=len(pixels)).cumsum(0).tolist()
    parts = [
        functional.grid_sample(
            pixels[i : i + 1], grid[start:end].reshape(1, -1, size, 2),
            mode="bilinear", padding_mode="zeros", align_corners=True,
        )[0].reshape(3, -1, size, size).transpose(0, 1)
        for i, (start, end) in enumerate(itertools.pairwise([0, *ends])) if end > start
    ]  # fmt: skip
    crops = torch.cat(parts) + _BLACK
    return crops * (inside[0][:, :, None] & inside[1][:, None, :])[:, None]
