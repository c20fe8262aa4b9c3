"""One training stage: a time-boxed, resumable loop with weight averaging.

Every random draw of a step comes from (seed, stage, step) alone, so a run that was cut off and goes on from a
checkpoint ends in the state that an unbroken one reaches (given the same number of steps).
"""

from __future__ import annotations

import copy
import json
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

import numpy as np
import torch
from torch import Tensor, nn

from groundglass.models import EfficientNetLite
from groundglass.write import atomic_file

WARM_UP = 0.05  # share of the stage
GRADIENT_NORM = 5.0
WEIGHT_DECAY = 0.01
CHECKPOINT_SECONDS = 60.0
LOG_EVERY = 20  # steps

#: a network with an `encoder`, an EfficientNetLite
Network = TypeVar("Network", bound=nn.Module)
#: loss of one step for the network, its average so far, the step's number and generator
Loss = Callable[[Network, Network, int, np.random.Generator], Tensor]
#: figures of the averaged weights, logged now and then
Probe = Callable[[Network], dict[str, float]]


@dataclass(frozen=True)
class StageOptions:
    """How long and how fast a stage learns.

    The stage ends after `minutes`, or after exactly `steps` where given (which makes a run repeatable to the
    bit). The learning rate follows a cosine to zero over whichever is chosen.
    """

    minutes: float
    steps: int | None = None
    learning_rate: float = 5e-4
    encoder_rate: float = 0.5  # factor on the learning rate of the encoder
    freeze_encoder_norm: bool = False
    average: float = 0.99  # decay of the averaged weights per step
    probe_every: int = 150  # steps

    def __post_init__(self) -> None:
        if self.steps is None and not self.minutes > 0:
            raise ValueError(f"minutes is {self.minutes}; expected more than 0")
        if self.steps is not None and self.steps < 1:
            raise ValueError(f"steps is {self.steps}; expected at least 1")

    def progress(self, step: int, seconds: float) -> float:
        """How much of the stage is done, 0..1."""
        done = step / self.steps if self.steps is not None else seconds / (60.0 * self.minutes)
        return min(1.0, done)


class Log:
    """JSON lines: one object per event, flushed as it is written."""

    def __init__(self, path: Path):
        self._path = path

    def __call__(self, event: str, **values: Any) -> None:
        """Append one event."""
        line = json.dumps({"event": event, "time": round(time.time(), 1), **values})
        with self._path.open("a", encoding="utf-8") as file:
            file.write(line + "\n")


