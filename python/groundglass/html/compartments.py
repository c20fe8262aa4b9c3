"""The compartments of aeration in words."""

from __future__ import annotations

from collections.abc import Sequence

from groundglass.html.words import number

#: What columns call a compartment, and what readers do, from air to tissue.
COMPARTMENTS = {
    "hyperinflated": "Hyperinflated",
    "normally_aerated": "Normally aerated",
    "poorly_aerated": "Poorly aerated",
    "non_aerated": "Non-aerated",
    "denser": "Denser",
}


def ranges(bands_hu: Sequence[int]) -> list[str]:
    """The whole HU that each compartment holds: ``below −900``, ``−900 to −501``, … ``above 100``."""
    *edges, last = (number(edge, 0) for edge in bands_hu)
    ends = [*(number(edge - 1, 0) for edge in bands_hu[1:-1]), last]
    between = [f"{start} to {end}" for start, end in zip(edges, ends, strict=True)]
    return [f"below {edges[0]}", *between, f"above {last}"]
