from __future__ import annotations

import importlib
import json
import struct
import threading
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

import groundglass as gg
from groundglass.analyze import Cancelled
from groundglass.segmentation.image_lesions import ImageLesions, SliceExtent
from groundglass.slices import find_images, read_slice, segment_images
from groundglass.weights import ModelFile
from small_study import segmentation_missing

SIZE = (48, 64)
Grey = npt.NDArray[np.uint8]


class Network:
    """Stands for the stage: lung where a picture is not black, ground glass where it is mid-grey,
    consolidation where it is bright."""

    def __init__(self) -> None:
        self.tells_lungs = True
        self.lock = threading.Lock()
        self.running = self.most_running = self.seen = 0

    def find_in_image(self, grey: Grey) -> ImageLesions:
        with self.lock:
            self.seen += 1
            self.running += 1
            self.most_running = max(self.most_running, self.running)
        assert grey.dtype == np.uint8
        assert grey.ndim == 2
        maps = np.stack([(grey > 80) & (grey <= 160), grey > 160]).astype(np.float32) * np.float32(0.9)
        with self.lock:
            self.running -= 1
        labels = np.where(maps[1] > 0, 2, maps[0] > 0).astype(np.uint8)
        return ImageLesions(labels, maps, (grey > 20).astype(np.uint8) if self.tells_lungs else None)


@pytest.fixture
def network(monkeypatch: pytest.MonkeyPatch) -> Network:
    """The stand-in in the place of the bundled model."""
    module = importlib.import_module("groundglass.slices")
    found = Network()
    file = ModelFile("stand-in", Path("stand-in.pt"), "0" * 64, {"licence": "for tests only"})
    monkeypatch.setattr(module, "lookup_models", lambda model: [file])
    monkeypatch.setattr(module, "load_stage", lambda models, **options: found)
    # Noise does for a network that sees only grey values.
    monkeypatch.setattr(module, "chest_slice_notes", lambda grey: [])
    return found


def picture(seed: int = 0, size: tuple[int, int] = SIZE) -> Grey:
    return np.random.default_rng(seed).integers(0, 256, size, dtype=np.uint8)


def save(path: Path, pixels: npt.NDArray[Any], **options: Any) -> Path:
    Image.fromarray(pixels).save(path, **options)
    return path


def codes(path: Path) -> list[str]:
    return [note.code for note in read_slice(path).notes]


# --- reading ------------------------------------------------------------------------------------------------


def test_grey_is_taken_as_it_is(tmp_path: Path) -> None:
    found = read_slice(save(tmp_path / "a.png", picture()))
    assert np.array_equal(found.grey, picture())
    assert found.grey.dtype == np.uint8
    assert not found.notes


def test_grey_in_colour_form_is_the_same_grey(tmp_path: Path) -> None:
    grey = picture()
    image = Image.fromarray(grey)
    image.convert("RGB").save(tmp_path / "rgb.png")
    image.convert("RGBA").save(tmp_path / "rgba.png")
    image.convert("LA").save(tmp_path / "la.png")
    image.convert("P").save(tmp_path / "palette.png")
    for path in tmp_path.iterdir():
        assert np.array_equal(read_slice(path).grey, grey), path.name
        assert not codes(path)


def test_colour_becomes_luminance_with_a_warning(tmp_path: Path) -> None:
    pixels = np.zeros((*SIZE, 3), np.uint8)
    pixels[..., 0] = 200
    path = save(tmp_path / "red.png", pixels)
    assert codes(path) == ["coloured_picture"]
    assert np.unique(read_slice(path).grey).tolist() == [60]  # 0.299 x 200


def test_a_colour_jpeg_of_a_grey_slice_needs_no_warning(tmp_path: Path) -> None:
    smooth = np.add.outer(np.arange(48), np.arange(64)).astype(np.uint8) * 2
    Image.fromarray(smooth).convert("RGB").save(tmp_path / "a.jpg", quality=75)
    assert not codes(tmp_path / "a.jpg")
    assert np.abs(read_slice(tmp_path / "a.jpg").grey.astype(int) - smooth).mean() < 3


