"""Writes the tiny model files of the C++ tests: ``make_models.py FOLDER``. Needs torch.

``tiny.pt`` gives ground glass where the image is above 0 and consolidation where it is above 0.5, with
soft edges, so that the tests know what comes out. ``tiny.pt2`` is the same network compiled, where there is a
C++ compiler. The others are each wrong in one way.
"""

from __future__ import annotations

import json
import platform
import shutil
import sys
import warnings
import zipfile
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn


class Tiny(nn.Module):
    """A convolution that blurs nothing: kernel 3 x 3 with a single 1; two steep sigmoids."""

    def __init__(self) -> None:
        super().__init__()
        self.look = nn.Conv2d(1, 2, 3, padding=1)
        with torch.no_grad():
            self.look.weight.zero_()
            self.look.weight[:, :, 1, 1] = 16.0
            self.look.bias.copy_(torch.tensor([0.0, -8.0]))

    def forward(self, x: Tensor) -> Tensor:
        """(N, 1, H, W) in [-1, 1] -> (N, 2, H, W)."""
        infected, dense = torch.sigmoid(self.look(x)).unbind(1)
        return torch.stack([infected * (1.0 - dense), infected * dense], 1)


class Logits(Tiny):
    """Forgets the last activation."""

    def forward(self, x: Tensor) -> Tensor:
        """(N, 1, H, W) -> (N, 2, H, W), any number."""
        return self.look(x)


class Pair(Tiny):
    """Gives two tensors."""

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """(N, 1, H, W) -> two of the same shape."""
        return x, x


class Half(Tiny):
    """Gives planes of half the size."""

    def forward(self, x: Tensor) -> Tensor:
        """(N, 1, H, W) -> (N, 2, H / 2, W / 2)."""
        return torch.sigmoid(self.look(x))[:, :, ::2, ::2]


class Failing(Tiny):
    """Refuses all images but small ones, as a network with a fixed size does."""

    def forward(self, x: Tensor) -> Tensor:
        """(N, 1, H, W) -> (N, 2, H, W)."""
        assert x.shape[2] <= 64, "rows beyond 64"
        return torch.sigmoid(self.look(x))


