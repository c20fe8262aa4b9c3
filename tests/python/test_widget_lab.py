"""The viewer in a real JupyterLab in a real browser, with every other host out of reach."""

from __future__ import annotations

import importlib.util
import io
import json
import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
import pytest

#: Its browser paints in software and its kernel computes: company makes both wait.
pytestmark = [pytest.mark.long, pytest.mark.alone]

CHROMIUM = shutil.which("chromium")
#: What anything may take on a busy machine.
WAIT_S = 120

#: The state goes to a file with each change, for the test to see what Python sees.
FIRST_CELL = """
import json, os
import groundglass as gg

found = gg.phantom.make(5, ground_glass=0.12, consolidation=0.05, shape=(40, 112, 112))
result = gg.analyze(found.volume, lungs=found.lungs, lesions=found.lesions)
w = gg.view(result, slice=12)

def tell(change=None):
    names = ("slice", "layers", "window", "planes", "cursor", "colors", "opacity")
    with open("state.tmp", "w") as file:
        json.dump({name: getattr(w, name) for name in names}, file)
    os.replace("state.tmp", "state.json")

w.observe(tell)
tell()
w
"""
SECOND_CELL = "w.slice = 30; w.layers = ()"
THIRD_CELL = "w"

#: Writes down, for each picture that says that it has loaded, whether it has a canvas by then.
WATCH = """
window.loaded = [];
new MutationObserver((changes) => {
  for (const { target } of changes)
    if (target.matches(".gg-picture:not([aria-busy])")) loaded.push(target.querySelector("canvas") !== null);
}).observe(document, { subtree: true, attributeFilter: ["aria-busy"] });
"""


@dataclass(frozen=True)
class Lab:
    """A notebook in the browser: its page, the folder its kernel runs in, and what else was asked for."""

    page: Any
    folder: Path
    foreign: list[str]
    errors: list[str]

    def state(self) -> dict[str, Any]:
        return dict(json.loads((self.folder / "state.json").read_text()))

    def until(self, holds: Callable[[], bool], what: str) -> None:
        end = time.monotonic() + WAIT_S
        while not holds():
            assert time.monotonic() < end, f"{what} in {WAIT_S} s; state {self.state()}"
            self.page.wait_for_timeout(50)

    def run(self, cell: int) -> None:
        """Runs a cell. A request before the kernel has quite started is lost, and made again; a kernel
        that is slow to start makes the lab ask which one to take."""
        from playwright.sync_api import TimeoutError as Timeout

        prompt = self.page.locator(".jp-InputPrompt").nth(cell).filter(has_text=re.compile(r"\d|\*"))
        question = self.page.locator(".jp-Dialog .jp-mod-accept")
        for _ in range(10):
            if question.count() > 0:
                question.first.click()
            try:
                self.page.locator(".jp-InputArea-editor").nth(cell).click(timeout=3000)
                self.page.keyboard.press("Control+Enter")
                prompt.wait_for(timeout=3000)
                return
            except Timeout:
                continue
        pytest.fail(f"cell {cell} does not run")

    def text(self, selector: str) -> str:
        return str(self.page.locator(selector).inner_text())

    def canvas(self) -> Any:
        """The picture on show: uint8 (row, column, colour)."""
        from PIL import Image

        shot = self.page.locator(".gg-picture canvas").screenshot()
        return np.asarray(Image.open(io.BytesIO(shot)).convert("RGB"))

    def repainted(self, before: Any) -> Any:
        """The picture once it is another one."""
        self.until(lambda: not np.array_equal(self.canvas(), before), "no other picture")
        return self.canvas()

    def keep(self, name: str) -> None:
        if folder := os.environ.get("GROUNDGLASS_SCREENSHOTS"):
            self.page.screenshot(path=Path(folder) / f"{name}.png")


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    for module in ("jupyterlab", "playwright", "ipyniivue", "PIL"):
        if importlib.util.find_spec(module) is None:
            pytest.skip(f"{module} is not installed")
    if CHROMIUM is None:
        pytest.skip("there is no chromium")
    from playwright.sync_api import sync_playwright

    folder = tmp_path_factory.mktemp("lab")
    cells = [nbformat.v4.new_code_cell(source.strip()) for source in (FIRST_CELL, SECOND_CELL, THIRD_CELL)]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=kernel), folder / "study.ipynb")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{free.getsockname()[1]}"
    token = secrets.token_hex(16)
    with serving(folder, address, token), sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"],
        )
        context = browser.new_context(viewport={"width": 1280, "height": 1000})
        context.set_default_timeout(1000 * WAIT_S)
        page = context.new_page()
        found = Lab(page, folder, [], [])

        def gate(route: Any) -> None:
            if route.request.url.startswith((address, "data:", "blob:")):
                route.continue_()
            else:
                found.foreign.append(route.request.url)
                route.abort()

        page.route("**/*", gate)
        page.on("pageerror", lambda error: found.errors.append(str(error)))
        page.add_init_script(WATCH)
        page.goto(f"{address}/doc/tree/study.ipynb?token={token}")
        page.locator('.jp-Notebook-ExecutionIndicator[data-status="idle"]').wait_for()
        found.run(0)
        page.locator(".gg-picture:not([aria-busy])").wait_for()
        yield found
        browser.close()


