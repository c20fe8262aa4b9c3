from __future__ import annotations

import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import groundglass as gg


def study(seed: int, shape: tuple[int, int, int] = (10, 8, 9)) -> gg.LesionCt:
    random = np.random.default_rng(seed)
    ct = gg.CtVolume(
        random.integers(-1000, 400, shape, dtype=np.int16), spacing_mm=(2.5, 0.7, 0.8), origin_mm=(0, 0, -100)
    )
    lungs = random.integers(0, 3, shape, dtype=np.uint8)
    lesions = random.choice(np.array([0, 0, 0, 1, 2], np.uint8), shape)
    return gg.LesionCt(gg.LungCt(ct, lungs), lesions)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_table_equals_numpy(seed: int) -> None:
    lesion = study(seed)
    rows = {row.region: row for row in gg.Involvement()(lesion).rows}
    hounsfield = lesion.ct.hounsfield.astype(float)
    for name, lung in (("both lungs", lesion.lungs > 0), ("left lung", lesion.lungs == 1)):
        opacity = lung & (lesion.lesions > 0)
        row = rows[name]
        assert row.lung_ml == pytest.approx(lung.sum() * 2.5 * 0.7 * 0.8 / 1000)
        assert row.opacity_percent == pytest.approx(100 * opacity.sum() / lung.sum())
        assert row.lung_hu_mean == pytest.approx(hounsfield[lung].mean())
        assert row.lung_hu_sd == pytest.approx(hounsfield[lung].std())
        assert row.opacity_hu_sd == pytest.approx(hounsfield[opacity].std())


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_profile_reconciles_with_the_percentage(seed: int) -> None:
    lesion = study(seed)
    profile = gg.SliceProfile()(lesion)
    ml = np.array([entry.lung_ml for entry in profile])
    percent = np.array([entry.opacity_percent for entry in profile])
    assert np.average(percent[ml > 0], weights=ml[ml > 0]) == pytest.approx(
        gg.Involvement()(lesion)["both lungs"].opacity_percent
    )


def test_the_table_is_the_same_for_any_order_of_rows_and_columns() -> None:
    lesion = study(3)
    turned = gg.LesionCt(
        gg.LungCt(
            gg.CtVolume(lesion.ct.hounsfield[:, ::-1, ::-1], spacing_mm=(2.5, 0.7, 0.8)),
            lesion.lungs[:, ::-1, ::-1],
        ),
        lesion.lesions[:, ::-1, ::-1],
    )
    assert gg.Involvement()(turned).to_dict() == gg.Involvement()(lesion).to_dict()


def test_pipe_composes_and_applies() -> None:
    lesion = study(1)
    stage = gg.Involvement() | gg.Scores() | (lambda scores: scores.ct_grade_extent)
    assert isinstance(stage, gg.Pipeline)
    assert (lesion | stage) == gg.Scores()(gg.Involvement()(lesion)).ct_grade_extent
    assert 0.03 | gg.Thresholds.published() == "B"
    with pytest.raises(TypeError):
        gg.Involvement() | 3  # type: ignore[operator]
    with pytest.raises(TypeError):
        lesion | gg.Scores()  # type: ignore[operator]


@pytest.mark.parametrize(
    "stage",
    [
        gg.Involvement(high_opacity="above_minus_200_hu"),
        gg.SliceProfile(minimum_lung_ml=1.5),
        gg.Scores(absent_below=0.01),
        gg.Thresholds(cuts=(0.1, 0.2), classes=("a", "b", "c")),
    ],
)
def test_stages_are_values(stage: object) -> None:
    assert eval(repr(stage), {type(stage).__name__: type(stage)}) == stage
    assert pickle.loads(pickle.dumps(stage)) == stage
    assert stage != gg.Involvement()


def test_volumes_survive_pickling() -> None:
    lesion = study(5)
    copy = pickle.loads(pickle.dumps(lesion))
    assert np.array_equal(copy.lesions, lesion.lesions)
    assert np.array_equal(copy.ct.hounsfield, lesion.ct.hounsfield)
    assert copy.ct.origin_mm == lesion.ct.origin_mm


def test_tables_survive_pickling() -> None:
    lesion = study(6)
    table = gg.Involvement()(lesion)
    for value in (table, table["left lung"], gg.Scores()(table), gg.SliceProfile()(lesion)[2]):
        assert repr(pickle.loads(pickle.dumps(value)).to_dict()) == repr(value.to_dict())
    copy = pickle.loads(pickle.dumps(table))
    assert copy.opacity_fraction == table.opacity_fraction


def test_views_are_not_copies_and_outlive_the_volume() -> None:
    ct = gg.CtVolume(np.full((2, 3, 4), -800, np.int16), spacing_mm=(1, 1, 1))
    view = ct.hounsfield
    assert view.ctypes.data == ct.hounsfield.ctypes.data
    assert not view.flags.writeable
    del ct
    assert (view == -800).all()


def test_wrong_arrays_are_named() -> None:
    array = np.zeros((2, 3, 4), np.int16)
    with pytest.raises(TypeError, match=r"hounsfield: dtype int16 is needed, found float64"):
        gg.CtVolume(array.astype(float), spacing_mm=(1, 1, 1))
    with pytest.raises(ValueError, match="3 dimensions are needed, found 2"):
        gg.CtVolume(array[0], spacing_mm=(1, 1, 1))
    with pytest.raises(ValueError, match="spacing_mm"):
        gg.CtVolume(array, spacing_mm=(0, 1, 1))
    ct = gg.CtVolume(array, spacing_mm=(1, 1, 1))
    with pytest.raises(ValueError, match="shape differs"):
        gg.LungCt(ct, np.zeros((2, 3, 3), np.uint8))
    with pytest.raises(ValueError, match="value 7"):
        gg.LungCt(ct, np.full((2, 3, 4), 7, np.uint8))
    with pytest.raises(ValueError, match="high_opacity"):
        gg.Involvement(high_opacity="white")  # type: ignore[arg-type]


def test_pandas_rows_in_order() -> None:
    pandas = pytest.importorskip("pandas")
    frame = gg.Involvement()(study(2)).to_pandas()
    assert isinstance(frame, pandas.DataFrame)
    assert list(frame.region[:3]) == ["both lungs", "left lung", "right lung"]
    assert len(frame) == 9
