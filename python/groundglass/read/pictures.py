"""Single axial slices that come as PNG or JPEG pictures, as grey values.

What becomes of the pixels is fixed, so that the same picture always gives the same answer:

- 8-bit grey is taken as it is. Colour becomes luminance; where the channels differ for more than a trace, a
  note says so. Palettes are resolved first; transparency is laid over black.
- 16-bit grey is taken as PNG means it, white being 65535, when its brightest pixel reaches half of that. One
  whose values all fit in 8 bits is taken as 8-bit. Anything between is most likely raw CT numbers, for which
  no window is known, and refused.
- The pixel grid is that of the file. An EXIF orientation is not applied; a note says so.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from groundglass._core import Note
from groundglass._optional import needing
from groundglass.errors import FormatError
from groundglass.read.kinds import PICTURE_ENDINGS

if TYPE_CHECKING:
    from PIL.Image import Image

Grey = npt.NDArray[np.uint8]

#: Below this a slice holds too little for any network; above it is no CT slice. Detectors give 256 to 2048.
SMALLEST_EDGE = 32
LARGEST_EDGE = 4096

#: Mean difference of colour channels, in grey levels, that JPEG's chroma alone does not make.
COLOUR_TRACE = 4.0


@dataclass(frozen=True, kw_only=True)
class Slice:
    """A picture as grey values: uint8 ``(row, column)``, with what was found on reading."""

    path: Path
    grey: Grey
    notes: Sequence[Note]


def find_images(path: str | Path) -> tuple[list[Path], list[str]]:
    """The pictures that `path` names, in the order of their names, and the names of what was passed over.

    A folder gives its PNG and JPEG files by their suffix, hidden files and sub-folders left out. Raises
    :class:`FileNotFoundError` for a path that does not exist and :class:`groundglass.FormatError` for a file
    of another suffix, a folder without pictures, or two whose results would have the same name.
    """
    path = Path(path)
    if not path.exists():
        raise FileNotFoundError(f"{path} does not exist")
    if not path.is_dir():
        if path.suffix.lower() not in PICTURE_ENDINGS:
            raise FormatError(
                f"{path} is not a PNG or JPEG by its name; for a DICOM, NIfTI, NRRD or MHA study use "
                "`groundglass analyze`"
            )
        return [path], []
    entries = sorted(entry for entry in path.iterdir() if not entry.name.startswith("."))
    images = [entry for entry in entries if entry.suffix.lower() in PICTURE_ENDINGS and entry.is_file()]
    if not images:
        raise FormatError(f"{path} holds no .png, .jpg or .jpeg file; sub-folders are not searched")
    by_stem: dict[str, Path] = {}
    for image in images:
        # names that differ in case alone are one file on some systems
        other = by_stem.setdefault(image.stem.casefold(), image)
        if other is not image:
            raise FormatError(
                f"{other.name} and {image.name} in {path} would both give {image.stem}.png; rename one"
            )
    return images, [entry.name for entry in entries if entry not in set(images)]


def read_slice(path: str | Path) -> Slice:
    """A PNG or JPEG as uint8 grey values by the rules at the head of this module.

    Raises :class:`groundglass.FormatError` for a file that is damaged, animated, a 1-bit mask, too small, too
    large, or 16-bit of unknown scale. The size is checked before anything is unpacked.
    """
    with needing("a picture", "PIL"):
        from PIL import Image, UnidentifiedImageError

    path = Path(path)
    try:
        with _open(path) as image:
            _check_header(path, image)
            notes = _orientation_notes(image)
            image.load()
            grey, more = _grey(path, image)
    except UnidentifiedImageError as error:
        raise FormatError(f"{path} is neither a PNG nor a JPEG, whatever its name says") from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise FormatError(_too_large(path)) from error
    except FormatError:
        raise
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        if isinstance(error, (FileNotFoundError, PermissionError, IsADirectoryError)):
            raise
        raise FormatError(f"{path} is damaged or incomplete ({error}); fetch or export it again") from error
    return Slice(path=path, grey=grey, notes=(*notes, *more))


def _open(path: Path) -> Image:
    """The header only. Pillow's warning of a huge picture becomes an error: this module's limit is lower."""
    from PIL import Image

    with warnings.catch_warnings():
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        return Image.open(path, formats=("PNG", "JPEG"))


def _too_large(path: Path) -> str:
    return f"{path} is larger than {LARGEST_EDGE} pixels on a side; that is no CT slice"


def _check_header(path: Path, image: Image) -> None:
    width, height = image.size
    if max(width, height) > LARGEST_EDGE:
        raise FormatError(_too_large(path))
    if min(width, height) < SMALLEST_EDGE:
        raise FormatError(
            f"{path} is {width} x {height} pixels; a slice needs at least {SMALLEST_EDGE} on each side"
        )
    if getattr(image, "n_frames", 1) > 1:
        raise FormatError(f"{path} holds {getattr(image, 'n_frames', 1)} pictures; give one slice a file")
    if image.mode == "1":
        raise FormatError(f"{path} has one bit a pixel: a mask, not a CT slice")


def _orientation_notes(image: Image) -> list[Note]:
    orientation = image.getexif().get(0x0112, 1)
    if orientation in (0, 1):
        return []
    text = (
        f"The EXIF orientation {orientation} was not applied: the labels lie on the pixels as stored, "
        "which a viewer may show turned."
    )
    return [Note("warning", "exif_orientation_ignored", text)]


def _grey(path: Path, image: Image) -> tuple[Grey, list[Note]]:
    """8-bit grey values and what was decided about them."""
    if image.mode.startswith("I") or image.mode == "F":
        return _from_16_bit(path, np.asarray(image))
    if image.mode == "P" or image.mode == "PA":
        image = image.convert("RGBA" if "transparency" in image.info or image.mode == "PA" else "RGB")
    elif "transparency" in image.info:
        image = image.convert("RGBA" if image.mode == "RGB" else "LA")
    if image.mode in ("LA", "RGBA"):
        from PIL import Image as images

        black = images.new("RGBA", image.size, (0, 0, 0, 255))
        black.alpha_composite(image.convert("RGBA"))
        image = black.convert("RGB")
    if image.mode == "L":
        return np.array(image, np.uint8), []
    return _from_colour(np.asarray(image.convert("RGB")))


def _from_colour(pixels: npt.NDArray[np.uint8]) -> tuple[Grey, list[Note]]:
    spread = pixels.max(axis=2).astype(np.int16) - pixels.min(axis=2)
    if not spread.any():
        return np.ascontiguousarray(pixels[..., 0]), []
    # ITU-R BT.601, as JPEG and most programs weigh it
    luminance = pixels.astype(np.float32) @ np.array([0.299, 0.587, 0.114], np.float32)
    grey = np.rint(luminance).astype(np.uint8)
    if spread.mean() <= COLOUR_TRACE:
        return grey, []
    text = "The picture is coloured; its luminance was taken. A grey CT slice without drawings is expected."
    return grey, [Note("warning", "coloured_picture", text)]


def _from_16_bit(path: Path, values: npt.NDArray[Any]) -> tuple[Grey, list[Note]]:
    highest = int(values.max())
    if highest <= 255:
        text = f"A 16-bit picture whose values end at {highest} was taken as an 8-bit one."
        return values.astype(np.uint8), [Note("info", "sixteen_bit_as_eight", text)]
    if highest < 32768:
        raise FormatError(
            f"{path} is a 16-bit picture whose values end at {highest}, which is most likely raw CT numbers "
            "of unknown offset; save it in a lung window (-1350 to 150 HU) with 8 bits, or give the DICOM or "
            "NIfTI study to `groundglass analyze`"
        )
    text = "A 16-bit picture was brought to 8 bits with white at 65535."
    return np.rint(values / 257.0).astype(np.uint8), [Note("info", "sixteen_bit_scaled", text)]
