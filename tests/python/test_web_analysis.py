"""What a worker makes of an upload: numbers, files for the page, or one sentence why not."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("starlette")
pytest.importorskip("torch")

import nibabel
from PIL import Image

import dicom_factory
import groundglass as gg
import web_helpers as make
from groundglass.errors import Cancelled
from groundglass.overlay import windowed
from groundglass.web.analysis import DOWNLOADS, PAGE, SHOWN, run
from groundglass.web.errors import Refused
from groundglass.web.settings import Settings
from groundglass.web.uploads import kind_of_upload
from groundglass.web.worker import Order
from small_study import patient, segmentation_missing, write
from tiny_models import maker

if missing := segmentation_missing():
    pytest.skip(missing, allow_module_level=True)


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A network of no weight that tells ground glass, consolidation and lung by brightness."""
    path = tmp_path_factory.mktemp("model") / "four_planes.pt"
    made = maker()
    classes = ["ground_glass", "consolidation", "lung", "background"]
    shown = made.contract()["input"] | {"normalisation": "window"}
    described = made.contract(input=shown, output={"kind": "probability", "classes": classes})
    made.save(made.FourPlanes(), path, json.dumps(described))
    return str(path)


class Upload:
    """An upload with the folders of its worker."""

    def __init__(self, folder: Path, model: str) -> None:
        self.folder, self.model = folder, model
        self.told: list[tuple[str, int, int]] = []

    def run(self, content: bytes, stop_at: str | None = None) -> dict[str, Any]:
        upload = self.folder / "upload"
        upload.write_bytes(content)
        kind = kind_of_upload(upload, Settings())
        upload = upload.rename(upload.with_suffix("." + kind.ending.lstrip(".")))
        for name in ("result", "temporary"):
            (self.folder / name).mkdir()

        def tell(stage: str, done: int, total: int) -> bool:
            self.told.append((stage, done, total))
            return stage != stop_at

        run(
            Order(
                kind=kind.name,
                upload=upload,
                folder=self.folder / "result",
                temporary=self.folder / "temporary",
                threads=1,
                model=(self.model,),
            ),
            tell,
        )
        page: dict[str, Any] = json.loads((self.folder / "result" / PAGE).read_text())
        return page

    def refused(self, content: bytes) -> Refused:
        with pytest.raises(Refused) as refusal:
            self.run(content)
        text = refusal.value.text
        assert text.endswith((".", "?"))
        assert str(self.folder) not in text
        assert dicom_factory.PATIENT not in text
        assert "1.2.826" not in text
        return refusal.value


@pytest.fixture
def upload(tmp_path: Path, model: str) -> Upload:
    return Upload(tmp_path, model)


def zipped_folder(folder: Path) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for path in sorted(folder.rglob("*")):
            archive.write(path, path.relative_to(folder))
    return target.getvalue()


def test_a_study_gives_every_file_of_the_page(upload: Upload, tmp_path: Path) -> None:
    page = upload.run(write(tmp_path, "Ivanov").read_bytes())
    folder = tmp_path / "result"
    assert page["kind"] == "study"
    assert page["result"] == json.loads((folder / "result.json").read_text())
    assert page["shape"] == list(patient().hounsfield.shape)
    assert {path.name for path in folder.iterdir()} == {*DOWNLOADS, PAGE, SHOWN}
    assert [entry["name"] for entry in page["downloads"]] == list(DOWNLOADS)
    ct, labels = (
        np.asarray(nibabel.load(folder / name).dataobj).T for name in ("ct.nii.gz", "labels.nii.gz")
    )
    assert np.array_equal(ct, patient().hounsfield)
    lungs, lesions = (
        np.asarray(nibabel.load(folder / f"{n}.nii.gz").dataobj).T for n in ("lungs", "lesions")
    )
    assert np.array_equal(labels, np.where(lesions > 0, lesions, 3 * (lungs > 0)))
    assert labels.max() == 3
    stages = [stage for stage, _, _ in upload.told]
    assert list(dict.fromkeys(stages)) == ["read", "lungs", "segmentation", "quantification", "write"]
    for path in folder.iterdir():
        assert b"Ivanov" not in path.read_bytes()


def test_a_volume_in_a_zip_is_found_beside_other_files(upload: Upload, tmp_path: Path) -> None:
    content = make.zipped(
        {"a/ct.nii.gz": write(tmp_path).read_bytes(), "a/readme.txt": b"x", ".DS_Store": b"x"}
    )
    assert upload.run(content)["kind"] == "study"


def test_a_dicom_study_in_a_zip(upload: Upload, tmp_path: Path) -> None:
    from groundglass.write import write_dicom

    write_dicom(tmp_path / "series", patient().volume)
    page = upload.run(zipped_folder(tmp_path / "series"))
    assert page["result"]["input"]["kind"] == "dicom"
    assert page["result"]["input"]["series_uid"] is None
    assert "Phantom" not in (tmp_path / "result" / "report.html").read_text()


def grey(index: int = 12) -> np.ndarray[Any, np.dtype[np.uint8]]:
    return windowed(np.asarray(patient().hounsfield[index]))


