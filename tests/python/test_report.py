"""The HTML report: what stands on it, that it is one sound and harmless file, that it fits on three pages."""

from __future__ import annotations

import itertools
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from math import nan
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import groundglass as gg
import small_study
from groundglass.cli import main
from groundglass.html.words import NOTHING, number, percent, volume
from report_pages import RESULTS, Page, calibrated, fitted, page_of, with_severity
from small_study import patient, write

CHROMIUM = shutil.which("chromium")
UID = "1.2.840.113619.2.55.3.604688119"


@pytest.fixture(params=RESULTS)
def page(request: pytest.FixtureRequest) -> str:
    return page_of(request.param)


def shown(value: float | None, digits: int) -> str:
    return "–" if value is None else f"{value:z.{digits}f}".replace("-", "−")


def test_the_numbers_are_those_of_the_result() -> None:
    result = calibrated()
    content, found = result.to_dict(), Page(page_of("calibrated"))
    severity, doubt = content["severity"], content["uncertainty"]
    both = content["regions"][0]
    share = shown(severity["opacity_percent"], 2)
    lower, upper = (shown(doubt[f"opacity_percent_{end}"], 2) for end in ("lower", "upper"))
    for text in (
        f"take up {share} % of the lungs ({shown(both['opacity_ml'], 1)} of {shown(both['lung_ml'], 0)} ml)",
        f"90 % interval {lower}–{upper} %",
        f"differ by {shown(doubt['opacity_percent_sd'], 2)} points",
    ):
        assert text in found.words
    assert float(lower) < float(share) < float(upper)

    rows = {row[0].lower(): row for row in found.tables["regions"]}
    for region in content["regions"]:
        row = rows[region["region"]]
        volumes = [shown(region[f"{n}_ml"], 1) for n in ("ground_glass", "consolidation", "opacity")]
        assert row[1:5] == [shown(region["lung_ml"], 0), *volumes]
        bounds = [shown(region[f"opacity_percent_{end}"], 2) for end in ("lower", "upper")]
        interval = (
            "–" if region["opacity_percent_lower"] is None else "–".join(bounds)
        )  # the lobes' are not made
        assert row[5:7] == [shown(region["opacity_percent"], 2), interval]
        assert row[8] == shown(region["high_opacity_percent"], 2)
        assert row[10] == f"{shown(region['lung_hu_mean'], 0)} ± {shown(region['lung_hu_sd'], 0)}"

    shares = {row[0]: row for row in found.tables["shares"]}
    probable = dict(
        zip((f"CT-{n}" for n in range(5)), severity["probability"]["ct_grade_extent"], strict=True)
    )
    probable |= dict(zip(severity["classes"], severity["probability"]["class"], strict=True))
    for name, probability in probable.items():
        assert shares[name][-1] in (f"{100 * probability:.0f}\xa0%", "<1\xa0%", ">99\xa0%")
    assert [row[1] for row in found.tables["shares"] if row[0] in "ABC"] == [
        "below 1.8\xa0%",
        "1.8–6.2\xa0%",
        "from 6.2\xa0%",
    ]

    points = {row[0]: row[1] for row in found.tables["scores"]}
    assert points["CT by pattern"] == severity["ct_grade_rule"]
    for name, key, most in (("CTSS (Pan)", "ctss_pan2020", 25), ("TSS", "tss", 20), ("TFS", "tfs", 24)):
        assert points[name] == f"{severity['scores'][key]} / {most}"
    assert points["CT-SS, segments"] == "– / 40"
    for row in gg.extent_conventions():
        assert row["source"] in found.words


def test_key_slices_are_numbered_described_and_marked_in_the_profile() -> None:
    result, found = calibrated(), Page(page_of("calibrated"))
    chosen, most = gg.overlay.choose_slices(result.profile, 6)
    pictures = found.named("img")
    assert len(pictures) == len(chosen) == 6
    for index, picture in zip(chosen, pictures, strict=True):
        entry = result.profile[index]
        assert picture["src"].startswith("data:image/jpeg;base64,")
        assert f"slice {entry.slice}, {shown(entry.position_mm, 1)} mm" in picture["alt"]
        assert f"ground glass {shown(entry.ground_glass_ml, 2)}\xa0ml" in picture["alt"]
    drawings = found.named("svg")
    assert all(drawing["role"] == "img" and drawing["aria-label"] for drawing in drawings)
    assert any(f"most opacity in slice {most}" in drawing["aria-label"] for drawing in drawings)
    assert found.words.count("Most opacity") == 1
    assert sum(given.get("class") == "badge" for given in found.named("text")) == 6


