"""DICOM SEG: geometry for every orientation, codes, what is taken over, and what is refused."""

from __future__ import annotations

import dataclasses
import itertools
import logging
import pickle
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("highdicom")

import highdicom as hd
import pydicom
from pydicom.sr import codedict

import groundglass as gg
import small_study
from dicom_factory import ENHANCED_CT, LEGACY_ENHANCED_CT, PATIENT, write_enhanced, write_series
from dicom_study import ORIGIN, SPACING, chest, errors_of, in_order, measured, positions, result, turned
from groundglass.read import read_study
from groundglass.result import ModelRecord
from groundglass.write import dicom_codes as codes
from groundglass.write.dicom_seg import LOBES, SEGMENTS, write_dicom_seg

#: The masks of the chest by the labels of their segments.
TRUE = {
    "Ground glass": chest()[2] == 1,
    "Consolidation": chest()[2] == 2,
    "Left lung": chest()[1] == 1,
    "Right lung": chest()[1] == 2,
}


def written(found: gg.Result, folder: Path) -> pydicom.Dataset:
    return pydicom.dcmread(write_dicom_seg(found, folder / "seg.dcm", overwrite=True))


def points(seg: pydicom.Dataset) -> dict[str, Any]:
    """LPS of the voxels of every segment, from what the file says of its frames alone."""
    shared = seg.SharedFunctionalGroupsSequence[0]
    cosines = np.array(shared.PlaneOrientationSequence[0].ImageOrientationPatient, np.float64)
    rows, columns = (float(value) for value in shared.PixelMeasuresSequence[0].PixelSpacing)
    names = {item.SegmentNumber: item.SegmentLabel for item in seg.SegmentSequence}
    found: dict[str, list[Any]] = {name: [] for name in names.values()}
    for frame, pixels in zip(seg.PerFrameFunctionalGroupsSequence, seg.pixel_array, strict=True):
        corner = np.array(frame.PlanePositionSequence[0].ImagePositionPatient, np.float64)
        index = np.argwhere(pixels)
        assert len(index), "a frame without a voxel"
        number = frame.SegmentIdentificationSequence[0].ReferencedSegmentNumber
        found[names[number]].append(
            corner + index[:, :1] * rows * cosines[3:] + index[:, 1:] * columns * cosines[:3]
        )
    return {name: in_order(np.concatenate(parts)) for name, parts in found.items()}


@pytest.mark.parametrize(
    "axes", list(itertools.permutations(range(3))), ids=lambda a: "".join("zyx"[i] for i in a)
)
@pytest.mark.parametrize(
    "flipped", list(itertools.product([False, True], repeat=3)), ids=lambda f: "".join("+-"[i] for i in f)
)
def test_segments_lie_where_the_source_says(tmp_path: Path, axes: Any, flipped: Any) -> None:
    paths = turned(tmp_path / "ct", axes, flipped)
    found = measured(tmp_path / "ct")
    np.testing.assert_array_equal(found.ct.hounsfield, chest()[0])
    seg = written(found, tmp_path)
    for name, seen in points(seg).items():
        true = positions(TRUE[name])
        np.testing.assert_allclose(seen.mean(axis=0), true.mean(axis=0), atol=1e-3)
        np.testing.assert_allclose(seen, true, atol=1e-3)

    source = {data.SOPInstanceUID: data for data in map(pydicom.dcmread, paths)}
    assert (seg.Rows, seg.Columns) == (source[next(iter(source))].Rows, source[next(iter(source))].Columns)
    for frame in seg.PerFrameFunctionalGroupsSequence:
        (image,) = frame.DerivationImageSequence[0].SourceImageSequence
        assert image.SpatialLocationsPreserved == "YES"
        position = source[image.ReferencedSOPInstanceUID].ImagePositionPatient
        assert list(frame.PlanePositionSequence[0].ImagePositionPatient) == list(position)


