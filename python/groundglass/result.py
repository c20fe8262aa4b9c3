"""What an analysis gives: the numbers, the masks, and where they come from.

The layout of ``result.json`` is described in ``docs/reference/result.md`` and, for programs, by
:func:`schema`. A result names no patient: no file name, no path and, unless asked for, no DICOM identifier.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from groundglass.tables import to_csv, without_nan

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pandas as pd
    from pydicom.dataset import Dataset

    from groundglass._core import (
        CtVolume,
        GradeProbabilities,
        InvolvementTable,
        LesionCt,
        Note,
        ScoreTable,
        SliceInvolvement,
        Thresholds,
        UncertaintyTable,
    )
    from groundglass.grid import Grid
    from groundglass.severity_model import SeverityModel

#: Raised in its second part when keys are added, in its first when a reader has to change.
SCHEMA_VERSION = "1.1"

#: A DICOM UID with the number of its stack: of many parts, or 2.25 and a UUID in decimal.
_UID = re.compile(r"\b(?:2\.25\.\d{8,}|\d+(?:\.\d+){4,})(?:/\d+)?")

NOT_A_DEVICE = "Not a medical device: for research; not for diagnosis or treatment."

#: Columns of ``regions.csv``, in order; the same names are the keys of ``regions`` in ``result.json``.
REGION_COLUMNS = (
    "region",
    "lung_ml",
    "ground_glass_ml",
    "consolidation_ml",
    "opacity_ml",
    "opacity_percent",
    "high_opacity_percent",
    "lung_hu_mean",
    "lung_hu_sd",
    "opacity_hu_mean",
    "opacity_hu_sd",
)

#: What ``regions.csv`` and ``regions`` hold of each of these besides, where the models are calibrated.
INTERVAL_COLUMNS = tuple(f"{name}_{bound}" for name in REGION_COLUMNS[2:7] for bound in ("lower", "upper"))

#: Keys of ``severity.scores`` in ``result.json``: what the scores take for lobes, then the scores.
SCORE_KEYS = (
    "lobes",
    "ctss_pan2020",
    "ctss_francone",
    "lss",
    "lhos",
    "tss",
    "tfs",
    "tfs_ground_glass",
    "tfs_consolidation",
    "ct_ss",
    "ct_ss_segments",
)

#: Columns of ``slices.csv``, in order; the same names are the keys of ``slices`` in ``result.json``.
SLICE_COLUMNS = ("slice", "position_mm", "lung_ml", "ground_glass_ml", "consolidation_ml", "opacity_percent")

#: Everything that :meth:`Result.save` writes.
FILES = ("result.json", "regions.csv", "slices.csv", "lungs.nii.gz", "lesions.nii.gz", "overlay.png")


@dataclass(frozen=True, kw_only=True)
class InputRecord:
    """What was analyzed, without saying whose it is.

    `kind` is the reader's word for the format, or ``"array"`` for a volume handed over in memory. `sha256` is
    taken over the files' bytes, for an array over its voxels and grid. `series_uid` is kept only when asked
    for: it identifies a series, and through it a patient. `grid` is the one of a NIfTI, NRRD or MetaImage
    file, to which the masks go back when they are written; None for DICOM and for arrays.
    """

    kind: str
    sha256: str
    files: int | None = None
    series_uid: str | None = None
    grid: Grid | None = None


@dataclass(frozen=True, kw_only=True)
class ModelRecord:
    """A weight file that took part: its name, the SHA-256 of its bytes and the terms it comes under."""

    name: str
    sha256: str
    licence: str | None = None


@dataclass(frozen=True, kw_only=True)
class RunRecord:
    """How the run went: the one part of a result that differs from run to run.

    `timings_s` are wall seconds by stage. `peak_memory_mb` is the largest resident memory of the whole
    process so far in 10^6 bytes, None where the system does not tell.
    """

    timings_s: Mapping[str, float]
    peak_memory_mb: float | None
    threads: int


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Result:
    """The outcome of :func:`groundglass.analyze`: table, profile and grades, with the volumes they come from.

    `table` holds the regions, `profile` an entry a slice from feet to head; volumes are in ml, percentages of
    lung volume. `severity_class` is what `thresholds` makes of the fraction of opacity. `given_sha256` holds
    a digest of each mask that was given. `severity_model` is the fitted one that the thresholds come from,
    None for the published ones. `uncertainty` is None where the lesions were given, and where
    neither a calibration nor several members say anything. The arrays are views into the analyzed volumes,
    ``(slice, row, column)``.

    `source_headers` are the headers of the DICOM slices in their order, where they were asked for: what DICOM
    extras take the patient's data from. They come out nowhere else, and stay behind when a result is pickled
    or copied.
    """

    lesion_ct: LesionCt
    table: InvolvementTable
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
    uncertainty: UncertaintyTable | None = None
    severity_model: SeverityModel | None = None
    source_headers: Sequence[Dataset] | None = None

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"source_headers": None}

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
        from groundglass._core import ct_grade_cuts

        return self._probability(ct_grade_cuts(absent_below=self.options["ct_grade_absent_below_fraction"]))

    @property
    def class_probability(self) -> GradeProbabilities | None:
        """How probable the classes of `thresholds` are, None where the models are not calibrated."""
        return self._probability(self.thresholds.cuts)

    def _probability(self, cuts: Sequence[float]) -> GradeProbabilities | None:
        from groundglass._core import grade_probability

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

    def _repr_html_(self) -> str:
        from groundglass._repr_html import result

        return result(self)

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
            },
            "lungs": self._origin("lungs", "lung_mask"),
            "lesions": self._origin("lesions", "model"),
            "lobes": self._origin("lobes", None),
            "segments": self._origin("segments", None),
            "models": [
                {"name": model.name, "sha256": model.sha256, "licence": model.licence}
                for model in self.models
            ],
            "options": dict(self.options),
            "notes": [
                {"stage": stage, "level": str(note.level), "code": note.code, "text": self._plain(note.text)}
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
            "slices": self.slice_rows(),
            "run": {
                "timings_s": dict(self.run.timings_s),
                "peak_memory_mb": self.run.peak_memory_mb,
                "threads": self.run.threads,
            },
        }
        plain: dict[str, Any] = without_nan(content)
        return plain

    def _plain(self, text: str) -> str:
        """A note's text as it may be filed: without UIDs of series unless they were asked for."""
        return text if self.source.series_uid is not None else _UID.sub("(UID withheld)", text)

    def _origin(self, mask: str, found_by: str | None) -> dict[str, str | None]:
        sha256 = self.given_sha256.get(mask)
        return {"source": found_by if sha256 is None else "given", "sha256": sha256}

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
        rows: list[dict[str, Any]] = self.table.to_dict()
        if self.uncertainty is not None and self.uncertainty.calibrated:
            known = {found.region: found for found in (*self.uncertainty.rows, *self.uncertainty.lobes)}
            for row in rows:
                curves = known.get(row["region"])
                for column in INTERVAL_COLUMNS:
                    name, _, bound = column.rpartition("_")
                    row[column] = float(getattr(getattr(curves, name), bound)) if curves else math.nan
        return rows

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
        from groundglass.tables import to_pandas

        return to_pandas(self.region_rows())

    def save(
        self, folder: str | Path, *, extras: Collection[str] = (), overwrite: bool = False
    ) -> list[Path]:
        """Writes :data:`FILES` and `extras` (names of :data:`groundglass.extras.EXTRAS`) to `folder`, all of
        them or none, and returns their paths.

        Raises :class:`FileExistsError` when the folder holds something and `overwrite` is false,
        :class:`OSError` when it can't be written, ValueError for an unknown extra, :class:`ImportError` where
        what an extra needs is not installed, :class:`groundglass.FormatError` for DICOM extras of a study
        that is no DICOM or lacks what they refer to, ValueError where the result has no `source_headers`.
        """
        from groundglass.extras import EXTRAS, check, check_source
        from groundglass.write import output_folder

        wanted = check(extras)
        check_source(wanted, self.source.kind, self.source_headers)
        with output_folder(folder, overwrite=overwrite) as temporary:
            self.write_into(temporary, extras=wanted)
        return [Path(folder) / name for name in (*FILES, *(n for w in wanted for n in EXTRAS[w].files))]

    def write_into(self, folder: Path, *, extras: Collection[str] = ()) -> None:
        """Writes :data:`FILES` and `extras` into a folder that exists; :meth:`save` is the careful way."""
        from groundglass import overlay
        from groundglass.extras import EXTRAS

        (folder / "result.json").write_text(self.to_json(), encoding="utf-8")
        (folder / "regions.csv").write_text(to_csv(self.region_rows()), encoding="utf-8")
        (folder / "slices.csv").write_text(to_csv(self.slice_rows()), encoding="utf-8")
        self.write_mask(folder / "lungs.nii.gz", self.lungs)
        self.write_mask(folder / "lesions.nii.gz", self.lesions)
        overlay.of_result(self).save(folder / "overlay.png")
        for name in extras:
            EXTRAS[name].write(self, folder)

    def write_mask(self, path: str | Path, labels: npt.NDArray[np.uint8]) -> None:
        """Writes labels ``(slice, row, column)`` in the grid of :attr:`ct` as NIfTI.

        The file has the axes of the analyzed NIfTI, NRRD or MetaImage file, so that it lies over that file
        voxel by voxel; of a DICOM study and of an array it has those of :attr:`ct`.
        """
        from groundglass.write import write_nifti

        ct, grid = self.ct, self.source.grid
        if grid is None:
            write_nifti(path, labels, ct.spacing_mm, ct.origin_mm, ct.direction)
        else:
            turned = grid.from_axial(labels, ct.direction)
            write_nifti(path, turned, grid.spacing_mm, grid.origin_mm, grid.direction)

    def to_parquet(self, folder: str | Path, *, overwrite: bool = False) -> None:
        """Writes ``regions.parquet`` and ``slices.parquet``: the tables of the CSV files with their columns
        and units, null for "no answer", and the version and the disclaimer in the schema's metadata.

        Raises :class:`ImportError` where pyarrow is not installed, :class:`OSError` for files that exist,
        unless `overwrite` allows to replace them, and for a folder that can't be written.
        """
        from groundglass.write import write_parquet

        metadata = {"groundglass_version": self.version, "disclaimer": NOT_A_DEVICE}
        for name, rows in (("regions", self.region_rows()), ("slices", self.slice_rows())):
            path = Path(folder) / f"{name}.parquet"
            write_parquet(path, rows, metadata=metadata, overwrite=overwrite)


def schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of ``result.json``, as shipped with the package."""
    text = Path(__file__).with_name("groundglass.schema.json").read_text(encoding="utf-8")
    content: dict[str, Any] = json.loads(text)
    return content
