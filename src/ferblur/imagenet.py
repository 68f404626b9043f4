"""torchvision's GoogLeNet weights for ImageNet, which the study started from (section IV).

`python -m ferblur.imagenet` (make imagenet) fetches them once, checks their hash and puts them
under DVC: the one use of the network, and only the `affwild2` profile needs it.
"""

import shutil
import subprocess
import sys
from pathlib import Path

import torch
from torchvision.models import GoogLeNet_Weights

from ferblur.errors import UserError
from ferblur.files import atomic, sha256

URL = GoogLeNet_Weights.IMAGENET1K_V1.url
"""Its last part is the file's name, which ends in the start of the file's SHA-256."""

FILE = Path("weights/imagenet") / URL.rpartition("/")[2]

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


def load(path: Path) -> dict[str, torch.Tensor]:
    """Read the weights after checking the file's hash.

    Raises UserError naming the file and the hash it must have.
    """
    prefix = expected(path)
    wanted = f"torchvision's GoogLeNet_Weights.IMAGENET1K_V1 (SHA-256 starting with {prefix})"
    if not path.is_file():
        raise UserError(
            f"{path}: missing; train.weights: imagenet needs {wanted}; python -m ferblur.imagenet "
            "fetches it"
        )
    found = sha256(path)
    if not found.startswith(prefix):
        raise UserError(f"{path}: SHA-256 is {found[:8]}…, not {wanted}; fetch it again")
    state: dict[str, torch.Tensor] = torch.load(path, map_location="cpu", weights_only=True)
    return state


def main() -> None:
    """Fetch the weights and put them under DVC."""
    print(f"{FILE}: from {fetch(URL, FILE)}")
    if subprocess.run(["dvc", "add", "--quiet", str(FILE.parent)], check=False).returncode:
        raise UserError(f"{FILE.parent}: dvc add failed, see above")


if __name__ == "__main__":
    try:
        main()
    except UserError as error:
        sys.exit(str(error))
