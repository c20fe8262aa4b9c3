"""Masks of other programs: which value is which lung or lobe follows from where it lies in the patient."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import SimpleITK as sitk

import groundglass as gg
from small_study import refused

Labels = npt.NDArray[Any]

SHAPE, SPACING = (24, 48, 60), (8.0, 6.0, 6.0)

#: Left upper, left lower, right upper, right middle and right lower lobe, as programs number them.
NUMBERINGS = {
    "own": (1, 2, 3, 4, 5),
    "TotalSegmentator 2": (10, 11, 12, 13, 14),
    "TotalSegmentator 1": (13, 14, 15, 16, 17),
    "LUNA16": (7, 8, 4, 5, 6),
    "right first": (4, 5, 1, 2, 3),
    "nobody's": (300, 7, 41, 2, 1000),
}


def chest() -> tuple[gg.CtVolume, Labels]:
    """A body with a smaller left lung and ground glass in it, and its lobes."""
    z, y, x = np.mgrid[: SHAPE[0], : SHAPE[1], : SHAPE[2]].astype(float)
    hu = np.full(SHAPE, -1000, np.int16)
    hu[((y - 24) / 20) ** 2 + ((x - 30) / 27) ** 2 < 1] = 40
    lobes = np.zeros(SHAPE, np.uint8)
    for centre, width, left in ((18, 9, False), (43, 7, True)):
        lung = ((y - 24) / 14) ** 2 + ((x - centre) / width) ** 2 + ((z - 12) / 11) ** 2 < 1
        below = z - 12 < (24 - y) * -0.6  # an oblique fissure, falling to the front
        if left:
            lobes[lung] = np.where(below, 2, 1)[lung]
        else:
            lobes[lung] = np.where(below, 5, np.where(z > 12, 3, 4))[lung]
    hu[lobes > 0] = -850
    return gg.CtVolume(hu, spacing_mm=SPACING, origin_mm=(-180, -144, -96)), lobes


def numbered(lobes: Labels, numbers: tuple[int, ...]) -> Labels:
    return np.array((0, *numbers), np.uint16)[lobes]


def sides(lobes: Labels, left: int, right: int) -> Labels:
    return np.where(lobes == 0, 0, np.where(lobes <= 2, left, right)).astype(np.uint16)


def measured(**masks: Any) -> Mapping[str, float]:
    ct, lobes = chest()
    lesions = ((lobes == 2) | (lobes == 4)).astype(np.uint8)
    result = gg.analyze(ct, lesions=lesions, **masks)
    return {row["region"]: row["lung_ml"] for row in result.table.to_dict()}


def codes(study: gg.LungCt) -> list[str]:
    return [note.code for note in study.notes]


def write(path: Path, labels: Labels, code: str = "LPS") -> Path:
    image = sitk.GetImageFromArray(labels)
    image.SetSpacing(SPACING[::-1])
    image.SetOrigin((-180, -144, -96))
    sitk.WriteImage(sitk.DICOMOrient(image, code), str(path))
    return path


def test_every_flip_and_number_gives_the_same_table(tmp_path: Path) -> None:
    _, lobes = chest()
    plain = sides(lobes, 1, 2).astype(np.uint8)
    expected = measured(lungs=plain, lobes=lobes)
    assert expected["left lung"] < 0.9 * expected["right lung"]
    for number, code in enumerate("".join(axes) for axes in itertools.product("LR", "PA", "SI")):
        for left, right in ((1, 2), (2, 1), (3, 2), (255, 128), (300, 200)):
            write(tmp_path / "lungs.nii.gz", sides(lobes, left, right), code)
            numbers = list(NUMBERINGS.values())[number % len(NUMBERINGS)]
            write(tmp_path / "lobes.nii.gz", numbered(lobes, numbers), code)
            files = {"lungs": tmp_path / "lungs.nii.gz", "lobes": tmp_path / "lobes.nii.gz"}
            assert measured(**files) == expected, (code, left, numbers)
        write(tmp_path / "lungs.nii.gz", (lobes > 0) * np.uint8(255), code)
        assert measured(lungs=tmp_path / "lungs.nii.gz", lobes=lobes) == expected


@pytest.mark.parametrize("numbers", NUMBERINGS.values(), ids=NUMBERINGS)
def test_numberings_of_lobes(numbers: tuple[int, ...]) -> None:
    ct, lobes = chest()
    lungs = gg.with_lungs(ct, sides(lobes, 1, 2).astype(np.uint8))
    found = gg.with_lobes(lungs, numbered(lobes, numbers))
    np.testing.assert_array_equal(found.lobes, lobes)
    assert ("lobes_relabelled" in codes(found)) is (numbers != NUMBERINGS["own"])
    if numbers != NUMBERINGS["nobody's"]:
        as_lungs = gg.with_lungs(ct, numbered(lobes, numbers))
        np.testing.assert_array_equal(as_lungs.lungs, lungs.lungs)


def test_arrays_of_any_number_type_are_taken_as_files_are() -> None:
    _, lobes = chest()
    expected = measured(lungs=sides(lobes, 1, 2), lobes=lobes)
    for dtype in (np.int64, np.float32, np.uint8, np.int8):
        swapped = sides(lobes, 2, 1).astype(dtype)
        assert measured(lungs=swapped, lobes=lobes.astype(dtype)) == expected
    assert measured(lungs=lobes > 0, lobes=lobes) == expected
    for wrong in (sides(lobes, 1, 2) * 0.5, sides(lobes, 1, 2) * -1.0, np.where(lobes, np.nan, 0)):
        with pytest.raises(gg.FormatError, match="whole numbers from 0 to 65535 are allowed"):
            measured(lungs=wrong)


def test_a_map_of_the_whole_body(tmp_path: Path) -> None:
    """TotalSegmentator's own map of all organs serves as lungs and as lobes."""
    ct, lobes = chest()
    expected = measured(lungs=sides(lobes, 1, 2), lobes=lobes)
    for name in ("TotalSegmentator 1", "TotalSegmentator 2"):
        body = numbered(lobes, NUMBERINGS[name])
        hu = np.asarray(ct.hounsfield)
        body[(body == 0) & (hu > 0)] = 51  # heart
        body[:4][(body[:4] == 51)] = 5  # liver
        body[16:, 22:26, 28:32] = 16 if name.endswith("2") else 18  # trachea
        assert measured(lungs=body, lobes=body) == expected


