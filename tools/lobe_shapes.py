"""Trains the network of lobes on maps, says by cross-validation how far it can be trusted, writes its table.

    python tools/lobe_shapes.py MAPS [--table include/groundglass/lungs/detail/lobe_table.hpp]

MAPS is a folder of NRRD label maps as Tang et al. (ISBI 2019, arXiv:1903.09879) drew them on LIDC-IDRI: 4
right upper, 5 right middle, 6 right lower, 7 left upper, 8 left lower, 512 airway, 516 to 520 airway within
a lobe. What is made of them is, as they are, under CC BY-NC-SA 4.0. Needs numpy, scipy, SimpleITK and torch;
about half an hour on one core, most of it the networks that leave maps out.

``lobe_network.py`` has the network. Here its two maps become surfaces as ``lungs/detail/lobe_network.hpp``
makes them: the oblique fissure is "height less depth" as a function of "across" and "height plus depth", the
horizontal one height as a function of across and depth.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from lobe_network import (
    CELLS,
    INPUTS,
    OUTSIDE_SHARE,
    STEP_MM,
    STEPS,
    WIDTHS,
    Box,
    Network,
    Samples,
    above_fissures,
    of_whole_numbers,
    samples_of,
    trained,
    units,
)
from numpy.typing import NDArray
from scipy import ndimage
from scipy.spatial import cKDTree
from table_text import CHARACTERS, LEVELS, as_text, listed

CLOSED_MM = 8.0  # vessels and airways of the hilum are no part of some maps
SIDES = ("right", "left")
LOBES = ("right upper", "right middle", "right lower", "left upper", "left lower")
LOBES_OF = ((1, 2, 3), (1, 3))
ROWS, COLUMNS, ORDINATES = 49, 97, 161  # of a surface, and where it is looked for
SURE = 4.0  # log odds count no more
Floats = NDArray[np.float64]
Labels = NDArray[np.int8]


@dataclass
class Lung:
    """One lung of a map: labels 1 upper, 2 middle, 3 lower, ``(height, depth, across)``."""

    labels: Labels
    points: NDArray[np.intp]
    box: Box

    @staticmethod
    def of(labels: Labels) -> Lung:
        parts, _ = ndimage.label(labels > 0)
        sizes = np.bincount(parts.ravel())
        sizes[0] = 0
        labels = np.where(parts == sizes.argmax(), labels, 0).astype(np.int8)
        return Lung(labels, np.argwhere(labels > 0), Box.of(labels > 0))

    def closed(self) -> Labels:
        """Without holes and clefts; they take the label next to them."""
        reach = CLOSED_MM / STEP_MM
        margin = int(reach) + 2
        padded = np.pad(self.labels, margin)
        near = ndimage.distance_transform_edt(padded == 0) <= reach
        inside = (ndimage.distance_transform_edt(near) > reach) | (padded > 0)
        nearest = ndimage.distance_transform_edt(padded == 0, return_distances=False, return_indices=True)
        return np.where(inside, padded[tuple(nearest)], 0).astype(np.int8)

    def border(self, upper: NDArray[np.bool_], lower: NDArray[np.bool_]) -> Floats:
        """Points between neighbours of two kinds, also across one voxel of neither."""
        found = []
        for axis in range(3):
            for step in (1, 2):
                first, second, middle = ([slice(None)] * 3 for _ in range(3))
                first[axis], second[axis], middle[axis] = slice(-step), slice(step, None), slice(1, -1)
                a, b = tuple(first), tuple(second)
                meets = (upper[a] & lower[b]) | (lower[a] & upper[b])
                if step == 2:
                    meets &= self.labels[tuple(middle)] == 0
                points = np.argwhere(meets).astype(np.float64)
                points[:, axis] += step / 2
                found.append(points)
        return np.concatenate(found)


def read_map(path: Path) -> NDArray[np.int16]:
    """A map sampled every :data:`STEP_MM`: slices to the head, rows to the back, columns to the left."""
    import SimpleITK as sitk

    image = sitk.DICOMOrient(sitk.ReadImage(str(path)), "LPS")
    full, spacing = sitk.GetArrayFromImage(image), image.GetSpacing()[::-1]
    taken = []
    for size, step in zip(full.shape, spacing, strict=True):
        at = ((np.arange(int(size * step / STEP_MM)) + 0.5) * STEP_MM / step).astype(int)
        taken.append(np.minimum(at, size - 1))
    return np.asarray(full[np.ix_(*taken)].astype(np.int16))


def lungs_of(labels: NDArray[np.int16]) -> tuple[Lung, Lung]:
    """Right, mirrored, and left."""
    lobe = np.where((labels >= 516) & (labels <= 520), labels - 512, labels)
    right = np.where((lobe >= 4) & (lobe <= 6), lobe - 3, 0).astype(np.int8)[:, :, ::-1]
    left = np.select([lobe == 7, lobe == 8], [1, 3], 0).astype(np.int8)
    found = []
    for part in (right, left):
        z, y, x = (np.flatnonzero((part > 0).any(axis=other)) for other in ((1, 2), (0, 2), (0, 1)))
        found.append(Lung.of(part[z[0] : z[-1] + 1, y[0] : y[-1] + 1, x[0] : x[-1] + 1]))
    return found[0], found[1]


def samples_from(patients: list[tuple[Lung, Lung]]) -> Samples:
    """Deformed copies of the closed lungs; the first of each is the lung as it is."""
    result = samples_of([(a.closed(), b.closed()) for a, b in patients], np.random.default_rng(5))
    for i, lungs in enumerate(patients):
        for side, lung in enumerate(lungs):
            kinds = np.stack([lung.labels == k for k in (1, 2, 3)]).astype(np.float32)
            result.shares[i, 0, side] = lung.box.on_cells(kinds)
            result.heights[i, 0, side] = lung.box.heights()
    return result


def surface(above: NDArray[np.float32], box: Box, horizontal: bool) -> Floats:
    """The ordinate that parts what lies above from what lies below best, over ``(across, along)``."""
    across = np.linspace(0, 1, ROWS)[:, None, None]
    along = np.linspace(0, 1, COLUMNS)[None, :, None]
    ordinates = np.linspace(0 if horizontal else -1, 1, ORDINATES)
    step = ordinates[1] - ordinates[0]
    total = 1.8 * along + 0.1
    height = ordinates + 0 * along if horizontal else (total + ordinates) / 2
    depth = along + 0 * ordinates if horizontal else (total - ordinates) / 2
    shape = (ROWS, COLUMNS, ORDINATES)
    valid = np.broadcast_to((depth >= 0) & (depth <= 1) & (height >= 0) & (height <= 1), shape)
    share = (box.slice(np.clip(height, 0, 1)) - box.low[0]) / (box.high[0] - box.low[0])
    cells = [np.broadcast_to(v * n - 0.5, shape) for v, n in zip((share, depth, across), CELLS, strict=True)]
    odds = ndimage.map_coordinates(above, np.stack(cells), order=1, mode="nearest")
    against = -np.where(valid, np.clip(odds, -SURE, SURE), 0).cumsum(axis=2)
    scores = np.concatenate([np.zeros((ROWS, COLUMNS, 1)), against], axis=2)
    first, last = valid.argmax(axis=2), ORDINATES - valid[..., ::-1].argmax(axis=2)
    place = np.arange(ORDINATES + 1)
    inside = (place >= first[..., None]) & (place <= last[..., None])
    best = np.where(inside, scores, -np.inf).argmax(axis=2)
    return np.where(valid.any(axis=2), ordinates[0] + step * (best - 0.5), ordinates[0])


def divided(lungs: tuple[Lung, Lung], above: NDArray[np.float32]) -> list[Labels]:
    """Labels of each side's lobes by the fissures."""
    result = []
    for side, lung in enumerate(lungs):
        across, depth, height = lung.box.coordinates(lung.points.astype(np.float64))

        def lies_above(kind: int, along: Floats, ordinate: Floats, side: int = side, lung: Lung = lung,
                       across: Floats = across) -> NDArray[np.bool_]:  # fmt: skip
            nodes = surface(above[side, kind], lung.box, kind == 1)
            at = [np.clip(across, 0, 1) * (ROWS - 1), np.clip(along, 0, 1) * (COLUMNS - 1)]
            return np.asarray(ordinate > ndimage.map_coordinates(nodes, at, order=1, mode="nearest"))

        label = np.where(lies_above(0, (height + depth - 0.1) / 1.8, height - depth), 1, 3)
        if side == 0:
            label[(label == 1) & ~lies_above(1, depth, height)] = 2
        result.append(np.zeros_like(lung.labels))
        result[side][tuple(lung.points.T)] = label
    return result


