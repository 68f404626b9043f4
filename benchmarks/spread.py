"""How far the scores move when only the arithmetic or the seed does.

    make spread          # half an hour on two cores, after make repro

Trains and evaluates both models again on the data of this working tree: in the arithmetic of
another machine, in which sums round differently and training amplifies the last bit, and from
other seeds. Writes `benchmarks/spread.json`: every score of this run and of every variant, from
which `make committed` takes the tolerance granted to another machine's run.
"""

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import yaml
from tqdm import tqdm

from ferblur.commands.committed import NATIVE
from ferblur.core.files import read_json, write_json
from ferblur.core.study import MODELS, TASKS
from ferblur.evidence.run_comparison import SPREAD, outputs, scores
from ferblur.model.device import choose_device, native_bfloat16

ROOT = Path.cwd()

VARIANTS: dict[str, dict[str, object]] = {
    **{name: {"arithmetic": name} for name in NATIVE},
    **{
        f"bfloat16, seed {seed}": {"arithmetic": "bfloat16", "seed": seed}
        for seed in (103, 203, 303)
    },
}
"""`train` parameters of each variant."""


def trained_again(train: dict[str, object]) -> dict[str, Any]:
    """Train and evaluate both models in a folder of their own; returns their scores by task."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "data").mkdir()
        for part in ("align", "balance", "split"):
            (folder / "data" / part).symlink_to(ROOT / "data" / part)
        params = yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8"))
        params["train"] |= train
        (folder / "params.yaml").write_text(yaml.safe_dump(params), encoding="utf-8")
        for model in MODELS:
            for stage in ("train", "evaluate"):
                subprocess.run(
                    [sys.executable, "-m", f"ferblur.stages.{stage}", model],
                    cwd=folder, check=True, stdout=sys.stderr,
                )  # fmt: skip
        return {
            model: {
                task: read_json(folder / f"results/evaluate/{model}/{task}.json") for task in TASKS
            }
            for model in MODELS
        }


def main() -> None:
    """Run every variant, one after another; what is finished survives a kill.

    Scores of an earlier state, whose outputs are not this run's, are thrown away.
    """
    if not native_bfloat16(choose_device("bfloat16")):
        sys.exit("bfloat16 is not native here: measure on a processor that has it")
    content = read_json(SPREAD) if SPREAD.exists() else {}
    if content.get("outputs") != outputs():
        content = {"outputs": outputs(), "runs": {"as committed": scores()}}
    content["variants"] = list(VARIANTS)
    write_json(SPREAD, content)
    for name, train in tqdm(VARIANTS.items(), desc="spread", disable=None):
        if name not in content["runs"]:
            content["runs"][name] = trained_again(train)
            write_json(SPREAD, content)


if __name__ == "__main__":
    main()
