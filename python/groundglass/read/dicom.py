"""DICOM: headers through pydicom, voxels through SimpleITK, decisions in the gate of
``groundglass._core``."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from groundglass import _core
from groundglass._core import may_be_dicom
from groundglass.errors import FormatError
from groundglass.read.decoders import listening, need, readable_names

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

    from groundglass._core import CtVolume, FrameSource, Note, SliceHeader

_DICOMDIR = "1.2.840.10008.1.3.10"
_DEFLATED = "1.2.840.10008.1.2.1.99"
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
    "patient_position": "PatientPosition",
    "rescale_type": "RescaleType",
    "concatenation_uid": "ConcatenationUID",
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
    "concatenation_part": "InConcatenationNumber",
    "concatenation_parts": "InConcatenationTotalNumber",
}
_VECTORS = {
    "position": ("ImagePositionPatient", 3),
    "orientation": ("ImageOrientationPatient", 6),
    "pixel_spacing": ("PixelSpacing", 2),
}
_TIMES = ("AcquisitionDateTime", "AcquisitionDate", "AcquisitionTime")
#: The functional groups that the frames of a multi-frame object share, and those of each.
_GROUPS = ("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence")
_BITS = ("BitsStored", "HighBit", "PixelRepresentation")
#: JPEG Lossless, which the gate decodes itself where nothing about a slice is unusual.
_LOSSLESS = {f"1.2.840.10008.1.2.4.{n}" for n in (57, 70)}
#: What is looked at in functional groups.
_FRAME_TAGS = [
    *_NUMBERS.values(),
    *(name for name, _ in _VECTORS.values()),
    *_TIMES,
    "ConvolutionKernel",
    "RescaleType",
    "AcquisitionNumber",
    "TemporalPositionIdentifier",
    "ImageType",
    "FrameType",
    "VolumeBasedCalculationTechnique",
    "FrameAcquisitionDateTime",
    "FrameAcquisitionNumber",
    "TemporalPositionIndex",
    "StackID",
]
_TAGS = [
    *_TEXTS.values(),
    *_COUNTS.values(),
    *_NUMBERS.values(),
    *_INTEGERS.values(),
    *(name for name, _ in _VECTORS.values()),
    *_TIMES,
    *_GROUPS,
    *_BITS,
    "ImageType",
    "LossyImageCompression",
    "ConcatenationFrameOffsetNumber",
]


@dataclass
class Scan:
    """What was found: a header for each DICOM image and each frame, the voxels of multi-frame files and
    of those that the gate may decode by their names, and what is to be said of the other files."""

    headers: list[SliceHeader] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    frames: dict[str, FrameSource] = field(default_factory=dict)


def scan(root: Path, files: Sequence[Path]) -> Scan:
    """Reads the headers of those files that are DICOM images. `root` is what messages name: the files of an
    archive carry patients' names. Raises FormatError where a file can't be opened or a header is cut off."""
    pydicom = need("pydicom")
    result = Scan()
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
                    headers = _headers(path, data, syntax)
                except Exception:  # pydicom raises whatever a damaged value leads it to
                    broken += 1
                    continue
                if directory:
                    directories += 1
                elif start[128:132] != b"DICM" and not (headers[0].sop_class_uid and headers[0].rows):
                    other += 1
                else:
                    _check_voxels(result, headers[0], data, file.tell(), syntax)
                    result.headers.extend(headers)
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
    for header, damage in zip(result.headers, _core.concatenation_damage(result.headers), strict=True):
        header.damage = header.damage or damage
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


def _check_voxels(found: Scan, header: SliceHeader, data: Any, offset: int, syntax: str) -> None:
    """Gives the first header of a file what is wrong with its voxels, which begin at `offset`."""
    if not header.frame and syntax not in _LOSSLESS:
        header.damage = _core.pixel_data_damage(header, offset, syntax)
    elif not header.damage and syntax != _DEFLATED:
        found.frames[header.file] = source = _source(header, data, offset, syntax)
        header.damage = source.damage


def _source(header: SliceHeader, data: Any, offset: int, syntax: str) -> FrameSource:
    stored = int(_value(data, "BitsStored") or header.bits_allocated)
    high = _value(data, "HighBit")
    return _core.FrameSource(
        header,
        offset,
        syntax,
        stored=stored,
        high=stored - 1 if high is None else int(high),
        is_signed=_value(data, "PixelRepresentation") == 1,
    )


def _headers(path: Path, data: Any, syntax: str) -> list[SliceHeader]:
    """The header of a single image, or those of all frames: each by its own functional groups, those of all
    frames, and the file's attributes. One with what is wrong where they are not as many as claimed."""
    file = _header(path, data, syntax)
    described = len(_value(data, _GROUPS[1]) or ()) if _core.holds_frames(file, 1) else 0
    if not _core.holds_frames(file, described):
        return [file]
    damage = _core.frame_count_damage(file, described)
    result, acquisitions, stacks = [], [], []
    for number in range(1, 2 if damage else described + 1):
        frame = _Layers(*_groups_of(data, number), data)
        header = _header(path, frame, syntax)
        header.frame = number
        before = min(_value(data, "ConcatenationFrameOffsetNumber") or 0, 1_000_000_000)
        header.instance_number = before + number
        kinds = _values(frame, "FrameType") or header.image_type
        technique = _value(frame, "VolumeBasedCalculationTechnique")
        header.image_type = [*kinds, *([] if technique in (None, "NONE") else [str(technique)])]
        for name, tag in (
            ("acquisition_number", "FrameAcquisitionNumber"),
            ("temporal_position", "TemporalPositionIndex"),
            ("acquisition_time", "FrameAcquisitionDateTime"),
        ):
            found = _value(frame, tag)
            if found is not None:
                setattr(header, name, str(found) if name.endswith("time") else int(found))
        result.append(header)
        acquisitions.append(header.acquisition_number)
        stacks.append(str(_value(frame, "StackID") or ""))
    for header, acquisition in zip(result, _core.frame_acquisitions(acquisitions, stacks), strict=True):
        header.acquisition_number = acquisition
    result[0].damage = damage or _core.frame_place_damage(result)
    return result


