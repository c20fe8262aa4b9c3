"""Volume files: places of voxels, against nibabel and SimpleITK; pairs, archives, names, hostile headers."""

from __future__ import annotations

import gzip
import itertools
import os
import random
import subprocess
import sys
import tarfile
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

pytest.importorskip("SimpleITK")
pytest.importorskip("nibabel")

import nibabel as nib
import SimpleITK as sitk

from dicom_factory import chest, image, write_series
from groundglass.errors import FormatError
from groundglass.read import files as streams
from groundglass.read import input_digest, read_ct, read_labels, read_study
from groundglass.write import write_nifti

TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])


def codes(volume: Any) -> list[str]:
    return [note.code for note in volume.notes]


def refusal(path: Path) -> str:
    with pytest.raises(FormatError) as caught:
        read_ct(path)
    text = str(caught.value)
    assert text.startswith(f"{path}: ")
    assert len(text) < 600
    return text


@pytest.fixture(autouse=True)
def silent(capfd: pytest.CaptureFixture[str]) -> Any:
    yield
    out, err = capfd.readouterr()
    assert (out, err) == ("", "")


def affine_of(ct: Any) -> npt.NDArray[np.float64]:
    """The RAS affine of (slice, row, column)."""
    steps = np.array(ct.direction).T * ct.spacing_mm
    return TO_RAS @ np.vstack([np.column_stack([steps, ct.origin_mm]), [0, 0, 0, 1]])


def same_places(ct: Any, values: npt.NDArray[Any], affine: npt.NDArray[np.float64]) -> None:
    """That every voxel of (i, j, k) `values` has its value at its place in the axial volume."""
    index = np.array(list(itertools.product(*(range(n) for n in values.shape))))
    places = np.column_stack([index, np.ones(len(index))]) @ affine.T
    there = places @ np.linalg.inv(affine_of(ct)).T
    at = np.round(there[:, :3]).astype(int)
    np.testing.assert_allclose(there[:, :3], at, atol=2e-3)
    np.testing.assert_array_equal(ct.hounsfield[tuple(at.T)], values.ravel())


BASE = np.array([[-0.8, 0, 0, 10], [0, -0.7, 0, 20], [0, 0, 2.5, -300], [0, 0, 0, 1]])


def nifti(
    path: Path,
    sform: npt.NDArray[np.float64] | None = BASE,
    qform: npt.NDArray[np.float64] | None = None,
    kind: Any = nib.Nifti1Image,
    big: bool = False,
) -> npt.NDArray[np.int16]:
    """A chest with these forms coded, and no others."""
    values = np.ascontiguousarray(chest().transpose(2, 1, 0))
    header = kind.header_class(endianness=">" if big else "<")
    written = kind(values, sform if sform is not None else qform if qform is not None else BASE, header)
    written.set_sform(sform, 2 if sform is not None else 0)
    written.set_qform(qform, 1 if qform is not None else 0)
    nib.save(written, path)
    return values


def turned(axes: tuple[int, ...], signs: tuple[int, ...], tilt: float = 0.0) -> npt.NDArray[np.float64]:
    """An RAS affine of axes that run along the body's in this order; that towards the head is tilted."""
    steps = np.diag([0.8, 0.7, 2.5])
    steps[:, 2] = 2.5 * np.array([0, np.sin(np.radians(tilt)), np.cos(np.radians(tilt))])
    affine = np.eye(4)
    affine[:3, :3] = steps[:, axes] * signs
    affine[:3, 3] = 11, -23, 40
    return affine


ORIENTATIONS = list(itertools.product(itertools.permutations(range(3)), itertools.product((1, -1), repeat=3)))


# NIfTI ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("tilt", [-25, 0, 12, 30])
def test_a_sform_of_any_orientation_and_tilt(tmp_path: Path, tilt: float) -> None:
    for axes, signs in ORIENTATIONS:
        affine = turned(axes, signs, tilt)
        values = nifti(tmp_path / "ct.nii", affine)
        ct = read_ct(tmp_path / "ct.nii")
        same_places(ct, values, affine)
        assert ct.voxel_ml == pytest.approx(abs(np.linalg.det(affine[:3, :3])) / 1000)
        assert ("sheared_axes" in codes(ct)) == (tilt != 0)


