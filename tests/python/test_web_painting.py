"""Painted pictures: the layers asked for, in the colours asked for, and texts beside them."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

pytest.importorskip("starlette")
from PIL import Image

from groundglass.overlay import windowed
from groundglass.web import painting
from groundglass.web.analysis import PAGE, SHOWN, VOLUME
from groundglass.web.errors import Refused
from groundglass.web.painting import Paint
from groundglass.write import write_nifti

GREY = np.array([[10, 10, 10, 10], [200, 200, 200, 200]], np.uint8)
VALUES = np.array([[0, 1, 2, 3], [0, 1, 2, 3]], np.uint8)
YELLOW, RED, BLUE = (255, 212, 0), (255, 59, 48), (94, 200, 255)
ALL = {"ground_glass": "FFD400", "consolidation": "FF3B30", "lung": "#5ec8ff"}


def pixels(content: bytes) -> npt.NDArray[np.uint8]:
    return np.asarray(Image.open(io.BytesIO(content)))


def test_layers_are_painted_where_they_are() -> None:
    found = Paint.from_query(ALL)(GREY, VALUES)
    assert [tuple(pixel) for pixel in found[0]] == [(10, 10, 10), YELLOW, RED, BLUE]
    assert [tuple(pixel) for pixel in found[1]] == [(200, 200, 200), YELLOW, RED, BLUE]


def test_layers_not_named_are_not_painted() -> None:
    found = Paint.from_query({"consolidation": "FF3B30"})(GREY, VALUES)
    assert [tuple(pixel) for pixel in found[0]] == [(10,) * 3, (10,) * 3, RED, (10,) * 3]
    assert np.array_equal(Paint.from_query({})(GREY, VALUES), np.repeat(GREY[..., None], 3, axis=2))


def test_opacity_is_for_all_or_for_one() -> None:
    found = Paint.from_query(ALL | {"opacity": "0.5", "lung_opacity": "0"})(GREY, VALUES)
    assert tuple(found[1, 1]) == (228, 206, 100)
    assert tuple(found[1, 3]) == (200, 200, 200)


def test_the_mask_alone_is_on_black() -> None:
    found = Paint.from_query({"ground_glass": "FFD400", "mask_only": "1"})(GREY, VALUES)
    assert [tuple(pixel) for pixel in found[1]] == [(0,) * 3, YELLOW, (0,) * 3, (0,) * 3]


@pytest.mark.parametrize(
    "query",
    [{"lung": "blue"}, {"lung": "12345"}, {"lung": ""}, {"lung": "FFFFFF", "opacity": "2"}]
    + [{"lung": "FFFFFF", name: "nan"} for name in ("opacity", "lung_opacity")],
)
def test_other_options_are_refused(query: dict[str, str]) -> None:
    with pytest.raises(Refused) as refusal:
        Paint.from_query(query)
    assert (refusal.value.code, refusal.value.status) == ("bad_option", 400)
    with pytest.raises(Refused):
        painting.language("de")


def image(index: int, name: str, **facts: Any) -> dict[str, Any]:
    figures = {"opacity_percent": 66.5, "ground_glass_percent": 33.25, "consolidation_percent": 33.25}
    return {"index": index, "name": name, "ct_grade": "CT-3"} | figures | facts


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """A result of three pictures of different sizes, two of which have the same stem."""
    names = ("a/1.png", "a/1.jpg", "b.png")
    for index in range(3):
        folder = tmp_path / "images" / str(index)
        folder.mkdir(parents=True)
        for name, array in (("image.png", GREY), ("labels.png", VALUES)):
            Image.fromarray(np.repeat(array, index + 1, axis=0)).save(folder / name)
    nothing = dict.fromkeys(("opacity_percent", "ground_glass_percent", "consolidation_percent", "ct_grade"))
    images = [image(i, name) for i, name in enumerate(names)]
    images[2] |= nothing
    (tmp_path / PAGE).write_text(json.dumps({"kind": "archive", "images": images}))
    return tmp_path


@pytest.fixture
def study(tmp_path: Path) -> tuple[Path, npt.NDArray[np.int16]]:
    """A result of three slices, the first without lung."""
    hounsfield = np.random.default_rng(0).integers(-1400, 400, (3, 2, 4)).astype(np.int16)
    labels = np.stack([np.zeros_like(VALUES), VALUES, VALUES[::-1, ::-1]])
    write_nifti(tmp_path / VOLUME, hounsfield, (1, 1, 1))
    write_nifti(tmp_path / SHOWN, labels, (1, 1, 1))
    names = ("lung_ml", "ground_glass_ml", "consolidation_ml", "opacity_percent")
    rows = [(0, 0, 0, None), (4, 1, 2, 75.0), (4, 1, 1, 50.0)]
    slices = [{"slice": i} | dict(zip(names, row, strict=True)) for i, row in enumerate(rows)]
    result = {"slices": slices, "severity": {"ct_grade_extent": "CT-2"}}
    (tmp_path / PAGE).write_text(json.dumps({"kind": "study", "shape": [3, 2, 4], "result": result}))
    return tmp_path, hounsfield


def test_a_picture_of_an_archive_is_painted(archive: Path) -> None:
    found = pixels(painting.painted(archive, 1, Paint.from_query(ALL)))
    assert found.shape == (4, 4, 3)
    assert tuple(found[0, 1]) == YELLOW
    for index in (3, 10**6):
        with pytest.raises(Refused, match="no such result"):
            painting.painted(archive, index, Paint.from_query(ALL))


def test_a_slice_of_a_study_is_painted_in_the_lung_window(
    study: tuple[Path, npt.NDArray[np.int16]],
) -> None:
    folder, hounsfield = study
    found = pixels(painting.painted(folder, 2, Paint.from_query({"lung": "5EC8FF"})))
    expected = np.repeat(windowed(hounsfield[2])[..., None], 3, axis=2)
    expected[:, 0] = BLUE  # the labels of this slice run from 3 to 0
    assert np.array_equal(found, expected)
    with pytest.raises(Refused):
        painting.painted(folder, 3, Paint.from_query({}))


def unzipped(pieces: Any) -> dict[str, bytes]:
    content = b"".join(pieces)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def test_a_zip_holds_every_picture_with_its_text(archive: Path) -> None:
    paint = Paint.from_query({"ground_glass": "FFD400"})
    found = unzipped(painting.painted_zip(archive, "all.zip", paint, "en"))
    stems = ("a/1", "a/1-2", "b")
    assert list(found) == [f"{stem}{ending}" for stem in stems for ending in (".png", ".txt")]
    assert np.array_equal(pixels(found["b.png"]), pixels(painting.painted(archive, 2, paint)))
    text = found["a/1.txt"].decode()
    for words in (
        "66.50",
        "Ground glass, %: 33.25 (painted in #FFD400)",
        "not painted",
        "CT-3",
        "medical device",
    ):
        assert words in text
    assert "no answer" in found["b.txt"].decode()
    russian = unzipped(painting.painted_zip(archive, "all.zip", paint, "ru"))["a/1.txt"].decode()
    assert "«Матовое стекло», %: 33,25 (цвет #FFD400)" in russian
    assert "только этот срез: КТ-3" in russian
    assert "Не медицинское изделие" in russian


def test_a_studys_zip_holds_its_slices_with_lung(study: tuple[Path, npt.NDArray[np.int16]]) -> None:
    folder, _ = study
    paint = Paint.from_query(ALL)
    found = unzipped(painting.painted_zip(folder, "ct.zip", paint, "en"))
    assert list(found) == [f"slice-{i:04d}{ending}" for i in (1, 2) for ending in (".png", ".txt")]
    assert np.array_equal(pixels(found["slice-0001.png"]), pixels(painting.painted(folder, 1, paint)))
    text = found["slice-0001.txt"].decode()
    for words in ("75.00", "25.00", "50.00", "whole study: CT-2\n"):
        assert words in text


def test_a_studys_grade_comes_with_its_probability(study: tuple[Path, npt.NDArray[np.int16]]) -> None:
    folder, _ = study
    page = json.loads((folder / PAGE).read_text())
    page["result"]["severity"]["probability"] = {"ct_grade_extent": [0.0, 0.1, 0.84, 0.06, 0.0]}
    (folder / PAGE).write_text(json.dumps(page))
    for language, words in (("en", "CT-2 (probability 84%)"), ("ru", "КТ-2 (вероятность 84%)")):
        found = unzipped(painting.painted_zip(folder, "ct.zip", Paint.from_query(ALL), language))
        assert words in found["slice-0001.txt"].decode()


def test_a_single_pictures_zip_takes_the_uploads_name(archive: Path) -> None:
    (archive / PAGE).write_text(json.dumps({"kind": "slice", "images": [image(0, "")]}))
    found = unzipped(painting.painted_zip(archive, "срез 1.png", Paint.from_query(ALL), "en"))
    assert list(found) == ["срез 1.png", "срез 1.txt"]


def test_stripes_are_ground_glass_without_a_colour_of_their_own() -> None:
    grey, labels = np.full((1, 3), 90, np.uint8), np.array([[4, 1, 0]], np.uint8)
    yellow, black = (255, 212, 0), (0, 0, 0)
    painted = Paint({"ground_glass": (yellow, 1.0)})(grey, labels)
    assert painted.tolist() == [[list(yellow), list(yellow), [90, 90, 90]]]
    striped = Paint({"ground_glass": (yellow, 1.0), "dependent": (black, 1.0)})(grey, labels)
    assert striped.tolist() == [[list(black), list(yellow), [90, 90, 90]]]
    assert Paint.from_query({"dependent": "000000"}).layers == {"dependent": (black, 1.0)}
