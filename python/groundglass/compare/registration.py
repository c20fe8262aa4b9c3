"""Where the tissue of a first CT lies in a second one of the same lungs, and how well that is known.

Rigid by mutual information, then diffeomorphic demons on the lungs alone: what lies outside them has one grey
value, and lesions have that of the lung around them, so that a breath is followed and a lesion that has come
or gone is not.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from groundglass._optional import load

#: Edge of the voxels that are registered, in mm.
STEP_MM = 3.0
#: Around the lungs of the first CT.
MARGIN_MM = 30.0
#: Lung's greys in HU: the range in which its vessels stand out; outside has the value of the upper end.
LOWEST_HU, HIGHEST_HU = -960.0, -450.0
#: By factors of voxels: coarse first.
LEVELS = ((4, 60), (2, 60), (1, 30))
#: How smooth the displacement is, in voxels.
SMOOTH = 1.5

#: Less than this and there is no map: overlap of the lungs, share of voxels that are not folded.
LEAST_DICE = 0.95
MOST_LANDMARK_ERROR_MM = 5.0
MOST_FOLDED = 0.001

#: Landmarks are looked for by blocks of these half widths, in voxels, over this distance.
BLOCK, SEARCH = 4, 4
MOST_LANDMARKS, APART_MM = 120, 12.0
LEAST_LIKENESS = 0.5

Volume = npt.NDArray[Any]


@dataclass(frozen=True, eq=False)
class Scan:
    """A CT with its masks, ``(slice, row, column)``, and its grid as ``CtVolume`` has it."""

    hounsfield: Volume
    lungs: npt.NDArray[np.uint8]
    lesions: npt.NDArray[np.uint8]
    spacing_mm: Sequence[float]
    origin_mm: Sequence[float]
    direction: Sequence[Sequence[float]]


@dataclass(frozen=True, eq=False)
class Registration:
    """Where the tissue of the first CT lies in the second, and how well that fits.

    `lung_dice` is the overlap of both lungs after it. `landmark_error_mm` is the median distance, over
    `landmarks` distinct places of the first lungs, at which the second CT shows the same place better still;
    `landmark_error_mm_p90` is that of nine in ten. `folded` is the share of lung where the map is no
    one-to-one map. `refused` says in one sentence why nothing should be made of it, None where it holds.
    """

    transform: Any
    lung_dice: float
    landmark_error_mm: float
    landmark_error_mm_p90: float
    landmarks: int
    folded: float

    @property
    def refused(self) -> str | None:
        if not self.lung_dice >= LEAST_DICE:
            return f"the lungs overlap by a Dice of {self.lung_dice:.3f}, less than {LEAST_DICE:g}"
        if self.landmarks == 0:
            return "no landmark of the lungs is found again"
        if not self.landmark_error_mm <= MOST_LANDMARK_ERROR_MM:
            return (
                f"half of {self.landmarks} landmarks are off by {self.landmark_error_mm:.1f} mm or more, "
                f"over {MOST_LANDMARK_ERROR_MM:g} mm"
            )
        if self.folded > MOST_FOLDED:
            return f"{100 * self.folded:.2f} % of the lung would be folded"
        return None

    def moved(self, points_mm: npt.NDArray[np.floating[Any]]) -> npt.NDArray[np.float64]:
        """Where points of the first CT, ``(n, 3)`` in LPS mm, lie in the second."""
        found = [self.transform.TransformPoint([float(c) for c in point]) for point in points_mm]
        return np.asarray(found, np.float64).reshape(-1, 3)

    def warped(self, labels: npt.NDArray[np.uint8], second: Scan, first: Scan) -> npt.NDArray[np.uint8]:
        """Labels of the second CT in the grid of the first, each voxel with the nearest label."""
        sitk = load("registration", "SimpleITK")
        moved = sitk.Resample(
            _image(labels, second), _image(first.lungs, first), self.transform, sitk.sitkNearestNeighbor, 0
        )
        result: npt.NDArray[np.uint8] = sitk.GetArrayFromImage(moved)
        return result


def register(first: Scan, second: Scan) -> Registration:
    """The registration of the second CT to the first.

    The lungs are taken as they are given. Raises :class:`ImportError` where SimpleITK is missing, ValueError
    for lungs without a voxel. Costs about 15 s on a core for lungs of 5 l, and 0.5 GB.
    """
    sitk = load("registration", "SimpleITK")
    if not (first.lungs.any() and second.lungs.any()):
        raise ValueError("register needs lungs in both CTs")
    fixed_grid = _grid_around(first)
    fixed, moving = _lung_image(first, fixed_grid), _lung_image(second, _grid_around(second))
    rigid = _rigid(fixed, moving)
    field = _demons(fixed, moving, rigid)
    # Sampled in the grid of the first lungs; beyond it tissue is taken to move as the rigid part says.
    folded = sitk.GetArrayFromImage(sitk.DisplacementFieldJacobianDeterminant(field)) <= 0
    deformed = sitk.DisplacementFieldTransform(sitk.Image(field))
    transform = sitk.CompositeTransform([rigid, deformed])

    inside = _resampled(first.lungs > 0, first, fixed) > 0.5
    carried = _resampled(second.lungs > 0, second, fixed, transform) > 0.5
    grey = sitk.Resample(moving, fixed, transform, sitk.sitkLinear, 0.0)
    errors = _landmark_errors(
        sitk.GetArrayFromImage(fixed), sitk.GetArrayFromImage(grey), inside & carried, fixed.GetSpacing()[0]
    )
    held, total = int(np.count_nonzero(inside)), int(np.count_nonzero(inside) + np.count_nonzero(carried))
    return Registration(
        transform,
        lung_dice=2 * float(np.count_nonzero(inside & carried)) / max(total, 1),
        landmark_error_mm=float(np.median(errors)) if len(errors) else math.nan,
        landmark_error_mm_p90=float(np.quantile(errors, 0.9)) if len(errors) else math.nan,
        landmarks=len(errors),
        folded=float(np.count_nonzero(folded & inside)) / max(held, 1),
    )


def _image(array: Volume, scan: Scan) -> Any:
    """An array in a scan's grid as SimpleITK has it: x first, a column of the matrix each axis."""
    sitk = load("registration", "SimpleITK")
    image = sitk.GetImageFromArray(array)
    image.SetSpacing([float(value) for value in reversed(scan.spacing_mm)])
    image.SetOrigin([float(value) for value in scan.origin_mm])
    axes = np.asarray(scan.direction, np.float64)  # a row each axis: slice, row, column
    image.SetDirection(axes[::-1].T.ravel().tolist())
    return image


