"""Pitfalls of a phantom: named to the voxel, each for itself, and the rest of the patient as it was."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import pytest

from groundglass.phantom import Phantom, Pitfalls, make, truth_of

SMALL = (60, 96, 96)
TALL = (84, 96, 96)
AIRWAY, BOWEL, OESOPHAGUS, FREE, PNEUMOTHORAX, EFFUSION = 1, 2, 3, 4, 5, 6


@lru_cache(maxsize=16)
def study(seed: int, pitfalls: Pitfalls, tall: bool = False) -> Phantom:
    shape = TALL if tall else SMALL
    return make(seed, consolidation=0.1, shape=shape, spacing_mm=(5.0, 3.875, 3.875), pitfalls=pitfalls)


def ml(p: Phantom, label: int) -> float:
    return float(np.count_nonzero(p.mimics == label) * np.prod(p.spacing_mm) / 1000)


def test_the_default_has_airways_and_some_bowel_gas_and_is_what_it_was() -> None:
    usual, same = make(3, shape=SMALL), make(3, shape=SMALL, pitfalls=Pitfalls())
    assert np.array_equal(usual.hounsfield, same.hounsfield)
    assert "pitfalls" not in usual.truth["parameters"]
    assert 20 < ml(usual, AIRWAY) < 150
    assert set(np.unique(usual.mimics)) <= {0, AIRWAY, BOWEL}


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_mimics_are_gas_outside_the_lungs(seed: int) -> None:
    p = study(seed, Pitfalls.severe(subcutaneous_air=True, mediastinal_air=True), tall=True)
    assert not np.any(p.mimics[p.lungs > 0])
    for label, least in ((AIRWAY, 60), (BOWEL, 300), (OESOPHAGUS, 2), (FREE, 5)):
        assert ml(p, label) > least
    for label in (AIRWAY, BOWEL):
        assert np.median(p.hounsfield[p.mimics == label]) < -940


def test_bowel_gas_lies_as_far_from_the_lung_as_asked() -> None:
    from scipy import ndimage

    near = []
    for wall in (2.0, 12.0):
        p = study(4, Pitfalls(stomach_gas=True, colon_gas="both", bowel_wall_mm=wall))
        away = ndimage.distance_transform_edt(p.lungs == 0, sampling=p.spacing_mm)
        near.append(np.count_nonzero((p.mimics == BOWEL) & (away < 8)))
    assert near[1] < 0.1 * near[0]


def test_dense_bases_are_the_hindmost_and_lowest_lung_and_exactly_as_much() -> None:
    p = study(5, Pitfalls(dense_bases="left"))
    dense = p.lesions == 2
    assert np.count_nonzero(dense) == round(0.1 * np.count_nonzero(p.lungs))
    assert np.all(p.lungs[dense] == 1)
    patches = study(5, Pitfalls()).lesions == 2
    middle: Any = [np.argwhere(m).mean(axis=0) for m in (dense, patches)]
    assert middle[0][0] < middle[1][0]
    assert middle[0][1] > middle[1][1]


def test_effusion_and_pneumothorax_take_their_volume_from_the_lung() -> None:
    whole, less = study(6, Pitfalls()), study(6, Pitfalls(effusion_ml=400, pneumothorax_ml=300))
    voxel = float(np.prod(whole.spacing_mm)) / 1000
    for label, lung, amount in ((EFFUSION, 2, 400), (PNEUMOTHORAX, 1, 300)):
        lost = (whole.lungs == lung) & (less.lungs == 0)
        assert np.array_equal(lost, less.mimics == label)
        assert ml(less, label) == pytest.approx(amount, abs=2 * voxel)
    assert abs(np.median(less.hounsfield[less.mimics == EFFUSION])) < 20


def test_a_shifted_and_wide_trachea_is_where_it_was_put() -> None:
    usual, aside = study(7, Pitfalls()), study(7, Pitfalls(trachea_shift_mm=18, trachea_scale=1.5))
    top = [np.argwhere(p.mimics[48] == AIRWAY) for p in (usual, aside)]
    assert top[1][:, 1].mean() - top[0][:, 1].mean() == pytest.approx(18 / 3.875, abs=1)
    assert len(top[1]) > 1.7 * len(top[0])


def test_the_neck_is_narrow_and_holds_air_up_to_the_jaw() -> None:
    p = study(8, Pitfalls(neck=True), tall=True)
    body = p.hounsfield[-6, :60] > -200
    assert np.ptp(np.flatnonzero(body.any(axis=0))) * 3.875 < 190
    seen = (p.mimics[60:] == AIRWAY).any(axis=(1, 2))
    assert np.count_nonzero(~seen) <= 1  # the cords all but meet


def test_arms_widen_the_body() -> None:
    grid: dict[str, Any] = {"shape": (60, 96, 136), "spacing_mm": (5.0, 3.875, 3.875)}
    phantoms = [make(9, **grid, pitfalls=Pitfalls(arms_down=down)) for down in (False, True)]
    body = [p.hounsfield[20] > -200 for p in phantoms]
    width = [np.ptp(np.flatnonzero(b[:60].sum(axis=0) > 3)) * 3.875 for b in body]
    assert width[1] > width[0] + 100


def test_the_truth_names_them_and_needs_no_image() -> None:
    pitfalls = Pitfalls.severe(effusion_ml=200.0)
    kwargs: dict[str, Any] = {"shape": (60, 96, 96), "pitfalls": pitfalls}
    assert make(2, **kwargs).truth == truth_of(2, **kwargs)
    found = truth_of(2, **kwargs)["parameters"]["pitfalls"]
    assert found["effusion_ml"] == 200.0
    assert found["colon_gas"] == "both"


def test_chance_draws_many_kinds() -> None:
    drawn = [Pitfalls.draw(np.random.default_rng(seed)) for seed in range(30)]
    assert {p.colon_gas for p in drawn} == {"none", "left", "right", "both"}
    assert drawn[0] == Pitfalls.draw(np.random.default_rng(0))


@pytest.mark.parametrize(
    "wrong", [{"bowel_wall_mm": 0}, {"trachea_scale": 3}, {"effusion_ml": -1}, {"colon_gas": "up"}]
)
def test_wrong_values_are_named(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Pitfalls(**wrong)
