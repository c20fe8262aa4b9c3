"""Codes of the DICOM objects: of DICOM itself (DCM), SNOMED CT (SCT), UMLS and UCUM, and the few of ours."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from highdicom.sr import CodedConcept

#: A code's value, its scheme and its meaning.
Code = tuple[str, str, str]

ANATOMY: Code = ("91723000", "SCT", "Anatomical Structure")
MORPHOLOGY: Code = ("49755003", "SCT", "Morphologically Abnormal Structure")
LUNG: Code = ("39607008", "SCT", "Lung")
LEFT: Code = ("7771000", "SCT", "Left")
RIGHT: Code = ("24028007", "SCT", "Right")
BILATERAL: Code = ("51440002", "SCT", "Bilateral")
GROUND_GLASS: Code = ("112120", "DCM", "Ground glass opacity")
CONSOLIDATION: Code = ("95436008", "SCT", "Lung consolidation")
OPACITY: Code = ("112001", "DCM", "Opacity")
AI: Code = ("123110", "DCM", "Artificial Intelligence")
MORPHOLOGICAL: Code = ("123104", "DCM", "Morphological Operations")
CT_OF_CHEST: Code = ("169069000", "SCT", "CT of chest")
QUALITATIVE: Code = ("C0034375", "UMLS", "Qualitative Evaluations")
COMMENT: Code = ("121106", "DCM", "Comment")
VOLUME: Code = ("118565006", "SCT", "Volume")
ATTENUATION: Code = ("112031", "DCM", "Attenuation Coefficient")
MEAN: Code = ("373098007", "SCT", "Mean")
MASS: Code = ("118538004", "SCT", "Mass")
STANDARD_DEVIATION: Code = ("386136009", "SCT", "Standard Deviation")
BY_VOXELS: Code = ("126030", "DCM", "Sum of segmented voxel volumes")
ML: Code = ("ml", "UCUM", "milliliter")
PERCENT: Code = ("%", "UCUM", "percent")
GRAM: Code = ("g", "UCUM", "gram")
ML_PER_GRAM: Code = ("ml/g", "UCUM", "milliliter per gram")
HU: Code = ("[hnsf'U]", "UCUM", "Hounsfield unit")

SCHEME = "99GROUNDGLASS"
#: What has no code in the schemes that DICOM takes codes from: the percentages of opacity, which the
#: literature on CT severity defines; compartments of aeration, low attenuation and gas, by their names in the
#: literature on emphysema and ventilation; the grades CT-0 to CT-4, which are a national convention; the
#: classes, whose cuts and names a user may have fitted. Grades and classes are values as well, with the codes
#: CT-0 and so on, CLASS-1 and so on; PROB- before such a code is the name of its probability.
PRIVATE_CODES = {
    "PO": "Percentage of opacity",
    "PHO": "Percentage of high opacity",
    "DEPENDENT-ML": "Volume of opacity that lies as dependent density",
    "PO-WITHOUT-DEPENDENT": "Percentage of opacity without dependent density",
    "HYPERINFLATED-ML": "Volume of hyperinflated lung",
    "NORMALLY-AERATED-ML": "Volume of normally aerated lung",
    "POORLY-AERATED-ML": "Volume of poorly aerated lung",
    "NON-AERATED-ML": "Volume of non-aerated lung",
    "DENSER-ML": "Volume of lung denser than non-aerated",
    "HYPERINFLATED": "Percentage of hyperinflated lung",
    "NORMALLY-AERATED": "Percentage of normally aerated lung",
    "POORLY-AERATED": "Percentage of poorly aerated lung",
    "NON-AERATED": "Percentage of non-aerated lung",
    "DENSER": "Percentage of lung denser than non-aerated",
    "LAA-950": "Percentage of lung below -950 HU",
    "LAA-910": "Percentage of lung below -910 HU",
    "PERC15": "15th percentile of lung density",
    "GAS": "Volume of gas in lung",
    "AIR-TISSUE": "Gas per mass of lung tissue",
    "CT-GRADE": "CT-0 to CT-4 by extent",
    "CLASS": "Severity class by percentage of opacity",
}

SIDES = {"both": BILATERAL, "left": LEFT, "right": RIGHT}
PARTS: dict[str, Code] = {
    "lungs": LUNG,
    "lung": LUNG,
    "upper third": ("281392002", "SCT", "Upper zone of lung"),
    "middle third": ("281393007", "SCT", "Middle zone of lung"),
    "lower third": ("281394001", "SCT", "Lower zone of lung"),
    "upper lobe": ("45653009", "SCT", "Upper lobe of lung"),
    "middle lobe": ("72481006", "SCT", "Middle lobe of right lung"),
    "lower lobe": ("90572001", "SCT", "Lower lobe of lung"),
}
SEGMENT_OF_LUNG: Code = ("72674008", "SCT", "Segment of lung")


def private(code: str) -> Code:
    """One of :data:`PRIVATE_CODES`."""
    return (code, SCHEME, PRIVATE_CODES[code])


def concept(code: Code) -> CodedConcept:
    """The code as highdicom takes it."""
    from highdicom.sr import CodedConcept

    value, scheme, meaning = code
    return CodedConcept(value=value, scheme_designator=scheme, meaning=meaning)
