"""Command line: from the COVID-SemiSeg folder to a shipped model file."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import torch

from groundglass.errors import FormatError
from groundglass.training.install import install
from groundglass.training.pipeline import Pipeline, PipelineOptions

DEFAULTS = PipelineOptions()


def parser() -> argparse.ArgumentParser:
    """The options of the command."""
    p = argparse.ArgumentParser(
        prog="python -m groundglass.training",
        description="Train unet-lite on COVID-SemiSeg (non-commercial use only) and export it.",
    )
    p.add_argument("--data", type=Path, required=True, help="folder with labelled/ and pseudo/")
    p.add_argument("--out", type=Path, required=True, help="folder for checkpoints, log, figures, model")
    p.add_argument(
        "--minutes",
        type=float,
        nargs=4,
        default=list(DEFAULTS.minutes),
        metavar=("A", "B", "C", "D"),
        help="length of the stages; B counts per fold (default: %(default)s)",
    )
    p.add_argument(
        "--steps",
        type=int,
        nargs=3,
        metavar=("A", "B", "D"),
        help="exact numbers of steps instead of minutes: a run that can be repeated to the bit",
    )
    p.add_argument("--folds", type=int, default=DEFAULTS.folds, help="default: %(default)s")
    p.add_argument("--seed", type=int, default=DEFAULTS.seed, help="default: %(default)s")
    p.add_argument("--long-edge", type=int, default=DEFAULTS.long_edge, help="default: %(default)s")
    p.add_argument("--threads", type=int, default=1, help="of torch (default: %(default)s)")
    p.add_argument("--resume", action="store_true", help="go on from the checkpoints in --out")
    p.add_argument("--install", action="store_true", help="make the result the package's default model")
    return p


def main(arguments: Sequence[str] | None = None) -> int:
    """Run; 0 done, 2 wrong input."""
    a = parser().parse_args(arguments)
    torch.set_num_threads(a.threads)
    try:
        options = PipelineOptions(
            minutes=tuple(a.minutes),
            steps=None if a.steps is None else tuple(a.steps),
            seed=a.seed,
            folds=a.folds,
            resume=a.resume,
            long_edge=a.long_edge,
        )
        path = Pipeline(a.data, a.out, options).run()
        if a.install:
            install(path)
    except (FormatError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(f"{path}: {path.stat().st_size} bytes; figures of the held-out folds in {a.out / 'figures.json'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
