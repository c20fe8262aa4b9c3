"""What the lung mask holds of what is no lung, and how far it agrees with clinicians.

    python benchmarks/lung_masks.py [../shared/data/lctsc]

Phantoms with pitfalls, a row each: bowel gas and airways in the mask, Dice of both lungs, share of the dense
consolidation that the mask holds, seconds, warnings. With the folder of LCTSC cases a row for each as well.
About four minutes, most of them for making the phantoms.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import groundglass as gg
from groundglass.phantom import Pitfalls, make

AIRWAY, BOWEL = 1, 2
VIEW_MM = 371.2
severe = Pitfalls.severe
STUDIES = [
    (1, severe(), 2.5),
    (2, severe(bowel_wall_mm=4, neck=False, trachea_shift_mm=12), 2.5),
    (3, severe(neck=False), 5.0),
    (4, severe(bowel_wall_mm=6, colon_gas="left", effusion_ml=300), 5.0),
    (5, severe(bowel_wall_mm=1.5), 1.25),
    (6, severe(subcutaneous_air=True, mediastinal_air=True, pneumothorax_ml=200, neck=False), 2.5),
    (7, severe(colon_gas="right", stomach_gas=False, dense_bases="none", neck=False), 2.5),
    (8, severe(neck=False), 8.0),
    (9, severe(bowel_wall_mm=3, neck=False), 0.8),
    (7, Pitfalls(), 3.0),
    (3, Pitfalls(neck=True, arms_down=True), 4.0),
]


def dice(a: NDArray[np.bool_], b: NDArray[np.bool_]) -> float:
    return 2 * float(np.count_nonzero(a & b)) / float(np.count_nonzero(a) + np.count_nonzero(b))


def main() -> None:
    print("study              bowel ml  airway ml    Dice  dense held  seconds  warnings")
    for seed, pitfalls, slice_mm in STUDIES:
        height = 400 if pitfalls.neck else 296
        pixels = 512 if slice_mm < 1 else 256
        p = make(
            seed,
            ground_glass=0.08,
            consolidation=0.12,
            shape=(round(height / slice_mm), pixels, pixels),
            spacing_mm=(slice_mm, VIEW_MM / pixels, VIEW_MM / pixels),
            pitfalls=pitfalls,
        )
        start = time.perf_counter()
        found = gg.LungMask()(p.volume)
        seconds = time.perf_counter() - start
        ml = [
            float(np.count_nonzero(found.lungs[p.mimics == k])) * p.volume.voxel_ml for k in (BOWEL, AIRWAY)
        ]
        dense = p.lesions == 2
        held = np.count_nonzero(found.lungs[dense]) / max(1, np.count_nonzero(dense))
        agree = dice(found.lungs > 0, p.lungs > 0)
        codes = ", ".join(note.code for note in found.notes if note.level == "warning")
        name = f"seed {seed}, {slice_mm:g} mm"
        print(
            f"{name:18} {ml[0]:8.1f} {ml[1]:10.1f} {agree:7.4f} {held:11.2f} {seconds:8.2f}  {codes}",
            flush=True,
        )
    if len(sys.argv) > 1:
        for path in sorted(Path(sys.argv[1]).glob("*_ct.nii.gz")):
            ct = gg.read_ct(path)
            truth = gg.read_labels(path.with_name(path.name.replace("_ct", "_lungs")), like=ct)
            start = time.perf_counter()
            found = gg.LungMask()(ct)
            seconds = time.perf_counter() - start
            codes = ", ".join(note.code for note in found.notes if note.level == "warning")
            name = path.name.removesuffix("_ct.nii.gz")
            print(f"{name:38} {dice(found.lungs > 0, truth > 0):7.4f} {'':11} {seconds:8.2f}  {codes}")


if __name__ == "__main__":
    main()
