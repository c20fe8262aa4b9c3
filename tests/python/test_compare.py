"""Comparing one patient at two times: numbers against NumPy and against a phantom's truth, what is refused,
and the files that are written."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

import groundglass as gg
from groundglass.cli import main
from groundglass.compare import CHANGES, schema
from groundglass.errors import FormatError
from groundglass.phantom import MIXED, Course, Twice, make_twice, write_twice
from report_pages import Page

pytestmark = pytest.mark.long

SHAPE = (60, 128, 128)


@pytest.fixture(scope="module")
def twice() -> Twice:
    return make_twice(4, gas=0.85, course=MIXED, shape=SHAPE)


@pytest.fixture(scope="module")
def results(twice: Twice) -> tuple[gg.Result, gg.Result]:
    first, second = (
        gg.analyze(one.volume, lungs=one.lungs, lesions=one.lesions)
        for one in (twice.baseline, twice.followup)
    )
    return first, second


@pytest.fixture(scope="module")
def compared(results: tuple[gg.Result, gg.Result]) -> gg.Comparison:
    pytest.importorskip("SimpleITK")
    return gg.compare(*results, days=[30])


# --- one measure -------------------------------------------------------------------------------------------


@settings(max_examples=40, deadline=None)
@given(
    st.tuples(*[st.floats(0, 100)] * 6),
    st.floats(0, 0.95),
    st.floats(0, 30),
)
def test_a_change_is_as_numpy_finds_it(parts: tuple[float, ...], shared: float, repeatability: float) -> None:
    value1, below1, above1, value2, below2, above2 = parts
    first = (value1, value1 - below1, value1 + above1)
    second = (value2, value2 - below2, value2 + above2)
    found = gg.change_between([first], [second], repeatability=repeatability, shared=shared)

    # by the normal scores' own distribution, on a fine grid of both
    score = norm.ppf(0.95)
    level = (np.arange(1200) + 0.5) / 1200
    u = norm.ppf(level)[:, None]
    v = shared * u + math.sqrt(1 - shared**2) * norm.ppf(level)[None, :]
    true = [
        value + s * np.where(s < 0, below, above) / score
        for (value, below, above), s in (((value1, below1, above1), u), ((value2, below2, above2), v))
    ]
    change = np.sort((true[1] - true[0]).ravel())
    size = change[-1] - change[0] + 1e-9
    at = np.quantile(change, (0.05, 0.95))
    assert found["difference"][0] == value2 - value1
    assert abs(found["lower"][0] - min(at[0], value2 - value1)) < 0.01 * size
    assert abs(found["upper"][0] - max(at[1], value2 - value1)) < 0.01 * size
    total = found["less"][0] + found["same"][0] + found["more"][0]
    assert total == pytest.approx(1)
    if size > 1:
        assert abs(found["less"][0] - np.mean(change < -repeatability)) < 0.05
        assert abs(found["more"][0] - np.mean(change > repeatability)) < 0.05


def test_wrong_measures_are_refused() -> None:
    with pytest.raises(ValueError, match="differ in length"):
        gg.change_between([(1, 0, 2)], [(1, 0, 2), (1, 0, 2)])
    with pytest.raises(ValueError, match="rows of value, lower and upper"):
        gg.change_between([1.0], [1.0])
    with pytest.raises(ValueError, match="outside its interval"):
        gg.change_between([(3, 0, 2)], [(1, 0, 2)])
    with pytest.raises(ValueError, match="shared"):
        gg.InvolvementChange(shared=1.0)
    with pytest.raises(ValueError, match="both lungs"):
        gg.InvolvementChange()([], [])


# --- the phantom -------------------------------------------------------------------------------------------


def test_the_phantom_is_one_patient_and_its_truth_adds_up(twice: Twice) -> None:
    first = gg.phantom.make(4, shape=SHAPE)
    assert (first.hounsfield == twice.baseline.hounsfield).all()
    changes = twice.truth["changes_ml"]
    before, after = twice.truth["opacity_ml"]
    assert before == pytest.approx(twice.baseline.truth["regions"]["both lungs"]["opacity_ml"])
    kept = changes["persistent"] + changes["denser"] + changes["lighter"]
    assert before == pytest.approx(kept + changes["resolved"])
    assert after == pytest.approx(kept + changes["new"])
    assert all(changes[name] > 0 for name in ("new", "resolved", "persistent", "denser"))
    for place, name in enumerate(CHANGES, 1):
        voxel_ml = twice.baseline.truth["voxel_ml"]
        assert np.count_nonzero(twice.change == place) * voxel_ml == pytest.approx(changes[name])
    again = make_twice(4, gas=0.85, course=MIXED, shape=SHAPE)
    assert (again.followup.hounsfield == twice.followup.hounsfield).all()


def test_the_breath_keeps_the_mass_of_the_lungs() -> None:
    still = make_twice(4, gas=0.8, shape=SHAPE)
    tables = [
        gg.Aeration()(gg.LesionCt(gg.with_lungs(one.volume, one.lungs), one.lesions)).rows[0]
        for one in (still.baseline, still.followup)
    ]
    assert tables[1].gas_ml == pytest.approx(0.8 * tables[0].gas_ml, rel=0.06)
    assert tables[1].lung_mass_g == pytest.approx(tables[0].lung_mass_g, rel=0.06)
    assert still.truth["opacity_change_ml"] == 0
    assert set(np.unique(still.change)) <= {0, 3}


def test_points_go_where_the_tissue_goes(twice: Twice) -> None:
    """Of both lungs' voxels, moved, nearly all are lung at follow-up too."""
    first, second = twice.baseline, twice.followup
    places = np.argwhere(first.lungs > 0)[::50]
    points = np.asarray(first.origin_mm) + places[:, ::-1] * np.asarray(first.spacing_mm)[::-1]
    moved = (twice.moved(points) - np.asarray(second.origin_mm)) / np.asarray(second.spacing_mm)[::-1]
    at = np.rint(moved[:, ::-1]).astype(int)
    assert np.mean(second.lungs[tuple(at.T)] > 0) > 0.97


