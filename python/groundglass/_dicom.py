"""DICOM: headers through pydicom, voxels through SimpleITK, decisions in the gate of
``groundglass._core``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from groundglass import _core
from groundglass._files import listening, may_be_dicom, need, readable_names
from groundglass.errors import FormatError

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

    from groundglass._core import CtVolume, Note, SliceHeader

_DICOMDIR = "1.2.840.10008.1.3.10"
#: JPEG baseline, extended and JPEG 2000 and JPEG-LS near-lossless.
_LOSSY = {f"1.2.840.10008.1.2.4.{n}" for n in (50, 51, 81)}

_TEXTS = {
    "study_uid": "StudyInstanceUID",
    "series_uid": "SeriesInstanceUID",
    "instance_uid": "SOPInstanceUID",
    "sop_class_uid": "SOPClassUID",
    "frame_of_reference_uid": "FrameOfReferenceUID",
    "modality": "Modality",
    "photometric": "PhotometricInterpretation",
    "convolution_kernel": "ConvolutionKernel",
    "rescale_type": "RescaleType",
}
_COUNTS = {
    "rows": "Rows",
    "columns": "Columns",
    "bits_allocated": "BitsAllocated",
    "samples_per_pixel": "SamplesPerPixel",
    "number_of_frames": "NumberOfFrames",
}
_NUMBERS = {
    "slice_location": "SliceLocation",
    "slice_thickness": "SliceThickness",
    "spacing_between_slices": "SpacingBetweenSlices",
    "gantry_tilt_degrees": "GantryDetectorTilt",
    "rescale_slope": "RescaleSlope",
    "rescale_intercept": "RescaleIntercept",
}
_INTEGERS = {
    "instance_number": "InstanceNumber",
    "acquisition_number": "AcquisitionNumber",
    "temporal_position": "TemporalPositionIdentifier",
}
_VECTORS = {
    "position": ("ImagePositionPatient", 3),
    "orientation": ("ImageOrientationPatient", 6),
    "pixel_spacing": ("PixelSpacing", 2),
}
_TIMES = ("AcquisitionDateTime", "AcquisitionDate", "AcquisitionTime")
_TAGS = [
    *_TEXTS.values(),
    *_COUNTS.values(),
    *_NUMBERS.values(),
    *_INTEGERS.values(),
    *(name for name, _ in _VECTORS.values()),
    *_TIMES,
    "ImageType",
    "LossyImageCompression",
]


@dataclass
class Scan:
    """What was found: a header for each DICOM image, and what is to be said of the other files."""

    headers: list[SliceHeader]
    notes: list[Note]


def scan(root: Path, files: Sequence[Path]) -> Scan:
    """Reads the headers of those files that are DICOM images. `root` is what messages name: the files of an
    archive carry patients' names. Raises FormatError where a file can't be opened or a header is cut off."""
    pydicom = need("pydicom")
    result = Scan([], [])
    other = directories = denied = broken = 0
    for path in files:
        try:
            with path.open("rb") as file:
                start = file.read(132)
                if start[128:132] != b"DICM" and not may_be_dicom(start):
                    other += 1
                    continue
                file.seek(0)
                try:
                    data = pydicom.dcmread(file, stop_before_pixels=True, force=True, specific_tags=_TAGS)
                    syntax = str(data.file_meta.get("TransferSyntaxUID", ""))
                    directory = str(data.file_meta.get("MediaStorageSOPClassUID", "")) == _DICOMDIR
                    header = _header(path, data, syntax)
                except Exception:  # pydicom raises whatever a damaged value leads it to
                    broken += 1
                    continue
                if directory:
                    directories += 1
                elif start[128:132] != b"DICM" and not (header.sop_class_uid and header.rows):
                    other += 1
                else:
                    header.damage = _core.pixel_data_damage(header, file.tell(), syntax)
                    result.headers.append(header)
        except OSError:
            denied += 1
    if denied:
        raise FormatError(
            f"{root}: {denied} of {_files(len(files))} can't be read, permission is denied or the disk fails"
        )
    if broken:
        raise FormatError(
            f"{root}: the header of {broken} of {_files(len(files))} is cut off or damaged; copy the study "
            "again"
        )
    if directories:
        text = "The DICOMDIR was not used: the files themselves say what they are."
        result.notes.append(_core.Note("info", "dicomdir_ignored", text))
    if other and result.headers:
        text = "1 file that is not DICOM was ignored."
        if other > 1:
            text = f"{other} files that are not DICOM were ignored."
        result.notes.append(_core.Note("info", "files_ignored", text))
    return result


def _files(n: int) -> str:
    return "1 file" if n == 1 else f"{n} files"


def _header(path: Path, data: Any, syntax: str) -> SliceHeader:
    def value(name: str) -> Any:
        try:
            found = data.get(name)
        except Exception:  # a value that does not fit its type counts as absent, and the gate says so
            return None
        return None if found is None or found == "" else found

    def numbers(name: str, length: int) -> tuple[float, ...] | None:
        found = value(name)
        try:
            result = tuple(float(x) for x in found)
        except (TypeError, ValueError):
            return None
        return result if len(result) == length else None

    header = _core.SliceHeader()
    header.file = str(path)
    for field, name in _TEXTS.items():
        found = value(name)
        if found is not None:
            several = isinstance(found, (list, tuple)) or type(found).__name__ == "MultiValue"
            setattr(header, field, "\\".join(map(str, found)) if several else str(found).strip())
    for field, name in _COUNTS.items():
        found = value(name)
        if found is not None:
            setattr(header, field, max(int(found), 0))
    for field, name in _NUMBERS.items():
        found = value(name)
        setattr(header, field, None if found is None else float(found))
    for field, name in _INTEGERS.items():
        found = value(name)
        setattr(header, field, None if found is None else int(found))
    for field, (name, length) in _VECTORS.items():
        setattr(header, field, numbers(name, length))
    moment, date, time = (str(value(name) or "").strip() for name in _TIMES)
    header.acquisition_time = moment or date + time
    kinds = value("ImageType")
    header.image_type = (
        [] if kinds is None else [kinds] if isinstance(kinds, str) else [str(kind) for kind in kinds]
    )
    header.lossy = value("LossyImageCompression") == "01" or syntax in _LOSSY
    return header


def full_headers(headers: Sequence[SliceHeader]) -> tuple[Dataset, ...]:
    """Everything that the files of these slices say beside their voxels: the patient's data too. Overlays and
    private elements, which can be as large as the voxels, are left out."""
    pydicom = need("pydicom")
    result = []
    for header in headers:
        data = pydicom.dcmread(header.file, stop_before_pixels=True, force=True)
        for tag in [tag for tag in data.keys() if tag.is_private or 0x6000 <= tag.group < 0x6100]:  # noqa: SIM118
            del data[tag]
        if header.lossy:
            data.LossyImageCompression = "01"
        result.append(data)
    return tuple(result)


def assemble(root: Path, found: Scan, series: str) -> tuple[CtVolume, Any]:
    """The volume and the plan by which it was made. Raises FormatError as the gate does, and where voxels of
    a slice of the series are cut off or can't be decoded."""
    if not found.headers:
        raise FormatError(
            f"{root}: no DICOM image in it; give the folder of a CT series, or a NIfTI, NRRD or MHA file"
        )
    try:
        plan = _core.plan_series(found.headers, series=series)
    except FormatError as error:
        raise FormatError(f"{root}: {error}") from error
    try:
        volume = _core.CtAssembly(
            shape=plan.shape,
            spacing_mm=plan.spacing_mm,
            origin_mm=plan.origin_mm,
            direction=plan.direction,
            notes=[*found.notes, *plan.notes],
        )
        headers = [found.headers[i] for i in plan.order]
        # One run after the other: GDCM's decoders share state, and two at a time crash now and then.
        with listening() as heard:
            for first, last in _runs(headers):
                _decode(root, headers, first, last, volume)
        if heard.damaged:
            raise FormatError("the JPEG data of a slice are damaged; copy the study again")
        if (said := heard.note()) is not None:
            volume.remark(said)
        return volume.finish(), plan
    except FormatError as error:
        text = str(error)
        raise (
            error if text.startswith(str(root)) else FormatError(f"{root}: series {plan.series_uid}: {text}")
        ) from error


