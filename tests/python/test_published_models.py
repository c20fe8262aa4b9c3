"""The published networks: the entries of the public checkpoints, scriptable, and odd where those are."""

from __future__ import annotations

import warnings

import pytest

from conftest import SHARED_DATA

torch = pytest.importorskip("torch")
# TorchScript is the format that LibTorch reads; torch announces its successor on every call.
pytestmark = [pytest.mark.long, pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")]

import torch.nn.functional as F  # noqa: E402

from groundglass.models.efficientnet import EfficientNetEncoder, SameConv2d  # noqa: E402
from groundglass.models.importer import ARCHITECTURES  # noqa: E402
from groundglass.models.inf_net import ConvNorm, InfNet, PartialDecoder, resize  # noqa: E402
from groundglass.models.logit_sum_ensemble import LogitSumEnsemble  # noqa: E402
from groundglass.models.multi_class_unet import Up  # noqa: E402
from groundglass.models.pspnet_efficientnet import PSPNetEfficientNet, PyramidBlock  # noqa: E402
from groundglass.models.published import PaddedTo32, PublishedNetwork  # noqa: E402
from groundglass.models.res2net import Res2Net50, Res2NetBlock  # noqa: E402
from groundglass.models.resnet import ResNet50  # noqa: E402
from groundglass.models.vgg import VGG16  # noqa: E402
from random_weights import digest, entries, randomise  # noqa: E402

STATE_DICTS = SHARED_DATA.parent / "spec" / "state-dicts"

#: entries, parameters, SHA-256 of the sorted lines "name TAB shape TAB kind", and the file that lists them
LISTS = {
    "inf-net": (
        946,
        33_121_721,
        "bc7cb7fd8f063791f9af061e8badd9f115d812076b85168d3462279f5f3b23a4",
        "infnet",
    ),
    "mc-unet": (
        128,
        17_269_251,
        "5bd9a993d7050147a1e2b42129277c3dcc14cf2b45bb5ddc861cda61be3166cd",
        "mcunet",
    ),
    "unet-efficientnet-b0": (
        420,
        6_251_328,
        "bae538b44644817f7bdbb83e294dae6801280ea6eb7fd7d39e60274adeb0060f",
        "unet_b0",
    ),
    "pspnet-efficientnet-b2": (
        534,
        7_771_418,
        "dc7181732c146ac74c96d481d1365cb68a4feaceeb998ab5fdf27ccb3dfb3705",
        "psp_b2",
    ),
    "pspnet-efficientnet-b1": (
        534,
        6_574_698,
        "447b18b39e40b6b2f2488636ea842eaa07940d78fdd3f653f8f18b51d9749897",
        "psp_b1",
    ),
    "ensemble": (
        956,
        14_022_766,
        "5b08be460a4cf0e02324969fb97710b23d90c462407909ef83685d5493a2a8b6",
        "ensemble",
    ),
    "res2net50": (
        524,
        25_718_352,
        "37c88cc9c3514543e981922bdc4e99d520ef65e3195ee6af2befa2c0d64e454b",
        "res2net50_v1b",
    ),
    # These have no public list; the digests are the project's own, so that no name changes unnoticed.
    "inf-net-resnet50": (
        740,
        30_911_401,
        "7a9516a8bc0e89ccb5204ca73cee3ec127f2204c23383dc5cadcdb932b8c8dc2",
        None,
    ),
    "inf-net-vgg16": (
        460,
        34_278_057,
        "d97ea089b82874ba657f87e7b4150f53011189fd975966944e7fdebce7e94170",
        None,
    ),
    "ensemble-b1": (
        956,
        12_826_046,
        "4c3b53d90625edf19d851b364ae7c4afa90a2bf85f862229eb24819ae2de177a",
        None,
    ),
}


def skeleton(name: str) -> torch.nn.Module:
    """The network without values."""
    with torch.device("meta"):
        return Res2Net50() if name == "res2net50" else ARCHITECTURES[name].build()


def pattern(channels: int, height: int = 64, width: int = 96) -> torch.Tensor:
    """An image (1, channels, height, width) that no seed can change."""
    i = torch.arange(channels * height * width, dtype=torch.float64)
    return torch.sin(0.37 * i + 0.002 * i * i / width).reshape(1, channels, height, width).float()


@pytest.fixture(scope="module", params=list(ARCHITECTURES))
def network(request: pytest.FixtureRequest) -> PublishedNetwork:
    """Each network in turn, with random weights."""
    built = ARCHITECTURES[request.param].build()
    randomise(built)
    return built


def channels_of(network: PublishedNetwork) -> int:
    """Channels of the image that `network` takes."""
    first = {"InfNet": 3, "InfNetResNet50": 3, "InfNetVGG16": 3, "MultiClassUNet": 6}
    return first.get(type(network).__name__, 1)


# --- entries -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", LISTS)
def test_entries_and_parameters(name: str) -> None:
    count, parameters, sha256, _ = LISTS[name]
    network = skeleton(name)
    lines = entries(network)
    assert (len(lines), sum(p.numel() for p in network.parameters())) == (count, parameters)
    assert digest(lines) == sha256


@pytest.mark.parametrize("name", [name for name, entry in LISTS.items() if entry[3] is not None])
def test_entries_equal_the_list(name: str) -> None:
    path = STATE_DICTS / f"{LISTS[name][3]}.txt"
    if not path.is_file():
        pytest.skip("the state-dict lists are not beside the checkout; the digests above stand for them")
    assert entries(skeleton(name)) == sorted(path.read_text().splitlines())


def test_every_architecture_has_a_list() -> None:
    assert set(LISTS) == {*ARCHITECTURES, "res2net50"}


# --- numbers -----------------------------------------------------------------------------------------------

#: mean, deviation, first and last value given by segmentation-models-pytorch 0.2.0 with efficientnet-pytorch
#: 0.6.3 (the first three) and by timm 0.4.12 (the others; res2net as Bottle2neck with a deep stem and average
#: pooling in shortcuts), each holding the weights of `randomise` and looking at `pattern`
REFERENCE = {
    "unet-efficientnet-b0": (0.00234, 0.07736, 0.02233, -0.02027),
    "pspnet-efficientnet-b2": (-0.01498, 0.28483, -0.09195, 0.15941),
    "pspnet-efficientnet-b1": (-0.04346, 0.12191, -0.14698, -0.11657),
    "res2net50": (2.72659, 3.29308, 3.93039, 10.39023),
    "resnet50": (1.47243, 1.88292, 1.63237, 2.86585),
}


@pytest.mark.parametrize("name", REFERENCE)
def test_numbers_equal_the_original_libraries(name: str) -> None:
    backbones = {"res2net50": Res2Net50, "resnet50": ResNet50}
    network = randomise(backbones.get(name, lambda: ARCHITECTURES[name].build())())
    with torch.inference_mode():
        out = network(pattern(3 if name in backbones else 1))
    y = (out[3] if name in backbones else out).double()
    found = [float(v) for v in (y.mean(), y.std(), y.flatten()[0], y.flatten()[-1])]
    assert found == pytest.approx(REFERENCE[name], abs=3e-5, rel=1e-5)


def test_scripted_equals_eager_and_other_sizes_are_refused(network: PublishedNetwork) -> None:
    scripted = torch.jit.script(network)
    for size in ((64, 96), (32, 32)):
        x = pattern(channels_of(network), *size)
        # without the second compilation that the executor makes of what it has seen
        with torch.inference_mode(), torch.jit.optimized_execution(False):
            expected = network(x)
            found = scripted(x)
        several = isinstance(expected, tuple)
        for a, b in zip(found if several else [found], expected if several else [expected], strict=True):
            assert a.shape[-2:] == size
            torch.testing.assert_close(a, b, rtol=1e-5, atol=1e-5)
    x = torch.zeros(1, channels_of(network), 48, 64)
    with pytest.raises(ValueError, match="48 x 64 pixels; this network takes multiples of 32"):
        network(x)
    with pytest.raises(torch.jit.Error, match="48 x 64 pixels"):
        scripted(x)


def test_unused_parts_are_the_unused_parts(network: PublishedNetwork) -> None:
    """No value of an unused part reaches an output; each other parameter reaches one."""
    idle = tuple(f"{name}." for name in network.unused())
    out = network(pattern(channels_of(network)))
    maps = list(out) if isinstance(out, tuple) else [out]
    torch.autograd.backward([m.sum() for m in maps])
    without = {name for name, p in network.named_parameters() if p.grad is None}
    network.zero_grad(set_to_none=True)
    assert without == {name for name, _ in network.named_parameters() if name.startswith(idle or ("?",))}
    for module in network.unused():
        assert network.get_submodule(module) is not None


def test_padding_of_other_sizes() -> None:
    network = randomise(PSPNetEfficientNet("b1"))
    x = pattern(1, 50, 70)
    padded = F.pad(x, [0, 26, 0, 14], mode="replicate")
    with torch.inference_mode():
        found = PaddedTo32(network)(x)
        torch.testing.assert_close(found, network(padded)[..., :50, :70])
        torch.testing.assert_close(PaddedTo32(network)(padded), network(padded))


# --- what is odd about them --------------------------------------------------------------------------------


def test_blocks_of_inf_net_have_no_relu() -> None:
    torch.manual_seed(0)
    with torch.inference_mode():
        y = ConvNorm(3, 8, 3, padding=1).eval()(torch.randn(1, 3, 8, 8))
    assert float(y.min()) < -0.1


def test_edge_logit_leaves_through_a_batch_norm() -> None:
    network = randomise(InfNet())
    x = pattern(3)
    assert network.edge_conv4.conv.bias is None
    with torch.inference_mode():
        before = network(x)
        network.edge_conv4.bn.bias += 3.0
        after = network(x)
    torch.testing.assert_close(after.edge, before.edge + 3.0, rtol=0, atol=1e-4)
    # The edge's features, not its logit, guide the maps.
    torch.testing.assert_close(after.lateral2, before.lateral2, rtol=0, atol=0)


def test_inf_net_aligns_corners_in_the_partial_decoder_alone() -> None:
    ramp = torch.tensor([[[[0.0, 1.0], [0.0, 1.0]]]])
    twice = PartialDecoder(4, 1).twice(ramp)
    torch.testing.assert_close(twice[0, 0, 0], torch.tensor([0.0, 1 / 3, 2 / 3, 1.0]))
    torch.testing.assert_close(resize(ramp, 2.0)[0, 0, 0], torch.tensor([0.0, 0.25, 0.75, 1.0]))
    # not antialiased: of four samples only the middle two count
    row = torch.tensor([9.0, 1.0, 3.0, 9.0]).expand(1, 1, 4, 4)
    torch.testing.assert_close(resize(row, 0.25), torch.full((1, 1, 1, 1), 2.0))


def test_multi_class_unet_aligns_corners() -> None:
    seen: list[torch.Tensor] = []
    step = Up(4, 2).eval()
    step.conv.register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0]))
    ramp = torch.tensor([[[[0.0, 1.0], [0.0, 1.0]]]]).expand(1, 2, 2, 2)
    step(ramp, torch.full((1, 2, 4, 4), 7.0))
    # the skip first, then the enlarged map
    torch.testing.assert_close(seen[0][0, 0], torch.full((4, 4), 7.0))
    torch.testing.assert_close(seen[0][0, 2, 0], torch.tensor([0.0, 1 / 3, 2 / 3, 1.0]))