class _Layers:
    """Attributes from the first of several data sets that has them."""

    def __init__(self, *layers: Any) -> None:
        self.layers = layers

    def get(self, name: str) -> Any:
        return next((layer.get(name) for layer in self.layers if name in layer), None)


def _groups_of(data: Any, number: int) -> tuple[Dataset, Dataset]:
    """What the functional groups of frame `number`, from 1, say, and those of all frames."""
    from pydicom.dataset import Dataset

    shared, frames = (_value(data, name) or () for name in _GROUPS)
    result = Dataset(), Dataset()
    for target, item in zip(result, (frames[number - 1 : number], shared[:1]), strict=True):
        for groups in item:
            for tag in groups.keys():  # noqa: SIM118 - the elements themselves would be decoded
                group = None if tag.is_private else groups[tag]
                if group is not None and group.VR == "SQ" and group.value:
                    first = group.value[0]
                    for name in _FRAME_TAGS:
                        if name in first:
                            target[name] = first.get_item(name)
    return result


def _value(data: Any, name: str) -> Any:
    """None where the attribute is absent or empty."""
    try:
        found = data.get(name)
    except Exception:  # a value that does not fit its type counts as absent, and the gate says so
        return None
    return None if found is None or found == "" else found


def _values(data: Any, name: str) -> list[str]:
    found = _value(data, name)
    return [] if found is None else [found] if isinstance(found, str) else [str(one) for one in found]


def _header(path: Path, data: Any, syntax: str) -> SliceHeader:
    def value(name: str) -> Any:
        return _value(data, name)

    def numbers(name: str, length: int) -> tuple[float, ...] | None:
        found = value(name)
        try:
            result = tuple(float(x) for x in found)
        except (TypeError, ValueError):
            return None
        return result if len(result) == length else None

    header = _core.SliceHeader()
    header.file = str(path)
    for attribute, name in _TEXTS.items():
        found = value(name)
        if found is not None:
            several = isinstance(found, (list, tuple)) or type(found).__name__ == "MultiValue"
            setattr(header, attribute, "\\".join(map(str, found)) if several else str(found).strip())
    for attribute, name in _COUNTS.items():
        found = value(name)
        if found is not None:
            setattr(header, attribute, max(int(found), 0))
    for attribute, name in _NUMBERS.items():
        found = value(name)
        setattr(header, attribute, None if found is None else float(found))
    for attribute, name in _INTEGERS.items():
        found = value(name)
        setattr(header, attribute, None if found is None else int(found))
    for attribute, (name, length) in _VECTORS.items():
        setattr(header, attribute, numbers(name, length))
    moment, date, time = (str(value(name) or "").strip() for name in _TIMES)
    header.acquisition_time = moment or date + time
    header.image_type = _values(data, "ImageType")
    header.lossy = value("LossyImageCompression") == "01" or syntax in _LOSSY
    return header


def full_headers(headers: Sequence[SliceHeader]) -> tuple[Dataset, ...]:
    """Everything that the files of these slices say beside their voxels: the patient's data too. Overlays and
    private elements, which can be as large as the voxels, are left out. A frame of a multi-frame object says
    what a slice of its own would, its number in Referenced Frame Number."""
    pydicom = need("pydicom")
    files: dict[str, Dataset] = {}
    result = []
    for header in headers:
        data = files.get(header.file)
        if data is None:
            data = pydicom.dcmread(header.file, stop_before_pixels=True, force=True)
            for tag in [tag for tag in data.keys() if tag.is_private or 0x6000 <= tag.group < 0x6100]:  # noqa: SIM118
                del data[tag]
            if header.lossy:
                data.LossyImageCompression = "01"
        if header.frame:
            files[header.file] = data
            data = _single(data, header.frame)
        result.append(data)
    return tuple(result)


