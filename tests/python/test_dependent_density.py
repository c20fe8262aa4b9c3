"""Dependent density: told apart where gravity puts it, alike in both lungs, and shown in every output."""

from __future__ import annotations

import csv
import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

import groundglass as gg
import small_study
from dicom_factory import write_series
from groundglass.cli import main
from groundglass.findings.layers import DEPENDENT, hatched
from groundglass.overlay import tile, windowed
from groundglass.phantom import Phantom, Pitfalls, make
from report_pages import Page

SPACING = (3.0, 2.0, 2.0)
VOXEL_ML = 0.012
LCTSC = Path(__file__).parents[3] / "shared" / "data" / "lctsc"

Labels = npt.NDArray[np.uint8]


class Chest:
    """Two lungs as boxes, 60 rows high; lesions are put in at will."""

    def __init__(self, position: str = "supine") -> None:
        self.position = position
        self.hounsfield = np.full((20, 80, 100), 40, np.int16)
        self.lungs = np.zeros(self.hounsfield.shape, np.uint8)
        self.lungs[:, 10:70, 10:45] = 2
        self.lungs[:, 10:70, 55:90] = 1
        self.hounsfield[self.lungs > 0] = -860
        self.lesions = np.zeros_like(self.lungs)

    def put(self, rows: slice, columns: slice, hu: int, slices: slice = slice(None)) -> None:
        """Ground glass of one density."""
        self.hounsfield[slices, rows, columns] = hu
        self.lesions[slices, rows, columns] = 1

    @property
    def study(self) -> gg.LesionCt:
        ct = gg.CtVolume(self.hounsfield, spacing_mm=SPACING, position=self.position)
        return gg.LesionCt(gg.LungCt(ct, self.lungs), self.lesions)

    def found(self, **options: Any) -> gg.DependentTable:
        return gg.DependentDensity(**options)(self.study)


def both_sides(position: str = "supine") -> Chest:
    """A layer of 10 mm at the back of both lungs, 200 HU above them."""
    chest = Chest(position)
    for columns in (slice(15, 40), slice(60, 85)):
        chest.put(slice(65, 70), columns, -660)
    return chest


def layer_of(found: gg.DependentTable) -> Labels:
    assert found.layer is not None
    return found.layer


def test_a_layer_at_the_back_of_both_lungs_is_told_apart() -> None:
    chest = both_sides()
    found = chest.found()
    assert np.array_equal(layer_of(found), chest.lesions)
    ml, lung = chest.lesions.sum() * VOXEL_ML, (chest.lungs > 0).sum() * VOXEL_ML
    assert found["both lungs"].dependent_ml == pytest.approx(ml)
    assert found["both lungs"].opacity_percent_without_dependent == 0
    assert found["left lung"].dependent_ml == found["right lung"].dependent_ml == pytest.approx(ml / 2)
    assert (found.position, found.left_out, found.lung_level_hu) == ("supine", "", -860)
    (note,) = found.notes
    assert note.code == "dependent_density"
    assert f"{ml:.1f} ml" in note.text
    involved = gg.Involvement()(chest.study)
    assert involved["both lungs"].opacity_percent == pytest.approx(100 * ml / lung)  # it stays what it is


@pytest.mark.parametrize("columns", [slice(15, 40), slice(60, 85)])
def test_what_is_on_one_side_alone_is_not(columns: slice) -> None:
    chest = Chest()
    chest.put(slice(65, 70), columns, -660)
    found = chest.found()
    assert not layer_of(found).any()
    assert found["both lungs"].opacity_percent_without_dependent > 0
    assert not found.notes


def test_what_lies_elsewhere_or_is_too_dense_is_not() -> None:
    chest = Chest()
    for columns in (slice(15, 40), slice(60, 85)):
        chest.put(slice(10, 15), columns, -660)  # at the front
        chest.put(slice(48, 53), columns, -660)  # beyond 30 mm
        chest.put(slice(65, 70), columns, -500)  # 360 HU above the lung
    assert not layer_of(chest.found()).any()
    assert layer_of(chest.found(above_lung_hu=360)).sum() == 2 * 25 * 5 * 20
    deep = layer_of(chest.found(depth_mm=60, gap_mm=40))
    assert deep[:, 48:53].all(axis=(0, 1))[15:40].all()
    assert not deep[:, :48].any()


def test_a_thin_dense_rim_is_passed_and_a_thick_one_ends_the_layer() -> None:
    for rim, goes_on in ((2, True), (4, False)):
        chest = both_sides()
        chest.put(slice(60, 65), slice(15, 40), -660)
        chest.put(slice(60, 65), slice(60, 85), -660)
        chest.hounsfield[:, 70 - rim : 70, 10:90][chest.lungs[:, 70 - rim : 70, 10:90] > 0] = -300
        assert layer_of(chest.found())[:, 60:65].any() == goes_on


