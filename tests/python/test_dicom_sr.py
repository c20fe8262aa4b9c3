"""DICOM SR: the table, grades and references read back, and valid for outside tools."""

from __future__ import annotations

import dataclasses
import json
import math
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("highdicom")

import highdicom as hd
import pydicom

import groundglass as gg
from dicom_factory import sequence, write_enhanced
from dicom_study import ORIGIN, SPACING, chest, dumped, errors_of, measured, result, turned
from groundglass.cli import main
from groundglass.html.compartments import COMPARTMENTS
from groundglass.result import NOT_A_DEVICE, ModelRecord
from groundglass.write.dicom_seg import write_dicom_seg
from groundglass.write.dicom_sr import _site, write_dicom_sr

pytestmark = pytest.mark.long

#: Columns of the table by finding, name and derivation.
COLUMNS = {
    ("39607008", "118565006", None): "lung_ml",
    ("39607008", "112031", "373098007"): "lung_hu_mean",
    ("39607008", "112031", "386136009"): "lung_hu_sd",
    **{
        ("39607008", f"{name.upper().replace('_', '-')}{code}", None): f"{name}_{unit}"
        for name in COMPARTMENTS
        for unit, code in (("ml", "-ML"), ("percent", ""))
    },
    ("39607008", "LAA-950", None): "low_attenuation_950_percent",
    ("39607008", "LAA-910", None): "low_attenuation_910_percent",
    ("39607008", "PERC15", None): "perc15_hu",
    ("39607008", "GAS", None): "gas_ml",
    ("39607008", "118538004", None): "lung_mass_g",
    ("39607008", "AIR-TISSUE", None): "air_tissue_ratio",
    ("112120", "118565006", None): "ground_glass_ml",
    ("95436008", "118565006", None): "consolidation_ml",
    ("112001", "118565006", None): "opacity_ml",
    ("112001", "PO", None): "opacity_percent",
    ("112001", "PHO", None): "high_opacity_percent",
    ("112001", "112031", "373098007"): "opacity_hu_mean",
    ("112001", "112031", "386136009"): "opacity_hu_sd",
}
UNITS = {"ml": "ml", "percent": "%", "mean": "[hnsf'U]", "sd": "[hnsf'U]", "hu": "[hnsf'U]"}
UNITS |= {"g": "g", "ratio": "ml/g"}


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> gg.Result:
    """The chest as an axial series, with its true masks."""
    return result(tmp_path_factory.mktemp("study"))