def test_a_qform_of_any_orientation_without_a_sform(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for axes, signs in ORIENTATIONS:
        affine = turned(axes, signs)
        axis = rng.normal(size=3) / 10
        turn = np.eye(3) + np.cross(np.eye(3), axis)
        affine[:3, :3] = np.linalg.qr(turn)[0] @ affine[:3, :3]
        affine[:3, :3] *= np.sign(affine[0] @ turned(axes, signs)[0])
        values = nifti(tmp_path / "ct.nii", None, affine)
        ct = read_ct(tmp_path / "ct.nii")
        same_places(ct, values, nib.load(tmp_path / "ct.nii").affine)
        assert "forms_disagree" not in codes(ct)


def test_shear_by_rounding_is_no_reason(tmp_path: Path) -> None:
    affine = BASE.copy()
    affine[1, 2] = 2.5 * 2e-4
    values = nifti(tmp_path / "ct.nii.gz", affine)
    ct = read_ct(tmp_path / "ct.nii.gz")
    same_places(ct, values, affine)
    assert ct.notes == []
    affine[0, 1] = 0.7 * 0.005  # rows against columns, as cosines of two decimals do
    nifti(tmp_path / "ct.nii.gz", affine)
    assert codes(read_ct(tmp_path / "ct.nii.gz")) == ["sheared_axes"]


def test_shear_that_no_scanner_makes_and_its_cure(tmp_path: Path) -> None:
    from nibabel.processing import resample_from_to

    affine = BASE.copy()
    affine[0, 1] = 0.2
    nifti(tmp_path / "ct.nii", affine)
    assert "rows and columns of its axial slices stand at 74.1°" in refusal(tmp_path / "ct.nii")
    sheared = nib.load(tmp_path / "ct.nii")
    mended = resample_from_to(sheared, (sheared.shape, BASE), order=0, cval=-1000)
    nib.save(mended, tmp_path / "mended.nii")
    assert read_ct(tmp_path / "mended.nii").shape == (12, 32, 40)
    nifti(tmp_path / "ct.nii", turned((0, 1, 2), (1, 1, 1), 50))
    assert "sheared" in refusal(tmp_path / "ct.nii") or "45°" in refusal(tmp_path / "ct.nii")


def test_the_sform_goes_before_the_qform_and_a_difference_is_told(tmp_path: Path) -> None:
    mirrored = BASE.copy()
    mirrored[0] = 0.8, 0, 0, -21.2
    values = nifti(tmp_path / "ct.nii", BASE, mirrored)
    ct = read_ct(tmp_path / "ct.nii")
    same_places(ct, values, BASE)
    assert [(note.level, note.code) for note in ct.notes] == [("warning", "forms_disagree")]
    assert "up to 31.2 mm apart, mirrored so that left and right change places" in ct.notes[0].text
    for shift, said in ((0.06, False), (0.08, True)):  # a tenth of a voxel is 0.07 mm
        moved = BASE.copy()
        moved[1, 3] += shift
        nifti(tmp_path / "ct.nii", BASE, moved)
        assert ("forms_disagree" in codes(read_ct(tmp_path / "ct.nii"))) == said


def patched(path: Path, at: int, value: Any, dtype: str) -> None:
    content = bytearray(path.read_bytes())
    content[at : at + np.dtype(dtype).itemsize] = np.array(value, dtype).tobytes()
    path.write_bytes(content)


def test_units_of_length(tmp_path: Path) -> None:
    path = tmp_path / "ct.nii"
    for unit, factor in (("meter", 1e-3), ("micron", 1e3), ("mm", 1), ("unknown", 1)):
        scaled = BASE.copy()
        scaled[:3] *= factor
        for forms in ((scaled, None), (None, scaled)):
            nifti(path, *forms)
            written = nib.load(path)
            written.header.set_xyzt_units(unit)
            patched(path, 123, int(written.header["xyzt_units"]), "u1")
            ct = read_ct(path)
            assert ct.spacing_mm == pytest.approx((2.5, 0.7, 0.8), rel=1e-5)
            assert ct.origin_mm == pytest.approx((-10, -20, -300), rel=1e-5)


def test_forms_that_are_damaged(tmp_path: Path) -> None:
    path = tmp_path / "ct.nii"
    nifti(path, BASE, BASE)
    patched(path, 280, np.nan, "<f4")
    assert codes(read_ct(path)) == ["forms_disagree"]
    nifti(path, BASE, BASE)
    patched(path, 256, 3.0, "<f4")
    assert codes(read_ct(path)) == ["forms_disagree"]
    nifti(path, BASE)
    patched(path, 280, np.nan, "<f4")
    assert "span no space" in refusal(path)
    nifti(path, BASE)
    patched(path, 80, 1.6, "<f4")  # a voxel size that the sform does not have
    assert codes(read_ct(path)) == ["forms_disagree"]


def test_without_forms_an_orientation_is_assumed_as_nibabel_does(tmp_path: Path) -> None:
    values = nifti(tmp_path / "ct.nii", None, None)
    ct = read_ct(tmp_path / "ct.nii")
    same_places(ct, values, nib.load(tmp_path / "ct.nii").affine)
    assert codes(ct) == ["orientation_assumed"]


@pytest.mark.parametrize("kind", [nib.Nifti1Image, nib.Nifti2Image])
@pytest.mark.parametrize("big", [False, True])
@pytest.mark.parametrize("ending", [".nii", ".nii.gz"])
def test_both_versions_and_orders_of_bytes(tmp_path: Path, kind: Any, big: bool, ending: str) -> None:
    values = nifti(tmp_path / f"ct{ending}", BASE, BASE, kind, big)
    ct = read_ct(tmp_path / f"ct{ending}")
    same_places(ct, values, BASE)
    assert ct.notes == []


@pytest.mark.parametrize("kind", [nib.Nifti1Pair, nib.Nifti2Pair])
@pytest.mark.parametrize("packed", ["", ".gz"])
def test_pairs(tmp_path: Path, kind: Any, packed: str) -> None:
    values = nifti(tmp_path / f"ct.img{packed}", kind=kind)
    head, voxels = tmp_path / f"ct.hdr{packed}", tmp_path / f"ct.img{packed}"
    for given in (head, voxels):
        study = read_study(given)
        same_places(study.volume, values, BASE)
        assert (study.kind, study.files) == ("nifti", 2)
        assert study.digest == input_digest(given)
    capital = voxels.rename(tmp_path / ("CT.IMG" + packed.upper()))
    same_places(read_ct(head), values, BASE)
    capital.unlink()
    assert ".img file, which is not beside it" in refusal(head)


def test_analyze_is_refused_and_its_cure_works(tmp_path: Path) -> None:
    values = np.ascontiguousarray(chest().transpose(2, 1, 0))
    nib.save(nib.AnalyzeImage(values, np.diag([-0.8, 0.7, 2.5, 1])), tmp_path / "ct.img")
    assert "Analyze 7.5" in refusal(tmp_path / "ct.hdr")
    assert "Analyze 7.5" in refusal(tmp_path / "ct.img")
    nib.save(nib.load(tmp_path / "ct.hdr"), tmp_path / "ct.nii")
    same_places(read_ct(tmp_path / "ct.nii"), values, nib.load(tmp_path / "ct.nii").affine)


# NRRD and MetaImage against SimpleITK -----------------------------------------------------------------------


def agrees_with_simpleitk(path: Path) -> Any:
    ct = read_ct(path)
    peer = sitk.DICOMOrient(sitk.ReadImage(str(path)), "LPS")
    np.testing.assert_array_equal(ct.hounsfield, sitk.GetArrayViewFromImage(peer))
    assert ct.spacing_mm == pytest.approx(peer.GetSpacing()[::-1])
    assert ct.origin_mm == pytest.approx(peer.GetOrigin())
    cosines = np.array(peer.GetDirection()).reshape(3, 3)
    np.testing.assert_allclose(np.array(ct.direction), cosines.T[::-1], atol=1e-9)
    return ct


def nrrd(path: Path, fields: dict[str, str], newline: str = "\n", data: bytes | None = None) -> Path:
    usual = {
        "type": "short",
        "dimension": "3",
        "space": "left-posterior-superior",
        "sizes": "40 32 12",
        "space directions": "(0.8,0,0) (0,0.7,0) (0,0,2.5)",
        "kinds": "domain domain domain",
        "endian": "little",
        "encoding": "raw",
        "space origin": "(-10,-20,-300)",
    } | fields
    lines = [
        "NRRD0005",
        "# a comment: with a colon",
        "key:=value: more",
        *(f"{k}: {v}" for k, v in usual.items() if v),
    ]
    data = chest().astype("<i2").tobytes() if data is None else data
    path.write_bytes((newline.join(lines) + newline * 2).encode("latin-1") + data)
    return path


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"space": "RAS", "space directions": "(-0.8,0,0) (0,-0.7,0) (0,0,2.5)", "space origin": "(9,8,-3)"},
        {"space": "right-anterior-superior"},
        {"space": "left-anterior-superior"},
        {"space": "LAS", "space directions": "(0.8, 0, 0) (0, -0.7, 0) (0, 0, -2.5)"},
        {"space directions": "(0,0,-0.8) (0.7,0,0) (0,2.5,0)"},
        {"space directions": "(0.79,0.1,0.02) (-0.0875,0.69,0.05) (-0.0366,-0.188,2.49)"},
        {"measurement frame": "(0,1,0) (1,0,0) (0,0,1)", "centerings": "cell cell cell"},
        {"thicknesses": "1 1 3", "kinds": "space space space"},
        {"dimension": "4", "sizes": "1 40 32 12", "space directions": "none (0.8,0,0) (0,0.7,0) (0,0,2.5)",
         "kinds": "list domain domain domain"},
        {"space origin": ""},
        {"content": "Secret^Person", "space units": '"mm" "mm" "mm"'},
    ],
)  # fmt: skip
def test_nrrd_of_every_space_agrees_with_simpleitk(
    tmp_path: Path, fields: dict[str, str], newline: str
) -> None:
    path = nrrd(tmp_path / "ct.nrrd", fields, newline)
    if "list" in fields.get("kinds", ""):  # a vector of one number, for SimpleITK
        np.testing.assert_array_equal(read_ct(path).hounsfield, chest())
    else:
        turned = fields.get("space directions", "").startswith("(0,0,-0.8)")
        assert codes(agrees_with_simpleitk(path)) == (["turned_to_axial"] if turned else [])