def test_a_prone_patient_has_it_at_the_front() -> None:
    chest = both_sides("prone")
    assert not layer_of(chest.found()).any()
    for columns in (slice(15, 40), slice(60, 85)):
        chest.put(slice(10, 15), columns, -660)
    layer = layer_of(chest.found())
    assert layer[:, 10:15].sum() == layer.sum() == 2 * 25 * 5 * 20
    assert np.array_equal(layer_of(chest.found(position="supine")), layer_of(both_sides().found()))


@pytest.mark.parametrize(
    ("position", "why"),
    [("unknown", "position_unknown"), ("left_side", "lies_on_side"), ("right_side", "lies_on_side")],
)
def test_it_is_left_out_with_a_reason(position: str, why: str) -> None:
    found = both_sides(position).found()
    assert (found.left_out, found.layer) == (why, None)
    assert all(np.isnan(row.dependent_ml) for row in found.rows)
    assert [note.code for note in found.notes] == ["dependent_density_left_out"]


def test_one_lung_and_full_lungs_leave_it_out() -> None:
    chest = both_sides()
    chest.lungs[chest.lungs == 1] = 0
    assert chest.found().left_out == "one_lung"
    chest = both_sides()
    chest.lesions[chest.lungs > 0] = 1
    found = chest.found()
    assert (found.left_out, found.lung_level_hu) == ("no_free_lung", None)


def test_options_are_checked_and_kept() -> None:
    stage = gg.DependentDensity(position="prone", depth_mm=20)
    assert pickle.loads(pickle.dumps(stage)) == stage
    with pytest.raises(ValueError, match="position must be"):
        gg.DependentDensity(position="upright")
    with pytest.raises(ValueError, match="finite and not negative"):
        both_sides().found(depth_mm=-1)
    table = both_sides().found()
    again = pickle.loads(pickle.dumps(table))
    assert again.to_dict() == table.to_dict()
    assert np.array_equal(again.layer, table.layer)


@pytest.mark.parametrize(
    ("header", "position"),
    [("HFS", "supine"), ("FFP", "prone"), ("HFDL", "left_side"), ("FFDR", "right_side"), ("", "unknown")],
)
def test_a_dicom_header_tells_the_position(tmp_path: Path, header: str, position: str) -> None:
    def lying(data: Any, _: int) -> None:
        data.PatientPosition = header

    write_series(tmp_path / "study", change=lying)
    assert gg.read_ct(tmp_path / "study").position == position


def test_slices_that_differ_or_lack_an_orientation_tell_none(tmp_path: Path) -> None:
    def turned(data: Any, index: int) -> None:
        data.PatientPosition = "HFS" if index else "HFP"

    def bare(data: Any, _: int) -> None:
        data.PatientPosition = "HFS"
        del data.ImageOrientationPatient

    for name, change in (("turned", turned), ("bare", bare)):
        write_series(tmp_path / name, change=change)
        assert gg.read_ct(tmp_path / name).position == "unknown"


@pytest.fixture(scope="module")
def hanging() -> Phantom:
    """A healthy chest whose lungs hang: 300 HU denser along the back."""
    return make(
        5,
        ground_glass=0,
        consolidation=0,
        shape=(60, 128, 128),
        pitfalls=Pitfalls(dependent_hu=300),
    )


def test_a_phantom_whose_lungs_hang(hanging: Phantom) -> None:
    plain = make(5, ground_glass=0, consolidation=0, shape=(60, 128, 128))
    more = hanging.hounsfield.astype(int) - plain.hounsfield
    assert np.array_equal(hanging.lungs, plain.lungs)
    assert not hanging.lesions.any()
    assert hanging.truth["parameters"]["pitfalls"] == {"dependent_hu": 300}
    dense = (more > 120) & (hanging.lungs > 0)
    assert 0.02 < dense.sum() / (hanging.lungs > 0).sum() < 0.2
    for k in np.flatnonzero(dense.any(axis=(1, 2))):
        lowest = np.nonzero(hanging.lungs[k])[0].max()
        raised = (lowest - np.nonzero(dense[k])[0].min()) * hanging.spacing_mm[1]
        assert raised < 60 + 25


def test_what_hangs_in_a_phantom_is_dependent(hanging: Phantom) -> None:
    # a segmentation that calls all lung of some density ground glass
    lesions = ((hanging.hounsfield > -740) & (hanging.hounsfield < -480) & (hanging.lungs > 0)).astype(
        np.uint8
    )
    study = gg.LesionCt(gg.LungCt(hanging.volume, hanging.lungs), lesions)
    found = gg.DependentDensity()(study)
    dense = gg.Involvement()(study)["both lungs"]
    assert hanging.volume.position == "supine"
    assert found["both lungs"].dependent_ml > 0.6 * dense.opacity_ml
    assert found["both lungs"].opacity_percent_without_dependent < 0.4 * dense.opacity_percent


