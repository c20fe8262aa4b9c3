"""Training code on tiny made-up data: losses by hand, augmentation, folds, figures, resuming, export."""

from __future__ import annotations

import io
import json
import math
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

torch = pytest.importorskip("torch")
# TorchScript is the format that LibTorch reads; torch announces its successor on every call.
pytestmark = pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")

from groundglass.errors import FormatError  # noqa: E402
from groundglass.models import UNetLite, UNetLiteProbability  # noqa: E402
from groundglass.training import __main__ as command  # noqa: E402
from groundglass.training import data as data_module  # noqa: E402
from groundglass.training.augment import AugmentOptions, augment, augment_batch, blur  # noqa: E402
from groundglass.training.data import (  # noqa: E402
    Slice,
    assign_folds,
    fit_long_edge,
    is_stretched,
    load_labelled,
    load_pseudo,
    similar_groups,
    soft_one_hot,
)
from groundglass.training.evaluate import dice_figures, predict, prepare  # noqa: E402
from groundglass.training.export import export  # noqa: E402
from groundglass.training.install import install  # noqa: E402
from groundglass.training.losses import (  # noqa: E402
    border_weights,
    class_loss,
    dice_loss,
    labelled_loss,
    structure_loss,
)
from groundglass.training.pipeline import Pipeline, PipelineOptions, relabel  # noqa: E402
from groundglass.training.train import (  # noqa: E402
    Log,
    StageOptions,
    Training,
    drawn,
    mean_state,
    run_stage,
    update_average,
)
from groundglass.weights import find, read_contract  # noqa: E402

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data" / "covid-semiseg"
STILL = AugmentOptions(
    scale=(1.0, 1.0),
    rotation_deg=0.0,
    shift=0.0,
    log_width=0.0,
    level=0.0,
    log_gamma=0.0,
    blur_probability=0.0,
    noise_probability=0.0,
)


def phantom(seed: int, size: tuple[int, int] = (60, 44)) -> tuple[np.ndarray, np.ndarray]:
    """A made-up slice: dark lung, a grey and a bright patch; image and labels (uint8)."""
    rng = np.random.default_rng(seed)
    image = rng.normal(50, 6, size)
    labels = np.zeros(size, np.uint8)
    for label, grey in ((1, 120), (2, 210)):
        y, x = rng.integers(4, size[0] - 20), rng.integers(4, size[1] - 16)
        labels[y : y + 14, x : x + 12] = label
        image[labels == label] = grey
    return image.clip(0, 255).astype(np.uint8), labels


def slice_of(seed: int) -> Slice:
    """The made-up slice as training holds it."""
    image, labels = phantom(seed)
    target = (255 * soft_one_hot(labels)).to(torch.uint8)
    return Slice(f"s{seed}", torch.from_numpy(image)[None], target, image, labels)


def write_data(folder: Path, labelled: int = 4, pseudo: int = 3) -> Path:
    """A data folder of made-up slices."""
    for kind, masks, count in (("labelled", "labels", labelled), ("pseudo", "infection", pseudo)):
        (folder / kind / "images").mkdir(parents=True)
        (folder / kind / masks).mkdir()
        for i in range(count):
            image, labels = phantom(i)
            mask = labels if kind == "labelled" else ((labels > 0) * 255).astype(np.uint8)
            Image.fromarray(image).save(folder / kind / "images" / f"{i}.png")
            Image.fromarray(mask).save(folder / kind / masks / f"{i}.png")
    return folder


# --- losses -----------------------------------------------------------------------------------------------


def test_border_weights_by_hand() -> None:
    mask = torch.zeros(1, 1, 64, 64)
    mask[..., 32, 32] = 1.0
    weights = border_weights(mask)[0, 0]
    assert weights[32, 32] == pytest.approx(1 + 5 * (1 - 1 / 961))
    assert weights[32, 47] == pytest.approx(1 + 5 / 961)  # 15 pixels away: still inside of the window
    assert weights[32, 48] == pytest.approx(1.0)


