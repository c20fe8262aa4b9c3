"""Presets: a word for networks, size and views, the same in every layer."""

from __future__ import annotations

import numpy as np
import pytest

import groundglass as gg
import small_study
from groundglass import weights
from groundglass._core import preset_settings
from groundglass.cli import main
from groundglass.segmentation.presets import choose
from groundglass.web import Settings

PRESETS = ("fast", "standard", "best")


def test_presets_take_bundled_networks_and_cost_more_each() -> None:
    shipped = weights.available()
    cost = []
    for name in PRESETS:
        settings = preset_settings(name)
        assert set(settings["models"]) <= set(shipped)
        edges = [
            settings["long_edge"] or weights.find(model).contract["input"]["long_edge"]
            for model in settings["models"]
        ]
        cost.append(settings["views"] * sum(edge**2 for edge in edges))
    assert cost == sorted(set(cost))
    # without a word: what every network is for, and no more
    assert preset_settings("standard")["models"] == [file.name for file in weights.defaults()]
    with pytest.raises(ValueError, match="preset must be 'fast', 'standard' or 'best'"):
        preset_settings("slow")


def test_what_is_chosen() -> None:
    standard = choose(None, None, None, compatible=False)
    assert standard == choose("standard", None, None, compatible=False)
    assert choose("best", None, 2, compatible=False).views == 2
    own = choose(None, "inf-net-lite", None, compatible=False)
    assert (own.model, own.views, own.long_edge, own.preset) == ("inf-net-lite", 1, 0, None)
    with pytest.raises(ValueError, match="preset and model exclude each other"):
        choose("fast", "inf-net-lite", None, compatible=False)
    with pytest.raises(ValueError, match="preset and compatible exclude each other"):
        choose("fast", None, None, compatible=True)
    with pytest.raises(ValueError, match="preset must be one of"):
        choose("slow", None, None, compatible=False)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="exclude each other"):
        Settings(preset="fast", model=("inf-net-lite",))


def test_the_result_says_which(capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("groundglass.segmentation.stages")
    found = small_study.patient()
    result = gg.analyze(found.volume, lungs=found.lungs, preset="fast")
    settings = result.options["segmentation"]
    assert [settings[name] for name in ("preset", "long_edge", "views")] == ["fast", 0, 1]
    assert [model.name for model in result.models] == preset_settings("fast")["models"]
    with pytest.raises(ValueError, match="with lesions given none does"):
        gg.analyze(found.volume, lesions=found.lesions, preset="fast")
    assert main(["analyze", ".", "--json", "--preset", "slow"]) == 2
    assert "standard" in capsys.readouterr().err


def test_the_stage_takes_a_size() -> None:
    stages = pytest.importorskip("groundglass.segmentation.stages")
    found = small_study.patient()
    lungs = gg.LungCt(found.volume, found.lungs)
    plain, same, finer = (
        stages.Ensemble("ensemble-lite", long_edge=edge, keep_probabilities=True)(lungs)
        for edge in (0, 288, 352)
    )
    assert np.array_equal(plain.ground_glass_probability, same.ground_glass_probability)
    assert not np.array_equal(plain.ground_glass_probability, finer.ground_glass_probability)
    assert stages.Ensemble.preset("best").views == 4
    for wrong in (32, 2000):
        with pytest.raises(ValueError, match="long_edge must be 0"):
            stages.Ensemble("ensemble-lite", long_edge=wrong)
