"""Lesions put into healthy lungs: slices in HU with exact masks; and healthy slices as they are."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from groundglass._core import LungMask
from groundglass.findings.layers import WINDOWS
from groundglass.read import read_ct
from groundglass.training.augment import blur
from groundglass.training.data import Slice, stored

#: HU that become 0..255: the window that the shipped models are applied with
WINDOW = WINDOWS["lung"]
#: of each run of `BLOCK` slices the last third is held back, to try the result on
BLOCK = 15
HELD_BACK = 5
#: a slice with less lung than this share of its largest neighbour teaches little
SMALLEST_SHARE = 0.15
MARGIN = 6  # pixels around the lungs
VARIANTS = 3

FloatArray = npt.NDArray[np.float32]


def smooth_noise(shape: tuple[int, int], sigma: float, rng: np.random.Generator) -> FloatArray:
    """Gaussian noise (H, W) blurred by `sigma` pixels, of deviation 1."""
    noise = torch.from_numpy(rng.standard_normal(shape, dtype=np.float32))[None]
    field: FloatArray = blur(noise, sigma)[0].numpy()
    return field / max(float(field.std()), 1e-6)


def lesion_shares(lungs: npt.NDArray[np.bool_], rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
    """Shares 0..1 of ground glass and consolidation (H, W) inside lungs: blobs, more of them at the pleura.

    Blobs are the highest values of smooth noise; consolidation, where there is any, their core.
    """
    depth = blur(torch.from_numpy(lungs.astype(np.float32))[None], 12.0)[0].numpy()
    field = smooth_noise(lungs.shape, rng.uniform(5, 18), rng) + 0.35 * smooth_noise(lungs.shape, 2.5, rng)
    field = field + rng.uniform(0, 2) * (1.0 - depth)
    values = field[lungs]
    extent = np.exp(rng.uniform(np.log(0.01), np.log(0.4)))
    edge = rng.uniform(0.05, 0.3)
    infected = np.clip((field - np.quantile(values, 1 - extent)) / edge + 0.5, 0, 1) * lungs
    core = np.zeros_like(infected)
    if rng.random() < 0.6:
        part = extent * rng.uniform(0.1, 0.9)
        core = np.clip((field - np.quantile(values, 1 - part)) / edge + 0.5, 0, 1) * lungs
    core = np.minimum(core, infected)
    return (infected - core).astype(np.float32), core.astype(np.float32)


def with_lesions(
    hu: FloatArray, ground_glass: FloatArray, consolidation: FloatArray, rng: np.random.Generator
) -> FloatArray:
    """HU (H, W) with lesions: ground glass adds to what is there, consolidation replaces it.

    Vessels stay visible in ground glass, as its definition asks (Hansell et al., Radiology 2008).
    """
    added = rng.uniform(150, 420) + 60 * smooth_noise(hu.shape, rng.uniform(1, 4), rng)
    hazy = np.minimum(hu + ground_glass * added, np.maximum(hu, -250))
    solid = rng.uniform(-60, 60) + 25 * smooth_noise(hu.shape, 1.0, rng)
    mixed: FloatArray = (hazy + consolidation * (solid - hazy)).astype(np.float32)
    return mixed


def _slice(
    name: str, hu: FloatArray, lungs: npt.NDArray[np.bool_], shares: tuple[FloatArray, FloatArray]
) -> Slice:
    grey = np.clip((hu - WINDOW[0]) / (WINDOW[1] - WINDOW[0]), 0, 1)
    other = lungs - shares[0] - shares[1]
    planes: Tensor = stored(torch.from_numpy(255.0 * np.stack([grey, *shares, other]).astype(np.float32)))
    return Slice(name, planes[:1], planes[1:])


def load_healthy(study: Path, seed: int) -> tuple[list[Slice], list[Slice]]:
    """Healthy slices of a study as they are, and with lesions.

    `study` is anything that :func:`groundglass.read_ct` takes.
    Slices are cropped to the lungs. See :data:`BLOCK` for what is held back.
    """
    lungs_of = read_ct(study) | LungMask()
    volume, masks = lungs_of.ct.hounsfield, lungs_of.lungs > 0
    largest = masks.sum(axis=(1, 2)).max()
    healthy, synthetic = [], []
    for k in range(len(volume)):
        mask = masks[k]
        if k % BLOCK >= BLOCK - HELD_BACK or mask.sum() < SMALLEST_SHARE * largest:
            continue
        rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
        top, left = max(0, rows[0] - MARGIN), max(0, columns[0] - MARGIN)
        box = (slice(top, rows[-1] + MARGIN + 1), slice(left, columns[-1] + MARGIN + 1))
        hu, lungs = volume[k][box].astype(np.float32), mask[box]
        none = np.zeros(hu.shape, np.float32)
        healthy.append(_slice(f"healthy-{k}", hu, lungs, (none, none)))
        for variant in range(VARIANTS):
            rng = np.random.default_rng([seed, k, variant])
            shares = lesion_shares(lungs, rng)
            name = f"synthetic-{k}-{variant}"
            synthetic.append(_slice(name, with_lesions(hu, *shares, rng), lungs, shares))
    return healthy, synthetic
