"""What `make repro` and the container check and say before any long work.

`python -m ferblur.commands.preflight` checks params.yaml and the dataset's layout, which plain
`dvc repro` does not, and prints device, dataset and profile; with the name of a profile it first
copies profiles/<profile>.yaml over params.yaml. `--no-device` leaves out the device, so that torch
is never loaded: for commands that train nothing.
"""

import subprocess
import sys
from pathlib import Path

from ferblur.core import arithmetic
from ferblur.core.errors import UserError
from ferblur.core.files import write_text
from ferblur.core.params import PARAMS, Params, changed, load_params
from ferblur.curation import layout
from ferblur.model import imagenet

PROFILES = Path("profiles")


def use_profile(name: str) -> None:
    """Copy a profile over params.yaml.

    Raises UserError for an unknown profile, and where params.yaml holds edits that neither a
    profile nor the last commit has, so that nobody's work is overwritten.
    """
    known = {path.stem: path.read_bytes() for path in sorted(PROFILES.glob("*.yaml"))}
    if name not in known:
        raise UserError(f"PROFILE: no profile '{name}'; there are {', '.join(known)}")
    if PARAMS.exists() and PARAMS.read_bytes() not in known.values():
        edited = subprocess.run(
            ["git", "diff", "--quiet", "HEAD", "--", str(PARAMS)], check=False, capture_output=True
        )
        if edited.returncode != 0:
            raise UserError(
                f"{PARAMS}: has uncommitted edits; commit or undo them before PROFILE={name}"
            )
    write_text(PARAMS, known[name].decode())


def allow_no_git() -> None:
    """Let DVC run where there is no git repository: the image, an unpacked archive.

    Where there is one again, take that back.
    """
    here, local = Path.cwd(), Path(".dvc/config.local")
    if not any((folder / ".git").exists() for folder in (here, *here.parents)):
        subprocess.run(["dvc", "config", "--local", "core.no_scm", "true"], check=True)
    elif local.exists() and "no_scm" in local.read_text(encoding="utf-8"):
        subprocess.run(["dvc", "config", "--local", "--unset", "core.no_scm"], check=True)


def describe_dataset(params: Params) -> str:
    """The dataset in words.

    Raises UserError where its layout is not the documented one.
    """
    root = Path(params.data.root)
    if root == Path("datasets/synthetic"):
        return f"{root}, rendered by the stage 'synthesize'"
    counts = layout.check(root)
    return f"{root}, " + ", ".join(f"{number} {pool}" for pool, number in counts.items())


def describe_profile(params: Params) -> str:
    """The profile that params.yaml is nearest to, and the keys in which it differs."""
    edits = {
        path.stem: changed(params.model_dump(), load_params(path).model_dump())
        for path in sorted(PROFILES.glob("*.yaml"))
    }
    nearest = min(edits, key=lambda name: len(edits[name]))
    return nearest + (f", except for {', '.join(edits[nearest])}" if edits[nearest] else "")


def describe_device(params: Params) -> str:
    """The device, its arithmetic, and why it is not a GPU where it is none."""
    wanted = params.train.arithmetic
    if wanted == arithmetic.PORTABLE:
        return (
            "CPU, portable arithmetic: the same bytes on every x86-64 processor "
            "(train.arithmetic: bfloat16 uses what this machine has, a GPU too)"
        )
    # torch takes seconds to import
    from ferblur.model.device import arithmetic_on, choose_device, device_name, gpu_problem

    device = choose_device(wanted)
    used = arithmetic_on(wanted, device)
    if device.type == "cuda":
        return f"{device_name(device)}, {used}"
    slow = f", as {wanted} is not native here: expect twice the time" if used != wanted else ""
    return f"CPU, {used}{slow}; {gpu_problem()}"


def main(arguments: list[str]) -> None:
    """Switch the profile if one is named, check, and print what was found, a line each."""
    arithmetic.check()
    allow_no_git()
    profiles = [argument for argument in arguments if argument != "--no-device"]
    if len(profiles) > 1:
        raise UserError(f"PROFILE: name one profile, not {', '.join(profiles)}")
    if profiles:
        use_profile(profiles[0])
    params = load_params()
    found = {"dataset": describe_dataset(params), "profile": describe_profile(params)}
    if params.train.weights == "imagenet":
        imagenet.check(imagenet.IMAGENET)
    if "--no-device" not in arguments:
        found = {"device": describe_device(params)} | found
    print("\n".join(f"{name}: {what}" for name, what in found.items()))


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except UserError as error:
        sys.exit(str(error))
