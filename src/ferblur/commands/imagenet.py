"""Fetch ImageNet's weights: `make imagenet` (python -m ferblur.commands.imagenet).

Downloads torchvision's file once, checks its hash and puts it under DVC: the one use of the
network, and only the `affwild2` profile needs it.
"""

import shutil
import subprocess
import sys
from pathlib import Path

import torch
from torchvision.models import GoogLeNet_Weights

from ferblur.core.errors import UserError, one_line
from ferblur.core.files import atomic, sha256
from ferblur.model.imagenet import IMAGENET, expected


def fetch(url: str, path: Path) -> str:
    """Bring the file at `url` to `path`, once its hash is right; returns where it came from.

    A right file that is there already is kept, and one that torchvision downloaded before is
    copied. Raises UserError naming the file and the hash wanted.
    """
    prefix = expected(path)
    downloaded = Path(torch.hub.get_dir()) / "checkpoints" / path.name
    for here in (path, downloaded):
        if here.is_file() and sha256(here).startswith(prefix):
            if here != path:
                with atomic(path) as temporary:
                    shutil.copyfile(here, temporary)
            return str(here)
    try:
        with atomic(path) as temporary:
            torch.hub.download_url_to_file(
                url, str(temporary), hash_prefix=prefix, progress=sys.stderr.isatty()
            )
    except (OSError, RuntimeError) as error:
        raise UserError(
            f"{url}: {error}; without a network bring {path}, whose SHA-256 starts with {prefix}"
        ) from error
    return url


def main() -> None:
    """Fetch the weights and put them under DVC."""
    print(f"{IMAGENET}: from {fetch(GoogLeNet_Weights.IMAGENET1K_V1.url, IMAGENET)}")
    if subprocess.run(["dvc", "add", "--quiet", str(IMAGENET.parent)], check=False).returncode:
        raise UserError(f"{IMAGENET.parent}: dvc add failed, see above")


if __name__ == "__main__":
    with one_line():
        main()
