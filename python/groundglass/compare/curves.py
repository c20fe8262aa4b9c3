"""A measure over time with its interval, as inline SVG."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from groundglass.html.markup import Markup, el
from groundglass.html.words import number

if TYPE_CHECKING:
    from groundglass.compare.changes import Changes

WIDTH, HEIGHT = 340, 190
LEFT, RIGHT, TOP, BOTTOM = 48, 14, 12, 44


def curve(found: Changes, measure: str, title: str, unit: str) -> Markup:
    """The measure of both lungs at all moments, a whisker for each interval; by days where all are known,
    else one after the other."""
    rows = [moment.both for moment in found.moments]
    values = [_number(row[measure]) for row in rows]
    lower = [_number(row.get(f"{measure}_lower")) for row in rows]
    upper = [_number(row.get(f"{measure}_upper")) for row in rows]
    days = [day for day in found.days if day is not None]
    by_days = len(days) == len(values) and all(b > a for a, b in pairwise(days))
    times = days if by_days else [float(place) for place in range(len(values))]
    most = _round_up(max(v for v in (*values, *upper, 0.0) if not math.isnan(v)))

    def x(time: float) -> float:
        return LEFT + 16 + (WIDTH - LEFT - RIGHT - 32) * (time - times[0]) / ((times[-1] - times[0]) or 1)

    def y(value: float) -> float:
        return TOP + (HEIGHT - TOP - BOTTOM) * (1 - value / most)

    ticks = [most * part / 4 for part in range(5)]
    grid = [el("path", d=f"M{LEFT} {y(at):.1f}H{WIDTH - RIGHT}", class_="grid") for at in ticks[1:]]
    labels = [el("text", f"{at:g}", x=LEFT - 6, y=f"{y(at) + 4:.1f}", text_anchor="end") for at in ticks[::2]]
    line = "M" + "L".join(
        f"{x(t):.1f} {y(v):.1f}" for t, v in zip(times, values, strict=True) if not math.isnan(v)
    )
    whiskers = [
        el("path", d=f"M{x(t):.1f} {y(low):.1f}V{y(high):.1f}", class_="whisker")
        for t, low, high in zip(times, lower, upper, strict=True)
        if not (math.isnan(low) or math.isnan(high))
    ]
    dots = [
        el("circle", cx=f"{x(t):.1f}", cy=f"{y(v):.1f}", r=4, class_="dot")
        for t, v in zip(times, values, strict=True)
        if not math.isnan(v)
    ]
    return el(
        "figure",
        el(
            "svg",
            grid,
            el("path", d=f"M{LEFT} {TOP}V{HEIGHT - BOTTOM}H{WIDTH - RIGHT}", class_="axis"),
            labels,
            _times([x(time) for time in times], times, by_days),
            el("path", d=line, class_="line"),
            whiskers,
            dots,
            viewBox=f"0 0 {WIDTH} {HEIGHT}",
            role="img",
            aria_label=f"{title}: " + ", ".join(f"{number(value)} {unit}" for value in values),
            class_="curve",
        ),
        el("figcaption", f"{title}, {unit}"),
    )


def _times(places: Sequence[float], times: Sequence[float], by_days: bool) -> list[Markup]:
    caption = "days after the baseline" if by_days else "moments, in the order given"
    y = HEIGHT - BOTTOM + 16
    shown = [
        el("text", f"{time:g}" if by_days else f"{time + 1:g}", x=f"{place:.1f}", y=y, text_anchor="middle")
        for place, time in zip(places, times, strict=True)
    ]
    middle = (LEFT + WIDTH - RIGHT) / 2
    return [*shown, el("text", caption, x=f"{middle:.1f}", y=y + 18, text_anchor="middle")]


def _number(value: float | None) -> float:
    return math.nan if value is None else float(value)


def _round_up(value: float) -> float:
    """A round number above, that four parts divide well."""
    if not value > 0:
        return 1.0
    size = 10.0 ** math.floor(math.log10(value))
    return next((step * size for step in (1, 2, 4, 6, 8) if step * size >= value), 10 * size)
