"""Dice on whole slices at their own size, predicted the way a shipped model is applied."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from groundglass.models import probabilities
from groundglass.training.data import (
    CONSOLIDATION,
    GROUND_GLASS,
    Slice,
    UInt8Array,
    fit_long_edge,
    resize,
)

BoolArray = npt.NDArray[np.bool_]
FloatArray = npt.NDArray[np.float32]

#: networks halve the size five times
MULTIPLE = 32
#: value of padding on the input's scale of -1..1: air
PADDING = -1.0


def prepare(image: Tensor, long_edge: int) -> tuple[Tensor, tuple[int, int]]:
    """Grey values 0..255 (1, H, W) -> padded input (1, 1, h, w) in [-1, 1], and the size before padding."""
    size = fit_long_edge(image.shape[-2], image.shape[-1], long_edge)
    scaled = resize(image.float(), size) * (2.0 / 255.0) - 1.0
    padding = (0, -size[1] % MULTIPLE, 0, -size[0] % MULTIPLE)
    return F.pad(scaled, padding, value=PADDING)[None], size


@torch.inference_mode()
def predict(networks: Sequence[nn.Module], image: Tensor, long_edge: int, *, flips: bool = False) -> Tensor:
    """Mean probability (2, H, W) of several networks for grey values 0..255 (1, H, W), at the image's size.

    With `flips` the image and its mirror image are averaged too.
    """
    x, size = prepare(image, long_edge)
    views = [x, x.flip(-1)] if flips else [x]
    total = torch.zeros(2, x.shape[-2], x.shape[-1])
    for network in networks:
        for k, view in enumerate(views):
            p = probabilities(network(view.contiguous(memory_format=torch.channels_last)))[0]
            total += p.flip(-1) if k else p
    mean = total[:, : size[0], : size[1]] / (len(networks) * len(views))
    return resize(mean, (image.shape[-2], image.shape[-1]))


def dice(predicted: BoolArray, truth: BoolArray) -> float:
    """Plain Dice; NaN where neither has a pixel (nothing to agree on)."""
    total = int(predicted.sum()) + int(truth.sum())
    return 2.0 * int((predicted & truth).sum()) / total if total else math.nan


def class_masks(p: FloatArray, threshold: float) -> dict[str, BoolArray]:
    """Probabilities (2, H, W) -> a mask per finding, each probability against the same threshold."""
    return {
        "infection": p.sum(axis=0) >= threshold,
        "ground_glass": p[0] >= threshold,
        "consolidation": p[1] >= threshold,
    }


def true_masks(labels: UInt8Array) -> dict[str, BoolArray]:
    """Labels (H, W) -> a mask per finding."""
    return {
        "infection": labels > 0,
        "ground_glass": labels == GROUND_GLASS,
        "consolidation": labels == CONSOLIDATION,
    }


def dice_figures(
    predicted: Sequence[FloatArray], labels: Sequence[UInt8Array], threshold: float = 0.5
) -> dict[str, dict[str, Any]]:
    """Dice per finding over slices.

    `slice_mean` counts a slice without the finding as 1 when none is predicted and 0 else;
    `slice_mean_present` leaves such slices out; `pooled` sums pixels over all slices. `slices` and
    `slices_present` are the numbers of slices behind the first two.
    """
    figures: dict[str, dict[str, Any]] = {}
    pairs = [(class_masks(p, threshold), true_masks(t)) for p, t in zip(predicted, labels, strict=True)]
    for finding in ("infection", "ground_glass", "consolidation"):
        values = [dice(p[finding], t[finding]) for p, t in pairs]
        present = [bool(t[finding].any()) for _, t in pairs]
        figures[finding] = {
            "slice_mean": float(np.mean([1.0 if math.isnan(v) else v for v in values])),
            "slice_mean_present": float(
                np.mean([v for v, there in zip(values, present, strict=True) if there])
            )
            if any(present)
            else math.nan,
            "pooled": dice(
                np.concatenate([p[finding].ravel() for p, _ in pairs]),
                np.concatenate([t[finding].ravel() for _, t in pairs]),
            ),
            "slices": len(values),
            "slices_present": sum(present),
        }
    return figures


def predict_labelled(
    networks: Sequence[nn.Module], slices: Sequence[Slice], long_edge: int
) -> tuple[list[FloatArray], list[UInt8Array]]:
    """Probabilities and labels of labelled slices at their own size."""
    predicted: list[FloatArray] = []
    labels: list[UInt8Array] = []
    for s in slices:
        if s.original is None or s.labels is None:
            raise ValueError(f"slice {s.name} has no labels at its own size")
        p = predict(networks, torch.from_numpy(s.original)[None], long_edge)
        predicted.append(p.numpy())
        labels.append(s.labels)
    return predicted, labels
