from __future__ import annotations

import gzip
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import nibabel
import numpy as np
import pytest

import groundglass as gg
import small_study
from groundglass.widget import content

pytest.importorskip("ipyniivue", reason="the extra notebook is not installed")
traitlets = pytest.importorskip("traitlets")


@pytest.fixture(scope="module")
def result() -> gg.Result:
    return small_study.result()


def values(volume: Any) -> Any:
    packed = volume.data
    data = gzip.decompress(packed) if packed[:2] == b"\x1f\x8b" else packed
    return nibabel.Nifti1Image.from_bytes(data)


def test_the_volumes_are_the_crop_around_the_lungs(result: gg.Result) -> None:
    w = gg.view(result)
    image, *masks = (values(volume) for volume in w._canvas.volumes)
    crop = w._grid.crop
    part = np.s_[:, crop.top : crop.bottom, crop.left : crop.right]
    assert crop.right - crop.left < result.ct.shape[2]
    assert np.array_equal(np.asarray(image.dataobj).T, result.ct.hounsfield[part])
    assert image.header.get_zooms() == pytest.approx(result.ct.spacing_mm[::-1])
    assert nibabel.aff2axcodes(image.affine) == ("L", "P", "S")
    assert len(masks) == 3
    wanted = np.where((result.lungs > 0) & (result.lesions == 0), 3, result.lesions)[part]
    for mask in masks:
        assert np.array_equal(np.asarray(mask.dataobj).T, wanted)


def test_the_page_gets_the_numbers_of_the_result(result: gg.Result) -> None:
    summary = gg.view(result)._summary
    regions, grade = summary["regions"], summary["grade"]
    assert [row["region"] for row in regions] == [
        row.region for row in (*result.table.rows, *result.table.lobes)
    ]
    assert regions[0]["opacity_percent"] == result.opacity_percent
    assert grade["grade"] == result.ct_grade
    assert grade["probability"] is None  # the lesions were given
    for parts, entry in zip(summary["profile"], result.profile, strict=True):
        assert (parts is None) == (entry.lung_ml == 0)
        assert parts is None or sum(parts) == pytest.approx(entry.opacity_percent)
    most = max(entry.opacity_percent for entry in result.profile if entry.lung_ml > 10)
    assert most <= summary["top_percent"] < most + 5
    assert summary["positions_mm"] == [entry.position_mm for entry in result.profile]


def test_it_opens_at_the_slice_with_most_opacity(result: gg.Result) -> None:
    opacity = [entry.ground_glass_ml + entry.consolidation_ml for entry in result.profile]
    assert gg.view(result).slice == np.argmax(opacity)
    assert gg.view(result, slice=2).slice == 2


def test_a_study_on_its_way_shows_what_it_has(result: gg.Result) -> None:
    lesions = gg.view(result.lesion_ct)
    assert lesions.layers == ("ground_glass", "consolidation")
    assert lesions._summary["regions"] == gg.view(result)._summary["regions"]
    assert "grade" not in lesions._summary
    lungs = gg.view(result.lesion_ct.with_lungs)
    assert (lungs.layers, len(lungs._canvas.volumes)) == (("lung",), 2)
    bare = gg.view(result.ct)
    assert (bare.layers, len(bare._canvas.volumes)) == ((), 1)
    assert bare.slice == result.ct.shape[0] // 2
    assert bare._summary["positions_mm"] == pytest.approx([entry.position_mm for entry in result.profile])


def test_traits_are_checked_merged_and_observed(result: gg.Result) -> None:
    w = gg.view(result)
    seen: list[int] = []
    w.observe(lambda change: seen.append(change.new), "slice")
    w.slice = 5
    assert seen == [5]
    w.layers = ["lung", "ground_glass"]
    assert w.layers == ("ground_glass", "lung")
    w.colors = {"lung": "#00FF00"}
    assert w.colors == {"ground_glass": "#FFD400", "consolidation": "#FF3B30", "lung": "#00FF00"}
    w.opacity = {"lung": 1}
    assert w.opacity["lung"] == 1
    assert w.opacity["ground_glass"] < 1
    w.window = (-160, 240)
    assert w.window == (-160.0, 240.0)


