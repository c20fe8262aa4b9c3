"""From a published network to what a model file holds: the module that runs, and its contract."""

from __future__ import annotations

import copy
from typing import Any, Literal

import torch
from torch import Tensor, nn

from groundglass.errors import ModelError
from groundglass.models.importer.architectures import Architecture
from groundglass.models.published import PaddedTo32, PublishedNetwork

__all__ = [
    "Output",
    "contract",
    "deployed",
    "round_to_half",
    "with_half_convolutions",
]

Output = Literal["probability", "logits"]


class Head(nn.Module):
    """A published network's final map, as logits or, through `activation`, as probabilities."""

    def __init__(self, network: PublishedNetwork, activation: str):
        super().__init__()
        self.network = network
        self.activation = activation

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W), H and W multiples of 32 -> (N, K, H, W)."""
        y = self.network.logits(x)
        if self.activation == "sigmoid":
            y = torch.sigmoid(y)
        elif self.activation == "softmax":
            y = torch.softmax(y, dim=1)
        return y


def deployed(network: PublishedNetwork, entry: Architecture, *, output: Output = "probability") -> nn.Module:
    """What a model file runs: (N, C, H, W) of any size to one map a class, (N, K, H, W).

    A copy of `network` in eval mode without the parts that are never run.
    """
    slim = copy.deepcopy(network)
    for name in slim.unused():
        slim.set_submodule(name, nn.Identity())
    return PaddedTo32(Head(slim, entry.activation if output == "probability" else "none")).eval()


def contract(
    entry: Architecture,
    *,
    output: Output,
    name: str | None = None,
    version: str = "1",
    training_data: str | None = None,
    licence: str | None = None,
    origin: str | None = None,
) -> dict[str, Any]:
    """What a runtime must know to apply a model of that architecture, and a user to be allowed to.

    Format version 1. Instead of one window of HU (``window_hu``, ``range``, ``long_edge``) the input has a
    ``normalisation`` by name and a fixed ``size`` (height, width): a runtime that knows only the window
    refuses it.
    """
    return {
        "format": "groundglass-model",
        "format_version": 1,
        "name": name or entry.name,
        "version": version,
        "architecture": entry.name,
        "input": copy.deepcopy(entry.input),
        "output": {"kind": output, "classes": list(entry.classes)},
        "training_data": training_data or entry.training_data,
        "licence": licence or entry.licence,
        "origin": origin or f"{entry.origin}; imported from a checkpoint",
    }


def round_to_half(network: PublishedNetwork) -> None:
    """Round the convolutions of `network`, in place, to values that half precision holds.

    Batch norms are left alone: a variance or scale may be too small for it, and they are small anyway. Raises
    ``ModelError`` for a weight beyond its range.
    """
    for name, module in network.named_modules():
        if isinstance(module, (nn.Conv2d, nn.Linear)):
            for key, value in module.named_parameters():
                rounded = value.detach().half()
                if not bool(torch.isfinite(rounded).all()):
                    raise ModelError(
                        f"{name}.{key} holds values beyond half precision; import it in single precision"
                    )
                value.data = rounded.float()


def with_half_convolutions(module: nn.Module) -> nn.Module:
    """A copy whose convolutions are stored in half precision; apply it after ``to(torch.float32)``."""
    halved = copy.deepcopy(module)
    for part in halved.modules():
        if isinstance(part, (nn.Conv2d, nn.Linear)):
            part.half()
    return halved
