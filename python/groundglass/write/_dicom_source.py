"""What DICOM SEG and SR share: the source series they refer to, equipment and character sets."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from groundglass._files import quiet
from groundglass._needs import not_imported
from groundglass.errors import FormatError
from groundglass.grid import Grid, Vector

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

    from groundglass.result import Result

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
    try:
        import highdicom  # noqa: F401
    except ImportError as error:
        missing = "writing DICOM SEG and SR needs highdicom: pip install 'groundglass[dicom]'"
        raise not_imported(error, missing) from error


def check_headers(headers: Sequence[Dataset], *, placed: bool) -> None:
    """Raises :class:`groundglass.FormatError` where nothing can refer to slices with these headers; with
    `placed` also where they don't say where they lie."""
    with quiet():
        uids = [str(header.get("SOPInstanceUID") or "") for header in headers]
        parents = all(
            header.get("StudyInstanceUID") and header.get("SeriesInstanceUID") for header in headers
        )
        if not (parents and all(uids) and len(set(uids)) == len(uids)):
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


def source_of(result: Result, *, placed: bool) -> list[Dataset]:
    """The headers of the source's slices in the order of the series, made complete where DICOM allows
    an attribute to be empty and highdicom does not.

    Copies: the result's own headers stay as they are. To be called within ``quiet()``. Raises as
    :func:`groundglass.extras.check_source` does.
    """
    from groundglass.extras import check_source

    name = "dicom-seg" if placed else "dicom-sr"
    check_source([name], result.source.kind, result.source_headers)
    assert result.source_headers is not None
    return [_complete(header) for header in result.source_headers]


def _complete(header: Dataset) -> Dataset:
    from pydicom.dataset import Dataset
    from pydicom.valuerep import DA, TM

    result = Dataset()
    result.update(header)
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
    if "NumberOfFrames" in result:  # 1, which highdicom takes for a multi-frame object
        del result.NumberOfFrames
    if result.get("LossyImageCompression") == "01" and not result.get("LossyImageCompressionMethod"):
        syntax = str(header.file_meta.get("TransferSyntaxUID", "")) if hasattr(header, "file_meta") else ""
        if syntax in _LOSSY_METHODS:
            result.LossyImageCompressionMethod = _LOSSY_METHODS[syntax]
    return result


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


def model_names(result: Result) -> str:
    """The models that took part, for the parameters of the algorithm."""
    return " + ".join(model.name for model in result.models)


def instance(result: Result) -> dict[str, Any]:
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
