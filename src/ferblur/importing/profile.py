"""The profile of an imported dataset: another profile's text with what the dataset demands."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from PIL import Image

from ferblur.core.errors import UserError
from ferblur.core.files import read_yaml, sha256, write_text
from ferblur.core.params import changed, load_params

PROFILES = Path("profiles")

SMALL = 64  # px of the shorter side: faces cut out tightly, of which MTCNN misses many at any size
MEASURED = 50  # images whose size is looked at


def named(name: str) -> Path:
    """The file of a profile; raises UserError for an unknown one."""
    path = PROFILES / f"{name}.yaml"
    if not path.is_file():
        known = ", ".join(sorted(file.stem for file in PROFILES.glob("*.yaml")))
        raise UserError(
            f"--profile: no profile '{name}'; there are {known}"
            if known
            else f"{PROFILES}: no such folder; run this in the project's folder"
        )
    return path


def own(name: str, root: Path) -> bool:
    """Whether a profile has this name and is for this dataset, so that none is to be written.

    Raises UserError where it is for another one: `make repro PROFILE=<name>` would mean it.
    """
    path = PROFILES / f"{name}.yaml"
    if not path.is_file():
        return False
    if read_yaml(path)["data"]["root"] != root.as_posix():
        raise UserError(f"{name}: is a profile's name; choose another")
    return True


def write(
    path: Path,
    base: Path,
    root: Path,
    title: str,
    emotions: Sequence[str],
    counts: Mapping[str, Counter[str]],
    small: bool,
) -> None:
    """Write `base` with this dataset's root, emotions and counts to `path`, comments kept.

    The share of blurred samples stays the paper's: 1,000 of the 13,040 of a class.
    """
    text = base.read_text(encoding="utf-8")
    body = text[text.index("\ndata:") :]
    body = _set(body, "data", "root", root.as_posix())
    body = _set(body, "data", "emotions", f"[{', '.join(emotions)}]")
    body = _set(body, "balance", "deployment_per_class", "smallest")
    largest = max(counts["train"].values())
    blurred = max(1, round(largest * 1000 / 13040))
    body = _set(body, "split", "blurred_per_class", str(blurred))
    if small:
        body = _set(body, "align", "detector", "none")
    header = (
        f"# The profile {base.stem} for {root.as_posix()}, which was imported: {title}.\n"
        f"# `make repro PROFILE={root.name}` copies it over params.yaml.\n"
    )
    write_text(path, header + body)
    load_params(path)


def keep_edits(yours: Path, made: Path, written: str) -> str:
    """Put the user's profile in the place of the one that was made, where there are edits in it.

    `written` is the hash of the one that the earlier import wrote. Returns what to say of it.
    """
    if not yours.is_file() or sha256(yours) == written or yours.read_bytes() == made.read_bytes():
        return ""
    said = f"{yours}: is kept, as you edited it"
    with suppress(UserError):  # whatever is wrong in it, `make repro` says so
        keys = changed(load_params(yours).model_dump(), load_params(made).model_dump())
        said += f"; one made anew has another {', '.join(keys)}" if keys else ""
    made.write_bytes(yours.read_bytes())
    return f"{said} (to have that, delete it and import again)"


def are_small(files: Sequence[Path]) -> bool:
    """Whether images are so small, in the median, that they can only be faces cut out already."""
    sides = []
    for file in files[:: len(files) // MEASURED + 1]:
        try:
            with Image.open(file) as image:
                sides.append(min(image.size))
        except Exception:  # whatever is wrong with it, `prepare` says so
            continue
    return bool(sides) and sorted(sides)[len(sides) // 2] <= SMALL


def _set(text: str, section: str, key: str, value: str) -> str:
    """Replace a value in a section's lines; what follows it on its line stays in its column."""

    def replace(match: re.Match[str]) -> str:
        before, old, comment = match.groups()
        room = max(len(old), len(value) + 2) if comment else 0
        return f"{before}{value:<{room}}{comment or ''}"

    pattern = rf"(^{section}:(?: .*)?\n(?:[ #].*\n|\n)*?  {key}: *)([^\n#]*)(#[^\n]*)?$"
    new, number = re.subn(pattern, replace, text, count=1, flags=re.MULTILINE)
    if number != 1:
        raise UserError(f"{section}.{key}: not in the profile")
    return new
