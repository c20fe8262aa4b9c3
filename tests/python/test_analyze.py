from __future__ import annotations

import hashlib
import importlib
import json
import math
import re
from dataclasses import replace
from pathlib import Path

import jsonschema
import numpy as np
import pytest

import groundglass as gg
from groundglass import _core, overlay
from groundglass.analyze import Cancelled
from groundglass.result import FILES, schema
from groundglass.write import write_nifti
from small_study import patient, result, segmentation_missing, write


def leftovers(folder: Path, *expected: str) -> set[str]:
    return {path.name for path in folder.iterdir()} - set(expected)


def test_the_true_masks_give_the_truth() -> None:
    truth = patient().truth["regions"]
    for row in result().table.rows:
        for name in ("lung_ml", "ground_glass_ml", "consolidation_ml", "opacity_ml", "opacity_percent"):
            assert getattr(row, name) == pytest.approx(truth[row.region][name], rel=1e-12), (row.region, name)


def test_a_file_and_the_same_volume_in_memory_agree(tmp_path: Path) -> None:
    study = write(tmp_path)
    masks = {"lungs": tmp_path / "lungs.nii.gz", "lesions": str(tmp_path / "lesions.nii.gz")}
    from_file = gg.analyze(study, **masks, position="supine")  # which the phantom in memory knows
    in_memory = result()
    for one, other in zip(from_file.region_rows(), in_memory.region_rows(), strict=True):
        assert one.pop("region") == other.pop("region")
        assert one == pytest.approx(other, rel=1e-6, nan_ok=True)  # NIfTI keeps spacings in single precision
    assert from_file.source.kind != in_memory.source.kind == "array"
    assert in_memory.source.files is None
    assert np.array_equal(from_file.ct.hounsfield, patient().hounsfield)


def test_severity_follows_the_fraction() -> None:
    found = result()
    assert found.opacity_percent == pytest.approx(11.0, abs=0.2)
    assert (found.ct_grade, found.severity_class) == ("CT-1", "C")
    healthy = patient()
    none = gg.analyze(healthy.volume, lungs=healthy.lungs, lesions=np.zeros_like(healthy.lesions))
    assert (none.opacity_percent, none.ct_grade, none.severity_class) == (0.0, "CT-0", "A")
    assert math.isnan(none.table.rows[0].opacity_hu_mean)


def test_the_digest_of_a_volume_follows_voxels_and_grid() -> None:
    found = patient()
    same, other = (np.array(found.hounsfield) for _ in range(2))
    other[0, 0, 0] += 1
    volumes = [
        gg.CtVolume(same, spacing_mm=found.spacing_mm, origin_mm=found.origin_mm),
        gg.CtVolume(other, spacing_mm=found.spacing_mm, origin_mm=found.origin_mm),
        gg.CtVolume(same, spacing_mm=(1.0, 1.0, 1.0), origin_mm=found.origin_mm),
    ]
    digests = [gg.analyze(ct, lungs=found.lungs, lesions=found.lesions).source.sha256 for ct in volumes]
    assert digests[0] == result().source.sha256
    assert len(set(digests)) == 3


def test_notes_of_the_reader_arrive() -> None:
    found = patient()
    note = gg.Note("warning", "irregular_slices", "Two slices are missing.")
    ct = gg.CtVolume(
        np.array(found.hounsfield), spacing_mm=found.spacing_mm, origin_mm=found.origin_mm, notes=[note]
    )
    notes = gg.analyze(ct, lungs=found.lungs, lesions=found.lesions).to_dict()["notes"]
    assert notes[0] == {"stage": "read", "level": "warning", "code": note.code, "text": note.text}


def test_the_lung_mask_runs_where_no_lungs_are_given() -> None:
    found = patient()
    measured = gg.analyze(found.volume, lesions=found.lesions, lung_method="classical")
    assert measured.to_dict()["lungs"] == {"source": "lung_mask", "sha256": None}
    assert measured.to_dict()["lesions"] == {
        "source": "given",
        "sha256": hashlib.sha256(found.lesions.tobytes()).hexdigest(),
    }
    assert measured.table.rows[0].lung_ml == pytest.approx(
        found.truth["regions"]["both lungs"]["lung_ml"], rel=0.15
    )


