"""From a trained network to the shipped file: TorchScript in half precision with its contract inside."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from groundglass.models import UNetLite, UNetLiteProbability
from groundglass.models.model_file import save_torchscript
from groundglass.write import atomic_file


def contract(*, name: str, version: str, long_edge: int) -> dict[str, Any]:
    """What a runtime must know to apply the model, and a user to be allowed to."""
    return {
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
        "output": {"kind": "probability", "classes": ["ground_glass", "consolidation"]},
        "training_data": "COVID-SemiSeg (50 labelled slices, 1600 slices with model-made masks); "
        "encoder started from ImageNet weights",
        "licence": "non-commercial use only (terms of COVID-SemiSeg); initial ImageNet weights Apache-2.0",
        "origin": "trained by the groundglass project with python -m groundglass.training",
    }


def fuse_batch_norm(network: UNetLite) -> UNetLite:
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
    network: UNetLite,
    path: Path,
    *,
    long_edge: int,
    name: str = "unet-lite",
    version: str = "1",
) -> Path:
    """Write `network` as a model file and return its path.

    The file holds a module from (N, 1, H, W) in [-1, 1] to probabilities (N, 2, H, W) of ground glass and
    consolidation. Its weights are float16 to halve the size; apply it after ``module.to(torch.float32)``.
    """
    module = UNetLiteProbability(fuse_batch_norm(network)).eval().half()
    for key, value in module.state_dict().items():
        if not bool(torch.isfinite(value).all()):
            raise ValueError(f"{key} has values beyond half precision; the network has diverged")
    text = json.dumps(contract(name=name, version=version, long_edge=long_edge), sort_keys=True)
    with atomic_file(path, overwrite=True) as temporary:
        save_torchscript(module, temporary, text, root=name)
    return path
