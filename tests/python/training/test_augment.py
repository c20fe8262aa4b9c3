"""Random views of made-up slices."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from made_up_slices import STILL, slice_of  # noqa: E402

from groundglass.training.augment import AugmentOptions, augment, augment_batch, blur  # noqa: E402


def test_without_ranges_a_view_is_one_of_the_mirrorings() -> None:
    s = slice_of(1)
    seen = set()
    for seed in range(16):
        image, target = augment(s.image, s.target, (60, 44), np.random.default_rng(seed), STILL)
        truth = s.image.float().expand(2, -1, -1) / 255 * 2 - 1
        for flips in ((), (-1,), (-2,), (-1, -2)):
            if torch.allclose(image, truth.flip(flips), atol=1e-5):
                assert torch.allclose(target, s.target.float().flip(flips) / 255, atol=1e-5)
                seen.add(flips)
    assert len(seen) == 4


def test_views_keep_label_classes_where_the_image_shows_them() -> None:
    """Geometry moves image and target together: grey patches stay ground glass, bright ones consolidation."""
    options = replace(
        AugmentOptions(), log_width=0, level=0, log_gamma=0, blur_probability=0, noise_probability=0
    )
    options = replace(options, cut_out_probability=0)
    checked = 0
    for seed in range(8):
        s = slice_of(seed)
        image, target = augment(s.image, s.target, (64, 64), np.random.default_rng(seed), options)
        grey = (image[0] + 1) * 127.5
        assert target.min() >= 0
        assert target.sum(0).max() <= 1 + 1e-5
        for channel, value in ((0, 120), (1, 210)):
            sure = target[channel] > 0.999
            checked += int(sure.sum())
            assert (grey[sure] - value).abs().max() <= 1.0 if sure.any() else True
        assert ((grey[target.sum(0) == 0] < 90).float().mean()) > 0.99
    assert checked > 500


def test_outside_is_air_and_values_stay_in_range() -> None:
    s = slice_of(2)
    options = AugmentOptions(level=0.5, noise_probability=1.0, noise=0.2)
    image, target = augment(s.image, s.target, (60, 120), np.random.default_rng(0), options)
    assert image.min() >= -1
    assert image.max() <= 1
    assert (image[:, :, :10] == -1).all()
    assert (target[:, :, :10] == 0).all()


def test_batches_are_turned_as_a_whole_and_seeded() -> None:
    pairs = [(slice_of(i).image, slice_of(i).target) for i in range(2)]
    shapes = set()
    for seed in range(8):
        x, t = augment_batch(pairs, (64, 32), np.random.default_rng(seed), AugmentOptions())
        y, _ = augment_batch(pairs, (64, 32), np.random.default_rng(seed), AugmentOptions())
        assert torch.equal(x, y)
        assert t.shape[-2:] == x.shape[-2:]
        shapes.add(tuple(x.shape))
    assert shapes == {(2, 2, 64, 32), (2, 2, 32, 64)}


def test_blur_keeps_the_mean_and_spreads_a_point() -> None:
    image = torch.zeros(1, 21, 21)
    image[0, 10, 10] = 1.0
    blurred = blur(image, 1.0)
    assert float(blurred.sum()) == pytest.approx(1.0, abs=1e-5)
    assert float(blurred[0, 10, 10]) == pytest.approx(1 / (2 * math.pi), rel=0.02)


def test_the_second_plane_has_the_plain_greys() -> None:
    s = slice_of(4)
    options = replace(STILL, level=0.2, cut_out_probability=1.0, cut_out=(0.2, 0.2))
    image, _ = augment(s.image, s.target, (60, 44), np.random.default_rng(3), options)
    truth = s.image[0].float() / 255 * 2 - 1
    assert any(torch.allclose(image[1], truth.flip(f), atol=1e-5) for f in ((), (-1,), (-2,), (-1, -2)))
    assert not torch.allclose(image[0], image[1], atol=0.05)
    _, counts = image[0].unique(return_counts=True)
    assert int(counts.max()) >= 12 * 8  # the hole, filled with its mean
