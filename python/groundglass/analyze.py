"""From a study to its result in one call: reading, lungs, lesions, involvement, grades."""

from __future__ import annotations

import hashlib
import logging
import os
import sys
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from groundglass.errors import FormatError, ModelError
from groundglass.extras import check as check_extras
from groundglass.extras import check_source, needs_headers
from groundglass.result import InputRecord, ModelRecord, Result, RunRecord

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

    from groundglass._core import CtVolume, LesionCt, LungCt
    from groundglass.segmentation import Ensemble, InfNet
    from groundglass.severity_model import SeverityModel
    from groundglass.weights import ModelFile

__all__ = ["Cancelled", "Mask", "Model", "Progress", "analyze"]

_log = logging.getLogger(__name__)

#: Called with the stage's name, the steps done and the steps in all; an answer of ``False`` stops the work.
Progress = Callable[[str, int, int], "bool | None"]

#: A mask as a file in any of the readable formats, a folder with a file for each part of the lungs, or an
#: array of whole numbers in the grid of the CT.
Mask = str | Path | npt.NDArray[Any]

#: A bundled model's name, a model file, or several of either.
Model = str | Path | Sequence[str | Path]

#: Inputs that the published networks' contracts state.
_INFECTION, _MULTI_CLASS = "imagenet_rgb", "imagenet_bgr_with_infection"
_FOUR_CLASS = "percentile_z_score"

_STAGES = ("read", "lungs", "segmentation", "quantification")


class Cancelled(RuntimeError):
    """The progress callback answered ``False``; nothing was written."""


