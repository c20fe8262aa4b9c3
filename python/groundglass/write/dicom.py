"""CT series as DICOM files."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from groundglass._optional import needing
from groundglass.write.outputs import output_folder

if TYPE_CHECKING:
    from pydicom.dataset import Dataset
    from pydicom.uid import UID


class Volume(Protocol):
    """What is written as a series: ``gg.CtVolume`` and ``gg.phantom.Phantom`` are such."""

    @property
    def hounsfield(self) -> NDArray[np.int16]: ...
    @property
    def spacing_mm(self) -> Sequence[float]: ...
    @property
    def origin_mm(self) -> Sequence[float]: ...
    @property
    def direction(self) -> Sequence[Sequence[float]]: ...


def write_dicom(
    folder: str | Path, volume: Volume, *, seed: int = 0, date: str = "20260101", overwrite: bool = False
) -> None:
    """Writes a CT Image Storage series, one uncompressed file a slice, all slices or none.

    For made-up studies: the patient is "Phantom^Groundglass", every identifier follows from ``seed`` and
    the voxels, so the same input gives the same bytes and another volume another study; ``date`` is its day.
    Pixels are unsigned 16 bit with slope 1 and intercept -1024. Files are numbered from the head down, as
    scanners do.

    Raises ``ValueError`` for HU outside -1024..64511, ``OutputError`` for a folder that can't be written and
    ``ImportError`` without pydicom. Costs about 1 s for 100 slices.
    """
    with needing("writing DICOM", "pydicom"):
        import pydicom
        from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian

    hu = np.asarray(volume.hounsfield)
    low, high = int(hu.min()), int(hu.max())
    if low < -1024 or high > 64511:
        raise ValueError(
            f"hounsfield must lie in -1024..64511 to be stored with intercept -1024, found {low}..{high}"
        )
    series = _series(volume, hu, seed, date)
    axes = np.asarray(volume.direction, dtype=np.float64)
    origin = np.asarray(volume.origin_mm, dtype=np.float64)
    normal = np.cross(axes[2], axes[1])
    with output_folder(folder, overwrite=overwrite) as temporary:
        for index, plane in enumerate(hu):
            number = len(hu) - index
            data = pydicom.Dataset()
            data.update(series)
            position = origin + index * volume.spacing_mm[0] * axes[0]
            data.SOPClassUID = CTImageStorage
            data.SOPInstanceUID = _uid(series.SeriesInstanceUID, "slice", index)
            data.InstanceNumber = number
            data.ImagePositionPatient = _decimals(position)
            data.SliceLocation = _decimals([float(position @ normal)])[0]
            data.PixelData = (plane.astype(np.int32) + 1024).astype("<u2").tobytes()
            data["PixelData"].VR = "OW"
            data.file_meta = pydicom.dataset.FileMetaDataset()
            data.file_meta.MediaStorageSOPClassUID = CTImageStorage
            data.file_meta.MediaStorageSOPInstanceUID = data.SOPInstanceUID
            data.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
            data.file_meta.ImplementationClassUID = _uid("implementation")
            data.file_meta.ImplementationVersionName = "GROUNDGLASS"
            pydicom.dcmwrite(temporary / f"IM{number:05d}.dcm", data, enforce_file_format=True)


def _series(volume: Volume, hu: NDArray[Any], seed: int, date: str) -> Dataset:
    """What all slices share."""
    from pydicom.dataset import Dataset

    _, rows, columns = hu.shape
    axes = np.asarray(volume.direction, dtype=np.float64)
    spacing = [float(s) for s in volume.spacing_mm]
    geometry = repr((spacing, [float(v) for v in volume.origin_mm], axes.tolist()))
    content = hashlib.sha256(geometry.encode() + np.ascontiguousarray(hu).tobytes()).hexdigest()
    digits = int(hashlib.sha256(str(seed).encode()).hexdigest(), 16) % 10**8

    data = Dataset()
    data.SpecificCharacterSet = "ISO_IR 100"
    data.PatientName = "Phantom^Groundglass"
    data.PatientID = f"GG{digits:08d}"
    data.PatientBirthDate = data.PatientSex = ""
    data.StudyInstanceUID = _uid("study", seed, content)
    data.StudyDate = data.SeriesDate = data.AcquisitionDate = data.ContentDate = date
    data.StudyTime = data.SeriesTime = data.AcquisitionTime = data.ContentTime = "120000"
    data.StudyID, data.StudyDescription = "1", "Chest phantom"
    data.ReferringPhysicianName = data.AccessionNumber = ""
    data.Modality, data.SeriesNumber, data.SeriesDescription = "CT", 1, "Chest phantom, axial"
    data.SeriesInstanceUID = _uid("series", seed, content)
    data.BodyPartExamined, data.PatientPosition = "CHEST", "HFS"
    data.FrameOfReferenceUID, data.PositionReferenceIndicator = _uid("frame", seed, content), ""
    data.Manufacturer, data.ManufacturerModelName, data.SoftwareVersions = "groundglass", "phantom", "1"
    data.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    data.AcquisitionNumber = 1
    data.QualityControlImage, data.BurnedInAnnotation = "YES", "NO"
    data.SamplesPerPixel, data.PhotometricInterpretation = 1, "MONOCHROME2"
    data.Rows, data.Columns = rows, columns
    data.BitsAllocated, data.BitsStored, data.HighBit, data.PixelRepresentation = 16, 16, 15, 0
    data.RescaleIntercept, data.RescaleSlope, data.RescaleType = "-1024", "1", "HU"
    data.WindowCenter, data.WindowWidth = ["-600", "40"], ["1500", "400"]
    data.WindowCenterWidthExplanation = ["LUNG", "SOFT TISSUE"]
    data.PixelSpacing = _decimals([spacing[1], spacing[2]])
    data.SliceThickness = data.SpacingBetweenSlices = _decimals([spacing[0]])[0]
    data.ImageOrientationPatient = _decimals([*axes[2], *axes[1]])
    data.KVP, data.ConvolutionKernel, data.GantryDetectorTilt = "120", "STANDARD", _decimals([_tilt(axes)])[0]
    data.ReconstructionDiameter = _decimals([max(rows * spacing[1], columns * spacing[2])])[0]
    return data


def _tilt(axes: NDArray[np.float64]) -> float:
    """Degrees between the slice axis and the slices' normal, positive where higher slices lie further to
    the back."""
    normal = np.cross(axes[2], axes[1])
    cosine = abs(float(axes[0] @ normal)) / float(np.linalg.norm(axes[0]) * np.linalg.norm(normal))
    angle = float(np.degrees(np.arccos(min(1.0, cosine))))
    return round(float(np.copysign(angle, axes[0] @ axes[1])), 4) if angle > 1e-4 else 0.0


def _uid(*parts: object) -> UID:
    from pydicom.uid import generate_uid

    return generate_uid(entropy_srcs=["groundglass phantom", *(str(part) for part in parts)])


def _decimals(values: Sequence[float] | NDArray[np.float64]) -> list[str]:
    """Decimal strings of at most 16 characters, as DICOM allows."""
    from pydicom.valuerep import format_number_as_ds

    return [str(format_number_as_ds(round(float(value), 9) + 0.0)) for value in values]
