"""The grid that a volume had in its file, and the way back to it.

The library holds every volume axial, from feet to head. What is written for a NIfTI, NRRD or MetaImage file
goes back to the axes that the file has, so that it lies over the file voxel by voxel.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["Grid"]

Vector = tuple[float, float, float]


@dataclass(frozen=True, kw_only=True)
class Grid:
    """Where voxels lie: axes in the order of an array, which are those of the file from the slowest to the
    fastest.

    `spacing_mm` and `direction`, unit vectors in LPS, follow the axes; `origin_mm` is the LPS position
    (x, y, z) of the first voxel.
    """

    shape: tuple[int, int, int]
    spacing_mm: Vector
    origin_mm: Vector
    direction: tuple[Vector, Vector, Vector]

    def from_axial(self, array: npt.NDArray[Any], direction: Sequence[Sequence[float]]) -> npt.NDArray[Any]:
        """An array of the axial volume, whose axes have `direction`, with the axes of this grid.

        A view: axes are swapped and reversed, no value is interpolated. Raises :class:`ValueError` where the
        two are not the same voxels.
        """
        cosines = np.asarray(self.direction) @ np.asarray(direction).T
        axes = [int(axis) for axis in np.abs(cosines).argmax(axis=1)]
        if sorted(axes) != [0, 1, 2] or tuple(array.shape[axis] for axis in axes) != self.shape:
            raise ValueError(
                f"an array of {array.shape} is not the grid of {self.shape} voxels with its axes turned"
            )
        turned = array.transpose(axes)
        return turned[
            tuple(slice(None, None, -1 if cosines[i, axis] < 0 else 1) for i, axis in enumerate(axes))
        ]