def test_out_receives_all_files_and_nothing_else(tmp_path: Path) -> None:
    found = patient()
    gg.analyze(found.volume, lungs=found.lungs, lesions=found.lesions, out=tmp_path / "out")
    assert {path.name for path in (tmp_path / "out").iterdir()} == set(FILES)
    assert not leftovers(tmp_path, "out")


def test_an_existing_folder_is_left_alone_unless_told(tmp_path: Path) -> None:
    found = patient()
    out = tmp_path / "out"
    out.mkdir()
    (out / "mine.txt").write_text("kept")
    with pytest.raises(FileExistsError, match="out"):
        gg.analyze(found.volume, lungs=found.lungs, lesions=found.lesions, out=out)
    assert (out / "mine.txt").read_text() == "kept"
    assert not leftovers(tmp_path, "out")


def test_overwrite_replaces_an_earlier_result(tmp_path: Path) -> None:
    found = patient()
    out = tmp_path / "out"
    gg.analyze(found.volume, lungs=found.lungs, lesions=np.zeros_like(found.lesions), out=out)
    gg.analyze(found.volume, lungs=found.lungs, lesions=found.lesions, out=out, overwrite=True)
    assert json.loads((out / "result.json").read_text())["severity"]["opacity_percent"] > 10
    assert not leftovers(tmp_path, "out")


def test_the_study_is_never_overwritten(tmp_path: Path) -> None:
    folder = tmp_path / "studies" / "one"
    folder.mkdir(parents=True)
    study = write(folder)
    before = study.read_bytes()
    for out in (folder, folder.parent):
        with pytest.raises(ValueError, match="holds the input itself"):
            gg.analyze(study, out=out, overwrite=True, lesions=folder / "lesions.nii.gz")
    assert study.read_bytes() == before


@pytest.mark.parametrize("stage", ["write", "quantification"])
def test_a_failure_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stage: str) -> None:
    def fail(*args: object, **options: object) -> None:
        raise OSError("no space left on device")

    if stage == "write":
        monkeypatch.setattr(overlay, "of_result", fail)
    else:
        monkeypatch.setattr(importlib.import_module("groundglass.analyze"), "SliceProfile", lambda: fail)
    found = patient()
    with pytest.raises(OSError, match="no space"):
        gg.analyze(found.volume, lungs=found.lungs, lesions=found.lesions, out=tmp_path / "out")
    assert not leftovers(tmp_path)


def test_progress_tells_every_stage_and_may_stop(tmp_path: Path) -> None:
    found = patient()
    seen: list[str] = []

    def stop_at_write(stage: str, done: int, total: int) -> bool:
        assert 0 <= done <= total
        seen.append(stage)
        return stage != "write"

    with pytest.raises(Cancelled, match="write"):
        gg.analyze(
            found.volume,
            lungs=found.lungs,
            lesions=found.lesions,
            out=tmp_path / "out",
            progress=stop_at_write,
        )
    assert list(dict.fromkeys(seen)) == ["read", "lungs", "segmentation", "quantification", "write"]
    assert not leftovers(tmp_path)


def test_a_result_names_nobody(tmp_path: Path) -> None:
    study = write(tmp_path, "DOE_JOHN")
    out = tmp_path / "out"
    gg.analyze(study, lungs=tmp_path / "lungs.nii.gz", lesions=tmp_path / "lesions.nii.gz", out=out)
    import gzip

    for path in out.iterdir():
        content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        assert b"DOE" not in content, path.name
        assert str(tmp_path).encode() not in content, path.name


def test_the_same_input_gives_the_same_result(tmp_path: Path) -> None:
    found = patient()
    for name in ("first", "second"):
        gg.analyze(found.volume, lungs=found.lungs, lesions=found.lesions, out=tmp_path / name)
    for name in FILES:
        first, second = ((tmp_path / run / name).read_bytes() for run in ("first", "second"))
        if name == "result.json":
            first, second = ({**json.loads(text), "run": None} for text in (first, second))  # type: ignore[assignment]
        assert first == second, name


def test_a_missing_study_or_mask_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"nothing-here"):
        gg.analyze(tmp_path / "nothing-here")
    with pytest.raises(FileNotFoundError, match=r"no-mask"):
        gg.analyze(patient().volume, lungs=tmp_path / "no-mask.nii.gz")


