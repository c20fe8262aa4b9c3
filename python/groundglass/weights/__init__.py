"""The model files shipped with the package, and the reader of a model file's contract. Torch-free.

``manifest.json`` lists every shipped file with its SHA-256; a shipped file is checked against it each time it
is looked up. A model file is a zip archive (TorchScript) with its contract at ``*/extra/groundglass.json``.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from groundglass.errors import ModelError
from groundglass.read import strict_json
from groundglass.read.archive import DAMAGED_ZIP

__all__ = [
    "FOLDER",
    "FORMAT",
    "FORMAT_VERSION",
    "LUNGS",
    "ModelFile",
    "available",
    "defaults",
    "everything",
    "find",
    "found_by",
    "read_contract",
    "ships",
]

FOLDER = Path(__file__).parent
FORMAT = "groundglass-model"
FORMAT_VERSION = 1

#: the shipped model that finds lungs
LUNGS = "lungs-lite"

#: no contract is near this size; a larger entry is not one, and is not unpacked
CONTRACT_BYTES_MAX = 1 << 20

CONTRACT_KEYS = ("format", "format_version", "name", "version", "input", "output")


@dataclass(frozen=True)
class ModelFile:
    """A model file that was found and whose contract was read.

    `sha256` is of the whole file, in lower-case hexadecimal. `contract` says what goes in and comes out, what
    the model was trained on and under which licence it may be used.
    """

    name: str
    path: Path
    sha256: str
    contract: dict[str, Any]


def available(finds: str = "lesions") -> list[str]:
    """Names of the shipped models that find lesions, or lungs, those of the default first."""
    entries = sorted(_manifest(), key=lambda e: (not e["default"], e["name"]))
    return [entry["name"] for entry in entries if entry.get("finds", "lesions") == finds]


def everything() -> list[str]:
    """Names of all shipped models: those that find lesions, then those that find lungs."""
    return [*available(), *available("lungs")]


def found_by(contract: dict[str, Any]) -> str:
    """``lungs`` or ``lesions``: what a model of this contract finds."""
    return "lungs" if contract["output"].get("classes") == ["lung"] else "lesions"


def defaults() -> list[ModelFile]:
    """The shipped models whose mean is taken when the user names none, checked as by :func:`find`.

    All of them find lesions.
    """
    return [find(entry["name"]) for entry in sorted(_manifest(), key=lambda e: e["name"]) if entry["default"]]


def ships(name: str) -> bool:
    """Whether this installation came with a model of that name."""
    return any(entry["name"] == name for entry in _manifest())


def find(name_or_path: str | Path) -> ModelFile:
    """A shipped model by name, or a user's file by path.

    A shipped file must have the SHA-256 of the manifest. Of a user's file only the archive's own checksums
    must hold: a model file is code, so name only files you trust. A plain name is looked for among the
    shipped models first. Raises :class:`~groundglass.errors.ModelError`.
    """
    entries = {entry["name"]: entry for entry in _manifest()}
    entry = entries.get(name_or_path) if isinstance(name_or_path, str) else None
    if entry is not None:
        path = FOLDER / entry["file"]
        found = _sha256(path)
        if found != entry["sha256"]:
            raise ModelError(
                f"model {entry['name']}: {path} has SHA-256 {found}, the manifest says {entry['sha256']}; "
                "the file was changed or is incomplete: reinstall groundglass"
            )
        return ModelFile(entry["name"], path, found, read_contract(path))
    path = Path(name_or_path)
    if name_or_path == LUNGS and not path.is_file():
        raise ModelError(
            f"no weights for lungs ({LUNGS}) are installed; make and install them "
            "(python -m groundglass.training.lungs --data FOLDER --out FOLDER --install), "
            "or take the classical mask"
        )
    if not path.is_file():
        raise ModelError(
            f"model {str(name_or_path)!r} is neither a shipped model ({', '.join(entries)}) nor a file"
        )
    contract = read_contract(path)
    _check_whole(path)
    return ModelFile(str(contract["name"]), path, _sha256(path), contract)


def _check_whole(path: Path) -> None:
    """Refuses a file of which a byte has changed: LibTorch takes other weights without a word."""
    try:
        with zipfile.ZipFile(path) as archive:
            damaged = archive.testzip()
    except (*DAMAGED_ZIP, OSError, RuntimeError, ValueError) as error:
        raise ModelError(f"{path}: the model file is damaged; fetch or export it again") from error
    if damaged is not None:
        raise ModelError(
            f"{path}: the model file is damaged (checksum of an entry); fetch or export it again"
        )


def read_contract(path: Path) -> dict[str, Any]:
    """The contract inside of a model file, read from the archive without running any of it."""
    try:
        with zipfile.ZipFile(path) as archive:
            entries = [e for e in archive.infolist() if e.filename.endswith("/extra/groundglass.json")]
            if len(entries) != 1:
                raise ModelError(
                    f"{path}: {len(entries)} entries */extra/groundglass.json where one is expected; "
                    "this is not a groundglass model, or was saved without its contract: export it again"
                )
            if entries[0].file_size > CONTRACT_BYTES_MAX:
                raise ModelError(
                    f"{path}: its contract claims {entries[0].file_size} bytes, more than "
                    f"{CONTRACT_BYTES_MAX}; do not use this file"
                )
            contract = strict_json.loads(archive.read(entries[0]))
    except OSError as error:
        raise ModelError(
            f"{path}: cannot be read ({error.strerror or error}); check the path and its permissions"
        ) from error
    except (*DAMAGED_ZIP, RuntimeError) as error:
        if isinstance(error, ModelError):
            raise
        raise ModelError(
            f"{path}: not a model file ({error}); a model file is a TorchScript archive with a contract "
            "inside: fetch or export it again"
        ) from error
    except ValueError as error:
        raise ModelError(
            f"{path}: the contract in extra/groundglass.json is not JSON ({error}); export the model again"
        ) from error
    return _checked(contract, path)


def _checked(contract: Any, path: Path) -> dict[str, Any]:
    """The contract if it is one that this version can follow."""
    where = f"{path}: contract in extra/groundglass.json"
    if not isinstance(contract, dict) or contract.get("format") != FORMAT:
        found = contract.get("format") if isinstance(contract, dict) else type(contract).__name__
        raise ModelError(
            f"{where}: format is {found!r}, expected {FORMAT!r}; use a model made for groundglass"
        )
    if contract.get("format_version") != FORMAT_VERSION:
        raise ModelError(
            f"{where}: format_version is {contract.get('format_version')!r}, this version of groundglass "
            f"reads {FORMAT_VERSION}; update groundglass or export the model again"
        )
    missing = [key for key in CONTRACT_KEYS if key not in contract]
    if missing:
        raise ModelError(f"{where}: {', '.join(missing)} missing; export the model again")
    for key in ("input", "output"):
        if not isinstance(contract[key], dict):
            raise ModelError(
                f"{where}: {key} is {type(contract[key]).__name__}, expected an object; "
                "export the model again"
            )
    return contract


def _manifest() -> list[dict[str, Any]]:
    """The entries of ``manifest.json``."""
    path = FOLDER / "manifest.json"
    try:
        entries: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["models"]
    except (OSError, ValueError, KeyError) as error:
        raise ModelError(f"{path}: cannot be read ({error}); reinstall groundglass") from error
    return entries


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    except OSError as error:
        raise ModelError(
            f"{path}: cannot be read ({error.strerror or error}); reinstall groundglass or check the path"
        ) from error
    return digest.hexdigest()
