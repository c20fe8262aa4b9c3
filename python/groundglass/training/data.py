"""COVID-SemiSeg in memory: labelled slices, slices with model-made masks, and folds that do not leak.

Layout of the data folder: ``labelled/{images,labels}`` and ``pseudo/{images,infection}``; a mask has the
name of its image with the suffix ``.png``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from groundglass.errors import FormatError
from groundglass.training.picture_lungs import slice_lungs, without_findings_outside

GROUND_GLASS = 1
CONSOLIDATION = 2
LUNG = 3

#: share of the given mask in the target of a slice with a model-made mask; the rest is the network's own
#: answer, which by then is the better one
MODEL_MADE_TRUST = 0.4

#: longer edge, in pixels, at which slices wait in memory: above any training size, below most originals
STORED_EDGE = 352

#: Two slices whose thumbnails correlate more than this are taken for neighbours of one patient.
#: On the 50 labelled slices it gives groups of two to four; from 0.78 down, single linkage joins
#: more and more of the set into one group.
SAME_PATIENT_CORRELATION = 0.79
THUMBNAIL = 48

UInt8Array = npt.NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Slice:
    """A slice as it waits for augmentation.

    `image` is uint8 (1, H, W). `target` is uint8 (3, H, W), shares of 255 of ground glass, consolidation and
    other lung. Without `kinds` the first plane is the infection of either kind and the second is empty.
    `trust` is how much the target counts beside the answer of a network in training. `original` and
    `labels` hold a labelled slice at its own size, for evaluation, with the label 3 for other lung.
    """

    name: str
    image: Tensor
    target: Tensor
    kinds: bool = True
    trust: float = 1.0
    original: Tensor | None = None
    labels: Tensor | None = None

    def with_target(self, target: Tensor, *, kinds: bool) -> Slice:
        """The same slice with another target that is taken as it is."""
        return replace(self, target=target, kinds=kinds, trust=1.0)


def fit_long_edge(height: int, width: int, long_edge: int) -> tuple[int, int]:
    """Size with the longer edge at `long_edge` pixels, aspect kept, rounded to whole pixels."""
    scale = long_edge / max(height, width)
    return max(1, round(height * scale)), max(1, round(width * scale))


def resize(planes: Tensor, size: tuple[int, int]) -> Tensor:
    """Resample float planes (C, H, W); averages when shrinking, so a soft map keeps its area."""
    return F.interpolate(planes[None], size=size, mode="bilinear", align_corners=False, antialias=True)[0]


def soft_one_hot(labels: UInt8Array) -> Tensor:
    """Labels (H, W) -> float (3, H, W): ground glass, consolidation, other lung.

    The labels are speckled with islands of a few pixels; resized as shares they fade instead of flickering.
    """
    index = torch.from_numpy(labels.astype(np.int64))
    return torch.stack([index == GROUND_GLASS, index == CONSOLIDATION, index == LUNG]).float()


def stored(planes: Tensor) -> Tensor:
    """Float planes in 0..255 -> uint8 planes at the stored size."""
    size = fit_long_edge(planes.shape[-2], planes.shape[-1], STORED_EDGE)
    return resize(planes, size).round().clamp(0, 255).to(torch.uint8)


def _read(path: Path) -> UInt8Array:
    """A grey or palette image as stored (palette indices are labels)."""
    try:
        with Image.open(path) as image:
            array = np.asarray(image)
    except OSError as error:
        raise FormatError(f"{path}: cannot be read as an image ({error})") from error
    if array.ndim != 2 or array.dtype != np.uint8:
        raise FormatError(f"{path}: {array.dtype} of shape {array.shape}; expected one 8-bit channel")
    return np.array(array, dtype=np.uint8)


def _pairs(images: Path, masks: Path) -> list[tuple[str, UInt8Array, UInt8Array]]:
    """(name, image, mask) of every image of a folder, in a fixed order."""
    paths = sorted(p for p in images.glob("*") if p.suffix.lower() in {".jpg", ".png"})
    if not paths:
        raise FormatError(f"{images}: no .jpg or .png slices; --data must name the folder of COVID-SemiSeg")
    pairs = []
    for path in paths:
        image, mask = _read(path), _read(masks / f"{path.stem}.png")
        if image.shape != mask.shape:
            raise FormatError(f"{path}: image {image.shape} and mask {mask.shape} differ in size")
        pairs.append((path.stem, image, mask))
    return pairs


def load_labelled(data: Path) -> list[Slice]:
    """The doctors' slices: 0 background, 1 ground glass, 2 consolidation, and 3 by :func:`slice_lungs`."""
    slices = []
    for name, image, labels in _pairs(data / "labelled" / "images", data / "labelled" / "labels"):
        if labels.max() > CONSOLIDATION:
            raise FormatError(f"{name}: label {labels.max()}; expected 0, 1 and 2")
        lungs = slice_lungs(image, labels > 0)
        labels[lungs & (labels == 0)] = LUNG
        slices.append(
            Slice(
                name,
                stored(torch.from_numpy(image)[None].float()),
                stored(255.0 * soft_one_hot(labels)),
                original=torch.from_numpy(image),
                labels=torch.from_numpy(labels),
            )
        )
    return slices


