"""The loop: steps, averages, resuming."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from made_up_slices import STILL, slice_of  # noqa: E402

from groundglass.models import UNetLite  # noqa: E402
from groundglass.training.augment import AugmentOptions, augment_batch  # noqa: E402
from groundglass.training.losses import total_loss  # noqa: E402
from groundglass.training.train import (  # noqa: E402
    Log,
    StageOptions,
    Training,
    drawn,
    mean_state,
    run_stage,
    update_average,
)

pytestmark = pytest.mark.long


def tiny_loss(network: UNetLite, average: UNetLite, step: int, rng: np.random.Generator) -> torch.Tensor:
    """Loss on augmented made-up slices at 32 x 32."""
    pairs = [(slice_of(i).image, slice_of(i).target) for i in drawn(4, 2, step, [0])]
    x, shares = augment_batch(pairs, (32, 32), rng, AugmentOptions())
    return total_loss(*network.outputs(x[:, :1]), shares, torch.ones(2, dtype=torch.bool))


def new_network() -> UNetLite:
    """The same random weights every time."""
    torch.manual_seed(5)
    return UNetLite()


def test_steps_lower_the_loss_of_a_fixed_batch() -> None:
    pairs = [(slice_of(i).image, slice_of(i).target) for i in range(4)]
    x, shares = augment_batch(pairs, (64, 64), np.random.default_rng(0), STILL)
    kinds = torch.ones(4, dtype=torch.bool)
    training = Training(new_network(), StageOptions(minutes=1, steps=40), [1])
    losses = [
        training.advance(lambda n, *_: total_loss(*n.outputs(x[:, :1]), shares, kinds)) for _ in range(12)
    ]
    assert losses[-1] < 0.8 * losses[0]


def test_resume_ends_in_the_same_state(tmp_path: Path) -> None:
    options = StageOptions(minutes=1, steps=4)
    whole = Training(new_network(), options, [1])
    for _ in range(4):
        whole.advance(tiny_loss)
    first = Training(new_network(), options, [1])
    for _ in range(2):
        first.advance(tiny_loss)
    first.save(tmp_path / "half.pt")
    second = Training(UNetLite(), options, [1])
    second.load(tmp_path / "half.pt")
    assert second.step == 2
    for _ in range(2):
        second.advance(tiny_loss)
    for a, b in ((whole.network, second.network), (whole.average, second.average)):
        for key, value in a.state_dict().items():
            assert torch.equal(value, b.state_dict()[key]), key
    assert not torch.equal(whole.network.decoder.head.weight, first.network.decoder.head.weight), (
        "the steps after the checkpoint changed nothing"
    )


def test_frozen_norms_keep_their_statistics() -> None:
    for freeze in (True, False):
        training = Training(new_network(), StageOptions(1, 2, freeze_encoder_norm=freeze), [1])
        before = training.network.encoder.stem[1].running_mean.clone()
        decoder_before = training.network.decoder.steps[0].mix[0][1].running_mean.clone()
        training.advance(tiny_loss)
        assert torch.equal(before, training.network.encoder.stem[1].running_mean) is freeze
        assert not torch.equal(decoder_before, training.network.decoder.steps[0].mix[0][1].running_mean)


def test_run_stage_resumes_logs_and_stops(tmp_path: Path) -> None:
    log = Log(tmp_path / "log.jsonl")
    options = StageOptions(minutes=1, steps=2, probe_every=1)
    arguments = {"key": [1], "checkpoint": tmp_path / "s.pt", "log": log}
    done = run_stage(
        "S",
        new_network(),
        tiny_loss,
        options,
        resume=False,
        probe=lambda n: {"x": 1.0},
        **arguments,
    )

    def never(network: UNetLite, average: UNetLite, step: int, rng: np.random.Generator) -> torch.Tensor:
        raise AssertionError("a finished stage was trained again")

    again = run_stage("S", UNetLite(), never, options, resume=True, **arguments)
    assert torch.equal(done.decoder.head.weight, again.decoder.head.weight)
    events = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert [e["event"] for e in events] == ["probe", "probe", "stage", "resume", "stage"]
    assert not list(tmp_path.glob("*.partial"))


def test_options_name_the_wrong_value() -> None:
    with pytest.raises(ValueError, match="minutes is 0"):
        StageOptions(minutes=0)
    with pytest.raises(ValueError, match="steps is 0"):
        StageOptions(minutes=1, steps=0)
    assert StageOptions(minutes=2).progress(10**6, 60.0) == 0.5
    assert StageOptions(minutes=2, steps=10).progress(5, 1e6) == 0.5


def test_averages_by_hand() -> None:
    a, b = torch.nn.BatchNorm1d(1), torch.nn.BatchNorm1d(1)
    with torch.no_grad():
        a.weight.fill_(1.0)
        b.weight.fill_(3.0)
        b.num_batches_tracked.fill_(7)
    update_average(a, b, 0.75)
    assert a.weight.item() == pytest.approx(1.5)
    assert int(a.num_batches_tracked) == 7
    networks = [new_network(), UNetLite()]
    mean = mean_state(networks)
    torch.testing.assert_close(
        mean["decoder.head.weight"],
        (networks[0].decoder.head.weight + networks[1].decoder.head.weight).detach() / 2,
    )
