"""What a notebook cell shows of results, tables, stages and volumes.

Where Pillow is missing there are no pictures, and all the rest.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from groundglass import _core
from groundglass.findings.layers import LESIONS
from groundglass.findings.records import SCORES
from groundglass.html import cells, compartments
from groundglass.html.cells import ACCENT, QUIET, SOFT, card, heading, pairs
from groundglass.html.markup import Markup, el
from groundglass.html.stages import stage
from groundglass.html.words import NOTHING, between, cut, number, percent, probability, volume
from groundglass.result import Result

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from groundglass._core import (
        AerationTable,
        CtVolume,
        DependentTable,
        GradeProbabilities,
        InvolvementTable,
        LesionCt,
        LungCt,
        Note,
        ScoreTable,
        SliceInvolvement,
        Thresholds,
        UncertaintyTable,
    )

_SCORES = {
    "ct_grade_extent": "CT by extent",
    "ct_grade_rule": "CT by pattern",
    **SCORES,
    "tfs_ground_glass": "TFS, ground glass",
    "tfs_consolidation": "TFS, consolidation",
}
#: Slices in a result's strip, and pixels across a picture.
_STRIP, _PICTURE = 4, 200


def result(found: Result) -> str:
    """The headline with its probabilities, the regions with air and tissue, four slices, and what to be wary
    of."""
    interval, doubt = found.opacity_interval_percent, found.uncertainty
    bounds = None
    if interval is not None and doubt is not None:
        bounds = f"{between(*interval, digits=1)} %, {cut(doubt.coverage)} interval"
    grades = found.grade_probability
    facts = [
        el("div", el("strong", percent(found.opacity_percent, 1)), " of the lungs is opacity (PO)"),
        el("div", bounds, style=QUIET) if bounds else None,
        el("div", f"{percent(found.high_opacity_percent, 1)} is high opacity (PHO)", style=QUIET),
        el(
            "div",
            f"class {found.severity_class}, {found.scores.ct_grade_rule or NOTHING} by pattern",
            style=QUIET,
        ),
    ]
    head = cells.row(
        el("div", found.ct_grade, style="font-size: 34px; font-weight: 700; line-height: 1.1"),
        el("div", facts),
        _bars(grades) if grades else None,
    )
    origin = ", ".join(model.name for model in found.weights)
    if not found.models:
        origin = f"{origin}, lesions as given" if origin else "lesions as given"
    foot = f"groundglass {found.version} · {origin} · not a medical device"
    return card(
        head,
        _regions(found.table, dependent=found.dependent),
        _aeration(found.aeration, title="Air and tissue"),
        _strip(found),
        _notes(found.notes, found.plain),
        el("div", foot, style=QUIET),
    )


def involvement(table: InvolvementTable) -> str:
    return card(_regions(table, title="Involvement by region"))


def aeration(table: AerationTable) -> str:
    told = [el("div", note.text, style=QUIET) for note in table.notes]
    return card(_aeration(table, title="Air and tissue by region"), told)


def dependent(table: DependentTable) -> str:
    rows = [
        (row.region, number(row.dependent_ml), percent(row.opacity_percent_without_dependent, 1))
        for row in (*table.rows, *table.lobes)
    ]
    head = ("Region", "Dependent, ml", "PO without")
    told = [el("div", note.text, style=QUIET) for note in table.notes]
    return card(cells.table(head, rows, title="Dependent density by region"), told)


def scores(table: ScoreTable) -> str:
    rows = [
        (label, _value(getattr(table, name)), el("span", _said(type(table), name), style=QUIET))
        for name, label in _SCORES.items()
    ]
    return card(cells.table(("Score", "Value", "What it is"), rows, title="Severity scores", texts=(0, 2)))


def slice_entry(entry: SliceInvolvement) -> str:
    row = (
        str(entry.slice),
        f"{number(entry.position_mm)} mm",
        volume(entry.lung_ml),
        volume(entry.ground_glass_ml),
        volume(entry.consolidation_ml),
        percent(entry.opacity_percent, 1),
    )
    return card(
        cells.table(("Slice", "Position", "Lung", "Ground glass", "Consolidation", "PO"), [row], texts=())
    )


def thresholds(rule: Thresholds) -> str:
    """The classes as a scale of the percentage of opacity."""
    ends = ["0 %", *(cut(c) for c in rule.cuts), "100 %"]
    cells = [
        el(
            "div",
            el("div", name, style="font-weight: 600"),
            el("div", f"{low} to {high}", style=QUIET),
            style=f"padding: 6px 14px; border-left: 3px solid {ACCENT}; background: {SOFT}",
        )
        for name, low, high in zip(rule.classes, ends[:-1], ends[1:], strict=True)
    ]
    return card(
        heading("Classes by percentage of opacity"), el("div", cells, style="display: flex; gap: 4px")
    )


def uncertainty(table: UncertaintyTable) -> str:
    """Intervals by region; where nothing is calibrated, how far the members of the ensemble are apart."""
    if not table.calibrated:
        sd = percent(table.opacity_percent_sd)
        return card(
            el(
                "div",
                f"Not calibrated: no intervals. PO of {table.members} members, standard deviation {sd}.",
            )
        )
    rows = [
        (
            row.region,
            *(
                between(c.lower, c.upper, d)
                for c, d in ((row.opacity_percent, 1), (row.high_opacity_percent, 1))
            ),
            *(between(c.lower, c.upper, 0) for c in (row.ground_glass_ml, row.consolidation_ml)),
        )
        for row in (*table.rows, *table.lobes)
    ]
    head = ("Region", "PO, %", "PHO, %", "Ground glass, ml", "Consolidation, ml")
    return card(cells.table(head, rows, title=f"{100 * table.coverage:g} % intervals by region"))


def grade_probabilities(found: GradeProbabilities) -> str:
    return card(_bars(found))


def ct_volume(ct: CtVolume) -> str:
    return _volume("CT", ct, None, None, ct.notes)


def lung_ct(study: LungCt) -> str:
    return _volume("CT with lungs", study.ct, study.lungs, None, study.notes)


def lesion_ct(study: LesionCt) -> str:
    return _volume("CT with lungs and lesions", study.ct, study.lungs, study.lesions, study.notes)


def _volume(
    title: str,
    ct: CtVolume,
    lungs: npt.NDArray[np.uint8] | None,
    lesions: npt.NDArray[np.uint8] | None,
    notes: Sequence[Note],
) -> str:
    import numpy as np

    slices, rows, columns = ct.shape
    facts = {
        "Slices": f"{slices} of {rows} × {columns}",
        "Voxel": " × ".join(f"{step:.3g}" for step in ct.spacing_mm) + " mm",
    }
    if lungs is not None:
        facts["Lungs"] = volume(np.count_nonzero(lungs) * ct.voxel_ml, 0)
    if lesions is not None:
        facts |= {
            layer.title.capitalize(): volume(np.count_nonzero(lesions == layer.label) * ct.voxel_ml, 0)
            for layer in LESIONS
        }
    held = lesions if lesions is not None and lesions.any() else lungs
    index = slices // 2 if held is None else int(np.count_nonzero(held, axis=(1, 2)).argmax())
    return card(
        cells.row(
            _picture(ct, lungs, lesions, (index,), f"slice {index}"),
            el("div", heading(title), pairs(facts), _notes(notes, str)),
        )
    )


def _picture(
    ct: CtVolume,
    lungs: npt.NDArray[np.uint8] | None,
    lesions: npt.NDArray[np.uint8] | None,
    slices: Iterable[int],
    text: str,
    dependent: npt.NDArray[np.uint8] | None = None,
) -> Markup | None:
    """Slices side by side with their contours; nothing where Pillow is not installed."""
    try:
        from PIL import Image
    except ImportError:
        return None
    import numpy as np

    from groundglass import overlay

    nothing = np.zeros(ct.shape[1:], np.uint8)
    crop = (
        overlay.Crop(0, ct.shape[1], 0, ct.shape[2])
        if lungs is None
        else overlay.lung_crop(lungs, ct.spacing_mm)
    )
    tiles = [
        overlay.tile(
            ct,
            nothing if lungs is None else lungs[index],
            nothing if lesions is None else lesions[index],
            index,
            crop,
            dependent=None if dependent is None else dependent[index],
            width=_PICTURE,
        )
        for index in slices
    ]
    gap = 4
    sheet = Image.new("RGB", (sum(t.width + gap for t in tiles) - gap, max(t.height for t in tiles)))
    for place, tile in enumerate(tiles):
        sheet.paste(tile, (place * (tile.width + gap), 0))
    packed = io.BytesIO()
    sheet.save(packed, "JPEG", quality=85)
    source = "data:image/jpeg;base64," + base64.b64encode(packed.getvalue()).decode("ascii")
    return el("img", src=source, alt=text, width=sheet.width, style="max-width: 100%; border-radius: 4px")


def _strip(found: Result) -> Markup | None:
    from groundglass.overlay import choose_slices

    chosen, _ = choose_slices(found.profile, _STRIP)
    text = f"slices {', '.join(map(str, chosen))}, from head to feet"
    return _picture(found.ct, found.lungs, found.lesions, chosen, text, found.dependent.layer)


def _regions(table: InvolvementTable, title: str = "", dependent: DependentTable | None = None) -> Markup:
    """The regions; with `dependent`, where it is told apart, what lies as dependent density does as well."""
    told = dependent if dependent is not None and not dependent.left_out else None
    parts = [] if told is None else [*told.rows, *told.lobes]
    rows = [
        (
            row.region,
            number(row.lung_ml, 0),
            number(row.ground_glass_ml),
            number(row.consolidation_ml),
            percent(row.opacity_percent, 1),
            percent(row.high_opacity_percent, 1),
            *(
                (
                    number(parts[place].dependent_ml),
                    percent(parts[place].opacity_percent_without_dependent, 1),
                )
                if parts
                else ()
            ),
        )
        for place, row in enumerate((*table.rows, *table.lobes))
    ]
    apart = ("Dependent, ml", "PO without") if parts else ()
    head = ("Region", "Lung, ml", "Ground glass, ml", "Consolidation, ml", "PO", "PHO", *apart)
    return cells.table(head, rows, title=title)


def _aeration(table: AerationTable, title: str) -> Markup:
    rows = [
        (
            row.region,
            *(percent(getattr(row, f"{name}_percent"), 1) for name in compartments.COMPARTMENTS),
            percent(row.low_attenuation_950_percent, 1),
            number(row.perc15_hu, 0),
            number(row.gas_ml, 0),
            number(row.lung_mass_g, 0),
        )
        for row in (*table.rows, *table.lobes)
    ]
    held = compartments.ranges(table.bands_hu)
    names = [f"{name}, {hu} HU" for name, hu in zip(compartments.COMPARTMENTS.values(), held, strict=True)]
    head = ("Region", *names, "Below −950 HU", "Perc15, HU", "Gas, ml", "Tissue, g")
    return cells.table(head, rows, title=title)


def _bars(found: GradeProbabilities) -> Markup:
    """The probability of each grade; the names are those of the grades by extent where there are five."""
    shares = found.probability
    names = [f"CT-{place}" if len(shares) == 5 else str(place + 1) for place in range(len(shares))]
    lines = []
    for name, share in zip(names, shares, strict=True):
        weight = "font-weight: 600" if share == max(shares) else QUIET
        filled = f"height: 8px; width: {100 * share:.1f}%; border-radius: 4px; background: {ACCENT}"
        track = f"align-self: center; border-radius: 4px; background: {SOFT}"
        lines += [
            el("span", name, style=weight),
            el("span", el("span", style=f"display: block; {filled}"), style=track),
            el("span", probability(share), style=f"text-align: right; white-space: nowrap; {weight}"),
        ]
    grid = "display: grid; grid-template-columns: auto 160px auto; justify-content: start; gap: 0 10px"
    return el("div", lines, style=grid, role="img", aria_label="Probability of each grade")


def _notes(notes: Iterable[Note], plain: Callable[[str], str]) -> Markup | None:
    warnings = [el("li", plain(note.text)) for note in notes if note.level == "warning"]
    return el("ul", warnings, style="margin: 0; padding-left: 1.2em") if warnings else None


def _value(score: str | int | None) -> str:
    return NOTHING if score is None else str(score)


def _said(cls: type, name: str) -> str:
    """The docstring of a property, with its ranges in print's way."""
    return str(getattr(cls, name).__doc__ or "").replace("..", "–")


_DRAWN: dict[type, Callable[[Any], str]] = {
    Result: result,
    _core.CtVolume: ct_volume,
    _core.LungCt: lung_ct,
    _core.LesionCt: lesion_ct,
    _core.InvolvementTable: involvement,
    _core.AerationTable: aeration,
    _core.DependentTable: dependent,
    _core.UncertaintyTable: uncertainty,
    _core.ScoreTable: scores,
    _core.SliceInvolvement: slice_entry,
    _core.Thresholds: thresholds,
    _core.GradeProbabilities: grade_probabilities,
}


#: The other stages of the compiled module, which all look alike.
_DRAWN |= {
    cls: stage
    for cls in vars(_core).values()
    if isinstance(cls, type)
    and vars(cls).get("_repr_html_") is vars(_core.CtVolume)["_repr_html_"]
    and cls not in _DRAWN
}


def drawn(value: object) -> str:
    """What a cell shows of a value of one of these classes."""
    return next(draw for cls, draw in _DRAWN.items() if isinstance(value, cls))(value)
