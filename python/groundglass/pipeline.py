"""Stages joined by ``|``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from groundglass.html.stages import pipeline

__all__ = ["Pipeline"]


class Pipeline:
    """Several stages as one: ``Pipeline(a, b)(value) == b(a(value))``.

    Any callable of one argument can take part, so a lambda or a plotting function may stand between two
    stages. ``value | pipeline`` applies it, ``pipeline | stage`` makes it longer. A pipeline costs nothing
    but its stages. Raises ``TypeError`` for a stage that can't be called.
    """

    # Keeps numpy from taking ``array | pipeline`` for itself.
    __array_ufunc__ = None

    def __init__(self, *stages: Callable[[Any], Any]) -> None:
        flat: list[Callable[[Any], Any]] = []
        for stage in stages:
            if not callable(stage):
                raise TypeError(f"Pipeline: a stage must be callable, found {type(stage).__name__}")
            flat.extend(stage.stages if isinstance(stage, Pipeline) else (stage,))
        self.stages: tuple[Callable[[Any], Any], ...] = tuple(flat)

    def __call__(self, value: Any) -> Any:
        for stage in self.stages:
            value = stage(value)
        return value

    def __or__(self, other: Callable[[Any], Any]) -> Pipeline:
        return Pipeline(self, other) if callable(other) else NotImplemented

    def __ror__(self, value: Any) -> Any:
        return Pipeline(value, self) if callable(value) else self(value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Pipeline) and self.stages == other.stages

    __hash__ = None  # type: ignore[assignment]  # stages compare by value and are not hashable

    def __repr__(self) -> str:
        return f"Pipeline({', '.join(repr(stage) for stage in self.stages)})"

    def _repr_html_(self) -> str:
        return pipeline(self.stages)


def rebuild(cls: type, keywords: dict[str, Any]) -> Any:
    """Makes a compiled stage anew from its keywords; what its pickle calls."""
    return cls(**keywords)
