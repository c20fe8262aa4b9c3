"""Segmentation of a study: the stage against the loop one would write in Python.

    python benchmarks/segmentation.py STUDY [--threads 0] [--repeats 3]

All variants run the same model file over the same slices. They are timed in turns in one process; read the
ratios. The fastest run of each counts, and the CPU time tells how much of it was computing. Peak memory is
that of a fresh process for each variant, less what it held before.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

import groundglass as gg
from groundglass import weights

Variant = Callable[[], npt.NDArray[np.uint8]]


def stage(lungs: gg.LungCt, model: str | None, threads: int) -> Variant:
    """The stage as a user has it."""
    from groundglass.segmentation import Ensemble

    ensemble = Ensemble(model or weights.available()[0], threads=threads)
    return lambda: ensemble(lungs).lesions


def loop(lungs: gg.LungCt, model: str | None, *, frozen: bool) -> Variant:
    """torch in Python, a slice at a time, on torch's own threads; plain, or frozen and channels last."""
    import torch
    from torch.nn import functional

    file = weights.find(model or weights.available()[0])
    edge = int(file.contract["input"]["long_edge"])
    low, high = file.contract["input"]["window_hu"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        network = torch.jit.load(str(file.path)).float().eval()
        if frozen:
            network = torch.jit.freeze(network.to(memory_format=torch.channels_last))
    ct, mask = lungs.ct.hounsfield, lungs.lungs
    rows, columns = np.flatnonzero(mask.any((0, 2))), np.flatnonzero(mask.any((0, 1)))
    box = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
    slices = np.flatnonzero(mask.any((1, 2)))

    def run() -> npt.NDArray[np.uint8]:
        lesions = np.zeros(ct.shape, np.uint8)
        with torch.inference_mode():
            for index in slices:
                crop = torch.from_numpy(ct[index][box].astype(np.float32))[None, None]
                image = ((crop - low) * (2 / (high - low)) - 1).clamp(-1, 1)
                shape = crop.shape[-2:]
                size = tuple(round(n * edge / max(shape)) for n in shape)
                image = functional.interpolate(image, size, mode="bilinear", antialias=True)
                image = functional.pad(image, (0, -size[1] % 32, 0, -size[0] % 32), value=-1.0)
                if frozen:
                    image = image.contiguous(memory_format=torch.channels_last)
                planes = network(image)[..., : size[0], : size[1]]
                planes = functional.interpolate(planes, shape, mode="bilinear")[0].numpy()
                label = np.where(planes[1] > planes[0], 2, 1) * (planes[:2].sum(0) >= 0.5)
                lesions[index][box] = label * (mask[index][box] > 0)
        return lesions

    return run


def variants(lungs: gg.LungCt, options: argparse.Namespace) -> dict[str, Callable[[], Variant]]:
    """What is compared, by name."""
    return {
        "stage": lambda: stage(lungs, options.model, options.threads),
        "stage, 1 thread": lambda: stage(lungs, options.model, 1),
        "torch loop": lambda: loop(lungs, options.model, frozen=False),
        "torch loop, frozen": lambda: loop(lungs, options.model, frozen=True),
    }


def resident_mb(*, peak: bool) -> float:
    """Resident memory of this process in 10^6 bytes, now or at most since the peak was last reset."""
    name = "VmHWM" if peak else "VmRSS"
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if name in line)
    return int(line.split()[1]) * 1024 / 1e6


def main() -> None:
    """Measures and prints a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("study", help="DICOM folder, zip, NIfTI, NRRD or MHA")
    parser.add_argument("--model", help="name or file; default: the bundled one")
    parser.add_argument("--threads", type=int, default=0, help="of the stage; 0: one for each core")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--only", help=argparse.SUPPRESS)
    options = parser.parse_args()

    lungs = gg.LungMask()(gg.read_ct(options.study))
    makers = variants(lungs, options)
    if options.only:
        Path("/proc/self/clear_refs").write_text("5")  # the lung mask's peak would hide what comes now
        before = resident_mb(peak=False)
        makers[options.only]()()
        print(json.dumps(resident_mb(peak=True) - before))
        return

    ready = {name: make() for name, make in makers.items()}
    wall: dict[str, list[float]] = {name: [] for name in ready}
    cpu: dict[str, list[float]] = {name: [] for name in ready}
    for _ in range(options.repeats):
        for name, run in ready.items():
            start, start_cpu = time.perf_counter(), time.process_time()
            run()
            wall[name].append(time.perf_counter() - start)
            cpu[name].append(time.process_time() - start_cpu)

    inside = int(np.count_nonzero(lungs.lungs))
    slices = int(np.count_nonzero(lungs.lungs.any((1, 2))))
    print(f"{slices} slices with lung, {inside * lungs.ct.voxel_ml:.0f} ml")
    print(f"{'':20}{'seconds':>9}{'ratio':>7}{'CPU s':>7}{'peak MB':>9}{'opacity %':>11}")
    reference = min(wall["torch loop"])
    for name, run in ready.items():
        command: list[Any] = [sys.executable, __file__, options.study, "--only", name]
        command += ["--threads", str(options.threads), *(["--model", options.model] if options.model else [])]
        peak = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
        opacity = 100 * np.count_nonzero(run()) / inside
        print(
            f"{name:20}{min(wall[name]):9.1f}{min(wall[name]) / reference:7.2f}{min(cpu[name]):7.1f}"
            f"{peak:9.0f}{opacity:11.3f}"
        )


if __name__ == "__main__":
    main()
