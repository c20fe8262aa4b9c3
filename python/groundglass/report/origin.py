"""What a reader checks before believing the numbers: the gate's notes, and where everything comes from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from groundglass.html.markup import Content, Markup, el
from groundglass.html.words import SPACE, clipped, counted, number
from groundglass.read.kinds import title_of
from groundglass.report.headline import coverage, uncalibrated

#: Notes and models listed at most, and signs of one text: the report keeps to its pages.
MOST_NOTES, MOST_NOTE_LINES, MOST_MODELS = 8, 11, 3
LONGEST_NOTE, LONGEST_NAME, LONGEST_LICENCE, LONGEST_TERMS = 180, 28, 110, 180
#: Signs of a note's line on paper.
LINE = 66

MASKS = ("lungs", "lesions", "lobes", "segments")

#: What stages are called where their own name says little.
STAGES = {"read": "reading", "quantification": "measuring"}


def crowded(content: Mapping[str, Any]) -> bool:
    """Whether there is more to tell than the second sheet holds at ease."""
    given = sum(content[name]["source"] == "given" for name in MASKS)
    return len(content["notes"]) > 5 or len(_weights(content)) + given > 3


def notes(content: Mapping[str, Any]) -> Markup:
    """The gate's notes, warnings first; a long list is cut."""
    found = sorted(content["notes"], key=lambda note: note["level"] != "warning")
    warnings = sum(note["level"] == "warning" for note in found)
    shown = [
        el(
            "li",
            el("strong", "Warning" if note["level"] == "warning" else "Note"),
            el("span", clipped(" ".join(note["text"].split()), LONGEST_NOTE)),
            class_="warning" if note["level"] == "warning" else None,
        )
        for note in _fitting(found)
    ]
    hidden = len(found) - len(shown)
    more = el("p", f"{hidden} more in result.json.", class_="remark") if hidden else None
    nothing = el("p", "The study was taken as it is; there is nothing to remark.", class_="remark")
    summary = f"{counted(warnings, 'warning')}, {counted(len(found) - warnings, 'note')}"
    return el(
        "section",
        el("h2", "Quality of the study ", el("small", summary), id="quality"),
        el("ul", shown, class_="notes") if shown else nothing,
        more,
        aria_labelledby="quality",
    )


