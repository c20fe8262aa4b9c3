"""From the data folder to the shipped file, in four stages.

A   learn infection from the given model-made masks, encoder from ImageNet;
B   one network per fold, on the doctors' labels of the other folds: the held-out figures come from these;
C   relabel the slices of A with the mean of the networks of B, blended with the given masks;
D   one network from the mean weights of B, on all labelled slices and the relabelled ones.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from groundglass.models import UNetLite, load_imagenet
from groundglass.training.augment import AugmentOptions, augment_batch
from groundglass.training.data import Slice, assign_folds, load_labelled, load_pseudo
from groundglass.training.evaluate import dice_figures, predict, predict_labelled
from groundglass.training.export import export
from groundglass.training.losses import infection_loss, labelled_loss
from groundglass.training.plot import plot_learning_curves
from groundglass.training.train import Log, StageOptions, drawn, mean_state, run_stage
from groundglass.write import atomic_file

#: first entry of the key of a stage's random draws
STAGE_NUMBER = {"A": 1, "B": 2, "C": 3, "D": 4}


@dataclass(frozen=True)
class PipelineOptions:
    """Sizes and lengths of the stages; canvases are (height, width) in pixels."""

    minutes: tuple[float, float, float, float] = (10.0, 12.0, 4.0, 36.0)  # A, each fold of B, C, D
    steps: tuple[int, int, int] | None = None  # A, each fold of B, D: instead of minutes
    seed: int = 1
    folds: int = 2
    resume: bool = False
    long_edge: int = 288
    canvas_a: tuple[int, int] = (256, 192)
    canvas: tuple[int, int] = (288, 256)
    batch_a: int = 8
    batch_b: int = 6
    batch_d: tuple[int, int] = (4, 2)  # labelled, relabelled
    given_share: float = 0.4  # of the given mask in a relabelled one
    augment: AugmentOptions = field(default_factory=AugmentOptions)

    def stage(self, index: int, **options: Any) -> StageOptions:
        """Length of stage A (0), B (1) or D (2)."""
        minutes = (self.minutes[0], self.minutes[1], self.minutes[3])[index]
        steps = None if self.steps is None else self.steps[index]
        return StageOptions(minutes=minutes, steps=steps, **options)


def batch_of(
    slices: Sequence[Slice],
    size: int,
    step: int,
    key: list[int],
    canvas: tuple[int, int],
    rng: np.random.Generator,
    options: AugmentOptions,
) -> tuple[Tensor, Tensor]:
    """The augmented batch of a step: images (N, 1, h, w), targets (N, C, h, w)."""
    picked = [slices[i] for i in drawn(len(slices), size, step, key)]
    images, targets = augment_batch([(s.image, s.target) for s in picked], canvas, rng, options)
    return images.contiguous(memory_format=torch.channels_last), targets


def relabel(
    networks: Sequence[UNetLite],
    slices: Sequence[Slice],
    *,
    given_share: float,
    long_edge: int,
    minutes: float,
    rng: np.random.Generator,
) -> list[Slice]:
    """Slices with the mean infection probability of the networks, blended with the given mask.

    The order is random; the stage ends with its time, and slices it did not reach are left out.
    """
    began = time.perf_counter()
    relabelled = []
    for i in rng.permutation(len(slices)):
        if time.perf_counter() - began > 60.0 * minutes:
            break
        s = slices[i]
        p = predict(networks, s.image, long_edge).sum(0, keepdim=True)
        blend = (1.0 - given_share) * p + given_share * s.target.float() / 255.0
        relabelled.append(s.with_target((255.0 * blend).round().clamp(0, 255).to(torch.uint8)))
    return relabelled


class Pipeline:
    """The stages in order; each leaves its result in `out` and is skipped when resumed after its end."""

    def __init__(self, data: Path, out: Path, options: PipelineOptions):
        self.data, self.out, self.options = data, out, options
        out.mkdir(parents=True, exist_ok=True)
        self.log = Log(out / "log.jsonl")

    def run(self) -> Path:
        """All stages and the export; returns the shipped file."""
        self.log("start", options=repr(self.options))
        labelled = load_labelled(self.data)
        pseudo = load_pseudo(self.data)
        self.log("data", labelled=len(labelled), pseudo=len(pseudo))
        fold_of = assign_folds(labelled, self.options.folds, self.options.seed)
        pretrained = self.stage_a(pseudo)
        networks = self.stage_b(pretrained, labelled, fold_of)
        self.figures(networks, labelled, fold_of)
        start = UNetLite().eval()
        start.load_state_dict(mean_state(networks))
        self.ship(start, "interim")
        trained = self.stage_d(start, labelled, self.stage_c(networks, pseudo))
        # Half way back to where it started: 50 labels are soon learned by heart, and weights between the two
        # ends of a fine-tuning err less on other images (Wortsman et al. 2021, arXiv:2109.01903).
        final = UNetLite().eval()
        final.load_state_dict(mean_state([start, trained]))
        path = self.ship(final, "final")
        plot_learning_curves(self.out / "log.jsonl", self.out / "learning_curves.png")
        self.log("end", file=path.name, bytes=path.stat().st_size)
        return path

    def stage_a(self, pseudo: Sequence[Slice]) -> UNetLite:
        """Infection from the given masks."""
        o = self.options
        key = [o.seed, STAGE_NUMBER["A"]]
        torch.manual_seed(o.seed)
        network = UNetLite()
        load_imagenet(network.encoder)

        def loss_of(network: UNetLite, step: int, rng: np.random.Generator) -> Tensor:
            x, mask = batch_of(pseudo, o.batch_a, step, key, o.canvas_a, rng, o.augment)
            logits: Tensor = network(x)
            return infection_loss(logits, mask)

        return run_stage(
            "A",
            network,
            loss_of,
            o.stage(0, learning_rate=1e-3),
            key=key,
            checkpoint=self.out / "A.pt",
            log=self.log,
            resume=o.resume,
        )

    def stage_b(
        self, pretrained: UNetLite, labelled: Sequence[Slice], fold_of: Sequence[int]
    ) -> list[UNetLite]:
        """One network per fold that never sees the fold's slices."""
        return [self.fold(pretrained, labelled, fold_of, k) for k in range(self.options.folds)]

    def fold(
        self, pretrained: UNetLite, labelled: Sequence[Slice], fold_of: Sequence[int], k: int
    ) -> UNetLite:
        """The network of fold `k`."""
        o = self.options
        key = [o.seed, STAGE_NUMBER["B"], k]
        seen = [s for s, f in zip(labelled, fold_of, strict=True) if f != k]
        held_out = [s for s, f in zip(labelled, fold_of, strict=True) if f == k]
        network = UNetLite()
        network.load_state_dict(pretrained.state_dict())

        def loss_of(network: UNetLite, step: int, rng: np.random.Generator) -> Tensor:
            x, shares = batch_of(seen, o.batch_b, step, key, o.canvas, rng, o.augment)
            return labelled_loss(network(x), shares)

        def probe(network: UNetLite) -> dict[str, float]:
            figures = dice_figures(*predict_labelled([network], held_out, o.long_edge))
            return {name: round(f["slice_mean"], 4) for name, f in figures.items()}

        return run_stage(
            f"B{k}",
            network,
            loss_of,
            o.stage(1, freeze_encoder_norm=True),
            key=key,
            checkpoint=self.out / f"B{k}.pt",
            log=self.log,
            resume=o.resume,
            probe=probe,
        )

    def figures(
        self, networks: Sequence[UNetLite], labelled: Sequence[Slice], fold_of: Sequence[int]
    ) -> None:
        """Held-out figures of stage B, per fold and over all slices, as ``figures.json``."""
        o = self.options
        predicted, labels, folds = [], [], []
        for k, network in enumerate(networks):
            held_out = [s for s, f in zip(labelled, fold_of, strict=True) if f == k]
            p, t = predict_labelled([network], held_out, o.long_edge)
            predicted += p
            labels += t
            folds.append({"held_out": [s.name for s in held_out], "dice": dice_figures(p, t)})
        over_all = dice_figures(predicted, labels)
        report = {
            "what": "plain Dice of the networks of stage B on the slices that each has not seen",
            "threshold": 0.5,
            "long_edge": o.long_edge,
            "seed": o.seed,
            "all": over_all,
            "folds": folds,
        }
        with atomic_file(self.out / "figures.json", overwrite=True) as temporary:
            temporary.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
        self.log("figures", **{name: f["slice_mean"] for name, f in over_all.items()})

    def stage_c(self, networks: Sequence[UNetLite], pseudo: Sequence[Slice]) -> list[Slice]:
        """The slices of stage A with better masks, kept as ``C.pt``."""
        o = self.options
        path = self.out / "C.pt"
        if not (o.resume and path.exists()):
            relabelled = relabel(
                networks,
                pseudo,
                given_share=o.given_share,
                long_edge=o.canvas[0],
                minutes=math.inf if o.steps is not None else o.minutes[2],
                rng=np.random.default_rng([o.seed, STAGE_NUMBER["C"]]),
            )
            with atomic_file(path, overwrite=True) as temporary:
                torch.save({s.name: s.target for s in relabelled}, temporary)
        targets = torch.load(path, weights_only=True)
        self.log("stage", stage="C", slices=len(targets))
        return [s.with_target(targets[s.name]) for s in pseudo if s.name in targets]

    def stage_d(self, start: UNetLite, labelled: Sequence[Slice], relabelled: Sequence[Slice]) -> UNetLite:
        """The network that is shipped; it has seen every labelled slice."""
        o = self.options
        key = [o.seed, STAGE_NUMBER["D"]]
        many, few = o.batch_d

        def loss_of(network: UNetLite, step: int, rng: np.random.Generator) -> Tensor:
            x, shares = batch_of(labelled, many, step, [*key, 0], o.canvas, rng, o.augment)
            z, mask = batch_of(relabelled, few, step, [*key, 1], o.canvas, rng, o.augment)
            if z.shape[-2:] != x.shape[-2:]:  # one of them was turned
                z, mask = z.transpose(-1, -2), mask.transpose(-1, -2)
            logits = network(torch.cat([x, z]).contiguous(memory_format=torch.channels_last))
            return (
                many * labelled_loss(logits[:many], shares) + few * infection_loss(logits[many:], mask)
            ) / (many + few)

        return run_stage(
            "D",
            start,
            loss_of,
            o.stage(2, freeze_encoder_norm=True, learning_rate=4e-4, average=0.995),
            key=key,
            checkpoint=self.out / "D.pt",
            log=self.log,
            resume=o.resume,
        )

    def ship(self, network: UNetLite, name: str) -> Path:
        """Export under ``out/name``."""
        folder = self.out / name
        folder.mkdir(exist_ok=True)
        return export(network, folder / "unet-lite.pt", long_edge=self.options.long_edge)
