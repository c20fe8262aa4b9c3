"""What an analysis found: the numbers and the masks, as records, rows and plain types."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from groundglass._core import Aeration, DependentDensity, ct_grade_cuts, grade_probability
from groundglass.findings.records import (
    INTERVAL_COLUMNS,
    NOT_A_DEVICE,
    SCHEMA_VERSION,
    SCORE_KEYS,
    SLICE_COLUMNS,
    InputRecord,
    LungModelRecord,
    ModelRecord,
    RunRecord,
)
from groundglass.logs.identifiers import without_uids
from groundglass.tables import to_pandas, without_nan

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pandas as pd
    from pydicom.dataset import Dataset

    from groundglass._core import (
        AerationTable,
        CtVolume,
        DependentTable,
        GradeProbabilities,
        InvolvementTable,
        LesionCt,
        Note,
        ScoreTable,
        SliceInvolvement,
        Thresholds,
        UncertaintyTable,
    )


class FittedSeverity(Protocol):
    """What is asked of a fitted severity model; :class:`groundglass.SeverityModel` is one."""

    @property
    def patients(self) -> Sequence[int]: ...
    @property
    def cut_bounds(self) -> Sequence[tuple[float, float]]: ...
    @property
    def level(self) -> float: ...
    def near_cut(self, fraction: float) -> bool: ...
    def shares(self, fraction: float) -> Any: ...


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Findings:
    """What :func:`groundglass.analyze` found: table, profile and grades, with the volumes they come from.

    `table` holds the regions, `aeration` the air and tissue of the same, `dependent` the opacity that lies
    as dependent density does, `profile` an entry a slice from feet to head; volumes are in ml, percentages of
    lung volume. `severity_class` is what `thresholds` makes of the
    fraction of opacity. `given_sha256` holds a digest of each mask that was given. `lung_model` are the
    weights that found the lungs, None for the classical mask and for given lungs. `severity_model` is the
    fitted one that the thresholds come from, None for the published ones. `uncertainty` is None where the
    lesions were given, and where neither a calibration nor several members say anything. `likeness` says how
    far the study is from those that the networks learned from, as
    :func:`groundglass.segmentation.measure_likeness`, None where no network looked for lesions. The arrays
    are views into the analyzed volumes, ``(slice, row, column)``.

    `source_headers` are the headers of the DICOM slices in their order, where they were asked for: what DICOM
    extras take the patient's data from. They come out nowhere else, and stay behind when a result is pickled
    or copied.
    """

    lesion_ct: LesionCt
    table: InvolvementTable
    aeration: AerationTable
    dependent: DependentTable
    profile: Sequence[SliceInvolvement]
    scores: ScoreTable
    thresholds: Thresholds
    severity_class: str
    stage_notes: Mapping[str, Sequence[Note]]
    models: Sequence[ModelRecord]
    source: InputRecord
    given_sha256: Mapping[str, str]
    options: Mapping[str, Any]
    run: RunRecord
    version: str
    lung_model: LungModelRecord | None = None
    uncertainty: UncertaintyTable | None = None
    likeness: Mapping[str, float] | None = None
    severity_model: FittedSeverity | None = None
    source_headers: Sequence[Dataset] | None = None

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"source_headers": None}

    def __setstate__(self, state: Mapping[str, Any]) -> None:
        # A result that was pickled before something was measured has the voxels to measure it by.
        known = dict(state)
        for name, stage in (("aeration", Aeration()), ("dependent", DependentDensity())):
            if name not in known:
                known[name] = stage(known["lesion_ct"])
        self.__dict__.update(known)

    @property
    def ct(self) -> CtVolume:
        """The CT as it was analyzed: axial, in HU."""
        return self.lesion_ct.ct

    @property
    def lungs(self) -> npt.NDArray[np.uint8]:
        """0 outside, 1 left lung, 2 right lung."""
        return self.lesion_ct.lungs

    @property
    def lesions(self) -> npt.NDArray[np.uint8]:
        """0 none, 1 ground glass, 2 consolidation."""
        return self.lesion_ct.lesions

    @property
    def notes(self) -> list[Note]:
        """The notes of all stages in the order they ran."""
        return [note for notes in self.stage_notes.values() for note in notes]

    @property
    def opacity_percent(self) -> float:
        """Percentage of opacity (PO) of both lungs: ground glass and consolidation together."""
        return float(self.table.rows[0].opacity_percent)

    @property
    def high_opacity_percent(self) -> float:
        """Percentage of high opacity (PHO) of both lungs."""
        return float(self.table.rows[0].high_opacity_percent)

    @property
    def opacity_interval_percent(self) -> tuple[float, float] | None:
        """Central 90 % interval of the PO of both lungs, None where the models are not calibrated."""
        if self.uncertainty is None or not self.uncertainty.calibrated:
            return None
        curve = self.uncertainty.rows[0].opacity_percent
        return float(curve.lower), float(curve.upper)

    @property
    def grade_probability(self) -> GradeProbabilities | None:
        """How probable CT-0 to CT-4 by extent are, None where the models are not calibrated."""
        return self._probability(ct_grade_cuts(absent_below=self.options["ct_grade_absent_below_fraction"]))

    @property
    def class_probability(self) -> GradeProbabilities | None:
        """How probable the classes of `thresholds` are, None where the models are not calibrated."""
        return self._probability(self.thresholds.cuts)

    def _probability(self, cuts: Sequence[float]) -> GradeProbabilities | None:
        found = self.uncertainty
        if found is None or not found.calibrated:
            return None
        return grade_probability(found.levels, found.opacity_fractions, cuts=cuts, central=found.coverage)

    @property
    def ct_grade(self) -> str:
        """CT-0 to CT-4 by extent."""
        return str(self.scores.ct_grade_extent)

    def __repr__(self) -> str:
        both = self.table.rows[0]
        warnings = sum(note.level == "warning" for note in self.notes)
        return (
            f"<groundglass.Result: opacity {both.opacity_percent:.2f} % of {both.lung_ml:.0f} ml lung, "
            f"{self.ct_grade}, class {self.severity_class}, {len(self.notes)} notes, {warnings} warnings>"
        )

    def to_dict(self) -> dict[str, Any]:
        """The content of ``result.json``: plain types, full precision, None for "no answer"."""
        ct, scores = self.ct, self.scores.to_dict()
        content = {
            "schema": "groundglass.result",
            "schema_version": SCHEMA_VERSION,
            "groundglass_version": self.version,
            "disclaimer": NOT_A_DEVICE,
            "input": {
                "kind": self.source.kind,
                "sha256": self.source.sha256,
                "files": self.source.files,
                "series_uid": self.source.series_uid,
                "shape": [int(size) for size in ct.shape],
                "spacing_mm": [float(value) for value in ct.spacing_mm],
                "voxel_ml": float(ct.voxel_ml),
                **({} if self.source.patient is None else {"patient": self.source.patient}),
            },
            "lungs": self._lungs_entry(),
            "lesions": self._origin("lesions", "model"),
            "lobes": self._origin("lobes", None) | self._lobes_entry(),
            "segments": self._origin("segments", None),
            "models": [
                {"name": model.name, "sha256": model.sha256, "licence": model.licence}
                for model in self.models
            ],
            **({} if self.likeness is None else {"likeness": dict(self.likeness)}),
            "options": dict(self.options),
            "notes": [
                {"stage": stage, "level": str(note.level), "code": note.code, "text": self.plain(note.text)}
                for stage, notes in self.stage_notes.items()
                for note in notes
            ],
            "severity": {
                "opacity_percent": self.opacity_percent,
                "high_opacity_percent": self.high_opacity_percent,
                "ct_grade_extent": self.ct_grade,
                "ct_grade_rule": self.scores.ct_grade_rule,
                "scores": {name: scores[name] for name in SCORE_KEYS},
                "class": self.severity_class,
                "class_cuts_fraction": [float(cut) for cut in self.thresholds.cuts],
                "classes": [str(name) for name in self.thresholds.classes],
                **self._probability_entry(),
                **self._fitted_entry(),
            },
            **self._uncertainty_entry(),
            "regions": self.region_rows(),
            "dependent": self._dependent_entry(),
            "aeration": {"bands_hu": list(self.aeration.bands_hu), "regions": self.aeration_rows()},
            "slices": self.slice_rows(),
            "run": {
                "timings_s": dict(self.run.timings_s),
                "peak_memory_mb": self.run.peak_memory_mb,
                "threads": self.run.threads,
            },
        }
        plain: dict[str, Any] = without_nan(content)
        return plain

    def plain(self, text: str) -> str:
        """A note's text as it may be filed: without UIDs of series unless they were asked for."""
        return text if self.source.series_uid is not None else without_uids(text)

    def _origin(self, mask: str, found_by: str | None) -> dict[str, str | None]:
        sha256 = self.given_sha256.get(mask)
        return {"source": found_by if sha256 is None else "given", "sha256": sha256}

    def _lungs_entry(self) -> dict[str, Any]:
        """``lungs``, with the weights where a network found them."""
        model = self.lung_model
        if model is None:
            return self._origin("lungs", "lung_mask")
        return self._origin("lungs", "network") | {
            "model": {
                "name": model.name,
                "version": model.version,
                "sha256": model.sha256,
                "licence": model.licence,
                "threshold": model.threshold,
            }
        }

    @property
    def weights(self) -> list[ModelRecord]:
        """All weights that took part: those of the lungs, then those of the lesions."""
        return [*([] if self.lung_model is None else [self.lung_model]), *self.models]

    def _lobes_entry(self) -> dict[str, Any]:
        """How lobes were estimated; nothing where they were given or are not known."""
        found = self.lesion_ct.with_lungs.lobe_estimate
        if found is None:
            return {}
        return {
            "source": "estimated",
            "how": "shape + fissure" if any(part["seen"] > 0 for part in found.values()) else "shape",
            "fissures": [{"name": name, **part} for name, part in found.items()],
        }

    def _dependent_entry(self) -> dict[str, Any]:
        """``dependent``: where the layer lies, or why it is not told apart."""
        found = self.dependent
        sides = {"supine": "back", "prone": "front"}
        return {
            "position": None if found.position == "unknown" else found.position,
            "side": None if found.left_out else sides[found.position],
            "left_out": found.left_out or None,
            "lung_level_hu": found.lung_level_hu,
            "dependent_ml": float(found.rows[0].dependent_ml),
            "opacity_percent_without_dependent": float(found.rows[0].opacity_percent_without_dependent),
        }

    def _uncertainty_entry(self) -> dict[str, Any]:
        """``uncertainty`` of both lungs; nothing where nothing is known."""
        found = self.uncertainty
        if found is None:
            return {}
        both = found.rows[0]
        entry: dict[str, Any] = {
            "coverage": float(found.coverage) if found.calibrated else None,
            "levels": list(found.levels),
        }
        for name in ("opacity_percent", "high_opacity_percent"):
            curve = getattr(both, name)
            entry |= {
                name: list(curve.values),
                f"{name}_lower": float(curve.lower),
                f"{name}_upper": float(curve.upper),
            }
        entry |= {"members": int(found.members), "opacity_percent_sd": float(found.opacity_percent_sd)}
        return {"uncertainty": entry}

    def _probability_entry(self) -> dict[str, Any]:
        """``severity.probability``; nothing where the models are not calibrated."""
        grade, classes = self.grade_probability, self.class_probability
        if grade is None or classes is None:
            return {}
        return {
            "probability": {
                "ct_grade_extent": list(grade.probability),
                "ct_grade_near_cut": grade.near_cut,
                "class": list(classes.probability),
                "class_near_cut": classes.near_cut,
            }
        }

    def _fitted_entry(self) -> dict[str, Any]:
        """``severity.fitted``; nothing for the published cuts."""
        model = self.severity_model
        if model is None:
            return {}
        fraction = self.table.opacity_fraction
        alike = model.shares(fraction)
        return {
            "fitted": {
                "patients": sum(model.patients),
                "cut_lower_fraction": [lower for lower, _ in model.cut_bounds],
                "cut_upper_fraction": [upper for _, upper in model.cut_bounds],
                "near_cut": model.near_cut(fraction),
                "alike_patients": alike.patients,
                "alike_from_fraction": alike.start,
                "alike_to_fraction": alike.stop,
                "share": list(alike.share),
                "share_lower": list(alike.lower),
                "share_upper": list(alike.upper),
                "level": model.level,
            }
        }

    def to_json(self) -> str:
        """:meth:`to_dict` as JSON text; floats read back as the very same numbers."""
        return json.dumps(self.to_dict(), indent=2, ensure_ascii=False, allow_nan=False) + "\n"

    def region_rows(self) -> list[dict[str, Any]]:
        """The involvement table as dictionaries with the keys :data:`REGION_COLUMNS`, both lungs first.

        Lobes and segments come last, where maps of them were given.

        Where the models are calibrated :data:`INTERVAL_COLUMNS` follow.
        """
        pairs = zip(self.table.to_dict(), self.dependent.to_dict(), strict=True)
        rows: list[dict[str, Any]] = [involved | dependent for involved, dependent in pairs]
        if self.uncertainty is not None and self.uncertainty.calibrated:
            known = {found.region: found for found in (*self.uncertainty.rows, *self.uncertainty.lobes)}
            for row in rows:
                curves = known.get(row["region"])
                for column in INTERVAL_COLUMNS:
                    name, _, bound = column.rpartition("_")
                    row[column] = float(getattr(getattr(curves, name), bound)) if curves else math.nan
        return rows

    def aeration_rows(self) -> list[dict[str, Any]]:
        """The aeration of the regions as dictionaries with the keys :data:`AERATION_COLUMNS`, in the order of
        :meth:`region_rows`."""
        return self.aeration.to_dict()

    def slice_rows(self) -> list[dict[str, Any]]:
        """The slice profile as dictionaries with the keys :data:`SLICE_COLUMNS`, from feet to head."""
        return [
            {"slice": int(entry.slice)} | {name: float(getattr(entry, name)) for name in SLICE_COLUMNS[1:]}
            for entry in self.profile
        ]

    def to_pandas(self) -> pd.DataFrame:
        """The involvement table as a data frame with the columns of ``regions.csv``.

        Raises :class:`ImportError` where pandas is not installed.
        """
        return to_pandas(self.region_rows())