def analyzed(position: str | None = "supine", **options: Any) -> gg.Result:
    chest = both_sides("unknown")
    ct = gg.CtVolume(chest.hounsfield, spacing_mm=SPACING)
    return gg.analyze(ct, lungs=chest.lungs, lesions=chest.lesions, position=position, **options)  # type: ignore[arg-type]


def test_every_output_tells_it(tmp_path: Path) -> None:
    result = analyzed(out=tmp_path / "out", extras=("parquet", "report"))
    ml = both_sides().lesions.sum() * VOXEL_ML
    content = json.loads((tmp_path / "out" / "result.json").read_text(encoding="utf-8"))
    assert content["dependent"] == {
        "position": "supine",
        "side": "back",
        "left_out": None,
        "lung_level_hu": -860,
        "dependent_ml": pytest.approx(ml),
        "opacity_percent_without_dependent": 0.0,
    }
    assert content["severity"]["opacity_percent"] > 0
    assert content["regions"][0]["dependent_ml"] == pytest.approx(ml)
    with (tmp_path / "out" / "regions.csv").open(encoding="utf-8", newline="") as file:
        (both, *_) = csv.DictReader(file)
    assert float(both["dependent_ml"]) == pytest.approx(ml)
    assert float(both["opacity_percent_without_dependent"]) == 0
    parquet = pytest.importorskip("pyarrow.parquet").read_table(tmp_path / "out" / "regions.parquet")
    assert parquet.column("dependent_ml").to_pylist()[0] == pytest.approx(ml)
    page = Page((tmp_path / "out" / "report.html").read_text(encoding="utf-8"))
    assert f"{ml:.1f}" in page.text
    assert "dependent density" in page.text
    assert "Dependent, ml" in gg.widget.repr_html.result(result)


def test_an_unknown_position_is_told_in_every_output() -> None:
    result = analyzed(position=None)
    content = result.to_dict()
    assert content["dependent"]["left_out"] == "position_unknown"
    assert content["dependent"]["dependent_ml"] is None
    assert content["regions"][0]["opacity_percent_without_dependent"] is None
    assert "how the patient lay is not known" in " ".join(Page(gg.report.html(result)).text)
    assert result.opacity_percent == analyzed().opacity_percent


def test_the_command_takes_a_position(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    small_study.write(tmp_path)
    masks = ["--lungs", str(tmp_path / "lungs.nii.gz"), "--lesions", str(tmp_path / "lesions.nii.gz")]
    command = ["analyze", str(tmp_path / "ct.nii.gz"), *masks, "--json"]
    for options, position in (([], None), (["--position", "prone"], "prone")):
        assert main([*command, *options]) == 0
        assert json.loads(capsys.readouterr().out)["dependent"]["position"] == position
    assert main([*command, "--position", "upright"]) == 2


def test_pictures_hatch_it() -> None:
    chest = both_sides()
    ct, layer = chest.study.ct, layer_of(chest.found())
    from groundglass.overlay import lung_crop

    crop = lung_crop(chest.lungs, SPACING)
    plain = np.asarray(tile(ct, chest.lungs[5], chest.lesions[5], 5, crop), int)
    striped = np.asarray(tile(ct, chest.lungs[5], chest.lesions[5], 5, crop, dependent=layer[5]), int)
    changed = np.abs(plain - striped).sum(axis=2) > 60
    assert 0.1 < changed.mean() / (layer[5].mean() * windowed(ct.hounsfield[5]).size / _area(crop)) < 0.6

    labels = np.where(chest.lesions > 0, chest.lesions, 3 * (chest.lungs > 0)).astype(np.uint8)
    shown = hatched(labels, layer)
    assert set(np.unique(shown[layer > 0])) == {1, DEPENDENT.label}
    assert np.array_equal(shown[layer == 0], labels[layer == 0])
    assert np.array_equal(hatched(labels, None), labels)


def _area(crop: Any) -> int:
    return int((crop.bottom - crop.top) * (crop.right - crop.left))


@pytest.mark.skipif(not LCTSC.is_dir(), reason="needs ../shared/data/lctsc")
def test_patients_without_pneumonia_have_it_at_the_back() -> None:
    # what a network calls opacity there in part; here all lung between 120 and 350 HU above its level
    path = LCTSC / "case_008_ct.nii.gz"
    lungs = gg.find_lungs(gg.read_ct(path), "classical")
    hounsfield = lungs.ct.hounsfield
    level = int(np.median(hounsfield[lungs.lungs > 0]))
    lesions = ((hounsfield > level + 120) & (hounsfield < level + 350) & (lungs.lungs > 0)).astype(np.uint8)
    found = gg.DependentDensity(position="supine")(gg.LesionCt(lungs, lesions))
    assert found["both lungs"].dependent_ml > 50
    front = gg.DependentDensity(position="prone")(gg.LesionCt(lungs, lesions))
    assert front["both lungs"].dependent_ml < 0.5 * found["both lungs"].dependent_ml
