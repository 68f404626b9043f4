"""What stays out of git, out of the image and out of DVC's hashes: raw data, wherever it is put."""

import subprocess
from collections.abc import Callable
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath

import pytest
from dvc.repo import Repo
from pathspec import GitIgnoreSpec

from clone import ROOT, Clone

RAW = [
    "datasets/fer2013.csv", "datasets/archive.zip", "datasets/.cache/x", "datasets/mine/a.jpg",
    "datasets/mine/train/fear/a.jpg", "datasets/mine/params.yaml", "datasets/mine/import.csv",
    "datasets/mine/README.md", "datasets/mine/dvc.yaml", "datasets/mine/cohn-kanade/S005/1.png",
    "datasets/mine/deep/er/dvc.yaml", "datasets/synthetic/train/fear/a.jpg",
    "datasets/synthetic/deployment/truth.csv", "datasets/synthetic/notes.txt",
    "datasets/.sources/facial_expressions/images/a.jpg", "datasets/photographs/import.csv",
    "datasets/.sources/.facial_expressions.git/objects/pack/a.pack", "datasets/photographs/x.json",
]  # fmt: skip

OURS = [
    "datasets/README.md", "datasets/synthetic/dvc.yaml", "datasets/synthetic/dvc.lock",
    "params.yaml", "profiles/demo.yaml", "src/ferblur/dataset/faces.py",
]  # fmt: skip

POINTERS = ["datasets/mine.dvc", "datasets/mine/train.dvc"]
"""What `dvc add` writes, to be committed."""


def by_git(folder: Path) -> Callable[[str], bool]:
    subprocess.run(["git", "init", "-q", str(folder)], check=True)
    (folder / ".gitignore").write_bytes((ROOT / ".gitignore").read_bytes())

    def ignored(name: str) -> bool:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        asked = subprocess.run(["git", "-C", str(folder), "check-ignore", "-q", name], check=False)
        return asked.returncode == 0

    return ignored


def by_docker(folder: Path) -> Callable[[str], bool]:
    """As Docker reads its file: a pattern counts for all below it, and the last one decides."""
    lines = (ROOT / ".dockerignore").read_text().splitlines()

    def matches(name: str, pattern: str) -> bool:
        one, other = PurePosixPath(name).parts, PurePosixPath(pattern).parts
        return len(one) >= len(other) and all(map(fnmatchcase, one, other))

    def ignored(name: str) -> bool:
        deciding = [line for line in lines if matches(name, line.removeprefix("!"))]
        return bool(deciding) and not deciding[-1].startswith("!")

    return ignored


@pytest.mark.parametrize("reader", [by_git, by_docker])
def test_raw_data_stays_out(
    reader: Callable[[Path], Callable[[str], bool]], tmp_path: Path
) -> None:
    ignored = reader(tmp_path)
    assert [name for name in RAW if not ignored(name)] == []
    assert [name for name in OURS if ignored(name)] == []


def test_a_dataset_under_dvc_can_be_committed(tmp_path: Path) -> None:
    ignored = by_git(tmp_path)
    assert [name for name in POINTERS if ignored(name)] == []


def test_dvc_sees_the_stage_of_the_built_in_dataset(tmp_path: Path) -> None:
    Clone(tmp_path / "clone")
    with Repo(str(tmp_path / "clone")) as repo:
        assert "synthesize" in {stage.name for stage in repo.index.stages}


def test_nothing_that_git_holds_is_ignored() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--ignored", "--exclude-standard"],
        cwd=ROOT, check=False, capture_output=True, text=True,
    )  # fmt: skip
    if listed.returncode:
        pytest.skip("there is no git repository here")
    assert listed.stdout == ""


def test_no_dataset_brings_stages_of_its_own() -> None:
    ignored = GitIgnoreSpec.from_lines((ROOT / ".dvcignore").read_text().splitlines())
    assert ignored.match_file("datasets/mine/dvc.yaml")
    assert ignored.match_file("datasets/mine/deep/er/dvc.yaml")
    assert ignored.match_file("datasets/.sources/facial_expressions/images/a.jpg")
    for name in ("dvc.yaml", "datasets/synthetic/dvc.yaml", "results/dvc.yaml", ".dvc/config"):
        assert not ignored.match_file(name)
