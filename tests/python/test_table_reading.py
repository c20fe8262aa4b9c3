"""Tables as people save them: each is read as it is meant, or refused with a cure that works."""

from __future__ import annotations

import json
import shlex
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import groundglass as gg
from groundglass import cohort
from groundglass.cli import main
from groundglass.cohort import delimited
from groundglass.tables import to_csv
from small_study import refused

pandas = pytest.importorskip("pandas")

Output = pytest.CaptureFixture[str]

ORDER = ["mild", "moderate", "severe"]
NAMES = ["patient", "opacity_percent", "second", "died", "severity"]


def rows(digits: int = 4) -> list[list[str]]:
    """Thirty patients in three classes, as text with a decimal point."""
    rng = np.random.default_rng(5)
    found = []
    for number in range(30):
        value = 4 + 12 * (number % 3) + 8 * rng.random()
        second = value + rng.normal(0, 0.5)
        died = str(int(number % 5 == 0))
        cells = [f"P{number:02}", f"{value:.{digits}f}", f"{second:.{digits}f}", died, ORDER[number % 3]]
        found.append(cells)
    return found


def text(sep: str = ",", decimal: str = ".", end: str = "\n", quote: bool = False) -> str:
    lines = [NAMES, *rows()]
    if decimal == ",":
        lines = [[cell.replace(".", ",") for cell in line] for line in lines]
    shape = '"{}"' if quote else "{}"
    return "".join(sep.join(shape.format(cell) for cell in line) + end for line in lines)


def save(folder: Path, content: str | bytes, name: str = "table.csv") -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def words(path: Path, *options: str) -> list[str]:
    return ["agreement", str(path), "--first", "opacity_percent", "--second", "second", *options]


def answer(capsys: Output, *arguments: str) -> tuple[Any, str]:
    """The object that a command prints, and what it says on stderr."""
    assert main([*arguments, "--json"]) == 0
    captured = capsys.readouterr()
    return json.loads(captured.out), captured.err


@pytest.fixture
def plain(capsys: Output, tmp_path: Path) -> Any:
    found, said = answer(capsys, *words(save(tmp_path, text(), "plain.csv")))
    assert said == ""
    return found


SEMICOLONS = "Note: Semicolons are taken for what parts the columns; --sep ';' says so.\n"
TABS = "Note: Tabs are taken for what parts the columns; --sep tab says so.\n"
COMMAS = "Note: Commas are taken for decimal signs; --decimal ',' says so.\n"


@pytest.mark.parametrize(
    ("content", "name", "said"),
    [
        (text(";", ","), "table.csv", SEMICOLONS + COMMAS),
        (text(";", ",", "\r\n").encode("utf-8-sig"), "table.csv", SEMICOLONS + COMMAS),
        (text(";", ",", "\r"), "table.csv", SEMICOLONS + COMMAS),
        (text(";"), "table.csv", SEMICOLONS),
        (text(",", ",", quote=True), "table.csv", COMMAS),
        (text("\t"), "table.csv", TABS),
        (text("\t", ","), "table.tsv", COMMAS),
        (text("\t", ","), "table.txt", COMMAS),
        (text(","), "table.tsv", "Note: Commas are taken for what parts the columns; --sep ',' says so.\n"),
        ("sep=;\r\n" + text(";", ",", "\r\n"), "table.csv", COMMAS),
        ("\ufeffsep=|\n" + text("|"), "table.csv", ""),
        ('"sep=;"\n' + text(";"), "table.csv", ""),
        ("\n\n" + text() + "\n \n\n", "table.csv", ""),
        (text() + ",,,,\n,,,,\n\n", "table.csv", ""),
        (text(";").replace("\n", ";;\n") + ";;;;;;\n", "table.csv", SEMICOLONS),
        (text().replace("opacity_percent", " opacity_percent "), "table.csv", ""),
        (text().replace("second", '"second"'), "table.csv", ""),
        (
            text("\t").encode("utf-16"),
            "table.txt",
            "Note: The table is taken for UTF-16-LE; --encoding utf-16-le",
        ),
        (b"\xfe\xff" + text("\t").encode("utf-16-be"), "table.tsv", "Note: The table is taken for UTF-16-BE"),
        (text().encode("utf-32"), "table.csv", "Note: The table is taken for UTF-32-LE"),
    ],
)
def test_forms_of_the_same_table(
    capsys: Output, tmp_path: Path, plain: Any, content: str | bytes, name: str, said: str
) -> None:
    path = save(tmp_path, content, name)
    found, told = answer(capsys, *words(path))
    assert found == plain
    assert told.startswith(said) if said.startswith("Note: The") else told == said