def test_highdicom_reads_back_the_masks_of_each_slice(tmp_path: Path) -> None:
    found = result(tmp_path / "ct")
    seg = hd.seg.segread(write_dicom_seg(found, tmp_path / "seg.dcm"))
    assert found.source_headers is not None
    pixels = seg.get_pixels_by_source_instance(
        [str(header.SOPInstanceUID) for header in found.source_headers], assert_missing_frames_are_empty=True
    )
    for number, name in enumerate(TRUE):
        np.testing.assert_array_equal(pixels[..., number], TRUE[name])


def test_a_tilted_gantry(tmp_path: Path) -> None:
    tilt = np.radians(15)
    step = (0, np.sin(tilt), np.cos(tilt))
    write_series(tmp_path / "ct", chest()[0], spacing=(2.5, 0.75, 0.5), step=step)
    found = measured(tmp_path / "ct")
    assert "gantry_tilt" in [note.code for note in found.notes]
    seg = written(found, tmp_path)
    for name, seen in points(seg).items():
        index = np.argwhere(TRUE[name])
        true = np.array([-10.0, -20, -300]) + index * [2.5, 0.75, 0.5] @ np.array(
            [step, (0, 1, 0), (1, 0, 0)]
        )
        np.testing.assert_allclose(seen, in_order(true), atol=1e-3)
    measures = seg.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0]
    assert float(measures.SpacingBetweenSlices) == pytest.approx(2.5 * np.cos(tilt))


def test_slices_whose_headers_are_rounded_or_wrong(tmp_path: Path) -> None:
    def rounded(data: Any, i: int) -> None:
        data.ImageOrientationPatient = [1, 0.0001 * (i % 2), 0, 0, 1, 0]
        data.SpacingBetweenSlices = 7.0

    found = result(tmp_path / "ct", change=rounded)
    seg = written(found, tmp_path)
    assert float(seg.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0].SpacingBetweenSlices) == 2.5
    np.testing.assert_allclose(points(seg)["Left lung"], positions(TRUE["Left lung"]), atol=1e-2)
    assert found.source_headers is not None
    assert found.source_headers[0].SpacingBetweenSlices == 7


def test_a_single_slice(tmp_path: Path) -> None:
    hu, lungs, lesions = (array[6:7] for array in chest())
    write_series(tmp_path / "ct", hu)
    found = gg.analyze(tmp_path / "ct", lungs=lungs, lesions=lesions, keep_headers=True)
    seg = written(found, tmp_path)
    assert seg.NumberOfFrames == 3
    assert [item.SegmentLabel for item in seg.SegmentSequence] == ["Consolidation", "Left lung", "Right lung"]
    assert errors_of(tmp_path / "seg.dcm") == []


def test_what_a_segment_says(tmp_path: Path) -> None:
    seg = written(result(tmp_path / "ct"), tmp_path)
    assert seg.SegmentationType == "BINARY"
    assert seg.SegmentsOverlap == "YES"
    seen = {}
    for item in seg.SegmentSequence:
        kind = item.SegmentedPropertyTypeCodeSequence[0]
        region = item.get("AnatomicRegionSequence")
        modified = (
            kind.SegmentedPropertyTypeModifierCodeSequence
            if region is None
            else region[0].AnatomicRegionModifierSequence
        )
        seen[item.SegmentLabel] = (
            item.SegmentedPropertyCategoryCodeSequence[0].CodeValue,
            kind.CodeValue,
            None if region is None else region[0].CodeValue,
            modified[0].CodeValue,
        )
    assert seen == {
        "Ground glass": ("49755003", "112120", "39607008", "51440002"),
        "Consolidation": ("49755003", "95436008", "39607008", "51440002"),
        "Left lung": ("91723000", "39607008", None, "7771000"),
        "Right lung": ("91723000", "39607008", None, "24028007"),
    }
    for item, segment in zip(seg.SegmentSequence, SEGMENTS, strict=True):
        colour = hd.color.CIELabColor(*_lab(item.RecommendedDisplayCIELabValue)).to_rgb()
        assert np.abs(np.subtract(colour, segment.colour)).max() <= 2
    assert errors_of(tmp_path / "seg.dcm") == []


