"""Prints the numbers of the resize test, as Pillow gives them."""

from __future__ import annotations

import numpy as np
from PIL import Image

source = np.array(
    [[0, 10, 20, 30, 5], [-4, 8, 16, 2, 7], [1, 60, 100, 30, 45]],
    dtype=np.float32,
)
for height, width in ((2, 3), (5, 4), (2, 9)):
    out = np.asarray(Image.fromarray(source).resize((width, height), Image.Resampling.BILINEAR))
    numbers = ", ".join(f"{value:.7f}F" for value in out.ravel())
    print(f"{{{height}, {width}}}: {{{numbers}}}")