def analyze(
    study: str | Path | CtVolume,
    *,
    lungs: Mask | None = None,
    lesions: Mask | None = None,
    lobes: Mask | None = None,
    segments: Mask | None = None,
    model: Model | None = None,
    views: int = 1,
    compatible: bool = False,
    severity: SeverityModel | str | Path | None = None,
    series: str | None = None,
    out: str | Path | None = None,
    overwrite: bool = False,
    threads: int = 0,
    keep_uid: bool = False,
    extras: Collection[str] = (),
    keep_headers: bool = False,
    progress: Progress | None = None,
) -> Result:
    """How much of the lungs is ground glass and consolidation, and how severe that is.

    `study` is a DICOM folder or zip, a NIfTI, NRRD or MHA file, or a volume in memory; `series` picks one of
    several DICOM series by its UID. `lungs` replaces the library's lung mask (two values, left and right by
    where they lie, or one for both), `lesions` the segmentation (1 ground glass, 2 consolidation): then no
    model runs and torch is not needed. `lobes` (1 left upper, 2 left lower, 3 right upper, 4 right middle,
    5 right lower, or other numbers told by their places; also a folder with a file for each) and `segments`
    (1 to 20) divide the lungs further: the table has rows for them then, and the scores take them; without
    lobes the scores of lobes take thirds of the height, and the result says so. `model` is a bundled model's
    name, a file, or several of them to be averaged; the default is the mean of the bundled ones. The two
    networks of Inf-Net, by whatever order, are used one after the other. `views` (1, 2, 4 or 8) averages
    over flips and turns of each slice, at that many times the cost. `compatible` follows a published flow
    to the letter, for Inf-Net or one four-class network. `severity`, a model of
    :func:`groundglass.fit_severity` or its file, gives the classes and their cuts in place of the
    published ones, and says what became of the patients like this one.
    `threads` is the number of slices segmented at a time, 0 for one a core. With `out` the files of
    :data:`groundglass.result.FILES` are written there at the end, all or none; `overwrite` allows an existing
    folder. `extras`, names of :data:`groundglass.extras.EXTRAS`, are written beside them. `keep_uid` records
    the DICOM series UID, which identifies a patient to those who hold the archive. `keep_headers` keeps the
    headers of a DICOM study in the result, patient's data and all, for DICOM extras that are saved later.
    `progress` is told of every stage and every slice.

    Raises :class:`groundglass.FormatError` for a study or mask that can't be taken as such or holds no lung,
    :class:`groundglass.ModelError` for a model that can't be found, verified or run, :class:`ValueError` for
    a wrong option, :class:`FileExistsError` for an existing `out`, :class:`Cancelled` when told to stop.

    Costs about what the model costs: every slice with lung in it goes through the network once. Memory holds
    the CT (2 bytes a voxel), the masks (2 bytes) and one network activation a thread.
    """
    from groundglass._core import (
        Involvement,
        InvolvementUncertainty,
        Scores,
        SliceProfile,
        Thresholds,
        __version__,
    )

    check_threads(threads)
    wanted = check_extras(extras)
    if wanted and out is None:
        raise ValueError(f"extras ({', '.join(wanted)}) are files: name the folder to write with out")
    if lesions is not None and model is not None:
        raise ValueError("model and lesions exclude each other: with lesions given no model runs")
    if lesions is not None and (views != 1 or compatible):
        raise ValueError("views and compatible say how a model runs; with lesions given none does")
    for given in (study, lungs, lesions, lobes, segments):
        if isinstance(given, (str, os.PathLike)) and not Path(given).exists():
            raise FileNotFoundError(f"{given} does not exist")
    tell = _teller(progress)
    clock: dict[str, float] = {}

    fitted = _severity(severity)
    models = [] if lesions is not None else lookup_models(model)
    with _output(out, (study, lungs, lesions, lobes, segments), overwrite) as folder:
        with _timed(clock, "read"):
            tell("read", 0, 1)
            ct, source, headers = _read(study, series, keep_uid, keep_headers or needs_headers(wanted))
            check_source(wanted, source.kind, headers)
            tell("read", 1, 1)
        with _timed(clock, "lungs"):
            tell("lungs", 0, 1)
            lung_ct = _with_parts(_with_lungs(ct, lungs), lobes, segments)
            tell("lungs", 1, 1)
        with _timed(clock, "segmentation"):
            lesion_ct, settings = _segment(lung_ct, lesions, models, threads, views, compatible, tell)
        with _timed(clock, "quantification"):
            tell("quantification", 0, 1)
            involvement, grading = Involvement(), Scores()
            thresholds = Thresholds.published() if fitted is None else fitted.thresholds
            table = involvement(lesion_ct)
            uncertainty = None
            if lesion_ct.uncertainty is not None:
                uncertainty = InvolvementUncertainty(high_opacity=involvement.high_opacity)(lesion_ct)
            profile = SliceProfile()(lesion_ct)
            tell("quantification", 1, 1)

        result = Result(
            lesion_ct=lesion_ct,
            table=table,
            uncertainty=uncertainty,
            profile=profile,
            scores=grading(table),
            thresholds=thresholds,
            severity_class=thresholds(table.opacity_fraction),
            severity_model=fitted,
            source_headers=headers,
            stage_notes={
                "read": tuple(ct.notes),
                "lungs": tuple(lung_ct.notes),
                "segmentation": tuple(lesion_ct.notes),
            },
            models=tuple(model_record(file) for file in models),
            source=source,
            given_sha256={
                name: labels_sha256(labels)
                for name, given, labels in (
                    ("lungs", lungs, lung_ct.lungs),
                    ("lesions", lesions, lesion_ct.lesions),
                    ("lobes", lobes, lung_ct.lobes),
                    ("segments", segments, lung_ct.segments),
                )
                if given is not None and labels is not None
            },
            options={
                "segmentation": settings,
                "high_opacity": involvement.high_opacity,
                "ct_grade_absent_below_fraction": grading.absent_below,
            },
            run=RunRecord(
                timings_s={name: clock[name] for name in _STAGES} | {"total": sum(clock.values())},
                peak_memory_mb=peak_memory_mb(),
                threads=threads,
            ),
            version=__version__,
        )
        for stage, notes in result.stage_notes.items():
            for note in notes:
                level = logging.WARNING if note.level == "warning" else logging.INFO
                _log.log(level, "note", extra={"stage": stage, "code": note.code})
        if folder is not None:
            tell("write", 0, 1)
            with _timed(clock, "write"):
                result.write_into(folder, extras=wanted)
            tell("write", 1, 1)
    _log.info(
        "analysis done",
        extra={
            "seconds": round(sum(clock.values()), 3),
            "slices": len(result.profile),
            "models": len(models),
            "peak_memory_mb": result.run.peak_memory_mb,
        },
    )
    return result


