"""PSPNet on EfficientNet-b2 or b1, one of the two networks of the published four-class ensemble.

Architecture: Zhao et al., "Pyramid Scene Parsing Network" (CVPR 2017) as segmentation-models-pytorch 0.2
builds it; entries have its names.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from groundglass.models.efficientnet import EfficientNetEncoder
from groundglass.models.published import PublishedNetwork, require_multiple_of_32

POOL_SIZES = (1, 2, 3, 6)
DECODER_CHANNELS = 512
#: the encoder's maps in use, the last of them at 1/8 of the image's size
DEPTH = 3


class PyramidBlock(nn.Module):
    """The map averaged over a grid of `size` x `size` cells, reduced, and spread back over the map."""

    def __init__(self, inputs: int, outputs: int, size: int):
        super().__init__()
        # One cell an image is one value a channel: a batch norm can't train on that, so a bias stands in for
        # it.
        reduce: list[nn.Module] = [nn.Conv2d(inputs, outputs, 1, bias=size == 1)]
        if size > 1:
            reduce.append(nn.BatchNorm2d(outputs))
        reduce.append(nn.ReLU())
        self.pool = nn.Sequential(nn.AdaptiveAvgPool2d(size), nn.Sequential(*reduce))

    def forward(self, x: Tensor) -> Tensor:
        """(N, inputs, H, W) -> (N, outputs, H, W)."""
        # Corner cells' centres are aligned with the corners: the weights were trained so.
        return F.interpolate(self.pool(x), size=[x.size(2), x.size(3)], mode="bilinear", align_corners=True)


class PyramidModule(nn.Module):
    """The map beside its averages over 1, 4, 9 and 36 cells."""

    def __init__(self, inputs: int):
        super().__init__()
        self.blocks = nn.ModuleList(
            PyramidBlock(inputs, inputs // len(POOL_SIZES), size) for size in POOL_SIZES
        )

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) -> (N, 2C, H, W), the averages first."""
        joined: list[Tensor] = []
        for block in self.blocks:
            joined.append(block(x))
        joined.append(x)
        return torch.cat(joined, dim=1)


class PSPDecoder(nn.Module):
    """Pyramid, then one convolution."""

    def __init__(self, inputs: int):
        super().__init__()
        self.psp = PyramidModule(inputs)
        self.conv = nn.Sequential(
            nn.Conv2d(2 * inputs, DECODER_CHANNELS, 1, bias=False),
            nn.BatchNorm2d(DECODER_CHANNELS),
            nn.ReLU(),
        )
        self.dropout = nn.Dropout2d(0.2)

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) -> (N, 512, H, W)."""
        y: Tensor = self.dropout(self.conv(self.psp(x)))
        return y


class PSPNetEfficientNet(PublishedNetwork):
    """PSPNet on EfficientNet-b2 (534 entries, 7,771,418 parameters) or b1 (534, 6,574,698).

    It looks at the image at 1/8 of its size only. The channels out are ground glass, consolidation, other
    lung, background.
    """

    def __init__(self, variant: str = "b2", *, channels: int = 1, classes: int = 4):
        super().__init__()
        self.encoder = EfficientNetEncoder(variant, channels=channels, depth=DEPTH)
        self.decoder = PSPDecoder(self.encoder.widths[-1])
        self.segmentation_head = nn.Sequential(nn.Conv2d(DECODER_CHANNELS, classes, 3, padding=1))

    def unused(self) -> list[str]:
        return [f"encoder.{name}" for name in self.encoder.unused()]

    def forward(self, x: Tensor) -> Tensor:
        """(N, 1, H, W), H and W multiples of 32 -> logits (N, 4, H, W)."""
        require_multiple_of_32(x)
        y = self.segmentation_head(self.decoder(self.encoder(x)[-1]))
        # Corner pixels' centres are aligned here too.
        return F.interpolate(y, scale_factor=8.0, mode="bilinear", align_corners=True)
