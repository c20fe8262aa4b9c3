"""A zip of a study: bounds on what it may claim, and its files unpacked under numbers."""

from __future__ import annotations

import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from groundglass.errors import FormatError

#: Bounds on an archive: a study of 5 000 slices of 1024 x 1024 voxels has 10 GiB and shrinks by less than 20.
MOST_ENTRIES = 50_000
MOST_UNPACKED = 16 << 30
MOST_RATIO = 200
_CHUNK = 1 << 20

#: What systems add to an archive, in small letters.
ADDED = (".ds_store", "thumbs.db", "desktop.ini")

#: What zipfile raises for an archive that is damaged, cut off, or packed in a way that it does not know.
DAMAGED_ZIP = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError)


def archive_name(start: bytes) -> str:
    """An archive's kind by its first bytes: `a tar archive`."""
    signs = {b"PK": "zip", b"7z": "7z", b"Rar": "rar", b"BZh": "bzip2", b"\xfd7z": "xz", b"\x1f\x8b": "gzip"}
    return f"a {next((name for sign, name in signs.items() if start.startswith(sign)), 'tar')} archive"


@dataclass(frozen=True)
class Unpacked:
    """The files of an archive in a temporary folder, under numbers, with their names in the archive."""

    names: dict[Path, str]

    def beside(self, path: Path, name: str) -> Path | None:
        """The file of this name in the archive's folder of `path`, in capitals or not where that is one
        file; None where there is none."""
        folder = self.names[path].rpartition("/")[0]
        wanted = f"{folder}/{name}" if folder else name
        same = [file for file, other in self.names.items() if other == wanted]
        alike = [file for file, other in self.names.items() if other.lower() == wanted.lower()]
        return same[0] if same else alike[0] if len(alike) == 1 else None


@contextmanager
def unpacked(path: Path) -> Iterator[Unpacked]:
    """The files of a zip in a temporary folder, which is removed at the end in any case.

    The entries' names are not used on the disk (they become numbers), so that none can leave the folder. What
    systems add (``__MACOSX``, ``.DS_Store``, ``Thumbs.db``) stays out. Raises FormatError for a damaged,
    encrypted or implausibly large archive.
    """
    with tempfile.TemporaryDirectory(prefix="groundglass-") as folder:
        try:
            with zipfile.ZipFile(path) as archive:
                names = _unpack(path, archive, Path(folder))
        except DAMAGED_ZIP as error:
            raise FormatError(f"{path}: the zip archive is damaged, cut off or of an unknown kind") from error
        yield Unpacked(names)


def added_by_a_system(name: str) -> bool:
    parts = name.split("/")
    return "__MACOSX" in parts or parts[-1].startswith("._") or parts[-1].lower() in ADDED


def _unpack(path: Path, archive: zipfile.ZipFile, folder: Path) -> dict[Path, str]:
    named = [e for e in archive.infolist() if e.filename]  # is_dir fails for one without a name
    names = {id(e): e.filename.replace("\\", "/") for e in named}
    entries = [e for e in named if not e.is_dir() and not added_by_a_system(names[id(e)])]
    total = sum(entry.file_size for entry in entries)
    packed = path.stat().st_size
    if not entries:
        raise FormatError(f"{path}: the zip archive is empty")
    if any(entry.flag_bits & 1 for entry in entries):
        raise FormatError(
            f"{path}: the zip archive is encrypted; unpack it with its password and give the folder"
        )
    if any(entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for entry in entries):
        raise FormatError(
            f"{path}: the zip archive is compressed in an unusual way (bzip2, LZMA or another); make it with "
            "deflate, or give the folder"
        )
    if len(entries) > MOST_ENTRIES or total > MOST_UNPACKED or total > MOST_RATIO * max(packed, _CHUNK):
        raise FormatError(
            f"{path}: the zip archive claims {len(entries)} files of {total / 1e6:.0f} MB together from "
            f"{packed / 1e6:.1f} MB, more than a study has; unpack it yourself and give the folder"
        )
    if total > shutil.disk_usage(folder).free:
        raise FormatError(
            f"{path}: unpacking it takes {total / 1e6:.0f} MB, more than the temporary folder has left"
        )
    result = {}
    for number, entry in enumerate(entries):
        target = folder / f"{number:06d}"
        with archive.open(entry) as source, target.open("wb") as file:
            shutil.copyfileobj(source, file, _CHUNK)
        result[target] = names[id(entry)]
    return result
