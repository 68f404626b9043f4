"""Accept the files that are images, and remove exact duplicates (section III.A)."""

import shutil
from pathlib import Path
from typing import Any

import pandas as pd

from ferblur.core import stage
from ferblur.core.errors import UserError
from ferblur.core.files import write_csv, write_json
from ferblur.core.params import load_params
from ferblur.core.study import EMOTIONS, POOLS
from ferblur.curation.intake import accept_pool
from ferblur.curation.layout import check

PREPARE = Path("data/prepare")
PREPARE_RESULTS = Path("results/prepare")


def main() -> None:
    """Write accepted, duplicate and rejected files of both pools, and the counts."""
    params = load_params()
    root = Path(params.data.root)
    check(root)
    pools = {pool: accept_pool(root, pool, params.prepare.hash_of) for pool in POOLS}

    people = {pool: set(tables["accepted"]["subject"]) - {""} for pool, tables in pools.items()}
    shared = sorted(people["train"] & people["deployment"])
    if shared:
        raise UserError(
            f"{root}: {len(shared)} subjects are in both pools ({', '.join(shared[:3])}, …); "
            "deployment must show people the models have not seen"
        )

    shutil.rmtree(PREPARE, ignore_errors=True)
    summary: dict[str, Any] = {}
    for pool, tables in pools.items():
        accepted = tables["accepted"]
        if not len(accepted):
            raise UserError(f"{root / pool}: none of its files is a readable JPEG image")
        write_csv(PREPARE / f"{pool}.csv", accepted)
        summary[pool] = {
            "found": sum(len(table) for table in tables.values()),
            **{name: len(table) for name, table in tables.items()},
            "conflicting": sum(
                file.partition("/")[0] != kept.partition("/")[0]
                for file, kept in tables["duplicates"].itertuples(index=False)
            ),
            "subjects": len(people[pool]),
            "classes": accepted["emotion"].value_counts().reindex(EMOTIONS, fill_value=0).to_dict(),
            "width": [int(accepted["image_width"].min()), int(accepted["image_width"].max())],
            "height": [int(accepted["image_height"].min()), int(accepted["image_height"].max())],
        }
    hashes = {pool: set(tables["accepted"]["sha256"]) for pool, tables in pools.items()}
    summary["in_both_pools"] = len(hashes["train"] & hashes["deployment"])
    for name in ("duplicates", "rejects"):
        table = pd.concat([tables[name].assign(pool=pool) for pool, tables in pools.items()])
        write_csv(PREPARE / f"{name}.csv", table[["pool", *table.columns.drop("pool")]])
    write_json(PREPARE_RESULTS / "counts.json", summary)


if __name__ == "__main__":
    stage.run(main)
