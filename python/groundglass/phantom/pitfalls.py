"""What makes lungs or lesions hard to find: gas and fluid beside lungs, dense bases, airways without clear
walls, lung that hangs."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, replace
from typing import Any, Literal

import numpy as np

from groundglass.phantom.anatomy import Proportions

Side = Literal["none", "left", "right", "both"]


@dataclass(frozen=True)
class Pitfalls:
    """Findings beside the opacities of a phantom; the default is the chest without any.

    Each stands for itself, so that any may be put together. Raises ``ValueError`` for a value out of its
    range, naming it.
    """

    stomach_gas: bool = False
    """A stomach wide with gas over a fluid level, under the left dome of the diaphragm."""
    colon_gas: Side = "none"
    """Colon with haustra: its splenic flexure under the left dome, its hepatic flexure between liver and
    right dome."""
    bowel_wall_mm: float = 6.0
    """What parts the gas of stomach and colon from the lung, diaphragm included; 2 is contact."""
    dense_bases: Side = "none"
    """The consolidation gathers behind and below, down to the diaphragm, in place of patches."""
    trachea_shift_mm: float = 0.0
    """The trachea lies off the middle, to the left where positive."""
    trachea_scale: float = 1.0
    """Width of trachea and main bronchi, in usual ones."""
    bare_airways: bool = False
    """Main bronchi without fat around, thin walls: lung touches them."""
    neck: bool = False
    """Shoulders narrow to a neck with larynx, pharynx and jaw: for scans from 80 mm above the apices on."""
    oesophageal_gas: bool = False
    subcutaneous_air: bool = False
    mediastinal_air: bool = False
    arms_down: bool = False
    """Arms at the sides of the body, in a field of view of 372 mm cut off by it."""
    effusion_ml: float = 0.0
    """Fluid behind the right lung, which is smaller by it."""
    pneumothorax_ml: float = 0.0
    """Air before the left lung, which is smaller by it."""

    dependent_hu: float = 0.0
    """How much denser the lung is along the back, where a lying patient's lungs hang: at the pleura, and less
    up to 25 mm before it. It is no disease."""

    def __post_init__(self) -> None:
        ranges = {
            "bowel_wall_mm": (1, 20),
            "trachea_shift_mm": (-30, 30),
            "trachea_scale": (0.6, 1.7),
            "effusion_ml": (0, 1500),
            "pneumothorax_ml": (0, 1500),
            "dependent_hu": (0, 500),
        }
        for name, (low, high) in ranges.items():
            value = float(getattr(self, name))
            if not (math.isfinite(value) and low <= value <= high):
                raise ValueError(f"{name} must be from {low} to {high}, found {value!r}")
        for name in ("colon_gas", "dense_bases"):
            if getattr(self, name) not in ("none", "left", "right", "both"):
                raise ValueError(
                    f"{name} must be 'none', 'left', 'right' or 'both', found {getattr(self, name)!r}"
                )

    @staticmethod
    def severe(**other: Any) -> Pitfalls:
        """A severe COVID-19 pneumonia as it is scanned in an emergency: stomach and colon full of gas that
        touch the diaphragm, dense bases, wide airways that touch the lungs, the neck in the scan. ``other``
        replaces single ones."""
        study = Pitfalls(
            stomach_gas=True,
            colon_gas="both",
            bowel_wall_mm=2.0,
            dense_bases="both",
            trachea_shift_mm=-9.0,
            trachea_scale=1.3,
            bare_airways=True,
            neck=True,
            oesophageal_gas=True,
        )
        return replace(study, **other)

    @staticmethod
    def draw(rng: np.random.Generator) -> Pitfalls:
        """Some of them, as chance has it: for training and for tests of many."""
        sides: tuple[Side, ...] = ("none", "left", "right", "both")

        def side() -> Side:
            return sides[int(rng.integers(4))]

        def one_in(n: int) -> bool:
            return bool(rng.integers(n) == 0)

        return Pitfalls(
            stomach_gas=one_in(2),
            colon_gas=side(),
            bowel_wall_mm=float(rng.uniform(1.5, 7)),
            dense_bases=side(),
            trachea_shift_mm=float(rng.uniform(-18, 18)),
            trachea_scale=float(rng.uniform(0.85, 1.45)),
            bare_airways=one_in(2),
            neck=one_in(2),
            oesophageal_gas=one_in(3),
            subcutaneous_air=one_in(8),
            mediastinal_air=one_in(8),
            arms_down=one_in(3),
            effusion_ml=float(rng.uniform(100, 600)) if one_in(4) else 0.0,
            pneumothorax_ml=float(rng.uniform(50, 500)) if one_in(8) else 0.0,
        )

    def proportions(self, usual: Proportions) -> Proportions:
        """The measures of a chest with these airways."""
        if self.bare_airways:
            usual = replace(usual, airway_fat=0.6, airway_wall=0.9, hilum=0.7)
        return replace(usual, trachea_shift=self.trachea_shift_mm, trachea_scale=self.trachea_scale)

    def values(self) -> dict[str, Any]:
        """Those that differ from the default, by name."""
        return {f.name: getattr(self, f.name) for f in fields(self) if getattr(self, f.name) != f.default}
