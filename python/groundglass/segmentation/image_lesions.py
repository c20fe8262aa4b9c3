"""What is found in one picture of a slice: labels, probabilities, and how much of its lungs they take up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from groundglass._core import Scores, ct_grade_by_extent
from groundglass.findings.layers import CONSOLIDATION, GROUND_GLASS, LUNG, with_lung
from groundglass.read.pictures import Grey

#: The label value of lung without a lesion, where it is asked for.
OTHER_LUNG = LUNG.label


class ImageLesions(NamedTuple):
    """What a stage finds in one image of (height, width), which has no lung mask.

    `labels`: uint8 (height, width), 0 none, 1 ground glass, 2 consolidation. `probabilities`: float32
    (2, height, width), of the two. `lungs`: uint8 (height, width), 1 where lung, lesions included, is more
    likely than not and, but as published, not beside the patient; None where a network of the stage has no
    class for it. Where they are known, lesions lie in them.
    """

    labels: npt.NDArray[np.uint8]
    probabilities: npt.NDArray[np.float32]
    lungs: npt.NDArray[np.uint8] | None


@dataclass(frozen=True, kw_only=True)
class SliceExtent:
    """Areas of one picture in pixels, and what share of its lungs they are.

    `lung_pixels`, lesions included, is None where the networks don't tell. Percentages are of it, None
    without lung.
    """

    ground_glass_pixels: int
    consolidation_pixels: int
    lung_pixels: int | None

    @classmethod
    def of(cls, labels: Grey, lungs: Grey | None) -> SliceExtent:
        """Counts `labels`, 1 ground glass and 2 consolidation, and `lungs`, 1 inside; uint8 (row, column)."""
        return cls(
            ground_glass_pixels=int(np.count_nonzero(labels == GROUND_GLASS.label)),
            consolidation_pixels=int(np.count_nonzero(labels == CONSOLIDATION.label)),
            lung_pixels=None if lungs is None else int(np.count_nonzero(lungs)),
        )

    @property
    def ground_glass_percent(self) -> float | None:
        return self._percent(self.ground_glass_pixels)

    @property
    def consolidation_percent(self) -> float | None:
        return self._percent(self.consolidation_pixels)

    @property
    def opacity_percent(self) -> float | None:
        """Of ground glass and consolidation together."""
        return self._percent(self.ground_glass_pixels + self.consolidation_pixels)

    @property
    def ct_grade(self) -> str | None:
        """CT-0 to CT-4 by the extent in this one picture, which says little of the whole lungs."""
        opacity = self.opacity_percent
        if opacity is None:
            return None
        return str(ct_grade_by_extent(opacity / 100, absent_below=Scores().absent_below))

    def _percent(self, pixels: int) -> float | None:
        return 100 * pixels / self.lung_pixels if self.lung_pixels else None

    def to_dict(self) -> dict[str, Any]:
        """Plain types for JSON."""
        derived = ("ground_glass_percent", "consolidation_percent", "opacity_percent", "ct_grade")
        return vars(self) | {name: getattr(self, name) for name in derived}


def with_other_lung(found: ImageLesions) -> Grey:
    """0, 1 ground glass, 2 consolidation, :data:`OTHER_LUNG`; uint8 (row, column).

    Raises ValueError where the networks don't tell the lungs.
    """
    if found.lungs is None:
        raise ValueError("this model has no class for lung; leave lungs out, or take a model that has one")
    return with_lung(found.labels, found.lungs)