def _lab(stored: Any) -> tuple[float, float, float]:
    """PS3.3 C.10.7.1.1"""
    lightness, a, b = (float(value) for value in stored)
    return lightness * 100 / 65535, a * 255 / 65535 - 128, b * 255 / 65535 - 128


def test_lobes_are_segments_too(tmp_path: Path) -> None:
    _, lungs, lesions = chest()
    result(tmp_path / "ct")
    low = np.arange(len(lungs))[:, None, None] < 4
    lobes = np.where(lungs == 1, np.where(low, 2, 1), np.where(low, 5, 3)) * (lungs > 0)
    lobes[(lungs == 2) & (np.arange(len(lungs))[:, None, None] == 4)] = 4
    found = gg.analyze(tmp_path / "ct", lungs=lungs, lesions=lesions, lobes=lobes, keep_headers=True)
    seg = written(found, tmp_path)
    assert [item.SegmentLabel for item in seg.SegmentSequence] == [
        segment.name for segment in (*SEGMENTS, *LOBES)
    ]
    middle = seg.SegmentSequence[7]
    kind = middle.SegmentedPropertyTypeCodeSequence[0]
    assert (middle.SegmentLabel, kind.CodeValue) == ("Right middle lobe", "72481006")
    assert found.given_sha256["lobes"] in middle.SegmentDescription
    there = points(seg)
    for segment in LOBES:
        expected = positions(found.lesion_ct.with_lungs.lobes == segment.label)
        assert there[segment.name] == pytest.approx(expected, abs=1e-3)
    assert errors_of(tmp_path / "seg.dcm") == []


def test_masks_that_were_given_are_not_the_algorithms(tmp_path: Path) -> None:
    found = result(tmp_path / "ct")
    for item in written(found, tmp_path).SegmentSequence:
        mask = "lungs" if "lung" in item.SegmentLabel else "lesions"
        assert item.SegmentAlgorithmType == "MANUAL"
        assert "SegmentationAlgorithmIdentificationSequence" not in item
        assert found.given_sha256[mask] in item.SegmentDescription
    assert errors_of(tmp_path / "seg.dcm") == []

    own = dataclasses.replace(found, given_sha256={}, models=(ModelRecord(name="net", sha256="0"),))
    for item in written(own, tmp_path).SegmentSequence:
        algorithm = item.SegmentationAlgorithmIdentificationSequence[0]
        assert (item.SegmentAlgorithmType, algorithm.AlgorithmVersion) == ("AUTOMATIC", gg.__version__)
        if "lung" not in item.SegmentLabel:
            assert (algorithm.AlgorithmName, algorithm.AlgorithmParameters) == (
                "groundglass segmentation",
                "models=net",
            )
    assert errors_of(tmp_path / "seg.dcm") == []


def test_segments_without_a_voxel_are_left_out(tmp_path: Path) -> None:
    _, lungs, _ = chest()
    turned(tmp_path / "ct")
    found = gg.analyze(tmp_path / "ct", lungs=lungs, lesions=np.zeros_like(lungs), keep_headers=True)
    seg = written(found, tmp_path)
    assert [(item.SegmentNumber, item.SegmentLabel) for item in seg.SegmentSequence] == [
        (1, "Left lung"),
        (2, "Right lung"),
    ]
    assert errors_of(tmp_path / "seg.dcm") == []


def test_patient_and_study_are_those_of_the_source(tmp_path: Path) -> None:
    found = result(tmp_path / "ct")
    source = pydicom.dcmread(next((tmp_path / "ct").iterdir()))
    first, second = written(found, tmp_path), written(found, tmp_path)
    for seg in (first, second):
        for keyword in (
            "PatientName",
            "PatientID",
            "PatientBirthDate",
            "StudyInstanceUID",
            "FrameOfReferenceUID",
        ):
            assert seg[keyword].value == source[keyword].value
        assert seg.ReferencedSeriesSequence[0].SeriesInstanceUID == source.SeriesInstanceUID
        assert len(seg.ReferencedSeriesSequence[0].ReferencedInstanceSequence) == len(chest()[0])
        assert seg.SeriesInstanceUID not in (source.SeriesInstanceUID, seg.SOPInstanceUID)
        assert (seg.Manufacturer, seg.SoftwareVersions) == ("groundglass", gg.__version__)
        assert seg.ContentQualification == "RESEARCH"
        assert not seg.get("ContentCreatorName")
    assert first.SeriesInstanceUID != second.SeriesInstanceUID
    assert first.SOPInstanceUID != second.SOPInstanceUID
    assert first.PixelData == second.PixelData