@pytest.mark.parametrize("opens", [True, False])
def test_res2net_groups_feed_each_other_except_where_a_stage_opens(opens: bool) -> None:
    torch.manual_seed(0)
    block = Res2NetBlock(64 if opens else 256, 64, stride=1, opens_stage=opens).eval()
    seen: list[torch.Tensor] = []
    block.convs[1].register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0]))
    block.conv3.register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0]))
    x = torch.randn(1, 64 if opens else 256, 6, 6)
    with torch.inference_mode():
        block(x)
        groups = F.relu(block.bn1(block.conv1(x))).split(26, dim=1)
        first = F.relu(block.bns[0](block.convs[0](groups[0])))
    torch.testing.assert_close(seen[0], groups[1] if opens else groups[1] + first)
    # the last group has no convolution: averaged where a stage opens, even at stride 1, else as it is
    last = F.avg_pool2d(groups[3], 3, 1, 1) if opens else groups[3]
    torch.testing.assert_close(seen[1][:, 78:], last)


def test_res2net_pools() -> None:
    block = Res2NetBlock(256, 128, stride=2, opens_stage=True)
    ones = torch.ones(1, 1, 5, 5)
    # zeros around the image count inside of the block, and do not in its shortcut
    assert float(block.pool(ones)[0, 0, 0, 0]) == pytest.approx(4 / 9)
    torch.testing.assert_close(block.downsample[0](ones), torch.ones(1, 1, 3, 3))


