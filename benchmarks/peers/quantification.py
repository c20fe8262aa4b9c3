"""Volumes and HU of the regions of 150 x 512 x 512 voxels."""

from __future__ import annotations

from typing import Any

import numpy as np
from harness import Case, Peers
from volumes import ct_of

import groundglass as gg


def regions() -> Peers:
    """Both lungs, sides and thirds with ground glass, consolidation, HU and Perc15, against one joint
    histogram of six thirds and three classes, from which numpy reads the same figures."""
    made = gg.phantom.make(shape=(150, 512, 512))
    study = gg.LesionCt(gg.LungCt(ct_of(made), made.lungs), made.lesions)
    hounsfield = made.hounsfield
    names = ("none", "upper", "middle", "lower")
    zones = [names.index(str(zone)) for zone in gg.zones_by_height(made.lungs)]
    third = np.array(zones, dtype=np.uint8)[:, None, None]
    region = np.where(made.lungs > 0, (made.lungs - 1) * 3 + third, 0).astype(np.uint8)

    def by_numpy() -> Any:
        key = np.where(region > 0, (region - 1) * 3 + made.lesions + 1, 0).astype(np.int32)
        bins = np.clip(hounsfield, -1024, 3071).astype(np.int32) + 1024
        joint = np.bincount((key * 4096 + bins).ravel(), minlength=19 * 4096).reshape(19, 4096)[1:]
        values = np.arange(4096) - 1024
        count = joint.sum(1)
        mean = joint @ values / np.maximum(count, 1)
        deviation = np.sqrt(joint @ values**2 / np.maximum(count, 1) - mean**2)
        lung = joint.sum(0).cumsum()
        return count.sum(), values[np.searchsorted(lung * 100, 15 * lung[-1])], mean, deviation

    def answer() -> Any:
        _, air = gg.involvement_and_aeration(study)
        return air["both lungs"].perc15_hu

    return {"groundglass": answer, "numpy joint histogram": lambda: by_numpy()[1]}


def same(ours: Any, theirs: Any) -> None:
    assert ours == theirs, (ours, theirs)


CASES = [Case("nine regions with Perc15, 150 slices", regions, same, 0.2, memory=True)]
