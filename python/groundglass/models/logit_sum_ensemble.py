"""The published four-class ensemble: a U-Net and a PSPNet whose logits are summed."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from groundglass.models.pspnet_efficientnet import PSPNetEfficientNet
from groundglass.models.published import PublishedNetwork
from groundglass.models.unet_efficientnet import UNetEfficientNet


class LogitSumEnsemble(PublishedNetwork):
    """U-Net on b0 with PSPNet on b2 (956 entries, 14,022,766 parameters) or b1 (956, 12,826,046).

    Summing logits multiplies the two networks' probabilities: a class wins where neither network rules it
    out. The mean of probabilities, the more usual ensemble, gives other maps.
    """

    def __init__(self, variant: str = "b2", *, channels: int = 1, classes: int = 4):
        super().__init__()
        self.modelA = UNetEfficientNet(channels=channels, classes=classes)
        self.modelB = PSPNetEfficientNet(variant, channels=channels, classes=classes)
        # Never run; the published checkpoint holds it.
        self.Conv1 = nn.Conv2d(classes, classes, 1)

    def unused(self) -> list[str]:
        a = [f"modelA.{name}" for name in self.modelA.unused()]
        return ["Conv1", *a, *(f"modelB.{name}" for name in self.modelB.unused())]

    def logits(self, x: Tensor) -> Tensor:
        """(N, 1, H, W), H and W multiples of 32 -> summed logits (N, 4, H, W)."""
        y: Tensor = self.modelA(x) + self.modelB(x)
        return y

    def forward(self, x: Tensor) -> Tensor:
        """(N, 1, H, W), H and W multiples of 32 -> probabilities (N, 4, H, W) that sum to 1.

        Channels: ground glass, consolidation, other lung, background.
        """
        return torch.softmax(self.logits(x), dim=1)
