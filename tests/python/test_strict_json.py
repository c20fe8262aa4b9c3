"""JSON files that may be anybody's: the documented error, or a content that works."""

from __future__ import annotations

import copy
import json
import os
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import groundglass as gg
from groundglass import cohort
from groundglass.cohort.severity_model import SeverityModel, fit_severity
from groundglass.read import strict_json
from groundglass.weights import read_contract
from small_study import patient, refused, write

HOSTILE = Path(__file__).parents[3] / "shared" / "cases" / "hostile"
DEEP = "[" * 100_000
#: What each value of a file is replaced by, as it stands in the text.
WRONG = [
    *("Infinity", "-Infinity", "NaN", "1e400", "-1e400", "1e-400", "1" + "0" * 5000, "1" + "0" * 400),
    *("9" * 20, "18446744073709551616", "1" + "0" * 18, "-1", "0", "0.5", "1.5", "true", "null", '""', '" "'),
    *(
        '"0.5"',
        "[]",
        "{}",
        "[[]]",
        "[null]",
        '{"lower": 1}',
        '"\\ud800"',
        "[0.9, 0.1]",
        DEEP,
        "[" * 70 + "]" * 70,
    ),
    '{"a": 1, "a": 2}',
]


@pytest.fixture(scope="module")
def model() -> SeverityModel:
    rng = np.random.default_rng(3)
    values = np.concatenate([m * np.exp(0.5 * rng.standard_normal(40)) for m in (0.01, 0.05, 0.2)])
    table = {"opacity_fraction": np.minimum(values, 0.9), "severity": np.repeat(["a", "b", "c"], 40)}
    return fit_severity(table, order=["a", "b", "c"], resamples=20, prevalence=[0.5, 0.3, 0.2])


