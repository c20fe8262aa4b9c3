"""What a network is worth on patients that it has not seen, beside the classical mask."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from groundglass._core import CtVolume, LungMask
from groundglass.models.lungs_lite import LungsLite
from groundglass.read import read_ct, read_labels
from groundglass.read.decoders import need
from groundglass.training.lungs import grid, painting
from groundglass.training.lungs.patients import AXIAL, CLASSICAL_FOLDER, Bools, Patient, contour

PLANES_AT_ONCE = 8
REFERENCE = Path("chest-imaging-platform")
HEALTHY = "normal-001"
VOXEL_ML = float(np.prod(grid.STEPS_MM)) / 1000


def lung_probability(
    network: LungsLite,
    hounsfield: npt.NDArray[Any],
    spacing: tuple[float, float, float],
    offsets_mm: Sequence[float],
) -> grid.Floats:
    """The network's probability of lung at every voxel of a CT (slice, row, column)."""
    whole = grid.to_grid(hounsfield, spacing)
    area = grid.canvas(whole)
    planes = torch.from_numpy(grid.scaled(grid.on_canvas(whole, area)))
    device = next(network.parameters()).device
    found = []
    network.eval()
    with torch.inference_mode():
        for first in range(0, len(planes), PLANES_AT_ONCE):
            batch = [
                planes[grid.neighbour_slices(k, len(planes), tuple(offsets_mm))]
                for k in range(first, min(first + PLANES_AT_ONCE, len(planes)))
            ]
            found.append(torch.sigmoid(network(torch.stack(batch).to(device)))[:, 0].cpu())
    on_grid = grid.off_canvas(torch.cat(found).numpy(), area, (whole.shape[1], whole.shape[2]))
    shape = (hounsfield.shape[0], hounsfield.shape[1], hounsfield.shape[2])
    return grid.from_grid(on_grid, shape, spacing)


def two_largest(mask: Bools) -> Bools:
    """The two largest parts with their holes filled."""
    sitk = need("SimpleITK")
    parts = sitk.RelabelComponent(sitk.ConnectedComponent(sitk.GetImageFromArray(mask.astype(np.uint8))))
    largest = sitk.GetArrayFromImage(parts)
    kept = sitk.GetImageFromArray(((largest > 0) & (largest <= 2)).astype(np.uint8))
    filled: Bools = sitk.GetArrayFromImage(sitk.BinaryFillhole(kept)) > 0
    return filled


def lungs(
    network: LungsLite,
    hounsfield: npt.NDArray[Any],
    spacing: tuple[float, float, float],
    offsets_mm: Sequence[float],
) -> Bools:
    """The lungs by the network, in the CT's grid."""
    return two_largest(lung_probability(network, hounsfield, spacing, offsets_mm) >= 0.5)


def dice(a: Bools, b: Bools) -> float:
    """2 |a and b| / (|a| + |b|); 1 for two empty masks."""
    both = int(a.sum()) + int(b.sum())
    return 2 * int((a & b).sum()) / both if both else 1.0


def classical(hounsfield: npt.NDArray[Any], spacing: tuple[float, float, float]) -> Bools:
    """The lungs by the classical mask."""
    volume = CtVolume(
        np.round(hounsfield).astype(np.int16), spacing_mm=spacing, origin_mm=(0.0, 0.0, 0.0), direction=AXIAL
    )
    return np.asarray(LungMask()(volume).lungs) > 0


def lobar_consolidation(scene: painting.Scene, rng: painting.Rng) -> Bools:
    """Paints a dense lower lobe into one lung: 40 % of it, back and base first; returns where."""
    box = scene.box()
    image, inside = scene.hounsfield[box], painting.one_side(scene.lungs[box], rng, 1.0)
    score = painting.towards(inside.shape, -1.0, 1.0, 0.0)
    score += np.float32(0.05) * painting.smooth(inside.shape, 30, rng)
    soft = painting.highest(score, inside, 0.4, 0.02)
    texture = np.float32(12) * painting.smooth(inside.shape, 6, rng)
    image += soft * (np.maximum(image, rng.uniform(20, 60) + texture) - image)
    region = np.zeros(scene.lungs.shape, bool)
    region[box] = soft >= 0.5
    return region


def painted_figures(network: LungsLite, patient: Patient, offsets_mm: Sequence[float]) -> dict[str, float]:
    """Recall of a painted lower lobe and ml of painted bowel gas taken for lung, by network and classical."""
    rng = np.random.default_rng(sum(patient.name.encode()))
    scene = painting.Scene.of(patient)
    lobe = lobar_consolidation(scene, rng)
    before = scene.hounsfield.copy()
    painting.bowel_gas(scene, rng)
    gas = (scene.hounsfield < -850) & (before > -300) & ~patient.lungs
    steps = grid.STEPS_MM
    masks = {
        "network": lungs(network, scene.hounsfield, steps, offsets_mm),
        "classical": classical(scene.hounsfield, steps),
    }
    figures = {"gas_ml": float(gas.sum()) * VOXEL_ML}
    for name, mask in masks.items():
        figures[f"recall_{name}"] = float((mask & lobe).sum() / max(1, lobe.sum()))
        figures[f"gas_in_{name}_ml"] = float((mask & gas).sum()) * VOXEL_ML
        figures[f"dice_painted_{name}"] = dice(mask, patient.lungs)
    return figures


def held_out_figures(
    network: LungsLite, data: Path, patients: Sequence[Patient], offsets_mm: Sequence[float]
) -> dict[str, dict[str, float]]:
    """Of each of these contours: Dice of the network and of the classical mask in the CT's own grid, and
    :func:`painted_figures`."""
    figures = {}
    for patient in patients:
        ct, drawn = contour(data, patient.name)
        figures[patient.name] = {
            "dice_network": dice(lungs(network, ct.hounsfield, ct.spacing_mm, offsets_mm), drawn),
            "dice_classical": dice(np.asarray(LungMask()(ct).lungs) > 0, drawn),
            **painted_figures(network, patient, offsets_mm),
        }
    return figures


def reference_figures(network: LungsLite, data: Path, offsets_mm: Sequence[float]) -> dict[str, float]:
    """Where `data` has them: Dice on ct-64 against lm-64, which no network learns from, and the volume of a
    healthy study's lungs by network and classical mask."""
    figures = {}
    if (data / REFERENCE / "ct-64.nrrd").is_file():
        ct = read_ct(data / REFERENCE / "ct-64.nrrd")
        # The low byte holds the region: 9 to 11 are the left lung's thirds, 12 to 14 the right one's.
        region = read_labels(data / REFERENCE / "lm-64.nrrd", like=ct, highest=65535) & 0xFF
        drawn = (region >= 9) & (region <= 14)
        figures["ct_64_dice_network"] = dice(lungs(network, ct.hounsfield, ct.spacing_mm, offsets_mm), drawn)
        figures["ct_64_dice_classical"] = dice(np.asarray(LungMask()(ct).lungs) > 0, drawn)
    healthy = data / CLASSICAL_FOLDER / HEALTHY
    if healthy.is_dir():
        ct = read_ct(healthy)
        found = lungs(network, ct.hounsfield, ct.spacing_mm, offsets_mm)
        figures["healthy_ml_network"] = float(found.sum()) * ct.voxel_ml
        figures["healthy_ml_classical"] = float((np.asarray(LungMask()(ct).lungs) > 0).sum()) * ct.voxel_ml
    return figures
