from __future__ import annotations

import pickle
import time
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

import groundglass as gg
from groundglass import _core

LEFT, RIGHT = 1, 2


def dice(a: npt.NDArray[np.bool_], b: npt.NDArray[np.bool_]) -> float:
    return 2 * float(np.count_nonzero(a & b)) / float(np.count_nonzero(a) + np.count_nonzero(b))


def codes(notes: list[_core.Note]) -> set[str]:
    return {note.code for note in notes}


@pytest.fixture(scope="module")
def coarse_ct(shared_data: Path) -> tuple[gg.CtVolume, npt.NDArray[np.uint8]]:
    """A chest CT of 64 x 64 columns and rows with its reference: 0 none, 1 left, 2 right."""
    sitk = pytest.importorskip("SimpleITK")
    folder = shared_data / "chest-imaging-platform"
    image = sitk.ReadImage(str(folder / "ct-64.nrrd"))
    ct = gg.CtVolume(sitk.GetArrayFromImage(image).astype(np.int16), spacing_mm=image.GetSpacing()[::-1])
    # The low byte holds the region: 9 to 11 are the left lung's thirds, 12 to 14 the right one's.
    region = sitk.GetArrayFromImage(sitk.ReadImage(str(folder / "lm-64.nrrd"))) & 255
    reference = np.zeros(region.shape, np.uint8)
    reference[(region >= 9) & (region <= 11)] = LEFT
    reference[(region >= 12) & (region <= 14)] = RIGHT
    return ct, reference


def test_agrees_with_a_reference(coarse_ct: tuple[gg.CtVolume, npt.NDArray[np.uint8]]) -> None:
    ct, reference = coarse_ct
    found = (ct | gg.LungMask()).lungs
    assert dice(found > 0, reference > 0) >= 0.985
    assert dice(found == LEFT, reference == LEFT) >= 0.97
    assert dice(found == RIGHT, reference == RIGHT) >= 0.97


def test_finds_the_lungs_of_a_patient_with_covid(shared_data: Path) -> None:
    sitk = pytest.importorskip("SimpleITK")
    pydicom = pytest.importorskip("pydicom")
    series = shared_data / "covid-ct-md" / "covid-P001"

    def height(path: Path) -> float:
        header = pydicom.dcmread(path, specific_tags=["ImagePositionPatient"], stop_before_pixels=True)
        return float(header.ImagePositionPatient[2])

    # A third of the slices stands for the study: the time goes into decoding them.
    names = [str(path) for path in sorted(series.iterdir(), key=height)][::3]
    reader = sitk.ImageSeriesReader()
    reader.SetFileNames(names)
    image = reader.Execute()
    ct = gg.CtVolume(sitk.GetArrayFromImage(image).astype(np.int16), spacing_mm=image.GetSpacing()[::-1])
    found = gg.LungMask()(ct)
    left_ml = float(np.count_nonzero(found.lungs == LEFT)) * ct.voxel_ml
    right_ml = float(np.count_nonzero(found.lungs == RIGHT)) * ct.voxel_ml
    assert left_ml == pytest.approx(3020, rel=0.03)
    assert right_ml == pytest.approx(3070, rel=0.03)
    assert not codes(found.notes) & {"lungs_asymmetric", "lung_volume_implausible", "lungs_touch_border"}


def test_no_lungs_is_an_empty_mask_with_a_warning() -> None:
    ct = gg.CtVolume(np.full((30, 40, 50), 40, np.int16), spacing_mm=(2, 1, 1))
    found = gg.LungMask()(ct)
    assert not found.lungs.any()
    assert [(note.level, note.code) for note in found.notes] == [("warning", "no_lungs_found")]


