from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from groundglass import overlay
from groundglass.overlay import Crop, choose_slices, lung_crop, montage, of_result, tile, windowed
from small_study import patient, result


def profile(lung_ml: list[float], ground_glass_ml: list[float] | None = None) -> list[Any]:
    opacity = ground_glass_ml or [0.0] * len(lung_ml)
    return [
        SimpleNamespace(
            slice=index,
            position_mm=10.0 * index,
            lung_ml=lung,
            ground_glass_ml=share,
            consolidation_ml=0.0,
            opacity_percent=100 * share / lung if lung else math.nan,
        )
        for index, (lung, share) in enumerate(zip(lung_ml, opacity, strict=True))
    ]


def flat_ct(
    shape: tuple[int, int, int] = (3, 40, 60), spacing_mm: tuple[float, ...] = (5.0, 1.0, 1.0)
) -> Any:
    return SimpleNamespace(hounsfield=np.full(shape, -800, np.int16), spacing_mm=spacing_mm, shape=shape)


def test_slices_are_spread_over_the_lungs_from_head_to_feet() -> None:
    lung = [0.0] * 10 + [100.0] * 60 + [0.0] * 10
    chosen, most = choose_slices(profile(lung), 12)
    assert most is None
    assert len(chosen) == 12
    assert chosen == sorted(chosen, reverse=True)
    assert min(chosen) >= 10
    assert max(chosen) < 70
    assert set(np.diff(chosen)) == {-5}


def test_the_slice_with_most_opacity_is_always_shown() -> None:
    lung = [100.0] * 60
    for place in range(60):
        opacity = [0.0] * 60
        opacity[place] = 5.0
        chosen, most = choose_slices(profile(lung, opacity), 12)
        assert most == place
        assert place in chosen
        assert len(chosen) == 12
        assert chosen == sorted(chosen, reverse=True)


def test_fewer_slices_than_tiles_are_shown_once_each() -> None:
    assert choose_slices(profile([100.0, 120.0, 90.0]), 12) == ([2, 1, 0], None)
    assert choose_slices(profile([7.0]), 12) == ([0], None)
    assert choose_slices(profile([0.0, 0.0]), 12) == ([1, 0], None)


def test_tips_of_the_lungs_are_left_out() -> None:
    chosen, _ = choose_slices(profile([0.5, *[100.0] * 5, 0.5]), 12)
    assert chosen == [5, 4, 3, 2, 1]


def test_the_crop_holds_the_lungs_with_a_margin() -> None:
    lungs = np.zeros((2, 100, 100), np.uint8)
    lungs[0, 40:60, 30:50] = 1
    lungs[1, 50:70, 50:80] = 2
    assert lung_crop(lungs, (5.0, 2.0, 1.0)) == Crop(34, 76, 18, 92)
    lungs[0, 0, 0] = lungs[0, 99, 99] = 1
    assert lung_crop(lungs, (5.0, 2.0, 1.0)) == Crop(0, 100, 0, 100)
    assert lung_crop(np.zeros_like(lungs), (5.0, 2.0, 1.0)) == Crop(0, 100, 0, 100)


def test_the_window_is_the_stated_one() -> None:
    values = np.array([-2000, -1350, -600, 150, 3000], np.int16)
    assert windowed(values).tolist() == [0, 0, 128, 255, 255]


def test_pixels_outside_the_drawing_keep_their_grey() -> None:
    ct, none = flat_ct(), np.zeros((40, 60), np.uint8)
    plain = np.asarray(tile(ct, none, none, 0, Crop(0, 40, 0, 60)))
    assert np.unique(plain).tolist() == [int(windowed(np.array([-800], np.int16))[0])]


def test_lesions_have_their_colours_at_their_places() -> None:
    ct, none = flat_ct(), np.zeros((40, 60), np.uint8)
    lesions = none.copy()
    lesions[5:35, 5:25] = 1  # low columns: the patient's right, the picture's left
    lesions[5:35, 35:55] = 2
    picture = np.asarray(tile(ct, none, lesions, 1, Crop(0, 40, 0, 60)), np.int16)
    red, green, blue = picture[..., 0], picture[..., 1], picture[..., 2]
    yellowish = (red > blue + 15) & (green > blue + 15)
    reddish = (red > blue + 15) & ~(green > blue + 15)
    half = picture.shape[1] // 2
    assert yellowish[:, :half].mean() > 0.4
    assert not yellowish[:, half:].any()
    assert reddish[:, half:].mean() > 0.4
    assert not reddish[:, :half].any()
    for color in (overlay.GROUND_GLASS, overlay.CONSOLIDATION):
        assert (np.abs(picture - np.array(color)).max(axis=2) < 40).sum() > 100, "the contour is missing"


def test_a_single_lesion_pixel_is_seen() -> None:
    ct, none = flat_ct((1, 256, 256)), np.zeros((256, 256), np.uint8)
    lesions = none.copy()
    lesions[128, 128] = 1
    picture = np.asarray(tile(ct, none, lesions, 0, Crop(0, 256, 0, 256)), np.int16)
    assert (picture[..., 0] - picture[..., 2]).max() > 60


def test_tiles_have_the_patients_proportions() -> None:
    none = np.zeros((40, 60), np.uint8)
    for spacing, width, height in (((5, 1, 1), 360, 240), ((5, 0.5, 1), 360, 120), ((5, 3, 1), 198, 396)):
        assert tile(flat_ct(spacing_mm=spacing), none, none, 0, Crop(0, 40, 0, 60)).size == (width, height)


@pytest.mark.parametrize(("slices", "rows"), [(1, 1), (4, 1), (5, 2), (40, 3)])
def test_the_montage_grows_with_its_tiles(slices: int, rows: int) -> None:
    ct = flat_ct((slices, 40, 60))
    lungs = np.full(ct.shape, 2, np.uint8)
    picture = montage(ct, lungs, np.zeros_like(lungs), profile([100.0] * slices), title="A title")
    assert picture.mode == "RGB"
    assert picture.width == 4 * 370 + 10
    assert picture.height == 64 + 42 + rows * (240 + 30 + 10)


def test_the_picture_of_a_result_is_the_same_every_time() -> None:
    first, second = of_result(result()), of_result(result())
    assert first.tobytes() == second.tobytes()
    assert first.width > 1000
    assert not first.info
    colors = np.asarray(first).reshape(-1, 3)
    assert (np.abs(colors.astype(np.int16) - overlay.GROUND_GLASS).max(axis=1) < 30).sum() > 500
    assert patient().lesions.any()
