"""ImageNet's weights are torchvision's, and are checked before anything is read."""

from pathlib import Path

import pytest
import torch
from torchvision.models import GoogLeNet_Weights

from clone import Clone
from ferblur.core.errors import UserError
from ferblur.core.files import sha256
from ferblur.model import imagenet


def test_is_torchvisions_file() -> None:
    assert imagenet.IMAGENET.name == GoogLeNet_Weights.IMAGENET1K_V1.url.rpartition("/")[2]
    assert imagenet.expected(imagenet.IMAGENET) == "1378be20"


def test_weights_are_checked_before_use(checkpoint: Path, tmp_path: Path) -> None:
    missing = tmp_path / "models/googlenet-1378be20.pth"
    with pytest.raises(UserError, match=r"1378be20.pth: missing; .*1378be20\); make imagenet"):
        imagenet.load(missing)
    checkpoint.write_bytes(checkpoint.read_bytes()[:-100])
    with pytest.raises(UserError, match=r"SHA-256 is .*fetch it again"):
        imagenet.load(checkpoint)


def test_nothing_but_tensors_is_unpickled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "evil.pth"
    torch.save({"weights": Clone}, path)
    with pytest.raises(Exception, match="Weights only load failed"):
        imagenet.load(path.rename(tmp_path / f"evil-{sha256(path)[:8]}.pth"))
