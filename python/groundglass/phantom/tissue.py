"""What a CT shows of the shapes: Hounsfield units of every tissue, then blur and noise."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from groundglass.phantom.anatomy import Chest, Middle
from groundglass.phantom.fields import Floats, SmoothNoise, floats, smoothstep

AIR, FAT, MUSCLE, BLOOD, LIVER = -1000.0, -100.0, 52.0, 42.0, 58.0


class Tissue:
    """The body without lungs, slice by slice. Soft tissue in HU as in an examination without contrast
    medium."""

    def __init__(self, rng: np.random.Generator, chest: Chest) -> None:
        self.chest = chest
        grid = chest.grid
        self.marbling = SmoothNoise(rng, grid, 11.0, 24.0)
        self.grain = SmoothNoise(rng, grid, 4.0, 8.0)
        self.blood = BLOOD + rng.uniform(-5, 5)
        self.liver = LIVER + rng.uniform(-12, 6)
        self.stomach = (rng.uniform(48, 62), rng.uniform(-30, -12), rng.uniform(-6, 10))
        self.gas_level = rng.uniform(-34, -18)
        self.bowel = rng.uniform((-70, -62, -14), (70, -40, 14), (5, 3)).tolist()
        self.arm = rng.uniform(-6, 6, 2).tolist()

    def slice(self, index: int, wall: Floats, cosine: Floats, middle: Middle) -> Floats:
        """HU of one slice with its lungs still filled by fat and organs; sharp apart from the skin and
        the table."""
        chest = self.chest
        z = float(chest.z[index])
        marbling, grain = self.marbling(index), self.grain(index)
        skin = chest.skin(z)
        hu = np.full(skin.shape, np.float32(AIR))
        self._table(hu)
        body = skin < 0
        hu[body] = (FAT + 6 * grain)[body]
        self._muscles(hu, z, wall, cosine, skin, marbling, grain)
        hu[(skin < 0) & (skin > -1.8)] = 10
        hu[wall < 0.6] = -88 + 5 * grain[wall < 0.6]
        over_lungs = (wall < 0.6) & (z - chest.top_height > 4) & (middle.surface > 1.5)
        hu[over_lungs] = 48 + 5 * grain[over_lungs]  # the scalene muscles
        self._ribs(hu, z, wall, cosine)
        self._sternum(hu, z, wall)
        self._shoulders(hu, z, wall, cosine)
        self._abdomen(hu, z, wall, grain)
        self._middle(hu, z, middle, grain)
        self._spine(hu, z, grain)
        return hu

    def _table(self, hu: Floats) -> None:
        chest = self.chest
        back = chest.p.half_depth + 22 + 0.75 * chest.p.fat + 5
        curve = back + 9 - 0.0011 * chest.x**2
        below = chest.y - curve
        hu[(below > -6) & (below < 2)] = -935
        hu[(below > 2) & (below < 4)] = 40
        hu[(below >= 4) & (below < 22)] = -955
        hu[(below > 22) & (below < 24)] = 70

    def _muscles(
        self,
        hu: Floats,
        z: float,
        wall: Floats,
        cosine: Floats,
        skin: Floats,
        marbling: Floats,
        grain: Floats,
    ) -> None:
        chest, p = self.chest, self.chest.p
        t = chest.level(z)
        upper = float(smoothstep(0.45, 0.8, t))
        back = smoothstep(0.35, 0.9, cosine)
        front = smoothstep(-0.2, -0.75, cosine) * smoothstep(0.1, 0.3, np.abs(chest.x) / p.half_width)
        shoulder = float(smoothstep(0.62, 1.0, t))
        thick = (
            11
            + p.muscle * (4 + 13 * back + 13 * upper * front + upper * 9 * (1 - front))
            + 110 * shoulder * (1 - 0.6 * front)
        )
        thick = thick + 1.2 * marbling
        cover = 3.5 + 0.55 * p.fat + 2.0 * p.fat * (cosine < -0.5) * (1 - upper) * 0.2
        muscle = (wall > 0.6) & (wall < thick) & (skin < -cover)
        layer = wall + 5 * marbling
        seam = ((np.abs(layer - 27) < 0.9) | (np.abs(layer - 52) < 0.8)) & (wall > 17)
        hu[muscle] = (MUSCLE + 5 * grain)[muscle]
        hu[muscle & seam] = -70
        between = (wall > 11) & (wall < 12.4) & (cosine < 0.75)
        hu[muscle & between] = -65
        erector = ((np.abs(chest.x) - 27) / 24) ** 2 + ((chest.y - chest.spine_y(z) - 33) / 19) ** 2
        hu[(erector < 1) & (skin < -4)] = (MUSCLE + 4 * grain - 30 * (marbling > 1.5))[
            (erector < 1) & (skin < -4)
        ]

    def _ribs(self, hu: Floats, z: float, wall: Floats, cosine: Floats) -> None:
        u, pitch = self.chest.rib_phase(z, cosine)
        number = np.round(u)
        off = (u - number) * pitch
        shape = np.sqrt((off / 6.4) ** 2 + ((wall - 6.4) / 3.9) ** 2)
        exists = (number >= 1) & (number <= 12)
        floating = (number >= 8) & (cosine < -0.45)
        cartilage = cosine < -0.60 - 0.02 * (number - 4)
        bone = exists & ~floating & ~cartilage
        near = shape < 1
        hu[near & bone] = 620
        hu[(shape < 0.6) & bone] = 210
        hu[near & exists & ~floating & cartilage & (cosine > -0.985)] = 105

    def _sternum(self, hu: Floats, z: float, wall: Floats) -> None:
        chest = self.chest
        t = chest.level(z)
        if not 0.34 < t < 0.90:
            return
        width = 15 + 13 * float(smoothstep(0.70, 0.82, t)) - 5 * float(smoothstep(0.45, 0.36, t))
        across, through = (chest.x / width) ** 2, ((wall - 6.5) / 5.2) ** 2
        shape = np.sqrt(across * across + through * through)
        front = chest.y < 0
        hu[(shape < 1) & front] = 480
        hu[(shape < 0.38) & front] = 140

    def _shoulders(self, hu: Floats, z: float, wall: Floats, cosine: Floats) -> None:
        """Clavicles, shoulder blades and heads of the upper arms, arms raised."""
        chest, p = self.chest, self.chest.p
        t = chest.level(z)
        side = np.abs(chest.x)
        if 0.80 < t < 1.12:
            centre = 22 + (t - 0.80) * 330
            y = -0.62 * p.half_depth + (t - 0.80) * 160
            collar = np.sqrt(((side - centre) / 19) ** 2 + ((chest.y - y) / 6.5) ** 2)
            hu[collar < 1] = 560
            hu[collar < 0.6] = 180
        if 0.48 < t < 1.0:
            reach = np.sin(np.pi * (t - 0.48) / 0.6)
            along = 42 + 40 * (t - 0.48) + (0.9 - cosine) * 78
            span = (cosine < 0.84) & (cosine > 0.84 - 0.62 * reach)
            offset = wall - 24 - 5 * np.sin(along / 14)
            blade = np.abs(offset) < 2.9 - 1.0 * reach
            hu[span & blade & (wall > 12)] = 560
        if t > 0.93:
            for sign, shift in ((-1, self.arm[0]), (1, self.arm[1])):
                gauge = np.sqrt(
                    (chest.x - sign * 164) ** 2
                    + (chest.y - 26 - shift) ** 2
                    + ((z - p.lung_top - 10) * 0.8) ** 2
                )
                hu[gauge < 25] = 640
                hu[gauge < 22] = 190

    def _abdomen(self, hu: Floats, z: float, wall: Floats, grain: Floats) -> None:
        chest, p = self.chest, self.chest.p
        under = (chest.diaphragm_height - z) * chest.diaphragm_scale
        inside = (wall < 0) & (under > 0)
        if not inside.any():
            return
        hu[inside & (under < 3.2)] = 45
        deep = inside & (under >= 2.2)
        hu[deep & (under >= 3.2)] = FAT + 6 * grain[deep & (under >= 3.2)]
        edge = 34 - 0.55 * (chest.y + 30) + 14 * np.sin(chest.y / 21)
        low = 0.30 * (z - p.lung_bottom)
        liver = (
            deep
            & (chest.x < np.minimum(edge + low - 10, 62))
            & (chest.y < chest.spine_y(z) + 24)
            & (wall < -2)
        )
        hu[liver] = self.liver + 3 * grain[liver]
        spleen = np.sqrt(
            ((chest.x - 0.72 * p.half_width) / 30) ** 2
            + ((chest.y - 40) / 42) ** 2
            + ((z - p.lung_bottom - 22) / 46) ** 2
        )
        hu[deep & (spleen < 1)] = 48 + 3 * grain[deep & (spleen < 1)]
        cx, cy, cz = self.stomach
        centre = p.lung_bottom + p.dome_left - 42 + cz
        stomach = np.sqrt(((chest.x - cx) / 38) ** 2 + ((chest.y - cy) / 46) ** 2 + ((z - centre) / 36) ** 2)
        stomach = stomach + 0.05 * np.sin(chest.x / 9) * np.cos(chest.y / 11)
        hu[deep & (stomach < 1)] = 42
        filling = deep & (stomach < 0.92)
        hu[filling] = 18 + 22 * grain[filling]
        hu[filling & (chest.y < cy + self.gas_level + 12)] = -985
        for bx, by, bz in self.bowel:
            loop = np.sqrt(
                ((chest.x - bx) / 17) ** 2
                + ((chest.y - by) / 11) ** 2
                + ((z - p.lung_bottom - 8 - bz) / 18) ** 2
            )
            outside = deep & ~liver & (stomach > 1.05)
            hu[outside & (loop < 1)] = 38
            hu[outside & (loop < 0.82)] = -60 + 60 * grain[outside & (loop < 0.82)]
            hu[outside & (loop < 0.74) & (chest.y < by + 2)] = -970
        for side, kx in ((-1, -52), (1, 54)):
            kidney = np.sqrt(
                ((chest.x - kx) / 24) ** 2
                + ((chest.y - 46) / 28) ** 2
                + ((z - p.lung_bottom + 26 - 6 * side) / 40) ** 2
            )
            hu[deep & (kidney < 1)] = 32
        crus = np.abs(np.hypot((chest.x - 2) / 1.1, chest.y - chest.spine_y(z) + 8) - 30) < 3.5
        hu[crus & (chest.y < chest.spine_y(z)) & inside & (np.abs(chest.x) > 10)] = 45

    def _middle(self, hu: Floats, z: float, middle: Middle, grain: Floats) -> None:
        """Heart, great vessels, gullet, trachea and main bronchi in the fat between the lungs."""
        chest = self.chest
        heart = middle.heart
        above = z > chest.diaphragm_height
        muscle = (heart < 0) & above
        hu[(heart < 2.4) & (middle.surface < 0) & above] = -80
        hu[muscle] = self.blood + 2 * grain[muscle]
        groove = muscle & (np.abs(chest.x - 0.45 * chest.y - 22) < 2.2) & (heart > -11)
        hu[groove] = -60
        for name, part in middle.vessels.items():
            if part is not None:
                inside = part.distance < 0
                hu[part.window][inside] = self.blood
                if name == "aorta":
                    hu[part.window][inside & (part.distance > -1.2)] = self.blood + 10
        t = chest.level(z)
        gx = 6 + 8 * float(smoothstep(0.45, 0.2, t))
        gy = chest.spine_y(z) - 25
        gullet = ((chest.x - gx) / 8.5) ** 2 + ((chest.y - gy) / 5.5) ** 2
        hu[(gullet < 1) & (hu < 20)] = 34
        for part in middle.airways:
            if part is not None:
                hu[part.window][part.distance < chest.p.airway_wall] = 30
        for part in middle.airways:
            if part is not None:
                hu[part.window][part.distance < 0] = -992
        if t > 1.0:  # the root of the neck: muscles beside the spine, thyroid beside the trachea
            soft = (hu > -200) & (hu < 30)
            neck = ((np.abs(chest.x) - 34) / 20) ** 2 + ((chest.y - 26) / 24) ** 2
            hu[(neck < 1) & soft] = 48
            thyroid = ((np.abs(chest.x) - 15) / 7) ** 2 + ((chest.y - 4) / 11) ** 2
            hu[(thyroid < 1) & soft] = 95

    def _spine(self, hu: Floats, z: float, grain: Floats) -> None:
        chest = self.chest
        centre = chest.spine_y(z)
        phase = (z / 25.0) % 1.0
        disc = phase < 0.2
        waist = 1.0 - 0.07 * np.sin(np.pi * phase)
        x = chest.x - 0.6
        body = np.sqrt((x / (17.5 * waist)) ** 2 + ((chest.y - centre) / (14.0 * waist)) ** 2)
        soft = np.sqrt((x / 20) ** 2 + ((chest.y - centre) / 17) ** 2)
        hu[(soft < 1) & (hu < 0)] = 20
        hu[body < 1] = 85 if disc else 430
        if not disc:
            marrow = body < 0.86
            hu[marrow] = 165 + 28 * grain[marrow]
        canal_y = centre + 23
        ring = np.sqrt((x / 1.12) ** 2 + (chest.y - canal_y) ** 2)
        hu[(ring < 13.5) & (chest.y > canal_y - 3)] = 470
        pedicle = (np.abs(np.abs(x) - 11.5) < 4.2) & (chest.y > centre + 8) & (chest.y < canal_y + 4)
        if phase > 0.45:
            hu[pedicle] = 430
        if 0.5 < phase < 0.95:
            wing = (
                (np.abs(x) > 10)
                & (np.abs(x) < 33)
                & (np.abs(chest.y - canal_y - 3 - 0.28 * (np.abs(x) - 10)) < 4.2)
            )
            hu[wing] = 420
            core = (
                (np.abs(x) > 12)
                & (np.abs(x) < 31)
                & (np.abs(chest.y - canal_y - 3 - 0.28 * (np.abs(x) - 10)) < 2.2)
            )
            hu[core] = 180
        spinous = (
            (np.abs(x) < 3.4)
            & (chest.y > canal_y + 9)
            & (chest.y < canal_y + 9 + 24 * (0.35 + 0.65 * ((phase + 0.3) % 1.0)))
        )
        hu[spinous] = 430
        hu[ring < 9.0] = 28


def lung_hu(texture: Floats, fine: Floats, y: Floats, z: Floats | float, base: float) -> Floats:
    """Healthy parenchyma: denser towards the back and the base, where a lying patient's lungs hang."""
    return (base + 0.22 * y - 0.05 * (z - 150.0) + 9 * texture + 14 * fine).astype(np.float32)