def places(content: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to every value of a content, the outermost first."""
    yield path
    items = (
        content.items()
        if isinstance(content, dict)
        else enumerate(content)
        if isinstance(content, list)
        else ()
    )
    for key, value in items:
        yield from places(value, (*path, key))


def replaced(content: Any, path: tuple[Any, ...], text: str) -> str:
    """The JSON text of a content with one value replaced by a text."""
    if not path:
        return text
    changed = copy.deepcopy(content)
    part = changed
    for key in path[:-1]:
        part = part[key]
    part[path[-1]] = "@@here@@"
    return json.dumps(changed).replace('"@@here@@"', text)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "no JSON: Expecting value in line 1, column 1"),
        (b'{"a": NaN}', "NaN is no number of JSON"),
        (b"[Infinity]", "Infinity is no number"),
        (b"[1e400]", "beyond a double's range"),
        (b"[" + b"9" * 5000 + b"]", "a whole number of 5000 digits"),
        (b"[" * 100_000, "more than 64 levels"),
        (b"[" * 65 + b"]" * 65, "more than 64 levels"),
        (b'{"a":' * 500 + b"1" + b"}" * 500, "more than 64 levels"),
        (b'{"a": 1, "b": 2, "a": 3}', "the key 'a' is given twice"),
        (b'["\\ud800"]', "half of a surrogate pair"),
        (b"\xff\xfe1\x00", "no JSON in UTF-8"),
        (b'"\xe9"', "no JSON in UTF-8: byte 1"),
        (b"[1] 2", "Extra data in line 1, column 5"),
    ],
)
def test_what_the_standard_does_not_know_is_refused(data: bytes, message: str) -> None:
    with pytest.raises(gg.FormatError, match=message):
        strict_json.loads(data)


def test_what_it_knows_is_read() -> None:
    assert strict_json.loads(b'\xef\xbb\xbf{"a": [1, -2.5e3, "\xc3\xa9\\ud83d\\ude00", true, null]}') == {
        "a": [1, -2500.0, "é😀", True, None]
    }
    assert strict_json.loads(b"[" * 64 + b"]" * 64)
    assert strict_json.loads(b"18446744073709551615") == 2**64 - 1


@pytest.mark.parametrize("file", sorted(HOSTILE.glob("severity_*.json")) or [None])
def test_hostile_severity_files_are_refused(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, file: Path | None
) -> None:
    if file is None:
        pytest.skip("needs ../shared/cases/hostile")
    with pytest.raises(gg.FormatError, match=file.name):
        SeverityModel.load(file)
    study = ["analyze", str(write(tmp_path)), "--lungs", str(tmp_path / "lungs.nii.gz")]
    study += ["--lesions", str(tmp_path / "lesions.nii.gz"), "--severity", str(file), "--out"]
    assert file.name in refused(capsys, *study, str(tmp_path / "out"))
    assert not (tmp_path / "out").exists()


def test_any_value_of_a_severity_model_may_be_wrong(model: SeverityModel, tmp_path: Path) -> None:
    content = json.loads(json.dumps(model.to_dict()))
    path = tmp_path / "severity.json"
    taken = tried = longest = 0
    for place in places(content):
        for wrong in WRONG:
            path.write_text(replaced(content, place, wrong), encoding="utf-8")
            tried += 1
            try:
                found = SeverityModel.load(path)
            except gg.FormatError as error:
                longest = max(longest, len(str(error)))
                continue
            taken += 1
            for fraction in (0.0, 0.05, 1.0):
                assert found.grade(fraction) in found.classes
                shares = found.shares(fraction)
                assert sum(shares.share) == pytest.approx(1)
                assert all(0 <= low <= up <= 1 for low, up in zip(shares.lower, shares.upper, strict=True))
            assert SeverityModel.load(found.save(path, overwrite=True)) == found
    assert longest < 500
    assert tried > 1500
    assert taken < tried / 4


def test_a_severity_model_holds_no_other_types(model: SeverityModel) -> None:
    content = model.to_dict()
    for change, message in (
        ({"patients": [40.0, 40, 40]}, "patients: a number of patients is needed, found 40.0"),
        ({"patients": [10**400, 40, 40]}, "found a whole number of many digits"),
        ({"classes": "abc"}, "classes: a list is needed"),
        ({"classes": ["a", "b", "b"]}, "each once"),
        ({"classes": ["a", [], "b"]}, "a text is needed"),
        ({"level": float("nan")}, "level: a number is needed, found nan"),
        ({"level": True}, "level: a number is needed"),
        ({"cuts": ["0.1", 0.2]}, "cuts: a number is needed, found '0.1'"),
        ({"recall": [2, 1, 1]}, "shares of 0 to 1"),
        ({"performance": {}}, "lacks 'apparent'"),
        ({"performance": {"apparent": float("inf")}}, "apparent: a number is needed"),
        ({"fit": {**model.fit, "seed": -1}}, "seed: a whole number from 0 on"),
        ({"fit": {}}, "lacks 'goal'"),
        ({"schema": "x" * 9999}, "no severity model"),
    ):
        with pytest.raises(gg.FormatError, match=message) as caught:
            SeverityModel.from_dict(content | change)
        assert len(str(caught.value)) < 300


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder, found = tmp_path_factory.mktemp("results") / "one", patient()
    gg.analyze(found.volume, lungs=found.lungs, lesions=found.lesions, out=folder)
    return folder


def test_any_value_of_a_result_may_be_wrong(
    capsys: pytest.CaptureFixture[str], result: Path, tmp_path: Path
) -> None:
    content = json.loads((result / "result.json").read_text(encoding="utf-8"))
    path = tmp_path / "other" / "result.json"
    path.parent.mkdir()
    keys = [place for place in places(content) if not place or place[0] not in ("slices", "profile")]
    near = [place for place in keys if len(place) < 3 or place[:2] == ("regions", 0)]
    columns = {name: type(value) for name, value in cohort.collect([result])[0].items()}
    for place in near:
        for wrong in WRONG:
            path.write_text(replaced(content, place, wrong), encoding="utf-8")
            try:
                (row,) = cohort.collect([path])
            except gg.FormatError:
                continue
            assert list(row) == list(columns)
            for name, value in row.items():
                kind = (int, float) if columns[name] in (int, float) else (str, float, type(None))
                assert value is None or isinstance(value, kind), name
                assert not isinstance(value, float) or np.isfinite(value)
    path.write_text(DEEP)
    assert "more than 64 levels" in refused(capsys, "collect", str(path.parent))
    assert "no result" in refused(capsys, "collect", str(path), "--out", str(tmp_path / "table.csv"))
    assert not (tmp_path / "table.csv").exists()


def test_a_folder_whose_name_is_no_utf8_is_collected(
    capsys: pytest.CaptureFixture[str], result: Path, tmp_path: Path
) -> None:
    folder = tmp_path / os.fsdecode(b'caf\xe9, \r"1"')
    try:
        shutil.copytree(result, folder)
    except OSError:
        pytest.skip("this file system has no such names")
    (row,) = cohort.collect([folder])
    assert row["study"] == 'caf\\xe9, \r"1"'
    cohort.write_table([row], tmp_path / "table.csv")
    assert cohort.read_table(tmp_path / "table.csv")["study"].tolist() == [row["study"]]


def test_the_contract_in_a_model_may_be_wrong(tmp_path: Path) -> None:
    for text in (
        DEEP,
        '{"a": NaN}',
        '{"format": 1, "format": 1}',
        "\udcff",
        '{"format": ' + "9" * 5000 + "}",
    ):
        path = tmp_path / "model.pt"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("model/extra/groundglass.json", text.encode("utf-8", "surrogateescape"))
        with pytest.raises(gg.ModelError, match="is not JSON"):
            read_contract(path)
