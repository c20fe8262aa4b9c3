"""Command line: from contours, series and phantoms to the shipped file of `lungs-lite`."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch

from groundglass.errors import FormatError
from groundglass.training.install import install
from groundglass.training.lungs.export import NAME, export
from groundglass.training.lungs.measure import held_out_figures, reference_figures
from groundglass.training.lungs.patients import kept
from groundglass.training.lungs.pipeline import Options, Steps, Training

DEFAULTS = Options()


def parser() -> argparse.ArgumentParser:
    """The options of the command."""
    p = argparse.ArgumentParser(
        prog="python -m groundglass.training.lungs",
        description="Train lungs-lite, which finds both lungs; measure it on patients left out; export it.",
    )
    p.add_argument(
        "--data",
        type=Path,
        required=True,
        help="folder with lctsc/ (NAME_ct.nii.gz, NAME_lungs.nii.gz) and, where it is there, covid-ct-md/",
    )
    p.add_argument("--out", type=Path, required=True, help="folder for checkpoints, log, figures, model")
    p.add_argument(
        "--steps",
        type=int,
        nargs=3,
        default=list(asdict(DEFAULTS.steps).values()),
        metavar=tuple(name.upper() for name in asdict(DEFAULTS.steps)),
        help="steps of eight planes of each stage (default: %(default)s)",
    )
    p.add_argument(
        "--folds",
        type=int,
        default=DEFAULTS.folds,
        help="networks that leave an even part of the contours out (default: %(default)s)",
    )
    p.add_argument("--seed", type=int, default=DEFAULTS.seed, help="default: %(default)s")
    p.add_argument("--device", default=DEFAULTS.device, help="cpu, cuda, ... (default: %(default)s)")
    p.add_argument("--resume", action="store_true", help="go on from the checkpoints in --out")
    p.add_argument("--install", action="store_true", help="put the model among the shipped ones")
    return p


def run(data: Path, out: Path, options: Options) -> Path:
    """All stages; returns the model file in `out`, beside it ``figures.json``."""
    out.mkdir(parents=True, exist_ok=True)
    if not options.resume:
        (out / "patients.npz").unlink(missing_ok=True)
    patients = kept(data, out)
    training = Training(patients, out, options)
    offsets = options.offsets_mm
    held_out: dict[str, dict[str, float]] = {}
    for index, names in enumerate(training.left_out):
        network = training.fold(index)
        held_out |= held_out_figures(network, data, [p for p in patients if p.name in names], offsets)
    network = training.final()
    figures: dict[str, Any] = {
        "held_out": held_out,
        "held_out_mean": {
            key: float(np.mean([entry[key] for entry in held_out.values()]))
            for key in next(iter(held_out.values()))
        },
        "final": reference_figures(network, data, offsets),
    }
    (out / "figures.json").write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    kinds = {p.kind for p in patients}
    return export(network, out / f"{NAME}.pt", offsets_mm=offsets, kinds=sorted(kinds))


def _check_device(name: str) -> None:
    try:
        torch.zeros(1, device=name)
    except (RuntimeError, AssertionError) as error:
        raise ValueError(f"device {name!r} is not to be had here ({error}); try --device cpu") from error


def main(arguments: Sequence[str] | None = None) -> int:
    """Run; 0 done, 2 wrong input."""
    a = parser().parse_args(arguments)
    torch.set_num_threads(min(4, os.cpu_count() or 1))
    try:
        _check_device(a.device)
        options = Options(steps=Steps(*a.steps), folds=a.folds, seed=a.seed, device=a.device, resume=a.resume)
        path = run(a.data, a.out, options)
        if a.install:
            install(path, default=False)
    except (FormatError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(f"{path}: {path.stat().st_size} bytes")
    print(f"figures of the patients left out in {a.out / 'figures.json'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
