"""Makes the table of fissures from maps of lobes, and says by leave-one-out how far it can be trusted.

    python tools/lobe_shapes.py MAPS [--table include/groundglass/lungs/detail/fissure_table.hpp]

MAPS is a folder of NRRD label maps as Tang et al. (ISBI 2019, arXiv:1903.09879) drew them on LIDC-IDRI: 4
right upper, 5 right middle, 6 right lower, 7 left upper, 8 left lower, 512 airway, 516 to 520 airway within
a lobe. What is made of them is, as they are, under CC BY-NC-SA 4.0. Needs numpy, scipy and SimpleITK; some
seconds a map, then a minute.

A lung has coordinates of its own: across from the middle outwards and from front to back within its box,
and in height the share of its volume that lies below. The oblique fissure is "height less depth" as a
function of "across" and "height plus depth"; the horizontal one height as a function of across and depth,
each a tensor of cubic B-splines. Their coefficients follow from the lungs' outline, the filled share of the
cells of both boxes, by ridge regression; what it can say is kept as the mean and the main modes.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

STEP_MM = 2.5  # the maps are sampled this far apart
CELLS = (10, 8, 6)  # of a lung's box: height, depth, across
OBLIQUE = (5, 9)  # spline coefficients: across, along
HORIZONTAL = (5, 6)  # across, depth
OUTSIDE_SHARE = 0.005  # of the volume lies beyond either end of the box
ROUGHNESS, PULL = 0.05, 0.01  # of a fissure's departure from the mean, where it is fitted
OTHER_SIDE = 0.5  # what the left outline counts for, the right one being 1
PENALTY = 0.8  # of the ridge; leave-one-out is flat from 0.5 to 1.2
MODES = 14
SIDES = ("right", "left")
LOBES = ("right upper", "right middle", "right lower", "left upper", "left lower")
Floats = NDArray[np.float64]


@dataclass
class Lung:
    """One lung of a map: labels 1 upper, 2 middle, 3 lower, ``(height, depth, across)``."""

    labels: NDArray[np.int8]
    points: NDArray[np.intp]
    low: Floats
    high: Floats
    below: Floats  # share of the volume below the lower face of each slice

    @staticmethod
    def of(labels: NDArray[np.int8]) -> Lung:
        from scipy import ndimage

        parts, _ = ndimage.label(labels > 0)
        sizes = np.bincount(parts.ravel())
        sizes[0] = 0
        labels = np.where(parts == sizes.argmax(), labels, 0).astype(np.int8)
        points = np.argwhere(labels > 0)
        ends, shares = [], []
        for axis in range(3):
            counts = np.bincount(points[:, axis], minlength=labels.shape[axis])
            shares.append(np.concatenate([[0], np.cumsum(counts)]) / counts.sum())
            faces = np.arange(len(shares[-1])) - 0.5
            ends.append(np.interp((OUTSIDE_SHARE, 1 - OUTSIDE_SHARE), shares[-1], faces))
        low, high = np.array(ends).T
        return Lung(labels, points, low, high, shares[0])

    def coordinates(self, at: Floats) -> tuple[Floats, Floats, Floats]:
        """Across, depth and height of voxels ``(n, 3)``."""
        share = (at - self.low) / (self.high - self.low)
        height = np.interp(at[:, 0] + 0.5, np.arange(len(self.below)), self.below)
        return share[:, 2], share[:, 1], height

    def outline(self) -> Floats:
        """The filled share of each cell of the box."""
        result = (self.labels > 0).astype(np.float64)
        for axis, (size, cells) in enumerate(zip(self.labels.shape, CELLS, strict=True)):
            edges = np.linspace(self.low[axis], self.high[axis], cells + 1)
            voxel = np.arange(size)
            cover = np.diff(np.clip(edges[:, None], voxel - 0.5, voxel + 0.5), axis=0)
            cover /= (self.high[axis] - self.low[axis]) / cells
            result = np.moveaxis(np.tensordot(cover, result, axes=(1, axis)), 0, axis)
        return result.ravel()

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


def splines(x: Floats, count: int) -> Floats:
    """Values of `count` uniform cubic B-splines over 0..1; beyond the ends those of the ends."""
    x = np.clip(x, 0, 1) * (count - 3)
    k = np.minimum(x.astype(int), count - 4)
    f = x - k
    result, row = np.zeros((len(x), count)), np.arange(len(x))
    pieces = (1 - f) ** 3, 3 * f**3 - 6 * f**2 + 4, -3 * f**3 + 3 * f**2 + 3 * f + 1, f**3
    for i, piece in enumerate(pieces):
        result[row, k + i] = piece / 6
    return result


def tensor(a: Floats, b: Floats) -> Floats:
    return (a[:, :, None] * b[:, None, :]).reshape(len(a), -1)


def oblique(across: Floats, depth: Floats, height: Floats) -> tuple[Floats, Floats]:
    """Splines of the oblique fissure at points, and its ordinate there."""
    along = (height + depth - 0.1) / 1.8
    return tensor(splines(across, OBLIQUE[0]), splines(along, OBLIQUE[1])), height - depth


def horizontal(across: Floats, depth: Floats, height: Floats) -> tuple[Floats, Floats]:
    return tensor(splines(across, HORIZONTAL[0]), splines(depth, HORIZONTAL[1])), height


FISSURES = (("right", oblique, OBLIQUE), ("right", horizontal, HORIZONTAL), ("left", oblique, OBLIQUE))
ENDS = np.cumsum([0] + [a * b for _, _, (a, b) in FISSURES])


def roughness(shape: tuple[int, int]) -> Floats:
    second = [np.diff(np.eye(n), 2, axis=0) for n in shape]
    both = np.concatenate([np.kron(second[0], np.eye(shape[1])), np.kron(np.eye(shape[0]), second[1])])
    return np.asarray(both.T @ both)


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


def lungs_of(labels: NDArray[np.int16]) -> dict[str, Lung]:
    lobe = np.where((labels >= 516) & (labels <= 520), labels - 512, labels)
    right = np.where((lobe >= 4) & (lobe <= 6), lobe - 3, 0).astype(np.int8)[:, :, ::-1]
    left = np.select([lobe == 7, lobe == 8], [1, 3], 0).astype(np.int8)
    result = {}
    for side, part in (("right", right), ("left", left)):
        z, y, x = (np.flatnonzero((part > 0).any(axis=other)) for other in ((1, 2), (0, 2), (0, 1)))
        result[side] = Lung.of(part[z[0] : z[-1] + 1, y[0] : y[-1] + 1, x[0] : x[-1] + 1])
    return result


def fitted(patients: list[dict[str, Lung]]) -> Floats:
    """Spline coefficients of each patient's fissures, drawn to the mean of all where nothing is seen."""
    result = np.zeros((len(patients), ENDS[-1]))
    for kind, (side, basis, shape) in enumerate(FISSURES):
        normal = []
        for patient in patients:
            lung = patient[side]
            at = lung.labels
            upper, lower = ((at == 1), (at == 2)) if kind == 1 else ((at == 1) | (at == 2), at == 3)
            b, t = basis(*lung.coordinates(lung.border(upper, lower)))
            normal.append((b.T @ b / len(b), b.T @ t / len(b)))
        size = shape[0] * shape[1]
        penalty = (ROUGHNESS * roughness(shape) + PULL * np.eye(size)) / size
        mean = np.linalg.solve(sum(a for a, _ in normal) + 0.1 * penalty, sum(b for _, b in normal))
        for _ in range(5):
            own = np.array([mean + np.linalg.solve(a + penalty, b - a @ mean) for a, b in normal])
            mean = own.mean(axis=0)
        result[:, ENDS[kind] : ENDS[kind + 1]] = own
    return result


