"""U-Net on EfficientNet-b0, one of the two networks of the published four-class ensemble.

Architecture: U-Net (Ronneberger et al., MICCAI 2015) as segmentation-models-pytorch 0.2 builds it; entries
have its names.
"""

from __future__ import annotations

from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from groundglass.models.efficientnet import EfficientNetEncoder
from groundglass.models.published import PublishedNetwork, require_multiple_of_32

#: widths of the five decoder blocks, coarsest first
DECODER_CHANNELS = (256, 128, 64, 32, 16)


def conv_norm_relu(inputs: int, outputs: int) -> nn.Sequential:
    """3x3, batch norm (with torch's constants, unlike the encoder's) and ReLU."""
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, padding=1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU()
    )


class DecoderBlock(nn.Module):
    """Twice the size by repeating pixels; joins the encoder's map of that size where there is one."""

    def __init__(self, inputs: int, outputs: int):
        super().__init__()
        self.conv1 = conv_norm_relu(inputs, outputs)
        self.conv2 = conv_norm_relu(outputs, outputs)

    def forward(self, x: Tensor, skip: Tensor | None) -> Tensor:
        """(N, a, H, W) and (N, b, 2H, 2W) with a + b = inputs -> (N, outputs, 2H, 2W)."""
        x = F.interpolate(x, scale_factor=2.0, mode="nearest")
        if skip is not None:
            x = torch.cat([x, skip], dim=1)
        y: Tensor = self.conv2(self.conv1(x))
        return y


class UNetDecoder(nn.Module):
    """Five blocks, back to the image's size."""

    def __init__(self, widths: tuple[int, ...]):
        super().__init__()
        # The last block works at the image's own size, where the encoder has no map.
        skips = (*widths[-2::-1], 0)
        outputs = (widths[-1], *DECODER_CHANNELS)
        self.blocks = nn.ModuleList(
            DecoderBlock(before + skip, after)
            for (before, after), skip in zip(pairwise(outputs), skips, strict=True)
        )

    def forward(self, maps: list[Tensor]) -> Tensor:
        """Five maps, finest first, the finest (N, C, H, W) -> (N, 16, 2H, 2W)."""
        x = maps[4]
        for i, block in enumerate(self.blocks):
            skip: Tensor | None = None
            if i < 4:
                skip = maps[3 - i]
            x = block(x, skip)
        return x


class UNetEfficientNet(PublishedNetwork):
    """U-Net on EfficientNet-b0: 420 entries, 6,251,328 parameters.

    The channels out are ground glass, consolidation, other lung, background.
    """

    def __init__(self, *, channels: int = 1, classes: int = 4):
        super().__init__()
        self.encoder = EfficientNetEncoder("b0", channels=channels)
        self.decoder = UNetDecoder(self.encoder.widths)
        self.segmentation_head = nn.Sequential(nn.Conv2d(DECODER_CHANNELS[-1], classes, 3, padding=1))

    def unused(self) -> list[str]:
        return [f"encoder.{name}" for name in self.encoder.unused()]

    def forward(self, x: Tensor) -> Tensor:
        """(N, 1, H, W), H and W multiples of 32 -> logits (N, 4, H, W)."""
        require_multiple_of_32(x)
        logits: Tensor = self.segmentation_head(self.decoder(self.encoder(x)))
        return logits
