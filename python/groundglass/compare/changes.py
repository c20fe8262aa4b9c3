"""What a comparison found: every measure at all times, how it has changed, and what may be made of that."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from groundglass._core import InvolvementChange, __version__, change_between
from groundglass.compare.change_map import ChangeMap
from groundglass.compare.checks import Check
from groundglass.compare.moment import Moment
from groundglass.findings.changes import CHANGES
from groundglass.findings.records import AERATION_COLUMNS, NOT_A_DEVICE
from groundglass.tables import to_html, to_pandas, without_nan

#: Raised in its second part when keys are added, in its first when a reader has to change.
SCHEMA_VERSION = "1.0"

#: Correlation of the errors of two measurements of one patient by the same weights; decision 23 tells where
#: it comes from. Other weights share nothing that is known.
SHARED = 0.96

#: From this probability on more or less is said; below it nothing is.
LIKELY = 0.9

#: The words for a verdict.
VERDICTS = {
    "more": "More opacity",
    "less": "Less opacity",
    "unchanged": "No change shown",
    "unknown": "Not known",
}

#: What is measured of opacity, in the order of tables.
MEASURES = (
    "lung_ml",
    "ground_glass_ml",
    "consolidation_ml",
    "opacity_ml",
    "opacity_percent",
    "high_opacity_percent",
    "opacity_ml_at_breath",
    "opacity_percent_at_breath",
)
#: What is measured of air and tissue; no model takes part, so nothing is said of its error.
AERATION_MEASURES = AERATION_COLUMNS[2:]

#: Columns of ``changes.csv``.
COLUMNS = (
    "time",
    "region",
    "measure",
    "baseline",
    "followup",
    "difference",
    "relative_percent",
    "difference_lower",
    "difference_upper",
    "probability_less",
    "probability_same",
    "probability_more",
    "verdict",
)

_BOUNDED = ("ground_glass_ml", "consolidation_ml", "opacity_ml", "opacity_percent", "high_opacity_percent")


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Changes:
    """Two or more moments of one patient, the baseline first.

    `names` are those of the moments, `days` their distance from the baseline, None where it is not known.
    `checks` are the answers of each follow-up; one that is ``"other"`` stands here only where the comparison
    was asked for all the same. `changes` holds a row for each follow-up, region and measure
    (:data:`COLUMNS`), `maps` a change map or None for each follow-up, `why_no_map` a sentence for each.
    """

    moments: Sequence[Moment]
    names: Sequence[str]
    days: Sequence[float | None]
    checks: Sequence[Sequence[Check]]
    stage: InvolvementChange
    changes: Sequence[Mapping[str, Any]]
    maps: Sequence[ChangeMap | None]
    why_no_map: Sequence[str | None]

    def change(
        self, measure: str = "opacity_ml", region: str = "both lungs", time: int = 1
    ) -> dict[str, Any]:
        """The row of one measure. Raises :class:`KeyError` where there is none."""
        for row in self.changes:
            if (row["time"], row["region"], row["measure"]) == (time, region, measure):
                return dict(row)
        raise KeyError((measure, region, time))

    @property
    def verdict(self) -> str:
        """``"more"``, ``"less"`` or ``"unchanged"``: the opacity of both lungs at the first follow-up, at the
        breath of the baseline where that can be told; ``"unknown"`` where one has no lung."""
        found = (self.change(measure)["verdict"] for measure in ("opacity_ml_at_breath", "opacity_ml"))
        return next((verdict for verdict in found if verdict is not None), "unknown")

    @property
    def marks(self) -> list[str]:
        """What would have been refused, a sentence each."""
        return [check.text for found in self.checks for check in found if check.answer == "other"]

    @property
    def doubts(self) -> list[str]:
        """What could not be told, a sentence each."""
        found = []
        for name, answers, why in zip(self.names[1:], self.checks, self.why_no_map, strict=True):
            if any(check.question == "patient" and check.answer == "unknown" for check in answers):
                found.append(
                    f"Whether the {name} is of the baseline's patient is not known: identifiers are missing "
                    "from one of the two."
                )
            if why is not None:
                found.append(f"There is no change map of the {name}: {why}.")
        return found

    def to_dict(self) -> dict[str, Any]:
        """The content of ``comparison.json``: plain types, None for "no answer"."""
        content = {
            "schema": "groundglass.comparison",
            "schema_version": SCHEMA_VERSION,
            "groundglass_version": __version__,
            "disclaimer": NOT_A_DEVICE,
            "options": {
                "coverage": self.stage.coverage,
                "shared": self.stage.shared,
                "repeatability_ml": self.stage.volume_ml,
                "repeatability_percent_points": self.stage.percent_points,
                "repeatability_relative": self.stage.relative,
                "likely": LIKELY,
            },
            "verdict": self.verdict,
            "marks": self.marks,
            "doubts": self.doubts,
            "times": [self._time(place) for place in range(len(self.moments))],
            "changes": [dict(row) for row in self.changes],
            "maps": [self._map(place) for place in range(len(self.maps))],
        }
        plain: dict[str, Any] = without_nan(content)
        return plain

    def _time(self, place: int) -> dict[str, Any]:
        content = self.moments[place].content
        severity = content["severity"]
        return {
            "name": self.names[place],
            "days": self.days[place],
            "study_sha256": content["input"]["sha256"],
            "ct_grade_extent": severity["ct_grade_extent"],
            "ct_grade_rule": severity["ct_grade_rule"],
            "class": severity["class"],
            "models": [{"name": model["name"], "sha256": model["sha256"]} for model in content["models"]],
            "checks": {check.question: check.answer for check in (self.checks[place - 1] if place else ())},
        }

    def _map(self, place: int) -> dict[str, Any] | None:
        found = self.maps[place]
        if found is None:
            return None
        fit = found.registration
        return {
            "file": map_name(place + 1) if found.labels is not None else None,
            "refused": fit.refused,
            "lung_dice": fit.lung_dice,
            "landmark_error_mm": fit.landmark_error_mm,
            "landmark_error_mm_p90": fit.landmark_error_mm_p90,
            "landmarks": fit.landmarks,
            "folded": fit.folded,
            **{f"{name}_ml": found.volumes_ml.get(name) for name in CHANGES},
        }

    def to_json(self) -> str:
        """:meth:`to_dict` as JSON text."""
        return json.dumps(self.to_dict(), indent=2, ensure_ascii=False, allow_nan=False) + "\n"

    def to_pandas(self) -> Any:
        """The rows of :attr:`changes` as a data frame. Raises :class:`ImportError` without pandas."""
        return to_pandas(self.changes)

    def __repr__(self) -> str:
        row = self.change()
        return (
            f"<groundglass.Comparison: {len(self.moments)} times, opacity {row['baseline']:.1f} to "
            f"{row['followup']:.1f} ml, {self.verdict}>"
        )

    def _repr_html_(self) -> str:
        rows = [row for row in self.changes if row["region"] == "both lungs" and row["measure"] in MEASURES]
        return to_html(rows, caption=f"Change of both lungs: {self.verdict}")


def map_name(time: int) -> str:
    """The file of the change map of a follow-up, counted from 1."""
    return "change.nii.gz" if time == 1 else f"change-{time}.nii.gz"


def change_rows(first: Moment, second: Moment, time: int, stage: InvolvementChange) -> list[dict[str, Any]]:
    """The rows of :data:`COLUMNS` of one follow-up beside the baseline."""
    rows = []
    for region in stage(*([_held(row) for row in moment.regions] for moment in (first, second))):
        known = all(_has_interval(moment, region["region"]) for moment in (first, second))
        for measure in MEASURES:
            rows.append(
                _row(time, region["region"], measure, region[measure], known and measure != "lung_ml")
            )
    return rows + _aeration_rows(first, second, time)


def _held(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row in which what has no interval is taken as it is, so that repeatability alone decides."""
    result = dict(row)
    for name in _BOUNDED:
        for bound in ("lower", "upper"):
            if result.get(f"{name}_{bound}") is None:
                result[f"{name}_{bound}"] = row[name]
    return result


