"""How much of these lungs is ground glass or consolidation, and how severe is that?

The flow is the one of the C++ library: a study becomes a :class:`CtVolume`, the lung mask makes it a
:class:`LungCt`, the segmentation a :class:`LesionCt`, the quantification an :class:`InvolvementTable`, the
severity a grade. Every step is a stage, and stages join with ``|``::

    import groundglass as gg
    from groundglass.segmentation import Ensemble

    table = gg.read_ct("study/") | gg.LungMask() | Ensemble() | gg.Involvement()
    print(table | gg.Scores())

or in one call, with everything a reader wants to check: ``gg.analyze("study/")``.

Importing this module never imports torch; :mod:`groundglass.segmentation` does.
"""

from __future__ import annotations

from . import phantom
from ._core import (
    CtVolume,
    Involvement,
    InvolvementTable,
    LesionCt,
    LungCt,
    LungMask,
    Note,
    RegionInvolvement,
    Scores,
    ScoreTable,
    SliceInvolvement,
    SliceProfile,
    Thresholds,
    __version__,
    assess_lungs,
    ct_grade_by_extent,
    with_lungs,
    zones_by_height,
)
from .analyze import analyze
from .errors import FormatError, ModelError
from .pipeline import Pipeline
from .read import Study, read_ct, read_labels, read_study
from .result import Result

__all__ = [
    "CtVolume",
    "FormatError",
    "Involvement",
    "InvolvementTable",
    "LesionCt",
    "LungCt",
    "LungMask",
    "ModelError",
    "Note",
    "Pipeline",
    "RegionInvolvement",
    "Result",
    "ScoreTable",
    "Scores",
    "SliceInvolvement",
    "SliceProfile",
    "Study",
    "Thresholds",
    "__version__",
    "analyze",
    "assess_lungs",
    "ct_grade_by_extent",
    "phantom",
    "read_ct",
    "read_labels",
    "read_study",
    "with_lungs",
    "zones_by_height",
]
