"""What the page says about the run it shows."""

from pathlib import Path

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
    write_json(Path("results/train/baseline/computed.json"), computed)
    found = report.surroundings()
    assert (found["arithmetic of training"], found["device"]) == (arithmetic, device)
    assert found.get("threads of training") == threads
    assert found["processor"]
