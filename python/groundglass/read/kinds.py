"""The kinds of input there are: what people call them, and how the names of their files end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

#: By the word that ``input.kind`` of a result has; ``"zip"`` holds one of the others, ``"array"`` is a volume
#: in memory and no file.
Kind = Literal["dicom", "zip", "nifti", "nrrd", "metaimage"]


@dataclass(frozen=True, kw_only=True)
class InputKind:
    """One of :data:`KINDS`. `title` stands in lists and heads, `endings` are those of its files in small
    letters, the usual one first."""

    title: str
    endings: tuple[str, ...] = ()


#: What an analysis may have been made of.
KINDS = {
    "dicom": InputKind(title="DICOM series", endings=(".dcm",)),
    "nifti": InputKind(title="NIfTI", endings=(".nii", ".nii.gz", ".hdr", ".hdr.gz")),
    "nrrd": InputKind(title="NRRD", endings=(".nrrd", ".nhdr")),
    "metaimage": InputKind(title="MetaImage", endings=(".mha", ".mhd")),
    "array": InputKind(title="Volume in memory"),
}

#: Those of them that are one volume with a grid of its own, and the endings of files with it or its header.
VOLUMES = ("nifti", "nrrd", "metaimage")
VOLUME_ENDINGS = tuple(ending for kind in VOLUMES for ending in KINDS[kind].endings)

#: Pictures of single slices.
PICTURE_ENDINGS = (".png", ".jpg", ".jpeg")


def title_of(kind: str) -> str:
    """What people call an input of this kind; an unknown one is its own title."""
    return KINDS[kind].title if kind in KINDS else kind
