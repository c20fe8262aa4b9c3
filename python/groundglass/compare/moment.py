"""One patient at one moment: a result, the folder of one, or a study that is analyzed."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from groundglass._core import CtAssembly
from groundglass.analyze import analyze
from groundglass.compare.registration import Scan
from groundglass.errors import FormatError
from groundglass.read import read_labels, strict_json
from groundglass.read.files import kind_of
from groundglass.read.images import open_image
from groundglass.read.patient import IDENTIFIERS, digests
from groundglass.result import Result

#: What is compared: a result in memory, a folder that ``analyze`` wrote, or a study as ``analyze`` takes it.
Given = Result | str | Path

#: Identifiers are compared by keyed digests, and the key is drawn anew for each process and kept nowhere.
_KEY = secrets.token_bytes(32)
#: The digest by the user's own key, which results may hold.
PSEUDONYM = "pseudonym"
#: Objects in the folder of a result that go back to the patient's record and name the patient.
_OBJECTS = ("segmentation.dcm", "measurements.dcm")

Labels = npt.NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Moment:
    """What is known of a patient at one time.

    `content` is that of ``result.json``. `scan` holds the CT with its masks; of a result folder there is no
    CT, as `has_ct` tells, and its HU say nothing. `patient` are keyed digests of identifiers, `day` the
    study's date as a count of days; neither comes out anywhere.
    """

    content: Mapping[str, Any]
    scan: Scan
    has_ct: bool
    patient: Mapping[str, bytes]
    day: int | None

    @property
    def regions(self) -> list[dict[str, Any]]:
        return list(self.content["regions"])

    @property
    def both(self) -> dict[str, Any]:
        """The row of both lungs."""
        return self.regions[0]


def moment_of(given: Given, **options: Any) -> Moment:
    """The moment of what is given; `options` are those of :func:`groundglass.analyze`, for studies.

    Raises :class:`FileNotFoundError` for a path that is not there, :class:`groundglass.FormatError` for what
    is neither a study nor a result, and what ``analyze`` raises.
    """
    if isinstance(given, Result):
        return _of_result(given)
    if not isinstance(given, (str, os.PathLike)):
        raise ValueError(f"compare takes results, result folders and studies, not {type(given).__name__}")
    path = Path(given)
    if not path.exists():
        raise FileNotFoundError(f"{given} does not exist")
    if (path / "result.json").is_file():
        return _of_folder(path)
    return _of_result(analyze(path, keep_headers=True, **options))


def _of_result(result: Result) -> Moment:
    ct = result.ct
    scan = Scan(ct.hounsfield, result.lungs, result.lesions, ct.spacing_mm, ct.origin_mm, ct.direction)
    header = result.source_headers[0] if result.source_headers else None
    content = result.to_dict()
    return Moment(content, scan, True, _patient(header, content), _day(header))


def _of_folder(folder: Path) -> Moment:
    content = strict_json.read(folder / "result.json")
    try:
        known = content["schema"] == "groundglass.result" and content["schema_version"].startswith("1.")
        known = known and content["regions"][0]["region"] == "both lungs"
    except (KeyError, IndexError, TypeError, AttributeError):
        known = False
    if not known:
        raise FormatError(f"{folder}: no result of groundglass, or one of another version; analyze it again")
    lungs, lesions = (_mask(folder / f"{name}.nii.gz") for name in ("lungs", "lesions"))
    if lungs.lungs.shape != lesions.lungs.shape:
        raise FormatError(f"{folder}: lungs.nii.gz and lesions.nii.gz differ in shape; analyze it again")
    scan = replace(lungs, lesions=lesions.lungs)
    header = _header_in(folder)
    return Moment(content, scan, False, _patient(header, content), _day(header))


def _mask(path: Path) -> Scan:
    """A mask that ``analyze`` wrote, turned to axial slices from feet to head as CTs are."""
    if not path.is_file():
        raise FormatError(f"{path.parent}: {path.name} is missing; analyze the study again")
    image = open_image(path, kind_of(path))
    grid: dict[str, Any] = {
        "shape": image.shape,
        "spacing_mm": image.spacing_mm,
        "origin_mm": image.origin_mm,
        "direction": image.direction,
    }
    turned = CtAssembly(**grid)
    empty = np.full(image.shape, -1000, np.int16)
    empty[:, ::2] = 100  # a volume without the range of a CT is refused as none
    turned.put(0, empty)
    like = turned.finish()
    labels = np.asarray(read_labels(path, like, highest=2), np.uint8)
    nothing = np.zeros(labels.shape, np.int16)
    return Scan(nothing, labels, labels, like.spacing_mm, like.origin_mm, like.direction)


def _header_in(folder: Path) -> Any:
    """The header of a DICOM object beside a result, None where there is none or nothing reads it."""
    held = [folder / name for name in _OBJECTS if (folder / name).is_file()]
    if not held:
        return None
    try:
        import pydicom
    except ImportError:
        return None
    return pydicom.dcmread(held[0], stop_before_pixels=True, specific_tags=[*IDENTIFIERS, "StudyDate"])


def _patient(header: Any, content: Mapping[str, Any]) -> dict[str, bytes]:
    """What is known of whom: digests of the header, and the pseudonym of a result that has one."""
    found = digests(header, _KEY)
    named = content["input"].get("patient")
    return found if named is None else {**found, PSEUDONYM: bytes.fromhex(named)}


def _day(header: Any) -> int | None:
    """A study's date as days since the first of our era."""
    from datetime import date

    text = str(getattr(header, "StudyDate", "") or "")
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:8])).toordinal()
    except ValueError:
        return None