@dataclass
class Model:
    """Coefficients from outlines: ``mean + ((outline - centre) @ projection) @ modes``."""

    centre: Floats
    projection: Floats
    mean: Floats
    modes: Floats
    scale: Floats  # of the outlines

    def __call__(self, outline: Floats) -> Floats:
        return np.asarray(self.mean + (outline - self.centre) @ self.projection @ self.modes)

    def strangeness(self, outline: Floats) -> float:
        """Mean square departure from the mean outline, 1 on average for those learned from."""
        return float((((outline - self.centre) * self.scale) ** 2).sum()) / (1 + OTHER_SIDE)


def learned(outlines: Floats, coefficients: Floats) -> Model:
    centre, mean = outlines.mean(axis=0), coefficients.mean(axis=0)
    x, y, n = outlines - centre, coefficients - mean, len(outlines)
    half = x.shape[1] // 2
    scale = np.empty(x.shape[1])
    for part, weight in ((slice(half), 1.0), (slice(half, None), OTHER_SIDE)):
        scale[part] = np.sqrt(weight * n / (x[:, part] ** 2).sum())
    kernel = (x * scale) @ (x * scale).T
    unit = np.trace(kernel) / n

    dual = np.linalg.solve(kernel + PENALTY * unit * np.eye(n), y)
    _, _, modes = np.linalg.svd(kernel @ dual, full_matrices=False)
    projection = scale[:, None] * ((x * scale).T @ dual @ modes[:MODES].T)
    return Model(centre, projection, mean, modes[:MODES], scale)


