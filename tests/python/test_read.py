"""Reading: every format, every repair with its note, every refusal with its message."""

from __future__ import annotations

import gzip
import hashlib
import os
import shutil
import struct
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("SimpleITK")
pytest.importorskip("pydicom")

import SimpleITK as sitk

from dicom_factory import PATIENT, chest, image, write_dicomdir, write_series
from groundglass import _core
from groundglass.errors import FormatError
from groundglass.read import input_digest, read_ct, read_labels, read_study
from groundglass.read.archive import unpacked
from groundglass.read.decoders import listening
from groundglass.read.files import bytes_of


def codes(volume: Any) -> list[str]:
    return [note.code for note in volume.notes]


def refusal(path: Path, **options: Any) -> str:
    with pytest.raises(FormatError) as caught:
        read_ct(path, **options)
    text = str(caught.value)
    assert text.startswith(str(path)), text
    assert "\n" not in text
    assert len(text) < 600
    for leak in ("Secret", "4711", "19700101", "itk", "ITK", "SimpleITK", "pydicom", "Traceback"):
        assert leak not in text.replace(str(path), "")
    return text


@pytest.fixture(autouse=True)
def silent(capfd: pytest.CaptureFixture[str]) -> Any:
    """Nothing may be printed while reading, by whatever library."""
    yield
    out, err = capfd.readouterr()
    assert out == ""
    assert err == ""


# DICOM ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("syntax", ["explicit", "implicit", "big", "deflated", "rle"])
def test_a_series_in_any_transfer_syntax(tmp_path: Path, syntax: str) -> None:
    write_series(tmp_path, syntax=syntax)
    ct = read_ct(tmp_path)
    np.testing.assert_array_equal(ct.hounsfield, chest())
    assert ct.hounsfield.dtype == np.int16
    assert ct.spacing_mm == pytest.approx((2.5, 0.7, 0.8))
    assert ct.origin_mm == pytest.approx((-10, -20, -300))
    assert ct.notes == []


def test_nested_folders_names_without_ending_and_other_files(tmp_path: Path) -> None:
    paths = write_series(tmp_path, name=lambda i: f"S{i % 3}/deep/I{i * 37 % 100:02d}")
    (tmp_path / "README.TXT").write_text("A CD.")
    (tmp_path / "S0" / "empty").touch()
    write_dicomdir(tmp_path)
    study = read_study(tmp_path)
    np.testing.assert_array_equal(study.volume.hounsfield, chest())
    assert codes(study.volume) == ["dicomdir_ignored", "files_ignored"]
    assert (study.kind, study.files, study.series_uid) == ("dicom", 12, "1.2.826.0.1.3680043.10.1.1")
    assert study.digest == hashlib.sha256(b"".join(path.read_bytes() for path in paths)).hexdigest()
    assert input_digest(tmp_path) == study.digest


def test_files_without_preamble(tmp_path: Path) -> None:
    for path in write_series(tmp_path, syntax="implicit"):
        data = path.read_bytes()
        at = data.index(b"\x08\x00\x08\x00", 132)  # the data set after the meta header
        path.write_bytes(data[at:])
    np.testing.assert_array_equal(read_ct(tmp_path).hounsfield, chest())


def test_each_slice_has_its_own_rescale(tmp_path: Path) -> None:
    values = chest()
    write_series(tmp_path, values[::2], spacing=(5, 0.7, 0.8), slope=1, intercept=-1024)

    def own(data: Any, i: int) -> None:
        data.RescaleSlope, data.RescaleIntercept = 0.5, -1000.0
        data.PixelData = np.round((values[2 * i + 1] + 1000) * 2).astype("<i2").tobytes()
        data.SOPInstanceUID += "9"

    write_series(tmp_path / "b", values[1::2], spacing=(5, 0.7, 0.8), origin=(-10, -20, -297.5), change=own)
    ct = read_ct(tmp_path)
    np.testing.assert_array_equal(ct.hounsfield, values)
    assert "rescale_varies" in codes(ct)


