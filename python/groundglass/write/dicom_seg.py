"""A result's masks as DICOM SEG: binary segments in the slices of the source series.

::

    result = gg.analyze("study/", keep_headers=True)
    write_dicom_seg(result, "segmentation.dcm")

The object goes into the source's study with the patient's data of the source, so that a PACS files it there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from groundglass.findings import layers
from groundglass.read.decoders import quiet
from groundglass.write import dicom_codes as codes
from groundglass.write import dicom_source as dicom
from groundglass.write.dicom_codes import concept
from groundglass.write.outputs import atomic_file

if TYPE_CHECKING:
    from highdicom.seg import SegmentDescription
    from pydicom.dataset import Dataset

    from groundglass.findings.findings import Findings
    from groundglass.read.grid import Grid

__all__ = ["SEGMENTS", "Segment", "write_dicom_seg"]

#: Behind the numbers that scanners give.
_SERIES_NUMBER = 9001


@dataclass(frozen=True, kw_only=True)
class Segment:
    """One of :data:`SEGMENTS` or :data:`LOBES`: what it is in codes, and where it lies.

    `mask` is the part of a result that holds it, ``"lungs"``, ``"lesions"`` or ``"lobes"``, `label` its value
    there.
    `side` is the laterality of a lung's `kind`, and of the lung as the region that lesions lie in.
    """

    name: str
    mask: str
    label: int
    category: codes.Code
    kind: codes.Code
    side: codes.Code
    colour: tuple[int, int, int]


#: The right lung in a deeper blue than that of the layer, to be told from the left.
_RIGHT_LUNG = (48, 132, 219)

#: What is written, in the order of segment numbers; those without a voxel are left out. The lungs are whole,
#: with the lesions in them, as volumes of lung are.
SEGMENTS = (
    Segment(
        name="Ground glass",
        mask="lesions",
        label=1,
        category=codes.MORPHOLOGY,
        kind=codes.GROUND_GLASS,
        side=codes.BILATERAL,
        colour=layers.GROUND_GLASS.color,
    ),
    Segment(
        name="Consolidation",
        mask="lesions",
        label=2,
        category=codes.MORPHOLOGY,
        kind=codes.CONSOLIDATION,
        side=codes.BILATERAL,
        colour=layers.CONSOLIDATION.color,
    ),
    Segment(
        name="Left lung",
        mask="lungs",
        label=1,
        category=codes.ANATOMY,
        kind=codes.LUNG,
        side=codes.LEFT,
        colour=layers.LUNG.color,
    ),
    Segment(
        name="Right lung",
        mask="lungs",
        label=2,
        category=codes.ANATOMY,
        kind=codes.LUNG,
        side=codes.RIGHT,
        colour=_RIGHT_LUNG,
    ),
)

#: The lobes, which follow where they are known. Their colours are those of no layer.
LOBES = tuple(
    Segment(
        name=f"{side.capitalize()} {part}",
        mask="lobes",
        label=label,
        category=codes.ANATOMY,
        kind=codes.PARTS[part],
        side=codes.SIDES[side],
        colour=colour,
    )
    for label, (side, part, colour) in enumerate(
        (
            ("left", "upper lobe", (166, 206, 227)),
            ("left", "lower lobe", (31, 120, 180)),
            ("right", "upper lobe", (178, 223, 138)),
            ("right", "middle lobe", (253, 191, 111)),
            ("right", "lower lobe", (51, 160, 44)),
        ),
        1,
    )
)


def write_dicom_seg(result: Findings, path: str | Path, *, overwrite: bool = False) -> Path:
    """Writes ground glass, consolidation, left and right lung, and lobes where they are known, as one DICOM
    SEG, and returns its path.

    Frames lie in the source's own slices, rows and columns, whichever way those run, and refer to them, or to
    the frames that they are in a multi-frame source; frames without a voxel are left out. Patient and study
    are those of the source, series and instance are new at every call, UIDs and times with them; all else
    follows from the result. Masks that were given are marked as MANUAL, the library's own as AUTOMATIC.

    `result` must have been made with `keep_headers` or DICOM extras. Raises
    :class:`groundglass.FormatError` for a study that is no DICOM or whose slices lack UIDs, positions or
    a Frame of Reference UID, :class:`ValueError` where the headers were not kept,
    :class:`FileExistsError`, :class:`OSError`, and :class:`ImportError` without highdicom.

    Cost: about 5 ms and 32 kB a frame of 512 × 512, some 800 frames a study; memory 12 bytes a voxel.
    """
    dicom.require_highdicom()
    with quiet():
        data = _segmentation(result)
        with atomic_file(path, overwrite=overwrite) as temporary:
            data.save_as(temporary, enforce_file_format=True)
    return Path(path)


def _segmentation(result: Findings) -> Dataset:
    import highdicom as hd

    source = dicom.source_of(result, placed=True)
    grid = dicom.grid_of(source)
    _settle_geometry(source, grid)
    images = dicom.stand_ins(source)
    known = SEGMENTS if result.lesion_ct.with_lungs.lobes is None else (*SEGMENTS, *LOBES)
    present = [segment for segment in known if (_mask(result, segment) == segment.label).any()]
    data = hd.seg.Segmentation(
        source_images=images,
        pixel_array=_stacked(result, present, grid),
        segmentation_type=hd.seg.SegmentationTypeValues.BINARY,
        segment_descriptions=[_description(result, s, number) for number, s in enumerate(present, 1)],
        series_number=_SERIES_NUMBER,
        series_description=f"{dicom.NAME} segmentation",
        content_label="LUNG_OPACITY",
        content_description="Ground glass, consolidation and lungs; for research",
        omit_empty_frames=True,
        **dicom.instance(result),
    )
    dicom.refer_to_frames(data, source, images)
    data.SeriesDate, data.SeriesTime = data.ContentDate, data.ContentTime
    dicom.set_characters(data, source[0], [dicom.model_names(result)])
    return data


def _mask(result: Findings, segment: Segment) -> npt.NDArray[np.uint8]:
    mask: npt.NDArray[np.uint8] | None
    mask = result.lesion_ct.with_lungs.lobes if segment.mask == "lobes" else getattr(result, segment.mask)
    assert mask is not None
    return mask


class _Stack(np.ndarray[Any, np.dtype[np.uint8]]):
    """An array whose sum stays small: highdicom adds segments up to see whether they overlap, and NumPy's
    sum takes 8 bytes a voxel."""

    def sum(self, axis: Any = None, **options: Any) -> Any:  # type: ignore[override]
        return super().sum(axis=axis, **{"dtype": np.uint8} | options)


def _stacked(result: Findings, segments: Sequence[Segment], grid: Grid) -> npt.NDArray[np.uint8]:
    """The segments along the last axis, in the source's own slices, rows and columns."""
    stack = np.empty((len(segments), *grid.shape), np.uint8)
    for plane, segment in zip(stack, segments, strict=True):
        np.equal(grid.from_axial(_mask(result, segment), result.ct.direction), segment.label, out=plane)
    return np.moveaxis(stack, 0, -1).view(_Stack)


