"""One word for how much time a study's lesions are worth. Torch-free."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from groundglass._core import preset_settings

#: One network; both; both over four flips.
Preset = Literal["fast", "standard", "best"]
STANDARD: Preset = "standard"

#: A bundled model's name, a model file, or several of either.
Model = str | Path | Sequence[str | Path]


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """Which networks look at a study, how often, and at which size: what a preset or a user says."""

    model: Model | None
    views: int = 1
    long_edge: int = 0
    preset: Preset | None = None


def choose(preset: Preset | None, model: Model | None, views: int | None, *, compatible: bool) -> Chosen:
    """What `preset` stands for, the standard one where nothing is said, with `views` in place of its own.

    A model of the user's own, and what was published, are run as they are. Raises ValueError for another
    preset, and for one beside `model` or `compatible`.
    """
    if preset is not None and preset not in get_args(Preset):
        known = ", ".join(repr(name) for name in get_args(Preset))
        raise ValueError(f"preset must be one of {known}, not {preset!r}")
    if model is not None or compatible:
        if preset is not None:
            other = "model" if model is not None else "compatible"
            raise ValueError(f"preset and {other} exclude each other: a preset names its networks")
        return Chosen(model=model, views=1 if views is None else views)
    name = preset or STANDARD
    settings = preset_settings(name)
    return Chosen(
        model=settings["models"],
        views=settings["views"] if views is None else views,
        long_edge=settings["long_edge"],
        preset=name,
    )
