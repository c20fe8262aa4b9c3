"""The pictures of the report as data URIs: key slices with contours, and the chest from the front."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from groundglass import overlay
from groundglass.findings.layers import LESIONS

if TYPE_CHECKING:
    from PIL.Image import Image

    from groundglass._core import SliceInvolvement
    from groundglass.findings.findings import Findings

SLICES = 6
#: Pixels across a slice: about 300 an inch where three stand side by side on a page.
SLICE_WIDTH = 720
#: Tried from the best on until the picture has at most MOST_BYTES, which only noise exceeds at the first.
JPEG_QUALITIES = (86, 70, 50, 30)
MOST_BYTES = 480_000

#: Longer side of the picture from the front, in pixels.
FRONT_EDGE = 560
#: Thickness of lesion, in mm along the line of sight, that takes 63 % of its full colour.
FULL_COLOUR_MM = 18.0
#: Most of a lesion's colour over the grey picture.
COLOUR = 0.85


@dataclass(frozen=True)
class KeySlice:
    """A slice to look at: its number on the page, counted from the head, and its picture as a data URI."""

    number: int
    entry: SliceInvolvement
    most: bool
    uri: str
    width: int
    height: int


@dataclass(frozen=True)
class Front:
    """The chest from the front as a data URI; `bottom_mm` to `top_mm` and `width_mm` are its borders."""

    uri: str
    bottom_mm: float
    top_mm: float
    width_mm: float


def key_slices(result: Findings) -> list[KeySlice]:
    """Up to :data:`SLICES` slices from head to feet, among them the one with most opacity."""
    overlay.require_pillow()
    chosen, most = overlay.choose_slices(result.profile, SLICES)
    crop = overlay.lung_crop(result.lungs, result.ct.spacing_mm)
    found = []
    for place, index in enumerate(chosen):
        layer = result.dependent.layer
        picture = overlay.tile(
            result.ct,
            result.lungs[index],
            result.lesions[index],
            index,
            crop,
            dependent=None if layer is None else layer[index],
            width=SLICE_WIDTH,
        )
        found.append(
            KeySlice(
                number=place + 1,
                entry=result.profile[index],
                most=index == most,
                uri=jpeg(picture),
                width=picture.width,
                height=picture.height,
            )
        )
    return found


def front(result: Findings, slices: Sequence[int]) -> Front:
    """Mean HU along the line of sight through the lungs' box, lesions in colour by their thickness.

    `slices` are the lowest and the highest slice to show. The patient's right is on the left.
    """
    from PIL import Image

    ct, crop = result.ct, overlay.lung_crop(result.lungs, result.ct.spacing_mm)
    lowest, highest = slices
    rows, columns = slice(crop.top, crop.bottom), slice(crop.left, crop.right)
    shape = (highest - lowest + 1, crop.right - crop.left)
    grey = np.empty(shape, np.float32)
    thickness = np.empty((2, *shape), np.float32)
    for place, index in enumerate(range(lowest, highest + 1)):
        grey[place] = ct.hounsfield[index, rows, columns].mean(axis=0, dtype=np.float32)
        lesions = result.lesions[index, rows, columns]
        for layer, depth in zip(LESIONS, thickness[:, place], strict=True):
            depth[:] = np.count_nonzero(lesions == layer.label, axis=0) * ct.spacing_mm[1]

    low, high = np.percentile(grey, (1, 99))
    picture = np.repeat((np.clip((grey - low) / max(high - low, 1.0), 0, 1) * 235)[..., None], 3, axis=2)
    for layer, depth in zip(LESIONS, thickness, strict=True):
        share = COLOUR * (1 - np.exp(-depth / FULL_COLOUR_MM))[..., None]
        picture = (1 - share) * picture + share * np.array(layer.color, np.float32)

    height_mm, width_mm = shape[0] * float(ct.spacing_mm[0]), shape[1] * float(ct.spacing_mm[2])
    scale = FRONT_EDGE / max(height_mm, width_mm)
    size = (max(1, round(width_mm * scale)), max(1, round(height_mm * scale)))
    upright: npt.NDArray[np.uint8] = np.rint(picture[::-1]).astype(np.uint8)
    half = ct.spacing_mm[0] / 2
    return Front(
        uri=jpeg(Image.fromarray(upright).resize(size, Image.Resampling.BICUBIC)),
        bottom_mm=float(result.profile[lowest].position_mm - half),
        top_mm=float(result.profile[highest].position_mm + half),
        width_mm=width_mm,
    )


def jpeg(picture: Image) -> str:
    """A data URI; colours are kept at full resolution, as contours are a pixel or two wide."""
    for quality in JPEG_QUALITIES:
        held = io.BytesIO()
        picture.save(held, "JPEG", quality=quality, subsampling=0)
        if held.tell() <= MOST_BYTES:
            break
    return "data:image/jpeg;base64," + base64.b64encode(held.getvalue()).decode("ascii")
