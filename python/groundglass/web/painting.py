"""Pictures with their layers painted in, one as PNG or all as a zip with a text each."""

from __future__ import annotations

import gzip
import io
import json
import re
import zipfile
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from groundglass.findings.layers import CONSOLIDATION, DEPENDENT, GROUND_GLASS, LUNG
from groundglass.findings.records import NOT_A_DEVICE
from groundglass.overlay import windowed
from groundglass.web.analysis import IMAGE, IMAGES, LABEL_IMAGE, PAGE, SHOWN, VOLUME
from groundglass.web.errors import Refused, not_found

Language = Literal["en", "ru"]
Pixels = npt.NDArray[np.uint8]

#: Layers in the order they are painted, with their value in the labels.
LAYERS = {layer.name: layer.label for layer in (LUNG, GROUND_GLASS, CONSOLIDATION)}

#: Bytes before the voxels in the NIfTI files that :func:`groundglass.write.write_nifti` makes.
_HEADER = 352


@dataclass(frozen=True)
class Paint:
    """What is painted: for each layer wanted its colour, as (red, green, blue), and its opacity from 0 to 1,
    and whether on black instead of on the picture."""

    layers: Mapping[str, tuple[tuple[int, int, int], float]]
    mask_only: bool = False

    @classmethod
    def from_query(cls, query: Mapping[str, str]) -> Paint:
        """Reads ``ground_glass=FFD400&opacity=0.5&mask_only=1`` and the like; raises :class:`Refused`.

        ``ground_glass_opacity`` goes before ``opacity`` for this one layer.
        """
        every = query.get("opacity", "1")
        layers = {
            name: (_colour(name, query[name]), _share(query.get(f"{name}_opacity", every)))
            for name in (*LAYERS, DEPENDENT.name)
            if name in query
        }
        return cls(layers, query.get("mask_only", "0") == "1")

    def __call__(self, grey: Pixels, labels: Pixels) -> Pixels:
        """uint8 (row, column) twice -> uint8 (row, column, 3)."""
        picture = np.repeat((np.zeros_like(grey) if self.mask_only else grey)[..., None], 3, axis=2)
        # Stripes without a colour of their own are ground glass.
        stripes = DEPENDENT.name if DEPENDENT.name in self.layers else GROUND_GLASS.name
        for name, label in (*LAYERS.items(), (stripes, DEPENDENT.label)):
            if name in self.layers:
                colour, opacity = self.layers[name]
                inside = labels == label
                mixed = (1 - opacity) * picture[inside] + opacity * np.array(colour, np.float32)
                picture[inside] = np.rint(mixed).astype(np.uint8)
        return picture


def _colour(name: str, text: str) -> tuple[int, int, int]:
    if not re.fullmatch(r"#?[0-9A-Fa-f]{6}", text):
        raise Refused("bad_option", f"{name} must be a colour of six hexadecimal digits, as in FFD400.", 400)
    red, green, blue = bytes.fromhex(text.removeprefix("#"))
    return red, green, blue


def _share(text: str) -> float:
    try:
        opacity = float(text)
    except ValueError:
        opacity = -1.0
    if not 0 <= opacity <= 1:
        raise Refused("bad_option", "An opacity must be a number from 0 to 1.", 400)
    return opacity


def png(pixels: Pixels) -> bytes:
    """The picture as a PNG file."""
    from PIL import Image

    target = io.BytesIO()
    Image.fromarray(pixels).save(target, "PNG", compress_level=4)
    return target.getvalue()


def page_of(folder: Path) -> dict[str, Any]:
    """What the analysis wrote for the page."""
    content: dict[str, Any] = json.loads((folder / PAGE).read_text(encoding="utf-8"))
    return content


def painted(folder: Path, index: int, paint: Paint) -> bytes:
    """The PNG of picture or slice `index` of a result."""
    page = page_of(folder)
    count = page["shape"][0] if page["kind"] == "study" else len(page["images"])
    if not 0 <= index < count:
        raise not_found()
    if page["kind"] == "study":
        return png(paint(*next(_study_slices(folder, page["shape"], [index]))))
    return png(paint(*_image(folder, index)))


def _image(folder: Path, index: int) -> tuple[Pixels, Pixels]:
    from PIL import Image

    files = (folder / IMAGES / str(index) / name for name in (IMAGE, LABEL_IMAGE))
    grey, labels = (np.asarray(Image.open(file)) for file in files)
    return grey, labels


def _study_slices(
    folder: Path, shape: tuple[int, int, int], wanted: list[int]
) -> Iterator[tuple[Pixels, Pixels]]:
    """Grey values in the lung window and labels of some slices, in ascending order, in one pass."""
    _, rows, columns = shape
    size = rows * columns
    with gzip.open(folder / VOLUME) as volume, gzip.open(folder / SHOWN) as labels:
        for index in wanted:
            volume.seek(_HEADER + 2 * size * index)
            labels.seek(_HEADER + size * index)
            hounsfield = np.frombuffer(volume.read(2 * size), "<i2").astype(np.int16).reshape(rows, columns)
            yield windowed(hounsfield), np.frombuffer(labels.read(size), np.uint8).reshape(rows, columns)


def painted_zip(folder: Path, name: str, paint: Paint, language: Language) -> Generator[bytes, None, None]:
    """A zip of all pictures, or all slices with lung, each as PNG with a text; in pieces as it is made.

    `name` stands for a single picture, which has none in its result. Memory holds one picture.
    """
    return _zipped(folder, page_of(folder), name, paint, language)


