"""Files to HU: DICOM series, .nii.gz and .nrrd.

A DICOM series in JPEG Lossless is taken from the folder that ``GROUNDGLASS_SERIES`` names; without it the
case is left out, as nothing here writes such files. The volumes are a phantom's.
"""

from __future__ import annotations

import os
import tempfile
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
from harness import Case, Peers

import groundglass as gg


@cache
def folder() -> Path:
    """Of volumes of 150 x 512 x 512, for this process and those that it starts."""
    chosen = Path(os.environ.setdefault("GROUNDGLASS_BENCH", tempfile.mkdtemp(prefix="groundglass-bench-")))
    if not (chosen / "ct.nrrd").exists():
        import SimpleITK as sitk

        made = gg.phantom.make(shape=(150, 512, 512))
        image = sitk.GetImageFromArray(made.hounsfield)
        image.SetSpacing(made.spacing_mm[::-1])
        for name in ("ct.nii.gz", "ct.nrrd"):
            sitk.WriteImage(image, str(chosen / name), useCompression=True)
    return chosen


def volume(name: str) -> Peers:
    path = folder() / name

    def by_sitk() -> Any:
        import SimpleITK as sitk

        return sitk.GetArrayFromImage(sitk.ReadImage(str(path)))

    return {"groundglass": lambda: gg.read_ct(path).hounsfield, "SimpleITK": by_sitk}


def series(path: str) -> Peers:
    files = sorted(str(file) for file in Path(path).iterdir() if file.suffix == ".dcm")

    def by_dicomsdl() -> Any:
        import dicomsdl

        found = [dicomsdl.open(file) for file in files]
        found.sort(key=lambda one: float(one.ImagePositionPatient[2]))
        return np.stack([one.pixelData(storedvalue=False).astype(np.int16) for one in found])

    def by_sitk() -> Any:
        import SimpleITK as sitk

        reader = sitk.ImageSeriesReader()
        reader.SetFileNames(reader.GetGDCMSeriesFileNames(path))
        return sitk.GetArrayFromImage(reader.Execute())

    return {"groundglass": lambda: gg.read_ct(path).hounsfield, "dicomsdl": by_dicomsdl, "SimpleITK": by_sitk}


def same(ours: Any, theirs: Any) -> None:
    assert ours.shape == theirs.shape
    total = int(theirs.sum(dtype=np.int64))
    assert int(ours.sum(dtype=np.int64)) == total
    assert any(np.array_equal(ours[:: -1 if turned else 1], theirs) for turned in (False, True))


CASES = [
    *(
        Case(f"DICOM, {Path(path).name}", partial(series, path), same, 1.0, memory=True)
        for path in [os.environ.get("GROUNDGLASS_SERIES")]
        if path
    ),
    Case(".nii.gz of 150 slices", partial(volume, "ct.nii.gz"), None, 0.7, memory=True),
    Case(".nrrd of 150 slices", partial(volume, "ct.nrrd"), None, 0.7, memory=True),
]