@pytest.mark.parametrize(
    ("trait", "value", "message"),
    [
        ("slice", 24, "0 to 23, found 24"),
        ("slice", -1, "found -1"),
        ("layers", ("lungs",), "ground_glass, consolidation, lung, found 'lungs'"),
        ("colors", {"lung": "blue"}, "#RRGGBB, found 'blue'"),
        ("opacity", {"lung": 1.5}, "0 to 1, found 1.5"),
        ("window", (100, -100), "found (100, -100)"),
        ("planes", "coronal", "axial"),
    ],
)
def test_a_state_out_of_range_is_refused(result: gg.Result, trait: str, value: Any, message: str) -> None:
    w = gg.view(result)
    before = getattr(w, trait)
    with pytest.raises(traitlets.TraitError) as refusal:
        setattr(w, trait, value)
    assert message in str(refusal.value)
    assert getattr(w, trait) == before
    with pytest.raises(traitlets.TraitError):
        gg.view(result, **{trait: value})


def test_a_click_becomes_the_voxel_of_the_whole_volume(result: gg.Result) -> None:
    w = gg.view(result)
    crop = w._grid.crop
    # towards the patient's right, front and feet; then left, back and head
    w._located({"frac": [1.0, 1.0, 0.0]})
    assert w.cursor == (0, crop.top, crop.left)
    w._located({"frac": [0.0, 0.0, 1.0]})
    assert w.cursor == (23, crop.bottom - 1, crop.right - 1)
    assert w.slice == 23
    assert w._hounsfield == result.ct.hounsfield[w.cursor]
    w.slice = 4
    assert w._hounsfield is None


def test_large_volumes_are_thinned_out(result: gg.Result, monkeypatch: pytest.MonkeyPatch) -> None:
    w = gg.view(result, downsample=2)
    assert w._summary["thinned"] == 2
    assert values(w._canvas.volumes[0]).header.get_zooms()[:2] == pytest.approx((9.3, 9.3))
    w._located({"frac": [0.0, 0.0, 0.0]})
    assert w.cursor[1] in (w._grid.crop.bottom - 1, w._grid.crop.bottom - 2)
    size = len(gg.view(result)._canvas.volumes[0].data)
    monkeypatch.setattr(content, "MOST_BYTES", size // 3)
    assert len(gg.view(result)._canvas.volumes[0].data) <= size // 3
    with pytest.raises(ValueError, match="downsample must be 1 or more, found 0"):
        gg.view(result, downsample=0)


def test_without_a_kernel_the_output_shows_the_study(result: gg.Result) -> None:
    bundle, _ = gg.view(result)._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in bundle
    assert bundle["text/html"] == result._repr_html_()


def test_what_is_no_study_is_refused() -> None:
    with pytest.raises(TypeError, match=r"view takes a Result, .* found str"):
        gg.view("study/")  # type: ignore[arg-type]


def test_a_missing_package_names_the_extra(result: gg.Result, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "groundglass.widget.viewer", raising=False)
    monkeypatch.setitem(sys.modules, "ipyniivue", None)
    with pytest.raises(ImportError, match=r"pip install 'groundglass\[notebook\]'"):
        gg.view(result)


def test_importing_the_package_imports_no_widgets() -> None:
    code = (
        "import sys, groundglass; sys.exit(bool({'anywidget', 'ipywidgets', 'IPython'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_closing_closes_the_volumes_too(result: gg.Result) -> None:
    w = gg.view(result)
    parts: list[Callable[[], None]] = [w, w._canvas, *w._canvas.volumes]
    w.close()
    assert all(part.comm is None for part in parts)  # type: ignore[attr-defined]
