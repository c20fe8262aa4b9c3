"""The multi-class U-Net that follows Inf-Net: slice and infection map to ground glass and consolidation.

Architecture: U-Net (Ronneberger et al., MICCAI 2015) with bilinear upsampling, as the weights published with
Inf-Net need it; entries have their names.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from groundglass.models.published import PublishedNetwork, require_multiple_of_32


class DoubleConv(nn.Module):
    """Twice 3x3, batch norm and ReLU. The convolutions have a bias, which the batch norm makes redundant."""

    def __init__(self, inputs: int, outputs: int, hidden: int):
        super().__init__()
        self.double_conv = nn.Sequential(
            nn.Conv2d(inputs, hidden, 3, padding=1),
            nn.BatchNorm2d(hidden),
            nn.ReLU(),
            nn.Conv2d(hidden, outputs, 3, padding=1),
            nn.BatchNorm2d(outputs),
            nn.ReLU(),
        )

    def forward(self, x: Tensor) -> Tensor:
        """(N, inputs, H, W) -> (N, outputs, H, W)."""
        y: Tensor = self.double_conv(x)
        return y


class Down(nn.Module):
    """Half the size."""

    def __init__(self, inputs: int, outputs: int):
        super().__init__()
        self.maxpool_conv = nn.Sequential(nn.MaxPool2d(2), DoubleConv(inputs, outputs, outputs))

    def forward(self, x: Tensor) -> Tensor:
        """(N, inputs, H, W) -> (N, outputs, H / 2, W / 2)."""
        y: Tensor = self.maxpool_conv(x)
        return y


class Up(nn.Module):
    """Twice the size, joined with the map of that size."""

    def __init__(self, inputs: int, outputs: int):
        super().__init__()
        self.conv = DoubleConv(inputs, outputs, inputs // 2)

    def forward(self, x: Tensor, skip: Tensor) -> Tensor:
        """(N, a, H, W) and (N, b, 2H, 2W) with a + b = inputs -> (N, outputs, 2H, 2W)."""
        # Corner pixels' centres are aligned: the weights were trained so.
        x = F.interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=True)
        y: Tensor = self.conv(torch.cat([skip, x], dim=1))
        return y


class OutConv(nn.Module):
    """1x1 convolution to the classes."""

    def __init__(self, inputs: int, classes: int):
        super().__init__()
        self.conv = nn.Conv2d(inputs, classes, 1)

    def forward(self, x: Tensor) -> Tensor:
        """(N, inputs, H, W) -> (N, classes, H, W)."""
        y: Tensor = self.conv(x)
        return y


class MultiClassUNet(PublishedNetwork):
    """128 entries, 17,269,251 parameters.

    The channels out are ground glass, consolidation, background: the background is last, not first, because
    the one-hot coding of the published training was off by one.
    """

    def __init__(self, channels: int = 6, classes: int = 3):
        super().__init__()
        self.inc = DoubleConv(channels, 64, 64)
        self.down1 = Down(64, 128)
        self.down2 = Down(128, 256)
        self.down3 = Down(256, 512)
        # Not 1024: bilinear upsampling keeps the width, and the next join doubles it.
        self.down4 = Down(512, 512)
        self.up1 = Up(1024, 256)
        self.up2 = Up(512, 128)
        self.up3 = Up(256, 64)
        self.up4 = Up(128, 64)
        self.outc = OutConv(64, classes)

    def forward(self, x: Tensor) -> Tensor:
        """(N, 6, H, W), H and W multiples of 32 -> logits (N, 3, H, W).

        Channels in: the slice's three, then the infection map's three; both in OpenCV's order blue, green,
        red but normalised with ImageNet's values for red, green, blue. For grey images that is a small, fixed
        error the weights were trained with.
        """
        require_multiple_of_32(x)
        x1 = self.inc(x)
        x2 = self.down1(x1)
        x3 = self.down2(x2)
        x4 = self.down3(x3)
        y = self.down4(x4)
        y = self.up1(y, x4)
        y = self.up2(y, x3)
        y = self.up3(y, x2)
        y = self.up4(y, x1)
        logits: Tensor = self.outc(y)
        return logits