def _zipped(
    folder: Path, page: Mapping[str, Any], name: str, paint: Paint, language: Language
) -> Generator[bytes, None, None]:
    stream = _Pieces()
    used: set[str] = set()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:
        for stem, pixels, facts in _all(folder, page, name):
            stem = _unused(stem, used)
            archive.writestr(f"{stem}.png", png(paint(*pixels)))
            archive.writestr(f"{stem}.txt", _text(facts, paint, page, language).encode())
            yield stream.take()
    yield stream.take()


def _all(
    folder: Path, page: Mapping[str, Any], name: str
) -> Iterator[tuple[str, tuple[Pixels, Pixels], dict[str, Any]]]:
    """Name, pixels and figures of every picture, or of every slice with lung from feet to head."""
    if page["kind"] != "study":
        for image in page["images"]:
            yield _stem(image["name"] or name), _image(folder, image["index"]), image
        return
    rows = [row for row in page["result"]["slices"] if row["lung_ml"] > 0]
    slices = _study_slices(folder, page["shape"], [row["slice"] for row in rows])
    grade = _grade(page["result"]["severity"])
    for row, pixels in zip(rows, slices, strict=True):
        shares = {
            f"{kind}_percent": 100 * row[f"{kind}_ml"] / row["lung_ml"]
            for kind in ("ground_glass", "consolidation")
        }
        facts = row | shares | grade
        yield f"slice-{row['slice']:04d}", pixels, facts


def _grade(severity: Mapping[str, Any]) -> dict[str, Any]:
    """A study's grade by extent, with its probability where the models are calibrated."""
    grade = severity["ct_grade_extent"]
    if "probability" not in severity:
        return {"ct_grade": grade}
    return {"ct_grade": grade, "probability": severity["probability"]["ct_grade_extent"][int(grade[-1])]}


def _stem(name: str) -> str:
    """An archive's name of a picture without its ending, folders kept; safe by the check on upload."""
    path = PurePosixPath(name)
    return str(path.with_suffix(""))


def _unused(stem: str, used: set[str]) -> str:
    """The name itself, or with a number where a picture of another ending has taken it."""
    number, found = 2, stem
    while found.casefold() in used:
        found = f"{stem}-{number}"
        number += 1
    used.add(found.casefold())
    return found


def language(text: str) -> Language:
    """One of the languages that texts are written in; raises :class:`Refused` for another."""
    known: dict[str, Language] = {"en": "en", "ru": "ru"}
    if text not in known:
        raise Refused("bad_option", "lang must be en or ru.", 400)
    return known[text]


_WORDS = {
    "en": {
        "opacity": "Opacity, % of the lung area",
        "ground_glass": "Ground glass, %",
        "consolidation": "Consolidation, %",
        "lung": "Other lung",
        "grade": "Grade by extent, this slice alone",
        "grade_study": "Grade by extent, whole study",
        "probability": "probability",
        "colour": "painted in",
        "unpainted": "not painted",
        "none": "no answer",
        "disclaimer": NOT_A_DEVICE,
    },
    "ru": {
        "opacity": "Поражение, % площади лёгких",
        "ground_glass": "«Матовое стекло», %",
        "consolidation": "Консолидация, %",
        "lung": "Остальное лёгкое",
        "grade": "Степень по объёму поражения, только этот срез",
        "grade_study": "Степень по объёму поражения, всё исследование",
        "probability": "вероятность",
        "colour": "цвет",
        "unpainted": "не закрашено",
        "none": "нет ответа",
        "disclaimer": "Не медицинское изделие: для исследований, не для диагностики и лечения.",
    },
}


def _text(facts: Mapping[str, Any], paint: Paint, page: Mapping[str, Any], language: Language) -> str:
    """What stands beside a picture: its percentages, the grade, what the colours mean."""
    words = _WORDS[language]

    def number(key: str) -> str:
        value = facts[key]
        return words["none"] if value is None else _localised(f"{value:.2f}", language)

    def colour(layer: str) -> str:
        if layer not in paint.layers:
            return words["unpainted"]
        return f"{words['colour']} #{bytes(paint.layers[layer][0]).hex().upper()}"

    probability = f" ({words['probability']} {facts['probability']:.0%})" if "probability" in facts else ""
    whose = words["grade_study" if page["kind"] == "study" else "grade"]
    grade = _localised(facts["ct_grade"], language) if facts["ct_grade"] else words["none"]
    return "\n".join(
        (
            f"{words['opacity']}: {number('opacity_percent')}",
            *(
                f"{words[n]}: {number(f'{n}_percent')} ({colour(n)})"
                for n in ("ground_glass", "consolidation")
            ),
            f"{words['lung']}: {colour('lung')}",
            f"{whose}: {grade}{probability}",
            words["disclaimer"],
            "",
        )
    )


def _localised(text: str, language: Language) -> str:
    """A number or a grade as it is written in the language."""
    return text.replace(".", ",").replace("CT", "КТ") if language == "ru" else text


class _Pieces(io.RawIOBase):
    """A file that only grows; what was written is taken away piece by piece."""

    def __init__(self) -> None:
        super().__init__()
        self._written = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: Any, /) -> int:
        self._written += data
        return len(data)

    def take(self) -> bytes:
        """What was written since the last time."""
        piece = bytes(self._written)
        self._written.clear()
        return piece
