"""The page of a comparison: what has changed, the two side by side, curves, and the table of regions."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from groundglass.compare.changes import LIKELY, VERDICTS, Changes
from groundglass.compare.curves import curve
from groundglass.compare.pictures import COLORS, Pair, pairs
from groundglass.findings.changes import CHANGES
from groundglass.findings.layers import LAYERS
from groundglass.findings.records import NOT_A_DEVICE
from groundglass.html.markup import Content, Markup, el
from groundglass.html.words import NOTHING, number, percent, probability, volume
from groundglass.report.page import style

#: Rows of the table of both lungs: heading, key, decimals, unit.
ROWS = (
    ("Lungs", "lung_ml", 0, "ml"),
    ("Ground glass", "ground_glass_ml", 1, "ml"),
    ("Consolidation", "consolidation_ml", 1, "ml"),
    ("Opacity", "opacity_ml", 1, "ml"),
    ("Opacity at the baseline’s breath", "opacity_ml_at_breath", 1, "ml"),
    ("PO", "opacity_percent", 2, "%"),
    ("PO at the baseline’s breath", "opacity_percent_at_breath", 2, "%"),
    ("PHO", "high_opacity_percent", 2, "%"),
    ("Gas", "gas_ml", 0, "ml"),
    ("Tissue", "lung_mass_g", 0, "g"),
    ("Normally aerated", "normally_aerated_percent", 1, "%"),
    ("Non-aerated", "non_aerated_percent", 1, "%"),
)
CURVES = (
    ("opacity_percent", "Opacity of the lungs (PO)", "%"),
    ("ground_glass_ml", "Ground glass", "ml"),
    ("consolidation_ml", "Consolidation", "ml"),
)


def page(found: Changes) -> str:
    """The whole page as text; no script, nothing that is loaded, no name of a patient."""
    head = el(
        "head",
        el("meta", charset="utf-8"),
        el("meta", name="viewport", content="width=device-width, initial-scale=1"),
        el("meta", name="color-scheme", content="light dark"),
        el("meta", name="robots", content="noindex"),
        el("title", f"groundglass comparison: {VERDICTS[found.verdict].lower()}"),
        el("style", Markup(style() + _own_style())),
    )
    times = range(1, len(found.moments))
    sheets = [
        el(
            "article",
            _masthead(),
            _terms(found),
            _headline(found),
            _table(found, 1),
            _curves(found),
            class_="sheet",
        )
    ]
    for time in times:
        other = _table(found, time) if time > 1 else None
        sheets.append(el("article", other, _slices(found, time), class_="sheet"))
    sheets.append(el("article", _regions(found), _about(found), class_="sheet"))
    body = el("body", el("main", sheets))
    return f"<!doctype html>\n{el('html', head, body, lang='en')}\n"


def _own_style() -> str:
    colors = "".join(
        f".swatch.{name}{{background:rgb({red} {green} {blue})}}"
        for name, (red, green, blue) in COLORS.items()
    )
    return Path(__file__).with_name("style.css").read_text(encoding="utf-8") + colors + "\n"


def _masthead() -> Markup:
    name = [el("span", "groundglass", class_="wordmark"), " ", el("span", "One patient at two times or more")]
    return el("header", el("h1", name), class_="masthead")


def _terms(found: Changes) -> Markup:
    marks = [el("strong", f" Compared all the same: {text}.") for text in found.marks]
    return el("p", NOT_A_DEVICE, marks, class_="terms")


def _headline(found: Changes) -> Markup:
    row = found.change("opacity_ml_at_breath")
    plain = found.change("opacity_ml")
    shown = row if row["verdict"] is not None else plain
    first, second = found.moments[:2]
    grades = [moment.content["severity"]["ct_grade_extent"] for moment in (first, second)]
    lungs = found.change("lung_ml")
    breath = (
        f"The lungs hold {volume(lungs['followup'], 0)} where they held {volume(lungs['baseline'], 0)}; "
        "the opacity of the follow-up is scaled to the baseline’s breath."
        if shown is row
        else "The breaths could not be matched; volumes are as they were measured."
    )
    return el(
        "section",
        el(
            "div",
            _panel("Verdict", VERDICTS[found.verdict], _likelihood(shown)),
            _panel(
                "Change of opacity",
                _signed(shown["difference"], 1) + " ml",
                _interval(shown, 1, "ml", found.stage.coverage),
            ),
            _panel("Grade by extent, then and now", " → ".join(grades), _classes(found)),
            class_="panels",
        ),
        el("p", breath, class_="remark"),
        aria_label="Findings",
    )


def _panel(title: str, value: str, below: Content) -> Markup:
    return el(
        "section",
        el("h2", title),
        el("p", el("strong", value), class_="figure long"),
        el("p", below, class_="remark"),
        class_="panel",
    )


def _likelihood(row: Mapping[str, Any]) -> str:
    if row["probability_same"] is None or row["probability_same"] != row["probability_same"]:
        return "By repeatability alone: the error of these lesions is not known."
    parts = (f"{word} {probability(row[f'probability_{word}'])}" for word in ("less", "same", "more"))
    return "Beyond repeatability: " + ", ".join(parts)


def _classes(found: Changes) -> str:
    return "Class " + " → ".join(str(m.content["severity"]["class"]) for m in found.moments[:2])


def _interval(row: Mapping[str, Any], digits: int, unit: str, coverage: float) -> str:
    low, high = row["difference_lower"], row["difference_upper"]
    if low is None or low != low:
        return "No interval is known."
    return f"{100 * coverage:g} %: {_signed(low, digits)} to {_signed(high, digits)} {unit}"


def _signed(value: float | None, digits: int) -> str:
    shown = number(value, digits)
    return shown if shown == NOTHING or shown.startswith("−") else f"+{shown}"


def _table(found: Changes, time: int) -> Markup:
    """Both lungs at two times."""
    head = [
        el("th", name, scope="col")
        for name in (
            "Both lungs",
            "Baseline",
            found.names[time].capitalize(),
            "Change",
            f"{100 * found.stage.coverage:g} % interval",
            "Relative",
            "Less · same · more",
        )
    ]
    rows = []
    for title, measure, digits, unit in ROWS:
        try:
            row = found.change(measure, time=time)
        except KeyError:
            continue
        low, high = row["difference_lower"], row["difference_upper"]
        bounds = (
            NOTHING if low is None or low != low else f"{_signed(low, digits)} to {_signed(high, digits)}"
        )
        rows.append(
            el(
                "tr",
                el("th", f"{title}, {unit}", scope="row"),
                el("td", number(row["baseline"], digits)),
                el("td", number(row["followup"], digits)),
                el("td", el("strong", _signed(row["difference"], digits))),
                el("td", bounds, class_="quiet"),
                el("td", _relative(row["relative_percent"])),
                el("td", _three(row)),
            )
        )
    return el(
        "section",
        el("h2", f"Then and now: {found.names[time]}"),
        el("table", el("thead", el("tr", head)), el("tbody", rows), class_="facts changes"),
    )


def _relative(value: float | None) -> str:
    shown = _signed(value, 0)
    return shown if shown == NOTHING else f"{shown} %"


def _three(row: Mapping[str, Any]) -> str:
    parts = [row[f"probability_{name}"] for name in ("less", "same", "more")]
    if any(part is None or part != part for part in parts):
        return row["verdict"] or NOTHING
    return " · ".join(probability(part) for part in parts)


def _curves(found: Changes) -> Markup:
    drawn = [curve(found, measure, title, unit) for measure, title, unit in CURVES]
    return el("section", el("h2", "Over time"), el("div", drawn, class_="curves"))


def _slices(found: Changes, time: int) -> Markup:
    shown = pairs(found, time)
    made = found.maps[time - 1]
    legend: list[Content] = [
        el("span", el("i", class_=f"swatch {layer.title.replace(' ', '-')}"), layer.title, class_="key")
        for layer in LAYERS
    ]
    if made is not None and made.labels is not None:
        legend += [
            el(
                "span",
                el("i", class_=f"swatch {name}"),
                f"{name} {volume(made.volumes_ml[name])}",
                class_="key",
            )
            for name in CHANGES
        ]
    return el(
        "section",
        el("h2", f"Side by side: {found.names[time]}"),
        el("p", legend, class_="legend"),
        [_pair(pair, found.names[time]) for pair in shown],
        _fit(found, time),
        class_="slices-of-two",
    )


def _pair(pair: Pair, name: str) -> Markup:
    pictures = [("Baseline", pair.uris[0], pair.slices[0], pair.shares[0])]
    pictures.append((name.capitalize(), pair.uris[1], pair.slices[1], pair.shares[1]))
    width, height = pair.size
    shown = [
        el(
            "figure",
            el("img", src=uri, alt=f"{title}, slice {place}", width=width, height=height),
            el("figcaption", el("span", f"{title}, slice {place}"), el("strong", percent(share))),
        )
        for title, uri, place, share in pictures
    ]
    if pair.change is not None:
        shown.append(
            el(
                "figure",
                el("img", src=pair.change, alt="What has changed", width=width, height=height),
                el("figcaption", el("span", f"Change, at {100 * pair.level:.0f} % of the lungs’ height")),
            )
        )
    return el("div", shown, class_="pair")


def _fit(found: Changes, time: int) -> Markup:
    why, made = found.why_no_map[time - 1], found.maps[time - 1]
    text = "Slices are matched by their height between the bases and the apices."
    if made is not None and made.labels is not None:
        text = "Slices are matched by where the lung of the baseline’s lies in the follow-up."
    if made is not None:
        fit = made.registration
        text += (
            f" Registration: Dice of the lungs {fit.lung_dice:.3f}; half of {fit.landmarks} landmarks are "
            f"within {fit.landmark_error_mm:.1f} mm, nine in ten within {fit.landmark_error_mm_p90:.1f} mm."
        )
    if why is not None:
        text += f" There is no change map: {why}."
    return el("p", text, class_="remark")


def _regions(found: Changes) -> Markup:
    """PO of all regions at all times, with the last change's verdict."""
    last = len(found.moments) - 1
    head = [el("th", name, scope="col") for name in ("Region", *map(str.capitalize, found.names), "Opacity")]
    rows = []
    for row in found.changes:
        if row["time"] != last or row["measure"] != "opacity_percent":
            continue
        region = row["region"]
        values = [
            next((r["opacity_percent"] for r in moment.regions if r["region"] == region), None)
            for moment in found.moments
        ]
        verdict = found.change("opacity_ml_at_breath", region, last)["verdict"] or row["verdict"]
        rows.append(
            el(
                "tr",
                el("th", region[:1].upper() + region[1:], scope="row"),
                [el("td", number(value, 2)) for value in values],
                el("td", verdict or NOTHING),
            )
        )
    return el(
        "section",
        el("h2", "Regions"),
        el(
            "table",
            el(
                "caption",
                "PO in percent of the region’s lung, and what its opacity has done at the last time.",
            ),
            el("thead", el("tr", head)),
            el("tbody", rows),
            class_="facts changes",
        ),
    )


def _about(found: Changes) -> Markup:
    stage = found.stage
    doubts = [el("li", text) for text in found.doubts]
    text = (
        f"More or less is said from a probability of {100 * LIKELY:.0f} % on that the true value has changed "
        f"by more than the repeatability: the larger of {stage.volume_ml:g} ml (of percentages "
        f"{stage.percent_points:g} points) and {100 * stage.relative:g} % of the mean. "
        f"{_shared(stage.shared)} The baseline’s breath: all gas of the follow-up multiplied by one factor, "
        "tissue kept. All numbers are in changes.csv."
    )
    return el(
        "section",
        el("h2", "How to read this"),
        el("p", text, class_="remark"),
        el("ul", doubts, class_="remark"),
    )


def _shared(shared: float) -> str:
    if not shared:
        return "Errors of the two measurements are taken to share nothing, as other weights made them."
    return f"Errors of the two measurements have a correlation of {shared:g}, as the same weights made them."