def test_two_series_mixed(tmp_path: Path) -> None:
    write_series(tmp_path)
    other = chest(5, seed=1)
    write_series(tmp_path, other, series="1.2.3.4", spacing=(5, 0.7, 0.8), name=lambda i: f"OTHER{i}")
    ct = read_ct(tmp_path)
    assert ct.shape == (12, 32, 40)
    assert codes(ct) == ["series_chosen"]
    assert "1.2.3.4 (5 slices, fewer slices)" in ct.notes[0].text
    named = read_study(tmp_path, series="1.2.3.4")
    np.testing.assert_array_equal(named.volume.hounsfield, other)
    assert named.series_uid == "1.2.3.4"
    assert input_digest(tmp_path, series="1.2.3.4") == named.digest != input_digest(tmp_path)
    assert "no series with the UID asked for; found" in refusal(tmp_path, series="1.2.9")
    with pytest.raises(ValueError, match="series"):
        read_ct(tmp_path, series="")


def test_missing_slices_are_refused_with_their_place(tmp_path: Path) -> None:
    write_series(tmp_path, only=[i for i in range(12) if i not in (4, 5, 6)])
    assert "3 slices are missing: 3 slices between z = -292.5 mm and z = -282.5 mm" in refusal(tmp_path)


def test_copies_are_dropped_and_other_repeats_refused(tmp_path: Path) -> None:
    paths = write_series(tmp_path)
    shutil.copy(paths[3], tmp_path / "again")
    ct = read_ct(tmp_path)
    np.testing.assert_array_equal(ct.hounsfield, chest())
    assert codes(ct) == ["duplicate_slices"]

    def other(data: Any, i: int) -> None:
        data.InstanceNumber, data.SOPInstanceUID = 100 + i, f"1.9.{i}"

    write_series(tmp_path / "b", chest(seed=3), change=other, only=[2, 3])
    assert "2 positions (the first at z = -295 mm) hold two different images" in refusal(tmp_path)


def test_unevenly_spaced_slices_are_refused(tmp_path: Path) -> None:
    def move(data: Any, i: int) -> None:
        if i > 7:
            data.ImagePositionPatient = [-10, -20, -300 + 2.5 * i + 0.9]

    write_series(tmp_path, change=move)
    assert "unevenly spaced: steps from 2.5 mm to 3.4 mm" in refusal(tmp_path)


def test_a_gantry_tilt_shears_the_grid(tmp_path: Path) -> None:
    cosine, sine = np.cos(np.radians(10)), np.sin(np.radians(10))
    write_series(tmp_path, orientation=(1, 0, 0, 0, cosine, sine))
    ct = read_ct(tmp_path)
    assert "gantry_tilt" in codes(ct)
    assert "10°" in ct.notes[0].text
    np.testing.assert_allclose(ct.direction, ((0, 0, 1), (0, cosine, sine), (1, 0, 0)), atol=1e-6)
    assert ct.voxel_ml == pytest.approx(2.5 * cosine * 0.7 * 0.8 / 1000)


def test_coronal_and_prone_series_become_axial(tmp_path: Path) -> None:
    values = chest()
    coronal = np.ascontiguousarray(values[::-1].transpose(1, 0, 2))  # rows run to the feet
    write_series(
        tmp_path / "coronal",
        coronal,
        spacing=(0.7, 2.5, 0.8),
        orientation=(1, 0, 0, 0, 0, -1),
        step=(0, 1, 0),
        origin=(-10, -20, -300 + 11 * 2.5),
    )
    ct = read_ct(tmp_path / "coronal")
    np.testing.assert_array_equal(ct.hounsfield, values)
    assert ct.origin_mm == pytest.approx((-10, -20, -300))
    assert "turned_to_axial" in codes(ct)

    prone = np.ascontiguousarray(values[:, ::-1, ::-1])
    write_series(
        tmp_path / "prone",
        prone,
        orientation=(-1, 0, 0, 0, -1, 0),
        origin=(-10 + 39 * 0.8, -20 + 31 * 0.7, -300),
    )
    ct = read_ct(tmp_path / "prone")
    np.testing.assert_array_equal(ct.hounsfield, values)
    assert ct.origin_mm == pytest.approx((-10, -20, -300))
    assert ct.notes == []


