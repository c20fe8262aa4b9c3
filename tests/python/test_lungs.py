"""The stage that finds lungs by a network, here a toy, and which lungs are taken when."""

from __future__ import annotations

import hashlib
import json
import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

import groundglass as gg
from groundglass import weights
from groundglass.cli import main
from groundglass.errors import Cancelled
from groundglass.segmentation import lung_choice
from groundglass.write import write_nifti

pytest.importorskip("torch")
try:
    from groundglass.segmentation import Ensemble, Lungs
except ImportError as error:
    pytest.skip(str(error), allow_module_level=True)

SPACING = (3.0, 2.0, 2.0)
#: What the toy network takes for lung, and what only the classical mask does.
LUNG, DENSER = -800, -600


def chest() -> npt.NDArray[np.int16]:
    """A body with two boxes of lung, 40 slices from feet to head."""
    ct = np.full((40, 120, 150), -1000, np.int16)
    ct[:, 15:105, 5:145] = 40
    ct[6:34, 30:90, 20:60] = LUNG
    ct[6:34, 30:90, 90:130] = LUNG
    return ct


def volume(hounsfield: npt.NDArray[np.int16]) -> gg.CtVolume:
    return gg.CtVolume(hounsfield, spacing_mm=SPACING)


def nothing(ct: gg.CtVolume) -> npt.NDArray[np.uint8]:
    return np.zeros(tuple(ct.shape), np.uint8)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The toy network's file."""
    import tiny_models

    made = tiny_models.maker()
    path = tmp_path_factory.mktemp("lungs") / "toy.pt"
    made.save(made.ToyLungs(1), path, made.lungs_contract())
    return path


