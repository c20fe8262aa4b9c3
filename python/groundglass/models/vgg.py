"""VGG-16 as an encoder, a backbone of Inf-Net. Architecture: Simonyan & Zisserman, ICLR 2015.

Two things differ from the paper: blocks are joined by *average* pooling, and the last two blocks exist twice
(`conv4_1`, `conv5_1` and `conv4_2`, `conv5_2`), from a network with two decoders. Inf-Net runs the first
pair; the second lies in every checkpoint all the same.
"""

from __future__ import annotations

from collections import OrderedDict

from torch import Tensor, nn


def block(name: str, inputs: int, outputs: int, convolutions: int, *, branch: str = "") -> nn.Sequential:
    """3x3 and ReLU, `convolutions` times; every block but the first pools first."""
    layers: OrderedDict[str, nn.Module] = OrderedDict()
    if name != "1":
        layers["pool"] = nn.AvgPool2d(2, 2)
    for i in range(1, convolutions + 1):
        layers[f"conv{name}_{i}{branch}"] = nn.Conv2d(inputs if i == 1 else outputs, outputs, 3, padding=1)
        layers[f"relu{name}_{i}{branch}"] = nn.ReLU()
    return nn.Sequential(layers)


class VGG16(nn.Module):
    """The encoder: 38 entries, 27,693,888 parameters."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = block("1", 3, 64, 2)
        self.conv2 = block("2", 64, 128, 2)
        self.conv3 = block("3", 128, 256, 3)
        self.conv4_1 = block("4", 256, 512, 3, branch="_1")
        self.conv5_1 = block("5", 512, 512, 3, branch="_1")
        self.conv4_2 = block("4", 256, 512, 3, branch="_2")
        self.conv5_2 = block("5", 512, 512, 3, branch="_2")

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """(N, 3, H, W) -> maps of 128, 256, 512 and 512 channels at 1/2, 1/4, 1/8 and 1/16 of the size."""
        x1: Tensor = self.conv2(self.conv1(x))
        x2: Tensor = self.conv3(x1)
        x3: Tensor = self.conv4_1(x2)
        x4: Tensor = self.conv5_1(x3)
        return x1, x2, x3, x4