def divided(patient: dict[str, Lung], coefficients: Floats) -> dict[str, NDArray[np.int8]]:
    """Labels of each side's lobes by the fissures."""
    result = {}
    for side, lung in patient.items():
        at = lung.coordinates(lung.points.astype(np.float64))
        kind = 0 if side == "right" else 2
        basis, ordinate = oblique(*at)
        label = np.where(ordinate > basis @ coefficients[ENDS[kind] : ENDS[kind + 1]], 1, 3)
        if side == "right":
            basis, ordinate = horizontal(*at)
            below = ordinate <= basis @ coefficients[ENDS[1] : ENDS[2]]
            label[(label == 1) & below] = 2
        result[side] = np.zeros_like(lung.labels)
        result[side][tuple(lung.points.T)] = label
    return result


def border_errors(lung: Lung, found: NDArray[np.int8], kind: int) -> tuple[float, float]:
    """Mean and 90th percentile distance in mm from the true border to the found one."""
    from scipy.spatial import cKDTree

    def points(labels: NDArray[np.int8]) -> Floats:
        upper, lower = (
            ((labels == 1), (labels == 2)) if kind == 1 else ((labels == 1) | (labels == 2), labels == 3)
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
    rng: np.random.Generator, patient: dict[str, Lung], found: dict[str, NDArray[np.int8]]
) -> tuple[int, int, int]:
    """CTSS of one random disease by true lobes, by found ones and by thirds of the height.

    Blobs of 10 to 45 mm, half of the time rather at back and base, up to a share drawn from 1 to 60 %.
    """
    scores = [0, 0, 0]
    weight, share = rng.choice((0.0, 1.5)), float(np.exp(rng.uniform(np.log(0.01), np.log(0.6))))
    for side, lung in patient.items():
        p = rng.permutation(lung.points)[:5000]
        _, depth, height = lung.coordinates(p.astype(np.float64))
        odds = np.cumsum(np.exp(weight * (depth - height)))
        lesion = np.zeros(len(p), bool)
        while lesion.mean() < share:
            centre = p[np.searchsorted(odds, rng.uniform(0, odds[-1]))]
            lesion |= ((p - centre) ** 2).sum(axis=1) < (rng.uniform(10, 45) / 2 / STEP_MM) ** 2
        level = (p[:, 0] - p[:, 0].min()) / (np.ptp(p[:, 0]) + 1)
        third = np.select([level >= 2 / 3, level >= 1 / 3], [1, 2], 3)
        if side == "left":
            third[third == 2] = 1
        at = tuple(p.T)
        for k, labels in enumerate((lung.labels[at], found[side][at], third)):
            lobes = (1, 2, 3) if side == "right" else (1, 3)
            for lobe in lobes:
                here = lesion[labels == lobe]
                scores[k] += score_points(float(here.mean())) if len(here) else 0
    return scores[0], scores[1], scores[2]


