"""Pictures that are an axial CT slice through the lungs, and pictures that are not, drawn at random.

Slices come from pictures of slices and from CTs by windows. What is none: pictures of anything, MRI, coronal
and sagittal planes, slices above and below the lungs, slices whose parts changed places, noise, shapes,
pages and contact sheets.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import matplotlib
import nibabel
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

import groundglass as gg

Grey = NDArray[np.uint8]
Rng = np.random.Generator

EDGE = 192  # pixels, of the longer edge of what is kept
PIXEL_MM = 2.0
#: of a slice's area, from where on it counts as one through the lungs
LUNG_SHARE = 0.035
#: farther from the lungs than this a slice is none of them
BEYOND_MM = 20.0
ENDINGS = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".gif", ".bmp", ".webp")
#: colour schemes; the first nine are learned from
MAPS = (
    "jet",
    "bone",
    "plasma",
    "magma",
    "copper",
    "gist_heat",
    "turbo",
    "cool",
    "gray",
    "hot",
    "viridis",
    "inferno",
    "cividis",
    "pink",
    "nipy_spectral",
    "hsv",
    "PuBu_r",
)
HELD_CTS = ("ct-64.nrrd", "case_010_ct.nii.gz")
LUNG, SOFT, WIDE = (-1350, 150), (-160, 240), (-1000, 1000)


@dataclass
class Volume:
    hounsfield: NDArray[np.int16]
    lungs: NDArray[np.bool_]
    spacing_mm: tuple[float, float, float]


@dataclass
class Pictures:
    """What pictures are drawn from."""

    slices: list[Grey] = field(default_factory=list)
    volumes: dict[str, Volume] = field(default_factory=dict)
    abdomens: list[NDArray[np.int16]] = field(default_factory=list)
    others: list[Grey] = field(default_factory=list)
    magnetic: list[Grey] = field(default_factory=list)


def is_held(group: str) -> bool:
    """A quarter of the groups, for measuring alone."""
    return zlib.crc32(group.encode()) % 4 == 0


def small(image: Image.Image) -> Grey:
    """Grey, its longer edge at most `EDGE`; transparency over black."""
    if image.mode in ("P", "PA", "LA", "RGBA", "RGBa"):
        over = Image.new("RGBA", image.size, (0, 0, 0, 255))
        over.alpha_composite(image.convert("RGBA"))
        image = over
    image = image.convert("RGB").convert("L")
    scale = EDGE / max(image.size)
    if scale < 1:
        size = tuple(max(1, round(edge * scale)) for edge in image.size)
        image = image.resize(size, Image.Resampling.BOX)
    return np.asarray(image)


def files(folder: Path, endings: tuple[str, ...]) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        if path.name.lower().endswith(endings) and path.is_file():
            yield path


def any_pictures(folders: list[Path], held: bool) -> list[Grey]:
    """Pictures of whatever lies in the folders, each once, by their own folder's group."""
    found: dict[tuple[tuple[int, ...], bytes], Grey] = {}
    for folder in folders:
        for path in files(folder, ENDINGS):
            if is_held(str(path.parent.relative_to(folder))) != held:
                continue
            try:
                with Image.open(path) as image:
                    if min(image.size) < 48 or max(image.size) > 6000:
                        continue
                    grey = small(image)
            except Exception:  # whatever a damaged file raises
                continue
            if grey.std() >= 4:
                found[grey.shape, grey.tobytes()] = grey
    return list(found.values())


