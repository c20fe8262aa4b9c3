from __future__ import annotations

import pickle

import numpy as np
import pytest

import groundglass as gg


@pytest.mark.parametrize(
    ("fraction", "grade"),
    [(0, "CT-0"), (0.001, "CT-1"), (0.25, "CT-2"), (0.4999, "CT-2"), (0.5, "CT-3"), (0.75, "CT-4")],
)
def test_extent(fraction: float, grade: str) -> None:
    assert gg.ct_grade_by_extent(fraction) == grade


def test_a_percentage_is_not_a_fraction() -> None:
    with pytest.raises(ValueError, match="not in percent"):
        gg.ct_grade_by_extent(12.5)
    with pytest.raises(ValueError, match="not in percent"):
        gg.Thresholds.published()(6.2)


def test_published_thresholds() -> None:
    stage = gg.Thresholds.published()
    assert stage.cuts == (0.018, 0.062)
    assert [stage(x) for x in (0, 0.0179, 0.018, 0.0619, 0.062, 1)] == ["A", "A", "B", "B", "C", "C"]
    assert stage.index(0.05) == 1


def test_wrong_thresholds() -> None:
    with pytest.raises(ValueError, match="ascend"):
        gg.Thresholds(cuts=(0.2, 0.1), classes=("a", "b", "c"))
    with pytest.raises(ValueError, match="class names"):
        gg.Thresholds(cuts=(0.2,), classes=("a",))


def test_the_pattern_rule() -> None:
    assert gg.ct_grade_by_pattern(0.03, 0.01) == "CT-3"
    assert gg.ct_grade_by_pattern(0.6, 0) == "CT-3"
    assert gg.ct_grade_by_pattern(0.6, 0, compatible=True) is None
    assert gg.ct_grade_by_pattern(0.3, 0.004) == "CT-2"
    assert gg.ct_grade_by_pattern(0.005, 0, compatible=True) == "CT-0"
    assert gg.ct_grade_by_pattern(0.015, 0, compatible=True) == "CT-1"
    with pytest.raises(ValueError, match="not in percent"):
        gg.ct_grade_by_pattern(3, 1)
    with pytest.raises(ValueError, match="add up"):
        gg.ct_grade_by_pattern(0.7, 0.7)


def test_the_published_rule_equals_its_table() -> None:
    for g in range(101):
        for k in range(101 - g):
            expected = (
                "CT-4"
                if g + k >= 75
                else "CT-3"
                if k
                else ("CT-0" if g == 0 else "CT-1" if g < 25 else "CT-2" if g < 50 else None)
            )
            assert gg.ct_grade_by_pattern(g / 100, k / 100, compatible=True) == expected, (g, k)


def test_named_scores() -> None:
    lobes = [0, 0.03, 0.1, 0.25, 0.8]
    assert gg.extent_score(lobes, convention="ctss_pan2020") == 0 + 1 + 2 + 3 + 5
    assert gg.extent_score(lobes, convention="ctss_francone") == 0 + 1 + 2 + 2 + 5
    assert gg.extent_score(lobes, convention="tss") == 0 + 1 + 1 + 1 + 4
    assert gg.extent_score(lobes, convention="tss", absent_below=0.05) == 0 + 0 + 1 + 1 + 4
    assert gg.extent_score([0.5] * 20, convention="ct_ss_segments") == 40
    assert [gg.extent_score([x], convention="ct_ss") for x in (0, 0.05, 0.25, 0.5, 0.75)] == [1, 2, 3, 4, 5]
    with pytest.raises(ValueError, match="lss: 5 fractions are needed"):
        gg.extent_score([0.1], convention="lss")
    with pytest.raises(ValueError, match="not in percent"):
        gg.extent_score([12.0] * 5, convention="lss")
    with pytest.raises(ValueError, match="must be one of 'ctss_pan2020'"):
        gg.extent_score(lobes, convention="ctss")


def test_every_convention_has_a_source() -> None:
    highest = {found["convention"]: found["highest"] for found in gg.extent_conventions()}
    assert highest == highest | {
        "ctss_pan2020": 25,
        "ctss_francone": 25,
        "lss": 20,
        "lhos": 20,
        "tss": 20,
        "tfs": 24,
        "ct_ss": 5,
        "ct_ss_segments": 40,
    }
    assert all(len(found["source"]) > 20 for found in gg.extent_conventions())


