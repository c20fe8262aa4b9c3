"""The same patient at two times: another breath, another place in the scanner, other noise, lesions that
grow, shrink, consolidate, vanish and appear, with the truth of every change."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from groundglass.findings.changes import CHANGES, changed
from groundglass.phantom.assemble import Phantom, Scene, checked, draw, make, phantom_of
from groundglass.phantom.fields import FieldOfView, Floats, blur
from groundglass.phantom.lesions import Course
from groundglass.phantom.pitfalls import Pitfalls
from groundglass.phantom.save import write_phantom
from groundglass.phantom.truth import truth_table

#: A little of everything.
MIXED = Course(grow=0.2, shrink=0.2, consolidate=0.15, vanish=0.15, appear=0.15)
LEAST_GAS, MOST_GAS = 0.6, 1.3
#: The breath moves blocks of this many pixels together; it is smooth over many.
_BLOCK = 4
_SMOOTH_MM = 4.0
#: Vessels and solid lung hold no gas that could be breathed out.
_SOLID_HU = -100.0


@dataclass(frozen=True, eq=False)
class Twice:
    """One patient at two times.

    - ``baseline``, ``followup``: the two CTs with their true masks.
    - ``change``: uint8 in the baseline's grid, 0 none, else 1 + the place in ``groundglass.compare.CHANGES``.
    - ``rise_mm``: float32 ``(slice, block of rows, block of columns)``, how far the tissue of a baseline
      voxel lies higher at follow-up, in the patient's own frame; see :meth:`moved`.
    - ``truth``: ml of every change at the baseline's breath, opacity at both times, parameters.
    """

    baseline: Phantom
    followup: Phantom
    change: NDArray[np.uint8]
    rise_mm: NDArray[np.float32]
    truth: dict[str, Any]

    def moved(self, points_mm: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
        """Where points of the baseline, ``(n, 3)`` in LPS mm, lie in the follow-up's CT."""
        first, second = (np.asarray(p.origin_mm) for p in (self.baseline, self.followup))
        points = np.asarray(points_mm, np.float64)
        z, y, x = ((points - first) / np.asarray(self.baseline.spacing_mm)[::-1]).T[::-1]
        at = np.stack([z, (y + 0.5) / _BLOCK - 0.5, (x + 0.5) / _BLOCK - 0.5])
        result: NDArray[np.float64] = points + (second - first)
        result[:, 2] += _linear(self.rise_mm, at)
        return result


def make_twice(
    seed: int = 0,
    *,
    gas: float = 0.85,
    course: Course | None = None,
    moved_mm: tuple[float, float, float] = (6.0, -4.0, 15.0),
    ground_glass: float = 0.08,
    consolidation: float = 0.03,
    shape: tuple[int, int, int] = (100, 384, 384),
    spacing_mm: tuple[float, float, float] | None = None,
    pitfalls: Pitfalls | None = None,
) -> Twice:
    """The phantom of :func:`groundglass.phantom.make`, and the same patient at a later time.

    `gas` is what the lungs hold of the gas that they held before: the diaphragm comes up, tissue keeps its
    mass. `course` says what becomes of the patches; without it nothing changes but breath, place and noise.
    The other arguments and errors are those of ``make``. Costs about 12 s and 0.6 GB at the default shape.
    """
    if not (math.isfinite(gas) and LEAST_GAS <= gas <= MOST_GAS):
        raise ValueError(f"gas must be from {LEAST_GAS} to {MOST_GAS} of the first breath, found {gas!r}")
    what, course = pitfalls or Pitfalls(), course or Course()
    baseline = make(
        seed,
        ground_glass=ground_glass,
        consolidation=consolidation,
        shape=shape,
        spacing_mm=spacing_mm,
        pitfalls=what,
    )
    seed, fractions, grid = checked(seed, ground_glass, consolidation, shape, spacing_mm)
    later = draw(seed, fractions, grid, what, False, course)
    rise = _rise(later, grid, gas)
    noise = np.random.Generator(np.random.PCG64([3, seed, course.seed]))
    breathed = _breathed(later, grid, rise)
    table = truth_table(breathed.lungs, breathed.lesions, grid.spacing_mm)
    parameters = {**baseline.truth["parameters"], "gas": gas, "course": vars(course)}
    first, second = baseline.lesions, later.lesions
    followup = phantom_of(
        breathed,
        grid,
        {"seed": seed, "version": baseline.truth["version"], "parameters": parameters} | table,
        noise=noise,
        moved_mm=moved_mm,
    )
    change = changed(first, second)
    truth = _truth(change, first, second, table["voxel_ml"]) | {"parameters": parameters}
    return Twice(baseline, followup, change, rise, truth)


def write_twice(folder: str | Path, twice: Twice, format: str = "dicom", *, overwrite: bool = False) -> None:
    """Writes ``baseline/`` and ``followup/`` as :func:`groundglass.phantom.write_phantom` does, two studies
    of one patient 30 days apart, with ``change.nii.gz`` and ``truth.json``, everything or nothing."""
    from groundglass.write import output_folder, write_nifti

    first = twice.baseline
    with output_folder(folder, overwrite=overwrite) as temporary:
        write_phantom(temporary / "baseline", first, format)
        write_phantom(temporary / "followup", twice.followup, format, date="20260131")
        grid = (first.spacing_mm, first.origin_mm, first.direction)
        write_nifti(temporary / "change.nii.gz", twice.change, *grid)
        text = json.dumps(twice.truth, indent=2, allow_nan=False)
        (temporary / "truth.json").write_text(text + "\n", encoding="utf-8")


