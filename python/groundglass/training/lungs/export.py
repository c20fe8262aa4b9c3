"""From the trained network to the shipped file: TorchScript in half precision with its contract inside."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from groundglass.models.lungs_lite import MULTIPLE_OF, LungProbability, LungsLite
from groundglass.models.model_file import save_torchscript
from groundglass.training.export import fuse_batch_norm
from groundglass.training.lungs import grid
from groundglass.write import atomic_file

NAME = "lungs-lite"
SOURCES = {
    "contour": "LCTSC (clinicians' contours of both lungs)",
    "classical": "COVID-CT-MD (series with the classical mask of groundglass)",
    "phantom": "phantoms of groundglass",
}


def contract(offsets_mm: Sequence[float], kinds: Sequence[str], version: str) -> dict[str, Any]:
    """What a runtime must know to apply the model, and a user to be allowed to."""
    return {
        "format": "groundglass-model",
        "format_version": 1,
        "name": NAME,
        "version": version,
        "input": {
            "channels": len(offsets_mm),
            "normalisation": "window",
            "long_edge": grid.LARGEST_CANVAS,
            "multiple_of": MULTIPLE_OF,
            "window_hu": [int(v) for v in grid.WINDOW_HU],
            "range": [-1, 1],
            "padding": -1,
            "pixel_mm": grid.PIXEL_MM,
            "slice_mm": grid.SLICE_MM,
            "neighbours_mm": list(offsets_mm),
        },
        "output": {"kind": "probability", "classes": ["lung"]},
        "training_data": "; ".join(text for kind, text in SOURCES.items() if kind in kinds)
        + "; encoder started from ImageNet weights",
        "licence": "non-commercial use only (terms of LCTSC and COVID-CT-MD were not verified); "
        "initial ImageNet weights Apache-2.0",
        "origin": "trained by the groundglass project with python -m groundglass.training.lungs",
    }


def export(
    network: LungsLite,
    path: Path,
    *,
    offsets_mm: Sequence[float],
    kinds: Sequence[str],
    version: str = "1",
) -> Path:
    """Write `network`, which learned from patients of `kinds`, as a model file and return its path.

    The file holds a module from (N, planes, H, W) in [-1, 1] to the probability of lung (N, 1, H, W). Its
    weights are float16 to halve the size; apply it after ``module.to(torch.float32)``.
    """
    module = LungProbability(fuse_batch_norm(network.cpu())).eval().half()
    for key, value in module.state_dict().items():
        if not bool(torch.isfinite(value).all()):
            raise ValueError(f"{key} has values beyond half precision; the network has diverged")
    text = json.dumps(contract(offsets_mm, kinds, version), sort_keys=True)
    with atomic_file(path, overwrite=True) as temporary:
        save_torchscript(module, temporary, text, root=NAME)
    return path
