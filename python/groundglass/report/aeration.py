"""Air and tissue: the compartments of both lungs, the table of the regions, and what the columns mean."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from groundglass.html.compartments import COMPARTMENTS, ranges
from groundglass.html.markup import Content, Markup, el
from groundglass.html.words import number, percent, volume

#: Columns of the table of regions: the group's heading, the heading, the key, decimals, unit.
COLUMNS = (
    ("Compartment, % of the lung", "Hyper-", "hyperinflated_percent", 1, "%"),
    ("Compartment, % of the lung", "Normal", "normally_aerated_percent", 1, "%"),
    ("Compartment, % of the lung", "Poor", "poorly_aerated_percent", 1, "%"),
    ("Compartment, % of the lung", "Non-", "non_aerated_percent", 1, "%"),
    ("Compartment, % of the lung", "Denser", "denser_percent", 1, "%"),
    ("Low attenuation, %", "−950", "low_attenuation_950_percent", 2, "%"),
    ("Low attenuation, %", "−910", "low_attenuation_910_percent", 2, "%"),
    ("HU", "Perc15", "perc15_hu", 0, "HU"),
    ("Air and tissue", "Gas, ml", "gas_ml", 0, ""),
    ("Air and tissue", "Tissue, g", "lung_mass_g", 0, ""),
    ("Air and tissue", "ml/g", "air_tissue_ratio", 2, ""),
)

#: Notes about these numbers, told beside them.
NOTES = ("thick_slices", "sharp_kernel")

SOURCES = (
    "Compartments: Vieira et al. 1998, doi:10.1164/ajrccm.158.5.9802101; Gattinoni et al. 2001, "
    "doi:10.1164/ajrccm.164.9.2103121. Below −950 HU: Gevenois et al. 1996, "
    "doi:10.1164/ajrccm.154.1.8680679. Below −910 HU: Müller et al. 1988, doi:10.1378/chest.94.4.782. "
    "Perc15: Dirksen et al. 1999, doi:10.1164/ajrccm.160.5.9901055."
)
ABOUT = (
    "All of the lung is counted, lesions included; no network takes part. Low attenuation is the share of "
    "voxels below −950 and −910 HU, Perc15 the lowest HU that at least 15 % of the voxels do not exceed. Of "
    "a voxel −HU/1000 is gas and (HU + 1000)/1000 g/ml tissue, all gas from −1000 HU down and none from 0 HU "
    "up. How deep the breath was changes every number here. Compartments in ml, mean and standard deviation, "
    "and segments are in aeration.csv."
)


def section(content: Mapping[str, Any]) -> Markup:
    """Everything about air and tissue; `content` is that of ``result.json``."""
    found = content["aeration"]
    rows = [row for row in found["regions"] if not row["region"].startswith("segment")]
    told = [el("p", note["text"], class_="remark") for note in content["notes"] if note["code"] in NOTES]
    return el(
        "section",
        el("h2", "Air and tissue", id="aeration"),
        el("div", _compartments(rows[0], ranges(found["bands_hu"])), _measures(rows[0]), class_="halves"),
        told,
        el(
            "table",
            el("caption", "By region."),
            el("thead", _heads(), role="rowgroup"),
            el("tbody", [_region(row) for row in rows], role="rowgroup"),
            class_="regions aeration",
            role="table",
        ),
        el("p", ABOUT, class_="remark"),
        el("p", SOURCES, class_="remark"),
        aria_labelledby="aeration",
    )


def _compartments(row: Mapping[str, Any], held: list[str]) -> Markup:
    """The compartments of both lungs with what they hold, as bars."""
    body = []
    for (name, title), hu in zip(COMPARTMENTS.items(), held, strict=True):
        share = row[f"{name}_percent"]
        bar = el("span", el("span", style=f"width:{share or 0:.1f}%"), class_="bar")
        body.append(
            el(
                "tr",
                el("th", title, scope="row"),
                el("td", hu),
                el("td", number(row[f"{name}_ml"], 0)),
                el("td", number(share)),
                el("td", bar, aria_hidden="true"),
            )
        )
    head = el("tr", [el("th", name, scope="col") for name in ("Both lungs", "HU", "ml", "%")], el("td"))
    return el("table", el("thead", head), el("tbody", body), class_="compartments")


def _measures(row: Mapping[str, Any]) -> Markup:
    """What a reader looks for first, of both lungs."""
    facts = {
        "Below −950 HU": percent(row["low_attenuation_950_percent"]),
        "Perc15": f"{number(row['perc15_hu'], 0)} HU",
        "Mean ± SD": f"{number(row['mean_hu'], 0)} ± {number(row['sd_hu'], 0)} HU",
        "Gas": volume(row["gas_ml"], 0),
        "Tissue": f"{number(row['lung_mass_g'], 0)} g",
    }
    return el("dl", [el("div", el("dt", name), el("dd", value)) for name, value in facts.items()])


def _heads() -> list[Markup]:
    groups: dict[str, list[Content]] = {}
    for group, name, *_ in COLUMNS:
        held = groups.setdefault(group, [])
        held.append(el("th", name, scope="col", role="columnheader", class_=None if held else "start"))
    over = [
        el("th", group, scope="colgroup", colspan=len(held), role="columnheader", class_="group")
        for group, held in groups.items()
    ]
    region = el("th", "Region", scope="col", rowspan=2, role="columnheader")
    return [el("tr", region, over, role="row"), el("tr", groups.values(), role="row")]


def _region(row: Mapping[str, Any]) -> Markup:
    cells: list[Content] = []
    last = None
    for group, name, key, digits, unit in COLUMNS:
        label = f"{name} {unit}".strip()
        start = "start" if group != last else None
        last = group
        cells.append(el("td", number(row[key], digits), data_label=label, role="cell", class_=start))
    name = row["region"]
    kind = "total" if name == "both lungs" else "side" if name.endswith("lung") else None
    return el(
        "tr",
        el("th", name[:1].upper() + name[1:], scope="row", role="rowheader"),
        cells,
        class_=kind,
        role="row",
    )
