"""Volume bias and detection of lesions of known volume, painted into lungs that show none of their own.

    python benchmarks/painted_lesions.py [--data ../shared/data] [--preset NAME] [--studies N] [--json FILE]

Spheres and ragged patches of 0.2 to 300 ml, in the middle of the lung, at the pleura and at the base: ground
glass of 100 to 600 HU above what was there, vessels kept, and consolidation at 20 HU, with borders as soft as
a scanner makes them. True volume is the sum of the shares of all voxels. They are painted into the planning
CTs of `lctsc`, of which training has seen nothing, with the clinicians' lungs, and into the healthy study of
`covid-ct-md` by the classical mask, two thirds of whose slices training has seen; never where the study as it
is shows opacity already. Six paintings a study mix sizes, densities and places, so that a run holds about a
dozen lesions far from one another.

Prints a row a density, a size and a place: lesions, those found (a fifth of their volume marked), the volume
marked within 8 mm against the true one, all summed and in the median lesion, and how much of it has the right
kind; the same of whole phantoms; and the bias at other thresholds than one half. Half a minute a run on one
core.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import SimpleITK as sitk

import groundglass as gg
from groundglass import phantom
from groundglass._core import preset_settings
from groundglass.segmentation import Ensemble

ROOT = Path(__file__).parents[1]
CASES = ("case_000", "case_002", "case_004", "case_006", "case_008", "case_010")
HEALTHY = "covid-ct-md/normal-001"
SMALL_ML, LARGE_ML = (0.2, 1.0, 5.0, 20.0), (100.0, 300.0)
#: HU above what was there; None is consolidation.
DENSITIES: tuple[float | None, ...] = (100.0, 150.0, 200.0, 300.0, 400.0, 600.0, None)
PLACES = ("centre", "pleura", "base")
PAINTINGS = 6
SOLID_HU = 20.0
#: Lesions lie this far apart, and what is marked this far around one counts as it.
APART_MM, AROUND_MM = 18.0, 8.0
FOUND = 0.2
THRESHOLDS = (0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6)
PHANTOMS = (7, 11, 23)

Floats = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]
#: Size, density and place of a lesion; and with them its shares of the voxels, and whether it is a sphere.
Wanted = tuple[float, float | None, str]
Lesion = tuple[Wanted, Floats, bool]


@dataclass(frozen=True)
class Painted:
    """A lesion: what was painted, and what the networks marked of it."""

    study: str
    ml: float
    hu: float | None
    place: str
    sphere: bool
    true_ml: float
    marked_ml: float
    hit_ml: float
    consolidation_ml: float
    #: ml marked at each of THRESHOLDS
    at: tuple[float, ...]


@dataclass(frozen=True)
class Study:
    """Lungs to paint into; `free` is where there is no opacity and lung all around."""

    name: str
    lungs: gg.LungCt
    depth_mm: Floats
    free: Mask


def smooth(shape: Sequence[int], sigma: Sequence[float], rng: np.random.Generator) -> Floats:
    """Noise of deviation 1, smooth over `sigma` voxels along each axis."""
    image = sitk.GetImageFromArray(rng.standard_normal(shape, dtype=np.float32))
    noise: Floats = sitk.GetArrayFromImage(
        sitk.SmoothingRecursiveGaussian(image, [float(max(s, 0.5)) for s in sigma[::-1]])
    )
    return noise / float(noise.std())


def distance_mm(mask: Mask, spacing: Sequence[float]) -> Floats:
    """Of each voxel of the mask from the nearest one outside."""
    image = sitk.GetImageFromArray(mask.astype(np.uint8))
    image.SetSpacing([float(s) for s in spacing[::-1]])
    found: Floats = sitk.GetArrayFromImage(
        sitk.SignedMaurerDistanceMap(
            image, insideIsPositive=True, squaredDistance=False, useImageSpacing=True
        )
    )
    return np.maximum(found, 0)


def studies(data: Path, wanted: int, model: Ensemble) -> Iterator[Study]:
    """The studies with what they are free of."""
    paths = [(name, data / "lctsc" / f"{name}_ct.nii.gz") for name in CASES[:wanted]]
    for name, path in [*paths, ("normal-001", data / HEALTHY)]:
        ct = gg.read_ct(path)
        lungs = gg.LungMask()(ct) if name == "normal-001" else clinicians(ct, path)
        inside = lungs.lungs > 0
        depth = distance_mm(inside, ct.spacing_mm)
        opaque = np.asarray(model(lungs).lesions) > 0
        clear = distance_mm(~opaque, ct.spacing_mm) > APART_MM
        yield Study(name, lungs, depth, inside & clear)


def clinicians(ct: gg.CtVolume, path: Path) -> gg.LungCt:
    """The lungs of the contours beside a CT, told apart by their places."""
    from groundglass.read.given import lungs_of

    return lungs_of(ct, Path(str(path).replace("_ct", "_lungs")))


def plan(which: int, number: int) -> list[Wanted]:
    """Size, density and place of one painting: over a few studies each goes with each."""
    large = LARGE_ML[(which + number) % 2]
    rows: list[Wanted] = [(large, DENSITIES[(number + which) % len(DENSITIES)], PLACES[1 + number % 2])]
    for i, ml in enumerate(SMALL_ML[::-1]):
        for j, place in enumerate(PLACES):
            rows.append((ml, DENSITIES[(number + 2 * i + 3 * j + which) % len(DENSITIES)], place))
    return rows


def spot(study: Study, taken: Mask, ml: float, place: str, rng: np.random.Generator) -> list[int] | None:
    """A voxel for the middle of a lesion; None where there is no room."""
    radius = (3 * 1000 * ml / (4 * np.pi)) ** (1 / 3)
    depth = study.depth_mm
    near = min(0.5 * radius, 0.8 * float(depth.max()))
    wanted = {
        "centre": depth > min(1.1 * radius, 0.7 * float(depth.max())),
        "pleura": (depth > 0.6 * near) & (depth < 1.4 * near + 2),
        "base": depth > near,
    }[place]
    if place == "base":
        slices = np.flatnonzero(study.lungs.lungs.any(axis=(1, 2)))
        low = slices[0] + (slices[-1] - slices[0]) * 0.3
        wanted = wanted & (np.arange(len(depth)) < low)[:, None, None]
    spacing = study.lungs.ct.spacing_mm
    room = distance_mm(~taken, spacing) > radius + APART_MM if taken.any() else np.ones_like(taken)
    places = np.argwhere(wanted & study.free & room)
    return None if len(places) == 0 else [int(v) for v in places[rng.integers(len(places))]]


def share_of(
    study: Study, middle: Sequence[int], ml: float, sphere: bool, rng: np.random.Generator
) -> Floats:
    """Of each voxel, the share that the lesion fills; grown until its volume is `ml`, cut by the lungs."""
    ct = study.lungs.ct
    spacing = np.asarray(ct.spacing_mm)
    radius = (3 * 1000 * ml / (4 * np.pi)) ** (1 / 3)
    reach = 2.2 * radius + 10
    box = tuple(
        slice(max(0, m - round(reach / s)), min(n, m + round(reach / s) + 1))
        for m, n, s in zip(middle, ct.shape, spacing, strict=True)
    )
    inside = study.lungs.lungs[box] > 0
    z, y, x = (
        (np.arange(part.start, part.stop) - m) * s for part, m, s in zip(box, middle, spacing, strict=True)
    )
    distance = np.sqrt(z[:, None, None] ** 2 + y[None, :, None] ** 2 + x[None, None, :] ** 2)
    if not sphere:
        distance *= 1 + 0.25 * np.clip(smooth(inside.shape, 0.5 * radius / spacing, rng), -2, 2)
    edge = float(spacing[1:].mean()) * 2  # of the reconstruction
    low, high = 0.5 * radius, reach
    for _ in range(20):
        grown = (low + high) / 2
        share = np.clip(0.5 + (grown - distance) / edge, 0, 1) * inside
        if share.sum() * ct.voxel_ml < ml:
            low = grown
        else:
            high = grown
    whole = np.zeros(ct.shape, np.float32)
    whole[box] = share
    return whole


def painting(study: Study, which: int, number: int) -> tuple[gg.LungCt, list[Lesion]]:
    """The study with lesions, and for each what was wanted, its shares, and whether it is a sphere."""
    rng = np.random.default_rng([which, number])
    ct = study.lungs.ct
    hu = ct.hounsfield.astype(np.float32)
    taken = np.zeros(ct.shape, bool)
    lesions: list[Lesion] = []
    texture = smooth(ct.shape, (1, 1.5, 1.5), rng)
    for row in plan(which, number):
        ml, density, place = row
        middle = spot(study, taken, ml, place, rng)
        if middle is None:
            continue
        sphere = bool(rng.integers(2))
        share = share_of(study, middle, ml, sphere, rng)
        if density is None:
            hu += share * (SOLID_HU + 20 * texture - hu)
        else:
            added = hu + share * (density + 0.12 * density * texture)
            hu = np.where(share > 0, np.minimum(added, np.maximum(hu, -250)), hu)
        taken |= share > 0
        lesions.append((row, share, sphere))
    painted = gg.CtVolume(
        np.rint(np.clip(hu, -1024, 3071)).astype(np.int16), spacing_mm=ct.spacing_mm, origin_mm=ct.origin_mm
    )
    return gg.LungCt(painted, study.lungs.lungs), lesions


def measure(name: str, lungs: gg.LungCt, lesions: Sequence[Lesion], model: Ensemble) -> Iterator[Painted]:
    """The lesions of a painting as the networks see them."""
    found = model(lungs)
    labels, ml = np.asarray(found.lesions), lungs.ct.voxel_ml
    infected = (
        np.asarray(found.ground_glass_probability, np.float32)
        + np.asarray(found.consolidation_probability, np.float32)
    ) / 255
    for (size, density, place), share, sphere in lesions:
        around = distance_mm(share <= 0, lungs.ct.spacing_mm) < AROUND_MM
        marked = (labels > 0) & around
        hit = float((share * (labels > 0)).sum(dtype=np.float64)) * ml
        near = infected[around & (lungs.lungs > 0)]
        yield Painted(
            name,
            size,
            density,
            place,
            sphere,
            true_ml=float(share.sum(dtype=np.float64)) * ml,
            marked_ml=int(marked.sum()) * ml,
            hit_ml=hit,
            consolidation_ml=int(((labels == 2) & around).sum()) * ml,
            at=tuple(int((near >= t).sum()) * ml for t in THRESHOLDS),
        )


def bias(lesions: Sequence[Painted], at: int | None = None) -> float:
    """Marked against true volume of all together, in percent of the true one."""
    true = sum(each.true_ml for each in lesions)
    marked = sum(each.marked_ml if at is None else each.at[at] for each in lesions)
    return 100 * (marked / true - 1)


def row(name: str, lesions: Sequence[Painted]) -> str:
    if not lesions:
        return f"{name:<22}   0"
    found = sum(each.hit_ml >= FOUND * each.true_ml for each in lesions) / len(lesions)
    median = float(np.median([100 * (each.marked_ml / each.true_ml - 1) for each in lesions]))
    marked = sum(each.marked_ml for each in lesions)
    dense = sum(each.consolidation_ml for each in lesions)
    kind = f"{100 * dense / marked:6.1f}" if marked else "     –"
    return f"{name:<22} {len(lesions):3}  {100 * found:5.0f}  {bias(lesions):+8.1f}  {median:+8.1f}  {kind}"


def named(density: float | None) -> str:
    return "consolidation" if density is None else f"+{density:.0f} HU"


def tables(lesions: Sequence[Painted]) -> None:
    print("lesions                  n  found %  bias %  median %  consolidation %")
    print(row("all", lesions))
    print(row("+200 HU and more", [each for each in lesions if each.hu is None or each.hu >= 200]))
    for density in DENSITIES:
        print(row(named(density), [each for each in lesions if each.hu == density]))
    for ml in (*SMALL_ML, *LARGE_ML):
        print(row(f"{ml:g} ml", [each for each in lesions if each.ml == ml]))
    for place in PLACES:
        print(row(place, [each for each in lesions if each.place == place]))
    print("\nbias %, summed, by threshold")
    print(f"{'':<22}" + "".join(f"{t:8.2f}" for t in THRESHOLDS))
    for density in DENSITIES:
        some = [each for each in lesions if each.hu == density]
        if some:
            print(f"{named(density):<22}" + "".join(f"{bias(some, i):+8.1f}" for i in range(len(THRESHOLDS))))


def phantoms(model: Ensemble) -> None:
    """Whole phantoms: ground glass, consolidation and both, with the true lungs."""
    print("\nphantom  ground glass %  consolidation %  both %   (error of the volume)")
    for seed in PHANTOMS:
        patient = phantom.make(seed, shape=(100, 256, 256))
        found = np.asarray(model(gg.LungCt(patient.volume, patient.lungs)).lesions)
        errors = [
            100 * (np.isin(found, kinds).sum() / np.isin(patient.lesions, kinds).sum() - 1)
            for kinds in ([1], [2], [1, 2])
        ]
        print(f"{seed:<8} {errors[0]:+14.1f} {errors[1]:+16.1f} {errors[2]:+7.1f}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--preset", choices=("fast", "standard", "best"), default="standard")
    parser.add_argument("--studies", type=int, default=len(CASES), help="of lctsc; the healthy one comes too")
    parser.add_argument("--paintings", type=int, default=PAINTINGS, help="of each study")
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--json", type=Path, help="write every lesion")
    options = parser.parse_args()
    settings = preset_settings(options.preset)
    model = Ensemble(
        settings["models"],
        views=settings["views"],
        long_edge=settings["long_edge"],
        threads=options.threads,
        keep_probabilities=True,
    )
    lesions: list[Painted] = []
    for which, study in enumerate(studies(options.data, options.studies, model)):
        for number in range(options.paintings):
            lesions.extend(measure(study.name, *painting(study, which, number), model))
        print(row(study.name, [each for each in lesions if each.study == study.name]), flush=True)
        if options.json:
            options.json.write_text(json.dumps([asdict(each) for each in lesions]))
    tables(lesions)
    phantoms(model)


if __name__ == "__main__":
    main()
