"""A seeded parametric chest CT with ground glass and consolidation of exactly known volume.

The oracle of the quantification and the patient of the demonstration: body, ribs, spine, heart, great
vessels, diaphragm, airways, two lungs with branching vessels, and opacities whose voxels are counted, not
measured.
"""

from __future__ import annotations

from groundglass.phantom.assemble import Phantom, make, truth_of
from groundglass.phantom.lesions import Course
from groundglass.phantom.pitfalls import Pitfalls
from groundglass.phantom.save import write_phantom
from groundglass.phantom.twice import MIXED, Twice, make_twice, write_twice

__all__ = [
    "MIXED",
    "Course",
    "Phantom",
    "Pitfalls",
    "Twice",
    "make",
    "make_twice",
    "truth_of",
    "write_phantom",
    "write_twice",
]
