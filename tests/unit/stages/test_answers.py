"""The stage writes every question's numbers and answers, the same bytes twice.

pytest tests/unit/stages/test_answers.py
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import beyond_run
from face_tables import FIVE
from ferblur.beyond.questions import QUESTIONS
from ferblur.core.files import read_json
from ferblur.core.study import MODELS
from ferblur.pages.answers import WORDS
from ferblur.stages import answers

RESULTS_BEYOND = Path("results/extensions")


def results() -> dict[str, bytes]:
    """All that the stage wrote."""
    files = [*sorted(RESULTS_BEYOND.iterdir()), Path("results/extensions.json")]
    return {str(file): file.read_bytes() for file in files}


def test_every_question_is_answered_with_the_same_bytes_twice(project: Path) -> None:
    beyond_run.make()
    answers.main()
    first = results()
    assert {Path(name).name for name in first} == {
        *(f"{name}.json" for name in QUESTIONS), "answers.json", "answers.md", "extensions.json"
    }  # fmt: skip
    (RESULTS_BEYOND / "older.json").write_text("{}")  # of a question that there was once
    answers.main()
    assert results() == first


def test_numbers_answers_and_what_they_rest_on(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    beyond_run.make()
    answers.main()
    for name in QUESTIONS:
        content = read_json(RESULTS_BEYOND / f"{name}.json")
        assert list(content) == [name]
        assert content[name]
    content = read_json(RESULTS_BEYOND / "answers.json")
    assert [each["key"] for each in content.pop("answers")] == [*WORDS]
    assert content == {"confidence": 0.95, "trainings": 3, "variant_trainings": 2,
                       "samples": 120, "clusters": 30, "resampled": "subject"}  # fmt: skip
    printed = capsys.readouterr().out.splitlines()
    page = (RESULTS_BEYOND / "answers.md").read_text()
    assert len(printed) == len(WORDS)
    for (_, question, _), line in zip(WORDS.values(), printed, strict=True):
        assert line.startswith(question)
        assert f"- **{question}** {line.removeprefix(question + ' ')}\n" in page
        assert line.removeprefix(f"{question} ") in page
    for known in (" ways do, the best of them", "0.120 [", "38.3 % [", "20.0 % [", "4.3 px [",
                  "anger goes first", "happiness last"):  # fmt: skip
        assert known.lower() in page.lower()


def test_metrics_tell_models_and_remedies_apart(project: Path) -> None:
    beyond_run.make()
    answers.main()
    content = read_json(Path("results/extensions.json"))
    assert list(content) == ["breaking", "remedied"]
    assert list(content["breaking"]) == [*beyond_run.MEANS["box"]]
    assert list(content["breaking"]["second"]) == ["cut_off", "area", "mce", "relative_mce"]
    assert content["breaking"]["baseline"]["mce"] == pytest.approx(1)
    assert content["breaking"]["all_radii"]["cut_off"] is None  # beyond the sweep
    assert content["remedied"]["all_radii"] == pytest.approx({"mean": 0.74, "sharp": 0.8})
    assert len(content["remedied"]) == 20


def test_photographs_need_no_methods_or_truth(project: Path) -> None:
    beyond_run.make(variants=("equal_steps",), methods=(), who=False)
    answers.main()
    said = {
        each["key"]: each["answer"]
        for each in read_json(RESULTS_BEYOND / "answers.json")["answers"]
    }
    assert list(said) == [key for key in WORDS if key != "leaked"]
    assert said["deblurred"] == "Not tried."
    assert said["unequal"] == "The dataset does not say who is shown."
    assert list(read_json(Path("results/extensions.json"))["remedied"])[:2] == [*MODELS]
    assert read_json(RESULTS_BEYOND / "leaked.json") == {"leaked": {}}


def test_five_emotions_of_images_that_name_nobody(project: Path) -> None:
    made = beyond_run.make(emotions=FIVE, variants=("equal_steps",), methods=())
    made.faces.assign(subject="").to_csv("data/align/deployment.csv", index=False)
    answers.main()
    content = read_json(RESULTS_BEYOND / "answers.json")
    assert (content["resampled"], content["clusters"]) == ("image", beyond_run.SAMPLES)
    assert "over 5 emotions" in (RESULTS_BEYOND / "answers.md").read_text()


def test_models_that_only_guess_are_answered_too(project: Path) -> None:
    """As after a training of two epochs: no margin, no loss, no leak that could be a share."""
    made = beyond_run.make(variants=("baseline_by_clip",), methods=())
    for model in MODELS:
        path = Path(f"data/sweep/{model}.npy")
        answered = np.load(path)
        np.save(path, made.logits(np.zeros(answered.shape[:-1], int)))
        for file in sorted(Path("data/evaluate").glob("*/*.csv")):
            table = pd.read_csv(file)
            table.assign(predicted=0).to_csv(file, index=False)
    answers.main()
    assert read_json(RESULTS_BEYOND / "breaking.json")["breaking"]["second"]["relative_mce"] is None
    assert "relative_mce" not in read_json(Path("results/extensions.json"))["breaking"]["second"]
    clip = read_json(RESULTS_BEYOND / "leaked.json")["leaked"]["baseline"]["by clip"]
    assert clip["leak_share"] is None


@pytest.mark.parametrize(
    "missing",
    ["data/balance/deployment.csv", "data/align/deployment.csv", "data/sweep/mixture.npy",
     "data/vary/equal_steps/2.csv", "data/evaluate/second/1.csv", "data/capture/faces.csv",
     "data/capture/second.npy", "data/restore/estimates.csv", "data/restore/cells.csv",
     "data/restore/curve.csv",
     "data/restore/baseline.npy", "data/adapt/mixture.npy", "data/explain/expressions.csv",
     "data/explain/attention.csv"],
)  # fmt: skip
def test_a_missing_input_is_named_and_older_results_stay(project: Path, missing: str) -> None:
    beyond_run.make(variants=("equal_steps", "mixture"))
    Path(missing).unlink()
    RESULTS_BEYOND.mkdir(parents=True)
    (RESULTS_BEYOND / "answers.md").write_text("older")
    with pytest.raises(FileNotFoundError) as caught:
        answers.main()
    assert str(caught.value.filename) == missing
    assert (RESULTS_BEYOND / "answers.md").read_text() == "older"


@pytest.mark.parametrize(
    ("missing", "says"),
    [("data/sweep", "answers: data/sweep/baseline.npy: not there; dvc repro makes"),
     ("extensions/params.yaml", "extensions/params.yaml")],
)  # fmt: skip
def test_the_user_reads_one_line(project: Path, missing: str, says: str) -> None:
    beyond_run.make(variants=("equal_steps",), methods=())
    path = Path(missing)
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    done = subprocess.run(
        [sys.executable, "-m", "ferblur.stages.answers"], capture_output=True, text=True,
        env={name: value for name, value in os.environ.items() if not name.startswith("OPENBLAS_")},
        check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert says in done.stderr
    assert len(done.stderr.splitlines()) == 1
