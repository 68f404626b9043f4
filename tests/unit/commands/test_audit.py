"""An audit gives the pipeline's own numbers, for whatever answers, and README's example runs.

pytest tests/unit/commands/test_audit.py
"""

import json
import re
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.metrics import accuracy_score, f1_score

from clone import ROOT
from ferblur.commands import audit as module
from ferblur.commands import pictures
from ferblur.commands.audit import audit
from ferblur.commands.classifiers import Classifier
from ferblur.core.errors import UserError
from ferblur.core.params import load_params
from ferblur.core.study import EMOTIONS, LEVELS
from ferblur.dataset.faces import Faces
from ferblur.dataset.manifest import read_manifest
from ferblur.dataset.samples import Samples
from ferblur.stages import balance
from small_networks import ANY_NUMBER, Probabilities, untrained, write_onnx

FOLDER = "faces"


@pytest.fixture
def whole(pools: Path, edit: Callable[..., None]) -> Path:
    """A project whose dataset is `pools`, in which no face is searched."""
    edit(align={"detector": "none"}, statistics={"resamples": 100})
    rows = "".join(f"{name}/{n}.jpg,p{n}\n" for name in EMOTIONS for n in range(2))
    (pools / "deployment/truth.csv").write_text(f"file,subject\n{rows}")
    return pools


def by_brightness(faces: np.ndarray) -> np.ndarray:
    place = faces.mean(axis=(1, 2, 3)).astype(int) % len(EMOTIONS)
    return np.asarray(0.4 * np.eye(len(EMOTIONS))[place] + 0.1)


def test_a_row_a_radius_with_the_levels_named(whole: Path) -> None:
    table = audit(by_brightness, whole)
    assert table["radius"].tolist() == list(range(21))
    named = {row["level"]: row["radius"] for row in table.to_dict("records") if row["level"]}
    assert named == load_params().blur.radii()
    assert set(table["images"]) == {12}
    assert (table["seconds_per_image"] > 0).all()
    about = table.attrs
    assert (about["faces_found"], about["faces_asked"], about["files"]) == (12, 12, 12)
    assert (about["clusters"], about["intervals_over"]) == (2, "people")
    (whole / "deployment/truth.csv").unlink()
    about = audit(by_brightness, whole).attrs
    assert (about["clusters"], about["intervals_over"]) == (12, "images")


def test_radii_of_levels_are_in_the_sweep(whole: Path, edit: Callable[..., None]) -> None:
    edit(blur={"low": 2.5, "very_high": 24})
    radii = audit(by_brightness, whole)["radius"].tolist()
    assert radii == sorted([*range(21), 2.5, 24])


