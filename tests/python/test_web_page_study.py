"""The page of a study in a real Chromium: the volume and its layers, the ways through it, figures, files."""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import numpy.typing as npt
import pytest

pytest.importorskip("playwright", reason="Playwright is not installed")

from playwright.sync_api import Page, expect

from groundglass.result import schema
from page_browser import (
    PATIENCE,
    Pages,
    change,
    decoded,
    download,
    drawn,
    missing,
    nifti,
    once,
    reddish,
    result_of,
    screen_pixels,
    set_input,
    shot,
    yellow,
)

pytestmark = [pytest.mark.long, pytest.mark.skipif(missing() is not None, reason=str(missing()))]


@pytest.fixture(scope="module")
def study_id(analysed: Callable[[str], str]) -> str:
    return analysed("study.zip")


@pytest.fixture(scope="module")
def found(page_server: httpx.Client, study_id: str) -> dict[str, Any]:
    """What the server says of the study."""
    return result_of(page_server, study_id)


@pytest.fixture
def study(page_server: httpx.Client, study_id: str, open_page: Pages) -> Page:
    """The page of the study with its volume on show."""
    page = open_page(page_server, f"#/r/{study_id}")
    expect(page.locator("canvas.volume")).to_be_visible(timeout=PATIENCE)
    drawn(page.locator("canvas.volume"), lambda shown: yellow(shown).any())
    return page


def test_figures_of_a_study(found: dict[str, Any], study: Page) -> None:
    result = found["result"]
    severity, uncertainty = result["severity"], result["uncertainty"]
    summary = study.locator(".summary")
    expect(summary).to_contain_text(f"{severity['opacity_percent']:.1f}")
    expect(summary).to_contain_text(
        f"{uncertainty['opacity_percent_lower']:.1f} to {uncertainty['opacity_percent_upper']:.1f}"
    )
    expect(summary).to_contain_text(severity["ct_grade_extent"])
    bars = summary.get_by_role("list", name="Probability of each grade").get_by_role("listitem")
    shares = [float(text.replace("%", "").split()[-1]) for text in bars.all_inner_texts()]
    assert shares == pytest.approx([100 * p for p in severity["probability"]["ct_grade_extent"]], abs=0.51)
    rows = study.get_by_role("region", name="Involvement by region").get_by_role("row")
    expect(rows).to_have_count(1 + len(result["regions"]))
    expect(rows.nth(1)).to_contain_text(f"{result['regions'][0]['ground_glass_ml']:,.1f}")
    expect(study.get_by_text("CT severity score (Pan 2020)")).to_be_visible()
    expect(study.get_by_text(result["input"]["sha256"])).to_be_visible()
    for note in result["notes"]:
        expect(study.get_by_text(note["text"])).to_be_visible()
    for row, cells in zip(result["regions"], rows.all()[1:], strict=True):
        assert cells.get_by_role("cell").first.inner_text() == f"{row['opacity_percent']:.2f}"
    shot(study, "study")


def test_layers_of_a_volume(study: Page) -> None:
    canvas = study.locator("canvas.volume")
    drawn(canvas, lambda shown: yellow(shown).sum() > 200 and reddish(shown).sum() > 50)
    study.get_by_role("checkbox", name="Ground glass").uncheck()
    drawn(canvas, lambda shown: not yellow(shown).any() and reddish(shown).sum() > 50)
    study.get_by_role("checkbox", name="Ground glass").check()
    set_input(study.get_by_label("Colour of Ground glass"), "#ff00ff")
    shown = drawn(canvas, lambda shown: pink(shown).sum() > 200)
    assert not yellow(shown).any()
    study.get_by_role("checkbox", name="Mask only").check()
    set_input(study.get_by_label("Opacity of Ground glass"), "100")
    shown = drawn(canvas, lambda shown: (shown == (255, 0, 255)).all(axis=-1).sum() > 200)
    middle = shown[30:-30, 30:-30]  # the letters of the sides lie outside
    grey = (np.ptp(middle, axis=-1) < 10) & (middle.max(axis=-1) > 20)
    assert not grey.any(), "nothing of the CT is left"


def pink(pixels: npt.NDArray[np.int16]) -> npt.NDArray[np.bool_]:
    """Where there is much more red and blue than green."""
    red, green, blue = np.moveaxis(pixels, -1, 0)
    found: npt.NDArray[np.bool_] = (red - green > 60) & (blue - green > 60)
    return found


def test_the_window_changes_the_grey_scale(study: Page) -> None:
    canvas = study.locator("canvas.volume")
    study.get_by_role("checkbox", name="Show original").check()
    lung = drawn(canvas, lambda shown: not yellow(shown).any())
    study.get_by_role("button", name="Mediastinum").click()
    drawn(canvas, lambda shown: change(lung, shown) > 10)
    study.get_by_label("Level, HU").fill("-600")
    study.get_by_label("Width, HU").fill("1500")
    drawn(canvas, lambda shown: change(lung, shown) < 1)


