"""Telling kinds of files apart, unpacking archives, and streaming voxels, without trusting a header."""

from __future__ import annotations

import logging
import os
import re
import shutil
import tempfile
import threading
import warnings
import zipfile
import zlib
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Literal, get_args

from groundglass._core import Note, kind_of_start
from groundglass._core import may_be_dicom as may_be_dicom
from groundglass._needs import make_room, not_imported
from groundglass.errors import FormatError

Kind = Literal["dicom", "zip", "nifti", "nrrd", "metaimage"]

#: Bounds on an archive: a study of 5 000 slices of 1024 x 1024 voxels has 10 GiB and shrinks by less than 20.
MOST_ENTRIES = 50_000
MOST_UNPACKED = 16 << 30
MOST_RATIO = 200
_CHUNK = 1 << 20
_ADDED = (".ds_store", "thumbs.db", "desktop.ini")

#: What zipfile raises for an archive that is damaged, cut off, or packed in a way that it does not know.
DAMAGED_ZIP = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError)


def need(module: str) -> Any:
    """The imported module, or an ImportError that names the extra that brings it."""
    import importlib

    if module == "SimpleITK":
        make_room(module, 320)
    try:
        return importlib.import_module(module)
    except ImportError as error:
        missing = f"reading images needs {module}, which is not installed: pip install 'groundglass[io]'"
        raise not_imported(error, missing) from error


@contextmanager
def quiet() -> Iterator[None]:
    """Keeps SimpleITK, pydicom and highdicom from printing: what matters in their warnings is checked and
    said by us."""
    sitk, config = need("SimpleITK"), need("pydicom.config")
    shown = sitk.ProcessObject.GetGlobalWarningDisplay()
    logger, verbose = logging.getLogger("pydicom"), logging.getLogger("highdicom")
    disabled, mode, level = logger.disabled, config.settings.reading_validation_mode, verbose.level
    sitk.ProcessObject.SetGlobalWarningDisplay(False)
    logger.disabled = True
    verbose.setLevel(logging.CRITICAL + 1)  # it logs patients' names and UIDs, from loggers below this one
    config.settings.reading_validation_mode = config.IGNORE
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        sitk.ProcessObject.SetGlobalWarningDisplay(shown)
        logger.disabled = disabled
        verbose.setLevel(level)
        config.settings.reading_validation_mode = mode


_stderr = threading.Lock()
#: What libjpeg prints of a damaged stream and then goes on; up to 4 stray bytes are some encoders' padding.
_DAMAGED_JPEG = re.compile(
    rb"^(Corrupt JPEG data: (?!0*[0-4] extraneous)"
    rb"|Premature end of|JPEG datastream|Unsupported marker|Invalid |Bogus )"
)


@dataclass
class Heard:
    """What decoders printed: how many lines, and how many of them tell of a damaged stream. Their text may
    hold names of files, and comes out nowhere."""

    lines: int = 0
    damaged: int = 0

    def note(self) -> Note | None:
        """One note for all lines, None where there were none."""
        if not self.lines:
            return None
        lines = "1 line" if self.lines == 1 else f"{self.lines} lines"
        text = f"The decoder printed {lines} of its own while it decoded the slices, and reported no failure."
        return Note("info", "decoder_message", text)


@contextmanager
def listening() -> Iterator[Heard]:
    """Catches what decoders print to the standard error, the one sign that they made an image of a damaged
    stream, and keeps it from the user's. What other threads print there meanwhile is caught as well. One
    decoding at a time in a process."""
    heard = Heard()
    with _stderr, tempfile.TemporaryFile() as said:
        try:
            saved = os.dup(2)
        except OSError:  # a process without standard error
            yield heard
            return
        try:
            os.dup2(said.fileno(), 2)
            yield heard
        finally:
            os.dup2(saved, 2)
            os.close(saved)
            said.seek(0)
            for line in said:
                if _DAMAGED_JPEG.match(line):
                    heard.damaged += 1
                elif line.strip() and not line.startswith(b"Corrupt JPEG data"):
                    heard.lines += 1


@contextmanager
def readable_names(paths: Sequence[str]) -> Iterator[list[str]]:
    """Names by which SimpleITK can open these files: their own where those are UTF-8, else links to them in a
    temporary folder. Given another name, it ends the process."""
    if all(path.encode(errors="ignore").decode() == path for path in paths):
        yield list(paths)
        return
    with tempfile.TemporaryDirectory(prefix="groundglass-") as folder:
        links = [Path(folder) / f"{number:06d}" for number in range(len(paths))]
        for path, link in zip(paths, links, strict=True):
            link.symlink_to(Path(path).resolve())
        yield [str(link) for link in links]


@contextmanager
def failing_as(path: Path) -> Iterator[None]:
    """Turns what the system says about a file into a FormatError naming the path as it was given."""
    try:
        yield
    except FileNotFoundError as error:
        raise FormatError(f"{path}: there is no such file or folder") from error
    except PermissionError as error:
        raise FormatError(f"{path}: it can't be read, permission is denied") from error
    except OSError as error:
        raise FormatError(
            f"{path}: it can't be read ({error.strerror or 'input or output error'})"
        ) from error


