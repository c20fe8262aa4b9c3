"""Lesions in single axial slices that come as PNG or JPEG pictures.

What becomes of the pixels is fixed, so that the same picture always gives the same answer:

- 8-bit grey is taken as it is. Colour becomes luminance; where the channels differ for more than a trace, a
  note says so. Palettes are resolved first; transparency is laid over black.
- 16-bit grey is taken as PNG means it, white being 65535, when its brightest pixel reaches half of that. One
  whose values all fit in 8 bits is taken as 8-bit. Anything between is most likely raw CT numbers, for which
  no window is known, and refused.
- The pixel grid is that of the file. An EXIF orientation is not applied; a note says so.

A picture carries no scale, so areas are in pixels. Its lungs are those of the networks' own class; for
networks without one there are no percentages of lung.
"""

from __future__ import annotations

import json
import warnings
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from groundglass.errors import FormatError
from groundglass.image_lesions import Grey, ImageLesions, SliceExtent, with_other_lung
from groundglass.overlay import CONSOLIDATION, GROUND_GLASS, LUNGS, require_pillow
from groundglass.result import NOT_A_DEVICE, ModelRecord

if TYPE_CHECKING:
    from PIL.Image import Image

    from groundglass._core import Note
    from groundglass.segmentation import Ensemble, InfNet

    #: Called with the pictures done and the pictures in all; an answer of ``False`` stops the work.
    Progress = Callable[[int, int], "bool | None"]

SUFFIXES = (".png", ".jpg", ".jpeg")

#: Below this a slice holds too little for any network; above it is no CT slice. Detectors give 256 to 2048.
SMALLEST_EDGE = 32
LARGEST_EDGE = 4096

#: Mean difference of colour channels, in grey levels, that JPEG's chroma alone does not make.
COLOUR_TRACE = 4.0

#: red, green, blue of the label values 0, 1, 2 and 3
PALETTE = (0, 0, 0, *GROUND_GLASS, *CONSOLIDATION, *LUNGS)
#: of ``segment.json``; raised in its second part when keys are added
SCHEMA_VERSION = "1.2"


@dataclass(frozen=True, kw_only=True)
class Slice:
    """A picture as grey values: uint8 ``(row, column)``, with what was found on reading."""

    path: Path
    grey: Grey
    notes: Sequence[Note]


@dataclass(frozen=True, kw_only=True)
class SegmentedSlice:
    """What the segmentation wrote for one picture."""

    source: str
    label_file: str
    probability_file: str | None
    height: int
    width: int
    extent: SliceExtent
    notes: Sequence[Note]

    def to_dict(self) -> dict[str, Any]:
        """Plain types for JSON."""
        plain = {name: value for name, value in vars(self).items() if name not in ("extent", "notes")}
        notes = [{"level": str(note.level), "code": note.code, "text": note.text} for note in self.notes]
        return plain | self.extent.to_dict() | {"notes": notes}


@dataclass(frozen=True, kw_only=True)
class SliceResults:
    """All pictures of one run with the models that were used and the files that were passed over."""

    slices: Sequence[SegmentedSlice]
    models: Sequence[ModelRecord]
    skipped: Sequence[str]
    version: str

    def to_dict(self) -> dict[str, Any]:
        """The content of ``segment.json``."""
        return {
            "schema": "groundglass.segment",
            "schema_version": SCHEMA_VERSION,
            "groundglass_version": self.version,
            "disclaimer": NOT_A_DEVICE,
            "models": [vars(model) for model in self.models],
            "skipped": list(self.skipped),
            "slices": [entry.to_dict() for entry in self.slices],
        }


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
        if path.suffix.lower() not in SUFFIXES:
            raise FormatError(
                f"{path} is not a PNG or JPEG by its name; for a DICOM, NIfTI, NRRD or MHA study use "
                "`groundglass analyze`"
            )
        return [path], []
    entries = sorted(entry for entry in path.iterdir() if not entry.name.startswith("."))
    images = [entry for entry in entries if entry.suffix.lower() in SUFFIXES and entry.is_file()]
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
    require_pillow()
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
    from groundglass._core import Note

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
    from groundglass._core import Note

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
    from groundglass._core import Note

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


