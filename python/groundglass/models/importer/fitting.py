"""Fits the tensors of a checkpoint to a network, and says what does not fit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import torch
from torch import Tensor

from groundglass.errors import ModelError
from groundglass.models.importer.architectures import ARCHITECTURES, architecture
from groundglass.models.importer.checkpoint import read_tensors
from groundglass.models.importer.unpickling import printable
from groundglass.models.published import PublishedNetwork

__all__ = ["clean_names", "load_network"]

#: left in a checkpoint by THOP, which counts operations, at every level
COUNTERS = ("total_ops", "total_params")

#: how many names a message shows of each kind
SHOWN = 3


def load_network(checkpoint: str | Path, name: str) -> PublishedNetwork:
    """The network of architecture `name` in eval mode, with the weights in the file `checkpoint`.

    Half-precision weights become float32. Raises :class:`~groundglass.errors.ModelError` for an unknown
    architecture, a file that :func:`~groundglass.models.importer.read_tensors` refuses, and weights that are
    another network's: the text counts and names what is missing, what is too much and what has another shape,
    and names the architecture that would fit. Nothing in the file is run. Costs the memory of the weights
    twice.
    """
    entry = architecture(name)
    tensors = clean_names(read_tensors(checkpoint), checkpoint)
    # Without values: the checkpoint gives them all.
    with torch.device("meta"):
        network = entry.build().eval()
    expected = network.state_dict()
    for key in expected:
        # Batch norms before torch 0.4.1 did not count, and the counter has no part in prediction.
        if key.endswith(".num_batches_tracked"):
            tensors.setdefault(key, torch.zeros((), dtype=torch.int64))
    trouble = _differences(expected, tensors)
    if trouble:
        other = _fitting(tensors, besides=name)
        advice = f"they are {other}'s, import them as that" if other else "name another network or file"
        raise ModelError(f"{checkpoint}: not the weights of {name}: {trouble}; {advice}")
    _check_values(tensors, expected, checkpoint)
    # Copied, since two tensors of a file may share their data.
    weights = {key: value.to(expected[key].dtype, copy=True).contiguous() for key, value in tensors.items()}
    network.load_state_dict(weights, assign=True)
    return network


def clean_names(tensors: Mapping[str, Tensor], checkpoint: str | Path = "checkpoint") -> dict[str, Tensor]:
    """`tensors` without what training tools add to names and entries.

    Parts ``module`` of a name (from ``DataParallel``, at any level) are taken out; THOP's counters are left
    out.
    """
    cleaned: dict[str, Tensor] = {}
    for key, value in tensors.items():
        parts = [part for part in key.split(".") if part != "module"]
        if not parts or parts[-1] in COUNTERS:
            continue
        short = ".".join(parts)
        if short in cleaned:
            raise ModelError(
                f"{checkpoint}: holds {short} twice, with and without 'module.'; save one network alone"
            )
        cleaned[short] = value
    return cleaned


def _differences(expected: Mapping[str, Tensor], found: Mapping[str, Tensor]) -> str:
    """What keeps `found` from being `expected`, counted, with the first names; empty if nothing does."""
    missing = [key for key in expected if key not in found]
    surplus = [key for key in found if key not in expected]
    shapes = [
        f"{key} {_shape(found[key])} for {_shape(value)}"
        for key, value in expected.items()
        if key in found and found[key].shape != value.shape
    ]
    parts = [
        f"{len(names)} {what} ({_first(names)})"
        for what, names in (
            (f"of {len(expected)} entries missing", missing),
            ("surplus", surplus),
            ("of another shape", shapes),
        )
        if names
    ]
    return ", ".join(parts)


def _first(names: Iterable[str]) -> str:
    names = list(names)
    return ", ".join(printable(name) for name in names[:SHOWN]) + (", …" if len(names) > SHOWN else "")


def _shape(tensor: Tensor) -> str:
    return "x".join(str(edge) for edge in tensor.shape) or "scalar"


def _fitting(tensors: Mapping[str, Tensor], *, besides: str) -> str | None:
    """The architecture whose names and shapes these are."""
    found = {k: v.shape for k, v in tensors.items() if not k.endswith(".num_batches_tracked")}
    for name, entry in ARCHITECTURES.items():
        if name == besides:
            continue
        with torch.device("meta"):
            state = entry.build().state_dict()
        if found == {k: v.shape for k, v in state.items() if not k.endswith(".num_batches_tracked")}:
            return name
    return None


def _check_values(
    found: Mapping[str, Tensor], expected: Mapping[str, Tensor], checkpoint: str | Path
) -> None:
    for key, value in found.items():
        if value.is_floating_point() != expected[key].is_floating_point():
            raise ModelError(
                f"{checkpoint}: {key} is of type {str(value.dtype).removeprefix('torch.')}, expected "
                f"{str(expected[key].dtype).removeprefix('torch.')}; the weights were quantised or changed: "
                "take the ones they were made from"
            )
        if value.is_floating_point() and not bool(torch.isfinite(value).all()):
            raise ModelError(
                f"{checkpoint}: {key} holds values that are not finite; the training has diverged or the "
                "file is damaged: take another one"
            )
