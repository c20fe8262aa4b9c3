"""What the network learns from: CTs on its grid with the lungs somebody, or something, drew."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from groundglass import phantom
from groundglass._core import CtVolume, Lobes, LungMask, with_lungs
from groundglass.errors import FormatError
from groundglass.read import read_ct, read_labels
from groundglass.read.decoders import need
from groundglass.training.lungs import grid

Bools = npt.NDArray[np.bool_]

CONTOURS = "lctsc"
#: series of which the classical mask was looked at, slice by slice, and found good enough to learn from
CLASSICAL = ("normal-001", "covid-P001", "cap-001")
CLASSICAL_FOLDER = "covid-ct-md"
#: bowel gas at the diaphragm, dense bases, fluid and free gas with a truth: no real scan here has one
PHANTOM_SEEDS = tuple(range(101, 125))
PHANTOM_SHAPE = (108, 186, 186)
#: contours are what the network is judged by
SHARE = {"contour": 1.0, "classical": 0.35, "phantom": 0.1}
SKIN_HU = -300.0
AXIAL = ((0.0, 0.0, 1.0), (0.0, 1.0, 0.0), (1.0, 0.0, 0.0))


@dataclass(frozen=True, eq=False)
class Patient:
    """One CT on the network's canvas, (slice, row, column) of 3 x 2 x 2 mm.

    - `hounsfield`: int16; `lungs`: bool.
    - `lobes`: uint8, 1 to 5 as estimated from the lungs' shape, 0 elsewhere.
    - `depth`: int8, mm below the lungs' surface, negative outside, cut to +-120.
    - `body`: uint8, mm below the skin, 0 outside, lungs count as body.
    - `kind`: ``contour``, ``classical`` or ``phantom``.
    """

    name: str
    kind: str
    hounsfield: npt.NDArray[np.int16]
    lungs: Bools
    lobes: npt.NDArray[np.uint8]
    depth: npt.NDArray[np.int8]
    body: npt.NDArray[np.uint8]


def prepared(
    name: str, kind: str, hounsfield: npt.NDArray[np.int16], lungs: Bools, spacing: tuple[float, float, float]
) -> Patient:
    """A patient from a CT and the lungs in it, (slice, row, column) to the head, the back and the left."""
    whole = grid.to_grid(hounsfield, spacing)
    area = grid.canvas(whole)
    image = grid.on_canvas(whole, area)
    share = grid.to_grid(lungs.astype(np.float32), spacing)
    mask = _placed(share, area) >= 0.5
    depth = np.clip(_distance(mask), -120, 120).astype(np.int8)
    body = np.clip(_distance(_body(image, mask)), 0, 255).astype(np.uint8)
    rounded = np.round(image).astype(np.int16)
    return Patient(name, kind, rounded, mask, _lobes(rounded, mask), depth, body)


def _lobes(image: npt.NDArray[np.int16], mask: Bools) -> npt.NDArray[np.uint8]:
    """The lobes by shape, for painting a whole one; none where they can't be told."""
    ct = CtVolume(image, spacing_mm=grid.STEPS_MM, origin_mm=(0.0, 0.0, 0.0), direction=AXIAL)
    found = (with_lungs(ct, mask.astype(np.uint8)) | Lobes()).lobes
    return np.zeros(mask.shape, np.uint8) if found is None else np.asarray(found)


def _placed(share: grid.Floats, area: tuple[tuple[int, int], tuple[int, int]]) -> grid.Floats:
    """A mask's shares on the canvas, 0 outside of the grid."""
    placed = grid.on_canvas(share, area)
    placed[placed < 0] = 0
    return placed


def _body(image: grid.Floats, lungs: Bools) -> Bools:
    """The largest part that is not air, its holes filled slice by slice."""
    sitk = need("SimpleITK")
    solid = sitk.GetImageFromArray(((image > SKIN_HU) | lungs).astype(np.uint8))
    parts = sitk.RelabelComponent(sitk.ConnectedComponent(sitk.BinaryMorphologicalOpening(solid, [1, 1, 0])))
    largest = sitk.GetArrayFromImage(parts) == 1
    filled = [sitk.BinaryFillhole(sitk.GetImageFromArray(plane.astype(np.uint8))) for plane in largest]
    body: Bools = np.stack([sitk.GetArrayFromImage(plane) for plane in filled]) > 0
    return body