def test_one_stack_of_a_mixed_series(tmp_path: Path) -> None:
    turned(tmp_path / "a")

    def other(data: Any, i: int) -> None:
        data.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL", "OTHER"]
        data.SOPInstanceUID = data.file_meta.MediaStorageSOPInstanceUID = f"{data.SOPInstanceUID}.7"

    turned(tmp_path / "a" / "b", change=other)
    uid = read_study(tmp_path / "a").series_uid
    assert uid is not None
    found = measured(tmp_path / "a", series=uid.removesuffix("/1").removesuffix("/2") + "/2")
    seg = written(found, tmp_path)
    referenced = seg.ReferencedSeriesSequence[0]
    assert referenced.SeriesInstanceUID == "1.2.826.0.1.3680043.10.1.1"
    named = {item.ReferencedSOPInstanceUID for item in referenced.ReferencedInstanceSequence}
    assert len(named) == len(chest()[0])
    assert len({uid.endswith(".7") for uid in named}) == 1
    assert errors_of(tmp_path / "seg.dcm") == []


@pytest.mark.parametrize("syntax", ["implicit", "big", "rle"])
def test_other_transfer_syntaxes(tmp_path: Path, syntax: str) -> None:
    seg = written(result(tmp_path / "ct", syntax=syntax), tmp_path)
    assert seg.PatientName == PATIENT
    np.testing.assert_allclose(points(seg)["Right lung"], positions(TRUE["Right lung"]), atol=1e-3)


def test_a_zip_of_the_series(tmp_path: Path) -> None:
    paths = turned(tmp_path / "ct")
    with zipfile.ZipFile(tmp_path / "ct.zip", "w") as archive:
        for path in paths:
            archive.write(path, path.name)
    seg = written(measured(tmp_path / "ct.zip"), tmp_path)
    assert seg.PatientName == PATIENT
    assert len(seg.ReferencedSeriesSequence[0].ReferencedInstanceSequence) == len(paths)


def test_headers_that_lack_what_may_be_lacking(tmp_path: Path) -> None:
    def anonymize(data: Any, i: int) -> None:
        for keyword in ("PatientName", "PatientID", "PatientBirthDate", "SliceThickness", "SOPClassUID"):
            delattr(data, keyword)
        data.StudyID, data.StudyDate, data.PatientSex, data.NumberOfFrames = "", "20201399", "unknown", 1

    found = result(tmp_path / "ct", change=anonymize)
    seg = written(found, tmp_path)
    for keyword in ("PatientName", "PatientID", "PatientBirthDate", "PatientSex", "StudyID", "StudyDate"):
        assert keyword in seg
        assert not seg.get(keyword)
    measures = seg.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0]
    assert float(measures.SliceThickness) == 2.5
    assert errors_of(tmp_path / "seg.dcm") == []
    assert "PatientName" not in found.source_headers[0]  # type: ignore[index]


def test_a_lossy_source_makes_lossy_segments(tmp_path: Path) -> None:
    def lossy(data: Any, i: int) -> None:
        data.LossyImageCompression, data.LossyImageCompressionRatio = "01", 8.0
        data.LossyImageCompressionMethod = "ISO_15444_1"

    seg = written(result(tmp_path / "ct", change=lossy), tmp_path)
    assert (seg.LossyImageCompression, seg.LossyImageCompressionMethod) == ("01", "ISO_15444_1")
    assert errors_of(tmp_path / "seg.dcm") == []


