"""Train a variant of the study's models from several seeds, and ask it what the study asks.

`python -m ferblur.stages.vary equal_steps`; beyond the paper.
"""

import shutil
import sys
from pathlib import Path

import numpy as np
import pandas as pd

from ferblur.beyond.named import load
from ferblur.beyond.params import chosen, load_extensions
from ferblur.beyond.processes import side_by_side
from ferblur.beyond.training import Source, Variant, predictions, train
from ferblur.core import stage
from ferblur.core.files import atomic, digest, sha256, write_csv
from ferblur.core.params import load_params
from ferblur.core.resume import partial_folder
from ferblur.dataset.manifest import read_manifest

ALIGN = Path("data/align")
BALANCE = Path("data/balance")
SPLIT = Path("data/split")
VARY = Path("data/vary")
WEIGHTS = Path("weights")


def source(root: Path) -> Source:
    """What variants are made from."""
    params, extensions = load_params(), load_extensions()
    faces = pd.read_csv(ALIGN / "train.csv", dtype=str, keep_default_na=False)
    clips = pd.Series("", index=faces["source_id"])
    if (truth := root / "train/truth.csv").is_file():
        table = pd.read_csv(truth, dtype=str, keep_default_na=False)
        if "clip" in table:
            clips = table.set_index("file")["clip"]
    return Source(
        baseline=read_manifest(SPLIT / "baseline.csv"),
        second=read_manifest(SPLIT / "second.csv"),
        people=faces.set_index("source_id")["subject"],
        clips=clips,
        params=params,
        kernels=extensions.vary.kernels,
        strongest=extensions.vary.strongest,
        generator=np.random.default_rng(extensions.vary.seed),
    )


def main() -> None:
    """Write the variant's manifest, and the weights and prediction rows of each training."""
    extensions, params = load_extensions(), load_params()
    name = chosen(sys.argv[1:], extensions.vary.variants, "vary.variants")
    known = source(Path(params.data.root))
    variant: Variant = load("variants", name).variant(known)
    deployment = read_manifest(BALANCE / "deployment.csv")
    with partial_folder(
        f"vary@{name}",
        {
            "params": params.model_dump(include={"train", "evaluate", "blur", "data"}),
            "faces": sha256(ALIGN / "train.npy"),
            "rows": variant.rows.to_csv(),
            "weights": digest(start) if (start := WEIGHTS / params.train.weights).is_dir() else "",
        },
    ) as folder:
        write_csv(folder / "manifest.csv", variant.rows)
        seeds = params.train.seeds[: extensions.vary.trainings]
        trained = side_by_side(
            params, train,
            [(variant, params, ALIGN, seed, folder / str(seed)) for seed in seeds], f"train {name}",
        )  # fmt: skip
        test = variant.rows[variant.rows["split"] == "test"]
        tables = side_by_side(
            params, predictions,
            [(weights, test, deployment, ALIGN, params) for weights in trained], f"ask {name}",
        )  # fmt: skip
        for seed, weights, table in zip(seeds, trained, tables, strict=True):
            with atomic(VARY / name / f"{seed}.safetensors") as temporary:
                shutil.copyfile(weights, temporary)
            write_csv(VARY / name / f"{seed}.csv", table)
        with atomic(VARY / name / "manifest.csv") as temporary:
            shutil.copyfile(folder / "manifest.csv", temporary)


if __name__ == "__main__":
    stage.run(main)
