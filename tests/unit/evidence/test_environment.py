"""What the report says of the machine is what the machine says."""

import platform
from importlib.metadata import version
from pathlib import Path

import pytest

from clone import ROOT, Clone
from ferblur.core.files import sha256
from ferblur.evidence import environment


def test_describes_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    found = environment.describe()
    assert found["Python"] == platform.python_version()
    assert found["requirements.lock (SHA-256)"] == sha256(ROOT / "requirements.lock")
    assert "AVX2, FMA" in found["instruction sets"]
    assert all(found.values())


def test_packages_are_all_named() -> None:
    found = environment.packages()
    assert found["torch"] == version("torch")
    assert list(found) == sorted(found)


def test_the_commit_and_its_edits(clone: Clone, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(clone.folder)
    head = clone.run("git", "rev-parse", "HEAD").strip()
    assert environment.commit() == head
    before = Path("params.yaml").read_text()
    Path("params.yaml").write_text(before + "# edited\n")
    assert environment.commit() == f"{head} with edits"
    Path("params.yaml").write_text(Path("profiles/photographs.yaml").read_text())
    assert environment.commit() == head  # PROFILE= copied it
    Path("params.yaml").write_text(before)


def test_without_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    monkeypatch.delenv("FERBLUR_COMMIT", raising=False)
    assert environment.commit().startswith("unknown")
    monkeypatch.setenv("FERBLUR_COMMIT", "abc")  # the image's
    assert environment.commit() == "abc"
