"""The slice profile as inline SVG, feet below and head above, beside the chest from the front."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from groundglass.html.markup import Markup, el
from groundglass.html.words import number, percent
from groundglass.report.pictures import Front, KeySlice, front

if TYPE_CHECKING:
    from groundglass._core import SliceInvolvement
    from groundglass.findings.findings import Findings

#: Units of the drawing, about a pixel of the screen each.
WIDTH, TOP, BOTTOM = 480, 16, 40
AXIS, GAP, BADGES = 46, 10, 26
HEIGHT, LOWEST_HEIGHT = 236, 150
FRONT_WIDTH = 222
#: A picture of the chest that would be lower than this is left out: a few thick slices show nothing.
LOWEST_FRONT = 90
#: A slice with less of the largest slice's lung doesn't stretch the scale: a tip is soon all opaque.
LEAST_LUNG = 0.05


def figure(result: Findings, slices: Sequence[KeySlice]) -> Markup:
    """Ground glass and consolidation of each slice in percent of its lung, with the key slices marked."""
    lowest, highest = shown_slices(result.profile)
    chest = front(result, (lowest, highest))
    scale = min(FRONT_WIDTH / chest.width_mm, HEIGHT / (chest.top_mm - chest.bottom_mm))
    height = (chest.top_mm - chest.bottom_mm) * scale
    beside = height >= LOWEST_FRONT
    if not beside:
        height = LOWEST_HEIGHT
    plot = _Plot(
        left=AXIS + (chest.width_mm * scale + GAP if beside else 0),
        height=height,
        bottom_mm=chest.bottom_mm,
        top_mm=chest.top_mm,
        most=_highest(result.profile),
    )
    entries = result.profile[lowest : highest + 1]
    drawn = [
        plot.area(entries, "consolidation_ml", (), "consolidation"),
        plot.area(entries, "ground_glass_ml", ("consolidation_ml",), "ground-glass"),
    ]
    parts = [
        _chest(chest, chest.width_mm * scale, height) if beside else None,
        plot.grid(),
        drawn,
        [plot.badge(key) for key in slices],
        plot.axes(),
        None if any(drawn) else plot.nothing(),
    ]
    title = _summary(result, slices)
    box = f"0 0 {WIDTH} {TOP + height + BOTTOM:.0f}"
    return el("svg", parts, viewBox=box, role="img", aria_label=title, class_="profile")


def shown_slices(profile: Sequence[SliceInvolvement]) -> tuple[int, int]:
    """The lowest and the highest slice with lung."""
    held = [place for place, entry in enumerate(profile) if entry.lung_ml > 0]
    return (held[0], held[-1]) if held else (0, len(profile) - 1)


def _summary(result: Findings, slices: Sequence[KeySlice]) -> str:
    """What the drawing shows, in words."""
    most = next((key for key in slices if key.most), None)
    if most is None:
        return "Slice profile: no slice holds opacity."
    return (
        f"Slice profile from feet to head: most opacity in slice {most.entry.slice} at "
        f"{number(most.entry.position_mm)} mm, {percent(most.entry.opacity_percent)} of its lung."
    )


def _highest(profile: Sequence[SliceInvolvement]) -> float:
    """The end of the scale in percent, a round number above the highest slice."""
    least = LEAST_LUNG * max(entry.lung_ml for entry in profile)
    held = [entry.opacity_percent for entry in profile if entry.lung_ml > least]
    found = max((value for value in held if not math.isnan(value)), default=0.0)
    steps = (1, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 40, 50, 60, 80, 100)
    return next((step for step in steps if step >= found), 100)


def _chest(chest: Front, width: float, height: float) -> list[Markup]:
    mark = {"class_": "side"}
    return [
        el("image", href=chest.uri, x=0, y=TOP, width=f"{width:.1f}", height=f"{height:.1f}"),
        el("text", "R", x=8, y=f"{TOP + 16}", **mark),
        el("text", "L", x=f"{width - 8:.1f}", y=f"{TOP + 16}", text_anchor="end", **mark),
    ]


class _Plot:
    """The drawing's coordinates: percent of lung to the right, mm upwards."""

    def __init__(self, *, left: float, height: float, bottom_mm: float, top_mm: float, most: float) -> None:
        self.left, self.right = left, WIDTH - BADGES
        self.height = height
        self.bottom_mm, self.top_mm = bottom_mm, top_mm
        self.most = most

    def x(self, share: float) -> float:
        return self.left + (self.right - self.left) * min(share / self.most, 1.0)

    def y(self, position_mm: float) -> float:
        return TOP + self.height * (self.top_mm - position_mm) / (self.top_mm - self.bottom_mm)

    def grid(self) -> list[Markup]:
        places = [self.most * part / 4 for part in range(1, 5)] if self.most >= 4 else [self.most]
        return [
            el("path", d=f"M{self.x(at):.1f} {TOP}V{TOP + self.height:.1f}", class_="grid") for at in places
        ]

    def area(
        self, entries: Sequence[SliceInvolvement], name: str, below: Sequence[str], kind: str
    ) -> Markup | None:
        """A step a slice, from the sum of `below` to that plus `name`."""
        steps = []
        half = (self.top_mm - self.bottom_mm) / len(entries) / 2
        for entry in entries:
            unit = 100 / entry.lung_ml if entry.lung_ml > 0 else 0.0
            start = unit * sum(getattr(entry, part) for part in below)
            stop = start + unit * getattr(entry, name)
            low, high = (self.y(entry.position_mm + side) for side in (-half, half))
            steps.append((self.x(start), self.x(stop), low, high))
        if all(stop - start < 0.01 for start, stop, *_ in steps):
            return None
        start, _, low, _ = steps[0]
        upwards = "".join(f"H{stop:.1f}V{high:.1f}" for _, stop, _, high in steps)
        back = "".join(f"H{start:.1f}V{low:.1f}" for start, _, low, _ in reversed(steps))
        return el("path", d=f"M{start:.1f} {low:.1f}{upwards}{back}Z", class_=kind)

    def badge(self, key: KeySlice) -> list[Markup]:
        """A dashed line at a key slice with its number at the right border."""
        y = self.y(key.entry.position_mm)
        return [
            el("path", d=f"M0 {y:.1f}H{self.right + 4:.1f}", class_="key"),
            el("text", key.number, x=WIDTH, y=f"{y + 4.5:.1f}", text_anchor="end", class_="badge"),
        ]

    def axes(self) -> list[Markup]:
        bottom = TOP + self.height
        ticks = [self.most * part / 2 for part in range(3)]
        shown = [
            el("text", f"{at:g}", x=f"{self.x(at):.1f}", y=f"{bottom + 17:.1f}", text_anchor="middle")
            for at in ticks
        ]
        middle = (self.left + self.right) / 2
        caption = el("text", "% of the slice’s lung", x=f"{middle:.1f}", y=f"{bottom + 34:.1f}")
        return [
            el("path", d=f"M{self.left:.1f} {TOP}V{bottom:.1f}H{self.right:.1f}", class_="axis"),
            *shown,
            el("g", caption, text_anchor="middle", class_="quiet"),
            *self._positions(),
        ]

    def nothing(self) -> Markup:
        """Words in place of an empty drawing."""
        x, y = (self.left + self.right) / 2, TOP + self.height / 2 + 4
        return el("text", "no opacity", x=f"{x:.1f}", y=f"{y:.1f}", text_anchor="middle")

    def _positions(self) -> list[Markup]:
        """Positions in mm left of the axis, at round numbers."""
        span = self.top_mm - self.bottom_mm
        step = next((step for step in (5, 10, 20, 50, 100, 200) if span / step <= 6), 500)
        first = math.ceil(self.bottom_mm / step) * step
        marks = [el("text", "mm", x=f"{self.left - 6:.1f}", y=TOP - 3, text_anchor="end")]
        # the topmost would touch the unit
        while self.y(first) > TOP + 8:
            y = f"{self.y(first) + 4.5:.1f}"
            marks.append(el("text", number(first, 0), x=f"{self.left - 6:.1f}", y=y, text_anchor="end"))
            first += step
        return marks
