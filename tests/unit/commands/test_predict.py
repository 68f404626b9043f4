"""Every face of the pictures that can be read, and a line for each of the others.

pytest tests/unit/commands/test_predict.py
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ferblur.commands import predict
from ferblur.commands.classifiers import named
from ferblur.core.files import write_json
from ferblur.core.params import Params, load_params

PLAIN = "def f(x): return [[0.2, 0.5, 0.1, 0.1, 0.05, 0.05]] * len(x)\n"


@pytest.fixture
def whole(project: Path, edit: Callable[..., None], picture: Callable[..., np.ndarray]) -> Params:
    edit(align={"detector": "none"})
    for seed in range(2):
        Image.fromarray(picture(seed, 50, 60)).save(f"{seed}.png")
    Path("junk.jpg").write_text("junk")
    Path("mine_predicts.py").write_text(PLAIN)
    return load_params()


def test_the_others_are_done(whole: Params, capsys: pytest.CaptureFixture[str]) -> None:
    paths = [Path(name) for name in ("0.png", "junk.jpg", "none.jpg", "1.png")]
    said, found = predict.run(paths, "mine_predicts:f", None, whole)
    assert [entry["file"] for entry in found["faces"]] == ["0.png", "1.png"]
    assert [entry["file"] for entry in found["failed"]] == ["junk.jpg", "none.jpg"]
    errors = capsys.readouterr().err.splitlines()
    assert [line.partition(":")[0] for line in errors] == ["junk.jpg", "none.jpg"]
    assert found["failed"][1]["reason"] == "no such file"
    first = found["faces"][0]
    assert (first["box"], first["face"], first["answer"]) == (None, 1, "disgust")
    assert list(first["probabilities"]) == found["emotions"] == list(whole.data.emotions)
    assert len(said.splitlines()) == 3
    assert predict.run([Path("junk.jpg")], "mine_predicts:f", None, whole)[0] == "no face"


def test_the_radius_is_that_of_the_curve(whole: Params) -> None:
    asked = [Path("0.png")], "mine_predicts:f", None, whole
    said, found = predict.run(*asked)
    assert found["faces"][0]["blur_radius"] is None
    assert "px" not in said
    known = np.log(found["faces"][0]["laplacian_variance"])
    curve = {"log_variance": [known - 1, known + 3], "radius": [6.0, 2.0]}
    write_json(predict.DETECTED, {"detected": {"curve": curve}})
    said, found = predict.run(*asked)
    assert found["faces"][0]["blur_radius"] == pytest.approx(5, abs=1e-3)
    assert said.splitlines()[0].endswith("blur, px")
    assert said.splitlines()[1].endswith(" 5.0")


class One:
    """A detector that finds one face in a picture."""

    def detect(self, images: np.ndarray) -> list[list[object]]:
        from ferblur.alignment.detection import Detection

        return [[Detection((5, 6, 30, 40), (28, 20), (12, 20), 0.9)] for _ in images]


def test_the_box_is_in_px_of_the_file(whole: Params) -> None:
    classifier = named("mine_predicts:f", whole.data.emotions)
    (entry,) = predict.predict(Path("0.png"), classifier, One(), whole.align, None)
    assert entry["box"] == {"x": 5, "y": 6, "width": 30, "height": 40}
    assert "5,6 30x40" in predict.said([entry], whole.data.emotions)
