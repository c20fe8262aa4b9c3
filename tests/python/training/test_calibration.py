"""Calibration on slices whose probabilities are wrong in a known way."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from groundglass.models import FourClassProbability, probabilities  # noqa: E402
from groundglass.training.calibration import (  # noqa: E402
    LEVELS,
    HeldOut,
    check,
    cool,
    cooled_map,
    fit,
    fit_conditional_temperature,
    fit_temperature,
    reliability,
    threshold_of_truth,
    volume_quantiles,
)


def slices(count: int, pixels: int = 4000, sharpness: float = 2.0, seed: int = 0) -> list[HeldOut]:
    """Truth drawn with known probabilities; what is said of it is sharper by `sharpness` in the logit."""
    rng = np.random.default_rng(seed)
    result = []
    for _ in range(count):
        logit = rng.normal(rng.normal(-1.5, 1), 2.0, pixels)
        infected = rng.random(pixels) < 1 / (1 + np.exp(-logit))
        kind = rng.normal(0, 1.5, pixels)
        solid = rng.random(pixels) < 1 / (1 + np.exp(-kind))
        truth = np.where(infected, np.where(solid, 2, 1), 3).astype(np.uint8)
        said = 1 / (1 + np.exp(-sharpness * logit))
        result.append(HeldOut(said, 1 / (1 + np.exp(-kind / sharpness)), truth))
    return result


def test_temperatures_are_found() -> None:
    held_out = slices(20)
    assert fit_temperature(held_out) == pytest.approx(2.0, rel=0.05)
    assert fit_conditional_temperature(held_out) == pytest.approx(0.5, rel=0.05)
    assert np.allclose(cool(np.array([0.5, 0.9]), 2.0), [0.5, 0.75])


def test_reliability_by_hand() -> None:
    p = np.array([0.01, 0.03, 0.99, 0.99])
    bins = reliability(p, np.array([False, True, True, True]))
    assert bins["count"][0] == bins["count"][-1] == 2
    assert sum(bins["count"]) == 4
    assert bins["share"][0] == 0.5
    assert bins["ece"] == pytest.approx((2 * 0.48 + 2 * 0.01) / 4)
    assert reliability(np.array([1.0]), np.array([True]))["count"][-1] == 1


def test_threshold_of_truth_gives_the_true_area() -> None:
    p = np.random.default_rng(0).random(1000)
    for area in (1, 10, 500, 1000):
        assert int((p >= threshold_of_truth(p, area)).sum()) == area
    assert threshold_of_truth(p, 0) == 1.0


def test_quantiles_descend_and_correct_for_few_slices() -> None:
    thresholds = np.linspace(0, 1, 19)
    quantiles = volume_quantiles(thresholds)
    assert np.all(np.diff(quantiles) < 0)
    # of 19 slices the k-th largest threshold has the level k / 20
    assert np.allclose(quantiles, thresholds[::-1])
    assert len(quantiles) == len(LEVELS)


def test_calibration_improves_and_covers() -> None:
    held_out = slices(60, sharpness=3.0)
    fold_of = [k % 5 for k in range(60)]
    report = check([held_out], fold_of)
    assert report["reliability_after"]["ece"] < 0.3 * report["reliability_before"]["ece"]
    assert report["interval"]["nominal"] == 0.9
    assert 0.8 <= report["interval"]["coverage"] <= 1.0
    assert report["interval"]["slices"] == 60
    assert len(fit(held_out)["volume_quantiles"]["thresholds"]) == len(LEVELS)
    assert check([held_out, held_out], fold_of) == report


def test_cooled_maps_are_what_the_file_gives() -> None:
    logits = torch.randn(1, 3, 5, 7, generator=torch.Generator().manual_seed(0))
    temperatures = {"temperature": 1.7, "conditional_temperature": 0.6}
    module = FourClassProbability(torch.nn.Identity(), 1.7, 0.6)
    found = cooled_map(probabilities(logits)[0].numpy(), temperatures)
    np.testing.assert_allclose(found, module(logits)[0].numpy(), atol=1e-6)


def test_only_pixels_inside_the_lungs_count() -> None:
    p = np.zeros((4, 2, 2), np.float32)
    p[0] = [[0.2, 0.9], [0.0, 0.0]]
    p[1] = [[0.6, 0.0], [0.0, 0.0]]
    held_out = HeldOut.of(p, np.array([[2, 0], [3, 0]], np.uint8))
    assert held_out.infected == pytest.approx([0.8, 0.0])
    assert held_out.consolidated == pytest.approx([0.75, 0.0])
    assert held_out.is_infected.tolist() == [True, False]