def test_structure_loss_by_hand() -> None:
    """One pixel: the window is zero outside, so the average is m / 961."""
    logit, m = 0.7, 1.0
    w = 1 + 5 * abs(m / 961 - m)
    p = 1 / (1 + math.exp(-logit))
    iou = 1 - (w * p * m + 1) / (w * (p + m) - w * p * m + 1)
    loss = structure_loss(torch.full((1, 1, 1, 1), logit), torch.full((1, 1, 1, 1), m))
    assert float(loss) == pytest.approx(-math.log(p) + iou, rel=1e-6)


def test_structure_loss_weighs_pixels_inside_of_each_image() -> None:
    """The cross entropy is weighted (the published code drops the weights) and images count equally."""
    torch.manual_seed(0)
    logits = torch.randn(2, 1, 40, 40)
    mask = torch.zeros(2, 1, 40, 40)
    mask[0, :, 10:20, 10:30] = 1.0
    parts = []
    for x, m in zip(logits.double(), mask.double(), strict=True):
        w = border_weights(m[None])[0]
        p = x.sigmoid()
        bce = -(m * p.log() + (1 - m) * (1 - p).log())
        inter, union = (p * m * w).sum(), ((p + m) * w).sum()
        parts.append((w * bce).sum() / w.sum() + 1 - (inter + 1) / (union - inter + 1))
    assert float(structure_loss(logits, mask)) == pytest.approx(float(sum(parts)) / 2, rel=1e-5)


def test_dice_loss_by_hand() -> None:
    p, m = torch.tensor([0.5, 1.0, 0.0]), torch.tensor([1.0, 1.0, 0.0])
    assert float(dice_loss(p, m)) == pytest.approx(1 - (2 * 1.5 + 1) / (1.5 + 2.0 + 1))


def test_class_loss_by_hand() -> None:
    logits = torch.tensor([[[[1.0, -2.0]], [[0.5, 3.0]]]])
    shares = torch.tensor([[[[0.3, 0.0]], [[0.6, 0.0]]]])
    i, c = 1 / (1 + math.exp(-1.0)), 1 / (1 + math.exp(-0.5))
    i2, c2 = 1 / (1 + math.exp(2.0)), 1 / (1 + math.exp(-3.0))
    share = 0.6 / 0.9
    entropy = 0.9 * -(share * math.log(c) + (1 - share) * math.log(1 - c)) / (0.9 + 1)
    ggo = 1 - (2 * i * (1 - c) * 0.3 + 1) / (i * (1 - c) + i2 * (1 - c2) + 0.3 + 1)
    con = 1 - (2 * i * c * 0.6 + 1) / (i * c + i2 * c2 + 0.6 + 1)
    expected = 0.5 * entropy + 0.5 * ggo + 1.0 * con
    assert float(class_loss(logits, shares)) == pytest.approx(expected, rel=1e-5)


def test_classes_are_not_learned_outside_of_the_infection() -> None:
    logits = torch.zeros(1, 2, 8, 8, requires_grad=True)
    shares = torch.zeros(1, 2, 8, 8)
    shares[:, 0, :4] = 1.0
    (gradient,) = torch.autograd.grad(
        torch.nn.functional.binary_cross_entropy_with_logits(logits[:, 1], shares[:, 1]), logits
    )
    assert gradient[:, 1, 6].abs().sum() > 0  # a plain cross entropy would
    entropy_only = (
        class_loss(logits, shares)
        - 0.5 * dice_loss(torch.sigmoid(logits[:, 0]) * (1 - torch.sigmoid(logits[:, 1])), shares[:, 0])
        - dice_loss(torch.sigmoid(logits[:, 0]) * torch.sigmoid(logits[:, 1]), shares[:, 1])
    )
    (gradient,) = torch.autograd.grad(entropy_only, logits)
    assert gradient[:, 1, :4].abs().min() > 1e-4
    assert gradient[:, 1, 4:].abs().max() < 1e-7


# --- augmentation -----------------------------------------------------------------------------------------


