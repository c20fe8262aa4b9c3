"""Figures of the held-out folds with intervals, calibration, and the export of what they speak for."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from groundglass.training.calibration import HeldOut, check, cooled_map, fit
from groundglass.training.data import Slice
from groundglass.training.evaluate import (
    Counts,
    FloatArray,
    label_map,
    labels_of,
    predict_labelled,
)
from groundglass.training.export import export
from groundglass.training.pipeline import BASELINE, NETWORKS, Training
from groundglass.training.plot import plot_learning_curves, plot_reliability

if TYPE_CHECKING:
    from groundglass.models import LiteNetwork


def held_out_predictions(
    networks: Sequence[LiteNetwork], labelled: Sequence[Slice], fold_of: Sequence[int], long_edge: int
) -> list[FloatArray]:
    """Probabilities (4, H, W) of each slice by the network that has not seen it."""
    result = []
    for s, fold in zip(labelled, fold_of, strict=True):
        result += predict_labelled([networks[fold]], [s], long_edge)
    return result


def counts_of(predicted: Sequence[FloatArray], labelled: Sequence[Slice]) -> Counts:
    """Confusion matrices of predictions."""
    return Counts.of([label_map(p) for p in predicted], labels_of(labelled))


def measure_and_export(training: Training) -> list[Path]:
    """Write ``figures.json`` and the pictures, and export the networks."""
    o = training.options
    torch.set_num_threads(o.processes)
    labelled = training.slices("labelled")
    fold_of = training.fold_of(labelled)
    groups = training.groups(labelled)
    predicted: dict[str, list[FloatArray]] = {}
    for name, phase in [*((name, "fold") for name in NETWORKS), (BASELINE, "baseline")]:
        networks = [training.network(name, phase, k) for k in range(o.folds)]
        predicted[name] = held_out_predictions(networks, labelled, fold_of, o.long_edge)
    truth = labels_of(labelled)
    held_out = {
        name: [HeldOut.of(p, t) for p, t in zip(predicted[name], truth, strict=True)] for name in NETWORKS
    }
    calibration = {name: fit(slices) | check([slices], fold_of) for name, slices in held_out.items()}
    calibration["both"] = check(list(held_out.values()), fold_of)
    # As a study gets it: each network's file divides its logits by the temperatures before the mean is taken.
    cooled = [[cooled_map(p, calibration[name]) for p in predicted[name]] for name in NETWORKS]
    predicted["both"] = [np.mean(np.stack(maps), axis=0) for maps in zip(*cooled, strict=True)]
    counts = {name: counts_of(p, labelled) for name, p in predicted.items()}
    report: dict[str, Any] = {
        "what": "networks of the folds on the slices that each has not seen, at their own size, one view",
        "threshold": 0.5,
        "long_edge": o.long_edge,
        "seed": o.seed,
        "held_out": [
            [s.name for s, f in zip(labelled, fold_of, strict=True) if f == k] for k in range(o.folds)
        ],
        "figures": {name: c.table(groups) for name, c in counts.items()},
        "above_baseline": {
            name: counts[name].above(counts[BASELINE], groups) for name in [*NETWORKS, "both"]
        },
        "calibration": calibration,
    }
    training.write_json("figures.json", report)
    plot_learning_curves(training.out / "log.jsonl", training.out / "learning_curves.png")
    for name in [*NETWORKS, "both"]:
        plot_reliability(calibration[name], training.out / f"{name}-reliability.png")
    return [
        export(
            training.final(name),
            training.out / f"{name}.pt",
            name=name,
            long_edge=o.long_edge,
            calibration=calibration[name],
        )
        for name in NETWORKS
    ]
