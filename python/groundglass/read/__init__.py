"""Reading studies and masks: DICOM folders, single files and zips, NIfTI, NRRD, MetaImage.

DICOM is opened with pydicom and SimpleITK (``pip install 'groundglass[io]'``); what a file's claims are
worth is decided in C++, by the same code that serves the C++ library. Messages name the path as it was given,
never a file inside a folder or archive and nothing of a patient.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from groundglass import _core
from groundglass._core import kind_of_start
from groundglass.errors import FormatError
from groundglass.read import dicom
from groundglass.read.archive import Unpacked, archive_name, unpacked
from groundglass.read.decoders import quiet
from groundglass.read.files import bytes_of, failing_as, inflated_start, kind_of
from groundglass.read.grid import Grid
from groundglass.read.images import ImageFile, open_image
from groundglass.read.kinds import KINDS, VOLUME_ENDINGS, VOLUMES, Kind

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

    from groundglass._core import CtVolume, SliceHeader

__all__ = ["Study", "input_digest", "read_ct", "read_labels", "read_study"]


@dataclass(frozen=True)
class Study:
    """A CT as read.

    volume: the CT; what was found and mended is in ``volume.notes``. digest: SHA-256, in hexadecimal, over
        the bytes of the files used, in slice order. kind: ``"dicom"``, ``"nifti"``, ``"nrrd"`` or
        ``"metaimage"``. files: number of files used. series_uid: the DICOM series taken, None for other
        files. Where one UID holds several stacks, ``UID/2`` is the second. It identifies the series, and
        through it a patient. grid: the file's own grid, None for DICOM, whose slices have no order of axes.
    headers: what the DICOM slices say beside their voxels, in slice order, where that was asked for; they
        hold the patient's data and come out in no text.
    """

    volume: CtVolume
    digest: str
    kind: str
    files: int
    series_uid: str | None = None
    grid: Grid | None = None
    headers: tuple[Dataset, ...] | None = field(default=None, repr=False)


def read_ct(path: str | os.PathLike[str], *, series: str | None = None) -> CtVolume:
    """Reads a chest CT as int16 Hounsfield units, axial, from feet to head.

    path: a folder of DICOM files (searched through and through, in any order, with any names), one DICOM
    file, a NIfTI (.nii, .nii.gz, or .hdr with .img), NRRD (.nrrd, or .nhdr with its data) or MetaImage (.mha,
    or .mhd with its data) file, or a zip of such a folder or of one such volume. series: UID of the DICOM
    series to take where several are there, ``UID/2`` for the second stack of one; by default original images
    come before derived ones, axial ones before others, then most slices, thinner slices, the smaller UID. A
    series that is named is taken even where it is a projection or others continue it, with a warning.

    Frames of an enhanced (multi-frame) CT are slices like others.

    What was mended is in the volume's `notes`. Raises :class:`groundglass.FormatError` with one sentence for
    everything that can't be read or is no CT in HU: missing, doubled or unevenly spaced slices (never
    bridged), other modalities, cut-off files, 8-bit or normalised values. Raises ImportError for DICOM
    where what reads it is not installed.

    Cost: a second for 150 slices of 512 x 512 in JPEG Lossless on one core; memory 1.3 times the volume for
    axial images, 2.2 times for others.
    """
    return read_study(path, series=series).volume


def read_study(
    path: str | os.PathLike[str], *, series: str | None = None, keep_headers: bool = False
) -> Study:
    """As :func:`read_ct`, with the digest of the files and the series taken.

    `keep_headers` keeps the headers of DICOM slices, as :class:`Study` says; other files have none. They take
    0.5 ms and 40 kB a slice.
    """
    root = Path(path)
    if series is not None and not series:
        raise ValueError("series must be a series UID or None, found an empty text")
    with failing_as(root):
        if root.is_dir():
            return _read_dicom(root, _files_in(root), series, keep_headers)
        kind = kind_of(root)
        if kind == "zip":
            with unpacked(root) as archive:
                return _read_archive(root, archive, series, keep_headers)
        if kind == "dicom":
            return _read_dicom(root, [root], series, keep_headers)
        _no_series(series)
        return _read_image(root, open_image(root, kind))


def _no_series(series: str | None) -> None:
    if series is not None:
        raise ValueError("series picks from DICOM files; it has no meaning for a file with one volume")


def input_digest(path: str | os.PathLike[str], *, series: str | None = None) -> str:
    """SHA-256, in hexadecimal, of the files that :func:`read_ct` would use, in slice order; voxels are not
    decoded.

    Raises as :func:`read_ct` does for headers. Cost: one pass over the files.
    """
    root = Path(path)
    with failing_as(root):
        kind = "dicom" if root.is_dir() else kind_of(root)
        if kind == "zip":
            return read_study(root, series=series).digest
        if kind != "dicom":
            return _digest(open_image(root, kind).files)
    with failing_as(root), quiet():
        found = dicom.scan(root, _files_in(root) if root.is_dir() else [root])
        plan = _core.plan_series(found.headers, series=series or "")
        return _digest(_files_of(found.headers[i] for i in plan.order))


def read_labels(
    path: str | os.PathLike[str], like: CtVolume, *, highest: int = 65535
) -> npt.NDArray[np.uint8] | npt.NDArray[np.uint16]:
    """Reads a mask as labels from 0 to `highest` of shape (slice, row, column) in the grid of `like`: uint8,
    or uint16 where one is above 255.

    path: .nii, .nii.gz, .nrrd, .mha or .mhd of any number type that holds whole numbers, or a folder with a
    file for each lobe (``lung_upper_lobe_left.nii.gz`` and its like, as TotalSegmentator writes them) or for
    each lung (``lung_left.nii.gz``), told by their names; they get the labels 1 to 5 as
    :func:`groundglass.with_lobes` documents them, or 1 left and 2 right. The mask must lie in the CT's own
    grid; axes may be swapped or reversed, no value is interpolated. What the numbers mean is found by
    :func:`groundglass.with_lungs` and :func:`groundglass.with_lobes`. Raises
    :class:`groundglass.FormatError` for another grid (telling both), for other values (telling them), for a
    folder of other files, and for files that can't be read.

    Cost: one pass over the file; memory 1 or 2 bytes a voxel, twice that where axes are turned.
    """
    root = Path(path)
    with failing_as(root):
        return _labels_in_folder(root, like) if root.is_dir() else _labels_in_file(root, like, highest)


def _labels_in_file(
    root: Path, like: CtVolume, highest: int
) -> npt.NDArray[np.uint8] | npt.NDArray[np.uint16]:
    if (kind := kind_of(root)) == "dicom":
        raise FormatError(
            f"{root}: masks are read from NIfTI, NRRD or MetaImage files, not from DICOM; convert it"
        )
    if kind == "zip":
        raise FormatError(f"{root}: a zip archive; unpack it and give the mask's file")
    image = open_image(root, kind)
    header = image.header
    try:
        _core.check_on_grid(**_grid(image), like=like)  # before memory is taken
    except FormatError as error:
        raise FormatError(f"{root}: {error}") from error
    labels: npt.NDArray[Any] = np.empty(image.shape, np.uint8)
    for first, stored in image.runs():
        values = stored * header.slope + header.intercept if _rescaled(image) else stored
        if not ((values >= 0) & (values <= highest) & (values == np.floor(values))).all():
            raise FormatError(_unexpected(root, values, highest))
        if labels.dtype == np.uint8 and values.size and values.max() > 255:
            labels = labels.astype(np.uint16)
        labels[first : first + len(values)] = values
    turned: npt.NDArray[np.uint8] | npt.NDArray[np.uint16] = _core.labels_on_grid(
        labels,
        spacing_mm=image.spacing_mm,
        origin_mm=image.origin_mm,
        direction=image.direction,
        like=like,
    )
    return turned


def _grid(image: ImageFile) -> dict[str, Any]:
    return {
        "shape": image.shape,
        "spacing_mm": image.spacing_mm,
        "origin_mm": image.origin_mm,
        "direction": image.direction,
    }


def _labels_in_folder(folder: Path, like: CtVolume) -> npt.NDArray[np.uint8]:
    labels = np.zeros(like.shape, np.uint8)
    for label, path in _parts_in(folder).items():
        part = _labels_in_file(path, like, 65535)
        values = np.unique(part[part > 0])
        if len(values) > 1:
            raise FormatError(
                f"{path}: it holds the values {values[0]} and {values[1]}; the file of one part holds one "
                "beside 0"
            )
        voxels = int(np.count_nonzero(part))
        taken = int(np.count_nonzero(labels[part > 0]))
        if 20 * taken > voxels:  # borders that were smoothed each for itself overlap by less
            raise FormatError(f"{path}: {100 * taken // voxels} % of it lie in another part of the folder")
        labels[(part > 0) & (labels == 0)] = label
    return labels


def _parts_in(folder: Path) -> dict[int, Path]:
    """The files that are parts of the lungs by their names: lobes where there are any, else lungs, else both
    lungs in one."""
    endings = sorted(VOLUME_ENDINGS, key=len, reverse=True)
    found: dict[str, dict[int, Path]] = {"lobe": {}, "lung": {}, "lungs": {}}
    for path in sorted(folder.iterdir()):
        ending = next((end for end in endings if path.name.lower().endswith(end)), None)
        stem = path.name[: len(path.name) - len(ending or "")].encode("utf-8", "replace").decode()
        part = _core.part_by_name(stem) if ending else None
        if part is None:
            continue
        kind, label = part
        if label in found[kind]:
            raise FormatError(
                f"{folder}: two of its files are the same part of the lungs by their names ({path.name} is "
                "one); leave one"
            )
        found[kind][label] = path
    if not (parts := found["lobe"] or found["lung"] or found["lungs"]):
        raise FormatError(
            f"{folder}: none of its files is a lobe or lung by its name (lung_upper_lobe_left.nii.gz, ..., "
            "lung_left.nii.gz, lungs.nii.gz); give one file, or rename them"
        )
    return parts


def _rescaled(image: ImageFile) -> bool:
    return (image.header.slope, image.header.intercept) != (1.0, 0.0)


def _unexpected(root: Path, values: npt.NDArray[np.generic], highest: int) -> str:
    found = np.unique(values)
    some = ", ".join(f"{value:g}" for value in found[:8].tolist()) + (", ..." if len(found) > 8 else "")
    return f"{root}: the mask holds the values {some}; whole numbers from 0 to {highest} are allowed"


def _files_in(root: Path) -> list[Path]:
    def refuse(error: OSError) -> None:
        raise error

    found = (Path(folder) / name for folder, _, names in os.walk(root, onerror=refuse) for name in names)
    return sorted(path for path in found if path.is_file())


def _read_dicom(root: Path, files: list[Path], series: str | None, keep_headers: bool) -> Study:
    if not files:
        raise FormatError(f"{root}: the folder is empty; give the folder of a CT series")
    with quiet():
        found = dicom.scan(root, files)
        if not found.headers:
            raise FormatError(f"{root}: {_no_dicom(files)}")
        try:
            volume, plan = dicom.assemble(root, found, series or "")
        except FormatError as error:
            error.named = _words_of(found.headers)
            raise
        slices = [found.headers[i] for i in plan.order]
        used = _files_of(slices)
        headers = dicom.full_headers(slices) if keep_headers else None
    return Study(volume, _digest(used), "dicom", len(used), plan.series_uid, headers=headers)


def _files_of(slices: Iterable[SliceHeader]) -> list[Path]:
    """Each file once: one may hold many slices."""
    return [Path(file) for file in dict.fromkeys(header.file for header in slices)]


#: Words of headers that mean the same in every study.
_COMMON = frozenset(
    re.findall(
        r"\w+",
        "CT MR PT NM US CR DX RF MG XA OT SC SR SEG PR KO HU RTSTRUCT RTDOSE RTPLAN ORIGINAL DERIVED PRIMARY "
        "SECONDARY AXIAL OTHER LOCALIZER REFORMATTED AVERAGE HELICAL MPR MIP",
    )
)


def _words_of(headers: Iterable[_core.SliceHeader]) -> frozenset[str]:
    """The texts in the headers, which may hold anything."""
    found: set[str] = set()
    for header in headers:
        for name in dir(header):
            value = None if name.startswith("_") else getattr(header, name)
            if isinstance(value, str):
                found.update((value, value.strip(), *value.split("\\")))
            elif isinstance(value, (list, tuple)):
                found.update(entry for entry in value if isinstance(entry, str))
    return frozenset(word for word in found if len(word) > 1 and word not in _COMMON)


def _no_dicom(files: list[Path]) -> str:
    volumes = sum(path.name.lower().endswith(VOLUME_ENDINGS) for path in files)
    if inner := _inner_archives(files):
        return f"no DICOM image among its files{inner}" if len(files) > 1 else f"no DICOM image in it{inner}"
    if len(files) == 1 and not volumes:
        return "no DICOM image in it; give the folder of a CT series, or a NIfTI, NRRD or MHA file"
    hint = f"; to read one of its {volumes} volume files, give that file" if volumes else ""
    return f"no DICOM image among its {len(files)} files{hint}"


def _inner_archives(files: list[Path]) -> str:
    """What to do about archives among these files; empty where there are none."""
    found = []
    for path in files:
        start = inflated_start(path, 1024)
        if kind_of_start(start) in ("zip", "archive"):
            found.append(archive_name(start))
    if not found:
        return ""
    what = f"; it holds {found[0]}" if len(found) == 1 else f"; it holds {len(found)} archives"
    return f"{what}, and an archive in it is not opened: unpack that, and give what is inside"


def _read_archive(root: Path, archive: Unpacked, series: str | None, keep_headers: bool) -> Study:
    files = list(archive.names)
    kinds: dict[Path, Kind] = {}
    refused = ""
    for file in files:
        if len(files) > 1 and not archive.names[file].lower().endswith(VOLUME_ENDINGS):
            continue
        try:
            kind = kind_of(file)
        except FormatError as error:
            refused = refused or str(error).removeprefix(f"{file}: ")
            continue
        if kind in VOLUMES:
            kinds[file] = kind
    if any(_is_dicom(file) for file in files if file not in kinds) or not (kinds or refused):
        return _read_dicom(root, files, series, keep_headers)
    if not kinds:
        raise FormatError(f"{root}: {_inner_archives(files).removeprefix('; ') or refused}")
    if len(kinds) > 1:
        counts = Counter(KINDS[kind].title for kind in kinds.values())
        text = ", ".join(f"{n} {name}" for name, n in counts.items())
        raise FormatError(
            f"{root}: the archive holds {len(kinds)} volumes ({text}); unpack it and give one of them"
        )
    _no_series(series)
    ((file, kind),) = kinds.items()
    try:
        image = open_image(
            file, kind, name=archive.names[file].rpartition("/")[2], beside=partial(archive.beside, file)
        )
    except FormatError as error:
        raise FormatError(f"{root}: {str(error).removeprefix(f'{file}: ')}") from error
    return _read_image(root, image, ignored=len(files) - len(image.files))


def _is_dicom(file: Path) -> bool:
    with file.open("rb") as stream:
        return kind_of_start(stream.read(1024)) == "dicom"


def _read_image(root: Path, image: ImageFile, ignored: int = 0) -> Study:
    header = image.header
    notes = list(header.notes)
    if ignored:
        text = "1 file beside the volume was ignored."
        if ignored > 1:
            text = f"{ignored} files beside the volume were ignored."
        notes.append(_core.Note("info", "files_ignored", text))
    try:
        volume = _core.CtAssembly(**_grid(image), notes=notes)
        for first, stored in image.runs():
            values = stored if stored.dtype.isnative else stored.astype(stored.dtype.newbyteorder("="))
            volume.put(first, values, slope=header.slope, intercept=header.intercept)
        return Study(
            volume.finish(), _digest(image.files), image.kind, len(image.files), grid=Grid(**_grid(image))
        )
    except FormatError as error:
        text = str(error)
        raise FormatError(f"{root}: {text.removeprefix(f'{image.path}: ')}") from error


def _digest(files: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for path in files:
        for piece in bytes_of(path, 0, deflated=False):
            digest.update(piece)
    return digest.hexdigest()
