"""inf-net-lite: Inf-Net's decoder on EfficientNet-lite0, with ground glass and consolidation.

After Fan et al., "Inf-Net: Automatic COVID-19 Lung Infection Segmentation from CT Images" (IEEE TMI 2020): a
partial decoder makes a coarse map of the three deepest maps, an edge branch learns outlines from a fine one,
and steps of reverse attention add what the coarser map has missed. Three things differ: a fourth step at 1/4
of the size, for the outline; attention to what was found beside the reverse one, since ground glass and
consolidation are told apart inside of it; and blocks narrow enough for a CPU.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from groundglass.models.efficientnet_lite import EfficientNetLite, conv_bn
from groundglass.models.four_classes import LOGITS, LiteNetwork

CHANNELS = 40


def resize_to(x: Tensor, like: Tensor) -> Tensor:
    """Bilinear to the height and width of `like`."""
    return F.interpolate(x, size=like.shape[-2:], mode="bilinear", align_corners=False)


def dilated(channels: int, dilation: int) -> nn.Sequential:
    """3x3 convolution that reaches `dilation` pixels far, batch norm, ReLU6."""
    block = conv_bn(channels, channels, 3)
    convolution = block[0]
    assert isinstance(convolution, nn.Conv2d)
    convolution.dilation = (dilation, dilation)
    convolution.padding = (dilation, dilation)
    return block


class ReceptiveField(nn.Module):
    """Reduce to `CHANNELS`, look 0, 1, 3 and 5 pixels far, mix."""

    def __init__(self, inputs: int):
        super().__init__()
        self.reduce = conv_bn(inputs, CHANNELS, 1)
        self.near = dilated(CHANNELS, 1)
        self.middle = dilated(CHANNELS, 3)
        self.far = dilated(CHANNELS, 5)
        self.mix = conv_bn(4 * CHANNELS, CHANNELS, 1)

    def forward(self, x: Tensor) -> Tensor:
        """(N, inputs, H, W) -> (N, CHANNELS, H, W)."""
        y = self.reduce(x)
        z: Tensor = y + self.mix(torch.cat([y, self.near(y), self.middle(y), self.far(y)], dim=1))
        return z


class PartialDecoder(nn.Module):
    """The three deepest maps, the coarser gating the finer, to logits at the finest of the three."""

    def __init__(self) -> None:
        super().__init__()
        self.receptive = nn.ModuleList(ReceptiveField(c) for c in EfficientNetLite.channels[2:])
        self.gate_middle = conv_bn(CHANNELS, CHANNELS, 3)
        self.gate_fine = conv_bn(CHANNELS, CHANNELS, 3)
        self.gate_fine_again = conv_bn(CHANNELS, CHANNELS, 3)
        self.join_middle = conv_bn(2 * CHANNELS, CHANNELS, 3)
        self.join_fine = conv_bn(2 * CHANNELS, CHANNELS, 3)
        self.head = nn.Conv2d(CHANNELS, LOGITS, 1)

    def forward(self, features: list[Tensor]) -> Tensor:
        """Five maps, finest first -> (N, 3, H / 8, W / 8)."""
        maps: list[Tensor] = []
        k = 2
        for receptive in self.receptive:
            maps.append(receptive(features[k]))
            k += 1
        fine, middle, coarse = maps[0], maps[1], maps[2]
        coarse = resize_to(coarse, middle)
        joined = self.join_middle(torch.cat([self.gate_middle(coarse) * middle, coarse], dim=1))
        gates = self.gate_fine(resize_to(coarse, fine)) * self.gate_fine_again(resize_to(middle, fine))
        logits: Tensor = self.head(self.join_fine(torch.cat([gates * fine, resize_to(joined, fine)], dim=1)))
        return logits


class AttentionStep(nn.Module):
    """Adds to coarser logits what a map shows beside them (reverse attention) and within them."""

    def __init__(self, inputs: int):
        super().__init__()
        self.reduce = conv_bn(inputs, CHANNELS, 1)
        self.mix = nn.Sequential(conv_bn(3 * CHANNELS, CHANNELS, 3), conv_bn(CHANNELS, CHANNELS, 3))
        self.dropout = nn.Dropout2d(0.1)
        self.head = nn.Conv2d(CHANNELS, LOGITS, 3, padding=1)

    def forward(self, x: Tensor, edge: Tensor, coarser: Tensor) -> Tensor:
        """(N, inputs, H, W), edge features and coarser logits of any size -> logits (N, 3, H, W)."""
        before = resize_to(coarser, x)
        found = torch.sigmoid(before[:, :1])
        y = self.reduce(x)
        y = self.mix(torch.cat([(1.0 - found) * y, found * y, resize_to(edge, x)], dim=1))
        logits: Tensor = self.head(self.dropout(y)) + before
        return logits


class InfNetLite(LiteNetwork):
    """Partial decoder, edge branch and four attention steps on an EfficientNet-lite0 encoder."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = EfficientNetLite()
        widths = EfficientNetLite.channels
        self.partial_decoder = PartialDecoder()
        self.edge = nn.Sequential(conv_bn(widths[1], CHANNELS, 1), conv_bn(CHANNELS, CHANNELS, 3))
        self.edge_head = nn.Conv2d(CHANNELS, 1, 3, padding=1)
        self.step32 = AttentionStep(widths[4])
        self.step16 = AttentionStep(widths[3])
        self.step8 = AttentionStep(widths[2])
        self.step4 = AttentionStep(widths[1])

    def outputs(self, x: Tensor) -> tuple[list[Tensor], Tensor | None]:
        """The prediction, the coarser maps from fine to coarse, and the outline at 1/4."""
        features = self.encoder(x)
        edge = self.edge(features[1])
        whole = self.partial_decoder(features)
        map32 = self.step32(features[4], edge, whole)
        map16 = self.step16(features[3], edge, map32)
        map8 = self.step8(features[2], edge, map16)
        map4 = self.step4(features[1], edge, map8)
        return [resize_to(map4, x), map8, map16, map32, whole], self.edge_head(edge)

    def forward(self, x: Tensor) -> Tensor:
        """(N, 1, H, W) in [-1, 1], H and W multiples of 32 -> logits (N, 3, H, W)."""
        return self.outputs(x)[0][0]
