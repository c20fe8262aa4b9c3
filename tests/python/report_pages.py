"""Reports of small studies for the tests, and a parser that takes them apart."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from html.parser import HTMLParser
from typing import Any

import numpy as np

import groundglass as gg
import small_study
from groundglass.html.markup import VOID
from groundglass.result import ModelRecord
from small_study import patient

HOSTILE = "<script>alert(1)</script>\"'&\x00\udc80<img src=x onerror=alert(2)>"


class Page(HTMLParser):
    """The page taken apart; complains about elements that are not closed as they were opened."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.text: list[str] = []
        self.tables: dict[str, list[list[str]]] = {}
        self._rows: list[list[str]] = []
        self.feed(page)
        self.close()
        assert not self.open, f"not closed: {self.open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        assert len(given) == len(attrs), f"{tag} has an attribute twice"
        self.elements.append((tag, given))
        if tag not in VOID:
            self.open.append(tag)
        if tag == "table":
            self._rows = self.tables.setdefault(given.get("class", ""), [])
        elif tag == "tr":
            self._rows.append([])
        elif tag in ("td", "th"):
            self._rows[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag, f"</{tag}> closes another element"

    def handle_data(self, data: str) -> None:
        if "style" in self.open:
            return
        self.text.append(data)
        if {"td", "th"} & set(self.open):
            self._rows[-1][-1] += data

    def named(self, *tags: str) -> list[dict[str, str]]:
        return [given for tag, given in self.elements if tag in tags]

    @property
    def words(self) -> str:
        return " ".join(" ".join(self.text).split())


def lobes_and_segments() -> dict[str, np.ndarray[Any, Any]]:
    """Maps of five lobes and twenty segments, cut out of the lungs by height."""
    lungs = patient().lungs
    height = np.arange(lungs.shape[0])[:, None, None] * np.ones(lungs.shape, int)
    thirds = np.digitize(height, (8, 15))
    lobes = np.where(lungs == 1, np.where(thirds > 0, 1, 2), np.choose(thirds, (5, 4, 3)))
    segments = 1 + 10 * (lungs - 1.0) + np.minimum(height * 10 // lungs.shape[0], 9)
    return {
        "lobes": np.where(lungs > 0, lobes, 0).astype(np.uint8),
        "segments": np.where(lungs > 0, segments, 0).astype(np.uint8),
    }


@lru_cache(maxsize=1)
def calibrated() -> gg.Result:
    """As a calibrated ensemble of two finds it: with intervals, probabilities, models and notes."""
    found, plain = patient(), small_study.result()
    more = (np.random.default_rng(5).random(found.lungs.shape) < 0.02) & (found.lungs > 0)
    first = np.where(found.lesions > 0, 1 + more, np.where(more, 3, 0)) + 128 * (found.lesions == 2)
    doubt = gg.LesionUncertainty(
        levels=[0.05, 0.5, 0.95], first_level=first.astype(np.uint8), member_voxels=[2500, 2600]
    )
    lesion_ct = gg.LesionCt(gg.LungCt(found.volume, found.lungs), found.lesions, uncertainty=doubt)
    return replace(
        plain,
        lesion_ct=lesion_ct,
        uncertainty=gg.InvolvementUncertainty()(lesion_ct),
        models=tuple(ModelRecord(name=n, sha256=2 * n[0] * 32, licence="for tests") for n in ("ab", "cd")),
        given_sha256={},
        options=dict(plain.options) | {"segmentation": {"threshold": 0.5, "views": 1, "bfloat16": False}},
        stage_notes={"read": (gg.Note("info", "a", "Sorted."), gg.Note("warning", "b", "Gaps found."))},
    )


def fitted() -> gg.SeverityModel:
    rng = np.random.default_rng(2)
    values = np.concatenate([rng.beta(1, 30, 40), rng.beta(3, 20, 40), rng.beta(6, 10, 40)])
    classes = ["mild"] * 40 + ["moderate"] * 40 + ["severe"] * 40
    table = {"opacity_fraction": values, "severity": classes}
    return gg.fit_severity(table, order=["mild", "moderate", "severe"], resamples=50)


def with_severity(result: gg.Result, model: gg.SeverityModel) -> gg.Result:
    own = model.grade(result.table.opacity_fraction)
    return replace(result, severity_model=model, thresholds=model.thresholds, severity_class=own)


def few_slices() -> gg.Result:
    """Three slices of a right lung without a lesion: no left lung, no score of lobes, no opacity."""
    found, part = patient(), slice(10, 13)
    lungs = np.where(found.lungs[part] == 2, 2, 0).astype(np.uint8)
    ct = gg.CtVolume(np.ascontiguousarray(found.hounsfield[part]), spacing_mm=found.spacing_mm)
    return gg.analyze(ct, lungs=lungs, lesions=np.zeros_like(lungs))


def crowded() -> gg.Result:
    """All at once: lobes, segments, many classes, many models and notes, all with long and hostile names."""
    found = patient()
    result = gg.analyze(found.volume, lungs=found.lungs, lesions=found.lesions, **lobes_and_segments())
    cuts = tuple(float(value) for value in np.linspace(0.02, 0.9, 11))
    thresholds = gg.Thresholds(cuts=cuts, classes=tuple(f"class {n} {'of a name ' * 8}" for n in range(12)))
    notes = [
        gg.Note("warning" if n % 2 else "info", f"note_{n}", f"Note {n} {HOSTILE[:25]} " + "and so on " * 30)
        for n in range(30)
    ]
    licence = f"{HOSTILE} " + "under terms " * 60
    return replace(
        result,
        thresholds=thresholds,
        severity_class=thresholds(result.table.opacity_fraction),
        stage_notes={"read": tuple(notes)},
        models=tuple(ModelRecord(name=HOSTILE * 4, sha256="f" * 64, licence=licence) for _ in range(9)),
        uncertainty=calibrated().uncertainty,
    )


RESULTS = {
    "given": small_study.result,
    "calibrated": calibrated,
    "fitted": lambda: with_severity(calibrated(), fitted()),
    "few slices": few_slices,
    "crowded": crowded,
}


@lru_cache(maxsize=len(RESULTS))
def page_of(name: str) -> str:
    return gg.report.html(RESULTS[name]())
