"""The phantom's lobes: fissures as surfaces in the lungs, and the line that they are in a CT."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from groundglass.phantom.anatomy import Chest
from groundglass.phantom.fields import Floats

LEFT_UPPER, LEFT_LOWER, RIGHT_UPPER, RIGHT_MIDDLE, RIGHT_LOWER = 1, 2, 3, 4, 5


def above_oblique(chest: Chest, y: Floats, z: float | np.float32) -> Floats:
    """Distance in mm from the oblique fissure, above 0 in front of it: a plane from behind and above to the
    front and below, the same in both lungs."""
    middle = chest.p.lung_bottom + 0.46 * (chest.p.lung_top - chest.p.lung_bottom)
    return np.asarray(0.66 * (z - middle) - 0.75 * (y - 10), np.float32)


def above_horizontal(chest: Chest, x: Floats, y: Floats, z: float) -> Floats:
    """Distance in mm from the horizontal fissure of the right lung, above 0 over it: from the oblique one at
    the lung's side slightly downwards to the front and the outside."""
    p = chest.p
    level = p.lung_bottom + 0.5 * (p.lung_top - p.lung_bottom)
    return np.asarray(0.98 * (z - level - 0.14 * (y - 10) + 0.12 * (-x - 0.5 * p.half_width)), np.float32)


def lobes_of(chest: Chest, lungs: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The lobes of the lungs' voxels, 1 to 5 as ``gg.with_lobes`` numbers them."""
    grid = chest.grid
    result = np.zeros(grid.shape, np.uint8)
    for index in range(grid.shape[0]):
        z = float(grid.z[index])
        upper = above_oblique(chest, grid.y[:, None], z) > 0
        over = above_horizontal(chest, grid.x[None, :], grid.y[:, None], z) > 0
        left = np.where(upper, LEFT_UPPER, LEFT_LOWER)
        right = np.where(upper, np.where(over, RIGHT_UPPER, RIGHT_MIDDLE), RIGHT_LOWER)
        result[index] = np.where(lungs[index] == 1, left, np.where(lungs[index] == 2, right, 0))
    return result


def line_hu(chest: Chest, x: Floats, y: Floats, z: float) -> Floats:
    """What the fissures add to the HU of places in the lungs, before blur: sheets of about a millimetre."""
    oblique = above_oblique(chest, y, z)
    horizontal = np.where((x < 2) & (oblique > 0), above_horizontal(chest, x, y, z), np.float32(99))
    nearest = np.minimum(np.abs(oblique), np.abs(horizontal))
    return np.asarray(150 * np.exp(-((nearest / (0.5 * chest.grid.pixel_mm + 0.4)) ** 2)), np.float32)
