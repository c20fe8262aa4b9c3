"""unet-lite: a U-Net on EfficientNet-lite0."""

from __future__ import annotations

from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from groundglass.models.efficientnet_lite import EfficientNetLite, conv_bn
from groundglass.models.four_classes import LOGITS, LiteNetwork

#: widths of the four decoder steps, coarsest first; with them a half-precision file stays below 7.9 MB
DECODER_CHANNELS = (120, 64, 40, 24)


class DecoderStep(nn.Module):
    """Double the size, join the encoder's map of that size, mix."""

    def __init__(self, inputs: int, skip: int, outputs: int):
        super().__init__()
        self.mix = nn.Sequential(conv_bn(inputs + skip, outputs, 3), conv_bn(outputs, outputs, 3))

    def forward(self, x: Tensor, skip: Tensor) -> Tensor:
        """(N, inputs, H, W) and (N, skip, 2H, 2W) -> (N, outputs, 2H, 2W)."""
        x = F.interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=False)
        y: Tensor = self.mix(torch.cat([x, skip], dim=1))
        return y


class UNetDecoder(nn.Module):
    """From the encoder's five maps to logits at half of the input's size."""

    def __init__(self) -> None:
        super().__init__()
        skips = EfficientNetLite.channels[-2::-1]
        widths = (EfficientNetLite.channels[-1], *DECODER_CHANNELS)
        self.steps = nn.ModuleList(
            DecoderStep(inputs, skip, outputs)
            for (inputs, outputs), skip in zip(pairwise(widths), skips, strict=True)
        )
        self.dropout = nn.Dropout2d(0.1)
        self.head = nn.Conv2d(DECODER_CHANNELS[-1], LOGITS, 1)

    def forward(self, features: list[Tensor]) -> Tensor:
        """Five maps, finest first -> (N, 3, H / 2, W / 2)."""
        y = features[4]
        skip = 3
        for step in self.steps:
            y = step(y, features[skip])
            skip -= 1
        logits: Tensor = self.head(self.dropout(y))
        return logits


class UNetLite(LiteNetwork):
    """U-Net on an EfficientNet-lite0 encoder."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = EfficientNetLite()
        self.decoder = UNetDecoder()

    def forward(self, x: Tensor) -> Tensor:
        """(N, 1, H, W) in [-1, 1], H and W multiples of 32 -> logits (N, 3, H, W)."""
        logits: Tensor = self.decoder(self.encoder(x))
        return F.interpolate(logits, scale_factor=2.0, mode="bilinear", align_corners=False)
