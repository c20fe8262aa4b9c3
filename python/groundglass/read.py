"""Reading studies and masks: DICOM folders, single files and zips, NIfTI, NRRD, MetaImage.

Files are opened with pydicom and SimpleITK (``pip install 'groundglass[io]'``); what a file's claims are
worth is decided in C++, by the same code that serves the C++ library. Messages name the path as it was given,
never a file inside a folder or archive and nothing of a patient.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from groundglass import _core
from groundglass._files import bytes_of, failing_as, kind_of, quiet, unpacked
from groundglass.errors import FormatError
from groundglass.grid import Grid

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

    from groundglass._core import CtVolume
    from groundglass._images import ImageFile

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
    file, a zip of such a folder, or a .nii, .nii.gz, .nrrd, .mha or .mhd file. series: UID of the DICOM
    series to take where several are there; by default original images come before derived ones, axial ones
    before others, then most slices, thinner slices, the smaller UID.

    What was mended is in the volume's `notes`. Raises :class:`groundglass.FormatError` with one sentence for
    everything that can't be read or is no CT in HU: missing, doubled or unevenly spaced slices (never
    bridged), other modalities, cut-off files, 8-bit or normalised values. Raises ImportError without the
    extra ``io``.

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
    with failing_as(root), quiet():
        if root.is_dir():
            return _read_dicom(root, _files_in(root), series, keep_headers)
        kind = kind_of(root)
        if kind == "zip":
            with unpacked(root) as folder:
                return _read_archive(root, folder, series, keep_headers)
        if kind == "dicom":
            return _read_dicom(root, [root], series, keep_headers)
        if series is not None:
            raise ValueError("series picks from DICOM files; it has no meaning for a file with one volume")
        return _read_image(root, root, kind)


def input_digest(path: str | os.PathLike[str], *, series: str | None = None) -> str:
    """SHA-256, in hexadecimal, of the files that :func:`read_ct` would use, in slice order; voxels are not
    decoded.

    Raises as :func:`read_ct` does for headers. Cost: one pass over the files.
    """
    from groundglass import _dicom

    root = Path(path)
    with failing_as(root), quiet():
        kind = "dicom" if root.is_dir() else kind_of(root)
        if kind not in ("dicom", "zip"):
            return _digest([root])
        if kind == "zip":
            return read_study(root, series=series).digest
        found = _dicom.scan(root, _files_in(root) if root.is_dir() else [root])
        plan = _core.plan_series(found.headers, series=series or "")
        return _digest(Path(found.headers[i].file) for i in plan.order)


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
    with failing_as(root), quiet():
        return _labels_in_folder(root, like) if root.is_dir() else _labels_in_file(root, like, highest)


def _labels_in_file(
    root: Path, like: CtVolume, highest: int
) -> npt.NDArray[np.uint8] | npt.NDArray[np.uint16]:
    from groundglass._images import open_image

    if (kind := kind_of(root)) in ("dicom", "zip"):
        raise FormatError(
            f"{root}: masks are read from NIfTI, NRRD or MetaImage files, not from DICOM; convert it"
        )
    image = open_image(root, kind)
    _check_size(root, image)
    labels: npt.NDArray[Any] = np.empty(image.shape, np.uint8)
    for first, stored in image.runs():
        values = stored * image.layout.slope + image.layout.intercept if _rescaled(image) else stored
        if not ((values >= 0) & (values <= highest) & (values == np.floor(values))).all():
            raise FormatError(_unexpected(root, values, highest))
        if labels.dtype == np.uint8 and values.size and values.max() > 255:
            labels = labels.astype(np.uint16)
        labels[first : first + len(values)] = values
    try:
        turned: npt.NDArray[np.uint8] | npt.NDArray[np.uint16] = _core.labels_on_grid(
            labels,
            spacing_mm=image.spacing_mm,
            origin_mm=image.origin_mm,
            direction=image.direction,
            like=like,
        )
    except FormatError as error:
        raise FormatError(f"{root}: {error}") from error
    return turned


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
    from groundglass._images import _ENDINGS

    endings = sorted((end for group in _ENDINGS.values() for end in group), key=len, reverse=True)
    found: dict[str, dict[int, Path]] = {"lobe": {}, "lung": {}, "lungs": {}}
    for path in sorted(folder.iterdir()):
        ending = next((end for end in endings if path.name.endswith(end)), None)
        stem = path.name.removesuffix(ending or "").encode("utf-8", "replace").decode()
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
    return (image.layout.slope, image.layout.intercept) != (1.0, 0.0)


def _unexpected(root: Path, values: npt.NDArray[np.generic], highest: int) -> str:
    found = np.unique(values)
    some = ", ".join(f"{value:g}" for value in found[:8].tolist()) + (", ..." if len(found) > 8 else "")
    return f"{root}: the mask holds the values {some}; whole numbers from 0 to {highest} are allowed"


def _check_size(root: Path, image: ImageFile) -> None:
    # What the C++ assembly of a CT allows as well.
    if int(np.prod(image.shape, dtype=object)) > 1 << 31:
        raise FormatError(f"{root}: a volume of {image.shape} voxels is claimed, which no chest CT has")


def _files_in(root: Path) -> list[Path]:
    def refuse(error: OSError) -> None:
        raise error

    found = (Path(folder) / name for folder, _, names in os.walk(root, onerror=refuse) for name in names)
    return sorted(path for path in found if path.is_file())


def _read_dicom(root: Path, files: list[Path], series: str | None, keep_headers: bool) -> Study:
    from groundglass import _dicom

    if not files:
        raise FormatError(f"{root}: the folder is empty; give the folder of a CT series")
    found = _dicom.scan(root, files)
    if not found.headers:
        raise FormatError(f"{root}: {_no_dicom(files)}")
    try:
        volume, plan = _dicom.assemble(root, found, series or "")
    except FormatError as error:
        error.named = _words_of(found.headers)
        raise
    slices = [found.headers[i] for i in plan.order]
    digest = _digest(Path(header.file) for header in slices)
    headers = _dicom.full_headers(slices) if keep_headers else None
    return Study(volume, digest, "dicom", len(slices), plan.series_uid, headers=headers)


#: Words of headers that mean the same in every study.
_COMMON = frozenset(
    {
        *(
            "CT",
            "MR",
            "PT",
            "NM",
            "US",
            "CR",
            "DX",
            "RF",
            "MG",
            "XA",
            "OT",
            "SC",
            "SR",
            "SEG",
            "PR",
            "KO",
            "HU",
        ),
        *("RTSTRUCT", "RTDOSE", "RTPLAN", "ORIGINAL", "DERIVED", "PRIMARY", "SECONDARY", "AXIAL", "OTHER"),
        *("LOCALIZER", "REFORMATTED", "AVERAGE", "HELICAL", "MPR", "MIP"),
    }
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
    volumes = sum(path.name.lower().endswith((".nii", ".nii.gz", ".nrrd", ".mha", ".mhd")) for path in files)
    if len(files) == 1 and not volumes:
        return "no DICOM image in it; give the folder of a CT series, or a NIfTI, NRRD or MHA file"
    hint = f"; to read one of its {volumes} volume files, give that file" if volumes else ""
    return f"no DICOM image among its {len(files)} files{hint}"


def _read_archive(root: Path, folder: Path, series: str | None, keep_headers: bool) -> Study:
    from groundglass._images import _ENDINGS

    files = _files_in(folder)
    endings = tuple(ending for group in _ENDINGS.values() for ending in group)
    volumes = [path for path in files if path.name.endswith(endings)]
    if len(volumes) == 1 and len(files) == 1 and series is None:
        return _read_image(root, volumes[0], kind_of(volumes[0]))
    return _read_dicom(root, files, series, keep_headers)


def _read_image(root: Path, file: Path, kind: str) -> Study:
    from groundglass._images import open_image

    try:
        image = open_image(file, kind)  # type: ignore[arg-type]
        notes = []
        if not image.oriented:
            text = (
                "The file does not say how its axes lie in the patient: LPS is assumed, left and right "
                "can't be verified."
            )
            notes.append(_core.Note("warning", "orientation_assumed", text))
        volume = _core.CtAssembly(
            shape=image.shape,
            spacing_mm=image.spacing_mm,
            origin_mm=image.origin_mm,
            direction=image.direction,
            notes=notes,
        )
        for first, stored in image.runs():
            values = stored if stored.dtype.isnative else stored.astype(stored.dtype.newbyteorder("="))
            volume.put(first, values, slope=image.layout.slope, intercept=image.layout.intercept)
        grid = Grid(
            shape=image.shape,
            spacing_mm=image.spacing_mm,
            origin_mm=image.origin_mm,
            direction=image.direction,
        )
        return Study(volume.finish(), _digest([file]), kind, 1, grid=grid)
    except FormatError as error:
        text = str(error)
        raise FormatError(f"{root}: {text.removeprefix(f'{file}: ')}") from error


def _digest(files: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for path in files:
        for piece in bytes_of(path, 0, ""):
            digest.update(piece)
    return digest.hexdigest()
