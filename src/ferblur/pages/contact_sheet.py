"""Contact sheets: rows of faces as one picture in the page."""

import base64
import io
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from ferblur.core.params import Params
from ferblur.core.study import POOLS
from ferblur.dataset.faces import Faces
from ferblur.dataset.manifest import read_manifest
from ferblur.dataset.samples import transform

ALIGN = Path("data/align")
SPLIT = Path("data/split")

SIDE = 72  # px of a face
ACROSS = 12  # faces in a row


def data_uri(content: bytes, kind: str) -> str:
    """A picture as part of the page itself; `kind` is its media type."""
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


def sheet(rows: dict[str, list[np.ndarray]], title: str, caption: str) -> dict[str, Any]:
    """A contact sheet: a labelled row of H x W x 3 uint8 faces for each key, as one JPEG."""
    label = 20
    canvas = Image.new("RGB", (ACROSS * SIDE, len(rows) * (SIDE + label)), "white")
    draw = ImageDraw.Draw(canvas)
    font = ImageFont.load_default(14)  # Pillow's own, the same on every machine
    for row, (name, faces) in enumerate(rows.items()):
        top = row * (SIDE + label)
        draw.text((2, top + 1), name, fill="black", font=font)
        for column, face in enumerate(faces):
            small = Image.fromarray(face).resize((SIDE, SIDE), Image.Resampling.BOX)
            canvas.paste(small, (column * SIDE, top + label))
    stream = io.BytesIO()
    canvas.save(stream, format="JPEG", quality=85)
    return {
        "source": data_uri(stream.getvalue(), "image/jpeg"),
        "title": title,
        "caption": caption,
        "stage": "report",
        "alt": f"Contact sheet with rows {', '.join(rows)}.",
        "width": canvas.width,
        "height": canvas.height,
        "broad": True,
    }


def sheets(params: Params) -> list[dict[str, Any]]:
    """Aligned faces of both pools by emotion, and samples of the second model by blur level."""
    generator = np.random.default_rng(params.figures.seed)
    found = []
    faces = {pool: Faces.open(ALIGN, pool) for pool in POOLS}
    for pool, aligned in faces.items():
        rows = {}
        for label, emotion in enumerate(params.data.emotions):
            places = np.flatnonzero(aligned.table["label"] == label)
            picked = generator.permutation(places)[:ACROSS]
            rows[emotion] = [np.array(aligned.pixels[place]) for place in picked]
        caption = f"Random aligned faces of the {pool} pool, by emotion."
        found.append(sheet(rows, pool.capitalize(), caption))
    second = read_manifest(SPLIT / "second.csv")
    rows = {}
    for level, radius in params.blur.radii().items():
        samples = second[second["blur_radius"] == radius]
        picked_rows = samples.sample(min(ACROSS, len(samples)), random_state=generator)
        if len(picked_rows):
            places = faces["train"].rows(picked_rows["source_id"])
            flips, factors = picked_rows["flip"].astype(bool), picked_rows["brightness"]
            rows[f"{level.replace('_', ' ')} ({radius:g} px)"] = [
                transform(np.array(faces["train"].pixels[place]), flip, factor, radius)
                for place, flip, factor in zip(places, flips, factors, strict=True)
            ]
    caption = "Random samples of the second model's dataset, by the blur they are read with."
    return [*found, sheet(rows, "Second model", caption)]
