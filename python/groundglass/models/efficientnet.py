"""EfficientNet b0, b1 and b2 as encoders, with the padding of efficientnet-pytorch 0.6.

Architecture: Tan & Le, "EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks" (ICML
2019). Entries have the names of efficientnet-pytorch, without the classifier `_fc`, as
segmentation-models-pytorch 0.2 uses it.

Padding is the trap of these weights. TensorFlow's "same" padding of a strided convolution depends on the
image's size. The library of that time worked it out once, from the network's nominal size (224, 240, 260),
for every layer alike: since these are even, a strided convolution pads one pixel less at the top and left
than at the bottom and right, whatever the image. From release 0.7 on the size is followed through the layers,
becomes odd in b1 and b2, and the padding changes: weights of one time give wrong maps with the padding of the
other.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

#: TensorFlow's values, which the ImageNet weights were trained with
BATCH_NORM_EPS = 1e-3
BATCH_NORM_MOMENTUM = 0.01

#: share of the last block's samples whose branch is dropped in training; grows linearly from the first block
DROP_CONNECT = 0.2

STEM_CHANNELS = 32
HEAD_CHANNELS = 1280


class Stage(NamedTuple):
    """A run of blocks before scaling; only the first one strides and changes the width."""

    repeats: int
    kernel: int
    stride: int
    expansion: int
    channels: int


STAGES = (
    Stage(1, 3, 1, 1, 16),
    Stage(2, 3, 2, 6, 24),
    Stage(2, 5, 2, 6, 40),
    Stage(3, 3, 2, 6, 80),
    Stage(3, 5, 1, 6, 112),
    Stage(4, 5, 2, 6, 192),
    Stage(1, 3, 1, 6, 320),
)

#: width and depth factor of each variant
SCALES = {"b0": (1.0, 1.0), "b1": (1.0, 1.1), "b2": (1.1, 1.2)}

#: Number of blocks run when the maps at 1/4, 1/8, 1/16 and 1/32 are taken. b0's third one is taken after the
#: first of the three blocks with 112 channels, two blocks before the image is halved again; b1 and b2 take
#: the last one.
CUTS = {"b0": (3, 5, 9, 16), "b1": (5, 8, 16, 23), "b2": (5, 8, 16, 23)}


def scaled_width(channels: int, factor: float) -> int:
    """`channels` times `factor` to the nearest multiple of 8, but never more than 10 % below."""
    wanted = channels * factor
    width = max(8, int(wanted + 4) // 8 * 8)
    return width if width >= 0.9 * wanted else width + 8


class SameConv2d(nn.Conv2d):
    """Convolution that keeps the size (divided by the stride), padded as if the image's size were even."""

    def __init__(
        self, inputs: int, outputs: int, kernel: int, *, stride: int = 1, groups: int = 1, bias: bool = False
    ):
        super().__init__(inputs, outputs, kernel, stride, groups=groups, bias=bias)
        # For an even size: kernel - stride pixels in all, the odd one at the bottom and right.
        self.before = (kernel - stride) // 2
        self.after = kernel - stride - self.before

    def forward(self, input: Tensor) -> Tensor:
        """(N, inputs, H, W) -> (N, outputs, H / stride, W / stride)."""
        if self.after > 0:
            input = F.pad(input, [self.before, self.after, self.before, self.after])
        y: Tensor = F.conv2d(input, self.weight, self.bias, self.stride, 0, self.dilation, self.groups)
        return y


def batch_norm(channels: int) -> nn.BatchNorm2d:
    """Batch norm with TensorFlow's constants."""
    return nn.BatchNorm2d(channels, eps=BATCH_NORM_EPS, momentum=BATCH_NORM_MOMENTUM)


