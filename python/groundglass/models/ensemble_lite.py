"""ensemble-lite: a U-Net and a PSPNet that share one EfficientNet-lite0 and vote.

Two encoders would not fit into a file of 8 MB, and the encoder is four fifths of the time.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from groundglass.models.efficientnet_lite import EfficientNetLite, conv_bn
from groundglass.models.four_classes import LOGITS, LiteNetwork
from groundglass.models.unet_lite import UNetDecoder

#: cells on a side of the pooled maps (Zhao et al., "Pyramid Scene Parsing Network", CVPR 2017)
PYRAMID = (1, 2, 3, 6)
POOLED_CHANNELS = 36
PYRAMID_CHANNELS = 40


def bands(size: int, cells: int, device: torch.device) -> Tensor:
    """Averages (cells, size) on `device`; row i: pixels i size / cells (rounded down) to (i + 1) size / cells
    (up)."""
    pixel = torch.arange(size, device=device).unsqueeze(0)
    cell = torch.arange(cells, device=device).unsqueeze(1)
    start = (cell * size).div(cells, rounding_mode="floor")
    stop = ((cell + 1) * size + cells - 1).div(cells, rounding_mode="floor")
    inside = ((pixel >= start) & (pixel < stop)).float()
    return inside / inside.sum(dim=1, keepdim=True)


class GridMean(nn.Module):
    """Means over a grid of cells, as of ``nn.AdaptiveAvgPool2d``, which AOTInductor fixes to one size."""

    def __init__(self, cells: int):
        super().__init__()
        self.cells = cells

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) -> (N, C, cells, cells)."""
        rows = bands(x.shape[-2], self.cells, x.device).to(x.dtype)
        columns = bands(x.shape[-1], self.cells, x.device).to(x.dtype)
        return torch.matmul(torch.matmul(rows, x), columns.t())


class PyramidDecoder(nn.Module):
    """From the encoder's maps at 1/8 and 1/16, beside their means over a grid, to logits at 1/8."""

    def __init__(self) -> None:
        super().__init__()
        inputs = EfficientNetLite.channels[2] + EfficientNetLite.channels[3]
        self.pooled = nn.ModuleList(
            nn.Sequential(GridMean(cells), nn.Conv2d(inputs, POOLED_CHANNELS, 1), nn.ReLU6())
            for cells in PYRAMID
        )
        self.mix = conv_bn(inputs + len(PYRAMID) * POOLED_CHANNELS, PYRAMID_CHANNELS, 3)
        self.dropout = nn.Dropout2d(0.1)
        self.head = nn.Conv2d(PYRAMID_CHANNELS, LOGITS, 1)

    def forward(self, features: list[Tensor]) -> Tensor:
        """Five maps, finest first -> (N, 3, H / 8, W / 8)."""
        size = features[2].shape[-2:]
        deep = F.interpolate(features[3], size=size, mode="bilinear", align_corners=False)
        x = torch.cat([features[2], deep], dim=1)
        maps = [x]
        for pool in self.pooled:
            maps.append(F.interpolate(pool(x), size=size, mode="bilinear", align_corners=False))
        logits: Tensor = self.head(self.dropout(self.mix(torch.cat(maps, dim=1))))
        return logits


class EnsembleLite(LiteNetwork):
    """Mean logits of a U-Net decoder (outlines) and a pyramid decoder (surroundings)."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = EfficientNetLite()
        self.unet = UNetDecoder()
        self.pyramid = PyramidDecoder()

    def outputs(self, x: Tensor) -> tuple[list[Tensor], Tensor | None]:
        """The mean, then each decoder's own logits at its own size."""
        features = self.encoder(x)
        fine = self.unet(features)
        coarse = self.pyramid(features)
        spread = F.interpolate(coarse, size=fine.shape[-2:], mode="bilinear", align_corners=False)
        mean = F.interpolate(0.5 * (fine + spread), scale_factor=2.0, mode="bilinear", align_corners=False)
        return [mean, fine, coarse], None

    def forward(self, x: Tensor) -> Tensor:
        """(N, 1, H, W) in [-1, 1], H and W multiples of 32 -> logits (N, 3, H, W)."""
        return self.outputs(x)[0][0]