def _fitting(found: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """As many of the notes as there is room for."""
    shown: list[Mapping[str, Any]] = []
    lines = 0
    for note in found[:MOST_NOTES]:
        lines += -(-min(len(note["text"]), LONGEST_NOTE) // LINE)
        if lines > MOST_NOTE_LINES:
            break
        shown.append(note)
    return shown


def reading(content: Mapping[str, Any]) -> Markup:
    """What the main numbers mean."""
    covered = coverage(content)
    high = (
        "the part that is consolidation"
        if content["options"]["high_opacity"] == "consolidation"
        else "the part of the opacity above −200 HU"
    )
    text = [
        "PO is the volume of ground glass and consolidation together as a percentage of the lung’s volume, "
        f"lesions included; PHO is {high}. It is an extent and no diagnosis: other diseases, and dense "
        "dependent lung, look the same."
    ]
    if covered:
        text.append(
            f"The {covered} interval is made to hold the truth in {covered} of slices like those the models "
            "were calibrated on. It does not cover a wrong lung mask, another disease or two readers’ "
            "differences."
        )
    else:
        text.append(f"There is no interval, as {uncalibrated(content)}.")
    return el(
        "section",
        el("h2", "How to read it", id="reading"),
        el("p", " ".join(text)),
        aria_labelledby="reading",
    )


def terms(content: Mapping[str, Any]) -> Markup:
    """What this is not, and what the weights may be used for: stands on every page."""
    name, _, rest = content["disclaimer"].partition(":")
    weights = licences(_weights(content), LONGEST_LICENCE)
    return el(
        "p",
        el("strong", name),
        f": {rest.strip()}" if rest else None,
        f" Weights: {weights}" if weights else None,
        class_="terms",
        role="note",
    )


def provenance(content: Mapping[str, Any]) -> Markup:
    """Input, masks, models, settings and run, so that the same can be done again."""
    source, run = content["input"], content["run"]
    slices, rows, columns = source["shape"]
    spacing = " × ".join(f"{value:.3g}" for value in source["spacing_mm"])
    files = "" if source["files"] is None else f", {counted(source['files'], 'file')}"
    facts: list[tuple[str, Content]] = [
        ("Input", f"{title_of(source['kind'])}{files}"),
        ("SHA-256", _digest(source["sha256"])),
        ("Volume", f"{counted(slices, 'slice')} of {rows} × {columns}, {spacing} mm"),
        *_masks(content),
    ]
    settings = content["options"]["segmentation"]
    if settings:
        facts.append(
            ("Settings", ", ".join(f"{_words(key)} {_value(value)}" for key, value in settings.items()))
        )
    facts += [
        *_models(content["models"], _weights(content)),
        ("Program", f"groundglass {content['groundglass_version']}, result {content['schema_version']}"),
        ("Run", _run(run)),
    ]
    return el(
        "section",
        el("h2", "Where it comes from", id="provenance"),
        el("dl", [el("div", el("dt", name), el("dd", value)) for name, value in facts]),
        aria_labelledby="provenance",
    )


def _masks(content: Mapping[str, Any]) -> list[tuple[str, Content]]:
    """Where lungs, lesions, lobes and segments come from."""
    found: list[tuple[str, Content]] = []
    words = {"lung_mask": "found by groundglass without a network", "model": "found by the models below"}
    for name in MASKS:
        mask = content[name]
        if mask["source"] == "given":
            found.append((name.capitalize(), ["given, ", _digest(mask["sha256"])]))
        elif mask["source"] == "network":
            found.append((name.capitalize(), _by_network(mask["model"])))
        elif mask["source"] == "estimated":
            found.append((name.capitalize(), _estimate(mask)))
        elif mask["source"]:
            found.append((name.capitalize(), words.get(mask["source"], mask["source"])))
    return found


def _by_network(model: Mapping[str, Any]) -> list[Content]:
    name = el("strong", clipped(f"{model['name']} {model['version']}", LONGEST_NAME))
    return ["found by ", name, f", threshold {model['threshold']:g}, ", _digest(model["sha256"])]


def _weights(content: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """All weights that took part: of the lungs, where a network found them, then of the lesions."""
    lungs = content["lungs"].get("model")
    return [*([] if lungs is None else [lungs]), *content["models"]]


def _estimate(lobes: Mapping[str, Any]) -> str:
    """How lobes were estimated, with what was seen of each fissure and the error of each border by shape."""
    parts = (
        f"{border['name']} {100 * border['seen']:.0f} % seen, else off {border['expected_error_mm']:.0f} mm"
        for border in lobes["fissures"]
    )
    by = "shape and fissures" if lobes["how"] == "shape + fissure" else "shape"
    return f"estimated from the lungs’ {by}: " + "; ".join(parts)


def _models(
    models: Sequence[Mapping[str, Any]], weights: Sequence[Mapping[str, Any]]
) -> list[tuple[str, Content]]:
    """A row a model and a row for the licences of all weights; those that share one share it."""
    shown: list[tuple[str, Content]] = [
        ("Model", [el("strong", clipped(model["name"], LONGEST_NAME)), " ", _digest(model["sha256"])])
        for model in models[:MOST_MODELS]
    ]
    if len(models) > MOST_MODELS:
        shown.append(("Models", f"{len(models) - MOST_MODELS} more in result.json"))
    if weights:
        shown.append(("Licence", licences(weights, LONGEST_TERMS)))
    return shown


def licences(models: Sequence[Mapping[str, Any]], longest: int) -> str:
    """The terms of all models, each once."""
    return clipped("; ".join(dict.fromkeys(model["licence"] or "not stated" for model in models)), longest)


def _digest(value: str | None) -> Markup:
    """With one place where a line may break."""
    if value is None:
        return Markup("not known")
    half = len(value) // 2
    return el("code", value[:half], el("wbr"), value[half:])


def _words(key: str) -> str:
    """``average_mm`` as ``average mm``."""
    return clipped(key.replace("_", " "), LONGEST_NAME)


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return clipped(f"{value:g}" if isinstance(value, float) else str(value), LONGEST_NAME)


def _run(run: Mapping[str, Any]) -> str:
    """Time by stage, threads and memory."""
    timings = run["timings_s"]
    parts = [
        f"{STAGES.get(name, name)} {_seconds(value)}" for name, value in timings.items() if name != "total"
    ]
    threads = "a thread for each core" if run["threads"] == 0 else counted(run["threads"], "thread")
    memory = run["peak_memory_mb"]
    most = "" if memory is None else f", at most {memory:.0f} MB of memory"
    return f"{_seconds(timings['total'])} ({', '.join(parts)}), {threads}{most}"


def _seconds(value: float) -> str:
    return f"{number(value, 1 if value >= 1 else 2)}{SPACE}s"
