"""From a network to a model file: TorchScript or an AOTInductor package, with the contract inside."""

from __future__ import annotations

import copy
import json
import logging
import shutil
import warnings
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

import torch
from torch import Tensor, nn

from groundglass.errors import ModelError
from groundglass.models.importer.architectures import Architecture
from groundglass.models.model_file import CONTRACT_FILE, ZIP_EPOCH
from groundglass.models.published import PaddedTo32, PublishedNetwork

__all__ = [
    "Output",
    "as_text",
    "contract",
    "deployed",
    "round_to_half",
    "save_aoti",
    "with_half_convolutions",
]

Output = Literal["probability", "logits"]


class Head(nn.Module):
    """A published network's final map, as logits or, through `activation`, as probabilities."""

    def __init__(self, network: PublishedNetwork, activation: str):
        super().__init__()
        self.network = network
        self.activation = activation

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W), H and W multiples of 32 -> (N, K, H, W)."""
        y = self.network.logits(x)
        if self.activation == "sigmoid":
            y = torch.sigmoid(y)
        elif self.activation == "softmax":
            y = torch.softmax(y, dim=1)
        return y


def deployed(network: PublishedNetwork, entry: Architecture, *, output: Output = "probability") -> nn.Module:
    """What a model file runs: (N, C, H, W) of any size to one map a class, (N, K, H, W).

    A copy of `network` in eval mode without the parts that are never run.
    """
    slim = copy.deepcopy(network)
    for name in slim.unused():
        slim.set_submodule(name, nn.Identity())
    return PaddedTo32(Head(slim, entry.activation if output == "probability" else "none")).eval()


def contract(
    entry: Architecture,
    *,
    output: Output,
    name: str | None = None,
    version: str = "1",
    training_data: str | None = None,
    licence: str | None = None,
    origin: str | None = None,
) -> dict[str, Any]:
    """What a runtime must know to apply a model of that architecture, and a user to be allowed to.

    Format version 1. Instead of one window of HU (``window_hu``, ``range``, ``long_edge``) the input has a
    ``normalisation`` by name and a fixed ``size`` (height, width): a runtime that knows only the window
    refuses it.
    """
    return {
        "format": "groundglass-model",
        "format_version": 1,
        "name": name or entry.name,
        "version": version,
        "architecture": entry.name,
        "input": copy.deepcopy(entry.input),
        "output": {"kind": output, "classes": list(entry.classes)},
        "training_data": training_data or entry.training_data,
        "licence": licence or entry.licence,
        "origin": origin or f"{entry.origin}; imported from a checkpoint",
    }


def round_to_half(network: PublishedNetwork) -> None:
    """Round the convolutions of `network`, in place, to values that half precision holds.

    Batch norms are left alone: a variance or scale may be too small for it, and they are small anyway. Raises
    ``ModelError`` for a weight beyond its range.
    """
    for name, module in network.named_modules():
        if isinstance(module, (nn.Conv2d, nn.Linear)):
            for key, value in module.named_parameters():
                rounded = value.detach().half()
                if not bool(torch.isfinite(rounded).all()):
                    raise ModelError(
                        f"{name}.{key} holds values beyond half precision; import it in single precision"
                    )
                value.data = rounded.float()


def with_half_convolutions(module: nn.Module) -> nn.Module:
    """A copy whose convolutions are stored in half precision; apply it after ``to(torch.float32)``."""
    halved = copy.deepcopy(module)
    for part in halved.modules():
        if isinstance(part, (nn.Conv2d, nn.Linear)):
            part.half()
    return halved


def save_aoti(module: nn.Module, path: Path, description: dict[str, Any]) -> None:
    """Compile `module` for this processor with AOTInductor and write the ``.pt2`` package to `path`.

    It takes one float32 image of the contract's size. The contract `description` goes into the archive, as in
    a TorchScript file, and into the package's metadata, with ``compiled``: the torch release that made it,
    which is the only one that should load it, device and input shape. Needs a C++ compiler; takes from half a
    minute to some minutes. Inductor's caches go to a temporary folder. Raises ``ModelError`` when the
    compiler fails.
    """
    height, width = description["input"]["size"]
    shape = [1, description["input"]["channels"], height, width]
    compiled = {"torch": torch.__version__.split("+")[0], "device": "cpu", "shape": shape}
    text = as_text(description | {"compiled": compiled})
    with TemporaryDirectory() as folder:
        # The file's name becomes the archive's inner folder.
        raw = Path(folder) / f"{description['architecture']}.pt2"
        try:
            from torch._inductor import aoti_compile_and_package
            from torch._inductor.utils import fresh_cache

            with fresh_cache(), _quiet(), torch.no_grad():
                aoti_compile_and_package(
                    torch.export.export(module, (torch.zeros(shape),)),
                    package_path=str(raw),
                    inductor_configs={"aot_inductor.metadata": {CONTRACT_FILE: text}},
                )
        except Exception as error:  # whatever the compilers raise
            reason = (str(error).strip() or type(error).__name__).splitlines()[0]
            raise ModelError(
                f"AOTInductor could not compile the model ({reason}); it needs a C++ compiler: install one, "
                "or import without it"
            ) from error
        with zipfile.ZipFile(raw, "a") as archive:
            archive.writestr(zipfile.ZipInfo(f"{raw.stem}/extra/{CONTRACT_FILE}", ZIP_EPOCH), text)
        shutil.copyfile(raw, path)


@contextmanager
def _quiet() -> Iterator[None]:
    """Keeps the compiler's remarks on its own doing away from the user."""
    logger = logging.getLogger("torch")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)


def as_text(description: dict[str, Any]) -> str:
    """The contract as it lies in a file."""
    return json.dumps(description, sort_keys=True, ensure_ascii=False)
