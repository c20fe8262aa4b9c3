"""A comparison with the files that it is saved as."""

from __future__ import annotations

from pathlib import Path

from groundglass.compare.changes import Changes, map_name
from groundglass.compare.page import page
from groundglass.tables import to_csv
from groundglass.write.nifti import write_nifti
from groundglass.write.outputs import output_folder


class Comparison(Changes):
    """The outcome of :func:`groundglass.compare`: what has changed, and the files that it is saved as.

    :class:`groundglass.compare.changes.Changes` says what its fields hold.
    """

    def save(self, folder: str | Path, *, overwrite: bool = False) -> list[Path]:
        """Writes ``comparison.json``, ``changes.csv``, ``comparison.html`` and a NIfTI of each map, all or
        none, and returns their paths.

        Raises :class:`FileExistsError` when the folder holds something and `overwrite` is false,
        :class:`OSError` when it can't be written, :class:`ImportError` where Pillow is missing.
        """
        with output_folder(folder, overwrite=overwrite) as temporary:
            self.write_into(temporary)
            names = sorted(path.name for path in temporary.iterdir())
        return [Path(folder) / name for name in names]

    def write_into(self, folder: Path) -> None:
        """Writes the files into a folder that exists; :meth:`save` is the careful way."""
        (folder / "comparison.json").write_text(self.to_json(), encoding="utf-8")
        (folder / "changes.csv").write_text(to_csv(self.changes), encoding="utf-8")
        (folder / "comparison.html").write_text(page(self), encoding="utf-8")
        scan = self.moments[0].scan
        for place, found in enumerate(self.maps, 1):
            if found is not None and found.labels is not None:
                grid = (scan.spacing_mm, scan.origin_mm, scan.direction)
                write_nifti(folder / map_name(place), found.labels, *grid)
