"""Aeration of the lungs: against NumPy, on made-up lungs of known compartments, and in every output."""

from __future__ import annotations

import copy
import csv
import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import groundglass as gg
import small_study
from dicom_factory import write_series
from groundglass.cli import main
from groundglass.findings.records import AERATION_COLUMNS
from groundglass.html.compartments import COMPARTMENTS, ranges
from report_pages import Page, lobes_and_segments

SPACING = (2.5, 0.7, 0.8)
VOXEL_ML = 2.5 * 0.7 * 0.8 / 1000
PUBLISHED = (-900, -500, -100, 100)


def study(seed: int, low: int = -1100, high: int = 300) -> gg.LesionCt:
    """Random HU in lungs full of holes, with lobes by height and segments that part them anyhow."""
    random = np.random.default_rng(seed)
    shape = (9, 8, 7)
    ct = gg.CtVolume(random.integers(low, high, shape, dtype=np.int16), spacing_mm=SPACING)
    height, _, column = np.indices(shape)
    sides = np.where(random.random(shape) < 0.8, np.where(column > 3, 1, 2), 0).astype(np.uint8)
    thirds = height // 3
    lobes = np.choose(sides, (0, np.where(thirds > 0, 1, 2), 5 - thirds)).astype(np.uint8)
    lungs = gg.with_lobes(gg.LungCt(ct, sides), lobes)
    lungs = gg.with_segments(lungs, random.integers(0, 21, shape, dtype=np.uint8))
    return gg.LesionCt(lungs, random.choice(np.array([0, 0, 1, 2], np.uint8), shape))


def lungs_of(hounsfield: npt.NDArray[np.int16], **known: Any) -> gg.LungCt:
    """A volume that is all right lung."""
    ct = gg.CtVolume(hounsfield, spacing_mm=known.pop("spacing_mm", SPACING), **known)
    return gg.LungCt(ct, np.full(hounsfield.shape, 2, np.uint8))


def parts_of(lesion: gg.LesionCt) -> dict[str, npt.NDArray[np.bool_]]:
    """The voxels of every row by its name."""
    lungs, zones = lesion.lungs, np.array(gg.zones_by_height(lesion.lungs))
    parts = {"both lungs": lungs > 0, "left lung": lungs == 1, "right lung": lungs == 2}
    for label, side in enumerate(("left", "right"), 1):
        for third in ("upper", "middle", "lower"):
            inside = (zones == third)[:, None, None]
            parts[f"{side} {third} third"] = (lungs == label) & inside
    names = ("left upper", "left lower", "right upper", "right middle", "right lower")
    lobes, segments = lesion.with_lungs.lobes, lesion.with_lungs.segments
    assert lobes is not None
    assert segments is not None
    parts |= {f"{name} lobe": (lungs > 0) & (lobes == place) for place, name in enumerate(names, 1)}
    return parts | {f"segment {place}": (lungs > 0) & (segments == place) for place in range(1, 21)}


def expected(hu: npt.NDArray[np.int16], bands: tuple[int, ...] = PUBLISHED) -> dict[str, float]:
    """The measures of these voxels, by NumPy."""
    values = hu.astype(float)
    first, second, third, last = bands
    inside = {
        "hyperinflated": values < first,
        "normally_aerated": (values >= first) & (values < second),
        "poorly_aerated": (values >= second) & (values < third),
        "non_aerated": (values >= third) & (values <= last),
        "denser": values > last,
    }
    gas, mass = np.clip(-values / 1000, 0, 1).sum(), np.clip((values + 1000) / 1000, 0, None).sum()
    return (
        {"lung_ml": len(values) * VOXEL_ML}
        | {f"{name}_ml": part.sum() * VOXEL_ML for name, part in inside.items()}
        | {f"{name}_percent": 100 * part.mean() for name, part in inside.items()}
        | {
            "low_attenuation_950_percent": 100 * (values < -950).mean(),
            "low_attenuation_910_percent": 100 * (values < -910).mean(),
            "perc15_hu": np.percentile(values, 15, method="inverted_cdf"),
            "mean_hu": values.mean(),
            "sd_hu": values.std(),
            "gas_ml": gas * VOXEL_ML,
            "lung_mass_g": mass * VOXEL_ML,
            "air_tissue_ratio": gas / mass if mass else np.nan,
        }
    )


