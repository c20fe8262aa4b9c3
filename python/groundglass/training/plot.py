"""Learning curves from a training log."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from groundglass.write import atomic_file


def read_log(path: Path) -> list[dict[str, Any]]:
    """The events of a log in order."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line]


def plot_learning_curves(log: Path, image: Path) -> None:
    """Loss per stage, and held-out Dice of stage B, against the step; written as PNG."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    events = read_log(log)
    figure = Figure(figsize=(10, 4), layout="constrained")
    FigureCanvasAgg(figure)
    losses, scores = figure.subplots(1, 2)
    for stage in sorted({e["stage"] for e in events if e["event"] == "step"}):
        steps = [e for e in events if e["event"] == "step" and e["stage"] == stage]
        losses.plot([e["step"] for e in steps], [e["loss"] for e in steps], label=stage)
    losses.set(xlabel="step", ylabel="loss (terms differ between stages)")
    for stage in sorted({e["stage"] for e in events if e["event"] == "probe"}):
        probes = [e for e in events if e["event"] == "probe" and e["stage"] == stage]
        for finding in ("infection", "ground_glass", "consolidation"):
            scores.plot(
                [e["step"] for e in probes],
                [e[finding] for e in probes],
                marker=".",
                label=f"{stage} {finding.replace('_', ' ')}",
            )
    scores.set(xlabel="step", ylabel="held-out Dice, mean over slices", ylim=(0, 1))
    for axes in (losses, scores):
        if axes.has_data():
            axes.legend(fontsize="small")
    with atomic_file(image, overwrite=True) as temporary:
        figure.savefig(temporary, dpi=110, format="png")
