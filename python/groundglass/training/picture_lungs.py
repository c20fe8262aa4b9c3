"""The lungs in a picture of one slice, without a network: what the class "other lung" is learned from.

A picture has no Hounsfield units and is cropped to the chest, so the mask of whole studies does not apply.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from groundglass.read.decoders import need

BoolArray = npt.NDArray[np.bool_]

#: shares of the picture's area, or of its longer edge
SMALLEST_LUNG = 0.004
LARGEST_AIRWAY = 0.015
LARGEST_OUTSIDE = 0.05
CLOSING_RADIUS = 0.02
#: a component with more pixels on the picture's edge than this times the root of its area lies at the edge;
#: lungs that the crop cut are larger than the air beside the patient
BORDER_SHARE = 0.5


def slice_lungs(grey: npt.NDArray[np.uint8], infection: BoolArray | None = None) -> BoolArray:
    """Lungs, vessels and given infection included, of a lung-window picture (H, W).

    Dark regions by Otsu's threshold; those in a corner or small ones at the edge (outside air), specks and
    small central ones (trachea, oesophagus) are dropped; then closing, filling, opening. About 50 ms for
    512 x 512.
    """
    sitk = need("SimpleITK")

    height, width = grey.shape
    area = height * width
    otsu = sitk.OtsuThresholdImageFilter()
    otsu.SetInsideValue(1)
    otsu.SetOutsideValue(0)
    parts = sitk.ConnectedComponent(otsu.Execute(sitk.Median(sitk.GetImageFromArray(grey), [2, 2])))
    shapes = sitk.LabelShapeStatisticsImageFilter()
    shapes.Execute(parts)
    index = sitk.GetArrayFromImage(parts)
    corners = set(index[[0, 0, -1, -1], [0, -1, 0, -1]].tolist())
    kept = []
    for label in shapes.GetLabels():
        size = shapes.GetPhysicalSize(label)
        x, y = shapes.GetCentroid(label)
        central = abs(x / width - 0.5) < 1 / 6 and abs(y / height - 0.5) < 1 / 6
        at_edge = shapes.GetNumberOfPixelsOnBorder(label) > BORDER_SHARE * np.sqrt(size)
        outside = label in corners or (at_edge and size < LARGEST_OUTSIDE * area)
        if not (outside or size < SMALLEST_LUNG * area or (central and size < LARGEST_AIRWAY * area)):
            kept.append(label)
    mask = np.isin(index, kept)
    if infection is not None:
        mask |= infection
    radius = max(2, round(CLOSING_RADIUS * max(height, width)))
    padded = sitk.GetImageFromArray(np.pad(mask, radius + 1).astype(np.uint8))
    closed = sitk.BinaryFillhole(sitk.BinaryMorphologicalClosing(padded, [radius, radius]))
    opened = sitk.GetArrayFromImage(sitk.BinaryMorphologicalOpening(closed, [2, 2]))
    inside: BoolArray = opened[radius + 1 : -radius - 1, radius + 1 : -radius - 1] > 0
    return inside


def without_findings_outside(mask: npt.NDArray[np.uint8], lungs: BoolArray) -> npt.NDArray[np.uint8]:
    """A model-made mask (0..255) without the connected parts that touch no lung: ribs, table, clothes."""
    sitk = need("SimpleITK")

    parts = sitk.GetArrayFromImage(
        sitk.ConnectedComponent(sitk.GetImageFromArray((mask > 25).astype(np.uint8)))
    )
    touching = np.unique(parts[lungs])
    return np.where(np.isin(parts, touching[touching > 0]) | (parts == 0), mask, 0).astype(np.uint8)
