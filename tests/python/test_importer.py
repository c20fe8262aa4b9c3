"""Import of public checkpoints: both pickle formats, whole networks, and files that are wrong or hostile."""

from __future__ import annotations

import io
import json
import os
import pickle
import random
import sys
import types
import zipfile
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")
# TorchScript is the format that LibTorch reads; torch announces its successor on every call. torch.save and
# torch.load of the old format use storages that torch has deprecated as well.
pytestmark = [
    pytest.mark.long,
    pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:TypedStorage is deprecated:UserWarning"),
    pytest.mark.filterwarnings("ignore:Couldn't retrieve source code:UserWarning"),
]

from groundglass.cli import main  # noqa: E402
from groundglass.errors import ModelError  # noqa: E402
from groundglass.models.importer import (  # noqa: E402
    ARCHITECTURES,
    import_checkpoint,
    load_network,
    read_tensors,
)
from groundglass.models.logit_sum_ensemble import LogitSumEnsemble  # noqa: E402
from groundglass.weights import read_contract  # noqa: E402
from random_weights import randomise  # noqa: E402

SMALL = "pspnet-efficientnet-b1"
FORMATS = {"zip": True, "legacy": False}


def save(content: Any, path: Path, fmt: str) -> Path:
    """`content` as torch saves it in one of the two formats."""
    torch.save(content, path, _use_new_zipfile_serialization=FORMATS[fmt])
    return path


def image(name: str, height: int = 64, width: int = 96) -> torch.Tensor:
    """An image for the architecture."""
    generator = torch.Generator().manual_seed(3)
    return torch.randn(1, ARCHITECTURES[name].input["channels"], height, width, generator=generator)


def probability(network: Any, name: str, x: torch.Tensor) -> torch.Tensor:
    """What the model file of that network should give, from the eager definition."""
    out = network(x)
    if name.startswith("inf-net"):
        return torch.sigmoid(out.lateral2)
    if name == "mc-unet":
        return torch.sigmoid(out)
    return out if name.startswith("ensemble") else torch.softmax(out, dim=1)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, torch.Tensor]]:
    """The smallest network's checkpoint in the zip format, and its state."""
    state = randomise(ARCHITECTURES[SMALL].build()).state_dict()
    return save(state, tmp_path_factory.mktemp("small") / "small.pth", "zip"), state


# --- round trips -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_round_trip(name: str, tmp_path: Path) -> None:
    network = randomise(ARCHITECTURES[name].build())
    state = network.state_dict()
    for fmt in FORMATS:
        path = save(state, tmp_path / f"{fmt}.pth", fmt)
        found = load_network(path, name).state_dict()
        assert list(found) == list(state)
        assert all(
            torch.equal(found[key], state[key]) and found[key].dtype == state[key].dtype for key in state
        )
    model = import_checkpoint(tmp_path / "legacy.pth", name, tmp_path / "model.pt")
    module = torch.jit.load(str(model.path))
    for size in ((64, 96), (50, 70)):
        x = image(name, *size)
        padded = torch.nn.functional.pad(x, [0, -size[1] % 32, 0, -size[0] % 32], mode="replicate")
        with torch.inference_mode(), torch.jit.optimized_execution(False):
            expected = probability(network, name, padded)[..., : size[0], : size[1]]
            torch.testing.assert_close(module(x), expected, rtol=1e-5, atol=1e-6)

    contract = read_contract(model.path)
    assert contract == model.contract
    assert contract["architecture"] == contract["name"] == name
    assert contract["output"] == {"kind": "probability", "classes": list(ARCHITECTURES[name].classes)}
    assert len(contract["output"]["classes"]) == expected.shape[1]
    assert contract["input"]["channels"] == len(contract["input"]["planes"]) == len(contract["input"]["mean"])
    assert contract["input"]["size"] == ([352, 352] if name.startswith(("inf-net", "mc")) else [512, 512])
    # A runtime that knows only one window of HU must not take these files for its own.
    assert not {"window_hu", "range", "long_edge"} & set(contract["input"])
    assert contract["licence"]
    assert contract["training_data"]
    assert model.compiled is None


def test_normalisations_are_told_apart() -> None:
    kinds = {name: entry.input["normalisation"] for name, entry in ARCHITECTURES.items()}
    assert kinds["inf-net"] == "imagenet_rgb"
    assert kinds["mc-unet"] == "imagenet_bgr_with_infection"
    assert kinds["ensemble"] == kinds[SMALL] == "percentile_z_score"
    # the background is last: the published one-hot coding was off by one
    assert ARCHITECTURES["mc-unet"].classes == ("ground_glass", "consolidation", "background")


