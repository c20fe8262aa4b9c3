from __future__ import annotations

import importlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest
from PIL import Image

import groundglass as gg
from groundglass import overlay
from groundglass.cli import explain, main
from groundglass.result import FILES, NOT_A_DEVICE, schema
from groundglass.write import write_nifti
from small_study import patient, refused, segmentation_missing, write

Output = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def studies(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the phantom as NIfTI and its masks."""
    folder = tmp_path_factory.mktemp("studies")
    write(folder)
    return folder


def with_masks(studies: Path) -> list[str]:
    """Arguments that analyze the phantom without a model."""
    masks = ["--lungs", str(studies / "lungs.nii.gz"), "--lesions", str(studies / "lesions.nii.gz")]
    return ["analyze", str(studies / "ct.nii.gz"), *masks]


# --- the program -----------------------------------------------------------------------------------------


def test_help_names_every_command(capsys: Output) -> None:
    assert main(["--help"]) == 0
    text = capsys.readouterr().out
    cohort = ("intervals", "thresholds", "agreement")
    for command in ("analyze", "segment", *cohort, "phantom", "demo", "models"):
        assert command in text
        assert main([command, "--help"]) == 0
        assert "Example" in capsys.readouterr().out
    assert "Not a medical device" in text


def test_the_version_is_the_packages(capsys: Output) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.strip() == f"groundglass {gg.__version__}"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "no command"),
        (["nothing"], "nothing"),
        (["analyze"], "STUDY"),
        (["analyze", "a", "--no-such-option"], "--no-such-option"),
        (["analyze", "a", "--out", "b", "--threads", "-1"], "--threads"),
        (["analyze", "a"], "--out"),
        (["segment", "a"], "--out"),
        (["phantom", "--out", "a", "--format", "jpeg"], "--format"),
        (["phantom", "--out", "a", "--seed", "x"], "--seed"),
        (["models", "nothing"], "nothing"),
        (["--log-level", "loud", "models"], "'--log-level': 'loud' is not one of 'debug'"),
        (["analyze", "a", "--log-level", "debug"], "--log-level stands before the command; see `groundglass"),
        (["collect", "a", "--log-format=json"], "--log-format stands before the command"),
        (["analyze", "a", "--json", "--report"], "name the folder for --report"),
    ],
)
def test_wrong_use_is_told_in_one_sentence(capsys: Output, arguments: list[str], message: str) -> None:
    text = refused(capsys, *arguments)
    assert message in text
    assert "--help" in text


def test_help_loads_no_heavy_library() -> None:
    program = (
        "import sys; from groundglass.cli import main; code = main(['analyze', '--help']);"
        "heavy = {'torch', 'SimpleITK', 'pydicom', 'pandas', 'PIL', 'groundglass._segmentation'};"
        "sys.exit(code or ', '.join(heavy & set(sys.modules)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_package_runs_as_a_module() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "groundglass", "analyze", "no-such-study", "--json"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr == "groundglass: no-such-study does not exist\n"


# --- analyze ---------------------------------------------------------------------------------------------


def test_analyze_writes_everything_and_prints_a_table(capsys: Output, studies: Path, tmp_path: Path) -> None:
    assert main([*with_masks(studies), "--out", str(tmp_path / "out")]) == 0
    captured = capsys.readouterr()
    assert {path.name for path in (tmp_path / "out").iterdir()} == set(FILES)
    for text in ("both lungs", "right lower third", "11.0", "CT-1", "class C", NOT_A_DEVICE):
        assert text in captured.out
    assert captured.err == ""


def test_lobes_and_the_line_of_scores(capsys: Output, studies: Path, tmp_path: Path) -> None:
    assert main([*with_masks(studies), "--out", str(tmp_path / "estimated")]) == 0
    assert "CT-3 by pattern; CTSS " in (estimated := capsys.readouterr().out)
    assert "(estimated lobes)" in estimated
    found = patient()
    left = np.where(found.lungs == 1, np.where(np.arange(len(found.lungs))[:, None, None] < 12, 2, 1), 0)
    path = tmp_path / "left.nii.gz"
    write_nifti(path, left.astype(np.uint8), found.spacing_mm, found.origin_mm, found.direction)
    lobes = ["--lobes", str(path)]
    assert main([*with_masks(studies), *lobes, "--out", str(tmp_path / "lobes")]) == 0
    text = capsys.readouterr().out
    assert "CTSS –/25, TSS –/20, LSS –/20, LHOS –/20 (given lobes)" in text  # two lobes are no five
    assert "left lower lobe" in text
    assert "Warning: The given map has no right upper lobe" in text


def test_json_is_all_there_is_on_stdout(capsys: Output, studies: Path, tmp_path: Path) -> None:
    assert main([*with_masks(studies), "--json", "--out", str(tmp_path / "out")]) == 0
    captured = capsys.readouterr()
    content = json.loads(captured.out)
    jsonschema.validate(content, schema())
    assert captured.out == (tmp_path / "out" / "result.json").read_text(encoding="utf-8")
    assert content["input"]["series_uid"] is None


def test_json_needs_no_folder(capsys: Output, studies: Path) -> None:
    assert main([*with_masks(studies), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["regions"][0]["region"] == "both lungs"


def test_warnings_are_prominent_and_leave_json_alone(
    capsys: Output, studies: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = importlib.import_module("groundglass.analyze")
    read = module.read_study

    def with_warning(path: object, **options: Any) -> Any:
        found = read(path, **options)
        ct = found.volume
        note = gg.Note("warning", "missing_slices", "Two slices are missing [at 3 mm].")
        volume = gg.CtVolume(ct.hounsfield, spacing_mm=ct.spacing_mm, origin_mm=ct.origin_mm, notes=[note])
        return gg.Study(volume, found.digest, found.kind, found.files)

    monkeypatch.setattr(module, "read_study", with_warning)
    assert main([*with_masks(studies), "--json"]) == 0
    captured = capsys.readouterr()
    assert json.loads(captured.out)["notes"][0]["code"] == "missing_slices"
    assert "Warning: Two slices are missing [at 3 mm]." in captured.err


def test_an_existing_folder_stays(capsys: Output, studies: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("kept")
    text = refused(capsys, *with_masks(studies), "--out", str(tmp_path))
    assert str(tmp_path) in text
    assert "--overwrite" in text
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
    assert main([*with_masks(studies), "--out", str(tmp_path), "--overwrite"]) == 0
    assert {path.name for path in tmp_path.iterdir()} == set(FILES)


def test_wrong_input_is_told(capsys: Output, studies: Path, tmp_path: Path) -> None:
    out = ["--out", str(tmp_path / "out")]
    text_file = tmp_path / "study.dcm"
    text_file.write_text("this is no DICOM")
    empty = tmp_path / "empty"
    empty.mkdir()
    small = tmp_path / "small.nii.gz"
    from groundglass.write import write_nifti

    write_nifti(small, patient().lungs[:-2], patient().spacing_mm)
    study, lesions = str(studies / "ct.nii.gz"), str(studies / "lesions.nii.gz")
    for arguments, message in (
        (["analyze", str(tmp_path / "nowhere")], "nowhere"),
        (["analyze", str(text_file), "--lesions", lesions], "study.dcm"),
        (["analyze", str(empty), "--lesions", lesions], "empty"),
        (["analyze", study, "--lesions", lesions, "--lungs", str(small)], "small.nii.gz"),
        (["analyze", study, "--lesions", lesions, "--lungs", str(text_file)], "study.dcm"),
        (["analyze", study, "--lesions", lesions, "--series", "1.2.3"], "series"),
        (["analyze", study, "--lesions", lesions, "--model", "ensemble-lite"], "exclude each other"),
    ):
        assert message in refused(capsys, *arguments, *out)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["empty", "small.nii.gz", "study.dcm"]


def test_an_unwritable_place_is_wrong_input(capsys: Output, studies: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert "file" in refused(capsys, *with_masks(studies), "--out", str(tmp_path / "file" / "out"))
    if os.geteuid() == 0:
        return  # nothing is unwritable for root
    locked = tmp_path / "locked"
    locked.mkdir(mode=0o500)
    assert "locked" in refused(capsys, *with_masks(studies), "--out", str(locked / "out"))


def test_a_model_that_the_user_named_is_wrong_input(capsys: Output, studies: Path, tmp_path: Path) -> None:
    (tmp_path / "broken.pt").write_bytes(b"no model")
    for model in ("no-such-model", str(tmp_path / "broken.pt")):
        arguments = ["analyze", str(studies / "ct.nii.gz"), "--json", "--model", model]
        assert Path(model).name in refused(capsys, *arguments)


def test_a_broken_installation_is_a_failure_inside(
    capsys: Output, studies: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(name: object = None) -> None:
        raise gg.ModelError("the manifest can't be read; reinstall groundglass")

    monkeypatch.setattr("groundglass.weights.find", broken)
    arguments = ["analyze", str(studies / "ct.nii.gz"), "--json"]
    assert "reinstall" in refused(capsys, *arguments, code=1)


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (OSError(28, "No space left on device"), 1, "No space left"),
        (RuntimeError("a bug"), 1, "internal error, RuntimeError: a bug"),
        (MemoryError(), 1, "memory"),
        (KeyboardInterrupt(), 130, "stopped"),
    ],
)
def test_failures_leave_nothing_behind(
    capsys: Output,
    studies: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    error: BaseException,
    code: int,
    message: str,
) -> None:
    def fail(result: object) -> None:
        raise error

    monkeypatch.setattr(overlay, "of_result", fail)
    assert message in refused(capsys, *with_masks(studies), "--out", str(tmp_path / "a" / "out"), code=code)
    assert not list(tmp_path.iterdir())


def test_a_request_to_end_leaves_nothing_behind(
    capsys: Output, studies: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def end(result: object) -> None:
        os.kill(os.getpid(), signal.SIGTERM)

    before = signal.getsignal(signal.SIGTERM)
    monkeypatch.setattr(overlay, "of_result", end)
    assert "stopped" in refused(capsys, *with_masks(studies), "--out", str(tmp_path / "out"), code=143)
    assert not list(tmp_path.iterdir())
    assert signal.getsignal(signal.SIGTERM) == before


@pytest.mark.parametrize("place", [0, 1, 3])
def test_debug_shows_the_traceback(capsys: Output, place: int) -> None:
    arguments = ["analyze", "no-such-study", "--json"]
    arguments.insert(place, "--debug")
    assert main(arguments) == 2
    text = capsys.readouterr().err
    assert "Traceback" in text
    assert text.endswith("groundglass: no-such-study does not exist\n")


def test_errors_are_sorted_into_exit_codes() -> None:
    for error, code in (
        (gg.FormatError("x"), 2),
        (ValueError("x"), 2),
        (FileExistsError("x"), 2),
        (PermissionError(13, "Permission denied", "x"), 2),
        (gg.ModelError("x"), 1),
        (ImportError("x"), 1),
        (OSError(28, "No space left on device"), 1),
        (TypeError("x"), 1),
    ):
        assert explain(error)[0] == code, error
    assert explain(PermissionError(13, "Permission denied", "x"))[1] == "Permission denied: x"


def test_a_study_with_the_bundled_model(capsys: Output, studies: Path, tmp_path: Path) -> None:
    if reason := segmentation_missing():
        pytest.skip(reason)
    assert (
        main(["analyze", str(studies / "ct.nii.gz"), "--out", str(tmp_path / "out"), "--threads", "1"]) == 0
    )
    text = " ".join(capsys.readouterr().out.split())
    content = json.loads((tmp_path / "out" / "result.json").read_text(encoding="utf-8"))
    jsonschema.validate(content, schema())
    assert len(content["models"]) == 2
    for model in content["models"]:
        assert f"Weights {model['name']} (SHA-256 {model['sha256'][:12]}" in text
        assert model["licence"] in text


# --- segment ---------------------------------------------------------------------------------------------


def test_segment_writes_labels_and_probabilities(capsys: Output, tmp_path: Path) -> None:
    if reason := segmentation_missing():
        pytest.skip(reason)
    (tmp_path / "in").mkdir()
    Image.fromarray(np.full((70, 90), 60, np.uint8)).save(tmp_path / "in" / "one.png")
    (tmp_path / "in" / "notes.txt").touch()
    arguments = ["segment", str(tmp_path / "in"), "--out", str(tmp_path / "out"), "--probabilities"]
    assert main(arguments) == 0
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"one.png", "one.npy", "segment.json"}
    with Image.open(tmp_path / "out" / "one.png") as image:
        assert image.size == (90, 70)
        assert set(np.unique(np.asarray(image))) <= {0, 1, 2}
    maps = np.load(tmp_path / "out" / "one.npy")
    assert (maps.dtype, maps.shape) == (np.float32, (2, 70, 90))
    captured = capsys.readouterr()
    for text in ("one.png: ground glass", "notes.txt", "Weights", NOT_A_DEVICE):
        assert text in captured.out
    assert captured.err == ""


def test_segment_refuses_wrong_input(capsys: Output, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "bad.png").write_bytes(b"no picture")
    out = ["--out", str(tmp_path / "out")]
    assert "nowhere" in refused(capsys, "segment", str(tmp_path / "nowhere"), *out)
    assert "no-such-model" in refused(
        capsys, "segment", str(tmp_path / "in"), *out, "--model", "no-such-model"
    )
    if segmentation_missing() is None:
        assert "bad.png" in refused(capsys, "segment", str(tmp_path / "in"), *out)
    assert [path.name for path in tmp_path.iterdir()] == ["in"]


def test_verify_reads_every_bundled_file(
    capsys: Output, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from groundglass import weights

    assert main(["models", "verify"]) == 0
    assert weights.defaults()[0].sha256 in capsys.readouterr().out
    for file in weights.FOLDER.glob("*.*"):
        if file.suffix in (".json", ".pt"):
            (tmp_path / file.name).write_bytes(file.read_bytes())
    monkeypatch.setattr(weights, "FOLDER", tmp_path)
    with weights.defaults()[0].path.open("ab") as damaged:
        damaged.write(b"x")
    assert "the manifest says" in refused(capsys, "models", "verify", code=1)