def test_vgg_pools_by_average() -> None:
    pooled = VGG16().conv2[0](torch.tensor([[[[0.0, 4.0], [0.0, 0.0]]]]))
    assert float(pooled) == 1.0


@pytest.mark.parametrize(("kernel", "before"), [(3, 0), (5, 1)])
def test_strided_convolutions_pad_less_before_than_after(kernel: int, before: int) -> None:
    conv = SameConv2d(1, 1, kernel, stride=2)
    with torch.no_grad():
        conv.weight.zero_()
        conv.weight[0, 0, before, before] = 1.0
    x = pattern(1, 8, 8)
    torch.testing.assert_close(conv(x), x[:, :, ::2, ::2])
    assert conv(torch.zeros(1, 1, 60, 60)).shape == (1, 1, 30, 30)


def test_encoder_widths_and_cuts() -> None:
    b0, b1, b2 = (
        EfficientNetEncoder("b0"),
        EfficientNetEncoder("b1", depth=3),
        EfficientNetEncoder("b2", depth=3),
    )
    assert b0.widths == (32, 24, 40, 112, 320)
    assert b1.widths == (32, 24, 40)
    assert b2.widths == (32, 24, 48)
    seen: list[torch.Tensor] = []
    randomise(b0)._blocks[8].register_forward_hook(lambda module, inputs, output: seen.append(output))
    with torch.inference_mode():
        maps = b0(pattern(1))
    assert [tuple(m.shape[-2:]) for m in maps] == [(32, 48), (16, 24), (8, 12), (4, 6), (2, 3)]
    # b0's map at 1/16 is taken two blocks early
    assert torch.equal(maps[3], seen[0])
    with pytest.raises(ValueError, match="variant is 'b7', expected one of b0, b1, b2"):
        EfficientNetEncoder("b7")
    with pytest.raises(ValueError, match="depth is 6, expected 2 to 5"):
        EfficientNetEncoder("b0", depth=6)


