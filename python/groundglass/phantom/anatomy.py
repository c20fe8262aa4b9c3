"""The shapes of a chest: where wall, diaphragm, mediastinum and lungs lie, as signed distances in
millimetres.

Distances are negative inside. They are first-order approximations (value over gradient), exact on the
surface, which is all that masks, walls of a few millimetres and "depth below the pleura" ask for.

Frame: x to the patient's left, y to the back, z from the lowest slice to the head.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from groundglass.phantom.fields import FieldOfView, Floats, floats, smoothstep

Point = tuple[float, float, float]


@dataclass(frozen=True)
class Tube:
    """A chain of round cones: points in mm and a radius at each."""

    points: tuple[Point, ...]
    radii: tuple[float, ...]


@dataclass(frozen=True)
class Part:
    """Signed distance to something small, in the rows and columns around it."""

    window: tuple[slice, slice]
    distance: Floats


@dataclass(frozen=True)
class Middle:
    """One slice of what lies between the lungs: signed distance to all of it, to the heart, and to
    single parts."""

    surface: Floats
    heart: Floats
    vessels: dict[str, Part | None]
    airways: list[Part | None]


@dataclass(frozen=True)
class Proportions:
    """The measures that differ from one phantom to the next, in mm; the ranges are those of adults at
    full inspiration."""

    half_width: float
    half_depth: float
    lung_bottom: float
    lung_top: float
    dome_right: float
    dome_left: float
    fat: float
    muscle: float
    breast: float
    heart: float
    heart_turn: float
    carina: float
    left_ratio: float
    rib_phase: float
    kyphosis: float
    trachea_shift: float = 0.0
    trachea_scale: float = 1.0
    airway_fat: float = 3.5
    airway_wall: float = 1.7
    hilum: float = 1.0

    @staticmethod
    def draw(rng: np.random.Generator) -> Proportions:
        size = rng.uniform(-1, 1)  # small and large people are so in every direction
        height = 244 + 20 * size + rng.uniform(-5, 5)
        bottom = rng.uniform(13, 18) + 0.4 * (269 - height)
        return Proportions(
            half_width=129 + 11 * size + rng.uniform(-4, 4),
            half_depth=94 + 9 * size + rng.uniform(-4, 4),
            lung_bottom=bottom,
            lung_top=bottom + height,
            dome_right=rng.uniform(0.28, 0.35) * height,
            dome_left=rng.uniform(0.23, 0.30) * height,
            fat=rng.uniform(7, 20),
            muscle=rng.uniform(0.8, 1.25),
            breast=rng.uniform(10, 20) if rng.random() < 0.5 else 0.0,
            heart=rng.uniform(0.9, 1.06),
            heart_turn=math.radians(rng.uniform(28, 44)),
            carina=bottom + rng.uniform(0.63, 0.67) * height,
            left_ratio=rng.uniform(0.965, 1.0),
            rib_phase=rng.uniform(0, 1),
            kyphosis=rng.uniform(8, 18),
        )


class Chest:
    """Signed distances of one chest on one grid, slice by slice."""

    def __init__(self, proportions: Proportions, grid: FieldOfView) -> None:
        self.p = proportions
        self.grid = grid
        self.x = grid.x[None, :]
        self.y = grid.y[:, None]
        self.z = grid.z
        self.tubes = great_vessels(proportions)
        self.airway = central_airways(proportions)
        self.diaphragm_height, self.diaphragm_scale = self._domes()
        self.top_height, self.top_scale = self._apices()

    def level(self, z: float) -> float:
        """Height within the lungs: 0 at the lowest recess, 1 at the apex."""
        return (z - self.p.lung_bottom) / (self.p.lung_top - self.p.lung_bottom)

    # --- surfaces that are height fields -------------------------------------------------------------------

    def _domes(self) -> tuple[Floats, Floats]:
        """Height of the diaphragm under each column of voxels, and what turns height into distance."""
        p = self.p
        depth = 44 * smoothstep(-0.05 * p.half_depth, 0.95 * p.half_depth, -self.y)
        floor = p.lung_bottom + depth
        right = self.x < 0
        centre = np.where(right, -0.52 * p.half_width, 0.54 * p.half_width)
        outward = np.where(right, self.x < centre, self.x > centre)
        rx = np.where(outward, 0.56 * p.half_width, 1.05 * p.half_width)
        ry = np.where(self.y < -6, 1.12 * p.half_depth, 1.0 * p.half_depth)
        rho2 = ((self.x - centre) / rx) ** 2 + ((self.y + 6) / ry) ** 2
        top = np.where(right, p.lung_bottom + p.dome_right, p.lung_bottom + p.dome_left)
        height = floor + (top - floor) * np.maximum(1 - rho2, 0) ** 0.75
        return height.astype(np.float32), self._steepness(height)

    def _apices(self) -> tuple[Floats, Floats]:
        """Height of the lungs' tops: a paraboloid each side, the right one slightly higher."""
        p = self.p
        right = self.x < 0
        centre = np.where(right, -0.40 * p.half_width, 0.40 * p.half_width)
        top = p.lung_top - np.where(right, 0.0, 4.0)
        height = top - (self.x - centre) ** 2 / 62 - (self.y - 20) ** 2 / np.where(self.y < 20, 130, 80)
        return height.astype(np.float32), self._steepness(height)

    def _steepness(self, height: Floats) -> Floats:
        gy, gx = np.gradient(height, self.grid.spacing_mm[1], self.grid.spacing_mm[2])
        return floats(1 / np.sqrt(1 + np.minimum(gx**2 + gy**2, 25)))

    # --- the wall ------------------------------------------------------------------------------------------

    def section(self, z: float) -> tuple[float, float, float]:
        """Half width, half depth and centre (y) of the thoracic cavity at a height."""
        s = float(np.clip((self.level(z) - 0.25) / 0.75, 0, 1.15))
        low = float(np.clip(0.25 - self.level(z), 0, 0.4))
        return (
            self.p.half_width * (1 - 0.38 * s**2.6 - 0.25 * low**2),
            self.p.half_depth * (1 - 0.36 * s**2.6),
            16 * s**2.2,
        )

    def wall(self, z: float) -> tuple[Floats, Floats]:
        """Signed distance to the inner chest wall, and cos of the angle from the back (1 back, -1 front)."""
        a, b, centre = self.section(z)
        y = self.y - centre
        half = np.where(self.x > 0, a * self.p.left_ratio, a)
        deep = np.where(y > 0, 1.06 * b, 0.97 * b)
        gauge = ((np.abs(self.x) / half) ** 2.5 + (np.abs(y) / deep) ** 2.5) ** np.float32(0.4)
        radius = np.hypot(self.x, y) + np.float32(1e-3)
        distance = (1 - 1 / np.maximum(gauge, 1e-3)) * radius
        return distance.astype(np.float32), (y / radius).astype(np.float32)

    def rib_phase(self, z: float, cosine: Floats) -> tuple[Floats, float]:
        """Rib number (an integer at a rib's centre line) and the ribs' pitch in mm.

        From the spine a rib runs down by some four levels to the front.
        """
        p = self.p
        pitch = (p.lung_top - p.lung_bottom) / 10.2
        fall = float(np.interp(self.level(z), [0.0, 0.6, 1.1], [92, 84, 40]))
        u = (p.lung_top + 4 + pitch * p.rib_phase * 0.4 - z - fall * (1 - cosine) / 2) / pitch + 1
        return u.astype(np.float32), pitch

    def skin(self, z: float) -> Floats:
        """Signed distance to the body's surface."""
        p = self.p
        t = self.level(z)
        shoulder = float(smoothstep(0.72, 1.08, t))
        waist = 1 - 0.04 * float(smoothstep(0.2, -0.1, t))
        a = (p.half_width + 25 * p.muscle + p.fat) * waist + 46 * shoulder
        b = p.half_depth + 22 + 0.75 * p.fat - 12 * shoulder
        y = self.y - 5 - 9 * shoulder
        n = 2.35 + 0.5 * shoulder
        flat = np.where(y > 0, 3.0, n).astype(np.float32)  # lying on the back
        gauge = ((np.abs(self.x) / a) ** n + (np.abs(y) / b) ** flat) ** np.float32(1 / n)
        radius = np.hypot(self.x, y) + np.float32(1e-3)
        distance = (1 - 1 / np.maximum(gauge, 1e-3)) * radius
        distance = distance + 5 * np.exp(-((self.x / 16) ** 2)) * (y > 0)  # furrow along the spine
        if p.breast:
            rz = (z - (p.lung_bottom + 0.5 * (p.lung_top - p.lung_bottom))) / 52
            gauge = np.sqrt(((np.abs(self.x) - 74) / 62) ** 2 + ((y + b - 14) / (p.breast + 14)) ** 2 + rz**2)
            breast = (1 - 1 / np.maximum(gauge, 1e-3)) * np.hypot(np.abs(self.x) - 74, y + b - 14)
            distance = smooth_minimum(distance, breast.astype(np.float32), 22)
        return floats(distance)

    # --- the middle ----------------------------------------------------------------------------------------

    def spine_y(self, z: float) -> float:
        """y of the vertebral bodies' centre."""
        return 0.76 * self.p.half_depth - self.p.kyphosis * ((min(self.level(z), 1.05) - 0.45) / 0.5) ** 2

    def heart(self, z: float) -> Floats:
        """Signed distance to the heart with its sac."""
        p = self.p
        size = p.heart
        dx, dy = self.x - 9, self.y + 0.26 * p.half_depth
        c, s = math.cos(p.heart_turn), math.sin(p.heart_turn)
        dz = (z - (p.lung_bottom + 0.5 * (p.dome_right + p.dome_left) + 30 * size)) / (52 * size)
        u, v = (c * dx - s * dy) / (63 * size), (s * dx + c * dy) / (46 * size)
        gauge = np.sqrt(u * u + v * v + dz * dz)
        ventricles = (1 - 1 / np.maximum(gauge, 1e-2)) * np.sqrt(dx * dx + dy * dy + (dz * 52 * size) ** 2)
        right = ((self.x + 24 * size) / 27) ** 2 + ((self.y + 4) / 31) ** 2 + ((dz - 0.1) * 52 / 42) ** 2
        return smooth_minimum(ventricles, (np.sqrt(right) - 1) * 28, 14).astype(np.float32)

    def middle(self, z: float) -> Middle:
        """What parts the lungs: spine, septum, heart, great vessels, hila, central airways."""
        p = self.p
        t = self.level(z)
        spine = self.spine_y(z)
        middle = 4 + 20 * float(smoothstep(0.36, 0.6, t)) + 12 * float(smoothstep(0.3, 0.15, t))
        upper = float(smoothstep(0.66, 0.86, t))
        width = 2.2 + (middle - 2) * np.exp(-(((self.y - 12) / 34) ** 2))
        width = width + upper * (11 + 17 * np.exp(-(((self.y + 5) / 52) ** 2)))
        result = (np.abs(self.x - 2) - width).astype(np.float32)
        near = (slice(None), _span(self.grid.x, -100, 100))
        x = self.x[:, near[1]]
        body = (np.sqrt((x / 22) ** 2 + ((self.y - spine) / 20) ** 2) - 1) * 20
        arch = np.maximum(np.abs(x) - 15 - 0.32 * np.maximum(self.y - spine, 0), spine - self.y)
        joined = smooth_minimum(result[near], np.minimum(body, arch), 8)
        heart = self.heart(z)
        result[near] = smooth_minimum(joined, heart[near] - 2.5, 9)
        vessels = {name: self.tube(tube, z) for name, tube in self.tubes.items()}
        airways = [self.tube(tube, z) for tube in self.airway]
        for part, margin, bend in [(v, 2.5, 6) for v in vessels.values()] + [
            (v, p.airway_fat, 5) for v in airways
        ]:
            if part is not None:
                result[part.window] = smooth_minimum(result[part.window], part.distance - margin, bend)
        for x0, y0, z0 in hila(p):
            if abs(z - z0) < 50:
                gauge = np.sqrt(((x - x0) / 13) ** 2 + ((self.y - y0) / 19) ** 2 + ((z - z0) / 24) ** 2)
                result[near] = smooth_minimum(result[near], (gauge - p.hilum) * 14, 7)
        return Middle(result, heart, vessels, airways)

    def tube(self, tube: Tube, z: float, reach: float = 14) -> Part | None:
        """Signed distance to a tube in the window that holds it with ``reach`` mm around; None where
        there is none."""
        pieces = []
        for (a, b), (ra, rb) in zip(
            zip(tube.points, tube.points[1:], strict=False),
            zip(tube.radii, tube.radii[1:], strict=False),
            strict=True,
        ):
            largest = max(ra, rb) + reach
            if min(a[2], b[2]) - largest < z < max(a[2], b[2]) + largest:
                pieces.append((a, b, ra, rb, largest))
        if not pieces:
            return None
        low = [min(min(a[i], b[i]) - r for a, b, _, _, r in pieces) for i in (0, 1)]
        high = [max(max(a[i], b[i]) + r for a, b, _, _, r in pieces) for i in (0, 1)]
        window = (_span(self.grid.y, low[1], high[1]), _span(self.grid.x, low[0], high[0]))
        x, y = self.x[:, window[1]], self.y[window[0]]
        result = np.full((y.shape[0], x.shape[1]), np.float32(1e3))
        for a, b, ra, rb, _ in pieces:
            ex, ey, ez = (b[i] - a[i] for i in range(3))
            dx, dy, dz = x - a[0], y - a[1], z - a[2]
            s = np.clip((dx * ex + dy * ey + dz * ez) / (ex * ex + ey * ey + ez * ez), 0, 1)
            distance = np.sqrt((dx - s * ex) ** 2 + (dy - s * ey) ** 2 + (dz - s * ez) ** 2) - (
                ra + s * (rb - ra)
            )
            np.minimum(result, distance, out=result)
        return Part(window, result)

    # --- the lungs -----------------------------------------------------------------------------------------

    def lungs(self, z: float, wall: Floats, cosine: Floats, mediastinum: Floats) -> tuple[Floats, Floats]:
        """Signed distance to the lungs' surface, and to the part of it under ribs and diaphragm."""
        u, _ = self.rib_phase(z, cosine)
        outer = wall + 0.9 * np.cos(2 * np.pi * u)  # the lungs bulge a little between the ribs
        outer = np.maximum(outer, (z - self.top_height) * self.top_scale)
        outer = np.maximum(outer, (self.diaphragm_height - z) * self.diaphragm_scale)
        return np.maximum(outer, -mediastinum), outer.astype(np.float32)