def test_origin_notes_and_terms() -> None:
    result, found = calibrated(), Page(page_of("calibrated"))
    words = found.words
    assert words.count("Not a medical device") == 3
    assert words.count("Weights: for tests") == 3
    assert words.index("Warning Gaps found.") < words.index("Note Sorted.")
    assert "1 warning, 1 note" in words
    assert "is made to hold the truth in 90 % of slices like those the models were calibrated on" in words
    for model in result.models:
        assert model.name in words
        assert model.sha256 in words.replace(" ", "")
    assert result.source.sha256 in words.replace(" ", "")
    assert f"groundglass {gg.__version__}" in words
    assert "threshold 0.5, views 1, bfloat16 no" in words


def test_without_intervals_it_says_why() -> None:
    result, found = small_study.result(), Page(page_of("given"))
    assert "the lesions were given" in found.words
    assert "90 % interval" not in found.words
    assert "The lobes were estimated from the lungs' shape alone." in found.words
    for sha256 in result.given_sha256.values():
        assert sha256 in found.words.replace(" ", "")
    uncertain = replace(calibrated(), uncertainty=None)
    assert "the models are not calibrated" in Page(gg.report.html(uncertain)).words


def test_a_fitted_severity_says_what_became_of_patients_alike() -> None:
    model = fitted()
    result, found = with_severity(calibrated(), model), Page(page_of("fitted"))
    content = result.to_dict()["severity"]["fitted"]
    rows = {row[0]: row for row in found.tables["shares"]}
    for name, share, lower in zip(model.classes, content["share"], content["share_lower"], strict=True):
        assert rows[name][-1].startswith(f"{100 * share:.0f}\xa0%({100 * lower:.0f}–")
    assert f"fitted to {sum(model.patients)} patients" in found.words
    assert f"Alike: {content['alike_patients']} patient" in found.words
    assert "By the uncertainty of the opacity:" in found.words


def test_no_answer_is_a_dash() -> None:
    found = Page(page_of("few slices"))
    assert "No ground glass and no consolidation" in found.words
    rows = {row[0]: row for row in found.tables["regions"]}
    assert rows["Left lung"][5:] == ["–", "", "–", "–", "–"]
    assert rows["Right lung"][5] == "0.00"
    assert {row[1] for row in found.tables["scores"]} >= {"– / 25", "– / 20"}
    assert "no opacity" in found.words
    assert "nan" not in found.words.lower().split()


def test_a_trace_is_not_called_nothing() -> None:
    found = patient()
    trace = np.zeros_like(found.lesions)
    trace[tuple(np.argwhere(found.lungs > 0)[0])] = 1
    page = Page(gg.report.html(gg.analyze(found.volume, lungs=found.lungs, lesions=trace)))
    assert re.search(r"Less than 0.01 % of \d+ ml of lung is ground glass or consolidation", page.words)


def test_lobes_and_segments_have_their_rows_and_long_lists_are_cut() -> None:
    found = Page(page_of("crowded"))
    rows = [row[0] for row in found.tables["regions"]]
    assert [row for row in rows if row.endswith("lobe")] == [
        "Left upper lobe",
        "Left lower lobe",
        "Right upper lobe",
        "Right middle lobe",
        "Right lower lobe",
    ]
    assert [row[0] for row in found.tables[""] if row[0].isdecimal()] == [str(n) for n in range(1, 21)]
    assert "Lobes are those of the given map" in found.words
    assert "7 more classes in result.json" in found.words
    assert "6 more in result.json" in found.words
    listed = found.words.count("Warning Note")
    assert f"{30 - listed} more in result.json" in found.words
    assert listed > 0


def test_the_page_is_sound(page: str) -> None:
    found = Page(page)
    assert page.startswith("<!doctype html>\n")
    assert found.named("html") == [{"lang": "en"}]
    levels = [int(tag[1]) for tag, _ in found.elements if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))
    identifiers = [given["id"] for _, given in found.elements if "id" in given]
    assert len(identifiers) == len(set(identifiers))
    assert {given["aria-labelledby"] for _, given in found.elements if "aria-labelledby" in given} <= set(
        identifiers
    )
    assert all(given.get("scope") for given in found.named("th"))
    assert all(re.search(r"\d", given["alt"]) for given in found.named("img"))


def test_the_page_is_harmless_and_loads_nothing(page: str) -> None:
    found = Page(page)
    tags = {tag for tag, _ in found.elements}
    assert not tags & {"script", "iframe", "object", "embed", "link", "form", "a", "base"}
    for _, given in found.elements:
        assert not [name for name in given if name.startswith("on")]
        for name in ("src", "href", "xlink:href"):
            assert given.get(name, "data:image/").startswith("data:image/")
    assert "http" not in page
    style = page[page.index("<style>") : page.index("</style>")]
    assert "url(" not in style
    assert "@import" not in style
    assert "\x00" not in page
    page.encode("utf-8")


def test_hostile_texts_are_shown_as_they_are() -> None:
    found = Page(page_of("crowded"))
    assert "<script>alert(1)</script>" in found.words
    assert "<img src=x" in found.words