def border_errors(lung: Lung, found: Labels, horizontal: bool) -> tuple[float, float]:
    """Mean and 90th percentile distance in mm from the true border to the found one."""

    def points(labels: Labels) -> Floats:
        upper, lower = (
            ((labels == 1), (labels == 2)) if horizontal else ((labels == 1) | (labels == 2), labels == 3)
        )
        return lung.border(upper, lower)

    there = points(found)
    if not len(there):
        return float("nan"), float("nan")
    distance = STEP_MM * cKDTree(there).query(points(lung.labels))[0]
    return float(distance.mean()), float(np.percentile(distance, 90))


def score_points(share: float) -> int:
    """CTSS of Pan et al. 2020 for one lobe."""
    return 0 if share == 0 else 1 + int(np.searchsorted((0.05, 0.25, 0.5, 0.75), share, side="right"))


def painted_scores(
    rng: np.random.Generator, lungs: tuple[Lung, Lung], found: list[Labels]
) -> tuple[int, int, int]:
    """CTSS of one random disease by true lobes, by found ones and by thirds of the height.

    Blobs of 10 to 45 mm, half of the time rather at back and base, up to a share drawn from 1 to 60 %.
    """
    scores = [0, 0, 0]
    weight, share = rng.choice((0.0, 1.5)), float(np.exp(rng.uniform(np.log(0.01), np.log(0.6))))
    for side, lung in enumerate(lungs):
        p = rng.permutation(lung.points)[:5000]
        _, depth, height = lung.box.coordinates(p.astype(np.float64))
        odds = np.cumsum(np.exp(weight * (depth - height)))
        lesion = np.zeros(len(p), bool)
        while lesion.mean() < share:
            centre = p[np.searchsorted(odds, rng.uniform(0, odds[-1]))]
            lesion |= ((p - centre) ** 2).sum(axis=1) < (rng.uniform(10, 45) / 2 / STEP_MM) ** 2
        level = (p[:, 0] - p[:, 0].min()) / (np.ptp(p[:, 0]) + 1)
        third = np.select([level >= 2 / 3, level >= 1 / 3], [1, 2], 3)
        if side == 1:
            third[third == 2] = 1
        at = tuple(p.T)
        for k, labels in enumerate((lung.labels[at], found[side][at], third)):
            for lobe in LOBES_OF[side]:
                here = lesion[labels == lobe]
                scores[k] += score_points(float(here.mean())) if len(here) else 0
    return scores[0], scores[1], scores[2]


