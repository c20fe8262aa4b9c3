"""Small studies made for tests: DICOM series with any fault, and volumes in other formats."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pydicom
import SimpleITK as sitk
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
