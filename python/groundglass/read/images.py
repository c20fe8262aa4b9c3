"""NIfTI, NRRD and MetaImage: headers through the gate of ``groundglass._core``, voxels streamed, so that no
claim of a header is believed and no library sees one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from groundglass import _core
from groundglass.errors import FormatError
from groundglass.read.files import bytes_of, header_of_pair, inflated_start, other_of_pair, sibling
from groundglass.read.kinds import Kind

if TYPE_CHECKING:
    from groundglass._core import VolumeHeader
    from groundglass.read.grid import Vector

#: Gives the file of that name beside a header, or None.
Beside = Callable[[str], Path | None]


@dataclass(frozen=True)
class ImageFile:
    """A volume in a file, opened but not read. `files` are those that it is made of, the header first;
    triples follow the array's axes, in LPS."""

    path: Path
    kind: Kind
    header: VolumeHeader
    files: tuple[Path, ...]

    @property
    def shape(self) -> tuple[int, int, int]:
        return self.header.shape

    @property
    def spacing_mm(self) -> Vector:
        return self.header.spacing_mm

    @property
    def origin_mm(self) -> Vector:
        return self.header.origin_mm

    @property
    def direction(self) -> tuple[Vector, Vector, Vector]:
        return self.header.direction

    def runs(self) -> Iterator[tuple[int, npt.NDArray[Any]]]:
        """(first slice, stored values (slices, rows, columns)) in runs of about 4 MiB; rescale is the
        header's.

        Raises FormatError where the file ends before the voxels do. Peak memory: two runs.
        """
        header, (slices, rows, columns) = self.header, self.shape
        dtype: np.dtype[Any] = np.dtype(header.dtype)
        size = rows * columns * dtype.itemsize
        per_run = max(1, (4 << 20) // size)
        pieces = bytes_of(self.files[-1], header.offset, header.deflated)
        skip, first, held = header.skip, 0, bytearray()
        for piece in pieces:
            left = memoryview(piece)[skip:]
            skip = max(0, skip - len(piece))
            while left and first < slices:
                n = min(per_run, slices - first)
                taken = left[: n * size - len(held)]
                held += taken
                left = left[len(taken) :]
                if len(held) == n * size:
                    yield first, np.frombuffer(held, dtype).reshape(n, rows, columns)
                    first, held = first + n, bytearray()
            if first == slices:
                pieces.close()
                return
        there = first * size + len(held)
        raise FormatError(
            f"{self.path}: the file is cut off or damaged, it holds {there} of {slices * size} bytes of "
            "voxels; copy it again"
        )


def open_image(path: Path, kind: Kind, *, name: str | None = None, beside: Beside | None = None) -> ImageFile:
    """Reads the header of a volume, or of the pair that the file belongs to.

    `name` and `beside` are for a file of an archive, whose names there are not those on the disk. Raises
    FormatError where the file is no 3-D image of one number a voxel, its axes are sheared as no scanner
    shears them, or it is too short for what it claims.
    """
    name = name or path.name
    beside = beside or (lambda wanted: sibling(path, wanted))
    head = (header_of_pair(name, beside) or path) if kind == "nifti" else path
    try:
        header = _core.read_header(kind, inflated_start(head, _core.longest_header))
        data = head
        if header.pair:
            data = _found(
                other_of_pair(name if head == path else head.name, ".hdr", ".img", beside),
                "a NIfTI header whose voxels are in an .img file, which is not beside it",
            )
        elif header.data_file:
            data = _found(
                beside(header.data_file),
                "the header names voxels in another file, which is not beside it; copy that file there",
            )
        if kind == "nifti":
            with data.open("rb") as file:
                if _core.kind_of_start(file.read(1024)) == "gzip":
                    header.inflate_all()
        header.fit_to_length(data.stat().st_size)
    except FormatError as error:
        raise FormatError(f"{path}: {error}") from error
    return ImageFile(path, kind, header, (head,) if data == head else (head, data))


def _found(file: Path | None, otherwise: str) -> Path:
    if file is None:
        raise FormatError(otherwise)
    return file
