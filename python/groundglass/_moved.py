"""Modules and names that have another place now: the old one gives the same thing, and says where it is."""

from __future__ import annotations

import importlib
import sys
import warnings
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

#: Modules by their old name.
MOVED = {
    "groundglass.grid": "groundglass.read.grid",
    "groundglass.image_lesions": "groundglass.segmentation.image_lesions",
    "groundglass.report.markup": "groundglass.html.markup",
    "groundglass.report.words": "groundglass.html.words",
    "groundglass.severity_model": "groundglass.cohort.severity_model",
    "groundglass.threshold_surface": "groundglass.statistics.threshold_surface",
}

#: Names of modules that stayed.
RENAMED = {
    "groundglass.phantom.fields.Grid": "groundglass.phantom.fields.FieldOfView",
    **{
        f"groundglass.training.lungs.{name}": f"groundglass.training.picture_lungs.{name}"
        for name in (
            "BORDER_SHARE",
            "BoolArray",
            "CLOSING_RADIUS",
            "LARGEST_AIRWAY",
            "LARGEST_OUTSIDE",
            "SMALLEST_LUNG",
            "slice_lungs",
            "without_findings_outside",
        )
    },
    "groundglass.training.pipeline.Pipeline": "groundglass.training.pipeline.Training",
    "groundglass.training.pipeline.PipelineOptions": "groundglass.training.pipeline.TrainingOptions",
    "groundglass.training.pipeline.core_count": "groundglass._run.core_count",
    "groundglass.web.worker.Stopped": "groundglass.errors.Cancelled",
    "groundglass.widget.content.Grid": "groundglass.widget.content.Excerpt",
    "groundglass.widget.content.grid": "groundglass.widget.content.excerpt",
}


class Finder:
    """Finds the modules of :data:`MOVED`. The last to be asked, it costs nothing where a module is found."""

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """None for any other module."""
        # A loader by its methods: the abstract class takes longer to import than all of this.
        return ModuleSpec(name, self) if name in MOVED else None  # type: ignore[arg-type]

    def create_module(self, spec: ModuleSpec) -> None:
        """None: an ordinary module will do."""

    def exec_module(self, module: ModuleType) -> None:
        """Puts the module itself where its old name is looked for."""
        old, new = module.__name__, MOVED[module.__name__]
        warnings.warn(f"{old} is {new} now", DeprecationWarning, stacklevel=2)
        sys.modules[old] = importlib.import_module(new)


def install() -> None:
    """From now on the old names are found."""
    if not any(isinstance(finder, Finder) for finder in sys.meta_path):
        sys.meta_path.append(Finder())


def attribute(module: str, name: str) -> Any:
    """What `name` was in a module, for its ``__getattr__``. Raises AttributeError where it was nothing."""
    old = f"{module}.{name}"
    if old in MOVED:
        return importlib.import_module(old)
    if old not in RENAMED:
        raise AttributeError(f"module {module!r} has no attribute {name!r}")
    warnings.warn(f"{old} is {RENAMED[old]} now", DeprecationWarning, stacklevel=3)
    place, _, new = RENAMED[old].rpartition(".")
    return getattr(importlib.import_module(place), new)
