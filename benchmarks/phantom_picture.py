"""Draws a phantom's truth beside what each bundled model finds, as the model cards show it.

python benchmarks/phantom_picture.py [--seed 7] [--out docs/reference/models]
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from PIL import Image

import groundglass as gg
from groundglass import overlay, phantom, weights
from groundglass.segmentation import Ensemble

ROOT = Path(__file__).parents[1]
ROWS = 3
WIDTH = 420


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "reference" / "models")
    options = parser.parse_args()
    patient = phantom.make(seed=options.seed)
    lungs = gg.LungCt(patient.volume, patient.lungs)
    crop = overlay.lung_crop(patient.lungs, patient.volume.spacing_mm)
    involved = (patient.lesions > 0).sum(axis=(1, 2))
    consolidated = (patient.lesions == 2).sum(axis=(1, 2))
    quarter = len(involved) // 4
    shown = [quarter + int(involved[quarter : 3 * quarter].argmax()), int(consolidated.argmax()), 3 * quarter]
    for name in weights.available():
        found = np.asarray(Ensemble(name)(lungs).lesions)
        rows = [
            np.hstack(
                [
                    np.asarray(
                        overlay.tile(patient.volume, patient.lungs[k], lesions[k], k, crop, width=WIDTH)
                    )
                    for lesions in (patient.lesions, found)
                ]
            )
            for k in sorted(set(shown), reverse=True)[:ROWS]
        ]
        path = options.out / f"{name}-phantom.png"
        Image.fromarray(np.vstack(rows)).quantize(128).save(path, optimize=True)
        print(path, path.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