def leave_one_out(patients: list[dict[str, Lung]], outlines: Floats, coefficients: Floats) -> Floats:
    """Prints what can be expected; gives mean and 90th percentile error in mm of each fissure."""
    rng = np.random.default_rng(13)
    dice, volumes, errors, scores, strange = [], [], [], [], []
    for i, patient in enumerate(patients):
        others = np.delete(np.arange(len(patients)), i)
        model = learned(outlines[others], coefficients[others])
        strange.append(model.strangeness(outlines[i]))
        found = divided(patient, model(outlines[i]))
        row, volume = [], []
        for side, lobes in (("right", (1, 2, 3)), ("left", (1, 3))):
            truth = patient[side].labels
            for lobe in lobes:
                a, b = found[side] == lobe, truth == lobe
                row.append(2 * (a & b).sum() / (a.sum() + b.sum()))
                volume.append(100 * abs(a.sum() / b.sum() - 1))
        dice.append(row)
        volumes.append(volume)
        errors.append([border_errors(patient[s], found[s], k) for k, (s, _, _) in enumerate(FISSURES)])
        scores += [painted_scores(rng, patient, found) for _ in range(20)]
    d, v, e, c = np.array(dice), np.array(volumes), np.array(errors), np.array(scores)
    print(f"leave-one-out over {len(patients)} maps, lungs given")
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
    return np.asarray(np.nanmean(e, axis=0))


def as_integers(name: str, values: Floats) -> str:
    """A C++ array of whole numbers with the step between them."""
    step = float(np.abs(values).max()) / 32767
    numbers = np.rint(values.ravel() / step).astype(int)
    lines, line = [], ""
    for number in numbers:
        if len(line) + len(str(number)) > 104:
            lines.append(line)
            line = ""
        line += f"{number}, " if line else f"    {number}, "
    lines.append(line)
    text = "\n".join(line.rstrip() for line in lines)
    return (
        f"inline constexpr double {name}_step = {step:.9g};\n"
        f"inline constexpr std::array<std::int16_t, {len(numbers)}> {name}{{\n{text}}};\n"
    )


def header(model: Model, errors: Floats, maps: int) -> str:
    per_side = [model.scale[at] ** 2 / (1 + OTHER_SIDE) for at in (0, -1)]

    def numbers(kind: str, name: str, values: Iterable[object], about: str) -> str:
        values = list(values)
        text = ", ".join(map(str, values))
        return f"/// {about}\ninline constexpr std::array<{kind}, {len(values)}> {name}{{{text}}};"

    def count(name: str, value: int, about: str) -> str:
        return f"/// {about}\ninline constexpr std::size_t {name} = {value};"

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
        "#include <cstdint>",
        "",
        "namespace groundglass::lungs::detail::fissure_table {",
        "",
        numbers("std::size_t", "cells", CELLS, "Of a lung's box: height, depth, across."),
        numbers("std::size_t", "oblique", OBLIQUE, "Spline coefficients across and along."),
        numbers("std::size_t", "horizontal", HORIZONTAL, "Spline coefficients across and in depth."),
        count("outline_size", model.centre.size, "Cells of the right, then of the left lung."),
        count("mode_count", len(model.modes), "Main modes."),
        count("coefficient_count", model.mean.size, "Right oblique, right horizontal, left oblique."),
        "/// Of a lung's volume, beyond either end of its box.",
        f"inline constexpr double outside_share = {OUTSIDE_SHARE};",
        numbers(
            "double",
            "expected_error_mm",
            (f"{mean:.1f}" for mean, _ in errors),
            "Mean distance from a true border to the found one by leave-one-out, in that order.",
        ),
        numbers(
            "double",
            "departure",
            (f"{value:.6g}" for value in per_side),
            "What squared departures from the mean outline count, right and left; 1 on average in sum.",
        ),
        as_integers("centre", model.centre),
        "/// outline, mode",
        as_integers("projection", model.projection),
        as_integers("mean", model.mean),
        "/// mode, coefficient",
        as_integers("modes", model.modes),
        "} // namespace groundglass::lungs::detail::fissure_table",
    ]
    return "\n".join(lines) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("maps", type=Path)
    parser.add_argument("--table", type=Path, help="the header to write")
    options = parser.parse_args()
    paths = sorted(options.maps.glob("*.nrrd"))
    if len(paths) < 10:
        print(f"{options.maps}: {len(paths)} maps are too few", file=sys.stderr)
        return 2
    patients = [lungs_of(read_map(path)) for path in paths]
    outlines = np.array([np.concatenate([patient[side].outline() for side in SIDES]) for patient in patients])
    coefficients = fitted(patients)
    errors = leave_one_out(patients, outlines, coefficients)
    model = learned(outlines, coefficients)
    if options.table:
        options.table.write_text(header(model, errors, len(paths)), encoding="utf-8")
        print(f"  {options.table}: {options.table.stat().st_size / 1000:.0f} kB")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
