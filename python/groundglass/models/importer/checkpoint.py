"""The tensors of a PyTorch checkpoint: the zip format of torch 1.6 and later, and the older pickles."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import torch
from torch import Tensor

from groundglass.errors import ModelError
from groundglass.models.importer.unpickling import (
    DamagedError,
    Inert,
    RefusedError,
    Storage,
    Stored,
    Unpickler,
    printable,
)

__all__ = ["read_tensors"]

LEGACY_MAGIC = 0x1950A86A20F9469CFC6C
LEGACY_PROTOCOL = 1001

#: where a checkpoint that also holds epochs and optimisers keeps the weights
NESTED = ("state_dict", "model_state_dict", "model", "network", "net", "weights")

#: networks are never nested deeper; a module that contains itself would be
MODULE_DEPTH_MAX = 100


def read_tensors(path: str | Path) -> dict[str, Tensor]:
    """The named tensors of the checkpoint at `path`, on the CPU.

    Taken are a state dictionary, one inside of a training checkpoint (under ``state_dict``, ``model`` and the
    like), and a whole pickled network. Device tags are ignored. What is not a tensor is left out.

    Raises :class:`~groundglass.errors.ModelError` for what is not a checkpoint, is damaged, or would run
    code; the text names what the file would call. Costs one reading of the file, and the memory of its
    tensors.
    """
    path = Path(path)
    try:
        with path.open("rb") as file:
            start = file.read(512)
            file.seek(0)
            return _read_zip(file) if start.startswith(b"PK\x03\x04") else _read_legacy(file, start)
    except ModelError as error:
        raise ModelError(f"{path}: {error}") from error
    except OSError as error:
        raise ModelError(
            f"{path}: cannot be read ({error.strerror or error}); check the path and its permissions"
        ) from error
    except RefusedError as error:
        raise ModelError(
            f"{path}: {error}. Nothing of it was run. Don't use this file; if you trust where it comes from, "
            "load it where it was made and save its state_dict() alone"
        ) from error
    except (EOFError, struct.error) as error:
        raise ModelError(f"{path}: ends in the middle of its data; fetch or copy it again") from error
    except (DamagedError, zipfile.BadZipFile) as error:
        raise ModelError(f"{path}: damaged or incomplete ({error}); fetch or copy it again") from error
    except Exception as error:  # a pickle of garbage can raise anything
        reason = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        if "truncated" in reason:
            raise ModelError(f"{path}: ends in the middle of its data; fetch or copy it again") from error
        raise ModelError(
            f"{path}: not a PyTorch checkpoint, or damaged ({reason}); fetch or copy it again"
        ) from error


# --- the two formats ---------------------------------------------------------------------------------------


def _read_zip(file: IO[bytes]) -> dict[str, Tensor]:
    """The named tensors of a zip checkpoint."""
    with zipfile.ZipFile(file) as archive:
        names = {name.split("/", 1)[-1]: name for name in archive.namelist()}

        def read(name: str) -> bytes:
            # torch never compresses; a small entry could otherwise unpack to any size.
            if name not in names or archive.getinfo(names[name]).compress_type != zipfile.ZIP_STORED:
                raise DamagedError(f"its entry {name} is missing or compressed")
            return archive.read(names[name])

        if "constants.pkl" in names:
            raise ModelError(
                "this is a TorchScript model and no checkpoint; if it is groundglass's own, use it as it is"
            )
        if "data.pkl" not in names:
            raise ModelError("a zip archive without data.pkl, so no PyTorch checkpoint; name another file")
        if "byteorder" in names and read("byteorder") != b"little":
            raise ModelError("written on a big-endian machine; save it again on a little-endian one")
        stored = dict(_stored_in(Unpickler(io.BytesIO(read("data.pkl")), {}).load()))
        values: dict[str, Tensor] = {}
        for storage in {tensor.storage for tensor in stored.values()}:
            data = read(f"data/{storage.key}")
            if len(data) < storage.size:
                raise DamagedError(f"its storage {storage.key} has {len(data)} bytes of {storage.size}")
            values[storage.key] = _values(storage, data)
    return {name: tensor.on(values[tensor.storage.key]) for name, tensor in stored.items()}


def _read_legacy(file: IO[bytes], start: bytes) -> dict[str, Tensor]:
    """The named tensors of a checkpoint of before the zip format: five pickles, then the numbers."""
    _recognise(start)
    magic = Unpickler(file).load()
    if magic != LEGACY_MAGIC:
        raise ModelError(f"a pickle, but of {_kind(magic)} and no PyTorch checkpoint; name another file")
    if (protocol := Unpickler(file).load()) != LEGACY_PROTOCOL:
        raise ModelError(f"a checkpoint of protocol {protocol!r}, expected {LEGACY_PROTOCOL}; save it again")
    machine = Unpickler(file).load()
    if not isinstance(machine, dict) or machine.get("little_endian") is not True:
        raise ModelError("written on a big-endian machine; save it again on a little-endian one")
    storages: dict[str, Storage] = {}
    stored = dict(_stored_in(Unpickler(file, storages).load()))
    keys = Unpickler(file).load()
    if not isinstance(keys, list) or sorted(map(str, keys)) != sorted(storages):
        raise DamagedError("the list of its storages is not that of its tensors")
    here = file.tell()
    if file.seek(0, io.SEEK_END) - here < sum(8 + storage.size for storage in storages.values()):
        raise EOFError
    file.seek(here)
    values: dict[str, Tensor] = {}
    for storage in (storages[str(key)] for key in keys):
        (length,) = struct.unpack("<q", file.read(8))
        if length != storage.length:
            raise DamagedError(f"storage {storage.key} has {length} values of {storage.length}")
        values[storage.key] = _values(storage, file.read(storage.size))
    return {name: tensor.on(values[tensor.storage.key]) for name, tensor in stored.items()}


def _values(storage: Storage, data: bytes) -> Tensor:
    if storage.length == 0:
        return torch.empty(0, dtype=storage.dtype)
    return torch.frombuffer(bytearray(data), dtype=storage.dtype, count=storage.length)


def _recognise(start: bytes) -> None:
    """Name what is often found in place of a checkpoint."""
    text = start.lstrip().lower()
    if not start:
        raise ModelError("the file is empty; fetch or copy it again")
    if text.startswith((b"<!doctype", b"<html", b"<?xml")):
        raise ModelError(
            "a web page and no checkpoint: the download link led to a page; fetch the file itself"
        )
    if text.startswith(b"version https://git-lfs"):
        raise ModelError("a Git LFS pointer and no checkpoint; run `git lfs pull`")
    # A pickle of protocol 2 or later, as torch has always written.
    if not start.startswith(b"\x80"):
        raise ModelError("neither a zip archive nor a pickle, so no PyTorch checkpoint; name another file")


# --- from the object to named tensors ----------------------------------------------------------------------


def _stored_in(content: Any) -> Iterator[tuple[str, Stored]]:
    """The named tensors of a state dictionary, a training checkpoint or a network."""
    if isinstance(content, Inert) and "_modules" in content.state:
        yield from _of_module(content, "", 0)
        return
    if isinstance(content, dict):
        found = [(k, v) for k, v in content.items() if isinstance(k, str) and isinstance(v, Stored)]
        if found:
            yield from found
            return
        for key in NESTED:
            inside = content.get(key)
            if isinstance(inside, (dict, Inert)):
                yield from _stored_in(inside)
                return
    raise ModelError(
        f"a checkpoint that holds {_kind(content)} and no weights; "
        "expected a state dictionary or a whole network"
    )


def _of_module(module: Inert, prefix: str, depth: int) -> Iterator[tuple[str, Stored]]:
    if depth > MODULE_DEPTH_MAX:
        raise DamagedError("its modules are nested without end")
    for group in ("_parameters", "_buffers"):
        for name, value in _entries(module, group):
            if isinstance(value, Stored):
                yield prefix + name, value
    for name, child in _entries(module, "_modules"):
        if isinstance(child, Inert):
            yield from _of_module(child, f"{prefix}{name}.", depth + 1)


def _entries(module: Inert, group: str) -> list[tuple[str, Any]]:
    entries = module.state.get(group, {})
    return [(str(k), v) for k, v in entries.items()] if isinstance(entries, dict) else []


def _kind(content: Any) -> str:
    if isinstance(content, dict):
        names = ", ".join(printable(str(key)) for key in list(content)[:3])
        return f"a dictionary of {len(content)} entries ({names}{', …' if len(content) > 3 else ''})"
    if isinstance(content, Inert):
        return f"an object of {printable(type(content).__name__)}"
    return f"a value of type {type(content).__name__}"