def peak_memory_mb() -> float | None:
    """Largest resident memory of this process so far in 10^6 bytes; None where the system does not tell."""
    try:
        import resource
    except ImportError:
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return float(peak if sys.platform == "darwin" else peak * 1024) / 1e6


def check_threads(threads: int) -> int:
    """The number of workers that `threads` means; 0 is one for every core this process may use."""
    if not isinstance(threads, int) or isinstance(threads, bool) or threads < 0:
        raise ValueError(f"threads must be 0 (one a core) or a positive whole number, not {threads!r}")
    if threads:
        return threads
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def check_output(out: str | os.PathLike[str], source: str | os.PathLike[str]) -> None:
    """Refuses an output folder that holds what is to be read: overwriting would remove it."""
    target, origin = Path(out).resolve(), Path(source).resolve()
    if target == origin or target in origin.parents:
        raise ValueError(
            f"the output folder {out} holds the input itself, which would be replaced; name another"
        )


def _severity(given: SeverityModel | str | Path | None) -> SeverityModel | None:
    from groundglass.severity_model import SeverityModel

    return SeverityModel.load(given) if isinstance(given, (str, os.PathLike)) else given


def _teller(progress: Progress | None) -> Callable[[str, int, int], bool]:
    """The progress callback as one that raises :class:`Cancelled` instead of answering ``False``."""

    def tell(stage: str, done: int, total: int) -> bool:
        if progress is not None and progress(stage, done, total) is False:
            raise Cancelled(f"stopped during {stage}; nothing was written")
        return True

    return tell


@contextmanager
def _timed(clock: dict[str, float], stage: str) -> Iterator[None]:
    start = time.perf_counter()
    yield
    clock[stage] = time.perf_counter() - start
    _log.info("stage done", extra={"stage": stage, "seconds": round(clock[stage], 3)})


def _output(
    out: str | Path | None, sources: Sequence[object], overwrite: bool
) -> AbstractContextManager[Path | None]:
    """Taken before any work, so that a folder that can't be written is known at once."""
    if out is None:
        return nullcontext()
    from groundglass.overlay import require_pillow
    from groundglass.write import output_folder

    require_pillow()
    for source in sources:
        if isinstance(source, (str, os.PathLike)):
            check_output(out, source)
    return output_folder(out, overwrite=overwrite)


def _read(
    study: str | Path | CtVolume, series: str | None, keep_uid: bool, keep_headers: bool
) -> tuple[CtVolume, InputRecord, tuple[Dataset, ...] | None]:
    from groundglass._core import CtVolume

    if isinstance(study, CtVolume):
        if series is not None:
            raise ValueError("series picks from DICOM files; it has no meaning for a volume in memory")
        return study, InputRecord(kind="array", sha256=_digest(study)), None
    if not isinstance(study, (str, os.PathLike)):
        raise ValueError(f"study must be a path or a groundglass.CtVolume, not {type(study).__name__}")
    from groundglass.read import read_study

    found = read_study(study, series=series, keep_headers=keep_headers)
    uid = found.series_uid if keep_uid else None
    record = InputRecord(
        kind=found.kind, sha256=found.digest, files=found.files, series_uid=uid, grid=found.grid
    )
    return found.volume, record, found.headers


