"""The page in a real Chromium against the real server: slices, archives, uploads, and who uses it how."""

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
    missing,
    result_of,
    screen_pixels,
    set_input,
    shot,
    slice_png,
    slow_uploads,
    yellow,
)

pytestmark = pytest.mark.skipif(missing() is not None, reason=str(missing()))


# --- a slice ------------------------------------------------------------------------------------------------


def test_a_slice_from_its_preview_to_its_layers(
    page_server: httpx.Client, uploads: Path, open_page: Pages
) -> None:
    page = open_page(page_server)
    shot(page, "start")
    choose(page, uploads / "slice.png")
    expect(page.get_by_alt_text("Preview of slice.png")).to_be_visible()
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

    _, content = download(page, "All pictures and texts as zip")
    with zipfile.ZipFile(io.BytesIO(content)) as found:
        names = found.namelist()
        texts = [found.read(name).decode() for name in names if name.endswith(".txt")]
    assert sum(name.endswith(".png") for name in names) == len(texts) == 3
    assert all("%" in text for text in texts)


# --- uploading ----------------------------------------------------------------------------------------------


def test_progress_of_upload_and_analysis(page_server: httpx.Client, uploads: Path, open_page: Pages) -> None:
    page = open_page(page_server)
    choose(page, uploads / "chest.nii.gz")
    slow_uploads(page, 150_000)
    page.get_by_role("button", name="Analyse").click()
    expect(page.get_by_role("progressbar", name="Uploading")).to_be_visible()
    expect(page.locator(".progress-detail")).to_contain_text(re.compile(r"0\.[1-9] of \d\.\d MB"))
    expect(page.locator(".progress-percent")).to_contain_text(re.compile(r"[1-9]\d?\s%"))
    shot(page, "uploading")
    slow_uploads(page, -1)
    expect(page.get_by_role("heading", name="Analysing")).to_be_visible(timeout=PATIENCE)
    expect(page.locator(".progress-title")).to_have_text(
        re.compile("Starting|Reading|Finding|Marking|Measuring|Writing|Waiting")
    )
    expect(page.locator("canvas.volume")).to_be_visible(timeout=PATIENCE)


def test_cancelling_an_upload(page_server: httpx.Client, uploads: Path, open_page: Pages) -> None:
    page = open_page(page_server)
    choose(page, uploads / "study.zip")
    slow_uploads(page, 50_000)
    page.get_by_role("button", name="Analyse").click()
    expect(page.locator(".progress-percent")).to_contain_text(re.compile(r"[1-9]"))
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_text("Cancelled. Nothing is kept of it.")).to_be_visible()
    expect(page.get_by_role("button", name="Choose a file")).to_be_focused()
    expect(page.get_by_text("None yet.")).to_be_visible()


def test_cancelling_an_analysis(uploads: Path, open_page: Pages) -> None:
    with web_helpers.serving(web_helpers.patient) as server:
        page = open_page(server)
        choose(page, uploads / "study.zip")
        page.get_by_role("button", name="Analyse").click()
        expect(page.get_by_text("Marking ground glass and consolidation").first).to_be_visible(
            timeout=PATIENCE
        )
        expect(page.locator(".progress-detail")).to_contain_text(re.compile(r"\d+ of 1,000 slices"))
        shot(page, "analysing")
        id = page.url.rpartition("/")[2]
        other = open_page(server)
        choose(other, uploads / "slice.png")
        other.get_by_role("button", name="Analyse").click()
        expect(other.get_by_text("Place 1 in the queue")).to_be_visible(timeout=PATIENCE)
        page.get_by_role("button", name="Cancel").click()
        expect(page.get_by_text("Cancelled. Nothing is kept of it.")).to_be_visible()
        assert web_helpers.ended(server, id)["state"] == "cancelled"
        other.get_by_role("button", name="Cancel").click()
        expect(other.get_by_text("Cancelled. Nothing is kept of it.")).to_be_visible()


def test_a_folder_becomes_a_study(page_server: httpx.Client, uploads: Path, open_page: Pages) -> None:
    page = open_page(page_server)
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Choose a folder").click()
    chooser.value.set_files(uploads / "phantom" / "ct")
    expect(page.get_by_text("24 files, packed into one zip")).to_be_visible()
    page.get_by_role("button", name="Analyse").click()
    expect(page.get_by_role("heading", name="ct.zip")).to_be_visible(timeout=PATIENCE)
    expect(page.get_by_text("DICOM, 24 files")).to_be_visible()


def test_several_pictures_become_an_archive(
    page_server: httpx.Client, uploads: Path, open_page: Pages
) -> None:
    page = open_page(page_server)
    choose(page, uploads / "slice.png", uploads / "text.png")
    expect(page.get_by_text("images.zip")).to_be_visible()
    expect(page.get_by_text("2 files, packed into one zip")).to_be_visible()


