"""The one list of layers: who draws has its values, names and colours."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from groundglass import overlay
from groundglass.findings.layers import DEPENDENT, LAYERS, LESIONS, NAMES, PALETTE, WINDOWS, with_lung

ROOT = Path(__file__).parents[2]


def page_source(name: str) -> str:
    """A source of the page, which has no Python to ask."""
    folders = (ROOT / "python" / "frontend", ROOT / "python" / "groundglass" / "web" / "frontend")
    path = next((folder / "src" / name for folder in folders if (folder / "src" / name).is_file()), None)
    if path is None:
        pytest.skip("the page's sources are not here")
    return path.read_text(encoding="utf-8")


def test_values_are_places_in_the_palette() -> None:
    assert [layer.label for layer in LAYERS] == [1, 2, 3]
    assert PALETTE[:3] == (0, 0, 0)
    for layer in LAYERS:
        assert PALETTE[3 * layer.label : 3 * layer.label + 3] == layer.color
        assert layer.hex == "#" + bytes(layer.color).hex().upper()


def test_pictures_have_these_colours_and_the_lung_window() -> None:
    drawn = (overlay.GROUND_GLASS, overlay.CONSOLIDATION, overlay.LUNGS)
    assert drawn == tuple(layer.color for layer in LAYERS)
    assert WINDOWS["lung"] == overlay.WINDOW_HU


def test_the_page_has_these_values_and_colours() -> None:
    text = page_source("layers.ts")
    values = re.findall(r'\["(\w+)", (\d)\]', text)
    shown = (*LAYERS, DEPENDENT)
    assert [(name, int(value)) for name, value in values] == [(layer.name, layer.label) for layer in shown]
    colours = dict(re.findall(r'(\w+): Layer = \{ on: \w+, colour: "(#\w+)"', text))
    assert colours == {layer.name: layer.hex.lower() for layer in shown}
    style = page_source("styles/base.css")
    for layer in LESIONS:
        assert f"--{layer.title.replace(' ', '-')}: {layer.hex.lower()};" in style


def test_lung_is_where_no_lesion_is() -> None:
    lesions, lungs = np.array([[0, 1, 2, 0]], np.uint8), np.array([[1, 2, 0, 0]], np.uint8)
    found = with_lung(lesions, lungs)
    assert found.dtype == np.uint8
    assert found.tolist() == [[3, 1, 2, 0]]
    assert lesions.tolist() == [[0, 1, 2, 0]]


def test_names_are_those_of_the_widget() -> None:
    from groundglass import widget

    assert widget.LAYERS == NAMES == ("ground_glass", "consolidation", "lung")
    assert widget.WINDOWS is WINDOWS