@settings(max_examples=30, deadline=None)
@given(
    st.integers(0, 2**32 - 1),
    st.sampled_from([(-1100, 300), (-1024, -880), (-32768, 32767), (50, 4000)]),
    st.lists(st.integers(-1024, 3071), min_size=4, max_size=4, unique=True).map(sorted).map(tuple),
)
def test_every_row_equals_numpy(seed: int, between: tuple[int, int], bands: tuple[int, ...]) -> None:
    lesion = study(seed, *between)
    rows = gg.Aeration(bands_hu=bands)(lesion).to_dict()
    parts = parts_of(lesion)
    assert [row["region"] for row in rows] == list(parts)
    for row in rows:
        found = dict(row)
        hu = lesion.ct.hounsfield[parts[str(found.pop("region"))]]
        if len(hu):
            assert found == pytest.approx(expected(hu, bands), nan_ok=True)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_one_pass_gives_what_two_give(seed: int) -> None:
    lesion = study(seed)
    involvement, aeration = gg.Involvement(high_opacity="above_minus_200_hu"), gg.Aeration()
    one, other = gg.involvement_and_aeration(lesion, involvement=involvement, aeration=aeration)
    assert one.to_dict() == involvement(lesion).to_dict()
    assert other.to_dict() == aeration(lesion).to_dict()
    assert [row["region"] for row in one.to_dict()] == [row["region"] for row in other.to_dict()]


def test_lungs_of_known_compartments() -> None:
    """Layers of 10, 40, 30, 15 and 5 % at one HU each: every number can be said beforehand."""
    layers = {-960: 10, -850: 40, -300: 30, 40: 15, 300: 5}
    hounsfield = np.repeat(np.array(list(layers), np.int16), [20 * count for count in layers.values()])
    row = gg.Aeration()(lungs_of(hounsfield.reshape(20, 10, 10), spacing_mm=(10, 1, 1)))["both lungs"]
    assert row.lung_ml == pytest.approx(20)
    shares = [getattr(row, f"{name}_percent") for name in COMPARTMENTS]
    assert shares == pytest.approx([10, 40, 30, 15, 5])
    assert [getattr(row, f"{name}_ml") for name in COMPARTMENTS] == pytest.approx([2, 8, 6, 3, 1])
    assert (row.low_attenuation_950_percent, row.low_attenuation_910_percent) == pytest.approx((10, 10))
    assert row.perc15_hu == -850
    assert row.gas_ml == pytest.approx(2 * 0.96 + 8 * 0.85 + 6 * 0.3)
    assert row.lung_mass_g == pytest.approx(2 * 0.04 + 8 * 0.15 + 6 * 0.7 + 3 * 1.04 + 1 * 1.3)


def test_the_phantom_has_the_compartments_that_it_was_given() -> None:
    """Emphysema and consolidation painted into the lungs of the small phantom."""
    found = small_study.patient()
    hounsfield, lungs = found.hounsfield.copy(), found.lungs > 0
    hounsfield[lungs] = -850
    columns = np.arange(hounsfield.shape[2]) % 4
    hounsfield[lungs & (columns == 0)] = -970
    hounsfield[lungs & (columns == 1)] = 30
    ct = gg.CtVolume(hounsfield, spacing_mm=found.spacing_mm)
    row = gg.Aeration()(gg.LungCt(ct, found.lungs))["both lungs"]
    share = [100 * (lungs & (columns == column)).sum() / lungs.sum() for column in (0, 1)]
    assert row.hyperinflated_percent == row.low_attenuation_950_percent == pytest.approx(share[0])
    assert row.non_aerated_percent == pytest.approx(share[1])
    assert row.normally_aerated_percent == pytest.approx(100 - sum(share))


@pytest.mark.parametrize(
    ("hu", "name"),
    [
        (-901, "hyperinflated"),
        (-900, "normally_aerated"),
        (-501, "normally_aerated"),
        (-500, "poorly_aerated"),
        (-101, "poorly_aerated"),
        (-100, "non_aerated"),
        (100, "non_aerated"),
        (101, "denser"),
    ],
)
def test_an_edge_belongs_above_and_the_last_below(hu: int, name: str) -> None:
    row = gg.Aeration()(lungs_of(np.full((2, 2, 2), hu, np.int16)))["both lungs"]
    assert {one: getattr(row, f"{one}_percent") for one in COMPARTMENTS} == {
        one: 100.0 * (one == name) for one in COMPARTMENTS
    }


