"""How much of these lungs is ground glass or consolidation, and how severe is that?

The flow is the one of the C++ library: a study becomes a :class:`CtVolume`, its lungs make it a
:class:`LungCt`, the segmentation a :class:`LesionCt`, the quantification an :class:`InvolvementTable`, the
severity a grade. Every step is a stage, and stages join with ``|``::

    import groundglass as gg
    from groundglass.segmentation import Ensemble, Lungs

    table = gg.read_ct("study/") | Lungs() | Ensemble() | gg.Involvement()
    print(table | gg.Scores())

or in one call, with everything a reader wants to check: ``gg.analyze("study/")``.

Importing this module never imports torch; asking :mod:`groundglass.segmentation` for a stage loads LibTorch.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from groundglass import _moved, evaluation, phantom, plotting, report, statistics
from groundglass._core import (
    Aeration,
    AerationMeasures,
    AerationTable,
    CtVolume,
    GradeProbabilities,
    IntervalRow,
    IntervalTable,
    Involvement,
    InvolvementChange,
    InvolvementMeasures,
    InvolvementTable,
    InvolvementUncertainty,
    LesionCt,
    LesionUncertainty,
    Lobes,
    LungCt,
    LungMask,
    Note,
    QuantileCurve,
    RegionAeration,
    RegionInvolvement,
    RegionUncertainty,
    SavitzkyGolay,
    Scores,
    ScoreTable,
    SliceInvolvement,
    SliceProfile,
    ThresholdBootstrap,
    ThresholdFit,
    Thresholds,
    UncertaintyTable,
    __version__,
    assess_lungs,
    change_between,
    compare_lungs,
    ct_grade_by_extent,
    ct_grade_by_pattern,
    ct_grade_cuts,
    extent_conventions,
    extent_score,
    grade_probability,
    involvement_and_aeration,
    involvement_by_label,
    with_lobes,
    with_lungs,
    with_segments,
    zones_by_height,
)
from groundglass.analyze import analyze
from groundglass.cohort.severity_model import SeverityModel, fit_severity
from groundglass.compare import Comparison, compare
from groundglass.errors import FormatError, ModelError
from groundglass.pipeline import Pipeline
from groundglass.read import Study, read_ct, read_labels, read_study
from groundglass.result import Result
from groundglass.segmentation.lung_choice import find_lungs
from groundglass.statistics import (
    PercentWarning,
    binomial_bounds,
    bootstrap_thresholds,
    fit_thresholds,
    interval_table,
    isotonic_regression,
)
from groundglass.widget import repr_html, view

_moved.install()
repr_html.attach()
# Silent until a program sets a handler up; groundglass.logs does.
logging.getLogger(__name__).addHandler(logging.NullHandler())

if not TYPE_CHECKING:  # for a type checker, what is not there is an error

    def __getattr__(name: str) -> Any:
        return _moved.attribute(__name__, name)


__all__ = [
    "Aeration",
    "AerationMeasures",
    "AerationTable",
    "Comparison",
    "CtVolume",
    "FormatError",
    "GradeProbabilities",
    "IntervalRow",
    "IntervalTable",
    "Involvement",
    "InvolvementChange",
    "InvolvementMeasures",
    "InvolvementTable",
    "InvolvementUncertainty",
    "LesionCt",
    "LesionUncertainty",
    "Lobes",
    "LungCt",
    "LungMask",
    "ModelError",
    "Note",
    "PercentWarning",
    "Pipeline",
    "QuantileCurve",
    "RegionAeration",
    "RegionInvolvement",
    "RegionUncertainty",
    "Result",
    "SavitzkyGolay",
    "ScoreTable",
    "Scores",
    "SeverityModel",
    "SliceInvolvement",
    "SliceProfile",
    "Study",
    "ThresholdBootstrap",
    "ThresholdFit",
    "Thresholds",
    "UncertaintyTable",
    "__version__",
    "analyze",
    "assess_lungs",
    "binomial_bounds",
    "bootstrap_thresholds",
    "change_between",
    "compare",
    "compare_lungs",
    "ct_grade_by_extent",
    "ct_grade_by_pattern",
    "ct_grade_cuts",
    "evaluation",
    "extent_conventions",
    "extent_score",
    "find_lungs",
    "fit_severity",
    "fit_thresholds",
    "grade_probability",
    "interval_table",
    "involvement_and_aeration",
    "involvement_by_label",
    "isotonic_regression",
    "phantom",
    "plotting",
    "read_ct",
    "read_labels",
    "read_study",
    "report",
    "statistics",
    "view",
    "with_lobes",
    "with_lungs",
    "with_segments",
    "zones_by_height",
]
