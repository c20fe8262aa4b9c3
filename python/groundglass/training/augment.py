"""Random views of a slice: one affine resampling, then grey values as another scanner would show them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor


@dataclass(frozen=True)
class AugmentOptions:
    """Ranges of the random views. Grey values are 0..1 here (0..255 or the HU window).

    The spread of level and width covers what lies between the labelled slices (about -1100..260 HU) and the
    window used on volumes (-1350..150 HU): a width ratio of 0.9 and a level shift of
    about 0.12.
    """

    scale: tuple[float, float] = (0.8, 1.25)
    rotation_deg: float = 15.0
    shift: float = 0.08  # of the canvas
    log_width: float = 0.2  # of the window: contrast exp(U(-x, x))
    level: float = 0.12
    log_gamma: float = 0.2
    blur_probability: float = 0.3
    blur_sigma: tuple[float, float] = (0.4, 1.2)  # pixels
    noise_probability: float = 0.5
    noise: float = 0.04
    cut_out_probability: float = 0.25
    cut_out: tuple[float, float] = (0.03, 0.1)  # of each edge


def view_grid(
    image_size: tuple[int, int],
    canvas: tuple[int, int],
    rng: np.random.Generator,
    options: AugmentOptions,
) -> Tensor:
    """Sampling positions (1, h, w, 2) of a random view of an image on a canvas, in grid_sample's units.

    At scale 1 the image's longer edge fills the canvas' longer edge. Both mirrorings are drawn here; with the
    quarter turn of a whole batch (see :func:`augment_batch`) they make up the 8 flips and turns.
    """
    height, width = image_size
    angle = math.radians(rng.uniform(-options.rotation_deg, options.rotation_deg))
    scale = math.exp(rng.uniform(math.log(options.scale[0]), math.log(options.scale[1])))
    shift = rng.uniform(-options.shift, options.shift, 2) * canvas
    mirror = rng.choice([-1.0, 1.0], 2)

    step = max(image_size) / max(canvas) / scale  # image pixels per canvas pixel
    y = torch.arange(canvas[0], dtype=torch.float32) + (0.5 - canvas[0] / 2 + shift[0])
    x = torch.arange(canvas[1], dtype=torch.float32) + (0.5 - canvas[1] / 2 + shift[1])
    yy, xx = torch.meshgrid(y * (step * mirror[0]), x * (step * mirror[1]), indexing="ij")
    cos, sin = math.cos(angle), math.sin(angle)
    column = (cos * xx - sin * yy) / (width / 2)
    row = (sin * xx + cos * yy) / (height / 2)
    return torch.stack([column, row], dim=-1)[None].float()


def change_greys(image: Tensor, rng: np.random.Generator, options: AugmentOptions) -> Tensor:
    """Window, gamma, blur and noise on (1, h, w) in 0..1; the result stays in 0..1."""
    gamma = math.exp(rng.uniform(-options.log_gamma, options.log_gamma))
    contrast = math.exp(rng.uniform(-options.log_width, options.log_width))
    level = rng.uniform(-options.level, options.level)
    image = (image.clamp(0, 1) ** gamma - 0.5) * contrast + 0.5 + level
    if rng.random() < options.blur_probability:
        image = blur(image, rng.uniform(*options.blur_sigma))
    if rng.random() < options.noise_probability:
        grain = rng.standard_normal(image.shape, dtype=np.float32) * rng.uniform(0, options.noise)
        image = image + torch.from_numpy(grain)
    return image.clamp(0, 1)


def blur(image: Tensor, sigma: float) -> Tensor:
    """Gaussian blur of (1, h, w), sigma in pixels, edges repeated."""
    radius = math.ceil(3 * sigma)
    taps = torch.exp(-0.5 * (torch.arange(-radius, radius + 1) / sigma) ** 2)
    taps = taps / taps.sum()
    padded = F.pad(image[None], (radius, radius, radius, radius), mode="replicate")
    rows = F.conv2d(padded, taps.view(1, 1, -1, 1))
    return F.conv2d(rows, taps.view(1, 1, 1, -1))[0]


def augment(
    image: Tensor,
    target: Tensor,
    canvas: tuple[int, int],
    rng: np.random.Generator,
    options: AugmentOptions,
) -> tuple[Tensor, Tensor]:
    """A random view: uint8 (1, H, W) and (C, H, W) -> image (2, h, w) in [-1, 1], target (C, h, w) in [0, 1].

    The first plane of the image has changed greys, the second is the same view without. Outside of the slice
    both are -1, as the padding is when a model is applied, and the target 0. Shares of the classes are
    resampled with the same weights, so their sum never exceeds 1.
    """
    grid = view_grid((image.shape[-2], image.shape[-1]), canvas, rng, options)
    planes = torch.cat([image, target]).float() / 255.0
    view = F.grid_sample(planes[None], grid, mode="bilinear", padding_mode="zeros", align_corners=False)[0]
    inside = (grid.abs() <= 1).all(dim=-1)
    greys = torch.cat([change_greys(view[:1], rng, options), view[:1]])
    if rng.random() < options.cut_out_probability:
        cut_out(greys[0], inside[0], rng, options)
    return torch.where(inside, 2.0 * greys - 1.0, -1.0), view[1:]


def cut_out(grey: Tensor, inside: Tensor, rng: np.random.Generator, options: AugmentOptions) -> None:
    """Fill a rectangle of (h, w) with its mean, in place: what is in it must be told from its surroundings.

    The target stays, so holes are small.
    """
    h, w = grey.shape
    height, width = (int(size * rng.uniform(*options.cut_out)) for size in (h, w))
    top, left = int(rng.integers(h - height + 1)), int(rng.integers(w - width + 1))
    hole = grey[top : top + height, left : left + width]
    if bool(inside[top : top + height, left : left + width].all()):
        hole.fill_(float(hole.mean()))


def augment_batch(
    pairs: list[tuple[Tensor, Tensor]],
    canvas: tuple[int, int],
    rng: np.random.Generator,
    options: AugmentOptions,
) -> tuple[Tensor, Tensor]:
    """Views of (image, target) pairs as a batch: images (N, 2, h, w), targets (N, C, h, w).

    The canvas is portrait, as the slices are; half of the batches are turned by 90 degrees as a whole, so no
    canvas is wasted on padding.
    """
    views = [augment(image, target, canvas, rng, options) for image, target in pairs]
    images = torch.stack([v[0] for v in views])
    targets = torch.stack([v[1] for v in views])
    if rng.random() < 0.5:
        images, targets = images.transpose(-1, -2), targets.transpose(-1, -2)
    return images, targets