@pytest.mark.parametrize("wrong", [{"grow": -0.1}, {"vanish": 1.1}, {"grow": 0.6, "shrink": 0.6}])
def test_a_course_has_shares(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="must be"):
        Course(**wrong)
    with pytest.raises(ValueError, match="gas must be"):
        make_twice(0, gas=0.2)


# --- the comparison ----------------------------------------------------------------------------------------


def test_true_masks_give_the_true_change(compared: gg.Comparison, twice: Twice) -> None:
    truth = twice.truth["opacity_change_ml"]
    scaled = compared.change("opacity_ml_at_breath")
    assert abs(truth) > 20
    assert scaled["difference"] == pytest.approx(truth, rel=0.1)
    plain = compared.change("opacity_ml")
    before, after = (
        one.truth["regions"]["both lungs"]["opacity_ml"] for one in (twice.baseline, twice.followup)
    )
    assert plain["difference"] == pytest.approx(after - before)
    assert plain["relative_percent"] == pytest.approx(100 * (after - before) / before)
    assert compared.verdict == ("more" if truth > 0 else "less")
    assert math.isnan(plain["difference_lower"])
    assert math.isnan(plain["probability_more"])


def test_an_unchanged_patient_in_another_breath_is_unchanged() -> None:
    still = make_twice(7, gas=0.85, shape=SHAPE)
    found = gg.compare(
        *(gg.analyze(p.volume, lungs=p.lungs, lesions=p.lesions) for p in (still.baseline, still.followup)),
        maps=False,
    )
    assert found.verdict == "unchanged"
    assert found.change("lung_ml")["difference"] < -300


def test_the_map_finds_what_has_changed(compared: gg.Comparison, twice: Twice) -> None:
    made = compared.maps[0]
    assert made is not None
    assert made.registration.refused is None
    assert made.registration.lung_dice >= 0.97
    assert made.registration.landmark_error_mm < 3
    assert made.labels is not None
    assert made.labels.shape == twice.baseline.lungs.shape
    for name in ("new", "resolved", "persistent"):
        # borders of a voxel of 15 mm3 weigh much in small changes
        assert made.volumes_ml[name] == pytest.approx(twice.truth["changes_ml"][name], rel=0.2, abs=20)
    found, truth = made.labels > 0, twice.change > 0
    assert 2 * (found & truth).sum() / (found.sum() + truth.sum()) > 0.85
    first = twice.baseline
    places = np.argwhere(first.lungs > 0)[::500]
    points = np.asarray(first.origin_mm) + places[:, ::-1] * np.asarray(first.spacing_mm)[::-1]
    errors = np.linalg.norm(made.registration.moved(points) - twice.moved(points), axis=1)
    assert np.median(errors) < 4


def test_there_is_no_map_where_the_registration_fails(twice: Twice) -> None:
    pytest.importorskip("SimpleITK")
    other = gg.phantom.make(11, shape=SHAPE)
    half = other.lungs.copy()
    half[half == 1] = 0  # a lung that is not there can't be matched
    both = [
        gg.analyze(twice.baseline.volume, lungs=twice.baseline.lungs, lesions=twice.baseline.lesions),
        gg.analyze(other.volume, lungs=half, lesions=np.where(half > 0, other.lesions, 0)),
    ]
    found = gg.compare(*both)
    assert found.maps[0] is not None
    assert found.maps[0].labels is None
    assert "Dice" in found.doubts[-1]
    entry = found.to_dict()["maps"][0]
    assert entry["file"] is None
    assert entry["new_ml"] is None