def test_what_is_no_ct_is_refused(tmp_path: Path) -> None:
    def mr(data: Any, i: int) -> None:
        data.Modality, data.SOPClassUID = "MR", "1.2.840.10008.5.1.4.1.1.4"

    write_series(tmp_path / "mr", change=mr)
    assert "no CT series found, only" in refusal(tmp_path / "mr")
    assert "modality MR" in refusal(tmp_path / "mr")

    def localizer(data: Any, i: int) -> None:
        data.ImageType = ["ORIGINAL", "PRIMARY", "LOCALIZER"]

    write_series(tmp_path / "scout", change=localizer, only=[0, 1])
    assert "(2 slices, localizer)" in refusal(tmp_path / "scout")

    def colour(data: Any, i: int) -> None:
        data.SamplesPerPixel, data.PhotometricInterpretation, data.PlanarConfiguration = 3, "RGB", 0
        data.BitsAllocated, data.BitsStored, data.HighBit = 8, 8, 7
        data.PixelData = bytes(data.Rows * data.Columns * 3)

    write_series(tmp_path / "rgb", change=colour)
    assert "colour image" in refusal(tmp_path / "rgb")

    def capture(data: Any, i: int) -> None:
        data.SOPClassUID = "1.2.840.10008.5.1.4.1.1.7"

    write_series(tmp_path / "capture", change=capture)
    assert "secondary capture" in refusal(tmp_path / "capture")

    def frames(data: Any, i: int) -> None:
        data.SOPClassUID, data.NumberOfFrames = "1.2.840.10008.5.1.4.1.1.2.1", 12
        data.PixelData *= 12

    write_series(tmp_path / "frames", change=frames, only=[0])
    assert "multi-frame object of 12 frames, convert it" in refusal(tmp_path / "frames")

    write_series(tmp_path / "window", chest(), change=lambda d, i: setattr(d, "RescaleType", "MGML"))
    assert "not in HU by their Rescale Type" in refusal(tmp_path / "window")


def test_tags_that_are_absent(tmp_path: Path) -> None:
    def without(*names: str) -> Any:
        return lambda data, i: [delattr(data, name) for name in names]

    write_series(tmp_path / "a", change=without("Modality"))
    assert codes(read_ct(tmp_path / "a")) == ["modality_missing"]
    write_series(tmp_path / "b", change=without("ImagePositionPatient"))
    assert "neither Image Position (Patient) nor Slice Location" in refusal(tmp_path / "b")
    write_series(tmp_path / "c", change=without("ImageOrientationPatient"))
    assert codes(read_ct(tmp_path / "c")) == ["orientation_assumed"]
    write_series(tmp_path / "d", change=without("PixelSpacing"))
    assert "Pixel Spacing" in refusal(tmp_path / "d")
    write_series(tmp_path / "e", change=without("SOPClassUID", "Modality"))
    assert "neither Modality nor SOP class" in refusal(tmp_path / "e")
    write_series(
        tmp_path / "f", intercept=0, change=without("RescaleSlope", "RescaleIntercept", "RescaleType")
    )
    ct = read_ct(tmp_path / "f")
    np.testing.assert_array_equal(ct.hounsfield, chest())
    assert codes(ct) == ["rescale_missing"]
    write_series(tmp_path / "g", change=without("SOPClassUID"))
    np.testing.assert_array_equal(read_ct(tmp_path / "g").hounsfield, chest())

    def spoiled(data: Any, i: int) -> None:
        data["ImagePositionPatient"]._value = None

    write_series(tmp_path / "h", change=spoiled)
    assert "neither Image Position" in refusal(tmp_path / "h")


def test_a_missing_rescale_leaves_an_offset_that_is_mended(tmp_path: Path) -> None:
    def forget(data: Any, i: int) -> None:
        del data.RescaleSlope, data.RescaleIntercept

    write_series(tmp_path, change=forget)
    ct = read_ct(tmp_path)
    np.testing.assert_array_equal(ct.hounsfield, chest())
    assert codes(ct) == ["rescale_missing", "offset_subtracted"]


def test_a_single_file_is_a_single_slice(tmp_path: Path) -> None:
    path = write_series(tmp_path)[5]
    study = read_study(path)
    np.testing.assert_array_equal(study.volume.hounsfield, chest()[5:6])
    assert codes(study.volume) == ["single_slice"]
    assert study.files == 1


