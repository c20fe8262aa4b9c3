"""The report of a result: one HTML page to read on a screen, to print on three pages and to keep.

::

    result = gg.analyze("study/")
    gg.report.write_html(result, "report.html")

The page holds everything it needs: no script, no link, nothing that is loaded from elsewhere. It names no
patient: no file name, no DICOM identifier.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from groundglass.findings.findings import Findings

__all__ = ["html", "write_html"]


def html(result: Findings) -> str:
    """The report as the text of one HTML page.

    It shows the numbers of :meth:`groundglass.Result.to_dict`, rounded; the six key slices are those of
    :func:`groundglass.overlay.choose_slices`. Long lists of notes and models are cut, and say so. Raises
    :class:`ImportError` where Pillow is missing. Takes about half a second and gives about 0.5 MB for a CT
    of 512 × 512 × 150 voxels.
    """
    from groundglass.report.page import page

    return page(result)


def write_html(result: Findings, path: str | Path, *, overwrite: bool = False) -> Path:
    """Writes :func:`html` to `path` in UTF-8, whole or not at all, and returns the path.

    Raises :class:`FileExistsError` where `path` exists and `overwrite` is false, :class:`OSError` when it
    can't be written, :class:`ImportError` where Pillow is missing.
    """
    from groundglass.write import atomic_file

    with atomic_file(path, overwrite=overwrite) as temporary:
        temporary.write_text(html(result), encoding="utf-8")
    return Path(path)
