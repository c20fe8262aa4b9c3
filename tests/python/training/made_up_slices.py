"""Made-up slices for the tests of training: dark lung, a grey patch and a bright one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from PIL import Image

from groundglass.training.augment import AugmentOptions
from groundglass.training.data import Slice, soft_one_hot

STILL = AugmentOptions(
    scale=(1.0, 1.0),
    rotation_deg=0.0,
    shift=0.0,
    log_width=0.0,
    level=0.0,
    log_gamma=0.0,
    blur_probability=0.0,
    noise_probability=0.0,
    cut_out_probability=0.0,
)


def phantom(seed: int, size: tuple[int, int] = (60, 44)) -> tuple[np.ndarray, np.ndarray]:
    """A made-up slice: dark lung, a grey and a bright patch; image and labels (uint8)."""
    rng = np.random.default_rng(seed)
    image = rng.normal(50, 6, size)
    labels = np.zeros(size, np.uint8)
    for label, grey in ((1, 120), (2, 210)):
        y, x = rng.integers(4, size[0] - 20), rng.integers(4, size[1] - 16)
        labels[y : y + 14, x : x + 12] = label
        image[labels == label] = grey
    return image.clip(0, 255).astype(np.uint8), labels


def slice_of(seed: int) -> Slice:
    """The made-up slice as training holds it."""
    image, labels = phantom(seed)
    target = (255 * soft_one_hot(labels)).to(torch.uint8)
    return Slice(
        f"s{seed}",
        torch.from_numpy(image)[None],
        target,
        original=torch.from_numpy(image),
        labels=torch.from_numpy(labels),
    )


def write_data(folder: Path, labelled: int = 4, pseudo: int = 3) -> Path:
    """A data folder of made-up slices."""
    for kind, masks, count in (("labelled", "labels", labelled), ("pseudo", "infection", pseudo)):
        (folder / kind / "images").mkdir(parents=True)
        (folder / kind / masks).mkdir()
        for i in range(count):
            image, labels = phantom(i)
            mask = labels if kind == "labelled" else ((labels > 0) * 255).astype(np.uint8)
            Image.fromarray(image).save(folder / kind / "images" / f"{i}.png")
            Image.fromarray(mask).save(folder / kind / masks / f"{i}.png")
    return folder
