"""Branching vessels and bronchi that fill the lungs, and their painting with partial volume."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from groundglass.phantom.fields import FieldOfView

Doubles = NDArray[np.float64]


@dataclass(frozen=True)
class Branches:
    """Straight pieces: ``start`` and ``end`` ``(n, 3)`` as (x, y, z) in mm, ``radius`` ``(n, 2)`` at
    both ends."""

    start: Doubles
    end: Doubles
    radius: Doubles

    def __len__(self) -> int:
        return len(self.start)

    def beyond(self, radius: float) -> Branches:
        keep = self.radius[:, 0] >= radius
        return Branches(self.start[keep], self.end[keep], self.radius[keep])


def grow(
    rng: np.random.Generator, root: Doubles, heading: Doubles, tips: Doubles, tip_radius: float
) -> Branches:
    """A tree from ``root`` to every one of ``tips`` ``(n, 3)``.

    Each parent splits its tips in two across their widest direction and moves part of the way towards them.
    Radii follow Murray's law with exponent 2.8: what flows through a branch is the number of its tips.
    """
    starts, ends, radii = [], [], []
    pending = [(root, heading, tips)]
    while pending:
        node, direction, group = pending.pop()
        n = len(group)
        centre = group.sum(axis=0) / n
        reach = 1.0 if n == 1 else rng.uniform(0.30, 0.46)
        target = node + reach * (centre - node)
        if n > 1:
            target += rng.normal(0, 0.03 * _length(target - node), 3)
        length = _length(target - node) + 1e-9
        # A piece leaves along its parent's direction and bends towards its aim.
        middle = 0.5 * (node + target) + 0.07 * length * (direction - (target - node) / length)
        radius = tip_radius * n ** (1 / 2.8)
        following = tip_radius * max(1.0, 0.5 * n) ** (1 / 2.8)
        starts += [node, middle]
        ends += [middle, target]
        radii += [(radius, 0.5 * (radius + following)), (0.5 * (radius + following), following)]
        if n == 1:
            continue
        spread = group - target
        widest = (
            spread[0] - spread[1]
            if n == 2
            else np.linalg.svd(spread - centre + target, full_matrices=False)[2][0]
        )
        along = spread @ widest
        order = np.argsort(along, kind="stable")
        cut = min(max(1, round(n * rng.uniform(0.32, 0.68))), n - 1)
        onward = (target - middle) / (_length(target - middle) + 1e-9)
        pending += [(target, onward, group[order[:cut]]), (target, onward, group[order[cut:]])]
    return Branches(np.array(starts), np.array(ends), np.array(radii))


def _length(vector: Doubles) -> float:
    return math.sqrt(float(vector @ vector))


def paint(grid: FieldOfView, branches: Branches, out: NDArray[np.uint8]) -> None:
    """Raises ``out`` (0..255: share of a voxel) to the branches' cover.

    A branch thinner than a voxel covers part of it; two positions within the slice stand for its thickness.
    """
    dz, dy, dx = grid.spacing_mm
    pixel = grid.pixel_mm
    x, y, z = grid.x, grid.y, grid.z
    x0, y0, z0 = float(x[0]), float(y[0]), float(z[0])
    slices, rows, columns = grid.shape
    depth = np.array([-0.25, 0.25], dtype=np.float32) * dz
    for a, b, (ra, rb) in zip(branches.start, branches.end, branches.radius.tolist(), strict=True):
        if max(ra, rb) < 0.08 * pixel:  # at most a sixth of a voxel
            continue
        margin = max(ra, rb) + pixel
        low, high = np.minimum(a, b) - margin, np.maximum(a, b) + margin
        i0, i1 = max(0, int((low[0] - x0) / dx)), min(columns, int((high[0] - x0) / dx) + 2)
        j0, j1 = max(0, int((low[1] - y0) / dy)), min(rows, int((high[1] - y0) / dy) + 2)
        k0, k1 = max(0, int((low[2] - z0) / dz)), min(slices, int((high[2] - z0) / dz) + 2)
        if i0 >= i1 or j0 >= j1 or k0 >= k1:
            continue
        ex, ey, ez = (b - a).tolist()
        px = x[i0:i1] - float(a[0])
        py = (y[j0:j1] - float(a[1]))[:, None]
        pz = (z[k0:k1, None] - float(a[2]) + depth)[:, :, None, None]
        s = (px * ex + py * ey + pz * ez) * (1 / (ex * ex + ey * ey + ez * ez + 1e-9))
        np.minimum(np.maximum(s, 0, out=s), 1, out=s)
        distance = np.sqrt((px - s * ex) ** 2 + (py - s * ey) ** 2 + (pz - s * ez) ** 2)
        radius = ra + s * (rb - ra)
        # Thinner than half a pixel: the full profile, at the share of the area that is really covered.
        share = np.minimum(1, np.maximum(radius, 0) / (0.5 * pixel))
        cover = (np.maximum(radius, 0.5 * pixel) - distance) * (1 / pixel) + 0.5
        cover = share * np.minimum(np.maximum(cover, 0), 1)
        box = out[k0:k1, j0:j1, i0:i1]
        np.maximum(box, ((cover[:, 0] + cover[:, 1]) * 127.5).astype(np.uint8), out=box)


def sample(rng: np.random.Generator, allowed: NDArray[np.bool_], grid: FieldOfView, count: int) -> Doubles:
    """``count`` places (x, y, z) in mm among the voxels ``allowed``, evenly spread by rejecting crowded
    ones."""
    flat = np.flatnonzero(allowed)
    if len(flat) == 0:
        return np.empty((0, 3))
    pool = flat[rng.integers(0, len(flat), 4 * count)]
    k, j, i = np.unravel_index(pool, grid.shape)
    points = np.stack([grid.x[i], grid.y[j], grid.z[k]], axis=1).astype(np.float64)
    points += rng.uniform(-0.5, 0.5, points.shape) * np.array(grid.spacing_mm[::-1])
    volume = len(flat) * float(np.prod(grid.spacing_mm))
    cell = (volume / count) ** (1 / 3)
    # One point a cell of the lattice whose cells hold a tip each on average; the rest fill up at random.
    cells = np.floor(points / cell).astype(np.int64)
    _, first = np.unique(cells, axis=0, return_index=True)
    rest = np.setdiff1d(np.arange(len(points)), first)
    chosen: Doubles = points[np.concatenate([np.sort(first), rest])[:count]]
    return chosen
