"""What a worker does with an upload: the analysis, and the files that the page shows and hands out."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from groundglass._run import teller
from groundglass.analyze import analyze
from groundglass.errors import FormatError, ModelError
from groundglass.findings.layers import LAYERS, hatched, with_lung
from groundglass.findings.records import NOT_A_DEVICE
from groundglass.logs.identifiers import without_identifiers, without_uids
from groundglass.read.pictures import read_slice
from groundglass.result import FILES
from groundglass.segmentation.chest_slice import chest_slice_notes
from groundglass.segmentation.choice import load_stage, lookup_models, model_record
from groundglass.segmentation.devices import Device
from groundglass.segmentation.image_lesions import SliceExtent, with_other_lung
from groundglass.segmentation.presets import choose
from groundglass.web import archives
from groundglass.web.errors import Refused
from groundglass.web.uploads import check_picture
from groundglass.web.worker import Order, Tell
from groundglass.write import OutputError

if TYPE_CHECKING:
    from groundglass.segmentation.stages import Ensemble, InfNet

log = logging.getLogger(__name__)

#: What the page reads of a result; it lies beside the files and is handed out as part of the job.
PAGE = "page.json"

VOLUME, LABELS = "ct.nii.gz", "labels.nii.gz"
#: The labels as the page shows them, hatched where they lie as dependent density does.
SHOWN = "shown.nii.gz"
IMAGES, IMAGE, LABEL_IMAGE = "images", "image.png", "labels.png"

#: What is offered for download of a study: file, and what the page calls it.
DOWNLOADS = {
    "report.html": "report",
    "result.json": "result",
    "regions.csv": "regions",
    "aeration.csv": "aeration",
    "slices.csv": "slices",
    "ct.nii.gz": "ct",
    "lungs.nii.gz": "lungs",
    "lesions.nii.gz": "lesions",
    "labels.nii.gz": "labels",
    "overlay.png": "overlay",
}


def run(order: Order, tell: Tell) -> None:
    """Analyzes an upload and writes what belongs to its result into ``order.folder``.

    Raises :class:`Refused` with what the page shows, :class:`groundglass.errors.Cancelled` where it was told
    to stop.
    """
    stage = "read"

    def listen(name: str, done: int, total: int) -> bool:
        nonlocal stage
        stage = name
        return tell(name, done, total)

    try:
        work = _study if order.kind == "study" else _slices
        content = work(order, teller(listen))
    except OutputError:
        raise
    except FormatError as error:
        raise _refusal(error, stage, order) from error
    except (ModelError, ImportError) as error:
        log.exception("model unusable")
        text = "The server's model can't be used; tell whoever runs this server."
        raise Refused("model_unusable", text) from error
    text = json.dumps(content, ensure_ascii=False, allow_nan=False)
    (order.folder / PAGE).write_text(text, encoding="utf-8")


def _refusal(error: FormatError, stage: str, order: Order) -> Refused:
    if stage == "lungs":
        text = "No lung was found in the study: is it a chest CT in Hounsfield units?"
        return Refused("no_lung", text)
    return Refused("unreadable_study", _plain(error, order))


def _plain(error: FormatError, order: Order) -> str:
    """The library's sentence without the path, the series and the UIDs that it names."""
    text = str(error)
    for folder in (order.upload, order.upload.parent, order.temporary):
        text = re.sub(rf"{re.escape(str(folder))}(/[^\s:;,]*)?", "the upload", text)
    text = without_uids(text.removeprefix("the upload: "), "a series").removeprefix("series a series: ")
    text = without_identifiers(text, error.named)
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "?")) else ".")


