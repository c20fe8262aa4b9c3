"""How the bundled models carry over from labelled slices to whole studies, which they were not measured on.

    python benchmarks/transfer.py [--data ../shared/data] [--model NAME|FILE ...] [--pictures FOLDER]

Healthy study: opacity, and the largest connected false lesion, over all slices and over those that training
held back. COVID-19 and pneumonia: how far the percentage of opacity moves, in percent of its value, when the
same study comes with its slices in reverse, turned by 90 degrees, mirrored, or through another lung window;
for COVID-19 the agreement with the radiologists' slice labels. With --pictures a montage of each study.
The pictures show patients: keep them to yourself, as the terms of the data ask.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from real_studies import area_under_curve

import groundglass as gg
from groundglass import weights
from groundglass.segmentation import Ensemble
from groundglass.training.synthesis import BLOCK, HELD_BACK

ROOT = Path(__file__).parents[1]
STUDIES = ("covid-P001", "normal-001", "cap-001")
WINDOW = (-1350.0, 150.0)
#: other settings that are called a lung window: level -500 width 1400, -600 and 1600, -600 and 1200
WINDOWS = ((-1200.0, 200.0), (-1400.0, 200.0), (-1200.0, 0.0))

Voxels = npt.NDArray[np.generic]


@dataclass(frozen=True)
class Opacity:
    """Percentage of opacity of both lungs, ml of lesion and of lung of each slice, and the lesion map."""

    percent: float
    lesion: npt.NDArray[np.uint8]
    voxel_ml: float
    per_slice: npt.NDArray[np.float64]
    has_lung: npt.NDArray[np.bool_]


def measure(lungs: gg.LungCt, model: Ensemble) -> Opacity:
    """The study through the stage."""
    lesions = model(lungs)
    inside, lesion = lungs.lungs > 0, np.asarray(lesions.lesions)
    lung = inside.sum(axis=(1, 2))
    infected = (lesion > 0).sum(axis=(1, 2))
    return Opacity(
        100.0 * infected.sum() / lung.sum(),
        lesion,
        lungs.ct.voxel_ml,
        infected / np.maximum(lung, 1),
        lung > 0,
    )


def changed(
    lungs: gg.LungCt, turn: Callable[[npt.NDArray[np.generic]], npt.NDArray[np.generic]]
) -> gg.LungCt:
    """The study with its arrays turned; spacing in the plane is isotropic in all three."""
    ct = gg.CtVolume(np.ascontiguousarray(turn(lungs.ct.hounsfield)), spacing_mm=lungs.ct.spacing_mm)
    return gg.LungCt(ct, np.ascontiguousarray(turn(lungs.lungs)))


def windowed(lungs: gg.LungCt, window: tuple[float, float]) -> gg.LungCt:
    """HU moved so that the model's own window shows what `window` would."""
    low, high = window
    share = (lungs.ct.hounsfield.astype(np.float64) - low) / (high - low)
    hounsfield = np.clip(np.rint(WINDOW[0] + share * (WINDOW[1] - WINDOW[0])), -32768, 32767)
    ct = gg.CtVolume(hounsfield.astype(np.int16), spacing_mm=lungs.ct.spacing_mm)
    return gg.LungCt(ct, lungs.lungs)


def largest_ml(lesion: npt.NDArray[np.uint8], voxel_ml: float) -> float:
    """Of the connected lesions (26 neighbours)."""
    import SimpleITK as sitk

    parts = sitk.ConnectedComponent(sitk.GetImageFromArray((lesion > 0).astype(np.uint8)), True)
    sizes = np.bincount(sitk.GetArrayViewFromImage(parts).ravel())[1:]
    return float(sizes.max() * voxel_ml) if len(sizes) else 0.0


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--model", action="append", help="default: the mean of the bundled ones, and each")
    parser.add_argument("--pictures", type=Path)
    options = parser.parse_args()
    folder = options.data / "covid-ct-md"
    if not folder.is_dir():
        parser.error(f"{folder} is not there")
    studies = {name: gg.read_ct(folder / name) | gg.LungMask() for name in STUDIES}
    labels = np.load(folder / "Slice-level-labels-updated-1.npy")[0].astype(bool)
    for name in options.model or [None, *weights.available()]:
        model = Ensemble(name)
        print(f"\n{name or 'mean of the bundled models'}")
        for study, lungs in studies.items():
            plain = measure(lungs, model)
            print(f"  {study}: opacity {plain.percent:.3f} %")
            if study == "normal-001":
                kept = np.arange(len(plain.lesion)) % BLOCK >= BLOCK - HELD_BACK
                inside = (lungs.lungs > 0)[kept]
                held_back = 100.0 * (plain.lesion[kept] > 0).sum() / inside.sum()
                print(
                    f"    largest connected lesion {largest_ml(plain.lesion, plain.voxel_ml):.3f} ml; "
                    f"slices held back: {held_back:.3f} %"
                )
                continue
            if study == "covid-P001":
                involved = labels[: len(plain.per_slice)]
                # The label array runs from the head down.
                score, lung = plain.per_slice[::-1], plain.has_lung[::-1]
                print(f"    AUC against the slice labels {area_under_curve(score[lung], involved[lung]):.3f}")
            variants = {
                "slices in reverse": changed(lungs, lambda a: a[::-1]),
                "turned by 90 degrees": changed(lungs, lambda a: np.rot90(a, axes=(1, 2))),
                "turned by 180 degrees": changed(lungs, lambda a: np.rot90(a, 2, axes=(1, 2))),
                "mirrored": changed(lungs, lambda a: a[:, :, ::-1]),
                **{f"window {w[0]:.0f}..{w[1]:.0f}": windowed(lungs, w) for w in WINDOWS},
            }
            for what, variant in variants.items():
                moved = measure(variant, model).percent / plain.percent - 1.0
                print(f"    {what}: {100 * moved:+.1f} %", flush=True)
    if options.pictures:
        options.pictures.mkdir(parents=True, exist_ok=True)
        for study in STUDIES:
            gg.analyze(folder / study, out=options.pictures / study, overwrite=True)
            print(options.pictures / study / "overlay.png")


if __name__ == "__main__":
    main()
