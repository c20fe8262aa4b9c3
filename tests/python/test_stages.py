"""What every stage of the compiled module can do, whichever there are."""

from __future__ import annotations

import pickle

import pytest

import groundglass as gg
from groundglass import _core

#: Stages that are made of cuts or by a fit, and not by options alone.
FITTED = {"IntervalTable", "Thresholds", "ThresholdFit"}
STAGES = sorted(
    name
    for name, cls in vars(_core).items()
    if isinstance(cls, type) and "__ror__" in vars(cls) and name not in FITTED
)


def test_the_stages_are_found() -> None:
    assert {"LungMask", "Involvement", "Scores", "SliceProfile"} <= set(STAGES)


@pytest.mark.parametrize("name", STAGES)
def test_a_stage_is_a_value(name: str) -> None:
    stage = getattr(gg, name)()
    assert pickle.loads(pickle.dumps(stage)) == stage
    assert eval(repr(stage), vars(gg)) == stage
    assert type(stage).__doc__


@pytest.mark.parametrize("name", STAGES)
def test_a_stage_joins_others_and_shows_itself(name: str) -> None:
    stage = getattr(gg, name)()
    assert (stage | str) == gg.Pipeline(stage, str)
    assert name in stage._repr_html_()