def test_transparency_lies_over_black(tmp_path: Path) -> None:
    pixels = np.full((*SIZE, 4), 200, np.uint8)
    pixels[..., 3] = 255
    pixels[:10, :, 3] = 0
    grey = read_slice(save(tmp_path / "a.png", pixels)).grey
    assert not grey[:10].any()
    assert np.unique(grey[10:]).tolist() == [200]


def test_a_palette_is_resolved(tmp_path: Path) -> None:
    image = Image.fromarray(picture() % 4)
    image.putpalette([10, 10, 10, 90, 90, 90, 170, 170, 170, 250, 250, 250])
    image.save(tmp_path / "a.png")
    assert set(np.unique(read_slice(tmp_path / "a.png").grey)) == {10, 90, 170, 250}


def test_sixteen_bits_follow_the_stated_rule(tmp_path: Path) -> None:
    grey = picture()
    grey[0, 0] = 255
    full = save(tmp_path / "full.png", grey.astype(np.uint16) * 257)
    assert np.array_equal(read_slice(full).grey, grey)
    assert codes(full) == ["sixteen_bit_scaled"]
    eight = save(tmp_path / "eight.png", grey.astype(np.uint16))
    assert np.array_equal(read_slice(eight).grey, grey)
    assert codes(eight) == ["sixteen_bit_as_eight"]
    raw = save(tmp_path / "raw.png", grey.astype(np.uint16) * 12)
    with pytest.raises(gg.FormatError, match=r"raw\.png.*3060.*raw CT numbers"):
        read_slice(raw)


