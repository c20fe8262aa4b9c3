"""From a study to its result in one call: reading, lungs, lesions, involvement, aeration, grades."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from groundglass._core import (
    Aeration,
    CtVolume,
    DependentDensity,
    Involvement,
    InvolvementUncertainty,
    LesionCt,
    LungCt,
    Scores,
    SliceProfile,
    Thresholds,
    __version__,
    involvement_and_aeration,
)
from groundglass._run import Progress, check_threads, peak_memory_mb, teller
from groundglass.cohort.severity_model import SeverityModel
from groundglass.errors import Cancelled
from groundglass.extras import check as check_extras
from groundglass.extras import check_source, needs_headers
from groundglass.findings.doubts import wide_interval_notes
from groundglass.findings.records import InputRecord, RunRecord
from groundglass.overlay import require_pillow
from groundglass.read import read_study
from groundglass.read.given import Mask, fixed_labels, labels_sha256, lungs_of, volume_sha256, with_parts
from groundglass.read.patient import pseudonym
from groundglass.result import Result
from groundglass.segmentation.choice import load_stage, lookup_models, model_record
from groundglass.segmentation.devices import Device, check_device
from groundglass.segmentation.lung_choice import FoundLungs, LungMethod, check_lung_method, lungs_by
from groundglass.segmentation.presets import Chosen, Model, Preset, choose
from groundglass.write.outputs import check_output, output_folder

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

    from groundglass.weights import ModelFile

__all__ = ["Cancelled", "Mask", "Model", "Progress", "analyze"]

_log = logging.getLogger(__name__)

#: How a patient may lie.
Position = Literal["supine", "prone", "left_side", "right_side"]

_STAGES = ("read", "lungs", "segmentation", "quantification")


def analyze(
    study: str | Path | CtVolume,
    *,
    lungs: Mask | None = None,
    lesions: Mask | None = None,
    lobes: Mask | None = None,
    segments: Mask | None = None,
    lung_method: LungMethod | None = None,
    model: Model | None = None,
    preset: Preset | None = None,
    views: int | None = None,
    compatible: bool = False,
    device: Device = "auto",
    severity: SeverityModel | str | Path | None = None,
    aeration_bands: Sequence[int] | None = None,
    position: Position | None = None,
    series: str | None = None,
    out: str | Path | None = None,
    overwrite: bool = False,
    threads: int = 0,
    keep_uid: bool = False,
    patient_key: bytes | None = None,
    extras: Collection[str] = (),
    keep_headers: bool = False,
    progress: Progress | None = None,
) -> Result:
    """How much of the lungs is ground glass and consolidation, and how severe that is.

    `study` is a DICOM folder or zip, a NIfTI, NRRD or MHA file, or a volume in memory; `series` picks one of
    several DICOM series by its UID. The lungs are found by a network where torch and weights for it are
    there, by the classical mask otherwise; `lung_method`, ``"network"`` or ``"classical"``, asks for one of
    them, see :func:`groundglass.find_lungs`. `lungs` takes the place of both (two values, left and right by
    where they lie, or one for both), `lesions` that of the segmentation (1 ground glass, 2 consolidation):
    with both no model runs. `lobes` (1 left upper, 2 left lower, 3 right upper, 4 right middle,
    5 right lower, or other numbers told by their places; also a folder with a file for each) and `segments`
    (1 to 20) divide the lungs further: the table has rows for them then, and the scores take them. Without
    a map lobes are estimated (:class:`groundglass.Lobes`); where that can't be, the scores of lobes take
    thirds of the height. The result says which. `preset`, ``"fast"``, ``"standard"`` (what is done without a
    word) or ``"best"``, says how much time the lesions are worth; ``docs/explanation/presets.md`` has what
    each finds and costs. `model` is a bundled model's name, a file, or several of them to be averaged, in
    place of a preset. The two networks of Inf-Net, by whatever order, are used one after the other. `views`
    (1, 2, 4 or 8) averages over flips and turns of each slice, at that many times the cost. `device` says
    where networks run, ``"auto"``, ``"cpu"`` or ``"cuda"``, of lungs and of lesions; where CUDA is absent or
    fails the CPU takes over, with a warning. `compatible` follows a published flow
    to the letter, for Inf-Net or one four-class network. `severity`, a model of
    :func:`groundglass.fit_severity` or its file, gives the classes and their cuts in place of the
    published ones, and says what became of the patients like this one. `aeration_bands` are the four edges
    in HU between the compartments of aeration in place of the published ones (:class:`groundglass.Aeration`).
    `position` says how the patient lay, ``"supine"``, ``"prone"``, ``"left_side"`` or ``"right_side"``, where
    no header does or it is wrong: dependent density is told by it (:class:`groundglass.DependentDensity`).
    `threads` is the number of slices segmented at a time, 0 for one a core. With `out` the files of
    :data:`groundglass.result.FILES` are written there at the end, all or none; `overwrite` allows an existing
    folder. `extras`, names of :data:`groundglass.extras.EXTRAS`, are written beside them. `keep_uid` records
    the DICOM series UID, which identifies a patient to those who hold the archive. `patient_key`, a secret of
    yours, records a digest of the DICOM patient ID by that key, so that :func:`groundglass.compare` can tell
    whether two results are of one patient. `keep_headers` keeps the
    headers of a DICOM study in the result, patient's data and all, for DICOM extras that are saved later.
    `progress` is told of every stage and every slice, as ``progress(stage, done, total)``; its answer False
    stops the work.

    Raises :class:`groundglass.FormatError` for a study or mask that can't be taken as such or holds no lung,
    :class:`groundglass.ModelError` for a model that can't be found, verified or run, :class:`ValueError` for
    a wrong option, :class:`FileExistsError` for an existing `out`, :class:`Cancelled` when told to stop.

    Costs about what the model costs: every slice with lung in it goes through the network once. Memory holds
    the CT (2 bytes a voxel), the masks (2 bytes) and one network activation a thread.
    """
    check_threads(threads)
    wanted = check_extras(extras)
    if wanted and out is None:
        raise ValueError(f"extras ({', '.join(wanted)}) are files: name the folder to write with out")
    if lesions is not None and model is not None:
        raise ValueError("model and lesions exclude each other: with lesions given no model runs")
    check_lung_method(lung_method)
    aeration = Aeration() if aeration_bands is None else Aeration(bands_hu=aeration_bands)
    dependent_density = DependentDensity(position=position or "unknown")
    if lungs is not None and lung_method is not None:
        raise ValueError("lungs and lung_method exclude each other: given lungs are not looked for")
    if lesions is not None and (views not in (None, 1) or compatible or preset is not None):
        raise ValueError("preset, views and compatible say how a model runs; with lesions given none does")
    check_device(device)
    chosen = choose(preset, model, views, compatible=compatible)
    for given in (study, lungs, lesions, lobes, segments):
        if isinstance(given, (str, os.PathLike)) and not Path(given).exists():
            raise FileNotFoundError(f"{given} does not exist")
    tell = teller(progress)
    clock: dict[str, float] = {}

    fitted = _severity(severity)
    models = [] if lesions is not None else lookup_models(chosen.model)
    with _output(out, (study, lungs, lesions, lobes, segments), overwrite) as folder:
        with _timed(clock, "read"):
            tell("read", 0, 1)
            ct, source, headers = _read(
                study, series, keep_uid, keep_headers or needs_headers(wanted), patient_key
            )
            check_source(wanted, source.kind, headers)
            tell("read", 1, 1)
        with _timed(clock, "lungs"):
            found = _lungs(ct, lungs, lung_method, threads, device, tell)
            lung_ct = with_parts(found.lungs, lobes, segments)
        with _timed(clock, "segmentation"):
            lesion_ct, settings = _segment(
                lung_ct, lesions, models, chosen, tell, threads=threads, compatible=compatible, device=device
            )
        with _timed(clock, "quantification"):
            tell("quantification", 0, 1)
            involvement, grading = Involvement(), Scores()
            thresholds = Thresholds.published() if fitted is None else fitted.thresholds
            table, aerated = involvement_and_aeration(lesion_ct, involvement=involvement, aeration=aeration)
            dependent = dependent_density(lesion_ct)
            uncertainty = None
            if lesion_ct.uncertainty is not None:
                uncertainty = InvolvementUncertainty(high_opacity=involvement.high_opacity)(lesion_ct)
            profile = SliceProfile()(lesion_ct)
            likeness = None if lesions is not None else _likeness(lung_ct)
            tell("quantification", 1, 1)

        result = Result(
            lesion_ct=lesion_ct,
            table=table,
            aeration=aerated,
            dependent=dependent,
            uncertainty=uncertainty,
            likeness=likeness,
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
                "quantification": (
                    *aerated.notes,
                    *dependent.notes,
                    *wide_interval_notes(uncertainty, table.opacity_fraction * 100),
                ),
            },
            models=tuple(model_record(file) for file in models),
            lung_model=found.model,
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


def _severity(given: SeverityModel | str | Path | None) -> SeverityModel | None:
    return SeverityModel.load(given) if isinstance(given, (str, os.PathLike)) else given


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
    require_pillow()
    for source in sources:
        if isinstance(source, (str, os.PathLike)):
            check_output(out, source)
    return output_folder(out, overwrite=overwrite)


def _read(
    study: str | Path | CtVolume,
    series: str | None,
    keep_uid: bool,
    keep_headers: bool,
    patient_key: bytes | None,
) -> tuple[CtVolume, InputRecord, tuple[Dataset, ...] | None]:
    if isinstance(study, CtVolume):
        if series is not None:
            raise ValueError("series picks from DICOM files; it has no meaning for a volume in memory")
        return study, InputRecord(kind="array", sha256=volume_sha256(study)), None
    if not isinstance(study, (str, os.PathLike)):
        raise ValueError(f"study must be a path or a groundglass.CtVolume, not {type(study).__name__}")
    found = read_study(study, series=series, keep_headers=keep_headers or patient_key is not None)
    record = InputRecord(
        kind=found.kind,
        sha256=found.digest,
        files=found.files,
        series_uid=found.series_uid if keep_uid else None,
        grid=found.grid,
        patient=pseudonym(found.headers[0], patient_key) if patient_key and found.headers else None,
    )
    return found.volume, record, found.headers if keep_headers else None


def _likeness(lungs: LungCt) -> dict[str, float]:
    from groundglass.segmentation import measure_likeness

    return measure_likeness(lungs)


def _lungs(
    ct: CtVolume,
    given: Mask | None,
    method: LungMethod | None,
    threads: int,
    device: Device,
    tell: Callable[[str, int, int], bool],
) -> FoundLungs:
    """The given lungs, or those that are found."""
    tell("lungs", 0, 1)
    if given is not None:
        found = FoundLungs(lungs_of(ct, given), None)
    else:
        found = lungs_by(
            ct,
            method,
            threads=threads,
            device=device,
            progress=lambda done, total: tell("lungs", done, total + 1),
        )
    tell("lungs", 1, 1)
    return found


def _segment(
    lung_ct: LungCt,
    lesions: Mask | None,
    models: Sequence[ModelFile],
    chosen: Chosen,
    tell: Callable[[str, int, int], bool],
    *,
    threads: int,
    compatible: bool,
    device: Device,
) -> tuple[LesionCt, dict[str, Any] | None]:
    """The lesions with the settings they were found with, None for given ones."""
    if lesions is not None:
        tell("segmentation", 0, 1)
        given = LesionCt(lung_ct, fixed_labels(lesions, "lesions", lung_ct.ct, 2))
        tell("segmentation", 1, 1)
        return given, None
    stage = load_stage(
        models,
        threads=threads,
        views=chosen.views,
        long_edge=chosen.long_edge,
        compatible=compatible,
        device=device,
    )
    found = stage.run(lung_ct, progress=lambda done, total: tell("segmentation", done, total))
    names = (
        *("threshold", "average_mm", "minimum_lesion_ml", "views", "long_edge", "bfloat16"),
        "as_published",
    )
    settings = {name: getattr(stage, name) for name in names}
    return found, {"preset": chosen.preset, **settings, "device": stage.runs_on}
