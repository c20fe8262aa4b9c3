"""Batches: planes drawn from painted patients, turned, scaled and seen by another scanner."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import Tensor

from groundglass.models.lungs_lite import NEIGHBOURS_MM
from groundglass.training.augment import blur as blurred_plane
from groundglass.training.lungs import grid
from groundglass.training.lungs.painting import Scene, painted
from groundglass.training.lungs.patients import SHARE, Patient

#: rows and columns of a training plane, 320 x 384 mm
SIZE = (160, 192)
BATCH = 8
#: painted patients at hand at a time, and the batches after which one of them is painted anew
POOL = 6
BATCHES_A_PAINTING = 2
AROUND_LUNGS = 5  # slices
AIR = grid.WINDOW_HU[0]


class Sampler:
    """Batches by the number of the step alone, so that a run may be cut off and go on."""

    def __init__(
        self, patients: Sequence[Patient], key: Sequence[int], offsets_mm: Sequence[float] = NEIGHBOURS_MM
    ):
        self.patients = list(patients)
        self.key = list(key)
        self.offsets = np.array(offsets_mm) / grid.SLICE_MM
        weights = np.array([SHARE[p.kind] for p in self.patients])
        self.weights = weights / weights.sum()
        self.pool: dict[int, Scene] = {}

    def _scene(self, generation: int) -> Scene:
        if generation not in self.pool:
            rng = np.random.default_rng([*self.key, 1, generation])
            self.pool[generation] = painted(
                self.patients[rng.choice(len(self.patients), p=self.weights)], rng
            )
        return self.pool[generation]

    def batch(self, step: int) -> tuple[Tensor, Tensor]:
        """Planes (N, planes, H, W) in [-1, 1] and shares of lung (N, 1, H, W) in 0..1."""
        rng = np.random.default_rng([*self.key, 2, step])
        newest = step // BATCHES_A_PAINTING + POOL - 1
        for old in [g for g in self.pool if g <= newest - POOL]:
            del self.pool[old]
        scenes = [self._scene(newest - int(rng.integers(POOL))) for _ in range(BATCH)]
        pairs = [self._planes(scene, rng) for scene in scenes]
        return torch.cat([p for p, _ in pairs]), torch.cat([m for _, m in pairs])

    def _planes(self, scene: Scene, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
        index, chosen = self._slices(scene, rng)
        stack = np.concatenate([scene.hounsfield[chosen] - AIR, scene.lungs[index : index + 1]])
        moved = moved_in_plane(torch.from_numpy(stack.astype(np.float32))[None], rng)
        image = other_scanner(moved[:, :-1] + AIR, rng)
        low, high = grid.WINDOW_HU
        return (image.clamp(low, high) - low) * (2 / (high - low)) - 1, moved[:, -1:]

    def _slices(self, scene: Scene, rng: np.random.Generator) -> tuple[int, npt.NDArray[np.intp]]:
        """The slice that is asked for, and those of the planes: a stretched, perhaps a cut scan."""
        count = len(scene.hounsfield)
        held = np.flatnonzero(scene.lungs.any(axis=(1, 2)))
        first, last = 0, count - 1
        if len(held) and rng.random() < 0.75:
            first, last = max(first, held[0] - AROUND_LUNGS), min(last, held[-1] + AROUND_LUNGS)
        index = int(rng.integers(first, last + 1))
        places = index + np.floor(self.offsets * rng.uniform(0.75, 1.3) + 0.5).astype(int)
        low, high = 0, count - 1
        if rng.random() < 0.2:
            low = max(low, index - int(rng.integers(6)))
        if rng.random() < 0.2:
            high = min(high, index + int(rng.integers(6)))
        return index, np.clip(places, low, high)


def moved_in_plane(stack: Tensor, rng: np.random.Generator) -> Tensor:
    """(1, C, h, w) -> (1, C, *SIZE): turned, scaled, shifted, mirrored; zeros come in from outside."""
    height, width = stack.shape[2:]
    angle = np.deg2rad(rng.normal(0, 7))
    scale = np.exp(rng.normal(0, 0.1)) * np.exp(rng.normal(0, 0.05, 2))
    mirror = -1.0 if rng.random() < 0.5 else 1.0
    shift = rng.normal(0, 7, 2)  # pixels
    # From the new pixel's place to the old one's, both in pixels from the middle, then in halves of the size.
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    matrix = turn / scale * np.array([[mirror, 1.0]])
    new, old = np.array([SIZE[1], SIZE[0]]) / 2, np.array([width, height]) / 2
    theta = np.concatenate([matrix * new[None] / old[:, None], (shift / old)[:, None]], axis=1)
    lattice = F.affine_grid(torch.from_numpy(theta.astype(np.float32))[None], [1, 1, *SIZE], False)
    return F.grid_sample(stack, lattice, "bilinear", "zeros", False)


def other_scanner(image: Tensor, rng: np.random.Generator) -> Tensor:
    """HU (1, C, H, W) with another scale, kernel, contrast and noise."""
    image = (image - AIR) * float(np.exp(rng.normal(0, 0.02))) + AIR + float(rng.normal(0, 12))
    if rng.random() < 0.25:
        image = torch.where(image > 0, image * float(np.exp(rng.uniform(-0.4, 1.0))), image)
    kernel = rng.random()
    if kernel < 0.08:
        image = F.interpolate(F.avg_pool2d(image, 2), scale_factor=2.0, mode="bilinear")
    elif kernel < 0.25:
        image = blur(image, rng.uniform(0.4, 1.2))
    elif kernel < 0.55:
        image = image + float(rng.uniform(0.2, 1.2)) * (image - blur(image, 0.8))
    if rng.random() < 0.7:
        noise = torch.from_numpy(rng.standard_normal(image.shape, dtype=np.float32))
        if rng.random() < 0.5:
            noise = 2.2 * blur(noise, 0.7)
        image = image + float(np.exp(rng.uniform(np.log(4), np.log(80)))) * noise
    if rng.random() < 0.1:
        image = _narrow_field(image, rng)
    return image


def blur(image: Tensor, sigma: float) -> Tensor:
    """Each plane of (1, C, H, W) blurred by `sigma` pixels."""
    return torch.cat([blurred_plane(plane[None], sigma) for plane in image[0]])[None]


def _narrow_field(image: Tensor, rng: np.random.Generator) -> Tensor:
    """Air outside of a disc, as of a reconstruction narrower than the body."""
    height, width = image.shape[2:]
    y, x = np.ogrid[:height, :width]
    centre = rng.normal(0, 8, 2) + np.array([height, width]) / 2
    radius = rng.uniform(0.42, 0.6) * width
    outside = (y - centre[0]) ** 2 + (x - centre[1]) ** 2 > radius**2
    return image.masked_fill(torch.from_numpy(outside), AIR)
