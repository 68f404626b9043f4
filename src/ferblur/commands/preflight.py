"""What `make repro` and the container check and say before any long work.

`python -m ferblur.commands.preflight` checks params.yaml, the dataset's layout and counts, memory
and disk, which plain `dvc repro` does not, and prints device, dataset, profile and what a run
needs; all that is wrong is said at once. With the name of a profile it first copies
profiles/<profile>.yaml, or the one that the importer wrote as datasets/<profile>/params.yaml, over
params.yaml. `--no-device` leaves out the device and the needs, so that torch is never loaded: for
commands that train nothing.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ferblur.commands import forecast
from ferblur.commands.forecast import Counts, Work
from ferblur.core import arithmetic
from ferblur.core.errors import UserError, one_line
from ferblur.core.files import write_text
from ferblur.core.params import PARAMS, Params, changed, load_params
from ferblur.core.resume import PARTIAL
from ferblur.core.study import EMOTIONS, POOLS, SPLITS
from ferblur.curation import layout, sidecar
from ferblur.model import imagenet

PROFILES = Path("profiles")
DATASETS = Path("datasets")
COPIED = PARTIAL / "params.yaml"
"""The profile as it was copied over params.yaml: what differs from it there is the user's."""

BUILT_IN = DATASETS / "synthetic"
PHOTOGRAPHS = DATASETS / "photographs"
RENDERED = 128**2 / 1e6
"""Megapixels of a rendered face."""

OUTPUTS = ("data", "models", "paper", "results")
"""Folders of the stages' outputs."""

WRITTEN = (".", ".dvc", ".dvc/cache", ".partial", *OUTPUTS)
"""Folders that a run writes in."""

FAR = 10
"""Times by which the largest class may be larger than the smallest before that is worth a word."""


def profiles() -> dict[str, Path]:
    """The parameter files that PROFILE= knows, by name: the project's own, then the datasets'."""
    imported = {path.parent.name: path for path in DATASETS.glob("*/params.yaml") if path.is_file()}
    own = {path.stem: path for path in PROFILES.glob("*.yaml")}
    return dict(sorted(own.items())) | dict(sorted((imported | own).items()))


def use_profile(name: str) -> None:
    """Copy a profile over params.yaml.

    Raises UserError for an unknown profile, for one with mistakes, and where params.yaml holds
    edits: what no profile has, nor the last commit, nor had the profile that was copied last.
    """
    known = profiles()
    if name not in known:
        raise UserError(
            f"PROFILE: no profile '{name}'; there are {', '.join(known)} "
            f"({PROFILES}/*.yaml and {DATASETS}/*/params.yaml)"
        )
    load_params(known[name])
    copies = [path for path in (*known.values(), COPIED) if path.is_file()]
    if PARAMS.exists() and PARAMS.read_bytes() not in [path.read_bytes() for path in copies]:
        edited = subprocess.run(
            ["git", "diff", "--quiet", "HEAD", "--", str(PARAMS)], check=False, capture_output=True
        )
        if edited.returncode != 0:
            raise UserError(
                f"{PARAMS}: has uncommitted edits; `make repro` without PROFILE runs with them; "
                f"to switch, commit them, or drop them with: cp {known[name]} {PARAMS}"
            )
    for path in (PARAMS, COPIED):
        write_text(path, known[name].read_text(encoding="utf-8"))


def allow_no_git() -> None:
    """Let DVC run where there is no git repository: the image, an unpacked archive.

    Where there is one again, take that back.
    """
    local = Path(".dvc/config.local")
    if not _in_git():
        subprocess.run(["dvc", "config", "--local", "core.no_scm", "true"], check=True)
    elif local.exists() and "no_scm" in local.read_text(encoding="utf-8"):
        subprocess.run(["dvc", "config", "--local", "--unset", "core.no_scm"], check=True)


def _in_git() -> bool:
    here = Path.cwd()
    return any((folder / ".git").exists() for folder in (here, *here.parents))


def count(params: Params) -> Counts:
    """The dataset's files by pool and emotion; of the built-in one, those that will be rendered.

    Raises UserError with all that is wrong with the dataset.
    """
    root, emotions = Path(params.data.root), params.data.emotions
    if root == PHOTOGRAPHS and not root.exists():
        raise UserError(f"{root}: not there yet; make photographs fetches and imports it")
    if root != BUILT_IN:
        return layout.check(root, emotions)
    if unknown := [emotion for emotion in emotions if emotion not in EMOTIONS]:
        raise UserError(
            f"data.emotions: {BUILT_IN} shows no {', no '.join(unknown)}; it has "
            f"{', '.join(EMOTIONS)}"
        )
    rendered = params.synthesize.model_dump()
    return {
        pool: {
            emotion: rendered["clips"][pool][emotion] * rendered["frames"][pool]
            for emotion in emotions
        }
        for pool in POOLS
    }


