"""A scan is read whole or refused: no field of the header makes a part of it the study."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import groundglass as gg
from dicom_factory import chest, write_series

pytestmark = pytest.mark.long

SLICES = 12


def codes(ct: gg.CtVolume) -> list[str]:
    return [note.code for note in ct.notes]


def text(ct: gg.CtVolume, code: str) -> str:
    return next(note.text for note in ct.notes if note.code == code)


def breathed_out() -> npt.NDArray[np.int16]:
    values = chest()
    values[(values < -500) & (values > -900)] += 150
    return values


def second_pass(
    folder: Path,
    shift_mm: float,
    change: Callable[[Any, int], None] = lambda data, i: None,
    first: Callable[[Any, int], None] = lambda data, i: None,
) -> None:
    """A scan and another of the same range, `shift_mm` higher, in one series."""
    write_series(folder, spacing=(5, 0.7, 0.8), change=first)

    def later(data: Any, i: int) -> None:
        data.SOPInstanceUID = data.file_meta.MediaStorageSOPInstanceUID = f"1.2.826.0.1.3680043.10.7.{i}"
        data.InstanceNumber += SLICES
        change(data, i)

    write_series(
        folder,
        breathed_out(),
        spacing=(5, 0.7, 0.8),
        origin=(-10.0, -20.0, -300.0 + shift_mm),
        name=lambda i: f"second{i}",
        change=later,
    )


@pytest.mark.parametrize("field", ["FrameOfReferenceUID", "SeriesInstanceUID"])
def test_a_uid_of_its_own_in_every_file(tmp_path: Path, field: str) -> None:
    def own(data: Any, i: int) -> None:
        setattr(data, field, f"1.2.826.0.1.3680043.8.498.7.{1000 + (i - 5) % SLICES}")

    write_series(tmp_path, change=own)
    ct = gg.read_ct(tmp_path)
    np.testing.assert_array_equal(ct.hounsfield, chest())
    assert codes(ct) == ["slices_joined"]
    assert "(12 values)" in text(ct, "slices_joined")


def test_an_average_of_axial_slices_is_a_derived_series(tmp_path: Path) -> None:
    def average(data: Any, i: int) -> None:
        data.ImageType = ["DERIVED", "SECONDARY", "REFORMATTED", "AVERAGE"]

    write_series(tmp_path, change=average)
    assert codes(gg.read_ct(tmp_path)) == ["derived_series"]


def test_a_projection_is_read_only_by_its_name(tmp_path: Path) -> None:
    def projection(data: Any, i: int) -> None:
        data.ImageType = ["DERIVED", "SECONDARY", "MIN_IP"]

    write_series(tmp_path, series="1.2.3.4.5.6", change=projection)
    with pytest.raises(gg.FormatError, match="projection, rendering or screen image"):
        gg.read_ct(tmp_path)
    assert codes(gg.read_ct(tmp_path, series="1.2.3.4.5.6")) == ["derived_series", "projection_series"]


def test_two_passes_are_not_woven(tmp_path: Path) -> None:
    def second(data: Any, i: int) -> None:
        data.AcquisitionNumber, data.AcquisitionTime = 2, "120100"

    second_pass(tmp_path, 2.5, second)
    ct = gg.read_ct(tmp_path)
    np.testing.assert_array_equal(ct.hounsfield, chest())
    assert ct.spacing_mm[0] == pytest.approx(5)
    assert codes(ct) == ["series_chosen", "mixed_series"]


def test_a_pass_that_only_its_numbers_show_is_asked_about_and_taken_by_name(tmp_path: Path) -> None:
    second_pass(tmp_path, 2.5)
    with pytest.raises(gg.FormatError, match="Instance Number alone") as refused:
        gg.read_ct(tmp_path)
    names = str(refused.value).split("series=): ")[1].split(";")[0].split(" or ")
    volumes = [gg.read_ct(tmp_path, series=name) for name in names]
    np.testing.assert_array_equal(volumes[0].hounsfield, chest())
    np.testing.assert_array_equal(volumes[1].hounsfield, breathed_out())


def test_phases_are_told_apart_by_their_time(tmp_path: Path) -> None:
    def first(data: Any, i: int) -> None:
        data.AcquisitionTime = "120000"

    def second(data: Any, i: int) -> None:
        data.AcquisitionTime = "120020"

    second_pass(tmp_path, 0, second, first)
    ct = gg.read_ct(tmp_path)
    np.testing.assert_array_equal(ct.hounsfield, chest())
    assert "told apart by Acquisition Time" in text(ct, "mixed_series")
    series = text(ct, "series_chosen").split()[1].removesuffix("/1")
    np.testing.assert_array_equal(gg.read_ct(tmp_path, series=f"{series}/2").hounsfield, breathed_out())


def test_a_slice_that_fits_but_for_one_field_is_not_left_out(tmp_path: Path) -> None:
    def wrong(data: Any, i: int) -> None:
        if i == SLICES - 1:
            data.PixelSpacing = [1.4, 1.4]

    write_series(tmp_path, change=wrong)
    with pytest.raises(gg.FormatError, match="belongs to it but for its Pixel Spacing") as refused:
        gg.read_ct(tmp_path)
    name = str(refused.value).split("series=), ")[1].split(";")[0]
    ct = gg.read_ct(tmp_path, series=name)
    assert ct.shape[0] == SLICES - 1
    assert "series_continued" in codes(ct)


#: Fields with the values that spoil them; None takes the field out.
SPOILED: dict[str, list[Any]] = {
    "StudyInstanceUID": ["1.2.3", "1.2.4", None],
    "SeriesInstanceUID": ["1.2.3", "1.2.4", None],
    "SOPInstanceUID": ["1.2.3", None],
    "SOPClassUID": ["1.2.840.10008.5.1.4.1.1.4", "1.2.840.10008.5.1.4.1.1.7", None],
    "FrameOfReferenceUID": ["1.2.3", "1.2.4", None],
    "Modality": ["MR", "SR", None],
    "ImageType": [
        ["DERIVED", "SECONDARY"],
        ["ORIGINAL", "PRIMARY", "LOCALIZER"],
        ["DERIVED", "SECONDARY", "MIP"],
        ["ORIGINAL", "PRIMARY", "AXIAL", "X"],
        None,
    ],
    "ConvolutionKernel": ["B30f", "B70f", ["B", "C"]],
    "AcquisitionNumber": [2, 3, None],
    "AcquisitionTime": ["101010", "101011.5"],
    "AcquisitionDateTime": ["20200101101010", "20200101101011.5"],
    "TemporalPositionIdentifier": [1, 2],
    "InstanceNumber": [1, 7, 100, None],
    "SliceThickness": [1.0, 9.0, None],
    "SliceLocation": [0.0, 100.0],
    "PixelSpacing": [[1.4, 1.4], None],
    "ImageOrientationPatient": [[1, 0, 0, 0, -1, 0], [0, 1, 0, 0, 0, -1], None],
    "ImagePositionPatient": [[0, 0, 0], [-10, -20, -299], None],
    "Rows": [16, 64],
    "Columns": [16, 64],
    "BitsAllocated": [8, 32],
    "SamplesPerPixel": [3],
    "PhotometricInterpretation": ["MONOCHROME1", "RGB", None],
    "NumberOfFrames": [2, 0],
    "RescaleType": ["US", "OD", None],
    "GantryDetectorTilt": [12.0],
}


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_one_spoiled_field_leaves_the_series_or_a_refusal(data: st.DataObject) -> None:
    field = data.draw(st.sampled_from(sorted(SPOILED)), label="field")
    choices = st.sampled_from(SPOILED[field])
    which = data.draw(
        st.one_of(
            st.just(set(range(SLICES))),
            st.sets(st.integers(0, SLICES - 1), min_size=1),
            st.integers(1, SLICES - 1).map(lambda n: set(range(n))),
            st.integers(1, SLICES - 1).map(lambda n: set(range(n, SLICES))),
            st.integers(2, 4).map(lambda n: set(range(0, SLICES, n))),
        ),
        label="files",
    )
    value = data.draw(st.one_of(choices, st.lists(choices, min_size=SLICES, max_size=SLICES)), label="value")

    def spoil(slice_data: Any, i: int) -> None:
        if i in which:
            one = value[i] if isinstance(value, list) and value and len(value) == SLICES else value
            if one is None:
                slice_data.pop(field, None)
            else:
                setattr(slice_data, field, one)

    with tempfile.TemporaryDirectory() as folder:
        try:
            write_series(Path(folder), change=spoil)
        except (ValueError, TypeError, AttributeError):  # pydicom will not write it
            return
        try:
            ct = gg.read_ct(folder)
        except gg.FormatError:
            return
        assert ct.shape[0] == SLICES
