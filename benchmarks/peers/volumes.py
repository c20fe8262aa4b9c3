"""Masks of a chest CT of 150 x 512 x 512 voxels: components, holes, closing, distances, and the lung mask.

The CT is the phantom, or with ``GROUNDGLASS_STUDY`` any study.
"""

from __future__ import annotations

import ctypes
import os
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
from harness import Case, Peers

import groundglass as gg


@cache
def study() -> gg.CtVolume:
    """150 slices of 512 x 512."""
    if path := os.environ.get("GROUNDGLASS_STUDY"):
        return gg.read_ct(path)
    return ct_of(gg.phantom.make(shape=(150, 512, 512)))


def ct_of(made: gg.phantom.Phantom) -> gg.CtVolume:
    return gg.CtVolume(made.hounsfield, spacing_mm=made.spacing_mm, origin_mm=made.origin_mm)


@cache
def air() -> Any:
    return np.ascontiguousarray(study().hounsfield < -400)


def middle() -> Any:
    mask = air()
    rows, columns = (size // 2 for size in mask.shape[1:])
    return np.ascontiguousarray(mask[:, rows - 128 : rows + 128, columns - 128 : columns + 128])


@cache
def kernels() -> ctypes.CDLL:
    """Those that Python has no name for."""
    library = next(Path(__file__).parents[2].glob("build/libgroundglass_kernels.so"), None)
    if library is None:
        raise ImportError("build them: cmake --build build --target groundglass_kernels")
    found = ctypes.CDLL(str(library))
    found.mask_of.restype = ctypes.c_void_p
    found.farthest.restype = ctypes.c_double
    for name in ("count_components", "two_largest", "filled", "closed"):
        getattr(found, name).restype = ctypes.c_size_t
    return found


def mask_of(voxels: Any) -> Any:
    shape = (ctypes.c_size_t * 3)(*voxels.shape)
    return ctypes.c_void_p(kernels().mask_of(voxels.ctypes.data_as(ctypes.c_void_p), shape))


def kernel(name: str, voxels: Any, *arguments: Any) -> Any:
    """A kernel on a mask that is made beforehand, as its stages hand masks on."""
    mask = mask_of(voxels)
    return lambda: getattr(kernels(), name)(mask, *arguments)


def components(neighbours: int) -> Peers:
    voxels = air()

    def by_cc3d() -> int:
        import cc3d

        return int(cc3d.connected_components(voxels, connectivity=neighbours, return_N=True)[1])

    return {"groundglass": kernel("count_components", voxels, neighbours), "cc3d": by_cc3d}


def two_largest() -> Peers:
    voxels = air()

    def by_cc3d() -> int:
        import cc3d

        return int(np.count_nonzero(cc3d.largest_k(voxels, k=2, connectivity=26)))

    return {"groundglass": kernel("two_largest", voxels), "cc3d largest_k": by_cc3d}


def closing() -> Peers:
    import SimpleITK as sitk

    voxels = middle()
    image = sitk.GetImageFromArray(voxels.astype(np.uint8))

    def by_sitk() -> Any:
        return sitk.BinaryMorphologicalClosing(image, [3, 3, 3], sitk.sitkBall, 1.0)

    return {"groundglass": kernel("closed", voxels, ctypes.c_double(3)), "SimpleITK": by_sitk}


def filling() -> Peers:
    import SimpleITK as sitk

    voxels = middle()
    image = sitk.GetImageFromArray(voxels.astype(np.uint8))
    return {
        "groundglass": kernel("filled", voxels),
        "SimpleITK": lambda: np.count_nonzero(
            sitk.GetArrayViewFromImage(sitk.BinaryFillhole(image, False, 1.0))
        ),
    }


def distance() -> Peers:
    from scipy import ndimage

    voxels = middle()
    return {
        "groundglass": kernel("farthest", voxels),
        "scipy distance_transform_edt": lambda: float(ndimage.distance_transform_edt(voxels).max()) ** 2,
    }


def lungs() -> Peers:
    ct, stage = study(), gg.LungMask()
    return {"groundglass": lambda: stage(ct)}


def close_to(ours: Any, theirs: Any) -> None:
    np.testing.assert_allclose(ours, theirs, rtol=1e-5)


CASES = [
    *(
        Case(f"components, {n} neighbours", partial(components, n), close_to, bar)
        for n, bar in ((26, 0.17), (6, 0.11))
    ),
    Case("two largest components", two_largest, close_to, 0.06),
    Case("closing, a ball of 3 mm, 150 x 256 x 256", closing, None, 0.013),
    Case("filled holes, 150 x 256 x 256", filling, close_to, 0.024),
    Case("distances, 150 x 256 x 256", distance, close_to, 0.4),
    Case("lung mask without a network, 150 slices, seconds", lungs, None, None, memory=True),
]