@pytest.mark.parametrize(
    ("characters", "name"),
    [
        ("ISO_IR 144", "Иванова^Анна"),
        (["", "ISO 2022 IR 87"], "Yamada^Tarou=山田^太郎=やまだ^たろう"),
        ("ISO_IR 192", "Müller^Jörg"),
        ("GB18030", "王^小东"),
    ],
)
def test_names_in_other_alphabets(tmp_path: Path, characters: Any, name: str) -> None:
    def call(data: Any, i: int) -> None:
        data.SpecificCharacterSet, data.PatientName = characters, name

    found = result(tmp_path / "ct", change=call)
    seg = written(found, tmp_path)
    assert str(seg.PatientName) == name
    assert seg.SpecificCharacterSet == characters
    assert errors_of(tmp_path / "seg.dcm") == []

    ours = dataclasses.replace(found, given_sha256={}, models=(ModelRecord(name="сеть", sha256="0"),))
    seg = written(ours, tmp_path)
    assert (str(seg.PatientName), seg.SpecificCharacterSet) == (name, "ISO_IR 192")
    assert (
        seg.SegmentSequence[0].SegmentationAlgorithmIdentificationSequence[0].AlgorithmParameters
        == "models=сеть"
    )


@pytest.mark.parametrize(
    ("keyword", "words"),
    [
        ("FrameOfReferenceUID", "lack Frame Of Reference UID"),
        ("ImageOrientationPatient", "lack Image Orientation Patient"),
        ("SOPInstanceUID", "have no Study, Series or SOP Instance UIDs"),
    ],
)
def test_slices_that_nothing_can_refer_to(tmp_path: Path, keyword: str, words: str) -> None:
    _, lungs, lesions = chest()
    turned(tmp_path / "ct", change=lambda data, i: delattr(data, keyword))
    with pytest.raises(gg.FormatError, match=words) as caught:
        gg.analyze(tmp_path / "ct", lungs=lungs, lesions=lesions, out=tmp_path / "out", extras=["dicom-seg"])
    assert not (tmp_path / "out").exists()
    assert "Secret" not in str(caught.value)


def test_headers_are_kept_only_when_asked_and_go_nowhere(tmp_path: Path) -> None:
    _, lungs, lesions = chest()
    kept = result(tmp_path / "ct")
    assert kept.source_headers is not None
    tags = [element.tag for header in kept.source_headers for element in header]
    assert not any(tag.is_private or tag.group >= 0x6000 for tag in tags)
    assert pickle.loads(pickle.dumps(kept)).source_headers is None
    for text in (repr(kept), kept.to_json(), repr(read_study(tmp_path / "ct", keep_headers=True))):
        assert "Secret" not in text
        assert "4711" not in text

    found = gg.analyze(tmp_path / "ct", lungs=lungs, lesions=lesions)
    assert found.source_headers is None
    with pytest.raises(
        ValueError, match=r"for dicom-seg the headers .* keep_headers=True or extras=\['dicom-seg'\]"
    ):
        found.save(tmp_path / "out", extras=["dicom-seg"])
    with pytest.raises(ValueError, match="keep_headers"):
        write_dicom_seg(found, tmp_path / "seg.dcm")
    assert not (tmp_path / "out").exists()
    assert not (tmp_path / "seg.dcm").exists()
    assert [path.name for path in kept.save(tmp_path / "out", extras=["dicom-seg"])][-1] == "segmentation.dcm"
    with pytest.raises(FileExistsError):
        write_dicom_seg(kept, tmp_path / "out" / "segmentation.dcm")


