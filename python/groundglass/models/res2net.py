"""Res2Net-50 v1b 26w x 4s, the backbone of the published Inf-Net weights.

Architecture: Gao et al., "Res2Net: A New Multi-scale Backbone Architecture" (TPAMI 2021). "v1b" is the
variant with a stem of three 3x3 convolutions and with average pooling before the 1x1 convolution of a
shortcut; 26 is the width of a split at the first stage, 4 the number of splits. Entries are named as in the
public ImageNet weights.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

BASE_WIDTH = 26
SCALE = 4
EXPANSION = 4
STAGES = ((64, 3, 1), (128, 4, 2), (256, 6, 2), (512, 3, 2))
"""Planes, blocks and stride of the four stages."""


class Res2NetBlock(nn.Module):
    """Bottleneck whose 3x3 convolution is four groups of channels that feed each other."""

    def __init__(self, inputs: int, planes: int, *, stride: int, opens_stage: bool):
        super().__init__()
        self.opens_stage = opens_stage
        self.width = planes * BASE_WIDTH // 64
        outputs = planes * EXPANSION
        self.conv1 = nn.Conv2d(inputs, self.width * SCALE, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(self.width * SCALE)
        # The last group has no convolution.
        self.convs = nn.ModuleList(
            nn.Conv2d(self.width, self.width, 3, stride, padding=1, bias=False) for _ in range(SCALE - 1)
        )
        self.bns = nn.ModuleList(nn.BatchNorm2d(self.width) for _ in range(SCALE - 1))
        # Counts its zero padding (torch's default), and is there at stride 1 as well, where it smooths.
        self.pool = nn.AvgPool2d(3, stride, padding=1)
        self.conv3 = nn.Conv2d(self.width * SCALE, outputs, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(outputs)
        self.downsample: nn.Module = nn.Identity()
        if opens_stage:
            self.downsample = nn.Sequential(
                # At stride 1 this does nothing; it keeps the convolution at index 1.
                nn.AvgPool2d(stride, stride, ceil_mode=True, count_include_pad=False),
                nn.Conv2d(inputs, outputs, 1, bias=False),
                nn.BatchNorm2d(outputs),
            )

    def forward(self, x: Tensor) -> Tensor:
        """(N, inputs, H, W) -> (N, 4 planes, H / stride, W / stride)."""
        groups = torch.split(F.relu(self.bn1(self.conv1(x))), self.width, dim=1)
        joined: list[Tensor] = []
        for i, (conv, bn) in enumerate(zip(self.convs, self.bns)):  # noqa: B905 (TorchScript knows no strict)
            y = groups[i]
            # The block that opens a stage treats its groups apart: they have another size than their outputs.
            if i > 0 and not self.opens_stage:
                y = y + joined[i - 1]
            joined.append(F.relu(bn(conv(y))))
        last = groups[3]
        joined.append(self.pool(last) if self.opens_stage else last)
        y = self.bn3(self.conv3(torch.cat(joined, dim=1)))
        return F.relu(y + self.downsample(x))


class Res2Net50(nn.Module):
    """The backbone with its ImageNet classifier: 524 entries, 25,718,352 parameters."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Sequential(
            nn.Conv2d(3, 32, 3, 2, padding=1, bias=False),
            nn.BatchNorm2d(32),
            nn.ReLU(),
            nn.Conv2d(32, 32, 3, padding=1, bias=False),
            nn.BatchNorm2d(32),
            nn.ReLU(),
            nn.Conv2d(32, 64, 3, padding=1, bias=False),
        )
        self.bn1 = nn.BatchNorm2d(64)
        self.maxpool = nn.MaxPool2d(3, 2, padding=1)
        inputs = 64
        stages: list[nn.Sequential] = []
        for planes, blocks, stride in STAGES:
            stage: list[nn.Module] = []
            for block in range(blocks):
                first = block == 0
                stage.append(Res2NetBlock(inputs, planes, stride=stride if first else 1, opens_stage=first))
                inputs = planes * EXPANSION
            stages.append(nn.Sequential(*stage))
        self.layer1, self.layer2, self.layer3, self.layer4 = stages
        self.fc = nn.Linear(inputs, 1000)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """(N, 3, H, W) -> maps of 256, 512, 1024 and 2048 channels at 1/4, 1/8, 1/16 and 1/32 of the size."""
        x = self.maxpool(F.relu(self.bn1(self.conv1(x))))
        x1: Tensor = self.layer1(x)
        x2: Tensor = self.layer2(x1)
        x3: Tensor = self.layer3(x2)
        x4: Tensor = self.layer4(x3)
        return x1, x2, x3, x4

    def classify(self, x: Tensor) -> Tensor:
        """(N, 3, H, W) -> ImageNet logits (N, 1000); for checking ImageNet weights."""
        logits: Tensor = self.fc(self(x)[3].mean(dim=(2, 3)))
        return logits