def test_a_file_for_each_lobe_is_known_by_its_name(tmp_path: Path) -> None:
    _, lobes = chest()
    expected = measured(lungs=sides(lobes, 1, 2), lobes=lobes)
    names = (
        "upper_lobe_left",
        "lower_lobe_left",
        "upper_lobe_right",
        "middle_lobe_right",
        "lower_lobe_right",
    )
    folder = tmp_path / "segmentations"
    folder.mkdir()
    for label, name in enumerate(names, start=1):
        write(folder / f"lung_{name}.nii.gz", (lobes == label) * np.uint8(label % 2 or 255))
    write(folder / "heart.nii.gz", (lobes == 0) * np.uint8(1))
    (folder / "statistics.json").write_text("{}")
    assert measured(lungs=folder, lobes=folder) == expected
    other = tmp_path / "lungs"
    other.mkdir()
    write(other / "lung_left.nii.gz", (sides(lobes, 1, 2) == 1) * np.uint8(1))
    write(other / "right_lung.nrrd", (sides(lobes, 1, 2) == 2) * np.uint8(1))
    assert measured(lungs=other, lobes=folder) == expected
    write(folder / "lung_lower_lobe_right.nii.gz", lobes)
    with pytest.raises(gg.FormatError, match=r"right\.nii\.gz: it holds the values 1 and 2"):
        measured(lobes=folder)
    write(folder / "lung_lower_lobe_right.nii.gz", (lobes == 4) * np.uint8(1))
    with pytest.raises(gg.FormatError, match="lie in another part"):
        measured(lobes=folder)