def _digest(ct: CtVolume) -> str:
    """SHA-256 over grid and voxels, little-endian."""
    grid = np.concatenate([np.ravel(part) for part in (ct.shape, ct.spacing_mm, ct.origin_mm, ct.direction)])
    digest = hashlib.sha256(grid.astype("<f8").tobytes())
    for plane in ct.hounsfield:
        digest.update(plane.astype("<i2", copy=False).tobytes())
    return digest.hexdigest()


def labels_sha256(labels: npt.NDArray[np.uint8]) -> str:
    """SHA-256 over a mask's voxels, one byte each, ``(slice, row, column)``."""
    digest = hashlib.sha256()
    for plane in labels:
        digest.update(plane.tobytes())
    return digest.hexdigest()


def _mask(
    mask: Mask, name: str, ct: CtVolume, highest: int = 65535
) -> npt.NDArray[np.uint8] | npt.NDArray[np.uint16]:
    """A given mask as labels from 0 to `highest` in the grid of `ct`: uint8, or uint16 above 255."""
    if isinstance(mask, (str, os.PathLike)):
        from groundglass.read import read_labels

        return read_labels(mask, like=ct, highest=highest)
    labels = np.asarray(mask)
    if labels.shape != tuple(ct.shape):
        raise FormatError(
            f"{name}: the mask has shape {labels.shape}, the CT {tuple(ct.shape)}; give one in the CT's grid"
        )
    if labels.dtype.kind not in "buif":
        raise FormatError(f"{name}: the mask holds {labels.dtype} values; whole numbers are allowed")
    least, most = (labels.min(), labels.max()) if labels.size else (0, 0)
    if not (
        least >= 0 and most <= highest and (labels.dtype.kind != "f" or (labels == np.floor(labels)).all())
    ):
        raise FormatError(
            f"{name}: the mask holds {labels.dtype} values from {least} to {most}; whole numbers "
            f"{'0, 1 and 2' if highest == 2 else f'from 0 to {highest}'} are allowed"
        )
    if most > 255:
        return np.ascontiguousarray(labels, dtype=np.uint16)
    return np.ascontiguousarray(labels, dtype=np.uint8)


def _labels(mask: Mask, name: str, ct: CtVolume, highest: int) -> npt.NDArray[np.uint8]:
    """A given mask of fixed labels up to `highest`, below 256."""
    return np.asarray(_mask(mask, name, ct, highest), np.uint8)


@contextmanager
def _refusing(mask: Mask, name: str) -> Iterator[None]:
    """Turns what is wrong with a mask's values into a FormatError that names it."""
    try:
        yield
    except FormatError:
        raise
    except ValueError as error:
        where = mask if isinstance(mask, (str, os.PathLike)) else name
        raise FormatError(f"{where}: {str(error).partition(': ')[2] or error}") from error


def _with_lungs(ct: CtVolume, lungs: Mask | None) -> LungCt:
    """The CT with the given lungs or those of the lung mask; refuses a volume without any lung."""
    from groundglass._core import LungMask, with_lungs

    if lungs is None:
        lung_ct = LungMask()(ct)
    else:
        with _refusing(lungs, "lungs"):
            lung_ct = with_lungs(ct, _mask(lungs, "lungs", ct))
    if not lung_ct.lungs.any():
        raise FormatError(
            "the given lung mask is empty: nothing to measure"
            if lungs is not None
            else "no lung was found in the volume: nothing to measure; is it a chest CT in Hounsfield units? "
            "A lung mask of your own can be given instead (lungs=, --lungs)"
        )
    return lung_ct


