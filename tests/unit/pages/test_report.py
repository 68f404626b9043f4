"""What the page says about the run it shows."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from clone import ROOT
from ferblur.core.arithmetic import THREADS
from ferblur.core.files import read_yaml, write_json
from ferblur.core.params import load_params
from ferblur.pages import report


@pytest.mark.parametrize(
    ("arithmetic", "device", "threads"),
    [("portable", "CPU", str(THREADS)), ("float32", "A Card", None)],
)
def test_training_is_described_as_it_was(
    project: Path, arithmetic: str, device: str, threads: str | None
) -> None:
    (project / "requirements.lock").symlink_to(ROOT / "requirements.lock")
    computed = {"arithmetic": arithmetic, "device": device, "ranks": 1, "torch": "2"}
    write_json(Path("results/train/baseline/2/computed.json"), computed)
    found = report.surroundings(2)
    assert (found["arithmetic of training"], found["device"]) == (arithmetic, device)
    assert found.get("threads of each training") == threads
    assert found["processor"]


def test_a_level_is_shown_with_its_strength() -> None:
    row = {"radius": 2.5, "sigma": 1.77951, "sigma_percent": 1.39024, "half_contrast": 12.6101}
    assert list(report.strength(pd.Series(row)).values()) == ["2.5", "1.78", "1.4", "12.6"]
    sharp = dict.fromkeys(row, 0.0) | {"half_contrast": float("nan")}
    assert list(report.strength(pd.Series(sharp)).values()) == ["0", "0.00", "0.0", ""]


def test_a_figure_of_what_was_not_searched_or_is_not_shown_says_so(
    project: Path, edit: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report, "FIGURES", project)
    captions = read_yaml(ROOT / "paper/captions.yaml")
    for name in ("fig04-detected", "fig06-blur-levels", "fig12-baseline-confusion"):
        (project / f"{name}.svg").write_text('<svg width="72pt" height="72pt"/>')
        caption = captions[name]
        for detector, seen, instead in (
            ("mtcnn", True, None),
            ("none", True, "whole"),
            ("mtcnn", False, "hidden"),
            ("none", False, "hidden"),
        ):
            edit(align={"detector": detector}, figures={"show_faces": seen})
            shown = report.drawing(name, caption, load_params())
            assert shown["caption"] == caption.get(instead, caption["caption"])
            assert shown["alt"] == caption.get(instead, caption["alt"])
    assert "detected" not in captions["fig04-detected"]["whole"]
    assert "not shown" in captions["fig04-detected"]["hidden"]