def hanging_hu(rows: NDArray[np.intp], columns: NDArray[np.intp], pixel_mm: float, most: float) -> Floats:
    """What the lung voxels of one slice are denser by, as they hang: `most` at the lowest voxel of each
    column, none 25 mm above it, and none where the lung ends 60 mm above its lowest voxel of all."""
    lowest = np.full(columns.max() + 1, -1)
    np.maximum.at(lowest, columns, rows)
    above = (lowest[columns] - rows) * pixel_mm
    raised = (rows.max() - lowest[columns]) * pixel_mm
    hanging: Floats = most * np.clip(1 - above / 25, 0, 1) * smoothstep(60, 30, raised)
    return hanging.astype(np.float32)


def noise_slice(rng: np.random.Generator, shape: tuple[int, int], deviation: float) -> Floats:
    """Noise of a standard kernel: neighbouring pixels go together (0.35 or so), those further off do not."""
    white = rng.standard_normal((shape[0] + 2, shape[1] + 2), dtype=np.float32)
    rows = white[1:-1] + np.float32(0.2) * (white[:-2] + white[2:])
    both = rows[:, 1:-1] + np.float32(0.2) * (rows[:, :-2] + rows[:, 2:])
    return floats(both * np.float32(deviation / 1.08))


def to_int16(hu: Floats) -> NDArray[np.int16]:
    return np.clip(np.rint(hu), -1024, 3071).astype(np.int16)
