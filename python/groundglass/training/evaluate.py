"""Figures on whole slices at their own size, predicted the way a shipped model is applied."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from groundglass.models import probabilities
from groundglass.training.data import CONSOLIDATION, GROUND_GLASS, LUNG, Slice, fit_long_edge, resize

FloatArray = npt.NDArray[np.float32]
IntArray = npt.NDArray[np.int64]

#: networks halve the size five times
MULTIPLE = 32
#: value of padding on the input's scale of -1..1: air
PADDING = -1.0
RESAMPLES = 2000

FINDINGS = ("infection", "ground_glass", "consolidation")


def prepare(image: Tensor, long_edge: int) -> tuple[Tensor, tuple[int, int]]:
    """Grey values 0..255 (1, H, W) -> padded input (1, 1, h, w) in [-1, 1], and the size before padding."""
    size = fit_long_edge(image.shape[-2], image.shape[-1], long_edge)
    scaled = resize(image.float(), size) * (2.0 / 255.0) - 1.0
    padding = (0, -size[1] % MULTIPLE, 0, -size[0] % MULTIPLE)
    return F.pad(scaled, padding, value=PADDING)[None], size


@torch.inference_mode()
def predict(networks: Sequence[nn.Module], image: Tensor, long_edge: int, *, flips: bool = False) -> Tensor:
    """Mean probability (4, H, W) of several networks for grey values 0..255 (1, H, W), at the image's size.

    With `flips` the image and its mirror image are averaged too.
    """
    x, size = prepare(image, long_edge)
    views = [x, x.flip(-1)] if flips else [x]
    total = torch.zeros(4, x.shape[-2], x.shape[-1])
    for network in networks:
        for k, view in enumerate(views):
            p = probabilities(network(view.contiguous(memory_format=torch.channels_last)))[0]
            total += p.flip(-1) if k else p
    mean = total[:, : size[0], : size[1]] / (len(networks) * len(views))
    return resize(mean, (image.shape[-2], image.shape[-1]))


def label_map(p: FloatArray, threshold: float = 0.5) -> npt.NDArray[np.uint8]:
    """Probabilities (4, H, W) -> labels as a study gets them.

    Infected where both kinds add up to `threshold`, of the more probable kind; elsewhere lung where that is
    more probable than background.
    """
    infected = p[0] + p[1] >= threshold
    kind = np.where(p[1] > p[0], CONSOLIDATION, GROUND_GLASS)
    return np.where(infected, kind, np.where(p[2] > p[3], LUNG, 0)).astype(np.uint8)


@dataclass(frozen=True, eq=False)
class Counts:
    """The confusion matrices of slices, (slices, 4 true, 4 predicted), classes as in the labels.

    Everything below is made of them, so a bootstrap draws slices and never sees a pixel.
    """

    matrices: IntArray

    @staticmethod
    def of(predicted: Sequence[npt.NDArray[np.uint8]], labels: Sequence[npt.NDArray[np.uint8]]) -> Counts:
        """From label maps."""
        matrices = [
            np.bincount(4 * t.ravel().astype(np.int64) + p.ravel(), minlength=16).reshape(4, 4)
            for p, t in zip(predicted, labels, strict=True)
        ]
        return Counts(np.stack(matrices))

    def areas(self, finding: str) -> tuple[IntArray, IntArray, IntArray]:
        """Pixels true, predicted and shared per slice."""
        classes = {"infection": [1, 2], "ground_glass": [1], "consolidation": [2]}[finding]
        true = self.matrices[:, classes, :].sum(axis=(1, 2))
        predicted = self.matrices[:, :, classes].sum(axis=(1, 2))
        shared = self.matrices[np.ix_(range(len(self.matrices)), classes, classes)].sum(axis=(1, 2))
        return true, predicted, shared

    def figures(self) -> dict[str, float]:
        """Every figure over these slices; NaN where it is not defined.

        ``*.slice_mean`` counts a slice without the finding as 1 when none is predicted and 0 else,
        ``*.slice_mean_present`` leaves it out, ``*.pooled`` sums pixels first. ``mean_iou.pooled`` is the
        mean over the four classes of pooled intersection over union; ``mean_iou.slice_mean`` the mean over
        slices of that over classes, with 1 for a class that is neither there nor found. ``accuracy`` is the
        share of pixels with their class.
        """
        result: dict[str, float] = {}
        for finding in FINDINGS:
            true, predicted, shared = self.areas(finding)
            total = true + predicted
            dice = np.where(total > 0, 2.0 * shared / np.maximum(total, 1), 1.0)
            result[f"{finding}.slice_mean"] = float(dice.mean())
            present = true > 0
            result[f"{finding}.slice_mean_present"] = (
                float(dice[present].mean()) if present.any() else math.nan
            )
            result[f"{finding}.pooled"] = float(2.0 * shared.sum() / total.sum()) if total.sum() else math.nan
        pooled = self.matrices.sum(axis=0)
        hits = np.diag(pooled)
        union = pooled.sum(axis=0) + pooled.sum(axis=1) - hits
        result["mean_iou.pooled"] = float((hits / np.maximum(union, 1)).mean())
        result["mean_iou.slice_mean"] = float(_iou_of_each(self.matrices).mean())
        result["accuracy"] = float(hits.sum() / pooled.sum())
        return result

    def resampled(self, groups: Sequence[int], seed: int = 0) -> list[dict[str, float]]:
        """:meth:`figures` of 2000 bootstrap samples; the same seed draws the same slices for other counts.

        Groups of similar slices are drawn, not slices: neighbours of one patient are no two witnesses.
        """
        rng = np.random.default_rng(seed)
        members = [np.flatnonzero(np.asarray(groups) == g) for g in sorted(set(groups))]
        draws = rng.integers(len(members), size=(RESAMPLES, len(members)))
        return [Counts(self.matrices[np.concatenate([members[i] for i in draw])]).figures() for draw in draws]

    def above(self, other: Counts, groups: Sequence[int]) -> dict[str, dict[str, Any]]:
        """Every figure's gain over `other` on the same slices, with its paired 95 % interval."""
        own, others = self.figures(), other.figures()
        pairs = list(zip(self.resampled(groups), other.resampled(groups), strict=True))
        return {name: _entry(own[name] - others[name], [a[name] - b[name] for a, b in pairs]) for name in own}

    def table(self, groups: Sequence[int]) -> dict[str, dict[str, Any]]:
        """Every figure with its bootstrap 95 % interval."""
        samples = self.resampled(groups)
        return {name: _entry(value, [s[name] for s in samples]) for name, value in self.figures().items()}


