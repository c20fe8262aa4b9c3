"""A result's table as DICOM SR: an imaging measurement report after TID 1500.

::

    result = gg.analyze("study/", keep_headers=True)
    segmentation = write_dicom_seg(result, "segmentation.dcm")
    write_dicom_sr(result, "measurements.dcm", segmentation=segmentation)
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from groundglass.errors import FormatError
from groundglass.findings.records import NOT_A_DEVICE
from groundglass.html.compartments import COMPARTMENTS
from groundglass.read.decoders import quiet
from groundglass.write import dicom_codes as codes
from groundglass.write import dicom_source as dicom
from groundglass.write.dicom_codes import Code, concept
from groundglass.write.outputs import atomic_file

if TYPE_CHECKING:
    from highdicom.sr import (
        ContainerContentItem,
        FindingSite,
        Measurement,
        MeasurementProperties,
        QualitativeEvaluation,
        ReferencedSegment,
    )
    from pydicom.dataset import Dataset

    from groundglass.findings.findings import Findings

__all__ = ["write_dicom_sr"]

#: Behind that of the segmentation.
_SERIES_NUMBER = 9002


def _code(compartment: str) -> str:
    return compartment.upper().replace("_", "-")


#: What is measured in each region: a name, category and code of the finding, and its measurements as columns
#: of the region table and of the aeration's with their name, unit and derivation.
_Column = tuple[str, Code, Code, Code | None]
_FINDINGS: tuple[tuple[str, Code, Code, tuple[_Column, ...]], ...] = (
    (
        "lung",
        codes.ANATOMY,
        codes.LUNG,
        (
            ("lung_ml", codes.VOLUME, codes.ML, None),
            ("lung_hu_mean", codes.ATTENUATION, codes.HU, codes.MEAN),
            ("lung_hu_sd", codes.ATTENUATION, codes.HU, codes.STANDARD_DEVIATION),
        ),
    ),
    (
        "aeration",
        codes.ANATOMY,
        codes.LUNG,
        (
            *((f"{name}_ml", codes.private(f"{_code(name)}-ML"), codes.ML, None) for name in COMPARTMENTS),
            *((f"{name}_percent", codes.private(_code(name)), codes.PERCENT, None) for name in COMPARTMENTS),
            ("low_attenuation_950_percent", codes.private("LAA-950"), codes.PERCENT, None),
            ("low_attenuation_910_percent", codes.private("LAA-910"), codes.PERCENT, None),
            ("perc15_hu", codes.private("PERC15"), codes.HU, None),
            ("gas_ml", codes.private("GAS"), codes.ML, None),
            ("lung_mass_g", codes.MASS, codes.GRAM, None),
            ("air_tissue_ratio", codes.private("AIR-TISSUE"), codes.ML_PER_GRAM, None),
        ),
    ),
    (
        "ground glass",
        codes.MORPHOLOGY,
        codes.GROUND_GLASS,
        (("ground_glass_ml", codes.VOLUME, codes.ML, None),),
    ),
    (
        "consolidation",
        codes.MORPHOLOGY,
        codes.CONSOLIDATION,
        (("consolidation_ml", codes.VOLUME, codes.ML, None),),
    ),
    (
        "opacity",
        codes.MORPHOLOGY,
        codes.OPACITY,
        (
            ("opacity_ml", codes.VOLUME, codes.ML, None),
            ("opacity_percent", codes.private("PO"), codes.PERCENT, None),
            ("high_opacity_percent", codes.private("PHO"), codes.PERCENT, None),
            ("dependent_ml", codes.private("DEPENDENT-ML"), codes.ML, None),
            (
                "opacity_percent_without_dependent",
                codes.private("PO-WITHOUT-DEPENDENT"),
                codes.PERCENT,
                None,
            ),
            ("opacity_hu_mean", codes.ATTENUATION, codes.HU, codes.MEAN),
            ("opacity_hu_sd", codes.ATTENUATION, codes.HU, codes.STANDARD_DEVIATION),
        ),
    ),
)
#: Findings that a segment of the SEG shows, by region and finding.
_SEGMENT_OF = {
    ("both lungs", "ground glass"): "Ground glass",
    ("both lungs", "consolidation"): "Consolidation",
    ("left lung", "lung"): "Left lung",
    ("right lung", "lung"): "Right lung",
}


def write_dicom_sr(
    result: Findings, path: str | Path, *, segmentation: str | Path | None = None, overwrite: bool = False
) -> Path:
    """Writes the tables of regions as a DICOM SR (Comprehensive SR, TID 1500), and returns its path.

    Every region has a measurement group for the lung, its aeration, ground glass, consolidation and all
    opacity: volumes in ml, percentage of opacity and of high opacity, mean and standard deviation of HU, and
    what ``aeration.csv`` holds. Where the models are
    calibrated, intervals are given as the ranges of measurement uncertainty (TID 310). The group of all
    opacity in both lungs has the grade and the class, and their probabilities. Notes, models, given masks and
    the disclaimer are text. With `segmentation`, the file of :func:`write_dicom_seg` for the same study, the
    groups of its segments refer to them. The observer is the software; no person is named, and the document
    is marked preliminary and unverified.

    Patient and study are those of the source; series, instance and the UIDs of groups are new at every call,
    and the times are those of writing; all else follows from the result.

    Raises as :func:`write_dicom_seg` does, but the slices need no positions, and
    :class:`groundglass.FormatError` for a segmentation of another series. Costs a second and 0.3 MB.
    """
    dicom.require_highdicom()
    with quiet():
        data = _report(result, segmentation)
        with atomic_file(path, overwrite=overwrite) as temporary:
            data.save_as(temporary, enforce_file_format=True)
    return Path(path)


def _report(result: Findings, segmentation: str | Path | None) -> Dataset:
    import highdicom as hd
    from highdicom.coding_schemes import CodingSchemeIdentificationItem

    source = dicom.source_of(result, placed=False)
    drawn = None if segmentation is None else _drawn(segmentation, source[0])
    texts = list(_texts(result))
    content = hd.sr.MeasurementReport(
        observation_context=hd.sr.ObservationContext(_observer(result)),
        procedure_reported=concept(codes.CT_OF_CHEST),
        imaging_measurements=list(_groups(result, source[0], drawn)),
        title=concept(("126000", "DCM", "Imaging Measurement Report")),
    )
    *before, measured = content[0].ContentSequence
    content[0].ContentSequence = hd.sr.ContentSequence([*before, _library(source), measured, _remarks(texts)])
    data = hd.sr.ComprehensiveSR(
        evidence=[*source, *([] if drawn is None else [drawn])],
        content=content[0],
        series_number=_SERIES_NUMBER,
        series_description=f"{dicom.NAME} measurements",
        is_complete=True,
        is_final=False,
        is_verified=False,
        coding_schemes=[
            CodingSchemeIdentificationItem(
                designator=codes.SCHEME, name=f"{dicom.NAME} codes", responsible_organization=dicom.NAME
            )
        ],
        **dicom.instance(result),
    )
    data.SeriesDate, data.SeriesTime = data.ContentDate, data.ContentTime
    dicom.set_characters(
        data, source[0], [*texts, *map(str, result.thresholds.classes), dicom.model_names(result)]
    )
    return data


def _drawn(segmentation: str | Path, source: Dataset) -> Dataset:
    """The header of the segmentation; FormatError where it is none of the source series."""
    import pydicom

    data = pydicom.dcmread(segmentation, stop_before_pixels=True)
    series = [str(item.SeriesInstanceUID) for item in data.get("ReferencedSeriesSequence", [])]
    if data.get("Modality") != "SEG" or series != [str(source.SeriesInstanceUID)]:
        raise FormatError(
            f"{segmentation}: no DICOM SEG of the series that was measured; give the file of write_dicom_seg"
        )
    return data


def _library(source: Sequence[Dataset]) -> ContainerContentItem:
    """TID 1600 with the slices and what they share. That of highdicom repeats the geometry for every slice,
    which takes minutes for a study and three times the space."""
    import highdicom as hd

    acquired = hd.sr.RelationshipTypeValues.HAS_ACQ_CONTEXT
    modality, frame, origin = (
        ("121139", "DCM", "Modality"),
        ("112227", "DCM", "Frame of Reference UID"),
        ("260753009", "SCT", "Source"),
    )
    ct = concept(("CT", "DCM", "Computed Tomography"))
    items: list[Any] = [hd.sr.CodeContentItem(name=concept(modality), value=ct, relationship_type=acquired)]
    if uid := source[0].get("FrameOfReferenceUID"):
        items.append(hd.sr.UIDRefContentItem(name=concept(frame), value=str(uid), relationship_type=acquired))
    items.extend(
        hd.sr.ImageContentItem(
            name=concept(origin),
            referenced_sop_class_uid=str(header.SOPClassUID),
            referenced_sop_instance_uid=str(header.SOPInstanceUID),
            referenced_frame_numbers=frames or None,
            relationship_type=hd.sr.RelationshipTypeValues.CONTAINS,
        )
        for header, frames in dicom.objects_of(source)
    )
    return _container(
        ("111028", "DCM", "Image Library"), [_container(("126200", "DCM", "Image Library Group"), items)]
    )


def _remarks(texts: Sequence[str]) -> ContainerContentItem:
    import highdicom as hd

    contains = hd.sr.RelationshipTypeValues.CONTAINS
    name = concept(codes.COMMENT)
    return _container(
        codes.QUALITATIVE,
        [hd.sr.TextContentItem(name=name, value=text, relationship_type=contains) for text in texts],
    )


def _container(name: Code, items: Sequence[Any]) -> ContainerContentItem:
    import highdicom as hd

    result = hd.sr.ContainerContentItem(
        name=concept(name), relationship_type=hd.sr.RelationshipTypeValues.CONTAINS
    )
    result.ContentSequence = hd.sr.ContentSequence(items)
    return result


def _observer(result: Findings) -> Any:
    import highdicom as hd
    from pydicom.uid import generate_uid

    return hd.sr.ObserverContext(
        observer_type=concept(("121007", "DCM", "Device")),
        observer_identifying_attributes=hd.sr.DeviceObserverIdentifyingAttributes(
            # One for every installation of a version: it names the software.
            uid=generate_uid(entropy_srcs=[dicom.NAME, result.version]),
            name=dicom.NAME,
            manufacturer_name=dicom.NAME,
            model_name=f"{dicom.NAME} {result.version}",
        ),
    )


def _groups(result: Findings, source: Dataset, drawn: Dataset | None) -> Iterator[Any]:
    """The measurement groups, region by region."""
    import highdicom as hd

    segments = {} if drawn is None else {str(item.SegmentLabel): item for item in drawn.SegmentSequence}
    for involved, aerated in zip(result.region_rows(), result.aeration_rows(), strict=True):
        row = involved | aerated
        region = str(row["region"])
        for name, category, kind, columns in _FINDINGS:
            whole = region == "both lungs" and name == "opacity"
            segment = segments.get(_SEGMENT_OF.get((region, name), ""))
            content: dict[str, Any] = {
                "tracking_identifier": hd.sr.TrackingIdentifier(
                    uid=dicom.new_uid() if segment is None else str(segment.TrackingUID),
                    identifier=f"{dicom.NAME} {region}, {name}",
                ),
                "finding_category": concept(category),
                "finding_type": concept(kind),
                "finding_sites": [_site(region)],
                "algorithm_id": _algorithm(result),
                "measurements": [
                    *_measurements(row, columns),
                    *(_probabilities(result) if whole else ()),
                ],
                "qualitative_evaluations": list(_grades(result)) if whole else None,
            }
            if drawn is None or segment is None:
                yield hd.sr.MeasurementsAndQualitativeEvaluations(**content)
            else:
                yield hd.sr.VolumetricROIMeasurementsAndQualitativeEvaluations(
                    **content, referenced_segment=_reference(drawn, segment, source)
                )


def _reference(drawn: Dataset, segment: Dataset, source: Dataset) -> ReferencedSegment:
    import highdicom as hd

    return hd.sr.ReferencedSegment(
        sop_class_uid=str(drawn.SOPClassUID),
        sop_instance_uid=str(drawn.SOPInstanceUID),
        segment_number=int(segment.SegmentNumber),
        source_series=hd.sr.SourceSeriesForSegmentation(str(source.SeriesInstanceUID)),
    )


def _site(region: str) -> FindingSite:
    import highdicom as hd

    side, _, part = region.partition(" ")
    if side not in codes.SIDES:
        return hd.sr.FindingSite(anatomic_location=concept(codes.SEGMENT_OF_LUNG))
    return hd.sr.FindingSite(
        anatomic_location=concept(codes.PARTS[part]), laterality=concept(codes.SIDES[side])
    )


def _algorithm(result: Findings) -> Any:
    import highdicom as hd

    options = {
        "lungs": dicom.lung_model_name(result),
        "models": dicom.model_names(result),
        "high opacity": str(result.options["high_opacity"]).replace("_", " "),
        "bands of aeration, HU": ", ".join(map(str, result.aeration.bands_hu)),
    }
    return hd.sr.AlgorithmIdentification(
        name=dicom.NAME,
        version=result.version,
        parameters=[f"{name}: {value}" for name, value in options.items() if value],
    )


def _measurements(row: Mapping[str, Any], columns: Sequence[_Column]) -> Iterator[Measurement]:
    """The measurements of one group; what has no answer, as a percentage of no lung, is left out."""
    import highdicom as hd

    for column, name, unit, derivation in columns:
        value = row[column]
        if math.isnan(value):
            continue
        yield hd.sr.Measurement(
            name=concept(name),
            value=float(value),
            unit=concept(unit),
            derivation=None if derivation is None else concept(derivation),
            method=concept(codes.BY_VOXELS) if unit == codes.ML and column != "gas_ml" else None,
            properties=_uncertainty(row, column, unit),
        )


def _uncertainty(row: Mapping[str, Any], column: str, unit: Code) -> MeasurementProperties | None:
    """How far the interval reaches to both sides; None where there is none."""
    import highdicom as hd

    names = (column, f"{column}_lower", f"{column}_upper")
    value, lower, upper = (float(row.get(name, math.nan)) for name in names)
    if math.isnan(lower) or math.isnan(upper):
        return None
    ranges = hd.sr.MeasurementProperties(
        # A bound may be the value itself, rounded.
        lower_measurement_uncertainty=max(value - lower, 0.0),
        upper_measurement_uncertainty=max(upper - value, 0.0),
    )
    for item in ranges:  # highdicom gives them no unit
        item.MeasuredValueSequence[0].MeasurementUnitsCodeSequence = [concept(unit)]
    return ranges


def _grades(result: Findings) -> Iterator[QualitativeEvaluation]:
    import highdicom as hd

    for name, value in (
        ("CT-GRADE", _grade(result.ct_grade)),
        ("CLASS", _classes(result)[list(result.thresholds.classes).index(result.severity_class)]),
    ):
        yield hd.sr.QualitativeEvaluation(name=concept(codes.private(name)), value=concept(value))


def _grade(name: str) -> Code:
    return (name, codes.SCHEME, name)


def _classes(result: Findings) -> list[Code]:
    # A meaning holds 64 characters; the code tells classes with the same beginning apart.
    return [
        (f"CLASS-{i}", codes.SCHEME, f"Class {name}"[:64])
        for i, name in enumerate(result.thresholds.classes, 1)
    ]


def _probabilities(result: Findings) -> Iterator[Measurement]:
    """Of every grade and class, in percent; none where the models are not calibrated."""
    import highdicom as hd

    grades = [_grade(f"CT-{i}") for i in range(5)]
    for found, values in ((result.grade_probability, grades), (result.class_probability, _classes(result))):
        if found is None:
            continue
        for probability, (code, scheme, meaning) in zip(found.probability, values, strict=True):
            yield hd.sr.Measurement(
                name=concept((f"PROB-{code}", scheme, f"Probability of {meaning}"[:64])),
                value=100 * float(probability),
                unit=concept(codes.PERCENT),
            )


def _texts(result: Findings) -> Iterator[str]:
    """The disclaimer, then what a reader has to know of the numbers."""
    content = result.to_dict()
    yield NOT_A_DEVICE
    for model in result.weights:
        terms = f", {model.licence}" if model.licence else ""
        yield f"Model {model.name}, SHA-256 {model.sha256}{terms}"
    for name, sha256 in result.given_sha256.items():
        yield f"The mask of the {name} was given, SHA-256 {sha256}"
    if result.uncertainty is not None and result.uncertainty.calibrated:
        percent = f"{100 * result.uncertainty.coverage:g} %"
        yield f"Ranges of measurement uncertainty are those of central {percent} intervals"
    for note in content["notes"]:
        yield f"{str(note['level']).capitalize()}: {note['text']}"
