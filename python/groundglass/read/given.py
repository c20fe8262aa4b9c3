"""Masks that a user gives, of lungs, lobes, segments and lesions, and volumes that are in memory already."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from groundglass._core import CtVolume, Lobes, LungCt, with_lobes, with_lungs, with_segments
from groundglass.errors import FormatError
from groundglass.read import read_labels

#: A mask as a file in any of the readable formats, a folder with a file for each part of the lungs, or an
#: array of whole numbers in the grid of the CT.
Mask = str | Path | npt.NDArray[Any]


def volume_sha256(ct: CtVolume) -> str:
    """SHA-256 over grid and voxels, little-endian."""
    grid = np.concatenate([np.ravel(part) for part in (ct.shape, ct.spacing_mm, ct.origin_mm, ct.direction)])
    digest = hashlib.sha256(grid.astype("<f8").tobytes())
    for plane in ct.hounsfield:
        digest.update(plane.astype("<i2", copy=False).tobytes())
    return digest.hexdigest()


def labels_sha256(labels: npt.NDArray[np.uint8]) -> str:
    """SHA-256 over a mask's voxels, one byte each, ``(slice, row, column)``."""
    digest = hashlib.sha256()
    for plane in labels:
        digest.update(plane.tobytes())
    return digest.hexdigest()


def _mask(
    mask: Mask, name: str, ct: CtVolume, highest: int = 65535
) -> npt.NDArray[np.uint8] | npt.NDArray[np.uint16]:
    """A given mask as labels from 0 to `highest` in the grid of `ct`: uint8, or uint16 above 255."""
    if isinstance(mask, (str, os.PathLike)):
        return read_labels(mask, like=ct, highest=highest)
    labels = np.asarray(mask)
    if labels.shape != tuple(ct.shape):
        raise FormatError(
            f"{name}: the mask has shape {labels.shape}, the CT {tuple(ct.shape)}; give one in the CT's grid"
        )
    if labels.dtype.kind not in "buif":
        raise FormatError(f"{name}: the mask holds {labels.dtype} values; whole numbers are allowed")
    least, most = (labels.min(), labels.max()) if labels.size else (0, 0)
    if not (
        least >= 0 and most <= highest and (labels.dtype.kind != "f" or (labels == np.floor(labels)).all())
    ):
        raise FormatError(
            f"{name}: the mask holds {labels.dtype} values from {least} to {most}; whole numbers "
            f"{'0, 1 and 2' if highest == 2 else f'from 0 to {highest}'} are allowed"
        )
    if most > 255:
        return np.ascontiguousarray(labels, dtype=np.uint16)
    return np.ascontiguousarray(labels, dtype=np.uint8)


def fixed_labels(mask: Mask, name: str, ct: CtVolume, highest: int) -> npt.NDArray[np.uint8]:
    """A given mask of fixed labels up to `highest`, below 256."""
    return np.asarray(_mask(mask, name, ct, highest), np.uint8)


@contextmanager
def _refusing(mask: Mask, name: str) -> Iterator[None]:
    """Turns what is wrong with a mask's values into a FormatError that names it."""
    try:
        yield
    except FormatError:
        raise
    except ValueError as error:
        where = mask if isinstance(mask, (str, os.PathLike)) else name
        raise FormatError(f"{where}: {str(error).partition(': ')[2] or error}") from error


def lungs_of(ct: CtVolume, lungs: Mask) -> LungCt:
    """The CT with the given lungs; refuses a mask without any."""
    with _refusing(lungs, "lungs"):
        lung_ct = with_lungs(ct, _mask(lungs, "lungs", ct))
    if not lung_ct.lungs.any():
        raise FormatError("the given lung mask is empty: nothing to measure")
    return lung_ct


def with_parts(lung_ct: LungCt, lobes: Mask | None, segments: Mask | None) -> LungCt:
    """The lungs with the maps of lobes and segments that were given; without one lobes are estimated."""
    if lobes is None:
        lung_ct = Lobes()(lung_ct)
    else:
        with _refusing(lobes, "lobes"):
            lung_ct = with_lobes(lung_ct, _mask(lobes, "lobes", lung_ct.ct))
    if segments is not None:
        with _refusing(segments, "segments"):
            lung_ct = with_segments(lung_ct, fixed_labels(segments, "segments", lung_ct.ct, 20))
    return lung_ct
