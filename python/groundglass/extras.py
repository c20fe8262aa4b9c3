"""What a result can be saved as beside its own files: a report, DICOM objects, Parquet tables."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from groundglass._optional import require

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

    from groundglass.findings.findings import Findings


@dataclass(frozen=True, kw_only=True)
class Extra:
    """One of :data:`EXTRAS`: the files it makes, and who writes them into a folder.

    `needs` are the modules it takes. `dicom` ones describe slices of a DICOM series and take the headers of a
    result's slices, with the patient's data.
    """

    files: tuple[str, ...]
    write: Callable[[Findings, Path], None]
    needs: tuple[str, ...]
    dicom: bool = False


def _report(found: Findings, folder: Path) -> None:
    from groundglass.report import write_html

    write_html(found, folder / "report.html")


def _dicom_seg(found: Findings, folder: Path) -> None:
    from groundglass.write.dicom_seg import write_dicom_seg

    write_dicom_seg(found, folder / "segmentation.dcm")


def _dicom_sr(found: Findings, folder: Path) -> None:
    from groundglass.write.dicom_sr import write_dicom_sr

    segmentation = folder / "segmentation.dcm"
    write_dicom_sr(
        found, folder / "measurements.dcm", segmentation=segmentation if segmentation.exists() else None
    )


def _parquet(found: Findings, folder: Path) -> None:
    from groundglass.write.parquet import write_tables

    write_tables(found, folder)


EXTRAS = {
    "report": Extra(files=("report.html",), write=_report, needs=("PIL",)),
    "dicom-seg": Extra(files=("segmentation.dcm",), write=_dicom_seg, needs=("highdicom",), dicom=True),
    "dicom-sr": Extra(files=("measurements.dcm",), write=_dicom_sr, needs=("highdicom",), dicom=True),
    "parquet": Extra(
        files=("regions.parquet", "aeration.parquet", "slices.parquet"), write=_parquet, needs=("pyarrow",)
    ),
}


def check(names: Collection[str]) -> tuple[str, ...]:
    """The names in the order of :data:`EXTRAS`, after a look whether each can be written at all.

    Raises :class:`ValueError` for an unknown name, :class:`ImportError` naming what to install.
    """
    if isinstance(names, str):
        raise ValueError(f"extras must be a list of names, not the text {names!r}")
    for name in names:
        if name not in EXTRAS:
            raise ValueError(f"extras: {name!r} is none of {', '.join(EXTRAS)}")
    for name in names:
        require(name, *EXTRAS[name].needs)
    return tuple(name for name in EXTRAS if name in names)


def needs_headers(names: Collection[str]) -> bool:
    """Whether one of these takes the headers of DICOM slices."""
    return any(EXTRAS[name].dicom for name in names)


def check_source(names: Collection[str], kind: str, headers: Sequence[Dataset] | None) -> None:
    """Looks whether the DICOM objects among `names` can be made of a study of this `kind` with these headers.

    Raises :class:`groundglass.FormatError` where the study is no DICOM or its slices lack what the objects
    refer to, ValueError where the headers were not kept.
    """
    wanted = [name for name in names if EXTRAS[name].dicom]
    if wanted:
        from groundglass.write.dicom_source import check_source

        check_source(wanted, kind, headers)
