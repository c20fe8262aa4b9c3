"""Slices, their lungs and the folds they are dealt into."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

torch = pytest.importorskip("torch")

from made_up_slices import phantom, slice_of, write_data  # noqa: E402

from groundglass.errors import FormatError  # noqa: E402
from groundglass.training import data as data_module  # noqa: E402
from groundglass.training.data import (  # noqa: E402
    Slice,
    assign_folds,
    is_stretched,
    load_labelled,
    load_pseudo,
    similar_groups,
)
from groundglass.training.picture_lungs import slice_lungs, without_findings_outside  # noqa: E402
from groundglass.training.train import drawn  # noqa: E402

SHARED = Path(__file__).resolve().parents[4] / "shared" / "data" / "covid-semiseg"


def test_loading(tmp_path: Path) -> None:
    folder = write_data(tmp_path)
    labelled, pseudo = load_labelled(folder), load_pseudo(folder)
    assert [s.name for s in labelled] == ["0", "1", "2", "3"]
    assert len(pseudo) == 3
    assert labelled[0].image.shape == (1, 352, 258)
    assert labelled[0].target.shape == (3, 352, 258)
    assert pseudo[0].target.shape == (3, 352, 258)
    assert (labelled[0].kinds, labelled[0].trust) == (True, 1.0)
    assert (pseudo[0].kinds, pseudo[0].trust) == (False, 0.4)
    assert not pseudo[0].target[1].any()
    image, labels = phantom(0)
    assert np.array_equal(labelled[0].original, image)
    truth = labelled[0].labels.numpy()
    assert np.array_equal(np.where(truth == 3, 0, truth), labels)
    for channel, label in ((0, 1), (1, 2)):
        share = float(labelled[0].target[channel].float().mean()) / 255
        assert share == pytest.approx(float((labels == label).mean()), abs=2e-3)


def test_bad_data_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match=r"no \.jpg or \.png slices"):
        load_labelled(tmp_path)
    folder = write_data(tmp_path)
    labels = folder / "labelled" / "labels" / "1.png"
    Image.fromarray(np.full((60, 44), 3, np.uint8)).save(labels)
    with pytest.raises(FormatError, match="label 3; expected 0, 1 and 2"):
        load_labelled(folder)
    Image.fromarray(np.zeros((60, 45), np.uint8)).save(labels)
    with pytest.raises(FormatError, match="differ in size"):
        load_labelled(folder)
    labels.write_text("text")
    with pytest.raises(FormatError, match="cannot be read as an image"):
        load_labelled(folder)
    Image.fromarray(np.zeros((60, 44, 3), np.uint8)).save(labels)
    with pytest.raises(FormatError, match="expected one 8-bit channel"):
        load_labelled(folder)


def test_stretched_masks() -> None:
    cloud = np.full((50, 50), 128, np.uint8)
    lesion = np.zeros((50, 50), np.uint8)
    lesion[10:30, 10:30] = 255
    lesion[9, 10:30] = 128
    assert is_stretched(cloud)
    assert not is_stretched(lesion)
    assert not is_stretched(np.zeros((50, 50), np.uint8))


def test_similar_slices_share_a_fold() -> None:
    slices = []
    for seed in range(6):
        s = slice_of(seed)
        near = (s.image.float() * 0.8 + 20).to(torch.uint8)  # the same slice in another window
        slices += [s, Slice(f"{s.name}'", near, s.target)]
    folds = assign_folds(slices, 3, seed=0)
    assert all(folds[2 * i] == folds[2 * i + 1] for i in range(6))
    assert sorted(folds.count(f) for f in range(3)) == [4, 4, 4]
    assert folds == assign_folds(slices, 3, seed=0)
    with pytest.raises(ValueError, match="folds is 1"):
        assign_folds(slices, 1, seed=0)


def test_groups_are_chains() -> None:
    correlation = np.eye(4)
    for i, j in ((0, 2), (2, 3)):
        correlation[i, j] = correlation[j, i] = 0.9
    assert similar_groups(correlation, 0.8) == [[0, 2, 3], [1]]


def test_drawn_shows_each_slice_once_per_pass() -> None:
    indices = [i for step in range(10) for i in drawn(5, 3, step, [7])]
    for epoch in range(6):
        assert sorted(indices[5 * epoch : 5 * epoch + 5]) == [0, 1, 2, 3, 4]
    assert indices[:5] != indices[5:10] or indices[5:10] != indices[10:15]


@pytest.mark.skipif(not SHARED.is_dir(), reason="../shared/data/covid-semiseg is absent")
def test_real_labelled_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data_module, "STORED_EDGE", 96)
    slices = load_labelled(SHARED)
    folds = dict(zip([s.name for s in slices], assign_folds(slices, 5, seed=1), strict=True))
    assert len(slices) == 50
    assert len({folds[name] for name in ("4", "5", "17", "46")}) == 1  # neighbours in one patient
    assert all(9 <= list(folds.values()).count(f) <= 11 for f in range(5))


def chest(size: tuple[int, int] = (120, 160)) -> tuple[np.ndarray, np.ndarray]:
    """A body with two dark lungs, a vessel, a trachea and a table line; the image and its lungs."""
    y, x = np.mgrid[: size[0], : size[1]]
    image = np.full(size, 200, np.uint8)
    image[((y - 60) / 58) ** 2 + ((x - 80) / 78) ** 2 > 1] = 5
    lungs = np.zeros(size, bool)
    for centre in (45, 115):
        lungs |= ((y - 60) / 40) ** 2 + ((x - centre) / 25) ** 2 < 1
    image[lungs] = 40
    image[58:60, 40:50] = 210
    image[(y - 55) ** 2 + (x - 80) ** 2 < 16] = 10
    return image, lungs


def test_lungs_of_a_picture() -> None:
    image, lungs = chest()
    found = slice_lungs(image)
    assert 2 * (found & lungs).sum() / (found.sum() + lungs.sum()) > 0.97
    assert found[59, 45]  # a vessel belongs to them
    assert not found[55, 80]  # the trachea does not
    assert not found[0, 0]
    lesion = lungs & (np.arange(160) < 45)
    image[lesion] = 190  # the solid outer half of a lung is lung if it is given
    assert slice_lungs(image, lesion)[60, 35]
    assert not slice_lungs(image)[60, 35]


def test_findings_that_touch_no_lung_are_dropped() -> None:
    image, _ = chest()
    mask = np.zeros(image.shape, np.uint8)
    mask[50:60, 40:50] = 255
    mask[2:4, 70:90] = 200
    kept = without_findings_outside(mask, slice_lungs(image))
    assert (kept[50:60, 40:50] == 255).all()
    assert not kept[2:4].any()
    assert np.array_equal(kept[4:], mask[4:])