def test_ranges_in_words() -> None:
    assert ranges(PUBLISHED) == ["below −900", "−900 to −501", "−500 to −101", "−100 to 100", "above 100"]


@pytest.mark.parametrize(
    "wrong",
    [
        (),
        (-900, -500, -100),
        (-900, -500, -100, 100, 200),
        (-500, -900, -100, 100),
        (-900, -900, -100, 100),
        (-1025, -500, -100, 100),
        (-900, -500, -100, 3072),
        (-900.5, -500, -100, 100),
        ("a", "b", "c", "d"),
        None,
        5,
        "-900",
        (10**30, 10**31, 10**32, 10**33),
    ],
)
def test_wrong_bands_are_refused(wrong: Any) -> None:
    with pytest.raises(ValueError, match=r"aeration: the bands' edges must"):
        gg.Aeration(bands_hu=wrong)


def test_the_stage_is_a_value_and_composes() -> None:
    stage = gg.Aeration(bands_hu=np.array([-950, -600, -200, 60]))
    assert stage.bands_hu == (-950, -600, -200, 60)
    assert pickle.loads(pickle.dumps(stage)) == stage != gg.Aeration()
    lesion = study(1)
    volume = lesion | (stage | (lambda table: table.rows[0].gas_ml))
    assert volume == (lesion.with_lungs | stage)["both lungs"].gas_ml
    with pytest.raises(TypeError):
        lesion.ct | stage  # type: ignore[operator]


def test_the_table_survives_pickling_and_shows_itself() -> None:
    table = gg.Aeration()(lungs_of(np.full((4, 2, 2), -850, np.int16), spacing_mm=(5, 1, 1)))
    again = pickle.loads(pickle.dumps(table))
    assert str(again.to_dict()) == str(table.to_dict())  # the empty left lung has nan
    assert (again.bands_hu, again.notes) == (table.bands_hu, table.notes)
    assert len(table) == 9
    assert table[2].region == "right lung"
    assert np.isnan(table["left lung"].perc15_hu)
    with pytest.raises(KeyError):
        table["left upper lobe"]
    html = table._repr_html_()
    assert "−900 to −501 HU" in html
    assert table.notes[0].text in html


@pytest.mark.parametrize(
    ("known", "codes"),
    [
        ({}, []),
        ({"spacing_mm": (3.01, 1, 1)}, ["thick_slices"]),
        ({"spacing_mm": (10, 1, 1), "slice_thickness_mm": 1.25}, []),
        ({"slice_thickness_mm": 5}, ["thick_slices"]),
        ({"kernel": "B70f", "slice_thickness_mm": 8}, ["thick_slices", "sharp_kernel"]),
        ({"kernel": "BONEPLUS"}, ["sharp_kernel"]),
        ({"kernel": "B30f"}, []),
    ],
)
def test_thick_slices_and_sharp_kernels_are_told(known: dict[str, Any], codes: list[str]) -> None:
    lungs = lungs_of(np.full((2, 2, 2), -850, np.int16), **known)
    assert [note.code for note in gg.Aeration()(lungs).notes] == codes
    assert [note.code for note in gg.Aeration()(copy.deepcopy(lungs)).notes] == codes


def test_a_dicom_header_tells_kernel_and_thickness(tmp_path: Path) -> None:
    def sharp(data: Any, _: int) -> None:
        data.ConvolutionKernel, data.SliceThickness = ["I70f", "3"], 1.0

    write_series(tmp_path / "study", spacing=(5, 0.7, 0.8), change=sharp)
    ct = gg.read_ct(tmp_path / "study")
    assert (ct.kernel, ct.slice_thickness_mm) == ("I70f\\3", 1.0)
    notes = gg.Aeration()(gg.LungCt(ct, np.ones(ct.shape, np.uint8))).notes
    assert [note.code for note in notes] == ["sharp_kernel"]


def analyzed(**options: Any) -> gg.Result:
    found = small_study.patient()
    return gg.analyze(found.volume, lungs=found.lungs, lesions=found.lesions, **options)


