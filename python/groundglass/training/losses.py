"""Losses on the three logits of the project's networks; targets are shares in 0..1.

A target (N, 3, H, W) holds ground glass, consolidation and other lung.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from groundglass.models import probabilities

#: window, in pixels of the whole input, and gain of the border weights of Inf-Net (Fan et al., IEEE TMI 2020,
#: after F3Net)
BORDER_WINDOW = 31
BORDER_GAIN = 5.0

#: weights of the class terms beside the infection term; consolidation is rare and learned late:
#: it counts double
CONDITIONAL_WEIGHT = 0.5
GROUND_GLASS_WEIGHT = 0.5
CONSOLIDATION_WEIGHT = 1.0
LUNG_WEIGHT = 0.5

#: weights of the maps beside the prediction (deep supervision) and of the outline
SIDE_WEIGHT = 0.3
EDGE_WEIGHT = 0.3


def border_weights(mask: Tensor, window: int = BORDER_WINDOW) -> Tensor:
    """1 + 5 |average over window x window - mask|, (N, 1, H, W): a pixel at a border weighs up to six times.

    `window` is odd. The average is taken along rows, then along columns: a quarter of the whole step's time
    less than in one go.
    """
    mask = mask.contiguous()
    rows = F.avg_pool2d(mask, (1, window), stride=1, padding=(0, window // 2))
    mean = F.avg_pool2d(rows, (window, 1), stride=1, padding=(window // 2, 0))
    return 1.0 + BORDER_GAIN * (mean - mask).abs()


def structure_loss(
    logits: Tensor, mask: Tensor, *, window: int = BORDER_WINDOW, as_published: bool = False
) -> Tensor:
    """Weighted cross entropy plus weighted IoU loss of Inf-Net, as the paper states it.

    logits and mask are (N, 1, H, W); each term is formed per image, the result is the mean over images.
    With `as_published` the cross entropy goes without border weights, as it does in the published program,
    where an argument is misread and the weighted mean is taken of a plain one.
    """
    weight = border_weights(mask, window)
    entropy = F.binary_cross_entropy_with_logits(logits, mask, reduction="none")
    over = (1, 2, 3)
    if as_published:
        entropy = entropy.mean(dim=over)
    else:
        entropy = (weight * entropy).sum(dim=over) / weight.sum(dim=over)
    p = torch.sigmoid(logits)
    shared = (weight * p * mask).sum(dim=over)
    total = (weight * (p + mask)).sum(dim=over)
    iou = 1.0 - (shared + 1.0) / (total - shared + 1.0)
    return (entropy + iou).mean()


def dice_loss(p: Tensor, mask: Tensor) -> Tensor:
    """1 - soft Dice over the whole batch, which stays defined when single slices lack the class."""
    return 1.0 - (2.0 * (p * mask).sum() + 1.0) / (p.sum() + mask.sum() + 1.0)


def class_loss(logits: Tensor, target: Tensor) -> Tensor:
    """What tells ground glass from consolidation; logits and target (N, 3, H, W).

    The conditional logit is trained by cross entropy inside of the infection only (weighted by its share);
    soft Dice acts on the two joint probabilities, that is on what is reported.
    """
    infected = target[:, 0] + target[:, 1]
    conditional = target[:, 1] / infected.clamp_min(1e-6)
    entropy = F.binary_cross_entropy_with_logits(logits[:, 1], conditional.clamp(max=1.0), reduction="none")
    entropy = (infected * entropy).sum() / (infected.sum() + 1.0)
    p = probabilities(logits)
    return (
        CONDITIONAL_WEIGHT * entropy
        + GROUND_GLASS_WEIGHT * dice_loss(p[:, 0], target[:, 0])
        + CONSOLIDATION_WEIGHT * dice_loss(p[:, 1], target[:, 1])
    )


def lung_loss(logits: Tensor, target: Tensor) -> Tensor:
    """Cross entropy of the third logit where there is no infection."""
    healthy = (1.0 - target[:, 0] - target[:, 1]).clamp(min=0.0)
    lung = (target[:, 2] / healthy.clamp_min(1e-6)).clamp(max=1.0)
    entropy = F.binary_cross_entropy_with_logits(logits[:, 2], lung, reduction="none")
    return (healthy * entropy).sum() / (healthy.sum() + 1.0)


def map_loss(
    logits: Tensor, target: Tensor, kinds: Tensor, *, window: int = BORDER_WINDOW, as_published: bool = False
) -> Tensor:
    """All terms for one map: logits and target (N, 3, H, W); `kinds` (N,) says whose target tells kinds."""
    infected = (target[:, :1] + target[:, 1:2]).clamp(max=1.0)
    loss = structure_loss(logits[:, :1], infected, window=window, as_published=as_published)
    loss = loss + LUNG_WEIGHT * lung_loss(logits, target)
    if bool(kinds.any()):
        loss = loss + kinds.float().mean() * class_loss(logits[kinds], target[kinds])
    return loss


def _size(planes: Tensor) -> tuple[int, int]:
    return planes.shape[-2], planes.shape[-1]


def edge_loss(logits: Tensor, target: Tensor) -> Tensor:
    """Cross entropy of the outline of the infection (N, 1, h, w); rare, so both sides weigh the same."""
    infected = F.adaptive_avg_pool2d(target[:, :1] + target[:, 1:2], _size(logits)).clamp(max=1.0)
    grown = F.max_pool2d(infected, 3, stride=1, padding=1)
    shrunk = -F.max_pool2d(-infected, 3, stride=1, padding=1)
    outline = (grown - shrunk).clamp(0.0, 1.0)
    rare = outline.mean().clamp(0.01, 0.5)
    weight = outline / rare + (1.0 - outline) / (1.0 - rare)
    entropy = F.binary_cross_entropy_with_logits(logits, outline, reduction="none")
    return (weight * entropy).mean() / 2.0


def total_loss(
    maps: Sequence[Tensor],
    edge: Tensor | None,
    target: Tensor,
    kinds: Tensor,
    *,
    as_published: bool = False,
) -> Tensor:
    """The loss of a network's outputs: the prediction, its side maps (mean), and the outline."""
    prediction, sides = maps[0], maps[1:]
    loss = map_loss(prediction, target, kinds, as_published=as_published)
    for side in sides:
        size = _size(side)
        window = max(3, BORDER_WINDOW * size[0] // target.shape[-2]) // 2 * 2 + 1
        small = F.adaptive_avg_pool2d(target, size)
        side_loss = map_loss(side, small, kinds, window=window, as_published=as_published)
        loss = loss + SIDE_WEIGHT / len(sides) * side_loss
    if edge is not None:
        loss = loss + EDGE_WEIGHT * edge_loss(edge, target)
    return loss
