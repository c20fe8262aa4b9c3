"""Inf-Net: infection of the lungs in a CT slice, by reverse attention and an edge branch.

Architecture: Fan et al., "Inf-Net: Automatic COVID-19 Lung Infection Segmentation from CT Images" (IEEE TMI
2020), as its published weights need it: entries have their names, and what the weights were trained with is
kept even where the paper says otherwise. Three backbones: Res2Net-50 v1b (the published weights), ResNet-50,
VGG-16.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from groundglass.models.published import PublishedNetwork, require_multiple_of_32
from groundglass.models.res2net import Res2Net50
from groundglass.models.resnet import ResNet50
from groundglass.models.vgg import VGG16

#: channels of the receptive-field blocks and of the edge features
CHANNELS = 32
EDGE_CHANNELS = 64


class InfNetMaps(NamedTuple):
    """Five logit maps (N, classes, H, W) of the input's size; the prediction is ``sigmoid(lateral2)``."""

    lateral5: Tensor
    lateral4: Tensor
    lateral3: Tensor
    lateral2: Tensor
    edge: Tensor


def resize(x: Tensor, factor: float) -> Tensor:
    """Bilinear by `factor`, pixel edges (not centres) of the corners aligned, no antialiasing.

    Inf-Net resizes so everywhere but in the partial decoder: 1/4, for instance, averages the two middle
    samples of four instead of all four.
    """
    return F.interpolate(x, scale_factor=factor, mode="bilinear", align_corners=False)


class ConvNorm(nn.Module):
    """Convolution without bias and batch norm.

    No ReLU: the original's block owns one and never applies it, so every chain of blocks below is linear but
    for the ReLUs that are written out.
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        kernel: int | tuple[int, int],
        *,
        padding: int | tuple[int, int] = 0,
        dilation: int = 1,
    ):
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, kernel, padding=padding, dilation=dilation, bias=False)
        self.bn = nn.BatchNorm2d(outputs)

    def forward(self, x: Tensor) -> Tensor:
        """(N, inputs, H, W) -> (N, outputs, H, W)."""
        y: Tensor = self.bn(self.conv(x))
        return y


def receptive_field_branch(inputs: int, outputs: int, reach: int) -> nn.Sequential:
    """1x1, (1 x reach), (reach x 1), then 3x3 dilated by `reach`."""
    return nn.Sequential(
        ConvNorm(inputs, outputs, 1),
        ConvNorm(outputs, outputs, (1, reach), padding=(0, reach // 2)),
        ConvNorm(outputs, outputs, (reach, 1), padding=(reach // 2, 0)),
        ConvNorm(outputs, outputs, 3, padding=reach, dilation=reach),
    )


class ReceptiveField(nn.Module):
    """Four branches that see 1, 3, 5 and 7 pixels far, mixed and reduced to `outputs` channels."""

    def __init__(self, inputs: int, outputs: int):
        super().__init__()
        self.branch0 = nn.Sequential(ConvNorm(inputs, outputs, 1))
        self.branch1 = receptive_field_branch(inputs, outputs, 3)
        self.branch2 = receptive_field_branch(inputs, outputs, 5)
        self.branch3 = receptive_field_branch(inputs, outputs, 7)
        self.conv_cat = ConvNorm(4 * outputs, outputs, 3, padding=1)
        self.conv_res = ConvNorm(inputs, outputs, 1)

    def forward(self, x: Tensor) -> Tensor:
        """(N, inputs, H, W) -> (N, outputs, H, W)."""
        branches = [self.branch0(x), self.branch1(x), self.branch2(x), self.branch3(x)]
        return F.relu(self.conv_cat(torch.cat(branches, dim=1)) + self.conv_res(x))


class PartialDecoder(nn.Module):
    """Joins the three deep maps into one coarse prediction, the global map S_g."""

    def __init__(self, channels: int, classes: int):
        super().__init__()
        self.conv_upsample1 = ConvNorm(channels, channels, 3, padding=1)
        self.conv_upsample2 = ConvNorm(channels, channels, 3, padding=1)
        self.conv_upsample3 = ConvNorm(channels, channels, 3, padding=1)
        self.conv_upsample4 = ConvNorm(channels, channels, 3, padding=1)
        self.conv_upsample5 = ConvNorm(2 * channels, 2 * channels, 3, padding=1)
        self.conv_concat2 = ConvNorm(2 * channels, 2 * channels, 3, padding=1)
        self.conv_concat3 = ConvNorm(3 * channels, 3 * channels, 3, padding=1)
        self.conv4 = ConvNorm(3 * channels, 3 * channels, 3, padding=1)
        self.conv5 = nn.Conv2d(3 * channels, classes, 1)

    def twice(self, x: Tensor) -> Tensor:
        """Twice the size. Here alone in Inf-Net the corner pixels' centres are aligned."""
        return F.interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=True)

    def forward(self, coarse: Tensor, middle: Tensor, fine: Tensor) -> Tensor:
        """(N, C, H, W), (N, C, 2H, 2W) and (N, C, 4H, 4W) -> logits (N, classes, 4H, 4W)."""
        coarse2 = self.twice(coarse)
        gated2 = self.conv_upsample1(coarse2) * middle
        gated4 = self.conv_upsample2(self.twice(coarse2)) * self.conv_upsample3(self.twice(middle)) * fine
        joined2 = self.conv_concat2(torch.cat([gated2, self.conv_upsample4(coarse2)], dim=1))
        joined4 = torch.cat([gated4, self.conv_upsample5(self.twice(joined2))], dim=1)
        logits: Tensor = self.conv5(self.conv4(self.conv_concat3(joined4)))
        return logits


