"""Dependent density by region, in short tables side by side, or why it is not told apart."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from groundglass.html.markup import Markup, el
from groundglass.html.words import number

#: Why it is not told apart.
LEFT_OUT = {
    "position_unknown": "how the patient lay is not known",
    "lies_on_side": "the patient lay on a side, so the lungs differ by gravity",
    "one_lung": "there is one lung",
    "no_free_lung": "too little of the lungs is free of opacity",
}
SIDE_BY_SIDE = 3


def section(content: Mapping[str, Any]) -> Markup:
    """Everything about it; `content` is that of ``result.json``."""
    return el(
        "section",
        el("h2", "Dependent density", id="dependent"),
        _left_out(content) if content["dependent"]["left_out"] else _regions(content),
        aria_labelledby="dependent",
    )


def _left_out(content: Mapping[str, Any]) -> Markup:
    reason = LEFT_OUT[content["dependent"]["left_out"]]
    return el("p", f"Not told apart from other opacity: {reason}.", class_="remark")


def _regions(content: Mapping[str, Any]) -> list[Markup]:
    about = content["dependent"]
    rows = [row for row in content["regions"] if not row["region"].startswith("segment")]
    size = -(-len(rows) // SIDE_BY_SIDE)
    head = el("tr", [el("th", name, scope="col") for name in ("Region", "ml", "PO without, %")])
    tables = [
        el("table", el("thead", head), el("tbody", [_row(row) for row in rows[start : start + size]]))
        for start in range(0, len(rows), size)
    ]
    remark = (
        f"Opacity along the pleura of the {about['side']}, to which the patient lay, alike in both lungs and "
        f"at most 350 HU above other lung ({number(about['lung_level_hu'], 0)} HU): lung made denser by "
        "gravity, or disease in that place. It is part of the opacity everywhere else, and hatched in the "
        "pictures."
    )
    return [
        el("div", tables, class_="segments dependent"),
        el("p", remark, class_="remark"),
    ]


def _row(row: Mapping[str, Any]) -> Markup:
    name = row["region"]
    return el(
        "tr",
        el("th", name[:1].upper() + name[1:], scope="row"),
        el("td", number(row["dependent_ml"])),
        el("td", number(row["opacity_percent_without_dependent"], 2)),
    )