def magnetic(folders: list[Path], held: bool) -> list[Grey]:
    """Nine planes of each axis of the NIfTI volumes in the folders, which hold MRI."""
    planes = []
    for folder in folders:
        for path in files(folder, (".nii", ".nii.gz")):
            if is_held(f"mr/{path.name}") != held:
                continue
            try:
                values = np.asarray(nibabel.load(path).dataobj)
            except Exception:  # whatever a damaged file raises
                continue
            while values.ndim > 3:
                values = values[..., values.shape[-1] // 2]
            if values.ndim < 3 or min(values.shape) < 40:
                continue
            for axis in range(3):
                for place in np.linspace(0.25, 0.75, 9) * values.shape[axis]:
                    plane = np.rot90(np.take(values, int(place), axis)).astype(float)
                    low, high = np.percentile(plane, (1, 99.5))
                    if high > low:
                        planes.append(windowed(plane, low, high))
    return planes


def volumes(data: Path) -> dict[str, Volume]:
    paths = [
        *sorted((data / "lctsc").glob("*_ct.nii.gz")),
        *(data / "covid-ct-md" / name for name in ("normal-001", "covid-P001", "cap-001")),
        data / "chest-imaging-platform" / "ct-64.nrrd",
    ]
    found = {}
    for path in paths:
        ct = gg.read_ct(path)
        lungs = np.asarray(gg.LungMask()(ct).lungs) > 0
        step = max(1, round(PIXEL_MM / ct.spacing_mm[1]))
        z, y, x = ct.spacing_mm
        found[path.name] = Volume(
            ct.hounsfield[:, ::step, ::step].copy(), lungs[:, ::step, ::step], (z, y * step, x * step)
        )
    return found


def load(data: Path, folders: list[Path], held: bool) -> Pictures:
    """What training, or with `held` measuring, draws from."""
    semi = data / "covid-semiseg" / ("labelled" if held else "pseudo") / "images"
    pictures = Pictures()
    for path in files(semi, ENDINGS):
        with Image.open(path) as image:
            pictures.slices.append(small(image))
    pictures.volumes = {name: v for name, v in volumes(data).items() if (name in HELD_CTS) == held}
    abdomen = gg.read_ct(data / "totalsegmentator" / "example_ct.nii.gz").hounsfield
    pictures.abdomens = [abdomen[::4] if held else abdomen[: int(len(abdomen) * 0.75)]]
    pictures.others = any_pictures(folders, held)
    pictures.magnetic = magnetic(folders, held)
    return pictures


def windowed(values: NDArray[np.generic], low: float, high: float) -> Grey:
    scaled = np.clip((values.astype(np.float32) - low) / (high - low), 0, 1) * 255
    return scaled.astype(np.uint8)


def any_window(rng: Rng) -> tuple[float, float]:
    kind = rng.random()
    if kind < 0.5:
        centre, width = rng.normal(-600, 60), rng.uniform(1100, 1900)
    elif kind < 0.75:
        centre, width = rng.uniform(0, 80), rng.uniform(250, 500)
    else:
        centre, width = rng.uniform(-700, 200), rng.uniform(500, 3000)
    return centre - width / 2, centre + width / 2


class Drawing:
    """One picture a call, by its generator alone."""

    def __init__(self, pictures: Pictures):
        self.pictures = pictures
        self.names = list(pictures.volumes)
        self.tables = [
            (matplotlib.colormaps[name](np.arange(256))[:, :3] @ [76.245, 149.685, 29.07]).astype(np.uint8)
            for name in MAPS[:9]
        ]
        #: what is none, with its share
        self.kinds: list[tuple[Callable[[Rng], Grey], float]] = [
            (lambda rng: cut(self._one(pictures.others, rng), rng, 0.4), 0.30),
            (lambda rng: cut(self._one(pictures.magnetic, rng), rng, 0.6), 0.10),
            (lambda rng: cut(self.other_plane(rng), rng, 0.7), 0.18),
            (lambda rng: cut(self.beyond(rng), rng, 0.7), 0.14),
            (self.scrambled, 0.10),
            (noise, 0.07),
            (self.page, 0.11),
        ]

    @staticmethod
    def _one(pictures: list[Grey], rng: Rng) -> Grey:
        return pictures[rng.integers(len(pictures))]

    def _volume(self, rng: Rng) -> Volume:
        return self.pictures.volumes[self.names[rng.integers(len(self.names))]]

    def slice(self, rng: Rng) -> Grey:
        if rng.random() < 0.55:
            return self._one(self.pictures.slices, rng)
        volume = self._volume(rng)
        through = np.flatnonzero(volume.lungs.mean((1, 2)) > LUNG_SHARE)
        return windowed(volume.hounsfield[rng.choice(through)], *any_window(rng))

    def beyond(self, rng: Rng) -> Grey:
        """Above or below the lungs."""
        for _ in range(20):
            if rng.random() < 0.4:
                planes = self.pictures.abdomens[rng.integers(len(self.pictures.abdomens))]
                return windowed(planes[rng.integers(len(planes))], *any_window(rng))
            volume = self._volume(rng)
            held = np.flatnonzero(volume.lungs.any(axis=(1, 2)))
            gap = int(np.ceil(BEYOND_MM / volume.spacing_mm[0]))
            count = len(volume.hounsfield)
            outside = np.r_[0 : max(0, held[0] - gap), min(count, held[-1] + gap) : count]
            if len(outside):
                return windowed(volume.hounsfield[rng.choice(outside)], *any_window(rng))
        return noise(rng)

    def other_plane(self, rng: Rng) -> Grey:
        """Coronal or sagittal."""
        volume, axis = self._volume(rng), 1 + int(rng.integers(2))
        held = np.flatnonzero(volume.lungs.any(axis=tuple({0, 1, 2} - {axis})))
        plane = windowed(np.take(volume.hounsfield, rng.choice(held), axis)[::-1], *any_window(rng))
        rows = max(8, round(plane.shape[0] * volume.spacing_mm[0] / volume.spacing_mm[3 - axis]))
        return np.asarray(Image.fromarray(plane).resize((plane.shape[1], rows), Image.Resampling.BILINEAR))

    def scrambled(self, rng: Rng) -> Grey:
        """A slice's spectrum with other phases, or its tiles in another order."""
        whole = self.slice(rng)
        if rng.random() < 0.5:
            spectrum = np.abs(np.fft.rfft2(whole.astype(float)))
            phases = np.exp(1j * rng.uniform(-np.pi, np.pi, spectrum.shape))
            phases[0, 0] = 1
            return np.clip(np.fft.irfft2(spectrum * phases, whole.shape), 0, 255).astype(np.uint8)
        n = int(rng.integers(2, 7))
        rows, columns = (edge // n for edge in whole.shape)
        tiles = whole[: rows * n, : columns * n].reshape(n, rows, n, columns).swapaxes(1, 2)
        tiles = tiles.reshape(n * n, rows, columns)[rng.permutation(n * n)].reshape(n, n, rows, columns)
        return tiles.swapaxes(1, 2).reshape(rows * n, columns * n)

    def page(self, rng: Rng) -> Grey:
        """Lines of text and figures, a small slice among them; or a sheet of slices."""
        width, height = (int(edge) for edge in rng.integers((140, 100), (260, 240)))
        paper = int(rng.choice([255, 245, 30, 18, 0, int(rng.integers(256))]))
        image = Image.new("L", (width, height), paper)
        if rng.random() < 0.35:
            rows, columns = (int(n) for n in rng.integers((1, 2), (4, 4)))
            for k in range(rows * columns):
                tile = Image.fromarray(self.slice(rng)).resize((width // columns, height // rows))
                image.paste(tile, (k % columns * (width // columns), k // columns * (height // rows)))
            return np.asarray(image)
        draw = ImageDraw.Draw(image)
        for _ in range(int(rng.integers(5, 60))):
            x, y = int(rng.integers(width)), int(rng.integers(height))
            right, bottom = x + int(rng.integers(4, max(5, width // 2))), y + int(rng.integers(4))
            draw.rectangle([x, y, right, bottom], fill=int(rng.integers(256)))
        for _ in range(int(rng.integers(3))):
            share = rng.uniform(0.25, 0.5)
            size = max(8, int(width * share)), max(8, int(height * share * rng.uniform(0.9, 1.3)))
            tile = Image.fromarray(self.slice(rng)).resize(size)
            place = (int(rng.integers(max(1, width - size[0]))), int(rng.integers(max(1, height - size[1]))))
            image.paste(tile, place)
        return np.asarray(image)

    def draw(self, rng: Rng) -> tuple[Grey, bool]:
        """A picture, and whether it is a slice; one half are."""
        if rng.random() < 0.5:
            return finished(self._toned(cut(self.slice(rng), rng, 0.5), rng), rng, lettered=True), True
        shares = [share for _, share in self.kinds]
        kind = self.kinds[int(rng.choice(len(shares), p=shares))][0]
        return finished(self._toned(kind(rng), rng), rng, lettered=False), False

    def _toned(self, grey: Grey, rng: Rng) -> Grey:
        """Another gamma, contrast, brightness, colour scheme as grey, or inverted."""
        if rng.random() < 0.5:
            tone = (np.arange(256) / 255.0) ** np.exp(rng.normal(0, 0.35))
            tone = np.clip((tone - 0.5) * np.exp(rng.normal(0, 0.3)) + 0.5 + rng.normal(0, 0.1), 0, 1)
            grey = (tone * 255).astype(np.uint8)[grey]
        kind = rng.random()
        if kind < 0.15:
            return self.tables[rng.integers(len(self.tables))][grey]
        return 255 - grey if kind < 0.3 else grey


def cut(grey: Grey, rng: Rng, least: float) -> Grey:
    """A part whose edges are `least` of the whole's or more, perhaps with a margin."""
    rows, columns = grey.shape
    share = rng.uniform(least, 1, 2) if rng.random() < 0.6 else np.ones(2)
    height, width = max(8, int(rows * share[0])), max(8, int(columns * share[1]))
    y, x = rng.integers(0, rows - height + 1), rng.integers(0, columns - width + 1)
    part = grey[y : y + height, x : x + width]
    if rng.random() < 0.25:
        margin = (rng.uniform(0, 0.3, 4) * [height, height, width, width]).astype(int) * (rng.random(4) < 0.7)
        tone = int(rng.choice([0, 0, 0, 255, int(rng.integers(256))]))
        part = np.pad(part, ((margin[0], margin[1]), (margin[2], margin[3])), constant_values=tone)
    return part


def noise(rng: Rng) -> Grey:
    """Noise of several kinds, gradients, boards, one tone, shapes."""
    rows, columns = (int(n) for n in rng.integers(40, 200, 2))
    kind = rng.integers(7)
    if kind == 0:
        values = rng.normal(rng.uniform(60, 190), rng.uniform(10, 90), (rows, columns))
    elif kind == 1:
        values = rng.uniform(0, 255, (rows, columns))
    elif kind == 2:
        step = int(rng.integers(3, 24))
        coarse = rng.uniform(0, 255, (rows // step + 2, columns // step + 2)).astype(np.float32)
        values = np.asarray(Image.fromarray(coarse).resize((columns, rows), Image.Resampling.BICUBIC))
    elif kind == 3:
        y, x = (np.linspace(0, rng.uniform(-255, 255), n) for n in (rows, columns))
        values = np.add.outer(y, x) + rng.uniform(0, 255)
    elif kind == 4:
        steps = rng.integers(2, 30, 2)
        values = 255.0 * (np.add.outer(np.arange(rows) // steps[0], np.arange(columns) // steps[1]) % 2)
    elif kind == 5:
        values = rng.normal(rng.uniform(0, 255), rng.uniform(0, 3), (rows, columns))
    else:
        image = Image.new("L", (columns, rows), int(rng.integers(256)))
        draw = ImageDraw.Draw(image)
        for _ in range(int(rng.integers(1, 12))):
            x, y = np.sort(rng.integers(0, columns, 2)), np.sort(rng.integers(0, rows, 2))
            shape = draw.ellipse if rng.random() < 0.5 else draw.rectangle
            shape([int(x[0]), int(y[0]), int(x[1]), int(y[1])], fill=int(rng.integers(256)))
        values = np.asarray(image, float) + rng.normal(0, rng.uniform(0, 30), (rows, columns))
    return np.clip(values, 0, 255).astype(np.uint8)


def finished(grey: Grey, rng: Rng, lettered: bool) -> Grey:
    """Turned by a little, mirrored, or by a quarter; with letters of a viewer."""
    image = Image.fromarray(grey)
    if rng.random() < 0.35:
        image = image.rotate(rng.normal(0, 7), Image.Resampling.BILINEAR, fillcolor=int(grey[0, 0]))
    for flip, chance in (
        (Image.Transpose.FLIP_LEFT_RIGHT, 0.5),
        (Image.Transpose.FLIP_TOP_BOTTOM, 0.15),
        (Image.Transpose.ROTATE_90, 0.1),
    ):
        if rng.random() < chance:
            image = image.transpose(flip)
    if lettered and rng.random() < 0.15:
        draw = ImageDraw.Draw(image)
        for _ in range(int(rng.integers(1, 8))):
            place = int(rng.integers(image.width)), int(rng.choice([2, int(rng.integers(image.height))]))
            draw.text(place, "R L 120 kV W 1500"[: int(rng.integers(1, 16))], fill=255)
    return np.asarray(image)
