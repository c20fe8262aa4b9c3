"""From the data folder to the shipped files. Jobs of a phase are independent and run side by side.

prepare     slices in memory, lungs by a classical mask, healthy and synthetic slices from a study in HU;
pretrain    each network learns infection from the given model-made masks, and from synthetic lesions;
            encoders from ImageNet;
folds       each network once per fold, on the doctors' labels of the other folds and on slices with
            model-made masks that its own average relabels as it learns: the held-out figures come from these;
            beside them a U-Net of the same size without pretraining and without other slices;
relabel     infection and kinds on the slices of model-made masks, by the mean networks of all folds;
distil      each network from the mean weights of its folds, on all labelled slices and the relabelled ones;
measure     figures with intervals, calibration, reliability, coverage; then the export.
"""

from __future__ import annotations

import json
import math
import multiprocessing
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from groundglass import _moved
from groundglass.models import EnsembleLite, InfNetLite, LiteNetwork, UNetLite, load_imagenet, probabilities
from groundglass.training.augment import AugmentOptions, augment_batch
from groundglass.training.data import (
    Slice,
    assign_folds,
    load_labelled,
    load_pseudo,
    similar_groups,
    similarity,
)
from groundglass.training.evaluate import Counts, label_map, labels_of, predict, predict_labelled
from groundglass.training.losses import total_loss
from groundglass.training.synthesis import load_healthy
from groundglass.training.train import Log, StageOptions, drawn, encoder_of, mean_state, run_stage
from groundglass.write import atomic_file

#: the networks that may be shipped, and their name as files
NETWORKS: dict[str, type[LiteNetwork]] = {"ensemble-lite": EnsembleLite, "inf-net-lite": InfNetLite}
BASELINE = "unet-from-scratch"

#: first entry of the key of a job's random draws
PHASE_NUMBER = {"pretrain": 1, "fold": 2, "distil": 4, "baseline": 5}


@dataclass(frozen=True)
class Minutes:
    """How long the jobs learn, each."""

    pretrain: float = 9.0
    fold: float = 8.5
    baseline: float = 5.5
    distil: float = 20.0


@dataclass(frozen=True)
class TrainingOptions:
    """Sizes and lengths; canvases are (height, width) in pixels."""

    minutes: Minutes = field(default_factory=Minutes)
    steps: int | None = None  # of every job, instead of minutes
    seed: int = 1
    folds: int = 5
    resume: bool = False
    processes: int = 1
    long_edge: int = 288
    pretrain_canvas: tuple[int, int] = (256, 192)
    canvas: tuple[int, int] = (288, 256)
    pretrain_batch: tuple[int, int] = (6, 2)  # model-made masks, synthetic
    batch: tuple[int, int] = (6, 2)  # labelled, others
    published_structure_loss: bool = False
    augment: AugmentOptions = field(default_factory=AugmentOptions)

    def stage(self, phase: str, **options: Any) -> StageOptions:
        """Length of a job of `phase`."""
        return StageOptions(minutes=asdict(self.minutes)[phase], steps=self.steps, **options)


@dataclass(frozen=True, eq=False)
class Batch:
    """Augmented slices: inputs (N, 1, h, w), the same with plain greys, targets (N, 3, h, w) and what they
    tell: `kinds` (N,) bool, `trust` (N,)."""

    x: Tensor
    plain: Tensor
    target: Tensor
    kinds: Tensor
    trust: Tensor


def batch_of(
    sources: Sequence[tuple[Sequence[Slice], int]],
    step: int,
    key: list[int],
    canvas: tuple[int, int],
    rng: np.random.Generator,
    options: AugmentOptions,
) -> Batch:
    """The batch of a step: so many slices of each source, in the order of the sources."""
    picked = [
        slices[i]
        for source, (slices, size) in enumerate(sources)
        for i in drawn(len(slices), size, step, [*key, source])
    ]
    images, target = augment_batch([(s.image, s.target) for s in picked], canvas, rng, options)
    return Batch(
        images[:, :1].contiguous(memory_format=torch.channels_last),
        images[:, 1:].contiguous(memory_format=torch.channels_last),
        target,
        torch.tensor([s.kinds for s in picked]),
        torch.tensor([s.trust for s in picked]),
    )