def test_nrrd_without_a_space(tmp_path: Path) -> None:
    bare = {"space": "", "space directions": "", "space origin": ""}
    path = nrrd(tmp_path / "ct.nrrd", {**bare, "spacings": "0.8 0.7 2.5"})
    assert codes(agrees_with_simpleitk(path)) == ["orientation_assumed"]
    path = nrrd(tmp_path / "ct.nrrd", {**bare, "axis mins": "0 0 0", "axis maxs": "32 22.4 30"})
    assert codes(read_ct(path)) == ["orientation_assumed"]
    assert read_ct(path).spacing_mm == pytest.approx((2.5, 0.7, 0.8))
    path = nrrd(tmp_path / "ct.nrrd", {"space": "scanner-xyz"})
    assert codes(read_ct(path)) == ["orientation_assumed"]
    assert "add 'space directions' or 'spacings'" in refusal(nrrd(tmp_path / "ct.nrrd", bare))
    path = nrrd(tmp_path / "ct.nrrd", {"spacings": "0.8 0.7 5"})
    assert "disagree" in refusal(path)


def test_nrrd_data_of_every_kind(tmp_path: Path) -> None:
    values = chest().astype("<i2").tobytes()
    for name, fields, data in (
        ("big", {"endian": "big"}, chest().astype(">i2").tobytes()),
        ("gzip", {"encoding": "gzip"}, gzip.compress(values)),
        ("gzip skip", {"encoding": "gz", "byte skip": "7"}, gzip.compress(b"1234567" + values)),
        ("skip", {"byte skip": "7"}, b"1234567" + values),
        ("end", {"byte skip": "-1"}, b"padding" + values),
        ("detached", {"data file": "./my ct.raw"}, b""),
        ("capitals", {"datafile": "MY CT.RAW"}, b""),
    ):
        (tmp_path / "my ct.raw").write_bytes(values)
        path = nrrd(tmp_path / f"{name}.nrrd", fields, data=data)
        np.testing.assert_array_equal(read_ct(path).hounsfield, chest())
    for name in ("../my ct.raw", str(tmp_path / "my ct.raw"), "LIST", "ct%03d.raw 1 12 1", "none.raw"):
        assert "file" in refusal(nrrd(tmp_path / "ct.nhdr", {"data file": name}, data=b""))
    assert "neither raw nor gzip" in refusal(nrrd(tmp_path / "ct.nrrd", {"encoding": "bzip2"}))
    assert "order of bytes" in refusal(nrrd(tmp_path / "ct.nrrd", {"endian": ""}))
    two = {"dimension": "4", "sizes": "2 40 32 6", "kinds": "vector domain domain domain"}
    two["space directions"] = "none (0.8,0,0) (0,0.7,0) (0,0,2.5)"
    assert "2 values a voxel" in refusal(nrrd(tmp_path / "ct.nrrd", two))