def test_an_exif_orientation_is_told_and_not_applied(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    path = save(tmp_path / "a.jpg", picture(), exif=exif)
    assert read_slice(path).grey.shape == SIZE
    assert codes(path) == ["exif_orientation_ignored"]


@pytest.mark.parametrize(
    ("size", "message"), [((1, 1), "1 x 1"), ((31, 400), "400 x 31"), ((40, 5000), "larger than 4096")]
)
def test_impossible_sizes_are_refused(tmp_path: Path, size: tuple[int, int], message: str) -> None:
    path = save(tmp_path / "a.png", np.zeros(size, np.uint8))
    with pytest.raises(gg.FormatError, match=message):
        read_slice(path)


@pytest.mark.parametrize("edge", [5000, 10_000, 20_000, 1_000_000])
def test_a_huge_picture_is_refused_by_its_header(tmp_path: Path, edge: int) -> None:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", edge, edge, 8, 0, 0, 0, 0))
    body = chunk(b"IDAT", zlib.compress(bytes(1000)))
    (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n" + header + body + chunk(b"IEND", b""))
    with pytest.raises(gg.FormatError, match="larger than 4096"):
        read_slice(tmp_path / "a.png")


def test_what_is_no_slice_is_refused(tmp_path: Path) -> None:
    save(tmp_path / "mask.png", picture() > 100)
    with pytest.raises(gg.FormatError, match=r"mask\.png.*one bit"):
        read_slice(tmp_path / "mask.png")
    frames = [Image.fromarray(picture(seed)) for seed in range(2)]
    frames[0].save(tmp_path / "film.png", save_all=True, append_images=frames[1:])
    with pytest.raises(gg.FormatError, match=r"film\.png holds 2"):
        read_slice(tmp_path / "film.png")


def test_damaged_files_are_named(tmp_path: Path) -> None:
    whole = save(tmp_path / "whole.png", picture()).read_bytes()
    jpeg = save(tmp_path / "whole.jpg", picture()).read_bytes()
    contents = {
        "text.png": b"hello",
        "empty.png": b"",
        "cut.png": whole[: len(whole) // 2],
        "cut.jpg": jpeg[: len(jpeg) // 2],
        "head.png": whole[:20],
        "flipped.png": whole[:60] + bytes([whole[60] ^ 255]) + whole[61:],
        "gif.png": b"GIF89a" + bytes(100),
    }
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(gg.FormatError, match=name.replace(".", r"\.")):
            read_slice(tmp_path / name)


# --- finding ------------------------------------------------------------------------------------------------


def test_a_folder_gives_its_pictures_by_name(tmp_path: Path) -> None:
    for name in ("b.PNG", "a.jpeg", "c.jpg"):
        save(tmp_path / name, picture(), format="png" if name.endswith("PNG") else "jpeg")
    (tmp_path / "notes.txt").touch()
    (tmp_path / ".hidden.png").touch()
    (tmp_path / "deeper.png").mkdir()
    images, skipped = find_images(tmp_path)
    assert [path.name for path in images] == ["a.jpeg", "b.PNG", "c.jpg"]
    assert skipped == ["deeper.png", "notes.txt"]


def test_two_pictures_of_one_name_are_refused(tmp_path: Path) -> None:
    for name in ("Slice1.png", "slice1.jpg"):
        save(tmp_path / name, picture())
    with pytest.raises(gg.FormatError, match=r"Slice1\.png and slice1\.jpg"):
        find_images(tmp_path)


def test_inputs_that_are_no_pictures_are_refused(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="nowhere"):
        find_images(tmp_path / "nowhere")
    with pytest.raises(gg.FormatError, match=r"no \.png"):
        find_images(tmp_path)
    (tmp_path / "ct.nii.gz").touch()
    with pytest.raises(gg.FormatError, match="groundglass analyze"):
        find_images(tmp_path / "ct.nii.gz")


# --- segmenting ---------------------------------------------------------------------------------------------


def test_labels_and_probabilities_are_written(tmp_path: Path, network: Network) -> None:
    grey = picture()
    save(tmp_path / "a.png", grey)
    results = segment_images(tmp_path / "a.png", tmp_path / "out", probabilities=True)
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"a.png", "a.npy", "segment.json"}
    with Image.open(tmp_path / "out" / "a.png") as image:
        assert image.mode == "P"
        labels = np.asarray(image)
        assert image.convert("RGB").getpixel(tuple(np.argwhere(labels.T == 1)[0].tolist())) == (255, 212, 0)
    assert labels.shape == SIZE
    assert np.array_equal(labels, np.where(grey > 160, 2, np.where(grey > 80, 1, 0)))
    maps = np.load(tmp_path / "out" / "a.npy")
    assert maps.dtype == np.float32
    assert maps.shape == (2, *SIZE)
    assert np.array_equal(maps[1] > 0.5, labels == 2)
    entry = json.loads((tmp_path / "out" / "segment.json").read_text())["slices"][0]
    extent = results.slices[0].extent
    assert entry["ground_glass_pixels"] == int((labels == 1).sum()) == extent.ground_glass_pixels
    assert entry["lung_pixels"] == int((grey > 20).sum())
    assert entry["opacity_percent"] == pytest.approx(100 * (grey > 80).sum() / (grey > 20).sum())
    assert entry["ct_grade"] == extent.ct_grade == "CT-3"
    assert (entry["source"], entry["height"], entry["width"]) == ("a.png", *SIZE)


def test_other_lung_is_labelled_on_request(tmp_path: Path, network: Network) -> None:
    grey = picture()
    save(tmp_path / "a.png", grey)
    segment_images(tmp_path / "a.png", tmp_path / "out", lungs=True)
    with Image.open(tmp_path / "out" / "a.png") as image:
        labels = np.asarray(image)
    assert np.array_equal(labels, np.select([grey > 160, grey > 80, grey > 20], [2, 1, 3]))
    network.tells_lungs = False
    with pytest.raises(ValueError, match="no class for lung"):
        segment_images(tmp_path / "a.png", tmp_path / "none", lungs=True)
    plain = segment_images(tmp_path / "a.png", tmp_path / "none").slices[0].extent
    assert (plain.lung_pixels, plain.opacity_percent, plain.ct_grade) == (None, None, None)


def test_a_picture_without_lung_has_no_percentages() -> None:
    nothing = np.zeros(SIZE, np.uint8)
    extent = SliceExtent.of(nothing, nothing)
    assert (extent.lung_pixels, extent.ground_glass_percent, extent.ct_grade) == (0, None, None)


def test_a_folder_is_done_in_order_with_bounded_work(tmp_path: Path, network: Network) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    for index in range(9):
        save(folder / f"{index}.png", picture(index))
    (folder / "readme.txt").touch()
    steps: list[tuple[int, int]] = []
    results = segment_images(
        folder, tmp_path / "out", threads=2, progress=lambda done, total: steps.append((done, total))
    )
    assert [entry.source for entry in results.slices] == [f"{index}.png" for index in range(9)]
    assert results.skipped == ("readme.txt",)
    assert steps == [(done, 9) for done in range(10)]
    assert network.seen == 9
    assert network.most_running <= 2
    for index in range(9):
        with Image.open(tmp_path / "out" / f"{index}.png") as image:
            assert np.array_equal(np.asarray(image) > 0, picture(index) > 80)


def test_one_bad_picture_leaves_nothing(tmp_path: Path, network: Network) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    for index in range(5):
        save(folder / f"{index}.png", picture(index))
    (folder / "3.png").write_bytes((folder / "3.png").read_bytes()[:200])
    with pytest.raises(gg.FormatError, match=r"3\.png"):
        segment_images(folder, tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["in"]


def test_segmenting_can_be_stopped(tmp_path: Path, network: Network) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    for index in range(5):
        save(folder / f"{index}.png", picture(index))
    with pytest.raises(Cancelled):
        segment_images(folder, tmp_path / "out", progress=lambda done, total: done < 2)
    assert [path.name for path in tmp_path.iterdir()] == ["in"]


def test_the_pictures_are_never_overwritten(tmp_path: Path, network: Network) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    before = save(folder / "a.png", picture()).read_bytes()
    for source in (folder, folder / "a.png"):
        with pytest.raises(ValueError, match="holds the input itself"):
            segment_images(source, folder, overwrite=True)
    with pytest.raises(FileExistsError):
        segment_images(folder, _with_content(tmp_path / "out"))
    assert (folder / "a.png").read_bytes() == before


def _with_content(folder: Path) -> Path:
    folder.mkdir()
    (folder / "mine.txt").touch()
    return folder


def test_the_bundled_model_takes_any_size(tmp_path: Path) -> None:
    if reason := segmentation_missing():
        pytest.skip(reason)
    for size in ((32, 32), (100, 333), (512, 512)):
        save(tmp_path / f"{size[1]}.png", picture(1, size))
    results = segment_images(tmp_path, tmp_path / "out", probabilities=True)
    for entry in results.slices:
        maps = np.load(tmp_path / "out" / f"{entry.width}.npy")
        assert maps.shape == (2, entry.height, entry.width)
        assert maps.min() >= 0
        assert maps.sum(axis=0).max() <= 1 + 1e-5
    assert len(results.models[0].sha256) == 64


def test_the_bundled_model_finds_lesions_in_labelled_slices(tmp_path: Path, shared_data: Path) -> None:
    if reason := segmentation_missing():
        pytest.skip(reason)
    folder = shared_data / "covid-semiseg" / "labelled"
    names = sorted(path.stem for path in (folder / "images").glob("*.jpg"))[:3]
    (tmp_path / "in").mkdir()
    for name in names:
        (tmp_path / "in" / f"{name}.jpg").symlink_to(folder / "images" / f"{name}.jpg")
    segment_images(tmp_path / "in", tmp_path / "out")
    common = sizes = 0
    for name in names:
        with (
            Image.open(tmp_path / "out" / f"{name}.png") as found,
            Image.open(folder / "labels" / f"{name}.png") as true,
        ):
            one, other = np.asarray(found) > 0, np.asarray(true) > 0
        common += int((one & other).sum())
        sizes += int(one.sum()) + int(other.sum())
    assert 2 * common / sizes > 0.5
