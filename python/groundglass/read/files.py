"""Telling kinds of files apart, finding the other of a pair, streaming bytes; no header is trusted."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import IO, Any, get_args

from groundglass._core import kind_of_start
from groundglass._optional import optional
from groundglass.errors import FormatError
from groundglass.read.archive import archive_name
from groundglass.read.kinds import Kind

_CHUNK = 1 << 20


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
        library = inflater()
        try:
            yield from _inflate(file, library)
        except library.error:
            return


@lru_cache
def inflater() -> Any:
    """The fastest of ISA-L, zlib-ng and zlib that is installed; they differ in nothing else."""
    return optional("isal.isal_zlib") or optional("zlib_ng.zlib_ng") or zlib


def _inflate(file: IO[bytes], library: Any) -> Iterator[bytes]:
    """Inflates gzip, of one member or several, and zlib; bounded whatever the stream claims."""
    data = file.read(_CHUNK)
    while data:
        engine = library.decompressobj(wbits=47)
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
