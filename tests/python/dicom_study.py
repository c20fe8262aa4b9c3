"""What the tests of DICOM SEG and SR share: small series with masks, any way round, and validators."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pydicom
import pytest

import groundglass as gg
from dicom_factory import write_series

SHAPE = (10, 14, 18)
SPACING = (2.5, 0.75, 0.5)
#: LPS of the canonical voxel (0, 0, 0).
ORIGIN = (-4.0, 11.0, -300.0)
#: LPS of the canonical axes: slices to the head, rows to the back, columns to the left.
AXES = ((0, 0, 1), (0, 1, 0), (1, 0, 0))

Masks = tuple[npt.NDArray[np.int16], npt.NDArray[np.uint8], npt.NDArray[np.uint8]]


@lru_cache(maxsize=1)
def chest() -> Masks:
    """HU, lungs and lesions in which no axis can be turned or swapped unseen."""
    hu = np.full(SHAPE, 40, np.int16)
    lungs = np.zeros(SHAPE, np.uint8)
    lungs[1:9, 2:12, 10:17], lungs[1:8, 3:11, 1:8] = 1, 2
    lesions = np.zeros(SHAPE, np.uint8)
    lesions[2:4, 8:11, 11:13], lesions[5:8, 3:6, 2:3], lesions[6, 4, 13] = 1, 2, 2
    hu[lungs > 0], hu[lesions == 1], hu[lesions == 2] = -850, -550, -50
    hu += np.random.default_rng(0).integers(-20, 21, SHAPE).astype(np.int16)
    return hu, lungs, lesions


def positions(mask: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
    """LPS of the voxels of a canonical mask, sorted."""
    index = np.argwhere(mask)
    return in_order(np.asarray(ORIGIN) + (index * SPACING) @ np.asarray(AXES, np.float64))


def in_order(points: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    rounded = np.round(points, 4) + 0.0
    return rounded[np.lexsort(rounded.T)]


def turned(
    folder: Path,
    axes: Sequence[int] = (0, 1, 2),
    flipped: Sequence[bool] = (False, False, False),
    **options: Any,
) -> list[Path]:
    """The chest as a series whose slices, rows and columns are these of its axes, run backwards where
    flipped."""
    hu, _, _ = chest()
    steps = [
        np.asarray(AXES[axis], np.float64) * (-1 if flip else 1)
        for axis, flip in zip(axes, flipped, strict=True)
    ]
    origin = np.asarray(ORIGIN, np.float64)
    for axis, flip in zip(axes, flipped, strict=True):
        if flip:
            origin = origin + (SHAPE[axis] - 1) * SPACING[axis] * np.asarray(AXES[axis])
    values = hu.transpose(axes)[tuple(slice(None, None, -1 if flip else 1) for flip in flipped)]
    return write_series(
        folder,
        np.ascontiguousarray(values),
        spacing=[SPACING[axis] for axis in axes],
        origin=origin.tolist(),
        orientation=[*steps[2], *steps[1]],
        step=steps[0].tolist(),
        **options,
    )


def measured(folder: Path, **options: Any) -> gg.Result:
    """The series with the chest's true masks."""
    _, lungs, lesions = chest()
    return gg.analyze(folder, lungs=lungs, lesions=lesions, keep_headers=True, **options)


def result(folder: Path, **options: Any) -> gg.Result:
    """The chest as an axial series, with its true masks."""
    with pydicom.config.disable_value_validation():
        turned(folder, **options)
    return measured(folder)


def errors_of(path: Path) -> list[str]:
    """The errors and warnings of dciodvfy, but for those of our own codes' scheme, and those that attributes
    are empty which are empty in the source."""
    program = shutil.which("dciodvfy")
    if program is None:
        pytest.skip("dciodvfy (Debian: dicom3tools) is not installed")
    done = subprocess.run([program, str(path)], capture_output=True, text=True, check=False)
    found = [
        line for line in (done.stdout + done.stderr).splitlines() if re.match("Error|Warning|Abort", line)
    ]
    known = ("<99GROUNDGLASS>", "needed to build DICOMDIR")
    return [line for line in found if not any(words in line for words in known)]


def dumped(path: Path) -> str:
    """The document as dsrdump shows it, with codes; dsrdump checks relationships and value types."""
    program = shutil.which("dsrdump")
    if program is None:
        pytest.skip("dsrdump (Debian: dcmtk) is not installed")
    done = subprocess.run([program, "+Pl", "+Pc", str(path)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout
