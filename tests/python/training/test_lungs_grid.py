"""The grid of lungs-lite: cells, canvas and the way back."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch")

from groundglass.training.lungs import grid


@pytest.mark.parametrize(
    ("count", "spacing", "step", "cells"),
    [(10, 1.0, 3.0, 3), (5, 10.0, 3.0, 17), (256, 1.953125, 2.0, 250), (1, 0.5, 3.0, 1), (7, 3.0, 3.0, 7)],
)
def test_cells_share_the_centre_and_keep_constants(
    count: int, spacing: float, step: float, cells: int
) -> None:
    weights = grid.axis_weights(count, spacing, step)
    assert weights.shape == (cells, count)
    np.testing.assert_allclose(weights.sum(axis=1), 1, atol=1e-6)
    np.testing.assert_allclose(weights, weights[::-1, ::-1], atol=1e-6)


def test_fine_cells_are_averaged_and_coarse_ones_interpolated() -> None:
    np.testing.assert_allclose(grid.axis_weights(6, 1.0, 3.0) @ np.arange(6.0), [1, 4])
    # Centres of the new cells at 1.5, 4.5, 7.5 and 10.5 mm; of the old ones at 3 and 9.
    np.testing.assert_allclose(grid.axis_weights(2, 6.0, 3.0) @ [0.0, 8.0], [0, 2, 6, 8], atol=1e-6)


@pytest.mark.parametrize("spacing", [(0.7, 0.9, 1.3), (8.0, 0.7, 0.7), (3.0, 4.2, 4.2)])
def test_a_ball_comes_back_in_its_place(spacing: tuple[float, float, float]) -> None:
    shape = tuple(int(120 / s) for s in spacing)
    z, y, x = np.ogrid[tuple(slice(n) for n in shape)]
    places = [(a + 0.5) * s for a, s in zip((z, y, x), spacing, strict=True)]
    ball = sum((p - c) ** 2 for p, c in zip(places, (50, 70, 60), strict=True)) < 30**2
    there = grid.to_grid(ball.astype(np.float32), spacing)
    back = grid.from_grid(there, ball.shape, spacing) >= 0.5
    assert 2 * (back & ball).sum() / (back.sum() + ball.sum()) > 0.95


def test_canvas_is_the_body_with_a_margin() -> None:
    image = np.full((10, 200, 256), -1000, np.float32)
    image[:, 50:130, 60:200] = 0
    (top, height), (left, width) = grid.canvas(image)
    assert (height, width) == (96, 160)
    assert top == 50 - 4 - (96 - 88) // 2
    assert left == 60 - 4 - (160 - 148) // 2
    image[:, 180, 100:103] = 0  # a cable: 6 mm
    assert grid.canvas(image)[0] == (top, height)


def test_canvas_is_cut_at_its_largest_and_falls_back_to_the_plane() -> None:
    wide = np.zeros((3, 100, 300), np.float32)
    assert grid.canvas(wide)[1] == ((300 - grid.LARGEST_CANVAS) // 2, grid.LARGEST_CANVAS)
    air = np.full((3, 60, 64), -1000, np.float32)
    (top, height), (left, width) = grid.canvas(air)
    assert (height % 32, width % 32) == (0, 0)
    assert top <= 0 <= 60 <= top + height
    assert left <= 0 <= 64 <= left + width


def test_canvas_beyond_the_image_is_air_and_comes_off_again() -> None:
    image = np.random.default_rng(0).uniform(-1000, 200, (2, 30, 40)).astype(np.float32)
    area = ((-1, 32), (-12, 64))
    placed = grid.on_canvas(image, area)
    assert placed.shape == (2, 32, 64)
    assert placed[0, 0, 0] == -1024
    np.testing.assert_array_equal(grid.off_canvas(placed, area, (30, 40)), image)
    np.testing.assert_array_equal(
        grid.off_canvas(grid.on_canvas(image, ((5, 20), (0, 40))), ((5, 20), (0, 40)), (30, 40))[:, :5], 0
    )


def test_neighbours_repeat_the_ends() -> None:
    assert grid.neighbour_slices(0, 30) == [0, 0, 0, 0, 2, 5, 10]
    assert grid.neighbour_slices(15, 30) == [5, 10, 13, 15, 17, 20, 25]
    assert grid.neighbour_slices(0, 1) == [0] * 7


def test_window() -> None:
    hounsfield = np.array([-2000, -1024, -412, 200, 900], np.float32)
    np.testing.assert_allclose(grid.scaled(hounsfield), [-1, -1, 0, 1, 1], atol=1e-6)