def test_psp_branch_of_one_cell_has_a_bias_for_a_batch_norm() -> None:
    kinds = {
        size: [type(layer).__name__ for layer in PyramidBlock(8, 2, size).pool[1]] for size in (1, 2, 3, 6)
    }
    assert kinds[1] == ["Conv2d", "ReLU"]
    assert kinds[2] == kinds[3] == kinds[6] == ["Conv2d", "BatchNorm2d", "ReLU"]
    assert PyramidBlock(8, 2, 1).pool[1][0].bias is not None


def test_psp_upsampling_aligns_corners() -> None:
    network = randomise(PSPNetEfficientNet("b1"))
    seen: list[torch.Tensor] = []
    network.segmentation_head.register_forward_hook(lambda module, inputs, output: seen.append(output))
    with torch.inference_mode():
        y = network(pattern(1))
    torch.testing.assert_close(y[..., ::63, ::95], seen[0][..., ::7, ::11], rtol=1e-5, atol=1e-6)


def test_ensemble_sums_logits() -> None:
    network = randomise(LogitSumEnsemble())
    x = pattern(1)
    with torch.inference_mode():
        total = network.modelA(x) + network.modelB(x)
        torch.testing.assert_close(network(x), torch.softmax(total, dim=1))
        torch.testing.assert_close(network.logits(x), total)
        mean = (network.modelA(x).softmax(1) + network.modelB(x).softmax(1)) / 2
        assert float((network(x) - mean).abs().max()) > 1e-3


def test_drop_connect_is_for_training_alone() -> None:
    network = randomise(EfficientNetEncoder("b0"))
    x = pattern(1)
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("error")
        assert torch.equal(network(x)[4], network(x)[4])
        torch.manual_seed(0)
        network.train()
        one = network(x)[4]
        assert not torch.equal(one, network(x)[4])