def kind_of(path: Path) -> Kind:
    """What a file is by its first bytes, whatever its name; the .img of a NIfTI pair by its header beside it.
    Raises FormatError where it is nothing readable."""
    with path.open("rb") as file:
        start = file.read(1024)
    if not start:
        raise FormatError(f"{path}: the file is empty")
    kind = kind_of_start(start)
    if kind in ("gzip", "unknown") and header_of_pair(path.name, lambda name: sibling(path, name)):
        return "nifti"
    if kind == "gzip":
        inside = inflated_start(path, 1024)
        if not inside:
            raise FormatError(f"{path}: the compressed file is damaged")
        kind = kind_of_start(inside)
        if kind != "nifti":
            what = "archive of files" if kind in ("archive", "zip") else "file that holds no NIfTI image"
            raise FormatError(f"{path}: a compressed {what}; unpack it and give what is inside")
    if kind == "picture":
        raise FormatError(
            f"{path}: a picture, which holds no Hounsfield units; 'groundglass segment' takes pictures of "
            "slices"
        )
    if kind == "archive":
        raise FormatError(
            f"{path}: {archive_name(start)}, which is not opened; unpack it and give the folder"
        )
    if kind not in get_args(Kind):
        raise FormatError(
            f"{path}: neither DICOM, NIfTI, NRRD, MetaImage nor a zip of one of these; give a CT in one of "
            "these forms"
        )
    return kind  # type: ignore[return-value]


def archive_name(start: bytes) -> str:
    """An archive's kind by its first bytes: `a tar archive`."""
    signs = {b"PK": "zip", b"7z": "7z", b"Rar": "rar", b"BZh": "bzip2", b"\xfd7z": "xz", b"\x1f\x8b": "gzip"}
    return f"a {next((name for sign, name in signs.items() if start.startswith(sign)), 'tar')} archive"


def sibling(path: Path, name: str) -> Path | None:
    """The file of this name beside `path`, in capitals or not where that is one file; None for none."""
    file = path.parent / name
    if file.is_file():
        return file
    alike = [
        other for other in path.parent.iterdir() if other.name.lower() == name.lower() and other.is_file()
    ]
    return alike[0] if len(alike) == 1 else None


def other_of_pair(name: str, ending: str, other: str, beside: Callable[[str], Path | None]) -> Path | None:
    """The file beside one called `name` that has `other` instead of `ending`, compressed or not."""
    stem = name[:-3] if name.lower().endswith(".gz") else name
    if not stem.lower().endswith(ending):
        return None
    stem = stem[: -len(ending)]
    found = (beside(stem + other + packed) for packed in ("", ".gz"))
    return next((file for file in found if file is not None), None)


def header_of_pair(name: str, beside: Callable[[str], Path | None]) -> Path | None:
    """The NIfTI header beside an .img file called `name`; None where there is none."""
    header = other_of_pair(name, ".img", ".hdr", beside)
    return header if header and kind_of_start(inflated_start(header, 1024)) == "nifti" else None


def inflated_start(path: Path, most: int) -> bytes:
    """The first `most` bytes of a file, inflated where it is a gzip file."""
    with path.open("rb") as file:
        packed = kind_of_start(file.read(1024)) == "gzip"
    start = bytearray()
    for piece in bytes_of(path, 0, packed):
        start += piece
        if len(start) >= most:
            break
    return bytes(start[:most])


def bytes_of(path: Path, offset: int, deflated: bool) -> Generator[bytes, None, None]:
    """The bytes of a file from `offset` on, inflated where they are a gzip or zlib stream, in pieces of at
    most 1 MiB. It simply ends where the file or the compressed stream ends."""
    with path.open("rb") as file:
        file.seek(offset)
        if not deflated:
            yield from iter(lambda: file.read(_CHUNK), b"")
            return
        try:
            yield from _inflate(file)
        except zlib.error:
            return


def _inflate(file: IO[bytes]) -> Iterator[bytes]:
    """Inflates gzip, of one member or several, and zlib; bounded whatever the stream claims."""
    data = file.read(_CHUNK)
    while data:
        engine = zlib.decompressobj(wbits=47)
        while not engine.eof:
            piece = engine.decompress(data, _CHUNK)
            if piece:
                yield piece
            data = engine.unconsumed_tail or (b"" if engine.eof else file.read(_CHUNK))
            if not (data or engine.eof):
                return
        data = engine.unused_data or file.read(_CHUNK)
        if data[:2] != b"\x1f\x8b":
            return


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


def _added_by_a_system(name: str) -> bool:
    parts = name.split("/")
    return "__MACOSX" in parts or parts[-1].startswith("._") or parts[-1].lower() in _ADDED


def _unpack(path: Path, archive: zipfile.ZipFile, folder: Path) -> dict[Path, str]:
    named = [e for e in archive.infolist() if e.filename]  # is_dir fails for one without a name
    names = {id(e): e.filename.replace("\\", "/") for e in named}
    entries = [e for e in named if not e.is_dir() and not _added_by_a_system(names[id(e)])]
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
