"""Enhanced (multi-frame) CT: frames become slices, each by its own functional groups."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pydicom
import pytest
import SimpleITK as sitk
from pydicom.encaps import encapsulate, generate_frames

from dicom_factory import (
    LEGACY_ENHANCED_CT,
    PATIENT,
    SYNTAXES,
    chest,
    sequence,
    write_enhanced,
    write_series,
)
from groundglass import FormatError, read_ct
from groundglass.read import Study, input_digest, read_study

ENHANCED_MR = "1.2.840.10008.5.1.4.1.1.4.1"


def refusal(path: Path, **options: Any) -> str:
    with pytest.raises(FormatError) as caught:
        read_study(path, **options)
    text = str(caught.value)
    assert text.startswith(f"{path}: ")
    assert PATIENT not in text
    return text


def codes(study: Study) -> list[str]:
    return [note.code for note in study.volume.notes]


def is_chest(study: Study, values: npt.NDArray[np.int16] | None = None) -> None:
    values = chest() if values is None else values
    np.testing.assert_array_equal(study.volume.hounsfield, values)
    assert study.volume.spacing_mm == (2.5, 0.7, 0.8)
    assert study.volume.origin_mm == (-10.0, -20.0, -300.0)


@pytest.mark.parametrize("undefined", [False, True], ids=["lengths", "undefined"])
@pytest.mark.parametrize("syntax", SYNTAXES)
def test_every_transfer_syntax(tmp_path: Path, syntax: str, undefined: bool) -> None:
    path = write_enhanced(tmp_path / "ct" / "a", syntax=syntax, undefined=undefined)
    study = read_study(path)
    is_chest(study)
    assert codes(study) == []
    assert (study.files, study.series_uid) == (1, "1.2.826.0.1.3680043.10.1.5")
    assert study.digest == hashlib.sha256(path.read_bytes()).hexdigest() == input_digest(tmp_path / "ct")
    is_chest(read_study(path.parent))


@pytest.mark.parametrize("sop_class", ["1.2.840.10008.5.1.4.1.1.2", LEGACY_ENHANCED_CT])
def test_other_classes_whose_frames_are_described(tmp_path: Path, sop_class: str) -> None:
    is_chest(read_study(write_enhanced(tmp_path / "a", sop_class=sop_class)))


def test_frames_in_any_order(tmp_path: Path) -> None:
    order = np.random.default_rng(1).permutation(12).tolist()
    is_chest(read_study(write_enhanced(tmp_path / "a", order=order)))


@pytest.mark.parametrize(
    "rescale",
    [
        lambda i: (1.0, -1024.0 + i),
        lambda i: (0.5 if i % 2 else 1.0, -1024.0),
        lambda i: (0.25, -1000.0 + i / 4),
    ],
)
def test_each_frame_has_its_own_rescale(tmp_path: Path, rescale: Callable[[int], Any]) -> None:
    study = read_study(write_enhanced(tmp_path / "a", rescale=rescale))
    is_chest(study)
    assert codes(study) == ["rescale_varies"] or rescale(0) == rescale(1)


def test_groups_may_be_shared_or_of_each_frame(tmp_path: Path) -> None:
    everything = ("PlaneOrientationSequence", "PixelMeasuresSequence", "PixelValueTransformationSequence")
    is_chest(read_study(write_enhanced(tmp_path / "shared", shared=everything)))
    is_chest(read_study(write_enhanced(tmp_path / "own", shared=())))

    def contradict(data: Any, frame: Any) -> None:
        shared = data.SharedFunctionalGroupsSequence[0]
        shared.PixelValueTransformationSequence = sequence(
            RescaleIntercept=0.0, RescaleSlope=2.0, RescaleType="HU"
        )
        data.RescaleSlope, data.RescaleIntercept, data.PixelSpacing = 3.0, 0.0, [9, 9]

    is_chest(read_study(write_enhanced(tmp_path / "both", change=contradict)))


def test_nested_and_private_groups_are_passed_over(tmp_path: Path) -> None:
    def more(data: Any, frame: Any) -> None:
        for i in range(12):
            block = frame(i).private_block(0x2005, "TEST", create=True)
            block.add_new(1, "SQ", sequence(ImagePositionPatient=[1.0, 2.0, 3.0]))
            source = sequence(
                ReferencedSOPClassUID="1.2.3",
                ReferencedSOPInstanceUID="1.2.3.4",
                PurposeOfReferenceCodeSequence=sequence(CodeValue="1"),
            )
            frame(i).DerivationImageSequence = sequence(SourceImageSequence=source)

    for undefined in (False, True):
        for syntax in ("explicit", "implicit"):
            path = tmp_path / f"{syntax}{undefined}"
            is_chest(read_study(write_enhanced(path, change=more, syntax=syntax, undefined=undefined)))


def test_a_prone_and_a_coronal_object(tmp_path: Path) -> None:
    values = chest()
    path = write_enhanced(tmp_path / "prone", orientation=(-1, 0, 0, 0, -1, 0))
    np.testing.assert_array_equal(read_ct(path).hounsfield, values[:, ::-1, ::-1])
    path = write_enhanced(tmp_path / "coronal", orientation=(1, 0, 0, 0, 0, -1), step=(0, 1, 0))
    np.testing.assert_array_equal(read_ct(path).hounsfield, values.transpose(1, 0, 2)[::-1])


def test_a_gantry_tilt(tmp_path: Path) -> None:
    tilt = np.radians(12)

    def named(data: Any, frame: Any) -> None:
        data.SharedFunctionalGroupsSequence[0].CTAcquisitionDetailsSequence = sequence(
            GantryDetectorTilt=12.0
        )

    tilted = {"step": (0, np.sin(tilt), np.cos(tilt))}
    study = read_study(write_enhanced(tmp_path / "a", change=named, **tilted))  # type: ignore[arg-type]
    assert codes(study) == ["gantry_tilt"]
    study = read_study(write_enhanced(tmp_path / "b", change=named))
    assert codes(study) == ["tilt_not_in_positions"]


def test_a_missing_frame_is_a_gap(tmp_path: Path) -> None:
    path = write_enhanced(tmp_path / "a", order=[0, 1, 2, 3, 4, 6, 7, 8, 9, 10, 11])
    assert "1 slice is missing: 1 slice between z = -290 mm and z = -285 mm" in refusal(path)


def test_frames_without_a_position_or_spacing(tmp_path: Path) -> None:
    def without(name: str, *frames: int) -> Callable[[Any, Any], None]:
        def change(data: Any, frame: Any) -> None:
            for i in frames:
                delattr(frame(i), name)

        return change

    one = write_enhanced(tmp_path / "one", change=without("PlanePositionSequence", 3))
    assert "1 of its 12 frames has no Image Position (Patient)" in refusal(one)
    end = write_enhanced(tmp_path / "end", change=without("PlanePositionSequence", 10, 11))
    assert "2 of its 12 frames have no Image Position (Patient)" in refusal(end)
    every = write_enhanced(tmp_path / "all", change=without("PlanePositionSequence", *range(12)))
    assert "12 of 12 slices have neither Image Position (Patient)" in refusal(every)

    def measures(data: Any, frame: Any) -> None:
        del data.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence

    assert "Pixel Spacing is absent" in refusal(write_enhanced(tmp_path / "measures", change=measures))
    rescale = write_enhanced(tmp_path / "rescale", change=without("PixelValueTransformationSequence", 3))
    assert "Rescale Intercept is absent in 1 of 12 slices" in refusal(rescale)

    def shared(data: Any, frame: Any) -> None:
        data.SharedFunctionalGroupsSequence[0].PlanePositionSequence = frame(0).PlanePositionSequence
        for i in range(12):
            del frame(i).PlanePositionSequence

    assert "hold two different images" in refusal(write_enhanced(tmp_path / "same", change=shared))


def test_frames_that_are_not_as_many_as_claimed(tmp_path: Path) -> None:
    def claim(frames: int) -> Callable[[Any], None]:
        def finish(data: Any) -> None:
            data.NumberOfFrames = frames

        return finish

    for frames in (1, 11, 13, 2_000_000):
        text = refusal(write_enhanced(tmp_path / "a", finish=claim(frames)))
        assert f"claims {frames}" in text
        assert "1 file is damaged" in text

    def fewer(data: Any) -> None:
        del data.PerFrameFunctionalGroupsSequence[5]

    assert "describe 11 frames where its header claims 12" in refusal(
        write_enhanced(tmp_path / "b", finish=fewer)
    )

    def short(data: Any) -> None:
        data.PixelData = data.PixelData[:-2560]

    assert "holds 28160 bytes of voxels where its header claims 30720" in refusal(
        write_enhanced(tmp_path / "c", finish=short)
    )

    def none(data: Any) -> None:
        del data.PerFrameFunctionalGroupsSequence

    assert "multi-frame object of 12 frames, convert it" in refusal(
        write_enhanced(tmp_path / "d", finish=none)
    )


@pytest.mark.parametrize("syntax", ["explicit", "implicit", "big", "rle"])
def test_a_file_cut_off_anywhere_is_refused(tmp_path: Path, syntax: str) -> None:
    content = write_enhanced(tmp_path / "whole", syntax=syntax, undefined=syntax == "implicit").read_bytes()
    cut = tmp_path / "cut"
    for length in np.linspace(140, len(content) - 1, 60).astype(int):
        cut.write_bytes(content[:length])
        assert "damaged" in refusal(cut) or "cut off" in refusal(cut)


def test_a_damaged_byte_gives_no_other_error(tmp_path: Path) -> None:
    path = write_enhanced(tmp_path / "whole", undefined=True)
    content = path.read_bytes()
    start = content.index(b"\x00\x52\x29\x92")
    rng = np.random.default_rng(0)
    for place in rng.integers(start, len(content) - 30720, 200):
        mutant = bytearray(content)
        mutant[place] = rng.integers(256)
        (tmp_path / "mutant").write_bytes(mutant)
        try:
            read_study(tmp_path / "mutant")
        except FormatError:
            continue


def test_two_phases_in_one_object(tmp_path: Path) -> None:
    values = chest()
    both = np.concatenate([values, values + 5])

    def phases(name: str, tag: str) -> Callable[[Any, Any], None]:
        def change(data: Any, frame: Any) -> None:
            for i in range(24):
                frame(i).PlanePositionSequence[0].ImagePositionPatient[2] = -300 + 2.5 * (i % 12)
                setattr(
                    frame(i).FrameContentSequence[0], tag, 1 + i // 12 if tag != "StackID" else name[i // 12]
                )

        return change

    order = np.random.default_rng(2).permutation(24).tolist()
    for tag in ("TemporalPositionIndex", "FrameAcquisitionNumber", "StackID"):
        path = write_enhanced(tmp_path / tag, both, order=order, change=phases("12", tag))
        study = read_study(path)
        is_chest(study)
        assert "series_chosen" in codes(study)
        study = read_study(path, series="1.2.826.0.1.3680043.10.1.5/2")
        is_chest(study, values + 5)
        assert study.files == 1
    assert "hold two different images" in refusal(
        write_enhanced(tmp_path / "untold", both, order=order, change=phases("11", "StackID"))
    )


def test_two_slabs_of_one_chest_stay_one(tmp_path: Path) -> None:
    def slabs(data: Any, frame: Any) -> None:
        for i in range(12):
            frame(i).FrameContentSequence[0].StackID = "upper" if i > 5 else "lower"

    is_chest(read_study(write_enhanced(tmp_path / "a", change=slabs)))


def test_frames_of_other_kinds_are_set_aside(tmp_path: Path) -> None:
    def localizer(data: Any, frame: Any) -> None:
        data.ImageType = ["MIXED", "PRIMARY", "MIXED", "NONE"]
        kind = frame(0).CTImageFrameTypeSequence[0]
        kind.FrameType = ["ORIGINAL", "PRIMARY", "LOCALIZER", "NONE"]
        frame(0).PlaneOrientationSequence = sequence(ImageOrientationPatient=[1, 0, 0, 0, 0, -1])

    study = read_study(write_enhanced(tmp_path / "a", change=localizer))
    np.testing.assert_array_equal(study.volume.hounsfield, chest()[1:])

    def only_called_one(data: Any, frame: Any) -> None:
        frame(0).CTImageFrameTypeSequence[0].FrameType = ["ORIGINAL", "PRIMARY", "LOCALIZER", "NONE"]

    text = refusal(write_enhanced(tmp_path / "c", change=only_called_one))
    assert "belongs to it but for its Image Type (localizer)" in text

    def coronal(data: Any, frame: Any) -> None:
        group = data.SharedFunctionalGroupsSequence[0].PlaneOrientationSequence
        del data.SharedFunctionalGroupsSequence[0].PlaneOrientationSequence
        for i in range(12):
            frame(i).PlaneOrientationSequence = group
        for i in (0, 1):
            frame(i).PlaneOrientationSequence = sequence(ImageOrientationPatient=[1, 0, 0, 0, 0, -1])
            frame(i).PlanePositionSequence = sequence(ImagePositionPatient=[-10, 40 + 20 * i, -250])

    study = read_study(write_enhanced(tmp_path / "b", change=coronal))
    np.testing.assert_array_equal(study.volume.hounsfield, chest()[2:])


@pytest.mark.parametrize(
    ("contrast", "technique"),
    [
        ("MAXIMUM", "NONE"),
        ("MINIMUM", "NONE"),
        ("SUBTRACTION", "NONE"),
        ("NONE", "MAX_IP"),
        ("NONE", "MIN_IP"),
        ("NONE", "VOLUME_RENDER"),
    ],
)
def test_projections_and_sums_of_images_are_refused(tmp_path: Path, contrast: str, technique: str) -> None:
    def change(data: Any, frame: Any) -> None:
        for i in range(12):
            kind = frame(i).CTImageFrameTypeSequence[0]
            kind.FrameType, kind.VolumeBasedCalculationTechnique = (
                ["DERIVED", "PRIMARY", "VOLUME", contrast],
                technique,
            )

    assert "projection" in refusal(write_enhanced(tmp_path / "a", change=change))


def test_derived_frames_are_noted(tmp_path: Path) -> None:
    def change(data: Any, frame: Any) -> None:
        for i in range(12):
            frame(i).CTImageFrameTypeSequence[0].FrameType = ["DERIVED", "PRIMARY", "VOLUME", "RESAMPLED"]

    study = read_study(write_enhanced(tmp_path / "a", change=change))
    is_chest(study)
    assert codes(study) == ["derived_series"]


def test_other_multi_frame_objects_are_refused(tmp_path: Path) -> None:
    def modality(data: Any) -> None:
        data.Modality = "MR"

    mr = write_enhanced(tmp_path / "mr", sop_class=ENHANCED_MR, finish=modality)
    assert "modality MR" in refusal(mr)
    capture = write_enhanced(tmp_path / "sc", sop_class="1.2.840.10008.5.1.4.1.1.7.3")
    assert "secondary capture" in refusal(capture)

    def units(data: Any, frame: Any) -> None:
        for i in range(12):
            frame(i).PixelValueTransformationSequence[0].RescaleType = "US_MOD"

    assert "not in HU by their Rescale Type" in refusal(write_enhanced(tmp_path / "units", change=units))

    def plain(data: Any) -> None:
        del data.PerFrameFunctionalGroupsSequence, data.SharedFunctionalGroupsSequence

    old = write_enhanced(tmp_path / "old", sop_class="1.2.840.10008.5.1.4.1.1.2", finish=plain)
    assert "multi-frame object of 12 frames, convert it" in refusal(old)


def test_an_object_beside_a_series(tmp_path: Path) -> None:
    write_series(tmp_path / "ct" / "plain", chest(11))
    write_enhanced(tmp_path / "ct" / "enhanced")
    study = read_study(tmp_path / "ct")
    is_chest(study)
    assert (study.files, codes(study)) == (1, ["series_chosen"])
    study = read_study(tmp_path / "ct", series="1.2.826.0.1.3680043.10.1.1")
    is_chest(study, chest(11))
    assert study.files == 11
    assert study.digest == input_digest(tmp_path / "ct", series="1.2.826.0.1.3680043.10.1.1")


def test_objects_of_one_frame_each(tmp_path: Path) -> None:
    for i in range(12):

        def own(data: Any) -> None:
            data.SOPInstanceUID = data.file_meta.MediaStorageSOPInstanceUID = f"1.2.3.{(i * 5) % 12 + 1}"  # noqa: B023

        write_enhanced(tmp_path / "ct" / f"{(i * 7) % 12}", order=[i], finish=own)
    study = read_study(tmp_path / "ct")
    is_chest(study)
    assert study.files == 12
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for path in (tmp_path / "ct").iterdir():
            archive.write(path)
    assert read_study(tmp_path / "a.zip").digest == study.digest == input_digest(tmp_path / "ct")
    single = read_study(tmp_path / "ct" / "0")
    assert codes(single) == ["single_slice"]


def test_a_copied_file_is_dropped(tmp_path: Path) -> None:
    path = write_enhanced(tmp_path / "ct" / "a")
    (tmp_path / "ct" / "b").write_bytes(path.read_bytes())
    study = read_study(tmp_path / "ct")
    is_chest(study)
    assert (study.files, codes(study)) == (1, ["duplicate_slices"])


def parts(folder: Path, total: int | None = 3, only: tuple[int, ...] = (1, 2, 3)) -> Path:
    """An object of 12 frames in 3 parts, with file names in another order."""
    order = np.random.default_rng(3).permutation(12).tolist()
    for part in only:
        frames = order[4 * (part - 1) : 4 * part]
        write_enhanced(folder / "cab"[part - 1], order=frames, concatenation=(part, total, 4 * (part - 1)))
    return folder


def test_a_concatenation(tmp_path: Path) -> None:
    study = read_study(parts(tmp_path / "ct"))
    is_chest(study)
    assert (study.files, codes(study)) == (3, [])
    assert study.digest == input_digest(tmp_path / "ct")
    study = read_study(parts(tmp_path / "open", total=None))
    is_chest(study)
    assert codes(study) == ["concatenation_open"]


def test_parts_of_a_concatenation_that_are_not_there(tmp_path: Path) -> None:
    for only in ((1, 2), (1, 3), (2, 3), (2,)):
        text = refusal(parts(tmp_path / "".join(map(str, only)), only=only))
        assert f"one of the 3 parts of a concatenation, of which {len(only)} " in text
    assert "3 parts of a concatenation, of which 1 is there" in refusal(
        parts(tmp_path / "last", total=None, only=(3,))
    )

    # The end of a stack, where no gap would show.
    write_enhanced(tmp_path / "end" / "a", order=range(6), concatenation=(1, 2, 0))
    assert "of which 1 is there" in refusal(tmp_path / "end")
    write_enhanced(tmp_path / "end" / "b", order=range(6, 12), concatenation=(2, 2, 6))
    is_chest(read_study(tmp_path / "end"))


def jpeg(values: npt.NDArray[np.int16], folder: Path) -> tuple[str, list[bytes]]:
    """Slices of stored values in JPEG 2000 as GDCM writes them."""
    writer = sitk.ImageFileWriter()
    writer.SetImageIO("GDCMImageIO")
    writer.UseCompressionOn()
    frames = []
    for plane in values:
        writer.SetFileName(str(folder / "one.dcm"))
        writer.Execute(sitk.GetImageFromArray(plane[None]))
        data = pydicom.dcmread(folder / "one.dcm")
        frames.append(next(generate_frames(data.PixelData, number_of_frames=1)))
    return str(data.file_meta.TransferSyntaxUID), frames


@pytest.mark.parametrize("fragments", [1, 3])
@pytest.mark.parametrize("table", [False, True], ids=["no table", "table"])
def test_compressed_frames_in_any_number_of_fragments(tmp_path: Path, fragments: int, table: bool) -> None:
    order = list(range(12))[::-1]
    syntax, frames = jpeg(chest()[order] + np.int16(1024), tmp_path)
    assert syntax == "1.2.840.10008.1.2.4.90"

    def compressed(data: Any) -> None:
        data.file_meta.TransferSyntaxUID = syntax
        data.PixelData = encapsulate(frames, fragments_per_frame=fragments, has_bot=table)
        data["PixelData"].VR, data["PixelData"].is_undefined_length = "OB", True

    is_chest(read_study(write_enhanced(tmp_path / "a", order=order, finish=compressed)))


def test_fragments_that_do_not_tell_their_frames(tmp_path: Path) -> None:
    syntax, frames = jpeg(chest() + np.int16(1024), tmp_path)
    frames[4] = b"\0\0" + frames[4][2:]

    def compressed(data: Any) -> None:
        data.file_meta.TransferSyntaxUID = syntax
        data.PixelData = encapsulate(frames, fragments_per_frame=2, has_bot=False)
        data["PixelData"].VR, data["PixelData"].is_undefined_length = "OB", True

    text = refusal(write_enhanced(tmp_path / "a", order=range(12), finish=compressed))
    assert "its 24 pieces of compressed voxels do not tell which of its 12 frames they belong to" in text
    frames[5:] = []
    assert "damaged" in refusal(write_enhanced(tmp_path / "b", order=range(12), finish=compressed))


def test_twelve_bits_with_an_overlay_above(tmp_path: Path) -> None:
    def overlaid(data: Any) -> None:
        data.BitsStored, data.HighBit, data.PixelRepresentation = 12, 11, 0
        stored = np.frombuffer(data.PixelData, "<u2") | 0x8000
        data.PixelData = stored.tobytes()

    is_chest(read_study(write_enhanced(tmp_path / "a", finish=overlaid)))