def _grid_around(scan: Scan) -> Any:
    """An image of nothing with cubes of :data:`STEP_MM` around the lungs, along the CT's axes."""
    sitk = load("registration", "SimpleITK")
    whole = _image(scan.lungs, scan)
    held = [np.flatnonzero(scan.lungs.any(axis=axes)) for axes in ((0, 1), (0, 2), (1, 2))]  # x, y, z
    spacing: tuple[float, float, float] = whole.GetSpacing()
    low = [int(h[0]) - MARGIN_MM / s for h, s in zip(held, spacing, strict=True)]
    size = [
        max(8, math.ceil(((int(h[-1]) - lowest) * s + MARGIN_MM) / STEP_MM))
        for h, lowest, s in zip(held, low, spacing, strict=True)
    ]
    grid = sitk.Image(size, sitk.sitkUInt8)
    grid.SetSpacing([STEP_MM] * 3)
    grid.SetOrigin(whole.TransformContinuousIndexToPhysicalPoint(low))
    grid.SetDirection(whole.GetDirection())
    return grid


def _resampled(mask: Volume, scan: Scan, grid: Any, transform: Any = None) -> npt.NDArray[np.float32]:
    """How much of each voxel of the grid a mask holds."""
    sitk = load("registration", "SimpleITK")
    moved = transform if transform is not None else sitk.Transform()
    image = sitk.Resample(_image(mask.astype(np.float32), scan), grid, moved, sitk.sitkLinear, 0.0)
    result: npt.NDArray[np.float32] = sitk.GetArrayFromImage(image)
    return result