def test_what_a_note_names_silences_it(capsys: Output, tmp_path: Path, plain: Any) -> None:
    path = save(tmp_path, ("\ufeff" + text(";", ",")).encode("utf-16-le"))
    found, said = answer(capsys, *words(path))
    assert found == plain
    options = [word for line in said.splitlines() for word in shlex.split(line.split("; ")[1])[:2]]
    assert options == ["--encoding", "utf-16-le", "--sep", ";", "--decimal", ","]
    assert answer(capsys, *words(path, *options)) == (plain, "")


def test_every_command_takes_the_options(capsys: Output, tmp_path: Path) -> None:
    one, two = save(tmp_path, text()), save(tmp_path, text("|", ",").encode("utf-16-be"), "other.csv")
    options = ["--sep", "|", "--decimal", ",", "--encoding", "utf-16-be"]
    for command in (
        ["intervals", "--value", "opacity_percent", "--label", "died", "--edges", "0,20,30,50"],
        ["thresholds", "--value", "opacity_percent", "--class", "severity", "--order", ",".join(ORDER)],
        ["agreement", "--first", "opacity_percent", "--second", "second"],
        ["agreement", "--first", "severity", "--second", "severity", "--order", ",".join(ORDER)],
    ):
        expected, _ = answer(capsys, command[0], str(one), *command[1:])
        found, _ = answer(capsys, command[0], str(two), *command[1:], *options)
        assert found == expected
        assert main([command[0], "--help"]) == 0
        assert all(option in capsys.readouterr().out for option in options[:1])


REFUSED = [
    (text().replace("\nP03", "\n7,P03"), "row 4 (line 5) has 6 fields, the header 5"),
    (text().replace(",severe\n", "\n", 1), "row 3 (line 4) has 4 fields, the header 5: mend the row"),
    (text(decimal=","), "row 1 (line 2) has 7 fields, the header 5: a cell with a comma, such as 3,5"),
    ('a,b\n"x\ny",1\n2\n', "row 2 (line 4) has 1 field, the header 2"),
    (text().replace("died", "second"), "columns 3 and 4 are both named 'second'; rename one"),
    (text().replace("died", " second "), "columns 3 and 4 are both named 'second'; rename one"),
    (text().replace("P04", '"P04'), "the row from line 6 on opens a quote that is never closed"),
    (text().replace("P04", '"P04"x'), "the row from line 6 on has text right after a closing quote"),
    (text().replace("mild", "mild\0", 1), "line 2 holds a zero byte"),
    ("", "it is empty"),
    ("\n\n", "it has no header"),
    (",,\n1,2,3\n", "it has no header"),
    (b"PK\x03\x04" + bytes(99), "save its sheet as CSV UTF-8"),
    (b"\x1f\x8b" + bytes(99), "it is compressed"),
    ("a,b\n" + "x" * 200_000 + ",1\n", "has a cell of more than 131072 signs"),
    ("a,b\n" + "1," * 3_000_000, "line 2 has 6000000 signs"),
    ("a,b\n", "holds no row"),
    ("a,b\n\n,\n", "holds no row"),
    (text().encode("utf-16")[:-1], "is cut off; save it again as CSV UTF-8"),
]


@pytest.mark.parametrize(("content", "message"), REFUSED)
def test_what_is_no_table_is_refused(
    capsys: Output, tmp_path: Path, content: str | bytes, message: str
) -> None:
    path = save(tmp_path, content)
    assert message in refused(capsys, *words(path))
    with pytest.raises(gg.FormatError):
        cohort.read_table(path)