def test_files_are_whole_and_follow_the_schema(compared: gg.Comparison, tmp_path: Path) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    nibabel = pytest.importorskip("nibabel")
    files = compared.save(tmp_path / "out")
    names = ["change.nii.gz", "changes.csv", "comparison.html", "comparison.json"]
    assert [path.name for path in files] == names
    content = json.loads((tmp_path / "out" / "comparison.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema())
    jsonschema.validate(content, schema())
    assert content["times"][1]["days"] == 30
    lines = (tmp_path / "out" / "changes.csv").read_text(encoding="utf-8").splitlines()
    assert len(lines) == len(compared.changes) + 1
    image = nibabel.load(tmp_path / "out" / "change.nii.gz")
    assert compared.maps[0] is not None
    assert compared.maps[0].labels is not None
    assert np.count_nonzero(np.asarray(image.dataobj)) == np.count_nonzero(compared.maps[0].labels)
    with pytest.raises(FileExistsError):
        compared.save(tmp_path / "out")


def test_the_page_shows_both_and_loads_nothing(compared: gg.Comparison, tmp_path: Path) -> None:
    compared.save(tmp_path / "out")
    page = Page((tmp_path / "out" / "comparison.html").read_text(encoding="utf-8"))
    images = page.named("img")
    assert len(images) == 15
    assert all(image["src"].startswith("data:image/jpeg;base64,") and image["alt"] for image in images)
    assert not page.named("script", "link", "iframe")
    assert len([given for given in page.named("svg") if given.get("class") == "curve"]) == 3
    text = "".join(page.text)
    assert "Not a medical device" in text
    assert "Then and now: follow-up" in text


def test_folders_of_results_are_compared_without_their_cts(
    results: tuple[gg.Result, gg.Result], compared: gg.Comparison, tmp_path: Path
) -> None:
    for name, result in zip(("a", "b"), results, strict=True):
        result.save(tmp_path / name)
    found = gg.compare(tmp_path / "a", tmp_path / "b", tmp_path / "a", days=[10, 40], out=tmp_path / "out")
    assert found.names == ["baseline", "follow-up", "follow-up 2"]
    assert found.change("opacity_ml") == compared.change("opacity_ml")
    assert found.change("opacity_ml", time=2)["difference"] == 0
    assert found.maps == [None, None]
    assert "holds no CT" in found.doubts[1]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "changes.csv",
        "comparison.html",
        "comparison.json",
    ]
    with pytest.raises(ValueError, match="would be replaced"):
        gg.compare(tmp_path / "a", tmp_path / "b", out=tmp_path / "a", overwrite=True)
    with pytest.raises(ValueError, match="days must rise"):
        gg.compare(tmp_path / "a", tmp_path / "b", days=[-3])


# --- what is refused ---------------------------------------------------------------------------------------


def altered(folder: Path, change: Callable[[dict[str, Any]], None], source: Path) -> Path:
    """A copy of a result folder with something else in its ``result.json``."""
    import shutil

    shutil.copytree(source, folder)
    content = json.loads((source / "result.json").read_text(encoding="utf-8"))
    change(content)
    (folder / "result.json").write_text(json.dumps(content), encoding="utf-8")
    return folder


def test_other_weights_and_no_lungs_are_refused(results: tuple[gg.Result, gg.Result], tmp_path: Path) -> None:
    for name, result in zip(("a", "b"), results, strict=True):
        result.save(tmp_path / name)

    def weights(content: dict[str, Any]) -> None:
        content["lesions"]["source"] = "model"

    def lungs(content: dict[str, Any]) -> None:
        note = {"stage": "lungs", "level": "warning", "code": "lung_volume_implausible", "text": "…"}
        content["notes"].append(note)

    def version(content: dict[str, Any]) -> None:
        content["schema_version"] = "2.0"

    cases = {"weights": (weights, "other weights"), "lungs": (lungs, "no plausible lungs")}
    for name, (change, text) in cases.items():
        other = altered(tmp_path / name, change, tmp_path / "b")
        out = tmp_path / f"out-{name}"
        with pytest.raises(FormatError, match=text):
            gg.compare(tmp_path / "a", other, out=out)
        assert not out.exists()
        found = gg.compare(tmp_path / "a", other, anyway=True, out=out)
        assert text in found.marks[0]
        assert text in (out / "comparison.html").read_text(encoding="utf-8")
        assert (found.stage.shared == 0) == (name == "weights")
    with pytest.raises(FormatError, match="another version"):
        gg.compare(tmp_path / "a", altered(tmp_path / "new", version, tmp_path / "b"))
    (tmp_path / "b" / "lesions.nii.gz").unlink()
    with pytest.raises(FormatError, match=r"lesions.nii.gz is missing"):
        gg.compare(tmp_path / "a", tmp_path / "b")
    with pytest.raises(FileNotFoundError):
        gg.compare(tmp_path / "a", tmp_path / "nowhere")


def test_another_patient_is_refused_and_named_nowhere(tmp_path: Path) -> None:
    pytest.importorskip("pydicom")
    small = (50, 96, 96)
    write_twice(tmp_path / "one", make_twice(3, shape=small))
    write_twice(tmp_path / "two", make_twice(5, shape=small))
    import pydicom

    def result(folder: Path) -> gg.Result:
        masks = {name: folder / f"{name}.nii.gz" for name in ("lungs", "lesions")}
        return gg.analyze(folder / "ct", **masks, keep_headers=True)

    first, later = (result(tmp_path / "one" / name) for name in ("baseline", "followup"))
    other = result(tmp_path / "two" / "baseline")
    found = gg.compare(first, later, maps=False)
    assert found.doubts == []
    assert found.days == [0, 30]
    assert [check.answer for check in found.checks[0]] == ["same"] * 3
    with pytest.raises(FormatError, match="another patient") as refused:
        gg.compare(first, other, maps=False)
    key = b"0123456789abcdef"
    for number, folder in enumerate(("one/baseline", "one/followup", "two/baseline")):
        masks = {name: tmp_path / folder / f"{name}.nii.gz" for name in ("lungs", "lesions")}
        gg.analyze(tmp_path / folder / "ct", **masks, patient_key=key, out=tmp_path / f"result-{number}")
    assert gg.compare(tmp_path / "result-0", tmp_path / "result-1").checks[0][0].answer == "same"
    with pytest.raises(FormatError, match="another patient"):
        gg.compare(tmp_path / "result-0", tmp_path / "result-2")
    assert main(["compare", str(tmp_path / "result-0"), str(tmp_path / "result-2"), "--json"]) == 2
    marked = gg.compare(first, other, maps=False, anyway=True)
    assert "another patient" in marked.marks[0]
    slices = sorted((tmp_path / "two" / "baseline" / "ct").iterdir())
    identifier = str(pydicom.dcmread(slices[0], stop_before_pixels=True).PatientID)
    marked.save(tmp_path / "out")
    written = b"".join(
        path.read_bytes()
        for path in (tmp_path / "out").iterdir()
        if path.suffix in (".json", ".csv", ".html")
    )
    assert identifier.encode() not in written
    assert b"20260101" not in written
    assert identifier not in str(refused.value)


# --- the command -------------------------------------------------------------------------------------------


def test_the_command_writes_all_or_nothing_and_says_why_not(
    results: tuple[gg.Result, gg.Result], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, result in zip(("a", "b"), results, strict=True):
        result.save(tmp_path / name)
    first, second, out = (str(tmp_path / name) for name in ("a", "b", "out"))
    assert main(["compare", first, second, "--days", "14", "--out", out]) == 0
    shown = capsys.readouterr().out
    assert "More opacity" in shown
    assert "Opacity, ml" in shown
    assert (tmp_path / "out" / "comparison.html").is_file()
    assert main(["compare", first, second, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["verdict"] == "more"
    assert main(["compare", first, second, "--out", out]) == 2
    assert "not empty" in capsys.readouterr().err

    def weights(content: dict[str, Any]) -> None:
        content["lesions"]["source"] = "model"

    other = str(altered(tmp_path / "other", weights, tmp_path / "b"))
    refused = str(tmp_path / "refused")
    assert main(["compare", first, other, "--out", refused]) == 2
    said = capsys.readouterr().err.strip()
    assert said.startswith("groundglass: the lesions of the follow-up come from other weights")
    assert len(said.splitlines()) == 1
    assert not Path(refused).exists()
    assert main(["compare", first, other, "--out", refused, "--anyway"]) == 0
    assert "compared all the same" in capsys.readouterr().out
    assert main(["compare", first, second, "--days", "soon", "--json"]) == 2
    assert main(["compare", first, "--json"]) == 2


def test_a_patient_key_is_a_secret(tmp_path: Path) -> None:
    from types import SimpleNamespace

    from groundglass.read.patient import pseudonym, read_key

    file = tmp_path / "key"
    with pytest.raises(FileNotFoundError):
        read_key(file)
    file.write_bytes(b"short\n")
    with pytest.raises(ValueError, match="16 random ones"):
        read_key(file)
    file.write_bytes(b"0123456789abcdef\n")
    key = read_key(file)
    assert key == b"0123456789abcdef"
    one, same, other, nobody = (SimpleNamespace(PatientID=name) for name in ("a1 ", "A1", "a2", ""))
    assert pseudonym(one, key) == pseudonym(same, key) != pseudonym(other, key)
    assert pseudonym(one, key) != pseudonym(one, b"another key of 16")
    assert pseudonym(nobody, key) is None