class serving:
    """JupyterLab with nothing of the user's own: its settings, its news and its extensions stay out."""

    def __init__(self, folder: Path, address: str, token: str) -> None:
        home = folder / ".jupyter-home"
        settings = home / "lab" / "user-settings" / "@jupyterlab" / "apputils-extension"
        settings.mkdir(parents=True)
        quiet = {"fetchNews": "false", "checkForUpdates": False}
        (settings / "notification.jupyterlab-settings").write_text(json.dumps(quiet))
        self.ready = f"{address}/api"
        self.log = folder / "server.log"
        self.command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"]
        self.command += [f"--port={address.rpartition(':')[2]}", "--ServerApp.port_retries=0"]
        self.command += [f"--ServerApp.root_dir={folder}"]
        names = (
            "JUPYTER_CONFIG_DIR",
            "JUPYTER_DATA_DIR",
            "JUPYTER_RUNTIME_DIR",
            "JUPYTERLAB_WORKSPACES_DIR",
            "IPYTHONDIR",
        )
        self.environment = {**os.environ, **{name: str(home / name.lower()) for name in names}}
        self.environment |= {
            "JUPYTER_TOKEN": token,
            "JUPYTERLAB_SETTINGS_DIR": str(home / "lab" / "user-settings"),
        }

    def __enter__(self) -> None:
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                self.command, env=self.environment, stdout=log, stderr=subprocess.STDOUT
            )
        end = time.monotonic() + WAIT_S
        while not self.answers():
            if self.process.poll() is not None or time.monotonic() > end:
                self.__exit__()
                pytest.fail(f"JupyterLab does not start:\n{self.log.read_text()[-2000:]}")
            time.sleep(0.1)

    def answers(self) -> bool:
        try:
            with urllib.request.urlopen(self.ready, timeout=2):
                return True
        except urllib.error.HTTPError as error:
            error.close()
            return True
        except OSError:
            return False

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def test_a_picture_is_busy_until_it_is_there(lab: Lab) -> None:
    loaded = lab.page.evaluate("loaded")
    assert loaded
    assert all(loaded)


def test_the_picture_shows_the_slice_with_its_layers(lab: Lab) -> None:
    lab.until(lambda: share_of_yellow(lab.canvas()) > 0.005, "no ground glass or consolidation")
    picture = lab.canvas().astype(int)
    red, green, blue = np.moveaxis(picture, 2, 0)
    assert picture.std() > 30
    assert ((red > 100) & (abs(red - green) < 8) & (abs(green - blue) < 8)).mean() > 0.2, "no grey CT"
    lab.until(lambda: lab.text(".gg-place").startswith("Slice 12 (0 to 39)"), "the place is not told")
    assert lab.page.locator(".gg-side tbody tr").count() >= 3
    lab.keep("viewer-in-jupyterlab")


def share_of_yellow(picture: Any) -> float:
    red, _, blue = np.moveaxis(picture.astype(int), 2, 0)
    return float((red - blue > 40).mean())


def test_the_profile_moves_the_slice(lab: Lab) -> None:
    before = lab.canvas()
    profile = lab.page.locator(".gg-profile")
    box = profile.bounding_box()
    lab.page.mouse.click(box["x"] + box["width"] * 24.5 / 40, box["y"] + 20)
    lab.until(lambda: lab.state()["slice"] == 24, "not at slice 24")
    clicked = lab.repainted(before)
    lab.page.keyboard.press("ArrowUp")
    lab.page.keyboard.press("PageDown")
    lab.until(lambda: lab.state()["slice"] == 15, "the keys do not move the slice")
    lab.repainted(clicked)
    lab.page.locator('.gg-profile[aria-valuenow="15"][aria-valuetext*="Slice 15"]').wait_for()


def test_the_wheel_over_the_picture_moves_the_profile(lab: Lab) -> None:
    start = lab.state()["slice"]
    lab.page.locator(".gg-picture").hover()
    for _ in range(3):
        lab.page.mouse.wheel(0, -100)
    lab.until(lambda: lab.state()["slice"] == start + 3, "the wheel does not move the slice")
    lab.page.locator(f'.gg-profile[aria-valuenow="{start + 3}"]').wait_for()


