"""Accept the files that are pictures, and remove exact duplicates (section III.A)."""

import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from ferblur.core import stage
from ferblur.core.errors import UserError
from ferblur.core.files import write_csv, write_json
from ferblur.core.params import Params, load_params
from ferblur.core.study import POOLS
from ferblur.curation.intake import Intake, accept_pool, in_both, near_duplicates
from ferblur.curation.layout import check
from ferblur.curation.sidecar import SIDECAR

PREPARE = Path("data/prepare")
PREPARE_RESULTS = Path("results/prepare")
REJECTS, DUPLICATES = PREPARE / "rejects.csv", PREPARE / "duplicates.csv"
SHOWN = 3  # reasons or people named


def main() -> None:
    """Write accepted, duplicate, rejected and nearly equal files of both pools, and the counts."""
    params = load_params()
    root = Path(params.data.root)
    check(root, params.data.emotions)
    shutil.rmtree(PREPARE, ignore_errors=True)
    pools = {p: accept_pool(root, p, params.prepare, params.data.emotions) for p in POOLS}

    for name in ("duplicates", "rejects"):
        table = pd.concat([intake.tables[name].assign(pool=pool) for pool, intake in pools.items()])
        write_csv(PREPARE / f"{name}.csv", table[["pool", *table.columns.drop("pool")]])
    for pool, intake in pools.items():
        _report(root, pool, intake)
    for pool, intake in pools.items():
        _check_losses(root, pool, intake, params)
    pictures, people = in_both(pools, "sha256"), in_both(pools, "subject")
    _check_shared(root, pools, pictures, people, params.prepare.strict)

    near = near_duplicates(pools)
    write_csv(PREPARE / "near_duplicates.csv", near)
    summary: dict[str, Any] = {}
    for pool, intake in pools.items():
        write_csv(PREPARE / f"{pool}.csv", intake.accepted)
        alike = near.loc[near["pool"] == pool, "group"].duplicated(keep=False)
        summary[pool] = intake.counts(params.data.emotions) | {"near_duplicates": int(alike.sum())}
    summary["in_both_pools"] = len(pictures)
    summary["people_in_both_pools"] = len(people)
    summary["near_duplicates_in_both_pools"] = int(
        (near.groupby("group")["pool"].nunique() > 1).sum()
    )
    write_json(PREPARE_RESULTS / "counts.json", summary)


def _report(root: Path, pool: str, intake: Intake) -> None:
    """Say what came of a pool, in a line."""
    numbers = {name: f"{len(table):,}" for name, table in intake.tables.items()}
    line = f"{pool}: {intake.found:,} found, {numbers['accepted']} accepted, "
    line += f"{numbers['duplicates']} duplicates, {numbers['rejects']} rejected"
    if intake.reasons:
        commonest = intake.reasons.most_common(SHOWN)
        reasons = ", ".join(f"{number:,} {reason}" for reason, number in commonest)
        line += f" ({reasons}{', …' * (len(intake.reasons) > SHOWN)}; {REJECTS})"
    print(line, flush=True)
    if intake.absent:
        _warn(
            f"{root / pool / SIDECAR}: {len(intake.absent):,} listed but not there, such as "
            f"{intake.absent[0]!a}"
        )


def _check_losses(root: Path, pool: str, intake: Intake, params: Params) -> None:
    """Stop where too many files are rejected, or all of an emotion's."""
    rejected, most = len(intake.rejects), params.prepare.max_rejected
    if rejected > most * intake.found:
        raise UserError(
            f"{root / pool}: {rejected:,} of {intake.found:,} files are rejected "
            f"({rejected / intake.found:.1%}), for the reasons in {REJECTS}; "
            f"prepare.max_rejected allows {most:.1%}"
        )
    left = set(intake.accepted["emotion"])
    if missing := [emotion for emotion in params.data.emotions if emotion not in left]:
        raise UserError(
            f"{root / pool}: no file of {', '.join(missing)} is accepted; {REJECTS} and "
            f"{DUPLICATES} say why"
        )


def _check_shared(
    root: Path, pools: Mapping[str, Intake], pictures: list[str], people: list[str], strict: bool
) -> None:
    """Warn, or stop, where pools have a picture or a person in common."""
    faults = []
    if pictures:
        twins = [
            f"{pool}/{intake.accepted.set_index('sha256')['source_id'][pictures[0]]}"
            for pool, intake in pools.items()
        ]
        faults.append(f"pictures in both pools: {len(pictures):,}, such as {' and '.join(twins)}")
    if people:
        faults.append(f"people in both pools: {len(people):,}, such as {people[0]}")
    lines = [f"{root}: {f}; deployment must show what the models have not seen" for f in faults]
    if strict and lines:
        raise UserError("\n".join(f"{line} (prepare.strict: false lets it pass)" for line in lines))
    for line in lines:
        _warn(line)


def _warn(line: str) -> None:
    print(f"warning: {line}", file=sys.stderr)


if __name__ == "__main__":
    stage.run(main)
