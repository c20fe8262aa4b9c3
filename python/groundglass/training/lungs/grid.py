"""From a CT to the planes that `lungs-lite` sees, and back: the reference of the C++ stage.

- Axes are slice (to the head), row (to the back), column (to the patient's left); values are HU.
- Each axis of n cells of s mm becomes m = max(1, floor(n s / t + 1/2)) cells of t mm with the same centre.
  Where s < t a new cell is the mean of the old ones by their overlap with it, of what lies within the image;
  elsewhere the value at its centre by linear interpolation, the end value beyond the last centre.
- The canvas of a plane, one for all slices: rows and columns whose cells above -400 HU come to 20 mm or more
  in the mean over slices are body; from its first to its last one, 8 mm more on each side (rounded to
  pixels), grown to a multiple of 32 (the odd pixel at the far end) and cut to 224 pixels about its middle.
  Without any body it is the whole plane. Outside of the image is -1024 HU.
- The plane at an offset of d mm is the slice floor(d / 3 + 1/2) further, the end slice beyond the ends.
- HU are cut to [-1024, 200] and scaled to [-1, 1].
- Back: the probability at a voxel's centre by linear interpolation along each axis, the end value beyond the
  last centre, 0 outside of the canvas.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from groundglass.models.lungs_lite import MULTIPLE_OF, NEIGHBOURS_MM

Floats = npt.NDArray[np.float32]

SLICE_MM = 3.0
PIXEL_MM = 2.0
STEPS_MM = (SLICE_MM, PIXEL_MM, PIXEL_MM)
WINDOW_HU = (-1024.0, 200.0)
BODY_HU = -400.0
BODY_MM = 20.0
MARGIN_MM = 8.0
LARGEST_CANVAS = 224


def axis_weights(count: int, spacing: float, step: float) -> Floats:
    """(m, count): what each old cell gives to each new one; every row adds up to 1."""
    length = count * spacing
    cells = max(1, math.floor(length / step + 0.5))
    centres = length / 2 + (np.arange(cells) - (cells - 1) / 2) * step
    if spacing < step:
        edges = np.arange(count + 1) * spacing
        low, high = centres[:, None] - step / 2, centres[:, None] + step / 2
        weights = np.clip(np.minimum(high, edges[1:]) - np.maximum(low, edges[:-1]), 0, None)
    else:
        weights = _linear(centres / spacing - 0.5, count)
    shares: Floats = (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)
    return shares


def _linear(places: npt.NDArray[np.floating[Any]], count: int) -> npt.NDArray[np.floating[Any]]:
    """(len(places), count): linear interpolation at `places` in cells, the ends repeated."""
    places = np.clip(places, 0, count - 1)
    below = np.minimum(np.floor(places).astype(int), max(count - 2, 0))
    share = places - below
    weights = np.zeros((len(places), count))
    rows = np.arange(len(places))
    weights[rows, below] = 1 - share
    weights[rows, np.minimum(below + 1, count - 1)] += share
    return weights


def apply(weights: tuple[Floats, Floats, Floats], values: npt.NDArray[Any]) -> Floats:
    """The separable map of (slice, row, column) by one matrix an axis."""
    z, y, x = weights
    planes = [y @ plane.astype(np.float32) @ x.T for plane in values]
    result: Floats = np.tensordot(z, np.stack(planes), axes=1).astype(np.float32)
    return result


def to_grid(hounsfield: npt.NDArray[Any], spacing_mm: tuple[float, float, float]) -> Floats:
    """The CT on cells of 3 x 2 x 2 mm."""
    shape = hounsfield.shape
    z, y, x = (axis_weights(n, s, t) for n, s, t in zip(shape, spacing_mm, STEPS_MM, strict=True))
    return apply((z, y, x), hounsfield)


def from_grid(
    probability: Floats, shape: tuple[int, int, int], spacing_mm: tuple[float, float, float]
) -> Floats:
    """Values on the grid of :func:`to_grid` -> at the centres of the CT's own voxels."""
    matrices = []
    for cells, count, spacing, step in zip(probability.shape, shape, spacing_mm, STEPS_MM, strict=True):
        centres = (np.arange(count) + 0.5) * spacing - count * spacing / 2
        matrices.append(_linear(centres / step + (cells - 1) / 2, cells).astype(np.float32))
    z, y, x = matrices
    return apply((z, y, x), probability)


def canvas(grid: Floats) -> tuple[tuple[int, int], tuple[int, int]]:
    """First row and rows, first column and columns of the network's plane; may reach out of the grid."""
    body = grid > BODY_HU
    rows = body.sum(axis=(0, 2)) * (PIXEL_MM / len(grid))
    columns = body.sum(axis=(0, 1)) * (PIXEL_MM / len(grid))
    (top, height), (left, width) = _span(rows), _span(columns)
    return (top, height), (left, width)


def _span(profile: npt.NDArray[np.float64]) -> tuple[int, int]:
    inside = np.flatnonzero(profile >= BODY_MM)
    first, last = (int(inside[0]), int(inside[-1])) if len(inside) else (0, len(profile) - 1)
    margin = math.floor(MARGIN_MM / PIXEL_MM + 0.5)
    first, last = first - margin, last + margin
    size = last - first + 1
    if size > LARGEST_CANVAS:
        return first + (size - LARGEST_CANVAS) // 2, LARGEST_CANVAS
    grown = math.ceil(size / MULTIPLE_OF) * MULTIPLE_OF
    return first - (grown - size) // 2, grown


def on_canvas(grid: Floats, area: tuple[tuple[int, int], tuple[int, int]]) -> Floats:
    """(slices, rows, columns) of the canvas, -1024 HU outside of the grid."""
    (_, height), (_, width) = area
    result = np.full((len(grid), height, width), WINDOW_HU[0], np.float32)
    inside = _overlap(grid.shape[1:], area)
    result[:, inside[0][1], inside[1][1]] = grid[:, inside[0][0], inside[1][0]]
    return result


def off_canvas(
    values: Floats, area: tuple[tuple[int, int], tuple[int, int]], plane: tuple[int, int]
) -> Floats:
    """The canvas' values back on the grid's `plane` (rows, columns), 0 where it does not reach."""
    result = np.zeros((len(values), *plane), np.float32)
    inside = _overlap(plane, area)
    result[:, inside[0][0], inside[1][0]] = values[:, inside[0][1], inside[1][1]]
    return result


def _overlap(
    plane: tuple[int, ...], area: tuple[tuple[int, int], tuple[int, int]]
) -> list[tuple[slice, slice]]:
    """For rows and columns: the part within the grid, in the grid's and in the canvas' counting."""
    result = []
    for size, (first, count) in zip(plane, area, strict=True):
        low, high = max(first, 0), min(first + count, size)
        result.append((slice(low, high), slice(low - first, high - first)))
    return result


def neighbour_slices(index: int, count: int, offsets_mm: tuple[float, ...] = NEIGHBOURS_MM) -> list[int]:
    """The slices whose planes go in for slice `index` of `count`."""
    return [min(max(index + math.floor(d / SLICE_MM + 0.5), 0), count - 1) for d in offsets_mm]


def scaled(hounsfield: Floats) -> Floats:
    """HU -> [-1, 1] over the window."""
    low, high = WINDOW_HU
    result: Floats = (np.clip(hounsfield, low, high) - low) * np.float32(2 / (high - low)) - np.float32(1)
    return result