def _runs(headers: Sequence[SliceHeader]) -> list[tuple[int, int]]:
    """Runs of at most 8 slices with one rescale: SimpleITK takes a run's type from its first slice, and a
    run costs two thirds of what its slices cost one by one."""
    runs, first = [], 0
    for i in range(1, len(headers) + 1):
        if i == len(headers) or i - first == 8 or _rescale(headers[i]) != _rescale(headers[first]):
            runs.append((first, i))
            first = i
    return runs


def _rescale(header: SliceHeader) -> tuple[object, ...]:
    return header.rescale_slope, header.rescale_intercept, header.bits_allocated


def _decode(root: Path, headers: Sequence[SliceHeader], first: int, last: int, volume: Any) -> None:
    sitk = need("SimpleITK")
    reader = sitk.ImageSeriesReader()
    reader.SetImageIO("GDCMImageIO")
    try:
        with readable_names([header.file for header in headers[first:last]]) as names:
            reader.SetFileNames(names)
            image = reader.Execute()
        values = sitk.GetArrayViewFromImage(image)
    except Exception as error:  # SimpleITK raises RuntimeError with source paths and file names in it
        raise FormatError(
            f"{root}: the voxels of a slice can't be decoded: they are damaged or in an unknown "
            "compression; copy the "
            "study again, or convert it to uncompressed DICOM"
        ) from error
    shape = (last - first, headers[first].rows, headers[first].columns)
    if values.shape != shape:
        raise FormatError(
            f"{root}: the voxels of a slice are {values.shape[1:]} where its header claims {shape[1:]}"
        )
    # GDCM has applied each slice's own rescale.
    volume.put(first, values)