def is_stretched(mask: UInt8Array) -> bool:
    """Whether a min-max stretched mask (uint8) is that of a slice without a finding.

    Each mask was stretched to 0..255 by itself, so where nothing is infected the faint response became a grey
    cloud: mostly half-way values, over more than 1 % of the slice. About 5 % of the slices are like that.
    """
    middle = float(np.mean((mask > 25) & (mask < 230)))
    high = float(np.mean(mask >= 230))
    return middle > 0.01 and middle > high


def load_pseudo(data: Path) -> list[Slice]:
    """The slices with model-made infection masks, without stretched ones and what lies outside of lungs."""
    slices = []
    for name, image, mask in _pairs(data / "pseudo" / "images", data / "pseudo" / "infection"):
        if is_stretched(mask):
            continue
        mask = without_findings_outside(mask, slice_lungs(image))
        lungs = slice_lungs(image, mask > 127)
        other = np.where(lungs, 255 - mask, 0).astype(np.uint8)
        planes = stored(torch.from_numpy(np.stack([image, mask, np.zeros_like(mask), other])).float())
        slices.append(Slice(name, planes[:1], planes[1:], kinds=False, trust=MODEL_MADE_TRUST))
    return slices


def similarity(slices: Sequence[Slice]) -> npt.NDArray[np.float64]:
    """Correlation of thumbnails, (n, n); brightness and contrast do not count."""
    thumbnails = [resize(s.image.float(), (THUMBNAIL, THUMBNAIL)).flatten() for s in slices]
    return np.atleast_2d(np.corrcoef(torch.stack(thumbnails).double().numpy()))


def similar_groups(
    correlation: npt.NDArray[np.float64], threshold: float = SAME_PATIENT_CORRELATION
) -> list[list[int]]:
    """Single-linkage groups: indices joined by a chain of pairs above `threshold`, largest group first."""
    group = list(range(len(correlation)))
    for i, j in np.argwhere(np.triu(correlation > threshold, 1)):
        old, new = group[j], group[i]
        group = [new if g == old else g for g in group]
    members = {g: [i for i, other in enumerate(group) if other == g] for g in group}
    return sorted(members.values(), key=lambda m: (-len(m), m))


def assign_folds(slices: Sequence[Slice], folds: int, seed: int) -> list[int]:
    """The fold of each slice; similar slices share one, and consolidated area is spread evenly.

    Groups are placed in the order of size, singletons in a seeded order, each into the fold that is smallest
    in slices, then in consolidation.
    """
    if not 2 <= folds <= len(slices):
        raise ValueError(f"folds is {folds}; expected 2 to {len(slices)}, the number of slices")
    rng = np.random.default_rng([seed, folds])
    groups = similar_groups(similarity(slices))
    order = sorted(range(len(groups)), key=lambda g: (-len(groups[g]), rng.random()))
    count, load = [0] * folds, [0.0] * folds
    fold_of = [0] * len(slices)
    for g in order:
        smallest = min(range(folds), key=lambda f: (count[f], load[f]))
        for i in groups[g]:
            fold_of[i] = smallest
            count[smallest] += 1
            load[smallest] += float(slices[i].target[1].float().mean())
    return fold_of
