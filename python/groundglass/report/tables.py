"""The tables of regions and of scores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from groundglass.findings.records import SCORES
from groundglass.html.markup import Content, Markup, el
from groundglass.html.words import NOTHING, between, number
from groundglass.report.headline import coverage

#: Columns of the region table: the group's heading, the heading, the key, decimals.
COLUMNS = (
    ("Volume, ml", "Lung", "lung_ml", 0),
    ("Volume, ml", "Ground glass", "ground_glass_ml", 1),
    ("Volume, ml", "Consolidation", "consolidation_ml", 1),
    ("Volume, ml", "Opacity", "opacity_ml", 1),
    ("Share of the lung, %", "PO", "opacity_percent", 2),
    ("Share of the lung, %", "PHO", "high_opacity_percent", 2),
    ("Mean HU ± SD", "Lung", "lung_hu", 0),
    ("Mean HU ± SD", "Opacity", "opacity_hu", 0),
)
UNITS = {"Volume, ml": "ml", "Share of the lung, %": "%", "Mean HU ± SD": "HU"}

#: Sources of what is no sum of points.
GRADE_SOURCES = {
    "CT by extent": "MosMedData: Morozov et al. 2020, doi:10.1101/2020.05.20.20100362",
    "CT by pattern": "the public project 42-EPOCHS",
}


def regions(content: Mapping[str, Any]) -> Markup:
    """All regions with their shares and intervals; segments in a short table of their own."""
    rows = content["regions"]
    segments = [row for row in rows if row["region"].startswith("segment")]
    covered = coverage(content)
    scale = max((row["opacity_percent"] or 0.0 for row in rows if row not in segments), default=0.0)
    body = [_region(row, scale, covered) for row in rows if row not in segments]
    caption = "PO: percentage of opacity, drawn as a bar. PHO: percentage of high opacity."
    return el(
        "section",
        el("h2", "Regions", id="regions"),
        el(
            "table",
            el("caption", caption),
            el("thead", _heads(covered), role="rowgroup"),
            el("tbody", body, role="rowgroup"),
            class_="regions",
            role="table",
        ),
        _segments(segments) if segments else None,
        aria_labelledby="regions",
    )


def _heads(covered: str | None) -> list[Markup]:
    columns: dict[str, list[Content]] = {group: [] for group in UNITS}
    for group, name, key, _ in COLUMNS:
        start = None if columns[group] else "start"
        columns[group].append(el("th", name, scope="col", role="columnheader", class_=start))
        if key.endswith("_percent") and covered:
            columns[group].append(el("th", covered, scope="col", role="columnheader", class_="bounds"))
        if key == "opacity_percent":
            columns[group].append(el("td", class_="stack", role="cell"))
    groups = [
        el("th", group, scope="colgroup", colspan=len(held), role="columnheader", class_="group")
        for group, held in columns.items()
    ]
    region = el("th", "Region", scope="col", rowspan=2, role="columnheader")
    return [el("tr", region, groups, role="row"), el("tr", columns.values(), role="row")]


def _region(row: Mapping[str, Any], scale: float, covered: str | None) -> Markup:
    cells: list[Content] = []
    last = None
    for group, name, key, digits in COLUMNS:
        start = "start" if group != last else None
        last = group
        label = f"{name} {UNITS[group]}"
        if key.endswith("_hu"):
            mean, spread = row[f"{key}_mean"], row[f"{key}_sd"]
            value = number(mean, digits) if mean is None else f"{number(mean, digits)} ± {number(spread, 0)}"
        else:
            value = number(row[key], digits)
        cells.append(el("td", value, data_label=label, role="cell", class_=start))
        if key.endswith("_percent") and covered:
            bounds = between(row[f"{key}_lower"], row[f"{key}_upper"])
            cells.append(el("td", bounds, data_label=f"{covered} interval", role="cell", class_="bounds"))
        if key == "opacity_percent":
            cells.append(_stack(row, scale))
    name = row["region"]
    kind = "total" if name == "both lungs" else "side" if name.endswith("lung") else None
    head = el("th", name[:1].upper() + name[1:], scope="row", role="rowheader")
    return el("tr", head, cells, class_=kind, role="row")


def _stack(row: Mapping[str, Any], scale: float) -> Markup:
    """Ground glass and consolidation as a bar, the region with most opacity over the whole width."""
    bar = None
    if row["lung_ml"] and scale:
        unit = 100 * 100 / row["lung_ml"] / scale
        bar = [
            el("span", class_=kind, style=f"width:{unit * row[key]:.1f}%")
            for kind, key in (("consolidation", "consolidation_ml"), ("ground-glass", "ground_glass_ml"))
            if row[key]
        ]
    return el("td", el("span", bar, class_="bar"), class_="stack", aria_hidden="true", role="cell")


def _segments(rows: Sequence[Mapping[str, Any]]) -> Markup:
    """Four short tables side by side."""
    size = -(-len(rows) // 4)
    head = el("tr", [el("th", name, scope="col") for name in ("Segment", "ml", "PO, %", "PHO, %")])
    tables = []
    for part in (rows[start : start + size] for start in range(0, len(rows), size)):
        body = [
            el(
                "tr",
                el("th", row["region"].removeprefix("segment "), scope="row"),
                el("td", number(row["lung_ml"], 0)),
                el("td", number(row["opacity_percent"], 2)),
                el("td", number(row["high_opacity_percent"], 2)),
            )
            for row in part
        ]
        tables.append(el("table", el("thead", head), el("tbody", body)))
    return el("div", tables, class_="segments")


def scores(content: Mapping[str, Any], conventions: Sequence[Mapping[str, Any]]) -> Markup:
    """The named scores with their maximum and what they count."""
    severity = content["severity"]
    points = severity["scores"]
    known = {found["convention"]: found for found in conventions}
    rows = [_score("CT by pattern", severity["ct_grade_rule"], None, "pattern and extent")]
    for key, name in SCORES.items():
        rows.append(_score(name, points[key], known[key]["highest"], known[key]["regions"]))
        if key == "tfs" and points[key] is not None:
            for part in ("ground_glass", "consolidation"):
                about = f"the same of {part.replace('_', ' ')} alone"
                rows.append(_score("", points[f"tfs_{part}"], known[key]["highest"], about))
    basis = {
        "thirds": "Thirds of the lungs’ height stand for lobes, which were neither given nor estimated.",
        "estimated": "Lobes are estimated, not drawn by a reader; how is told below.",
        "lobe_map": "Lobes are those of the given map.",
    }[points["lobes"]]
    head = [el("th", name, scope="col") for name in ("Score", "Points", "Of")]
    return el(
        "section",
        el("h2", "Scores", id="scores"),
        el(
            "table",
            el("caption", f"{basis} Sources are at the end."),
            el("thead", el("tr", head)),
            el("tbody", rows),
            class_="scores",
        ),
        aria_labelledby="scores",
    )


def sources(conventions: Sequence[Mapping[str, Any]]) -> Markup:
    """Who described the scores."""
    named = {SCORES[found["convention"]]: found["source"] for found in conventions}
    parts = [
        el("span", el("strong", name), f" {source}. ") for name, source in {**GRADE_SOURCES, **named}.items()
    ]
    return el(
        "section", el("h2", "Sources of the scores", id="sources"), el("p", parts), aria_labelledby="sources"
    )


def _score(name: str, value: str | int | None, highest: int | None, regions: str) -> Markup:
    most = el("small", f" / {highest}") if highest else None
    points = el("td", el("strong", NOTHING if value is None else value), most)
    return el("tr", el("th", name, scope="row"), points, el("td", regions, class_="quiet"))