def meta(path: Path, fields: dict[str, str], data: bytes | None = None) -> Path:
    usual = {
        "ObjectType": "Image",
        "NDims": "3",
        "BinaryData": "True",
        "BinaryDataByteOrderMSB": "False",
        "TransformMatrix": "1 0 0 0 1 0 0 0 1",
        "Offset": "-10 -20 -300",
        "AnatomicalOrientation": "RAI",
        "ElementSpacing": "0.8 0.7 2.5",
        "DimSize": "40 32 12",
        "ElementType": "MET_SHORT",
    } | fields
    end = usual.pop("ElementDataFile", "LOCAL")
    lines = [f"{key} = {value}" for key, value in usual.items() if value]
    data = chest().astype("<i2").tobytes() if data is None else data
    path.write_bytes("\n".join([*lines, f"ElementDataFile = {end}", ""]).encode() + data)
    return path


def test_metaimage_geometry_agrees_with_simpleitk(tmp_path: Path) -> None:
    none = {"TransformMatrix": "", "Offset": ""}
    for fields in (
        {},
        {"TransformMatrix": "0 1 0 0 0 -1 1 0 0"},
        {"TransformMatrix": "0.8 0.6 0 -0.6 0.8 0 0 0 1"},
        {**none, "Rotation": "-1 0 0 0 -1 0 0 0 1", "Position": "1 2 3"},
        {**none, "Orientation": "-1 0 0 0 1 0 0 0 -1", "Origin": "1 2 3"},
        {"CenterOfRotation": "0 0 0", "ElementNumberOfChannels": "1", "Comment": "Secret^Person"},
    ):
        agrees_with_simpleitk(meta(tmp_path / "ct.mha", fields))
    assert codes(read_ct(meta(tmp_path / "ct.mha", none))) == ["orientation_assumed"]
    size = meta(tmp_path / "ct.mha", {"ElementSpacing": "", "ElementSize": "0.8 0.7 2.5"})
    assert read_ct(size).spacing_mm == (2.5, 0.7, 0.8)
    assert "no ElementSpacing" in refusal(meta(tmp_path / "ct.mha", {"ElementSpacing": ""}))
    assert "not positive" in refusal(meta(tmp_path / "ct.mha", {"ElementSpacing": "0.8 0 2.5"}))
    assert "disagree" in refusal(meta(tmp_path / "ct.mha", {"Position": "1 2 3"}))


