"""Taking an upload: its name, its bytes as they come, and what it is by them."""

from __future__ import annotations

import asyncio
import time
import warnings
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from urllib.parse import unquote_to_bytes

from anyio import to_thread

from groundglass.errors import FormatError
from groundglass.read.files import kind_of
from groundglass.read.kinds import KINDS
from groundglass.web import archives
from groundglass.web.errors import Refused
from groundglass.web.settings import Settings

#: Seconds without a byte after which an upload is given up.
SILENCE_S = 30.0
#: Bytes a second that an upload must keep up with on average, after its first SILENCE_S.
SLOWEST = 4096
#: Bytes written at a time.
BLOCK = 1 << 20

LONGEST_NAME = 200
#: Bytes within which a picture must say its size; what stands before it, as a preview, is kept in memory.
LONGEST_HEAD = 16 << 20

_OTHERS = {
    b"%PDF": "PDF",
    b"GIF8": "GIF",
    b"BM": "BMP",
    b"II*\0": "TIFF",
    b"MM\0*": "TIFF",
    b"RIFF": "WebP",
}
_WANTED = (
    "Send a PNG or JPEG slice, a zip of such slices, or a study: a zip of DICOM files, or a NIfTI, NRRD or "
    "MHA file."
)


def file_name(headers: Mapping[str, str]) -> str:
    """The upload's name as it may be shown, from the percent-encoded header ``X-File-Name``.

    A folder before the name is left out, control characters and marks that turn the direction of writing
    are replaced. Raises :class:`Refused` without the header, which also keeps forms of other sites out: they
    can't set it.
    """
    given = headers.get("x-file-name", "")
    try:
        name = unquote_to_bytes(given).decode("utf-8")
    except UnicodeDecodeError:
        name = ""
    name = name.replace("\\", "/").rpartition("/")[2].strip()
    name = "".join(letter if letter.isprintable() else "_" for letter in name)[:LONGEST_NAME]
    if not name.strip("."):
        text = "The header X-File-Name must hold the file's name, percent-encoded in UTF-8."
        raise Refused("bad_name", text, 400)
    return name


def announced_length(headers: Mapping[str, str], settings: Settings) -> int:
    """The body's length by its header, checked against the limit before a byte is read."""
    given = headers.get("content-length", "")
    if not (given.isascii() and given.isdigit() and len(given) < 20):
        raise Refused("length_required", "The upload must announce its length (Content-Length).", 411)
    length = int(given)
    if length > settings.upload_bytes:
        text = f"The file has {length / 1e6:.0f} MB; {settings.upload_bytes / 1e6:.0f} MB are allowed."
        raise Refused("too_large", text, 413)
    if not length:
        raise Refused("empty_file", "The file is empty.")
    return length


async def receive(stream: AsyncIterator[bytes], path: Path, length: int) -> None:
    """Writes the body to `path` as it comes.

    Raises :class:`Refused` for one that stalls or is not as long as announced. Memory holds one block.
    """
    start = time.monotonic()
    received = 0
    block = bytearray()
    with path.open("wb") as file:
        while received < length:
            try:
                piece = await asyncio.wait_for(anext(stream, None), SILENCE_S)
            except TimeoutError:
                raise _too_slow() from None
            if piece is None:
                break
            received += len(piece)
            block += piece
            if len(block) >= BLOCK or received >= length:
                await to_thread.run_sync(file.write, bytes(block))
                block.clear()
            late = time.monotonic() - start - SILENCE_S
            if received < min(length, SLOWEST * late):
                raise _too_slow()
    if received != length:
        raise Refused("incomplete", "The upload is not as long as was announced; send it again.", 400)


def _too_slow() -> Refused:
    return Refused("too_slow", "The upload came too slowly and was given up; send it again.", 408)


@dataclass(frozen=True)
class Kind:
    """What an upload is: ``"slice"``, ``"archive"`` or ``"study"``, and the ending its file gets."""

    name: str
    ending: str


def kind_of_upload(path: Path, settings: Settings) -> Kind:
    """What the file is by its bytes; raises :class:`Refused` for everything that can't be analyzed.

    Costs a look at the file's head, for an archive at its directory and the heads of its entries.
    """
    with path.open("rb") as file:
        start = file.read(512)
    if archives.is_picture(start):
        check_picture(path)
        return Kind("slice", ".png" if start[:1] == b"\x89" else ".jpg")
    other = archives.archive_name(start)
    if other == "zip":
        inside = archives.inspect(
            path, most_images=settings.archive_images, most_unpacked=settings.unpacked_bytes
        )
        return Kind(inside, ".zip")
    if other == "RAR":
        raise Refused(
            "rar",
            "RAR is a proprietary format, which is not unpacked here; send a zip of the files.",
        )
    other = other if other != "gzip" else None
    other = other or next((name for sign, name in _OTHERS.items() if start.startswith(sign)), None)
    if other is not None:
        raise Refused("unsupported_type", f"A {other} file can't be analyzed. {_WANTED}")
    try:
        kind = kind_of(path)
    except FormatError as error:
        raise Refused("unsupported_type", f"This file can't be analyzed. {_WANTED}") from error
    return Kind(
        "study", ".nii.gz" if kind == "nifti" and start[:2] == b"\x1f\x8b" else KINDS[kind].endings[0]
    )


class _Head(FileIO):
    """A file that ends after its first :data:`LONGEST_HEAD` bytes."""

    def read(self, size: int | None = -1, /) -> bytes:
        left = max(0, LONGEST_HEAD - self.tell())
        return super().read(left if size is None or size < 0 else min(size, left))


def check_picture(path: Path) -> None:
    """Refuses a picture by what its head says, before its pixels are unpacked."""
    from PIL import Image, UnidentifiedImageError

    from groundglass.read.pictures import LARGEST_EDGE, SMALLEST_EDGE

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with _Head(path) as file, Image.open(file, formats=("PNG", "JPEG")) as image:
                width, height = image.size
    except Image.DecompressionBombError:
        width = height = LARGEST_EDGE + 1
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, EOFError) as error:
        raise Refused("damaged", "The picture is damaged or incomplete; export it again.") from error
    if max(width, height) > LARGEST_EDGE:
        text = f"The picture is larger than {LARGEST_EDGE} pixels on a side; that is no CT slice."
        raise Refused("too_large_image", text)
    if min(width, height) < SMALLEST_EDGE:
        text = f"The picture has {width} × {height} pixels; a slice needs {SMALLEST_EDGE} on each side."
        raise Refused("too_small", text)
