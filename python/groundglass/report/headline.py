"""The first look: the grade, the opacity and the class, each with how sure it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from groundglass.html.markup import Content, Markup, el
from groundglass.html.words import (
    NOTHING,
    SPACE,
    between,
    clipped,
    counted,
    cut,
    number,
    percent,
    probability,
    volume,
)
from groundglass.report.ruler import ruler

#: Classes shown at most, those around the patient's own.
MOST_CLASSES = 5
#: Signs of a class's name in its table and above it, and from where it is set smaller there.
LONGEST_ROW, LONGEST_NAME, LONG_NAME = 16, 40, 9

#: The smallest share in percent that two decimals show.
LEAST_SHARE = 0.01

GRADES = tuple(f"CT-{grade}" for grade in range(5))


def section(content: Mapping[str, Any], grade_cuts: Sequence[float]) -> Markup:
    """The sentence and the three panels; `content` is that of ``result.json``."""
    return el(
        "section",
        el("p", sentence(content), class_="lead"),
        el(
            "div",
            _grade(content, grade_cuts),
            _opacity(content),
            _class(content),
            class_="panels",
        ),
        aria_label="Findings",
    )


def coverage(content: Mapping[str, Any]) -> str | None:
    """``90 %``, what the intervals cover; None where the models are not calibrated."""
    found = content.get("uncertainty", {}).get("coverage")
    return None if found is None else cut(found)


def sentence(content: Mapping[str, Any]) -> str:
    """The finding in one or two sentences."""
    both, *parts = content["regions"]
    lung = volume(both["lung_ml"], 0)
    if not both["opacity_ml"]:
        return f"No ground glass and no consolidation were found in {lung} of lung."
    if both["opacity_percent"] < LEAST_SHARE:
        return f"Less than {percent(LEAST_SHARE)} of {lung} of lung is ground glass or consolidation."
    share, opacity = percent(both["opacity_percent"]), number(both["opacity_ml"])
    found = f"Ground glass and consolidation take up {share} of the lungs ({opacity} of {lung})."
    # the lobes where they are known, else the thirds
    lobes = [part for part in parts if part["region"].endswith("lobe")]
    known = [part for part in lobes or parts[2:8] if part["opacity_percent"] is not None]
    most = max(known, key=lambda part: float(part["opacity_percent"]), default=None)
    if most is None:
        return found
    return f"{found} Most involved: the {most['region']} with {percent(most['opacity_percent'])}."


def _panel(title: str, value: str, unit: Content, *content: Content) -> Markup:
    key = title.lower().replace(" ", "-")
    heading = el("h2", title, id=key)
    figure = "figure long" if len(value) > LONG_NAME else "figure"
    return el(
        "section",
        heading,
        el("p", el("strong", value), " ", el("span", unit), class_=figure),
        *content,
        class_="panel",
        aria_labelledby=key,
    )


def _grade(content: Mapping[str, Any], cuts: Sequence[float]) -> Markup:
    severity = content["severity"]
    found, own = severity.get("probability"), severity["ct_grade_extent"]
    shares = [None] * len(GRADES) if found is None else found["ct_grade_extent"]
    rows = [
        _share_row(name, span, share, own=name == own)
        for name, span, share in zip(GRADES, _ranges(cuts), shares, strict=True)
    ]
    remark = None
    if found is None:
        remark = f"How probable each grade is can’t be told: {uncalibrated(content)}."
    elif found["ct_grade_near_cut"]:
        covered = coverage(content)
        remark = f"The {covered} interval of the opacity reaches into another grade: read the two together."
    return _panel(
        "Grade by extent",
        own,
        "CT-0 to CT-4, MosMedData",
        _share_table("Grade", "Opacity", "Probability" if found else None, rows),
        _remark(remark),
    )


def uncalibrated(content: Mapping[str, Any]) -> str:
    """Why there is no interval."""
    given = content["lesions"]["source"] == "given"
    return "the lesions were given" if given else "the models are not calibrated"


def _opacity(content: Mapping[str, Any]) -> Markup:
    severity, both = content["severity"], content["regions"][0]
    found, covered = content.get("uncertainty", {}), coverage(content)
    unit = "of the lungs (PO)"
    interval = None
    if covered is not None:
        bounds = between(found["opacity_percent_lower"], found["opacity_percent_upper"])
        interval = el("p", f"{covered} interval ", el("strong", f"{bounds}{SPACE}%"), class_="interval")
    facts = [
        (
            "High opacity (PHO)",
            percent(severity["high_opacity_percent"]),
            _bounds(both, "high_opacity_percent"),
        ),
        ("Ground glass", volume(both["ground_glass_ml"]), _bounds(both, "ground_glass_ml", 1)),
        ("Consolidation", volume(both["consolidation_ml"]), _bounds(both, "consolidation_ml", 1)),
        ("Both together", volume(both["opacity_ml"]), _bounds(both, "opacity_ml", 1)),
        *_dependent(both),
        ("Lung", volume(both["lung_ml"], 0), None),
    ]
    rows = [
        el(
            "tr",
            el("th", name, scope="row"),
            el("td", value),
            el("td", bounds, class_="quiet") if covered else None,
        )
        for name, value, bounds in facts
    ]
    head = el(
        "tr",
        el("th", "Both lungs", scope="col"),
        el("th", "Measured", scope="col"),
        el("th", f"{covered} interval", scope="col") if covered else None,
    )
    return _panel(
        "Opacity",
        percent(severity["opacity_percent"]),
        unit,
        interval,
        el("table", el("thead", head), el("tbody", rows), class_="facts"),
        _remark(_spread(found)),
    )


def _dependent(both: Mapping[str, Any]) -> list[tuple[str, str, None]]:
    """What of the opacity lies as dependent density does, and PO without it; nothing where it is not told
    apart."""
    if both["dependent_ml"] is None:
        return []
    without = percent(both["opacity_percent_without_dependent"])
    return [("of it dependent", volume(both["dependent_ml"]), None), ("PO without that", without, None)]


def _bounds(row: Mapping[str, Any], name: str, digits: int = 2) -> str | None:
    return between(row[f"{name}_lower"], row[f"{name}_upper"], digits) if f"{name}_lower" in row else None


def _spread(found: Mapping[str, Any]) -> str | None:
    """How far the members of an ensemble are apart."""
    spread = found.get("opacity_percent_sd")
    if spread is None:
        return None
    return f"The {found['members']} members of the ensemble differ by {number(spread, 2)} points of PO (SD)."


def _class(content: Mapping[str, Any]) -> Markup:
    severity = content["severity"]
    fitted, names, own = severity.get("fitted"), severity["classes"], severity["class"]
    cuts = severity["class_cuts_fraction"]
    place, ranges, shares = names.index(own), _ranges(cuts), _class_shares(severity)
    first = max(0, min(place - MOST_CLASSES // 2, len(names) - MOST_CLASSES))
    rows = [
        _share_row(clipped(names[at], LONGEST_ROW), ranges[at], *shares[at], own=at == place)
        for at in range(len(names))[first : first + MOST_CLASSES]
    ]
    heading = None if shares[place][0] is None else "Probability" if fitted is None else "Patients alike"
    remark = _class_remark(severity, coverage(content))
    if len(names) > len(rows):
        remark.insert(0, f"{len(names) - len(rows)} more classes in result.json.")
    return _panel(
        "Class",
        clipped(own, LONGEST_NAME),
        "by the published cuts" if fitted is None else f"by cuts fitted to {fitted['patients']} patients",
        _share_table("Class", "Opacity", heading, rows),
        ruler(content, cuts),
        _remark(" ".join(remark)),
    )


def _class_shares(severity: Mapping[str, Any]) -> list[tuple[float | None, str | None]]:
    """Of each class the share of patients alike with its bounds, or its probability, or nothing."""
    fitted, found = severity.get("fitted"), severity.get("probability")
    if fitted is not None:
        columns = zip(fitted["share"], fitted["share_lower"], fitted["share_upper"], strict=True)
        return [(share, f"{100 * lower:.0f}–{100 * upper:.0f}") for share, lower, upper in columns]
    if found is not None:
        return [(share, None) for share in found["class"]]
    return [(None, None)] * len(severity["classes"])


def _class_remark(severity: Mapping[str, Any], covered: str | None) -> list[str]:
    """What stands behind the class: the cohort, and whether a cut is near."""
    fitted, found = severity.get("fitted"), severity.get("probability")
    near = f"The {covered} interval of the opacity reaches into another class."
    if fitted is None:
        return [near] if found is not None and found["class_near_cut"] else []
    level = cut(fitted["level"])
    alike = between(100 * fitted["alike_from_fraction"], 100 * fitted["alike_to_fraction"])
    bounds = zip(fitted["cut_lower_fraction"], fitted["cut_upper_fraction"], strict=True)
    cuts = ", ".join(between(100 * lower, 100 * upper, 1) for lower, upper in bounds)
    parts = [
        f"Alike: {counted(fitted['alike_patients'], 'patient')} with {alike}{SPACE}% of opacity, in brackets "
        f"{level} bounds.",
        f"The cuts’ {level} bounds: {cuts}{SPACE}%.",
    ]
    if fitted["near_cut"]:
        parts.append("The opacity lies within those of a cut: another cohort might class it otherwise.")
    if found is not None:
        likely = [
            f"{clipped(name, LONGEST_ROW)} {probability(share)}"
            for name, share in zip(severity["classes"], found["class"], strict=True)
            if share > 0
        ]
        parts.append(f"By the uncertainty of the opacity: {', '.join(likely[:MOST_CLASSES])}.")
    return parts


def _ranges(cuts: Sequence[float]) -> list[str]:
    """The range of opacity of each class between cuts: ``below 1.8 %``, ``1.8–6.2 %``, ``from 6.2 %``."""
    if not cuts:
        return [NOTHING]
    inner = [f"{100 * a:.3g}–{cut(b)}" for a, b in pairwise(cuts)]
    return [f"below {cut(cuts[0])}", *inner, f"from {cut(cuts[-1])}"]


def _share_table(first: str, second: str, third: str | None, rows: Content) -> Markup:
    head = [
        el("th", first, scope="col"),
        el("th", second, scope="col"),
        el("th", third, scope="col", colspan=2) if third else None,
    ]
    return el("table", el("thead", el("tr", head)), el("tbody", rows), class_="shares")


def _share_row(name: str, span: str, share: float | None, note: str | None = None, *, own: bool) -> Markup:
    """A class with its range and, where it is known, its share as a bar and a number."""
    bar = None
    if share is not None:
        drawn = el("span", style=f"width:{100 * share:.1f}%")
        value = [probability(share), el("small", f"({note})") if note else None]
        bar = [el("td", el("span", drawn, class_="bar"), aria_hidden="true"), el("td", value)]
    return el(
        "tr",
        el("th", name, scope="row"),
        el("td", span),
        bar,
        class_="own" if own else None,
        aria_current="true" if own else None,
    )


def _remark(text: str | None) -> Markup | None:
    return el("p", text, class_="remark") if text else None