@pytest.mark.parametrize("uid", [UID, "2.25.329800735698586629295641978511506172918", f"{UID}/2"])
def test_it_names_no_series(uid: str) -> None:
    result = calibrated()
    named = replace(
        result,
        source=replace(result.source, series_uid=uid),
        stage_notes={"read": (gg.Note("info", "series", f"The series {uid} was taken."),)},
    )
    assert named.to_dict()["input"]["series_uid"] == uid
    assert uid in named.to_dict()["notes"][0]["text"]
    page = gg.report.html(named)
    assert uid not in page
    assert "The series (UID withheld) was taken." in page


def test_size_is_bounded_even_for_noise() -> None:
    rng = np.random.default_rng(1)
    hounsfield = rng.normal(-600, 300, (8, 512, 512)).astype(np.int16)
    lungs = np.ones(hounsfield.shape, np.uint8)
    lungs[:, :, :256] = 2
    lesions = rng.integers(0, 3, hounsfield.shape).astype(np.uint8)
    ct = gg.CtVolume(hounsfield, spacing_mm=(30.0, 0.7, 0.7))
    page = gg.report.html(gg.analyze(ct, lungs=lungs, lesions=lesions))
    assert len(page.encode()) < 5_000_000


def test_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    result = small_study.result()
    path = gg.report.write_html(result, tmp_path / "report.html")
    assert path.read_text(encoding="utf-8") == gg.report.html(result)
    with pytest.raises(FileExistsError):
        gg.report.write_html(result, path)
    gg.report.write_html(result, path, overwrite=True)

    saved = result.save(tmp_path / "saved", extras=("report",))
    assert tmp_path / "saved" / "report.html" in saved
    assert (tmp_path / "saved" / "report.html").read_bytes() == path.read_bytes()

    masks = ["--lungs", str(tmp_path / "lungs.nii.gz"), "--lesions", str(tmp_path / "lesions.nii.gz")]
    arguments = ["analyze", str(write(tmp_path)), *masks, "--out", str(tmp_path / "out"), "--report"]
    assert main(arguments) == 0
    capsys.readouterr()
    text = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert str(tmp_path) not in text
    assert "NIfTI" in text
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_contrast_of_texts_is_that_of_wcag_aa() -> None:
    style = (Path(gg.report.__file__).parent / "style.css").read_text(encoding="utf-8")
    light, dark = (
        dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", block))
        for block in re.findall(r":root \{([^}]*)\}", style)
    )
    for theme in (light, light | dark):
        pairs = [(text, ground) for text in ("ink", "quiet", "accent") for ground in ("sheet", "page")]
        for text, ground in [*pairs, ("warning", "warning-soft"), ("ink", "warning-soft")]:
            assert contrast(theme[text], theme[ground]) >= 4.5, (text, ground)


def contrast(first: str, second: str) -> float:
    """The contrast ratio of WCAG 2 of two colours as ``#rrggbb``."""

    def luminance(colour: str) -> float:
        parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    lighter, darker = sorted((luminance(first), luminance(second)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def test_numbers_are_written_as_a_reader_expects_them() -> None:
    assert number(-799.4, 0) == "−799"
    assert number(-0.04) == "0.0"
    assert percent(1.954) == "1.95\N{NO-BREAK SPACE}%"
    assert {shown(value) for shown in (number, percent, volume) for value in (None, nan)} == {NOTHING}


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """A Chromium without a window."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed")
    with sync_api.sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.mark.parametrize("name", RESULTS)
def test_it_prints_on_three_pages(browser: Any, name: str) -> None:
    tab = browser.new_page()
    tab.set_content(page_of(name))
    for paper in ("A4", "Letter"):
        pages = re.findall(rb"/Type\s*/Page\b", tab.pdf(format=paper))
        assert len(pages) == 3, paper
    tab.close()


@pytest.mark.parametrize("name", RESULTS)
def test_it_never_scrolls_sideways(browser: Any, name: str) -> None:
    for width in (360, 720, 864, 1280):
        tab = browser.new_page(viewport={"width": width, "height": 800})
        tab.set_content(page_of(name))
        assert tab.evaluate("document.documentElement.scrollWidth") == width
        past = (
            "[...document.querySelectorAll('td, p, dd, h2')].filter(e => e.scrollWidth > e.clientWidth + 1)"
        )
        assert tab.evaluate(f"{past}.length") == 0
        tab.close()


def test_it_asks_for_nothing_and_says_nothing(browser: Any) -> None:
    tab = browser.new_page()
    asked: list[str] = []
    said: list[str] = []
    tab.on("request", lambda request: asked.append(request.url))
    tab.on("console", lambda message: said.append(message.text))
    tab.set_content(page_of("calibrated"))
    loaded = "[...document.images].every(image => image.complete && image.naturalWidth > 0)"
    assert tab.evaluate(loaded)
    assert [address for address in asked if not address.startswith("data:")] == []
    assert said == []
    tab.close()
