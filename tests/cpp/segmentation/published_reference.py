"""Prints the numbers of the tests of published_preprocess, as OpenCV, Pillow and NumPy give them.

Needs opencv-python-headless, which nothing else of groundglass does.
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image


def plane(height: int, width: int) -> npt.NDArray[np.uint8]:
    """The test's 8-bit image."""
    rows, columns = np.mgrid[:height, :width].astype(np.int64)
    return ((rows * 37 + columns * 91 + rows * columns * 13) % 256).astype(np.uint8)


def show(what: str, values: npt.NDArray[np.generic]) -> None:
    """One line a result."""
    whole = values.dtype.kind in "ui"
    print(f"{what}: {{{', '.join(str(v) if whole else f'{v:.7g}' for v in values.ravel())}}}")


source = plane(7, 9)
for height, width in ((3, 4), (5, 9), (11, 13), (3, 20)):
    size = (width, height)
    show(f"opencv 8 bit {height}x{width}", cv2.resize(source, size, interpolation=cv2.INTER_LINEAR))
    show(
        f"opencv float {height}x{width}",
        cv2.resize(source.astype(np.float32), size, interpolation=cv2.INTER_LINEAR),
    )
    show(f"nearest {height}x{width}", cv2.resize(source, size, interpolation=cv2.INTER_NEAREST))
    show(
        f"pillow {height}x{width}",
        np.asarray(Image.fromarray(source).resize(size, Image.Resampling.BILINEAR)),
    )

values = source.astype(np.float32).ravel() * 9 - 1700
stretched = (values - values.min()) / (values.max() - values.min() + 1e-8)
again = (stretched - stretched.min()) * (255 / (stretched.max() - stretched.min()))
show("min-max of 9 v - 1700", np.floor(again + 0.5).astype(np.uint8)[:12])

clipped = np.clip(values, -1500, 500)
low, high = np.percentile(clipped, 5), np.percentile(clipped, 95)
show("percentiles 5 33 95", np.array([low, np.percentile(clipped, 33), high]))
between = clipped[(clipped > low) & (clipped < high)].astype(np.float64)
z = (clipped - between.mean()) / between.std()
show("mean, deviation", np.array([between.mean(), between.std()]))
show("z-score", ((z - 0.485) / 0.229)[:8])
show("ImageNet green of 8 bit", ((source.ravel()[:6] / 255 - 0.456) / 0.224))