def cure(message: str) -> list[str]:
    """The option that a sentence says to give, as it is typed."""
    start = message.rindex("--")
    return [word.strip(",.") or word for word in shlex.split(message[start:].split(" where")[0])[:2]]


@pytest.mark.parametrize(
    ("content", "typed"),
    [
        ("a;b,c\n1;2,3\n2;4,5\n3;1,7\n", ["--sep", ";"]),
        ("x\n0,5\n0,7\n0,9\n", ["--sep", ";"]),
        (text("\t").encode("utf-16-le"), ["--encoding", "utf-16-le"]),
        (text("\t").encode("utf-16-be"), ["--encoding", "utf-16-be"]),
        (text().encode("utf-32-be"), ["--encoding", "utf-32-be"]),
        (text().replace("mild", "léger").encode("cp1252"), ["--encoding", "cp1252"]),
    ],
)
def test_the_option_that_a_refusal_names_works(
    tmp_path: Path, content: str | bytes, typed: list[str]
) -> None:
    path = save(tmp_path, content)
    with pytest.raises(gg.FormatError) as caught:
        cohort.read_table(path)
    assert f"{typed[0]} {typed[1]}" in str(caught.value).replace("'", "")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", cohort.TableWarning)
        frame = cohort.read_table(path, **{typed[0][2:]: typed[1]})
    assert len(frame) >= 3


def test_cures_of_cells_work(tmp_path: Path) -> None:
    path = save(tmp_path, "a,b\n3,5,1\n")
    with pytest.raises(gg.FormatError, match="such as 3,5, must stand in quotes"):
        cohort.read_table(path)
    with pytest.warns(cohort.TableWarning, match="decimal signs"):
        assert cohort.number_column(cohort.read_table(save(tmp_path, 'a,b\n"3,5",1\n')), "a") == [3.5]
    with pytest.raises(gg.FormatError, match="or put one at the end of the header too"):
        cohort.read_table(save(tmp_path, "a,b\n3,1,\n"))
    assert list(cohort.read_table(save(tmp_path, "a,b,\n3,1,\n"))) == ["a", "b"]
    # without the option, and with the header's own signs, a wrong encoding is named
    with pytest.raises(gg.FormatError, match="begins as utf-8 does and so is not cp1252; leave --encoding"):
        cohort.read_table(save(tmp_path, b"\xef\xbb\xbfa,b\n1,2\n"), encoding="cp1252")
    assert len(cohort.read_table(path)) == 1
    russian = "степень;доля\nлёгкая;0,5\nтяжёлая;0,7\n"
    path = save(tmp_path, russian.encode("cp1251"))
    frame = cohort.read_table(path, sep=";", decimal=",", encoding="cp1251")
    assert cohort.class_column(frame, "степень") == ["лёгкая", "тяжёлая"]
    assert cohort.number_column(frame, "доля").tolist() == [0.5, 0.7]


@pytest.mark.parametrize(
    ("content", "sep"),
    [
        ('id;"size, mm";b\n1;2;3\n4;5;6\n', ";"),
        ("id;size, mm;b\n1;2;3\n4;5;6\n", ";"),
        ("id,a;b,c\n1,2,3\n", ","),
        ("id,a\tb,c\n1,2,3\n", ","),
        ('"a,b";"c"\n1;2\n', ";"),
        ("x\n1\n2\n", ","),
    ],
)
def test_the_separator_fits_all_rows(content: str, sep: str) -> None:
    assert delimited.parse(content.encode()).separator == sep


def test_a_doubtful_separator_is_asked_for_unless_the_name_tells(tmp_path: Path) -> None:
    for content, fit in (("a,b;c\n1,2;3\n", "all fit"), ("a,b;c\n1\n2;3,4;5\n", "none fits")):
        with pytest.raises(gg.FormatError, match=rf"commas \(2 columns\) or semicolons \(2.*{fit}.*--sep"):
            cohort.read_table(save(tmp_path, content))
    found = cohort.read_table(save(tmp_path, "a,b\tc\n1,2\t3\n", "table.tsv"))
    assert list(found) == ["a,b", "c"]


