"""`dvc repro` with the trainings side by side: what `make repro` and the container run.

DVC runs one stage at a time, and portable training uses one core. So this command runs

1. what no training feeds, one stage at a time
2. each training and its evaluation in a `dvc repro` of its own, as many at once as there are cores
3. the rest, one stage at a time

and leaves the bytes that `dvc repro` leaves, in a fresh clone those of dvc.lock included, but for
the order of its stages where DVC's own varies: of stages that do not need each other, where fewer
than half of all stages run (as in the smoke profile). Where training is not portable, and uses a
GPU or all cores, this is `dvc repro`, and also where there is only one core.
"""

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from dvc.cli import main as dvc
from dvc.exceptions import DvcException
from dvc.repo import Repo, lock_repo
from dvc.repo.reproduce import collect_stages, plan_repro

from ferblur.core.arithmetic import PORTABLE, THREADS
from ferblur.core.errors import one_line
from ferblur.core.files import write_text
from ferblur.core.params import load_params
from ferblur.core.ranks import cores
from ferblur.core.resume import die_with_parent

MODULE = "ferblur.commands.repro"
DVC_LOCK = Path("dvc.lock")
TRAIN = "train@"
EVALUATE = "evaluate@"


def chain(name: str) -> list[str]:
    """The stages of one training, such as `baseline-1`, in order."""
    return [TRAIN + name, EVALUATE + name]


class Plan(NamedTuple):
    """The pipeline's stages as DVC names them."""

    order: list[str]
    """All, as `dvc repro` runs them."""
    before: list[str]
    """Those that no training feeds."""
    changed: set[str]
    """Those that DVC would run now; one that it runs may change others."""

    @classmethod
    def read(cls) -> "Plan":
        """Ask DVC. Raises DvcException where it cannot tell."""
        with Repo() as repo, lock_repo(repo):
            graph = repo.index.graph
            stages = plan_repro(graph, collect_stages(repo, ["dvc.yaml"]))
            trainings = [stage for stage in stages if stage.addressing.startswith(TRAIN)]
            fed = plan_repro(graph, trainings, downstream=True)
            return cls(
                [stage.addressing for stage in stages],
                [stage.addressing for stage in stages if stage not in fed],
                {stage.addressing for stage in stages if stage.changed()},
            )

    def trainings(self) -> list[str]:
        """The trainings of which DVC would run a stage."""
        names = [name.removeprefix(TRAIN) for name in self.order if name.startswith(TRAIN)]
        return [name for name in names if not self.changed.isdisjoint(chain(name))]


def side_by_side(names: Sequence[str], at_once: int) -> list[str]:
    """Run trainings, `at_once` at a time; returns those that failed, after which none starts.

    Each shows its progress in a row of the terminal of its own.
    """
    rows, failed = list(range(at_once)), list[str]()
    under_way = dict[str, subprocess.Popen[bytes]]()

    def train(name: str) -> None:
        if failed:
            return
        row = rows.pop(0)
        under_way[name] = subprocess.Popen(
            [sys.executable, "-m", MODULE, *chain(name)],
            stdin=subprocess.DEVNULL, env=os.environ | {"TQDM_POSITION": str(row)},
        )  # fmt: skip
        if under_way[name].wait():
            failed.append(name)
        rows.append(row)

    with ThreadPoolExecutor(at_once) as pool:
        try:
            list(pool.map(train, names))
        except KeyboardInterrupt:  # they have it too where it comes from a terminal
            end = time.monotonic() + 5
            for process in list(under_way.values()):
                with suppress(subprocess.TimeoutExpired):
                    process.wait(max(end - time.monotonic(), 0))
                process.terminate()
            raise
    return failed


def put_in_order(order: Sequence[str]) -> None:
    """Sort the stages in dvc.lock, where DVC puts a new one at the end when it has run."""
    if DVC_LOCK.exists():
        head, *stages = re.split(r"^(?=  \w)", DVC_LOCK.read_text(encoding="utf-8"), flags=re.M)
        place = {f"  {name}:": number for number, name in enumerate(order)}
        ordered = sorted(stages, key=lambda stage: place.get(stage.splitlines()[0], -1))
        if ordered != stages:
            write_text(DVC_LOCK, head + "".join(ordered))


def run(at_once: int) -> int:
    """Run what has changed, `at_once` trainings at a time; returns DVC's exit status.

    Raises DvcException where DVC cannot tell what has changed.
    """
    plan = Plan.read()
    if not plan.changed:
        print("Data and pipelines are up to date.")
        return 0
    try:
        if not plan.changed.isdisjoint(plan.before):
            if status := dvc(["repro", *plan.before]):
                return int(status)
            plan = Plan.read()
        if len(names := plan.trainings()) > 1:
            for name in side_by_side(names, at_once):
                print(f"{name}: failed; once more, alone", flush=True)
                if status := dvc(["repro", "--single-item", *chain(name)]):
                    return int(status)
        return int(dvc(["repro"]))
    finally:
        put_in_order(plan.order)


def main(stages: list[str]) -> int:
    """Run the pipeline, or only `stages`, as for one training; returns DVC's exit status."""
    if bash := shutil.which("bash"):  # makes way for a stage, so that it ends when DVC is killed
        os.environ["SHELL"] = bash  # DVC's shell; dash, many a /bin/sh, may stay between the two
    if stages:
        die_with_parent()
        return int(dvc(["--wait-for-lock", "repro", "--quiet", "--single-item", *stages]))
    at_once = cores() // THREADS
    if load_params().train.arithmetic == PORTABLE and at_once > 1:
        with suppress(DvcException):  # `dvc repro` then says what is wrong
            return run(at_once)
    return int(dvc(["repro"]))


if __name__ == "__main__":
    with one_line():
        sys.exit(main(sys.argv[1:]))