def _distance(mask: Bools) -> npt.NDArray[np.float32]:
    """Distance in mm to the mask's surface, positive inside."""
    if not mask.any():
        return np.full(mask.shape, -120, np.float32)
    sitk = need("SimpleITK")
    image = sitk.GetImageFromArray(mask.astype(np.uint8))
    image.SetSpacing((grid.PIXEL_MM, grid.PIXEL_MM, grid.SLICE_MM))
    distance = sitk.SignedMaurerDistanceMap(
        image, insideIsPositive=True, squaredDistance=False, useImageSpacing=True
    )
    result: npt.NDArray[np.float32] = sitk.GetArrayFromImage(distance)
    return result


def contour_names(data: Path) -> list[str]:
    """The cases of `data`/lctsc that have a CT and a contour."""
    names = sorted(path.name.removesuffix("_ct.nii.gz") for path in (data / CONTOURS).glob("*_ct.nii.gz"))
    names = [name for name in names if (data / CONTOURS / f"{name}_lungs.nii.gz").is_file()]
    if len(names) < 2:
        raise FormatError(
            f"{data / CONTOURS}: {len(names)} cases with NAME_ct.nii.gz and NAME_lungs.nii.gz, expected two "
            "or more; check --data"
        )
    return names


def contour(data: Path, name: str) -> tuple[CtVolume, Bools]:
    """The CT of a case and its contour, in the CT's grid."""
    ct = read_ct(data / CONTOURS / f"{name}_ct.nii.gz")
    return ct, read_labels(data / CONTOURS / f"{name}_lungs.nii.gz", like=ct, highest=1) > 0


def load_all(data: Path) -> Iterator[Patient]:
    """Contours, then series with the classical mask where `data` has them, then phantoms."""
    for name in contour_names(data):
        ct, lungs = contour(data, name)
        yield prepared(name, "contour", ct.hounsfield, lungs, ct.spacing_mm)
    for name in CLASSICAL:
        if (data / CLASSICAL_FOLDER / name).is_dir():
            found = read_ct(data / CLASSICAL_FOLDER / name) | LungMask()
            yield prepared(name, "classical", found.ct.hounsfield, found.lungs > 0, found.ct.spacing_mm)
    for seed in PHANTOM_SEEDS:
        made = phantom.make(
            seed,
            ground_glass=0.05 * (seed % 3),
            consolidation=0.06 * (seed % 4),
            shape=PHANTOM_SHAPE,
            pitfalls=phantom.Pitfalls.draw(np.random.default_rng(seed)) if seed % 4 else None,
        )
        yield prepared(f"phantom-{seed}", "phantom", made.hounsfield, made.lungs > 0, made.spacing_mm)


def kept(data: Path, folder: Path) -> list[Patient]:
    """The patients of :func:`load_all`, kept in `folder` between runs."""
    path = folder / "patients.npz"
    if path.exists():
        with np.load(path) as stored:
            kinds = [str(entry).split("/") for entry in stored["names"]]
            return [
                Patient(
                    name,
                    kind,
                    *(stored[f"{name}/{part}"] for part in ("hu", "lungs", "lobes", "depth", "body")),
                )
                for kind, name in kinds
            ]
    patients = list(load_all(data))
    arrays: dict[str, npt.NDArray[np.generic]] = {}
    for p in patients:
        parts = {"hu": p.hounsfield, "lungs": p.lungs, "lobes": p.lobes, "depth": p.depth, "body": p.body}
        arrays |= {f"{p.name}/{part}": values for part, values in parts.items()}
    labels = [f"{p.kind}/{p.name}" for p in patients]
    np.savez(path, names=labels, **arrays)  # type: ignore[arg-type]
    return patients
