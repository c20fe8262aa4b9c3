"""How a result is laid out, with its version, columns and keys, and the records of where it comes from."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from groundglass.html.compartments import COMPARTMENTS

if TYPE_CHECKING:
    from groundglass.read.grid import Grid

#: Raised in its second part when keys are added, in its first when a reader has to change.
SCHEMA_VERSION = "1.4"

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
    "dependent_ml",
    "opacity_percent_without_dependent",
)

#: What ``regions.csv`` and ``regions`` hold of each of these besides, where the models are calibrated.
INTERVAL_COLUMNS = tuple(f"{name}_{bound}" for name in REGION_COLUMNS[2:7] for bound in ("lower", "upper"))

#: Columns of ``aeration.csv``, in order; the same names are the keys of ``aeration.regions``.
AERATION_COLUMNS = (
    "region",
    "lung_ml",
    *(f"{name}_ml" for name in COMPARTMENTS),
    *(f"{name}_percent" for name in COMPARTMENTS),
    "low_attenuation_950_percent",
    "low_attenuation_910_percent",
    "perc15_hu",
    "mean_hu",
    "sd_hu",
    "gas_ml",
    "lung_mass_g",
    "air_tissue_ratio",
)

#: Columns of ``slices.csv``, in order; the same names are the keys of ``slices`` in ``result.json``.
SLICE_COLUMNS = ("slice", "position_mm", "lung_ml", "ground_glass_ml", "consolidation_ml", "opacity_percent")


@dataclass(frozen=True, kw_only=True)
class InputRecord:
    """What was analyzed, without saying whose it is.

    `kind` is the reader's word for the format, or ``"array"`` for a volume handed over in memory. `sha256` is
    taken over the files' bytes, for an array over its voxels and grid. `series_uid` is kept only when asked
    for: it identifies a series, and through it a patient. `patient` is a digest of the patient's ID by the
    user's own key, None without one. `grid` is the one of a NIfTI, NRRD or MetaImage
    file, to which the masks go back when they are written; None for DICOM and for arrays.
    """

    kind: str
    sha256: str
    files: int | None = None
    series_uid: str | None = None
    grid: Grid | None = None
    patient: str | None = None


@dataclass(frozen=True, kw_only=True)
class ModelRecord:
    """A weight file that took part: its name, the SHA-256 of its bytes and the terms it comes under."""

    name: str
    sha256: str
    licence: str | None = None


@dataclass(frozen=True, kw_only=True)
class LungModelRecord(ModelRecord):
    """The weights that found the lungs, with their version and the probability from which on is lung."""

    version: str
    threshold: float


@dataclass(frozen=True, kw_only=True)
class RunRecord:
    """How the run went: the one part of a result that differs from run to run.

    `timings_s` are wall seconds by stage. `peak_memory_mb` is the largest resident memory of the whole
    process so far in 10^6 bytes, None where the system does not tell.
    """

    timings_s: Mapping[str, float]
    peak_memory_mb: float | None
    threads: int


@cache
def _schema_text() -> str:
    return Path(__file__).with_name("groundglass.schema.json").read_text(encoding="utf-8")


def schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of ``result.json``, as shipped with the package."""
    content: dict[str, Any] = json.loads(_schema_text())
    return content


_SCORES = schema()["properties"]["severity"]["properties"]["scores"]

#: Keys of ``severity.scores`` in ``result.json`` as the schema lists them: what the scores take for lobes,
#: then the scores.
SCORE_KEYS: tuple[str, ...] = tuple(_SCORES["required"])

#: The names that scores go by, in the order of tables; ``gg.extent_conventions`` says the rest.
SCORES: dict[str, str] = {
    key: entry["title"] for key, entry in _SCORES["properties"].items() if "title" in entry
}
