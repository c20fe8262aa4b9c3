"""From a trained network to the shipped file: TorchScript in half precision with its contract inside."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from groundglass.models import CLASSES, FourClassProbability, LiteNetwork
from groundglass.models.model_file import save_torchscript
from groundglass.write import atomic_file

Network = TypeVar("Network", bound=nn.Module)


def contract(
    *, name: str, version: str, long_edge: int, calibration: Mapping[str, Any] | None
) -> dict[str, Any]:
    """What a runtime must know to apply the model, and a user to be allowed to."""
    text = {
        "format": "groundglass-model",
        "format_version": 1,
        "name": name,
        "version": version,
        "input": {
            "channels": 1,
            "long_edge": long_edge,
            "multiple_of": 32,
            "window_hu": [-1350, 150],
            "range": [-1, 1],
            "padding": -1,
        },
        "output": {"kind": "probability", "classes": list(CLASSES)},
        "training_data": "COVID-SemiSeg (50 labelled slices, 1600 slices with model-made masks); "
        "encoder started from ImageNet weights",
        "licence": "non-commercial use only (terms of COVID-SemiSeg); initial ImageNet weights Apache-2.0",
        "origin": "trained by the groundglass project with python -m groundglass.training",
    }
    if calibration is not None:
        keys = ("temperature", "conditional_temperature", "volume_quantiles")
        text["calibration"] = {key: calibration[key] for key in keys}
    return text


def fuse_batch_norm(network: Network) -> Network:
    """A copy whose batch norms are part of the convolutions before them.

    Smaller and the same function; statistics never meet half precision, in which a small variance would be 0.
    """
    fused = copy.deepcopy(network).eval()
    for module in fused.modules():
        if isinstance(module, nn.Sequential) and len(module) > 1:
            convolution, norm = module[0], module[1]
            if isinstance(convolution, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
                module[0] = fuse_conv_bn_eval(convolution, norm)
                module[1] = nn.Identity()
    return fused


def export(
    network: LiteNetwork,
    path: Path,
    *,
    name: str,
    long_edge: int,
    calibration: Mapping[str, Any] | None = None,
    version: str = "1",
) -> Path:
    """Write `network` as a model file and return its path.

    The file holds a module from (N, 1, H, W) in [-1, 1] to probabilities (N, 4, H, W) of ground glass,
    consolidation, other lung and background, calibrated where `calibration` (see
    :func:`groundglass.training.calibration.fit`) is given. Its weights are float16 to halve the size;
    apply it after ``module.to(torch.float32)``.
    """
    temperatures = (
        (1.0, 1.0)
        if calibration is None
        else (calibration["temperature"], calibration["conditional_temperature"])
    )
    module = FourClassProbability(fuse_batch_norm(network), *temperatures).eval().half()
    for key, value in module.state_dict().items():
        if not bool(torch.isfinite(value).all()):
            raise ValueError(f"{key} has values beyond half precision; the network has diverged")
    text = contract(name=name, version=version, long_edge=long_edge, calibration=calibration)
    with atomic_file(path, overwrite=True) as temporary:
        save_torchscript(module, temporary, json.dumps(text, sort_keys=True), root=name)
    return path
