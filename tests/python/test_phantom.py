"""The phantom: exact counts, one and the same for a seed, and a truth table that recounts."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from groundglass import phantom
from groundglass.phantom import Phantom, make, write_phantom

pytestmark = pytest.mark.long

SMALL = (50, 96, 96)


@lru_cache(maxsize=16)
def small(seed: int = 0, **fractions: float) -> Phantom:
    return make(seed, shape=SMALL, **fractions)


@pytest.mark.parametrize(
    ("ground_glass", "consolidation"),
    [(0.08, 0.03), (0.0, 0.05), (0.3, 0.0), (0.5, 0.4), (1e-4, 1e-4), (0.0, 0.0)],
)
def test_fractions_are_met_to_the_voxel(ground_glass: float, consolidation: float) -> None:
    p = small(3, ground_glass=ground_glass, consolidation=consolidation)
    lung = np.count_nonzero(p.lungs)
    assert np.count_nonzero(p.lesions == 1) == round(ground_glass * lung)
    assert np.count_nonzero(p.lesions == 2) == round(consolidation * lung)
    assert not np.any(p.lesions[p.lungs == 0])


def test_arrays_have_the_promised_types() -> None:
    p = small()
    assert p.hounsfield.dtype == np.int16
    assert p.lungs.dtype == np.uint8
    assert p.lesions.dtype == np.uint8
    assert p.hounsfield.shape == p.lungs.shape == p.lesions.shape == SMALL
    assert set(np.unique(p.lungs)) == {0, 1, 2}
    assert set(np.unique(p.lesions)) == {0, 1, 2}
    assert p.hounsfield.min() >= -1024
    assert p.hounsfield.max() <= 3071
    with pytest.raises(ValueError, match="read-only"):
        p.lungs[0, 0, 0] = 1


def test_a_seed_gives_the_same_bytes() -> None:
    first, again = make(11, shape=SMALL), make(11, shape=SMALL)
    for name in ("hounsfield", "lungs", "lesions"):
        assert getattr(first, name).tobytes() == getattr(again, name).tobytes()
    assert first.truth == again.truth


def test_another_seed_is_another_patient() -> None:
    a, b = small(1), small(2)
    assert np.count_nonzero(a.lungs != b.lungs) > 0.02 * a.lungs.size / 5
    assert a.truth["regions"]["both lungs"]["lung_ml"] != b.truth["regions"]["both lungs"]["lung_ml"]


def test_other_fractions_are_the_same_patient() -> None:
    healthy, ill = small(5, ground_glass=0.0, consolidation=0.0), small(5)
    assert np.array_equal(healthy.lungs, ill.lungs)
    same = ill.lesions == 0
    same[1:] &= ill.lesions[:-1] == 0
    same[:-1] &= ill.lesions[1:] == 0
    for axis in (1, 2):  # beyond the reach of the blur
        for _ in range(2):
            same &= np.roll(same, 1, axis) & np.roll(same, -1, axis)
    assert np.array_equal(healthy.hounsfield[same], ill.hounsfield[same])


def test_truth_equals_an_independent_count() -> None:
    p = small(7)
    voxel_ml = p.spacing_mm[0] * p.spacing_mm[1] * p.spacing_mm[2] / 1000
    held = [k for k in range(len(p.lungs)) if p.lungs[k].any()]
    count = held[-1] - held[0] + 1
    zone = {k: ["lower", "middle", "upper"][int(3 * (k - held[0] + 0.5) / count)] for k in held}
    masks = {"both lungs": p.lungs > 0, "left lung": p.lungs == 1, "right lung": p.lungs == 2}
    for side in ("left", "right"):
        for name in ("upper", "middle", "lower"):
            slices = np.array([zone.get(k) == name for k in range(len(p.lungs))])
            masks[f"{side} {name} third"] = masks[f"{side} lung"] & slices[:, None, None]
    assert list(p.truth["regions"]) == list(masks)
    for name, mask in masks.items():
        row = p.truth["regions"][name]
        lung, hazy, dense = (int(m.sum()) for m in (mask, mask & (p.lesions == 1), mask & (p.lesions == 2)))
        assert row["lung_voxels"] == lung > 0
        assert (row["ground_glass_voxels"], row["consolidation_voxels"]) == (hazy, dense)
        assert row["opacity_voxels"] == hazy + dense
        assert row["lung_ml"] == pytest.approx(lung * voxel_ml, rel=1e-12)
        assert row["opacity_ml"] == pytest.approx((hazy + dense) * voxel_ml, rel=1e-12)
        assert row["opacity_percent"] == pytest.approx(100 * (hazy + dense) / lung, rel=1e-12)
        assert row["high_opacity_percent"] == pytest.approx(100 * dense / lung, rel=1e-12)


def test_regions_add_up() -> None:
    rows = small(7).truth["regions"]
    for key in ("lung_voxels", "ground_glass_voxels", "consolidation_voxels"):
        assert rows["left lung"][key] + rows["right lung"][key] == rows["both lungs"][key]
        for side in ("left", "right"):
            assert (
                sum(rows[f"{side} {z} third"][key] for z in ("upper", "middle", "lower"))
                == rows[f"{side} lung"][key]
            )


def test_the_involvement_of_the_true_masks_is_the_truth() -> None:
    gg = pytest.importorskip("groundglass._core", reason="the compiled part is not built")
    p = small(7)
    table = gg.Involvement()(gg.LesionCt(gg.LungCt(p.volume, p.lungs), p.lesions))
    for name, row in p.truth["regions"].items():
        found: Any = next(r for r in table.rows if r.region == name)
        for key in (
            "lung_ml",
            "ground_glass_ml",
            "consolidation_ml",
            "opacity_ml",
            "opacity_percent",
            "high_opacity_percent",
        ):
            assert getattr(found, key) == pytest.approx(row[key], rel=1e-9), (name, key)


@pytest.mark.parametrize("seed", range(4))
def test_a_plausible_chest(seed: int) -> None:
    p = small(seed, ground_glass=0.0, consolidation=0.0)
    rows = p.truth["regions"]
    assert 2500 < rows["both lungs"]["lung_ml"] < 6500
    assert 0.7 < rows["left lung"]["lung_ml"] / rows["right lung"]["lung_ml"] < 1.0
    columns = np.arange(SMALL[2])
    centre = {label: np.average(columns, weights=(p.lungs == label).sum(axis=(0, 1))) for label in (1, 2)}
    assert centre[1] > centre[2], "the patient's left is at the higher columns"
    held = np.flatnonzero(p.lungs.any(axis=(1, 2)))
    assert 0 < held[0] < held[-1] < SMALL[0] - 1, "neither apex nor base is cut off"
    assert not p.lungs[:, [0, -1]].any()
    assert not p.lungs[:, :, [0, -1]].any()
    lungs = p.hounsfield[p.lungs > 0]
    assert -890 < np.median(lungs) < -790
    assert np.mean(lungs > -200) < 0.04, "vessels and pleura only"
    # The liver lies under the right lung, the heart to the left of the middle, air around.
    assert -1010 < p.hounsfield[:, :3].mean() < -990
    low = p.hounsfield[held[0] + 2]
    middle = SMALL[2] // 2
    assert np.median(low[SMALL[1] // 2, middle - 22 : middle - 8]) == pytest.approx(52, abs=25)


def test_opacities_look_like_what_they_are() -> None:
    p = small(9, ground_glass=0.15, consolidation=0.06)
    ground_glass, consolidation = (float(np.median(p.hounsfield[p.lesions == label])) for label in (1, 2))
    assert -680 < ground_glass < -400
    assert -120 < consolidation < 60


def test_opacities_prefer_the_back_and_the_base() -> None:
    rows, slices = [], []
    for seed in (0, 1, 2, 3, 5, 7):
        p = small(seed)
        for store, axis in ((rows, 1), (slices, 0)):
            index = np.indices(SMALL)[axis]
            store.append(index[p.lesions > 0].mean() - index[p.lungs > 0].mean())
    assert np.mean(rows) > 3, "towards the back"
    assert np.mean(slices) < -1, "towards the base"


def test_the_same_chest_in_other_voxels() -> None:
    coarse, fine = small(4), make(4, shape=(100, 128, 128))
    a, b = (p.truth["regions"]["both lungs"]["lung_ml"] for p in (coarse, fine))
    assert a == pytest.approx(b, rel=0.02)
    assert fine.spacing_mm == (3.0, 2.90625, 2.90625)


def test_spacing_can_be_given() -> None:
    p = make(0, shape=(60, 90, 100), spacing_mm=(5.5, 4.0, 3.6))
    assert p.spacing_mm == (5.5, 4.0, 3.6)
    assert p.truth["voxel_ml"] == pytest.approx(0.0792)
    assert p.origin_mm == pytest.approx((-178.2, -178.0, -162.25))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"ground_glass": -0.01}, "ground_glass must be a fraction of the lungs from 0 to 0.9, found -0.01"),
        ({"consolidation": 1.0}, "consolidation must be a fraction"),
        ({"ground_glass": float("nan")}, "ground_glass must be a fraction"),
        ({"ground_glass": 0.6, "consolidation": 0.4}, "at most 0.9 of the lungs, found 1"),
        ({"seed": -1}, "seed must be a whole number"),
        ({"seed": 1.5}, "seed must be a whole number"),
        ({"seed": True}, "seed must be a whole number"),
        ({"shape": (50, 96)}, "shape must be"),
        ({"shape": (4, 96, 96)}, "shape must be"),
        ({"shape": (50, 96, 5000)}, "shape must be"),
        ({"spacing_mm": (0.0, 1.0, 1.0)}, "spacing_mm must be three positive numbers"),
        (
            {"spacing_mm": (1.0, 4.0, 4.0)},
            "must hold the chest: from 295 to 420 mm along the slices, found 50 mm",
        ),
    ],
)
def test_wrong_arguments_are_named(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make(**({"shape": SMALL} | arguments))


@pytest.mark.parametrize("format", ["dicom", "nifti"])
def test_written_with_its_truth(tmp_path: Path, format: str) -> None:
    pytest.importorskip("pydicom")
    p = small(2)
    write_phantom(tmp_path / "p", p, format)
    image = {"ct"} if format == "dicom" else {"ct.nii.gz"}
    assert {f.name for f in (tmp_path / "p").iterdir()} == image | {
        "lungs.nii.gz",
        "lesions.nii.gz",
        "lobes.nii.gz",
        "truth.json",
    }
    assert json.loads((tmp_path / "p" / "truth.json").read_text()) == p.truth
    sitk = pytest.importorskip("SimpleITK")
    for name, values in (("lungs", p.lungs), ("lesions", p.lesions), ("lobes", p.lobes)):
        assert np.array_equal(
            sitk.GetArrayFromImage(sitk.ReadImage(tmp_path / "p" / f"{name}.nii.gz")), values
        )


def test_same_seed_same_files(tmp_path: Path) -> None:
    pytest.importorskip("pydicom")
    for name in ("a", "b"):
        write_phantom(tmp_path / name, make(2, shape=SMALL))
    files = sorted(f.relative_to(tmp_path / "a") for f in (tmp_path / "a").rglob("*") if f.is_file())
    assert len(files) == SMALL[0] + 4
    for file in files:
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes(), file


def test_a_wrong_format_writes_nothing(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="format must be 'dicom' or 'nifti', found 'png'"):
        write_phantom(tmp_path / "p", small(2), "png")
    assert list(tmp_path.iterdir()) == []


def test_names() -> None:
    once = {"Phantom", "Pitfalls", "make", "truth_of", "write_phantom"}
    assert set(phantom.__all__) == once | {"MIXED", "Course", "Twice", "make_twice", "write_twice"}
    assert replace(small(), truth={"seed": 5}).seed == 5
