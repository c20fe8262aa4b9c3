"""What looks like lung and is none, or hides it: painted into a slice of tissue, and named.

The labels of ``Phantom.mimics``.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from groundglass.phantom.anatomy import Chest, Middle, Point
from groundglass.phantom.fields import Floats, SmoothNoise, smoothstep
from groundglass.phantom.pitfalls import Pitfalls

AIRWAY, BOWEL_GAS, OESOPHAGEAL_GAS, FREE_AIR, PNEUMOTHORAX, EFFUSION = 1, 2, 3, 4, 5, 6
GAS, SOFT, BONE, FLUID = -985.0, 42.0, 650.0, 14.0


class Mimics:
    """Paints the pitfalls of one phantom, slice by slice."""

    def __init__(self, rng: np.random.Generator, chest: Chest, pitfalls: Pitfalls) -> None:
        self.chest = chest
        self.pitfalls = pitfalls
        self.haustrum = rng.uniform(26, 38)
        self.colon_radius = rng.uniform(20, 28, 2)
        self.fluid = rng.uniform(14, 30)
        self.streaks = SmoothNoise(rng, chest.grid, 9.0, 22.0)

    def paint(self, index: int, hu: Floats, wall: Floats, skin: Floats, middle: Middle) -> NDArray[np.uint8]:
        """Changes the HU of a slice whose lungs are still to be filled, and says what lies where."""
        z = float(self.chest.z[index])
        labels = np.zeros(hu.shape, np.uint8)
        for part in middle.airways:
            if part is not None:
                labels[part.window][part.distance < 0] = AIRWAY
        under = (self.chest.diaphragm_height - z) * self.chest.diaphragm_scale
        abdomen = (wall < 0) & (under > 0)
        p = self.pitfalls
        if abdomen.any():
            if p.stomach_gas:
                self._stomach(hu, z, abdomen & (under > p.bowel_wall_mm))
            if p.colon_gas in ("left", "both"):
                self._colon(hu, z, abdomen & (under > p.bowel_wall_mm), 1.0)
            if p.colon_gas in ("right", "both"):
                self._colon(hu, z, abdomen & (under > p.bowel_wall_mm), -1.0)
            labels[abdomen & (hu < -900) & (labels == 0)] = BOWEL_GAS
        if p.oesophageal_gas:
            self._oesophagus(hu, z, labels)
        if p.subcutaneous_air or p.mediastinal_air:
            self._free_air(hu, index, wall, skin, middle, labels)
        if p.arms_down:
            self._arms(hu, z, skin)
        if p.neck:
            self._neck(hu, z, skin, labels)
        return labels

    def _stomach(self, hu: Floats, z: float, room: NDArray[np.bool_]) -> None:
        chest, p = self.chest, self.chest.p
        x, y = 0.40 * p.half_width, -8.0
        top = p.lung_bottom + p.dome_left
        gauge = np.sqrt(((chest.x - x) / 46) ** 2 + ((chest.y - y) / 54) ** 2 + ((z - top + 38) / 44) ** 2)
        hu[room & (gauge < 1)] = SOFT
        filled = room & (gauge < 0.95)
        hu[filled] = FLUID
        hu[filled & (chest.y < y + self.fluid)] = GAS  # the fluid lies at the back

    def _colon(self, hu: Floats, z: float, room: NDArray[np.bool_], side: float) -> None:
        """A flexure that follows the dome from the front to the side and the back."""
        w = self.chest.p.half_width
        radius = float(self.colon_radius[0 if side > 0 else 1])
        course = ((0.12, -62.0), (0.42, -58.0), (0.70, -36.0), (0.78, 0.0), (0.72, 34.0), (0.66, 48.0))
        points = [
            (side * share * w, y, self._dome(side * share * w, y) - (0.86 + 0.5 * max(0, k - 3)) * radius)
            for k, (share, y) in enumerate(course)
        ]
        off, along = self._tube(points, z)
        fold = np.abs(np.sin(np.pi * along / self.haustrum))
        lumen = radius * (0.74 + 0.26 * np.sqrt(fold))  # pouches between cusps
        hu[room & (off < lumen + 2)] = SOFT
        gas = room & (off < lumen)
        hu[gas] = GAS
        hu[gas & (fold < 0.10) & (off > 0.55 * radius)] = SOFT  # semilunar folds

    def _dome(self, x: float, y: float) -> float:
        column = int(np.abs(self.chest.grid.x - x).argmin())
        row = int(np.abs(self.chest.grid.y - y).argmin())
        return float(self.chest.diaphragm_height[row, column])

    def _tube(self, points: list[Point], z: float) -> tuple[Floats, Floats]:
        """Distance to a chain of straight pieces and how far along it, mm."""
        chest = self.chest
        off = np.full((chest.y.shape[0], chest.x.shape[1]), np.float32(1e3))
        along = np.zeros_like(off)
        run = 0.0
        for a, b in pairwise(points):
            e = [b[i] - a[i] for i in range(3)]
            length = float(np.sqrt(sum(v * v for v in e)))
            x, y, up = chest.x - a[0], chest.y - a[1], z - a[2]
            s = np.clip((x * e[0] + y * e[1] + up * e[2]) / length**2, 0, 1)
            far = np.sqrt((x - s * e[0]) ** 2 + (y - s * e[1]) ** 2 + (up - s * e[2]) ** 2)
            nearer = far < off
            off[nearer], along[nearer] = far[nearer], (run + s * length)[nearer]
            run += length
        return off, along

    def _oesophagus(self, hu: Floats, z: float, labels: NDArray[np.uint8]) -> None:
        chest = self.chest
        t = chest.level(z)
        if not 0.32 < t < 1.1 or np.sin(t * 31) < -0.35:
            return
        x = 6 + 8 * float(smoothstep(0.45, 0.2, t))
        y = chest.spine_y(z) - 25
        lumen = np.sqrt(((chest.x - x) / 6.0) ** 2 + ((chest.y - y) / 4.0) ** 2)
        gas = (lumen < 1) & (labels == 0) & (hu > -200)
        hu[gas] = GAS
        labels[gas] = OESOPHAGEAL_GAS

    def _free_air(
        self, hu: Floats, index: int, wall: Floats, skin: Floats, middle: Middle, labels: NDArray[np.uint8]
    ) -> None:
        """Streaks of air: between the muscles of the right side, around trachea, vessels and heart."""
        streak = np.abs(self.streaks(index)) < 0.13
        air = np.zeros(hu.shape, bool)
        if self.pitfalls.subcutaneous_air:
            air |= streak & (wall > 13) & (skin < -4) & (self.chest.x < -20) & (hu < 100)
        if self.pitfalls.mediastinal_air:
            above = float(self.chest.z[index]) > self.chest.diaphragm_height
            air |= streak & (middle.surface < -3) & (hu < -40) & (hu > -200) & (wall < 0) & above
        air &= labels == 0
        hu[air] = -930
        labels[air] = FREE_AIR

    def _arms(self, hu: Floats, z: float, skin: Floats) -> None:
        chest, p = self.chest, self.chest.p
        beside = p.half_width + 25 * p.muscle + p.fat + 42
        if z > p.lung_top + 20:
            return
        for sign in (-1, 1):
            arm = np.hypot(chest.x - sign * beside, (chest.y - 18) / 1.1)
            free = skin > 0
            hu[free & (arm < 43)] = -95
            hu[free & (arm < 36)] = 55
            hu[free & (arm < 12)] = BONE
            hu[free & (arm < 7)] = -40

    def _neck(self, hu: Floats, z: float, skin: Floats, labels: NDArray[np.uint8]) -> None:
        """The neck in place of shoulders that go on, with its airways and the jaw."""
        chest = self.chest
        above = z - chest.p.lung_top
        if above < 30:
            return
        narrow, head = float(smoothstep(30, 62, above)), float(smoothstep(100, 125, above))
        a = 230 - 166 * narrow + 12 * head
        b = 150 - 88 * narrow + 26 * head
        y = chest.y - 22 + 16 * head
        outline = np.sqrt((chest.x / a) ** 2 + (y / b) ** 2)
        hu[(outline > 1) & (skin < 0)] = -1000
        hu[(outline <= 1) & (outline > 0.97) & (skin < 0)] = 10

        def oval(x: Floats | float, y0: float, rx: float, ry: float) -> Floats:
            return np.sqrt((x / rx) ** 2 + ((chest.y - y0) / ry) ** 2)

        if above > 108:
            jaw = np.abs(oval(chest.x, -8, 52, 56) - 1) < 0.1
            hu[jaw & (chest.y < 0) & (outline < 0.95)] = BONE
        spaces = []
        if 76 < above < 102:  # larynx, narrow between the cords
            width = 1.8 + 5.5 * abs(above - 89) / 13
            hu[(oval(chest.x, 6, 15, 17) < 1) & (outline < 0.9)] = 90
            spaces.append(oval(chest.x, 6, width, 11))
        if 94 < above < 112:
            spaces.append(oval(np.abs(chest.x) - 15, 14, 6, 5))
        if above > 98:
            spaces.append(oval(chest.x, 19, 17, 8))
        if above > 124:
            spaces.append(oval(chest.x, -18, 20, 24))
        labels[(labels == AIRWAY) & (hu > -900)] = 0
        for space in spaces:
            hu[space < 1] = -995
            labels[space < 1] = AIRWAY


def take_from_lungs(
    chest: Chest,
    pitfalls: Pitfalls,
    hu: Floats,
    lungs: NDArray[np.uint8],
    depth: NDArray[np.float16],
    labels: NDArray[np.uint8],
) -> None:
    """Effusion behind the right lung and pneumothorax before the left one, in place.

    Of a lung the hindmost (foremost) voxels are taken until they hold the volume, at most nine tenths.
    """
    voxel_ml = float(np.prod(chest.grid.spacing_mm)) / 1000
    for lung, ml, label, value in (
        (2, pitfalls.effusion_ml, EFFUSION, FLUID - 6),
        (1, pitfalls.pneumothorax_ml, PNEUMOTHORAX, GAS),
    ):
        if ml <= 0:
            continue
        k, j, i = np.nonzero(lungs == lung)
        if len(k) == 0:
            continue
        backward = 1.0 if label == EFFUSION else -1.0
        # Fluid stands deepest beside wall and diaphragm and lower towards the apex.
        far = backward * (chest.grid.y[j] - 0.22 * chest.grid.z[k]) - 0.35 * depth[k, j, i]
        count = min(round(ml / voxel_ml), int(0.9 * len(k)))
        if count == 0:
            continue
        least = np.partition(far, len(far) - count)[len(far) - count]
        taken = far >= least
        k, j, i, far = k[taken], j[taken], i[taken], far[taken]
        lungs[k, j, i] = 0
        labels[k, j, i] = label
        hu[k, j, i] = value
        if label == PNEUMOTHORAX:  # the visceral pleura: a line of about a millimetre
            line = far - least < max(1.0, 0.7 * chest.grid.pixel_mm)
            hu[k[line], j[line], i[line]] = -250
