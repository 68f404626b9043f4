"""What the page says about the run it shows."""

from pathlib import Path

import pandas as pd
import pytest

from clone import ROOT
from ferblur.core.arithmetic import THREADS
from ferblur.core.files import write_json
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
