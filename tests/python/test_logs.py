"""Log lines: silent by default, one line a record, and nothing of the patient in them."""

from __future__ import annotations

import io
import json
import logging
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import groundglass as gg
from groundglass import logs
from groundglass.cli import main
from groundglass.cli.console import stage_bars
from small_study import patient, write


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    """The logger as it was."""
    logger = logging.getLogger("groundglass")
    before = list(logger.handlers), logger.level, logger.propagate
    yield
    logger.handlers[:], logger.level, logger.propagate = before


def record(message: str = "stage done", **fields: object) -> logging.LogRecord:
    found = logging.makeLogRecord({"name": "groundglass.analyze", "levelname": "INFO", "msg": message})
    found.created = 1_767_225_600.25
    vars(found).update(fields)
    return found


def failed() -> logging.LogRecord:
    try:
        raise ValueError("/home/someone/Ivanov.nii.gz")
    except ValueError:
        return record("failed", exc_info=sys.exc_info())


def test_text_is_one_line_with_the_fields() -> None:
    line = logs.TextFormatter().format(record(stage="lungs", seconds=1.25, note="two words", empty=""))
    assert line == (
        "2026-01-01T00:00:00.250Z info groundglass.analyze: stage done "
        'stage=lungs seconds=1.25 note="two words" empty=""'
    )
    assert "\n" not in logs.TextFormatter().format(record("two\nlines", field="a\nb"))


def test_json_is_one_object_a_line() -> None:
    line = logs.JsonFormatter().format(record(stage="lungs", seconds=float("nan"), path=Path("x")))
    assert json.loads(line) == {
        "time": "2026-01-01T00:00:00.250Z",
        "level": "info",
        "logger": "groundglass.analyze",
        "message": "stage done",
        "stage": "lungs",
        "seconds": None,
        "path": "x",
    }
    assert "\n" not in logs.JsonFormatter().format(record("two\nlines", field="a\nb"))
    assert json.loads(logs.JsonFormatter().format(record(time=3, level="x")))["time_"] == 3


@pytest.mark.parametrize("formatter", [logs.TextFormatter(), logs.JsonFormatter()])
def test_of_an_exception_the_places_are_logged_and_not_the_text(formatter: logging.Formatter) -> None:
    line = formatter.format(failed())
    assert "ValueError" in line
    assert "test_logs.py" in line
    assert "Ivanov" not in line
    assert str(Path(__file__).parent) not in line


def test_the_library_is_silent_by_default() -> None:
    program = (
        "import groundglass as gg, numpy as np, logging;"
        "logging.getLogger('groundglass.analyze').warning('note');"
        "p = gg.phantom.make(0, shape=(16, 64, 64));"
        "gg.analyze(p.volume, lungs=p.lungs, lesions=p.lesions)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("", "")


def test_analyze_logs_each_stage_with_its_seconds(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    logs.setup("info", "json")
    ct = write(tmp_path, "Ivanov_Ivan")
    found = gg.analyze(
        ct, lungs=tmp_path / "lungs.nii.gz", lesions=tmp_path / "lesions.nii.gz", out=tmp_path / "out"
    )
    captured = capsys.readouterr()
    lines = [json.loads(line) for line in captured.err.splitlines()]
    stages = [line["stage"] for line in lines if line["message"] == "stage done"]
    assert stages == ["read", "lungs", "segmentation", "quantification", "write"]
    assert all(line["seconds"] >= 0 for line in lines if line["message"] == "stage done")
    assert {(line["stage"], line["code"]) for line in lines if line["message"] == "note"} == {
        (stage, note.code) for stage, notes in found.stage_notes.items() for note in notes
    }
    assert lines[-1]["message"] == "analysis done"
    assert lines[-1]["slices"] == patient().hounsfield.shape[0]
    assert captured.out == ""
    for word in ("Ivanov", str(tmp_path)):
        assert word not in captured.err


def test_the_level_holds_and_a_second_call_replaces_the_first(capsys: pytest.CaptureFixture[str]) -> None:
    assert not logs.is_set_up()
    logs.setup("info", "json")
    logs.setup("error", "text")
    assert logs.is_set_up()
    assert logs.in_use() == ("error", "text")
    logging.getLogger("groundglass.analyze").warning("not shown")
    logging.getLogger("groundglass.analyze").error("shown")
    text = capsys.readouterr().err
    assert text.count("\n") == 1
    assert text.endswith("error groundglass.analyze: shown\n")


@pytest.mark.parametrize("options", [{"level": "loud"}, {"format": "xml"}])
def test_another_level_or_format_is_refused(options: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="must be one of"):
        logs.setup(**options)


def test_bars_leave_the_terminal_to_the_log(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    for set_up in (False, True):
        screen = Terminal()
        monkeypatch.setattr("sys.stderr", screen)
        if set_up:
            logs.setup()
        with stage_bars() as progress:
            progress("read", 1, 1)
        assert ("reading the study" in screen.getvalue()) is not set_up


def test_the_command_line_logs_as_json(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    ct = write(tmp_path)
    masks = [f"--{name}={tmp_path / name}.nii.gz" for name in ("lungs", "lesions")]
    assert main(["--log-format", "json", "analyze", str(ct), *masks, "--json"]) == 0
    captured = capsys.readouterr()
    assert json.loads(captured.out)["schema"] == "groundglass.result"
    lines = [json.loads(line) for line in captured.err.splitlines() if line.startswith("{")]
    assert [line["message"] for line in lines][-1] == "analysis done"
    assert len(lines) == len(captured.err.splitlines())


@pytest.mark.parametrize("name", ["Ivanov", "Ivanov/", "./Ivanov"])
@pytest.mark.parametrize("options", [["--log-format", "json"], ["--log-level=error", "--log-format=json"]])
def test_an_error_is_a_log_line_too_and_names_no_path(
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    options: list[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main([*options, "analyze", name, "--json"]) == 2
    line = json.loads(capsys.readouterr().err)
    assert (line["level"], line["message"], line["exit_code"]) == ("error", "not done", 2)
    assert line["text"] == "… does not exist"


def test_wrong_use_is_a_log_line_too(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--log-format", "json", "analyze", "Ivanov"]) == 2
    text = json.loads(capsys.readouterr().err)["text"]
    assert "print with --json" in text
    assert "see `groundglass analyze --help`" in text
