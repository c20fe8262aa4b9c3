"""The montage of axial slices with lungs, ground glass and consolidation drawn in.

Drawn with Pillow. Tiles show the CT in a lung window with its contrast kept: lesions are contours with a
light tint, hatched where they lie as dependent density does, lungs a thin outline. The patient's right is on
the left of every tile, as if seen from the feet.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from groundglass._optional import needing
from groundglass.findings import layers
from groundglass.findings.layers import Color, Labels

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageDraw import ImageDraw
    from PIL.ImageFont import FreeTypeFont, ImageFont

    from groundglass._core import CtVolume, SliceInvolvement
    from groundglass.findings.findings import Findings

Mask = npt.NDArray[np.bool_]

#: Lower and upper end of the grey scale in HU.
WINDOW_HU = tuple(int(end) for end in layers.WINDOWS["lung"])

GROUND_GLASS = layers.GROUND_GLASS.color
CONSOLIDATION = layers.CONSOLIDATION.color
LUNGS = layers.LUNG.color

BACKGROUND: Color = (13, 17, 23)
PANEL: Color = (24, 30, 40)
TEXT: Color = (235, 239, 245)
QUIET: Color = (150, 160, 175)

#: Tint of a lesion over the CT, 0..1: enough to be seen, little enough to read the texture below.
TINT = 0.20
#: Stripes over opacity that lies as dependent density does: their distance, their width, in pixels of a tile
#: of TILE_WIDTH before it is shrunk, and their share of colour.
HATCH_STEP, HATCH_WIDTH, HATCH_TINT = 12, 4, 0.75
TILE_WIDTH = 360
#: A crop that is taller than this many widths is fitted by its height instead.
TALLEST = 1.1
#: Shapes are drawn this much larger and shrunk, which smooths their edges.
OVERSAMPLING = 2
MARGIN_MM = 12.0
GAP = 10
MAX_TILES = 12
COLUMNS = 4


@dataclass(frozen=True)
class Crop:
    """Half-open ranges of rows and columns."""

    top: int
    bottom: int
    left: int
    right: int


def require_pillow() -> None:
    """Raises :class:`ImportError` naming what to install where Pillow is missing."""
    with needing("a picture", "PIL"):
        import PIL  # noqa: F401


def of_result(result: Findings) -> Image:
    """The montage of a result, titled with its main numbers."""
    both = result.table.rows[0]
    title = (
        f"Opacity {both.opacity_percent:.1f} % of the lungs (PO)   ·   "
        f"ground glass {100 * both.ground_glass_ml / both.lung_ml:.1f} %   ·   "
        f"consolidation {both.high_opacity_percent:.1f} % (PHO)   ·   "
        f"{result.ct_grade}   ·   class {result.severity_class}"
    )
    models = ", ".join(f"{model.name} {model.sha256[:8]}" for model in result.models) or "lesions as given"
    footer = f"groundglass {result.version}   ·   {models}   ·   not a medical device"
    return montage(
        result.ct,
        result.lungs,
        result.lesions,
        result.profile,
        dependent=result.dependent.layer,
        title=title,
        footer=footer,
    )


def montage(
    ct: CtVolume,
    lungs: Labels,
    lesions: Labels,
    profile: Sequence[SliceInvolvement],
    *,
    dependent: Labels | None = None,
    title: str,
    footer: str = "",
    tiles: int = MAX_TILES,
) -> Image:
    """Up to `tiles` slices from head to feet, evenly over the lungs and among them the one with most opacity.

    `lungs` and `lesions` are uint8 ``(slice, row, column)`` in the grid of `ct`, as is `dependent`, which is
    hatched where it is above 0; `profile` has an entry for every slice. Gives an RGB picture about 1500
    pixels wide. Costs about 0.05 s a tile.
    """
    require_pillow()
    from PIL import Image, ImageDraw

    chosen, most = choose_slices(profile, tiles)
    crop = lung_crop(lungs, ct.spacing_mm)
    hatched = dependent is not None and bool(dependent.any())
    pictures = [
        tile(
            ct,
            lungs[index],
            lesions[index],
            index,
            crop,
            dependent=None if dependent is None else dependent[index],
        )
        for index in chosen
    ]
    width, height = TILE_WIDTH, pictures[0].height
    columns = min(COLUMNS, len(pictures))
    rows = math.ceil(len(pictures) / columns)
    head, foot, caption = 64, 42, 30
    # a single narrow column would cut the title
    total_width = COLUMNS * (width + GAP) + GAP
    left = (total_width - columns * (width + GAP) + GAP) // 2
    canvas = Image.new("RGB", (total_width, head + rows * (height + caption + GAP) + foot), BACKGROUND)
    draw = ImageDraw.Draw(canvas)
    draw.text((GAP + 4, head // 2), title, TEXT, _font(25), anchor="lm")

    for place, (index, picture) in enumerate(zip(chosen, pictures, strict=True)):
        x = left + place % columns * (width + GAP)
        y = head + place // columns * (height + caption + GAP)
        canvas.paste(picture, (x + (width - picture.width) // 2, y))
        _caption(draw, x, y + height, width, caption, profile[index], most=index == most)
        _side_marks(draw, x, y, width, height)
        if index == most:
            frame = (x - 2, y - 2, x + width + 1, y + height + caption + 1)
            draw.rectangle(frame, outline=GROUND_GLASS, width=2)
    _legend(draw, GAP + 4, canvas.height - foot // 2, canvas.width - GAP - 4, footer, hatched=hatched)
    return canvas


def choose_slices(profile: Sequence[SliceInvolvement], count: int) -> tuple[list[int], int | None]:
    """Indices of the slices to show, from head to feet, and the one with most opacity (None without opacity).

    They divide the range of slices with lung evenly; the one with most opacity in ml takes the place of its
    nearest. A slice of a percent of a large one counts as no lung, so tips are left out.
    """
    lung_ml = np.array([entry.lung_ml for entry in profile])
    opacity_ml = np.array([entry.ground_glass_ml + entry.consolidation_ml for entry in profile])
    if not len(lung_ml):
        raise ValueError("the profile has no slice to show")
    with_lung = (
        np.flatnonzero(lung_ml > 0.01 * lung_ml.max()) if lung_ml.max() > 0 else np.arange(len(lung_ml))
    )
    positions = (np.arange(count) + 0.5) / count * len(with_lung)
    chosen = sorted({int(with_lung[int(position)]) for position in positions}, reverse=True)
    if not opacity_ml.max() > 0:
        return chosen, None
    most = int(opacity_ml.argmax())
    if most not in chosen:
        nearest = min(range(len(chosen)), key=lambda place: abs(chosen[place] - most))
        chosen[nearest] = most
    return chosen, most


def lung_crop(lungs: Labels, spacing_mm: Sequence[float]) -> Crop:
    """The box of all lung voxels with a margin, the whole slice where there is none."""
    inside = np.zeros(lungs.shape[1:], bool)
    for plane in lungs:
        inside |= plane > 0
    height, width = lungs.shape[1:]
    rows, columns = np.flatnonzero(inside.any(axis=1)), np.flatnonzero(inside.any(axis=0))
    if not len(rows):
        return Crop(0, height, 0, width)
    down, across = (math.ceil(MARGIN_MM / float(spacing)) for spacing in spacing_mm[1:])
    return Crop(
        max(0, int(rows[0]) - down),
        min(height, int(rows[-1]) + 1 + down),
        max(0, int(columns[0]) - across),
        min(width, int(columns[-1]) + 1 + across),
    )


def tile(
    ct: CtVolume,
    lungs: Labels,
    lesions: Labels,
    index: int,
    crop: Crop,
    *,
    dependent: Labels | None = None,
    width: int = TILE_WIDTH,
) -> Image:
    """One slice with its contours as an RGB picture of at most `width` pixels, in the patient's proportions.

    `lungs` and `lesions` are uint8 ``(row, column)`` of slice `index`, as is `dependent`, which is hatched.
    """
    from PIL import Image

    rows, columns = slice(crop.top, crop.bottom), slice(crop.left, crop.right)
    ratio = (crop.bottom - crop.top) * ct.spacing_mm[1] / ((crop.right - crop.left) * ct.spacing_mm[2])
    height = max(1, round(width * min(ratio, TALLEST)))
    size = (max(1, round(height / ratio)) * OVERSAMPLING, height * OVERSAMPLING)
    grey = Image.fromarray(windowed(ct.hounsfield[index, rows, columns])).resize(
        size, Image.Resampling.BICUBIC
    )
    picture = np.repeat(np.asarray(grey, np.float32)[..., None], 3, axis=2)

    _outline(picture, _enlarged(lungs[rows, columns] > 0, size), LUNGS, 2)
    for layer in layers.LESIONS:
        mask = _enlarged(lesions[rows, columns] == layer.label, size)
        picture[mask] = (1 - TINT) * picture[mask] + TINT * np.array(layer.color, np.float32)
        if dependent is not None:
            _hatch(picture, mask & _enlarged(dependent[rows, columns] > 0, size), layer.color, width)
        _outline(picture, mask, layer.color, 3)
    smooth = Image.fromarray(np.rint(picture).astype(np.uint8))
    return smooth.resize((size[0] // OVERSAMPLING, size[1] // OVERSAMPLING), Image.Resampling.BOX)


def windowed(hounsfield: npt.NDArray[np.int16]) -> npt.NDArray[np.uint8]:
    """HU to 0..255 over :data:`WINDOW_HU`, rounded, clipped."""
    low, high = WINDOW_HU
    scaled = (np.clip(hounsfield.astype(np.float32), low, high) - low) * (255.0 / (high - low))
    grey: npt.NDArray[np.uint8] = np.rint(scaled).astype(np.uint8)
    return grey


def _enlarged(mask: Mask, size: tuple[int, int]) -> Mask:
    """The mask at picture size with its stairs smoothed."""
    from PIL import Image

    grey = Image.fromarray(mask.astype(np.uint8) * 255).resize(size, Image.Resampling.BILINEAR)
    return np.asarray(grey) >= 128


def _outline(picture: npt.NDArray[np.float32], mask: Mask, color: Color, thickness: int) -> None:
    """Draws the inner edge of `mask`, `thickness` pixels wide before the picture is shrunk."""
    core = mask
    for axis in (0, 1):
        # beyond the border counts as the border does, so that no line runs along the crop
        pad = [(thickness, thickness) if axis == side else (0, 0) for side in (0, 1)]
        padded, length, narrowed = np.pad(core, pad, mode="edge"), core.shape[axis], core.copy()
        for shift in range(2 * thickness + 1):
            narrowed &= padded[shift : shift + length] if axis == 0 else padded[:, shift : shift + length]
        core = narrowed
    picture[mask & ~core] = color


def _hatch(picture: npt.NDArray[np.float32], mask: Mask, color: Color, width: int) -> None:
    """Draws stripes over `mask` from the lower left to the upper right; they look alike in tiles of any
    `width`."""
    scale = max(1.0, width / TILE_WIDTH)
    height, across = mask.shape
    diagonal = np.arange(height)[:, None] + np.arange(across)
    striped = mask & (diagonal % round(HATCH_STEP * scale) < round(HATCH_WIDTH * scale))
    picture[striped] = (1 - HATCH_TINT) * picture[striped] + HATCH_TINT * np.array(color, np.float32)


def _caption(
    draw: ImageDraw, x: int, y: int, width: int, height: int, entry: SliceInvolvement, *, most: bool
) -> None:
    draw.rectangle((x, y, x + width - 1, y + height - 1), fill=PANEL)
    middle = y + height // 2
    where = f"{entry.position_mm:+.1f} mm   ·   slice {entry.slice}"
    draw.text((x + 8, middle), where, QUIET, _font(15), anchor="lm")
    involved = entry.ground_glass_ml + entry.consolidation_ml
    share = "no lung" if math.isnan(entry.opacity_percent) else f"{entry.opacity_percent:.1f} %"
    text = f"most opacity   {share}" if most else share
    draw.text((x + width - 8, middle), text, TEXT if involved else QUIET, _font(17), anchor="rm")


def _side_marks(draw: ImageDraw, x: int, y: int, width: int, height: int) -> None:
    middle = y + height // 2
    for place, letter, anchor in ((x + 6, "R", "lm"), (x + width - 6, "L", "rm")):
        draw.text(
            (place, middle), letter, TEXT, _font(18), anchor=anchor, stroke_width=2, stroke_fill=BACKGROUND
        )


def _legend(draw: ImageDraw, x: int, y: int, right: int, footer: str, *, hatched: bool) -> None:
    font = _font(16)
    for layer in layers.LAYERS:
        draw.rectangle((x, y - 7, x + 14, y + 7), outline=layer.color, width=2)
        draw.text((x + 22, y), layer.title, TEXT, font, anchor="lm")
        x += 22 + int(draw.textlength(layer.title, font)) + 26
    if hatched:
        draw.rectangle((x, y - 7, x + 14, y + 7), outline=TEXT, width=1)
        for start in (0, 5, 10):
            draw.line((x + start, y + 7, x + 14, y - 7 + start), TEXT, 1)
        draw.text((x + 22, y), layers.DEPENDENT.title, TEXT, font, anchor="lm")
        x += 22 + int(draw.textlength(layers.DEPENDENT.title, font)) + 26
    low, high = WINDOW_HU
    about = (f"window {low} to {high} HU   ·   R, L: the patient's sides", f"window {low} to {high} HU")
    room = right - x - draw.textlength(footer, font) - GAP
    fitting = [text for text in about if draw.textlength(text, font) <= room]
    if fitting:
        draw.text((x, y), fitting[0], QUIET, font, anchor="lm")
    draw.text((right, y), footer, QUIET, font, anchor="rm")


def _font(size: int) -> FreeTypeFont | ImageFont:
    from PIL import ImageFont

    return ImageFont.load_default(size)
