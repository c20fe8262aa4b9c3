"""Pretraining without any contour, networks that leave patients out, and the one that learns from all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from groundglass.models import load_imagenet
from groundglass.models.lungs_lite import NEIGHBOURS_MM, LungsLite
from groundglass.training.lungs import grid
from groundglass.training.lungs.patients import Patient
from groundglass.training.lungs.sampling import Sampler
from groundglass.training.train import Log, StageOptions, encoder_of, run_stage

LEARNING_RATE = 2e-3
AVERAGE = 0.99
#: lung that looks like its surroundings is rare, and is what the network is there for
DENSE_WEIGHT = 3.0
BORDER = 2  # pixels
DENSE = float(grid.scaled(np.array([-300], np.float32))[0])


@dataclass(frozen=True)
class Steps:
    """Steps of eight planes of each stage."""

    pretrain: int = 1500
    fold: int = 2500
    final: int = 4500

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if value < 1:
                raise ValueError(f"{name} steps are {value}; expected at least 1")


@dataclass(frozen=True)
class Options:
    """What a training run may differ in. `folds` divides the contours; each network leaves out one part."""

    steps: Steps = Steps()
    folds: int = 3
    seed: int = 0
    device: str = "cpu"
    resume: bool = False
    offsets_mm: tuple[float, ...] = NEIGHBOURS_MM


class Training:
    """The stages of one run; `out` holds the checkpoints and the log."""

    def __init__(self, patients: Sequence[Patient], out: Path, options: Options):
        contours = [p.name for p in patients if p.kind == "contour"]
        if not 2 <= options.folds <= len(contours):
            raise ValueError(
                f"folds is {options.folds}; expected 2 to {len(contours)}, the number of contours"
            )
        self.patients, self.out, self.options = list(patients), out, options
        #: patients that each fold's network has not seen
        self.left_out = [contours[i :: options.folds] for i in range(options.folds)]
        self.log = Log(out / "log.jsonl")
        self.done: set[str] = set()

    def pretrained(self) -> LungsLite:
        """From ImageNet, by classical masks and phantoms, where there are any."""
        network = LungsLite(len(self.options.offsets_mm))
        load_imagenet(encoder_of(network))
        others = [p for p in self.patients if p.kind != "contour"]
        return self._stage("pretrain", network, others, 0, self.options.steps.pretrain) if others else network

    def fold(self, index: int) -> LungsLite:
        """From pretraining, without the patients of this fold."""
        seen = [p for p in self.patients if p.name not in self.left_out[index]]
        return self._stage(f"fold-{index}", self.pretrained(), seen, 1 + index, self.options.steps.fold)

    def final(self) -> LungsLite:
        """From pretraining, with all."""
        return self._stage("final", self.pretrained(), self.patients, 100, self.options.steps.final)

    def _stage(
        self, name: str, network: LungsLite, patients: Sequence[Patient], number: int, steps: int
    ) -> LungsLite:
        options = self.options
        torch.manual_seed(options.seed)
        sampler = Sampler(patients, [options.seed, number], options.offsets_mm)

        def loss_of(network: LungsLite, _: LungsLite, step: int, __: np.random.Generator) -> Tensor:
            planes, lungs = sampler.batch(step)
            planes = planes.to(options.device).contiguous(memory_format=torch.channels_last)
            return loss(network(planes), lungs.to(options.device), planes)

        trained = run_stage(
            name,
            network.to(options.device),
            loss_of,
            StageOptions(
                minutes=1, steps=steps, learning_rate=LEARNING_RATE, average=AVERAGE, probe_every=steps
            ),
            key=[options.seed, number],
            checkpoint=self.out / f"{name}.pth",
            log=self.log,
            # All folds and the final network start from one pretraining.
            resume=options.resume or name in self.done,
        )
        self.done.add(name)
        return trained


def loss(logits: Tensor, lungs: Tensor, planes: Tensor) -> Tensor:
    """Cross entropy, in which dense lung counts more, and soft Dice of the batch; `lungs` are shares of a
    pixel, `planes` what the network saw."""
    middle = planes.shape[1] // 2
    # Away from the border: there the weight would push it outwards.
    inside = -F.max_pool2d(-lungs, 2 * BORDER + 1, 1, BORDER)
    weight = 1 + DENSE_WEIGHT * inside * (planes[:, middle : middle + 1] > DENSE)
    probability = torch.sigmoid(logits)
    dice = (2 * (probability * lungs).sum() + 1) / (probability.sum() + lungs.sum() + 1)
    return F.binary_cross_entropy_with_logits(logits, lungs, weight) + 1 - dice
