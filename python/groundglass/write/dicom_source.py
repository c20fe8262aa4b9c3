"""What DICOM SEG and SR share: the source series they refer to, equipment and character sets."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from copy import copy
from typing import TYPE_CHECKING, Any

import numpy as np

from groundglass._optional import needing
from groundglass.errors import FormatError
from groundglass.read.decoders import quiet
from groundglass.read.grid import Grid, Vector

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

    from groundglass.findings.findings import Findings

NAME = "groundglass"
#: Software has none, and the attribute may not be empty.
_SERIAL_NUMBER = "0"

_CT_IMAGE = "1.2.840.10008.5.1.4.1.1.2"
#: May be empty in DICOM and are absent in anonymized files.
_MAY_BE_EMPTY = (
    "PatientID",
    "PatientName",
    "PatientBirthDate",
    "PatientSex",
    "AccessionNumber",
    "StudyID",
    "StudyDate",
    "StudyTime",
    "ReferringPhysicianName",
)
_LOSSY_METHODS = {
    "1.2.840.10008.1.2.4.50": "ISO_10918_1",
    "1.2.840.10008.1.2.4.51": "ISO_10918_1",
    "1.2.840.10008.1.2.4.81": "ISO_14495_1",
    "1.2.840.10008.1.2.4.91": "ISO_15444_1",
}


def require_highdicom() -> None:
    """Raises :class:`ImportError` that says what to install where highdicom is missing."""
    with needing("writing DICOM SEG and SR", "highdicom"):
        import highdicom  # noqa: F401


def check_headers(headers: Sequence[Dataset], *, placed: bool) -> None:
    """Raises :class:`groundglass.FormatError` where nothing can refer to slices with these headers; with
    `placed` also where they don't say where they lie."""
    with quiet():
        uids = [str(header.get("SOPInstanceUID") or "") for header in headers]
        images = {
            (uid, header.get("ReferencedFrameNumber")) for uid, header in zip(uids, headers, strict=True)
        }
        parents = all(
            header.get("StudyInstanceUID") and header.get("SeriesInstanceUID") for header in headers
        )
        if not (parents and all(uids) and len(images) == len(uids)):
            raise FormatError(
                "the slices have no Study, Series or SOP Instance UIDs of their own, so that no DICOM object "
                "can refer to them; leave the DICOM extras out, or export the series with its UIDs"
            )
        if placed:
            _check_places(headers)


def _check_places(headers: Sequence[Dataset]) -> None:
    lengths = {"FrameOfReferenceUID": None, "ImagePositionPatient": 3, "ImageOrientationPatient": 6}
    for keyword, length in lengths.items():
        for header in headers:
            value = header.get(keyword)
            if not value or (length is not None and len(value) != length):
                words = "".join(f" {letter}" if letter.isupper() else letter for letter in keyword)
                raise FormatError(
                    f"the slices lack{words.replace(' U I D', ' UID')}, by which viewers lay a segmentation "
                    "over them; leave dicom-seg out, or export the series with it"
                )


def check_source(wanted: Sequence[str], kind: str, headers: Sequence[Dataset] | None) -> Sequence[Dataset]:
    """The headers, where the `wanted` objects, ``"dicom-seg"`` and ``"dicom-sr"``, can be made of a study of
    this `kind` with them.

    Raises :class:`groundglass.FormatError` where the study is no DICOM or its slices lack what the objects
    refer to, ValueError where the headers were not kept.
    """
    asked = " and ".join(wanted)
    if kind != "dicom":
        raise FormatError(
            f"for {asked} the slices of a DICOM series are needed, and the study is {kind}; give the DICOM "
            "study, or do without"
        )
    if headers is None:
        raise ValueError(
            f"for {asked} the headers of the slices are needed, with the patient's data, and the result was "
            f"made without them; analyze the study again with keep_headers=True or extras={list(wanted)!r}"
        )
    check_headers(headers, placed="dicom-seg" in wanted)
    return headers


def source_of(result: Findings, *, placed: bool) -> list[Dataset]:
    """The headers of the source's slices in the order of the series, made complete where DICOM allows
    an attribute to be empty and highdicom does not.

    Copies: the result's own headers stay as they are. To be called within ``quiet()``. Raises as
    :func:`check_source` does.
    """
    name = "dicom-seg" if placed else "dicom-sr"
    return [_complete(header) for header in check_source([name], result.source.kind, result.source_headers)]


def _complete(header: Dataset) -> Dataset:
    from pydicom.valuerep import DA, TM

    result = _copy(header)
    for keyword in _MAY_BE_EMPTY:
        if keyword not in result:
            setattr(result, keyword, "")
    if result.PatientSex not in ("M", "F", "O"):
        result.PatientSex = ""
    for keyword, kind in (("PatientBirthDate", DA), ("StudyDate", DA), ("StudyTime", TM)):
        try:
            kind(str(result.get(keyword) or ""))
        except ValueError:
            setattr(result, keyword, "")
    if not result.get("SOPClassUID"):
        result.SOPClassUID = _CT_IMAGE
    result.Modality = "CT"
    if "NumberOfFrames" in result and not is_frame(result):
        del result.NumberOfFrames  # 1, which highdicom takes for a multi-frame object
    if result.get("LossyImageCompression") == "01" and not result.get("LossyImageCompressionMethod"):
        syntax = str(header.file_meta.get("TransferSyntaxUID", "")) if hasattr(header, "file_meta") else ""
        if syntax in _LOSSY_METHODS:
            result.LossyImageCompressionMethod = _LOSSY_METHODS[syntax]
    return result