def describe_dataset(params: Params, counts: Counts) -> str:
    """The dataset in words: files, smallest and largest class, what is left out."""
    root, emotions = Path(params.data.root), params.data.emotions
    said = str(root)
    if root == BUILT_IN:
        said += ", rendered by the stage 'synthesize'"
    for pool, classes in counts.items():
        smallest, largest = (choose(classes, key=classes.__getitem__) for choose in (min, max))
        said += f", {sum(classes.values()):,} {pool} ("
        if classes[smallest] == classes[largest]:
            said += f"{classes[smallest]:,} of each class)"
        else:
            said += f"{smallest} {classes[smallest]:,} to {largest} {classes[largest]:,})"
    if root != BUILT_IN:
        for pool in POOLS:
            if left := layout.left_out(root, pool, emotions):
                said += f"; left out of {pool}: "
                said += ", ".join(f"{name} {number:,}" for name, number in left.items())
    return said


def check_counts(params: Params, counts: Counts) -> tuple[list[str], list[str]]:
    """What `balance`, `split` and `train` will refuse, and what is worth a word, a line each.

    Files are counted, and faces can only be fewer: what is refused here would be refused there.
    """
    faults, doubts = list[str](), list[str]()
    deployment, wanted = counts["deployment"], params.balance.deployment_per_class
    if wanted != "smallest" and min(deployment.values()) < wanted:
        few = {name: number for name, number in deployment.items() if number < wanted}
        faults.append(
            f"balance.deployment_per_class: {wanted:,} is more than the deployment files of "
            f"{', '.join(f'{name} ({number:,})' for name, number in few.items())}: at most "
            f"{min(few.values()):,}, or 'smallest' for as many as the smallest class has"
        )
    split, train = params.split, counts["train"]
    largest = max(train, key=train.__getitem__)
    levels = 1 if split.reuse else len(split.blurred_levels)
    if split.blurred_per_class * levels > train[largest]:
        faults.append(
            f"split.blurred_per_class: {split.blurred_per_class:,}"
            + f" for each of {levels} levels" * (levels > 1)
            + f" is more than the {train[largest]:,} train files of {largest}, the largest class: "
            f"at most {train[largest] // levels:,}" + " (or split.reuse: true)" * (levels > 1)
        )
    total = len(train) * train[largest]
    sizes = [round(total * ratio) for ratio in split.ratios[:2]]
    sizes.append(total - sum(sizes))
    least = len(train) if split.stratify else 1
    for name, size in zip(SPLITS, sizes, strict=True):
        if size < least:
            faults.append(
                f"split.ratios: {list(split.ratios)} of {total:,} samples leaves {size} for "
                f"{name}, and at least {least} must be there: more files are needed"
            )
    if params.train.batch_size > sizes[0] >= least:
        doubts.append(
            f"train.batch_size: {params.train.batch_size} is more than the {sizes[0]:,} training "
            "samples, so that an epoch is a single step"
        )
    for pool, classes in counts.items():
        smallest, largest = (choose(classes, key=classes.__getitem__) for choose in (min, max))
        if classes[largest] > FAR * classes[smallest]:
            doubts.append(
                f"{pool}: {smallest} is far smaller ({classes[smallest]:,}) than {largest} "
                f"({classes[largest]:,}): "
                + ("its faces will be repeated to make up for it" if pool == "train"
                else "what is said of it rests on few faces")
            )  # fmt: skip
    return faults, doubts


def check_people(params: Params) -> tuple[list[str], list[str]]:
    """Who is shown in both pools, by their tables: what `prepare` will refuse or warn of, a line.

    Whether a picture is in both takes reading them all, and is left to `prepare`.
    """
    root, people = Path(params.data.root), list[set[str]]()
    if root == BUILT_IN:
        return [], []
    for pool in POOLS:
        subjects = sidecar.read_subjects(root, pool) or {}
        files = layout.list_files(root, pool, params.data.emotions) if subjects else []
        people.append({subjects[file] for file in files if file in subjects})
    if not (both := sorted(set.intersection(*people))):
        return [], []
    line = f"{root}: people in both pools: {len(both):,}, such as {both[0]}; deployment must show "
    line += "what the models have not seen"
    if params.prepare.strict:
        return [f"{line} (prepare.strict: false lets it pass)"], []
    return [], [line]


