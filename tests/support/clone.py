"""A copy of the working tree as a git and DVC repository of its own, for tests that run the DAG."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]

RESULTS = (
    "params.yaml", "results", ":!results/dvc.yaml", "paper/figures", "paper/tables",
    "paper/main.pdf",
)  # fmt: skip
"""What the README's commands change of what git holds, except dvc.lock."""


def committed(name: str) -> bytes:
    """A file as the last commit has it, whatever a reader has made of it since.

    Skips the test where there is no commit: in the image, in an archive.
    """
    shown = subprocess.run(
        ["git", "show", f"HEAD:{name}"], cwd=ROOT, check=False, capture_output=True
    )
    if shown.returncode:
        pytest.skip("there is no commit here")
    return shown.stdout


class Clone:
    """A copy of the working tree as a git and DVC repository of its own.

    Parameters and results are those of the last commit, where there is one: a reader may have made
    others.
    """

    def __init__(self, folder: Path) -> None:
        repository = folder / ".git"
        subprocess.run(["git", "init", "-q", "-b", "main", str(folder)], check=True)
        listed = subprocess.run(  # by .gitignore alone: an image or archive has no .git
            ["git", f"--git-dir={repository}", f"--work-tree={ROOT}", "ls-files", "-z", "--others",
             "--exclude-standard"],
            cwd=ROOT, check=True, capture_output=True, text=True,
        )  # fmt: skip
        for name in filter(None, listed.stdout.split("\0")):
            if (ROOT / name).is_file() and Path(name).name != "dvc.lock":
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, folder / name)
        self.folder = folder
        self.first: list[str] = []
        packed = subprocess.run(
            ["git", "archive", "HEAD", *RESULTS], cwd=ROOT, check=False, capture_output=True
        )
        if not packed.returncode:
            subprocess.run(["tar", "-x"], cwd=folder, input=packed.stdout, check=True)
        self.commit("start")

    def environment(self) -> dict[str, str]:
        return os.environ | {
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str(self.folder / "src"),
        }

    def run(self, *command: str, check: bool = True) -> str:
        done = subprocess.run(
            command, cwd=self.folder, env=self.environment(), check=False, capture_output=True,
            text=True,
        )  # fmt: skip
        assert not check or done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    def commit(self, message: str) -> None:
        self.run("git", "add", "-A")
        self.run("git", "-c", "user.name=t", "-c", "user.email=t@t", "commit", "-qm", message,
                 "--allow-empty")  # fmt: skip

    def restore(self) -> None:
        """Undo every edit since the last commit."""
        self.run("git", "checkout", "-q", "--", ".")
        self.run("dvc", "checkout", "-q", "--allow-missing")

    def edit(self, old: str, new: str) -> None:
        path = self.folder / "params.yaml"
        assert path.read_text().count(old) == 1
        path.write_text(path.read_text().replace(old, new))

    def stale(self) -> set[str]:
        status = json.loads(self.run("dvc", "status", "--json", "--with-deps", "dvc.yaml"))
        return {name.rpartition(":")[2] for name in status}

    def ran(self, *targets: str) -> list[str]:
        return re.findall(r"Running stage '(?:.*:)?(.+)'", self.run("dvc", "repro", *targets))

    def outputs(self) -> dict[str, str]:
        hashes: dict[str, str] = {}
        for path in (self.folder / "dvc.lock", self.folder / "datasets/synthetic/dvc.lock"):
            for stage in yaml.safe_load(path.read_text())["stages"].values():
                hashes |= {out["path"]: out["md5"] for out in stage.get("outs", [])}
        return hashes