def test_metaimage_data_of_every_kind(tmp_path: Path) -> None:
    import zlib

    values = chest().astype("<i2").tobytes()
    (tmp_path / "ct.raw").write_bytes(b"header!" + values)
    for name, fields, data in (
        ("big", {"ElementByteOrderMSB": "True"}, chest().astype(">i2").tobytes()),
        ("zlib", {"CompressedData": "True"}, zlib.compress(values)),
        ("beside", {"ElementDataFile": "./ct.raw", "HeaderSize": "7"}, b""),
        ("end", {"ElementDataFile": "CT.raw", "HeaderSize": "-1"}, b""),
    ):
        np.testing.assert_array_equal(
            read_ct(meta(tmp_path / f"{name}.mhd", fields, data)).hounsfield, chest()
        )
    for name in ("../ct.raw", "LIST", "ct%d.raw 1 12 1"):
        assert "file" in refusal(meta(tmp_path / "ct.mhd", {"ElementDataFile": name}, b""))
    assert "3 values a voxel" in refusal(meta(tmp_path / "ct.mha", {"ElementNumberOfChannels": "3"}))


# Bounds -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "spacing", ["0.0001 100 100", "0.8 0.7 1e-300", "0.8 0.7 60", "0.8 0.7 nan", "1e308 1 1"]
)
def test_distances_that_no_body_has(tmp_path: Path, spacing: str) -> None:
    refusal(meta(tmp_path / "ct.mha", {"ElementSpacing": spacing}))
    x, y, z = spacing.split()
    refusal(nrrd(tmp_path / "ct.nrrd", {"space directions": f"({x},0,0) (0,{y},0) (0,0,{z})"}))


