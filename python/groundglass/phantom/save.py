"""A phantom as files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from groundglass.write import output_folder, write_dicom, write_nifti

if TYPE_CHECKING:
    from groundglass.phantom.assemble import Phantom


def write_phantom(
    folder: str | Path,
    phantom: Phantom,
    format: str = "dicom",
    *,
    date: str = "20260101",
    overwrite: bool = False,
) -> None:
    """Writes a phantom with its true masks, everything or nothing.

    ``format`` "dicom" gives the CT as a series of ``date`` in ``ct/``, "nifti" as ``ct.nii.gz``. Beside it
    lie ``lungs.nii.gz`` (1 left, 2 right), ``lesions.nii.gz`` (1 ground glass, 2 consolidation),
    ``lobes.nii.gz`` (1 to 5, where the phantom has them) and ``truth.json`` (``Phantom.truth``).

    Raises ``ValueError`` for another format, ``groundglass.write.OutputError`` where the folder can't be
    written or holds something already, ``ImportError`` for DICOM without pydicom.
    """
    if format not in ("dicom", "nifti"):
        raise ValueError(f"format must be 'dicom' or 'nifti', found {format!r}")
    grid = (phantom.spacing_mm, phantom.origin_mm, phantom.direction)
    with output_folder(folder, overwrite=overwrite) as temporary:
        if format == "dicom":
            write_dicom(temporary / "ct", phantom, seed=phantom.seed, date=date)
        else:
            write_nifti(temporary / "ct.nii.gz", phantom.hounsfield, *grid)
        write_nifti(temporary / "lungs.nii.gz", phantom.lungs, *grid)
        write_nifti(temporary / "lesions.nii.gz", phantom.lesions, *grid)
        if phantom.lobes is not None:
            write_nifti(temporary / "lobes.nii.gz", phantom.lobes, *grid)
        text = json.dumps(phantom.truth, indent=2, allow_nan=False)
        (temporary / "truth.json").write_text(text + "\n", encoding="utf-8")
