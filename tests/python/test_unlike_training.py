"""Studies unlike those that networks learned from: measures, the warning, what a wide interval says."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import groundglass as gg
from groundglass import phantom
from groundglass.findings.doubts import wide_interval_notes
from small_study import segmentation_missing

pytestmark = pytest.mark.skipif(segmentation_missing(), reason="needs the segmentation component")


@pytest.fixture(scope="module")
def made() -> phantom.Phantom:
    return phantom.make(3, ground_glass=0.05, consolidation=0.02, shape=(40, 128, 128))


def lungs_of(
    made: phantom.Phantom, hounsfield: np.ndarray, spacing_mm: tuple[float, float, float] | None = None
) -> gg.LungCt:
    ct = gg.CtVolume(
        np.clip(hounsfield, -1024, 3071).astype(np.int16), spacing_mm=spacing_mm or made.spacing_mm
    )
    return gg.with_lungs(ct, made.lungs)


def reasons(lungs: gg.LungCt) -> str:
    from groundglass.segmentation import Ensemble

    notes = Ensemble()(lungs).notes
    return " ".join(note.text for note in notes if note.code == "unlike_training")


def test_a_phantom_of_usual_make_passes(made: phantom.Phantom) -> None:
    from groundglass.segmentation import measure_likeness

    # Slices of 7.5 mm are the farthest measure.
    found = measure_likeness(lungs_of(made, made.hounsfield))
    assert found["unlikeness"] == pytest.approx(7.5 / 8.5)
    assert 5 < found["noise_hu"] < 40
    assert 0.6 < found["tissue_share"] < 0.9
    assert found["metal_ml"] == 0
    assert reasons(lungs_of(made, made.hounsfield)) == ""


def test_each_departure_is_named(made: phantom.Phantom) -> None:
    hu = made.hounsfield.astype(np.float32)
    noisy = hu + np.random.default_rng(0).normal(0, 200, hu.shape)
    assert "noise is" in reasons(lungs_of(made, noisy))
    grey = np.clip(hu + 1350, 0, 1500) / 1500 * 255
    assert "of the tissue has HU of fat or muscle" in reasons(lungs_of(made, grey))
    thick = lungs_of(made, hu, (10.0, *made.spacing_mm[1:]))
    assert "slices are 10.0 mm apart" in reasons(thick)
    turned = gg.with_lungs(
        gg.CtVolume(np.ascontiguousarray(made.hounsfield[:, ::-1]), spacing_mm=made.spacing_mm),
        np.ascontiguousarray(made.lungs[:, ::-1]),
    )
    assert "front and back" in reasons(turned)
    with_metal = hu.copy()
    with_metal[18:22, 60:68, 60:68] = 3071
    assert "ml of metal" in reasons(lungs_of(made, with_metal))


def test_the_result_carries_the_measures(made: phantom.Phantom) -> None:
    result = gg.analyze(made.volume, threads=1)
    content = result.to_dict()
    assert set(content["likeness"]) == {
        "slice_mm",
        "noise_hu",
        "tissue_share",
        "spine_offset",
        "metal_ml",
        "unlikeness",
    }
    assert "unlike_training" not in [note.code for note in result.notes]
    given = gg.analyze(made.volume, lesions=made.lesions, threads=1)
    assert "likeness" not in given.to_dict()


@pytest.mark.parametrize(
    ("lower", "upper", "percent", "wide"),
    [(1.9, 26.7, 8.1, True), (7.7, 30.3, 12.9, False), (0.4, 10.1, 1.5, False), (0.0, 20.0, 0.5, True)],
)
def test_a_wide_interval_is_told(lower: float, upper: float, percent: float, wide: bool) -> None:
    row = SimpleNamespace(opacity_percent=SimpleNamespace(lower=lower, upper=upper))
    table: Any = SimpleNamespace(calibrated=True, rows=[row])
    notes = wide_interval_notes(table, percent)
    assert [note.code for note in notes] == (["unlike_training"] if wide else [])
    if wide:
        assert f"{lower:.1f} to {upper:.1f} %" in notes[0].text
    assert wide_interval_notes(None, percent) == []
    assert wide_interval_notes(SimpleNamespace(calibrated=False), percent) == []  # type: ignore[arg-type]
