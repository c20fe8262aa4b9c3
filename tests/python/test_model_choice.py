"""Which stage runs the models that were named, and how the command line tells of a wrong choice."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch")

import groundglass as gg
from groundglass.analyze import load_stage, lookup_models
from groundglass.cli import main
from small_study import patient, refused, write
from tiny_models import maker

segmentation = pytest.importorskip("groundglass.segmentation.stages")
Image = pytest.importorskip("PIL.Image")

# TorchScript is deprecated upstream, and is the format of the model files.
pytestmark = pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")

FOUR = ["ground_glass", "consolidation", "other_lung", "background"]


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One file of each kind: window.pt, four_class.pt, infection.pt, multi_class.pt."""
    make = maker()
    folder = tmp_path_factory.mktemp("models")
    make.save(make.Tiny(), folder / "window.pt", json.dumps(make.contract()))
    for name, network, kind, classes in (
        ("four_class", make.FourClass(), "percentile_z_score", FOUR),
        ("infection", make.Infection(), "imagenet_rgb", ["infection"]),
        ("multi_class", make.MultiClass(), "imagenet_bgr_with_infection", [*FOUR[:2], "background"]),
    ):
        make.save(network, folder / f"{name}.pt", make.published_contract(kind, classes))
    return folder


def stage(models: Path, *names: str, **options: Any) -> Any:
    return load_stage(lookup_models([models / f"{name}.pt" for name in names]), threads=1, **options)


def test_the_contracts_choose_the_stage(models: Path) -> None:
    for names in (("infection", "multi_class"), ("multi_class", "infection")):
        found = stage(models, *names, views=2)
        assert isinstance(found, segmentation.InfNet)
        assert (found.infection, found.multi_class) == tuple(
            str(models / f"{name}.pt") for name in ("infection", "multi_class")
        )
        assert (found.views, found.as_published) == (2, False)
    assert stage(models, "multi_class", "infection", compatible=True).as_published
    assert isinstance(stage(models, "window"), segmentation.Ensemble)
    assert len(stage(models, "window", "four_class", views=4).models) == 2
    assert stage(models, "four_class", compatible=True).as_published


@pytest.mark.parametrize(
    "names", [("infection",), ("multi_class",), ("infection", "infection"), ("infection", "window")]
)
def test_inf_net_needs_both_its_networks(models: Path, names: tuple[str, ...]) -> None:
    with pytest.raises(gg.ModelError, match="Inf-Net is two networks") as caught:
        stage(models, *names)
    assert ("another network" in str(caught.value)) == ("window" in names)


@pytest.mark.parametrize("names", [("window",), ("window", "four_class"), ("four_class", "four_class")])
def test_compatible_needs_a_published_flow(models: Path, names: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="compatible follows a published flow"):
        stage(models, *names, compatible=True)


def test_a_published_flow_looks_once(models: Path) -> None:
    for names in (("four_class",), ("infection", "multi_class")):
        with pytest.raises(ValueError, match="views must be 1 with compatible"):
            stage(models, *names, compatible=True, views=2)


def command(models: Path, *names: str) -> list[str]:
    return [word for name in names for word in ("--model", str(models / f"{name}.pt"))]


def test_analyze_with_inf_net(models: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    study = write(tmp_path)
    arguments = ["analyze", str(study), "--lungs", str(tmp_path / "lungs.nii.gz"), "--json"]
    results = []
    for more in ([], ["--compatible"], ["--views", "2"]):
        assert main([*arguments, *command(models, "multi_class", "infection"), *more]) == 0
        results.append(json.loads(capsys.readouterr().out))
    lungs = patient()
    expected = segmentation.InfNet(models / "infection.pt", models / "multi_class.pt")(
        gg.LungCt(lungs.volume, lungs.lungs)
    )
    both = gg.Involvement()(expected).rows[0]
    principled, compatible, views = results
    assert principled["regions"][0]["opacity_ml"] == pytest.approx(both.opacity_ml, rel=1e-6)
    assert [model["name"] for model in principled["models"]] == ["tiny", "tiny"]
    assert principled["options"]["segmentation"]["as_published"] is False
    assert compatible["options"]["segmentation"]["as_published"] is True
    assert compatible["regions"][0] != principled["regions"][0]
    assert views["options"]["segmentation"]["views"] == 2
    assert views["uncertainty"]["members"] == 2
    assert views["uncertainty"]["opacity_percent_sd"] >= 0
    assert views["uncertainty"]["coverage"] is None
    assert "uncertainty" not in principled


def test_segment_with_published_flows(models: Path, tmp_path: Path) -> None:
    grey = np.random.default_rng(2).integers(0, 256, (12, 10)).astype(np.uint8).repeat(6, 0).repeat(7, 1)
    Image.fromarray(grey).save(tmp_path / "slice.png")
    found = {}
    for name, words in {
        "inf_net": command(models, "infection", "multi_class"),
        "published": [*command(models, "infection", "multi_class"), "--compatible"],
        "four": [*command(models, "four_class"), "--compatible"],
        "views": [*command(models, "window"), "--views", "8"],
    }.items():
        out = tmp_path / name
        assert main(["segment", str(tmp_path / "slice.png"), "--out", str(out), *words]) == 0
        with Image.open(out / "slice.png") as image:
            found[name] = np.asarray(image)
    four = segmentation.Ensemble.compatible(models / "four_class.pt").find_in_image(grey)[0]
    assert np.array_equal(found["four"], four)
    assert found["four"].any()
    pair = (models / "infection.pt", models / "multi_class.pt")
    assert np.array_equal(found["published"], segmentation.InfNet.compatible(*pair).find_in_image(grey)[0])
    assert np.array_equal(found["inf_net"], segmentation.InfNet(*pair).find_in_image(grey)[0])
    assert found["views"].shape == grey.shape


def test_wrong_choices_on_the_command_line(
    models: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    study = write(tmp_path)
    masks = ["--lungs", str(tmp_path / "lungs.nii.gz")]
    lesions = ["--lesions", str(tmp_path / "lesions.nii.gz")]
    for words, text in (
        (command(models, "infection"), "Inf-Net is two networks"),
        ([*command(models, "window"), "--compatible"], "published flow"),
        ([*command(models, "window"), "--views", "3"], "views must be 1, 2, 4 or 8, found 3"),
        ([*lesions, "--views", "2"], "views and compatible"),
        ([*lesions, *command(models, "window")], "exclude each other"),
    ):
        assert text in refused(capsys, "analyze", str(study), "--json", *masks, *words)


def test_verify_tries_the_models_that_are_named(models: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "verify", str(models / "infection.pt"), str(models / "window.pt")]) == 0
    assert capsys.readouterr().out.count("loads and gives what its contract says") == 2
    make = maker()
    make.save(make.Logits(), models / "logits.pt", json.dumps(make.contract()))
    assert "promises probabilities" in refused(capsys, "models", "verify", str(models / "logits.pt"))
