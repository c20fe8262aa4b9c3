"""Figures by hand, and predictions at a slice's own size."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from made_up_slices import phantom  # noqa: E402

from groundglass.models import UNetLite  # noqa: E402
from groundglass.training.data import fit_long_edge  # noqa: E402
from groundglass.training.evaluate import Counts, label_map, predict, prepare  # noqa: E402

pytestmark = pytest.mark.long


def counts() -> Counts:
    """Two slices of four and three pixels' worth of findings."""
    labels = [np.array([[1, 1, 2, 0]], np.uint8), np.array([[3, 0, 1, 0]], np.uint8)]
    predicted = [np.array([[1, 0, 1, 2]], np.uint8), np.array([[3, 3, 1, 0]], np.uint8)]
    return Counts.of(predicted, labels)


def test_label_map_as_in_a_study() -> None:
    p = np.array(
        [[[0.3, 0.2, 0.1, 0.1]], [[0.2, 0.4, 0.1, 0.1]], [[0.3, 0.2, 0.5, 0.3]], [[0.2, 0.2, 0.3, 0.5]]],
        np.float32,
    )
    assert label_map(p).tolist() == [[1, 2, 3, 0]]
    assert label_map(p, 0.55).tolist() == [[3, 2, 3, 0]]


def test_figures_by_hand() -> None:
    f = counts().figures()
    # infection: slice 1 predicts pixels 0, 2 and 3 of the true 0, 1, 2; slice 2 is exact
    assert f["infection.slice_mean"] == pytest.approx((4 / 6 + 1) / 2)
    assert f["infection.pooled"] == pytest.approx(6 / 8)
    assert f["ground_glass.slice_mean"] == pytest.approx((2 / 4 + 1) / 2)
    # consolidation: missed and falsely found in slice 1; neither true nor found in slice 2
    assert f["consolidation.slice_mean"] == pytest.approx(0.5)
    assert f["consolidation.slice_mean_present"] == 0.0
    # background 1 of 4, ground glass 2 of 4, consolidation 0 of 2, lung 1 of 2
    assert f["mean_iou.pooled"] == pytest.approx((1 / 4 + 2 / 4 + 0 + 1 / 2) / 4)
    # slice 1: background 0 of 2, ground glass 1 of 3, consolidation 0 of 2; slice 2: background, lung 1 of 2
    first, second = (0 + 1 / 3 + 0 + 1) / 4, (1 / 2 + 1 + 1 + 1 / 2) / 4
    assert f["mean_iou.slice_mean"] == pytest.approx((first + second) / 2)
    assert f["accuracy"] == pytest.approx(4 / 8)


def test_intervals_hold_the_figure_and_draw_groups() -> None:
    rng = np.random.default_rng(0)
    labels = [rng.integers(0, 4, (1, 50)).astype(np.uint8) for _ in range(12)]
    predicted = [np.where(rng.random((1, 50)) < 0.8, t, 0).astype(np.uint8) for t in labels]
    many = Counts.of(predicted, labels)
    alone = many.table(list(range(12)))
    for name, entry in alone.items():
        assert entry["interval"][0] <= entry["value"] <= entry["interval"][1], name
    (low, high) = many.table([0] * 12)["accuracy"]["interval"]
    assert low == high == alone["accuracy"]["value"]  # one group is always drawn whole


def test_gain_over_itself_is_nothing() -> None:
    gain = counts().above(counts(), [0, 1])
    assert {(e["value"], *e["interval"]) for e in gain.values()} == {(0.0, 0.0, 0.0)}


def test_prepare_scales_and_pads_with_air() -> None:
    x, size = prepare(torch.full((1, 100, 60), 255, dtype=torch.uint8), 64)
    assert size == (64, 38) == fit_long_edge(100, 60, 64)
    assert x.shape == (1, 1, 64, 64)
    torch.testing.assert_close(x[..., :38], torch.ones(1, 1, 64, 38))
    assert (x[..., 38:] == -1).all()


def test_predict_gives_the_image_size_and_averages() -> None:
    torch.manual_seed(0)
    a, b = UNetLite().eval(), UNetLite().eval()
    image = torch.from_numpy(phantom(3, (70, 50))[0])[None]
    pa, pb = predict([a], image, 64), predict([b], image, 64)
    assert pa.shape == (4, 70, 50)
    torch.testing.assert_close(predict([a, b], image, 64), (pa + pb) / 2, atol=1e-6, rtol=0)
    mirrored = predict([a], image.flip(-1), 64, flips=True)
    assert predict([a], image, 64, flips=True).isfinite().all()
    assert mirrored.shape == (4, 70, 50)
