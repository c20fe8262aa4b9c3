"""Pictures of a training run."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from groundglass.training.evaluate import FINDINGS
from groundglass.write import atomic_file


def read_log(path: Path) -> list[dict[str, Any]]:
    """The events of a log in order."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line]


def plot_learning_curves(log: Path, image: Path) -> None:
    """Loss, and Dice on the held-out fold, of every job against the step; written as PNG.

    Jobs that differ in the fold alone share a colour.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    events = read_log(log)
    figure = Figure(figsize=(12, 4), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(1, 4)
    kinds = sorted({e["stage"].rstrip("-0123456789") for e in events if e["event"] == "step"})
    panels = [("step", "loss"), *(("probe", f"{f}.pooled") for f in FINDINGS)]
    for axis, (event, value) in zip(axes, panels, strict=True):
        for stage in sorted({e["stage"] for e in events if e["event"] == event}):
            kind = stage.rstrip("-0123456789")
            points = [e for e in events if e["event"] == event and e["stage"] == stage]
            axis.plot(
                [e["step"] for e in points],
                [e[value] for e in points],
                color=f"C{kinds.index(kind)}",
                linewidth=1,
                label=kind if stage in (kind, f"{kind}-0") else None,
            )
        name = value.removesuffix(".pooled").replace("_", " ")
        axis.set(xlabel="step", title=name if event == "step" else f"held-out Dice, {name}")
        if event == "probe":
            axis.set_ylim(0, 1)
    if kinds:
        axes[0].legend(fontsize="x-small")
    with atomic_file(image, overwrite=True) as temporary:
        figure.savefig(temporary, dpi=110, format="png")


def plot_reliability(calibration: Mapping[str, Any], image: Path) -> None:
    """Share of infected pixels against the probability, before and after, and how many there are; as PNG."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5, 5), layout="constrained")
    FigureCanvasAgg(figure)
    diagram, histogram = figure.subplots(2, 1, height_ratios=(3, 1), sharex=True)
    diagram.plot([0, 1], [0, 1], color="0.7", linewidth=1)
    for when in ("before", "after"):
        bins = calibration[f"reliability_{when}"]
        filled = [k for k, n in enumerate(bins["count"]) if n]
        diagram.plot(
            [bins["confidence"][k] for k in filled],
            [bins["share"][k] for k in filled],
            marker="o",
            label=f"{when} calibration, ECE {bins['ece']:.3f}",
        )
        histogram.step(
            [(k + 0.5) / len(bins["count"]) for k in range(len(bins["count"]))], bins["count"], where="mid"
        )
    diagram.set(ylabel="share of infected pixels", ylim=(0, 1), xlim=(0, 1))
    diagram.legend()
    histogram.set(xlabel="probability of infection, inside the lungs", ylabel="pixels", yscale="log")
    with atomic_file(image, overwrite=True) as temporary:
        figure.savefig(temporary, dpi=110, format="png")