@pytest.fixture(scope="module")
def path(study: gg.Result, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its report, without a segmentation."""
    return write_dicom_sr(study, tmp_path_factory.mktemp("report") / "sr.dcm")


@pytest.fixture(scope="module")
def document(path: Path) -> Any:
    return hd.sr.srread(path)


def written(found: gg.Result, folder: Path, **options: Any) -> Any:
    return hd.sr.srread(write_dicom_sr(found, folder / "sr.dcm", overwrite=True, **options))


def groups(document: Any) -> list[Any]:
    content = document.content
    assert isinstance(content, hd.sr.MeasurementReport)
    return [
        *content.get_volumetric_roi_measurement_groups(),
        *content.get_image_measurement_groups(),
    ]


def region_of(group: Any) -> str:
    return str(group.tracking_identifier).removeprefix("groundglass ").partition(",")[0]


def comments(document: Any) -> list[str]:
    (container,) = (
        item for item in document.ContentSequence if item.ConceptNameCodeSequence[0].CodeValue == "C0034375"
    )
    return [item.TextValue for item in container.ContentSequence]


def test_the_table_reads_back(study: gg.Result, document: Any) -> None:
    seen: dict[tuple[str, str], float] = {}
    for group in groups(document):
        for measurement in group.get_measurements():
            derived = measurement.derivation
            column = COLUMNS[group.finding_type.value, measurement.name.value, derived and derived.value]
            assert measurement.unit.value == UNITS[column.rsplit("_", 1)[1]]
            seen[region_of(group), column] = measurement.value
    true = {
        (row["region"], column): row[column]
        for row in map(dict.__or__, study.region_rows(), study.aeration_rows())
        for column in COLUMNS.values()
        if not math.isnan(row[column])
    }
    assert len(true) > 70
    assert seen == pytest.approx(true, rel=1e-12)


def test_where_the_findings_are(tmp_path: Path) -> None:
    _, lungs, lesions = chest()
    lobes = np.where(lungs == 1, np.where(np.arange(10)[:, None, None] > 4, 1, 2), np.where(lungs == 2, 3, 0))
    lobes[:4][lungs[:4] == 2], lobes[4:6][lungs[4:6] == 2] = 5, 4
    turned(tmp_path / "ct")
    found = gg.analyze(
        tmp_path / "ct", lungs=lungs, lesions=lesions, lobes=lobes.astype(np.uint8), keep_headers=True
    )
    seen = {}
    for group in groups(written(found, tmp_path)):
        (site,) = group.finding_sites
        side = [item.value.value for item in site.get("ContentSequence", [])]
        seen[region_of(group)] = (site.value.value, *side)
    assert set(seen) == {row["region"] for row in found.region_rows()}
    assert seen["both lungs"] == ("39607008", "51440002")
    assert seen["left lung"] == ("39607008", "7771000")
    assert seen["right upper third"] == ("281392002", "24028007")
    assert seen["left middle third"] == ("281393007", "7771000")
    assert seen["left lower lobe"] == ("90572001", "7771000")
    assert seen["right middle lobe"] == ("72481006", "24028007")
    assert _site("segment 7").value.value == "72674008"
    assert errors_of(tmp_path / "sr.dcm") == []


def test_references_to_segments(tmp_path: Path, study: gg.Result) -> None:
    segmentation = write_dicom_seg(study, tmp_path / "seg.dcm")
    seg = pydicom.dcmread(segmentation)
    document = written(study, tmp_path, segmentation=segmentation)
    seen = {}
    for group in document.content.get_volumetric_roi_measurement_groups():
        (segment,) = (item for item in group[0].ContentSequence if item.ValueType == "IMAGE")
        reference = segment.ReferencedSOPSequence[0]
        assert reference.ReferencedSOPInstanceUID == seg.SOPInstanceUID
        item = seg.SegmentSequence[reference.ReferencedSegmentNumber - 1]
        assert group.tracking_uid == item.TrackingUID
        seen[str(group.tracking_identifier)] = item.SegmentLabel
    assert seen == {
        "groundglass both lungs, ground glass": "Ground glass",
        "groundglass both lungs, consolidation": "Consolidation",
        "groundglass left lung, lung": "Left lung",
        "groundglass right lung, lung": "Right lung",
    }
    assert len(groups(document)) == 5 * len(study.region_rows())
    evidence = {uid for _, _, uid, _ in document.get_evidence()}
    assert evidence == {seg.SOPInstanceUID, *(header.SOPInstanceUID for header in study.source_headers or ())}
    assert errors_of(tmp_path / "sr.dcm") == []


def test_without_a_segmentation_it_refers_to_the_slices(study: gg.Result, document: Any, path: Path) -> None:
    assert not document.content.get_volumetric_roi_measurement_groups()
    uids = {str(header.SOPInstanceUID) for header in study.source_headers or ()}
    assert {uid for _, _, uid, _ in document.get_evidence()} == uids
    text = dumped(path)
    assert text.count('"Source")=(CT image,') == len(uids)
    assert "Image Library" in text


def test_a_segmentation_of_another_series(tmp_path: Path, study: gg.Result) -> None:
    other = result(tmp_path / "other", series="1.2.3.4")
    segmentation = write_dicom_seg(other, tmp_path / "seg.dcm")
    with pytest.raises(gg.FormatError, match=r"seg\.dcm: no DICOM SEG of the series that was measured"):
        write_dicom_sr(study, tmp_path / "sr.dcm", segmentation=segmentation)
    assert not (tmp_path / "sr.dcm").exists()


def test_grade_and_class(study: gg.Result, document: Any) -> None:
    (whole,) = (g for g in groups(document) if g.tracking_identifier == "groundglass both lungs, opacity")
    evaluations = {
        item.name.value: item.value
        for item in whole.get_qualitative_evaluations()
        if item.name.scheme_designator == "99GROUNDGLASS"
    }
    assert evaluations["CT-GRADE"].value == study.ct_grade
    assert evaluations["CLASS"].meaning == f"Class {study.severity_class}"
    assert not [m for m in whole.get_measurements() if m.name.value.startswith("PROB")]


def calibrated(found: gg.Result) -> gg.Result:
    """The result with intervals and probabilities as the bundled models give them."""

    class Calibrated(gg.Result):
        def region_rows(self) -> list[dict[str, Any]]:
            rows = super().region_rows()
            for row in rows:
                volume = row["opacity_ml"]
                known = row["region"] == "both lungs"
                row["opacity_ml_lower"] = 0.5 * volume if known else math.nan
                row["opacity_ml_upper"] = 2 * volume if known else math.nan
            return rows

        grade_probability = property(lambda self: _Probabilities((0.0, 0.25, 0.75, 0.0, 0.0)))  # type: ignore[assignment]
        class_probability = property(lambda self: _Probabilities((0.0, 0.5, 0.5)))  # type: ignore[assignment]

    return Calibrated(**{field.name: getattr(found, field.name) for field in dataclasses.fields(found)})


@dataclasses.dataclass
class _Probabilities:
    probability: tuple[float, ...]
    near_cut: bool = False


def test_intervals_are_ranges_of_uncertainty(tmp_path: Path, study: gg.Result) -> None:
    found = calibrated(study)
    all_groups = groups(written(found, tmp_path))
    volume = found.region_rows()[0]["opacity_ml"]
    for group in all_groups:
        for measurement in group.get_measurements():
            ranges = {
                item.name.value: (item.value, item.unit.value)
                for item in measurement[0].get("ContentSequence", [])
                if item.ValueType == "NUM"
            }
            if (
                str(group.tracking_identifier) == "groundglass both lungs, opacity"
                and measurement.unit.value == "ml"
            ):
                assert ranges == {
                    "371885007": (pytest.approx(0.5 * volume), "ml"),
                    "371886008": (pytest.approx(volume), "ml"),
                }
            else:
                assert ranges == {}
    names = {
        m.name.meaning: m.value
        for g in all_groups
        for m in g.get_measurements()
        if m.name.value.startswith("PROB-")
    }
    assert names["Probability of CT-2"] == 75
    assert names["Probability of Class B"] == 50
    assert len(names) == 8
    assert errors_of(tmp_path / "sr.dcm") == []


def test_context_and_remarks(study: gg.Result, document: Any) -> None:
    (context,) = document.content.get_observer_contexts()
    assert context.observer_type.meaning == "Device"
    device = context.observer_identifying_attributes
    assert (device.name, device.model_name) == ("groundglass", f"groundglass {gg.__version__}")
    assert (document.CompletionFlag, document.VerificationFlag) == ("COMPLETE", "UNVERIFIED")
    assert document.PreliminaryFlag == "PRELIMINARY"
    assert document.PatientName == "Secret^Person"
    texts = comments(document)
    assert texts[0] == NOT_A_DEVICE
    assert f"The mask of the lungs was given, SHA-256 {study.given_sha256['lungs']}" in texts
    for note in study.to_dict()["notes"]:
        assert any(note["text"] in text for text in texts)
    assert "99GROUNDGLASS" in [
        item.CodingSchemeDesignator for item in document.CodingSchemeIdentificationSequence
    ]


def test_valid_for_outside_tools(path: Path) -> None:
    assert errors_of(path) == []
    text = dumped(path)
    assert text.startswith("Comprehensive SR Document")
    assert "Secret Person" in text or "Secret^Person" in text
    assert '"Percentage of opacity")=' in text


def test_only_uids_and_times_differ_from_call_to_call(tmp_path: Path, study: gg.Result, path: Path) -> None:
    again = write_dicom_sr(study, tmp_path / "sr.dcm")
    first, second = (json.loads(pydicom.dcmread(file).to_json()) for file in (path, again))
    times = {"00080012", "00080013", "00080021", "00080023", "00080031", "00080033", "0018A001"}
    assert {tag for tag in first if first[tag] != second[tag]} <= times | {"00080018", "0020000E", "0040A730"}

    def plain(item: Any) -> Any:
        if isinstance(item, dict):
            return {key: plain(value) for key, value in item.items() if key != "0040A124"}
        return [plain(value) for value in item] if isinstance(item, list) else item

    assert plain(first["0040A730"]) == plain(second["0040A730"])


def test_slices_without_places_are_enough(tmp_path: Path) -> None:
    def unplaced(data: Any, i: int) -> None:
        data.SliceLocation = data.ImagePositionPatient[2]
        del data.FrameOfReferenceUID, data.ImagePositionPatient, data.ImageOrientationPatient

    found = result(tmp_path / "ct", change=unplaced)
    written(found, tmp_path)
    assert errors_of(tmp_path / "sr.dcm") == []
    with pytest.raises(gg.FormatError, match="Frame Of Reference UID"):
        write_dicom_seg(found, tmp_path / "seg.dcm")


def test_names_in_other_alphabets(tmp_path: Path) -> None:
    def call(data: Any, i: int) -> None:
        data.SpecificCharacterSet, data.PatientName = "ISO_IR 144", "Иванова^Анна"

    found = result(tmp_path / "ct", change=call)
    document = written(found, tmp_path)
    assert (document.SpecificCharacterSet, str(document.PatientName)) == ("ISO_IR 144", "Иванова^Анна")
    ours = dataclasses.replace(found, models=(ModelRecord(name="réseau", sha256="0", licence="MIT"),))
    document = written(ours, tmp_path)
    assert (document.SpecificCharacterSet, str(document.PatientName)) == ("ISO_IR 192", "Иванова^Анна")
    assert "Model réseau, SHA-256 0, MIT" in comments(document)
    assert errors_of(tmp_path / "sr.dcm") == []


def test_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    turned(tmp_path / "ct")
    saved = measured(tmp_path / "ct").save(tmp_path / "masks")
    masks = {path.name: str(path) for path in saved}
    arguments = ["--lungs", masks["lungs.nii.gz"], "--lesions", masks["lesions.nii.gz"]]
    out = tmp_path / "out"
    assert (
        main(["analyze", str(tmp_path / "ct"), "--out", str(out), *arguments, "--dicom-seg", "--dicom-sr"])
        == 0
    )
    printed = "".join(capsys.readouterr())
    assert "Secret" not in printed
    assert {"segmentation.dcm", "measurements.dcm"} < {path.name for path in out.iterdir()}
    document = hd.sr.srread(out / "measurements.dcm")
    assert len(document.content.get_volumetric_roi_measurement_groups()) == 4
    assert "Secret" not in (out / "result.json").read_text()
    shutil.rmtree(out)
    assert main(["analyze", str(tmp_path / "ct"), "--out", str(out), *arguments, "--dicom-sr"]) == 0
    assert not (out / "segmentation.dcm").exists()
    assert not hd.sr.srread(out / "measurements.dcm").content.get_volumetric_roi_measurement_groups()


def test_a_multi_frame_source(tmp_path: Path) -> None:
    hu, lungs, lesions = chest()
    placed = {"spacing": SPACING, "origin": ORIGIN}
    write_enhanced(tmp_path / "whole" / "a", hu, **placed)  # type: ignore[arg-type]
    found = measured(tmp_path / "whole")
    segmentation = write_dicom_seg(found, tmp_path / "seg.dcm")
    document = written(found, tmp_path, segmentation=segmentation)
    assert errors_of(tmp_path / "sr.dcm") == []
    uid = pydicom.dcmread(tmp_path / "whole" / "a").SOPInstanceUID
    assert {uid for _, _, uid, _ in document.get_evidence()} == {
        uid,
        pydicom.dcmread(segmentation).SOPInstanceUID,
    }
    assert references(document) == [(uid, None)]

    def localizer(data: Any, frame: Any) -> None:
        frame(0).CTImageFrameTypeSequence = sequence(FrameType=["ORIGINAL", "PRIMARY", "LOCALIZER", "NONE"])
        frame(0).PlaneOrientationSequence = sequence(ImageOrientationPatient=[1, 0, 0, 0, 0, -1])

    write_enhanced(tmp_path / "part" / "a", hu, change=localizer, **placed)  # type: ignore[arg-type]
    found = gg.analyze(tmp_path / "part", lungs=lungs[1:], lesions=lesions[1:], keep_headers=True)
    assert references(written(found, tmp_path)) == [(uid, list(range(1, 10)))]
    assert errors_of(tmp_path / "sr.dcm") == []


def references(document: Any) -> list[Any]:
    """Instance and frames of the images in the library."""
    (library,) = (i for i in document.ContentSequence if i.ConceptNameCodeSequence[0].CodeValue == "111028")
    images = [i for i in library.ContentSequence[0].ContentSequence if i.ValueType == "IMAGE"]
    found = []
    for image in images:
        (item,) = image.ReferencedSOPSequence
        frames = item.get("ReferencedFrameNumber")
        found.append((item.ReferencedSOPInstanceUID, None if frames is None else [int(n) for n in frames]))
    return found
