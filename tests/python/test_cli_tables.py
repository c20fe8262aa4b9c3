"""``groundglass intervals``, ``thresholds``, ``agreement``, and ``analyze`` with a fitted severity."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest

import groundglass as gg
from groundglass import evaluation
from groundglass.cli import main
from groundglass.result import schema
from small_study import patient, refused, write

pandas = pytest.importorskip("pandas")

Output = pytest.CaptureFixture[str]

COHORT = Path(__file__).parents[2] / "examples" / "data" / "phantom-cohort.csv"
ORDER = ["mild", "moderate", "severe"]
INTERVALS = ["intervals", str(COHORT), "--value", "opacity_fraction", "--label", "severe"]
THRESHOLDS = ["thresholds", str(COHORT), "--value", "opacity_fraction", "--class", "severity"]
THRESHOLDS += ["--order", ",".join(ORDER), "--resamples", "50"]
AGREEMENT = ["agreement", str(COHORT), "--first", "reader_1_fraction", "--second", "reader_2_fraction"]


def answer(capsys: Output, *arguments: str) -> Any:
    """Runs a command with --json and gives its one object."""
    assert main([*arguments, "--json"]) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    return json.loads(captured.out)


def printed_csv(capsys: Output, *arguments: str) -> list[dict[str, str]]:
    assert main([*arguments, "--csv"]) == 0
    return list(csv.DictReader(io.StringIO(capsys.readouterr().out)))


@pytest.fixture(scope="module")
def frame() -> Any:
    return pandas.read_csv(COHORT)


def test_intervals_as_json_are_those_of_python(capsys: Output, frame: Any) -> None:
    found = answer(capsys, *INTERVALS)
    expected = gg.interval_table(frame["opacity_fraction"], frame["severe"])
    assert list(found) == ["edges", "probability", "lower", "upper", "positive", "negative"]
    for name, values in found.items():
        numbers = np.array([np.nan if value is None else value for value in values])
        np.testing.assert_array_equal(numbers, getattr(expected, name))
    assert None in found["probability"]
    assert sum(found["positive"]) == frame["severe"].sum() == 75
    named = [word if word != "severe" else "severity" for word in INTERVALS]
    assert answer(capsys, *named, "--positive", "severe") == found


def test_intervals_take_edges_and_the_published_recipe(capsys: Output, frame: Any) -> None:
    found = answer(capsys, *INTERVALS, "--edges", "0,0.02,0.1,1", "--method", "jeffreys", "--isotonic")
    expected = gg.interval_table(
        frame["opacity_fraction"], frame["severe"], edges=[0, 0.02, 0.1, 1], method="jeffreys", isotonic=True
    )
    assert found["lower"] == expected.lower.tolist()
    found = answer(capsys, *INTERVALS, "--compatible")
    assert len(found["probability"]) == 99
    expected = gg.interval_table(frame["opacity_fraction"], frame["severe"], compatible=True)
    assert found["probability"] == expected.probability.tolist()


def test_intervals_are_printed_where_there_are_patients(capsys: Output) -> None:
    assert main(INTERVALS) == 0
    text = capsys.readouterr().out
    rows = printed_csv(capsys, *INTERVALS)
    held = [row for row in rows if int(row["positive"]) + int(row["negative"])]
    assert len(rows) == 100
    assert len(held) < 50
    assert sum(line.strip()[:1].isdigit() for line in text.splitlines()) == len(held)
    assert rows[-1]["probability"] == ""


def test_thresholds_as_json_are_those_of_python(capsys: Output, frame: Any) -> None:
    found = answer(capsys, *THRESHOLDS)
    expected = gg.bootstrap_thresholds(
        frame["opacity_fraction"], frame["severity"], order=ORDER, resamples=50
    )
    assert list(found) == ["cuts", "balanced_accuracy", "lower", "upper"]
    assert found["cuts"] == list(expected.fit.cuts)
    assert found["balanced_accuracy"] == expected.fit.balanced_accuracy
    assert list(zip(found["lower"], found["upper"], strict=True)) == list(expected.cuts)


def test_thresholds_on_the_published_grid(capsys: Output) -> None:
    found = answer(capsys, *THRESHOLDS, "--compatible")
    assert all(cut == round(cut, 3) for cut in found["cuts"])
    other = answer(capsys, *THRESHOLDS, "--goal", "accuracy", "--seed", "3", "--level", "0.5")
    assert other["balanced_accuracy"] < found["balanced_accuracy"] + 0.01


def test_thresholds_are_printed_with_honest_performance(capsys: Output) -> None:
    assert main(THRESHOLDS) == 0
    text = capsys.readouterr().out
    for words in ("mild and moderate", "less optimism", "on patients left out", "moderate and severe"):
        assert words in text
    assert [row["between"] for row in printed_csv(capsys, *THRESHOLDS)] == [
        "mild and moderate",
        "moderate and severe",
    ]


def test_parquet_holds_the_same_table(capsys: Output, frame: Any, tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    frame.to_parquet(tmp_path / "cohort.parquet")
    frame.to_csv(tmp_path / "cohort.tsv", sep="\t", index=False)
    expected = answer(capsys, *INTERVALS)
    for name in ("cohort.parquet", "cohort.tsv"):
        assert answer(capsys, INTERVALS[0], str(tmp_path / name), *INTERVALS[2:]) == expected


def test_agreement_of_measurements(capsys: Output, frame: Any, tmp_path: Path) -> None:
    found = answer(capsys, *AGREEMENT)
    readers = frame[["reader_1_fraction", "reader_2_fraction"]]
    expected = evaluation.bland_altman(*(readers[name] for name in readers))
    assert (found["first"], found["second"]) == tuple(readers)
    assert found["bias"] == expected.bias.to_dict()
    assert found["upper_limit"] == expected.upper_limit.to_dict()
    correlation = evaluation.intraclass_correlation(readers)
    assert found["icc_agreement"] == correlation.agreement.to_dict()
    readers.assign(patient=frame["patient"]).to_csv(tmp_path / "two.csv", index=False)
    assert answer(capsys, "agreement", str(tmp_path / "two.csv")) == found
    assert main(AGREEMENT) == 0
    assert "ICC(2,1)" in capsys.readouterr().out
    assert len(printed_csv(capsys, *AGREEMENT)) == 5


def test_agreement_of_classes(capsys: Output, frame: Any, tmp_path: Path) -> None:
    grades = pandas.DataFrame(
        {
            name: [gg.ct_grade_by_extent(value) for value in frame[f"{name}_fraction"]]
            for name in ("reader_1", "reader_2")
        }
    )
    grades.to_csv(tmp_path / "grades.csv", index=False)
    order = ["CT-0", "CT-1", "CT-2", "CT-3", "CT-4"]
    arguments = ["agreement", str(tmp_path / "grades.csv"), "--first", "reader_1", "--second", "reader_2"]
    arguments += ["--order", ",".join(order)]
    found = answer(capsys, *arguments)
    expected = evaluation.kappa(grades["reader_1"], grades["reader_2"], classes=order, weights="quadratic")
    assert found["quadratic_kappa"] == expected.to_dict()
    assert np.sum(found["counts"]) == found["cases"] == 500
    assert main(arguments) == 0
    assert "quadratic kappa" in capsys.readouterr().out


def test_percent_is_warned_of(capsys: Output, frame: Any, tmp_path: Path) -> None:
    path = tmp_path / "percent.csv"
    frame.assign(opacity_fraction=100 * frame["opacity_fraction"]).to_csv(path, index=False)
    assert main([THRESHOLDS[0], str(path), *THRESHOLDS[2:], "--json"]) == 0
    captured = capsys.readouterr()
    assert captured.err.startswith("Warning: ")
    assert "percent" in captured.err
    assert captured.err.count("\n") == 1
    assert json.loads(captured.out)["cuts"][1] > 1


def test_what_is_wrong_with_a_table_is_one_sentence(capsys: Output, frame: Any, tmp_path: Path) -> None:
    def saved(name: str, **change: Any) -> str:
        frame.assign(**change).to_csv(tmp_path / name, index=False)
        return str(tmp_path / name)

    (tmp_path / "text.csv").write_text("")
    (tmp_path / "rows.csv").write_text("opacity_fraction,severe\n")
    (tmp_path / "table.parquet").write_text("no parquet")
    (tmp_path / "binary.csv").write_bytes(b"\xff\xfe\x00\xd8" * 50)
    (tmp_path / "table.xlsx").touch()
    fraction = frame["opacity_fraction"]
    for place, message in (
        ("nowhere.csv", "does not exist"),
        (".", "no file"),
        ("table.xlsx", ".csv, .tsv, .parquet"),
        ("text.csv", "can't be read as CSV"),
        ("binary.csv", "can't be read as CSV"),
        ("table.parquet", "can't be read as PARQUET"),
        ("rows.csv", "no row"),
    ):
        assert message in refused(capsys, INTERVALS[0], str(tmp_path / place), *INTERVALS[2:])
    for change, message in (
        (
            {"opacity_fraction": fraction.where(fraction.index != 6)},
            "row 7: a number is needed, found an empty",
        ),
        ({"opacity_fraction": fraction.astype(str) + " %"}, "row 1: a number is needed, found '0.0"),
        ({"opacity_fraction": fraction.where(fraction.index != 2, np.inf)}, "row 3: a number is needed"),
        ({"opacity_fraction": 0.2}, "all values are 0.2"),
        ({"severe": 1}, "no patient is negative"),
        ({"severe": 2}, "must hold 0 and 1, found 2; name the positive class with --positive"),
        ({"severe": frame["severe"].where(frame.index != 4)}, "row 5: a class is needed"),
    ):
        assert message in refused(capsys, INTERVALS[0], saved("changed.csv", **change), *INTERVALS[2:])
    one = saved("one.csv")
    pandas.read_csv(one).head(1).to_csv(one, index=False)
    assert "patient" in refused(capsys, INTERVALS[0], one, *INTERVALS[2:])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([*INTERVALS[:3], "po", *INTERVALS[4:]], "no column 'po'; it has patient, severity, severe, lung_ml"),
        (
            [*INTERVALS[:5], "severity"],
            "found mild, moderate, severe; name the positive class with --positive",
        ),
        (
            [*INTERVALS[:5], "severity", "--positive", "worst"],
            "no class 'worst'; it has mild, moderate, severe",
        ),
        ([*INTERVALS, "--json", "--csv"], "--json and --csv exclude each other"),
        ([*INTERVALS, "--edges", "0,x"], "--edges must be numbers"),
        ([*INTERVALS, "--edges", "0,0.5,0.2"], "edges"),
        ([*INTERVALS, "--level", "95"], "level"),
        ([*INTERVALS, "--method", "wald"], "--method"),
        ([*INTERVALS, "--compatible", "--isotonic"], "compatible"),
        ([*THRESHOLDS, "--order", "mild"], "--order must name two classes"),
        ([*THRESHOLDS, "--order", "mild,severe"], "moderate"),
        ([*THRESHOLDS, "--order", "none,mild,moderate,severe"], "none"),
        ([*THRESHOLDS, "--resamples", "0"], "--resamples"),
        (THRESHOLDS[:6], "--order"),
        ([*AGREEMENT, "--order", "a,b"], "column reader_1_fraction, row 1: '0.00956' is not one of a, b"),
        (AGREEMENT[:4], "--first and --second go together"),
        (AGREEMENT[:2], "name two with --first and --second among patient, severity"),
        ([*AGREEMENT[:5], "patient"], "column patient, row 1: a number is needed, found 'phantom-001'"),
    ],
)
def test_wrong_use_is_told(capsys: Output, arguments: list[str], message: str) -> None:
    assert message in refused(capsys, *arguments)


def test_a_fitted_severity_grades_the_next_patient(capsys: Output, tmp_path: Path) -> None:
    file = tmp_path / "severity.json"
    assert main([*THRESHOLDS, "--save", str(file)]) == 0
    assert f"Written to {file}" in capsys.readouterr().out
    model = gg.SeverityModel.load(file)
    assert "severity.json" in refused(capsys, *THRESHOLDS, "--save", str(file))
    assert main([*THRESHOLDS, "--save", str(file), "--overwrite"]) == 0
    capsys.readouterr()

    study = write(tmp_path)
    arguments = ["analyze", str(study), "--lungs", str(tmp_path / "lungs.nii.gz")]
    arguments += ["--lesions", str(tmp_path / "lesions.nii.gz"), "--severity", str(file)]
    found = answer(capsys, *arguments)
    jsonschema.validate(found, schema())
    severity, fraction = found["severity"], 0.11
    assert severity["opacity_percent"] == pytest.approx(100 * fraction, abs=0.1)
    assert severity["class"] == model.grade(fraction) == "severe"
    assert severity["class_cuts_fraction"] == list(model.cuts)
    assert severity["classes"] == ORDER
    fitted = severity["fitted"]
    assert fitted["patients"] == 500
    assert fitted["cut_lower_fraction"] == [lower for lower, _ in model.cut_bounds]
    assert fitted["share"] == list(model.shares(fraction).share)
    assert fitted["alike_from_fraction"] <= fraction < fitted["alike_to_fraction"]
    assert fitted["near_cut"] == model.near_cut(fraction)
    assert set(fitted) == set(schema()["properties"]["severity"]["properties"]["fitted"]["properties"])

    assert main([*arguments, "--out", str(tmp_path / "out")]) == 0
    text = capsys.readouterr().out
    assert "class severe (fitted to 500 patients" in text
    assert "severe " in text.split("patients with", 1)[1]

    found = patient()
    result = gg.analyze(found.volume, lungs=found.lungs, lesions=found.lesions, severity=model)
    assert result.severity_class == "severe"
    assert (
        "fitted"
        not in gg.analyze(found.volume, lungs=found.lungs, lesions=found.lesions).to_dict()["severity"]
    )

    (tmp_path / "wrong.json").write_text("{}")
    for name, message in (("wrong.json", "no severity model"), ("nothing.json", "does not exist")):
        assert message in refused(capsys, *arguments[:-1], str(tmp_path / name), "--json")