def picture(index: int = 12) -> bytes:
    target = io.BytesIO()
    Image.fromarray(grey(index)).save(target, "PNG")
    return target.getvalue()


def test_a_picture_gives_percentages_and_labels(upload: Upload, tmp_path: Path) -> None:
    page = upload.run(picture())
    (image,) = page["images"]
    labels = np.asarray(Image.open(tmp_path / "result" / image["labels"]))
    assert np.array_equal(np.asarray(Image.open(tmp_path / "result" / image["image"])), grey())
    assert (image["height"], image["width"]) == labels.shape
    assert 3 in np.unique(labels)
    lung = np.count_nonzero(labels)
    assert image["lung_percent"] == pytest.approx(100 * lung / labels.size)
    named = {1: "ground_glass", 2: "consolidation", 3: "lung"}
    assert image["marked"] == [named[int(label)] for label in np.unique(labels) if label]
    assert image["opacity_percent"] == pytest.approx(100 * np.isin(labels, (1, 2)).sum() / lung)
    assert image["ground_glass_percent"] == pytest.approx(100 * (labels == 1).sum() / lung)
    assert image["ct_grade"].startswith("CT-")
    assert page["models"][0]["name"] == "tiny"


def test_damaged_pictures_do_not_fail_an_archive(upload: Upload) -> None:
    content = {
        "a/10.png": picture(10),
        "a/9.png": picture(9),
        "cut.png": picture()[:900],
        "small.png": make.png(8, 8),
        "huge.png": make.huge_png(20_000, 20_000),
        "notes.txt": b"x",
    }
    page = upload.run(make.zipped(content))
    assert [image["name"] for image in page["images"]] == ["a/9.png", "a/10.png"]
    assert [image["index"] for image in page["images"]] == [0, 1]
    assert page["skipped"] == 1
    failed = {entry["name"]: entry["code"] for entry in page["failed"]}
    assert failed == {"cut.png": "unusable_picture", "huge.png": "too_large_image", "small.png": "too_small"}
    assert ("segmentation", 5, 5) in upload.told


def test_an_archive_of_damaged_pictures_alone_fails(upload: Upload) -> None:
    refusal = upload.refused(make.zipped({"a.png": picture()[:900], "b.png": picture()[:900]}))
    assert refusal.code == "no_images"


def test_raw_numbers_in_a_picture_are_not_guessed_at(upload: Upload) -> None:
    target = io.BytesIO()
    Image.fromarray(np.full((64, 64), 3000, np.uint16)).save(target, "PNG")
    refusal = upload.refused(target.getvalue())
    assert refusal.code == "unusable_picture"
    assert refusal.text.startswith("The picture is a 16-bit picture")


def test_a_study_without_lung_is_said_to_be_so(upload: Upload, tmp_path: Path) -> None:
    belly = np.full((16, 64, 64), -1000, np.int16)
    belly[:, 10:-10, 10:-10] = 40
    gg.write.write_nifti(tmp_path / "belly.nii.gz", belly, (3.0, 4.0, 4.0))
    refusal = upload.refused((tmp_path / "belly.nii.gz").read_bytes())
    assert refusal.code == "no_lung"


def test_another_modality_is_said_to_be_so(upload: Upload, tmp_path: Path) -> None:
    def change(data: Any, index: int) -> None:
        data.Modality = "MR"
        data.SOPClassUID = "1.2.840.10008.5.1.4.1.1.4"

    dicom_factory.write_series(tmp_path / "mr", change=change)
    refusal = upload.refused(zipped_folder(tmp_path / "mr"))
    assert refusal.code == "unreadable_study"
    assert refusal.text.startswith("No CT series found, only a series (")
    assert "MR" in refusal.text


def test_truncated_and_false_studies(upload: Upload, tmp_path: Path) -> None:
    paths = dicom_factory.write_series(tmp_path / "cut")
    paths[5].write_bytes(paths[5].read_bytes()[:-700])
    refusal = upload.refused(zipped_folder(tmp_path / "cut"))
    assert refusal.code == "unreadable_study"
    assert "1 file is damaged" in refusal.text


def test_a_cut_off_volume(upload: Upload, tmp_path: Path) -> None:
    content = write(tmp_path).read_bytes()
    refusal = upload.refused(content[: len(content) // 2])
    assert refusal.code == "unreadable_study"


@pytest.mark.parametrize("stage", ["read", "lungs", "segmentation", "write"])
def test_a_study_stops_when_told(upload: Upload, tmp_path: Path, stage: str) -> None:
    with pytest.raises(Cancelled):
        upload.run(write(tmp_path).read_bytes(), stop_at=stage)


def test_an_archive_stops_when_told(upload: Upload) -> None:
    with pytest.raises(Cancelled):
        upload.run(make.zipped({"a.png": picture(), "b.png": picture()}), stop_at="segmentation")


def test_a_model_that_fails_is_the_servers_matter(upload: Upload, tmp_path: Path) -> None:
    upload.model = str(tmp_path / "gone.pt")
    assert upload.refused(picture()).code == "model_unusable"
