"""How much of these lungs is ground glass or consolidation, and how severe is that?

The flow is the one of the C++ library: a study becomes a :class:`CtVolume`, its lungs make it a
:class:`LungCt`, the segmentation a :class:`LesionCt`, the quantification an :class:`InvolvementTable`, the
severity a grade. Every step is a stage, and stages join with ``|``::

    import groundglass as gg
    from groundglass.segmentation import Ensemble, Lungs

    table = gg.read_ct("study/") | Lungs() | Ensemble() | gg.Involvement()
    print(table | gg.Scores())

or in one call, with everything a reader wants to check: ``gg.analyze("study/")``.

Importing this module imports nothing else: each name is looked for when it is first asked for. torch is never
imported; asking :mod:`groundglass.segmentation` for a stage loads LibTorch.
"""

from __future__ import annotations

import importlib
import logging
import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

from groundglass import _moved, _optional
from groundglass.html import notebook

if TYPE_CHECKING:  # what is not here is an error for a type checker
    from groundglass import evaluation, phantom, plotting, report, statistics
    from groundglass._core import (
        Aeration,
        AerationMeasures,
        AerationTable,
        CtVolume,
        DependentDensity,
        DependentMeasures,
        DependentTable,
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
        RegionDependent,
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
    from groundglass.widget import view

#: Where the names are that are neither modules nor compiled.
_PLACES = {
    "Comparison": "compare",
    "FormatError": "errors",
    "ModelError": "errors",
    "PercentWarning": "statistics",
    "Pipeline": "pipeline",
    "Result": "result",
    "SeverityModel": "cohort.severity_model",
    "Study": "read",
    "analyze": "analyze",
    "binomial_bounds": "statistics",
    "bootstrap_thresholds": "statistics",
    "compare": "compare",
    "find_lungs": "segmentation.lung_choice",
    "fit_severity": "cohort.severity_model",
    "fit_thresholds": "statistics",
    "interval_table": "statistics",
    "isotonic_regression": "statistics",
    "read_ct": "read",
    "read_labels": "read",
    "read_study": "read",
    "view": "widget",
}
_MODULES = ("evaluation", "phantom", "plotting", "report", "statistics")


class _Face(ModuleType):
    """The package, which keeps a function where the module that defines it has the same name."""

    def __setattr__(self, name: str, value: object) -> None:
        if not (name in ("analyze", "compare") and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


def _imported(module: str) -> ModuleType:
    try:
        return importlib.import_module(f"{__name__}.{module}")
    except ImportError as error:
        if _optional.found_no_room(error):
            raise _optional.not_imported(error, "") from error
        raise


def _found(name: str) -> Any:
    if name in _MODULES:
        return _imported(name)
    if name in _PLACES:
        return getattr(_imported(_PLACES[name]), name)
    if name in __all__:
        return getattr(_imported("_core"), name)
    return _moved.attribute(__name__, name)


if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        found = _found(name)
        if name in __all__:
            globals()[name] = found
        return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


sys.modules[__name__].__class__ = _Face
_moved.install()
notebook.drawn_by(f"{__name__}.widget.repr_html")
# Silent until a program sets a handler up; groundglass.logs does.
logging.getLogger(__name__).addHandler(logging.NullHandler())

__all__ = [
    "Aeration",
    "AerationMeasures",
    "AerationTable",
    "Comparison",
    "CtVolume",
    "DependentDensity",
    "DependentMeasures",
    "DependentTable",
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
    "RegionDependent",
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
