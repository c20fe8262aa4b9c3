"""The pictures of the README and the documentation, made of one phantom: docs/pictures.

    tools/gallery.py                   # all of them
    tools/gallery.py overview report   # some

The phantom is the one of the tutorial, measured with the bundled models, so the same code gives the same
pictures but for the browser's own drawing. Those of pages need Chromium and Playwright and are left out with
a word where these are missing.
"""

from __future__ import annotations

import base64
import io
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any
from unittest import mock

import groundglass as gg
from groundglass import overlay
from groundglass.phantom import write_phantom

ROOT = Path(__file__).parents[1]
PICTURES = ROOT / "docs" / "pictures"
MOST_BYTES = 400_000
BROWSERS = ("chromium", "chromium-browser", "google-chrome")

#: The tutorial's patient.
SEED, GROUND_GLASS, CONSOLIDATION = 7, 0.10, 0.03


class LeftOut(Exception):
    """Why a picture can't be made here."""


class Study:
    """The phantom on disk and what was measured of it, each made when it is first asked for."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @cached_property
    def truth(self) -> dict[str, Any]:
        phantom = gg.phantom.make(SEED, ground_glass=GROUND_GLASS, consolidation=CONSOLIDATION)
        write_phantom(self.folder / "phantom", phantom)
        both: dict[str, Any] = phantom.truth["regions"]["both lungs"]
        return both

    @cached_property
    def ct(self) -> Path:
        """The DICOM series."""
        assert self.truth
        return self.folder / "phantom" / "ct"

    @cached_property
    def zip(self) -> Path:
        """The series as the archive that a user would upload."""
        path = self.folder / "phantom.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for file in sorted(self.ct.iterdir()):
                archive.write(file, f"ct/{file.name}")
        return path

    @cached_property
    def result(self) -> gg.Result:
        return gg.analyze(self.ct)

    @cached_property
    def browser(self) -> Path:
        for name in BROWSERS:
            if (found := shutil.which(name)) is not None:
                return Path(found)
        raise LeftOut("Chromium is not installed")


@contextmanager
def page_in(study: Study, width: int, height: int, scale: float = 1.0) -> Iterator[Any]:
    """A page of Chromium, light, with software WebGL so that every machine draws alike."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError as error:
        raise LeftOut("Playwright is not installed") from error
    arguments = ["--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]
    with sync_playwright() as play:
        chromium = play.chromium.launch(executable_path=str(study.browser), args=arguments)
        try:
            yield chromium.new_page(
                viewport={"width": width, "height": height}, device_scale_factor=scale, color_scheme="light"
            )
        finally:
            chromium.close()


def save(shot: bytes, name: str) -> None:
    """A screenshot as ``NAME.png``, with a palette of 256 colours where it would be too large."""
    from PIL import Image

    path = PICTURES / f"{name}.png"
    picture = Image.open(io.BytesIO(shot)).convert("RGB")
    picture.save(path, optimize=True)
    if path.stat().st_size >= MOST_BYTES:
        palette = picture.quantize(256, method=Image.Quantize.MEDIANCUT)
        palette.save(path, optimize=True)
    if path.stat().st_size >= MOST_BYTES:
        raise RuntimeError(f"{path.name} has {path.stat().st_size} bytes, more than {MOST_BYTES}")


def overview(study: Study) -> None:
    """What is measured, at a glance: a slice before and after, the profile, the grade, the regions."""
    from groundglass.html.words import percent
    from groundglass.report import page as report_page
    from groundglass.report import profile

    result, truth = study.result, study.truth
    content = result.to_dict()
    severity, doubt = content["severity"], content["uncertainty"]
    most = _slice(result)
    crop = overlay.lung_crop(result.lungs, result.ct.spacing_mm)
    nothing = 0 * result.lungs[most]
    plain = overlay.tile(result.ct, nothing, nothing, most, crop, width=560)
    drawn = overlay.tile(result.ct, result.lungs[most], result.lesions[most], most, crop, width=560)
    rows = "".join(
        f"<tr><th>{row['region'].capitalize()}</th><td>{row['lung_ml']:.0f}</td>"
        f"<td>{row['opacity_percent']:.1f}</td><td class='stack'><span class='bar'>"
        f"<span class='consolidation' style='width:{2.5 * row['high_opacity_percent']:.1f}%'></span>"
        f"<span class='ground-glass' "
        f"style='width:{2.5 * (row['opacity_percent'] - row['high_opacity_percent']):.1f}%'></span>"
        f"</span></td></tr>"
        for row in content["regions"]
    )
    html = f"""<!doctype html><meta charset="utf-8"><style>{report_page.style()}
      body {{ width: 1360px; background: var(--sheet); font-size: 16px; padding: 18px; }}
      .row {{ display: grid; gap: 22px; align-items: start; }}
      .top {{ grid-template-columns: 1fr 1fr 1fr; align-items: center; margin-bottom: 16px; }}
      .picture {{ border-radius: 6px; overflow: hidden; position: relative; background: #0d1117; }}
      .picture img {{ display: block; width: 100%; }}
      .picture p {{ position: absolute; left: 12px; bottom: 8px; color: #fff; font-size: 15px;
                    text-shadow: 0 0 4px #000, 0 0 2px #000; }}
      .numbers strong {{ font-size: 66px; line-height: 1; color: var(--accent); letter-spacing: -.03em; }}
      .numbers p {{ margin-top: 8px; font-size: 17px; color: var(--quiet); }}
      .numbers p b {{ color: var(--ink); }}
      .bottom {{ grid-template-columns: 1.16fr 1fr; align-items: center; gap: 34px; }}
      .profile {{ max-width: none; }}
      td, th {{ font-size: 15px; padding: 4px 10px 4px 0; }} td {{ text-align: right; width: 1%; }}
      thead th {{ font-size: 14px; text-align: right; white-space: nowrap; }}
      thead th:first-child {{ text-align: left; }}
      .stack {{ width: 40%; vertical-align: middle; }} tbody tr:first-child > * {{ font-weight: 650; }}
      .keys {{ padding-top: 10px; }}
      .key {{ margin-right: 16px; color: var(--quiet); font-size: 15px; }}
    </style><body>
    <div class="row top">
      <div class="picture"><img src="{_uri(plain)}"><p>The CT, slice {most}</p></div>
      <div class="picture"><img src="{_uri(drawn)}"><p>What groundglass finds in it</p></div>
      <div class="numbers"><strong>{percent(severity["opacity_percent"], 1)}</strong>
        <p>of the lungs are opaque; 90 % interval <b>{doubt["opacity_percent_lower"]:.1f} to
           {doubt["opacity_percent_upper"]:.1f} %</b></p>
        <p>truth of this phantom: <b>{percent(truth["opacity_percent"], 1)}</b></p>
        <p>grade by extent <b>{severity["ct_grade_extent"]}</b>, probability
           {100 * max(severity["probability"]["ct_grade_extent"]):.0f} %</p>
        <p>ground glass <b>{content["regions"][0]["ground_glass_ml"]:.0f} ml</b>, consolidation
           <b>{content["regions"][0]["consolidation_ml"]:.0f} ml</b> of
           {content["regions"][0]["lung_ml"]:.0f} ml</p>
        <p class="keys"><span class="key"><i class="swatch ground-glass"></i>ground glass</span>
           <span class="key"><i class="swatch consolidation"></i>consolidation</span>
           <span class="key"><i class="swatch lungs"></i>lungs</span></p></div>
    </div>
    <div class="row bottom"><div>{profile.figure(result, ())}</div>
      <table><thead><tr><th>Region<th>ml<th>PO %<th></tr></thead><tbody>{rows}</tbody></table></div>
    </body>"""
    with page_in(study, 1396, 900) as page:
        page.set_content(html)
        save(page.locator("body").screenshot(), "overview")


def _slice(result: gg.Result) -> int:
    """The slice with most ground glass in ml."""
    return max(range(len(result.profile)), key=lambda index: result.profile[index].ground_glass_ml)


def _uri(picture: Any) -> str:
    held = io.BytesIO()
    picture.save(held, "PNG")
    return "data:image/png;base64," + base64.b64encode(held.getvalue()).decode("ascii")


def phantom(study: Study) -> None:
    """The montage that every result has."""
    picture = overlay.of_result(study.result)
    width = 960
    picture = picture.resize((width, round(picture.height * width / picture.width)))
    held = io.BytesIO()
    picture.save(held, "PNG")
    save(held.getvalue(), "phantom")


def report(study: Study) -> None:
    """The first sheet of the report."""
    path = study.folder / "report.html"
    gg.report.write_html(study.result, path, overwrite=True)
    with page_in(study, 1180, 900) as page:
        page.goto(path.as_uri())
        save(page.locator(".sheet").first.screenshot(), "report")


def terminal(study: Study) -> None:
    """What ``groundglass analyze`` prints, as SVG without the fonts that Rich would load from elsewhere."""
    from rich.console import Console

    from groundglass.cli import console

    class Screen(Console):
        """Breaks long lines as a terminal does."""

        def print(self, *objects: Any, soft_wrap: bool | None = None, **settings: Any) -> None:
            super().print(*objects, **settings)

    screen = Screen(
        record=True, width=104, file=io.StringIO(), force_terminal=True, highlight=False, emoji=False
    )
    screen.print("[bold]$[/] groundglass analyze phantom/ct --out result")
    with mock.patch.object(console, "console", return_value=screen):
        console.print_result(study.result)
    svg = screen.export_svg(title="groundglass", unique_id="terminal")
    svg = re.sub(r"@font-face \{.*?\}", "", svg, flags=re.DOTALL)
    svg = svg.replace("Fira Code, monospace", "ui-monospace, Menlo, Consolas, DejaVu Sans Mono, monospace")
    svg = re.sub(r"[ \t]+$", "", svg, flags=re.MULTILINE)
    (PICTURES / "terminal.svg").write_text(svg.rstrip() + "\n", encoding="utf-8")


def cohort(study: Study) -> None:
    """What a cohort gives: cuts between grades, and the probability of a severe course."""
    import matplotlib.pyplot as plt
    import pandas

    from groundglass import plotting

    table = pandas.read_csv(ROOT / "examples" / "data" / "phantom-cohort.csv")
    fraction, severity = table["opacity_fraction"], table["severity"]
    figure, (left, right) = plt.subplots(1, 2, figsize=(12, 4.2), layout="constrained")
    cuts = gg.fit_thresholds(fraction, severity, order=["mild", "moderate", "severe"])
    plotting.violin(fraction, severity, cuts=cuts, ax=left).set_ylim(-0.01, 0.3)
    edges = [0, 0.01, 0.02, 0.03, 0.04, 0.06, 0.08, 0.11, 0.15, 0.22, 1]
    intervals = gg.interval_table(fraction, table["severe"], edges=edges, isotonic=True)
    plotting.interval_probability(intervals, ax=right).set_xlim(0, 0.4)
    held = io.BytesIO()
    figure.savefig(held, dpi=100)
    save(held.getvalue(), "cohort")


@contextmanager
def running(command: list[str], address: str, environment: dict[str, str]) -> Iterator[None]:
    """A server while the block runs, from when it answers at `address`."""
    with tempfile.TemporaryFile() as said:
        server = subprocess.Popen(command, stdout=said, stderr=said, env={**os.environ, **environment})
        try:
            for _ in range(600):
                try:
                    urllib.request.urlopen(address, timeout=5).close()
                    break
                except OSError:
                    if server.poll() is not None:
                        said.seek(0)
                        raise LeftOut(said.read().decode(errors="replace")[-300:]) from None
                    time.sleep(0.1)
            yield
        finally:
            server.terminate()
            server.wait(30)


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def page(study: Study) -> None:
    """The web page with the study uploaded, as a user would."""
    if not (Path(gg.__file__).parent / "web" / "static" / "index.html").is_file():
        raise LeftOut("the web page is not built; tools/page.sh builds it")
    port = free_port()
    command = [sys.executable, "-m", "groundglass", "serve", "--port", str(port)]
    address = f"http://127.0.0.1:{port}/"
    with page_in(study, 1360, 1250) as browser, running(command, address, {}):
        browser.goto(address)
        browser.locator("input[type=file]").first.set_input_files(study.zip)
        browser.locator("button.primary").first.click()
        browser.wait_for_url("**/#/r/*", timeout=600_000)
        browser.wait_for_selector("canvas", timeout=600_000)
        browser.wait_for_timeout(4000)
        save(browser.screenshot(), "page")


def widget(study: Study) -> None:
    """The viewer in JupyterLab."""
    if shutil.which("jupyter-lab", path=str(Path(sys.executable).parent)) is None:
        raise LeftOut("JupyterLab is not installed")
    shown = _slice(study.result)
    lines = ("import groundglass as gg", "", 'result = gg.analyze("ct")', f"gg.view(result, slice={shown})")
    notebook = study.ct.parent / "look.ipynb"
    notebook.write_text(json.dumps(_notebook("\n".join(lines))), encoding="utf-8")
    port = free_port()
    command = [
        *(sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", f"--port={port}"),
        *("--ServerApp.token=", "--ServerApp.password=", "--ServerApp.port_retries=0"),
        f"--ServerApp.root_dir={notebook.parent}",
        "--LabApp.news_url=",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    ]
    address = f"http://127.0.0.1:{port}/doc/tree/{notebook.name}?reset"
    home = str(study.folder)
    settings = study.folder / "lab" / "user-settings" / "@jupyterlab" / "apputils-extension"
    settings.mkdir(parents=True, exist_ok=True)
    (settings / "notification.jupyterlab-settings").write_text('{"fetchNews": "false"}')
    folders = dict.fromkeys(("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "IPYTHONDIR"), home)
    with page_in(study, 1360, 900) as browser, running(command, address, folders):
        browser.goto(address, timeout=120_000)
        browser.locator(".jp-Notebook .jp-CodeCell").first.click(timeout=120_000)
        browser.keyboard.press("Shift+Enter")
        browser.wait_for_selector(".jp-OutputArea canvas", timeout=600_000)
        browser.wait_for_timeout(5000)
        save(browser.screenshot(), "widget")


def _notebook(source: str) -> dict[str, Any]:
    cell = {
        "cell_type": "code",
        "execution_count": None,
        "id": "look",
        "metadata": {},
        "outputs": [],
        "source": source,
    }
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return {"nbformat": 4, "nbformat_minor": 5, "metadata": {"kernelspec": kernel}, "cells": [cell]}


def lobes(_study: Study) -> None:
    """Sagittal cuts of a phantom with whole fissures: the CT, and lobes by shape and by fissures with the
    true borders in white."""
    import matplotlib.pyplot as plt
    import numpy as np
    from matplotlib.colors import ListedColormap

    drawn = gg.phantom.make(SEED, ground_glass=0, consolidation=0, shape=(150, 384, 384), fissures=True)
    lungs = gg.LungCt(drawn.volume, drawn.lungs)
    by_shape, by_both = (gg.Lobes(fissures=look)(lungs).lobes for look in (False, True))
    colours = ListedColormap(["#a6cee3", "#1f78b4", "#b2df8a", "#fdbf6f", "#33a02c"])
    dz, dy, _ = drawn.spacing_mm
    truth = drawn.lobes
    assert truth is not None
    figure, axes = plt.subplots(2, 3, figsize=(11.4, 7.6), layout="constrained")
    for row, (name, values) in zip(axes, (("Right", (3, 4, 5)), ("Left", (1, 2))), strict=True):
        inside = np.isin(truth, values)
        column = int(np.median(np.nonzero(inside)[2]))
        cut = (slice(None), slice(None), column)
        titles = (f"{name} lung", "lobes by shape", "lobes by shape and fissures")
        for ax, title, found in zip(row, titles, (None, by_shape, by_both), strict=True):
            ax.imshow(
                drawn.hounsfield[cut], cmap="gray", vmin=-1000, vmax=-500, origin="lower", aspect=dz / dy
            )
            if found is not None:
                shown = np.ma.masked_equal(np.where(inside[cut], found[cut], 0), 0)
                ax.imshow(shown, cmap=colours, vmin=1, vmax=5, alpha=0.6, origin="lower", aspect=dz / dy)
                for value in values[1:]:
                    border = np.where(inside[cut], truth[cut] >= value, np.nan)
                    ax.contour(border, levels=[0.5], colors="white", linewidths=1.2)
            ax.set_title(title, fontsize=11)
            ax.set_axis_off()
    held = io.BytesIO()
    figure.savefig(held, dpi=90)
    save(held.getvalue(), "lobes")


PARTS: dict[str, Callable[[Study], None]] = {
    "overview": overview,
    "phantom": phantom,
    "report": report,
    "terminal": terminal,
    "cohort": cohort,
    "lobes": lobes,
    "page": page,
    "widget": widget,
}


def main(names: list[str]) -> int:
    if unknown := [name for name in names if name not in PARTS]:
        print(f"gallery: {', '.join(unknown)}: none of {', '.join(PARTS)}", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as folder:
        study = Study(Path(folder))
        for name in names or PARTS:
            try:
                PARTS[name](study)
                print(f"gallery: {name}")
            except LeftOut as reason:
                print(f"gallery: {name} is left out: {reason}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
