"""Whether two moments may be compared: one patient, lungs, the same weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from groundglass.compare.moment import PSEUDONYM, Moment

#: Notes of ``analyze`` with these codes say that what was found can hardly be lungs.
NO_LUNGS = ("lung_volume_implausible", "no_lungs_found", "not_a_chest")


@dataclass(frozen=True, kw_only=True)
class Check:
    """One of the questions: its answer, ``"same"``, ``"other"`` or ``"unknown"``, and why not where it is
    other."""

    question: str
    answer: str
    text: str = ""


def checks(first: Moment, second: Moment, name: str) -> list[Check]:
    """The answers for a moment called `name` beside the baseline."""
    return [_patient(first, second, name), _lungs(first, second, name), _weights(first, second, name)]


def _patient(first: Moment, second: Moment, name: str) -> Check:
    shared = [key for key in first.patient if key in second.patient]
    if any(first.patient[key] != second.patient[key] for key in shared):
        text = f"the {name} is of another patient than the baseline: their identifiers differ"
        return Check(question="patient", answer="other", text=text)
    return Check(question="patient", answer="same" if {"PatientID", PSEUDONYM} & set(shared) else "unknown")


def _lungs(first: Moment, second: Moment, name: str) -> Check:
    for moment, called in ((first, "baseline"), (second, name)):
        lung_ml = moment.both["lung_ml"]
        if not lung_ml or any(note["code"] in NO_LUNGS for note in moment.content["notes"]):
            text = f"the {called} holds no plausible lungs ({lung_ml or 0:.0f} ml)"
            return Check(question="lungs", answer="other", text=text)
    return Check(question="lungs", answer="same")


def _weights(first: Moment, second: Moment, name: str) -> Check:
    answers: Sequence[tuple[str, Any, Any]] = [
        (what, of(first.content), of(second.content))
        for what, of in (("lungs", _lung_weights), ("lesions", _lesion_weights), ("settings", _settings))
    ]
    for what, before, now in answers:
        if before != now:
            text = (
                f"the {what} of the {name} come from other weights or another source than the baseline's"
                if what != "settings"
                else f"the {name} was measured with other settings than the baseline"
            )
            return Check(question="weights", answer="other", text=text)
    return Check(question="weights", answer="same")


def _lung_weights(content: Mapping[str, Any]) -> Any:
    lungs = content["lungs"]
    return lungs["source"], lungs.get("model", {}).get("sha256")


def _lesion_weights(content: Mapping[str, Any]) -> Any:
    return content["lesions"]["source"], sorted(model["sha256"] for model in content["models"])


def _settings(content: Mapping[str, Any]) -> Any:
    options = content["options"]
    return options["segmentation"], options["high_opacity"]
