"""NIfTI, NRRD and MetaImage: geometry through SimpleITK, voxels streamed so that no claim of a header is
believed."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from groundglass._files import MOST_DEFLATE, Kind, bytes_of, need
from groundglass.errors import FormatError

if TYPE_CHECKING:
    Vector = tuple[float, float, float]

_NAMES = {"nifti": "NIfTI", "nrrd": "NRRD", "metaimage": "MetaImage"}
_READERS = {"nifti": "NiftiImageIO", "nrrd": "NrrdImageIO", "metaimage": "MetaImageIO"}
_ENDINGS = {"nifti": (".nii", ".nii.gz"), "nrrd": (".nrrd", ".nhdr"), "metaimage": (".mha", ".mhd")}
_NIFTI_TYPES = {
    2: "u1",
    4: "i2",
    8: "i4",
    16: "f4",
    64: "f8",
    256: "i1",
    512: "u2",
    768: "u4",
    1024: "i8",
    1280: "u8",
}
_META_TYPES = {
    "MET_CHAR": "i1",
    "MET_UCHAR": "u1",
    "MET_SHORT": "i2",
    "MET_USHORT": "u2",
    "MET_INT": "i4",
    "MET_UINT": "u4",
    "MET_LONG": "i4",
    "MET_ULONG": "u4",
    "MET_LONG_LONG": "i8",
    "MET_ULONG_LONG": "u8",
    "MET_FLOAT": "f4",
    "MET_DOUBLE": "f8",
}
_NRRD_TYPES = {
    "i1": ("signed char", "int8", "int8_t"),
    "u1": ("uchar", "unsigned char", "uint8", "uint8_t"),
    "i2": ("short", "short int", "signed short", "signed short int", "int16", "int16_t"),
    "u2": ("ushort", "unsigned short", "unsigned short int", "uint16", "uint16_t"),
    "i4": ("int", "signed int", "int32", "int32_t"),
    "u4": ("uint", "unsigned int", "uint32", "uint32_t"),
    "i8": ("longlong", "long long", "long long int", "signed long long", "int64", "int64_t"),
    "u8": ("ulonglong", "unsigned long long", "unsigned long long int", "uint64", "uint64_t"),
    "f4": ("float",),
    "f8": ("double",),
}


@dataclass(frozen=True)
class Layout:
    """How the voxels lie in a file: by C order of (slice, row, column), of `dtype`, from byte `offset` of
    `file` (inside the compressed stream for NIfTI, before it for the others)."""

    file: Path
    offset: int
    compression: str
    dtype: np.dtype[Any]
    inner_offset: int = 0
    slope: float = 1.0
    intercept: float = 0.0


@dataclass(frozen=True)
class ImageFile:
    """A volume in a file, opened but not read. Triples follow the array's axes, in LPS."""

    path: Path
    layout: Layout
    shape: tuple[int, int, int]
    spacing_mm: Vector
    origin_mm: Vector
    direction: tuple[Vector, Vector, Vector]
    oriented: bool

    def runs(self) -> Iterator[tuple[int, npt.NDArray[Any]]]:
        """(first slice, stored values (slices, rows, columns)) in runs of about 4 MiB; rescale is the
        layout's.

        Raises FormatError where the file ends before the voxels do. Peak memory: two runs.
        """
        layout, (slices, rows, columns) = self.layout, self.shape
        size = rows * columns * layout.dtype.itemsize
        per_run = max(1, (4 << 20) // size)
        pieces = bytes_of(layout.file, layout.offset, layout.compression)
        skip, held, first = layout.inner_offset, bytearray(), 0
        for piece in pieces:
            if skip:
                piece, skip = piece[skip:], max(0, skip - len(piece))
            held += piece
            while (n := min(per_run, slices - first)) and len(held) >= n * size:
                yield first, np.frombuffer(bytes(held[: n * size]), layout.dtype).reshape(n, rows, columns)
                del held[: n * size]
                first += n
            if first == slices:
                pieces.close()  # type: ignore[attr-defined]
                return
        there = first * size + len(held)
        raise FormatError(
            f"{self.path}: the file is cut off or damaged, it holds {there} of {slices * size} bytes of "
            "voxels; copy it "
            "again"
        )


def open_image(path: Path, kind: Kind) -> ImageFile:
    """Reads the header. Raises FormatError where the file is no 3-D image of one number a voxel, its axes are
    sheared, or it is too short for what it claims."""
    name = _NAMES[kind]
    if not path.name.lower().endswith(_ENDINGS[kind]):
        raise FormatError(
            f"{path}: a {name} file by its content; let its name end in {' or '.join(_ENDINGS[kind])}"
        )
    try:
        layout = {"nifti": _nifti, "nrrd": _nrrd, "metaimage": _meta}[kind](path)
    except (struct.error, ValueError, KeyError, IndexError) as error:
        if isinstance(error, FormatError):
            raise
        raise FormatError(f"{path}: the {name} header is damaged or cut off") from error

    sitk = need("SimpleITK")
    reader = sitk.ImageFileReader()
    reader.SetImageIO(_READERS[kind])
    reader.SetFileName(str(path))
    try:
        reader.ReadImageInformation()
    except RuntimeError as error:
        if "orthonormal" in str(error):
            raise FormatError(
                f"{path}: the image's axes are sheared against each other; resample it first"
            ) from error
        raise FormatError(f"{path}: the {name} header is damaged or cut off") from error
    size, dimension = list(reader.GetSize()), reader.GetDimension()
    if reader.GetNumberOfComponents() != 1:
        raise FormatError(f"{path}: {reader.GetNumberOfComponents()} values a voxel; a CT has one")
    if dimension < 3 or any(n > 1 for n in size[3:]):
        text = " x ".join(map(str, size))
        raise FormatError(
            f"{path}: an image of {text} voxels; a volume of slices, rows and columns is needed"
        )

    claimed = int(np.prod(size[:3], dtype=object)) * layout.dtype.itemsize
    held = (layout.file.stat().st_size - layout.offset) * (MOST_DEFLATE if layout.compression else 1)
    if claimed + layout.inner_offset > held:
        raise FormatError(
            f"{path}: the header claims {claimed / 1e6:.1f} MB of voxels, which the file of "
            f"{layout.file.stat().st_size / 1e6:.1f} MB can't hold: it is cut off or damaged, copy it again"
        )
    cosines = np.asarray(reader.GetDirection(), dtype=float).reshape(dimension, dimension)[:3, :3]
    spacing, origin = reader.GetSpacing(), reader.GetOrigin()
    return ImageFile(
        path=path,
        layout=layout,
        shape=(size[2], size[1], size[0]),
        spacing_mm=(spacing[2], spacing[1], spacing[0]),
        origin_mm=(origin[0], origin[1], origin[2]),
        direction=tuple(tuple(map(float, cosines[:, axis])) for axis in (2, 1, 0)),  # type: ignore[arg-type]
        oriented=_oriented(reader, kind),
    )


def _oriented(reader: Any, kind: Kind) -> bool:
    """Whether the file says how its axes lie in the patient."""
    keys = set(reader.GetMetaDataKeys())
    if kind == "nifti":
        return any(
            int(reader.GetMetaData(key) or 0) > 0 for key in ("qform_code", "sform_code") if key in keys
        )
    return kind != "nrrd" or "NRRD_space" in keys


def _nifti(path: Path) -> Layout:
    with path.open("rb") as file:
        compression = "gzip" if file.read(2) == b"\x1f\x8b" else ""
    start = b""
    for piece in bytes_of(path, 0, compression):
        start += piece
        if len(start) >= 540:
            break
    order = "<" if start[0] in (0x5C, 0x1C) else ">"
    if struct.unpack(order + "i", start[:4])[0] == 348:
        (code,) = struct.unpack(order + "h", start[70:72])
        offset, slope, intercept = struct.unpack(order + "3f", start[108:120])
        magic = start[344:347]
    else:
        (code,) = struct.unpack(order + "h", start[12:14])
        (offset,) = struct.unpack(order + "q", start[168:176])
        slope, intercept = struct.unpack(order + "2d", start[176:192])
        magic = start[4:7]
    if magic not in (b"n+1", b"n+2"):
        raise FormatError(
            f"{path}: a header without its voxels (Analyze or a NIfTI pair); save it as one .nii file"
        )
    if code not in _NIFTI_TYPES:
        raise FormatError(
            f"{path}: a NIfTI image of colours, complex or unknown numbers; a CT has one number a voxel"
        )
    if slope == 0 or not np.isfinite([slope, intercept]).all():
        slope, intercept = 1.0, 0.0
    dtype = np.dtype(order + _NIFTI_TYPES[code])
    return Layout(path, 0, compression, dtype, int(offset), float(slope), float(intercept))


def _text_header(path: Path, end: bytes) -> tuple[str, int]:
    """The text before `end`, and where the bytes after it begin."""
    with path.open("rb") as file:
        start = file.read(1 << 20)
    at = start.find(end)
    if at < 0:
        raise ValueError("no end of the header")
    return start[:at].decode("latin-1"), at + len(end)


def _nrrd(path: Path) -> Layout:
    with path.open("rb") as stream:
        newline = b"\r\n" if b"\r\n" in stream.read(16) else b"\n"
    try:
        text, offset = _text_header(path, newline * 2)
    except ValueError:
        text, offset = path.read_bytes()[: 1 << 20].decode("latin-1"), 0
    fields = {}
    for line in text.splitlines()[1:]:
        if ": " in line and not line.startswith("#"):
            key, value = line.split(": ", 1)
            fields[key.strip().lower()] = value.strip()
    file = path
    if detached := fields.get("data file", fields.get("datafile", "")):
        file, offset = _beside(path, detached), 0
    encoding = fields["encoding"].lower()
    kinds = {"raw": "", "gzip": "gzip", "gz": "gzip"}
    if encoding not in kinds or any(int(fields.get(f"{k} skip", "0")) for k in ("line", "byte")):
        raise FormatError(
            f"{path}: NRRD encoding '{encoding[:8]}' or skipped bytes; save it again as raw or gzip"
        )
    kind = next((k for k, names in _NRRD_TYPES.items() if fields["type"] in names), None)
    if kind is None:
        raise FormatError(f"{path}: an NRRD image of no plain number type; a CT has one number a voxel")
    return Layout(file, offset, kinds[encoding], np.dtype(_order(fields.get("endian") == "big") + kind))


def _meta(path: Path) -> Layout:
    with path.open("rb") as stream:
        start = stream.read(1 << 16)
    fields, offset = {}, 0
    while offset < len(start) and "ElementDataFile" not in fields:
        line, _, _ = start[offset:].partition(b"\n")
        offset += len(line) + 1
        key, _, value = line.decode("latin-1").partition("=")
        fields[key.strip()] = value.strip()
    target = fields["ElementDataFile"]
    file = path
    if target.upper() != "LOCAL":
        file, offset = _beside(path, target), int(fields.get("HeaderSize", "0"))
    if fields.get("BinaryData", "True")[0] not in "Tt1" or offset < 0:
        raise FormatError(
            f"{path}: a MetaImage stored as text or with an open header size; save it again as .mha"
        )
    big = fields.get("BinaryDataByteOrderMSB", fields.get("ElementByteOrderMSB", "False"))[0] in "Tt1"
    compression = "zlib" if fields.get("CompressedData", "False")[0] in "Tt1" else ""
    return Layout(file, offset, compression, np.dtype(_order(big) + _META_TYPES[fields["ElementType"]]))


def _beside(path: Path, name: str) -> Path:
    """A data file named by a header; only one beside the header is taken."""
    file = path.parent / name
    if Path(name).name != name or name.upper().startswith("LIST") or not file.is_file():
        raise FormatError(f"{path}: the header names voxels in another file, which is not one file beside it")
    return file


def _order(big: bool) -> str:
    return ">" if big else "<"
