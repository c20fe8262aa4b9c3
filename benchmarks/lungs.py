"""How well, and how fast, lungs are found: ``lungs.py [--model FILE] STUDY[=MASK]...``.

For each CT the lungs by the network and by the classical mask, the seconds that each took, and where they
differ in ml; with a label map of the lungs also the Dice of both. A model that has not seen a study is named
by ``--model``.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

import numpy as np

import groundglass as gg
from groundglass._run import peak_memory_mb
from groundglass.segmentation import Lungs
from groundglass.weights import LUNGS

PLACES = ("middle", "back", "below", "elsewhere")


def dice(a: Any, b: Any) -> float:
    """2 |a and b| / (|a| + |b|)."""
    return 2 * np.count_nonzero(a & b) / (np.count_nonzero(a) + np.count_nonzero(b))


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--model", default=LUNGS)
    options.add_argument("--threads", type=int, default=0)
    options.add_argument("studies", nargs="+", metavar="STUDY[=MASK]")
    given = options.parse_args()
    stages = {"network": Lungs(given.model, threads=given.threads), "classical": gg.LungMask()}
    for entry in given.studies:
        study, _, mask = entry.partition("=")
        ct = gg.read_ct(study)
        true = gg.read_labels(mask, like=ct) > 0 if mask else None
        found, told = {}, []
        for name, stage in stages.items():
            start = time.perf_counter()
            found[name] = stage(ct)
            seconds, lungs = time.perf_counter() - start, found[name].lungs > 0
            words = f"{name} {seconds:.2f} s, {np.count_nonzero(lungs) * ct.voxel_ml:.0f} ml"
            if true is not None:
                words += f", Dice {dice(lungs, true):.4f}"
            told.append(words)
        differences = gg.compare_lungs(found["network"], found["classical"])
        for name, ml in (("network", differences.only_first), ("classical", differences.only_second)):
            told.append(f"only {name}: " + ", ".join(f"{place} {getattr(ml, place):.0f}" for place in PLACES))
        print(f"{Path(study).name}, {len(ct.hounsfield)} slices: " + "; ".join(told), flush=True)
    print(f"at most {peak_memory_mb():.0f} MB")


if __name__ == "__main__":
    main()