def _study(order: Order, tell: Tell) -> dict[str, Any]:
    from groundglass.write import write_nifti

    study = order.upload
    result = analyze(
        study,
        preset=order.preset,
        model=order.model,
        device=order.device,
        threads=order.threads,
        progress=tell,
    )
    tell("write", 0, 3)
    result.write_into(order.folder, extras=("report",))
    tell("write", 1, 3)
    grid = (result.ct.spacing_mm, result.ct.origin_mm, result.ct.direction)
    write_nifti(order.folder / VOLUME, result.ct.hounsfield, *grid)
    tell("write", 2, 3)
    labels = with_lung(result.lesions, result.lungs)
    write_nifti(order.folder / LABELS, labels, *grid)
    write_nifti(order.folder / SHOWN, hatched(labels, result.dependent.layer), *grid)
    tell("write", 3, 3)
    assert set(DOWNLOADS) >= set(FILES)
    return {
        "kind": "study",
        "result": result.to_dict(),
        "shape": [int(size) for size in result.ct.shape],
        "spacing_mm": [float(size) for size in result.ct.spacing_mm],
        "volume": f"files/{VOLUME}",
        "labels": f"files/{SHOWN}",
        "downloads": [{"name": name, "label": label} for name, label in DOWNLOADS.items()],
    }


def _slices(order: Order, tell: Tell) -> dict[str, Any]:
    """One picture, or an archive of them of which damaged ones don't keep the others back."""
    tell("read", 0, 1)
    if order.kind == "slice":
        names, passed_over = [""], 0
        found: Iterable[archives.Picture | Refused] = [archives.Picture("", order.upload)]
    else:
        names, passed_over, found = archives.pictures(
            order.upload, order.temporary, most=order.archive_images
        )
    chosen = choose(order.preset, order.model, None, compatible=False)
    models = lookup_models(chosen.model)
    stage = _stage(tuple(str(file.path) for file in models), chosen.views, chosen.long_edge, order.device)
    tell("read", 1, 1)
    images: list[dict[str, Any]] = []
    failed: list[dict[str, str]] = []
    for done, (name, picture) in enumerate(zip(names, found, strict=True)):
        tell("segmentation", done, len(names))
        try:
            if isinstance(picture, Refused):
                raise picture
            folder = order.folder / IMAGES / str(len(images))
            images.append({"index": len(images), "name": name} | _slice(stage, picture.path, folder))
        except Refused as error:
            if order.kind == "slice":
                raise
            failed.append({"name": name, **error.to_dict()})
    tell("segmentation", len(names), len(names))
    if not images:
        raise Refused("no_images", f"None of the archive's pictures can be used. {failed[0]['text']}")
    return {
        "kind": order.kind,
        "skipped": passed_over,
        "images": images,
        "failed": failed,
        "models": [vars(model_record(file)) for file in models],
        "disclaimer": NOT_A_DEVICE,
    }


def _slice(stage: Ensemble | InfNet, path: Path, folder: Path) -> dict[str, Any]:
    """Segments a picture, writes it with its labels into `folder`, and gives what the page shows."""
    from PIL import Image

    check_picture(path)
    try:
        picture = read_slice(path)
    except FormatError as error:
        text = str(error).replace(str(path), "The picture")
        raise Refused("unusable_picture", text + ("" if text.endswith(".") else ".")) from error
    found = stage.find_in_image(picture.grey)
    doubts = chest_slice_notes(picture.grey)
    extent = SliceExtent.of(found.labels, None if doubts else found.lungs)
    labels = found.labels if found.lungs is None else with_other_lung(found)
    folder.mkdir(parents=True)
    for name, pixels in ((IMAGE, picture.grey), (LABEL_IMAGE, labels)):
        Image.fromarray(pixels).save(folder / name, compress_level=4)
    height, width = labels.shape
    derived = ("ground_glass_percent", "consolidation_percent", "opacity_percent", "ct_grade")
    lung = None if extent.lung_pixels is None else 100 * extent.lung_pixels / labels.size
    return {
        "width": width,
        "height": height,
        **{name: getattr(extent, name) for name in derived},
        "lung_percent": lung,
        "marked": [layer.name for layer in LAYERS if (labels == layer.label).any()],
        "notes": [{"level": str(n.level), "code": n.code, "text": n.text} for n in (*picture.notes, *doubts)],
        "image": f"{IMAGES}/{folder.name}/{IMAGE}",
        "labels": f"{IMAGES}/{folder.name}/{LABEL_IMAGE}",
    }


@lru_cache(maxsize=1)
def _stage(models: tuple[str, ...], views: int, long_edge: int, device: Device) -> Ensemble | InfNet:
    """The stage for these files, loaded once a worker."""
    return load_stage(lookup_models(models), threads=1, views=views, long_edge=long_edge, device=device)