@pytest.mark.parametrize("sep", ["", ";;", "a", "1", '"', ".", "\n", "comma"])
def test_a_wrong_sep_is_told(capsys: Output, tmp_path: Path, sep: str) -> None:
    assert "--sep must be one sign" in refused(capsys, *words(save(tmp_path, text()), "--sep", sep))


def test_wrong_options_are_told(capsys: Output, tmp_path: Path) -> None:
    path = save(tmp_path, text())
    for options, message in (
        (["--decimal", "x"], "--decimal must be"),
        (["--encoding", "nonsense"], "'nonsense' is no encoding of text"),
        (["--encoding", "base64"], "'base64' is no encoding of text"),
        (["--sep", ";"], "no column 'opacity_percent'; it has patient,opacity_percent"),
        (["--decimal", ","], "where the decimal sign is a comma"),
    ):
        assert message in refused(capsys, *words(path, *options))
    other = save(tmp_path, text("|"), "other.csv")
    assert "say which with --sep" in refused(capsys, *words(other))
    assert main([*words(other), "--sep", "|"]) == 0


GOOD = [
    (["1", "2.5", "-3", "+4", ".5", "6.", "1e3", "2E-2", "−7"], [1, 2.5, -3, 4, 0.5, 6, 1000, 0.02, -7]),
    (["1,5", "2", "-0,25", "1,5e2"], [1.5, 2, -0.25, 150]),
    (["0,134", "0,250"], [0.134, 0.25]),
    (["13,421", "13,42"], [13.421, 13.42]),
    (["3243,412", "1,234"], [3243.412, 1.234]),
    ([" 1.5 ", "\u00a02.5"], [1.5, 2.5]),
    (["1.234", "5.678"], [1.234, 5.678]),
    (["9007199254740993", "007"], [9007199254740992, 7]),
]


