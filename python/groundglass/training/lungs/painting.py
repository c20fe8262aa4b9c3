"""What contours of lungs without pneumonia do not show, painted into their CTs in three dimensions.

Consolidation and ground glass leave the mask as it is; fluid and free gas in the pleura take their part away
from it; gas of bowel, oesophagus, peritoneum and skin is painted outside of it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F

from groundglass.training.lungs import grid
from groundglass.training.lungs.patients import Bools, Patient

Floats = npt.NDArray[np.float32]
Rng = np.random.Generator
Box = tuple[slice, slice, slice]

STEPS = np.array(grid.STEPS_MM)


@dataclass(eq=False)
class Scene:
    """A CT that is painted on: HU, its lungs, and the distances of :class:`Patient`, (slice, row, column)."""

    hounsfield: Floats
    lungs: Bools
    lobes: npt.NDArray[np.uint8]
    depth: npt.NDArray[np.int8]
    body: npt.NDArray[np.uint8]

    @staticmethod
    def of(patient: Patient) -> Scene:
        image = patient.hounsfield.astype(np.float32)
        return Scene(image, patient.lungs.copy(), patient.lobes, patient.depth, patient.body)

    def box(self) -> Box:
        """Around the lungs."""
        return tuple(  # type: ignore[return-value]
            slice(int(held[0]), int(held[-1]) + 1)
            for axis in range(3)
            for held in [np.flatnonzero(self.lungs.any(axis=tuple({0, 1, 2} - {axis})))]
        )


def smooth(shape: tuple[int, ...], scale_mm: float, rng: Rng) -> Floats:
    """A random field (slices, rows, columns) of deviation about 1 that varies over `scale_mm`."""
    knots = [max(2, int(n * s / scale_mm) + 2) for n, s in zip(shape, STEPS, strict=True)]
    lattice = torch.from_numpy(rng.standard_normal((1, 1, *knots), dtype=np.float32))
    field: Floats = F.interpolate(lattice, size=shape, mode="trilinear", align_corners=True)[0, 0].numpy()
    return field * np.float32(1.5)


def towards(shape: tuple[int, ...], head: float, back: float, left: float) -> Floats:
    """A ramp over the box: -1..1 along each axis, by these weights."""
    z, y, x = (np.linspace(-1, 1, n, dtype=np.float32) for n in shape)
    ramp: Floats = head * z[:, None, None] + back * y[:, None] + left * x
    return ramp.astype(np.float32)


def one_side(inside: Bools, rng: Rng, chance: float = 0.5) -> Bools:
    """With `chance` only the left or the right of it."""
    if rng.random() >= chance:
        return inside
    columns = inside.sum(axis=(0, 1))
    middle = round(float(np.average(np.arange(len(columns)), weights=columns + 1e-6)))
    kept = inside.copy()
    if rng.random() < 0.5:
        kept[:, :, :middle] = False
    else:
        kept[:, :, middle:] = False
    return kept


def highest(score: Floats, inside: Bools, share: float, edge: float) -> Floats:
    """0..1: the `share` of `inside` with the highest score, its border `edge` wide in units of the score."""
    values = score[inside]
    if not len(values):
        return np.zeros(score.shape, np.float32)
    threshold = np.quantile(values[:: max(1, len(values) // 20000)], 1 - share)
    soft: Floats = np.clip((score - threshold) / edge + 0.5, 0, 1) * inside
    return soft.astype(np.float32)


def dependent_score(shape: tuple[int, ...], rng: Rng) -> Floats:
    """Patches, more of them at the back and the base, or, in half of the draws, even as in a lobe."""
    lobar = rng.random() < 0.5
    patchy = rng.uniform(0.02, 0.1) if lobar else rng.uniform(0.1, 0.6)
    least = 0.3 if lobar else -0.3
    ramp = towards(shape, -rng.uniform(least, 1.2), rng.uniform(least, 1.2), 0.0)
    return ramp + np.float32(patchy) * smooth(shape, rng.uniform(12, 60), rng)


def opacity(scene: Scene, rng: Rng, share: float, hu: tuple[float, float], *, airways: bool) -> None:
    """Lung tissue of `hu` in a `share` of the lungs, or of one of them; the mask stays.

    With `airways` tubes of air run through it.
    """
    box = scene.box()
    image, lungs = scene.hounsfield[box], scene.lungs[box]
    soft = highest(dependent_score(lungs.shape, rng), one_side(lungs, rng), share, rng.uniform(0.02, 0.3))
    target = rng.uniform(*hu) + np.float32(rng.uniform(0, 25)) * smooth(lungs.shape, rng.uniform(4, 10), rng)
    if airways:
        target = _with_airways(target, rng)
    # Vessels stay: what is denser than the opacity is not thinned.
    image += soft * (np.maximum(image, target) - image)


def consolidation(scene: Scene, rng: Rng) -> None:
    opacity(scene, rng, rng.uniform(0.05, 0.95), (-40, 80), airways=rng.random() < 0.5)


def dense_lobe(scene: Scene, rng: Rng) -> None:
    """One lobe, or two, airless from border to border but for a few airways and patches."""
    box = scene.box()
    image, lungs, lobes = scene.hounsfield[box], scene.lungs[box], scene.lobes[box]
    there = [k for k in range(1, 6) if (lobes == k).any()]
    if not there:
        return
    chosen = rng.choice(there, min(len(there), int(rng.integers(1, 3))), replace=False, p=_likely(there))
    inside = lungs & np.isin(lobes, chosen)
    patchy = smooth(lungs.shape, rng.uniform(12, 40), rng)
    soft = highest(patchy, inside, rng.uniform(0.7, 1.0), 0.3)
    target = rng.uniform(-20, 90) + np.float32(rng.uniform(0, 20)) * smooth(
        lungs.shape, rng.uniform(4, 10), rng
    )
    if rng.random() < 0.5:
        target = _with_airways(target, rng)
    image += soft * (np.maximum(image, target) - image)


def _likely(lobes: list[int]) -> npt.NDArray[np.float64]:
    """Lower lobes (2, 5) twice as often: there the diaphragm is what looks alike."""
    weights = np.array([2.0 if lobe in (2, 5) else 1.0 for lobe in lobes])
    shares: npt.NDArray[np.float64] = weights / weights.sum()
    return shares


def _with_airways(target: Floats, rng: Rng) -> Floats:
    """Tubes of air run through tissue of `target` HU."""
    scale = rng.uniform(14, 30)
    off = np.hypot(smooth(target.shape, scale, rng), smooth(target.shape, scale, rng))
    tube = np.clip(1.5 - off / rng.uniform(0.1, 0.25), 0, 1)
    through: Floats = target + tube * (rng.uniform(-950, -700) - target)
    return through


def ground_glass(scene: Scene, rng: Rng) -> None:
    opacity(scene, rng, rng.uniform(0.05, 0.95), (-650, -300), airways=False)


def effusion(scene: Scene, rng: Rng) -> None:
    """Fluid at the back and base, no deeper than a few centimetres; it is no longer lung. The lung beside it
    may be airless."""
    box = scene.box()
    image, lungs = scene.hounsfield[box], scene.lungs[box]
    inside = one_side(lungs, rng, 0.6)
    score = towards(lungs.shape, -rng.uniform(0.3, 1.2), rng.uniform(0.6, 1.2), 0.0)
    score += np.float32(0.06) * smooth(lungs.shape, 25, rng)
    score -= np.float32(rng.uniform(0, 0.05)) * scene.depth[box]
    share = rng.uniform(0.03, 0.3)
    fluid = highest(score, inside, share, 0.02)
    if rng.random() < 0.6:
        airless = highest(score, inside, min(0.95, share + rng.uniform(0.03, 0.2)), 0.05)
        image += airless * (np.maximum(image, rng.uniform(30, 90)) - image)
    image += fluid * (rng.uniform(0, 25) - image)
    lungs &= fluid < 0.5


def pneumothorax(scene: Scene, rng: Rng) -> None:
    """Gas between the chest wall and the lung, in front; it is no longer lung."""
    box = scene.box()
    image, lungs = scene.hounsfield[box], scene.lungs[box]
    inside = one_side(lungs, rng, 1.0)
    score = towards(lungs.shape, rng.uniform(-0.3, 0.6), -rng.uniform(0.6, 1.2), 0.0)
    score += np.float32(0.06) * smooth(lungs.shape, 30, rng)
    score -= np.float32(rng.uniform(0.02, 0.06)) * scene.depth[box]
    gas = highest(score, inside, rng.uniform(0.05, 0.35), 0.02)
    image += gas * (rng.uniform(-1000, -970) - image)
    lungs &= gas < 0.5


def bubble(scene: Scene, rng: Rng, centre: npt.NDArray[np.intp], radii_mm: npt.NDArray[np.float64]) -> None:
    """Gas with a wall, or gas over fluid, in an uneven ellipsoid outside of the lungs and below the skin."""
    reach = np.ceil(1.4 * radii_mm / STEPS).astype(int) + 2
    low = np.maximum(centre - reach, 0)
    high = np.minimum(centre + reach + 1, scene.hounsfield.shape)
    box: Box = (slice(low[0], high[0]), slice(low[1], high[1]), slice(low[2], high[2]))
    image = scene.hounsfield[box]
    z, y, x = (
        ((np.arange(a, b) - c) * s / r).astype(np.float32)
        for a, b, c, s, r in zip(low, high, centre, STEPS, radii_mm, strict=True)
    )
    radius = np.sqrt(z[:, None, None] ** 2 + y[:, None] ** 2 + x**2)
    radius += np.float32(0.12) * smooth(image.shape, rng.uniform(12, 25), rng)
    wall = 1 + rng.uniform(2, 4) / radii_mm.min()
    allowed = (scene.depth[box] < -3) & (scene.body[box] > 10)
    image[allowed & (radius < wall)] = rng.uniform(20, 60)
    inner = allowed & (radius < 1) & (scene.depth[box] < -3 - rng.uniform(0, 4))
    image[inner] = rng.uniform(-1000, -900)
    if rng.random() < 0.4:
        level = rng.uniform(-0.6, 0.6)
        image[inner & (y[:, None] > level)] = rng.uniform(0, 60)


def bowel_gas(scene: Scene, rng: Rng) -> None:
    """Stomach, colon: bubbles in the soft tissue around and below the bases."""
    bottom = scene.box()[0]
    top = bottom.start + int(0.45 * (bottom.stop - bottom.start))
    soft = (np.abs(scene.hounsfield[:top]) < 150) & (scene.body[:top] > 18) & (scene.depth[:top] < -6)
    places = np.flatnonzero(soft)
    if not len(places):
        return
    for _ in range(int(rng.integers(1, 6))):
        centre = np.array(np.unravel_index(int(rng.choice(places)), soft.shape))
        bubble(scene, rng, centre, np.exp(rng.uniform(np.log(7), np.log(45), 3)))


def mediastinal_gas(scene: Scene, rng: Rng) -> None:
    """Oesophagus, hiatal hernia, mediastinal air: small bubbles between the lungs."""
    box = scene.box()
    middle = (box[2].start + box[2].stop) // 2
    width = 15
    strip: Box = (box[0], box[1], slice(max(0, middle - width), middle + width))
    places = np.flatnonzero((scene.depth[strip] < -6) & (scene.body[strip] > 30))
    if not len(places):
        return
    shape = scene.depth[strip].shape
    for _ in range(int(rng.integers(1, 4))):
        centre = np.array(np.unravel_index(int(rng.choice(places)), shape))
        centre += [strip[0].start, strip[1].start, strip[2].start]
        bubble(scene, rng, centre, np.exp(rng.uniform(np.log(3), np.log(14), 3)))


def gas_below_diaphragm(scene: Scene, rng: Rng) -> None:
    """Free gas of the belly: a layer under the domes, in front, with the diaphragm between."""
    box = scene.box()
    thick = int(rng.integers(2, 7))
    below = np.zeros(scene.lungs.shape, bool)
    for k in range(2, 2 + thick):
        below[:-k] |= scene.lungs[k:]
    below[box[0].start + int(0.5 * (box[0].stop - box[0].start)) :] = False
    below &= (scene.depth < -3) & (scene.body > 12) & (scene.hounsfield > -200)
    score = towards(below.shape, 0.0, -1.0, 0.0) + np.float32(0.2) * smooth(below.shape, 30, rng)
    gas = highest(score, one_side(below, rng), rng.uniform(0.1, 0.8), 0.05)
    scene.hounsfield += gas * (rng.uniform(-1000, -900) - scene.hounsfield)


def gas_below_skin(scene: Scene, rng: Rng) -> None:
    """Emphysema of the chest wall: streaks of air in fat and muscle."""
    wall = (scene.body > 3) & (scene.body < 40) & (scene.depth < -6)
    field = np.abs(smooth(wall.shape, rng.uniform(8, 16), rng))
    patches = smooth(wall.shape, 60, rng) > rng.uniform(-0.3, 0.8)
    gas = wall & patches & (field < rng.uniform(0.1, 0.3))
    scene.hounsfield[gas] = rng.uniform(-950, -600)


def thick_slices(hounsfield: Floats, count: int) -> Floats:
    """Means of `count` slices each, interpolated back: what a scan of slices that thick would give."""
    padded = np.concatenate([hounsfield, np.repeat(hounsfield[-1:], -len(hounsfield) % count, axis=0)])
    means = padded.reshape(-1, count, *hounsfield.shape[1:]).mean(axis=1)
    weights = grid.axis_weights(len(means), grid.SLICE_MM * count, grid.SLICE_MM)[: len(hounsfield)]
    result: Floats = np.tensordot(weights, means, axes=1).astype(np.float32)
    return result


#: what is painted, each with its own chance; fluid first, so that airless lung lies beside it
CHANCES = (
    (effusion, 0.08),
    (pneumothorax, 0.06),
    (ground_glass, 0.30),
    (consolidation, 0.45),
    (dense_lobe, 0.25),
    (gas_below_skin, 0.06),
    (gas_below_diaphragm, 0.12),
    (mediastinal_gas, 0.20),
    (bowel_gas, 0.45),
)
AS_IT_IS = 0.15
THICK = 0.3


def painted(patient: Patient, rng: Rng) -> Scene:
    """The patient with some of all that painted in."""
    scene = Scene.of(patient)
    if rng.random() >= AS_IT_IS:
        for paint, chance in CHANCES:
            if rng.random() < chance and scene.lungs.any():
                paint(scene, rng)
    if rng.random() < THICK:
        scene.hounsfield = thick_slices(scene.hounsfield, int(rng.integers(2, 4)))
    return scene
