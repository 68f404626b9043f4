"""The emotions of the faces in a user's own pictures: `ferblur predict IMAGE ...`.

Pictures are read, searched, levelled and cropped as the pipeline does it, by params.yaml; but every
face of a picture is kept, the most certain first, where the pipeline keeps one. How strongly a face
is blurred is estimated as the stage `restore` does, where its run is there.
"""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ferblur.alignment.detection import make_detector
from ferblur.beyond.sharpness import laplacian_variance, logarithms
from ferblur.commands.classifiers import Classifier, named
from ferblur.commands.pictures import emotions_named, every_face
from ferblur.core.errors import UserError, explain
from ferblur.core.files import read_json
from ferblur.core.params import Align, Params
from ferblur.foreign.networks import proportions

BOX = ("x", "y", "width", "height")

DETECTED = Path("results/extensions/detected.json")
"""What `make beyond` found of the Laplacian's variance and the radius, on its faces."""


Curve = dict[str, list[float]]
"""Points of `log_variance` and `radius`, as `beyond.estimation` has them."""


def known_curve() -> Curve | None:
    """The curve that `make beyond` found. Raises UserError where its file is damaged."""
    return read_json(DETECTED)["detected"].get("curve") if DETECTED.is_file() else None


def radius(variance: float, curve: Curve) -> float:
    """The box radius in px of the aligned face that the variance of its Laplacian tells of."""
    return float(np.interp(logarithms(np.array(variance)), curve["log_variance"], curve["radius"]))


def predict(
    path: Path, classifier: Classifier, detector: Any, params: Align, curve: Curve | None
) -> list[dict[str, Any]]:
    """An entry for each face in a picture; without a curve it has no radius.

    Raises UserError where there is no face.
    """
    faces, table = every_face(path, detector, params)
    probabilities = classifier(faces, proportions(table))
    entries = []
    for number, (face, row) in enumerate(zip(faces, table.to_dict("records"), strict=True)):
        variance = laplacian_variance(face)
        whole = pd.isna(row["x"])  # no face was searched, or none was found and all was kept
        entries.append(
            {
                "file": str(path),
                "face": number + 1,
                "box": None if whole else {name: int(row[name]) for name in BOX},
                "answer": classifier.emotions[int(probabilities[number].argmax())],
                "probabilities": dict(
                    zip(classifier.emotions, probabilities[number].tolist(), strict=True)
                ),
                "laplacian_variance": variance,
                "blur_radius": None if curve is None else radius(variance, curve),
            }
        )
    return entries


def said(entries: Sequence[dict[str, Any]], emotions: Sequence[str]) -> str:
    """Entries as a table, a line a face."""
    rows = [
        {
            "file": entry["file"],
            "face": entry["face"],
            "box": "whole" if entry["box"] is None else "{x},{y} {width}x{height}".format(
                **entry["box"]
            ),
            "answer": entry["answer"],
            **{name: f"{entry['probabilities'][name]:.3f}" for name in emotions},
            "Laplacian's variance": f"{entry['laplacian_variance']:.1f}",
            **({} if entry["blur_radius"] is None else {"blur, px": f"{entry['blur_radius']:.1f}"}),
        }
        for entry in entries
    ]  # fmt: skip
    return pd.DataFrame(rows).to_string(index=False) if rows else "no face"


def run(
    images: Sequence[Path], model: str, emotions: str | None, params: Params
) -> tuple[str, dict[str, Any]]:
    """Predict as the command line asks: the table to print, and what the JSON has.

    What is wrong with a picture is said on stderr, in a line, and the others are done.
    """
    classes = emotions_named(emotions, params)
    classifier, detector = named(model, classes), make_detector(params.align.detector)
    curve = known_curve()
    entries: list[dict[str, Any]] = []
    failed: list[dict[str, str]] = []
    for path in images:
        try:
            entries += predict(path, classifier, detector, params.align, curve)
        except (UserError, OSError) as error:
            if (reason := explain(error)) is None:
                reason = f"{path}: {error}"
            print(reason, file=sys.stderr)
            failed.append({"file": str(path), "reason": reason.removeprefix(f"{path}: ")})
    found = {"model": model, "emotions": list(classes), "faces": entries, "failed": failed}
    return said(entries, classes), found