def test_without_ranges_a_view_is_one_of_the_mirrorings() -> None:
    s = slice_of(1)
    seen = set()
    for seed in range(16):
        image, target = augment(s.image, s.target, (60, 44), np.random.default_rng(seed), STILL)
        truth = s.image.float() / 255 * 2 - 1
        for flips in ((), (-1,), (-2,), (-1, -2)):
            if torch.allclose(image, truth.flip(flips), atol=1e-5):
                assert torch.allclose(target, s.target.float().flip(flips) / 255, atol=1e-5)
                seen.add(flips)
    assert len(seen) == 4


def test_views_keep_label_classes_where_the_image_shows_them() -> None:
    """Geometry moves image and target together: grey patches stay ground glass, bright ones consolidation."""
    options = AugmentOptions(log_width=0, level=0, log_gamma=0, blur_probability=0, noise_probability=0)
    checked = 0
    for seed in range(8):
        s = slice_of(seed)
        image, target = augment(s.image, s.target, (64, 64), np.random.default_rng(seed), options)
        grey = (image[0] + 1) * 127.5
        assert target.min() >= 0
        assert target.sum(0).max() <= 1 + 1e-5
        for channel, value in ((0, 120), (1, 210)):
            sure = target[channel] > 0.999
            checked += int(sure.sum())
            assert (grey[sure] - value).abs().max() <= 1.0 if sure.any() else True
        assert ((grey[target.sum(0) == 0] < 90).float().mean()) > 0.99
    assert checked > 500


def test_outside_is_air_and_values_stay_in_range() -> None:
    s = slice_of(2)
    options = AugmentOptions(level=0.5, noise_probability=1.0, noise=0.2)
    image, target = augment(s.image, s.target, (60, 120), np.random.default_rng(0), options)
    assert image.min() >= -1
    assert image.max() <= 1
    assert (image[:, :, :10] == -1).all()
    assert (target[:, :, :10] == 0).all()


def test_batches_are_turned_as_a_whole_and_seeded() -> None:
    pairs = [(slice_of(i).image, slice_of(i).target) for i in range(2)]
    shapes = set()
    for seed in range(8):
        x, t = augment_batch(pairs, (64, 32), np.random.default_rng(seed), AugmentOptions())
        y, _ = augment_batch(pairs, (64, 32), np.random.default_rng(seed), AugmentOptions())
        assert torch.equal(x, y)
        assert t.shape[-2:] == x.shape[-2:]
        shapes.add(tuple(x.shape))
    assert shapes == {(2, 1, 64, 32), (2, 1, 32, 64)}


def test_blur_keeps_the_mean_and_spreads_a_point() -> None:
    image = torch.zeros(1, 21, 21)
    image[0, 10, 10] = 1.0
    blurred = blur(image, 1.0)
    assert float(blurred.sum()) == pytest.approx(1.0, abs=1e-5)
    assert float(blurred[0, 10, 10]) == pytest.approx(1 / (2 * math.pi), rel=0.02)


# --- data -------------------------------------------------------------------------------------------------


def test_loading(tmp_path: Path) -> None:
    folder = write_data(tmp_path)
    labelled, pseudo = load_labelled(folder), load_pseudo(folder)
    assert [s.name for s in labelled] == ["0", "1", "2", "3"]
    assert len(pseudo) == 3
    assert labelled[0].image.shape == (1, 352, 258)
    assert labelled[0].target.shape == (2, 352, 258)
    assert pseudo[0].target.shape == (1, 352, 258)
    image, labels = phantom(0)
    assert np.array_equal(labelled[0].original, image)
    assert np.array_equal(labelled[0].labels, labels)
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


# --- evaluation -------------------------------------------------------------------------------------------