def smooth_minimum(a: Floats, b: Floats, width: float) -> Floats:
    """The smaller of two distances, the corner between them rounded over ``width`` mm (quadratic blend)."""
    h = np.maximum(width - np.abs(a - b), 0) / width
    return floats(np.minimum(a, b) - h * h * np.float32(width / 4))


def _span(axis: Floats, low: float, high: float) -> slice:
    return slice(int(np.searchsorted(axis, low)), int(np.searchsorted(axis, high, side="right")))


def hila(p: Proportions) -> tuple[Point, Point]:
    """Where bronchi and vessels enter the lungs: right, left."""
    return (-37.0, 8.0, p.carina - 32), (40.0, 14.0, p.carina - 24)


def central_airways(p: Proportions) -> tuple[Tube, Tube, Tube]:
    """Trachea, right and left main bronchus (radius of the lumen)."""
    aside, wide = p.trachea_shift, p.trachea_scale
    carina: Point = (-2.0 + aside, 20.0, p.carina)
    right, left = hila(p)
    courses: tuple[tuple[tuple[Point, ...], tuple[float, ...]], ...] = (
        (
            ((0.5 * aside, 8.0, p.lung_top + 80), (aside, 12.0, p.lung_top), carina),
            (8.5, 8.6, 9.0),
        ),
        ((carina, (-18.0 + 0.6 * aside, 17.0, p.carina - 17), right), (7.6, 7.0, 5.6)),
        ((carina, (16.0 + 0.6 * aside, 20.0, p.carina - 14), left), (6.8, 6.2, 5.2)),
    )
    trachea, first, second = (Tube(points, tuple(wide * r for r in radii)) for points, radii in courses)
    return trachea, first, second


