"""What a result's own numbers say against it."""

from __future__ import annotations

from groundglass._core import Note, UncertaintyTable

__all__ = ["wide_interval_notes"]

#: As wide as both of these, in points and in times the value, an interval says that the networks do not know
#: the pattern. Of ten CTs, six of them with cancer, the one with bronchiectasis alone had such an interval.
WIDE_POINTS = 20.0
WIDE_TIMES = 3.0


def wide_interval_notes(uncertainty: UncertaintyTable | None, opacity_percent: float) -> list[Note]:
    """A warning ``unlike_training`` where the interval of both lungs' opacity is wide for what it is of."""
    if uncertainty is None or not uncertainty.calibrated:
        return []
    curve = uncertainty.rows[0].opacity_percent
    width = curve.upper - curve.lower
    if not (width >= WIDE_POINTS and width >= WIDE_TIMES * opacity_percent):
        return []
    text = (
        f"The interval of the opacity, {curve.lower:.1f} to {curve.upper:.1f} %, is wide for "
        f"{opacity_percent:.1f} %: the networks are at odds over what they see, as they are over diseases "
        "that they have not learned from."
    )
    return [Note("warning", "unlike_training", text)]