def test_a_result_holds_the_rows_of_the_regions(tmp_path: Path) -> None:
    result = analyzed(out=tmp_path / "out", extras=("parquet",), **lobes_and_segments())
    regions = [row["region"] for row in result.region_rows()]
    content = json.loads((tmp_path / "out" / "result.json").read_text(encoding="utf-8"))
    assert content["aeration"]["bands_hu"] == list(PUBLISHED)
    assert [row["region"] for row in content["aeration"]["regions"]] == regions
    assert all(list(row) == list(AERATION_COLUMNS) for row in content["aeration"]["regions"])
    with (tmp_path / "out" / "aeration.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["region"] for row in rows] == regions
    for written, kept in zip(rows, content["aeration"]["regions"], strict=True):
        numbers = {name: float(text) if text else None for name, text in written.items() if name != "region"}
        assert numbers == {name: value for name, value in kept.items() if name != "region"}
    parquet = pytest.importorskip("pyarrow.parquet").read_table(tmp_path / "out" / "aeration.parquet")
    assert parquet.column("gas_ml").to_pylist() == [row["gas_ml"] for row in content["aeration"]["regions"]]
    for involved, aerated in zip(result.region_rows(), result.aeration_rows(), strict=True):
        assert aerated["lung_ml"] == involved["lung_ml"]
        assert str(aerated["mean_hu"]) == str(involved["lung_hu_mean"])


def test_bands_of_a_result(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    result = analyzed(aeration_bands=(-950, -700, -200, 60))
    assert result.aeration.bands_hu == (-950, -700, -200, 60)
    with pytest.raises(ValueError, match="must rise"):
        analyzed(aeration_bands=(-500, -900, -100, 100))

    small_study.write(tmp_path)
    masks = ["--lungs", str(tmp_path / "lungs.nii.gz"), "--lesions", str(tmp_path / "lesions.nii.gz")]
    command = ["analyze", str(tmp_path / "ct.nii.gz"), *masks, "--json"]
    assert main([*command, "--aeration-bands", "-950,-700,-200,60"]) == 0
    content = json.loads(capsys.readouterr().out)
    assert content["aeration"]["bands_hu"] == [-950, -700, -200, 60]
    shares = [row["hyperinflated_percent"] for row in content["aeration"]["regions"]]
    assert shares == [row["hyperinflated_percent"] for row in result.aeration_rows()]
    for wrong in ("-950,-700", "-900,-500,-100,x", "-100,-500,-900,100", ""):
        assert main([*command, "--aeration-bands", wrong]) == 2
        captured = capsys.readouterr()
        assert captured.out == ""
        assert "bands" in captured.err


def test_notes_of_the_measuring_are_in_the_result() -> None:
    found = small_study.patient()
    ct = gg.CtVolume(found.hounsfield, spacing_mm=found.spacing_mm, kernel="LUNG", slice_thickness_mm=1)
    result = gg.analyze(ct, lungs=found.lungs, lesions=found.lesions)
    entries = [note for note in result.to_dict()["notes"] if note["stage"] == "quantification"]
    told = [(note["level"], note["code"]) for note in entries]
    assert told == [("info", "sharp_kernel"), ("info", "dependent_density_left_out")]
    page = Page(gg.report.html(result))
    assert entries[0]["text"] in page.words


def test_the_report_has_the_numbers() -> None:
    result = analyzed()
    rows = result.to_dict()["aeration"]["regions"]
    page = Page(gg.report.html(result))
    table = {row[0].lower(): row[1:] for row in page.tables["regions aeration"]}
    for row in rows:
        shown = table[row["region"]]
        assert shown[1] == f"{row['normally_aerated_percent']:.1f}"
        assert shown[7] == f"{row['perc15_hu']:.0f}".replace("-", "−")
        assert shown[8:10] == [f"{row['gas_ml']:.0f}", f"{row['lung_mass_g']:.0f}"]
    compartments = {row[0]: row[1:4] for row in page.tables["compartments"]}
    assert compartments["Non-aerated"] == [
        "−100 to 100",
        f"{rows[0]['non_aerated_ml']:.0f}",
        f"{rows[0]['non_aerated_percent']:.1f}",
    ]