def check_folders() -> list[str]:
    """The folders that a run writes in and this user may not, or DVC cannot, a line each."""
    faults = [
        f"{Path(name).resolve()}: not writable by this user (chmod u+w, or work in a copy)"
        for name in WRITTEN
        if Path(name).is_dir() and not os.access(name, os.W_OK | os.X_OK)
    ]
    return faults + [
        f"{name}: a link to {Path(name).resolve()}, out of the git repository, where DVC does not "
        "follow; mount that folder here (mount --bind), or move DVC's cache (dvc cache dir)"
        for name in OUTPUTS
        if _in_git() and not Path(name).resolve().is_relative_to(Path.cwd().resolve())
    ]


def describe_profile(params: Params) -> str:
    """The profile that params.yaml is nearest to, and the keys in which it differs."""
    edits = {}
    for name, path in profiles().items():
        try:
            edits[name] = changed(params.model_dump(), load_params(path).model_dump())
        except UserError:
            if path.parent == PROFILES:
                raise  # one of an imported dataset may be older than this code
    nearest = min(edits, key=lambda name: len(edits[name]))
    return nearest + (f", except for {', '.join(edits[nearest])}" if edits[nearest] else "")


def describe_device(params: Params) -> tuple[str, str]:
    """The device, its arithmetic, and why it is not a GPU where it is none; and `forecast`'s word.

    That is the arithmetic of training, or GPU.
    """
    wanted = params.train.arithmetic
    if wanted == arithmetic.PORTABLE:
        return (
            "CPU, portable arithmetic: the same bytes on every x86-64 processor "
            "(train.arithmetic: bfloat16 uses what this machine has, a GPU too)"
        ), wanted
    # torch takes seconds to import
    from ferblur.model.device import arithmetic_on, choose_device, device_name, gpu_problem

    device = choose_device(wanted)
    used = arithmetic_on(wanted, device)
    if device.type == "cuda":
        return f"{device_name(device)}, {used}", forecast.GPU
    slow = f", as {wanted} is not native here: expect twice the time" if used != wanted else ""
    return f"CPU, {used}{slow}; {gpu_problem()}", used


def describe_needs(params: Params, counts: Counts, used: str) -> tuple[str, list[str], list[str]]:
    """What a run needs, what of it is not there, and what may not be."""
    root, megapixels = Path(params.data.root), RENDERED
    if root != BUILT_IN:
        files = [
            root / pool / file
            for pool in POOLS
            for file in layout.list_files(root, pool, params.data.emotions)
        ]
        megapixels = forecast.median_megapixels(files)
    return forecast.forecast(params, Work.of(params, counts, megapixels, root == BUILT_IN), used)


@contextmanager
def collected(faults: list[str]) -> Iterator[None]:
    """Note what is wrong and go on."""
    try:
        yield
    except UserError as error:
        faults.append(str(error))


def main(arguments: list[str]) -> None:
    """Switch the profile if one is named, check, and print what was found, a line each.

    Raises UserError with all that is wrong, a line a fault.
    """
    arithmetic.check()
    allow_no_git()
    names = [argument for argument in arguments if argument != "--no-device"]
    if len(names) > 1:
        raise UserError(f"PROFILE: name one profile, not {', '.join(names)}")
    if names:
        use_profile(names[0])
    params = load_params()
    faults, doubts, found = check_folders(), list[str](), dict[str, str]()
    counts: Counts = {}
    used = ""
    if "--no-device" not in arguments:
        with collected(faults):
            found["device"], used = describe_device(params)
    with collected(faults):
        counts = count(params)
        wrong, odd = check_counts(params, counts)
        faults, doubts = faults + wrong, doubts + odd
        found["dataset"] = describe_dataset(params, counts)
    found["profile"] = describe_profile(params)
    if params.train.weights == "imagenet":
        with collected(faults):
            imagenet.check(imagenet.IMAGENET)
    if params.train.weights == "rendered" and not forecast.PRETRAINED.exists():
        found["weights"] = (
            f"{forecast.PRETRAINED} is made first, once, by the stage pretrain, on one core: "
            f"{params.pretrain.clips * params.pretrain.frames:,} faces are rendered and fitted to"
        )
    if counts:
        wrong, odd = check_people(params)
        faults, doubts = faults + wrong, doubts + odd
    if used and counts:
        found["needs"], wrong, odd = describe_needs(params, counts, used)
        faults, doubts = faults + wrong, doubts + odd
    print("\n".join(f"{name}: {what}" for name, what in found.items()), flush=True)
    for doubt in doubts:
        print(f"warning: {doubt}", file=sys.stderr)
    if faults:
        raise UserError("\n".join(faults))


if __name__ == "__main__":
    with one_line():
        main(sys.argv[1:])
