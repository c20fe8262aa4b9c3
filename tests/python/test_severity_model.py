from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest

import groundglass as gg
from groundglass.cohort.severity_model import SeverityModel, fit_severity, schema
from groundglass.statistics import bootstrap_thresholds

ORDER = ["mild", "moderate", "severe"]
RESAMPLES = 50


def cohort(seed: int = 0) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    sizes, medians = (120, 50, 30), (0.012, 0.035, 0.1)
    parts = [m * np.exp(0.8 * rng.standard_normal(n)) for n, m in zip(sizes, medians, strict=True)]
    return {"opacity_fraction": np.minimum(np.concatenate(parts), 0.9), "severity": np.repeat(ORDER, sizes)}


@pytest.fixture(scope="module")
def model() -> SeverityModel:
    return fit_severity(cohort(), order=ORDER, resamples=RESAMPLES, seed=7)


def test_the_model_is_the_bootstrapped_fit(model: SeverityModel) -> None:
    table = cohort()
    found = bootstrap_thresholds(
        table["opacity_fraction"], table["severity"], order=ORDER, resamples=RESAMPLES, seed=7
    )
    assert model.cuts == found.fit.cuts
    assert model.cut_bounds == found.cuts
    assert model.patients == (120, 50, 30)
    assert model.recall == found.fit.recall
    assert model.performance["corrected"] == found.corrected
    assert model.performance["out_of_bag"] == found.out_of_bag
    assert np.sum(model.counts) == 200
    for fraction in (0.0, 0.004, model.cuts[0], model.cuts[1], 0.3, 1.0):
        assert model(fraction) == model.grade(fraction) == found.fit(fraction)
    with pytest.raises(ValueError, match="fraction"):
        model.grade(1.5)


def test_a_saved_model_reads_back_the_same(model: SeverityModel, tmp_path: Path) -> None:
    path = model.save(tmp_path / "severity.json")
    assert SeverityModel.load(path) == model
    assert SeverityModel.load(path).save(tmp_path / "again.json").read_bytes() == path.read_bytes()
    content = json.loads(path.read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema())
    jsonschema.validate(content, schema())
    assert set(content) == set(schema()["properties"])
    assert set(content["fit"]) == set(schema()["properties"]["fit"]["properties"])
    assert set(content["performance"]) == set(schema()["properties"]["performance"]["properties"])
    with pytest.raises(FileExistsError):
        model.save(path)
    model.save(path, overwrite=True)
    assert [entry.name for entry in sorted(tmp_path.iterdir())] == ["again.json", "severity.json"]


def test_shares_are_those_of_patients_alike(model: SeverityModel) -> None:
    table = cohort()
    values, classes = table["opacity_fraction"], table["severity"]
    for fraction in (0.0, 0.02, 0.15, 1.0):
        found = model.shares(fraction)
        alike = classes[(values >= found.start) & (values < found.stop)]
        assert found.start <= fraction <= found.stop
        assert found.patients == alike.size >= 15
        assert found.share == tuple(float(np.mean(alike == name)) for name in ORDER)
        assert sum(found.share) == pytest.approx(1)
        for lower, share, upper in zip(found.lower, found.share, found.upper, strict=True):
            assert 0 <= lower <= share <= upper <= 1
    assert model.shares(0.9).share[2] > model.shares(0.01).share[2]
    for wrong in (-0.1, 1.1, float("nan")):
        with pytest.raises(ValueError, match="fraction must lie in"):
            model.shares(wrong)


def test_a_fraction_within_a_cuts_interval_is_near_it(model: SeverityModel) -> None:
    assert model.near_cut(model.cuts[0])
    assert not model.near_cut(0.0)
    assert not model.near_cut(0.9)