def _iou_of_each(matrices: IntArray) -> npt.NDArray[np.float64]:
    """Intersection over union (slices, 4); 1 where a slice neither has nor is given a class."""
    hits = np.diagonal(matrices, axis1=1, axis2=2)
    union = matrices.sum(axis=1) + matrices.sum(axis=2) - hits
    result: npt.NDArray[np.float64] = np.where(union > 0, hits / np.maximum(union, 1), 1.0)
    return result


def _entry(value: float, samples: Sequence[float]) -> dict[str, Any]:
    ends = np.nanpercentile(samples, [2.5, 97.5])
    return {"value": round(value, 4), "interval": [round(float(x), 4) for x in ends]}


def predict_labelled(
    networks: Sequence[nn.Module], slices: Sequence[Slice], long_edge: int
) -> list[FloatArray]:
    """Probabilities (4, H, W) of labelled slices at their own size."""
    predicted: list[FloatArray] = []
    for s in slices:
        if s.original is None:
            raise ValueError(f"slice {s.name} has no labels at its own size")
        predicted.append(predict(networks, s.original[None], long_edge).numpy())
    return predicted


def labels_of(slices: Sequence[Slice]) -> list[npt.NDArray[np.uint8]]:
    """The true labels at their own size."""
    return [s.labels.numpy() for s in slices if s.labels is not None]
