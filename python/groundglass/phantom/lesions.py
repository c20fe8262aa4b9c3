"""Ground glass and consolidation of exactly the volume asked for."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from groundglass.phantom.fields import FieldOfView, Floats, SmoothNoise
from groundglass.phantom.pitfalls import Side

GROUND_GLASS, CONSOLIDATION = 1, 2
Labels = NDArray[np.uint8]
_LABELS = {"left": (1,), "right": (2,), "both": (1, 2)}


@dataclass(frozen=True)
class Foci:
    """Centres (x, y, z) in mm and radii of patches, ``strength`` 0..1 and how far towards consolidation
    they lean."""

    centre: NDArray[np.float64]
    radius: NDArray[np.float64]
    strength: NDArray[np.float64]
    dense: NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class Course:
    """What becomes of the patches until a later time: shares of them, 0..1, one fate each; the rest stay.

    `grow` and `shrink` change a patch's radius by :data:`GROWTH` and by :data:`SHRINKAGE`, `consolidate`
    makes its middle dense, `vanish` leaves nothing of it; `appear` adds as many new ones. `seed` decides
    which patches.
    """

    grow: float = 0.0
    shrink: float = 0.0
    consolidate: float = 0.0
    vanish: float = 0.0
    appear: float = 0.0
    seed: int = 0

    def __post_init__(self) -> None:
        shares = {name: getattr(self, name) for name in FATES}
        for name, value in (shares | {"appear": self.appear}).items():
            if not 0 <= value <= 1:
                raise ValueError(f"{name} must be a share of the patches from 0 to 1, found {value!r}")
        if sum(shares.values()) > 1 + 1e-9:
            raise ValueError(f"{' + '.join(shares)} must be at most 1, found {sum(shares.values()):g}")


FATES = ("grow", "shrink", "consolidate", "vanish")
GROWTH, SHRINKAGE = 1.35, 0.65
#: Added to the strength of a patch that consolidates: its middle comes to lie above the threshold.
DENSENING = 0.35
#: Nothing is left of a patch of this strength.
GONE = -9.0


def after(foci: Foci, course: Course, lungs: Labels, depth: NDArray[np.float16], grid: FieldOfView) -> Foci:
    """The patches at a later time."""
    rng = np.random.Generator(np.random.PCG64([2, course.seed]))
    count = len(foci.radius)
    shares = [getattr(course, name) for name in FATES]
    ends = np.rint(np.cumsum([0.0, *shares]) * count).astype(int)
    order = rng.permutation(count)
    grow, shrink, solid, gone = (order[a:b] for a, b in pairwise(ends))
    radius, strength, dense = foci.radius.copy(), foci.strength.copy(), foci.dense.copy()
    radius[grow] *= GROWTH
    radius[shrink] *= SHRINKAGE
    dense[solid] = True
    strength[solid] += DENSENING
    strength[gone] = GONE
    fresh = draw_foci(rng, lungs, depth, grid, 0.1)
    new = slice(0, min(round(course.appear * count), len(fresh.radius)))
    return Foci(
        np.concatenate([foci.centre, fresh.centre[new]]),
        np.concatenate([radius, fresh.radius[new]]),
        np.concatenate([strength, fresh.strength[new]]),
        np.concatenate([dense, fresh.dense[new]]),
    )


def draw_foci(
    rng: np.random.Generator,
    lungs: NDArray[np.uint8],
    depth: NDArray[np.float16],
    grid: FieldOfView,
    extent: float,
) -> Foci:
    """Patches under the pleura, more of them behind and below, more and larger with ``extent`` (fraction
    of the lungs)."""
    flat = np.flatnonzero((lungs > 0) & (depth < 24) & (depth > 3))
    count = int(14 + 40 * min(1.0, extent / 0.3))
    if len(flat) == 0:
        return Foci(np.empty((0, 3)), np.empty(0), np.empty(0), np.empty(0, bool))
    pool = flat[rng.integers(0, len(flat), 40 * count)]
    k, j, i = np.unravel_index(pool, grid.shape)
    points = np.stack([grid.x[i], grid.y[j], grid.z[k]], axis=1).astype(np.float64)
    middle, half = np.median(points, axis=0), np.ptp(points, axis=0) / 2 + 1e-6
    place = (points - middle) / half
    weight = np.exp(1.8 * place[:, 1] - 0.9 * place[:, 2])
    chosen = rng.choice(len(points), count, replace=False, p=weight / weight.sum())
    radius = rng.uniform(10, 28, count) * (1 + 1.2 * extent)
    return Foci(points[chosen], radius, rng.uniform(0.55, 1.0, count), rng.random(count) < 0.6)


def place(
    rng: np.random.Generator,
    lungs: NDArray[np.uint8],
    depth: NDArray[np.float16],
    grid: FieldOfView,
    ground_glass: float,
    consolidation: float,
    *,
    bases: Side = "none",
    course: Course | None = None,
) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """The lesion map, and for each lung voxel (in storage order) how deep in its lesion it lies, 0 edge..1
    core.

    Every lung voxel gets a rank from a smooth field; consolidation takes the highest of its field, ground
    glass the highest of what is left, so that both counts are round(fraction x lung voxels). With ``bases``
    the consolidation fills the lung from behind and below, on that side. With ``course`` the patches have
    gone on as it says, and what was the least of each field that is a lesion is so still: where no patch has
    changed nothing has.
    """
    inside = lungs > 0
    total = int(np.count_nonzero(inside))
    wanted = {CONSOLIDATION: round(consolidation * total), GROUND_GLASS: round(ground_glass * total)}
    foci = draw_foci(rng, lungs, depth, grid, ground_glass + consolidation)
    coarse, medium, fine = (SmoothNoise(rng, grid, scale) for scale in (34.0, 13.0, 5.0))
    fields = (coarse, medium, fine)
    haze, core = _scores(lungs, depth, grid, foci, fields, bases)
    labels = np.zeros(total, np.uint8)
    least: dict[int, float] = {}
    for label, score in ((CONSOLIDATION, core), (GROUND_GLASS, haze)):
        chosen = _highest(score, labels == 0, wanted[label])
        labels[chosen] = label
        least[label] = float(score[chosen].min()) if len(chosen) else np.inf
    if course is not None:
        haze, core = _scores(lungs, depth, grid, after(foci, course, lungs, depth, grid), fields, bases)
        labels[:] = np.where(haze >= least[GROUND_GLASS], GROUND_GLASS, 0)
        labels[core >= least[CONSOLIDATION]] = CONSOLIDATION
    within = np.zeros(total, np.float32)
    for label, score in ((CONSOLIDATION, core), (GROUND_GLASS, haze)):
        chosen = np.flatnonzero(labels == label)
        within[chosen] = np.clip((score[chosen] - np.float32(least[label])) / 0.55, 0, 1)
    result = np.zeros(lungs.shape, np.uint8)
    result[inside] = labels
    return result, within


def _scores(
    lungs: Labels,
    depth: NDArray[np.float16],
    grid: FieldOfView,
    foci: Foci,
    fields: tuple[SmoothNoise, SmoothNoise, SmoothNoise],
    bases: Side,
) -> tuple[Floats, Floats]:
    """How much each lung voxel is ground glass and consolidation, in storage order."""
    inside = lungs > 0
    total = int(np.count_nonzero(inside))
    haze = np.empty(total, np.float32)
    core = np.empty(total, np.float32)
    at = 0
    for index in range(grid.shape[0]):
        rows, columns = np.nonzero(inside[index])
        if len(rows) == 0:
            continue
        x, y, z = grid.x[columns], grid.y[rows], grid.z[index]
        part = slice(at, at + len(rows))
        at += len(rows)
        patch, dense = _patches(foci, x, y, float(z))
        below = np.clip(depth[index][rows, columns].astype(np.float32), 0, 60)
        noise = [field(index)[rows, columns] for field in fields]
        ragged = 0.15 * noise[0] + 0.18 * noise[1] + 0.11 * noise[2]
        haze[part] = patch + ragged - below / 70 + y / 900 - float(z) / 1500
        core[part] = dense + 0.10 * noise[0] + 0.19 * noise[1] + 0.13 * noise[2] - below / 60 + y / 700
        if bases != "none":
            # A front that rises towards the back: 30 mm of it weigh as much as a patch.
            wanted_side = np.isin(lungs[index][rows, columns], _LABELS[bases])
            core[part] = (y - 0.9 * float(z)) / 30 + 0.3 * noise[0] + 0.15 * noise[1] - 100 * ~wanted_side
    return haze, core


def _patches(foci: Foci, x: Floats, y: Floats, z: float) -> tuple[Floats, Floats]:
    """How far within the nearest patch, 1 at its centre, falling by 1 a radius; the same for the dense
    ones."""
    patch = np.full(len(x), -1.5, np.float32)
    dense = np.full(len(x), -1.5, np.float32)
    for (cx, cy, cz), radius, strength, is_dense in zip(
        foci.centre, foci.radius, foci.strength, foci.dense, strict=True
    ):
        if abs(z - cz) > 3 * radius:
            continue
        distance = np.sqrt((x - np.float32(cx)) ** 2 + (y - np.float32(cy)) ** 2 + np.float32((z - cz) ** 2))
        value = np.float32(strength) - distance / np.float32(radius)
        np.maximum(patch, value, out=patch)
        if is_dense:
            np.maximum(dense, value, out=dense)
    return patch, dense


def _highest(score: Floats, free: NDArray[np.bool_], count: int) -> NDArray[np.intp]:
    """Indices of the ``count`` highest scores among the free ones; of equals the earlier ones."""
    candidates = np.flatnonzero(free)
    if count == 0:
        return candidates[:0]
    values = score[candidates]
    least = np.partition(values, len(values) - count)[len(values) - count]
    above = candidates[values > least]
    equal = candidates[values == least]
    return np.concatenate([above, equal[: count - len(above)]])
