"""What a pair of masks holds, counted."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

SIDES = {"both": (1, 2), "left": (1,), "right": (2,)}
ZONES = ("lower", "middle", "upper")


def zone_of_slices(lungs: NDArray[np.uint8]) -> NDArray[np.intp]:
    """For each slice 0 lower, 1 middle, 2 upper third between the lowest and the highest slice with lung,
    -1 outside.

    The middle of a slice decides, as in ``gg.Involvement``.
    """
    held = np.flatnonzero(lungs.any(axis=(1, 2)))
    zones = np.full(len(lungs), -1, np.intp)
    if len(held):
        first, count = held[0], held[-1] - held[0] + 1
        zones[first : first + count] = 3 * (2 * np.arange(count) + 1) // (2 * count)
    return zones


def truth_table(
    lungs: NDArray[np.uint8], lesions: NDArray[np.uint8], spacing_mm: tuple[float, float, float]
) -> dict[str, Any]:
    """Voxels, ml and percent of ground glass, consolidation and both, in the regions of
    ``gg.Involvement``."""
    voxel_ml = float(np.prod(spacing_mm)) / 1000.0
    zones = zone_of_slices(lungs)
    counts = np.zeros((3, 3, 3), np.int64)  # zone, lung label, lesion label
    for index in range(len(lungs)):
        if zones[index] >= 0:
            pairs = lungs[index].astype(np.intp) * 3 + lesions[index]
            counts[zones[index]] += np.bincount(pairs.ravel(), minlength=9).reshape(3, 3)
    regions = {}
    for side, labels in SIDES.items():
        name = "both lungs" if side == "both" else f"{side} lung"
        regions[name] = _region(counts[:, labels].sum(axis=(0, 1)), voxel_ml)
    for side in ("left", "right"):
        for zone in reversed(range(3)):
            regions[f"{side} {ZONES[zone]} third"] = _region(counts[zone, SIDES[side]].sum(axis=0), voxel_ml)
    return {"voxel_ml": voxel_ml, "regions": regions}


def _region(counts: NDArray[np.int64], voxel_ml: float) -> dict[str, float | int | None]:
    lung, hazy, dense = int(counts.sum()), int(counts[1]), int(counts[2])

    def percent(voxels: int) -> float | None:
        return 100.0 * voxels / lung if lung else None

    return {
        "lung_voxels": lung,
        "ground_glass_voxels": hazy,
        "consolidation_voxels": dense,
        "opacity_voxels": hazy + dense,
        "lung_ml": lung * voxel_ml,
        "ground_glass_ml": hazy * voxel_ml,
        "consolidation_ml": dense * voxel_ml,
        "opacity_ml": (hazy + dense) * voxel_ml,
        "ground_glass_percent": percent(hazy),
        "consolidation_percent": percent(dense),
        "opacity_percent": percent(hazy + dense),
        "high_opacity_percent": percent(dense),
    }
