from __future__ import annotations

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