def drawn(count: int, size: int, step: int, key: list[int]) -> list[int]:
    """Indices of the batch of a step: `size` out of `count`, each index once per pass over the data."""
    first = step * size
    return [
        int(np.random.default_rng([*key, i // count]).permutation(count)[i % count])
        for i in range(first, first + size)
    ]


def learning_rate_factor(progress: float) -> float:
    """Linear warm-up, then a half cosine to zero."""
    return min(1.0, (progress + 1e-3) / WARM_UP) * 0.5 * (1.0 + math.cos(math.pi * progress))


def update_average(average: nn.Module, network: nn.Module, decay: float) -> None:
    """Move the averaged weights (and running statistics) towards the network's; counters are copied."""
    with torch.no_grad():
        for a, b in zip(average.state_dict().values(), network.state_dict().values(), strict=True):
            if a.is_floating_point():
                a.lerp_(b, 1.0 - decay)
            else:
                a.copy_(b)


def mean_state(networks: list[Network]) -> dict[str, Tensor]:
    """Entry by entry mean of several networks that started from the same weights."""
    states = [n.state_dict() for n in networks]
    return {
        key: torch.stack([s[key].double() for s in states]).mean(0).to(value.dtype)
        for key, value in states[0].items()
    }


def encoder_of(network: nn.Module) -> EfficientNetLite:
    """The part of a network that starts from other weights than the rest."""
    encoder = network.get_submodule("encoder")
    assert isinstance(encoder, EfficientNetLite)
    return encoder


class Training(Generic[Network]):
    """A network, its weight average and its optimiser on their way through one stage."""

    def __init__(self, network: Network, options: StageOptions, key: list[int]):
        # Channels last is about 1.4 times as fast on a CPU; torch's stubs lack the argument.
        self.network: Network = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.average: Network = copy.deepcopy(self.network).eval()
        self.options = options
        self.key = key
        self.step = 0
        self.seconds = 0.0
        encoder = list(encoder_of(network).parameters())
        inside = {id(p) for p in encoder}
        rest = [p for p in network.parameters() if id(p) not in inside]
        self.rates = (options.learning_rate * options.encoder_rate, options.learning_rate)
        self.optimiser = torch.optim.AdamW(
            [{"params": encoder}, {"params": rest}], lr=self.rates[1], weight_decay=WEIGHT_DECAY
        )

    @property
    def progress(self) -> float:
        """How much of the stage is done, 0..1."""
        return self.options.progress(self.step, self.seconds)

    def advance(self, loss_of: Loss[Network]) -> float:
        """One step; returns its loss."""
        began = time.perf_counter()
        self.network.train()
        if self.options.freeze_encoder_norm:
            for module in encoder_of(self.network).modules():
                if isinstance(module, nn.BatchNorm2d):
                    module.eval()
        factor = learning_rate_factor(self.progress)
        for group, rate in zip(self.optimiser.param_groups, self.rates, strict=True):
            group["lr"] = rate * factor
        rng = np.random.default_rng([*self.key, self.step])
        torch.manual_seed(int(rng.integers(2**31)))
        loss = loss_of(self.network, self.average, self.step, rng)
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.network.parameters(), GRADIENT_NORM)
        self.optimiser.step()
        self.step += 1
        # A young average would remember the weights it started from for too long.
        update_average(self.average, self.network, min(self.options.average, self.step / (self.step + 10)))
        self.seconds += time.perf_counter() - began
        return float(loss.detach())

    def save(self, path: Path) -> None:
        """Write everything a later :meth:`load` needs."""
        with atomic_file(path, overwrite=True) as temporary:
            torch.save(
                {
                    "network": self.network.state_dict(),
                    "average": self.average.state_dict(),
                    "optimiser": self.optimiser.state_dict(),
                    "step": self.step,
                    "seconds": self.seconds,
                },
                temporary,
            )

    def load(self, path: Path) -> None:
        """Go on from where :meth:`save` was called."""
        state = torch.load(path, map_location="cpu", weights_only=True)
        self.network.load_state_dict(state["network"])
        self.average.load_state_dict(state["average"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.step, self.seconds = state["step"], state["seconds"]


def run_stage(
    name: str,
    network: Network,
    loss_of: Loss[Network],
    options: StageOptions,
    *,
    key: list[int],
    checkpoint: Path,
    log: Log,
    resume: bool,
    probe: Probe[Network] | None = None,
) -> Network:
    """Train from `network` to the end of the stage; returns the averaged weights in a network in eval mode.

    `checkpoint` is rewritten about once a minute and at the end; with `resume` an existing one is continued
    (a finished one is only read).
    """
    training = Training(network, options, key)
    if resume and checkpoint.exists():
        training.load(checkpoint)
        log("resume", stage=name, step=training.step, seconds=round(training.seconds, 1))
    losses: list[float] = []
    saved = training.seconds
    while training.progress < 1.0:
        losses.append(training.advance(loss_of))
        if training.step % LOG_EVERY == 0:
            log(
                "step",
                stage=name,
                step=training.step,
                seconds=round(training.seconds, 1),
                loss=round(float(np.mean(losses)), 4),
            )
            losses.clear()
        if probe is not None and training.step % options.probe_every == 0:
            began = time.perf_counter()
            log("probe", stage=name, step=training.step, **probe(training.average))
            training.seconds += time.perf_counter() - began
        if training.seconds - saved > CHECKPOINT_SECONDS:
            training.save(checkpoint)
            saved = training.seconds
    training.save(checkpoint)
    log("stage", stage=name, steps=training.step, seconds=round(training.seconds, 1))
    return training.average
