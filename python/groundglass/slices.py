"""Lesions in single axial slices that come as PNG or JPEG pictures.

:mod:`groundglass.read.pictures` says what becomes of their pixels. A picture carries no scale, so areas are
in pixels. Its lungs are those of the networks' own class; for networks without one there are no percentages
of lung, and none for a picture that does not look like a slice through the lungs.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from groundglass._core import __version__
from groundglass._run import Steps, check_threads
from groundglass.errors import Cancelled
from groundglass.findings.layers import PALETTE
from groundglass.findings.records import NOT_A_DEVICE, ModelRecord
from groundglass.read.kinds import PICTURE_ENDINGS as SUFFIXES
from groundglass.read.pictures import (
    COLOUR_TRACE,
    LARGEST_EDGE,
    SMALLEST_EDGE,
    Slice,
    find_images,
    read_slice,
)
from groundglass.segmentation.chest_slice import chest_slice_notes
from groundglass.segmentation.choice import load_stage, lookup_models, model_record
from groundglass.segmentation.devices import Device, check_device
from groundglass.segmentation.image_lesions import ImageLesions, SliceExtent, with_other_lung
from groundglass.segmentation.presets import Preset, choose
from groundglass.write.outputs import check_output, output_folder

if TYPE_CHECKING:
    from groundglass._core import Note
    from groundglass.segmentation.stages import Ensemble, InfNet

__all__ = [
    "COLOUR_TRACE",
    "LARGEST_EDGE",
    "PALETTE",
    "SCHEMA_VERSION",
    "SMALLEST_EDGE",
    "SUFFIXES",
    "SegmentedSlice",
    "Slice",
    "SliceResults",
    "find_images",
    "read_slice",
    "segment_images",
]

#: of ``segment.json``; raised in its second part when keys are added
SCHEMA_VERSION = "1.2"


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


def segment_images(
    path: str | Path,
    out: str | Path,
    *,
    model: str | Path | Sequence[str | Path] | None = None,
    preset: Preset | None = None,
    views: int | None = None,
    compatible: bool = False,
    device: Device = "auto",
    lungs: bool = False,
    probabilities: bool = False,
    overwrite: bool = False,
    threads: int = 0,
    progress: Steps | None = None,
) -> SliceResults:
    """Segments a picture, or every picture of a folder, and writes the results to the folder `out`.

    For ``NAME.jpg`` that is ``NAME.png``, a palette picture of the same size with the values 0, 1 ground
    glass and 2 consolidation, with `lungs` also 3 other lung, and with `probabilities` ``NAME.npy``, float32
    ``(2, row, column)``: the probability of ground glass and that of consolidation. ``segment.json`` holds
    areas, percentages of the lungs, notes and models. All files appear or none. Lesion is where both
    probabilities add up to one half, of the more probable class.
    `model`, `preset`, `views`, `compatible` and `device` are as in :func:`groundglass.analyze`.
    `threads` is the number of pictures worked on at a time, 0 for one a core.

    Raises :class:`groundglass.FormatError` for a picture that can't be taken (see :func:`read_slice`),
    :class:`groundglass.ModelError` for a model, ValueError for `lungs` of networks that don't tell them,
    :class:`FileExistsError` for an existing `out`, :class:`groundglass.analyze.Cancelled` when told to stop.
    Memory holds as many pictures as there are threads.
    """
    workers = check_threads(threads)
    images, skipped = find_images(path)
    check_output(out, path)
    check_device(device)
    chosen = choose(preset, model, views, compatible=compatible)
    models = lookup_models(chosen.model)
    done: list[SegmentedSlice] = []
    with output_folder(out, overwrite=overwrite) as folder:
        stage = load_stage(
            models,
            threads=1,
            views=chosen.views,
            long_edge=chosen.long_edge,
            compatible=compatible,
            device=device,
        )
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
    doubts = chest_slice_notes(picture.grey)
    return SegmentedSlice(
        source=picture.path.name,
        label_file=f"{stem}.png",
        probability_file=f"{stem}.npy" if probabilities else None,
        height=found.labels.shape[0],
        width=found.labels.shape[1],
        extent=SliceExtent.of(found.labels, None if doubts else found.lungs),
        notes=(*picture.notes, *doubts),
    )