def test_a_study_that_is_no_dicom(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    error = small_study.refused(
        capsys, "analyze", str(small_study.write(tmp_path)), "--out", str(tmp_path / "out"), "--dicom-seg"
    )
    assert "for dicom-seg the slices of a DICOM series are needed, and the study is nifti" in error
    assert not (tmp_path / "out").exists()


def test_nothing_is_printed_or_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    with caplog.at_level(logging.DEBUG):
        written(
            result(tmp_path / "ct", change=lambda data, i: setattr(data, "PatientID", "x" * 80)), tmp_path
        )
    assert not [record for record in caplog.records if record.name.startswith(("highdicom", "pydicom"))]
    assert "Secret" not in caplog.text
    assert capfd.readouterr() == ("", "")


def test_codes_are_those_of_the_dictionaries() -> None:
    """Those of pydicom; it does not have all that SNOMED CT, UMLS and UCUM have."""
    everything = [value for value in vars(codes).values() if isinstance(value, tuple) and len(value) == 3]
    everything += codes.PARTS.values()
    assert len(everything) > 25
    unknown = set()
    for value, scheme, _ in everything:
        known = {
            getattr(getattr(codedict.codes, scheme), name).value
            for name in getattr(codedict.codes, scheme).dir()
        }
        if value not in known:
            unknown.add(value)
    assert unknown <= {"95436008", "169069000", "C0034375", "ml", "g"}


ORDER = [3, 1, 0, 2, 9, 8, 7, 6, 5, 4]


@pytest.mark.parametrize("sop_class", [ENHANCED_CT, LEGACY_ENHANCED_CT])
def test_a_multi_frame_source_is_referred_to_by_frame(tmp_path: Path, sop_class: str) -> None:
    path = write_enhanced(
        tmp_path / "ct" / "a", chest()[0], sop_class=sop_class, spacing=SPACING, origin=ORIGIN, order=ORDER
    )
    seg = written(measured(tmp_path / "ct"), tmp_path)
    assert errors_of(tmp_path / "seg.dcm") == []
    for name, seen in points(seg).items():
        np.testing.assert_allclose(seen, positions(TRUE[name]), atol=1e-3)
    source = pydicom.dcmread(path)
    for frame in seg.PerFrameFunctionalGroupsSequence:
        (image,) = frame.DerivationImageSequence[0].SourceImageSequence
        assert (image.ReferencedSOPClassUID, image.ReferencedSOPInstanceUID) == (
            sop_class,
            source.SOPInstanceUID,
        )
        groups = source.PerFrameFunctionalGroupsSequence[image.ReferencedFrameNumber - 1]
        assert (
            groups.PlanePositionSequence[0].ImagePositionPatient
            == frame.PlanePositionSequence[0].ImagePositionPatient
        )
    (series,) = seg.ReferencedSeriesSequence
    for reference in (*seg.SourceImageSequence, *series.ReferencedInstanceSequence):
        assert reference.ReferencedSOPInstanceUID == source.SOPInstanceUID
    assert len(seg.SourceImageSequence) == len(series.ReferencedInstanceSequence) == 1


def test_a_source_split_over_files(tmp_path: Path) -> None:
    for part, frames in enumerate((ORDER[:4], ORDER[4:]), 1):
        write_enhanced(
            tmp_path / "ct" / f"{part}",
            chest()[0],
            spacing=SPACING,
            origin=ORIGIN,
            order=frames,
            concatenation=(part, 2, 4 * (part - 1)),
        )
    seg = written(measured(tmp_path / "ct"), tmp_path)
    assert errors_of(tmp_path / "seg.dcm") == []
    parts = {data.SOPInstanceUID: data for data in map(pydicom.dcmread, (tmp_path / "ct").iterdir())}
    for frame in seg.PerFrameFunctionalGroupsSequence:
        (image,) = frame.DerivationImageSequence[0].SourceImageSequence
        groups = parts[image.ReferencedSOPInstanceUID].PerFrameFunctionalGroupsSequence
        position = groups[image.ReferencedFrameNumber - 1].PlanePositionSequence[0].ImagePositionPatient
        assert position == frame.PlanePositionSequence[0].ImagePositionPatient
    assert {item.ReferencedSOPInstanceUID for item in seg.SourceImageSequence} == set(parts)


def test_the_headers_of_a_result_stay_as_they_are(tmp_path: Path) -> None:
    write_enhanced(tmp_path / "ct" / "a", chest()[0], spacing=SPACING, origin=ORIGIN)
    found = measured(tmp_path / "ct")
    assert found.source_headers is not None
    for header in found.source_headers:
        header.decode()
    before = [header.to_json() for header in found.source_headers]
    written(found, tmp_path)
    assert [header.to_json() for header in found.source_headers] == before