def _single(data: Dataset, number: int) -> Dataset:
    from pydicom.dataset import Dataset

    result = Dataset()
    own, shared = _groups_of(data, number)
    for layer in (data, shared, own):
        result.update({tag: layer.get_item(tag) for tag in layer.keys()})  # noqa: SIM118
    for name in _GROUPS:
        if name in result:
            del result[name]
    result.ReferencedFrameNumber = number
    result.file_meta = data.file_meta
    return result


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
    headers = [found.headers[i] for i in plan.order]
    try:
        volume = _core.CtAssembly(
            shape=plan.shape,
            spacing_mm=plan.spacing_mm,
            origin_mm=plan.origin_mm,
            direction=plan.direction,
            notes=[*found.notes, *plan.notes, *_core.concatenation_notes(headers)],
            slice_thickness_mm=plan.slice_thickness_mm,
            kernel=plan.kernel,
            position=plan.position,
        )
        # One run after the other: GDCM's decoders share state, and two at a time crash now and then.
        with listening() as heard, tempfile.TemporaryDirectory(prefix="groundglass-") as folder:
            for first, last in _runs(headers):
                if not _decode_lossless(found, headers[first:last], first, volume):
                    _decode(root, found, headers[first:last], first, volume, Path(folder))
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
    file = header.file if header.frame else ""
    return header.rescale_slope, header.rescale_intercept, header.bits_allocated, file


def _decode_lossless(found: Scan, headers: Sequence[SliceHeader], first: int, volume: Any) -> bool:
    """Puts a run of slices into the volume by the gate's own decoder, where it takes them all."""
    slope, intercept = headers[0].rescale_slope, headers[0].rescale_intercept
    slope, intercept = 1.0 if slope is None else slope, 0.0 if intercept is None else intercept
    # GDCM rescales other numbers in ways of its own.
    if not (
        slope and slope.is_integer() and intercept.is_integer() and headers[0].photometric == "MONOCHROME2"
    ):
        return False
    return all(
        (source := found.frames.get(header.file)) is not None
        and source.put_lossless(max(header.frame, 1), volume, first + i, slope, intercept)
        for i, header in enumerate(headers)
    )


def _decode(
    root: Path, found: Scan, headers: Sequence[SliceHeader], first: int, volume: Any, folder: Path
) -> None:
    """Puts a run of slices into the volume, from slice `first` on. `folder` is for temporary files."""
    if not headers[0].frame:
        # GDCM applies each slice's own rescale.
        volume.put(first, _stored(root, headers[0], [header.file for header in headers]))
        return
    # Frames go to files of their own, without rescale: GDCM would decode all of a file at once and give them
    # the rescale of the first.
    source = found.frames.get(headers[0].file)
    if source is None:
        source = found.frames[headers[0].file] = _inflated(headers[0], folder / f"{len(found.frames)}.dcm")
    files = [folder / f"frame-{i}.dcm" for i in range(len(headers))]
    for header, file in zip(headers, files, strict=True):
        file.write_bytes(source.single(header.frame))
    slope, intercept = headers[0].rescale_slope, headers[0].rescale_intercept
    volume.put(
        first,
        _stored(root, headers[0], [str(file) for file in files]),
        slope=1.0 if slope is None else slope,
        intercept=0.0 if intercept is None else intercept,
    )


def _inflated(header: SliceHeader, target: Path) -> FrameSource:
    """The frames of a file that is deflated as a whole, from a copy that is not."""
    pydicom = need("pydicom")
    data = pydicom.dcmread(header.file, specific_tags=[*_COUNTS.values(), *_BITS, "PixelData"])
    data.file_meta.TransferSyntaxUID = syntax = pydicom.uid.ExplicitVRLittleEndian
    data.save_as(target)
    with target.open("rb") as file:
        data = pydicom.dcmread(file, stop_before_pixels=True)
        file_header, offset = _header(target, data, syntax), file.tell()
    return _source(file_header, data, offset, syntax)


def _stored(root: Path, header: SliceHeader, files: list[str]) -> Any:
    """The voxels of files that hold one slice each, like that of `header`."""
    sitk = need("SimpleITK")
    reader = sitk.ImageSeriesReader()
    reader.SetImageIO("GDCMImageIO")
    try:
        with readable_names(files) as names:
            reader.SetFileNames(names)
            values = sitk.GetArrayFromImage(reader.Execute())
    except Exception as error:  # SimpleITK raises RuntimeError with source paths and file names in it
        raise FormatError(
            f"{root}: the voxels of a slice can't be decoded: they are damaged or in an unknown compression; "
            "copy the study again, or convert it to uncompressed DICOM"
        ) from error
    shape = (len(files), header.rows, header.columns)
    if values.shape != shape:
        raise FormatError(
            f"{root}: the voxels of a slice are {values.shape[1:]} where its header claims {shape[1:]}"
        )
    return values
