"""The TorchScript file a model is shipped in: an archive with the model's contract inside."""

from __future__ import annotations

import json
import warnings
import zipfile
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from torch import nn

__all__ = ["CONTRACT_FILE", "ZIP_EPOCH", "as_text", "save_torchscript"]

#: where the archive holds the contract, below its own name and ``extra/``
CONTRACT_FILE = "groundglass.json"

#: a zip knows no time before this; a fixed one makes equal weights equal bytes
ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)


def as_text(description: dict[str, Any]) -> str:
    """The contract as it lies in a file."""
    return json.dumps(description, sort_keys=True, ensure_ascii=False)


def save_torchscript(module: nn.Module, path: Path, contract: str, *, root: str) -> None:
    """Write `module` as TorchScript to `path` with the JSON text `contract`; equal weights give equal bytes.

    `root` is the archive's inner folder. Left out is what belongs to the machine that writes: times, and the
    debug tables, which name source files by their full path.
    """
    with TemporaryDirectory() as folder, warnings.catch_warnings():
        # TorchScript is deprecated, and still the one format that LibTorch runs without a compiler.
        warnings.filterwarnings("ignore", ".*torch.jit", DeprecationWarning)
        raw = Path(folder) / "raw.pt"
        torch.jit.save(torch.jit.script(module), str(raw), _extra_files={CONTRACT_FILE: contract})
        with zipfile.ZipFile(raw) as old, zipfile.ZipFile(path, "w") as new:
            for item in old.infolist():
                if not item.filename.endswith(".debug_pkl"):
                    inside = item.filename.split("/", 1)[1]
                    new.writestr(zipfile.ZipInfo(f"{root}/{inside}", ZIP_EPOCH), old.read(item))
