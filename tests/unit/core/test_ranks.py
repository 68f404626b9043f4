"""Without torchrun there is one rank; with it, each has its number and waits for the others."""

import subprocess
from pathlib import Path

import pytest

from ferblur.core import ranks
from ferblur.core.errors import UserError
from torchrun import torchrun


def test_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    with ranks.joined() as alone:
        alone.wait()
        assert (alone.rank, alone.size, alone.first) == (0, 1, True)


PROGRAM = """
import time
from pathlib import Path
from ferblur.core.ranks import joined
with joined() as ranks:
    time.sleep(ranks.rank)
    Path(f"{ranks.rank}-of-{ranks.size}").touch()
    ranks.wait()
    assert len(list(Path().glob("*-of-2"))) == 2
"""


@pytest.mark.slow
def test_two_wait_for_each_other(tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text(PROGRAM)
    subprocess.run([*torchrun(2), "program.py"], cwd=tmp_path, check=True)
    assert len(list(tmp_path.glob("*-of-2"))) == 2


def test_cores_can_be_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FERBLUR_PROCESSES", raising=False)
    assert ranks.cores() >= 1
    monkeypatch.setenv("FERBLUR_PROCESSES", "3")
    assert ranks.cores() == 3


@pytest.mark.parametrize("value", ["0", "-1", "two", "1.5"])
def test_a_wrong_setting_is_named(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FERBLUR_PROCESSES", value)
    with pytest.raises(UserError, match=f"^FERBLUR_PROCESSES: must be .* not '{value}'$"):
        ranks.cores()
