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
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Literal

from groundglass._needs import make_room, not_imported
from groundglass.errors import FormatError

Kind = Literal["dicom", "zip", "nifti", "nrrd", "metaimage"]

#: Deflate can't do better than 1032 to 1.
MOST_DEFLATE = 1032
#: Bounds on an archive: a study of 5 000 slices of 1024 x 1024 voxels has 10 GiB and shrinks by less than 20.
MOST_ENTRIES = 50_000
MOST_UNPACKED = 16 << 30
MOST_RATIO = 200
_CHUNK = 1 << 20

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


@contextmanager
def listening(heard: list[bytes]) -> Iterator[None]:
    """Collects what the JPEG decoder prints to the standard error: the one sign that it made an image of a
    damaged stream. What others print meanwhile is passed on at the end. One decoding at a time in a
    process."""
    with _stderr, tempfile.TemporaryFile() as said:
        try:
            saved = os.dup(2)
        except OSError:  # a process without standard error
            yield
            return
        try:
            os.dup2(said.fileno(), 2)
            yield
        finally:
            os.dup2(saved, 2)
            os.close(saved)
            said.seek(0)
            for line in said:
                if _DAMAGED_JPEG.match(line):
                    heard.append(line)
                elif not line.startswith(b"Corrupt JPEG data"):
                    os.write(2, line)


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
    """What a file is by its first bytes, whatever its name. Raises FormatError where it is nothing
    readable."""
    with path.open("rb") as file:
        start = file.read(1024)
    if not start:
        raise FormatError(f"{path}: the file is empty")
    if start[:2] == b"PK":
        return "zip"
    if start[:2] == b"\x1f\x8b":
        try:
            start = zlib.decompressobj(31).decompress(start, 512)
        except zlib.error as error:
            raise FormatError(f"{path}: the compressed file is damaged") from error
        if not _is_nifti(start):
            raise FormatError(
                f"{path}: a compressed file that holds no NIfTI image; unpack it and give what is inside"
            )
        return "nifti"
    if _is_nifti(start):
        return "nifti"
    if start[:4] == b"NRRD":
        return "nrrd"
    if start[128:132] == b"DICM" or may_be_dicom(start):
        return "dicom"
    if any(start.lstrip().startswith(key) for key in (b"ObjectType", b"NDims", b"Comment")):
        return "metaimage"
    if start[:8] == b"\x89PNG\r\n\x1a\n" or start[:3] == b"\xff\xd8\xff":
        raise FormatError(
            f"{path}: a picture, which holds no Hounsfield units; 'groundglass segment' takes pictures of "
            "slices"
        )
    raise FormatError(
        f"{path}: neither DICOM, NIfTI, NRRD, MetaImage nor a zip of DICOM; give a CT in one of these forms"
    )


def may_be_dicom(start: bytes) -> bool:
    """Whether these may be the first bytes of a DICOM file without preamble: an element of group 2 or 8."""
    return len(start) >= 16 and start[:2] in (b"\x02\x00", b"\x08\x00") and start[3] == 0


def _is_nifti(start: bytes) -> bool:
    return start[:4] in (b"\x5c\x01\0\0", b"\0\0\x01\x5c", b"\x1c\x02\0\0", b"\0\0\x02\x1c")


def bytes_of(path: Path, offset: int, compression: str) -> Iterator[bytes]:
    """The bytes of a file from `offset` on, inflated where `compression` is "gzip" or "zlib", in pieces of at
    most 1 MiB. It simply ends where the file or the compressed stream ends."""
    with path.open("rb") as file:
        file.seek(offset)
        if not compression:
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


@contextmanager
def unpacked(path: Path) -> Iterator[Path]:
    """A temporary folder with the files of a zip, removed at the end in any case.

    The entries' names are not used (they become numbers, with the ending kept), so that none can leave the
    folder. Raises FormatError for a damaged, encrypted or implausibly large archive.
    """
    with tempfile.TemporaryDirectory(prefix="groundglass-") as folder:
        try:
            with zipfile.ZipFile(path) as archive:
                _unpack(path, archive, Path(folder))
        except DAMAGED_ZIP as error:
            raise FormatError(f"{path}: the zip archive is damaged, cut off or of an unknown kind") from error
        yield Path(folder)


def _unpack(path: Path, archive: zipfile.ZipFile, folder: Path) -> None:
    named = [e for e in archive.infolist() if e.filename]  # is_dir fails for one without a name
    entries = [e for e in named if not e.is_dir() and not e.filename.startswith("__MACOSX/")]
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
    for number, entry in enumerate(entries):
        name = entry.filename.lower()
        ending = next((end for end in (".nii.gz", ".nii", ".nrrd", ".mha") if name.endswith(end)), "")
        with archive.open(entry) as source, (folder / f"{number:06d}{ending}").open("wb") as target:
            shutil.copyfileobj(source, target, _CHUNK)
