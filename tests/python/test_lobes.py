"""Lobes that are estimated: by shape, by fissures, in a result, and where they are left out."""

from __future__ import annotations

import importlib
import pickle
import re
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import jsonschema
import numpy as np
import numpy.typing as npt
import pytest

import groundglass as gg
from groundglass import _core
from groundglass.cli.console import score_line
from groundglass.phantom import Phantom
from groundglass.result import schema
from small_study import patient

pytestmark = pytest.mark.skipif(not _core.lobes_are_built(), reason="built without the table of fissures")

ROOT = Path(__file__).parents[2]
MAPS = ROOT.parent / "shared" / "data" / "lobes-luna16"


@cache
def drawn() -> Phantom:
    """A healthy chest in thin slices with all fissures."""
    return gg.phantom.make(3, ground_glass=0, consolidation=0, shape=(140, 256, 256), fissures=True)


def lungs_of(phantom: Phantom, lungs: npt.NDArray[np.uint8] | None = None) -> gg.LungCt:
    return gg.LungCt(phantom.volume, phantom.lungs if lungs is None else lungs)


def dice(found: npt.NDArray[np.uint8], truth: npt.NDArray[np.uint8]) -> list[float]:
    return [
        2 * ((found == k) & (truth == k)).sum() / ((found == k).sum() + (truth == k).sum())
        for k in range(1, 6)
    ]


def codes(study: gg.LungCt) -> list[str]:
    return [note.code for note in study.notes]


def test_the_phantom_s_lobes_are_its_lungs() -> None:
    phantom = drawn()
    assert phantom.lobes is not None
    assert np.array_equal(np.isin(phantom.lobes, (1, 2)), phantom.lungs == 1)
    assert np.array_equal(np.isin(phantom.lobes, (3, 4, 5)), phantom.lungs == 2)
    assert gg.with_lobes(lungs_of(phantom), phantom.lobes).notes == []
    plain = gg.phantom.make(3, ground_glass=0, consolidation=0, shape=(140, 256, 256))
    assert np.array_equal(plain.lobes, phantom.lobes)
    assert plain.truth == phantom.truth
    changed = plain.hounsfield != phantom.hounsfield
    assert 0 < changed.mean() < 0.05
    assert not changed[phantom.lungs == 0].mean() > 0.01


def test_fissures_draw_the_borders() -> None:
    phantom = drawn()
    by_shape, found = (gg.Lobes(fissures=fissures)(lungs_of(phantom)) for fissures in (False, True))
    assert by_shape.lobes is not None
    assert found.lobes is not None
    assert phantom.lobes is not None
    before, after = dice(by_shape.lobes, phantom.lobes), dice(found.lobes, phantom.lobes)
    assert min(before) > 0.6
    assert all(b > a for a, b in zip(before, after, strict=True))
    assert np.mean(after) > 0.9
    assert by_shape.lobe_estimate is not None
    assert found.lobe_estimate is not None
    assert [part["seen"] for part in by_shape.lobe_estimate.values()] == [0, 0, 0]
    assert all(part["seen"] > 0.2 for part in found.lobe_estimate.values())
    assert {part["expected_error_mm"] for part in found.lobe_estimate.values()} == {
        part["expected_error_mm"] for part in by_shape.lobe_estimate.values()
    }
    assert codes(found) == ["lobes_estimated"]


def test_a_result_tells_of_estimated_lobes() -> None:
    phantom = patient()
    found = gg.analyze(phantom.volume, lungs=phantom.lungs, lesions=phantom.lesions)
    content = found.to_dict()
    jsonschema.validate(content, schema())
    assert content["lobes"]["source"] == "estimated"
    assert content["lobes"]["how"] in ("shape", "shape + fissure")
    assert [border["name"] for border in content["lobes"]["fissures"]] == [
        "left oblique",
        "right oblique",
        "right horizontal",
    ]
    assert all(5 < border["expected_error_mm"] < 15 for border in content["lobes"]["fissures"])
    assert content["severity"]["scores"]["lobes"] == "estimated"
    assert "lobes_estimated" in [note["code"] for note in content["notes"]]
    assert [row["region"] for row in content["regions"]][9:] == [
        "left upper lobe",
        "left lower lobe",
        "right upper lobe",
        "right middle lobe",
        "right lower lobe",
    ]
    assert "estimated lobes" in score_line(found)
    page = gg.report.html(found)
    assert "estimated from the lungs" in page
    assert "Lobes are estimated" in page


def test_a_given_map_wins() -> None:
    phantom = patient()
    given = gg.analyze(phantom.volume, lungs=phantom.lungs, lesions=phantom.lesions, lobes=phantom.lobes)
    content = given.to_dict()
    assert content["lobes"]["source"] == "given"
    assert "how" not in content["lobes"]
    assert content["severity"]["scores"]["lobes"] == "lobe_map"
    assert np.array_equal(given.lesion_ct.with_lungs.lobes, phantom.lobes)