@pytest.mark.parametrize("name", ["lungs", "lesions"])
def test_a_mask_that_does_not_fit_is_refused(name: str) -> None:
    found = patient()
    masks = {"lungs": found.lungs, "lesions": found.lesions}
    for wrong, message in (
        (masks[name][1:], "shape"),
        (masks[name] + np.uint8(7), "not certain" if name == "lungs" else "0, 1 and 2"),
        (masks[name].astype(np.float32) / 2, "whole numbers"),
        (masks[name].astype(np.complex64), "whole numbers"),
        (masks[name].astype(np.int16) - 1, "whole numbers"),
    ):
        with pytest.raises(gg.FormatError, match=message):
            gg.analyze(found.volume, **(masks | {name: wrong}))


def test_a_volume_without_lung_is_refused() -> None:
    found = patient()
    with pytest.raises(gg.FormatError, match="empty"):
        gg.analyze(found.volume, lungs=np.zeros_like(found.lungs), lesions=found.lesions)
    water = gg.CtVolume(np.zeros(found.hounsfield.shape, np.int16), spacing_mm=found.spacing_mm)
    with pytest.raises(gg.FormatError, match="lung"):
        gg.analyze(water, lesions=found.lesions)


def test_wrong_options_are_named() -> None:
    found = patient()
    for threads in (-1, True, 1.5):
        with pytest.raises(ValueError, match="threads"):
            gg.analyze(found.volume, threads=threads)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="exclude each other"):
        gg.analyze(found.volume, model="ensemble-lite", lesions=found.lesions)
    with pytest.raises(ValueError, match="series"):
        gg.analyze(found.volume, series="1.2.3", lesions=found.lesions)
    with pytest.raises(ValueError, match="study must be"):
        gg.analyze(found.hounsfield, lesions=found.lesions)  # type: ignore[arg-type]


def test_an_unknown_model_is_a_model_error() -> None:
    if reason := segmentation_missing():
        pytest.skip(reason)
    with pytest.raises(gg.ModelError, match="no-such-model"):
        gg.analyze(patient().volume, model="no-such-model")


def test_the_bundled_model_runs_on_a_phantom() -> None:
    if reason := segmentation_missing():
        pytest.skip(reason)
    found = patient()
    steps: list[tuple[int, int]] = []
    measured = gg.analyze(
        found.volume,
        lungs=found.lungs,
        threads=1,
        progress=lambda stage, done, total: steps.append((done, total)) if stage == "segmentation" else None,
    )
    assert [model.name for model in measured.models] == ["ensemble-lite", "inf-net-lite"]
    assert all(len(model.sha256) == 64 for model in measured.models)
    assert measured.uncertainty is not None
    interval = measured.uncertainty["both lungs"].opacity_percent
    assert interval.lower <= measured.opacity_percent <= interval.upper
    assert measured.to_dict()["lesions"] == {"source": "model", "sha256": None}
    jsonschema.validate(measured.to_dict(), schema())
    assert steps[-1][0] == steps[-1][1] > 1
    assert not measured.lesions[found.lungs == 0].any()
    assert 0 < measured.opacity_percent < 100


def test_series_uids_reach_the_screen_but_no_file_unless_asked(tmp_path: Path) -> None:
    pytest.importorskip("pydicom")
    from groundglass.write import write_dicom

    found = patient()
    for seed in (1, 2):
        write_dicom(
            tmp_path / "study" / str(seed),
            gg.phantom.make(seed, shape=found.hounsfield.shape).volume,
            seed=seed,
        )
    lesions = np.zeros(found.hounsfield.shape, np.uint8)
    result = gg.analyze(tmp_path / "study", lesions=lesions)
    uids = re.findall(r"\d+(?:\.\d+){5,}", " ".join(note.text for note in result.notes))
    assert uids
    assert not any(uid in result.to_json() for uid in uids)
    assert "(UID withheld)" in result.to_json()
    kept = gg.analyze(tmp_path / "study", lesions=lesions, keep_uid=True)
    assert all(uid in kept.to_json() for uid in uids)


def lobes_of(found: gg.phantom.Phantom) -> np.ndarray:
    """The phantom's lungs, halved at the middle slice; the right middle lobe is a layer between."""
    lobes = np.zeros_like(found.lungs)
    half = len(lobes) // 2
    for side, upper, lower in ((1, 1, 2), (2, 3, 5)):
        lobes[half:][found.lungs[half:] == side] = upper
        lobes[:half][found.lungs[:half] == side] = lower
    lobes[half : half + 3][found.lungs[half : half + 3] == 2] = 4
    return lobes


