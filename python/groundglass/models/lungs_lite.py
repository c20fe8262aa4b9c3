"""lungs-lite: both lungs in a slice and its neighbours, by a U-Net on a truncated EfficientNet-lite0."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from groundglass.models.efficientnet_lite import EfficientNetLite, conv_bn
from groundglass.models.unet_lite import DecoderStep

#: where the planes lie, mm towards the head from the slice that is asked for
NEIGHBOURS_MM = (-30.0, -15.0, -6.0, 0.0, 6.0, 15.0, 30.0)
#: stages of EfficientNet-lite0 up to the last one at 1/16; the two after hold three quarters of its weights
ENCODER_STAGES = 5
#: height and width must be multiples of it: the encoder sees planes of half the size, and divides by 16
MULTIPLE_OF = 32
#: widths of the decoder's steps, coarsest first; the last one joins the own map at half of the size
DECODER_CHANNELS = (64, 40, 24, 16)
#: widths of what is seen at the full and at half of the size, where each channel costs most
FULL_CHANNELS, HALF_CHANNELS = 8, 16


class Context(nn.Module):
    """Where in the chest a slice lies: wide kernels and the mean of the whole map, added to the map."""

    def __init__(self, channels: int):
        super().__init__()
        self.near = nn.Sequential(
            nn.Conv2d(channels, channels, 5, padding=4, dilation=2, groups=channels, bias=False),
            nn.BatchNorm2d(channels),
            nn.ReLU6(inplace=True),
        )
        self.whole = nn.Linear(channels, channels)
        self.mix = conv_bn(channels, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, h, w) -> the same."""
        whole = self.whole(x.mean(dim=(2, 3)))
        y: Tensor = self.mix(self.near(x) + whole[:, :, None, None])
        return x + y


class LungsLite(nn.Module):
    """One logit a pixel: lung of the middle plane.

    The encoder, which tells what is lung, looks at half of the size; a few narrow convolutions at the full
    size tell where it ends. That is a third of the time of an encoder at the full size.
    """

    def __init__(self, planes: int = len(NEIGHBOURS_MM)) -> None:
        super().__init__()
        self.encoder = EfficientNetLite(planes=planes, stages=ENCODER_STAGES)
        self.outline = nn.Sequential(
            conv_bn(planes, HALF_CHANNELS, 3, stride=2), conv_bn(HALF_CHANNELS, HALF_CHANNELS, 3)
        )
        *skips, deepest = (HALF_CHANNELS, *self.encoder.widths)
        self.context = Context(deepest)
        widths = (deepest, *DECODER_CHANNELS)
        self.steps = nn.ModuleList(
            DecoderStep(inputs, skip, outputs)
            for inputs, skip, outputs in zip(widths[:-1], skips[::-1], widths[1:], strict=True)
        )
        self.narrow = conv_bn(DECODER_CHANNELS[-1], FULL_CHANNELS, 1)
        self.fine = conv_bn(FULL_CHANNELS + planes, FULL_CHANNELS, 3)
        self.head = nn.Conv2d(FULL_CHANNELS, 1, 1)

    def forward(self, x: Tensor) -> Tensor:
        """(N, planes, H, W) in [-1, 1], H and W multiples of 32 -> logits (N, 1, H, W)."""
        maps = [self.outline(x)]
        maps.extend(self.encoder(F.avg_pool2d(x, 2)))
        y = self.context(maps[4])
        skip = 3
        for step in self.steps:
            y = step(y, maps[skip])
            skip -= 1
        y = F.interpolate(self.narrow(y), scale_factor=2.0, mode="bilinear", align_corners=False)
        logits: Tensor = self.head(self.fine(torch.cat([y, x], dim=1)))
        return logits


class LungProbability(nn.Module):
    """What is shipped: planes in [-1, 1] to the probability of lung."""

    def __init__(self, network: nn.Module):
        super().__init__()
        self.network = network

    def forward(self, x: Tensor) -> Tensor:
        """(N, planes, H, W) -> (N, 1, H, W)."""
        return torch.sigmoid(self.network(x))