def test_lobes_are_left_out_where_little_of_a_fissure_is_there() -> None:
    phantom = drawn()
    lungs = phantom.lungs
    slices = np.flatnonzero(lungs.any(axis=(1, 2)))
    third, middle = slices[len(slices) // 3], slices[len(slices) // 2]

    def crop(first: int, last: int) -> gg.LungCt:
        ct = gg.CtVolume(phantom.hounsfield[first:last], spacing_mm=phantom.spacing_mm)
        return gg.LungCt(ct, np.ascontiguousarray(lungs[first:last]))

    for study, reason in (
        (lungs_of(phantom, np.where(lungs == 1, lungs, 0).astype(np.uint8)), "right lung is missing"),
        (crop(middle, middle + 5), "few slices"),
        (crop(third, len(lungs)), "cut off at its base"),
        (crop(0, len(lungs) - third), "cut off at its apex"),
    ):
        found = gg.Lobes()(study)
        assert found.lobes is None
        assert found.lobe_estimate is None
        assert codes(found) == ["lobes_not_estimated"]
        assert reason in found.notes[0].text

    part = crop(third, len(lungs))
    result = gg.analyze(part.ct, lungs=part.lungs, lesions=np.zeros_like(part.lungs)).to_dict()
    assert result["lobes"] == {"source": None, "sha256": None}
    assert result["severity"]["scores"]["lobes"] == "thirds"


def test_an_estimate_is_pickled_and_options_are_checked() -> None:
    found = gg.Lobes(fissures=False)(lungs_of(drawn()))
    again = pickle.loads(pickle.dumps(found))
    assert again.lobe_estimate == found.lobe_estimate
    assert np.array_equal(again.lobes, found.lobes)
    assert _core.lobes_are_built()
    with pytest.raises(ValueError, match="thickest_slice_mm"):
        gg.Lobes(thickest_slice_mm=-1)


@pytest.fixture
def tools(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[ModuleType, ModuleType]]:
    """The scripts that make the table, which import each other."""
    pytest.importorskip("torch")
    monkeypatch.syspath_prepend(ROOT / "tools")
    yield importlib.import_module("lobe_shapes"), importlib.import_module("lobe_network")
    for name in ("lobe_shapes", "lobe_network", "table_text"):
        del sys.modules[name]


def network_of_the_table(network: ModuleType) -> Any:
    import torch

    text_of = importlib.import_module("table_text")

    table = (ROOT / "include/groundglass/lungs/detail/lobe_table.hpp").read_text()

    def numbers(name: str) -> list[float]:
        found = re.search(rf" {name}{{\n(.*?),}};", table, re.DOTALL)
        assert found is not None
        return [float(text.strip().rstrip("F")) for text in found[1].split(",")]

    weights = re.search(r'weights = R"~\(\n(.*?)\n\)~"', table, re.DOTALL)
    plane = re.search(r"plane = ([\d.]+)F", table)
    assert weights is not None
    assert plane is not None
    text = iter(weights[1].replace("\n", ""))
    steps, biases = iter(numbers("steps")), iter(numbers("biases"))
    result = network.Network().eval()
    blocks = (result.fine, *result.middle, *result.coarse, result.back, result.last)
    with torch.no_grad():
        result.plane.fill_(float(plane[1]))
        for weight, norm in [*((block[0].weight, block[1]) for block in blocks), (result.mix.weight, None)]:
            for one in weight:
                places = [ord(next(text)) for _ in range(one.numel())]
                values = [place - text_of.ZERO - (place > text_of.LEFT_OUT) for place in places]
                one.copy_(torch.tensor(values).reshape(one.shape) * next(steps))
            bias = torch.tensor([next(biases) for _ in weight])
            (norm or result.mix).bias.copy_(bias)
            if norm is not None:
                norm.running_var.fill_(1 - norm.eps)
    assert next(text, None) is None
    return result


@pytest.mark.skipif(not MAPS.is_dir(), reason="needs the maps of lobes in ../shared")
def test_the_stage_is_the_tool_s_network(tools: tuple[ModuleType, ModuleType]) -> None:
    """On maps that it was trained on; what it says of others is printed by the tool."""
    shapes, network = tools
    for path in sorted(MAPS.glob("*.nrrd"), key=lambda path: path.stat().st_size)[:2]:
        labels = shapes.read_map(path)
        lungs = shapes.lungs_of(labels)
        samples = network.samples_of([(lungs[0].labels, lungs[1].labels)], np.random.default_rng(0), 0)
        above = network.above_fissures(network_of_the_table(network), samples, 0)
        expected = shapes.divided(lungs, above)
        lobe = np.where(labels >= 516, labels - 512, np.where(labels > 8, 0, labels))
        truth = np.array([0, 0, 0, 0, 3, 4, 5, 1, 2], np.uint8)[lobe]
        given = np.array([0, 1, 1, 2, 2, 2], np.uint8)[truth]
        ct = gg.CtVolume(np.full(given.shape, -850, np.int16), spacing_mm=(network.STEP_MM,) * 3)
        found = gg.Lobes()(gg.LungCt(ct, given)).lobes
        assert found is not None
        assert np.mean(dice(found, truth)) > 0.9
        for side, numbers in ((0, (3, 4, 5)), (1, (1, 0, 2))):
            for number, label in zip(numbers, (1, 2, 3), strict=True):
                if number != 0:
                    off = abs(int((found == number).sum()) - int((expected[side] == label).sum()))
                    assert off < 0.01 * (found == number).sum(), (path.name, number)