@pytest.mark.parametrize("fmt", FORMATS)
def test_tensors_equal_those_of_torch(small: tuple[Path, dict[str, Any]], fmt: str, tmp_path: Path) -> None:
    """Also for types, views and tensors that share their data."""
    base = torch.arange(24.0).reshape(4, 6)
    state = OrderedDict(
        base=base,
        view=base[1:3, ::2],
        turned=base.t(),
        empty=torch.empty(0, 3),
        scalar=torch.tensor(5),
        half=base.half(),
        brain=base.bfloat16(),
        flags=base > 3,
        bytes=base.to(torch.uint8),
        parameter=torch.nn.Parameter(base),
    )
    path = save(state, tmp_path / "state.pth", fmt)
    expected = torch.load(path, map_location="cpu", weights_only=True)
    found = read_tensors(path)
    assert list(found) == list(expected)
    for key, value in expected.items():
        assert found[key].dtype == value.dtype
        assert torch.equal(found[key], value)


def test_half_precision_and_logits(small: tuple[Path, dict[str, Any]], tmp_path: Path) -> None:
    path, state = small
    single = import_checkpoint(path, SMALL, tmp_path / "single.pt", output="logits")
    half = import_checkpoint(
        path, SMALL, tmp_path / "half.pt", half=True, name="mine", licence="CC0", origin="here"
    )
    assert half.path.stat().st_size < 0.7 * single.path.stat().st_size
    assert (half.contract["name"], half.contract["licence"], half.contract["origin"]) == (
        "mine",
        "CC0",
        "here",
    )
    assert read_contract(single.path)["output"]["kind"] == "logits"
    network = ARCHITECTURES[SMALL].build().eval()
    network.load_state_dict(state)
    x = image(SMALL)
    with torch.inference_mode():
        expected = network(x)
        torch.testing.assert_close(torch.jit.load(str(single.path))(x), expected, rtol=1e-5, atol=1e-6)
        found = torch.jit.load(str(half.path)).to(torch.float32)(x)
    torch.testing.assert_close(found, expected.softmax(1), rtol=0, atol=2e-3)
    again = import_checkpoint(
        path, SMALL, tmp_path / "again.pt", half=True, name="mine", licence="CC0", origin="here"
    )
    assert again.path.read_bytes() == half.path.read_bytes()
    with zipfile.ZipFile(half.path) as archive:
        assert not [
            n for n in archive.namelist() if n.endswith(".debug_pkl") or not n.startswith(f"{SMALL}/")
        ]


def test_unused_parts_are_not_shipped(small: tuple[Path, dict[str, Any]], tmp_path: Path) -> None:
    path, _ = small
    model = import_checkpoint(path, SMALL, tmp_path / "model.pt")
    names = [name for name, _ in torch.jit.load(str(model.path)).named_parameters()]
    assert not [name for name in names if "_conv_head" in name or "_blocks.8." in name]
    assert model.path.stat().st_size < path.stat().st_size / 5


@pytest.mark.skipif(
    "GROUNDGLASS_TEST_AOTI" not in os.environ,
    reason="compiles for minutes; set GROUNDGLASS_TEST_AOTI=1 to run it",
)
def test_aoti_agrees_with_torchscript(small: tuple[Path, dict[str, Any]], tmp_path: Path) -> None:
    model = import_checkpoint(small[0], SMALL, tmp_path / "model.pt", half=True, aoti=True)
    assert model.compiled == tmp_path / "model.pt2"
    contract = read_contract(model.compiled)
    assert contract["compiled"] == {
        "torch": torch.__version__.split("+")[0],
        "device": "cpu",
        "shape": [1, 1, 512, 512],
    }
    x = image(SMALL, 512, 512)
    compiled = torch._inductor.aoti_load_package(str(model.compiled))
    assert json.loads(compiled.loader.get_metadata()["groundglass.json"]) == contract
    with torch.inference_mode():
        torch.testing.assert_close(
            compiled(x), torch.jit.load(str(model.path)).to(torch.float32)(x), rtol=0, atol=1e-5
        )
    segmentation = pytest.importorskip("groundglass.segmentation.stages")
    slope = torch.linspace(0, 255, 200)[None].expand(160, 200).to(torch.uint8).numpy()
    one, other = (segmentation.Ensemble(path).segment_image(slope) for path in (model.path, model.compiled))
    assert abs(one - other).max() < 1e-5


