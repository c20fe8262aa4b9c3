"""Commands that can't end well: a full disk and Ctrl-C leave one sentence and nothing else."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from small_study import segmentation_missing, write

pytestmark = pytest.mark.long

GROUNDGLASS = (sys.executable, "-m", "groundglass")
#: the same with phantoms of a fifth of the slices, whose files are still larger than any limit here
SHORT_PHANTOM = (
    sys.executable,
    "-c",
    "import sys, functools; from groundglass import phantom; from groundglass.cli import main;"
    "phantom.make = functools.partial(phantom.make, shape=(20, 384, 384)); sys.exit(main(sys.argv[1:]))",
)


def run_with_files_of(
    most: int, *arguments: str, program: Sequence[str] = GROUNDGLASS
) -> subprocess.CompletedProcess[str]:
    """Runs a command that may write no file of more than `most` bytes: the system's errors are as of a full
    disk."""

    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))

    return subprocess.run(
        (*program, *arguments), capture_output=True, text=True, preexec_fn=limit, check=False
    )


@pytest.mark.parametrize("most", [0, 3000, 200_000])
@pytest.mark.parametrize("format", ["dicom", "nifti"])
def test_a_full_disk_is_one_sentence_and_leaves_nothing(tmp_path: Path, most: int, format: str) -> None:
    out = tmp_path / "new" / "patient"
    done = run_with_files_of(most, "phantom", "--out", str(out), "--format", format, program=SHORT_PHANTOM)
    assert done.returncode == 1
    assert done.stderr == f"groundglass: {os.strerror(27)}; free some or name another place: {out}\n"
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_while_measuring(tmp_path: Path) -> None:
    ct = write(tmp_path)
    before = sorted(tmp_path.iterdir())
    masks = [f"--{name}={tmp_path / name}.nii.gz" for name in ("lungs", "lesions")]
    for extra in ([], ["--report"], ["--parquet"]):
        done = run_with_files_of(2000, "analyze", str(ct), *masks, "--out", str(tmp_path / "result"), *extra)
        assert done.returncode == 1
        assert done.stderr.count("\n") == 1
        assert "free some or name another place" in done.stderr
        assert sorted(tmp_path.iterdir()) == before


@pytest.fixture(scope="module")
def segmentation_once() -> None:
    """The first run after an installation compiles torch's modules to bytecode, which takes seconds."""
    if reason := segmentation_missing():
        pytest.skip(reason)
    subprocess.run((*GROUNDGLASS, "models", "verify"), stdout=subprocess.DEVNULL, check=True)


@pytest.mark.alone
@pytest.mark.usefixtures("segmentation_once")
@pytest.mark.parametrize("wait", [1.0, 1.5, 2.0])
def test_ctrl_c_ends_the_loading_of_a_model_within_a_second(tmp_path: Path, wait: float) -> None:
    from groundglass.weights import FOLDER

    model = str(next(FOLDER.glob("ensemble*.pt")))
    process = subprocess.Popen(
        (*GROUNDGLASS, "models", "verify", *[model] * 20),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    time.sleep(wait)
    start = time.monotonic()
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=30)
    assert time.monotonic() - start < 1
    assert process.returncode == 130
    assert said == "groundglass: stopped; nothing was written\n"


@pytest.mark.alone
@pytest.mark.usefixtures("segmentation_once")
def test_ctrl_c_while_a_model_loads_leaves_no_output(tmp_path: Path) -> None:
    ct = write(tmp_path)
    before = sorted(tmp_path.iterdir())
    out = tmp_path / "result"
    process = subprocess.Popen(
        (*GROUNDGLASS, "analyze", str(ct), "--out", str(out), "--views", "8"),
        stderr=subprocess.PIPE,
        text=True,
    )
    while process.poll() is None and sorted(tmp_path.iterdir()) == before:
        time.sleep(0.02)
    time.sleep(1)
    start = time.monotonic()
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert time.monotonic() - start < 5
    assert process.returncode == 130
    assert sorted(tmp_path.iterdir()) == before
