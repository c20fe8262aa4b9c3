"""Outputs whole or not at all; DICOM and NIfTI that other programs read as they were written."""

from __future__ import annotations

import itertools
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from groundglass.errors import FormatError
from groundglass.write import AXIAL, OutputError, atomic_file, output_folder, write_dicom, write_nifti

TILT = np.deg2rad(15)
OBLIQUE = ((0.0, -np.sin(TILT), np.cos(TILT)), (0.0, np.cos(TILT), np.sin(TILT)), (1.0, 0.0, 0.0))
SHEARED = ((0.0, np.sin(TILT), np.cos(TILT)), (0.0, 1.0, 0.0), (1.0, 0.0, 0.0))
SPACING, ORIGIN = (3.0, 0.7, 0.8), (-10.0, 20.5, 30.25)


def some_hu(shape: tuple[int, int, int] = (4, 5, 6)) -> Any:
    return np.random.default_rng(0).integers(-1024, 3071, shape, dtype=np.int16, endpoint=True)


@dataclass
class Volume:
    hounsfield: Any
    spacing_mm: Any = SPACING
    origin_mm: Any = ORIGIN
    direction: Any = AXIAL


# --- whole or not at all ---


def test_a_folder_appears_whole(tmp_path: Path) -> None:
    out = tmp_path / "new" / "out"
    with output_folder(out) as folder:
        (folder / "sub").mkdir()
        (folder / "sub" / "a").write_text("1")
        assert not out.exists()
        assert folder.parent == out.parent, "the same file system"
    assert (out / "sub" / "a").read_text() == "1"
    assert [f.name for f in out.parent.iterdir()] == ["out"]
    assert out.stat().st_mode & 0o777 == (tmp_path / "new").stat().st_mode & 0o777


def fail_in_folder(path: Path, error: type[BaseException], *, overwrite: bool = False) -> None:
    with output_folder(path, overwrite=overwrite) as folder:
        (folder / "half").write_text("half")
        raise error


def fail_in_file(path: Path, error: type[BaseException], *, overwrite: bool = False) -> None:
    with atomic_file(path, overwrite=overwrite) as file:
        file.write_text("half")
        raise error


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt, SystemExit])
def test_an_error_leaves_nothing(tmp_path: Path, error: type[BaseException]) -> None:
    with pytest.raises(error):
        fail_in_folder(tmp_path / "new" / "deep" / "out", error)
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(error):
        fail_in_file(tmp_path / "new" / "out.txt", error)
    assert list(tmp_path.iterdir()) == []


def test_an_existing_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "old").write_text("old")
    with pytest.raises(FormatError, match="exists and is not empty; choose another folder, or remove it"):
        fail_in_folder(tmp_path / "out", RuntimeError)  # refused before the block
    with pytest.raises(FileExistsError), output_folder(tmp_path / "out"):
        pass
    assert (tmp_path / "out" / "old").read_text() == "old"


def test_an_empty_folder_counts_as_none(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    with output_folder(tmp_path / "out") as folder:
        (folder / "a").touch()
    assert [f.name for f in (tmp_path / "out").iterdir()] == ["a"]


def test_overwrite_replaces_on_success_only(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "old").write_text("old")
    with pytest.raises(RuntimeError):
        fail_in_folder(tmp_path / "out", RuntimeError, overwrite=True)
    assert [f.name for f in (tmp_path / "out").iterdir()] == ["old"]
    with output_folder(tmp_path / "out", overwrite=True) as folder:
        (folder / "new").touch()
        assert (tmp_path / "out" / "old").exists()
    assert [f.name for f in (tmp_path / "out").iterdir()] == ["new"]
    assert [f.name for f in tmp_path.iterdir()] == ["out"]


def test_a_folder_filled_meanwhile_is_kept(tmp_path: Path) -> None:
    def race() -> None:
        with output_folder(tmp_path / "out") as folder:
            (folder / "mine").touch()
            (tmp_path / "out").mkdir()
            (tmp_path / "out" / "theirs").touch()

    with pytest.raises(OutputError, match="not empty"):
        race()
    assert [f.name for f in (tmp_path / "out").iterdir()] == ["theirs"]
    assert [f.name for f in tmp_path.iterdir()] == ["out"]


def test_the_working_folder_is_never_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    for path in (".", ".."):
        Path("keep").touch()
        with pytest.raises(OutputError, match="is the working folder"), output_folder(path, overwrite=True):
            pass
    assert (tmp_path / "here" / "keep").exists()


def test_a_link_to_a_folder_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    with output_folder(tmp_path / "link") as folder:
        (folder / "a").touch()
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real" / "a").exists()


def test_places_that_can_not_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with (
        pytest.raises(OutputError, match="is a file; choose another folder"),
        output_folder(tmp_path / "file"),
    ):
        pass
    message = r"cannot write .*choose a place that can be written"
    with pytest.raises(OutputError, match=message), output_folder(tmp_path / "file" / "out"):
        pass
    with pytest.raises(OutputError, match="is a folder; choose a file name"), atomic_file(tmp_path):
        pass
    with pytest.raises(OutputError, match="empty"), output_folder(" "):
        pass
    assert [f.name for f in tmp_path.iterdir()] == ["file"]


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0, reason="the superuser may write anywhere"
)
def test_a_folder_without_permission(tmp_path: Path) -> None:
    (tmp_path / "closed").mkdir(mode=0o500)
    with pytest.raises(OutputError, match="Permission denied"), output_folder(tmp_path / "closed" / "out"):
        pass