def _lung_image(scan: Scan, grid: Any) -> Any:
    """The lungs' greys, 0..1, on the grid: outside 1, lesions as the lung's median."""
    sitk = load("registration", "SimpleITK")
    grey = np.clip(scan.hounsfield.astype(np.float32), LOWEST_HU, HIGHEST_HU)
    healthy = (scan.lungs > 0) & (scan.lesions == 0)
    grey[(scan.lungs > 0) & ~healthy] = np.median(grey[healthy]) if healthy.any() else LOWEST_HU
    # The same parenchyma at another breath has other HU: its median is where both begin.
    middle = float(np.median(grey[healthy])) if healthy.any() else LOWEST_HU
    grey = np.clip((grey - middle) / (HIGHEST_HU - LOWEST_HU), -0.1, 1.0) * 0.7
    grey[scan.lungs == 0] = 1.0
    smooth = sitk.SmoothingRecursiveGaussian(_image(grey, scan), 0.4 * STEP_MM)
    return sitk.Resample(smooth, grid, sitk.Transform(), sitk.sitkLinear, 1.0)


def _rigid(fixed: Any, moving: Any) -> Any:
    """Turned and shifted by Mattes' mutual information, from the places of the two boxes."""
    sitk = load("registration", "SimpleITK")
    start = sitk.CenteredTransformInitializer(
        fixed, moving, sitk.Euler3DTransform(), sitk.CenteredTransformInitializerFilter.GEOMETRY
    )
    method = sitk.ImageRegistrationMethod()
    method.SetMetricAsMattesMutualInformation(32)
    method.SetMetricSamplingStrategy(method.REGULAR)
    method.SetMetricSamplingPercentage(0.2)
    method.SetInterpolator(sitk.sitkLinear)
    method.SetOptimizerAsRegularStepGradientDescent(1.0, 1e-3, 60)
    method.SetOptimizerScalesFromPhysicalShift()
    method.SetShrinkFactorsPerLevel([4, 2])
    method.SetSmoothingSigmasPerLevel([2, 1])
    method.SetInitialTransform(start, inPlace=False)
    return method.Execute(fixed, moving)


def _demons(fixed: Any, moving: Any, rigid: Any) -> Any:
    """The displacement in mm that is left after the rigid part, on the grid of `fixed`."""
    sitk = load("registration", "SimpleITK")
    placed = sitk.Resample(moving, fixed, rigid, sitk.sitkLinear, 1.0)
    field = None
    for shrink, steps in LEVELS:
        small = [_shrunk(image, shrink) for image in (fixed, placed)]
        if field is None:
            field = sitk.Image(small[0].GetSize(), sitk.sitkVectorFloat64, 3)
            field.CopyInformation(small[0])
        else:
            field = sitk.Resample(field, small[0], sitk.Transform(), sitk.sitkLinear)
        demons = sitk.DiffeomorphicDemonsRegistrationFilter()
        demons.SetNumberOfIterations(steps)
        demons.SetSmoothDisplacementField(True)
        demons.SetStandardDeviations(SMOOTH)
        field = demons.Execute(small[0], small[1], field)
    return sitk.Cast(field, sitk.sitkVectorFloat64)


def _shrunk(image: Any, factor: int) -> Any:
    sitk = load("registration", "SimpleITK")
    if factor == 1:
        return image
    smooth = sitk.SmoothingRecursiveGaussian(image, 0.5 * factor * STEP_MM)
    return sitk.Shrink(smooth, [factor] * 3)


