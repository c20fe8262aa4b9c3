"""Random weights under which every part of a network counts, and the digest of a network's entries."""

from __future__ import annotations

import hashlib

import torch
from torch import nn


def randomise(network: nn.Module, seed: int = 0) -> nn.Module:
    """Fill `network` so that signals keep their size and batch norms act; returns it in eval mode."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for key, value in network.state_dict().items():
            if key.endswith("num_batches_tracked"):
                value.fill_(7)
            elif key.endswith("running_var") or (value.ndim == 1 and key.endswith("weight")):
                value.copy_(torch.rand(value.shape, generator=generator) + 0.5)
            elif value.ndim == 1:
                value.copy_(torch.randn(value.shape, generator=generator) * 0.1)
            else:
                fan = value[0].numel()
                value.copy_(torch.randn(value.shape, generator=generator) / fan**0.5)
    return network.eval()


def entries(network: nn.Module) -> list[str]:
    """``name shape kind`` of each entry, sorted; kind is param or buffer."""
    buffers = {name for name, _ in network.named_buffers()}
    return sorted(
        f"{key}\t{'x'.join(map(str, value.shape)) or 'scalar'}\t{'buffer' if key in buffers else 'param'}"
        for key, value in network.state_dict().items()
    )


def digest(lines: list[str]) -> str:
    """SHA-256 of the lines."""
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()
