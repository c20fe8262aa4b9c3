"""What has become of every voxel of lung between two CTs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from groundglass.compare.registration import Registration, Scan, register
from groundglass.findings.changes import CHANGES, changed


@dataclass(frozen=True, eq=False)
class ChangeMap:
    """`labels` are uint8 in the grid of the first CT, None where the registration is refused; `volumes_ml`
    are those of :data:`CHANGES` at the breath of the first CT."""

    registration: Registration
    labels: npt.NDArray[np.uint8] | None
    volumes_ml: dict[str, float]


def change_map(first: Scan, second: Scan) -> ChangeMap:
    """The map of two CTs of one patient. Costs and errors are those of ``register``."""
    found = register(first, second)
    if found.refused is not None:
        return ChangeMap(found, None, {})
    inside = first.lungs > 0
    later = np.where(inside, found.warped(second.lesions, second, first), 0)
    before = np.where(inside, first.lesions, 0)
    labels = changed(before, later)
    return ChangeMap(found, labels, volumes_ml(labels, first.spacing_mm))


def volumes_ml(labels: npt.NDArray[np.uint8], spacing_mm: Sequence[float]) -> dict[str, float]:
    """How much has which label."""
    voxel_ml = float(np.prod([float(step) for step in spacing_mm])) / 1000
    counts = np.bincount(labels.ravel(), minlength=len(CHANGES) + 1)
    return {name: voxel_ml * int(counts[place]) for place, name in enumerate(CHANGES, 1)}