class InfNetHeads(PublishedNetwork):
    """All of Inf-Net but the backbone, for backbone maps x1 to x4 with the given `widths`.

    `stride` is that of x1; each next map has twice the stride.
    """

    def __init__(self, widths: tuple[int, int, int, int], stride: int, classes: int):
        super().__init__()
        self.stride = stride
        edge = EDGE_CHANNELS
        self.rfb2_1 = ReceptiveField(widths[1], CHANNELS)
        self.rfb3_1 = ReceptiveField(widths[2], CHANNELS)
        self.rfb4_1 = ReceptiveField(widths[3], CHANNELS)
        self.ParDec = PartialDecoder(CHANNELS, classes)

        self.ra4_conv1 = ConvNorm(widths[3], 256, 1)
        self.ra4_conv2 = ConvNorm(256 + edge, 256, 5, padding=2)
        self.ra4_conv3 = ConvNorm(256, 256, 5, padding=2)
        self.ra4_conv4 = ConvNorm(256, 256, 5, padding=2)
        self.ra4_conv5 = ConvNorm(256, classes, 1)

        self.ra3_conv1 = ConvNorm(widths[2], 64, 1)
        self.ra3_conv2 = ConvNorm(64 + edge, 64, 3, padding=1)
        self.ra3_conv3 = ConvNorm(64, 64, 3, padding=1)
        self.ra3_conv4 = ConvNorm(64, classes, 3, padding=1)

        self.ra2_conv1 = ConvNorm(widths[1], 64, 1)
        self.ra2_conv2 = ConvNorm(64 + edge, 64, 3, padding=1)
        self.ra2_conv3 = ConvNorm(64, 64, 3, padding=1)
        self.ra2_conv4 = ConvNorm(64, classes, 3, padding=1)

        self.edge_conv1 = ConvNorm(widths[0], edge, 1)
        self.edge_conv2 = ConvNorm(edge, edge, 3, padding=1)
        self.edge_conv3 = ConvNorm(edge, edge, 3, padding=1)
        # The edge logit, too, leaves through a batch norm and has no bias of its own.
        self.edge_conv4 = ConvNorm(edge, classes, 3, padding=1)

    def logits(self, x: Tensor) -> Tensor:
        """(N, 3, H, W), H and W multiples of 32 -> ``lateral2``, the logits (N, classes, H, W)."""
        maps: InfNetMaps = self.forward(x)
        return maps.lateral2

    def heads(self, x1: Tensor, x2: Tensor, x3: Tensor, x4: Tensor) -> InfNetMaps:
        """The five logit maps from the four backbone maps."""
        edge = self.edge_conv3(self.edge_conv2(self.edge_conv1(x1)))
        coarsest = self.ParDec(self.rfb4_1(x4), self.rfb3_1(x3), self.rfb2_1(x2))

        # Reverse attention: what the coarser map already calls infected is faded out, so a step works on the
        # rest and adds its findings to that map.
        before = resize(coarsest, 0.25)
        y = self.ra4_conv1((1.0 - torch.sigmoid(before)) * x4)
        y = F.relu(self.ra4_conv2(torch.cat([y, resize(edge, 0.125)], dim=1)))
        y = F.relu(self.ra4_conv3(y))
        y = F.relu(self.ra4_conv4(y))
        map4 = self.ra4_conv5(y) + before

        before = resize(map4, 2.0)
        y = self.ra3_conv1((1.0 - torch.sigmoid(before)) * x3)
        y = F.relu(self.ra3_conv2(torch.cat([y, resize(edge, 0.25)], dim=1)))
        y = F.relu(self.ra3_conv3(y))
        map3 = self.ra3_conv4(y) + before

        before = resize(map3, 2.0)
        y = self.ra2_conv1((1.0 - torch.sigmoid(before)) * x2)
        y = F.relu(self.ra2_conv2(torch.cat([y, resize(edge, 0.5)], dim=1)))
        y = F.relu(self.ra2_conv3(y))
        map2 = self.ra2_conv4(y) + before

        finest = float(self.stride)
        return InfNetMaps(
            lateral5=resize(coarsest, 2.0 * finest),
            lateral4=resize(map4, 8.0 * finest),
            lateral3=resize(map3, 4.0 * finest),
            lateral2=resize(map2, 2.0 * finest),
            edge=resize(self.edge_conv4(edge), finest),
        )