def test_a_file_appears_whole(tmp_path: Path) -> None:
    out = tmp_path / "a.nii.gz"
    with atomic_file(out) as file:
        assert file.name.endswith(".nii.gz")
        assert file.parent == tmp_path
        file.write_text("1")
        assert not out.exists()
    assert out.read_text() == "1"
    with pytest.raises(OutputError, match="exists; choose another name"), atomic_file(out):
        pass
    with pytest.raises(RuntimeError):
        fail_in_file(out, RuntimeError, overwrite=True)
    assert out.read_text() == "1"
    with atomic_file(out, overwrite=True) as file:
        file.write_text("2")
    assert out.read_text() == "2"
    assert len(list(tmp_path.iterdir())) == 1


# --- NIfTI ---


def positions(direction: Any, shape: Any, spacing: Any = SPACING, origin: Any = ORIGIN) -> Any:
    """LPS positions of all voxels by the definition of the library's geometry."""
    index = np.stack(np.meshgrid(*(np.arange(n) for n in shape), indexing="ij"), axis=-1)
    return np.asarray(origin) + (index * np.asarray(spacing)) @ np.asarray(direction)


ALL_AXES = [
    tuple(tuple(float(s * v) for v in np.eye(3)[a]) for s, a in zip(signs, axes, strict=True))
    for axes in itertools.permutations(range(3))
    for signs in itertools.product((1, -1), repeat=3)
]


@pytest.mark.parametrize("direction", [AXIAL, OBLIQUE, SHEARED, *ALL_AXES[::5]])
@pytest.mark.parametrize("dtype", ["uint8", "int16", "float32"])
def test_nibabel_reads_the_geometry(tmp_path: Path, direction: Any, dtype: str) -> None:
    nibabel = pytest.importorskip("nibabel", reason="nibabel is not installed")
    array = some_hu().astype(dtype)
    write_nifti(tmp_path / "a.nii.gz", array, SPACING, ORIGIN, direction)
    image = nibabel.load(tmp_path / "a.nii.gz")
    assert image.get_data_dtype() == np.dtype(dtype)
    assert image.header.get_xyzt_units()[0] == "mm"
    assert np.array_equal(np.asarray(image.dataobj).transpose(2, 1, 0), array)
    index = np.stack(np.meshgrid(*(np.arange(n) for n in array.shape), indexing="ij"), axis=-1)[..., ::-1]
    ras = nibabel.affines.apply_affine(image.affine, index)
    assert np.allclose(ras * (-1, -1, 1), positions(direction, array.shape), atol=1e-4)
    qform = image.header.get_qform()
    if direction is SHEARED:
        assert abs(np.linalg.det(qform)) == pytest.approx(abs(np.linalg.det(image.affine)), rel=1e-5)
        middle = [*((np.array(array.shape[::-1]) - 1) / 2), 1]
        assert np.allclose(qform @ middle, image.affine @ middle, atol=1e-4)
    else:
        assert np.allclose(qform, image.affine, atol=1e-4)


