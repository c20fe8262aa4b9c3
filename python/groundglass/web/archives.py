"""Looking into a zip that a stranger sent: what it holds, told from its directory and first bytes."""

from __future__ import annotations

import re
import stat
import zipfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import FileIO
from pathlib import Path, PurePosixPath
from typing import Literal

from groundglass._core import may_be_dicom
from groundglass.read.archive import DAMAGED_ZIP, MOST_ENTRIES, MOST_RATIO, added_by_a_system
from groundglass.read.kinds import PICTURE_ENDINGS, VOLUME_ENDINGS
from groundglass.web.errors import Refused

#: An archive's directory is read at once, some 140 bytes an entry.
MOST_DIRECTORY = 8 << 20
#: A picture of 4096 x 4096 pixels in 16 bits and four channels, stored.
MOST_PICTURE = 160 << 20
#: Entries whose first bytes are looked at; they are spread over the archive.
LOOKED_AT = 4096
#: What a small archive may always unpack to: a highly compressible one is no bomb yet.
_SMALL = 1 << 20

Entry = Literal["picture", "dicom", "volume", "archive", "other"]
#: What Python unpacks piece by piece; of bzip2 and LZMA a few bytes take seconds, and memory beyond bounds.
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


#: What an archive holds: pictures, or a study.
Inside = Literal["archive", "study"]