def test_a_click_tells_the_voxel(lab: Lab) -> None:
    box = lab.page.locator(".gg-picture canvas").bounding_box()
    # the patient's right is on the left of the picture, the front at its top
    lab.page.mouse.click(box["x"] + box["width"] * 0.35, box["y"] + box["height"] * 0.4)
    lab.until(lambda: lab.state()["cursor"] is not None, "no voxel")
    where, row, column = lab.state()["cursor"]
    assert where == lab.state()["slice"]
    assert row < 56
    assert column < 56
    reading = lab.page.locator(".gg-reading").filter(has_text=" HU")
    reading.wait_for()
    lab.page.keyboard.press("ArrowUp")
    reading.wait_for(state="hidden")


def test_layers_colours_and_opacity(lab: Lab) -> None:
    before = lab.canvas()
    lab.page.get_by_label("Other lung", exact=True).check()
    lab.until(lambda: "lung" in lab.state()["layers"], "the layer is not on")
    lung = lab.repainted(before)
    lab.page.get_by_label("Opacity of Other lung").fill("90")
    lab.until(lambda: lab.state()["opacity"]["lung"] == 0.9, "the opacity is not 0.9")
    opaque = lab.repainted(lung)
    lab.page.get_by_label("Colour of Other lung").fill("#ff00ff")
    lab.until(lambda: lab.state()["colors"]["lung"] == "#FF00FF", "the colour is another")
    lab.repainted(opaque)
    lab.until(lambda: share_of_pink(lab.canvas()) > 0.1, "the lungs are not pink")
    lab.page.get_by_label("Other lung", exact=True).uncheck()
    lab.until(lambda: "lung" not in lab.state()["layers"], "the layer is not off")
    lab.until(lambda: share_of_pink(lab.canvas()) == 0, "the lungs are still pink")


def share_of_pink(picture: Any) -> float:
    red, green, blue = np.moveaxis(picture.astype(int), 2, 0)
    return float(((red - green > 100) & (blue - green > 100)).mean())


def test_windows_and_planes(lab: Lab) -> None:
    before = lab.canvas()
    lab.page.get_by_label("Window", exact=True).select_option("soft tissue window")
    lab.until(lambda: lab.state()["window"] == [-160, 240], "the window is another")
    lab.until(lambda: lab.canvas().mean() < before.mean(), "soft tissue is no darker")
    soft = lab.canvas()
    lab.page.get_by_label("Planes").select_option("three planes")
    lab.until(lambda: lab.state()["planes"] == "orthogonal", "the planes are others")
    lab.repainted(soft)
    lab.keep("viewer-three-planes")
    lab.page.get_by_label("Planes").select_option("axial")
    lab.page.get_by_label("Window", exact=True).select_option("lung window")
    lab.until(lambda: abs(lab.canvas().mean() - before.mean()) < 1, "the picture is not as it was")


def test_python_moves_the_picture(lab: Lab) -> None:
    before = lab.canvas()
    lab.run(1)
    lab.page.locator('.gg-profile[aria-valuenow="30"]').wait_for()
    # the kernel sends one trait after the other
    box = lab.page.get_by_label("Ground glass", exact=True)
    lab.until(lambda: not box.is_checked(), "the layer is still chosen")
    lab.repainted(before)
    lab.until(lambda: int(np.ptp(lab.canvas().astype(int), axis=2).max()) < 8, "there is colour left")
    assert lab.canvas().std() > 30


def test_shown_again_the_picture_moves_there(lab: Lab) -> None:
    lab.run(2)
    lab.page.locator(".gg-picture:not([aria-busy])").nth(1).locator("canvas").wait_for()
    before = lab.canvas()
    lab.page.locator(".gg-profile").nth(1).press("Home")
    lab.until(lambda: lab.state()["slice"] == 0, "the second view's profile does not move the slice")
    lab.repainted(before)


def test_without_webgl_the_picture_says_so(lab: Lab) -> None:
    page = lab.page.context.new_page()
    page.add_init_script(
        "const known = HTMLCanvasElement.prototype.getContext;"
        "HTMLCanvasElement.prototype.getContext = function (kind, ...more) {"
        " return kind === 'webgl2' ? null : known.call(this, kind, ...more); };"
    )
    page.goto(lab.page.url)
    page.locator('.jp-Notebook-ExecutionIndicator[data-status="idle"]').wait_for()
    Lab(page, lab.folder, [], []).run(2)
    page.locator(".gg-picture[data-flat]:not([aria-busy])").last.wait_for()
    page.locator(".gg-grade").last.wait_for()
    if folder := os.environ.get("GROUNDGLASS_SCREENSHOTS"):
        page.screenshot(path=Path(folder) / "viewer-without-webgl.png")
    page.close()


def test_nothing_was_asked_of_other_hosts(lab: Lab) -> None:
    assert lab.foreign == []
    assert lab.errors == []
