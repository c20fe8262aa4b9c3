"""What a viewer shows: the volumes as bytes for the browser, and the numbers beside them."""

from __future__ import annotations

import gzip
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from groundglass import _moved
from groundglass._core import CtVolume, Involvement, LesionCt, LungCt, SliceProfile
from groundglass.findings.layers import LAYERS, LUNG, Labels, Layer, with_lung
from groundglass.overlay import Crop, lung_crop
from groundglass.report.profile import LEAST_LUNG
from groundglass.result import Result
from groundglass.tables import without_nan
from groundglass.write.nifti import nifti_bytes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from groundglass._core import InvolvementTable, SliceInvolvement

Study = Result | LesionCt | LungCt | CtVolume

#: A cropped CT above this is thinned out unless told otherwise: browsers hold it several times over.
MOST_BYTES = 96_000_000


@dataclass(frozen=True)
class Excerpt:
    """Which voxels of a volume are shown: the `crop` of each slice, of `step` rows and columns one."""

    shape: tuple[int, int, int]
    crop: Crop
    step: int

    @property
    def rows(self) -> slice:
        return slice(self.crop.top, self.crop.bottom, self.step)

    @property
    def columns(self) -> slice:
        return slice(self.crop.left, self.crop.right, self.step)

    def shown(self, volume: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """The part of `volume` that is shown, contiguous."""
        return np.ascontiguousarray(volume[:, self.rows, self.columns])

    def voxel(self, fractions: Sequence[float]) -> tuple[int, int, int]:
        """(slice, row, column) of the whole volume at `fractions` along right to left, back to front, feet to
        head, each 0..1, of what is shown."""
        places = (self.rows, self.columns)
        counts = (self.shape[0], *(len(range(p.start, p.stop, p.step)) for p in places))
        across, up, along = fractions
        # NIfTI counts from the patient's left and back, the volume from right and front
        index = [
            min(count - 1, max(0, math.floor(share * count)))
            for count, share in zip(counts, (along, 1 - up, 1 - across), strict=True)
        ]
        return (index[0], *(p.start + p.step * i for p, i in zip(places, index[1:], strict=True)))


def ct_of(study: Study) -> CtVolume:
    """The CT of a study. Raises ``TypeError`` for anything else."""
    if isinstance(study, CtVolume):
        return study
    if isinstance(study, (Result, LesionCt, LungCt)):
        return study.ct
    raise TypeError(f"view takes a Result, a LesionCt, a LungCt or a CtVolume, found {type(study).__name__}")


def excerpt(study: Study, downsample: int | None) -> Excerpt:
    """What to show of a study. Raises ``ValueError`` for `downsample` below 1."""
    ct = ct_of(study)
    if downsample is not None and downsample < 1:
        raise ValueError(f"downsample must be 1 or more, found {downsample}")
    shape = (int(ct.shape[0]), int(ct.shape[1]), int(ct.shape[2]))
    crop = Crop(0, shape[1], 0, shape[2])
    if not isinstance(study, CtVolume):
        crop = lung_crop(study.lungs, ct.spacing_mm)
    voxels = shape[0] * (crop.bottom - crop.top) * (crop.right - crop.left)
    step = downsample or max(1, math.ceil(math.sqrt(2 * voxels / MOST_BYTES)))
    return Excerpt(shape, crop, step)


def labels_of(study: Study) -> Labels | None:
    """uint8 (slice, row, column): 1 ground glass, 2 consolidation, 3 other lung, 0 none. None for a CT."""
    if isinstance(study, CtVolume):
        return None
    lungs = study.lungs
    return with_lung(np.zeros_like(lungs) if isinstance(study, LungCt) else study.lesions, lungs)


def _layers_of(study: Study) -> tuple[Layer, ...]:
    if isinstance(study, CtVolume):
        return ()
    return (LUNG,) if isinstance(study, LungCt) else LAYERS


def volumes(study: Study, shown: Excerpt) -> tuple[bytes, bytes | None]:
    """CT and labels as NIfTI files in memory, the labels compressed: they shrink to a hundredth."""
    ct, labels = ct_of(study), labels_of(study)
    spacing = (ct.spacing_mm[0], *(shown.step * step for step in ct.spacing_mm[1:]))
    image = nifti_bytes(shown.shown(ct.hounsfield), spacing)
    if labels is None:
        return image, None
    return image, gzip.compress(nifti_bytes(shown.shown(labels), spacing), compresslevel=1, mtime=0)


def measured(study: Study) -> tuple[Sequence[SliceInvolvement], InvolvementTable | None]:
    """Slice profile and region table, empty and None where there are no lesions to measure."""
    if isinstance(study, Result):
        return study.profile, study.table
    if isinstance(study, LesionCt):
        return SliceProfile()(study), Involvement()(study)
    return (), None


def first_slice(profile: Sequence[SliceInvolvement], shown: Excerpt) -> int:
    """The slice with most opacity in ml, the middle one where there is none."""
    opacity = [entry.ground_glass_ml + entry.consolidation_ml for entry in profile]
    most = max(opacity, default=0.0)
    return opacity.index(most) if most > 0 else shown.shape[0] // 2


def summary(
    study: Study, shown: Excerpt, profile: Sequence[SliceInvolvement], table: InvolvementTable | None
) -> dict[str, Any]:
    """The numbers that the browser draws, as plain types: profile, regions, grade, warnings."""
    ct = ct_of(study)
    content: dict[str, Any] = {
        "shape": [int(size) for size in ct.shape],
        "thinned": shown.step,
        "layers": [layer.name for layer in _layers_of(study)],
        "positions_mm": [float(ct.origin_mm[2] + i * ct.spacing_mm[0]) for i in range(ct.shape[0])],
    }
    if profile:
        content["positions_mm"] = [float(entry.position_mm) for entry in profile]
        least = LEAST_LUNG * max(entry.lung_ml for entry in profile)
        most = max((e.opacity_percent for e in profile if e.lung_ml > least), default=0.0)
        content["top_percent"] = min(100, max(5, 5 * math.ceil(most / 5)))
        content["profile"] = [
            [100 * part / entry.lung_ml for part in (entry.ground_glass_ml, entry.consolidation_ml)]
            if entry.lung_ml > 0
            else None
            for entry in profile
        ]
    if table is not None:
        content["regions"] = [
            {
                "region": row.region,
                "lung_ml": row.lung_ml,
                "ground_glass_percent": _percent(row.ground_glass_ml, row.lung_ml),
                "consolidation_percent": _percent(row.consolidation_ml, row.lung_ml),
                "opacity_percent": row.opacity_percent,
            }
            for row in (*table.rows, *table.lobes)
        ]
    if isinstance(study, Result):
        content["grade"] = _grade(study)
    plain: dict[str, Any] = without_nan(content)
    return plain


def _grade(result: Result) -> dict[str, Any]:
    found = result.to_dict()
    probability = result.grade_probability
    return {
        "grade": result.ct_grade,
        "class": result.severity_class,
        "opacity_interval_percent": result.opacity_interval_percent,
        "coverage": None if result.uncertainty is None else float(result.uncertainty.coverage),
        "probability": None if probability is None else [float(p) for p in probability.probability],
        "warnings": [note["text"] for note in found["notes"] if note["level"] == "warning"],
        "disclaimer": found["disclaimer"],
    }


def _percent(part: float, whole: float) -> float:
    return 100 * part / whole if whole > 0 else math.nan


if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        return _moved.attribute(__name__, name)
