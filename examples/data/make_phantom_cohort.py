"""Makes phantom-cohort.csv: 500 phantoms of known severity, measured.

    python examples/data/make_phantom_cohort.py examples/data/phantom-cohort.csv

Severity comes first: 300 patients are mild, 125 moderate, 75 severe. Each class draws its opacity from
its own log-normal distribution, so classes overlap as real ones do, and the true probability of every class
at every fraction is known (phantom-cohort.json holds the recipe). A phantom with that much opacity is then
built, and measured within its true masks. Two simulated readers estimate it by eye as well, third by third
of each lung: each with a bias and an error of their own, in steps of 1 % below 5 % and of 5 % above.

The same call gives the same bytes; every patient has a random stream of its own. Large voxels keep it at
0.1 s a patient, a minute in all, on one core. `--patients` makes the first few only.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
from pathlib import Path
from typing import Any

import numpy as np

from groundglass import phantom

#: median and sigma: of the log-normal fraction of opacity; healthy: share of the class with none at all;
#: consolidation: parameters of the beta distribution of its share of the opacity; readers: the factor by
#: which each over-estimates, and the sigma of the log-normal error of a single third.
RECIPE: dict[str, Any] = {
    "seed": 20210508,
    "shape": [32, 80, 80],
    "largest_fraction": 0.6,
    "classes": {
        "mild": {"patients": 300, "median": 0.012, "sigma": 0.9, "healthy": 0.15, "consolidation": [2, 8]},
        "moderate": {"patients": 125, "median": 0.035, "sigma": 0.7, "healthy": 0.0, "consolidation": [2, 6]},
        "severe": {"patients": 75, "median": 0.1, "sigma": 0.65, "healthy": 0.0, "consolidation": [3, 5]},
    },
    "readers": {
        "reader_1_fraction": {"factor": 1.05, "sigma": 0.3},
        "reader_2_fraction": {"factor": 1.25, "sigma": 0.45},
    },
}


def severities() -> list[str]:
    """The class of each patient in the order of the table."""
    names = [name for name, entry in RECIPE["classes"].items() for _ in range(entry["patients"])]
    return [names[place] for place in np.random.default_rng(RECIPE["seed"]).permutation(len(names))]


def draw(severity: str, rng: np.random.Generator) -> tuple[float, float]:
    """Fractions of the lungs with ground glass and with consolidation."""
    entry = RECIPE["classes"][severity]
    if rng.random() < entry["healthy"]:
        return 0.0, 0.0
    opacity = RECIPE["largest_fraction"]
    while opacity >= RECIPE["largest_fraction"]:
        opacity = entry["median"] * float(np.exp(entry["sigma"] * rng.standard_normal()))
    dense = float(rng.beta(*entry["consolidation"]))
    return opacity * (1 - dense), opacity * dense


def by_eye(true: float, factor: float, sigma: float, rng: np.random.Generator) -> float:
    """What a reader puts down for a third with this fraction of opacity."""
    seen = true * factor * float(np.exp(sigma * rng.standard_normal()))
    step = 0.01 if seen < 0.05 else 0.05
    return min(step * round(seen / step), 1.0)


def measure(number: int, severity: str) -> dict[str, Any]:
    """One row of the table."""
    rng = np.random.default_rng([RECIPE["seed"], number])
    ground_glass, consolidation = draw(severity, rng)
    truth = phantom.truth_of(
        number, ground_glass=ground_glass, consolidation=consolidation, shape=tuple(RECIPE["shape"])
    )
    both = truth["regions"]["both lungs"]
    thirds = [region for name, region in truth["regions"].items() if name.endswith("third")]
    row: dict[str, Any] = {"patient": f"phantom-{number:03d}", "severity": severity}
    row |= {"severe": int(severity == "severe")}
    row |= {name: f"{both[name]:.1f}" for name in ("lung_ml", "ground_glass_ml", "consolidation_ml")}
    row |= {"opacity_fraction": f"{both['opacity_voxels'] / both['lung_voxels']:.5f}"}
    for reader, skill in RECIPE["readers"].items():
        seen = sum(
            third["lung_ml"] * by_eye(third["opacity_voxels"] / third["lung_voxels"], **skill, rng=rng)
            for third in thirds
        )
        row[reader] = f"{seen / both['lung_ml']:.5f}"
    return row


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--patients", type=int, help="how many of them (default: all)")
    arguments = parser.parse_args()
    cohort = enumerate(severities()[: arguments.patients], start=1)
    rows = [measure(number, severity) for number, severity in cohort]
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    arguments.out.write_text(text.getvalue(), encoding="utf-8")
    arguments.out.with_suffix(".json").write_text(json.dumps(RECIPE, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
