"""How well the lungs of single pictures are found: ``picture_lungs.py STUDY...``.

Every sixth slice of each CT is drawn as a picture in the lung window and given to the default networks; the
lungs found are compared with the library's mask of the whole CT, which sees Hounsfield units and all slices.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np

import groundglass as gg
from groundglass import overlay
from groundglass.segmentation import Ensemble

EVERY = 6


def main(studies: list[str]) -> None:
    stage = Ensemble()
    for study in studies:
        ct = gg.read_ct(study)
        true = gg.LungMask()(ct).lungs > 0
        common = total = 0
        dice, seconds = [], []
        for index in range(EVERY // 2, len(true), EVERY):
            picture = overlay.windowed(ct.hounsfield[index])
            start = time.perf_counter()
            found = stage.find_in_image(picture).lungs
            seconds.append(time.perf_counter() - start)
            if found is None:
                raise SystemExit("the default networks don't tell the lungs")
            common += np.count_nonzero(true[index] & (found > 0))
            total += np.count_nonzero(true[index]) + np.count_nonzero(found)
            if true[index].any():
                slice_total = np.count_nonzero(true[index]) + np.count_nonzero(found)
                dice.append(2 * np.count_nonzero(true[index] & (found > 0)) / slice_total)
        print(
            f"{Path(study).name}: Dice of all pictures together {2 * common / total:.3f}, median of those "
            f"with lung {np.median(dice):.3f}; {np.mean(seconds):.2f} s a picture"
        )


if __name__ == "__main__":
    main(sys.argv[1:])