def _copy(header: Dataset) -> Dataset:
    """A data set with elements of its own: `Dataset.update` shares those that were looked at."""
    from pydicom.dataset import Dataset

    result = Dataset()
    result.update({tag: copy(header.get_item(tag)) for tag in header.keys()})  # noqa: SIM118
    return result


def is_frame(header: Dataset) -> bool:
    """Whether a slice's header is that of a frame in a multi-frame object."""
    return "ReferencedFrameNumber" in header


def objects_of(source: Sequence[Dataset]) -> list[tuple[Dataset, list[int]]]:
    """The DICOM objects that hold the slices, each by the header of its first slice, with the numbers of the
    frames that are slices; with none where all are."""
    found: dict[str, tuple[Dataset, list[int]]] = {}
    for header in source:
        _, frames = found.setdefault(str(header.SOPInstanceUID), (header, []))
        if is_frame(header):
            frames.append(int(header.ReferencedFrameNumber))
    return [
        (header, [] if len(frames) == header.get("NumberOfFrames") else sorted(frames))
        for header, frames in found.values()
    ]


def stand_ins(source: Sequence[Dataset]) -> list[Dataset]:
    """The headers with every frame as an image of its own: highdicom takes neither some frames of an object
    nor an object that is split over files. :func:`refer_to_frames` puts their references right."""
    images = []
    for header in source:
        image = header
        if is_frame(header):
            image = _copy(header)
            image.SOPClassUID, image.SOPInstanceUID = _CT_IMAGE, new_uid()
            del image.NumberOfFrames, image.ReferencedFrameNumber
        images.append(image)
    return images


def refer_to_frames(data: Dataset, source: Sequence[Dataset], images: Sequence[Dataset]) -> None:
    """Turns references of `data` to `images`, the :func:`stand_ins` of `source`, into references to what they
    stand for."""
    from pydicom.dataset import Dataset

    true = {
        str(image.SOPInstanceUID): header
        for image, header in zip(images, source, strict=True)
        if is_frame(header)
    }
    if not true:
        return
    for groups in data.PerFrameFunctionalGroupsSequence:
        for derivation in groups.get("DerivationImageSequence", ()):
            for reference in derivation.SourceImageSequence:
                header = true.get(str(reference.ReferencedSOPInstanceUID))
                if header is not None:  # segments of one frame share the item
                    reference.ReferencedSOPClassUID = header.SOPClassUID
                    reference.ReferencedSOPInstanceUID = header.SOPInstanceUID
                    reference.ReferencedFrameNumber = header.ReferencedFrameNumber
    wholes = []
    for header, _ in objects_of(source):
        reference = Dataset()
        reference.ReferencedSOPClassUID = header.SOPClassUID
        reference.ReferencedSOPInstanceUID = header.SOPInstanceUID
        wholes.append(reference)
    data.SourceImageSequence = wholes
    data.ReferencedSeriesSequence[0].ReferencedInstanceSequence = wholes


def grid_of(headers: Sequence[Dataset]) -> Grid:
    """The grid of the source's own slices, rows and columns."""
    first = headers[0]
    cosines = np.asarray(first.ImageOrientationPatient, np.float64)
    column_step, row_step = (part / np.linalg.norm(part) for part in (cosines[:3], cosines[3:]))
    origin, last = (np.asarray(h.ImagePositionPatient, np.float64) for h in (first, headers[-1]))
    step = (last - origin) / max(len(headers) - 1, 1)
    spacing = float(np.linalg.norm(step))
    if spacing == 0:
        step, spacing = np.cross(column_step, row_step), float(first.get("SliceThickness") or 1)
    rows, columns = (float(value) for value in first.PixelSpacing)
    return Grid(
        shape=(len(headers), int(first.Rows), int(first.Columns)),
        spacing_mm=(spacing, rows, columns),
        origin_mm=_vector(origin),
        direction=(_vector(step / np.linalg.norm(step)), _vector(row_step), _vector(column_step)),
    )


def _vector(values: Any) -> Vector:
    x, y, z = (float(value) for value in values)
    return x, y, z


def new_uid() -> str:
    """A UID made of a random UUID: unique without a registered root, new at every call."""
    from pydicom.uid import generate_uid

    return str(generate_uid(prefix=None))


def lung_model_name(result: Findings) -> str:
    """The weights that found the lungs, with their version; empty for the classical mask and given lungs."""
    model = result.lung_model
    return "" if model is None else f"{model.name} {model.version}"


def model_names(result: Findings) -> str:
    """The models that took part, for the parameters of the algorithm."""
    return " + ".join(model.name for model in result.models)


def instance(result: Findings) -> dict[str, Any]:
    """What the two objects say alike of themselves: new UIDs, the software as the equipment."""
    return {
        "series_instance_uid": new_uid(),
        "sop_instance_uid": new_uid(),
        "instance_number": 1,
        "manufacturer": NAME,
        "manufacturer_model_name": NAME,
        "software_versions": result.version,
        "device_serial_number": _SERIAL_NUMBER,
        "content_qualification": "RESEARCH",
        # The source's may hold values that highdicom does not know; set_characters() takes it over.
        "specific_character_set": None,
    }


def set_characters(data: Dataset, source: Dataset, texts: Collection[str]) -> None:
    """Gives the object the character set of its source, which the archive knows, or UTF-8 where `texts`, all
    that is not taken over from the source, need it."""
    found = source.get("SpecificCharacterSet")
    if not all(text.isascii() for text in texts):
        source.decode()
        found = "ISO_IR 192"
    if found:
        data.SpecificCharacterSet = found
