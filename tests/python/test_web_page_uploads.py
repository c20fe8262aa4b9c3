"""The ways to a result and away from it, in a real Chromium: uploads, errors, recents, deletion."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import httpx
import pytest

pytest.importorskip("playwright", reason="Playwright is not installed")

from playwright.sync_api import expect

import web_helpers
from page_browser import (
    PATIENCE,
    Pages,
    analyse,
    choose,
    missing,
    shot,
    slice_png,
    slow_uploads,
)

pytestmark = [pytest.mark.long, pytest.mark.skipif(missing() is not None, reason=str(missing()))]


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


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"status": 503, "json": {"error": {"code": "queue_full", "text": "Full."}}}, "queue is full"),
        (None, "Check the connection, then try again."),
    ],
)
def test_a_refused_upload_can_be_sent_again(
    page_server: httpx.Client, uploads: Path, open_page: Pages, answer: dict[str, Any] | None, said: str
) -> None:
    page = open_page(page_server)
    page.route("**/api/uploads", lambda route: route.fulfill(**answer) if answer else route.abort())
    choose(page, uploads / "slice.png")
    page.get_by_role("button", name="Analyse").click()
    expect(page.get_by_role("alert")).to_contain_text(said)
    expect(page.get_by_role("button", name="Analyse")).to_be_focused()
    expect(page.get_by_alt_text("Preview of slice.png")).to_be_visible()
    shot(page, f"again-{'full' if answer else 'network'}")
    page.unroute("**/api/uploads")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Copy link")).to_be_visible(timeout=PATIENCE)


def test_a_server_that_is_away_for_a_while(uploads: Path, open_page: Pages) -> None:
    with web_helpers.serving(web_helpers.patient) as server:
        id = web_helpers.send(server, slice_png(), "slice.png").json()["id"]
        page = open_page(server)
        page.route("**/api/results/**", lambda route: route.abort())
        page.goto(f"{server.base_url}#/r/{id}")
        expect(page.get_by_role("alert")).to_contain_text("The server can't be reached.")
        shot(page, "unreachable")
        page.unroute("**/api/results/**")
        page.get_by_role("button", name="Try again").click()
        title = page.locator(".progress-title")
        expect(title).to_have_text("Marking ground glass and consolidation")
        page.route("**/api/results/**", lambda route: route.abort())
        expect(title).to_have_text("The server can't be reached")
        shot(page, "unreachable-analysing")
        page.unroute("**/api/results/**")
        expect(title).to_have_text("Marking ground glass and consolidation")
        page.get_by_role("button", name="Cancel").click()
        expect(page.get_by_text("Cancelled. Nothing is kept of it.")).to_be_visible()
        expect(page.get_by_role("heading", name="slice.png")).to_be_visible()


def test_an_analysis_that_the_server_broke_off(open_page: Pages) -> None:
    with web_helpers.serving(web_helpers.echo) as server:
        job = web_helpers.send(server, slice_png(), "slice.png").json()
        error = {"code": "server_stopped", "text": "The server was stopped."}
        page = open_page(server)
        page.route(
            "**/api/results/*", lambda route: route.fulfill(json=job | {"state": "cancelled", "error": error})
        )
        page.goto(f"{server.base_url}#/r/{job['id']}")
        expect(page.get_by_role("alert")).to_contain_text("The server was stopped.")


def test_an_upload_is_not_left_unasked(page_server: httpx.Client, uploads: Path, open_page: Pages) -> None:
    page = open_page(page_server)
    asked: list[str] = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.dismiss()))
    choose(page, uploads / "study.zip")
    slow_uploads(page, 20_000)
    page.get_by_role("button", name="Analyse").click()
    expect(page.locator(".progress-percent")).to_contain_text(re.compile(r"[1-9]"))
    page.get_by_role("link", name="groundglass").first.click()
    expect(page.get_by_role("heading", name="Uploading")).to_be_visible()
    page.close(run_before_unload=True)
    web_helpers.wait_for(lambda: (page.wait_for_timeout(20), asked)[1])
    assert asked == ["beforeunload"]
    expect(page.get_by_role("heading", name="Uploading")).to_be_visible()
    page.get_by_role("button", name="Cancel").click()


def test_a_folder_becomes_a_study(page_server: httpx.Client, uploads: Path, open_page: Pages) -> None:
    page = open_page(page_server)
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Choose a folder").click()
    chooser.value.set_files(uploads / "phantom" / "ct")
    expect(page.get_by_text("24 files, packed into one zip")).to_be_visible()
    page.get_by_role("button", name="Analyse").click()
    expect(page.get_by_role("heading", name="ct.zip")).to_be_visible(timeout=PATIENCE)
    expect(page.get_by_text("DICOM, 24 files")).to_be_visible()


def test_a_dropped_folder_becomes_a_study(page_server: httpx.Client, uploads: Path, open_page: Pages) -> None:
    page = open_page(page_server)
    box = page.locator(".zone").bounding_box()
    place = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}
    folder = {"items": [], "files": [str(uploads / "phantom" / "ct")], "dragOperationsMask": 1}
    session = page.context.new_cdp_session(page)
    for event in ("dragEnter", "dragOver", "drop"):
        session.send("Input.dispatchDragEvent", {"type": event, **place, "data": folder})
    expect(page.get_by_text("24 files, packed into one zip")).to_be_visible()
    expect(page.get_by_text("ct.zip")).to_be_visible()


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
    links = page.get_by_role("link", name="slice.png")
    expect(links).to_have_count(2)
    shot(page, "recents")
    dialog = page.get_by_role("dialog")
    page.get_by_role("button", name="Delete slice.png").last.click()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Delete slice.png").last).to_be_focused()
    page.keyboard.press("Enter")
    dialog.get_by_role("button", name="Delete").click()
    expect(page.get_by_role("status")).to_have_text("slice.png was deleted.")
    expect(links).to_have_count(1)
    links.click()
    page.get_by_role("button", name="Delete").click()
    expect(dialog).to_contain_text("Delete slice.png and everything found in it")
    page.go_back()
    expect(dialog).to_have_count(0)
    expect(links).to_have_count(1)
    links.click()
    page.get_by_role("button", name="Delete").click()
    dialog.get_by_role("button", name="Keep").click()
    page.get_by_role("button", name="Delete").click()
    id = page.url.rpartition("/")[2]
    dialog.get_by_role("button", name="Delete").click()
    expect(page.get_by_text("None yet.")).to_be_visible()
    expect(page.get_by_role("status")).to_have_text("slice.png was deleted.")
    assert page_server.get(f"/api/results/{id}").status_code == 404
    page.goto(f"{page_server.base_url}#/r/{id}")
    expect(page.get_by_role("alert")).to_contain_text("no such result")


def test_the_list_follows_what_is_on_its_way(open_page: Pages) -> None:
    with web_helpers.serving(web_helpers.patient) as server:
        job = web_helpers.send(server, slice_png(), "slice.png").json()
        page = open_page(server)
        page.evaluate("job => localStorage.setItem('groundglass.recent', JSON.stringify([job]))", job)
        page.reload()
        link = page.get_by_role("link", name="slice.png")
        expect(link).to_contain_text("running")
        link.focus()
        server.post(f"/api/results/{job['id']}/cancel").raise_for_status()
        expect(link).to_contain_text("cancelled")
        expect(link).to_be_focused()


def test_what_the_server_no_longer_has_is_forgotten(page_server: httpx.Client, open_page: Pages) -> None:
    page = open_page(page_server)
    entry = {"name": "old.png", "kind": "slice", "created": "2020-01-01", "expires": "2999-01-01"}
    page.evaluate(
        "entries => localStorage.setItem('groundglass.recent', JSON.stringify(entries))",
        [{"id": "x" * 43} | entry],
    )
    page.reload()
    expect(page.get_by_text("None yet.")).to_be_visible()


def test_two_tabs_know_the_same_results(page_server: httpx.Client, open_page: Pages) -> None:
    page = open_page(page_server)
    expect(page.get_by_text("None yet.")).to_be_visible()
    job = web_helpers.send(page_server, slice_png(), "slice.png").json()
    other = page.context.new_page()
    other.goto(str(page_server.base_url))
    other.evaluate("job => localStorage.setItem('groundglass.recent', JSON.stringify([job]))", job)
    expect(page.get_by_role("link", name="slice.png")).to_be_visible()


def test_a_shared_server_lists_everything(open_page: Pages) -> None:
    with web_helpers.serving(web_helpers.echo, shared=True) as server:
        page = open_page(server)
        expect(page.get_by_role("heading", name="Results on this server")).to_be_visible()
        web_helpers.send(server, slice_png(), "of somebody.png")
        page.reload()
        expect(page.get_by_role("link", name="of somebody.png")).to_be_visible()