def test_distances_of_dicom_have_the_same_bounds(tmp_path: Path) -> None:
    write_series(tmp_path, spacing=(2.5, 0.01, 0.01))
    assert "no chest CT has (0.05 to 50 mm, at most 3 m along an axis)" in refusal(tmp_path)


def test_the_cases_of_hostile_headers(shared_data: Path) -> None:
    folder = shared_data.parent / "cases" / "hostile"
    if not folder.is_dir():
        pytest.skip("the cases are not beside the checkout")
    paths = [*folder.glob("*.nrrd"), folder / "axis_of_zero.mha"]
    for path in paths:
        refusal(path)


def mutants(whole: bytes, header: int, seed: int, count: int) -> Any:
    chance = random.Random(seed)
    words = [
        b"nan",
        b"-1",
        b"99999999999",
        b"1e308",
        b"(",
        b"\n",
        b":",
        b"=",
        b"none",
        b"\0",
        b"%",
        b"9" * 1500,
    ]
    lines = whole[:header].splitlines(keepends=True)
    for _ in range(count):
        mutant = bytearray(whole)
        for _ in range(chance.randint(1, 3)):
            at = chance.randrange(header)
            match chance.randrange(6):
                case 0:
                    mutant[at] = chance.randrange(256)
                case 1:
                    del mutant[chance.randrange(len(mutant)) :]
                case 2:
                    mutant[at:at] = chance.choice(words)
                case 3:
                    del mutant[at : at + chance.randint(1, 8)]
                case 4:
                    mutant[at:at] = chance.choice(lines) * chance.choice((1, 3000))
                case _:
                    mutant[at : at + 4] = chance.randbytes(4)
            if len(mutant) < header:
                break
        yield bytes(mutant)


@pytest.mark.parametrize("ending", [".nii", ".nii.gz", ".nrrd", ".mha"])
def test_mutants_are_read_or_refused(tmp_path: Path, ending: str) -> None:
    import resource

    path = tmp_path / f"ct{ending}"
    values = np.ascontiguousarray(chest().transpose(2, 1, 0))
    nib.save(nib.Nifti1Image(values, BASE), tmp_path / "whole.nii")
    whole, header = {
        ".nii": lambda: ((tmp_path / "whole.nii").read_bytes(), 352),
        ".nii.gz": lambda: ((tmp_path / "whole.nii").read_bytes(), 352),
        ".nrrd": lambda: ((whole := nrrd(path, {}).read_bytes()), whole.index(b"\n\n")),
        ".mha": lambda: ((whole := meta(path, {}).read_bytes()), whole.index(b"LOCAL")),
    }[ending]()
    before, read = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, 0
    for mutant in mutants(whole, header, 3, 300):
        path.write_bytes(gzip.compress(mutant, 1) if ending == ".nii.gz" else mutant)
        said = ""
        try:
            read_ct(path)
            read += 1
        except FormatError as error:
            said = str(error)
        assert not said or (said.startswith(str(path)) and len(said) < 700)
    assert read > 5
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 300_000  # KiB


# Masks come back --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("tilt", [-25, 0, 12, 30])
@pytest.mark.parametrize("ending", [".nii.gz", ".nrrd"])
def test_the_masks_that_are_written_are_taken_back(tmp_path: Path, tilt: float, ending: str) -> None:
    for axes, signs in ORIENTATIONS[:: 1 if ending == ".nii.gz" else 5]:
        affine = turned(axes, signs, tilt)
        nifti(tmp_path / "ct.nii", affine)
        study = read_study(tmp_path / "ct.nii")
        grid, ct = study.grid, study.volume
        assert grid is not None
        labels = (np.arange(ct.hounsfield.size) % 3).astype(np.uint8).reshape(ct.shape)
        for shape_of, name in ((grid, "own"), (ct, "axial")):
            array = grid.from_axial(labels, ct.direction) if name == "own" else labels
            path = tmp_path / f"mask{ending}"
            if ending == ".nii.gz":
                write_nifti(
                    path, array, shape_of.spacing_mm, shape_of.origin_mm, shape_of.direction, overwrite=True
                )
            else:
                written = sitk.GetImageFromArray(np.ascontiguousarray(array))
                written.SetSpacing(shape_of.spacing_mm[::-1])
                written.SetOrigin(shape_of.origin_mm)
                written.SetDirection(np.array(shape_of.direction)[::-1].T.ravel().tolist())
                sitk.WriteImage(written, str(path))
            np.testing.assert_array_equal(read_labels(path, like=ct), labels)


