"""Check that this machine computes what the committed run's did.

    make verify          # about a minute

Runs some seventy operations, and the stages from `synthesize` to the evaluation of one model on the
smoke profile, in a folder of their own; compares the hashes with paper/verify.json and names the
first that differs, with what is known of the machine. `--write` replaces the file by what this
machine gives.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from tqdm import tqdm

from ferblur.core import arithmetic
from ferblur.core.errors import UserError, one_line
from ferblur.core.files import digest, read_json, write_json
from ferblur.evidence import environment
from ferblur.evidence.run_comparison import versions

VERIFY = Path("paper/verify.json")
PROFILE = Path("profiles/smoke.yaml")

STAGES: Mapping[str, tuple[str, ...]] = {
    "synthesize": ("datasets/synthetic/train", "datasets/synthetic/deployment"),
    "prepare": ("data/prepare",),
    "align": ("data/align",),
    "balance": ("data/balance",),
    "split": ("data/split",),
    "train@baseline-1": ("models/baseline/1",),
    "evaluate@baseline-1": ("data/evaluate/baseline/1.csv",),
}
"""The stages run, in order, and what of each is hashed."""


def run(command: list[str], folder: Path, variables: Mapping[str, str]) -> str:
    """Run Python in a folder; returns what it printed. Raises UserError where it fails."""
    done = subprocess.run(
        [sys.executable, *command], cwd=folder, env=os.environ | dict(variables),
        check=False, capture_output=True, text=True,
    )  # fmt: skip
    if done.returncode:
        raise UserError(f"python {' '.join(command)}: {done.stderr.strip()}")
    return done.stdout


def operations() -> dict[str, str]:
    """The hash of what each operation gives on this machine, in portable arithmetic."""
    found: dict[str, str] = json.loads(
        run(["-m", "ferblur.commands.operations"], Path.cwd(), arithmetic.pins())
    )
    return found


def stages() -> dict[str, str]:
    """The hash of what each stage makes on this machine."""
    found = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "params.yaml").write_bytes(PROFILE.read_bytes())
        for stage in tqdm(STAGES, desc="verify", unit="stage", disable=None):
            verb, _, training = stage.partition("@")
            arguments = training.split("-") if training else []
            run(["-m", f"ferblur.stages.{verb}", *arguments], folder, {})
            found[stage] = made(folder, stage)
    return found


def made(folder: Path, stage: str) -> str:
    """The hash of what a stage has made in a project's folder."""
    return " ".join(digest(folder / path)[:16] for path in STAGES[stage])


def machine() -> dict[str, str]:
    """What is known of this machine that arithmetic could depend on."""
    known = environment.describe()
    wanted = ("processor", "instruction sets", "cores", "system", "Python")
    threads = {"threads of portable training": str(arithmetic.THREADS)}
    return {name: known[name] for name in wanted} | threads | versions()


def differing(found: Mapping[str, str], expected: Mapping[str, str]) -> list[str]:
    """The names whose hashes differ, or which one of the two lacks, in the order of `found`."""
    return [name for name in {**found, **expected} if found.get(name) != expected.get(name)]


def said(kind: str, found: Mapping[str, str], expected: Mapping[str, str]) -> str:
    """One line: how many are the same, and the first that is not."""
    others = differing(found, expected)
    if not others:
        return f"{kind}: all {len(found)} give the bytes of the committed run"
    first = others[0]
    return (
        f"{kind}: {len(others)} of {len(found)} differ, first '{first}' "
        f"({found.get(first)}, committed {expected.get(first)})"
    )


def main(arguments: list[str]) -> None:
    """Compare, or with --write replace what is compared with; exits with 1 on a difference."""
    if arguments not in ([], ["--write"]):
        raise UserError(f"verify: takes --write or nothing, not {' '.join(arguments)}")
    arithmetic.check()
    for name, value in machine().items():
        print(f"{name}: {value}")
    found = {"operations": operations(), "stages": stages()}
    if arguments:
        write_json(VERIFY, found)
        print(f"{VERIFY}: written")
        return
    expected = read_json(VERIFY)
    for kind, hashes in found.items():
        print(said(kind, hashes, expected[kind]))
    if found != expected:
        sys.exit(
            "This machine does not compute the committed bytes. They are promised "
            "for x86-64 processors with AVX2 and the locked packages (docs/arithmetic.md)."
        )
    print("This machine gives the bytes of the committed run.")


if __name__ == "__main__":
    with one_line():
        main(sys.argv[1:])
