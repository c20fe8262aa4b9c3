"""Whether a picture is a slice through the lungs at all: of any other one nothing is measured."""

from __future__ import annotations

from groundglass._core import Note
from groundglass.read.pictures import Grey

__all__ = ["chest_slice_notes"]


def chest_slice_notes(grey: Grey) -> list[Note]:
    """A warning ``not_a_chest_slice`` where `grey`, uint8 (row, column), does not look like one."""
    from groundglass.segmentation.stages import LEAST_CHEST_SLICE_PROBABILITY, chest_slice_probability

    if chest_slice_probability(grey) >= LEAST_CHEST_SLICE_PROBABILITY:
        return []
    text = (
        "This does not look like an axial CT slice through the lungs, so no percentage and no grade are "
        "given; what is marked in it may mean nothing."
    )
    return [Note("warning", "not_a_chest_slice", text)]
