"""torchvision's GoogLeNet weights for ImageNet, which the study started from (section IV).

`make imagenet` (python -m ferblur.model.imagenet) fetches them once, checks their hash and puts
them under DVC: the one use of the network, and only the `affwild2` profile needs it. Loading this
module, and `check`, load no torch.
"""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from ferblur.core.errors import UserError
from ferblur.core.files import atomic, sha256

if TYPE_CHECKING:
    import torch

IMAGENET = Path("weights/imagenet/googlenet-1378be20.pth")
"""Named as torchvision names it: after the start of the file's SHA-256."""

MEAN = (0.485, 0.456, 0.406)
STD = (0.229, 0.224, 0.225)


def expected(path: Path) -> str:
    """The start of the SHA-256 that a file of this name must have."""
    return path.stem.rpartition("-")[2]


def fetch(url: str, path: Path) -> str:
    """Bring the file at `url` to `path`, once its hash is right; returns where it came from.

    A right file that is there already is kept, and one that torchvision downloaded before is
    copied. Raises UserError naming the file and the hash wanted.
    """
    import torch

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


def check(path: Path) -> None:
    """Raise UserError naming the file and the hash it must have, where it is missing or another."""
    prefix = expected(path)
    wanted = f"torchvision's GoogLeNet_Weights.IMAGENET1K_V1 (SHA-256 starting with {prefix})"
    if not path.is_file():
        raise UserError(
            f"{path}: missing; train.weights: imagenet needs {wanted}; python -m "
            "ferblur.model.imagenet fetches it"
        )
    found = sha256(path)
    if not found.startswith(prefix):
        raise UserError(f"{path}: SHA-256 is {found[:8]}…, not {wanted}; fetch it again")


def load(path: Path) -> "dict[str, torch.Tensor]":
    """Read the weights after checking the file as `check` does."""
    import torch

    check(path)
    state: dict[str, torch.Tensor] = torch.load(path, map_location="cpu", weights_only=True)
    return state


def main() -> None:
    """Fetch the weights and put them under DVC."""
    from torchvision.models import GoogLeNet_Weights

    print(f"{IMAGENET}: from {fetch(GoogLeNet_Weights.IMAGENET1K_V1.url, IMAGENET)}")
    if subprocess.run(["dvc", "add", "--quiet", str(IMAGENET.parent)], check=False).returncode:
        raise UserError(f"{IMAGENET.parent}: dvc add failed, see above")


if __name__ == "__main__":
    try:
        main()
    except UserError as error:
        sys.exit(str(error))
