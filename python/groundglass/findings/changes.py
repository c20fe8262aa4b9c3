"""What may become of a voxel of lung between two times."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

#: The labels of a change map from 1: what is opaque only later, only before, at both times the same, and what
#: has turned from ground glass to consolidation and back.
CHANGES = ("new", "resolved", "persistent", "denser", "lighter")
_KINDS = np.array([[0, 1, 1], [2, 3, 4], [2, 5, 3]], np.uint8)  # by label before and after


def changed(before: npt.NDArray[np.uint8], later: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """The label of :data:`CHANGES` from 1, 0 for no lesion, by lesion labels in one grid."""
    labels: npt.NDArray[np.uint8] = _KINDS[before, later]
    return labels