def test_figures_by_hand() -> None:
    labels = [np.array([[1, 1, 2, 0]], np.uint8), np.array([[0, 0, 1, 0]], np.uint8)]
    predicted = [
        np.array([[[0.9, 0.1, 0.3, 0.0]], [[0.0, 0.0, 0.4, 0.6]]], np.float32),
        np.array([[[0.0, 0.0, 0.7, 0.0]], [[0.0, 0.0, 0.0, 0.0]]], np.float32),
    ]
    f = dice_figures(predicted, labels)
    # infection: slice 1 predicts pixels 0, 2 (0.3 + 0.4) and 3 of the true 0, 1, 2; slice 2 is exact
    assert f["infection"]["slice_mean"] == pytest.approx((4 / 6 + 1) / 2)
    assert f["infection"]["pooled"] == pytest.approx(6 / 8)
    assert f["ground_glass"]["slice_mean"] == pytest.approx((2 / 3 + 1) / 2)
    # consolidation: missed and falsely found in slice 1; neither true nor found in slice 2
    assert f["consolidation"]["slice_mean"] == pytest.approx(0.5)
    assert f["consolidation"]["slice_mean_present"] == 0.0
    assert f["consolidation"]["slices_present"] == 1
    assert f["consolidation"]["slices"] == 2


def test_prepare_scales_and_pads_with_air() -> None:
    x, size = prepare(torch.full((1, 100, 60), 255, dtype=torch.uint8), 64)
    assert size == (64, 38) == fit_long_edge(100, 60, 64)
    assert x.shape == (1, 1, 64, 64)
    torch.testing.assert_close(x[..., :38], torch.ones(1, 1, 64, 38))
    assert (x[..., 38:] == -1).all()


def test_predict_gives_the_image_size_and_averages() -> None:
    torch.manual_seed(0)
    a, b = UNetLite().eval(), UNetLite().eval()
    image = torch.from_numpy(phantom(3, (70, 50))[0])[None]
    pa, pb = predict([a], image, 64), predict([b], image, 64)
    assert pa.shape == (2, 70, 50)
    torch.testing.assert_close(predict([a, b], image, 64), (pa + pb) / 2, atol=1e-6, rtol=0)
    mirrored = predict([a], image.flip(-1), 64, flips=True)
    assert predict([a], image, 64, flips=True).isfinite().all()
    assert mirrored.shape == (2, 70, 50)


def test_relabel_blends() -> None:
    torch.manual_seed(0)
    network = UNetLite().eval()
    s = slice_of(0).with_target(torch.full((1, 60, 44), 255, dtype=torch.uint8))
    (new,) = relabel([network], [s], given_share=0.4, long_edge=64, minutes=1, rng=np.random.default_rng(0))
    expected = 0.6 * predict([network], s.image, 64).sum(0) + 0.4
    assert (new.target[0].float() / 255 - expected).abs().max() < 0.003
    assert (
        relabel([network], [s], given_share=0.4, long_edge=64, minutes=0, rng=np.random.default_rng(0)) == []
    )


# --- the loop ---------------------------------------------------------------------------------------------


def tiny_loss(network: UNetLite, step: int, rng: np.random.Generator) -> torch.Tensor:
    """Loss on augmented made-up slices at 32 x 32."""
    pairs = [(slice_of(i).image, slice_of(i).target) for i in drawn(4, 2, step, [0])]
    x, shares = augment_batch(pairs, (32, 32), rng, AugmentOptions())
    return labelled_loss(network(x), shares)


def new_network() -> UNetLite:
    """The same random weights every time."""
    torch.manual_seed(5)
    return UNetLite()


def test_steps_lower_the_loss_of_a_fixed_batch() -> None:
    pairs = [(slice_of(i).image, slice_of(i).target) for i in range(4)]
    x, shares = augment_batch(pairs, (64, 64), np.random.default_rng(0), STILL)
    training = Training(new_network(), StageOptions(minutes=1, steps=40), [1])
    losses = [training.advance(lambda n, step, rng: labelled_loss(n(x), shares)) for _ in range(12)]
    assert losses[-1] < 0.8 * losses[0]


