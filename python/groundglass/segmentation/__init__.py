"""Lungs, ground glass and consolidation by trained networks: the stages before involvement.

Importing this package loads nothing. Asking it for a stage, :class:`Lungs`, :class:`Ensemble` or
:class:`InfNet`, loads LibTorch, the C++ library inside the installed torch, but not the Python package torch
itself, which would take several times as long. LibTorch's minor version must be the one groundglass was built
with; otherwise the ImportError says which was built, which was found, and the command that mends it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from groundglass.segmentation.stages import (
        Cancelled,
        Ensemble,
        InfNet,
        Lungs,
        chest_slice_probability,
        measure_likeness,
        try_model,
    )

__all__ = [
    "Cancelled",
    "Ensemble",
    "InfNet",
    "Lungs",
    "chest_slice_probability",
    "measure_likeness",
    "try_model",
]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from groundglass.segmentation import stages

    return getattr(stages, name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
