"""What a killed training continues from, to the same bytes."""

import time
from pathlib import Path
from typing import Any, Protocol

import torch

from ferblur.core.files import atomic
from ferblur.core.ranks import Ranks, setting

ASK_EVERY = 10
"""How many steps apart several ranks ask whether a checkpoint is due: asking makes them wait."""


def period() -> int:
    """The least time in s between checkpoints: FERBLUR_CHECKPOINT, or 20."""
    return setting("FERBLUR_CHECKPOINT", 20)


class Stateful(Protocol):
    """A model, an optimiser, a schedule."""

    def state_dict(self) -> dict[str, Any]:
        """Everything needed to go on."""
        ...

    def load_state_dict(self, state: dict[str, Any]) -> Any:
        """Go on from there."""
        ...


class Checkpoint:
    """A file with the state of `parts`, of random numbers on every rank, and of the loop.

    It is replaced whole, so that a kill while it is written leaves the one before.
    """

    def __init__(self, path: Path, device: torch.device, ranks: Ranks, **parts: Stateful) -> None:
        self.path, self.device, self.ranks, self.parts = path, device, ranks, parts
        self.seconds = period()
        self.saved = time.monotonic()

    def due(self, step: int) -> bool:
        """Whether to save after `step` steps; the first rank's clock decides for all."""
        if self.ranks.size > 1 and step % ASK_EVERY:
            return False
        return self.ranks.gather(time.monotonic() - self.saved >= self.seconds)[0]

    def save(self, totals: torch.Tensor, **loop: Any) -> None:
        """Save, with `totals` of this rank and whatever else says where the `loop` is."""
        own = {"random": torch.get_rng_state(), "totals": totals.cpu()}
        if self.device.type == "cuda":
            own["cuda"] = torch.cuda.get_rng_state(self.device)
        shares = self.ranks.gather(own)
        if self.ranks.first:
            states = {name: part.state_dict() for name, part in self.parts.items()}
            with atomic(self.path) as temporary:
                torch.save({"parts": states, "ranks": shares, "loop": loop}, temporary)
        self.saved = time.monotonic()

    def load(self) -> tuple[dict[str, Any], torch.Tensor] | None:
        """Go back to the last save: returns its `loop` and `totals`, or None if there is none."""
        if not self.path.exists():
            return None
        state = torch.load(self.path, map_location="cpu", weights_only=True)
        for name, part in self.parts.items():
            part.load_state_dict(state["parts"][name])
        own = state["ranks"][self.ranks.rank]
        torch.set_rng_state(own["random"])
        if self.device.type == "cuda":
            torch.cuda.set_rng_state(own["cuda"], self.device)
        return state["loop"], own["totals"].to(self.device)