def test_zoom_and_pan(study: Page) -> None:
    canvas = study.locator("canvas.volume")
    study.get_by_role("checkbox", name="Show original").check()
    whole = drawn(canvas, lambda shown: not yellow(shown).any())
    study.get_by_role("button", name="Zoom in").click()
    larger = drawn(canvas, lambda shown: change(whole, shown) > 5)
    canvas.hover()
    study.mouse.down()
    study.mouse.move(400, 400, steps=3)
    study.mouse.up()
    drawn(canvas, lambda shown: change(larger, shown) > 2)
    study.get_by_role("button", name="Show the whole").click()
    drawn(canvas, lambda shown: change(whole, shown) < 1)


def test_the_patients_right_is_on_the_left(page_server: httpx.Client, study_id: str, study: Page) -> None:
    folder = f"/api/results/{study_id}/files"
    lungs, lesions = (
        nifti(page_server.get(f"{folder}/{name}").content) for name in ("lungs.nii.gz", "lesions.nii.gz")
    )
    sides = np.stack([((lesions > 0) & (lungs == side)).sum(axis=(0, 1)) for side in (1, 2)])
    index = int(np.argmax(np.abs(sides[0] - sides[1])))
    right = bool(sides[1, index] > sides[0, index])
    set_input(study.get_by_role("slider", name="Slice", exact=True), str(index))
    for name in ("Ground glass", "Consolidation"):
        set_input(study.get_by_label(f"Colour of {name}"), "#ffff00")
        set_input(study.get_by_label(f"Opacity of {name}"), "100")

    def on_the_right(pixels: npt.NDArray[Any]) -> bool | None:
        """Whether most of what is marked lies in the picture's left half; None for nothing marked."""
        marked = yellow(pixels)
        half = marked.shape[1] // 2
        return bool(marked[:, :half].sum() > marked[:, half:].sum()) if marked.any() else None

    drawn(study.locator("canvas.volume"), lambda shown: on_the_right(shown) == right)
    _, content = download(study, "This slice as PNG")
    assert on_the_right(decoded(content)[..., :3]) == right


def test_letters_of_the_sides(study: Page) -> None:
    frame = study.locator(".viewer-frame").bounding_box()
    left, right = (study.locator(".sides").get_by_text(side, exact=True) for side in "RL")
    assert left.bounding_box()["x"] < frame["x"] + 40
    assert right.bounding_box()["x"] > frame["x"] + frame["width"] - 40
    study.get_by_role("button", name="Three planes").click()
    expect(left).to_be_hidden()
    study.get_by_role("button", name="Русский").click()
    expect(left).to_be_hidden()
    study.get_by_role("button", name="Аксиально").click()
    expect(left).to_be_visible()


def test_ways_through_the_slices(found: dict[str, Any], study: Page) -> None:
    rows = found["result"]["slices"]
    count = len(rows)
    most = max(rows, key=lambda row: row["ground_glass_ml"] + row["consolidation_ml"])["slice"]
    caption, canvas = study.locator(".slice-caption"), study.locator("canvas.volume")

    def at(index: int) -> None:
        expect(caption).to_contain_text(f"Slice {index} of 0–{count - 1}")
        expect(canvas).to_have_attribute("aria-label", re.compile(f"^Slice {index} of 0–{count - 1}: "))

    at(most)
    before = screen_pixels(canvas)
    canvas.hover()
    study.mouse.wheel(0, 120)
    at(most - 1)
    drawn(canvas, lambda shown: change(before, shown) > 0.5)
    study.mouse.wheel(0, -120)
    at(most)
    canvas.focus()
    study.keyboard.press("ArrowUp")
    at(most + 1)
    study.keyboard.press("PageDown")
    at(max(0, most + 1 - 10))
    study.keyboard.press("Home")
    at(0)

    profile = study.get_by_role("slider", name="Slice profile")
    box = profile.bounding_box()
    profile.click(position={"x": 36 + 0.75 * (box["width"] - 48), "y": 40})
    at(int(0.75 * count))
    profile.focus()
    study.keyboard.press("ArrowLeft")
    at(int(0.75 * count) - 1)
    study.get_by_role("slider", name="Slice", exact=True).focus()
    study.keyboard.press("End")
    at(count - 1)
    expect(profile).to_have_attribute("aria-valuenow", str(count - 1))


def test_three_planes(study: Page) -> None:
    study.get_by_role("button", name="Three planes").click()
    expect(study.get_by_role("button", name="Three planes")).to_have_attribute("aria-pressed", "true")
    caption, canvas = study.locator(".slice-caption"), study.locator("canvas.volume")
    before = caption.inner_text()
    shot(study, "three-planes")
    box = canvas.bounding_box()
    canvas.click(position={"x": 0.3 * box["width"], "y": 0.2 * box["height"]})
    expect(caption).not_to_have_text(before)