@pytest.mark.parametrize("syntax", ["explicit", "implicit", "rle"])
def test_a_truncated_slice_is_refused(tmp_path: Path, syntax: str) -> None:
    path = write_series(tmp_path, syntax=syntax)[5]
    whole = path.read_bytes()
    for length in (len(whole) - 20, len(whole) // 2):
        path.write_bytes(whole[:length])
        assert "1 file is damaged" in refusal(tmp_path)
    path.write_bytes(whole[: whole.index(b"\xe0\x7f\x10\x00")])
    assert "no Pixel Data" in refusal(tmp_path)
    path.write_bytes(whole[:600])
    assert "damaged" in refusal(tmp_path)


def test_a_slice_that_does_not_decode_is_refused(tmp_path: Path) -> None:
    def garbage(data: Any, i: int) -> None:
        from pydicom.encaps import encapsulate

        data.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.4.70"
        data.PixelData = encapsulate([b"\xff\xd8" + bytes(3000) + b"\xff\xd9"])
        data["PixelData"].VR = "OB"

    write_series(tmp_path, change=garbage)
    assert "can't be decoded" in refusal(tmp_path)


def test_a_jpeg_stream_damaged_inside_is_refused(tmp_path: Path, shared_data: Path) -> None:
    for path in sorted((shared_data / "covid-ct-md" / "normal-001").iterdir())[:1]:
        content = bytearray(path.read_bytes())
        at = len(content) // 2
        content[at : at + 200] = bytes(200)
        (tmp_path / path.name).write_bytes(content)
    assert "the JPEG data of a slice are damaged" in refusal(tmp_path)


def test_what_decoders_print_is_counted_and_kept_from_the_user(capfd: pytest.CaptureFixture[str]) -> None:
    with listening() as heard:
        os.write(2, b"Secret^Person: a tag is odd\nCorrupt JPEG data: premature end of data segment\n\n")
        os.write(2, b"Corrupt JPEG data: 1 extraneous bytes before marker 0xd9\nend")
    assert capfd.readouterr().err == ""
    assert (heard.lines, heard.damaged) == (2, 1)
    note = heard.note()
    assert note is not None
    assert (note.level, note.code) == ("info", "decoder_message")
    assert "2 lines" in note.text
    assert "Secret" not in note.text
    with listening() as nothing:
        pass
    assert nothing.note() is None


def test_a_header_that_claims_gigabytes(tmp_path: Path) -> None:
    write_series(
        tmp_path, change=lambda data, i: [setattr(data, "Rows", 40000), setattr(data, "Columns", 40000)]
    )
    assert "header claims 3200000000" in refusal(tmp_path)


# Archives ---------------------------------------------------------------------------------------------------


def packed(path: Path, files: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def test_a_zip_of_a_series(tmp_path: Path) -> None:
    paths = write_series(tmp_path / "in")
    files = {f"Secret Person/{i}": path.read_bytes() for i, path in enumerate(paths)}
    files["__MACOSX/._0"] = b"resource"
    study = read_study(packed(tmp_path / "study.zip", files))
    np.testing.assert_array_equal(study.volume.hounsfield, chest())
    assert study.kind == "dicom"
    assert study.files == 12
    assert study.digest == input_digest(tmp_path / "in") == input_digest(tmp_path / "study.zip")


def test_a_zip_of_one_volume(tmp_path: Path) -> None:
    sitk.WriteImage(image(), str(tmp_path / "ct.nii.gz"))
    archive = packed(tmp_path / "ct.zip", {"a/ct.nii.gz": (tmp_path / "ct.nii.gz").read_bytes()})
    np.testing.assert_array_equal(read_ct(archive).hounsfield, chest())


def test_no_entry_leaves_the_temporary_folder_and_the_folder_goes(tmp_path: Path) -> None:
    archive = packed(tmp_path / "evil.zip", {"../../evil": b"x", "/etc/evil": b"y", "C:\\evil": b"z"})
    with unpacked(archive) as inside:
        folder = next(iter(inside.names)).parent
        assert sorted(path.name for path in folder.iterdir()) == ["000000", "000001", "000002"]
    assert not folder.exists()
    assert not (tmp_path.parent / "evil").exists()
    assert "no DICOM image" in refusal(archive)


def test_archives_that_are_refused(tmp_path: Path) -> None:
    assert "is empty" in refusal(packed(tmp_path / "empty.zip", {}))
    bomb = packed(tmp_path / "bomb.zip", {"zeros": bytes(300 << 20)})
    assert "claims 1 files of 315 MB" in refusal(bomb)
    broken = packed(tmp_path / "broken.zip", {"a": os.urandom(5000)})
    broken.write_bytes(broken.read_bytes()[:3000])
    assert "damaged, cut off" in refusal(broken)
    locked = packed(tmp_path / "locked.zip", {"a": b"secret"}, zipfile.ZIP_STORED)
    content = bytearray(locked.read_bytes())
    content[6] |= 1  # the encryption flag, here and in the directory
    content[content.index(b"PK\x01\x02") + 8] |= 1
    locked.write_bytes(content)
    assert "encrypted" in refusal(locked)
    assert "unusual way" in refusal(packed(tmp_path / "bzip2.zip", {"a": b"slice"}, zipfile.ZIP_BZIP2))
    nameless = tmp_path / "nameless.zip"
    with zipfile.ZipFile(nameless, "w") as archive:
        archive.writestr(entry := zipfile.ZipInfo("a"), b"slice")
        entry.filename = ""  # as the directory at the end will say
    assert "is empty" in refusal(nameless)


# Volumes ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ending", [".nii", ".nii.gz", ".nrrd", ".nhdr", ".mha", ".mhd"])
@pytest.mark.parametrize("compress", [False, True])
@pytest.mark.parametrize("dtype", ["int16", "int32", "float32", "float64"])
def test_volumes_of_any_format_and_type(tmp_path: Path, ending: str, compress: bool, dtype: str) -> None:
    path = tmp_path / "ct" / f"ct{ending}"
    path.parent.mkdir()
    sitk.WriteImage(image(chest().astype(dtype)), str(path), compress)
    parts = [path, *(part for part in path.parent.iterdir() if part != path)]
    study = read_study(path)
    np.testing.assert_array_equal(study.volume.hounsfield, chest())
    assert study.volume.spacing_mm == pytest.approx((2.5, 0.7, 0.8), rel=1e-5)
    assert study.volume.origin_mm == pytest.approx((-10, -20, -300), abs=1e-4)
    assert study.volume.notes == []
    assert study.digest == hashlib.sha256(b"".join(p.read_bytes() for p in parts)).hexdigest()
    assert study.digest == input_digest(path)
    assert study.files == len(parts) == (2 if ending in (".nhdr", ".mhd") else 1)
    assert study.series_uid is None


def test_unsigned_values_with_an_offset_are_mended(tmp_path: Path) -> None:
    sitk.WriteImage(image((chest() + 1024).astype(np.uint16)), str(tmp_path / "ct.mha"))
    ct = read_ct(tmp_path / "ct.mha")
    np.testing.assert_array_equal(ct.hounsfield, chest())
    assert codes(ct) == ["offset_subtracted"]


def test_any_orientation_becomes_axial(tmp_path: Path) -> None:
    for code in ("RAS", "LPS", "PIR", "SAL", "ASR"):
        turned = sitk.DICOMOrient(image(), code)
        for ending in (".nii.gz", ".nrrd", ".mha"):
            sitk.WriteImage(turned, str(tmp_path / f"ct{ending}"))
            ct = read_ct(tmp_path / f"ct{ending}")
            np.testing.assert_array_equal(ct.hounsfield, chest())
            assert ct.origin_mm == pytest.approx((-10, -20, -300), abs=1e-3)


def test_a_big_endian_nifti_with_a_slope(tmp_path: Path) -> None:
    sitk.WriteImage(image(chest()), str(tmp_path / "ct.nii"))
    little = (tmp_path / "ct.nii").read_bytes()
    header = bytearray(little[:352])
    big = bytearray(352)
    layout = "i10s18sih2b8h3f4h8f3f h2b4f2i80s24s2h6f4f4f4f16s4s4x"
    fields = list(struct.unpack("<" + layout, header))
    struct.pack_into(">" + layout, big, 0, *fields)
    struct.pack_into(">2f", big, 112, 0.5, -1000)
    stored = np.round((chest().astype(float) + 1000) / 0.5).astype(">i2")
    (tmp_path / "ct.nii").write_bytes(bytes(big) + stored.tobytes())
    np.testing.assert_array_equal(read_ct(tmp_path / "ct.nii").hounsfield, chest())


def test_nifti_without_orientation_is_a_warning(tmp_path: Path) -> None:
    sitk.WriteImage(image(), str(tmp_path / "ct.nii"))
    content = bytearray((tmp_path / "ct.nii").read_bytes())
    content[252:256] = bytes(4)
    (tmp_path / "ct.nii").write_bytes(content)
    assert codes(read_ct(tmp_path / "ct.nii")) == ["orientation_assumed"]


@pytest.mark.parametrize("ending", [".nii", ".nii.gz", ".nrrd", ".mha"])
def test_truncated_volumes_are_refused(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"ct{ending}"
    for compress in (False, True):
        sitk.WriteImage(image(), str(path), compress)
        whole = path.read_bytes()
        for length in (len(whole) - 40, len(whole) * 2 // 3):
            path.write_bytes(whole[:length])
            assert "cut off or damaged" in refusal(path)
    path.write_bytes(whole[:100])
    assert "damaged" in refusal(path)


def test_claims_of_gigabytes_are_refused_before_memory_is_taken(tmp_path: Path) -> None:
    import resource

    sitk.WriteImage(image(), str(tmp_path / "ct.nii"))
    content = bytearray((tmp_path / "ct.nii").read_bytes())
    struct.pack_into("<3h", content, 42, 1024, 1024, 1024)
    (tmp_path / "ct.nii").write_bytes(content)
    (tmp_path / "ct.nii.gz").write_bytes(gzip.compress(bytes(content) + bytes(4 << 20)))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert "claims 2147.5 MB" in refusal(tmp_path / "ct.nii")
    assert "cut off or damaged" in refusal(tmp_path / "ct.nii.gz")
    text = (
        "NRRD0004\ntype: short\ndimension: 3\nsizes: 2048 2048 256\nspacings: 0.5 0.5 1\n"
        "encoding: raw\nendian: little\n\n"
    )
    (tmp_path / "ct.nrrd").write_text(text)
    assert "claims 2147.5 MB" in refusal(tmp_path / "ct.nrrd")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000  # KiB


def test_values_that_are_no_hu_are_refused(tmp_path: Path) -> None:
    def written(values: Any) -> Path:
        sitk.WriteImage(image(values), str(tmp_path / "ct.nii.gz"))
        return tmp_path / "ct.nii.gz"

    hu = chest().astype(np.float32)
    assert "normalised image" in refusal(written((hu + 1024) / 4096))
    assert "8-bit image" in refusal(written(np.clip((hu + 1024) / 8, 0, 255).astype(np.uint8)))
    assert "every voxel holds the value 0" in refusal(written(np.zeros_like(chest())))
    assert "soft tissue" in refusal(written(chest() - 1024))
    assert "unsigned" in refusal(written(chest().astype(np.uint16)))
    hu[:3] = np.nan
    ct = read_ct(written(hu))
    assert codes(ct) == ["not_a_number"]
    assert (ct.hounsfield[:3] == -1024).all()


def test_images_that_are_no_volume(tmp_path: Path) -> None:
    sitk.WriteImage(sitk.GetImageFromArray(chest()[0]), str(tmp_path / "flat.nrrd"))
    assert "40 x 32 voxels" in refusal(tmp_path / "flat.nrrd")
    series = sitk.JoinSeries([image(), image()])
    sitk.WriteImage(series, str(tmp_path / "series.nii"))
    assert "40 x 32 x 12 x 2 voxels" in refusal(tmp_path / "series.nii")
    colours = sitk.Compose([image(), image(), image()])
    sitk.WriteImage(colours, str(tmp_path / "colours.mha"))
    assert "3 values a voxel" in refusal(tmp_path / "colours.mha")


# Paths ------------------------------------------------------------------------------------------------------


def test_paths_that_hold_nothing_readable(tmp_path: Path) -> None:
    assert "no such file or folder" in refusal(tmp_path / "nowhere")
    (tmp_path / "empty").mkdir()
    assert "the folder is empty" in refusal(tmp_path / "empty")
    (tmp_path / "text.dcm").write_text("This is no image. " * 40)
    assert "neither DICOM, NIfTI" in refusal(tmp_path / "text.dcm")
    (tmp_path / "nothing.dcm").touch()
    assert "the file is empty" in refusal(tmp_path / "nothing.dcm")
    (tmp_path / "folder").mkdir()
    shutil.copy(tmp_path / "text.dcm", tmp_path / "folder")
    assert "no DICOM image in it" in refusal(tmp_path / "folder")
    sitk.WriteImage(image(), str(tmp_path / "folder" / "ct.nii"))
    assert "1 volume files, give that file" in refusal(tmp_path / "folder")
    (tmp_path / "x.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))
    assert "groundglass segment" in refusal(tmp_path / "x.png")
    (tmp_path / "x.gz").write_bytes(gzip.compress(b"no image"))
    assert "no NIfTI" in refusal(tmp_path / "x.gz")


@pytest.mark.parametrize("ending", [".nii", ".nii.gz", ".nrrd", ".mha"])
def test_names_say_nothing(tmp_path: Path, ending: str) -> None:
    sitk.WriteImage(image(), str(tmp_path / f"ct{ending}"))
    shutil.move(tmp_path / f"ct{ending}", tmp_path / "ct.dcm")
    np.testing.assert_array_equal(read_ct(tmp_path / "ct.dcm").hounsfield, chest())


def test_files_that_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = write_series(tmp_path / "study")
    real = Path.open

    def denied(self: Path, *args: Any, **options: Any) -> Any:
        if self == paths[4]:
            raise PermissionError(13, "Permission denied", str(self))
        return real(self, *args, **options)

    monkeypatch.setattr(Path, "open", denied)
    assert "1 of 12 files can't be read" in refusal(tmp_path / "study")
    assert "permission is denied" in refusal(paths[4])


# Labels -----------------------------------------------------------------------------------------------------


@pytest.fixture
def ct(tmp_path: Path) -> Any:
    write_series(tmp_path / "ct")
    return read_ct(tmp_path / "ct")


def labels() -> np.ndarray[Any, Any]:
    mask = np.zeros((12, 32, 40), np.uint8)
    mask[2:9, 8:22, 6:16] = 2
    mask[2:9, 8:22, 22:35] = 1
    return mask


@pytest.mark.parametrize("dtype", ["uint8", "int16", "float32", "float64"])
@pytest.mark.parametrize("code", ["LPS", "RAS", "PIR"])
def test_labels_of_any_type_and_orientation(tmp_path: Path, ct: Any, dtype: str, code: str) -> None:
    mask = sitk.DICOMOrient(image(labels().astype(dtype)), code)
    for ending in (".nii.gz", ".nrrd", ".mha"):
        sitk.WriteImage(mask, str(tmp_path / f"mask{ending}"))
        read = read_labels(tmp_path / f"mask{ending}", like=ct)
        assert read.dtype == np.uint8
        np.testing.assert_array_equal(read, labels())


def test_labels_of_another_grid_or_with_other_values_are_refused(tmp_path: Path, ct: Any) -> None:
    path = tmp_path / "mask.nii.gz"

    def refused(mask: sitk.Image) -> str:
        sitk.WriteImage(mask, str(path))
        with pytest.raises(FormatError) as caught:
            read_labels(path, like=ct)
        assert str(caught.value).startswith(str(path))
        return str(caught.value)

    text = refused(image(labels(), origin=(-10, -20, -297.5)))
    assert "found 12 x 32 x 40 voxels of 2.5 x 0.7 x 0.8 mm from (-10, -20, -297.5)" in text
    assert "expected 12 x 32 x 40 voxels of 2.5 x 0.7 x 0.8 mm from (-10, -20, -300)" in text
    assert "another grid" in refused(image(labels()[1:]))
    assert "another grid" in refused(image(labels(), spacing=(2.5, 0.7, 0.9)))
    assert "0.5" in refused(image(labels().astype(np.float32) / 2))
    assert "-1" in refused(image(-labels().astype(np.int16)))
    assert "70000" in refused(image(labels().astype(np.int32) * 35000))
    with pytest.raises(FormatError, match="not from DICOM"):
        read_labels(next((tmp_path / "ct").iterdir()), like=ct)
    with pytest.raises(FormatError, match="none of its files is a lobe or lung"):
        read_labels(tmp_path / "ct", like=ct)
    with pytest.raises(FormatError, match="no such file"):
        read_labels(tmp_path / "none.nii", like=ct)


# Parts ------------------------------------------------------------------------------------------------------


def test_streams_end_where_the_data_end(tmp_path: Path) -> None:
    content = os.urandom(3_000_000)
    (tmp_path / "x").write_bytes(b"head" + gzip.compress(content[:9]) + gzip.compress(content[9:]) + b"\0\0")
    assert b"".join(bytes_of(tmp_path / "x", 4, deflated=True)) == content
    cut = (tmp_path / "x").read_bytes()[:2_000_000]
    (tmp_path / "x").write_bytes(cut)
    part = b"".join(bytes_of(tmp_path / "x", 4, deflated=True))
    assert 1_900_000 < len(part) < 2_000_000
    assert content.startswith(part)


def test_the_assembly_takes_every_number_type(tmp_path: Path) -> None:
    values = chest()
    for dtype in (np.int16, np.int32, np.int64, np.float32, np.float64):
        volume = _core.CtAssembly(shape=values.shape, spacing_mm=(1, 1, 1))
        for i, plane in enumerate(values):
            volume.put(i, plane.astype(dtype))
        np.testing.assert_array_equal(volume.finish().hounsfield, values)
    volume = _core.CtAssembly(shape=values.shape, spacing_mm=(1, 1, 1))
    with pytest.raises(TypeError, match="dtype"):
        volume.put(0, values[0].astype(complex))
    with pytest.raises(ValueError, match="whole slices"):
        volume.put(0, values[0][:3])
    with pytest.raises(ValueError, match="of 12"):
        volume.put(12, values[0])


def test_the_name_of_the_patient_is_in_no_note(tmp_path: Path) -> None:
    write_series(
        tmp_path, name=lambda i: f"SECRET_PERSON_{i}", change=lambda d, i: setattr(d, "SliceThickness", 4)
    )
    study = read_study(tmp_path)
    assert "slice_overlap" in codes(study.volume)
    assert PATIENT.split("^")[0].lower() not in repr(study).lower().replace(str(tmp_path).lower(), "")
    assert all("secret" not in note.text.lower() for note in study.volume.notes)


# Real data --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "slices", "pixel"),
    [("covid-P001", 148, 0.748046875), ("normal-001", 154, 0.634765625), ("cap-001", 168, 0.58984375)],
)
def test_whole_series_agree_with_simpleitk(shared_data: Path, name: str, slices: int, pixel: float) -> None:
    folder = shared_data / "covid-ct-md" / name
    ct = read_ct(folder)
    assert ct.shape == (slices, 512, 512)
    assert ct.spacing_mm == pytest.approx((2, pixel, pixel))
    assert ct.notes == []
    reader = sitk.ImageSeriesReader()
    names = reader.GetGDCMSeriesFileNames(str(folder))
    reader.SetFileNames(names)
    peer = reader.Execute()
    assert ct.origin_mm == pytest.approx(peer.GetOrigin())
    np.testing.assert_array_equal(ct.hounsfield, sitk.GetArrayViewFromImage(peer))
    histogram = np.bincount(ct.hounsfield.ravel().astype(np.int32) + 1024, minlength=4096)
    assert abs(int(histogram[1:200].argmax()) + 1 - 24) < 40  # air
    assert 20 < int(histogram[1000:1150].argmax()) - 24 < 80  # soft tissue


def test_other_real_files(shared_data: Path) -> None:
    ct = read_ct(shared_data / "chest-imaging-platform" / "ct-64.nrrd")
    assert ct.shape == (79, 64, 64)
    assert ct.notes == []
    ct = read_ct(shared_data / "chest-imaging-platform" / "simple_dicom")
    assert ct.shape == (2, 512, 512)
    assert ct.spacing_mm[0] == pytest.approx(0.625)
    assert codes(ct) == ["padding"]
    for name, slices in (("example_ct_sm", 30), ("example_ct", 112)):
        path = shared_data / "totalsegmentator" / f"{name}.nii.gz"
        ct = read_ct(path)
        peer = sitk.DICOMOrient(sitk.ReadImage(str(path)), "LPS")
        assert ct.shape == (slices, 101, 122)
        assert ct.origin_mm == pytest.approx(peer.GetOrigin())
        np.testing.assert_array_equal(ct.hounsfield, np.maximum(sitk.GetArrayViewFromImage(peer), -1024))
    assert "label map" in refusal(shared_data / "totalsegmentator" / "example_seg.nii.gz")
    ct = read_ct(shared_data / "lungmask")
    assert ct.shape == (2, 512, 512)
    assert codes(ct) == ["files_ignored", "modality_missing", "padding"]
    with pytest.raises(FormatError, match="another grid"):
        read_labels(shared_data / "chest-imaging-platform" / "lm-64.nrrd", like=ct)