@pytest.mark.parametrize("direction", [AXIAL, OBLIQUE, *ALL_AXES])
def test_simpleitk_reads_the_geometry(tmp_path: Path, direction: Any) -> None:
    sitk = pytest.importorskip("SimpleITK", reason="SimpleITK is not installed")
    array = some_hu()
    write_nifti(tmp_path / "a.nii", array, SPACING, ORIGIN, direction)
    image = sitk.ReadImage(tmp_path / "a.nii")
    assert np.array_equal(sitk.GetArrayFromImage(image), array)
    found = positions(direction, array.shape)
    for k, j, i in itertools.product((0, 3), (0, 4), (0, 5)):
        assert np.allclose(image.TransformIndexToPhysicalPoint((i, j, k)), found[k, j, i], atol=1e-4)


def test_simpleitk_reads_a_sheared_volume_upright(tmp_path: Path) -> None:
    sitk = pytest.importorskip("SimpleITK", reason="SimpleITK is not installed")
    array = some_hu()
    write_nifti(tmp_path / "a.nii.gz", array, SPACING, ORIGIN, SHEARED)
    image = sitk.ReadImage(tmp_path / "a.nii.gz")
    assert np.array_equal(sitk.GetArrayFromImage(image), array)
    assert np.prod(image.GetSpacing()) == pytest.approx(3.0 * 0.7 * 0.8 * np.cos(TILT), rel=1e-5)
    found = positions(SHEARED, array.shape)
    for k in range(4):
        place = image.TransformIndexToPhysicalPoint((2, 2, k))
        assert place[2] == pytest.approx(found[k, 2, 2, 2], abs=1e-4), "the planes are the true ones"
    centre = image.TransformContinuousIndexToPhysicalPoint((2.5, 2.0, 1.5))
    assert np.allclose(centre, found.mean(axis=(0, 1, 2)), atol=1e-4)


def test_nifti_is_the_same_bytes_each_time(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write_nifti(tmp_path / f"{name}.nii.gz", some_hu(), SPACING)
    assert (tmp_path / "a.nii.gz").read_bytes() == (tmp_path / "b.nii.gz").read_bytes()


def test_booleans_and_strided_arrays(tmp_path: Path) -> None:
    sitk = pytest.importorskip("SimpleITK", reason="SimpleITK is not installed")
    array = np.random.default_rng(0).random((6, 10, 8)) > 0.5
    write_nifti(tmp_path / "a.nii", array[::2, ::-1, 1:5], (1, 1, 1))
    assert np.array_equal(sitk.GetArrayFromImage(sitk.ReadImage(tmp_path / "a.nii")), array[::2, ::-1, 1:5])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"array": np.zeros((2, 2, 2), np.int64)}, "array must be uint8, int16 or float32, found int64"),
        ({"array": np.zeros((2, 2), np.int16)}, "array must be"),
        ({"spacing_mm": (1, 0, 1)}, "spacing_mm must be three positive numbers"),
        ({"origin_mm": (0, 0, np.nan)}, "origin_mm must be three finite numbers"),
        ({"direction": ((1, 0, 0), (1, 0, 0), (0, 0, 1))}, "direction must be three independent vectors"),
        ({"path": "a.nrrd"}, "ends in .nii or .nii.gz, found 'a.nrrd'"),
    ],
)
def test_wrong_nifti_arguments_write_nothing(tmp_path: Path, change: dict[str, Any], message: str) -> None:
    arguments: dict[str, Any] = {"path": "a.nii", "array": some_hu(), "spacing_mm": SPACING} | change
    arguments["path"] = tmp_path / arguments["path"]
    with pytest.raises(ValueError, match=message):
        write_nifti(**arguments)
    assert list(tmp_path.iterdir()) == []


# --- DICOM ---


