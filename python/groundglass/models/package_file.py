"""The AOTInductor package a model can be compiled to, with the model's contract inside."""

from __future__ import annotations

import logging
import platform
import shutil
import warnings
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from torch import nn

from groundglass.errors import ModelError
from groundglass.models.model_file import CONTRACT_FILE, ZIP_EPOCH, as_text

__all__ = ["save_aoti"]

#: beyond this no image is taken
LARGEST_EDGE = 4096


def save_aoti(module: nn.Module, path: Path, description: dict[str, Any]) -> None:
    """Compile `module` with AOTInductor and write the package (``.pt2``) to `path`.

    `module` takes a float32 image (1, C, H, W) and returns one plane a class, (1, K, H, W). With
    ``input.size`` in the contract `description` it is compiled for that size alone, otherwise for every
    height and width that is a multiple of ``input.multiple_of``, from two of it on, as a model that sees the
    lungs' box needs; the runtime pads smaller images.

    The contract goes into the archive, as in a TorchScript file, and into the package's metadata, with
    ``compiled``: the torch release that made it, which is the only one that loads it, the device, and the
    input's shape, null where it is open. The package runs on processors of this machine's kind, on x86-64
    those with AVX2 where this one has it. Its own loops run on the calling thread: slices are what is
    computed in parallel.

    Needs a C++ compiler; takes from half a minute to some minutes. Inductor's caches go to a temporary
    folder. Raises ``ModelError`` when the module can't be exported or the compiler fails.
    """
    wanted = description["input"]
    step = int(wanted["multiple_of"])
    if "size" in wanted:
        height, width = wanted["size"]
        shape = [1, wanted["channels"], height, width]
        example, sizes = shape, None
    else:
        shape = [1, wanted["channels"], None, None]
        # Neither 1 nor equal edges: the export would take that for a property of every image.
        example = [1, wanted["channels"], 3 * step, 2 * step]
        most = max(3, LARGEST_EDGE // step)
        # From two steps on: networks that halve the image down to one pixel treat that one specially.
        sizes = ({n: step * torch.export.Dim(name, min=2, max=most) for n, name in ((2, "h"), (3, "w"))},)
    compiled = {"torch": torch.__version__.split("+")[0], "device": "cpu", "shape": shape}
    text = as_text(description | {"compiled": compiled})
    with TemporaryDirectory() as folder:
        # The file's name becomes the archive's inner folder.
        raw = Path(folder) / f"{description.get('architecture', 'model')}.pt2"
        try:
            from torch._inductor import aoti_compile_and_package, aoti_load_package
            from torch._inductor.utils import fresh_cache

            with fresh_cache(), _quiet(), torch.no_grad():
                aoti_compile_and_package(
                    torch.export.export(module, (torch.zeros(example),), dynamic_shapes=sizes),
                    package_path=str(raw),
                    inductor_configs={"aot_inductor.metadata": {CONTRACT_FILE: text}, **_settings()},
                )
                if sizes is not None:
                    # Inductor fixes the sizes of some operators, adaptive pooling among them, without a word.
                    other = torch.zeros(1, int(wanted["channels"]), 2 * step, 4 * step)
                    if aoti_load_package(str(raw))(other).shape[-2:] != other.shape[-2:]:
                        raise RuntimeError("an operator of the network was compiled for one size alone")
        except Exception as error:  # whatever the compilers raise
            reason = (str(error).strip() or type(error).__name__).splitlines()[0]
            raise ModelError(
                f"AOTInductor could not compile the model ({reason}); it needs a C++ compiler: install one, "
                "or do with the TorchScript file"
            ) from error
        with zipfile.ZipFile(raw, "a") as archive:
            archive.writestr(zipfile.ZipInfo(f"{raw.stem}/extra/{CONTRACT_FILE}", ZIP_EPOCH), text)
        shutil.copyfile(raw, path)


def _settings() -> dict[str, Any]:
    """How Inductor compiles: without threads of its own, and for more processors than this very one."""
    settings: dict[str, Any] = {"cpp.threads": 1}
    if platform.machine() == "x86_64" and torch.backends.cpu.get_cpu_capability() in ("AVX2", "AVX512"):
        settings |= {"cpp.simdlen": 256, "cpp.march": "x86-64-v3"}
    return settings


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
