from __future__ import annotations

import importlib
import json
import re
from pathlib import Path
from types import SimpleNamespace

import pytest

import groundglass as gg
from groundglass.cli import main
from small_study import patient, refused, segmentation_missing

pytestmark = pytest.mark.long

Output = pytest.CaptureFixture[str]


@pytest.fixture
def small_phantoms(monkeypatch: pytest.MonkeyPatch) -> None:
    """Phantoms of the tests' size, whatever size is asked for."""
    make = gg.phantom.make
    monkeypatch.setattr(
        gg.phantom, "make", lambda seed, **options: make(seed, **(options | {"shape": (24, 80, 80)}))
    )


@pytest.mark.parametrize("form", ["dicom", "nifti"])
@pytest.mark.usefixtures("small_phantoms")
def test_phantom_writes_a_study_that_can_be_analyzed(capsys: Output, tmp_path: Path, form: str) -> None:
    out = tmp_path / "patient"
    arguments = [
        "phantom",
        "--out",
        str(out),
        "--seed",
        "3",
        "--ground-glass",
        "0.2",
        "--consolidation",
        "0.05",
    ]
    assert main([*arguments, "--format", form]) == 0
    assert "25.0" in capsys.readouterr().out
    truth = json.loads((out / "truth.json").read_text())
    assert truth["regions"]["both lungs"]["opacity_percent"] == pytest.approx(25, abs=0.1)
    study = out / ("ct" if form == "dicom" else "ct.nii.gz")
    masks = ["--lungs", str(out / "lungs.nii.gz"), "--lesions", str(out / "lesions.nii.gz")]
    assert main(["analyze", str(study), *masks, "--json", "--keep-uid"]) == 0
    content = json.loads(capsys.readouterr().out)
    assert content["severity"]["opacity_percent"] == truth["regions"]["both lungs"]["opacity_percent"]
    assert content["input"]["kind"] == form
    assert (content["input"]["series_uid"] is None) == (form == "nifti")
    assert main(["analyze", str(study), *masks, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["input"]["series_uid"] is None


@pytest.mark.usefixtures("small_phantoms")
def test_a_series_that_is_not_there_is_wrong_input(capsys: Output, tmp_path: Path) -> None:
    out = tmp_path / "patient"
    assert main(["phantom", "--out", str(out)]) == 0
    capsys.readouterr()
    arguments = ["analyze", str(out / "ct"), "--lesions", str(out / "lesions.nii.gz"), "--json"]
    assert "no series" in refused(capsys, *arguments, "--series", "1.2.3")


def test_phantom_refuses_wrong_input(capsys: Output, tmp_path: Path) -> None:
    out = ["--out", str(tmp_path / "out")]
    assert "ground_glass" in refused(capsys, "phantom", *out, "--ground-glass", "1.5")
    assert "seed" in refused(capsys, "phantom", *out, "--seed", "-1")
    assert not list(tmp_path.iterdir())


def test_the_demonstration_sets_the_truth_beside_the_result(
    capsys: Output, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    demo = importlib.import_module("groundglass.demo")
    run, small = demo.run, {"shape": (24, 80, 80), "lesions": patient(0).lesions}
    monkeypatch.setattr(demo, "run", lambda out, **options: run(out, **(options | small)))
    out = tmp_path / "demo"
    for _ in range(2):  # the second replaces the first
        assert main(["demo", "--out", str(out)]) == 0
        captured = capsys.readouterr()
        for text in ("Truth", "Dice", "overlay.png", "report.html", "demo.json"):
            assert text in captured.out
    content = json.loads((out / "demo.json").read_text())
    assert content["exact"]
    assert content["dice"]["lungs"] > 0.9
    assert content["dice"]["lesions"] == 1
    truth = content["quantities"]["opacity_percent"]["truth"]
    assert truth == content["quantities"]["opacity_percent"]["true_masks"] == pytest.approx(11, abs=0.1)
    assert (out / "result" / "overlay.png").is_file()
    assert not [path.name for path in tmp_path.iterdir() if path.name != "demo"]


@pytest.mark.parametrize(
    ("measured", "models", "told"),
    [(62.0, ["ensemble-lite"], True), (95.0, ["ensemble-lite"], False), (62.0, [], False)],
)
def test_the_demonstration_says_why_its_ground_glass_is_too_little(
    measured: float, models: list[str], told: bool
) -> None:
    demo = importlib.import_module("groundglass.demo")
    glass = demo.Comparison(quantity="ground_glass_ml", truth=100.0, true_masks=100.0, measured=measured)
    found = object.__new__(demo.Demo)
    vars(found).update(comparisons=(glass,), result=SimpleNamespace(models=models))
    if told:
        assert re.search(r"100 ml are .* 62 ml were found, 38 % too little, because", found.why_off)
    else:
        assert found.why_off is None


def test_the_demonstration_replaces_only_its_own(capsys: Output, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").touch()
    refused(capsys, "demo", "--out", str(tmp_path))
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_models_are_listed_with_their_terms(capsys: Output) -> None:
    from groundglass.weights import available, find

    if reason := segmentation_missing():
        pytest.skip(reason)
    assert main(["models"]) == 0
    text = capsys.readouterr().out
    assert main(["models", "list"]) == 0
    assert capsys.readouterr().out == text
    for name in available():
        file = find(name)
        assert name in text
        assert file.sha256[:12] in text
        assert main(["models", "info", name]) == 0
        content = json.loads(capsys.readouterr().out)
        assert content["sha256"] == file.sha256
        assert content["licence"]
    assert "no-such-model" in refused(capsys, "models", "info", "no-such-model")
