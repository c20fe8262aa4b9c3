"""The page in a real Chromium against the real server: slices, archives, and who uses it how."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import httpx
import numpy as np
import pytest

pytest.importorskip("playwright", reason="Playwright is not installed")

from playwright.sync_api import expect

import groundglass as gg
import small_study
import web_helpers
from page_browser import (
    PATIENCE,
    Pages,
    analyse,
    as_png,
    canvas_pixels,
    choose,
    decoded,
    download,
    drawn,
    missing,
    once,
    result_of,
    set_input,
    shot,
    yellow,
)

pytestmark = [pytest.mark.long, pytest.mark.skipif(missing() is not None, reason=str(missing()))]


# --- a slice ------------------------------------------------------------------------------------------------


def test_a_slice_from_its_preview_to_its_layers(
    page_server: httpx.Client, uploads: Path, open_page: Pages
) -> None:
    page = open_page(page_server)
    shot(page, "start")
    choose(page, uploads / "slice.png")
    expect(page.get_by_alt_text("Preview of slice.png")).to_be_visible()
    expect(page.locator(".chosen")).to_contain_text(re.compile(r"[1-9]\d* kB"))
    shot(page, "chosen")
    page.get_by_role("button", name="Analyse").click()
    expect(page.get_by_role("heading", name="slice.png")).to_be_visible(timeout=PATIENCE)
    id = page.url.rpartition("/")[2]
    image = result_of(page_server, id)["images"][0]
    grey, labels = (
        decoded(page_server.get(f"/api/results/{id}/{image[key]}").content) for key in ("image", "labels")
    )
    assert {0, 1, 2, 3} <= set(np.unique(labels))

    canvas = page.locator("canvas.picture")
    expect(canvas).to_have_attribute("aria-label", re.compile(r"slice\.png.*ground glass .*CT-\d"))
    expect(page.locator(".big")).to_contain_text(f"{image['opacity_percent']:.1f}")
    page.get_by_role("button", name="Copy link").click()
    expect(page.get_by_text(re.compile(f"Link copied|{re.escape(page.url)}"))).to_be_visible()
    shot(page, "slice")

    expect(canvas).to_have_attribute("width", str(labels.shape[1]))
    half = np.rint(0.5 * grey[..., None] + 0.5 * np.array(gg.overlay.GROUND_GLASS))
    shown = canvas_pixels(page)
    assert np.abs(shown[labels == 1] - half[labels == 1]).max() <= 1
    assert np.array_equal(shown[labels == 3], np.repeat(grey[labels == 3][:, None], 3, axis=1))

    set_input(page.get_by_label("Opacity of Ground glass"), "100")
    set_input(page.get_by_label("Colour of Ground glass"), "#00ff80")
    assert np.all(canvas_pixels(page)[labels == 1] == (0, 255, 128))
    page.get_by_role("checkbox", name="Consolidation").uncheck()
    page.get_by_role("checkbox", name="Other lung").check()
    shown = canvas_pixels(page)
    assert np.array_equal(shown[labels == 2], np.repeat(grey[labels == 2][:, None], 3, axis=1))
    assert not np.array_equal(shown[labels == 3], np.repeat(grey[labels == 3][:, None], 3, axis=1))
    page.get_by_role("checkbox", name="Mask only").check()
    shown = canvas_pixels(page)
    assert not shown[(labels == 0) | (labels == 2)].any()
    assert np.all(shown[labels == 1] == (0, 255, 128))

    name, content = download(page, "This picture as PNG")
    painted = decoded(content)[..., :3]
    assert name.endswith(".png")
    assert np.abs(painted.astype(int) - shown).max() <= 1, "the file is what the screen shows"

    page.get_by_role("checkbox", name="Show original").check()
    assert np.array_equal(canvas_pixels(page), np.repeat(grey[..., None], 3, axis=2))

    _, content = download(page, "All pictures and texts as zip")
    with zipfile.ZipFile(io.BytesIO(content)) as found:
        assert sorted(Path(entry).suffix for entry in found.namelist()) == [".png", ".txt"]


def test_controls_of_absent_classes_are_hidden(page_server: httpx.Client, open_page: Pages) -> None:
    healthy = gg.phantom.make(5, ground_glass=0, consolidation=0, shape=small_study.SHAPE).hounsfield[10]
    id = web_helpers.send(page_server, as_png(healthy), "healthy.png").json()["id"]
    result = web_helpers.ended(page_server, id)["result"]["images"][0]
    page = open_page(page_server, f"#/r/{id}")
    expect(page.get_by_role("checkbox", name="Other lung")).to_be_visible()
    for name, key in (("Ground glass", "ground_glass_percent"), ("Consolidation", "consolidation_percent")):
        assert page.get_by_role("checkbox", name=name).count() == (1 if result[key] else 0)


def test_zoom_of_a_picture(
    page_server: httpx.Client, analysed: Callable[[str], str], open_page: Pages
) -> None:
    page = open_page(page_server, f"#/r/{analysed('slice.png')}")
    frame, canvas = page.locator(".viewer-frame"), page.locator("canvas.picture")
    expect(page.locator(".big")).to_be_visible()
    whole = canvas.bounding_box()

    def middle() -> float:
        """What part of the picture's width is in the middle of the frame."""
        outer, inner = frame.bounding_box(), canvas.bounding_box()
        return (outer["x"] + outer["width"] / 2 - inner["x"]) / inner["width"]

    page.get_by_role("button", name="Zoom in").click()
    page.get_by_role("button", name="Zoom in").click()
    assert canvas.bounding_box()["width"] == pytest.approx(1.96 * whole["width"], abs=2)
    assert middle() == pytest.approx(0.5, abs=0.01)
    frame.hover()
    page.mouse.down()
    page.mouse.move(300, 300, steps=4)
    page.mouse.up()
    dragged = once(middle, lambda place: place > 0.52)
    frame.focus()
    page.keyboard.press("ArrowLeft")
    once(middle, lambda place: place < dragged)
    shot(page, "slice-zoomed")
    page.get_by_role("button", name="Show the whole").click()
    assert canvas.bounding_box() == whole


