"""How long the page and the notebook take to show a study: ``viewers.py STUDY [--screenshots FOLDER]``.

In Chromium without a graphics card: seconds until the study is on show, and for a slice, a layer and a window
until the next picture has been drawn. Needs the extras web, notebook and test, and Chromium.
"""

from __future__ import annotations

import argparse
import json
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import nbformat
from playwright.sync_api import BrowserContext, Page, sync_playwright

FLAGS = ["--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]
PATIENCE_MS = 300_000

#: Done when all that was sent to the context before is drawn: reading a pixel waits for it.
DRAWN = """(selector) => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => {
    const gl = document.querySelector(selector).getContext("webgl2");
    gl.readPixels(0, 0, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, new Uint8Array(4));
    requestAnimationFrame(done);
})))"""


def free_address() -> str:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return f"http://127.0.0.1:{listener.getsockname()[1]}"


def told(what: str, start: float) -> None:
    print(f"  {what:28s} {time.perf_counter() - start:6.2f} s")


def steps(page: Page, canvas: str, actions: dict[str, Callable[[], object]]) -> None:
    for what, act in actions.items():
        start = time.perf_counter()
        act()
        page.evaluate(DRAWN, canvas)
        told(what, start)


@contextmanager
def program(address: str, *command: str) -> Iterator[None]:
    """A server that runs meanwhile."""
    with subprocess.Popen(
        [sys.executable, "-m", *command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as server:
        try:
            for _ in range(600):
                try:
                    httpx.get(address)
                    break
                except httpx.TransportError:
                    time.sleep(0.1)
            yield
        finally:
            server.terminate()


def packed(study: Path, target: Path) -> Path:
    """The study as one file to upload."""
    if study.is_file():
        return study
    with zipfile.ZipFile(target, "w") as archive:
        for file in sorted(study.rglob("*")):
            if file.is_file():
                archive.write(file, file.relative_to(study))
    return target


def measure_page(context: BrowserContext, study: Path, folder: Path) -> Page:
    address = free_address()
    command = ("groundglass", "serve", "--port", address.rpartition(":")[2], "--data", str(folder / "data"))
    with program(address, *command), httpx.Client(base_url=address, timeout=300) as client:
        file = packed(study, folder / "study.zip")
        id = client.post(
            "/api/uploads", content=file.read_bytes(), headers={"X-File-Name": file.name}
        ).json()["id"]
        while (job := client.get(f"/api/results/{id}").json())["state"] in ("queued", "running"):
            time.sleep(0.3)
        print(f"page: {' x '.join(map(str, job['result']['shape']))}")
        page = context.new_page()
        page.add_init_script(
            "document.addEventListener('load', ({ target }) => {"
            " if (target.className === 'slice-picture') window.pictured ??= performance.now(); }, true)"
        )
        start = time.perf_counter()
        page.goto(f"{address}/#/r/{id}")
        page.locator("canvas.volume").wait_for()
        page.evaluate(DRAWN, "canvas.volume")
        print(f"  {'picture of the slice':28s} {page.evaluate('window.pictured') / 1000:6.2f} s")
        told("volume", start)
        canvas = page.locator("canvas.volume")
        canvas.hover()
        steps(
            page,
            "canvas.volume",
            {
                "next slice": lambda: page.mouse.wheel(0, 120),
                "layer off": lambda: page.get_by_role("checkbox", name="Ground glass").uncheck(),
                "another window": lambda: page.get_by_role("button", name="Mediastinum").click(),
            },
        )
    return page


def measure_notebook(context: BrowserContext, study: Path, folder: Path) -> Page:
    notebook = nbformat.v4.new_notebook(
        cells=[
            nbformat.v4.new_code_cell(
                f"import groundglass as gg\nw = gg.view(gg.analyze({str(study.resolve())!r}))\nprint('ready')"
            ),
            nbformat.v4.new_code_cell("w"),
        ],
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
    )
    nbformat.write(notebook, folder / "study.ipynb")
    settings = folder / "settings" / "@jupyterlab" / "apputils-extension"
    settings.mkdir(parents=True)
    (settings / "notification.jupyterlab-settings").write_text(json.dumps({"fetchNews": "false"}))
    address, token = free_address(), secrets.token_hex(16)
    command = ("jupyterlab", "--no-browser", "--allow-root", f"--port={address.rpartition(':')[2]}")
    options = (f"--ServerApp.root_dir={folder}", f"--IdentityProvider.token={token}")
    with program(f"{address}/api", *command, *options, f"--LabApp.user_settings_dir={settings.parents[1]}"):
        page = context.new_page()
        page.goto(f"{address}/doc/tree/study.ipynb?token={token}")
        page.locator('.jp-Notebook-ExecutionIndicator[data-status="idle"]').wait_for()

        def run(cell: int) -> None:
            page.locator(".jp-InputArea-editor").nth(cell).click()
            page.keyboard.press("Control+Enter")

        ready = page.locator(".jp-OutputArea-output", has_text="ready")
        while not ready.count():  # a request before the kernel has quite started is lost
            run(0)
            page.wait_for_timeout(20_000)
        print("notebook:")
        start = time.perf_counter()
        run(1)
        page.locator(".gg-picture:not([aria-busy])").wait_for()
        page.evaluate(DRAWN, ".gg-picture canvas")
        told("volume", start)
        window = page.get_by_label("Window", exact=True)
        steps(
            page,
            ".gg-picture canvas",
            {
                "next slice": lambda: page.locator(".gg-profile").press("ArrowUp"),
                "layer off": lambda: page.get_by_label("Ground glass", exact=True).uncheck(),
                "another window": lambda: window.select_option("soft tissue window"),
            },
        )
    return page


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("study", type=Path)
    parser.add_argument("--screenshots", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        context = browser.new_context(viewport={"width": 1440, "height": 1000})
        context.set_default_timeout(PATIENCE_MS)
        for name, measure in {"page": measure_page, "notebook": measure_notebook}.items():
            page = measure(context, options.study, Path(folder))
            if options.screenshots:
                page.screenshot(path=options.screenshots / f"{name}.png")
            page.close()
        browser.close()


if __name__ == "__main__":
    main()