@pytest.fixture
def bundled(model: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The toy network as the bundled lungs-lite; gives its SHA-256."""
    digest = hashlib.sha256(model.read_bytes()).hexdigest()
    entry = {"name": weights.LUNGS, "file": str(model), "sha256": digest, "default": False}
    monkeypatch.setattr(weights, "_manifest", lambda: [entry])
    lung_choice._loaded.cache_clear()
    yield digest
    lung_choice._loaded.cache_clear()


def codes(found: gg.LungCt | gg.Result) -> list[str]:
    return [note.code for note in found.notes]


def test_left_and_right_lung_are_found(model: Path) -> None:
    found = Lungs(model)(volume(chest()))
    assert found.lungs[20, 60, 40] == 2
    assert found.lungs[20, 60, 110] == 1
    truth = chest() == LUNG
    assert 2 * (truth & (found.lungs > 0)).sum() / (truth.sum() + (found.lungs > 0).sum()) > 0.95
    assert codes(found)[0] == "lungs_by_network"
    assert "toy-lungs 1" in found.notes[0].text


def test_the_stage_joins_and_is_a_value(model: Path) -> None:
    stage = Lungs(model, threshold=0.4, threads=2)
    assert pickle.loads(pickle.dumps(stage)) == stage != Lungs(model)
    assert (
        repr(stage) == f"Lungs(model={str(model)!r}, threads=2, bfloat16=False, threshold=0.4, device='auto')"
    )
    assert (stage.model, stage.threads, stage.bfloat16, stage.threshold) == (str(model), 2, False, 0.4)
    assert stage.contract["input"]["neighbours_mm"] == [-6, 0, 6]
    profile = volume(chest()) | (stage | (lambda lungs: int(lungs.lungs.max())))
    assert profile == 2
    assert "Lungs" in stage._repr_html_()


@pytest.mark.parametrize(
    ("options", "text"),
    [({"threshold": 0.0}, "threshold"), ({"threshold": 1.0}, "threshold"), ({"threads": -1}, "threads")],
)
def test_options_out_of_range_are_refused(model: Path, options: dict[str, Any], text: str) -> None:
    with pytest.raises(ValueError, match=f"^lungs: {text} must be"):
        Lungs(model, **options)


def test_a_network_for_lesions_finds_no_lungs_and_the_other_way_round(model: Path, tmp_path: Path) -> None:
    import tiny_models

    made = tiny_models.maker()
    made.save(made.Tiny(), tmp_path / "tiny.pt", json.dumps(made.contract()))
    with pytest.raises(gg.ModelError, match="finds no lungs"):
        Lungs(tmp_path / "tiny.pt")
    with pytest.raises(gg.ModelError, match="finds lungs"):
        Ensemble(model)


def test_it_tells_of_its_progress_and_stops(model: Path) -> None:
    stage, told = Lungs(model), []
    stage.run(volume(chest()), progress=lambda done, total: told.append((done, total)))
    assert told[0] == (0, 40)
    assert told[-1] == (40, 40)
    with pytest.raises(Cancelled):
        stage.run(volume(chest()), progress=lambda done, total: done < 5)


def test_the_network_is_taken_where_it_is_there_and_the_result_names_it(bundled: str) -> None:
    ct = volume(chest())
    result = gg.analyze(ct, lesions=nothing(ct))
    entry = result.to_dict()["lungs"]
    model = {
        "name": "lungs-lite",
        "version": "1",
        "sha256": bundled,
        "licence": "Apache-2.0",
        "threshold": 0.5,
    }
    assert entry == {"source": "network", "sha256": None, "model": model}
    assert "lungs_by_network" in codes(result)
    assert [found.name for found in result.weights] == ["lungs-lite"]
    jsonschema = pytest.importorskip("jsonschema")
    jsonschema.validate(result.to_dict(), gg.result.schema())
    page = gg.report.html(result)
    assert "found by <strong>lungs-lite 1</strong>, threshold 0.5" in page
    assert bundled[:32] in page


def test_the_classical_mask_is_taken_where_it_is_asked_for(bundled: str) -> None:
    ct = volume(chest())
    result = gg.analyze(ct, lesions=nothing(ct), lung_method="classical")
    assert result.to_dict()["lungs"] == {"source": "lung_mask", "sha256": None}
    assert np.array_equal(result.lungs, gg.LungMask()(ct).lungs)
    assert "lungs_by_network" not in codes(result)
    assert "found by groundglass without a network" in gg.report.html(result)


def test_without_torch_the_classical_mask_is_taken(bundled: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(threads: int, device: str) -> Lungs:
        raise ImportError("groundglass.segmentation needs LibTorch; pip install torch")

    ct = volume(chest())
    with monkeypatch.context() as patch:
        patch.setattr(lung_choice, "_loaded", missing)
        assert np.array_equal(gg.find_lungs(ct).lungs, gg.LungMask()(ct).lungs)
        with pytest.raises(ImportError, match="pip install torch"):
            gg.find_lungs(ct, "network")


def test_without_the_weights_the_classical_mask_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights, "_manifest", list)
    ct = volume(chest())
    assert np.array_equal(gg.find_lungs(ct).lungs, gg.LungMask()(ct).lungs)
    with pytest.raises(gg.ModelError, match="no weights for lungs"):
        gg.find_lungs(ct, "network")


def test_a_warning_says_where_the_two_differ(bundled: str) -> None:
    agreeing = gg.find_lungs(volume(chest()))
    assert not [code for code in codes(agreeing) if code.startswith("lung_masks_differ")]
    hounsfield = chest()
    hounsfield[6:34, 66:90, 90:130] = DENSER
    ct = volume(hounsfield)
    found = gg.find_lungs(ct)
    (note,) = [note for note in found.notes if note.code.startswith("lung_masks_differ")]
    assert (note.code, note.level) == ("lung_masks_differ_back", "warning")
    differences = gg.compare_lungs(found, gg.LungMask()(ct))
    assert differences.only_first.sum() == 0
    assert differences.only_second.back == pytest.approx(28 * 20 * 40 * 0.012, rel=0.15)
    assert f"{differences.only_second.back:.0f} ml" in note.text


def test_where_the_network_finds_nothing_the_classical_mask_is_taken(bundled: str) -> None:
    hounsfield = chest()
    hounsfield[hounsfield == LUNG] = DENSER
    ct = volume(hounsfield)
    result = gg.analyze(ct, lesions=nothing(ct))
    assert result.to_dict()["lungs"] == {"source": "lung_mask", "sha256": None}
    assert "lungs_not_by_network" in codes(result)
    with pytest.raises(gg.FormatError, match="no lung was found"):
        gg.find_lungs(ct, "network")


def test_the_network_without_weights_is_refused_before_any_work(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(weights, "_manifest", lambda: [])
    ct = volume(chest())
    with pytest.raises(gg.ModelError, match=r"no weights for lungs .* make and install them"):
        gg.analyze(ct, lesions=nothing(ct), lung_method="network")
    write_nifti(tmp_path / "ct.nii.gz", ct.hounsfield, ct.spacing_mm, ct.origin_mm, ct.direction)
    command = [
        "analyze",
        str(tmp_path / "ct.nii.gz"),
        "--lung-method",
        "network",
        "--out",
        str(tmp_path / "out"),
    ]
    assert main(command) == 2
    assert "or take the classical mask" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_method_that_there_is_not_is_refused() -> None:
    ct = volume(chest())
    with pytest.raises(ValueError, match="lung_method must be one of 'network', 'classical'"):
        gg.analyze(ct, lesions=nothing(ct), lung_method="unet")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="lungs and lung_method exclude each other"):
        gg.analyze(ct, lungs=nothing(ct), lesions=nothing(ct), lung_method="classical")


@pytest.mark.parametrize(
    ("options", "source"), [((), "network"), (("--lung-method", "classical"), "lung_mask")]
)
def test_the_command_line_asks_for_a_method(
    bundled: str, tmp_path: Path, options: tuple[str, ...], source: str
) -> None:
    ct = volume(chest())
    for name, array in (("ct", ct.hounsfield), ("lesions", nothing(ct))):
        write_nifti(tmp_path / f"{name}.nii.gz", array, ct.spacing_mm, ct.origin_mm, ct.direction)
    study, lesions, out = (str(tmp_path / name) for name in ("ct.nii.gz", "lesions.nii.gz", "out"))
    assert main(["analyze", study, "--lesions", lesions, "--out", out, *options]) == 0
    assert json.loads((tmp_path / "out" / "result.json").read_text())["lungs"]["source"] == source


def test_lungs_lite_is_no_default_for_lesions() -> None:
    assert weights.LUNGS not in [file.name for file in weights.defaults()]