def test_own_mask_with_one_value_is_told_apart(coarse_ct: tuple[gg.CtVolume, npt.NDArray[np.uint8]]) -> None:
    ct, reference = coarse_ct
    found = _core.with_lungs(ct, (reference > 0).astype(np.uint8))
    assert dice(found.lungs == LEFT, reference == LEFT) > 0.99
    assert "lungs_separated" in codes(found.notes)
    kept = _core.with_lungs(ct, reference)
    np.testing.assert_array_equal(kept.lungs, reference)
    assert not kept.notes


def test_own_mask_of_another_shape_value_or_type_is_refused() -> None:
    ct = gg.CtVolume(np.zeros((3, 4, 5), np.int16), spacing_mm=(1, 1, 1))
    with pytest.raises(ValueError, match="shape"):
        _core.with_lungs(ct, np.zeros((3, 4, 6), np.uint8))
    halves = np.full((3, 4, 5), 3, np.uint8)
    halves[1:] = 9
    with pytest.raises(ValueError, match="the values 3 and 9, which do not lie on the two sides"):
        _core.with_lungs(ct, halves)
    with pytest.raises(TypeError, match="uint8"):
        _core.with_lungs(ct, np.zeros((3, 4, 5), np.int32))


def test_what_is_implausible_is_said() -> None:
    ct = gg.CtVolume(np.zeros((20, 20, 40), np.int16), spacing_mm=(10, 10, 10))
    lungs = np.zeros((20, 20, 40), np.uint8)
    lungs[4:16, 4:16, 24:36] = LEFT
    assert codes(_core.assess_lungs(ct, lungs)) == {"one_lung_missing"}
    lungs[4:16, 4:16, 4:16] = RIGHT
    assert _core.assess_lungs(ct, lungs) == []
    assert codes(_core.assess_lungs(ct, np.roll(lungs, -4, axis=0))) == {"lungs_cut_at_base"}
    assert codes(_core.assess_lungs(ct, np.roll(lungs, 4, axis=0))) == {"lungs_cut_at_apex"}
    assert codes(_core.assess_lungs(ct, np.roll(lungs, -4, axis=2))) == {"lungs_touch_border"}


def test_zones_are_thirds_of_the_height() -> None:
    lungs = np.zeros((8, 2, 2), np.uint8)
    lungs[1:7, 0, 0] = LEFT
    expected = ["none", "lower", "lower", "middle", "middle", "upper", "upper", "none"]
    assert _core.zones_by_height(lungs) == expected


def test_the_stage_is_a_value() -> None:
    stage = gg.LungMask(closing_mm=5, bridge_mm=0)
    assert (stage.closing_mm, stage.bridge_mm, stage.air_below_hu) == (5, 0, -500)
    assert stage == gg.LungMask(closing_mm=5, bridge_mm=0) != gg.LungMask()
    assert eval(repr(stage), {"LungMask": gg.LungMask}) == stage
    assert pickle.loads(pickle.dumps(stage)) == stage
    with pytest.raises(TypeError):
        gg.LungMask(5)  # type: ignore[call-arg]
    with pytest.raises(ValueError, match="closing_mm must be from 0"):
        gg.LungMask(closing_mm=-1)
    with pytest.raises(AttributeError):
        stage.closing_mm = 3  # type: ignore[misc]


@pytest.mark.alone
@pytest.mark.parametrize("spacing", [(1e-4,) * 3, (1e-300, 2, 2), (2, 1e-4, 2), (1e4,) * 3, (1e300, 2, 2)])
def test_a_spacing_that_no_body_has_ends_soon(spacing: tuple[float, float, float]) -> None:
    random = np.random.default_rng(6)
    for shape in ((30, 96, 96), (1, 1, 1), (1, 3, 20_000), (1, 20_000, 3), (20_000, 1, 3)):
        hounsfield = random.integers(-1024, 200, shape, dtype=np.int16)
        start = time.perf_counter()
        found = gg.LungMask()(gg.CtVolume(hounsfield, spacing_mm=spacing))
        assert time.perf_counter() - start < 10
        assert found.notes
