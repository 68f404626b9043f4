"""The committed runs of other datasets: what they show, and where their verdicts differ from ours.

`make committed` fills paper/committed/<dataset>/ with a run's `run.json` and with copies of what it
shows under results/. Only these copies are read here, so no stage of another profile need run.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ferblur.core.files import read_json
from ferblur.core.study import MODELS
from ferblur.evidence.run_comparison import COMMITTED
from ferblur.evidence.verdicts import JUDGEMENTS

Claims = Mapping[str, Mapping[str, Any]]
"""Judged claims, by their ids."""

CLAIMS_COPY = "claims.json"
NETWORKS_COPY = "networks.json"
BEYOND_COPY = "extensions"
"""A folder, where a run has answers beyond the paper."""


def others(dataset: str) -> list[str]:
    """The datasets of which a run is committed, without this one, sorted."""
    folders = (path.parent for path in COMMITTED.glob(f"*/{CLAIMS_COPY}"))
    return sorted(folder.name for folder in folders if folder.name != dataset)


def read(dataset: str) -> dict[str, Any]:
    """What a dataset's committed run shows, by name.

    `params`, the judged `claims`, what was `prepared` (counts), `scores` with intervals by model,
    task and score, those of the `trainings` by model and seed, `differences` and `comparison` as
    the stage statistics leaves them; and other people's `networks` by name, where they were scored
    on the same faces, as the stage networks leaves them.
    """
    folder = COMMITTED / dataset
    run = read_json(folder / "run.json")
    statistics = folder / "statistics"
    return {
        "claims": read_json(folder / CLAIMS_COPY)["claims"],
        "params": run["params"],
        "trainings": run["scores"],
        "prepared": read_json(folder / "prepare/counts.json"),
        "comparison": read_json(statistics / "comparison.json"),
        "differences": read_json(statistics / "differences.json"),
        "scores": {model: read_json(statistics / f"{model}.json") for model in MODELS},
        "networks": _networks(folder / NETWORKS_COPY),
    }


def _networks(path: Path) -> dict[str, Any]:
    return read_json(path)["networks"] if path.is_file() else {}


def beyond(dataset: str) -> list[str]:
    """The datasets of which answers beyond the paper are committed, this one first, then sorted."""
    folders = (path.parent.parent for path in COMMITTED.glob(f"*/{BEYOND_COPY}/answers.json"))
    return sorted((folder.name for folder in folders), key=lambda name: (name != dataset, name))


def read_beyond(dataset: str) -> dict[str, Any]:
    """What a dataset's committed run answers beyond the paper, as the stage answers leaves it.

    The numbers of each question by its name; and the `answers`, with what they rest on.
    """
    found: dict[str, Any] = {}
    for path in sorted((COMMITTED / dataset / BEYOND_COPY).glob("*.json")):
        found |= read_json(path)
    return found


def tally(ours: Claims, theirs: Claims) -> dict[str, dict[str, int]]:
    """Of the findings: how many can be `judged`, and how many `hold`, here, there and on both.

    Of those that can be judged on both, also how many have a verdict `alike`.
    """
    names = _findings(ours, theirs)

    def counted(*runs: Claims) -> dict[str, int]:
        found = [{run[name]["verdict"] for run in runs} for name in names]
        judged = [verdicts for verdicts in found if verdicts <= {*JUDGEMENTS}]
        return {
            "judged": len(judged),
            "hold": judged.count({"reproduced"}),
            "alike": sum(len(verdicts) == 1 for verdicts in judged),
        }

    return {"here": counted(ours), "there": counted(theirs), "both": counted(ours, theirs)}


def differing(ours: Claims, theirs: Claims) -> list[str]:
    """The findings with another verdict there, in the paper's order."""
    names = _findings(ours, theirs)
    return [name for name in names if ours[name]["verdict"] != theirs[name]["verdict"]]


def _findings(ours: Claims, theirs: Claims) -> list[str]:
    """Those of both runs; a claim may be newer than the other run."""
    return [name for name, entry in ours.items() if entry["kind"] == "findings" and name in theirs]
