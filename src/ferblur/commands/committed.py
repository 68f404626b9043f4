"""Make this run the committed one of its dataset (python -m ferblur.commands.committed).

Writes paper/committed/<dataset>/ from the run in the working directory: run.json with its
parameters, machine, hashes, and the scores of every training, which other runs of the dataset are
compared with; and copies of what it shows under results/, which runs of other datasets show beside
theirs, and of the answers beyond the paper, which all runs show. All of it is text, and says
nothing of a single picture or person.
"""

import shutil
from math import isclose
from pathlib import Path
from typing import Any

from ferblur.core import run_log
from ferblur.core.arithmetic import PORTABLE
from ferblur.core.errors import UserError, one_line
from ferblur.core.files import read_json, write_json, write_text
from ferblur.core.study import MODELS
from ferblur.evidence.other_runs import BEYOND_COPY, CLAIMS_COPY, NETWORKS_COPY
from ferblur.evidence.run_comparison import COMMITTED, dataset, this_run
from ferblur.pages.markdown import claims_page

RESULTS = Path("results")
COPIED = ("metrics", "statistics", "prepare", "align", "split", "verdicts.json")
"""What of the results is copied as it is, beside the claims and other people's networks."""


def checked() -> dict[str, Any]:
    """What run.json will hold. Raises UserError where the run cannot be committed."""
    environment = run_log.read()["environment"]
    if not environment:
        raise UserError(f"{run_log.RUN_LOG}: no machine noted; run `make repro` first")
    run = this_run()
    if any(each["arithmetic"] != PORTABLE for each in run["computed"].values()):
        raise UserError(f"train.arithmetic: must be {PORTABLE} in the committed run")
    if len(run["params"]["train"]["seeds"]) < 2:
        raise UserError("train.seeds: the committed run needs two or more, for an interval")
    environment.pop("packages")  # the lock's hash says as much
    return {"environment": environment} | run


def alone(judged: dict[str, Any]) -> dict[str, Any]:
    """Judged claims without what other datasets' runs show: two runs would nest in each other."""
    claims = {name: entry | {"beside": {}} for name, entry in judged["claims"].items()}
    return judged | {"claims": claims}


def networks() -> dict[str, Any]:
    """Other people's networks, where they were scored on this run's faces; else nothing.

    The file may be another run's, for no stage of the study makes it: then its differences are not
    those of this run's scores.
    """
    if not (path := RESULTS / NETWORKS_COPY).is_file():
        return {}
    found, ours = read_json(path), read_json(RESULTS / "statistics/second.json")
    for name, network in found["networks"].items():
        for level, scores in network["scores"].items():
            between = ours[level]["accuracy"]["value"] - scores["accuracy"]["value"]
            if not isclose(network["second_minus"][level]["value"], between, abs_tol=1e-9):
                print(f"{path}: {name} is of another run, and left out; make networks asks it anew")
                return {}
    return found


def answers() -> list[Path]:
    """What answers the questions beyond the paper, where it is of this run; else nothing.

    The files may be another run's, for no stage of the study makes them: then the accuracies of the
    study's models are not those of this run.
    """
    folder = RESULTS / BEYOND_COPY
    if not (found := sorted(folder.glob("*.json"))):
        return []
    scored = folder / "remedied.json"
    remedied = read_json(scored)["remedied"] if scored in found else {}
    for model in MODELS:
        ours = read_json(RESULTS / f"statistics/{model}.json")
        theirs = remedied[model]["levels"] if model in remedied else {}
        if not theirs or any(
            not isclose(bounds["value"], ours[level]["accuracy"]["value"], abs_tol=1e-9)
            for level, bounds in theirs.items()
        ):
            anew = "make beyond makes it anew"
            print(f"{folder}: is of another run, and left out; {anew}")
            return []
    return found


def main() -> None:
    """Make this run the committed one of its dataset."""
    name, run = dataset(), checked()
    judged, others = alone(read_json(RESULTS / CLAIMS_COPY)), networks()
    answered = answers()
    if judged["dataset"] != name:
        raise UserError(
            f"{RESULTS / CLAIMS_COPY}: is of the dataset {judged['dataset']}, and data.root names "
            f"{name}; run `make repro` first"
        )
    if not name:
        raise UserError("data.root: must have a name, under which its run is committed")
    folder = COMMITTED / name
    shutil.rmtree(folder, ignore_errors=True)
    write_json(folder / "run.json", run)
    write_json(folder / CLAIMS_COPY, judged)
    write_text(folder / "claims.md", claims_page(judged, {"others": []}))
    if others:
        write_json(folder / NETWORKS_COPY, others)
    for path in answered:
        write_json(folder / BEYOND_COPY / path.name, read_json(path))
    for copied in COPIED:
        source = RESULTS / copied
        copy = shutil.copytree if source.is_dir() else shutil.copyfile
        copy(source, folder / copied)
    print(f"{folder}: the committed run")


if __name__ == "__main__":
    with one_line():
        main()