@pytest.mark.parametrize("direction", [AXIAL, OBLIQUE, SHEARED])
def test_pydicom_reads_the_series(tmp_path: Path, direction: Any) -> None:
    pydicom = pytest.importorskip("pydicom", reason="pydicom is not installed")
    array = some_hu((5, 8, 6))
    write_dicom(tmp_path / "ct", Volume(array, direction=direction), seed=3)
    slices = [pydicom.dcmread(f) for f in (tmp_path / "ct").iterdir()]
    slices.sort(key=lambda d: d.ImagePositionPatient[2])
    found = positions(direction, array.shape)
    for k, data in enumerate(slices):
        hu = data.pixel_array.astype(int) * int(data.RescaleSlope) + int(data.RescaleIntercept)
        assert np.array_equal(hu, array[k])
        assert np.allclose(data.ImagePositionPatient, found[k, 0, 0], atol=1e-6)
        row, column = np.array(data.ImageOrientationPatient, float).reshape(2, 3)
        corner = np.array(data.ImagePositionPatient, float)
        corner = corner + 5 * float(data.PixelSpacing[1]) * row + 7 * float(data.PixelSpacing[0]) * column
        assert np.allclose(corner, found[k, 7, 5], atol=1e-5)
        assert data.PatientName == "Phantom^Groundglass"
        assert data.PixelRepresentation == 0
        assert data.InstanceNumber == len(slices) - k
    assert len({d.SOPInstanceUID for d in slices}) == 5
    assert len({d.SeriesInstanceUID for d in slices}) == 1
    assert abs(float(slices[0].GantryDetectorTilt)) == pytest.approx(
        15 if direction is SHEARED else 0, abs=1e-3
    )


@pytest.mark.parametrize("direction", [AXIAL, OBLIQUE])
def test_simpleitk_reads_the_series(tmp_path: Path, direction: Any) -> None:
    pytest.importorskip("pydicom", reason="pydicom is not installed")
    sitk = pytest.importorskip("SimpleITK", reason="SimpleITK is not installed")
    array = some_hu((5, 8, 6))
    write_dicom(tmp_path / "ct", Volume(array, direction=direction))
    image = sitk.ReadImage(sitk.ImageSeriesReader.GetGDCMSeriesFileNames(str(tmp_path / "ct")))
    assert np.array_equal(sitk.GetArrayFromImage(image), array)
    assert image.GetSpacing() == pytest.approx((0.8, 0.7, 3.0), abs=1e-6)
    assert image.GetOrigin() == pytest.approx(ORIGIN, abs=1e-6)
    assert np.allclose(np.reshape(image.GetDirection(), (3, 3)), np.array(direction)[::-1].T, atol=1e-6)


def test_dciodvfy_finds_no_error(tmp_path: Path) -> None:
    pytest.importorskip("pydicom", reason="pydicom is not installed")
    if shutil.which("dciodvfy") is None:
        pytest.skip("dciodvfy (package dicom3tools) is not installed")
    write_dicom(tmp_path / "ct", Volume(some_hu((2, 8, 6)), direction=SHEARED))
    for file in (tmp_path / "ct").iterdir():
        run = subprocess.run(["dciodvfy", str(file)], capture_output=True, text=True, check=False)
        report = run.stdout + run.stderr
        assert run.returncode == 0, report
        assert "Error" not in report, report
        assert "CTImage" in report, report


def test_identifiers_follow_from_seed_and_content(tmp_path: Path) -> None:
    pydicom = pytest.importorskip("pydicom", reason="pydicom is not installed")
    array = some_hu()
    written = {
        "a": (Volume(array), 1),
        "again": (Volume(array), 1),
        "seed": (Volume(array), 2),
        "voxels": (Volume(array - np.int16(array == 5) - np.int16(array == array.max())), 1),
        "place": (Volume(array, origin_mm=(0.0, 0.0, 0.0)), 1),
    }
    series = {}
    for name, (volume, seed) in written.items():
        write_dicom(tmp_path / name, volume, seed=seed)
        series[name] = pydicom.dcmread(tmp_path / name / "IM00001.dcm").SeriesInstanceUID
    assert series["a"] == series["again"]
    assert len(set(series.values())) == 4
    assert (tmp_path / "a" / "IM00002.dcm").read_bytes() == (tmp_path / "again" / "IM00002.dcm").read_bytes()


def test_values_that_can_not_be_stored_write_nothing(tmp_path: Path) -> None:
    pytest.importorskip("pydicom", reason="pydicom is not installed")
    array = some_hu()
    array[0, 0, 0] = -2000
    with pytest.raises(ValueError, match=r"must lie in -1024..64511 .*found -2000"):
        write_dicom(tmp_path / "ct", Volume(array))
    assert list(tmp_path.iterdir()) == []