def small_lungs() -> gg.LesionCt:
    """Left lung in the columns 2 and 3, right in 0 and 1; twelve slices, the lowest three diseased."""
    shape = (12, 4, 4)
    lungs = np.full(shape, 2, np.uint8)
    lungs[:, :, 2:] = 1
    lesions = np.zeros(shape, np.uint8)
    lesions[:3] = 1
    lesions[:1] = 2
    ct = gg.CtVolume(np.full(shape, -700, np.int16), spacing_mm=(10, 10, 10))
    return gg.LesionCt(gg.LungCt(ct, lungs), lesions)


def lobe_map() -> np.ndarray:
    lobes = np.zeros((12, 4, 4), np.uint8)
    lobes[:6, :, 2:], lobes[6:, :, 2:] = 2, 1
    lobes[:6, :, :2], lobes[6:8, :, :2], lobes[8:, :, :2] = 5, 4, 3
    return lobes


def test_scores_of_thirds_and_of_lobes() -> None:
    study = small_lungs()
    thirds = gg.Scores()(gg.Involvement()(study))
    assert thirds.lobes == "thirds"
    assert (thirds.tfs, thirds.tfs_consolidation, thirds.ct_ss_segments) == (8, 4, None)
    assert thirds.tss == 0 + 3 + 0 + 0 + 3  # 3 of the 4 lowest slices: 75 %
    assert thirds.ctss_pan2020 == 10
    assert (thirds.ct_grade_extent, thirds.ct_grade_rule) == ("CT-2", "CT-3")

    divided = gg.with_segments(gg.with_lobes(study.with_lungs, lobe_map()), np.ones((12, 4, 4), np.uint8))
    assert np.array_equal(divided.lobes, lobe_map())
    assert [note.code for note in divided.notes] == []
    table = gg.Involvement()(gg.LesionCt(divided, study.lesions))
    assert [row.region for row in table.lobes][:2] == ["left upper lobe", "left lower lobe"]
    assert table["right lower lobe"].opacity_percent == 50
    assert len(table.to_dict()) == 9 + 5 + 20
    assert table.to_dict()[14]["region"] == "segment 1"
    scores = gg.Scores()(table)
    assert scores.lobes == "lobe_map"
    assert scores.tss == 2 + 2
    assert scores.ctss_pan2020 == 4 + 4
    assert scores.ct_ss_segments is None  # nineteen segments have no lung
    for value in (table, scores, divided, table.segments[0]):
        copy = pickle.loads(pickle.dumps(value))
        if isinstance(value, gg.LungCt):
            assert np.array_equal(copy.lobes, value.lobes)
            assert np.array_equal(copy.segments, value.segments)
        else:
            assert repr(copy.to_dict()) == repr(value.to_dict())
    assert study.with_lungs.lobes is None


def test_any_map_of_labels() -> None:
    study = small_lungs()
    labels = np.zeros((12, 4, 4), np.uint8)
    labels[:3], labels[3:6] = 1, 3
    parts = gg.involvement_by_label(study, labels, 3)
    assert [part.opacity_percent for part in parts] == pytest.approx([100, np.nan, 0], nan_ok=True)
    with pytest.raises(ValueError, match="labels go from 0 to 2, found 3"):
        gg.involvement_by_label(study, labels, 2)
    with pytest.raises(TypeError, match="labels: dtype uint8"):
        gg.involvement_by_label(study, labels.astype(int), 3)


def test_odd_maps_of_lobes() -> None:
    lungs = small_lungs().with_lungs
    with pytest.raises(ValueError, match="3 lie on the left and 2 on the right"):
        gg.with_lobes(lungs, lobe_map()[:, :, ::-1])
    none = np.where(lobe_map() == 4, 0, lobe_map()).astype(np.uint8)
    assert [note.code for note in gg.with_lobes(lungs, none).notes] == ["lobe_missing"]
    with pytest.raises(ValueError, match="does not meet the lungs"):
        gg.with_lobes(lungs, np.zeros((12, 4, 4), np.uint8))
    with pytest.raises(ValueError, match="the value 9 in the lungs"):
        gg.with_lobes(lungs, np.full((12, 4, 4), 9, np.uint8))
    with pytest.raises(ValueError, match="shape"):
        gg.with_lobes(lungs, np.ones((3, 4, 4), np.uint8))