def test_resume_ends_in_the_same_state(tmp_path: Path) -> None:
    options = StageOptions(minutes=1, steps=4)
    whole = Training(new_network(), options, [1])
    for _ in range(4):
        whole.advance(tiny_loss)
    first = Training(new_network(), options, [1])
    for _ in range(2):
        first.advance(tiny_loss)
    first.save(tmp_path / "half.pt")
    second = Training(UNetLite(), options, [1])
    second.load(tmp_path / "half.pt")
    assert second.step == 2
    for _ in range(2):
        second.advance(tiny_loss)
    for a, b in ((whole.network, second.network), (whole.average, second.average)):
        for key, value in a.state_dict().items():
            assert torch.equal(value, b.state_dict()[key]), key
    assert not torch.equal(whole.network.head.weight, first.network.head.weight), (
        "the steps after the checkpoint changed nothing"
    )


def test_frozen_norms_keep_their_statistics() -> None:
    for freeze in (True, False):
        training = Training(new_network(), StageOptions(1, 2, freeze_encoder_norm=freeze), [1])
        before = training.network.encoder.stem[1].running_mean.clone()
        decoder_before = training.network.decoder[0].mix[0][1].running_mean.clone()
        training.advance(tiny_loss)
        assert torch.equal(before, training.network.encoder.stem[1].running_mean) is freeze
        assert not torch.equal(decoder_before, training.network.decoder[0].mix[0][1].running_mean)


def test_run_stage_resumes_logs_and_stops(tmp_path: Path) -> None:
    log = Log(tmp_path / "log.jsonl")
    options = StageOptions(minutes=1, steps=2, probe_every=1)
    arguments = {"key": [1], "checkpoint": tmp_path / "s.pt", "log": log}
    done = run_stage(
        "S",
        new_network(),
        tiny_loss,
        options,
        resume=False,
        probe=lambda n: {"x": 1.0},
        **arguments,
    )

    def never(network: UNetLite, step: int, rng: np.random.Generator) -> torch.Tensor:
        raise AssertionError("a finished stage was trained again")

    again = run_stage("S", UNetLite(), never, options, resume=True, **arguments)
    assert torch.equal(done.head.weight, again.head.weight)
    events = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert [e["event"] for e in events] == ["probe", "probe", "stage", "resume", "stage"]
    assert not list(tmp_path.glob("*.partial"))


def test_options_name_the_wrong_value() -> None:
    with pytest.raises(ValueError, match="minutes is 0"):
        StageOptions(minutes=0)
    with pytest.raises(ValueError, match="steps is 0"):
        StageOptions(minutes=1, steps=0)
    assert StageOptions(minutes=2).progress(10**6, 60.0) == 0.5
    assert StageOptions(minutes=2, steps=10).progress(5, 1e6) == 0.5


def test_averages_by_hand() -> None:
    a, b = torch.nn.BatchNorm1d(1), torch.nn.BatchNorm1d(1)
    with torch.no_grad():
        a.weight.fill_(1.0)
        b.weight.fill_(3.0)
        b.num_batches_tracked.fill_(7)
    update_average(a, b, 0.75)
    assert a.weight.item() == pytest.approx(1.5)
    assert int(a.num_batches_tracked) == 7
    networks = [new_network(), UNetLite()]
    mean = mean_state(networks)
    torch.testing.assert_close(
        mean["head.weight"], (networks[0].head.weight + networks[1].head.weight).detach() / 2
    )


# --- export and the whole command -------------------------------------------------------------------------


def settled() -> UNetLite:
    """A network whose batch norms have statistics."""
    network = new_network().train()
    with torch.no_grad():
        for _ in range(3):
            network(torch.randn(4, 1, 64, 64))
    return network.eval()


def test_export_round_trip(tmp_path: Path) -> None:
    network = settled()
    path = export(network, tmp_path / "m.pt", long_edge=320)
    assert path.stat().st_size < 7_900_000
    assert [p.name for p in tmp_path.iterdir()] == ["m.pt"]
    contract = read_contract(path)
    assert contract["input"]["long_edge"] == 320
    assert contract["output"] == {
        "kind": "probability",
        "classes": ["ground_glass", "consolidation"],
    }
    extra = {"groundglass.json": ""}
    loaded = torch.jit.load(str(path), _extra_files=extra)
    assert json.loads(extra["groundglass.json"]) == contract
    assert next(loaded.parameters()).dtype == torch.float16
    loaded = torch.jit.freeze(loaded.to(torch.float32).eval())
    x = torch.randn(1, 1, 96, 64)
    with torch.inference_mode():
        torch.testing.assert_close(loaded(x), UNetLiteProbability(network)(x), atol=0.02, rtol=0)


