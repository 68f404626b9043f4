"""All stages beyond the paper on the smoke run: from its models to an answer for each question.

pytest tests/integration/test_beyond.py
"""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from clone import Clone
from ferblur.pages.answers import WORDS

ANSWERS = "extensions/dvc.yaml:answers"
SMALL: dict[str, dict[str, Any]] = {
    "vary": {"trainings": 1, "variants": ["mixture", "baseline_by_clip", "second_by_person"]},
    "sweep": {
        "kernels": ["box", "motion"],
        "radii": [0, 20],
        "models": {
            "baseline": "models/baseline",
            "second": "models/second",
            "mixture": "data/vary/mixture",
        },
    },
    "restore": {"trees": 5, "copies": 2, "methods": ["wiener"]},
    "route": {"blurred": "mixture"},
    "explain": {"people": 1},
}
"""Enough for every question to have an answer."""


@pytest.fixture(scope="module")
def answered(clone: Clone, tmp_path_factory: pytest.TempPathFactory) -> tuple[Clone, list[str]]:
    """A copy of the smoke run with its answers, and the stages that gave them."""
    made = object.__new__(Clone)
    made.folder = tmp_path_factory.mktemp("beyond") / "clone"
    shutil.copytree(clone.folder, made.folder, symlinks=True)
    path = made.folder / "extensions/params.yaml"
    content = yaml.safe_load(path.read_text())
    for section, values in SMALL.items():
        content[section] |= values
    path.write_text(yaml.safe_dump(content, sort_keys=False))
    return made, made.ran(ANSWERS)


def test_every_question_has_an_answer(answered: tuple[Clone, list[str]]) -> None:
    made, ran = answered
    variants, models = SMALL["vary"]["variants"], SMALL["sweep"]["models"]
    expected = {"capture", "restore", "explain", "answers"}
    expected |= {f"vary@{variant}" for variant in variants}
    expected |= {f"{stage}@{model}" for stage in ("sweep", "adapt") for model in models}
    assert set(ran) == expected
    said = json.loads((made.folder / "results/extensions/answers.json").read_text())
    assert [each["key"] for each in said["answers"]] == [*WORDS]
    page = (made.folder / "results/extensions/answers.md").read_text()
    assert all(each["answer"] in page for each in said["answers"])
    metrics = made.run("dvc", "metrics", "show", "--md", "results/extensions.json")
    assert "remedied.mixture.mean" in metrics


def test_nothing_reruns(answered: tuple[Clone, list[str]]) -> None:
    made, _ = answered
    assert made.ran(ANSWERS) == []


def test_answers_to_sharp_faces_are_the_studys(answered: tuple[Clone, list[str]]) -> None:
    """The sweep, the capture and the adapted models, where there is no blur."""
    made, _ = answered
    data = made.folder / "data"
    for model in ("baseline", "second"):
        swept = np.load(data / f"sweep/{model}.npy")
        captured = np.load(data / f"capture/{model}.npy")
        adapted = np.load(data / f"adapt/{model}.npy")
        np.testing.assert_array_equal(captured[:, 0], swept[:, 0])
        np.testing.assert_array_equal(adapted[:, 0, 0], swept[:, 0])


def test_answers_are_committed_with_the_run(
    answered: tuple[Clone, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    made, _ = answered
    printed = made.run("python", "-m", "ferblur.commands.committed", check=False)
    assert "results/extensions: is of another run" not in printed
    copied = made.folder / "paper/committed/synthetic/extensions"
    ours = made.folder / "results/extensions"
    for path in sorted(Path(ours).glob("*.json")):
        assert (copied / path.name).read_bytes() == path.read_bytes()
    assert set(made.ran()) == {"claims", "figures", "paper", "report"}
    page = (made.folder / "results/report.html").read_text()
    assert "Does anything beat the second model?" in page
