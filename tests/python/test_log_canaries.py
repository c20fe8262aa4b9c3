"""No identifier reaches a log, whatever fails: names planted in every input are looked for in the lines."""

from __future__ import annotations

import contextlib
import io
import json
import logging
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from pydicom import dcmread

from dicom_factory import write_series
from groundglass import logs
from groundglass.cli import main

UID = "1.2.826.0.1.3680043.8.498.777"
CANARIES = ("Kanarienvogel", "19450508", "0043.8", "4711-0815", "826.0", "9876543")


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    """The logger as it was."""
    logger = logging.getLogger("groundglass")
    before = list(logger.handlers), logger.level, logger.propagate
    yield
    logger.handlers[:], logger.level, logger.propagate = before


def series(folder: Path, change: Callable[[object, int], None] = lambda d, i: None, number: int = 1) -> Path:
    """A study in which everything that names somebody is a canary."""

    def plant(dataset: object, i: int) -> None:
        for name in (
            "PatientName",
            "StudyDescription",
            "SeriesDescription",
            "InstitutionName",
            "ProtocolName",
        ):
            setattr(dataset, name, "Kanarienvogel^Hans")
        dataset.PatientID, dataset.AccessionNumber = "9876543", "4711-0815"  # type: ignore[attr-defined]
        dataset.StudyInstanceUID = UID  # type: ignore[attr-defined]
        dataset.SeriesInstanceUID = f"{UID}.{number}"  # type: ignore[attr-defined]
        dataset.FrameOfReferenceUID = f"{UID}.{number}.9"  # type: ignore[attr-defined]
        dataset.SOPInstanceUID = f"{UID}.{number}.{i + 100}"  # type: ignore[attr-defined]
        dataset.PatientBirthDate = "19450508"  # type: ignore[attr-defined]
        change(dataset, i)

    write_series(folder, name=lambda i: f"Kanarienvogel_{number}_{i}.dcm", change=plant)
    return folder


def logged(*arguments: str) -> list[dict[str, object]]:
    """What fails, as a service would call it: lines of JSON and nothing else."""
    stream = io.StringIO()
    with contextlib.redirect_stderr(stream), contextlib.redirect_stdout(io.StringIO()):
        code = main(["--log-format", "json", "--log-level", "debug", *arguments])
    assert code in (1, 2), stream.getvalue()
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert lines[-1]["message"] == "not done"
    assert len(str(lines[-1]["text"])) > 8
    for canary in CANARIES:
        assert canary.lower() not in stream.getvalue().lower(), (canary, stream.getvalue())
    return lines


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-500])


def test_studies_that_fail(tmp_path: Path) -> None:
    gap = series(tmp_path / "gap")
    next(iter(gap.glob("*_5.dcm"))).unlink()
    doubled = series(tmp_path / "doubled")
    twin = dcmread(next(iter(doubled.glob("*_5.dcm"))))
    twin.SOPInstanceUID = f"{UID}.1.999"
    twin.PixelData = bytes(len(twin.PixelData))
    twin.save_as(doubled / "Kanarienvogel_twin.dcm")
    damaged = series(tmp_path / "damaged")
    cut(next(iter(damaged.glob("*_5.dcm"))))
    other = series(tmp_path / "other", lambda d, i: setattr(d, "Modality", "KANARIENVOGEL"))
    kernels = series(tmp_path / "kernels")
    series(kernels, lambda d, i: setattr(d, "ConvolutionKernel", "Kanarienvogel"), number=2)
    tilted = series(
        tmp_path / "tilted", lambda d, i: setattr(d, "ImageOrientationPatient", [1, 0, 0, 0, 0.5, 0.86])
    )
    (tmp_path / "Kanarienvogel.nii.gz").write_bytes(b"\x1f\x8bnothing")
    (tmp_path / "Kanarienvogel.nrrd").write_bytes(b"NRRD0004\ntype: Kanarienvogel\n\n")
    for study in (gap, doubled, damaged, other, tilted, kernels, *tmp_path.glob("Kanarienvogel.*")):
        for extra in ([], ["--series", f"{UID}.55"], ["--debug"]):
            if study != kernels or "--series" in extra:
                logged("analyze", str(study), "--json", *extra)


def test_masks_and_tables_that_fail(tmp_path: Path) -> None:
    study = series(tmp_path / "Kanarienvogel")
    mask = tmp_path / "Kanarienvogel_mask.nii.gz"
    sitk.WriteImage(sitk.GetImageFromArray(np.full((3, 4, 5), 7, np.uint8)), str(mask))
    logged("analyze", str(study), "--json", "--lungs", str(mask))
    folder = tmp_path / "Kanarienvogel_parts"
    folder.mkdir()
    sitk.WriteImage(sitk.GetImageFromArray(np.full((3, 4, 5), 7, np.uint8)), str(folder / "lung_left.nii.gz"))
    logged("analyze", str(study), "--json", f"--lobes={folder}")
    table = tmp_path / "table.csv"
    table.write_text(
        "patient,class,opacity_percent\nKanarienvogel^Hans,Kanarienvogel,19450508\n9876543,x,y\n"
    )
    for command in (
        ["intervals", str(table), "--value", "opacity_percent", "--class", "class"],
        ["intervals", str(table), "--value", "Kanarienvogel"],
        ["thresholds", str(table), "--value", "Kanarienvogel"],
        ["agreement", str(table), "Kanarienvogel", "19450508"],
    ):
        logged(*command)
    logged("analyze", str(study), "--json", "--model", str(mask))
    logged("models", "verify", str(mask))


@pytest.mark.parametrize(
    ("text", "left"),
    [
        (f"series {UID}/2: 3 of 40 slices are missing", "series …: 3 of 40 slices are missing"),
        ("found 1.2.3 beside 2.5 mm", "found … beside 2.5 mm"),
        ("row 7: 'Kanarienvogel' is no number", "row 7: … is no number"),
        ('column "Hans K." is not there', "column … is not there"),
        ("it can't be read, the CT's grid", "it can't be read, the CT's grid"),
        ("pip install 'groundglass[io]'", "pip install 'groundglass[io]'"),
        ("/data/Kanarienvogel/x y", "… y"),
        (r"C:\data\Kanarienvogel: no", "…: no"),
        ("Kanarienvogel/ct/1.dcm: damaged", "…: damaged"),
        ("Kanarienvogel.nii.gz: damaged", "…: damaged"),
        ("KANARIENVOGEL^HANS^^ was read", "… was read"),
        ("born 19450508", "born …"),
        ("voxels of 2.5 x 0.7 mm from (-10, -20, -300)", "voxels of 2.5 x 0.7 mm from (-10, -20, -300)"),
        ("see `groundglass analyze --help`", "see `groundglass analyze --help`"),
    ],
)
def test_what_a_sentence_loses(text: str, left: str) -> None:
    assert logs.without_identifiers(text) == left


@pytest.mark.parametrize("formatter", [logs.TextFormatter(), logs.JsonFormatter()])
def test_no_record_holds_a_uid_whoever_wrote_it(formatter: logging.Formatter) -> None:
    record = logging.makeLogRecord({"name": "uvicorn.error", "levelname": "ERROR", "msg": f"lost {UID}"})
    vars(record).update(
        text=f"in {UID}", more=[UID, {"x": UID}], path=Path(f"/x/{UID}"), name_="A^B", n=12345678
    )
    line = formatter.format(record)
    assert "826" not in line
    assert "A^B" not in line
    assert "12345678" in line  # numbers that the program measured stay