def test_a_dropped_file_is_taken(page_server: httpx.Client, uploads: Path, open_page: Pages) -> None:
    page = open_page(page_server)
    transfer = page.evaluate_handle(
        """(bytes) => {
            const transfer = new DataTransfer();
            transfer.items.add(new File([new Uint8Array(bytes)], "dropped.png", { type: "image/png" }));
            return transfer;
        }""",
        list(slice_png()),
    )
    page.dispatch_event(".zone", "drop", {"dataTransfer": transfer})
    expect(page.get_by_alt_text("Preview of dropped.png")).to_be_visible()


@pytest.mark.parametrize(
    ("name", "said"),
    [("slices.rar", "RAR is a closed format"), ("text.png", "This type of file is not known")],
)
def test_an_error_is_told_in_its_place(
    page_server: httpx.Client, uploads: Path, open_page: Pages, name: str, said: str
) -> None:
    page = open_page(page_server)
    choose(page, uploads / name)
    if not name.endswith(".rar"):
        page.get_by_role("button", name="Analyse").click()
    expect(page.get_by_role("alert")).to_contain_text(said)
    expect(page.get_by_role("button", name="Choose a file")).to_be_visible()
    shot(page, f"error-{name.rpartition('.')[2]}")
    choose(page, uploads / "slice.png")
    expect(page.get_by_role("alert")).to_have_count(0)


def test_files_that_do_not_go_together(page_server: httpx.Client, uploads: Path, open_page: Pages) -> None:
    page = open_page(page_server)
    choose(page, uploads / "study.zip", uploads / "chest.nii.gz")
    expect(page.get_by_role("alert")).to_contain_text("not a mix of them")


# --- recents, delete ----------------------------------------------------------------------------------------


def test_recents_and_delete(page_server: httpx.Client, uploads: Path, open_page: Pages) -> None:
    page = open_page(page_server)
    job = web_helpers.send(page_server, slice_png(), "slice.png").json()
    page.evaluate("job => localStorage.setItem('groundglass.recent', JSON.stringify([job]))", job)
    analyse(page, uploads / "slice.png")
    page.get_by_role("link", name="New analysis").click()
    links = page.get_by_role("link", name="Open slice.png")
    expect(links).to_have_count(2)
    shot(page, "recents")
    page.get_by_role("button", name="Delete slice.png").last.click()
    expect(links).to_have_count(1)
    links.click()
    page.get_by_role("button", name="Delete").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Delete slice.png and everything found in it")
    dialog.get_by_role("button", name="Keep").click()
    page.get_by_role("button", name="Delete").click()
    id = page.url.rpartition("/")[2]
    dialog.get_by_role("button", name="Delete").click()
    expect(page.get_by_text("None yet.")).to_be_visible()
    assert page_server.get(f"/api/results/{id}").status_code == 404
    page.goto(f"{page_server.base_url}#/r/{id}")
    expect(page.get_by_role("alert")).to_contain_text("no such result")


def test_what_the_server_no_longer_has_is_forgotten(page_server: httpx.Client, open_page: Pages) -> None:
    page = open_page(page_server)
    entry = {"name": "old.png", "kind": "slice", "created": "2020-01-01", "expires": "2999-01-01"}
    page.evaluate(
        "entries => localStorage.setItem('groundglass.recent', JSON.stringify(entries))",
        [{"id": "x" * 43} | entry],
    )
    page.reload()
    expect(page.get_by_text("None yet.")).to_be_visible()


def test_a_shared_server_lists_everything(open_page: Pages) -> None:
    with web_helpers.serving(web_helpers.echo, shared=True) as server:
        web_helpers.send(server, slice_png(), "of somebody.png")
        page = open_page(server)
        expect(page.get_by_role("heading", name="Results on this server")).to_be_visible()
        expect(page.get_by_role("link", name="Open of somebody.png")).to_be_visible()


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
    assert yellow(screen_pixels(page.locator("canvas.volume"))).any(), "the volume came through the change"
    page.reload()
    expect(page.locator("html")).to_have_attribute("lang", "ru")


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
    expect(page.get_by_text("non-commercial use only")).to_be_visible()
    expect(page.get_by_text(gg.__version__)).to_be_visible()
    expect(page.get_by_text("deleted after 24 h")).to_be_visible()
    address = page.get_by_role("link", name="Licences of this page's parts").get_attribute("href")
    text = page_server.get(address).text
    assert re.search(r"niivue.*BSD-2-Clause\)\s+BSD 2-Clause License\s+Copyright", text)
