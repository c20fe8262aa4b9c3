"""The published flows, on small random networks exported by the importer, against a second implementation.

The second one is NumPy, Pillow and eager torch alone: every step from the slice to the labels is written
again.
"""

from __future__ import annotations

import copy
import json
import pickle
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

torch = pytest.importorskip("torch")
from torch import Tensor, nn  # noqa: E402

import groundglass as gg  # noqa: E402
from groundglass.models import UNetEfficientNet  # noqa: E402
from groundglass.models.importer import ARCHITECTURES, convert, import_checkpoint  # noqa: E402
from groundglass.models.model_file import save_torchscript  # noqa: E402
from random_weights import randomise  # noqa: E402

segmentation = pytest.importorskip("groundglass.segmentation.stages")
Ensemble, InfNet = segmentation.Ensemble, segmentation.InfNet
Image = pytest.importorskip("PIL.Image")

# TorchScript is deprecated upstream, and is the format of the model files.
pytestmark = [pytest.mark.long, pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")]

Array = npt.NDArray[Any]
SIZE = 64
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


class StandIn(nn.Module):
    """Two random convolutions and an activation; small, and every input plane counts for itself."""

    def __init__(self, planes: int, classes: int, activation: str, seed: int) -> None:
        super().__init__()
        self.activation = activation
        self.look = nn.Conv2d(planes, 6, 5, padding=2)
        self.say = nn.Conv2d(6, classes, 1)
        generator = torch.Generator().manual_seed(seed)
        for parameter in self.parameters():
            parameter.data = torch.randn(parameter.shape, generator=generator) * 0.5

    def forward(self, x: Tensor) -> Tensor:
        """(N, planes, H, W) -> (N, classes, H, W)."""
        y = self.say(torch.tanh(self.look(x)))
        if self.activation == "sigmoid":
            y = torch.sigmoid(y)
        elif self.activation == "softmax":
            y = torch.softmax(y, dim=1)
        return y


def export(
    module: nn.Module, architecture: str, path: Path, output: convert.Output = "probability", **changes: Any
) -> Path:
    """Writes `module` with the importer's contract of `architecture`, at a smaller size."""
    contract = convert.contract(replace(ARCHITECTURES[architecture]), output=output)
    contract["input"] |= {"size": [SIZE, SIZE]} | changes
    save_torchscript(module.eval(), path, json.dumps(contract), root="model")
    return path


def apply(module: nn.Module, planes: Array) -> Array:
    """The network's planes for one image."""
    with torch.inference_mode():
        result: Array = module(torch.from_numpy(np.ascontiguousarray(planes, np.float32))[None])[0].numpy()
    return result


class Networks:
    """The eager stand-ins and their files."""

    def __init__(self, folder: Path) -> None:
        self.infection = StandIn(3, 1, "sigmoid", 1)
        self.multi_class = StandIn(6, 3, "sigmoid", 2)
        self.four_class = StandIn(1, 4, "softmax", 3)
        self.infection_file = export(self.infection, "inf-net", folder / "inf-net.pt")
        self.multi_class_file = export(self.multi_class, "mc-unet", folder / "mc-unet.pt")
        self.four_class_file = export(self.four_class, "ensemble", folder / "ensemble.pt")


@pytest.fixture(scope="module")
def networks(tmp_path_factory: pytest.TempPathFactory) -> Networks:
    return Networks(tmp_path_factory.mktemp("published"))


def patient(slices: int = 4, rows: int = 96, columns: int = 80) -> Any:
    """Noise of lung and tissue in two lungs, whose box is not square, and tissue around."""
    rng = np.random.default_rng(8)
    ct = np.full((slices, rows, columns), 40.0)
    lungs = np.zeros(ct.shape, np.uint8)
    for place, label in ((slice(9, 37), 2), (slice(43, 71), 1)):
        lungs[:, 10:86, place] = label
    coarse = rng.normal(-650, 320, (slices, rows // 4, columns // 4)).repeat(4, 1).repeat(4, 2)
    ct[lungs > 0] = coarse[lungs > 0]
    ct = (ct + rng.normal(0, 25, ct.shape)).clip(-1100, 300).astype(np.int16)
    return gg.LungCt(gg.CtVolume(ct, spacing_mm=(5.0, 1.0, 1.0)), lungs)


def triangle(plane: Array, size: tuple[int, int]) -> Array:
    """Pillow's antialiased resize of a float plane."""
    picture = Image.fromarray(np.asarray(plane, np.float32))
    return np.asarray(picture.resize(size[::-1], Image.Resampling.BILINEAR))


def taps(source: int, target: int, kind: Any) -> tuple[Array, Array, Array]:
    """OpenCV's two source pixels of each target pixel and the share of the second, computed in `kind`."""
    place = ((np.arange(target) + 0.5) * (source / target) - 0.5).astype(kind).clip(0, source - 1)
    first = np.floor(place).astype(int)
    return first, np.minimum(first + 1, source - 1), (place - first.astype(kind)).astype(np.float32)


def two_taps(plane: Array, size: tuple[int, int]) -> Array:
    """A bilinear resize without antialiasing, as OpenCV's; 8-bit images in its fixed point."""
    if plane.dtype == np.uint8:
        upper, lower, down = taps(plane.shape[0], size[0], np.float32)
        left, right, across = taps(plane.shape[1], size[1], np.float32)
        second = np.round(across * 2048).astype(int)
        lines = plane[:, left].astype(int) * (2048 - second) + plane[:, right].astype(int) * second
        second = np.round(down * 2048).astype(int)[:, None]
        above = ((2048 - second) * (lines[upper] >> 4)) >> 16
        return (above + ((second * (lines[lower] >> 4)) >> 16) + 2) >> 2
    upper, lower, down = taps(plane.shape[0], size[0], np.float64)
    left, right, across = taps(plane.shape[1], size[1], np.float64)
    wide = plane.astype(np.float64)
    wide = wide[:, left] * (1 - across) + wide[:, right] * across
    return wide[upper] * (1 - down[:, None]) + wide[lower] * down[:, None]


def nearest(plane: Array, size: tuple[int, int]) -> Array:
    """The pixel that a target pixel's upper left corner lies in."""
    rows, columns = (np.arange(t) * s // t for t, s in zip(size, plane.shape, strict=True))
    return plane[np.ix_(rows, columns)]


def stretched(plane: Array) -> Array:
    """To 8 bits from the least to the greatest, through the 1e-8 and the writer that stretches again."""
    plane = np.asarray(plane, np.float64)
    unit = (plane - plane.min()) / (plane.max() - plane.min() + 1e-8)
    return np.floor(unit * (255 / unit.max()) + 0.5).astype(np.uint8)


def imagenet(grey: Array) -> Array:
    """Three equal planes of grey values 0 to 255, normalised."""
    planes = [(np.asarray(grey, np.float64) / 255 - mean) / std for mean, std in zip(MEAN, STD, strict=True)]
    return np.stack(planes)


def z_score(plane: Array) -> Array:
    """The normalisation of 42-EPOCHS."""
    clipped = np.clip(np.asarray(plane, np.float64), -1500, 500)
    low, high = np.percentile(clipped, [5, 95])
    between = clipped[(clipped > low) & (clipped < high)]
    return (((clipped - between.mean()) / between.std() - 0.485) / 0.229)[None]


def box_of(lungs: Array) -> tuple[slice, slice]:
    """The lungs' box in the plane, 3 pixels wider."""
    rows, columns = np.flatnonzero(lungs.any((0, 2))), np.flatnonzero(lungs.any((0, 1)))
    return slice(rows[0] - 3, rows[-1] + 4), slice(columns[0] - 3, columns[-1] + 4)


def labels_of(planes: Array, shape: tuple[int, int]) -> Array:
    """1 where the first plane is largest, 2 where the second is."""
    return nearest(np.array([1, 2, 0, 0], np.uint8)[planes.argmax(0)], shape)


def test_inf_net(networks: Networks) -> None:
    given = patient()
    stage = InfNet(
        networks.infection_file,
        networks.multi_class_file,
        average_mm=0,
        minimum_lesion_ml=0,
        keep_probabilities=True,
    )
    result = stage(given)
    box = box_of(given.lungs)
    for index in range(4):
        crop = given.ct.hounsfield[index][box]
        grey = triangle((crop.clip(-1350, 150) + 1350.0) * (255 / 1500), (SIZE, SIZE))
        infected = apply(networks.infection, imagenet(grey))[0]
        planes = apply(networks.multi_class, np.concatenate([imagenet(grey), imagenet(infected * 255)]))
        glass, dense, _ = (triangle(plane, crop.shape) for plane in planes / planes.sum(0))
        inside = given.lungs[index][box] != 0
        for plane, found in (
            (glass, result.ground_glass_probability),
            (dense, result.consolidation_probability),
        ):
            # A byte holds 255ths: half of one, and float32's rounding.
            assert np.abs(found[index][box] - 255 * plane)[inside].max() < 0.51
        expected = np.where(glass + dense >= 0.5, np.where(dense > glass, 2, 1), 0) * inside
        sure = (np.abs(glass + dense - 0.5) > 1e-4) & (np.abs(dense - glass) > 1e-4)
        assert np.array_equal(result.lesions[index][box][sure], expected[sure])
    assert set(np.unique(result.lesions)) == {0, 1, 2}
    assert not result.lesions[given.lungs == 0].any()


def test_inf_net_as_published(networks: Networks) -> None:
    given = patient()
    stage = InfNet.compatible(networks.infection_file, networks.multi_class_file)
    result = stage(given)
    agree = []
    for index in range(4):
        picture = stretched(given.ct.hounsfield[index])
        small = np.asarray(Image.fromarray(picture).resize((SIZE, SIZE), Image.Resampling.BILINEAR))
        prior = stretched(apply(networks.infection, imagenet(small))[0])
        grey = two_taps(picture, (SIZE, SIZE))
        planes = apply(networks.multi_class, np.concatenate([imagenet(grey), imagenet(prior)]))
        agree.append(result.lesions[index] == labels_of(planes, picture.shape))
    # Pillow may be a grey level off in one pixel of ten thousand, which turns pixels near a tie.
    assert np.mean(agree) > 0.999
    assert result.lesions[given.lungs == 0].any()
    assert any(note.code == "segmented" and "as published" in note.text for note in result.notes)


def test_inf_net_of_a_picture(networks: Networks) -> None:
    grey = stretched(patient().ct.hounsfield[0])
    files = (networks.infection_file, networks.multi_class_file)
    found = InfNet(*files).segment_image(grey)
    small = triangle(grey, (SIZE, SIZE))
    infected = apply(networks.infection, imagenet(small))[0]
    planes = apply(networks.multi_class, np.concatenate([imagenet(small), imagenet(infected * 255)]))
    for plane, expected in zip(found, planes / planes.sum(0), strict=False):
        assert np.abs(plane - triangle(expected, grey.shape)).max() < 1e-5
    published = InfNet.compatible(*files)
    assert np.array_equal(
        published.segment_image(grey),
        published.segment_image(grey.astype(np.float32), window=(0, 255)),
    )


def test_four_classes(networks: Networks) -> None:
    given = patient()
    result = Ensemble(networks.four_class_file, average_mm=0, minimum_lesion_ml=0, keep_probabilities=True)(
        given
    )
    for index in range(4):
        hounsfield = given.ct.hounsfield[index]
        planes = apply(networks.four_class, z_score(triangle(hounsfield, (SIZE, SIZE))))
        inside = given.lungs[index] != 0
        for plane, found in zip(
            planes[:2], (result.ground_glass_probability, result.consolidation_probability), strict=True
        ):
            expected = 255 * triangle(plane, hounsfield.shape)
            assert np.abs(found[index] - expected)[inside].max() < 0.51
            assert not found[index][~inside].any()


def test_four_classes_as_published(networks: Networks) -> None:
    given = patient()
    stage = Ensemble.compatible(networks.four_class_file)
    result = stage(given)
    for index in range(4):
        hounsfield = given.ct.hounsfield[index]
        planes = apply(networks.four_class, z_score(two_taps(hounsfield, (SIZE, SIZE))))
        expected = labels_of(planes, hounsfield.shape)
        two = np.sort(planes, 0)[-2:]
        sure = nearest(two[1] - two[0], hounsfield.shape) > 1e-4
        assert np.array_equal(result.lesions[index][sure], expected[sure])
    assert result.lesions[given.lungs == 0].any()
    # 8-bit pictures are resized in 8 bits.
    grey = stretched(given.ct.hounsfield[0])
    planes = apply(networks.four_class, z_score(two_taps(grey, (SIZE, SIZE))))
    expected = np.stack([nearest(plane, grey.shape) for plane in planes[:2]])
    assert np.abs(stage.segment_image(grey) - expected).max() < 1e-5


def test_logits_become_probabilities(networks: Networks, tmp_path: Path) -> None:
    def bare(module: StandIn) -> StandIn:
        module = copy.deepcopy(module)
        module.activation = "none"
        return module

    four = export(bare(networks.four_class), "ensemble", tmp_path / "four.pt", "logits")
    first = export(bare(networks.infection), "inf-net", tmp_path / "first.pt", "logits")
    second = export(bare(networks.multi_class), "mc-unet", tmp_path / "second.pt", "logits")
    hounsfield = patient().ct.hounsfield[1]
    for ours, theirs in (
        (Ensemble(four), Ensemble(networks.four_class_file)),
        (InfNet(first, second), InfNet(networks.infection_file, networks.multi_class_file)),
    ):
        assert np.abs(ours.segment_image(hounsfield) - theirs.segment_image(hounsfield)).max() < 1e-5
    assert Ensemble(four).contracts[0]["output"]["kind"] == "logits"
    with pytest.raises(gg.ModelError, match="promises probabilities"):
        Ensemble(export(bare(networks.four_class), "ensemble", tmp_path / "wrong.pt"))


def test_an_imported_network_from_file_to_slice(tmp_path: Path) -> None:
    network = randomise(UNetEfficientNet())
    torch.save(network.state_dict(), tmp_path / "checkpoint.pth")
    model = tmp_path / "unet.pt"
    import_checkpoint(tmp_path / "checkpoint.pth", "unet-efficientnet-b0", model)
    rng = np.random.default_rng(2)
    hounsfield = rng.normal(-500, 300, (512, 512)).astype(np.float32)
    found = Ensemble(model).segment_image(hounsfield)
    planes = torch.softmax(torch.from_numpy(apply_logits(network, z_score(hounsfield))), 0).numpy()
    assert np.abs(found - planes[:2]).max() < 1e-4
    assert found.std() > 1e-3


def apply_logits(network: Any, planes: Array) -> Array:
    """The logits of a published definition."""
    with torch.inference_mode():
        result: Array = network.logits(torch.from_numpy(planes.astype(np.float32))[None])[0].numpy()
    return result


def test_constant_slices(networks: Networks) -> None:
    flat = gg.CtVolume(np.full((2, 64, 64), -800, np.int16), spacing_mm=(1.0, 1.0, 1.0))
    given = gg.LungCt(flat, np.ones((2, 64, 64), np.uint8))
    for stage in (
        Ensemble(networks.four_class_file),
        Ensemble.compatible(networks.four_class_file, keep_probabilities=True),
        InfNet.compatible(networks.infection_file, networks.multi_class_file, keep_probabilities=True),
    ):
        assert stage(given).lesions.shape == (2, 64, 64)
    assert np.isfinite(Ensemble(networks.four_class_file).segment_image(flat.hounsfield[0])).all()


def test_a_regular_value(networks: Networks) -> None:
    files = (networks.infection_file, networks.multi_class_file)
    stage = InfNet(*files, threads=2, window_hu=(-1000, 200))
    assert eval(repr(stage), {"InfNet": InfNet}) == stage
    assert pickle.loads(pickle.dumps(stage)) == stage
    assert type(pickle.loads(pickle.dumps(stage))) is InfNet
    assert stage != InfNet(*files)
    assert stage != Ensemble(networks.four_class_file)
    assert (stage.infection, stage.multi_class) == tuple(map(str, files))
    assert (stage.threads, stage.threshold, stage.average_mm) == (2, 0.5, 4.5)
    assert (stage.window_hu, stage.as_published) == ((-1000.0, 200.0), False)
    published = InfNet.compatible(*files)
    assert (published.average_mm, published.minimum_lesion_ml, published.as_published) == (0.0, 0.0, True)
    assert published == pickle.loads(pickle.dumps(published)) != InfNet(*files)
    four = Ensemble.compatible(networks.four_class_file)
    assert four == eval(repr(four), {"Ensemble": Ensemble}) != Ensemble(networks.four_class_file)
    assert [c["input"]["normalisation"] for c in stage.contracts] == [
        "imagenet_rgb",
        "imagenet_bgr_with_infection",
    ]
    count = stage | (lambda result: int((result.lesions > 0).sum()))
    assert count(patient()) == int((stage(patient()).lesions > 0).sum()) > 0
    seen: list[tuple[int, int]] = []
    stage.run(patient(), progress=lambda done, total: seen.append((done, total)))
    assert (seen[0], seen[-1]) == ((0, 4), (4, 4))
    with pytest.raises(segmentation.Cancelled):
        stage.run(patient(), progress=lambda done, total: False)


def test_wrong_models(networks: Networks, tmp_path: Path) -> None:
    first, second, four = networks.infection_file, networks.multi_class_file, networks.four_class_file
    with pytest.raises(gg.ModelError, match=r"inf-net.pt: .*imagenet_rgb.*use the stage inf_net"):
        Ensemble(first)
    with pytest.raises(gg.ModelError, match=r"infection needs a model of input imagenet_rgb.*has percentile"):
        InfNet(four, second)
    with pytest.raises(gg.ModelError, match="multi_class needs a model of input imagenet_bgr_with_infection"):
        InfNet(first, first)
    with pytest.raises(gg.ModelError, match="as_published is for four-class networks"):
        Ensemble.compatible("ensemble-lite")
    unknown = export(networks.four_class, "ensemble", tmp_path / "new.pt", normalisation="quantile_9")
    with pytest.raises(gg.ModelError, match=r"new.pt: .*'quantile_9', which this groundglass does not know"):
        Ensemble(unknown)
    with pytest.raises(ValueError, match="average_mm must be 0 with as_published"):
        Ensemble(four, as_published=True)
    with pytest.raises(ValueError, match=r"window_hu .* found \(1, 1\)"):
        InfNet(first, second, window_hu=(1, 1))
    with pytest.raises(gg.ModelError, match="neither a shipped model"):
        InfNet(first, "no-such-model")


def test_in_the_workflows(networks: Networks, tmp_path: Path) -> None:
    from groundglass.slices import segment_images

    given = patient()
    Image.fromarray(stretched(given.ct.hounsfield[0])).save(tmp_path / "slice.png")
    found = segment_images(
        tmp_path / "slice.png", tmp_path / "labels", model=networks.four_class_file, probabilities=True
    )
    assert found.models[0].name == "ensemble"
    planes = np.load(tmp_path / "labels" / "slice.npy")
    stage = Ensemble(networks.four_class_file)
    assert np.abs(planes - stage.segment_image(stretched(given.ct.hounsfield[0]))).max() < 1e-6
    result = gg.analyze(given.ct, lungs=given.lungs, model=networks.four_class_file)
    assert result.models[0].name == "ensemble"
