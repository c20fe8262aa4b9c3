"""A real Chromium that looks at the page of a real server, for the tests of the page.

With GROUNDGLASS_SCREENSHOTS set to a folder, pictures of the page's states are left there to be looked at.
"""

from __future__ import annotations

import gzip
import io
import os
import re
import shutil
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import httpx
import nibabel
import numpy as np
import numpy.typing as npt
from PIL import Image
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Locator,
    Page,
    expect,
    sync_playwright,
)

import small_study
import web_helpers
from groundglass.overlay import windowed
from groundglass.phantom import write_phantom
from groundglass.web.app import STATIC

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = ["--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]

#: What an analysis may take on a busy machine, and all else, in milliseconds.
PATIENCE = 1000 * web_helpers.PATIENCE_S
SOON = 30_000

T = TypeVar("T")
Pixels = npt.NDArray[np.uint8]
Mask = npt.NDArray[np.bool_]


def missing() -> str | None:
    """Why the page can't be tested here, or None where it can."""
    if CHROMIUM is None:
        return "chromium is not installed"
    if not (STATIC / "index.html").is_file():
        return "the page is not built: tools/page.sh, with npm"
    return small_study.segmentation_missing()


# --- what is uploaded ---------------------------------------------------------------------------------------


def slice_png(index: int = 10, size: int = 160) -> bytes:
    """A slice of the phantom in the lung window."""
    return as_png(small_study.patient().hounsfield[index], size)


def as_png(hounsfield: npt.NDArray[np.int16], size: int = 160) -> bytes:
    """A slice in the lung window, enlarged."""
    target = io.BytesIO()
    grey = Image.fromarray(windowed(hounsfield))
    grey.resize((size, size), Image.Resampling.BICUBIC).save(target, "PNG")
    return target.getvalue()


def archive() -> bytes:
    """Three pictures in folders, a damaged one and a text."""
    files = {f"patient/axial/{index}.png": slice_png(index) for index in (8, 11, 14)}
    return web_helpers.zipped(
        files | {"patient/broken.png": slice_png()[:200], "patient/read me.txt": b"not a picture"}
    )


def write_uploads(folder: Path) -> None:
    """Something of every kind to upload, right and wrong."""
    (folder / "slice.png").write_bytes(slice_png())
    (folder / "archive.zip").write_bytes(archive())
    (folder / "text.png").write_text("no picture")
    (folder / "slices.rar").write_bytes(b"Rar!\x1a\x07\x01\x00" + bytes(64))
    small_study.write(folder, "chest")
    write_phantom(folder / "phantom", small_study.patient(), format="dicom")
    with zipfile.ZipFile(folder / "study.zip", "w") as target:
        for file in sorted((folder / "phantom" / "ct").iterdir()):
            target.write(file, f"series/{file.name}")


# --- the browser --------------------------------------------------------------------------------------------


@contextmanager
def chromium() -> Iterator[Browser]:
    """The browser, with WebGL in software."""
    expect.set_options(timeout=SOON)
    with sync_playwright() as driver:
        running = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield running
        running.close()


class Pages:
    """Opens pages that may ask nobody but their server, and break no rule of the policy they came with."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._contexts: list[BrowserContext] = []
        self.faults: list[str] = []

    def __call__(self, client: httpx.Client, route: str = "", **options: Any) -> Page:
        origin = str(client.base_url).rstrip("/")
        options = {"viewport": {"width": 1440, "height": 1000}, "locale": "en-GB"} | options
        context = self._browser.new_context(**options)
        self._contexts.append(context)
        context.set_default_timeout(SOON)
        page = context.new_page()
        page.on("pageerror", lambda error: self.faults.append(f"error in the page: {error}"))
        page.on("console", self._said)
        page.on("request", lambda request: self._asked(request.url, origin))
        # listened to from the start: the browser must know it before the first one opens
        page.on("filechooser", lambda chooser: None)
        page.goto(f"{origin}/{route}")
        return page

    def close(self) -> None:
        for context in self._contexts:
            context.close()

    def _said(self, message: ConsoleMessage) -> None:
        # refused uploads and missing results are answers like others, and Chromium writes them down
        if message.type == "error" and not message.text.startswith("Failed to load resource"):
            self.faults.append(f"console: {message.text}")

    def _asked(self, url: str, origin: str) -> None:
        if not url.startswith((f"{origin}/", f"blob:{origin}/", "data:image/")):
            self.faults.append(f"request to {url}")


def shot(page: Page, name: str) -> None:
    """Leaves a picture of the whole page where somebody wants to look at it."""
    if folder := os.environ.get("GROUNDGLASS_SCREENSHOTS"):
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


def choose(page: Page, *paths: Path) -> None:
    """Gives files to the page by its button."""
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Choose a file").click()
    chooser.value.set_files(list(paths))


def analyse(page: Page, *paths: Path) -> None:
    """Uploads what was chosen and waits for the result."""
    choose(page, *paths)
    page.get_by_role("button", name="Analyse").click()
    expect(page.get_by_role("button", name="Copy link")).to_be_visible(timeout=PATIENCE)


def slow_uploads(page: Page, bytes_a_second: int) -> None:
    """Sets how quickly the page may send; -1 for as quickly as it goes."""
    limits = {"downloadThroughput": -1, "uploadThroughput": bytes_a_second}
    session = page.context.new_cdp_session(page)
    session.send("Network.emulateNetworkConditions", {"offline": False, "latency": 0} | limits)


def set_input(control: Locator, value: str) -> None:
    """Sets a colour or a slider as a hand does."""
    control.evaluate(
        "(element, value) => { element.value = value;"
        " element.dispatchEvent(new Event('input', { bubbles: true })); }",
        value,
    )


def download(page: Page, name: str | re.Pattern[str]) -> tuple[str, bytes]:
    """Name and content of what a link gives."""
    with page.expect_download() as arriving:
        page.get_by_role("link", name=name).click()
    arrived = arriving.value
    return arrived.suggested_filename, Path(arrived.path()).read_bytes()


# --- pixels -------------------------------------------------------------------------------------------------


def result_of(client: httpx.Client, id: str) -> dict[str, Any]:
    """The part of a job that says what was found."""
    content: dict[str, Any] = client.get(f"/api/results/{id}").json()["result"]
    return content


def decoded(png: bytes) -> Pixels:
    """uint8 (row, column), or (row, column, 3) of a picture in colour."""
    return np.asarray(Image.open(io.BytesIO(png)))


def nifti(content: bytes) -> npt.NDArray[Any]:
    """The voxels of a .nii.gz."""
    return np.asarray(nibabel.Nifti1Image.from_bytes(gzip.decompress(content)).dataobj)


def canvas_pixels(page: Page) -> Pixels:
    """Red, green and blue of the picture's canvas at the picture's own pixels."""
    width, height, values = page.evaluate(
        """() => {
            const canvas = document.querySelector("canvas.picture");
            const { width, height } = canvas;
            const { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
            return [width, height, Array.from(data)];
        }"""
    )
    return np.array(values, np.uint8).reshape(height, width, 4)[..., :3]


def screen_pixels(shown: Locator) -> npt.NDArray[np.int16]:
    """What is to be seen of an element."""
    return decoded(shown.screenshot())[..., :3].astype(np.int16)


def once(look: Callable[[], T], holds: Callable[[T], Any]) -> T:
    """What `look` gives as soon as `holds` is true of it: what is drawn is seen frames later."""
    latest = time.monotonic() + SOON / 1000
    while not holds(found := look()):
        assert time.monotonic() < latest, f"it does not come to hold within {SOON / 1000:g} s"
        time.sleep(0.02)
    return found


def drawn(shown: Locator, holds: Callable[[npt.NDArray[np.int16]], Any]) -> npt.NDArray[np.int16]:
    """What is to be seen of an element once `holds` is true of it."""
    return once(lambda: screen_pixels(shown), holds)


def change(before: npt.NDArray[Any], after: npt.NDArray[Any]) -> float:
    """Mean difference of two pictures of one size, in grey levels."""
    return float(np.abs(after.astype(np.int16) - before).mean())


def yellow(pixels: npt.NDArray[Any]) -> Mask:
    """Where there is much more red and green than blue, as under a yellow layer."""
    red, green, blue = np.moveaxis(pixels.astype(np.int16), -1, 0)
    found: Mask = (red - blue > 60) & (green - blue > 40)
    return found


def reddish(pixels: npt.NDArray[Any]) -> Mask:
    """Where there is much more red than anything else."""
    red, green, blue = np.moveaxis(pixels.astype(np.int16), -1, 0)
    found: Mask = (red - green > 50) & (red - blue > 50)
    return found