# --- an archive ---------------------------------------------------------------------------------------------


def test_an_archive(page_server: httpx.Client, uploads: Path, open_page: Pages) -> None:
    page = open_page(page_server)
    analyse(page, uploads / "archive.zip")
    expect(page.get_by_text("This is the archive's picture 1 of 3.")).to_be_visible()
    expect(page.get_by_text("patient/broken.png")).to_be_visible()
    caption = page.locator(".slice-caption")
    expect(caption).to_have_text(re.compile(r"Picture 1 of 3 · patient/axial/\d+\.png"))
    items = page.get_by_role("list", name="Pictures of the archive").get_by_role("button")
    expect(items).to_have_count(3)
    expect(items.first).to_have_attribute("aria-current", "true")
    shot(page, "archive")

    page.locator("canvas.picture").hover()
    page.mouse.wheel(0, 120)
    expect(caption).to_contain_text("Picture 2 of 3")
    page.get_by_role("button", name="Next picture").click()
    expect(caption).to_contain_text("Picture 3 of 3")
    page.locator(".viewer-frame").focus()
    page.keyboard.press("ArrowLeft")
    expect(caption).to_contain_text("Picture 2 of 3")
    page.keyboard.press("End")
    expect(caption).to_contain_text("Picture 3 of 3")
    items.first.click()
    expect(caption).to_contain_text("Picture 1 of 3")
    assert [item.get_attribute("tabindex") for item in items.all()] == ["0", "-1", "-1"]
    page.keyboard.press("ArrowRight")
    expect(items.nth(1)).to_be_focused()

    _, content = download(page, "All pictures and texts as zip")
    with zipfile.ZipFile(io.BytesIO(content)) as found:
        names = found.namelist()
        texts = [found.read(name).decode() for name in names if name.endswith(".txt")]
    assert sum(name.endswith(".png") for name in names) == len(texts) == 3
    assert all("%" in text for text in texts)


# --- for everybody ------------------------------------------------------------------------------------------


def test_russian(page_server: httpx.Client, analysed: Callable[[str], str], open_page: Pages) -> None:
    page = open_page(page_server, locale="ru-RU")
    expect(page.get_by_role("heading", name="Какая часть лёгких поражена?")).to_be_visible()
    expect(page.locator("html")).to_have_attribute("lang", "ru")
    page.get_by_role("button", name="English").click()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    study = analysed("study.zip")
    page.goto(f"{page_server.base_url}#/r/{study}")
    expect(page.locator("canvas.volume")).to_be_visible(timeout=PATIENCE)
    page.get_by_role("button", name="Русский").click()
    expect(page.get_by_role("button", name="Русский")).to_be_focused()
    severity = result_of(page_server, study)["result"]["severity"]
    expect(page.locator(".big")).to_contain_text(f"{severity['opacity_percent']:.1f}".replace(".", ","))
    expect(page.locator(".grade-name")).to_have_text(severity["ct_grade_extent"].replace("CT", "КТ"))
    drawn(page.locator("canvas.volume"), lambda shown: yellow(shown).any())  # it came through the change
    page.reload()
    expect(page.locator("html")).to_have_attribute("lang", "ru")