def relabelled(batch: Batch, average: LiteNetwork) -> Tensor:
    """The targets, with those of little trust blended with what the averaged weights say of the plain view
    (mean teacher: Tarvainen & Valpola, NeurIPS 2017)."""
    doubtful = batch.trust < 1.0
    if not bool(doubtful.any()):
        return batch.target
    with torch.no_grad():
        own = probabilities(average(batch.plain[doubtful]))
    share = batch.trust[doubtful].view(-1, 1, 1)
    given = batch.target[doubtful]
    infected = share * (given[:, 0] + given[:, 1]) + (1.0 - share) * (own[:, 0] + own[:, 1])
    target = batch.target.clone()
    target[doubtful] = torch.stack([infected, torch.zeros_like(infected), given[:, 2]], dim=1)
    return target


class Training:
    """The jobs; each leaves a checkpoint in `out`, from which a run that was cut off goes on."""

    def __init__(self, data: Path, healthy: Path | None, out: Path, options: TrainingOptions):
        self.data, self.healthy, self.out, self.options = data, healthy, out, options
        out.mkdir(parents=True, exist_ok=True)
        self.log = Log(out / "log.jsonl")

    def run(self) -> None:
        """All phases; :func:`groundglass.training.measure.measure_and_export` takes it from there."""
        o = self.options
        self.log("start", options=repr(o))
        if not (o.resume and self.prepared.exists()):
            self.prepare()
        self.phase([("pretrain", (name,)) for name in NETWORKS])
        # The longest jobs first, so that none is left over at the end.
        folds = [("fold", (name, k)) for k in range(o.folds) for name in NETWORKS]
        self.phase([*folds, *(("baseline", (k,)) for k in range(o.folds))])
        if not (o.resume and self.relabelled.exists()):
            self.phase([("relabel", (part,)) for part in range(o.processes)])
            self.join_relabelled()
        self.phase([("distil", (name,)) for name in NETWORKS])

    def phase(self, jobs: list[tuple[str, tuple[Any, ...]]]) -> None:
        """Run independent jobs, `processes` at a time, one thread each."""
        if self.options.processes == 1:
            # Sums depend on the number of threads in their last bits.
            torch.set_num_threads(1)
            for name, arguments in jobs:
                getattr(self, name)(*arguments)
            return
        with ProcessPoolExecutor(
            self.options.processes,
            mp_context=multiprocessing.get_context("spawn"),
            initializer=torch.set_num_threads,
            initargs=(1,),
        ) as pool:
            for future in [pool.submit(getattr(self, name), *arguments) for name, arguments in jobs]:
                future.result()

    @property
    def prepared(self) -> Path:
        """The slices after `prepare`."""
        return self.out / "prepared.pt"

    @property
    def relabelled(self) -> Path:
        """The targets after `relabel`."""
        return self.out / "relabelled.pt"

    def prepare(self) -> None:
        """Read everything once."""
        healthy, synthetic = (
            ([], []) if self.healthy is None else load_healthy(self.healthy, self.options.seed)
        )
        sources = {
            "labelled": load_labelled(self.data),
            "pseudo": load_pseudo(self.data),
            "healthy": healthy,
            "synthetic": synthetic,
        }
        with atomic_file(self.prepared, overwrite=True) as temporary:
            torch.save({name: [vars(s) for s in slices] for name, slices in sources.items()}, temporary)
        self.log("prepared", **{name: len(slices) for name, slices in sources.items()})

    def slices(self, source: str) -> list[Slice]:
        """A source of :meth:`prepare`; its memory is shared among processes."""
        stored = torch.load(self.prepared, weights_only=True, mmap=True)
        return [Slice(**fields) for fields in stored[source]]

    def fold_of(self, labelled: Sequence[Slice]) -> list[int]:
        """The fold of each labelled slice."""
        return assign_folds(labelled, self.options.folds, self.options.seed)

    def network(self, name: str, *path: str | int) -> LiteNetwork:
        """The result of a job, in eval mode."""
        kind = UNetLite if path[0] == "baseline" else NETWORKS[name]
        network = kind().eval().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        state = torch.load(self.checkpoint(name, *path), weights_only=True)["average"]
        network.load_state_dict(state)
        assert isinstance(network, LiteNetwork)
        return network

    def checkpoint(self, name: str, *path: str | int) -> Path:
        """Where a job keeps its state."""
        return self.out / ("-".join(str(part) for part in (name, *path)) + ".pt")

    def train(
        self,
        network: LiteNetwork,
        path: tuple[str, str | int, str | int] | tuple[str, str | int],
        key: list[int],
        options: StageOptions,
        sources: Sequence[tuple[Sequence[Slice], int]],
        canvas: tuple[int, int],
        held_out: Sequence[Slice] = (),
        *,
        online: bool = False,
    ) -> None:
        """One job: learn from `sources` with the total loss."""
        o = self.options

        def loss_of(
            network: LiteNetwork, average: LiteNetwork, step: int, rng: np.random.Generator
        ) -> Tensor:
            batch = batch_of([s for s in sources if s[0]], step, key, canvas, rng, o.augment)
            target = relabelled(batch, average) if online else batch.target
            maps, edge = network.outputs(batch.x)
            return total_loss(maps, edge, target, batch.kinds, as_published=o.published_structure_loss)

        def probe(network: LiteNetwork) -> dict[str, float]:
            p = predict_labelled([network], held_out, o.long_edge)
            counts = Counts.of([label_map(x) for x in p], labels_of(held_out))
            return {k: round(v, 4) for k, v in counts.figures().items() if k.endswith(("mean", "pooled"))}

        run_stage(
            "-".join(str(part) for part in path),
            network,
            loss_of,
            options,
            key=key,
            checkpoint=self.checkpoint(*path),
            log=self.log,
            resume=o.resume,
            probe=probe if held_out else None,
        )

    def pretrain(self, name: str) -> None:
        """Infection from model-made masks, everything from synthetic lesions."""
        o = self.options
        torch.manual_seed(o.seed)
        network = NETWORKS[name]()
        load_imagenet(encoder_of(network))
        many, few = o.pretrain_batch
        sources = [(self.slices("pseudo"), many), (self.slices("synthetic"), few)]
        key = [o.seed, PHASE_NUMBER["pretrain"]]
        options = o.stage("pretrain", learning_rate=1e-3)
        self.train(network, (name, "pretrain"), key, options, sources, o.pretrain_canvas)

    def fold(self, name: str, k: int) -> None:
        """The network of fold `k`, which never sees the fold's slices."""
        o = self.options
        labelled = self.slices("labelled")
        fold_of = self.fold_of(labelled)
        network = self.network(name, "pretrain")
        many, few = o.batch
        sources = [
            ([s for s, f in zip(labelled, fold_of, strict=True) if f != k], many),
            ([*self.slices("pseudo"), *self.slices("healthy")], few),
        ]
        held_out = [s for s, f in zip(labelled, fold_of, strict=True) if f == k]
        key = [o.seed, PHASE_NUMBER["fold"], k]
        options = o.stage("fold", freeze_encoder_norm=True)
        self.train(network, (name, "fold", k), key, options, sources, o.canvas, held_out, online=True)

    def baseline(self, k: int) -> None:
        """A U-Net with random weights on the labelled slices of the other folds, all else the same."""
        o = self.options
        labelled = self.slices("labelled")
        fold_of = self.fold_of(labelled)
        torch.manual_seed(o.seed)
        sources = [([s for s, f in zip(labelled, fold_of, strict=True) if f != k], o.batch[0])]
        held_out = [s for s, f in zip(labelled, fold_of, strict=True) if f == k]
        key = [o.seed, PHASE_NUMBER["baseline"], k]
        options = o.stage("baseline", learning_rate=1e-3, encoder_rate=1.0)
        self.train(UNetLite(), (BASELINE, "baseline", k), key, options, sources, o.canvas, held_out)

    def mean_of_folds(self, name: str) -> LiteNetwork:
        """The mean weights of a network's folds."""
        network = self.network(name, "fold", 0)
        network.load_state_dict(
            mean_state([self.network(name, "fold", k) for k in range(self.options.folds)])
        )
        return network

    def relabel(self, part: int) -> None:
        """Targets for every `processes`-th slice with a model-made mask, by both networks, two views."""
        o = self.options
        teachers = [self.mean_of_folds(name) for name in NETWORKS]
        targets = {}
        for s in self.slices("pseudo")[part :: o.processes]:
            p = predict(teachers, s.image, o.canvas[0], flips=True)
            infected = p[0] + p[1]
            blend = (1.0 - s.trust) * infected + s.trust * s.target[0].float() / 255.0
            conditional = p[1] / infected.clamp_min(1e-6)
            planes = torch.stack([blend * (1 - conditional), blend * conditional, s.target[2] / 255.0])
            targets[s.name] = (255.0 * planes).round().clamp(0, 255).to(torch.uint8)
        with atomic_file(self.checkpoint("relabelled", part), overwrite=True) as temporary:
            torch.save(targets, temporary)

    def join_relabelled(self) -> None:
        """One file of the parts."""
        parts = [self.checkpoint("relabelled", part) for part in range(self.options.processes)]
        targets = {k: v for p in parts for k, v in torch.load(p, weights_only=True).items()}
        with atomic_file(self.relabelled, overwrite=True) as temporary:
            torch.save(targets, temporary)
        for path in parts:
            path.unlink()
        self.log("relabelled", slices=len(targets))

    def distil(self, name: str) -> None:
        """The network that is shipped; it has seen every labelled slice."""
        o = self.options
        targets = torch.load(self.relabelled, weights_only=True, mmap=True)
        taught = [s.with_target(targets[s.name], kinds=True) for s in self.slices("pseudo")]
        total = sum(o.batch)
        labelled = math.ceil(total / 2)
        sources = [
            (self.slices("labelled"), labelled),
            ([*taught, *self.slices("healthy")], total - labelled),
        ]
        key = [o.seed, PHASE_NUMBER["distil"]]
        options = o.stage("distil", freeze_encoder_norm=True, learning_rate=4e-4, average=0.995)
        self.train(self.mean_of_folds(name), (name, "distil"), key, options, sources, o.canvas)

    def final(self, name: str) -> LiteNetwork:
        """What is exported: half way between the mean of the folds and the end of `distil`.

        50 labels are soon learned by heart, and weights between the two ends of a fine-tuning err less on
        other images (Wortsman et al. 2021, arXiv:2109.01903).
        """
        network = self.network(name, "distil")
        network.load_state_dict(mean_state([self.mean_of_folds(name), self.network(name, "distil")]))
        return network

    def groups(self, labelled: Sequence[Slice]) -> list[int]:
        """The group of similar slices that each belongs to."""
        group_of = [0] * len(labelled)
        for g, members in enumerate(similar_groups(similarity(labelled))):
            for i in members:
                group_of[i] = g
        return group_of

    def write_json(self, name: str, content: dict[str, Any]) -> Path:
        """A report in `out`."""
        path = self.out / name
        with atomic_file(path, overwrite=True) as temporary:
            temporary.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
        return path


if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        return _moved.attribute(__name__, name)
