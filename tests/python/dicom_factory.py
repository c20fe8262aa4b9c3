"""Small studies made for tests: DICOM series with any fault, and volumes in other formats."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pydicom
import SimpleITK as sitk
from pydicom.datadict import tag_for_keyword
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import (
    CTImageStorage,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    RLELossless,
)

SYNTAXES = {
    "explicit": ExplicitVRLittleEndian,
    "implicit": ImplicitVRLittleEndian,
    "big": ExplicitVRBigEndian,
    "deflated": DeflatedExplicitVRLittleEndian,
    "rle": RLELossless,
}
#: A patient whose name must never come out anywhere.
PATIENT = "Secret^Person"


def chest(slices: int = 12, rows: int = 32, columns: int = 40, seed: int = 0) -> npt.NDArray[np.int16]:
    """HU of a body with two lungs in air, no two slices alike, and left and right, front and back told
    apart."""
    values = np.full((slices, rows, columns), -1000, np.int16)
    values[:, 4:-4, 3:-3] = 40
    values[:, 8:-10, 6:16] = -850
    values[:, 8:-10, 22:35] = -820
    values[:, -7:-5, 18:21] = 700
    rng = np.random.default_rng(seed)
    values += rng.integers(-20, 21, values.shape).astype(np.int16)
    values[:, 0, 0] = -900 + np.arange(slices)
    return values


def write_series(
    folder: Path,
    values: npt.NDArray[np.int16] | None = None,
    *,
    series: str = "1.2.826.0.1.3680043.10.1.1",
    study: str = "1.2.826.0.1.3680043.10.1",
    spacing: Sequence[float] = (2.5, 0.7, 0.8),
    origin: Sequence[float] = (-10.0, -20.0, -300.0),
    orientation: Sequence[float] = (1, 0, 0, 0, 1, 0),
    step: Sequence[float] = (0, 0, 1),
    slope: float = 1.0,
    intercept: float = -1024.0,
    syntax: str = "explicit",
    name: Callable[[int], str] = lambda i: f"IM{(i * 7) % 101:04d}.dcm",
    change: Callable[[FileDataset, int], Any] = lambda data, i: None,
    only: Sequence[int] | None = None,
) -> list[Path]:
    """Writes slices of `values` (slice, row, column) in HU and returns their paths in slice order.

    Slice `i` lies at `origin` + i * spacing[0] * `step`. `change(data, i)` may spoil anything before it is
    written; `only` picks the slices written. File names are out of order and instance numbers run from the
    last slice to the first.
    """
    values = chest() if values is None else values
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for i in range(len(values)) if only is None else only:
        meta = FileMetaDataset()
        meta.MediaStorageSOPClassUID = CTImageStorage
        meta.MediaStorageSOPInstanceUID = f"{series}.{i + 1}"
        meta.TransferSyntaxUID = SYNTAXES["explicit" if syntax == "rle" else syntax]
        path = folder / name(i)
        path.parent.mkdir(parents=True, exist_ok=True)
        little, implicit = syntax != "big", syntax == "implicit"
        data = FileDataset(
            str(path),
            {},
            file_meta=meta,
            preamble=b"\0" * 128,
            is_little_endian=little,
            is_implicit_VR=implicit,
        )
        data.SOPClassUID, data.SOPInstanceUID = CTImageStorage, f"{series}.{i + 1}"
        data.StudyInstanceUID, data.SeriesInstanceUID, data.FrameOfReferenceUID = study, series, f"{study}.9"
        data.PatientName, data.PatientID, data.PatientBirthDate = PATIENT, "4711", "19700101"
        data.Modality, data.ImageType = "CT", ["ORIGINAL", "PRIMARY", "AXIAL"]
        data.SeriesDescription = "Thorax " + PATIENT
        data.InstanceNumber, data.AcquisitionNumber = len(values) - i, 1
        data.ImagePositionPatient = [float(o + i * spacing[0] * s) for o, s in zip(origin, step, strict=True)]
        data.ImageOrientationPatient = [float(x) for x in orientation]
        data.PixelSpacing, data.SliceThickness = [float(spacing[1]), float(spacing[2])], float(spacing[0])
        data.Rows, data.Columns = values.shape[1:]
        data.SamplesPerPixel, data.PhotometricInterpretation = 1, "MONOCHROME2"
        data.BitsAllocated, data.BitsStored, data.HighBit, data.PixelRepresentation = 16, 16, 15, 1
        data.RescaleSlope, data.RescaleIntercept, data.RescaleType = float(slope), float(intercept), "HU"
        stored = np.round((values[i] - intercept) / slope).astype(">i2" if syntax == "big" else "<i2")
        data.PixelData = stored.tobytes()
        data["PixelData"].VR = "OW"
        change(data, i)
        if syntax == "rle":
            data.compress(RLELossless)
        data.save_as(path, enforce_file_format=True)
        paths.append(path)
    return paths


def write_dicomdir(folder: Path) -> Path:
    """An index file as CDs have it, without entries."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = "1.2.840.10008.1.3.10"
    meta.MediaStorageSOPInstanceUID = "1.2.826.0.1.3680043.10.2"
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    data = FileDataset("DICOMDIR", {}, file_meta=meta, preamble=b"\0" * 128)
    data.FileSetID = "TEST"
    data.DirectoryRecordSequence = pydicom.Sequence([])
    data.save_as(folder / "DICOMDIR", enforce_file_format=True)
    return folder / "DICOMDIR"