def test_readmes_example_runs(whole: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = (ROOT / "README.md").read_text()
    section = text[text.index("\n## Any classifier under blur") :]
    code, call = re.findall(r"```python\n(.*?)```", section, re.DOTALL)[:2]
    assert len([line for line in code.splitlines() if line.strip()]) <= 10
    Path("mine.py").write_text(code)
    values: dict[str, pd.DataFrame] = {}
    exec(call.replace("datasets/synthetic", str(whole)), values)  # README's own
    assert values["table"].attrs["model"] == "mine:classify"
    assert len(values["table"]) == 21


@pytest.fixture
def as_aligned(aligned: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The faces of `aligned` stand for those that are found in a folder."""
    (Path.cwd() / FOLDER / "deployment").mkdir(parents=True)
    table = pd.read_csv(aligned / "deployment.csv", dtype={"subject": str})
    table = table.assign(width=50, height=60, image_width=64, image_height=64)
    table.to_csv(aligned / "deployment.csv", index=False)

    def found(*_: object) -> SimpleNamespace:
        return SimpleNamespace(accepted=table, found=len(table))

    def copied(accepted: object, pool: str, folder: Path, params: object) -> None:
        for end in ("npy", "csv"):
            (folder / f"{pool}.{end}").write_bytes((aligned / f"{pool}.{end}").read_bytes())

    monkeypatch.setattr(pictures, "accept_pool", found)
    monkeypatch.setattr(pictures, "align_pool", lambda *_: None)
    monkeypatch.setattr(pictures, "merge_pool", copied)
    return aligned


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_our_models_get_the_pipelines_numbers_from_file_and_onnx(
    as_aligned: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    params = load_params()
    balance.main()
    rows = read_manifest(Path("data/balance/deployment.csv"))
    faces = Faces.open(as_aligned, "deployment")
    settings = params.train.model_copy(update={"input_size": 48})  # not the size of the faces
    sharp, _ = Samples(faces, rows, 48, "rgb").batch(range(len(rows)))
    model = untrained(tmp_path / "last.safetensors", settings, 6, sharp)
    example = torch.rand(2, 3, 48, 48)
    onnx = write_onnx(tmp_path / "last.onnx", Probabilities(model), example, **ANY_NUMBER)

    asked: dict[str, dict[float, np.ndarray]] = {}
    ask = module.ask

    def kept(classifier: Classifier, *rest: object) -> object:
        answers, seconds = ask(classifier, *rest)  # type: ignore[arg-type]
        asked[classifier.name] = answers
        return answers, seconds

    monkeypatch.setattr(module, "ask", kept)
    monkeypatch.setattr(module, "MOST", 3)  # px, for speed
    number = params.balance.deployment_per_class
    assert number != "smallest"
    files = tmp_path / "last.safetensors", onnx
    tables = [audit(str(path), FOLDER, per_class=number) for path in files]
    for level, radius in params.blur.radii().items():
        samples = Samples(faces, rows.assign(blur_radius=radius), 48, "rgb")
        images, labels = samples.batch(range(len(samples)))
        with torch.inference_mode():
            expected = torch.softmax(model(torch.from_numpy(images))[0], 1).numpy()
        for answers in asked.values():
            assert np.allclose(answers[radius], expected, atol=1e-4)
        assert np.ptp(expected, axis=0).max() > 0.05  # faces differ
        predicted = expected.argmax(axis=1)
        for table in tables:
            (row,) = table[table["level"] == level].to_dict("records")
            assert row["accuracy"] == pytest.approx(accuracy_score(labels, predicted))
            f1 = f1_score(labels, predicted, average="macro", labels=range(6), zero_division=0)
            assert row["f1"] == pytest.approx(f1)


def test_faces_of_each_emotion_are_drawn_as_asked(as_aligned: Path) -> None:
    params = load_params()
    balance.main()
    faces = Faces.open(as_aligned, "deployment")
    rows = read_manifest(Path("data/balance/deployment.csv"))
    number = params.balance.deployment_per_class
    assert number != "smallest"
    drawn = module.drawn(faces, EMOTIONS, number, params)
    assert drawn.tolist() == faces.rows(rows["source_id"]).tolist()
    assert len(module.drawn(faces, EMOTIONS, "smallest", params)) == 8 * 6
    assert len(module.drawn(faces, EMOTIONS, "all", params)) == 12 + 8 * 5
    with pytest.raises(UserError, match=r"^--per-class 9 is more than the 8 faces of anger"):
        module.drawn(faces, EMOTIONS, 9, params)


def test_what_is_printed_and_written(whole: Path, tmp_path: Path) -> None:
    Path("mine_printed.py").write_text(
        "import numpy as np\ndef f(x): return np.full((len(x), 6), 1 / 6)\n"
    )
    out = tmp_path / "out"
    lines, content = module.run("mine_printed:f", whole, None, "smallest", load_params(), out)
    assert [line.split("  ")[0].strip() for line in lines.splitlines()[3:8]] == [
        level.replace("_", " ") for level in LEVELS
    ]
    assert "cut-off: none" in lines.splitlines()[-1]
    found = json.loads(content)
    assert json.loads((out / "audit.json").read_text()) == found
    assert list(found["levels"]) == list(LEVELS)
    assert found["levels"]["none"]["accuracy"] == pytest.approx(1 / 6)
    assert found["levels"]["none"]["ece"] == pytest.approx(0)
    assert found["levels"]["none"]["commonest_share"] == 1
    written = pd.read_csv(out / "audit.csv", keep_default_na=False)
    assert written.drop(columns="level").to_dict("records") == [
        {name: value for name, value in row.items() if name != "level"} for row in found["sweep"]
    ]
    assert (out / "audit.svg").read_text().startswith("<?xml")


def test_the_cut_off_is_said_with_its_ends() -> None:
    def said(**cut_off: float | None) -> str:
        return module.cut_off_line({"cut_off": cut_off})

    assert said(value=8.61, low=7.1, high=None).endswith("gone at 8.6 px [7.1, beyond 20]")
    assert said(value=None, low=15.0, high=None).endswith("beyond 20 px [15.0, beyond 20]")


def test_a_wrong_classifier_is_found_before_the_faces(whole: Path) -> None:
    for path in (whole / "deployment").rglob("*.jpg"):
        path.write_text("junk")
    with pytest.raises(UserError, match="must answer 2 x 6"):
        audit(lambda faces: np.ones((len(faces), 1)), whole)
    with pytest.raises(UserError, match="no file is a usable picture"):
        audit(by_brightness, whole)
    with pytest.raises(UserError, match="--emotions joy: must be a list of 2 to 10"):
        audit(by_brightness, whole, emotions=["joy"])