class FourClass(nn.Module):
    """Softmax over the distance to what one scene's tissues become by their spread, or without it."""

    def __init__(self, logits: bool = False) -> None:
        super().__init__()
        self.logits = logits
        self.centres = nn.Parameter(torch.tensor([-1.9, 4.0, -6.9, 1.86]).reshape(1, 4, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        """(N, 1, H, W) -> (N, 4, H, W)."""
        y = -((x - self.centres) ** 2)
        return y if self.logits else torch.softmax(y, 1)


class FourPlanes(Tiny):
    """Ground glass and consolidation as of Tiny, then lung and background, which share the rest."""

    def forward(self, x: Tensor) -> Tensor:
        """(N, 1, H, W) in [-1, 1] -> (N, 4, H, W)."""
        infected, dense = torch.sigmoid(self.look(x)).unbind(1)
        rest = (1.0 - infected) / 2
        return torch.stack([infected * (1.0 - dense), infected * dense, rest, rest], 1)


class ToyLungs(nn.Module):
    """Lung where the plane `look` is within about 150 HU of -800; air around a body is clearer than that."""

    def __init__(self, look: int) -> None:
        super().__init__()
        self.look = look
        self.steep = nn.Parameter(torch.tensor(64.0))

    def forward(self, x: Tensor) -> Tensor:
        """(N, 3, H, W) in [-1, 1] -> (N, 1, H, W)."""
        at = x[:, self.look : self.look + 1]
        return torch.sigmoid(self.steep * (0.245 - torch.abs(at + 0.634)))


class Infection(nn.Module):
    """Infection where a grey level, 0 to 1, is above 0.45."""

    def __init__(self) -> None:
        super().__init__()
        self.steep = nn.Parameter(torch.tensor(20.0))

    def forward(self, x: Tensor) -> Tensor:
        """(N, 3, H, W) -> (N, 1, H, W)."""
        return torch.sigmoid(self.steep * (x[:, :1] * 0.229 + 0.485 - 0.45))


class MultiClass(nn.Module):
    """Where the infection map is above 0.5: consolidation if the grey level is above 0.8, else the other."""

    def __init__(self) -> None:
        super().__init__()
        self.steep = nn.Parameter(torch.tensor(20.0))

    def forward(self, x: Tensor) -> Tensor:
        """(N, 6, H, W) -> (N, 3, H, W)."""
        infected = self.steep * (x[:, 3] * 0.229 + 0.485 - 0.5)
        dense = 2 * self.steep * (x[:, 0] * 0.229 + 0.485 - 0.8)
        glass = torch.minimum(infected, -dense)
        return torch.sigmoid(torch.stack([glass, torch.minimum(infected, dense), -infected], 1))


def published_contract(
    normalisation: str, classes: list[str], kind: str = "probability", **changes: Any
) -> str:
    """The contract of a published network, as the importer writes it, for images of 64 x 64."""
    channels = {"imagenet_rgb": 3, "imagenet_bgr_with_infection": 6}.get(normalisation, 1)
    values = {
        "channels": channels,
        "size": [64, 64],
        "multiple_of": 32,
        "normalisation": normalisation,
        "mean": ([0.485, 0.456, 0.406] * 2)[:channels],
        "std": ([0.229, 0.224, 0.225] * 2)[:channels],
        "clip": [-1500, 500],
        "percentiles": [5, 95],
    }
    return json.dumps(contract(input=values | changes, output={"kind": kind, "classes": classes}))


def lungs_contract(**changes: Any) -> str:
    """The contract of a network that finds lungs in a slice of 3 mm and those 6 mm below and above."""
    values = {
        "channels": 3,
        "multiple_of": 16,
        "window_hu": [-1024, 200],
        "range": [-1, 1],
        "normalisation": "window",
        "pixel_mm": 2.0,
        "slice_mm": 3.0,
        "neighbours_mm": [-6, 0, 6],
    }
    output = {"kind": "probability", "classes": ["lung"]}
    return json.dumps(contract(name="toy-lungs", input=values | changes, output=output))


def calibration(*thresholds: float) -> dict[str, Any]:
    """A calibration with the levels 0.05, 0.5 and 0.95."""
    return {
        "temperature": 1.5,
        "conditional_temperature": 1.25,
        "volume_quantiles": {"levels": [0.05, 0.5, 0.95], "thresholds": list(thresholds)},
    }


def contract(**changes: Any) -> dict[str, Any]:
    """The contract of the tiny model; ``changes`` replace whole entries."""
    return {
        "format": "groundglass-model",
        "format_version": 1,
        "name": "tiny",
        "version": "1",
        "input": {
            "channels": 1,
            "long_edge": 64,
            "multiple_of": 32,
            "window_hu": [-1350, 150],
            "range": [-1, 1],
        },
        "output": {"kind": "probability", "classes": ["ground_glass", "consolidation"]},
        "training_data": "none",
        "licence": "Apache-2.0",
        "origin": "tests of groundglass",
    } | changes


def save(module: nn.Module, path: Path, text: str | None) -> None:
    """Writes a scripted module in float16, as shipped ones are, with `text` as its contract."""
    extra = {} if text is None else {"groundglass.json": text}
    with warnings.catch_warnings():
        # TorchScript is deprecated upstream, and is the format of the model files.
        warnings.simplefilter("ignore", DeprecationWarning)
        torch.jit.script(module.eval().half()).save(str(path), _extra_files=extra)


def compile_package(module: nn.Module, path: Path, description: dict[str, Any]) -> None:
    """Compiles a package for images whose edges are multiples of 32; leaves none where that can't be done."""
    from torch._inductor import aoti_compile_and_package
    from torch._inductor.utils import fresh_cache

    sizes = {axis: 32 * torch.export.Dim(name, min=1, max=128) for axis, name in ((2, "h"), (3, "w"))}
    try:
        with torch.no_grad(), fresh_cache(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            image = torch.zeros(1, 1, 96, 64)
            program = torch.export.export(module.eval(), (image,), dynamic_shapes=(sizes,))
            aoti_compile_and_package(program, package_path=str(path), inductor_configs={"cpp.threads": 1})
    except Exception as error:  # whatever the compilers raise
        print(f"no {path.name}: {error}", file=sys.stderr)
        path.unlink(missing_ok=True)
        return
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(f"{path.stem}/extra/groundglass.json", json.dumps(description))


def imitate_package(path: Path, description: dict[str, Any] | None, **metadata: str) -> None:
    """Writes what looks like a package from outside; its library is no library, so it can't be loaded."""
    origin = {
        "AOTI_DEVICE_KEY": "cpu",
        "AOTI_PLATFORM": sys.platform,
        "AOTI_MACHINE": platform.machine(),
        "AOTI_CPU_ISA": "INVALID_VEC_ISA",
    }
    program = "data/aotinductor/model/m.wrapper"
    writer = torch._C.PyTorchFileWriter(str(path))
    entries = {f"{program}.so": "not a library", f"{program}_metadata.json": json.dumps(origin | metadata)}
    if description is not None:
        entries["extra/groundglass.json"] = json.dumps(description)
    for name, text in entries.items():
        writer.write_record(name, text.encode(), len(text.encode()))
    writer.write_end_of_file()


def compiled(description: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """The contract of a package for images of every size, made by this torch; ``changes`` say otherwise."""
    release = torch.__version__.split("+")[0]
    made = {"torch": release, "device": "cpu", "shape": [1, 1, None, None]}
    return description | {"compiled": made | changes}


def make_wrong_packages(folder: Path, right: dict[str, Any], four_class: dict[str, Any]) -> None:
    """Writes packages that are each wrong in one way."""
    imitate_package(folder / "not_a_library.pt2", compiled(right))
    imitate_package(folder / "package_no_contract.pt2", None)
    imitate_package(folder / "not_compiled.pt2", right)
    imitate_package(folder / "other_torch.pt2", compiled(right, torch="1.13.1"))
    imitate_package(folder / "other_device.pt2", compiled(right, device="cuda"))
    imitate_package(folder / "device_of_program.pt2", compiled(right), AOTI_DEVICE_KEY="cuda")
    imitate_package(folder / "other_machine.pt2", compiled(right), AOTI_MACHINE="s390x")
    imitate_package(folder / "other_vectors.pt2", compiled(right), AOTI_CPU_ISA="AVX4096")
    imitate_package(folder / "other_planes.pt2", compiled(right, shape=[1, 3, None, None]))
    imitate_package(folder / "one_size.pt2", compiled(right, shape=[1, 1, 64, 64]))
    imitate_package(folder / "other_size.pt2", compiled(four_class, shape=[1, 1, 96, 96]))
    whole = (folder / "not_a_library.pt2").read_bytes()
    (folder / "truncated.pt2").write_bytes(whole[: len(whole) // 2])


def make(folder: Path) -> None:
    """Writes all files but those that need a compiler."""
    folder.mkdir(parents=True, exist_ok=True)
    right = json.dumps(contract())
    save(Tiny(), folder / "tiny.pt", right)
    save(Tiny(), folder / "no_contract.pt", None)
    save(Tiny(), folder / "not_json.pt", "{")
    save(Tiny(), folder / "future.pt", json.dumps(contract(format_version=2)))
    other = {"kind": "probability", "classes": ["nodule", "consolidation"]}
    save(Tiny(), folder / "other_classes.pt", json.dumps(contract(output=other)))
    wrong = {"kind": "probability", "classes": ["ground_glass", "consolidation", "lung"]}
    save(Tiny(), folder / "three_classes.pt", json.dumps(contract(output=wrong)))
    save(Logits(), folder / "logits.pt", right)
    save(Pair(), folder / "pair.pt", right)
    save(Half(), folder / "half.pt", right)
    larger = contract()["input"] | {"long_edge": 96}
    save(Failing(), folder / "failing.pt", json.dumps(contract(input=larger)))
    four = ["ground_glass", "consolidation", "other_lung", "background"]
    save(FourClass(), folder / "four_class.pt", published_contract("percentile_z_score", four))
    logits = published_contract("percentile_z_score", four, "logits")
    save(FourClass(logits=True), folder / "four_class_logits.pt", logits)
    save(FourClass(), folder / "unknown_input.pt", published_contract("quantile_9", four))
    save(ToyLungs(1), folder / "lungs.pt", lungs_contract())
    save(ToyLungs(2), folder / "lungs_above.pt", lungs_contract())
    save(Infection(), folder / "infection.pt", published_contract("imagenet_rgb", ["infection"]))
    three = ["ground_glass", "consolidation", "background"]
    both = published_contract("imagenet_bgr_with_infection", three)
    save(MultiClass(), folder / "multi_class.pt", both)
    shown = contract()["input"] | {"normalisation": "window"}
    planes = {"kind": "probability", "classes": ["ground_glass", "consolidation", "lung", "background"]}
    described = contract(input=shown, output=planes, calibration=calibration(0.75, 0.5, 0.25))
    save(FourPlanes(), folder / "four_planes.pt", json.dumps(described))
    for name, thresholds in (("wide", (0.99, 0.5, 0.001)), ("low", (0.3, 0.2, 0.1))):
        described = contract(calibration=calibration(*thresholds))
        save(Tiny(), folder / f"calibrated_{name}.pt", json.dumps(described))
    other = calibration(0.75, 0.5, 0.25)
    other["volume_quantiles"]["levels"][1] = 0.4
    save(Tiny(), folder / "calibrated_other.pt", json.dumps(contract(calibration=other)))
    make_wrong_packages(folder, contract(), json.loads(published_contract("percentile_z_score", four)))
    torch.save(Tiny().state_dict(), folder / "checkpoint.pt")
    (folder / "legacy.pt").write_bytes(b"\x80\x02}q\x00.")
    (folder / "empty.pt").write_bytes(b"")
    whole = (folder / "tiny.pt").read_bytes()
    (folder / "truncated.pt").write_bytes(whole[: len(whole) // 2])


if __name__ == "__main__":
    make(Path(sys.argv[1]))
    if shutil.which("g++"):
        compile_package(Tiny(), Path(sys.argv[1]) / "tiny.pt2", compiled(contract()))