def image(
    values: npt.NDArray[Any] | None = None,
    *,
    spacing: Sequence[float] = (2.5, 0.7, 0.8),
    origin: Sequence[float] = (-10.0, -20.0, -300.0),
) -> sitk.Image:
    """The chest as an axial SimpleITK image in LPS."""
    result = sitk.GetImageFromArray(chest() if values is None else values)
    result.SetSpacing([float(s) for s in reversed(spacing)])
    result.SetOrigin([float(o) for o in origin])
    return result


ENHANCED_CT = "1.2.840.10008.5.1.4.1.1.2.1"
LEGACY_ENHANCED_CT = "1.2.840.10008.5.1.4.1.1.2.2"


def sequence(**attributes: Any) -> pydicom.Sequence:
    """A sequence of one item."""
    item = pydicom.Dataset()
    for name, value in attributes.items():
        setattr(item, name, value)
    return pydicom.Sequence([item])


def write_enhanced(
    path: Path,
    values: npt.NDArray[np.int16] | None = None,
    *,
    sop_class: str = ENHANCED_CT,
    series: str = "1.2.826.0.1.3680043.10.1.5",
    study: str = "1.2.826.0.1.3680043.10.1",
    spacing: Sequence[float] = (2.5, 0.7, 0.8),
    origin: Sequence[float] = (-10.0, -20.0, -300.0),
    orientation: Sequence[float] = (1, 0, 0, 0, 1, 0),
    step: Sequence[float] = (0, 0, 1),
    order: Sequence[int] | None = None,
    rescale: Callable[[int], tuple[float, float]] = lambda i: (1.0, -1024.0),
    shared: Sequence[str] = ("PlaneOrientationSequence", "PixelMeasuresSequence", "CTReconstructionSequence"),
    syntax: str = "explicit",
    undefined: bool = False,
    concatenation: tuple[int, int | None, int] | None = None,
    change: Callable[[FileDataset, Callable[[int], pydicom.Dataset]], Any] = lambda data, frame: None,
    finish: Callable[[FileDataset], Any] = lambda data: None,
) -> Path:
    """Writes slices of `values` (slice, row, column) in HU as the frames of one enhanced CT.

    `order` gives the slice of every frame; by default they run from the last slice to the first. Slice `i`
    is stored with `rescale(i)`. `shared` names the functional groups that all frames share, as the first
    frame has them. `undefined` writes sequences without their lengths. `concatenation` is the part's number,
    the number of parts, and how many frames lie in the parts before it. `change(data, groups)` may spoil
    anything, with the functional groups of a slice by its number; `finish(data)` sees the file as it is
    written.
    """
    values = chest() if values is None else values
    order = range(len(values))[::-1] if order is None else order
    path.parent.mkdir(parents=True, exist_ok=True)
    instance = f"{series}.{1 if concatenation is None else concatenation[0]}"
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = sop_class, instance
    meta.TransferSyntaxUID = SYNTAXES["explicit" if syntax == "rle" else syntax]
    data = FileDataset(
        str(path),
        {},
        file_meta=meta,
        preamble=b"\0" * 128,
        is_little_endian=syntax != "big",
        is_implicit_VR=syntax == "implicit",
    )
    data.ImageType = ["ORIGINAL", "PRIMARY", "VOLUME", "NONE"]
    data.SOPClassUID, data.SOPInstanceUID = sop_class, instance
    data.StudyDate = data.ContentDate = "20260101"
    data.StudyTime = data.ContentTime = "120000"
    data.AcquisitionDateTime = "20260101120000"
    data.AccessionNumber, data.Modality, data.Manufacturer = "", "CT", "groundglass"
    data.ReferringPhysicianName, data.ManufacturerModelName = "", "test"
    data.VolumetricProperties, data.VolumeBasedCalculationTechnique = "VOLUME", "NONE"
    data.PatientName, data.PatientID, data.PatientBirthDate, data.PatientSex = PATIENT, "4711", "19700101", ""
    data.DeviceSerialNumber, data.SoftwareVersions = "1", "1"
    data.StudyInstanceUID, data.SeriesInstanceUID, data.FrameOfReferenceUID = study, series, f"{study}.9"
    data.StudyID, data.SeriesNumber, data.InstanceNumber, data.PositionReferenceIndicator = "1", 1, 1, ""
    data.Rows, data.Columns = values.shape[1:]
    data.SamplesPerPixel, data.PhotometricInterpretation = 1, "MONOCHROME2"
    data.BitsAllocated, data.BitsStored, data.HighBit, data.PixelRepresentation = 16, 16, 15, 1
    data.PresentationLUTShape, data.LossyImageCompression, data.BurnedInAnnotation = "IDENTITY", "00", "NO"
    data.NumberOfFrames = len(order)
    data.DimensionOrganizationSequence = sequence(DimensionOrganizationUID=f"{series}.6")
    data.DimensionIndexSequence = pydicom.Sequence(
        sequence(
            DimensionOrganizationUID=f"{series}.6",
            DimensionIndexPointer=tag_for_keyword(name),
            FunctionalGroupPointer=tag_for_keyword("FrameContentSequence"),
        )[0]
        for name in ("StackID", "InStackPositionNumber")
    )
    if concatenation is not None:
        data.ConcatenationUID, data.SOPInstanceUIDOfConcatenationSource = f"{series}.8", f"{series}.7"
        data.InConcatenationNumber, total, data.ConcatenationFrameOffsetNumber = concatenation
        if total is not None:
            data.InConcatenationTotalNumber = total
    groups = {}
    for i in order:
        item = groups[i] = pydicom.Dataset()
        place = [float(o + i * spacing[0] * s) for o, s in zip(origin, step, strict=True)]
        item.FrameContentSequence = sequence(
            FrameAcquisitionNumber=1,
            FrameAcquisitionDateTime="20260101120000",
            FrameReferenceDateTime="20260101120000",
            FrameAcquisitionDuration=100.0,
            StackID="1",
            InStackPositionNumber=i + 1,
            DimensionIndexValues=[1, i + 1],
        )
        item.PlanePositionSequence = sequence(ImagePositionPatient=place)
        item.PlaneOrientationSequence = sequence(ImageOrientationPatient=[float(x) for x in orientation])
        item.PixelMeasuresSequence = sequence(
            PixelSpacing=[float(spacing[1]), float(spacing[2])], SliceThickness=float(spacing[0])
        )
        slope, intercept = rescale(i)
        item.PixelValueTransformationSequence = sequence(
            RescaleIntercept=float(intercept), RescaleSlope=float(slope), RescaleType="HU"
        )
        item.CTImageFrameTypeSequence = sequence(
            FrameType=["ORIGINAL", "PRIMARY", "VOLUME", "NONE"],
            PixelPresentation="MONOCHROME",
            VolumetricProperties="VOLUME",
            VolumeBasedCalculationTechnique="NONE",
        )
        item.CTReconstructionSequence = sequence(ConvolutionKernel="STANDARD")
    common = pydicom.Dataset()
    first = groups[order[0]]
    for name in shared:
        setattr(common, name, getattr(first, name))
        for item in groups.values():
            delattr(item, name)
    data.SharedFunctionalGroupsSequence = pydicom.Sequence([common])
    data.PerFrameFunctionalGroupsSequence = pydicom.Sequence([groups[i] for i in order])
    stored = [np.round((values[i] - rescale(i)[1]) / rescale(i)[0]) for i in order]
    data.PixelData = np.array(stored).astype(">i2" if syntax == "big" else "<i2").tobytes()
    data["PixelData"].VR = "OW"
    change(data, groups.__getitem__)
    if undefined:
        for element in data.iterall():
            if element.VR == "SQ":
                element.is_undefined_length = True
                for item in element.value:
                    item.is_undefined_length_sequence_item = True
    if syntax == "rle":
        data.compress(RLELossless, generate_instance_uid=False)
    finish(data)
    data.save_as(path, enforce_file_format=True)
    return path
