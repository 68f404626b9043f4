"""What fer's own network answers in Keras, which test_networks.py holds ours against.

`python tests/reference/networks.py` rewrites fer.json, where `make networks` has put the weights.
It needs the packages of requirements-reference.lock: `make reference` runs it.
"""

import json
from importlib import import_module
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from ferblur.core.files import write_text

HERE = Path(__file__).parent
WEIGHTS = HERE.parents[1] / "weights/fer/emotion_model.hdf5"


def drawn(tone: tuple[int, int, int], smile: float, gape: float, frown: float) -> np.ndarray:
    """A face of simple shapes, 128 x 128 x 3 uint8 RGB."""
    y, x = np.mgrid[-64:64, -64:64] / 64
    side = abs(x)
    shade = np.full((128, 128), 0.3)
    shade[x**2 / 0.6 + y**2 < 0.9] = 1
    eyes = (side - 0.35) ** 2 + 3 * (y + 0.2) ** 2
    shade[eyes < 0.03] = 1.2
    shade[eyes < 0.008] = 0.1
    shade[abs(y + 0.45 + frown * (0.35 - side)) < 0.04 * (abs(side - 0.35) < 0.2)] = 0.2
    shade[(side < 0.06) & (abs(y - 0.1) < 0.08)] = 0.8
    mouth = y - 0.5 + smile * (side**2 - 0.1)
    shade[(side < 0.4) & (abs(mouth) < 0.03 + gape * (0.16 - side**2))] = 0.25
    return np.clip(shade[..., None] * tone, 0, 255).astype(np.uint8)


def faces() -> dict[str, np.ndarray]:
    """Faces of several expressions, one darker, one without colours, and one that is noise."""
    light, dark, grey = (220, 175, 150), (110, 75, 55), (160, 160, 160)
    return {
        "smiling": drawn(light, 1.2, 0.2, 0.0),
        "gaping": drawn(light, 0.0, 1.5, 0.3),
        "frowning": drawn(dark, -0.8, 0.0, -0.6),
        "sad": drawn(grey, -1.0, 0.0, 0.5),
        "still": drawn(dark, 0.0, 0.0, 0.0),
        "noise": np.random.default_rng(1).integers(0, 256, (128, 128, 3), dtype=np.uint8),
    }


def prepared(image: np.ndarray) -> np.ndarray:
    """As fer does, from a picture in OpenCV's order of channels that is all face, no margin."""
    grey = cv2.resize(cv2.cvtColor(image[..., ::-1].copy(), cv2.COLOR_BGR2GRAY), (64, 64))
    scaled = np.array([grey], dtype="float32") / 255.0
    return (scaled - 0.5) * 2.0


def main() -> None:
    """Rewrite the reference's answers: seven shares a face, in the network's order."""
    if not WEIGHTS.is_file():
        print(f"{WEIGHTS}: missing, so fer.json stays as it is; make networks fetches it")
        return
    models: Any = import_module("tf_keras.models")  # Keras 2, which reads files of its own age
    network = models.load_model(WEIGHTS, compile=False)
    shown = faces()
    shares = network.predict(np.concatenate([prepared(face) for face in shown.values()])[..., None])
    lines = [
        f"{json.dumps(name)}: {json.dumps([float(share) for share in row])}"
        for name, row in zip(shown, shares, strict=True)
    ]
    write_text(HERE / "fer.json", "{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main()
