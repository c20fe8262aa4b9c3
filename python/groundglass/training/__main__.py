"""Command line: from the COVID-SemiSeg folder to the shipped model files."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import torch

from groundglass._run import core_count
from groundglass.errors import FormatError
from groundglass.training.install import install
from groundglass.training.measure import measure_and_export
from groundglass.training.pipeline import Minutes, Training, TrainingOptions

DEFAULTS = TrainingOptions()


def parser() -> argparse.ArgumentParser:
    """The options of the command."""
    p = argparse.ArgumentParser(
        prog="python -m groundglass.training",
        description="Train ensemble-lite and inf-net-lite on COVID-SemiSeg (non-commercial use only), "
        "measure them by cross-validation and export them.",
    )
    p.add_argument("--data", type=Path, required=True, help="folder with labelled/ and pseudo/")
    p.add_argument(
        "--healthy",
        type=Path,
        metavar="STUDY",
        help="a healthy study: negatives, and lungs to put synthetic lesions into",
    )
    p.add_argument("--out", type=Path, required=True, help="folder for checkpoints, log, figures, models")
    p.add_argument(
        "--minutes",
        type=float,
        nargs=4,
        default=list(asdict(DEFAULTS.minutes).values()),
        metavar=tuple(name.upper() for name in asdict(DEFAULTS.minutes)),
        help="length of each job of a phase (default: %(default)s)",
    )
    p.add_argument(
        "--steps",
        type=int,
        help="exact number of steps of every job instead of minutes: a run that can be repeated to the bit",
    )
    p.add_argument("--folds", type=int, default=DEFAULTS.folds, help="default: %(default)s")
    p.add_argument("--seed", type=int, default=DEFAULTS.seed, help="default: %(default)s")
    p.add_argument("--long-edge", type=int, default=DEFAULTS.long_edge, help="default: %(default)s")
    p.add_argument(
        "--processes",
        type=int,
        default=core_count(),
        help="jobs at a time, one thread each (default: the number of cores)",
    )
    p.add_argument(
        "--published-structure-loss",
        action="store_true",
        help="Inf-Net's loss as its program computes it, not as its paper says",
    )
    p.add_argument("--resume", action="store_true", help="go on from the checkpoints in --out")
    p.add_argument("--install", action="store_true", help="put the models among the shipped ones")
    return p


def main(arguments: Sequence[str] | None = None) -> int:
    """Run; 0 done, 2 wrong input."""
    a = parser().parse_args(arguments)
    torch.set_num_threads(1)
    try:
        options = TrainingOptions(
            minutes=Minutes(*a.minutes),
            steps=a.steps,
            seed=a.seed,
            folds=a.folds,
            resume=a.resume,
            processes=a.processes,
            long_edge=a.long_edge,
            published_structure_loss=a.published_structure_loss,
        )
        training = Training(a.data, a.healthy, a.out, options)
        training.run()
        paths = measure_and_export(training)
        if a.install:
            for path in paths:
                install(path)
    except (FormatError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    for path in paths:
        print(f"{path}: {path.stat().st_size} bytes")
    print(f"figures of the held-out folds in {a.out / 'figures.json'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
