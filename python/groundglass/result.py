"""What an analysis gives: the numbers, the masks, and where they come from.

The layout of ``result.json`` is described in ``docs/reference/result.md`` and, for programs, by
:func:`schema`. A result names no patient: no file name, no path and, unless asked for, no DICOM identifier.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from groundglass import overlay
from groundglass.extras import EXTRAS, check, check_source
from groundglass.findings.findings import Findings
from groundglass.findings.records import (
    AERATION_COLUMNS,
    INTERVAL_COLUMNS,
    NOT_A_DEVICE,
    REGION_COLUMNS,
    SCHEMA_VERSION,
    SCORE_KEYS,
    SLICE_COLUMNS,
    InputRecord,
    ModelRecord,
    RunRecord,
    schema,
)
from groundglass.html.notebook import shown
from groundglass.tables import to_csv
from groundglass.write.nifti import write_nifti
from groundglass.write.outputs import output_folder
from groundglass.write.parquet import write_tables

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from groundglass.cohort.severity_model import SeverityModel

__all__ = [
    "AERATION_COLUMNS",
    "FILES",
    "INTERVAL_COLUMNS",
    "NOT_A_DEVICE",
    "REGION_COLUMNS",
    "SCHEMA_VERSION",
    "SCORE_KEYS",
    "SLICE_COLUMNS",
    "InputRecord",
    "ModelRecord",
    "Result",
    "RunRecord",
    "schema",
]


#: Everything that :meth:`Result.save` writes.
FILES = (
    "result.json",
    "regions.csv",
    "aeration.csv",
    "slices.csv",
    "lungs.nii.gz",
    "lesions.nii.gz",
    "overlay.png",
)


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Result(Findings):
    """The outcome of :func:`groundglass.analyze`: its findings, and the files that they are saved as.

    :class:`groundglass.findings.findings.Findings` says what its fields hold.
    """

    severity_model: SeverityModel | None = None

    def _repr_html_(self) -> str:
        return shown(self)

    def save(
        self, folder: str | Path, *, extras: Collection[str] = (), overwrite: bool = False
    ) -> list[Path]:
        """Writes :data:`FILES` and `extras` (names of :data:`groundglass.extras.EXTRAS`) to `folder`, all of
        them or none, and returns their paths.

        Raises :class:`FileExistsError` when the folder holds something and `overwrite` is false,
        :class:`OSError` when it can't be written, ValueError for an unknown extra, :class:`ImportError` where
        what an extra needs is not installed, :class:`groundglass.FormatError` for DICOM extras of a study
        that is no DICOM or lacks what they refer to, ValueError where the result has no `source_headers`.
        """
        wanted = check(extras)
        check_source(wanted, self.source.kind, self.source_headers)
        with output_folder(folder, overwrite=overwrite) as temporary:
            self.write_into(temporary, extras=wanted)
        return [Path(folder) / name for name in (*FILES, *(n for w in wanted for n in EXTRAS[w].files))]

    def write_into(self, folder: Path, *, extras: Collection[str] = ()) -> None:
        """Writes :data:`FILES` and `extras` into a folder that exists; :meth:`save` is the careful way."""
        (folder / "result.json").write_text(self.to_json(), encoding="utf-8")
        (folder / "regions.csv").write_text(to_csv(self.region_rows()), encoding="utf-8")
        (folder / "aeration.csv").write_text(to_csv(self.aeration_rows()), encoding="utf-8")
        (folder / "slices.csv").write_text(to_csv(self.slice_rows()), encoding="utf-8")
        self.write_mask(folder / "lungs.nii.gz", self.lungs)
        self.write_mask(folder / "lesions.nii.gz", self.lesions)
        overlay.of_result(self).save(folder / "overlay.png")
        for name in extras:
            EXTRAS[name].write(self, folder)

    def write_mask(self, path: str | Path, labels: npt.NDArray[np.uint8]) -> None:
        """Writes labels ``(slice, row, column)`` in the grid of :attr:`ct` as NIfTI.

        The file has the axes of the analyzed NIfTI, NRRD or MetaImage file, so that it lies over that file
        voxel by voxel; of a DICOM study and of an array it has those of :attr:`ct`.
        """
        ct, grid = self.ct, self.source.grid
        if grid is None:
            write_nifti(path, labels, ct.spacing_mm, ct.origin_mm, ct.direction)
        else:
            turned = grid.from_axial(labels, ct.direction)
            write_nifti(path, turned, grid.spacing_mm, grid.origin_mm, grid.direction)

    def to_parquet(self, folder: str | Path, *, overwrite: bool = False) -> None:
        """Writes ``regions.parquet``, ``aeration.parquet`` and ``slices.parquet``: the tables of the CSV
        files with their columns and units, null for "no answer", and the version and the disclaimer in the
        schema's metadata.

        Raises :class:`ImportError` where pyarrow is not installed, :class:`OSError` for files that exist,
        unless `overwrite` allows to replace them, and for a folder that can't be written.
        """
        write_tables(self, folder, overwrite=overwrite)