class MBConv(nn.Module):
    """Expand (1x1), filter each channel alone (k x k), weigh the channels, project (1x1)."""

    # TorchScript does not compile what lies behind a constant that is false, so those modules may be missing.
    __constants__ = ("expands",)

    def __init__(self, inputs: int, outputs: int, *, kernel: int, stride: int, expansion: int, drop: float):
        super().__init__()
        self.expands = expansion != 1
        self.shortcut = stride == 1 and inputs == outputs
        self.drop = drop
        hidden = inputs * expansion
        if self.expands:
            self._expand_conv = SameConv2d(inputs, hidden, 1)
            self._bn0 = batch_norm(hidden)
        self._depthwise_conv = SameConv2d(hidden, hidden, kernel, stride=stride, groups=hidden)
        self._bn1 = batch_norm(hidden)
        # A quarter of the block's inputs, not of the expanded width.
        squeezed = max(1, inputs // 4)
        self._se_reduce = SameConv2d(hidden, squeezed, 1, bias=True)
        self._se_expand = SameConv2d(squeezed, hidden, 1, bias=True)
        self._project_conv = SameConv2d(hidden, outputs, 1)
        self._bn2 = batch_norm(outputs)

    def forward(self, x: Tensor) -> Tensor:
        """(N, inputs, H, W) -> (N, outputs, H / stride, W / stride)."""
        y = x
        if self.expands:
            y = F.silu(self._bn0(self._expand_conv(y)))
        y = F.silu(self._bn1(self._depthwise_conv(y)))
        weight = self._se_expand(F.silu(self._se_reduce(F.adaptive_avg_pool2d(y, 1))))
        y = self._bn2(self._project_conv(torch.sigmoid(weight) * y))
        if self.shortcut:
            if self.training and self.drop > 0.0:
                kept = torch.rand([x.size(0), 1, 1, 1], dtype=x.dtype, device=x.device) >= self.drop
                y = y * kept / (1.0 - self.drop)
            y = y + x
        result: Tensor = y
        return result


class EfficientNetEncoder(nn.Module):
    """Maps at 1/2, 1/4, 1/8, 1/16 and 1/32 of the image's size, or the first `depth` of them.

    All blocks exist whatever the depth, and so does the head (`_conv_head`, `_bn1`) that only a classifier
    would run: published checkpoints hold them. :meth:`unused` names them.
    """

    def __init__(self, variant: str, *, channels: int = 1, depth: int = 5):
        super().__init__()
        if variant not in SCALES:
            raise ValueError(f"variant is {variant!r}, expected one of {', '.join(SCALES)}")
        if not 2 <= depth <= 5:
            raise ValueError(f"depth is {depth}, expected 2 to 5")
        self.depth = depth
        self.cuts = list(CUTS[variant])
        width, length = SCALES[variant]
        inputs = scaled_width(STEM_CHANNELS, width)
        self._conv_stem = SameConv2d(channels, inputs, 3, stride=2)
        self._bn0 = batch_norm(inputs)
        repeats = [math.ceil(stage.repeats * length) for stage in STAGES]
        widths = [inputs]
        blocks: list[nn.Module] = []
        for stage, count in zip(STAGES, repeats, strict=True):
            for i in range(count):
                outputs = scaled_width(stage.channels, width)
                blocks.append(
                    MBConv(
                        inputs,
                        outputs,
                        kernel=stage.kernel,
                        stride=stage.stride if i == 0 else 1,
                        expansion=stage.expansion,
                        drop=DROP_CONNECT * len(blocks) / sum(repeats),
                    )
                )
                inputs = outputs
                if len(blocks) in self.cuts:
                    widths.append(outputs)
        #: channels of the maps, finest first
        self.widths = tuple(widths[:depth])
        self._blocks = nn.ModuleList(blocks)
        head = scaled_width(HEAD_CHANNELS, width)
        self._conv_head = SameConv2d(inputs, head, 1)
        self._bn1 = batch_norm(head)

    def unused(self) -> list[str]:
        """Names of the submodules that :meth:`forward` does not run."""
        run = self.cuts[self.depth - 2]
        return ["_conv_head", "_bn1", *(f"_blocks.{i}" for i in range(run, len(self._blocks)))]

    def forward(self, x: Tensor) -> list[Tensor]:
        """(N, channels, H, W), H and W multiples of 32 -> `depth` maps, finest first, widths as `widths`."""
        x = F.silu(self._bn0(self._conv_stem(x)))
        maps = [x]
        for i, block in enumerate(self._blocks):
            if len(maps) < self.depth:
                x = block(x)
                if i + 1 in self.cuts:
                    maps.append(x)
        return maps
