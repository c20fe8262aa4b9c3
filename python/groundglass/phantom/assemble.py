"""Putting a phantom together."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from groundglass.phantom import lesions as lesion
from groundglass.phantom import trees
from groundglass.phantom.anatomy import Chest, Proportions, hila
from groundglass.phantom.fields import FieldOfView, Floats, SmoothNoise, blur, smoothstep
from groundglass.phantom.fissures import above_oblique, line_hu, lobes_of
from groundglass.phantom.mimics import Mimics, take_from_lungs
from groundglass.phantom.pitfalls import Pitfalls
from groundglass.phantom.tissue import Tissue, hanging_hu, lung_hu, noise_slice, to_int16
from groundglass.phantom.truth import truth_table

if TYPE_CHECKING:
    from groundglass._core import CtVolume
    from groundglass.phantom.lesions import Course

VERSION = 1
"""Raised when the same seed makes another phantom."""

FIELD_OF_VIEW_MM = (300.0, 372.0, 372.0)
LEAST_FIELD_OF_VIEW_MM = (295.0, 270.0, 300.0)
MOST_FIELD_OF_VIEW_MM = (420.0, 560.0, 560.0)
LARGEST_SHAPE = (1000, 1024, 1024)
LEFT, RIGHT = 1, 2


@dataclass(frozen=True, eq=False)
class Phantom:
    """A chest CT with its true masks, all ``(slice, row, column)`` in one grid, axial from feet to head.

    - ``hounsfield``: int16 HU.
    - ``lungs``: uint8, 0 none, 1 left, 2 right (the patient's left: higher columns).
    - ``lesions``: uint8, 0 none, 1 ground glass, 2 consolidation, within the lungs only.
    - ``mimics``: uint8, what is taken for lung or hides it: 1 airways outside the lungs, 2 bowel gas, 3 gas
      in the oesophagus, 4 air in tissue, 5 pneumothorax, 6 effusion.
    - ``spacing_mm``: (slice, row, column); ``origin_mm``: LPS position (x, y, z) of voxel (0, 0, 0).
    - ``lobes``: uint8, 1 left upper, 2 left lower, 3 right upper, 4 right middle, 5 right lower; None in
      a phantom that was made elsewhere.
    - ``truth``: what the masks hold, in ml, percent and voxels, with the seed and the parameters.
    """

    hounsfield: NDArray[np.int16]
    lungs: NDArray[np.uint8]
    lesions: NDArray[np.uint8]
    mimics: NDArray[np.uint8]
    spacing_mm: tuple[float, float, float]
    origin_mm: tuple[float, float, float]
    truth: dict[str, Any]
    lobes: NDArray[np.uint8] | None = None

    direction = ((0.0, 0.0, 1.0), (0.0, 1.0, 0.0), (1.0, 0.0, 0.0))

    @property
    def volume(self) -> CtVolume:
        """The image as the stages take it."""
        from groundglass._core import CtVolume

        return CtVolume(
            self.hounsfield,
            spacing_mm=self.spacing_mm,
            origin_mm=self.origin_mm,
            direction=self.direction,
            position="supine",
        )

    @property
    def seed(self) -> int:
        return int(self.truth["seed"])


def make(
    seed: int = 0,
    *,
    ground_glass: float = 0.08,
    consolidation: float = 0.03,
    shape: tuple[int, int, int] = (100, 384, 384),
    spacing_mm: tuple[float, float, float] | None = None,
    pitfalls: Pitfalls | None = None,
    fissures: bool = False,
) -> Phantom:
    """A chest CT with the given fractions of the lungs' volume turned to ground glass and consolidation.

    ``shape`` is (slices, rows, columns), ``spacing_mm`` follows it; left out, the spacing is what makes the
    field of view 300 x 372 x 372 mm, so a small shape gives the same chest in larger voxels. The fractions
    are met to the voxel: round(fraction x lung voxels). Both 0 give a healthy chest. ``pitfalls`` adds what
    makes lungs hard to find; all else of the patient stays.

    ``fissures`` draws the borders of the lobes as whole and clear sheets, where else only the oblique
    ones are there, as faint lines.

    The seed decides on build, lung volume (3 to 6 l), place and shape of the opacities, and noise; the same
    arguments give the same bytes. Raises ``ValueError`` for a wrong argument, naming it, its value and the
    range. Costs about 4 s and 0.3 GB at the default shape.
    """
    seed, fractions, grid = checked(seed, ground_glass, consolidation, shape, spacing_mm)
    what = pitfalls or Pitfalls()
    drawn = draw(seed, fractions, grid, what, fissures)
    truth = _truth(seed, fractions, grid, drawn.lungs, drawn.lesions, what)
    return phantom_of(drawn, grid, truth, noise=_streams(seed)[5])


@dataclass(frozen=True, eq=False)
class Scene:
    """A patient before the scan: HU without noise, and the true masks of :class:`Phantom`."""

    hu: Floats
    lungs: NDArray[np.uint8]
    lesions: NDArray[np.uint8]
    mimics: NDArray[np.uint8]
    lobes: NDArray[np.uint8]


def draw(
    seed: int,
    fractions: tuple[float, float],
    grid: FieldOfView,
    pitfalls: Pitfalls,
    fissures: bool,
    course: Course | None = None,
) -> Scene:
    """The patient of a seed; with `course` the same one after it, breathed as before."""
    build, tissue_seed, tree_seed, lesion_seed, texture_seed, _noise, mimic_seed = _streams(seed)
    chest = Chest(pitfalls.proportions(Proportions.draw(build)), grid)
    hu, lungs, depth, mimics = _body(chest, Tissue(tissue_seed, chest), Mimics(mimic_seed, chest, pitfalls))
    vessels, lumen, walls = _branches(tree_seed, chest, lungs, depth)
    lesions, within = lesion.place(
        lesion_seed, lungs, depth, grid, *fractions, bases=pitfalls.dense_bases, course=course
    )
    branches = vessels, lumen, walls
    _fill(texture_seed, chest, hu, lungs, lesions, within, branches, fissures, pitfalls.dependent_hu)
    return Scene(hu, lungs, lesions, mimics, lobes_of(chest, lungs))


def phantom_of(
    drawn: Scene,
    grid: FieldOfView,
    truth: dict[str, Any],
    *,
    noise: np.random.Generator,
    moved_mm: tuple[float, float, float] = (0.0, 0.0, 0.0),
) -> Phantom:
    """The scan of a patient, who lies in the scanner `moved_mm` (x, y, z) from the usual place."""
    image = _scan(noise, grid, drawn.hu)
    slices, _rows, _columns = grid.shape
    usual = (float(grid.x[0]), float(grid.y[0]), round(-0.5 * (slices - 1) * grid.spacing_mm[0], 6))
    x, y, z = (at + off for at, off in zip(usual, moved_mm, strict=True))
    for array in (image, drawn.lungs, drawn.lesions, drawn.mimics, drawn.lobes):
        array.flags.writeable = False
    return Phantom(
        image, drawn.lungs, drawn.lesions, drawn.mimics, grid.spacing_mm, (x, y, z), truth, drawn.lobes
    )


def truth_of(
    seed: int = 0,
    *,
    ground_glass: float = 0.08,
    consolidation: float = 0.03,
    shape: tuple[int, int, int] = (100, 384, 384),
    spacing_mm: tuple[float, float, float] | None = None,
    pitfalls: Pitfalls | None = None,
) -> dict[str, Any]:
    """The ``truth`` of the phantom that :func:`make` gives for the same arguments, without its image.

    For cohorts of numbers: vessels, bronchi and noise are left out, in large voxels most of the work. Raises
    as :func:`make` does.
    """
    seed, fractions, grid = checked(seed, ground_glass, consolidation, shape, spacing_mm)
    build, tissue_seed, _trees, lesion_seed, _texture, _noise, mimic_seed = _streams(seed)
    what = pitfalls or Pitfalls()
    chest = Chest(what.proportions(Proportions.draw(build)), grid)
    _hu, lungs, depth, _mimics = _body(chest, Tissue(tissue_seed, chest), Mimics(mimic_seed, chest, what))
    lesions, _within = lesion.place(lesion_seed, lungs, depth, grid, *fractions, bases=what.dense_bases)
    return _truth(seed, fractions, grid, lungs, lesions, what)


def _streams(seed: int) -> list[np.random.Generator]:
    """Independent streams, so that a phantom with other opacities is the same patient."""
    spawned = np.random.SeedSequence([VERSION, seed]).spawn(7)
    return [np.random.Generator(np.random.PCG64(stream)) for stream in spawned]


def _truth(
    seed: int,
    fractions: tuple[float, float],
    grid: FieldOfView,
    lungs: NDArray[np.uint8],
    lesions: NDArray[np.uint8],
    pitfalls: Pitfalls,
) -> dict[str, Any]:
    parameters: dict[str, Any] = {
        "ground_glass": fractions[0],
        "consolidation": fractions[1],
        "shape": list(grid.shape),
    }
    parameters |= {"spacing_mm": list(grid.spacing_mm)}
    if pitfalls.values():
        parameters |= {"pitfalls": pitfalls.values()}
    truth = truth_table(lungs, lesions, grid.spacing_mm)
    return {"seed": seed, "version": VERSION, "parameters": parameters} | truth


def checked(
    seed: int,
    ground_glass: float,
    consolidation: float,
    shape: tuple[int, int, int],
    spacing_mm: tuple[float, float, float] | None,
) -> tuple[int, tuple[float, float], FieldOfView]:
    if isinstance(seed, bool) or int(seed) != seed or not 0 <= seed < 2**63:
        raise ValueError(f"seed must be a whole number from 0 to 2^63 - 1, found {seed!r}")
    fractions = {"ground_glass": float(ground_glass), "consolidation": float(consolidation)}
    for name, value in fractions.items():
        if not (math.isfinite(value) and 0 <= value <= 0.9):
            raise ValueError(f"{name} must be a fraction of the lungs from 0 to 0.9, found {value!r}")
    total = sum(fractions.values())
    if total > 0.9:
        raise ValueError(f"ground_glass + consolidation must be at most 0.9 of the lungs, found {total:g}")
    if len(shape) != 3 or any(
        int(n) != n or not 16 <= n <= most for n, most in zip(shape, LARGEST_SHAPE, strict=True)
    ):
        raise ValueError(
            f"shape must be (slices, rows, columns), each from 16 to {LARGEST_SHAPE}, found {shape!r}"
        )
    if spacing_mm is None:
        spacing_mm = tuple(round(view / n, 6) for view, n in zip(FIELD_OF_VIEW_MM, shape, strict=True))  # type: ignore[assignment]
    assert spacing_mm is not None
    if len(spacing_mm) != 3 or any(not (math.isfinite(s) and s > 0) for s in spacing_mm):
        raise ValueError(
            f"spacing_mm must be three positive numbers (slice, row, column), found {spacing_mm!r}"
        )
    grid = FieldOfView(tuple(int(n) for n in shape), tuple(float(s) for s in spacing_mm))  # type: ignore[arg-type]
    for axis, extent, least, most in zip(
        ("slices", "rows", "columns"),
        grid.extent_mm,
        LEAST_FIELD_OF_VIEW_MM,
        MOST_FIELD_OF_VIEW_MM,
        strict=True,
    ):
        if not least <= extent <= most:
            raise ValueError(
                f"shape x spacing_mm must hold the chest: from {least:g} to {most:g} mm along the {axis}, "
                f"found {extent:g} mm"
            )
    return int(seed), (fractions["ground_glass"], fractions["consolidation"]), grid


def _body(
    chest: Chest, tissue: Tissue, painter: Mimics
) -> tuple[Floats, NDArray[np.uint8], NDArray[np.float16], NDArray[np.uint8]]:
    """HU of everything but the lungs' contents, lung labels, each lung voxel's depth in mm under ribs and
    diaphragm, and the labels of what looks like lung.

    Where the pleura cuts a voxel, its share of soft tissue is kept in the HU: parenchyma counts -870 there.
    """
    shape = chest.grid.shape
    hu = np.empty(shape, np.float32)
    lungs = np.zeros(shape, np.uint8)
    depth = np.zeros(shape, np.float16)
    mimics = np.zeros(shape, np.uint8)
    side = np.where(chest.x > 2, LEFT, RIGHT).astype(np.uint8)
    for index in range(shape[0]):
        z = float(chest.z[index])
        wall, cosine = chest.wall(z)
        middle = chest.middle(z)
        soft = tissue.slice(index, wall, cosine, middle)
        mimics[index] = painter.paint(index, soft, wall, chest.skin(z), middle)
        surface, outer = chest.lungs(z, wall, cosine, middle.surface)
        inside = surface < 0
        lungs[index] = np.where(inside, side, 0)
        depth[index] = np.clip(-outer, 0, 200)
        outside_share = np.clip(0.5 + surface / chest.grid.pixel_mm, 0, 1)
        edge = (outside_share < 1) & (outside_share > 0)
        soft[edge] = (outside_share * np.maximum(soft, 20) - (1 - outside_share) * 870)[edge]
        hu[index] = soft
    mimics[lungs != 0] = 0
    take_from_lungs(chest, painter.pitfalls, hu, lungs, depth, mimics)
    return hu, lungs, depth, mimics


def _branches(
    rng: np.random.Generator, chest: Chest, lungs: NDArray[np.uint8], depth: NDArray[np.float16]
) -> tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.uint8]]:
    """Cover (0..255) of pulmonary vessels, bronchial lumen and bronchial wall."""
    grid = chest.grid
    vessels, lumen, walls = (np.zeros(grid.shape, np.uint8) for _ in range(3))
    for label, (x, y, z) in ((RIGHT, hila(chest.p)[0]), (LEFT, hila(chest.p)[1])):
        away = -1.0 if label == RIGHT else 1.0
        allowed = (lungs == label) & (depth > 5)
        arteries = trees.sample(rng, allowed, grid, 640)
        veins = trees.sample(rng, allowed, grid, 500)
        if len(arteries) < 8 or len(veins) < 8:
            continue
        heading = np.array([away * 0.85, 0.2, -0.5])
        artery = trees.grow(rng, np.array([x - 6 * away, y, z + 6]), heading, arteries, 0.74)
        vein = trees.grow(rng, np.array([x - 8 * away, y - 12, z - 18]), heading, veins, 0.74)
        trees.paint(grid, artery, vessels)
        trees.paint(grid, vein, vessels)
        # A bronchus runs beside each artery; its lumen is somewhat narrower.
        shift = np.array([0.0, 1.0, 0.35])
        beside = 0.9 * artery.radius.mean(axis=1, keepdims=True) + 0.8
        bronchus = trees.Branches(
            artery.start - shift * 1.7 * beside, artery.end - shift * 1.7 * beside, 0.85 * artery.radius
        ).beyond(0.75)
        trees.paint(
            grid, trees.Branches(bronchus.start, bronchus.end, bronchus.radius + 0.55).beyond(1.5), walls
        )
        trees.paint(grid, bronchus, lumen)
    return vessels, lumen, walls


def _fill(
    rng: np.random.Generator,
    chest: Chest,
    hu: Floats,
    lungs: NDArray[np.uint8],
    lesions: NDArray[np.uint8],
    within: NDArray[np.float32],
    branches: tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.uint8]],
    fissures: bool,
    dependent_hu: float,
) -> None:
    """Writes the lungs' contents into ``hu``: parenchyma, opacities, vessels, bronchi."""
    grid = chest.grid
    base = rng.uniform(-882, -858)
    coarse, fine, mesh = (SmoothNoise(rng, grid, scale) for scale in (24.0, 2.6, 4.5))
    at = 0
    for index in range(grid.shape[0]):
        rows, columns = np.nonzero(lungs[index])
        if len(rows) == 0:
            continue
        here = lesions[index][rows, columns]
        core = within[at : at + len(rows)]
        at += len(rows)
        noise = [field(index)[rows, columns] for field in (coarse, fine, mesh)]
        value = lung_hu(noise[0], noise[1], grid.y[rows], float(grid.z[index]), base)
        if dependent_hu:
            value += hanging_hu(rows, columns, grid.pixel_mm, dependent_hu)
        if fissures:
            value += line_hu(chest, grid.x[columns], grid.y[rows], float(grid.z[index]))
        else:  # the oblique ones, a faint and uneven line
            tilted = above_oblique(chest, grid.y[rows], grid.z[index])
            value += 70 * np.exp(-(((tilted + 3 * noise[0]) / (0.5 * grid.pixel_mm + 0.4)) ** 2))
        vessel, lumen, wall = (cover[index][rows, columns].astype(np.float32) / 255 for cover in branches)
        hazy, dense = here == lesion.GROUND_GLASS, here == lesion.CONSOLIDATION
        lines = np.exp(-((noise[2] / 0.22) ** 2))  # thickened septa: where a smooth field crosses zero
        haze = -710 + 285 * core**0.6 + 28 * noise[0] + 40 * noise[1] + 50 * lines
        value[hazy] = np.clip(haze, -760, -385)[hazy]
        solid = -48 + 78 * core**0.7 + 9 * noise[0] + 9 * noise[1]
        value[dense] = np.clip(solid, -70, 60)[dense]
        value += vessel * np.maximum(42 - value, 0)
        wide = np.where(dense, 1.0, smoothstep(0.1, 0.6, wall))
        value += wide * wall * np.maximum(-250 - value, 0) * ~dense
        value += np.where(dense, 0.9, wide) * lumen * (-960 - value)
        hu[index][rows, columns] = value


def _scan(rng: np.random.Generator, grid: FieldOfView, hu: Floats) -> NDArray[np.int16]:
    """Blur in the slice, the slice sensitivity profile between slices, and correlated noise."""
    slices, rows, columns = grid.shape
    sigma = 0.62 / grid.pixel_mm
    deviation = 19.0 * float(np.clip(2.85 / (grid.pixel_mm**2 * grid.spacing_mm[0]), 0.15, 1.6)) ** 0.5
    image = np.empty(grid.shape, np.int16)
    side = np.float32(0.11 * np.clip(grid.spacing_mm[0] / 3.0, 0.3, 1.0))
    for index in range(slices):
        below, above = hu[max(index - 1, 0)], hu[min(index + 1, slices - 1)]
        plane = blur((1 - 2 * side) * hu[index] + side * (below + above), sigma)
        # Less attenuation, less noise: air shows about half of what the body does.
        strength = 0.5 + 0.5 * smoothstep(-990, -700, plane)
        image[index] = to_int16(plane + strength * noise_slice(rng, (rows, columns), deviation))
    return image
