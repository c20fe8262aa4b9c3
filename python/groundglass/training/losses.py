"""Losses on the two logits of :class:`groundglass.models.UNetLite`; masks are shares in 0..1."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from groundglass.models import probabilities

#: window, in pixels, and gain of the border weights of Inf-Net (Fan et al., IEEE TMI 2020, after F3Net)
BORDER_WINDOW = 31
BORDER_GAIN = 5.0

#: weights of the class terms beside the infection term; consolidation is rare and learned late:
#: it counts double
CONDITIONAL_WEIGHT = 0.5
GROUND_GLASS_WEIGHT = 0.5
CONSOLIDATION_WEIGHT = 1.0


def border_weights(mask: Tensor) -> Tensor:
    """1 + 5 |average over 31 x 31 - mask|, (N, 1, H, W): a pixel at a border weighs up to six times."""
    mean = F.avg_pool2d(mask, BORDER_WINDOW, stride=1, padding=BORDER_WINDOW // 2)
    return 1.0 + BORDER_GAIN * (mean - mask).abs()


def structure_loss(logits: Tensor, mask: Tensor) -> Tensor:
    """Weighted cross entropy plus weighted IoU loss of Inf-Net, as the paper states it.

    logits and mask are (N, 1, H, W); each term is formed per image, the result is the mean over images.
    """
    weight = border_weights(mask)
    entropy = F.binary_cross_entropy_with_logits(logits, mask, reduction="none")
    entropy = (weight * entropy).sum(dim=(1, 2, 3)) / weight.sum(dim=(1, 2, 3))
    p = torch.sigmoid(logits)
    shared = (weight * p * mask).sum(dim=(1, 2, 3))
    total = (weight * (p + mask)).sum(dim=(1, 2, 3))
    iou = 1.0 - (shared + 1.0) / (total - shared + 1.0)
    return (entropy + iou).mean()


def dice_loss(p: Tensor, mask: Tensor) -> Tensor:
    """1 - soft Dice over the whole batch, which stays defined when single slices lack the class."""
    return 1.0 - (2.0 * (p * mask).sum() + 1.0) / (p.sum() + mask.sum() + 1.0)


def class_loss(logits: Tensor, shares: Tensor) -> Tensor:
    """What tells ground glass from consolidation; logits and shares (N, 2, H, W).

    The conditional logit is trained by cross entropy inside of the infection only (weighted by its share);
    soft Dice acts on the two joint probabilities, that is on what is reported.
    """
    infected = shares.sum(dim=1)
    conditional = shares[:, 1] / infected.clamp_min(1e-6)
    entropy = F.binary_cross_entropy_with_logits(logits[:, 1], conditional, reduction="none")
    entropy = (infected * entropy).sum() / (infected.sum() + 1.0)
    p = probabilities(logits)
    return (
        CONDITIONAL_WEIGHT * entropy
        + GROUND_GLASS_WEIGHT * dice_loss(p[:, 0], shares[:, 0])
        + CONSOLIDATION_WEIGHT * dice_loss(p[:, 1], shares[:, 1])
    )


def labelled_loss(logits: Tensor, shares: Tensor) -> Tensor:
    """For doctors' labels: shares (N, 2, H, W) of ground glass and consolidation."""
    infected = shares.sum(dim=1, keepdim=True).clamp(max=1.0)
    return structure_loss(logits[:, :1], infected) + class_loss(logits, shares)


def infection_loss(logits: Tensor, mask: Tensor) -> Tensor:
    """For model-made masks (N, 1, H, W): they say nothing of the classes."""
    return structure_loss(logits[:, :1], mask)
