"""unet-lite: a U-Net on EfficientNet-lite0 that tells ground glass from consolidation.

Two logits a pixel: is it infected, and is it consolidation *given* that it is infected. The two classes are
then shares of one infection probability, so an extent never depends on how the classes are told apart.
"""

from __future__ import annotations

from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from groundglass.models.efficientnet_lite import EfficientNetLite, conv_bn

#: widths of the four decoder steps, coarsest first; with them the half-precision file stays below 7.9 MB
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


class UNetLite(nn.Module):
    """U-Net on an EfficientNet-lite0 encoder; see the module's text for the meaning of the two logits."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = EfficientNetLite()
        skips = EfficientNetLite.channels[-2::-1]
        widths = (EfficientNetLite.channels[-1], *DECODER_CHANNELS)
        self.decoder = nn.ModuleList(
            DecoderStep(inputs, skip, outputs)
            for (inputs, outputs), skip in zip(pairwise(widths), skips, strict=True)
        )
        self.dropout = nn.Dropout2d(0.1)
        self.head = nn.Conv2d(DECODER_CHANNELS[-1], 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        """(N, 1, H, W) in [-1, 1], H and W multiples of 32 -> logits (N, 2, H, W).

        Channel 0: infected; channel 1: consolidation given infected. The head works at half size.
        """
        features = self.encoder(x)
        y = features[4]
        skip = 3
        for step in self.decoder:
            y = step(y, features[skip])
            skip -= 1
        logits: Tensor = self.head(self.dropout(y))
        return F.interpolate(logits, scale_factor=2.0, mode="bilinear", align_corners=False)


def probabilities(logits: Tensor) -> Tensor:
    """Logits (N, 2, H, W) of :class:`UNetLite` -> ground glass and consolidation, 0..1, (N, 2, H, W)."""
    infected = torch.sigmoid(logits[:, 0])
    consolidated = torch.sigmoid(logits[:, 1])
    return torch.stack([infected * (1.0 - consolidated), infected * consolidated], dim=1)


class UNetLiteProbability(nn.Module):
    """What is shipped: image in [-1, 1] to the two probabilities."""

    def __init__(self, network: UNetLite):
        super().__init__()
        self.network = network

    def forward(self, x: Tensor) -> Tensor:
        """(N, 1, H, W) in [-1, 1] -> (N, 2, H, W): ground glass, consolidation."""
        return probabilities(self.network(x))
