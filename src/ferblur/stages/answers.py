"""Answer the questions beyond the paper: numbers with intervals, and a sentence each."""

import shutil
from pathlib import Path
from typing import Any

from ferblur.beyond.params import load_extensions
from ferblur.beyond.questions import QUESTIONS, Run
from ferblur.core import stage
from ferblur.core.files import write_json, write_text
from ferblur.core.params import load_params
from ferblur.pages.answers import answers

RESULTS_BEYOND = Path("results/extensions")
METRICS_BEYOND = Path("results/extensions.json")


def metrics(found: dict[str, Any]) -> dict[str, Any]:
    """The numbers that tell two runs apart, by model and remedy."""
    broken = {
        model: {
            "cut_off": each["cut_off"]["box"]["value"],
            "area": {kernel: bounds["value"] for kernel, bounds in each["area"].items()},
            **{error: each[error]["value"] for error in ("mce", "relative_mce") if each[error]},
        }
        for model, each in found["breaking"].items()
    }
    remedies = {
        name: {"mean": each["mean"]["value"], "sharp": each["levels"]["none"]["value"]}
        for name, each in found["remedied"].items()
    }
    return {"breaking": broken, "remedied": remedies}


def main() -> None:
    """Write what was found of each question, the answers, and metrics."""
    params, extensions = load_params(), load_extensions()
    run = Run(params, extensions)
    found = {name: question(run) for name, question in QUESTIONS.items()}
    said = answers(found)
    shutil.rmtree(RESULTS_BEYOND, ignore_errors=True)
    for name, numbers in found.items():
        write_json(RESULTS_BEYOND / f"{name}.json", {name: numbers})
    write_json(
        RESULTS_BEYOND / "answers.json",
        {
            "answers": said,
            "confidence": params.statistics.confidence,
            "trainings": len(params.train.seeds),
            "variant_trainings": len(params.train.seeds[: extensions.vary.trainings]),
            "samples": len(run.rows),
            "clusters": len(run.unseen.draws.names),
            "resampled": "subject" if (run.faces["subject"] != "").all() else "image",
        },
    )
    lines = [f"- **{each['question']}** {each['answer']}\n" for each in said]
    write_text(RESULTS_BEYOND / "answers.md", "# Beyond the paper\n\n" + "".join(lines))
    write_json(METRICS_BEYOND, metrics(found))
    print(*(f"{each['question']} {each['answer']}" for each in said), sep="\n")


if __name__ == "__main__":
    stage.run(main)