def test_files_of_a_study(found: dict[str, Any], study: Page) -> None:
    _, content = download(study, "All figures (JSON)")
    assert json.loads(content)["severity"] == found["result"]["severity"]
    assert set(schema()["required"]) <= set(json.loads(content))
    _, content = download(study, "Regions (CSV)")
    assert next(csv.DictReader(io.StringIO(content.decode())))["region"] == "both lungs"
    _, content = download(study, "Slices (CSV)")
    assert len(list(csv.DictReader(io.StringIO(content.decode())))) == found["shape"][0]
    for name, highest in (
        ("Lesion mask (NIfTI)", 2),
        ("Lung mask (NIfTI)", 2),
        ("Labels of the viewer (NIfTI)", 3),
    ):
        _, content = download(study, name)
        volume = nifti(content)
        assert volume.shape[::-1] == tuple(found["shape"])
        assert volume.max() == highest
    name, content = download(study, "Report (HTML)")
    assert name.endswith(".html")
    assert b"<html" in content[:200]
    with study.expect_popup() as opening:
        study.get_by_role("link", name="Open the report").click()
    expect(opening.value.locator("body")).to_contain_text(found["result"]["severity"]["ct_grade_extent"])
    _, content = download(study, "All slices and texts as zip")
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert {Path(name).suffix for name in archive.namelist()} == {".png", ".txt"}
    held = sum(row["lung_ml"] > 0 for row in found["result"]["slices"])
    assert len(archive.namelist()) == 2 * held


def test_pictures_until_the_volume_arrives(
    page_server: httpx.Client, study_id: str, open_page: Pages
) -> None:
    page = open_page(page_server)
    held: list[Any] = []
    page.route("**/shown.nii.gz", lambda route: held.append(route))
    page.goto(f"{page_server.base_url}#/r/{study_id}")
    picture, caption = page.locator("img.slice-picture"), page.locator(".slice-caption")
    expect(page.get_by_role("progressbar", name="Loading the volume")).to_be_visible()
    expect(page.get_by_role("button", name="Mediastinum")).to_be_disabled()
    drawn(picture, lambda shown: yellow(shown).any())
    shot(page, "study-arriving")
    before = caption.inner_text()
    page.get_by_role("slider", name="Slice profile").press("ArrowRight")
    expect(caption).not_to_have_text(before)
    moved = caption.inner_text()
    expect(picture).to_have_attribute("alt", re.compile(re.escape(moved.partition(" ·")[0])))
    page.get_by_role("checkbox", name="Show original").check()
    drawn(picture, lambda shown: not yellow(shown).any())
    once(lambda: (page.wait_for_timeout(20), held)[1], len)
    held[0].continue_()
    expect(page.locator("canvas.volume")).to_be_visible(timeout=PATIENCE)
    expect(page.get_by_role("button", name="Mediastinum")).to_be_enabled()
    expect(picture).to_have_count(0)
    expect(caption).to_have_text(moved)
    drawn(page.locator("canvas.volume"), lambda shown: shown.std() > 20 and not yellow(shown).any())


def test_a_volume_that_does_not_arrive(page_server: httpx.Client, study_id: str, open_page: Pages) -> None:
    page = open_page(page_server)
    page.route("**/shown.nii.gz", lambda route: route.abort())
    page.goto(f"{page_server.base_url}#/r/{study_id}")
    expect(page.locator(".viewer-frame").get_by_role("alert")).to_contain_text("The server can't be reached.")
    expect(page.locator("img.slice-picture")).to_be_visible()
    page.unroute("**/shown.nii.gz")
    page.get_by_role("button", name="Try again").click()
    expect(page.locator("canvas.volume")).to_be_visible(timeout=PATIENCE)


def test_a_volume_that_can_not_be_shown(page_server: httpx.Client, study_id: str, open_page: Pages) -> None:
    page = open_page(page_server)
    page.route(
        "**/assets/volume-viewer-*.js",
        lambda route: route.fulfill(body="throw Error()", content_type="text/javascript"),
    )
    page.goto(f"{page_server.base_url}#/r/{study_id}")
    expect(page.get_by_text("can't be shown here, so its slices are shown as pictures")).to_be_visible()
    expect(page.locator("img.slice-picture")).to_have_attribute("alt", re.compile("^Slice "))


def test_slices_are_pictures_without_webgl(
    page_server: httpx.Client, study_id: str, open_page: Pages
) -> None:
    page = open_page(page_server)
    page.evaluate("HTMLCanvasElement.prototype.getContext = () => null")
    page.evaluate("id => location.hash = `#/r/${id}`", study_id)
    expect(page.get_by_text("no WebGL 2")).to_be_visible()
    picture = page.locator("img.slice-picture")
    expect(picture).to_have_attribute("alt", re.compile("^Slice "))
    before = picture.get_attribute("src")
    page.get_by_role("checkbox", name="Mask only").check()
    expect(picture).not_to_have_attribute("src", str(before))