def test_given_lobes_reach_rows_and_scores(tmp_path: Path) -> None:
    found = patient()
    study = write(tmp_path)
    write_nifti(
        tmp_path / "lobes.nii.gz", lobes_of(found), found.spacing_mm, found.origin_mm, found.direction
    )
    masks = {"lungs": found.lungs, "lesions": found.lesions}
    estimated = result().to_dict()
    assert estimated["severity"]["scores"]["lobes"] == "estimated"
    assert (estimated["lobes"]["source"], estimated["lobes"]["sha256"]) == ("estimated", None)
    from_file = gg.analyze(study, lobes=tmp_path / "lobes.nii.gz", **masks)
    content = from_file.to_dict()
    assert content["severity"]["scores"]["lobes"] == "lobe_map"
    assert content["lobes"]["source"] == "given"
    assert [row["region"] for row in content["regions"][9:]] == [
        "left upper lobe",
        "left lower lobe",
        "right upper lobe",
        "right middle lobe",
        "right lower lobe",
    ]
    lobes = content["regions"][9:]
    assert sum(row["lung_ml"] for row in lobes) == pytest.approx(content["regions"][0]["lung_ml"])
    jsonschema.validate(content, schema())
    in_memory = gg.analyze(found.volume, lobes=lobes_of(found), **masks)
    assert in_memory.to_dict()["severity"]["scores"] == content["severity"]["scores"]
    fractions = [row["opacity_percent"] / 100 for row in lobes]
    expected = gg.extent_score(fractions, convention="ctss_pan2020", absent_below=0.005)
    assert content["severity"]["scores"]["ctss_pan2020"] == expected


def test_given_segments_reach_the_score() -> None:
    found = patient()
    segments = np.where(found.lungs > 0, np.arange(len(found.lungs))[:, None, None] % 20 + 1, 0)
    measured = gg.analyze(found.volume, lungs=found.lungs, lesions=found.lesions, segments=segments)
    content = measured.to_dict()
    assert content["segments"]["source"] == "given"
    assert len(content["regions"]) == 34
    assert 0 < content["severity"]["scores"]["ct_ss_segments"] <= 40


def test_wrong_maps_of_lobes_are_named(tmp_path: Path) -> None:
    found = patient()
    masks = {"lungs": found.lungs, "lesions": found.lesions}
    with pytest.raises(gg.FormatError, match=r"lobes: the map holds the value 6 in the lungs"):
        gg.analyze(found.volume, lobes=np.full_like(found.lungs, 6), **masks)
    with pytest.raises(ValueError, match="does not meet the lungs"):
        gg.analyze(found.volume, lobes=np.zeros_like(found.lungs), **masks)
    with pytest.raises(FileNotFoundError, match="none"):
        gg.analyze(found.volume, lobes=tmp_path / "none.nii.gz", **masks)
    write_nifti(
        tmp_path / "six.nii.gz",
        np.full_like(found.lungs, 6),
        found.spacing_mm,
        found.origin_mm,
        found.direction,
    )
    with pytest.raises(gg.FormatError, match=r"six\.nii\.gz: the map holds the value 6 in the lungs"):
        gg.analyze(found.volume, lobes=tmp_path / "six.nii.gz", **masks)


def test_the_probability_of_grades_comes_from_the_uncertainty() -> None:
    found = patient()
    levels = [0.05, 0.5, 0.95]
    first = np.where(found.lesions > 0, 2, 0).astype(np.uint8)
    first[1:-1][(found.lesions[1:-1] == 0) & (found.lungs[1:-1] > 0)] = 3
    doubt = _core.LesionUncertainty(levels=levels, first_level=first)
    measured = result()
    uncertain = gg.LesionCt(measured.lesion_ct.with_lungs, found.lesions, uncertainty=doubt)
    table = _core.InvolvementUncertainty()(uncertain)
    content = replace(measured, lesion_ct=uncertain, uncertainty=table).to_dict()
    probability = content["severity"]["probability"]
    expected = gg.grade_probability(levels, table.opacity_fractions, cuts=gg.ct_grade_cuts())
    assert probability["ct_grade_extent"] == list(expected.probability)
    assert probability["ct_grade_near_cut"]
    assert sum(probability["class"]) == pytest.approx(1)
    assert len(probability["class"]) == 3
    jsonschema.validate(content, schema())
    assert "probability" not in measured.to_dict()["severity"]