def _settle_geometry(source: Sequence[Dataset], grid: Grid) -> None:
    """Gives all slices one orientation, as highdicom demands to the last decimal, and spacings by their
    positions, since what headers say of it may be wrong."""
    from pydicom.valuerep import format_number_as_ds

    step, row, column = (np.asarray(axis) for axis in grid.direction)
    spacing = format_number_as_ds(grid.spacing_mm[0] * abs(float(step @ np.cross(row, column))))
    orientation, thickness = source[0].ImageOrientationPatient, source[0].get("SliceThickness") or spacing
    for header in source:
        header.ImageOrientationPatient, header.SliceThickness = orientation, thickness
        header.SpacingBetweenSlices = spacing


def _description(result: Findings, segment: Segment, number: int) -> SegmentDescription:
    import highdicom as hd

    given = result.given_sha256.get(segment.mask)
    kinds = hd.seg.SegmentAlgorithmTypeValues
    is_lesion = segment.mask == "lesions"
    region = concept(codes.LUNG)
    described = hd.seg.SegmentDescription(
        segment_number=number,
        segment_label=segment.name,
        segmented_property_category=concept(segment.category),
        segmented_property_type=concept(segment.kind),
        algorithm_type=kinds.AUTOMATIC if given is None else kinds.MANUAL,
        algorithm_identification=_algorithm(result, segment.mask) if given is None else None,
        tracking_uid=dicom.new_uid(),
        tracking_id=f"{dicom.NAME} {segment.name.lower()}",
        anatomic_regions=[region] if is_lesion else None,
        display_color=hd.color.CIELabColor.from_rgb(*segment.colour),
    )
    side = [concept(segment.side)]
    if is_lesion:
        described.AnatomicRegionSequence[0].AnatomicRegionModifierSequence = side
    else:
        described.SegmentedPropertyTypeCodeSequence[0].SegmentedPropertyTypeModifierCodeSequence = side
    if given is not None:
        described.SegmentDescription = f"Mask given to {dicom.NAME} {result.version}, SHA-256 {given}"
    return described


def _algorithm(result: Findings, mask: str) -> Any:
    import highdicom as hd

    is_lesion = mask == "lesions"
    models = {"lesions": dicom.model_names, "lungs": dicom.lung_model_name}.get(mask, lambda _: "")(result)
    name = {"lesions": "segmentation", "lungs": "lung mask", "lobes": "estimate of lobes"}[mask]
    return hd.AlgorithmIdentificationSequence(
        name=f"{dicom.NAME} {name}",
        family=concept(codes.AI if is_lesion or models else codes.MORPHOLOGICAL),
        version=result.version,
        source=dicom.NAME,
        parameters={"models": models} if models else None,
    )