def test_what_is_not_certain_is_refused_and_the_cure_works(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ct, lobes = chest()
    write(tmp_path / "ct.nii.gz", np.asarray(ct.hounsfield))
    write(tmp_path / "lesions.nii.gz", (lobes == 2) * np.uint8(1))
    infection = sides(lobes, 1, 2)
    infection[:, 20:28][infection[:, 20:28] > 0] = 3  # as some collections number lesions
    upper = np.where(lobes == 0, 0, np.where(np.isin(lobes, (1, 3)), 1, 2)).astype(np.uint8)
    trachea = (lobes > 0).astype(np.uint8)
    trachea[14:, 22:26, 28:32] = 2
    for wrong in (infection, upper, trachea):
        write(tmp_path / "lungs.nii.gz", wrong)
        lungs, lesions = (f"--{name}={tmp_path / name}.nii.gz" for name in ("lungs", "lesions"))
        text = refused(capsys, "analyze", str(tmp_path / "ct.nii.gz"), lungs, lesions, "--json")
        assert "give 1 for the left and 2 for the right lung, or one value for both" in text
        assert f"{tmp_path / 'lungs.nii.gz'}: the mask holds the values 1" in text
    cured = gg.with_lungs(ct, ((infection > 0) * 1).astype(np.uint8))
    np.testing.assert_array_equal(cured.lungs, sides(lobes, 1, 2))
    with pytest.raises(gg.FormatError, match="0, 1 and 2 are allowed"):
        gg.analyze(ct, lungs=sides(lobes, 1, 2), lesions=lobes)


@pytest.mark.parametrize("side", [1, 2])
@pytest.mark.parametrize("number", [1, 2, 255])
def test_one_lung_alone_is_where_it_lies(side: int, number: int) -> None:
    ct, lobes = chest()
    alone = (sides(lobes, 1, 2) == side).astype(np.uint8)
    found = gg.with_lungs(ct, alone * np.uint8(number))
    np.testing.assert_array_equal(found.lungs, alone * side)
    assert ("lungs_relabelled" in codes(found)) is (number != side)
    assert "one_lung_missing" in codes(found)


def test_a_collapsed_lobe_does_not_turn_the_numbers() -> None:
    """The documented numbers hold as long as the places do not speak against them."""
    ct, lobes = chest()
    lungs = gg.with_lungs(ct, sides(lobes, 1, 2).astype(np.uint8))
    small = lobes.copy()
    keep = np.zeros(SHAPE, bool)
    keep[11:13, 20:28] = True
    small[(lobes == 4) & ~keep] = 5
    found = gg.with_lobes(lungs, small)
    np.testing.assert_array_equal(found.lobes, small)
    assert "lobes_relabelled" not in codes(found)


def test_real_maps_of_lobes(shared_data: Path) -> None:
    """All of LUNA16's maps, with their airways; body and air stand for the CT that is not there."""
    files = sorted((shared_data / "lobes-luna16").glob("*.nrrd"))
    assert len(files) == 41
    order = {7: 1, 8: 2, 4: 3, 5: 4, 6: 5}
    generator = np.random.default_rng(7)
    for path in files[::4]:
        image = sitk.DICOMOrient(sitk.ReadImage(str(path)), "LPS")
        raw = sitk.GetArrayFromImage(image)[:, ::4, ::4].astype(np.uint16)
        spacing = image.GetSpacing()
        ct = gg.CtVolume(
            np.where((raw & 255) > 0, -850, 40).astype(np.int16),
            spacing_mm=(spacing[2], 4 * spacing[1], 4 * spacing[0]),
        )
        region = raw & 255
        truth = sum((region == value) * np.uint8(label) for value, label in order.items())
        lungs = gg.with_lungs(ct, raw)
        np.testing.assert_array_equal(lungs.lungs[truth > 0], np.where(truth <= 2, 1, 2)[truth > 0])
        np.testing.assert_array_equal(gg.with_lobes(lungs, raw).lobes, truth)
        numbers = generator.permutation(5) + 1
        anyhow = np.array((0, *numbers), np.uint8)[truth]
        np.testing.assert_array_equal(gg.with_lobes(lungs, anyhow).lobes, truth)


def test_real_lung_masks(shared_data: Path) -> None:
    folder = shared_data / "chest-imaging-platform"
    ct = gg.read_ct(folder / "ct-64.nrrd")
    raw = gg.read_labels(folder / "lm-64.nrrd", like=ct)
    assert raw.dtype == np.uint16
    lungs = gg.with_lungs(ct, raw).lungs
    np.testing.assert_array_equal(lungs == 1, np.isin(raw & 255, (9, 10, 11)))
    np.testing.assert_array_equal(lungs == 2, np.isin(raw & 255, (12, 13, 14)))
    for path in sorted((shared_data / "lctsc").glob("*_ct.nii.gz"))[:2]:
        ct = gg.read_ct(path)
        both = gg.read_labels(str(path).replace("_ct.", "_lungs."), like=ct)
        parted = gg.with_lungs(ct, both)
        assert "lungs_separated" in codes(parted)
        columns = [np.nonzero(parted.lungs == side)[2].mean() for side in (1, 2)]
        assert columns[0] > columns[1]
        swapped = gg.with_lungs(ct, np.array((0, 2, 1), np.uint8)[parted.lungs])
        np.testing.assert_array_equal(swapped.lungs, parted.lungs)
        assert "lungs_relabelled" in codes(swapped)