def test_every_error_has_its_russian_sentence() -> None:
    python = Path(__file__).parents[2] / "python"
    package = python / "groundglass" / "web"
    russian = (python / "frontend" / "src" / "i18n" / "ru.ts").read_text("utf-8")
    known = set(
        re.findall(r"^    (\w+):", russian.partition("  errors: {")[2].partition("  },")[0], re.MULTILINE)
    )
    sources = "".join(path.read_text("utf-8") for path in package.glob("*.py"))
    raised = set(re.findall(r"(?:Refused\(\s*|code=)\"(\w+)\"", sources))
    not_for_people = {"bad_option", "length_required", "not_shared", "other_origin", "unknown_host"}
    assert raised - not_for_people <= known


def test_dates_name_their_month(
    page_server: httpx.Client, analysed: Callable[[str], str], open_page: Pages
) -> None:
    page = open_page(page_server, f"#/r/{analysed('slice.png')}", locale="en-US")
    expect(page.locator(".result-head")).to_contain_text(
        re.compile(r"Slice · Kept until \d{1,2} [A-Z][a-z]+ 20\d\d, \d\d:\d\d")
    )


def test_by_keyboard_alone(page_server: httpx.Client, uploads: Path, open_page: Pages) -> None:
    page = open_page(page_server)

    def reach(name: str) -> None:
        """Goes on with the tab key until the focus is there."""
        for _ in range(60):
            page.keyboard.press("Tab")
            focused = page.evaluate(
                """() => {
                    const at = document.querySelector(":is(a, button, input, canvas, svg):focus-visible");
                    return at?.ariaLabel ?? at?.labels?.[0]?.innerText ?? at?.innerText ?? "";
                }"""
            )
            if name in focused:
                return
        raise AssertionError(f"the tab key does not lead to {name}")

    expect(page.get_by_text("Up to")).to_be_visible()
    reach("Skip to the content")
    page.keyboard.press("Enter")
    reach("Choose a file")
    with page.expect_file_chooser() as chooser:
        page.keyboard.press("Enter")
    chooser.value.set_files(uploads / "chest.nii.gz")
    expect(page.get_by_role("button", name="Analyse")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("canvas.volume")).to_be_visible(timeout=PATIENCE)
    reach("Mediastinum")
    page.keyboard.press("Enter")
    reach(" of 0–23: ")  # the canvas says which slice it shows
    before = page.locator(".slice-caption").inner_text()
    page.keyboard.press("ArrowUp")
    expect(page.locator(".slice-caption")).not_to_have_text(before)
    reach("Slice profile")
    page.keyboard.press("ArrowRight")
    reach("Ground glass")
    page.keyboard.press("Space")
    expect(page.get_by_role("checkbox", name="Ground glass")).not_to_be_checked()
    reach("Opacity of Consolidation")
    page.keyboard.press("ArrowRight")
    expect(page.get_by_label("Opacity of Consolidation")).to_have_value("51")
    reach("Open the report")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_narrow_screen(
    page_server: httpx.Client, analysed: Callable[[str], str], open_page: Pages, scheme: str
) -> None:
    page = open_page(page_server, viewport={"width": 380, "height": 800}, color_scheme=scheme, locale="ru-RU")
    for name in ("", "slice.png", "archive.zip", "study.zip"):
        page.goto(f"{page_server.base_url}#/{'r/' + analysed(name) if name else ''}")
        expect(page.locator("canvas.volume, canvas.picture, .zone").first).to_be_visible(timeout=PATIENCE)
        assert page.evaluate("() => document.scrollingElement.scrollWidth") <= 380
        shot(page, f"narrow-{scheme}-{name.partition('.')[0] or 'start'}")


def test_licences_and_disclaimer(page_server: httpx.Client, open_page: Pages) -> None:
    page = open_page(page_server)
    expect(page.get_by_text("Not a medical device")).to_be_visible()
    for terms in ("terms of COVID-SemiSeg", "terms of LCTSC"):
        expect(page.get_by_text(terms)).to_be_visible()
    expect(page.get_by_text(gg.__version__)).to_be_visible()
    expect(page.get_by_text("deleted after 24 h")).to_be_visible()
    address = page.get_by_role("link", name="Licences of this page's parts").get_attribute("href")
    text = page_server.get(address).text
    assert re.search(r"niivue.*BSD-2-Clause\)\s+BSD 2-Clause License\s+Copyright", text)