def _truth(
    change: NDArray[np.uint8], first: NDArray[np.uint8], second: NDArray[np.uint8], voxel_ml: float
) -> dict[str, Any]:
    counts = np.bincount(change.ravel(), minlength=6)
    opacity = [voxel_ml * int(np.count_nonzero(lesions)) for lesions in (first, second)]
    return {
        "changes_ml": {name: voxel_ml * int(counts[1 + place]) for place, name in enumerate(CHANGES)},
        "opacity_ml": opacity,
        "opacity_change_ml": opacity[1] - opacity[0],
    }


def _rise(drawn: Scene, grid: FieldOfView, gas: float) -> NDArray[np.float32]:
    """How far each block rises: by the height of gas above it that was breathed out."""
    slices, rows, columns = (grid.shape[0], *(-(-n // _BLOCK) for n in grid.shape[1:]))
    pad = [(0, size * _BLOCK - n) for size, n in zip((rows, columns), grid.shape[1:], strict=True)]
    air = np.zeros((slices, rows, columns), np.float32)
    for index in range(slices):
        share = np.where(drawn.lungs[index] > 0, np.clip(-drawn.hu[index] / 1000, 0, 1), 0)
        blocks = np.pad(share, pad).reshape(rows, _BLOCK, columns, _BLOCK).mean(axis=(1, 3), dtype=np.float32)
        air[index] = blur(blocks, _SMOOTH_MM / (_BLOCK * grid.pixel_mm))
    # A voxel's own half counts: the middle of a slice rises by what lies above it.
    above = np.cumsum(air[::-1], axis=0)[::-1] - 0.5 * air
    return ((1 - gas) * grid.spacing_mm[0] * above).astype(np.float32)


def _breathed(drawn: Scene, grid: FieldOfView, rise: NDArray[np.float32]) -> Scene:
    """The patient after the breath: every column of voxels moved along itself, the mass of its lung kept."""
    slices = grid.shape[0]
    risen = rise / np.float32(grid.spacing_mm[0])  # in slices
    index = np.arange(slices, dtype=np.float32)[:, None, None]
    source = index - risen
    for _ in range(12):  # each step leaves at most 0.4 of the error
        source = index - _along(risen, source)
    stretch = np.gradient(source, axis=0)  # slices of before in one of now: 1 / J
    hu = np.empty_like(drawn.hu)
    masks = [np.empty_like(mask) for mask in (drawn.lungs, drawn.lesions, drawn.mimics, drawn.lobes)]
    for place in range(slices):
        at = np.clip(_enlarged(source[place], grid.shape[1:]), 0, slices - 1)
        dense = _enlarged(stretch[place], grid.shape[1:])
        low = np.minimum(at.astype(np.intp), slices - 2)
        part = (at - low)[None]
        pair = [np.take_along_axis(drawn.hu, (low + step)[None], axis=0) for step in (0, 1)]
        nearest = np.rint(at).astype(np.intp)[None]
        # Lung is not mixed with what lies above or below it, which would look like ground glass.
        lung = [
            np.take_along_axis(drawn.lungs, place, axis=0) > 0
            for place in (low[None], low[None] + 1, nearest)
        ]
        own = np.take_along_axis(drawn.hu, nearest, axis=0)
        pair = [np.where(side == lung[2], value, own) for side, value in zip(lung[:2], pair, strict=True)]
        plane = ((1 - part) * pair[0] + part * pair[1])[0]
        for mask, before in zip(masks, (drawn.lungs, drawn.lesions, drawn.mimics, drawn.lobes), strict=True):
            mask[place] = np.take_along_axis(before, nearest, axis=0)[0]
        gassy = (masks[0][place] > 0) & (plane < _SOLID_HU)
        hu[place] = np.where(gassy, (plane + 1000) * dense - 1000, plane)
    return Scene(hu, *masks)


def _along(values: Floats, at: Floats) -> Floats:
    """Values between slices, by straight lines; `at` in slices, one for each column."""
    place = np.clip(at, 0, len(values) - 1)
    low = np.minimum(place.astype(np.intp), len(values) - 2)
    part = place - low
    lower, upper = (np.take_along_axis(values, low + step, axis=0) for step in (0, 1))
    return np.asarray((1 - part) * lower + part * upper, np.float32)


def _enlarged(blocks: Floats, shape: tuple[int, ...]) -> Floats:
    """Blocks at the size of a slice, by straight lines between their middles."""
    for axis, size in enumerate(shape):
        at = np.clip((np.arange(size, dtype=np.float32) + 0.5) / _BLOCK - 0.5, 0, blocks.shape[axis] - 1)
        low = np.minimum(at.astype(np.intp), blocks.shape[axis] - 2)
        part = (at - low).reshape((-1, 1) if axis == 0 else (1, -1)).astype(np.float32)
        blocks = (1 - part) * blocks.take(low, axis) + part * blocks.take(low + 1, axis)
    return blocks


def _linear(values: Floats, at: NDArray[np.float64]) -> NDArray[np.float64]:
    """Values at places ``(3, n)`` in voxels, by straight lines."""
    low, part = [], []
    for axis, size in enumerate(values.shape):
        place = np.clip(at[axis], 0, size - 1)
        low.append(np.minimum(place.astype(np.intp), size - 2))
        part.append(place - low[axis])
    result = np.zeros(at.shape[1])
    for corner in np.ndindex(2, 2, 2):
        weight = np.prod([p if step else 1 - p for p, step in zip(part, corner, strict=True)], axis=0)
        result += weight * values[tuple(index + step for index, step in zip(low, corner, strict=True))]
    return result
