"""One patient at two or more times: what has changed, how sure that is, and where.

::

    found = gg.compare("january/", "march/", out="change/")
    print(found.verdict, found.change("opacity_ml"))
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from groundglass._core import InvolvementChange
from groundglass._optional import require
from groundglass._run import Progress, teller
from groundglass.compare.change_map import ChangeMap, change_map
from groundglass.compare.changes import SHARED, VERDICTS, Changes, change_rows, schema
from groundglass.compare.checks import Check, checks
from groundglass.compare.comparison import Comparison
from groundglass.compare.moment import Given, Moment, moment_of
from groundglass.errors import FormatError
from groundglass.findings.changes import CHANGES
from groundglass.overlay import require_pillow
from groundglass.segmentation.devices import Device
from groundglass.segmentation.lung_choice import LungMethod
from groundglass.segmentation.presets import Model, Preset
from groundglass.write.outputs import check_output, output_folder

__all__ = ["CHANGES", "VERDICTS", "ChangeMap", "Changes", "Check", "Comparison", "Given", "compare", "schema"]


def compare(
    baseline: Given,
    followup: Given,
    *more: Given,
    days: Sequence[float] | None = None,
    anyway: bool = False,
    maps: bool | None = None,
    lung_method: LungMethod | None = None,
    model: Model | None = None,
    preset: Preset | None = None,
    views: int | None = None,
    device: Device = "auto",
    threads: int = 0,
    patient_key: bytes | None = None,
    out: str | Path | None = None,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> Comparison:
    """How the lungs of one patient have changed since the baseline.

    Each moment is a :class:`groundglass.Result`, a folder that ``analyze`` wrote, or a study, which is
    analyzed with `lung_method`, `model`, `preset`, `views`, `device` and `threads`. `days` are those from the
    baseline to each follow-up; without them they are taken from the dates of DICOM studies. The change of
    every measure comes with a 90 % interval and the probabilities of less, the same and more beyond
    repeatability; the opacity is also scaled to the baseline's breath
    (:class:`groundglass.InvolvementChange`).

    With `maps` the CT of each follow-up is registered to the baseline's and every voxel is told to be new,
    resolved, persistent, denser or lighter; False leaves that out, and None, the default, does it where both
    CTs and SimpleITK are there. A result folder holds no CT. With `out` the files of
    :meth:`Comparison.save` are written there, all or none.

    Raises :class:`groundglass.FormatError` with one sentence where a follow-up is of another patient, one of
    two holds no plausible lungs, or was measured by other weights; `anyway` compares them, marked. DICOM
    identifiers are compared by keyed digests and written nowhere; `patient_key` is that of the results among
    them, see ``analyze``. Otherwise raises as ``analyze`` does,
    :class:`ValueError` for `days` that don't rise, and :class:`ImportError` where `maps` is True without
    SimpleITK. Costs what the analyses cost, and about 15 s for a map.
    """
    given = (baseline, followup, *more)
    if days is not None and (
        len(days) != len(given) - 1 or any(b <= a for a, b in zip((0, *days), days, strict=False))
    ):
        raise ValueError(f"days must rise from the baseline's 0, one for each follow-up, found {list(days)}")
    if maps:
        require("a change map", "SimpleITK")
    if out is not None:
        require_pillow()
        for path in given:
            if isinstance(path, (str, os.PathLike)):
                check_output(out, path)
    names = _names(len(given))
    options: dict[str, Any] = {
        "lung_method": lung_method,
        "model": model,
        "preset": preset,
        "views": views,
        "device": device,
        "threads": threads,
        "patient_key": patient_key,
        "progress": progress,
    }
    with nullcontext() if out is None else output_folder(out, overwrite=overwrite) as folder:
        moments = [moment_of(baseline, **options)]
        answers: list[list[Check]] = []
        for one, name in zip(given[1:], names[1:], strict=True):
            moments.append(moment_of(one, **options))
            answers.append(checks(moments[0], moments[-1], name))
            if not anyway:
                _refuse(answers[-1])
        found = _compared(moments, names, answers, days, maps, teller(progress))
        if folder is not None:
            found.write_into(folder)
    return found


def _names(count: int) -> list[str]:
    return ["baseline", "follow-up", *(f"follow-up {place}" for place in range(2, count))]


def _refuse(answers: Sequence[Check]) -> None:
    for check in answers:
        if check.answer == "other":
            raise FormatError(f"{check.text}; --anyway compares all the same, and marks it")


def _compared(
    moments: Sequence[Moment],
    names: Sequence[str],
    answers: Sequence[Sequence[Check]],
    days: Sequence[float] | None,
    maps: bool | None,
    tell: Callable[[str, int, int], bool],
) -> Comparison:
    first = moments[0]
    rows: list[dict[str, Any]] = []
    stage = _stage(answers)
    for time, moment in enumerate(moments[1:], 1):
        rows += change_rows(first, moment, time, stage)
    found: list[ChangeMap | None] = []
    reasons: list[str | None] = []
    for place, moment in enumerate(moments[1:]):
        tell("map", place, len(moments) - 1)
        made, why = _map(first, moment, maps)
        found.append(made)
        reasons.append(why)
    return Comparison(
        moments=moments,
        names=names,
        days=_days(moments, days),
        checks=answers,
        stage=stage,
        changes=rows,
        maps=found,
        why_no_map=reasons,
    )


def _stage(answers: Sequence[Sequence[Check]]) -> InvolvementChange:
    """The errors of the same weights go together; of others nothing is known to be shared."""
    same = all(check.answer == "same" for found in answers for check in found if check.question == "weights")
    return InvolvementChange(shared=SHARED if same else 0.0)


def _days(moments: Sequence[Moment], given: Sequence[float] | None) -> list[float | None]:
    if given is not None:
        return [0.0, *(float(day) for day in given)]
    start = moments[0].day
    return [0.0, *(None if start is None or m.day is None else float(m.day - start) for m in moments[1:])]


def _map(first: Moment, second: Moment, maps: bool | None) -> tuple[ChangeMap | None, str | None]:
    if maps is False:
        return None, None
    if not (first.has_ct and second.has_ct):
        return None, "a result folder holds no CT; give the studies for one"
    try:
        require("a change map", "SimpleITK")
    except ImportError as error:
        return None, str(error)
    made = change_map(first.scan, second.scan)
    return made, made.registration.refused