def _with_parts(lung_ct: LungCt, lobes: Mask | None, segments: Mask | None) -> LungCt:
    """The lungs with the maps of lobes and segments that were given."""
    from groundglass._core import with_lobes, with_segments

    if lobes is not None:
        with _refusing(lobes, "lobes"):
            lung_ct = with_lobes(lung_ct, _mask(lobes, "lobes", lung_ct.ct))
    if segments is not None:
        with _refusing(segments, "segments"):
            lung_ct = with_segments(lung_ct, _labels(segments, "segments", lung_ct.ct, 20))
    return lung_ct


def lookup_models(model: Model | None) -> list[ModelFile]:
    from groundglass.weights import defaults, find

    if model is None:
        return defaults()
    if isinstance(model, (str, os.PathLike)):
        return [find(model)]
    if not model:
        raise ValueError("model is an empty list; name at least one model, or leave it out for the default")
    return [find(entry) for entry in model]


def model_record(file: ModelFile) -> ModelRecord:
    licence = file.contract.get("licence")
    return ModelRecord(name=file.name, sha256=file.sha256, licence=None if licence is None else str(licence))


def _segment(
    lung_ct: LungCt,
    lesions: Mask | None,
    models: Sequence[ModelFile],
    threads: int,
    views: int,
    compatible: bool,
    tell: Callable[[str, int, int], bool],
) -> tuple[LesionCt, dict[str, Any] | None]:
    """The lesions with the settings they were found with, None for given ones."""
    from groundglass._core import LesionCt

    if lesions is not None:
        tell("segmentation", 0, 1)
        given = LesionCt(lung_ct, _labels(lesions, "lesions", lung_ct.ct, 2))
        tell("segmentation", 1, 1)
        return given, None
    stage = load_stage(models, threads=threads, views=views, compatible=compatible)
    found = stage.run(lung_ct, progress=lambda done, total: tell("segmentation", done, total))
    settings = ("threshold", "average_mm", "minimum_lesion_ml", "views", "bfloat16", "as_published")
    return found, {name: getattr(stage, name) for name in settings}


def load_stage(
    models: Sequence[ModelFile], *, threads: int, views: int = 1, compatible: bool = False
) -> Ensemble | InfNet:
    """The segmentation stage for these models, by the input that each one's contract states.

    The infection network and the multi-class network of Inf-Net together are the stage InfNet; all others are
    averaged by Ensemble. With `compatible` they follow what was published. Raises
    :class:`groundglass.ModelError` for models that don't go together, :class:`ValueError` for `compatible`
    where nothing was published; without LibTorch the ImportError says what to install.
    """
    from groundglass.segmentation import Ensemble, InfNet

    kinds = {_INFECTION: "infection network", _MULTI_CLASS: "multi-class network"}
    inputs = [str(file.contract["input"].get("normalisation", "window")) for file in models]
    if not kinds.keys() & set(inputs):
        paths = [file.path for file in models]
        if not compatible:
            return Ensemble(paths, threads=threads, views=views)
        if inputs != [_FOUR_CLASS]:
            raise ValueError(
                f"compatible follows a published flow, and {_named(models)} has none; it takes the two "
                "networks of Inf-Net, or one four-class network"
            )
        _one_view(views)
        return Ensemble.compatible(paths[0], threads=threads)
    if sorted(inputs) != sorted(kinds):
        found = ", ".join(
            f"{file.name} ({kinds.get(name, 'another network')})"
            for file, name in zip(models, inputs, strict=True)
        )
        raise ModelError(
            "Inf-Net is two networks, given as two models: the infection network and the multi-class "
            f"network; found {found}"
        )
    infection, multi_class = (models[inputs.index(name)].path for name in (_INFECTION, _MULTI_CLASS))
    if not compatible:
        return InfNet(infection, multi_class, threads=threads, views=views)
    _one_view(views)
    return InfNet.compatible(infection, multi_class, threads=threads)


def _named(models: Sequence[ModelFile]) -> str:
    return " with ".join(file.name for file in models)


def _one_view(views: int) -> None:
    if views != 1:
        raise ValueError(f"views must be 1 with compatible, not {views}: what was published looks once")