def _landmark_errors(
    first: Volume, second: Volume, inside: npt.NDArray[np.bool_], step_mm: float
) -> npt.NDArray[np.float64]:
    """How far from each landmark of the first the same place of the second lies, by block matching, in mm."""
    errors = []
    reach = BLOCK + SEARCH
    for k, j, i in _landmarks(first, inside, reach, step_mm):
        block = _standard(
            first[k - BLOCK : k + BLOCK + 1, j - BLOCK : j + BLOCK + 1, i - BLOCK : i + BLOCK + 1]
        )
        around = second[k - reach : k + reach + 1, j - reach : j + reach + 1, i - reach : i + reach + 1]
        windows = np.lib.stride_tricks.sliding_window_view(around, block.shape)
        flat = windows.reshape(-1, block.size)
        flat = flat - flat.mean(axis=1, keepdims=True)
        norm = np.sqrt((flat**2).sum(axis=1))
        likeness = (flat @ block.ravel()) / np.maximum(norm, 1e-6)
        best = int(likeness.argmax())
        if likeness[best] >= LEAST_LIKENESS:
            offset = _peak(likeness.reshape(windows.shape[:3])) - SEARCH
            errors.append(step_mm * float(np.linalg.norm(offset)))
    return np.asarray(errors, np.float64)


def _peak(likeness: Volume) -> npt.NDArray[np.float64]:
    """The place of the highest value, between voxels by a parabola along each axis."""
    best = np.unravel_index(int(likeness.argmax()), likeness.shape)
    place = np.array(best, np.float64)
    for axis, size in enumerate(likeness.shape):
        if 0 < best[axis] < size - 1:
            low, high = (
                likeness[tuple(b + step * (a == axis) for a, b in enumerate(best))] for step in (-1, 1)
            )
            bend = low - 2 * likeness[best] + high
            place[axis] += 0.5 * (low - high) / bend if bend < 0 else 0.0
    return place


def _standard(block: Volume) -> Volume:
    centred = block - block.mean()
    result: Volume = centred / max(float(np.sqrt((centred**2).sum())), 1e-6)
    return result


def _landmarks(
    image: Volume, inside: npt.NDArray[np.bool_], reach: int, step_mm: float
) -> list[tuple[int, int, int]]:
    """Places inside the lungs that vary most in all directions, the most distinct first, some way apart."""
    gradients = np.gradient(image.astype(np.float32))
    tensor = np.empty((*image.shape, 3, 3), np.float32)
    for a in range(3):
        for b in range(a + 1):
            tensor[..., a, b] = tensor[..., b, a] = _boxed(gradients[a] * gradients[b])
    core = inside.copy()
    for axis in range(3):  # away from the border, which the overlap of the lungs is about
        for shift in (-2, -1, 1, 2):
            core &= np.roll(inside, shift, axis)
    for axis, size in enumerate(image.shape):
        edge = np.arange(size)
        shape = [-1 if a == axis else 1 for a in range(3)]
        core &= ((edge >= reach) & (edge < size - reach)).reshape(shape)
    places = np.argwhere(core)
    if not len(places):
        return []
    weakest = np.linalg.eigvalsh(tensor[core])[:, 0]
    chosen: list[npt.NDArray[np.intp]] = []
    for place in places[np.argsort(-weakest)]:
        if all(np.linalg.norm(place - other) * step_mm >= APART_MM for other in chosen):
            chosen.append(place)
            if len(chosen) == MOST_LANDMARKS:
                break
    return [(int(k), int(j), int(i)) for k, j, i in chosen]


def _boxed(values: Volume) -> Volume:
    """The mean over 3 voxels each way."""
    for axis in range(3):
        values = (np.roll(values, 1, axis) + values + np.roll(values, -1, axis)) / 3
    return values
