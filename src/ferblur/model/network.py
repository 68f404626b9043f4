"""The study's model: torchvision's GoogLeNet with an output for each class (section IV)."""

from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import nn
from torchvision.models import GoogLeNet

from ferblur.core.errors import UserError
from ferblur.core.files import atomic
from ferblur.core.params import Train
from ferblur.model import imagenet

RENDERED = Path("weights/rendered/googlenet.safetensors")
"""What the stage `pretrain` leaves: the weights of `train.weights: rendered`."""

CLASSIFIERS = ("fc.", "aux1.fc2.", "aux2.fc2.")
"""The layers whose outputs are the classes: a training that starts from weights has new ones."""


class Network(nn.Module):
    """GoogLeNet from uint8 pixels to K logits, so that normalisation travels with the model."""

    def __init__(self, params: Train, classes: int) -> None:
        """Build the model of K = `classes` outputs with random weights, from torch's random state.

        torchvision's ImageNet weights come with `transform_input=True` (it maps inputs normalised
        by ImageNet's mean and deviation to the range the weights were made for) and auxiliary
        classifiers that its loader drops; with random weights there is nothing to transform. The
        study used the ImageNet weights on pixels in [0, 1], so `transform_input` follows `weights`.
        """
        super().__init__()
        self.params, self.classes = params, classes
        self.googlenet = GoogLeNet(
            num_classes=classes,
            aux_logits=params.auxiliary_weight > 0,
            transform_input=params.weights == "imagenet",
            init_weights=params.weights == "none",
            dropout=params.dropout,
        )

    def normalise(self, images: torch.Tensor) -> torch.Tensor:
        """Map N x H x W x 3 uint8 to N x 3 x H x W float32 as `params.normalisation` says."""
        pixels = images.permute(0, 3, 1, 2).float() / 255
        if self.params.normalisation == "imagenet":
            mean = pixels.new_tensor(imagenet.MEAN).view(1, 3, 1, 1)
            return (pixels - mean) / pixels.new_tensor(imagenet.STD).view(1, 3, 1, 1)
        if self.params.normalisation == "per_image":
            std, mean = torch.std_mean(pixels, dim=(1, 2, 3), keepdim=True)
            return (pixels - mean) / (std + 1e-3)  # a blank image stays finite
        return pixels

    def forward(self, images: torch.Tensor) -> tuple[torch.Tensor, list[torch.Tensor]]:
        """Classify N x H x W x 3 uint8 images.

        Returns N x K logits, and those of the auxiliary classifiers: two in training mode where the
        model has them, else none.
        """
        output = self.googlenet(self.normalise(images))
        if isinstance(output, torch.Tensor):
            return output, []
        return output.logits, [output.aux_logits1, output.aux_logits2]


def build(params: Train, classes: int) -> Network:
    """Build the model to train: from scratch, or from weights with new classifiers.

    Random numbers come from torch's current random state. Raises UserError where the weights that
    `params.weights` names are missing or not the expected file.
    """
    network = Network(params, classes)
    if params.weights != "none":
        wanted = network.googlenet.state_dict()
        fitting = {
            key: value
            for key, value in _start(params.weights).items()
            if key in wanted and not key.startswith(CLASSIFIERS)
        }
        network.googlenet.load_state_dict({**wanted, **fitting})
    return network.to(memory_format=torch.channels_last)


def _start(weights: str) -> dict[str, torch.Tensor]:
    """The tensors of GoogLeNet that `train.weights` names."""
    if weights == "imagenet":
        return imagenet.load(imagenet.IMAGENET)
    if not RENDERED.is_file():
        raise UserError(f"{RENDERED}: missing; dvc repro weights/dvc.yaml makes it (an hour)")
    state: dict[str, torch.Tensor] = load(RENDERED).googlenet.state_dict()
    return state


def save(path: Path, network: Network, state: dict[str, torch.Tensor] | None = None) -> None:
    """Write the weights (or `state`) with the parameters that made the model, atomically."""
    tensors = {key: value.contiguous() for key, value in (state or network.state_dict()).items()}
    with atomic(path) as temporary:
        save_file(tensors, temporary, metadata={"train": network.params.model_dump_json()})


def load(path: Path) -> Network:
    """Read a model written by `save`, in evaluation mode on the CPU.

    Its classifier's weights say how many classes it has.
    """
    with safe_open(path, framework="pt") as stream:
        params = Train.model_validate_json(stream.metadata()["train"])
        classes, _ = stream.get_slice("googlenet.fc.weight").get_shape()
    with torch.random.fork_rng(devices=[]):
        network = Network(params, classes)
    network.load_state_dict(load_file(path))
    return network.to(memory_format=torch.channels_last).eval()
