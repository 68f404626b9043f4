"""The archive: what is in it, that it is the same each time, and when there is none."""

import hashlib
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from clone import Clone
from ferblur.commands import export
from ferblur.core.errors import UserError

NAME = "ferblur"


@pytest.fixture(scope="module")
def head(clone: Clone) -> Iterator[str]:
    """The commit of a finished smoke run, in the working directory, with an image built from it."""
    commit = clone.run("git", "rev-parse", "HEAD").strip()
    real = export.output

    def output(*command: str) -> str:
        if command[:3] == ("docker", "image", "inspect"):
            prefix = "org.opencontainers.image"
            labels = {f"{prefix}.revision": commit, f"{prefix}.base.name": "cuda"}
            config = {"Config": {"Labels": labels}, "Id": "sha256:1", "RepoDigests": ["b", "a"]}
            return json.dumps([config])
        return '{"bomFormat": "CycloneDX"}' if command[0] == "docker" else real(*command)

    with pytest.MonkeyPatch.context() as patched:
        patched.chdir(clone.folder)
        patched.setattr(export, "output", output)
        yield commit


@pytest.fixture(scope="module")
def archive(head: str) -> Path:
    export.main(NAME)
    return Path(f"dist/ferblur-{head[:12]}.tar.gz").resolve()


def test_holds_code_results_models_and_the_image(head: str, archive: Path, tmp_path: Path) -> None:
    subprocess.run(["tar", "-xzf", str(archive), "-C", str(tmp_path)], check=True)
    folder = tmp_path / f"ferblur-{head[:12]}"
    for path in (
        "dvc.yaml", "dvc.lock", "src/ferblur/commands/export.py", "paper/main.pdf",
        "results/report.html",
        "results/statistics/curve.csv", "models/baseline/1/best.safetensors",
        "models/second/2/last.safetensors", "sbom.cdx.json",
    ):  # fmt: skip
        assert (folder / path).is_file(), path
    image = json.loads((folder / "image.json").read_text())
    assert image == {"name": NAME, "id": "sha256:1", "digests": ["a", "b"], "base": "cuda",
                     "commit": head}  # fmt: skip
    assert not list(folder.rglob("*.jpg")) + list(folder.rglob("*.npy"))
    assert not (folder / "data").exists()
    lines = (folder / "SHA256SUMS").read_text().splitlines()
    for line in lines:
        digest, _, name = line.partition("  ")
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest
    files = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    assert files - {line.partition("  ")[2] for line in lines} == {"SHA256SUMS"}


def test_the_same_contents_are_the_same_bytes(archive: Path) -> None:
    first = archive.read_bytes()
    export.main(NAME)
    assert archive.read_bytes() == first


def test_edits_are_refused(head: str, clone: Clone) -> None:
    clone.edit("very_high: 14", "very_high: 20")
    try:
        with pytest.raises(UserError, match=r"^params.yaml: differs from the last commit"):
            export.main(NAME)
    finally:
        clone.restore()


def test_results_of_other_code_are_refused(head: str, clone: Clone) -> None:
    weights = clone.folder / "models/second/1/last.safetensors"
    kept = weights.read_bytes()
    weights.chmod(0o644)
    weights.unlink()
    weights.write_bytes(b"other")
    try:
        with pytest.raises(UserError, match=r"^dvc.lock: .* run make repro"):
            export.main(NAME)
    finally:
        weights.write_bytes(kept)


def test_an_image_of_other_code_is_refused(head: str, clone: Clone) -> None:
    with pytest.raises(UserError, match=rf"image ferblur: built from {head}, not from other; run"):
        export.image(NAME, "other")


def test_a_failing_command_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UserError, match=r"^no-such-command: no such command$"):
        export.output("no-such-command")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    with pytest.raises(UserError, match=r"^git status --porcelain: fatal: not a git repository"):
        export.commit()
    with pytest.raises(UserError, match=r"^sh -c echo some >&2; exit 1: some$"):
        export.output("sh", "-c", "echo some >&2; exit 1")
