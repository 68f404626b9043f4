"""torchvision's GoogLeNet weights for ImageNet, which the study started from (section IV).

`make imagenet` fetches them; only the `affwild2` profile needs them. Loading this module, and
`check`, load no torch.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from ferblur.core.errors import UserError
from ferblur.core.files import sha256

if TYPE_CHECKING:
    import torch

IMAGENET = Path("weights/imagenet/googlenet-1378be20.pth")
"""Named as torchvision names it: after the start of the file's SHA-256."""

MEAN = (0.485, 0.456, 0.406)
STD = (0.229, 0.224, 0.225)


def expected(path: Path) -> str:
    """The start of the SHA-256 that a file of this name must have."""
    return path.stem.rpartition("-")[2]


def check(path: Path) -> None:
    """Raise UserError naming the file and the hash it must have, where it is missing or another."""
    prefix = expected(path)
    wanted = f"torchvision's GoogLeNet_Weights.IMAGENET1K_V1 (SHA-256 starting with {prefix})"
    if not path.is_file():
        raise UserError(
            f"{path}: missing; train.weights: imagenet needs {wanted}; make imagenet "
            "(python -m ferblur.commands.imagenet) fetches it"
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
