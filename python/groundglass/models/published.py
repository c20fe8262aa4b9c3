"""What the published networks have in common: one final map, unused parts, images of a multiple of 32.

Their definitions are key-compatible: entry names, shapes and kinds are those of the public checkpoints.
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn


def require_multiple_of_32(x: Tensor) -> None:
    """Raise ``ValueError`` unless both edges of (N, C, H, W) are multiples of 32.

    The networks halve the image five times and then join maps of equal size; at other sizes the maps are off
    by one pixel and the join fails deep inside.
    """
    height = x.size(-2)
    width = x.size(-1)
    if height < 32 or width < 32 or height % 32 != 0 or width % 32 != 0:
        raise ValueError(
            f"the image is {height} x {width} pixels; this network takes multiples of 32: resize it, "
            "or wrap the network in PaddedTo32"
        )


class PublishedNetwork(nn.Module):
    """A published network, whatever else it gives besides its final map."""

    def logits(self, x: Tensor) -> Tensor:
        """(N, C, H, W), H and W multiples of 32 -> the logits (N, K, H, W) of the final map."""
        y: Tensor = self.forward(x)
        return y

    def unused(self) -> list[str]:
        """Names of the submodules that are never run; the public checkpoints hold them all the same."""
        return []


class PaddedTo32(nn.Module):
    """A network for images of any size: pads at the lower right, runs `network`, cuts the padding.

    The border's own pixels are repeated, which makes no edge that the image does not have. `network` takes
    and gives tensors of one height and width; an image that is a multiple of 32 passes unchanged.
    """

    def __init__(self, network: nn.Module):
        super().__init__()
        self.network = network

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) -> (N, K, H, W)."""
        height = x.size(-2)
        width = x.size(-1)
        down = (32 - height % 32) % 32
        right = (32 - width % 32) % 32
        if down + right > 0:
            x = F.pad(x, [0, right, 0, down], mode="replicate")
        y: Tensor = self.network(x)
        return y[..., :height, :width]
