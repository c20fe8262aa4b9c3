"""Put an exported model among the shipped ones and into their manifest."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

from groundglass.weights import FOLDER, found_by, read_contract
from groundglass.write import atomic_file

#: a repository host of the project refuses larger files
BYTES_MAX = 8_000_000


def install(model: Path, folder: Path = FOLDER, *, default: bool = True) -> dict[str, Any]:
    """Copy `model` into `folder` under its contract's name and return its manifest entry.

    An entry of the same name is replaced. The mean of all that are `default` is what a study's lesions get; a
    model that finds lungs is never one of them.
    """
    contract = read_contract(model)
    size = model.stat().st_size
    if size > BYTES_MAX:
        raise ValueError(f"{model}: {size} bytes, a shipped model may have {BYTES_MAX}")
    name, finds = contract["name"], found_by(contract)
    entry = {
        "name": name,
        "file": f"{name}.pt",
        "bytes": size,
        "sha256": hashlib.sha256(model.read_bytes()).hexdigest(),
        "licence": contract["licence"],
        "card": f"{name}.md",
        "default": default and finds == "lesions",
        "finds": finds,
    }
    manifest = folder / "manifest.json"
    others = json.loads(manifest.read_text(encoding="utf-8"))["models"] if manifest.exists() else []
    others = [e for e in others if e["name"] != name]
    with atomic_file(folder / entry["file"], overwrite=True) as temporary:
        shutil.copyfile(model, temporary)
    models = sorted([*others, entry], key=lambda e: str(e["name"]))
    with atomic_file(manifest, overwrite=True) as temporary:
        temporary.write_text(json.dumps({"models": models}, indent=2) + "\n", encoding="utf-8")
    return entry
