"""Writing: outputs that appear whole or not at all, NIfTI files, DICOM series, Parquet tables.

Geometry follows the library: arrays are (slice, row, column), ``spacing_mm`` and ``direction`` follow these
axes, ``origin_mm`` is the LPS position (x, y, z) of voxel (0, 0, 0).
"""

from __future__ import annotations

from groundglass.write.dicom import Volume, write_dicom
from groundglass.write.nifti import AXIAL, nifti_bytes, write_nifti
from groundglass.write.outputs import OutputError, OutputExistsError, atomic_file, output_folder
from groundglass.write.parquet import write_parquet

__all__ = [
    "AXIAL",
    "OutputError",
    "OutputExistsError",
    "Volume",
    "atomic_file",
    "nifti_bytes",
    "output_folder",
    "write_dicom",
    "write_nifti",
    "write_parquet",
]
