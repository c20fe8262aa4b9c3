"""Pictures that are a slice through the lungs, and those that are not."""

from __future__ import annotations

import importlib
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

pytest.importorskip("torch")
Image = pytest.importorskip("PIL.Image")
ImageDraw = pytest.importorskip("PIL.ImageDraw")

from groundglass.segmentation import chest_slice_probability  # noqa: E402
from groundglass.segmentation.chest_slice import chest_slice_notes  # noqa: E402
from groundglass.segmentation.stages import LEAST_CHEST_SLICE_PROBABILITY as LEAST  # noqa: E402
from groundglass.slices import segment_images  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
TABLE = ROOT / "src" / "segmentation" / "chest_slice_table.hpp"
LABELLED = ROOT.parent / "shared" / "data" / "covid-semiseg" / "labelled" / "images"


def page() -> np.ndarray:
    """Lines of text, as of a screenshot."""
    image = Image.new("L", (640, 480), 245)
    draw = ImageDraw.Draw(image)
    for row in range(24):
        draw.text((20, 18 * row + 8), "Opacity takes up part of the lungs of this patient." * 2, fill=30)
    return np.asarray(image)


def chart() -> np.ndarray:
    """Bars over an axis."""
    image = Image.new("L", (400, 300), 255)
    draw = ImageDraw.Draw(image)
    for place, height in enumerate((40, 90, 160, 200, 120, 60)):
        draw.rectangle([50 + 55 * place, 260 - height, 85 + 55 * place, 260], fill=60 + 25 * place)
    draw.line([30, 260, 390, 260], fill=0, width=2)
    draw.line([30, 20, 30, 260], fill=0, width=2)
    return np.asarray(image)


@pytest.mark.parametrize("seed", range(3))
def test_noise_is_no_slice(seed: int) -> None:
    grey = np.random.default_rng(seed).integers(0, 256, (300, 300), np.uint8)
    assert chest_slice_probability(grey) < LEAST
    (note,) = chest_slice_notes(grey)
    assert (str(note.level), note.code) == ("warning", "not_a_chest_slice")


@pytest.mark.parametrize("made", [page, chart])
def test_a_page_and_a_chart_are_no_slice(made: object) -> None:
    assert callable(made)
    assert chest_slice_probability(made()) < LEAST


def test_wrong_values_are_named() -> None:
    with pytest.raises(ValueError, match="found 3 dimensions"):
        chest_slice_probability(np.zeros((4, 4, 3), np.uint8))
    with pytest.raises(ValueError, match="0 values for a picture of 0 x 4"):
        chest_slice_probability(np.zeros((0, 4), np.uint8))
    with pytest.raises(TypeError):
        chest_slice_probability(np.zeros((4, 4)))  # type: ignore[arg-type]


def labelled() -> list[np.ndarray]:
    if not LABELLED.is_dir():
        pytest.skip("no shared/data/covid-semiseg beside the repository")
    slices = []
    for path in sorted(LABELLED.iterdir()):
        with Image.open(path) as image:
            slices.append(np.asarray(image.convert("L")))
    return slices


def missed(pictures: list[np.ndarray]) -> float:
    return float(np.mean([chest_slice_probability(np.ascontiguousarray(p)) < LEAST for p in pictures]))


def test_slices_pass_by_any_contrast_turn_and_colour() -> None:
    slices = labelled()
    assert missed(slices) <= 0.02
    tones = [(1.5, 0.1), (0.7, 0.0), (1.0, 0.15), (1.0, -0.15)]
    toned = [
        (np.clip((s / 255 - 0.5) * gain + 0.5 + shift, 0, 1) * 255).astype(np.uint8)
        for s in slices
        for gain, shift in tones
    ]
    assert missed(toned) <= 0.02
    assert missed([np.rot90(s) for s in slices]) <= 0.02
    colours = pytest.importorskip("matplotlib").colormaps
    tables = [
        np.asarray(
            Image.fromarray((colours[name](np.arange(256))[None, :, :3] * 255).astype(np.uint8)).convert("L")
        )[0]
        for name in ("viridis", "inferno", "pink")
    ]
    assert missed([table[s] for s in slices for table in tables]) <= 0.02


def test_parts_of_slices_pass() -> None:
    parts = [
        s[int(h * top) : int(h * bottom), int(w * left) : int(w * right)]
        for s in labelled()
        for h, w in [s.shape]
        for top, bottom, left, right in ((0.08, 0.92, 0.08, 0.92), (0.1, 1, 0, 0.95), (0, 0.88, 0.05, 1))
    ]
    assert missed(parts) <= 0.03


@pytest.fixture(scope="module")
def tool() -> Iterator[ModuleType]:
    pytest.importorskip("nibabel")
    pytest.importorskip("matplotlib")
    sys.path.insert(0, str(ROOT / "tools"))
    try:
        yield importlib.import_module("chest_slices")
    finally:
        sys.path.remove(str(ROOT / "tools"))
        for name in ("chest_slices", "slice_pictures", "table_text"):
            sys.modules.pop(name, None)


def test_the_table_gives_what_the_tool_measured(tool: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    text = TABLE.read_text()
    zero, left_out = (re.search(p, text)[1] for p in (r"zero = (\d+)", r"left_out = '(.)'"))  # type: ignore[index]
    characters = np.frombuffer(
        text.split('R"~(')[1].split(')~"')[0].replace("\n", "").encode(), np.uint8
    ).astype(int)
    numbers = characters - int(zero) - (characters > ord(left_out))
    steps, biases = (
        np.array([float(v) for v in re.findall(r"([-+.\de]+)F", text.split(f"{name}{{")[1].split("}")[0])])
        for name in ("steps", "biases")
    )
    shapes = [(o, i, 3, 3) for i, o in zip((1, *tool.WIDTHS[:-1]), tool.WIDTHS, strict=True)]
    layers, unit, at = [], 0, 0
    for shape in [*shapes, (1, 17 * tool.WIDTHS[-1])]:
        count = int(np.prod(shape))
        part = slice(unit, unit + shape[0])
        layers.append((numbers[at : at + count].reshape(shape), steps[part], biases[part]))
        unit, at = part.stop, at + count
    assert at == len(numbers)
    assert unit == len(steps) == len(biases)
    monkeypatch.setattr(tool, "units", lambda _: layers)
    rng = np.random.default_rng(0)
    pictures = [page(), chart(), *(rng.integers(0, 256, shape, np.uint8) for shape in ((40, 50), (64, 64)))]
    expected = tool.probabilities(None, pictures)
    assert np.allclose([chest_slice_probability(p) for p in pictures], expected, atol=1e-4)


def test_nothing_is_measured_in_what_is_no_slice(tmp_path: Path) -> None:
    Image.fromarray(page()).save(tmp_path / "page.png")
    results = segment_images(tmp_path / "page.png", tmp_path / "out", lungs=True)
    (entry,) = results.slices
    assert [n.code for n in entry.notes] == ["not_a_chest_slice"]
    stored = json.loads((tmp_path / "out" / "segment.json").read_text())["slices"][0]
    assert stored["opacity_percent"] is None
    assert stored["ct_grade"] is None
    assert (tmp_path / "out" / "page.png").is_file()
