from __future__ import annotations

import dataclasses
import subprocess
import sys
from html.parser import HTMLParser
from typing import Any

import pytest

import groundglass as gg
import report_pages
import small_study
from groundglass import _core
from groundglass.widget import repr_html

VOID = {"img"}


@pytest.fixture(scope="module")
def result() -> gg.Result:
    return small_study.result()


class Page(HTMLParser):
    """What is in a piece of HTML; stops the test where an element is left open."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.attributes: list[str] = []
        self.texts: list[str] = []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [name for name, _ in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def __contains__(self, text: str) -> bool:
        return text in " ".join(self.texts).replace("\N{NO-BREAK SPACE}", " ")


def page(value: Any) -> Page:
    return Page(value._repr_html_())


def shown(result: gg.Result) -> list[Any]:
    stages = [gg.LungMask(), gg.Lobes(), gg.Involvement(), gg.InvolvementUncertainty(), gg.SliceProfile()]
    stages += [gg.Aeration(), gg.DependentDensity(), gg.Scores(), gg.SavitzkyGolay()]
    volumes = [result.ct, result.lesion_ct.with_lungs, result.lesion_ct]
    tables = [
        result.table,
        result.aeration,
        result.dependent,
        result.scores,
        result.thresholds,
        result.profile[9],
        uncertain(),
    ]
    probability = gg.grade_probability([0.05, 0.5, 0.95], [0.1, 0.2, 0.3], cuts=gg.ct_grade_cuts())
    pipeline = gg.LungMask() | gg.Involvement()
    return [result, *stages, *volumes, *tables, probability, pipeline]


def uncertain() -> gg.UncertaintyTable:
    """A table of intervals as an ensemble of two members gives it."""
    found = small_study.patient()
    spread = _core.LesionUncertainty(member_voxels=[1000, 1200])
    lungs = gg.with_lungs(found.volume, found.lungs)
    return gg.InvolvementUncertainty()(gg.LesionCt(lungs, found.lesions, uncertainty=spread))


def test_all_of_it_may_stand_on_one_page(result: gg.Result) -> None:
    for value in shown(result):
        found = page(value)
        assert not {"script", "style", "link", "iframe"} & set(found.tags), value
        assert "id" not in found.attributes, value
        assert not [name for name in found.attributes if name.startswith("on")], value


def test_every_compiled_class_with_html_says_so_in_the_stub(result: gg.Result) -> None:
    for cls in repr_html._DRAWN:
        assert "_repr_html_" in vars(cls)
    assert {type(value) for value in shown(result)} >= set(repr_html._DRAWN)


def test_a_result_shows_what_matters(result: gg.Result) -> None:
    found = page(result)
    for text in ("CT-1", "11.0 %", "of the lungs is opacity", "class C", "both lungs", "right lower third"):
        assert text in found, text
    assert "not a medical device" in found
    assert found.tags.count("img") == 1
    assert len(result._repr_html_()) < 200_000


def test_the_interval_is_named_by_its_coverage(result: gg.Result) -> None:
    assert "90 % interval" in page(report_pages.calibrated())
    assert "interval" not in page(result)


def test_warnings_are_shown_escaped_and_without_uids(result: gg.Result) -> None:
    note = gg.Note("warning", "x", "<script>alert(1)</script> in 1.2.840.113619.2.55.3")
    noted = dataclasses.replace(result, stage_notes={"read": [note]})
    found = page(noted)
    assert "<script>alert(1)</script>" in found
    assert "script" not in found.tags
    assert "1.2.840" not in found


def test_the_numbers_are_those_of_the_table(result: gg.Result) -> None:
    found = page(result.table)
    for row in result.table.rows:
        assert row.region in found
        assert f"{row.lung_ml:.0f}" in found
        assert f"{row.opacity_percent:.1f} %" in found


def test_scores_say_what_they_are(result: gg.Result) -> None:
    found = page(result.scores)
    assert "0–25, Pan et al. 2020" in found
    assert "–" in found.texts  # the score of segments needs their map


def test_thresholds_show_their_ranges() -> None:
    found = page(gg.Thresholds(cuts=[0.018, 0.062], classes=["A", "<B>", "C"]))
    assert "0 % to 1.8 %" in found
    assert "6.2 % to 100 %" in found
    assert "<B>" in found


def test_uncertainty_without_a_calibration_says_so() -> None:
    assert "Not calibrated" in page(uncertain())


def test_a_pipeline_shows_stages_and_options() -> None:
    found = page(gg.LungMask(closing_mm=6) | len | gg.Involvement(high_opacity="above_minus_200_hu"))
    texts = [text for text in found.texts if text in ("LungMask", "→", "len", "Involvement")]
    assert texts == ["LungMask", "→", "len", "→", "Involvement"]
    assert "closing mm" in found
    assert "6.0" in found
    assert "above_minus_200_hu" in found


def test_a_stage_names_its_models_not_their_place() -> None:
    if reason := small_study.segmentation_missing():
        pytest.skip(reason)
    from groundglass.segmentation import Ensemble

    found = page(Ensemble())
    assert "ensemble-lite, inf-net-lite" in found
    assert "/" not in found


def test_volumes_show_a_slice_and_their_size(result: gg.Result) -> None:
    ct, lungs, lesions = (page(v) for v in (result.ct, result.lesion_ct.with_lungs, result.lesion_ct))
    assert "24 of 80 × 80" in ct
    assert "12.5 × 4.65 × 4.65 mm" in ct
    assert "Lungs" not in ct
    assert "3903 ml" in lungs
    assert "Ground glass" in lesions
    assert "312 ml" in lesions
    assert [found.tags.count("img") for found in (ct, lungs, lesions)] == [1, 1, 1]


def test_without_pillow_there_is_only_no_picture(result: gg.Result, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "PIL", None)
    found = page(result)
    assert "img" not in found.tags
    assert "11.0 %" in found


def test_importing_the_package_imports_no_pillow() -> None:
    code = "import sys, groundglass; sys.exit('PIL' in sys.modules or 'torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