@dataclass
class Outline:
    """Filled shares of cells of twice the size, and how far those learned from depart from their mean."""

    centre: Floats
    departure: Floats  # mean sum of squares, right and left

    @staticmethod
    def seen(samples: Samples, maps: NDArray[np.intp]) -> Floats:
        filled = samples.shares[maps, 0].astype(np.float64).sum(axis=2)
        z, y, x = CELLS
        return np.asarray(filled.reshape(len(maps), 2, z // 2, 2, y // 2, 2, x // 2, 2).mean(axis=(3, 5, 7)))

    @staticmethod
    def of(seen: Floats) -> Outline:
        centre = seen.mean(axis=0)
        return Outline(centre, ((seen - centre) ** 2).sum(axis=(2, 3, 4)).mean(axis=0))

    def strangeness(self, seen: Floats) -> float:
        """1 on average for those learned from."""
        return float((((seen - self.centre) ** 2).sum(axis=(1, 2, 3)) / self.departure).mean())


def cross_validation(patients: list[tuple[Lung, Lung]], samples: Samples, folds: int, steps: int) -> Floats:
    """Prints what can be expected; gives the mean error in mm of each fissure."""
    rng = np.random.default_rng(13)
    fold = np.random.default_rng(0).permutation(len(patients)) % folds
    dice, volumes, errors, scores, strange = [], [], [], [], []
    for part in range(folds):
        others = np.flatnonzero(fold != part)
        network = of_whole_numbers(trained(samples, others, steps))
        outline = Outline.of(Outline.seen(samples, others))
        for i in np.flatnonzero(fold == part):
            strange.append(outline.strangeness(Outline.seen(samples, np.array([i]))[0]))
            found = divided(patients[i], above_fissures(network, samples, int(i)))
            row, volume = [], []
            for side, lung in enumerate(patients[i]):
                for lobe in LOBES_OF[side]:
                    a, b = found[side] == lobe, lung.labels == lobe
                    row.append(2 * (a & b).sum() / (a.sum() + b.sum()))
                    volume.append(100 * abs(a.sum() / b.sum() - 1))
            dice.append(row)
            volumes.append(volume)
            errors.append(
                [border_errors(patients[i][s], found[s], h) for s, h in ((0, False), (0, True), (1, False))]
            )
            scores += [painted_scores(rng, patients[i], found) for _ in range(20)]
        print(f"  {len(dice)} maps: {np.mean(dice):.3f}", file=sys.stderr, flush=True)
    d, v, e, c = np.array(dice), np.array(volumes), np.array(errors), np.array(scores)
    print(f"{folds} networks that leave maps out, {len(patients)} maps, lungs given, as in the table")
    print(f"  Dice, mean over lobes   {d.mean():.3f}   worst patient {d.mean(axis=1).min():.3f}")
    for k, name in enumerate(LOBES):
        print(
            f"  {name:13s} Dice {d[:, k].mean():.3f}, median {np.median(d[:, k]):.3f}, "
            f"worst {d[:, k].min():.2f}; "
            f"volume off by {v[:, k].mean():.0f} %, 90th percentile {np.percentile(v[:, k], 90):.0f} %"
        )
    for k, name in enumerate(("right oblique", "right horizontal", "left oblique")):
        print(
            f"  {name:16s} off by {np.nanmean(e[:, k, 0]):.1f} mm, "
            f"the worst tenth of a patient's by {np.nanmean(e[:, k, 1]):.1f} mm"
        )
    for name, k in (("these lobes", 1), ("thirds", 2)):
        off = np.abs(c[:, k] - c[:, 0])
        print(
            f"  CTSS by {name:11s} equal {100 * (off == 0).mean():.1f} %, "
            f"within 1 {100 * (off <= 1).mean():.1f} %"
        )
    print("  outlines' departure from the mean: " + " ".join(f"{s:.1f}" for s in sorted(strange)[-6:]))
    return np.asarray(np.nanmean(e[..., 0], axis=0))


def header(network: Network, outline: Outline, errors: Floats, maps: int) -> str:
    layers = units(network)
    numbers = np.concatenate([numbers.ravel() for numbers, _, _ in layers])
    lines = [
        "#pragma once",
        "",
        f"// Made by tools/lobe_shapes.py from {maps} maps of lobes. DERIVED FROM DATA UNDER",
        "// CC BY-NC-SA 4.0 and under the same terms, unlike the code: non-commercial, share alike.",
        "// Source: Tang, Zhang, Xie, Automatic Pulmonary Lobe Segmentation Using Deep Learning,",
        "// ISBI 2019; copyright 2019 DEEPVOXEL Inc.",
        "// `-DGROUNDGLASS_LOBES=OFF` builds without it.",
        "// clang-format off",
        "",
        "#include <array>",
        "#include <cstddef>",
        "#include <string_view>",
        "",
        "namespace groundglass::lungs::detail::lobe_table {",
        "",
        listed("std::size_t", "cells", CELLS, "Of a lung's box: height, depth, across."),
        listed("std::size_t", "widths", WIDTHS, "Maps at the full, half and quarter of the cells."),
        f"/// Maps that the network sees.\ninline constexpr std::size_t inputs = {INPUTS};",
        "/// Of a lung's volume, beyond either end of its box.",
        f"inline constexpr double outside_share = {OUTSIDE_SHARE};",
        listed(
            "double",
            "expected_error_mm",
            errors,
            "Mean distance from a true border to one found by a network that has not seen it, in that order.",
            2,
        ),
        f"/// What the network adds to, in log odds for a lung's height.\n"
        f"inline constexpr float plane = {float(network.plane.detach()):.6g}F;",
        CHARACTERS,
        f"/// Of weights, to either side of 0; a share of the centre of 0 is -levels, of 1 levels.\n"
        f"inline constexpr int levels = {LEVELS};",
        listed(
            "double",
            "departure",
            outline.departure,
            "Mean sum of squares from the mean outline, right and left.",
        ),
        as_text(
            "centre",
            np.rint(outline.centre * 2 * LEVELS).astype(int) - LEVELS,
            "Mean filled share of cells of twice the size, right and left.",
        ),
        listed(
            "float", "steps", np.concatenate([s for _, s, _ in layers]), "What 1 is of each map's weights."
        ),
        listed("float", "biases", np.concatenate([b for _, _, b in layers]), "Of each map."),
        as_text("weights", numbers, "Layer, map, map before, tap."),
        "",
        "} // namespace groundglass::lungs::detail::lobe_table",
    ]
    return "\n".join(lines) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("maps", type=Path)
    parser.add_argument("--table", type=Path, help="the header to write")
    parser.add_argument("--folds", type=int, default=8, help="default: %(default)s")
    parser.add_argument("--steps", type=int, default=STEPS, help="of eight maps; default: %(default)s")
    options = parser.parse_args()
    paths = sorted(options.maps.glob("*.nrrd"))
    if len(paths) < 10:
        print(f"{options.maps}: {len(paths)} maps are too few", file=sys.stderr)
        return 2
    torch.set_num_threads(1)
    patients = [lungs_of(read_map(path)) for path in paths]
    samples = samples_from(patients)
    errors = cross_validation(patients, samples, options.folds, options.steps)
    if options.table:
        everyone = np.arange(len(patients))
        network = trained(samples, everyone, options.steps)
        outline = Outline.of(Outline.seen(samples, everyone))
        options.table.write_text(header(network, outline, errors, len(paths)), encoding="utf-8")
        print(f"  {options.table}: {options.table.stat().st_size / 1000:.0f} kB")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