def inspect(path: Path, *, most_images: int, most_unpacked: int) -> Inside:
    """Tells an archive of pictures from a study; raises :class:`Refused` for everything unsafe or of no use.

    Reads the archive's directory and the first bytes of its entries. Nothing is unpacked, and an archive
    inside the archive isn't opened.
    """
    with opened(path) as archive:
        entries = _entries(archive)
        _check_safe(entries)
        _check_size(entries, path.stat().st_size, most_unpacked)
        step = max(1, -(-len(entries) // LOOKED_AT))
        looked_at = {entry.header_offset: _kind(archive, entry) for entry in entries[::step]}
        counts = Counter(looked_at.values())
    return _decide(counts, most_images)


def _decide(counts: Counter[Entry], most_images: int) -> Inside:
    pictures, dicom, volumes = counts["picture"], counts["dicom"], counts["volume"]
    # a patient's disc holds a viewer with its icons beside the study
    if pictures and (dicom or volumes) and pictures >= dicom:
        raise Refused(
            "mixed_archive",
            "The archive holds pictures and studies; send the pictures in one archive and the study in "
            "another.",
        )
    if pictures and not dicom:
        if pictures > most_images:
            raise _too_many(pictures, most_images)
        return "archive"
    if dicom or volumes:
        return "study"
    if counts["archive"]:
        raise Refused(
            "nested_archive",
            "The archive holds an archive, which is not opened; unpack it and send the files in one zip.",
        )
    raise Refused(
        "no_images", "The archive holds neither PNG or JPEG pictures nor a study (DICOM, NIfTI, NRRD, MHA)."
    )


def _too_many(found: int, most: int) -> Refused:
    return Refused("too_large", f"The archive holds {found} pictures; {most} are allowed.", 413)


@dataclass(frozen=True)
class Picture:
    """A picture in an archive: its name there, and its bytes as a file."""

    name: str
    path: Path


def pictures(path: Path, temporary: Path, *, most: int) -> tuple[list[str], int, Iterator[Picture | Refused]]:
    """Names of an archive's pictures, how many other files it has, and the pictures one after the other.

    Each is unpacked to the same temporary place, so use it before asking for the next. A damaged entry comes
    as the :class:`Refused` that says so.
    """
    with opened(path) as archive:
        kinds = [(entry, _kind(archive, entry)) for entry in _entries(archive)]
    wanted = [entry for entry, kind in kinds if kind == "picture"]
    wanted.sort(key=lambda entry: _natural(shown_name(entry)))
    if len(wanted) > most:
        raise _too_many(len(wanted), most)

    def unpack() -> Iterator[Picture | Refused]:
        target = temporary / "picture"
        with opened(path) as archive:
            for entry in wanted:
                try:
                    _copy(archive, entry, target, MOST_PICTURE)
                except (*DAMAGED_ZIP, OSError):
                    yield Refused("damaged", "The archive is damaged at this picture.")
                else:
                    yield Picture(shown_name(entry), target)

    return [shown_name(entry) for entry in wanted], len(kinds) - len(wanted), unpack()


def shown_name(entry: zipfile.ZipInfo) -> str:
    """An entry's name with slashes and without control characters."""
    name = entry.filename.replace("\\", "/")
    return "".join(letter if letter.isprintable() else "_" for letter in name)


@contextmanager
def opened(path: Path) -> Iterator[zipfile.ZipFile]:
    """The archive, its directory checked for a size that fits in memory."""
    damaged = Refused("damaged_archive", "The zip archive is damaged or cut off; make it again.")
    with _Bounded(path) as file:
        try:
            with zipfile.ZipFile(file) as archive:
                yield archive
        except (*DAMAGED_ZIP, ValueError, OSError) as error:
            raise damaged from error


class _Bounded(FileIO):
    """A file that refuses to be read in pieces larger than any archive's directory."""

    def read(self, size: int | None = -1, /) -> bytes:
        if size is None or size > MOST_DIRECTORY:
            raise Refused("zip_bomb", f"The archive claims more files than any study has ({MOST_ENTRIES}).")
        return super().read(size)


def _entries(archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    """The files in an archive, without what a Mac or Windows adds."""

    return [
        entry
        for entry in archive.infolist()
        if not entry.filename.endswith("/") and not added_by_a_system(entry.filename.replace("\\", "/"))
    ]


def _check_safe(entries: list[zipfile.ZipInfo]) -> None:
    if not entries:
        raise Refused("no_images", "The archive is empty.")
    for entry in entries:
        name = entry.orig_filename.replace("\\", "/")
        parts = name.split("/")
        if "\0" in name or name.startswith("/") or ".." in parts or parts[0][1:2] == ":":
            raise Refused(
                "unsafe_path", "The archive holds a file whose name leads out of it; make it again."
            )
        if not PurePosixPath(name).name:
            raise Refused("unsafe_path", "The archive holds a file without a name; make it again.")
        if stat.S_ISLNK(entry.external_attr >> 16):
            raise Refused("unsafe_path", "The archive holds a symbolic link; make it of the files.")
    if any(entry.flag_bits & 1 for entry in entries):
        raise Refused(
            "encrypted_zip", "The archive is protected by a password; unpack it and make one without."
        )
    if any(entry.compress_type not in _METHODS for entry in entries):
        raise Refused(
            "unsupported_compression",
            "The archive is compressed in a way that is not unpacked here; make an ordinary zip (deflate).",
        )


def _check_size(entries: list[zipfile.ZipInfo], packed: int, most_unpacked: int) -> None:
    total = sum(entry.file_size for entry in entries)
    if len(entries) > MOST_ENTRIES:
        raise Refused("zip_bomb", f"The archive holds more files than any study has ({MOST_ENTRIES}).")
    if total > MOST_RATIO * max(packed, _SMALL):
        raise Refused("zip_bomb", "The archive unpacks to far more than pictures or studies do.")
    if total > most_unpacked:
        raise Refused(
            "too_large",
            f"The archive unpacks to {total / 1e6:.0f} MB; {most_unpacked / 1e6:.0f} MB are allowed.",
            413,
        )


def _kind(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Entry:
    """What an entry is by its first bytes; a volume by its name, for some have no magic number, and so a
    picture that is damaged."""
    try:
        with archive.open(entry) as file:
            start = file.read(256)
    except DAMAGED_ZIP:
        return "picture" if entry.filename.lower().endswith(PICTURE_ENDINGS) else "other"
    if is_picture(start):
        return "picture"
    if start[128:132] == b"DICM" or may_be_dicom(start):
        return "dicom"
    if entry.filename.lower().endswith(VOLUME_ENDINGS):
        return "volume"
    return "archive" if archive_name(start) else "other"


def is_picture(start: bytes) -> bool:
    """Whether these are the first bytes of a PNG or JPEG."""
    return start[:8] == b"\x89PNG\r\n\x1a\n" or start[:3] == b"\xff\xd8\xff"


def archive_name(start: bytes) -> str | None:
    """What archive has these first bytes."""
    signatures = {b"Rar!\x1a\x07": "RAR", b"7z\xbc\xaf\x27\x1c": "7z", b"PK": "zip", b"\x1f\x8b": "gzip"}
    signatures |= {b"BZh": "bzip2", b"\xfd7zXZ\0": "xz", b"\x28\xb5\x2f\xfd": "Zstandard"}
    if start[257:262] == b"ustar":
        return "tar"
    return next((name for sign, name in signatures.items() if start.startswith(sign)), None)


def _copy(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, target: Path, most: int) -> None:
    """Unpacks one entry, never more than `most` bytes of it."""
    left = most
    with archive.open(entry) as source, target.open("wb") as file:
        while block := source.read(1 << 20):
            left -= len(block)
            if left < 0:
                raise zipfile.BadZipFile("larger than allowed")
            file.write(block)


def _natural(name: str) -> list[str | int]:
    """A key by which slice-10 comes after slice-9."""
    parts = re.split(r"([0-9]{1,18})", name.casefold())
    return [int(part) if place % 2 else part for place, part in enumerate(parts)]