def great_vessels(p: Proportions) -> dict[str, Tube]:
    """Aorta, caval veins and pulmonary arteries, as the mediastinum shows them."""
    c = p.carina
    spine = 0.76 * p.half_depth
    heart_base = p.lung_bottom + 0.5 * (p.dome_right + p.dome_left) + 62 * p.heart
    (rx, ry, rz), (lx, ly, lz) = hila(p)
    return {
        "aorta": Tube(
            (
                (-8.0, -24.0, heart_base - 10),
                (-14.0, -22.0, c + 2),
                (-9.0, -14.0, c + 24),
                (8.0, 6.0, c + 31),
                (22.0, 26.0, c + 22),
                (25.0, spine - 24, c - 4),
                (20.0, spine - 22, c - 70),
                (8.0, spine - 26, -30.0),
            ),
            (15, 15.5, 14, 13, 13, 12, 11.5, 10.5),
        ),
        "superior vena cava": Tube(
            ((-27.0, -10.0, heart_base - 6), (-29.0, -10.0, c + 20), (-24.0, -14.0, c + 62)), (9, 8.5, 8)
        ),
        "innominate vein": Tube(
            ((-24.0, -14.0, c + 56), (10.0, -24.0, c + 60), (34.0, -18.0, c + 84)), (7, 6.5, 6.5)
        ),
        "carotid": Tube(((12.0, 0.0, c + 30), (20.0, 4.0, c + 70), (22.0, 2.0, c + 170)), (5, 4.2, 4)),
        "brachiocephalic": Tube(
            ((-6.0, -10.0, c + 28), (-14.0, -2.0, c + 62), (-22.0, 2.0, c + 170)), (7, 6, 4.5)
        ),
        "subclavian": Tube(((18.0, 14.0, c + 30), (25.0, 18.0, c + 66), (52.0, 4.0, c + 96)), (5.5, 5, 5)),
        "pulmonary trunk": Tube(
            ((12.0, -36.0, heart_base - 8), (17.0, -24.0, c - 16), (24.0, -4.0, c - 8)), (14, 13.5, 12)
        ),
        "left pulmonary artery": Tube(
            ((24.0, -4.0, c - 8), (lx, ly + 4, c - 8), (lx + 4, ly + 10, lz - 8)), (12, 10, 7)
        ),
        "right pulmonary artery": Tube(
            ((17.0, -20.0, c - 18), (-14.0, -4.0, c - 20), (rx, ry - 8, rz + 6), (rx - 5, ry, rz - 14)),
            (12, 11, 9, 7),
        ),
        "inferior vena cava": Tube(((-14.0, -6.0, heart_base - 50), (-20.0, 4.0, -30.0)), (12, 11)),
    }