def segment_images(
    path: str | Path,
    out: str | Path,
    *,
    model: str | Path | Sequence[str | Path] | None = None,
    views: int = 1,
    compatible: bool = False,
    lungs: bool = False,
    probabilities: bool = False,
    overwrite: bool = False,
    threads: int = 0,
    progress: Progress | None = None,
) -> SliceResults:
    """Segments a picture, or every picture of a folder, and writes the results to the folder `out`.

    For ``NAME.jpg`` that is ``NAME.png``, a palette picture of the same size with the values 0, 1 ground
    glass and 2 consolidation, with `lungs` also 3 other lung, and with `probabilities` ``NAME.npy``, float32
    ``(2, row, column)``: the probability of ground glass and that of consolidation. ``segment.json`` holds
    areas, percentages of the lungs, notes and models. All files appear or none. Lesion is where both
    probabilities add up to one half, of the more probable class.
    `model`, `views` and `compatible` are as in :func:`groundglass.analyze`.
    `threads` is the number of pictures worked on at a time, 0 for one a core.

    Raises :class:`groundglass.FormatError` for a picture that can't be taken (see :func:`read_slice`),
    :class:`groundglass.ModelError` for a model, ValueError for `lungs` of networks that don't tell them,
    :class:`FileExistsError` for an existing `out`, :class:`groundglass.analyze.Cancelled` when told to stop.
    Memory holds as many pictures as there are threads.
    """
    from groundglass._core import __version__
    from groundglass.analyze import (
        Cancelled,
        check_output,
        check_threads,
        load_stage,
        lookup_models,
        model_record,
    )
    from groundglass.write import output_folder

    workers = check_threads(threads)
    images, skipped = find_images(path)
    check_output(out, path)
    models = lookup_models(model)
    done: list[SegmentedSlice] = []
    with output_folder(out, overwrite=overwrite) as folder:
        stage = load_stage(models, threads=1, views=views, compatible=compatible)
        if progress is not None:
            progress(0, len(images))
        for picture, found in _in_order(stage, images, workers):
            done.append(_write(folder, picture, found, lungs=lungs, probabilities=probabilities))
            if progress is not None and progress(len(done), len(images)) is False:
                raise Cancelled("stopped; nothing was written")
        results = SliceResults(
            slices=tuple(done),
            models=tuple(model_record(file) for file in models),
            skipped=tuple(skipped),
            version=__version__,
        )
        text = json.dumps(results.to_dict(), indent=2, ensure_ascii=False) + "\n"
        (folder / "segment.json").write_text(text, encoding="utf-8")
    return results


def _in_order(
    stage: Ensemble | InfNet, images: Sequence[Path], workers: int
) -> Iterator[tuple[Slice, ImageLesions]]:
    """Segments `workers` pictures at a time and gives them back in their order.

    No picture is read before there is a worker for it, so memory does not grow with their number.
    """
    waiting: deque[tuple[Slice, Future[ImageLesions]]] = deque()
    with ThreadPoolExecutor(workers) as pool:
        try:
            for path in images:
                picture = read_slice(path)
                waiting.append((picture, pool.submit(stage.find_in_image, picture.grey)))
                if len(waiting) > workers:
                    first, future = waiting.popleft()
                    yield first, future.result()
            while waiting:
                first, future = waiting.popleft()
                yield first, future.result()
        finally:
            for _, future in waiting:
                future.cancel()


def _write(
    folder: Path, picture: Slice, found: ImageLesions, *, lungs: bool, probabilities: bool
) -> SegmentedSlice:
    """The labels as a palette picture, and the probabilities where they are wanted."""
    from PIL import Image

    image = Image.fromarray(with_other_lung(found) if lungs else found.labels)
    image.putpalette(PALETTE)
    stem = picture.path.stem
    image.save(folder / f"{stem}.png", optimize=True)
    if probabilities:
        np.save(folder / f"{stem}.npy", np.ascontiguousarray(found.probabilities, np.float32))
    return SegmentedSlice(
        source=picture.path.name,
        label_file=f"{stem}.png",
        probability_file=f"{stem}.npy" if probabilities else None,
        height=found.labels.shape[0],
        width=found.labels.shape[1],
        extent=SliceExtent.of(found.labels, found.lungs),
        notes=picture.notes,
    )
