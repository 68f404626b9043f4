"""Detections by the mtcnn package itself, which test_detection.py holds ours against.

`python tests/reference/make.py` rewrites hard-cases.json, real-faces.json where that folder is, and
what networks.py records. It needs the packages of requirements-reference.lock: `make reference`
runs it.
"""

import json
import os
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import networks
import numpy as np
from PIL import Image, ImageFilter

from ferblur.alignment.detection import Detection, Detector, MtcnnReference
from ferblur.core.files import sha256, write_text
from ferblur.core.params import load_params
from ferblur.core.study import EMOTIONS
from ferblur.rendering import expression, subject
from ferblur.rendering.clips import make_renderer, view
from ferblur.rendering.expression import ACTIONS, Manner
from ferblur.rendering.renderer import Renderer

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
REAL_FACES = Path(os.environ.get("FERBLUR_REAL_FACES", ROOT.parent / "shared/real-faces"))

Cases = dict[str, np.ndarray]


def rendered(renderer: Renderer) -> tuple[Cases, Callable[..., np.ndarray]]:
    """Four people of each emotion, 128 x 128 px, and the function that renders one at any pose."""
    params = load_params(ROOT / "profiles/demo.yaml").synthesize

    def face(seed: int, emotion: str = "happiness", size: int = 128, **pose: Any) -> np.ndarray:
        generator = np.random.default_rng(seed)
        person = subject.draw(generator)
        shown = {name: 0.8 * weight for name, weight in expression.draw(emotion, generator).items()}
        habits = expression.draw_habits(generator)
        blink, uneven = float(generator.uniform(0, 0.15)), float(generator.normal(0, 0.08))
        manner = Manner(dict.fromkeys(ACTIONS, 1.0), dict.fromkeys(ACTIONS, 0.0), uneven)
        actions = manner.applied(shown, habits, blink)
        return renderer.render(person, actions, replace(view(params, generator), **pose), size)

    faces = {
        f"{emotion} {number}": face(10 * label + number, emotion)
        for label, emotion in enumerate(EMOTIONS)
        for number in range(4)
    }
    return faces, face


def hard_cases(renderer: Renderer) -> Cases:
    """Rendered faces, and what makes a detector stumble: N images of several sizes."""
    cases, face = rendered(renderer)
    for yaw in (-90.0, -60.0, -40.0, 40.0, 60.0, 90.0):
        cases[f"profile {yaw:.0f}"] = face(100, yaw=yaw)
    for roll in (-90.0, -45.0, 45.0, 180.0):
        cases[f"rolled {roll:.0f}"] = face(101, roll=roll)

    noise = np.random.default_rng(1).integers(0, 256, (16, 20, 3), dtype=np.uint8)
    clutter = np.asarray(Image.fromarray(noise).resize((300, 220), Image.Resampling.BICUBIC))
    faces = [Image.fromarray(face(200 + number)) for number in range(6)]
    for size in (16, 20, 24, 32, 48, 64):
        scene = Image.fromarray(clutter)
        scene.paste(faces[0].resize((size, size), Image.Resampling.LANCZOS), (130, 70))
        cases[f"tiny {size}"] = np.asarray(scene)
    scene = Image.fromarray(clutter)
    corners = [(5, 5), (150, 8), (20, 120), (170, 110), (240, 60), (95, 75)]
    for picture, size, corner in zip(faces, (90, 100, 80, 96, 50, 40), corners, strict=True):
        scene.paste(picture.resize((size, size), Image.Resampling.LANCZOS), corner)
    cases["six faces"] = np.asarray(scene)
    cases["two faces"] = np.concatenate([np.asarray(faces[1]), np.asarray(faces[2])], axis=1)

    cases["clutter"] = clutter
    cases["noise"] = np.random.default_rng(2).integers(0, 256, (128, 128, 3), dtype=np.uint8)
    cases["black"] = np.zeros((128, 128, 3), dtype=np.uint8)
    cases["white"] = np.full((128, 128, 3), 255, dtype=np.uint8)

    whole = face(300)
    cases |= {
        "cut above": whole[45:], "cut below": whole[:80], "cut left": whole[:, 50:],
        "cut right": whole[:, :75], "one eye": whole[:70, :62],
    }  # fmt: skip
    for radius in (2, 4, 8, 14):
        blurred = faces[3].filter(ImageFilter.BoxBlur(radius))
        cases[f"blurred {radius}"] = np.asarray(blurred)
    cases |= {
        "odd size": face(301, size=97)[:, :-8], "small": face(302, size=40),
        "large": face(303, size=400), "smallest": face(304, size=12),
    }  # fmt: skip
    return cases


def real_faces() -> dict[str, Path]:
    """The real photographs by SHA-256, since their names say who is shown; none without them."""
    return dict(sorted((sha256(path), path) for path in REAL_FACES.glob("*/*/*.jpg")))


def detect(detector: Detector, images: list[np.ndarray]) -> list[list[Detection]]:
    """Detect one image at a time, as the reference's users do."""
    return [detector.detect(image[None])[0] for image in images]


def _lines(found: dict[str, list[Detection]]) -> str:
    rows = [
        f"{json.dumps(name)}: {json.dumps([asdict(face) for face in faces])}"
        for name, faces in found.items()
    ]
    return "{\n" + ",\n".join(rows) + "\n}\n"


def main() -> None:
    """Rewrite the reference's detections."""
    detector = MtcnnReference()
    cases = hard_cases(make_renderer())
    found = dict(zip(cases, detect(detector, list(cases.values())), strict=True))
    write_text(HERE / "hard-cases.json", _lines(found))
    files = real_faces()
    if files:
        images = [np.asarray(Image.open(path).convert("RGB")) for path in files.values()]
        found = dict(zip(files, detect(detector, images), strict=True))
        write_text(HERE / "real-faces.json", _lines(found))
    networks.main()


if __name__ == "__main__":
    main()
