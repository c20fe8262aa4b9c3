"""The pictures of a comparison: a slice of the baseline, the slice of the follow-up that holds the same lung,
and the change map over the first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from groundglass import overlay
from groundglass._core import CtVolume
from groundglass.compare.change_map import ChangeMap
from groundglass.compare.moment import Moment
from groundglass.findings.changes import CHANGES
from groundglass.findings.layers import Color
from groundglass.report.pictures import jpeg

if TYPE_CHECKING:
    from groundglass.compare.changes import Changes

#: Told apart by the colour-blind (Okabe and Ito 2008) and by their names beside the map.
COLORS: dict[str, Color] = {
    "new": (213, 94, 0),
    "resolved": (0, 158, 115),
    "persistent": (240, 228, 66),
    "denser": (204, 121, 167),
    "lighter": (86, 180, 233),
}
ROWS = 5
WIDTH = 480
#: Of the change's colour over the CT.
TINT = 0.55
#: Greys of a mask without a CT, in HU.
_BODY_HU, _LUNG_HU = 0, -850


@dataclass(frozen=True)
class Pair:
    """Two slices of one height: `level` from 0 at the bases to 1 at the apices, their numbers, and pictures
    as data URIs; `change` is None without a map."""

    level: float
    slices: tuple[int, int]
    shares: tuple[float, float]
    uris: tuple[str, str]
    change: str | None
    size: tuple[int, int]


def pairs(found: Changes, time: int = 1) -> list[Pair]:
    """Up to :data:`ROWS` pairs from head to feet, among them the one whose opacity changes most.

    Slices are matched by where the lung of the first lies in the second, in the middle, where there is a map;
    else by their height between the lowest and the highest slice with lung. Another breath and another place
    in the scanner don't matter.
    """
    overlay.require_pillow()
    moments = (found.moments[0], found.moments[time])
    volumes = [_ct(moment) for moment in moments]
    spans = [_span(moment.scan.lungs) for moment in moments]
    crops = [overlay.lung_crop(m.scan.lungs, m.scan.spacing_mm) for m in moments]
    made = found.maps[time - 1]
    labels = None if made is None else made.labels
    result = []
    for level in _levels(moments, spans):
        places = [_at(level, span) for span in spans]
        if made is not None and labels is not None:
            places[1] = _followed(made, moments, places[0], places[1])
        tiles = [
            overlay.tile(ct, m.scan.lungs[k], m.scan.lesions[k], k, crop, width=WIDTH)
            for ct, m, k, crop in zip(volumes, moments, places, crops, strict=True)
        ]
        change = None if labels is None else _painted(volumes[0], labels[places[0]], places[0], crops[0])
        result.append(
            Pair(
                level=level,
                slices=(places[0], places[1]),
                shares=(_share(moments[0], places[0]), _share(moments[1], places[1])),
                uris=(jpeg(tiles[0]), jpeg(tiles[1])),
                change=change,
                size=(tiles[0].width, tiles[0].height),
            )
        )
    return result


def _ct(moment: Moment) -> CtVolume:
    """The CT; of a result folder the lungs as a grey shape."""
    scan = moment.scan
    grey = scan.hounsfield
    if not moment.has_ct:
        grey = np.where(scan.lungs > 0, _LUNG_HU, _BODY_HU).astype(np.int16)
    return CtVolume(grey, spacing_mm=scan.spacing_mm, origin_mm=scan.origin_mm, direction=scan.direction)


def _span(lungs: npt.NDArray[np.uint8]) -> tuple[int, int]:
    held = np.flatnonzero(lungs.any(axis=(1, 2)))
    return (int(held[0]), int(held[-1])) if len(held) else (0, len(lungs) - 1)


def _at(level: float, span: tuple[int, int]) -> int:
    return round(span[0] + level * (span[1] - span[0]))


def _followed(made: ChangeMap, moments: Sequence[Moment], place: int, otherwise: int) -> int:
    """The follow-up's slice in which most of the lung of a baseline's slice lies."""
    first, second = (moment.scan for moment in moments)
    rows, columns = np.nonzero(first.lungs[place])
    if not len(rows):
        return otherwise
    some = np.linspace(0, len(rows) - 1, min(len(rows), 60)).astype(int)
    places = np.stack([np.full(len(some), place), rows[some], columns[some]])
    steps = np.asarray(first.spacing_mm)[:, None] * np.asarray(first.direction)
    moved = made.registration.moved(np.asarray(first.origin_mm) + places.T @ steps)
    axis = np.asarray(second.direction[0])
    heights = (moved - np.asarray(second.origin_mm)) @ axis / float(second.spacing_mm[0])
    return int(np.clip(round(float(np.median(heights))), 0, len(second.lungs) - 1))


def _levels(moments: Sequence[Moment], spans: Sequence[tuple[int, int]]) -> list[float]:
    """Heights from head to feet, evenly, the one with most change in place of its nearest."""
    levels = [(place + 0.5) / ROWS for place in reversed(range(ROWS))]
    fine = np.linspace(0.02, 0.98, 97)
    shares = [
        np.array([_opacity_ml_per_mm(m, _at(level, span)) for level in fine])
        for m, span in zip(moments, spans, strict=True)
    ]
    change = np.abs(shares[1] - shares[0])
    if not change.max() > 0:
        return levels
    most = float(fine[int(change.argmax())])
    nearest = min(range(ROWS), key=lambda place: abs(levels[place] - most))
    levels[nearest] = most
    return levels


def _opacity_ml_per_mm(moment: Moment, place: int) -> float:
    _, row, column = (float(step) for step in moment.scan.spacing_mm)
    return float(np.count_nonzero(moment.scan.lesions[place])) * row * column / 1000


def _share(moment: Moment, place: int) -> float:
    lung = int(np.count_nonzero(moment.scan.lungs[place]))
    inside = np.count_nonzero((moment.scan.lesions[place] > 0) & (moment.scan.lungs[place] > 0))
    return 100 * float(inside) / lung if lung else float("nan")


def _painted(ct: CtVolume, labels: npt.NDArray[np.uint8], place: int, crop: overlay.Crop) -> str:
    """A slice of the map over the CT."""
    from PIL import Image

    nothing = np.zeros(labels.shape, np.uint8)
    bare: Any = overlay.tile(ct, nothing, nothing, place, crop, width=WIDTH)
    cut = labels[crop.top : crop.bottom, crop.left : crop.right]
    shown = np.asarray(Image.fromarray(cut).resize(bare.size, Image.Resampling.NEAREST))
    picture = np.asarray(bare, np.float32).copy()
    for label, name in enumerate(CHANGES, 1):
        mask = shown == label
        picture[mask] = (1 - TINT) * picture[mask] + TINT * np.array(COLORS[name], np.float32)
    return jpeg(Image.fromarray(np.rint(picture).astype(np.uint8)))