def _has_interval(moment: Moment, region: str) -> bool:
    found = next((row for row in moment.regions if row["region"] == region), {})
    return found.get("opacity_ml_lower") is not None


def _row(time: int, region: str, measure: str, found: Mapping[str, float], known: bool) -> dict[str, Any]:
    bounds = ("lower", "upper", "less", "same", "more")
    less, same, more = (found[name] for name in bounds[2:])
    verdict = None
    if not math.isnan(same):
        verdict = "more" if more >= LIKELY else "less" if less >= LIKELY else "unchanged"
    shown = [found[name] if known else math.nan for name in bounds]
    values = (found["first"], found["second"], found["difference"], found["relative_percent"], *shown)
    return dict(zip(COLUMNS, (time, region, measure, *values, verdict), strict=True))


def _aeration_rows(first: Moment, second: Moment, time: int) -> list[dict[str, Any]]:
    """Differences of air and tissue, of results that have them."""
    tables = [moment.content.get("aeration", {}).get("regions", []) for moment in (first, second)]
    later = {row["region"]: row for row in tables[1]}
    rows = []
    for row in tables[0]:
        if row["region"] not in later or row["region"].startswith("segment"):
            continue
        for measure in AERATION_MEASURES:
            before, after = row[measure], later[row["region"]][measure]
            if before is None or after is None:
                found = {"difference": math.nan, "relative_percent": math.nan}
            else:
                unknown = (math.nan, math.nan)
                change = change_between([(before, *unknown)], [(after, *unknown)])
                found = {name: float(change[name][0]) for name in ("difference", "relative_percent")}
            nothing = dict.fromkeys(COLUMNS)
            values = {"time": time, "region": row["region"], "measure": measure}
            rows.append({**nothing, **values, "baseline": before, "followup": after, **found})
    return rows


@cache
def _schema_text() -> str:
    return Path(__file__).with_name("comparison.schema.json").read_text(encoding="utf-8")


def schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of ``comparison.json``, as shipped with the package."""
    content: dict[str, Any] = json.loads(_schema_text())
    return content