class InfNet(InfNetHeads):
    """Inf-Net on Res2Net-50 v1b, as published: 946 entries, 33,121,721 parameters."""

    def __init__(self, classes: int = 1):
        super().__init__((256, 512, 1024, 2048), 4, classes)
        # Its ImageNet classifier is never run; the published checkpoints hold it.
        self.resnet = Res2Net50()

    def unused(self) -> list[str]:
        return ["resnet.fc"]

    def forward(self, x: Tensor) -> InfNetMaps:
        """(N, 3, H, W), normalised as ImageNet's RGB, H and W multiples of 32 -> five logit maps."""
        require_multiple_of_32(x)
        x1, x2, x3, x4 = self.resnet(x)
        return self.heads(x1, x2, x3, x4)


class InfNetResNet50(InfNetHeads):
    """Inf-Net on ResNet-50."""

    def __init__(self, classes: int = 1):
        super().__init__((256, 512, 1024, 2048), 4, classes)
        self.resnet = ResNet50()

    def forward(self, x: Tensor) -> InfNetMaps:
        """(N, 3, H, W), normalised as ImageNet's RGB, H and W multiples of 32 -> five logit maps."""
        require_multiple_of_32(x)
        x1, x2, x3, x4 = self.resnet(x)
        return self.heads(x1, x2, x3, x4)


class InfNetVGG16(InfNetHeads):
    """Inf-Net on VGG-16, whose maps are twice as fine."""

    def __init__(self, classes: int = 1):
        super().__init__((128, 256, 512, 512), 2, classes)
        self.vgg = VGG16()

    def unused(self) -> list[str]:
        return ["vgg.conv4_2", "vgg.conv5_2"]

    def forward(self, x: Tensor) -> InfNetMaps:
        """(N, 3, H, W), normalised as ImageNet's RGB, H and W multiples of 32 -> five logit maps."""
        require_multiple_of_32(x)
        x1, x2, x3, x4 = self.vgg(x)
        return self.heads(x1, x2, x3, x4)
