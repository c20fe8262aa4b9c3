"""What can be laid over a CT: layers with their label values, names and colours, and windows of its greys.

Widget, page, pictures, report and DICOM objects take them from here.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Color = tuple[int, int, int]
Labels = npt.NDArray[np.uint8]


@dataclass(frozen=True, kw_only=True)
class Layer:
    """One of :data:`LAYERS`: its `name` for programs and `title` for people, its value in label maps with
    lungs, its colour as red, green and blue, and how opaque it is in the beginning, 0..1."""

    name: str
    title: str
    label: int
    color: Color
    opacity: float

    @property
    def hex(self) -> str:
        """The colour as ``#RRGGBB``."""
        return "#{:02X}{:02X}{:02X}".format(*self.color)


GROUND_GLASS = Layer(name="ground_glass", title="ground glass", label=1, color=(255, 212, 0), opacity=0.35)
CONSOLIDATION = Layer(name="consolidation", title="consolidation", label=2, color=(255, 59, 48), opacity=0.45)
#: Lung without a lesion.
LUNG = Layer(name="lung", title="lungs", label=3, color=(94, 200, 255), opacity=0.15)

#: What stripes over lesions show, in the maps of :func:`hatched` and in pictures; no layer of its own.
DEPENDENT = Layer(name="dependent", title="dependent density", label=4, color=(16, 19, 26), opacity=0.6)

#: By their values.
LAYERS = (GROUND_GLASS, CONSOLIDATION, LUNG)
LESIONS = (GROUND_GLASS, CONSOLIDATION)
NAMES = tuple(layer.name for layer in LAYERS)

#: Red, green and blue of the label values 0, 1, 2 and 3.
PALETTE = (0, 0, 0, *(part for layer in LAYERS for part in layer.color))

#: Lower and upper end of the grey scale in HU by name, as a viewer offers them; that of the lung is what the
#: bundled networks were trained for as well.
WINDOWS = {
    "lung": (-1350.0, 150.0),
    "ground glass": (-1000.0, -200.0),
    "soft tissue": (-160.0, 240.0),
    "bone": (-450.0, 1050.0),
}


def with_lung(lesions: Labels, lungs: Labels) -> Labels:
    """The values of :data:`LAYERS`, 0 elsewhere, uint8: `lesions` (1, 2) and, where there is none of them,
    `lungs` (above 0)."""
    return np.where((lesions == 0) & (lungs > 0), np.uint8(LUNG.label), lesions)


#: Distance and width of the stripes of :func:`hatched`, in voxels along rows and columns.
STRIPE_STEP, STRIPE_WIDTH = 6, 2


def hatched(labels: Labels, dependent: Labels | None) -> Labels:
    """`labels` with stripes of :data:`DEPENDENT` over what `dependent` marks, uint8 ``(slice, row, column)``:
    what a viewer shows that knows labels and no patterns."""
    if dependent is None:
        return labels
    diagonal = np.arange(labels.shape[1])[:, None] + np.arange(labels.shape[2])
    return np.where(
        (dependent > 0) & (diagonal % STRIPE_STEP < STRIPE_WIDTH), np.uint8(DEPENDENT.label), labels
    )