def test_a_table_may_be_a_frame_or_a_file(model: SeverityModel, tmp_path: Path) -> None:
    pandas = pytest.importorskip("pandas")
    table = cohort()
    frame = pandas.DataFrame({"po": table["opacity_fraction"], "grade": table["severity"]})
    frame["grade"] = pandas.Categorical(frame["grade"], categories=ORDER, ordered=True)
    found = fit_severity(frame, value="po", classes="grade", resamples=RESAMPLES, seed=7)
    assert found.classes == tuple(ORDER)
    assert found.cuts == model.cuts
    assert found.value == "po"
    frame.to_csv(tmp_path / "cohort.csv", index=False)
    read = fit_severity(tmp_path / "cohort.csv", value="po", classes="grade", resamples=RESAMPLES, seed=7)
    assert read.cuts == model.cuts
    numbered = frame.assign(grade=frame["grade"].cat.codes)
    assert fit_severity(numbered, value="po", classes="grade", resamples=9).classes == ("0", "1", "2")


def test_numbered_classes_are_ordered_by_number() -> None:
    table = {"opacity_fraction": np.linspace(0, 1, 120), "severity": [str(n // 10) for n in range(120)]}
    assert fit_severity(table, resamples=2).classes == tuple(map(str, range(12)))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"severity": None}, "no column 'severity'; it has opacity_fraction"),
        ({"opacity_fraction": ["x"] * 200}, "opacity_fraction, row 1: a number is needed, found 'x'"),
        (
            {"opacity_fraction": [0.1] * 199 + [float("nan")]},
            "row 200: a number is needed, found an empty cell",
        ),
        ({"opacity_fraction": np.linspace(0, 50, 200)}, "percent"),
        ({"opacity_fraction": [0.1] * 200}, "all values are"),
        ({"severity": ["mild"] * 199 + [""]}, "severity, row 200: a class is needed, found an empty cell"),
        ({"severity": ["mild"] * 199 + ["worst"]}, "worst"),
        ({"severity": ["mild"] * 200}, "has no patient"),
    ],
)
def test_what_can_not_be_fitted_is_named(change: dict[str, Any], message: str) -> None:
    table = {name: values for name, values in (cohort() | change).items() if values is not None}
    with pytest.raises(ValueError, match=message):
        fit_severity(table, order=ORDER, resamples=RESAMPLES)


def test_one_patient_is_no_cohort() -> None:
    with pytest.raises(ValueError, match=r"two|2|patient"):
        fit_severity({"opacity_fraction": [0.1], "severity": ["mild"]}, order=ORDER)


def test_a_damaged_file_is_refused(model: SeverityModel, tmp_path: Path) -> None:
    path = tmp_path / "severity.json"
    for change, message in (
        ({"schema": "groundglass.result"}, "no severity model"),
        ({"schema_version": "2.0"}, "schema version 2.0"),
        ({"cuts": [0.5, 0.1]}, "damaged"),
        ({"cuts": "half"}, "damaged"),
        ({"classes": ["a"]}, "damaged"),
        ({"cut_bounds": [{"lower": 0.2, "upper": 0.1}] * 2}, "cut_bounds"),
        ({"counts": [[1, 2, 3]]}, "counts"),
        ({"edges": [0.1, 1.0]}, "edges"),
        ({"patients": [120, 50, 31]}, "differ"),
        ({"level": 95}, "level"),
        ({"performance": {"apparent": "good"}}, "damaged"),
        ({"edges": None}, "damaged"),
    ):
        path.write_text(json.dumps(model.to_dict() | change), encoding="utf-8")
        with pytest.raises(gg.FormatError, match=message) as caught:
            SeverityModel.load(path)
        assert "severity.json" in str(caught.value)
    content = model.to_dict()
    del content["cuts"]
    path.write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(gg.FormatError, match="lacks 'cuts'"):
        SeverityModel.load(path)
    for text in (b"no json", b"[1]", b"\xff\xfe\x00", b"[" * 100_000):
        path.write_bytes(text)
        with pytest.raises(gg.FormatError, match=r"severity\.json"):
            SeverityModel.load(path)
    with pytest.raises(gg.FormatError, match="no file"):
        SeverityModel.load(tmp_path)
    with pytest.raises(FileNotFoundError):
        SeverityModel.load(tmp_path / "nothing.json")


def test_the_repr_is_one_short_line(model: SeverityModel) -> None:
    assert "mild < moderate < severe" in repr(model)
    assert "200 patients" in repr(model)
    assert "\n" not in repr(model)