def test_a_result_s_own_masks_of_a_tilted_study_are_taken_back(tmp_path: Path) -> None:
    import groundglass as gg

    nifti(tmp_path / "ct.nii", turned((2, 0, 1), (1, -1, 1), 20))
    study = read_study(tmp_path / "ct.nii")
    ct, grid = study.volume, study.grid
    assert grid is not None
    lungs = np.zeros(ct.shape, np.uint8)
    middle = ct.shape[2] // 2
    lungs[1:-1, 2:-2, 1 : middle - 1], lungs[1:-1, 2:-2, middle + 1 : -1] = 2, 1
    lesions = np.minimum(lungs, 1)
    lesions[ct.shape[0] // 2 :] = 0
    for name, mask in (("lungs", lungs), ("lesions", lesions), ("lobes", lungs * 2 - (lungs == 2))):
        own = grid.from_axial(mask, ct.direction)
        write_nifti(tmp_path / f"{name}.nii.gz", own, grid.spacing_mm, grid.origin_mm, grid.direction)
    first = gg.analyze(
        tmp_path / "ct.nii",
        lungs=tmp_path / "lungs.nii.gz",
        lesions=tmp_path / "lesions.nii.gz",
        lobes=tmp_path / "lobes.nii.gz",
        out=tmp_path / "first",
    )
    again = gg.analyze(
        tmp_path / "ct.nii",
        lungs=tmp_path / "first" / "lungs.nii.gz",
        lesions=tmp_path / "first" / "lesions.nii.gz",
        lobes=tmp_path / "lobes.nii.gz",
    )
    assert again.table["both lungs"].to_dict() == first.table["both lungs"].to_dict()
    assert first.table["both lungs"].opacity_percent > 0


# Archives ---------------------------------------------------------------------------------------------------


def packed(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


@pytest.mark.parametrize("ending", [".nii", ".nii.gz", ".hdr", ".hdr.gz", ".nrrd", ".nhdr", ".mha", ".mhd"])
def test_a_zip_of_one_volume(tmp_path: Path, ending: str) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    if "hdr" in ending and "nhdr" not in ending:
        nifti(folder / f"ct{ending}", kind=nib.Nifti1Pair)
    else:
        sitk.WriteImage(image(), str(folder / f"ct{ending}"), ending == ".mhd")
    files = {f"Secret Person/{part.name}": part.read_bytes() for part in folder.iterdir()}
    added = {"__MACOSX/Secret Person/._ct": b"x", "Secret Person/.DS_Store": b"x", "a/": b""}
    study = read_study(packed(tmp_path / "ct.zip", files | added))
    np.testing.assert_array_equal(study.volume.hounsfield, chest())
    assert study.files == len(files)
    assert study.volume.notes == []
    assert study.digest == input_digest(folder / f"ct{ending}")
    capitals = {name.upper(): content for name, content in files.items()}
    np.testing.assert_array_equal(read_ct(packed(tmp_path / "ct.zip", capitals)).hounsfield, chest())
    noted = read_ct(packed(tmp_path / "ct.zip", files | {"README.txt": b"A study."}))
    assert codes(noted) == ["files_ignored"]


def test_zips_that_hold_no_one_volume(tmp_path: Path) -> None:
    sitk.WriteImage(image(), str(tmp_path / "ct.mha"))
    sitk.WriteImage(image(), str(tmp_path / "ct.nii"))
    sitk.WriteImage(image(), str(tmp_path / "beside.mhd"))
    whole = {
        name: (tmp_path / name).read_bytes() for name in ("ct.mha", "ct.nii", "beside.mhd", "beside.raw")
    }
    archive = packed(tmp_path / "two.zip", {name: whole[name] for name in ("ct.mha", "ct.nii")})
    assert "holds 2 volumes (1 MetaImage, 1 NIfTI); unpack it and give one of them" in refusal(archive)
    archive = packed(tmp_path / "cut.zip", {"beside.mhd": whole["beside.mhd"]})
    assert "which is not beside it" in refusal(archive)
    archive = packed(
        tmp_path / "far.zip", {"a/beside.mhd": whole["beside.mhd"], "b/beside.raw": whole["beside.raw"]}
    )
    assert "which is not beside it" in refusal(archive)
    inner = (tmp_path / "two.zip").read_bytes()
    for files in ({"inner.zip": inner}, {"inner.zip": inner, "README": b"text"}):
        assert "it holds a zip archive" in refusal(packed(tmp_path / "outer.zip", files))
    with tarfile.open(tmp_path / "ct.tar.gz", "w:gz") as tar:
        tar.add(tmp_path / "ct.nii", "ct.nii")
    with tarfile.open(tmp_path / "ct.tar", "w") as tar:
        tar.add(tmp_path / "ct.nii", "ct.nii")
    assert "a tar archive" in refusal(tmp_path / "ct.tar")
    assert "compressed archive of files" in refusal(tmp_path / "ct.tar.gz")
    packed(tmp_path / "outer.zip", {"ct.tar.gz": (tmp_path / "ct.tar.gz").read_bytes()})
    assert "it holds a tar archive" in refusal(tmp_path / "outer.zip")
    for sign, name in ((b"7z\xbc\xaf\x27\x1c", "a 7z archive"), (b"Rar!\x1a\x07\x01\0", "a rar archive")):
        (tmp_path / "x").write_bytes(sign + bytes(600))
        assert name in refusal(tmp_path / "x")


@pytest.mark.parametrize(
    "sign", [b"\x5c\x01\0\0", b"NRRD0004\n", b"PK\x03\x04", b"\x1f\x8b\x08\0", b"ObjectType = "]
)
def test_a_preamble_that_looks_like_another_format(tmp_path: Path, sign: bytes) -> None:
    path = write_series(tmp_path)[5]
    content = path.read_bytes()
    path.write_bytes(sign + content[len(sign) :])
    np.testing.assert_array_equal(read_ct(path).hounsfield, chest()[5:6])


# Names that are no UTF-8 ------------------------------------------------------------------------------------


def test_names_that_are_no_utf8(tmp_path: Path) -> None:
    strange = tmp_path / os.fsdecode(b"\xcf\xe0\xf6")
    write_series(strange, name=lambda i: os.fsdecode(b"\xf1%04d.dcm" % i))
    np.testing.assert_array_equal(read_ct(strange).hounsfield, chest())
    for ending in (".nii.gz", ".nrrd", ".mha"):
        sitk.WriteImage(image(), str(tmp_path / f"ct{ending}"))
        path = (tmp_path / f"ct{ending}").rename(strange / os.fsdecode(b"\xf1" + ending.encode()))
        np.testing.assert_array_equal(read_ct(path).hounsfield, chest())
    path.write_bytes(b"NRRD0004\n")
    assert "damaged" in refusal(path)
    run: list[str | bytes] = [
        sys.executable,
        "-m",
        "groundglass",
        "analyze",
        os.fsencode(path),
        "--out",
        os.fsencode(strange / "out"),
    ]
    done = subprocess.run(run, capture_output=True, check=False)
    assert done.returncode == 2
    assert b"damaged" in done.stderr
    assert b"Traceback" not in done.stderr


@pytest.mark.parametrize("library", ["isal.isal_zlib", "zlib_ng.zlib_ng", "zlib"])
def test_every_library_inflates_alike(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, library: str) -> None:
    chosen = pytest.importorskip(library)
    monkeypatch.setattr(streams, "inflater", lambda: chosen)
    text = np.arange(700_000, dtype="<i4").tobytes()
    whole = gzip.compress(text[:1_000_000]) + gzip.compress(text[1_000_000:]) + b"rest"
    (tmp_path / "whole").write_bytes(whole)
    assert b"".join(streams.bytes_of(tmp_path / "whole", 0, True)) == text
    (tmp_path / "zlib").write_bytes(b"head" + zlib.compress(text))
    assert b"".join(streams.bytes_of(tmp_path / "zlib", 4, True)) == text
    (tmp_path / "cut").write_bytes(gzip.compress(text)[:-100])
    found = b"".join(streams.bytes_of(tmp_path / "cut", 0, True))
    assert text.startswith(found)
    assert len(found) < len(text)
    (tmp_path / "damaged").write_bytes(gzip.compress(text)[:1000] + bytes(5000))
    assert len(b"".join(streams.bytes_of(tmp_path / "damaged", 0, True))) < len(text)
