"""The page of a result, put together: three sheets that print as three pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from groundglass import overlay
from groundglass.findings.layers import DEPENDENT, LAYERS, LESIONS, Layer
from groundglass.html.markup import Content, Markup, el
from groundglass.html.words import counted, number, percent, volume
from groundglass.read.kinds import title_of
from groundglass.report import aeration, dependent, headline, origin, profile, tables
from groundglass.report.pictures import SLICE_WIDTH, KeySlice, key_slices

if TYPE_CHECKING:
    from groundglass.findings.findings import Findings

#: With more regions than these the sheet is printed closer, and closer still.
ROOMY_REGIONS, DENSE_REGIONS = 9, 14


def page(result: Findings) -> str:
    """The whole page as text."""
    from groundglass._core import ct_grade_cuts, extent_conventions

    # a report goes from hand to hand: no identifier of the series, even where the result keeps it
    content = replace(result, source=replace(result.source, series_uid=None)).to_dict()
    slices, conventions = key_slices(result), extent_conventions()
    cuts = ct_grade_cuts(absent_below=content["options"]["ct_grade_absent_below_fraction"])
    severity = content["severity"]
    title = f"{severity['ct_grade_extent']}, opacity {percent(severity['opacity_percent'])} of the lungs"
    first = el(
        "article",
        _masthead(content, 1),
        origin.terms(content),
        headline.section(content, cuts),
        tables.regions(content),
        el("div", _distribution(result, slices), tables.scores(content, conventions), class_="halves"),
        class_="sheet" + _density(len(content["regions"])),
    )
    second = el(
        "article",
        _masthead(content, 2),
        origin.terms(content),
        _key_slices(slices, hatched=bool(result.dependent.rows[0].dependent_ml > 0)),
        el(
            "div",
            el("div", origin.notes(content), origin.reading(content), tables.sources(conventions)),
            origin.provenance(content),
            class_="halves",
        ),
        class_="sheet dense" if origin.crowded(content) else "sheet",
    )
    third = el(
        "article",
        _masthead(content, 3),
        origin.terms(content),
        dependent.section(content),
        aeration.section(content),
        class_="sheet",
    )
    head = el(
        "head",
        el("meta", charset="utf-8"),
        el("meta", name="viewport", content="width=device-width, initial-scale=1"),
        el("meta", name="color-scheme", content="light dark"),
        el("meta", name="robots", content="noindex"),
        el("title", f"groundglass report: {title}"),
        el("style", Markup(style())),
    )
    return f"<!doctype html>\n{el('html', head, el('body', el('main', first, second, third)), lang='en')}\n"


def style() -> str:
    """The style sheet of the report, with the colours of the layers."""
    colors = "".join(f"--{_css_name(layer)}:{layer.hex};" for layer in LAYERS)
    return f":root{{{colors}}}\n" + Path(__file__).with_name("style.css").read_text(encoding="utf-8")


def _density(regions: int) -> str:
    return " denser" if regions > DENSE_REGIONS else " dense" if regions > ROOMY_REGIONS else ""


def _masthead(content: Mapping[str, Any], number_of_page: int) -> Markup:
    """The heading of the first sheet, repeated in words on the others."""
    source = content["input"]
    slices, rows, columns = source["shape"]
    kind = title_of(source["kind"])
    about = [
        el("span", f"{kind}, {counted(slices, 'slice')} of {rows} × {columns}"),
        el("span", "Study ", el("code", source["sha256"][:12])),
        el("span", f"Page {number_of_page} of 3", class_="paper"),
    ]
    name = [el("span", "groundglass", class_="wordmark"), " ", el("span", "Opacity of the lungs in chest CT")]
    return el(
        "header",
        el("h1", name) if number_of_page == 1 else el("p", name, class_="again"),
        el("p", about, class_="about"),
        class_="masthead",
    )


def _distribution(result: Findings, slices: Sequence[KeySlice]) -> Markup:
    drawn = profile.figure(result, slices)
    front = (
        " Left: the chest from the front, lesions painted by their thickness." if "<image" in drawn else ""
    )
    caption = [
        *map(_swatch, LESIONS),
        el("span", f"Numbers: the key slices.{front}"),
    ]
    return el(
        "section",
        el("h2", "From feet to head", id="profile"),
        el("figure", drawn, el("figcaption", caption)),
        aria_labelledby="profile",
    )


def _key_slices(slices: Sequence[KeySlice], *, hatched: bool) -> Markup:
    low, high = overlay.WINDOW_HU
    stripes = el("span", el("i", class_="swatch hatched"), DEPENDENT.title, class_="key")
    legend: Content = [
        *map(_swatch, LAYERS),
        *([stripes] if hatched else []),
        el("span", f"Window {low} to {high} HU. R, L: the patient’s sides.".replace("-", "−")),
    ]
    return el(
        "section",
        el("h2", "Key slices", id="slices"),
        el("p", legend, class_="legend"),
        el("div", [_slice(key) for key in slices], class_="slices"),
        aria_labelledby="slices",
    )


def _slice(key: KeySlice) -> Markup:
    entry = key.entry
    share = percent(entry.opacity_percent) if entry.lung_ml > 0 else "no lung"
    opacity = volume(entry.ground_glass_ml + entry.consolidation_ml)
    where = f"slice {entry.slice}, {number(entry.position_mm)} mm"
    spoken = (
        f"Axial {where}: {share}{' of its lung is opaque' if entry.lung_ml > 0 else ''}, ground glass "
        f"{volume(entry.ground_glass_ml, 2)}, consolidation {volume(entry.consolidation_ml, 2)}"
    )
    return el(
        "figure",
        el(
            "div",
            el(
                "img",
                src=key.uri,
                alt=spoken,
                width=key.width,
                height=key.height,
                style=f"width:{100 * key.width / SLICE_WIDTH:.4g}%",
            ),
            el("span", "R", class_="right-side", aria_hidden="true"),
            el("span", "L", class_="left-side", aria_hidden="true"),
            el("span", "Most opacity", class_="tag") if key.most else None,
            class_="picture",
        ),
        el(
            "figcaption",
            el("b", key.number),
            el("span", where[:1].upper() + where[1:]),
            el("span", f"{opacity}, ", el("strong", share)),
        ),
        class_="most" if key.most else None,
    )


def _swatch(layer: Layer) -> Markup:
    return el("span", el("i", class_=f"swatch {_css_name(layer)}"), layer.title, class_="key")


def _css_name(layer: Layer) -> str:
    return layer.title.replace(" ", "-")