def test_failed_compilation_leaves_no_file(
    small: tuple[Path, dict[str, Any]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError("no working C++ compiler\nand more lines")

    monkeypatch.setattr(torch.export, "export", fail)
    with pytest.raises(ModelError, match=r"could not compile the model \(no working C\+\+ compiler\)"):
        import_checkpoint(small[0], SMALL, tmp_path / "model.pt", aoti=True)
    assert not list(tmp_path.iterdir())


# --- how checkpoints come
# --------------------------------------------------------------------------------------


@pytest.mark.parametrize("fmt", FORMATS)
def test_whole_network_of_classes_that_are_not_here(fmt: str, tmp_path: Path) -> None:
    """Modules of a foreign package, wrapped for several devices, are walked; no class of it is looked up."""
    foreign = types.ModuleType("foreign_laboratory")
    trace = tmp_path / "the foreign class was run"

    class Ensemble(torch.nn.Module):
        __module__ = "foreign_laboratory"
        __qualname__ = "Ensemble"

        def __init__(self, network: torch.nn.Module):
            super().__init__()
            self.__dict__.update(network.__dict__)
            self.settings = {"sizes": {1, 2}, "note": Ensemble}

        def __setstate__(self, state: dict[str, Any]) -> None:
            trace.touch()

    foreign.Ensemble = Ensemble  # type: ignore[attr-defined]
    network = randomise(LogitSumEnsemble("b1"))
    sys.modules["foreign_laboratory"] = foreign
    try:
        path = save(torch.nn.DataParallel(Ensemble(network)), tmp_path / "whole.pth", fmt)
    finally:
        del sys.modules["foreign_laboratory"]
    found = load_network(path, "ensemble-b1").state_dict()
    assert all(torch.equal(found[key], value) for key, value in network.state_dict().items())
    assert not trace.exists()
    assert "foreign_laboratory" not in sys.modules


@pytest.mark.parametrize("fmt", FORMATS)
def test_what_training_tools_add(
    small: tuple[Path, dict[str, Any]], fmt: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """CUDA tags, ``module.`` prefixes, THOP counters, epochs, optimisers, batch norms that did not count."""
    _, state = small
    added = OrderedDict((f"module.{k}", v) for k, v in state.items() if "num_batches_tracked" not in k)
    for level in ("", "module.", "module.encoder.", "module.decoder.psp."):
        added[f"{level}total_ops"] = torch.zeros(1, dtype=torch.float64)
        added[f"{level}total_params"] = torch.zeros(1, dtype=torch.float64)
    content = {"epoch": 100, "optimizer": {"lr": 1e-4, "betas": (0.9, 0.999)}, "state_dict": added}
    # as on a machine with two cards
    monkeypatch.setattr(torch.serialization, "location_tag", lambda storage: "cuda:1")
    path = save(content, tmp_path / "trained.pth", fmt)
    assert b"cuda:1" in path.read_bytes()
    found = load_network(path, SMALL).state_dict()
    for key, value in state.items():
        assert torch.equal(found[key], value if "num_batches" not in key else torch.tensor(0)), key
        assert found[key].device.type == "cpu"


def test_half_precision_checkpoints_become_single(small: tuple[Path, dict[str, Any]], tmp_path: Path) -> None:
    state = {key: value.half() if value.is_floating_point() else value for key, value in small[1].items()}
    found = load_network(save(state, tmp_path / "half.pth", "zip"), SMALL).state_dict()
    assert found["encoder._conv_stem.weight"].dtype == torch.float32
    assert torch.equal(found["encoder._conv_stem.weight"], state["encoder._conv_stem.weight"].float())


# --- what is refused
# -------------------------------------------------------------------------------------------


def test_other_network_is_named(small: tuple[Path, dict[str, Any]], tmp_path: Path) -> None:
    out = tmp_path / "model.pt"
    with pytest.raises(ModelError) as caught:
        import_checkpoint(small[0], "mc-unet", out)
    text = str(caught.value)
    assert "not the weights of mc-unet: 110 of 128 entries missing (inc.double_conv.0.weight, " in text
    assert "534 surplus (encoder._conv_stem.weight, " in text
    assert text.endswith(f"they are {SMALL}'s, import them as that")
    assert not list(tmp_path.iterdir())


def test_differences_are_counted_and_named(small: tuple[Path, dict[str, Any]], tmp_path: Path) -> None:
    state = dict(small[1])
    del state["segmentation_head.0.bias"]
    state["head\x1b[31m.extra"] = torch.zeros(2)
    state["encoder._conv_stem.weight"] = torch.zeros(32, 3, 3, 3)
    with pytest.raises(ModelError) as caught:
        load_network(save(state, tmp_path / "odd.pth", "zip"), SMALL)
    assert str(caught.value) == (
        f"{tmp_path / 'odd.pth'}: not the weights of {SMALL}: 1 of 534 entries missing "
        "(segmentation_head.0.bias), 1 surplus (head?[31m.extra), 1 of another shape "
        "(encoder._conv_stem.weight 32x3x3x3 for 32x1x3x3); name another network or file"
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda v: v * float("nan"), "encoder._conv_stem.weight holds values that are not finite"),
        (lambda v: v.to(torch.int8), "encoder._conv_stem.weight is of type int8, expected float32"),
    ],
)
def test_unusable_values(
    small: tuple[Path, dict[str, Any]],
    tmp_path: Path,
    change: Callable[[torch.Tensor], torch.Tensor],
    message: str,
) -> None:
    state = dict(small[1])
    state["encoder._conv_stem.weight"] = change(state["encoder._conv_stem.weight"])
    with pytest.raises(ModelError, match=message):
        load_network(save(state, tmp_path / "odd.pth", "zip"), SMALL)


def test_values_beyond_half_precision(small: tuple[Path, dict[str, Any]], tmp_path: Path) -> None:
    state = dict(small[1])
    state["encoder._conv_stem.weight"] = state["encoder._conv_stem.weight"] * 1e6
    path = save(state, tmp_path / "large.pth", "zip")
    with pytest.raises(ModelError, match=r"large\.pth: encoder\._conv_stem\.weight holds values beyond half"):
        import_checkpoint(path, SMALL, tmp_path / "model.pt", half=True)
    assert not (tmp_path / "model.pt").exists()


def test_a_name_twice(small: tuple[Path, dict[str, Any]], tmp_path: Path) -> None:
    state = dict(small[1])
    state["module.segmentation_head.0.bias"] = torch.zeros(4)
    with pytest.raises(ModelError, match=r"holds segmentation_head\.0\.bias twice"):
        load_network(save(state, tmp_path / "twice.pth", "zip"), SMALL)


class Calls:
    """Pickled, a call of `function`."""

    def __init__(self, function: Any, *args: Any) -> None:
        self._call = (function, args)

    def __reduce__(self) -> tuple[Any, ...]:
        return self._call


def hostile(trace: Path) -> dict[str, Any]:
    """Objects that would create `trace` when unpickled without care."""
    order = f"open({str(trace)!r}, 'w').close()"
    return {
        "exec": Calls(exec, order),
        "eval": Calls(eval, order),
        "os.system": Calls(os.system, f"touch '{trace}'"),
        "Path.touch": Calls(Path.touch, trace),
        "getattr": Calls(getattr, trace, "touch"),
        "import": Calls(__import__, "antigravity"),
        "torch": Calls(torch.hub.load, "owner/repository", "model"),
    }


@pytest.mark.parametrize(
    ("fmt", "where"),
    [*((fmt, where) for fmt in FORMATS for where in ("alone", "beside", "inside")), ("pickle", "alone")],
)
@pytest.mark.parametrize("kind", list(hostile(Path())))
def test_code_in_a_pickle_is_not_run(kind: str, fmt: str, where: str, tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    evil = hostile(trace)[kind]
    content: Any = {
        "alone": evil,
        "beside": OrderedDict(weight=torch.zeros(2), extra=evil),
        "inside": {"state_dict": {"weight": torch.zeros(2)}, "optimizer": {"groups": [evil]}},
    }[where]
    path = tmp_path / "evil.pth"
    if fmt == "pickle":
        path.write_bytes(pickle.dumps(evil, protocol=2))
    else:
        save(content, path, fmt)
    before = set(sys.modules)
    with pytest.raises(ModelError, match=r"the file would call .*Nothing of it was run"):
        import_checkpoint(path, SMALL, tmp_path / "model.pt")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["evil.pth"]
    assert "antigravity" not in set(sys.modules) - before


def test_refusal_names_the_call(tmp_path: Path) -> None:
    path = save(hostile(tmp_path / "trace")["os.system"], tmp_path / "evil.pth", "zip")
    with pytest.raises(ModelError, match=rf"evil\.pth: the file would call {os.name}\.system, which weights"):
        read_tensors(path)


def assembled(*commands: bytes) -> bytes:
    """A zip checkpoint around the pickle commands."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("archive/data.pkl", b"\x80\x02" + b"".join(commands) + b".")
        archive.writestr("archive/data/0", b"\x00" * 16)
    return buffer.getvalue()


STORAGE = b"(X\x07\x00\x00\x00storagectorch\nFloatStorage\nX\x01\x00\x00\x000X\x03\x00\x00\x00cpuK\x04tQ"
REBUILD = b"ctorch._utils\n_rebuild_tensor_v2\n"
NAMED = b"}X\x01\x00\x00\x00w"


@pytest.mark.parametrize(
    ("commands", "message"),
    [
        # a tensor of 5 values on a storage of 4; negative; of no shape
        ((NAMED, REBUILD, b"(", STORAGE, b"K\x00K\x05\x85K\x01\x85tRs"), r"\(5,\) is larger than its data"),
        ((NAMED, REBUILD, b"(", STORAGE, b"J\xff\xff\xff\xffK\x04\x85K\x01\x85tRs"), "shape is no shape"),
        ((NAMED, REBUILD, b"(", STORAGE, b"K\x00K\x04K\x01\x85tRs"), "described in an unknown way"),
        # attributes of what the reader itself uses
        ((REBUILD, b"}X\x01\x00\x00\x00xK\x01sb"), "would change a function"),
        ((b"ccollections\nOrderedDict\n}X\x01\x00\x00\x00xK\x01sb",), "damaged"),
        (
            (NAMED, REBUILD, b"(", STORAGE, b"K\x00K\x04\x85K\x01\x85tR}X\x01\x00\x00\x00xK\x01sbs"),
            "change a tensor",
        ),
        # the methods of a foreign class, by a dotted name
        ((b"\x8c\x02os\x8c\x06system\x93X\x04\x00\x00\x00true\x85R",), r"would call os\.system"),
        ((b"(cos\nsystem\nX\x04\x00\x00\x00trueo",), r"would call os\.system"),
        ((b"(X\x04\x00\x00\x00trueios\nsystem\n",), r"would call os\.system"),
        # more storage than the file has, and a claim of more memo than any machine
        (
            (
                NAMED,
                REBUILD,
                b"(",
                STORAGE.replace(b"K\x04", b"J\x00\x00\x00\x7f"),
                b"K\x00K\x04\x85K\x01\x85tRs",
            ),
            "16 bytes of",
        ),
        ((b"K\x01r\xff\xff\xff\xff",), "holds a value of type int"),
    ],
)
def test_forged_pickles(commands: tuple[bytes, ...], message: str, tmp_path: Path) -> None:
    path = tmp_path / "forged.pth"
    path.write_bytes(assembled(*commands))
    with pytest.raises(ModelError, match=message):
        read_tensors(path)


def test_forging_works(tmp_path: Path) -> None:
    """The commands above are near a checkpoint that is good."""
    path = tmp_path / "good.pth"
    path.write_bytes(assembled(NAMED, REBUILD, b"(", STORAGE, b"K\x00K\x04\x85K\x01\x85tRs"))
    assert torch.equal(read_tensors(path)["w"], torch.zeros(4))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "the file is empty"),
        (b"<!DOCTYPE html><html><title>Virus scan warning</title>", "a web page and no checkpoint"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "a Git LFS pointer"),
        (b"\x89PNG\r\n\x1a\n" + bytes(64), "neither a zip archive nor a pickle"),
        (b"\x80\x02" + bytes(64), "not a PyTorch checkpoint, or damaged"),
        (b"PK\x03\x04" + bytes(64), "damaged or incomplete"),
        (pickle.dumps({"a": 1, "b": 2}, protocol=2), r"a pickle, but of a dictionary of 2 entries \(a, b\)"),
        (pickle.dumps(0x1950A86A20F9469CFC6C, protocol=2), "ends in the middle of its data"),
    ],
)
def test_other_files(content: bytes, message: str, tmp_path: Path) -> None:
    path = tmp_path / "file.pth"
    path.write_bytes(content)
    with pytest.raises(ModelError, match=rf"file\.pth: .*{message}"):
        read_tensors(path)


@pytest.mark.parametrize("fmt", FORMATS)
def test_contents_without_weights(fmt: str, tmp_path: Path) -> None:
    path = save([torch.zeros(2)], tmp_path / "list.pth", fmt)
    with pytest.raises(ModelError, match="holds a value of type list and no weights"):
        read_tensors(path)
    path = save({"epoch": 3, "loss": 0.5}, tmp_path / "dictionary.pth", fmt)
    with pytest.raises(ModelError, match=r"holds a dictionary of 2 entries \(epoch, loss\) and no weights"):
        read_tensors(path)


def test_torchscript_and_other_archives(small: tuple[Path, dict[str, Any]], tmp_path: Path) -> None:
    torch.jit.save(torch.jit.script(torch.nn.ReLU()), str(tmp_path / "script.pt"))
    with pytest.raises(ModelError, match="this is a TorchScript model and no checkpoint"):
        read_tensors(tmp_path / "script.pt")
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as archive:
        archive.writestr("a/readme.txt", "text")
    with pytest.raises(ModelError, match=r"a zip archive without data\.pkl"):
        read_tensors(tmp_path / "other.zip")
    with (
        zipfile.ZipFile(small[0]) as old,
        zipfile.ZipFile(tmp_path / "bomb.pth", "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in old.namelist():
            new.writestr(name, old.read(name))
    with pytest.raises(ModelError, match="missing or compressed"):
        read_tensors(tmp_path / "bomb.pth")


@pytest.mark.parametrize("fmt", FORMATS)
def test_cut_or_changed_files_are_refused_or_read(fmt: str, tmp_path: Path) -> None:
    """No damage leads to another error than ours; no shorter file is taken for a whole one."""
    state = {f"layer{i}.weight": torch.full((3, 4), float(i)) for i in range(6)}
    whole = save(OrderedDict(state), tmp_path / "whole.pth", fmt).read_bytes()
    path = tmp_path / "damaged.pth"
    for end in [*range(0, len(whole), 61), len(whole) - 1]:
        path.write_bytes(whole[:end])
        with pytest.raises(ModelError):
            read_tensors(path)
    generator = random.Random(5)
    for _ in range(300):
        changed = bytearray(whole)
        for _ in range(generator.choice((1, 1, 4, 16))):
            changed[generator.randrange(len(changed))] = generator.randrange(256)
        path.write_bytes(changed)
        try:
            tensors = read_tensors(path)
        except ModelError:
            continue
        assert all(isinstance(value, torch.Tensor) for value in tensors.values())


# --- options and the command line
# ------------------------------------------------------------------------------


def test_options(small: tuple[Path, dict[str, Any]], tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no architecture is called 'unet'; there are inf-net, "):
        import_checkpoint(small[0], "unet", tmp_path / "model.pt")
    with pytest.raises(ValueError, match=r"expected a file name that ends in \.pt"):
        import_checkpoint(small[0], SMALL, tmp_path / "model.pth")
    with pytest.raises(ValueError, match="output is 'labels'"):
        import_checkpoint(small[0], SMALL, tmp_path / "model.pt", output="labels")  # type: ignore[arg-type]
    with pytest.raises(ModelError, match="cannot be read"):
        import_checkpoint(tmp_path / "none.pth", SMALL, tmp_path / "model.pt")
    (tmp_path / "model.pt").write_text("mine")
    with pytest.raises(FileExistsError, match="exists; choose another name"):
        import_checkpoint(small[0], SMALL, tmp_path / "model.pt")
    assert (tmp_path / "model.pt").read_text() == "mine"
    assert [p.name for p in tmp_path.iterdir()] == ["model.pt"]


def test_command_line(
    small: tuple[Path, dict[str, Any]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "model.pt"
    words = [
        "models",
        "import",
        str(small[0]),
        "--as",
        SMALL,
        "--out",
        str(out),
        "--licence",
        "CC0",
        "--half",
    ]
    assert main(words) == 0
    assert read_contract(out)["licence"] == "CC0"
    shown = capsys.readouterr().out
    assert "Classes: ground_glass, consolidation, other_lung, background" in shown
    assert "Licence: CC0" in shown
    assert main(words) == 2
    assert "exists" in capsys.readouterr().err
    assert main([*words, "--overwrite"]) == 0
    capsys.readouterr()
    assert main(["models", "import", str(small[0]), "--as", "inf-net", "--out", str(tmp_path / "x.pt")]) == 2
    assert "not the weights of inf-net" in capsys.readouterr().err
    assert main(["models", "import", "--help"]) == 0
    shown = capsys.readouterr().out
    assert all(name in shown for name in ("--as", "--aoti", "--half"))


def test_command_line_knows_every_architecture() -> None:
    from groundglass.cli.import_model import Published

    assert [entry.value for entry in Published] == list(ARCHITECTURES)