@pytest.mark.filterwarnings("ignore::groundglass.cohort.TableWarning")
@pytest.mark.parametrize(("cells", "values"), GOOD)
def test_numbers_as_they_are_written(cells: list[str], values: list[float]) -> None:
    assert cohort.number_column({"a": cells}, "a").tolist() == values
    assert cohort.holds_numbers({"a": [*cells, ""]}, "a")


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        (["1", "1 234,5"], r"row 2: a number is needed, found '1 234,5', with thousands separators; write"),
        (["1\u00a0234"], "thousands separators"),
        (["1\u202f234.5"], "thousands separators"),
        (["1\u2009234"], "thousands separators"),
        (["1'234.5"], "thousands separators"),
        (["1’234"], "thousands separators"),
        (["1_000"], "thousands separators"),
        (["1.234,5"], "thousands separators"),
        (["1,234.5"], "thousands separators"),
        (["1,234,567"], "thousands separators"),
        (["12,34,567.8"], "thousands separators"),
        (["13.4", "13.4 %"], "row 2: a number is needed, found '13.4 %'; write the number alone"),
        (["１２"], "digits 0 to 9"),
        (["١٢"], "digits 0 to 9"),
        (["inf"], "found 'inf'"),
        (["-Infinity"], "found '-Infinity'"),
        (["nan"], "found 'nan'"),
        (["1", "NA"], "column a, row 2: a number is needed, found 'NA'; leave the patient out"),
        (["1", "None"], "row 2: a number is needed, found 'None'"),
        (["1", "  "], "row 2: a number is needed, found an empty cell"),
        (["0x10"], "found '0x10'"),
        (["1e400"], "beyond the largest number"),
        (["1,"], "found '1,'"),
        (["1e"], "found '1e'"),
        (["--1"], "found '--1'"),
        (["True"], "found 'True'"),
        (["13,4", "5", "13.4"], "row 3: found '13.4', while row 1 has '13,4' with a decimal comma"),
        (["1.234", "13,4"], "row 2: found '13,4', while row 1 has '1.234'"),
        (["1,234"], r"row 1: found '1,234', which may be 1\.234 or 1234.*give --decimal ','"),
        (["5", "-1,234", "12,345"], "row 2: found '-1,234', which may be -1.234 or -1234"),
    ],
)
def test_what_is_no_number_is_named(cells: list[str], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        cohort.number_column({"a": cells}, "a")


def test_a_doubtful_sign_is_settled_by_other_columns_or_asked_for(tmp_path: Path) -> None:
    def column(content: str, **options: Any) -> list[float]:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", cohort.TableWarning)
            found = cohort.read_table(save(tmp_path, content), **options)
            return cohort.number_column(found, "a").tolist()

    assert column("a;b\n1,234;0,5\n5,678;0,7\n") == [1.234, 5.678]
    assert column("a,b\n1.234,0.5\n") == [1.234]
    assert column("a\tb\n1.234\tx\n") == [1.234]
    for content in (
        "a;b\n1,234;0.5\n",  # thousands, or a mixture
        "a;b\n1.234;0,5\n",
        "a;b\n1.234;x\n",  # German thousands, or decimals
        "a;b\n1,234;x\n",
        "a\tb\n1,234\tx\n",
        'a,b\n"1,234",x\n',
        'a,b\n1.234,"0,5"\n',
    ):
        with pytest.raises(ValueError, match=r"column a, row 1: found '1.234', which may be") as caught:
            column(content)
        sign = cure(str(caught.value))[1]
        assert column(content, decimal=sign) == [1.234]
        with pytest.raises(ValueError, match="where the decimal sign is a"):
            column(content, decimal="." if sign == "," else ",")


@pytest.mark.parametrize("name", ["None", "NA", "null", "nan", "N/A", "NULL", "n/a", "-", "inf", "01", "1_0"])
def test_a_class_is_what_is_written(capsys: Output, tmp_path: Path, name: str) -> None:
    expected, _ = answer(
        capsys, "thresholds", str(save(tmp_path, text())), *THRESHOLDS, "--order", "mild,moderate,severe"
    )
    path = save(tmp_path, text().replace("mild", f" {name} "), "named.csv")
    found, _ = answer(capsys, "thresholds", str(path), *THRESHOLDS, "--order", f"{name},moderate,severe")
    assert found == expected
    assert set(cohort.class_column(cohort.read_table(path), "severity")) == {name, "moderate", "severe"}
    empty = save(tmp_path, text().replace("mild", "", 1), "empty.csv")
    assert "column severity, row 1: a class is needed, found an empty cell" in refused(
        capsys, "thresholds", str(empty), *THRESHOLDS, "--order", "mild,moderate,severe"
    )


THRESHOLDS = ["--value", "opacity_percent", "--class", "severity", "--resamples", "20"]


def test_whole_numbers_as_classes_need_no_decimals(capsys: Output, tmp_path: Path) -> None:
    content = text().replace("mild", "1.0").replace("moderate", "2.0").replace("severe", "3.0")
    path = save(tmp_path, content)
    for order in ("1,2,3", "1.0,2.0,3.0"):
        answer(capsys, "thresholds", str(path), *THRESHOLDS, "--order", order)
    table = {"opacity_fraction": np.linspace(0, 1, 30), "severity": np.repeat([1.0, 2.0, 3.0], 10)}
    assert gg.fit_severity(table, order=[1.0, 2.0, 3.0], resamples=9).classes == ("1", "2", "3")
    label = save(tmp_path, text().replace(",0,", ",0.0,").replace(",1,", ",1.0,"), "label.csv")
    intervals = ["--value", "opacity_percent", "--label", "died", "--edges", "0,20,50"]
    expected, _ = answer(capsys, "intervals", str(save(tmp_path, text(), "plain.csv")), *intervals)
    assert answer(capsys, "intervals", str(label), *intervals)[0] == expected
    assert answer(capsys, "intervals", str(label), *intervals, "--positive", "1.0")[0] == expected
    assert cohort.class_column({"a": ["01", "1.50", "-2.00", "1.0.0"]}, "a") == ["01", "1.50", "-2", "1.0.0"]


def test_a_column_without_a_name_is_left_out(tmp_path: Path) -> None:
    frame = pandas.DataFrame(rows(), columns=NAMES)
    frame.to_csv(tmp_path / "table.csv")
    with pytest.warns(cohort.TableWarning, match="Column 1 has no name in the header and is left out"):
        found = cohort.read_table(tmp_path / "table.csv")
    assert list(found) == NAMES
    assert found.to_numpy().tolist() == rows()


def test_a_table_without_header_is_no_pair_of_readers(capsys: Output, tmp_path: Path) -> None:
    path = save(tmp_path, "3.1,2.9\n4.0,4.4\n5.2,5.0\n6.1,6.4\n")
    assert "the header holds numbers (3.1, 2.9)" in refused(capsys, "agreement", str(path))
    named = save(tmp_path, "one,two\n" + path.read_text())
    assert answer(capsys, "agreement", str(named))[0]["cases"] == 4


def test_workbooks_are_to_be_saved_as_csv(capsys: Output, tmp_path: Path) -> None:
    for name in ("table.xlsx", "table.XLS", "table.ods"):
        assert "save its sheet as CSV UTF-8" in refused(capsys, *words(save(tmp_path, "x", name)))


def test_parquet_is_taken_with_its_columns(capsys: Output, tmp_path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    from decimal import Decimal

    import pyarrow.parquet as parquet

    path = tmp_path / "table.parquet"
    frame = pandas.DataFrame({"a": [0.5, 0.25], "g": pandas.Categorical(["x", "y"], ["y", "x"])})
    frame.index = pandas.Index(["p", "q"], name="patient")
    frame.to_parquet(path)
    found = cohort.read_table(path)
    assert sorted(found) == ["a", "g", "patient"]
    assert cohort.class_column(found, "g") == ["x", "y"]
    assert found["g"].dtype.categories.tolist() == ["y", "x"]
    columns = {
        "decimal": [Decimal("0.50"), Decimal("2.00")],
        "whole": pandas.array([2**53 + 1, 3], dtype="Int64"),
        "text": ["0,5", "0,75"],
        "bytes": [b"mild", b"severe"],
        "empty": pandas.array([1, None], dtype="Int64"),
        "flag": [True, False],
        "when": pandas.to_datetime(["2020-01-01", "2020-01-02"]),
        "list": [[1], [2]],
    }
    pandas.DataFrame(columns).to_parquet(path)
    found = cohort.read_table(path)
    assert cohort.number_column(found, "decimal").tolist() == [0.5, 2]
    assert cohort.class_column(found, "decimal") == ["0.50", "2"]
    assert cohort.class_column(found, "whole")[0] == str(2**53 + 1)
    assert cohort.class_column(found, "bytes") == ["mild", "severe"]
    assert cohort.class_column(found, "flag") == ["True", "False"]
    with pytest.warns(cohort.TableWarning):
        assert cohort.number_column(found, "text").tolist() == [0.5, 0.75]
    assert cohort.number_column(cohort.read_table(path, decimal=","), "text").tolist() == [0.5, 0.75]
    for name, message in (
        ("empty", "row 2: a number is needed, found an empty cell"),
        ("flag", "found True"),
        ("when", "row 1: a number is needed"),
        ("list", "row 1: a number is needed"),
    ):
        with pytest.raises(ValueError, match=message):
            cohort.number_column(found, name)
    with pytest.raises(ValueError, match="row 1: a class is needed, found a"):
        cohort.class_column(found, "list")
    with pytest.raises(gg.FormatError, match="leave them out"):
        cohort.read_table(path, sep=",")
    data = path.read_bytes()
    for wrong in (data[:100], data[:-20] + bytes(20), b"PAR1", b"", b"a,b\n1,2\n"):
        assert "can't be read as PARQUET" in refused(capsys, *words(save(tmp_path, wrong, "wrong.parquet")))
    with pytest.raises(gg.FormatError, match=r"let its name end in \.parquet"):
        cohort.read_table(save(tmp_path, data))
    twice = pyarrow.table([[1], [2]], names=["a", "a "])
    parquet.write_table(twice, path)
    with pytest.raises(gg.FormatError, match="columns 1 and 2 are both named 'a'"):
        cohort.read_table(path)


def test_frames_of_the_user_stay_what_they_are() -> None:
    frame = pandas.DataFrame({"a": pandas.array([0.5, 0.75], dtype="Float64"), "b": ["1.5", "2.5"]})
    assert cohort.number_column(frame, "a").tolist() == [0.5, 0.75]
    assert cohort.number_column(frame, "b").tolist() == [1.5, 2.5]
    assert gg.fit_thresholds(frame["a"], ["x", "y"]).cuts == gg.fit_thresholds([0.5, 0.75], ["x", "y"]).cuts
    with pytest.raises(ValueError, match=r"found '1\.5'; groundglass\.cohort\.number_column reads"):
        gg.fit_thresholds(frame["b"], ["x", "y"])
    masked = np.ma.masked_array([1.0, 2.0], mask=[False, True])
    with pytest.raises(ValueError, match="row 2: a number is needed, found an empty cell"):
        cohort.number_column({"a": masked}, "a")
    with pytest.raises(ValueError, match="several columns 'a'"):
        cohort.number_column(pandas.DataFrame([[1, 2]], columns=["a", "a"]), "a")
    with pytest.raises(ValueError, match="row 1: a number is needed"):
        cohort.number_column({"a": [10**400]}, "a")
    for missing in (None, float("nan"), pandas.NA, pandas.NaT, " "):
        with pytest.raises(ValueError, match="row 2: a class is needed"):
            cohort.class_column({"a": ["x", missing]}, "a")
    with pytest.raises(ValueError, match="sep, decimal and encoding are for a file"):
        gg.fit_severity(frame, sep=";")


def test_a_severity_is_fitted_to_a_european_file(tmp_path: Path) -> None:
    table = {
        "opacity_fraction": [f"{0.03 * n:.4f}" for n in range(30)],
        "severity": [ORDER[n // 10] for n in range(30)],
    }
    expected = gg.fit_severity(table, order=ORDER, resamples=9)
    lines = [f"{a.replace('.', ',')};{b}" for a, b in zip(*table.values(), strict=True)]
    path = save(tmp_path, "\n".join([";".join(table), *lines]))
    found = gg.fit_severity(path, order=ORDER, resamples=9, sep=";", decimal=",")
    assert found == expected


CELLS = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=8)


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_what_is_written_is_read_back(data: st.DataObject) -> None:
    """Names and cells with separators, quotes and line ends; what no table has (an empty row at the
    end, a name that is empty or given twice) is left out here."""
    separator = data.draw(st.sampled_from([",", "\t"]))
    bare = CELLS.map(lambda text: text.strip().strip("\ufeff").strip()).filter(bool)
    names = data.draw(
        st.lists(
            bare,
            min_size=1,
            max_size=4,
            unique=True,
        )
    )
    cells = data.draw(st.lists(st.tuples(*[CELLS] * len(names)), min_size=1, max_size=5))
    cells = [("x", *row[1:]) for row in cells]
    written = to_csv([dict(zip(names, row, strict=True)) for row in cells], delimiter=separator)
    if written.lower().startswith(("sep=", '"sep=')):
        return
    found = delimited.parse(written.encode(), sep=separator)
    assert list(found.columns) == names
    assert list(zip(*found.columns.values(), strict=True)) == cells


@settings(max_examples=200, deadline=None)
@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=20))
def test_numbers_are_read_back_to_the_last_bit(values: list[float]) -> None:
    written = to_csv([{"a": value, "b": "x"} for value in values])
    found = delimited.parse(written.encode()).columns
    assert cohort.number_column(found, "a").tolist() == values


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_a_table_or_refused(data: bytes) -> None:
    try:
        found = delimited.parse(data)
    except gg.FormatError:
        return
    assert found.columns
    assert len({len(cells) for cells in found.columns.values()}) == 1
