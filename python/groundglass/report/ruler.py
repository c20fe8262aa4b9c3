"""Where the opacity lies among the cuts, as inline SVG."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from groundglass.html.markup import Markup, el
from groundglass.html.words import between, cut, percent

WIDTH, HEIGHT, MARGIN = 300, 62, 8
#: Where the track lies, and how high it is.
TRACK, THICKNESS = 24, 8
#: Labels of cuts stand at least this far apart.
LEAST_GAP = 36


def ruler(content: Mapping[str, Any], cuts: Sequence[float]) -> Markup:
    """The PO of both lungs as a mark, its interval as a bar where it has one, `cuts` (fractions) as ticks."""
    opacity = float(content["severity"]["opacity_percent"])
    found = content.get("uncertainty", {})
    lower, upper = (found.get(f"opacity_percent_{end}") for end in ("lower", "upper"))
    ticks = [100 * value for value in cuts]
    scale: float = min(100.0, 1.25 * max([opacity, upper or 0.0, *ticks]))

    def x(value: float) -> float:
        return MARGIN + (WIDTH - 2 * MARGIN) * min(value / scale, 1.0)

    spoken = f"Opacity {percent(opacity)}"
    bar = None
    if lower is not None and upper is not None:
        spoken += f", interval {between(lower, upper)} %"
        bar = _bar(x(lower), max(x(upper) - x(lower), 1.0), "interval")
    spoken += ", cuts at " + ", ".join(map(cut, cuts))
    parts: list[Markup | None] = [_bar(MARGIN, WIDTH - 2 * MARGIN, "track"), bar]
    last = float(-LEAST_GAP)
    for value, fraction in zip(ticks, cuts, strict=True):
        place = x(value)
        parts.append(el("path", d=f"M{place:.1f} {TRACK - 5}V{TRACK + THICKNESS + 6}", class_="tick"))
        if place - last >= LEAST_GAP:
            anchor = "start" if place < LEAST_GAP / 2 else "middle"
            y = TRACK + THICKNESS + 22
            parts.append(el("text", cut(fraction), x=f"{place:.1f}", y=y, text_anchor=anchor))
            last = place
    at = x(opacity)
    parts.append(el("path", d=f"M{at:.1f} {TRACK - 2}l-6 -10h12z", class_="mark"))
    parts.append(el("path", d=f"M{at:.1f} {TRACK - 2}v{THICKNESS + 4}", class_="mark"))
    return el("svg", parts, viewBox=f"0 0 {WIDTH} {HEIGHT}", role="img", aria_label=spoken, class_="ruler")


def _bar(left: float, width: float, kind: str) -> Markup:
    return el("rect", x=f"{left:.1f}", y=TRACK, width=f"{width:.1f}", height=THICKNESS, rx=1, class_=kind)
