"""ResNet-50 as an encoder, a backbone of Inf-Net. Architecture: He et al., CVPR 2016.

The stride lies on the 3x3 convolution, as in torchvision, whose names the entries have. There is no
classifier.
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

EXPANSION = 4
STAGES = ((64, 3, 1), (128, 4, 2), (256, 6, 2), (512, 3, 2))
"""Planes, blocks and stride of the four stages."""


class Bottleneck(nn.Module):
    """1x1, 3x3 and 1x1 convolution beside a shortcut."""

    def __init__(self, inputs: int, planes: int, *, stride: int, opens_stage: bool):
        super().__init__()
        outputs = planes * EXPANSION
        self.conv1 = nn.Conv2d(inputs, planes, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(planes)
        self.conv2 = nn.Conv2d(planes, planes, 3, stride, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(planes)
        self.conv3 = nn.Conv2d(planes, outputs, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(outputs)
        self.downsample: nn.Module = nn.Identity()
        if opens_stage:
            self.downsample = nn.Sequential(
                nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs)
            )

    def forward(self, x: Tensor) -> Tensor:
        """(N, inputs, H, W) -> (N, 4 planes, H / stride, W / stride)."""
        y = F.relu(self.bn1(self.conv1(x)))
        y = F.relu(self.bn2(self.conv2(y)))
        return F.relu(self.bn3(self.conv3(y)) + self.downsample(x))


class ResNet50(nn.Module):
    """The encoder: 318 entries, 23,508,032 parameters."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, 7, 2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.maxpool = nn.MaxPool2d(3, 2, padding=1)
        inputs = 64
        stages: list[nn.Sequential] = []
        for planes, blocks, stride in STAGES:
            stage: list[nn.Module] = []
            for block in range(blocks):
                first = block == 0
                stage.append(Bottleneck(inputs, planes, stride=stride if first else 1, opens_stage=first))
                inputs = planes * EXPANSION
            stages.append(nn.Sequential(*stage))
        self.layer1, self.layer2, self.layer3, self.layer4 = stages

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """(N, 3, H, W) -> maps of 256, 512, 1024 and 2048 channels at 1/4, 1/8, 1/16 and 1/32 of the size."""
        x = self.maxpool(F.relu(self.bn1(self.conv1(x))))
        x1: Tensor = self.layer1(x)
        x2: Tensor = self.layer2(x1)
        x3: Tensor = self.layer3(x2)
        x4: Tensor = self.layer4(x3)
        return x1, x2, x3, x4
