"""Lungs that are hard to find: bowel gas, airways and free air stay outside, and what is doubtful is said."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pytest

from groundglass import _core
from groundglass.phantom import Phantom, Pitfalls, make

AIRWAY, BOWEL, OESOPHAGUS, FREE = 1, 2, 3, 4
LEFT = 1

SEVERE = [
    (1, Pitfalls.severe(), (160, 192, 192), (2.5, 1.94, 1.94)),
    (2, Pitfalls.severe(neck=False, bowel_wall_mm=4, trachea_shift_mm=12), (60, 192, 192), (5, 1.94, 1.94)),
    (3, Pitfalls.severe(neck=False, bowel_wall_mm=1.5), (236, 192, 192), (1.25, 1.94, 1.94)),
    (6, Pitfalls.severe(neck=False, subcutaneous_air=True), (118, 192, 192), (2.5, 1.94, 1.94)),
]


@lru_cache(maxsize=8)
def study(which: int) -> Phantom:
    seed, pitfalls, shape, spacing = SEVERE[which]
    return make(
        seed, ground_glass=0.08, consolidation=0.12, shape=shape, spacing_mm=spacing, pitfalls=pitfalls
    )


def texts(notes: list[_core.Note]) -> dict[str, str]:
    return {note.code: note.text for note in notes}


@pytest.mark.parametrize("which", range(len(SEVERE)))
def test_gas_that_is_no_lung_stays_outside(which: int) -> None:
    p = study(which)
    found = _core.LungMask()(p.volume)
    voxel_ml = float(np.prod(p.spacing_mm)) / 1000
    for kind, most_ml in ((AIRWAY, 1), (BOWEL, 3), (OESOPHAGUS, 1), (FREE, 1)):
        assert np.count_nonzero(found.lungs[p.mimics == kind]) * voxel_ml < most_ml
    assert np.count_nonzero(found.lungs[p.lungs == 0]) < 0.01 * np.count_nonzero(p.lungs)
    aerated = (p.lungs > 0) & (p.lesions != 2)
    assert np.count_nonzero(found.lungs[aerated]) > 0.97 * np.count_nonzero(aerated)
    both = (found.lungs > 0) & (p.lungs > 0)
    assert np.array_equal(found.lungs[both], p.lungs[both])


def test_the_bases_that_stay_outside_are_said() -> None:
    p = study(1)
    text = texts(_core.LungMask()(p.volume).notes)["dense_outside_lungs"]
    assert " ml, slices " in text


def test_true_lungs_have_nothing_to_say_and_wrong_ones_have() -> None:
    p = study(1)
    assert not _core.assess_lungs(p.volume, p.lungs)
    bowel = np.where((p.mimics == BOWEL) & (p.lungs == 0), LEFT, p.lungs).astype(np.uint8)
    assert "lung_in_abdomen" in texts(_core.assess_lungs(p.volume, bowel))
    airway = np.where(p.mimics == AIRWAY, LEFT, p.lungs).astype(np.uint8)
    assert "airway_in_lungs" in texts(_core.assess_lungs(p.volume, airway))


def test_an_effusion_is_as_dense_as_fluid() -> None:
    p = make(
        4,
        ground_glass=0,
        consolidation=0,
        shape=(75, 144, 144),
        spacing_mm=(4, 2.6, 2.6),
        pitfalls=Pitfalls(effusion_ml=600),
    )
    text = texts(_core.assess_lungs(p.volume, p.lungs))["dense_outside_lungs"]
    assert "right lung" in text
    assert "as dense as fluid" in text


def test_a_cylinder_of_water_is_no_chest() -> None:
    y, x = np.mgrid[-100:101:4, -100:101:4]
    plane = np.where(np.hypot(y, x) < 95, 0, -1000)
    for at in (-40, 40):
        plane[np.hypot(y, x - at) < 25] = -850
    volume = _core.CtVolume(np.repeat(plane[None], 40, axis=0).astype(np.int16), spacing_mm=(4, 4, 4))
    assert "not_a_chest" in texts(_core.LungMask()(volume).notes)
