"""Places, smooth random fields and small filters, in millimetres so that the voxel size changes nothing
else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from groundglass import _moved

Floats = NDArray[np.floating[Any]]
"""float32 throughout; the type says less because NumPy's own annotations lose it."""


def floats(values: Any) -> Floats:
    return np.asarray(values, dtype=np.float32)


@dataclass(frozen=True)
class FieldOfView:
    """The voxels' places: ``x`` to the patient's left, ``y`` to the back, ``z`` from the lowest slice to
    the head, mm."""

    shape: tuple[int, int, int]
    spacing_mm: tuple[float, float, float]

    @property
    def x(self) -> Floats:
        return self._axis(2, centred=True)

    @property
    def y(self) -> Floats:
        return self._axis(1, centred=True)

    @property
    def z(self) -> Floats:
        return self._axis(0, centred=False)

    @property
    def extent_mm(self) -> tuple[float, float, float]:
        slices, rows, columns = (n * s for n, s in zip(self.shape, self.spacing_mm, strict=True))
        return slices, rows, columns

    @property
    def pixel_mm(self) -> float:
        return float(np.sqrt(self.spacing_mm[1] * self.spacing_mm[2]))

    def _axis(self, axis: int, *, centred: bool) -> Floats:
        n, step = self.shape[axis], self.spacing_mm[axis]
        offset = (n - 1) / 2 if centred else -0.5
        return ((np.arange(n) - offset) * step).astype(np.float32)


class SmoothNoise:
    """A seeded random field of about zero mean and unit standard deviation, varying over ``scale_mm``.

    A cubic B-spline over a lattice of normal numbers (Perlin's lattice noise with a smoother kernel),
    evaluated slice by slice with four taps an axis: about 2 ms for 384 x 384.
    """

    def __init__(
        self, rng: np.random.Generator, grid: FieldOfView, scale_mm: float, scale_z_mm: float | None = None
    ) -> None:
        scales = (scale_z_mm or scale_mm, scale_mm, scale_mm)
        # The lattice covers a fixed box, not the grid, so that another voxel size meets the same field; a
        # fine one
        # repeats itself.
        lattice = tuple(
            min(int(np.ceil(box / scale)) + 4, _LARGEST_LATTICE)
            for box, scale in zip(_BOX_MM, scales, strict=True)
        )
        self._lattice = rng.standard_normal(lattice, dtype=np.float32)
        self._taps = [
            _taps((axis + shift) / scale, size)
            for axis, shift, scale, size in zip(
                (grid.z, grid.y, grid.x), (20.0, _BOX_MM[1] / 2, _BOX_MM[2] / 2), scales, lattice, strict=True
            )
        ]

    def __call__(self, index: int) -> Floats:
        """Slice ``index`` of the field, ``(row, column)``."""
        (zi, zw), (yi, yw), (xi, xw) = self._taps
        plane = np.einsum("j,jyx->yx", zw[:, index], self._lattice[zi[:, index]])
        rows = plane[yi[0]] * yw[0][:, None]
        for j in range(1, 4):
            rows += plane[yi[j]] * yw[j][:, None]
        turned = np.ascontiguousarray(rows.T)
        result = turned[xi[0]] * xw[0][:, None]
        for j in range(1, 4):
            result += turned[xi[j]] * xw[j][:, None]
        return floats(np.ascontiguousarray(result.T) * np.float32(_SPLINE_GAIN))


_BOX_MM = (520.0, 640.0, 640.0)
_LARGEST_LATTICE = 120
# A cubic B-spline's squared weights sum to 0.479 on average over an axis; this brings the field back to
# unit SD.
_SPLINE_GAIN = 0.479**-1.5


def _taps(position: Floats, size: int) -> tuple[NDArray[np.intp], Floats]:
    """Lattice indices and cubic B-spline weights, both ``(4, n)``, of positions in lattice steps."""
    base = np.floor(position)
    f = (position - base).astype(np.float32)
    weights = np.stack(
        [(1 - f) ** 3, 3 * f**3 - 6 * f**2 + 4, -3 * f**3 + 3 * f**2 + 3 * f + 1, f**3]
    ) / np.float32(6)
    indices = base.astype(np.intp)[None, :] + np.arange(4)[:, None]
    return np.mod(indices, size), weights.astype(np.float32)


def smoothstep(low: float, high: float, value: Floats | float) -> Floats:
    """0 below ``low``, 1 above ``high``, smooth between."""
    t = np.clip((np.asarray(value, dtype=np.float32) - low) / (high - low), 0, 1)
    return np.asarray(t * t * (3 - 2 * t), dtype=np.float32)


def gaussian_kernel(sigma: float) -> Floats:
    radius = max(1, int(np.ceil(3 * sigma)))
    taps = np.exp(-0.5 * (np.arange(-radius, radius + 1) / sigma) ** 2)
    return np.asarray(taps / taps.sum(), dtype=np.float32)


def blur(image: Floats, sigma: float) -> Floats:
    """Gaussian blur of a slice, ``sigma`` in pixels, edges repeated; below 0.25 pixels the slice comes
    back as it is."""
    if sigma < 0.25:
        return image
    kernel = gaussian_kernel(sigma)
    radius = len(kernel) // 2
    for axis in (0, 1):
        padded = np.pad(image, [(radius, radius) if a == axis else (0, 0) for a in (0, 1)], mode="edge")
        n = image.shape[axis]
        window = padded[:n] if axis == 0 else padded[:, :n]
        result = window * kernel[0]
        for j in range(1, len(kernel)):
            result += kernel[j] * (padded[j : j + n] if axis == 0 else padded[:, j : j + n])
        image = result
    return image


if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        return _moved.attribute(__name__, name)