def test_export_names_no_source_files(tmp_path: Path) -> None:
    path = export(settled(), tmp_path / "m.pt", long_edge=320)
    folder = str(Path(command.__file__).parents[1]).encode()
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        for entry in archive.infolist():
            assert entry.filename.startswith("unet-lite/")
            assert folder not in archive.read(entry)


def test_export_refuses_a_diverged_network(tmp_path: Path) -> None:
    network = settled()
    with torch.no_grad():
        network.head.bias.fill_(1e6)
    with pytest.raises(ValueError, match=r"network\.head\.bias has values beyond half precision"):
        export(network, tmp_path / "m.pt", long_edge=320)
    assert not list(tmp_path.iterdir())


def test_install_writes_the_manifest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = export(settled(), tmp_path / "m.pt", long_edge=320)
    shipped = tmp_path / "weights"
    shipped.mkdir()
    old = {"name": "old", "file": "old.pt", "default": True}
    (shipped / "manifest.json").write_text(json.dumps({"models": [old]}))
    entry = install(model, shipped)
    models = json.loads((shipped / "manifest.json").read_text())["models"]
    assert models == [{**old, "default": False}, entry]
    assert entry["bytes"] == (shipped / "unet-lite.pt").stat().st_size
    monkeypatch.setattr("groundglass.weights.FOLDER", shipped)
    assert find().sha256 == entry["sha256"]


def test_pipeline_from_data_to_file(tmp_path: Path) -> None:
    out = tmp_path / "out"
    data = write_data(tmp_path / "data")
    options = PipelineOptions(steps=(1, 1, 1), long_edge=64, canvas_a=(64, 32), canvas=(64, 32))
    path = Pipeline(data, out, options).run()
    assert path == out / "final" / "unet-lite.pt"
    assert read_contract(path)["input"]["long_edge"] == 64
    assert (out / "interim" / "unet-lite.pt").exists()
    figures = json.loads((out / "figures.json").read_text())
    assert sorted(name for fold in figures["folds"] for name in fold["held_out"]) == ["0", "1", "2", "3"]
    assert figures["all"]["infection"]["slices"] == 4
    assert (out / "learning_curves.png").stat().st_size > 5000

    def stages() -> list[str]:
        events = [json.loads(line) for line in (out / "log.jsonl").read_text().splitlines()]
        return [e["stage"] for e in events if e["event"] == "resume"]

    assert stages() == []
    checkpoint = (out / "D.pt").read_bytes()
    (out / "D.pt").unlink()
    Pipeline(data, out, replace(options, resume=True)).run()
    assert stages() == ["A", "B0", "B1"]
    again, before = (torch.load(io.BytesIO(b)) for b in ((out / "D.pt").read_bytes(), checkpoint))
    for key, value in before["average"].items():
        assert torch.equal(value, again["average"][key]), key


def test_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    seen: list[tuple[Path, Path, PipelineOptions]] = []

    class Recorder:
        def __init__(self, data: Path, out: Path, options: PipelineOptions) -> None:
            seen.append((data, out, options))

        def run(self) -> Path:
            model = tmp_path / "unet-lite.pt"
            model.write_bytes(b"1234")
            return model

    text = "--data d --out o --minutes 1 2 3 4 --seed 9 --folds 5 --resume --long-edge 320"
    with monkeypatch.context() as patch:
        patch.setattr(command, "Pipeline", Recorder)
        assert command.main(text.split()) == 0
    expected = PipelineOptions(minutes=(1, 2, 3, 4), seed=9, folds=5, resume=True, long_edge=320)
    assert seen == [(Path("d"), Path("o"), expected)]
    assert "4 bytes" in capsys.readouterr().out
    assert command.main(["--data", str(tmp_path), "--out", str(tmp_path / "out")]) == 2
    assert "no .jpg or .png slices" in capsys.readouterr().err
