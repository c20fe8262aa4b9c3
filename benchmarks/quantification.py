"""What aeration costs beside involvement: ``quantification.py [--rounds N] [--shape S,R,C]``.

A phantom with its true masks and estimated lobes is measured again and again: involvement alone, aeration
alone, and both in one pass, in turns, so that what else the machine does falls on all of them. The least CPU
time of each, ns for each voxel, and how much more than involvement both take.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from functools import partial

import groundglass as gg


def least(rounds: int, works: dict[str, Callable[[], object]]) -> dict[str, float]:
    """The least CPU seconds of each work."""
    found: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(rounds):
        for name, work in works.items():
            start = time.process_time()
            work()
            found[name].append(time.process_time() - start)
    return {name: min(seconds) for name, seconds in found.items()}


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=15)
    options.add_argument("--shape", default="150,384,384")
    given = options.parse_args()
    slices, rows, columns = map(int, given.shape.split(","))
    found = gg.phantom.make(7, shape=(slices, rows, columns))
    plain = gg.LungCt(found.volume, found.lungs)
    voxels = found.lungs.size
    print(f"{slices} x {rows} x {columns} voxels, {(found.lungs > 0).mean():.0%} lung")
    for name, lungs in (("without lobes", plain), ("with lobes", gg.Lobes()(plain))):
        study = gg.LesionCt(lungs, found.lesions)
        works: dict[str, Callable[[], object]] = {
            "involvement": partial(gg.Involvement(), study),
            "aeration": partial(gg.Aeration(), study),
            "both": partial(gg.involvement_and_aeration, study),
        }
        seconds = least(given.rounds, works)
        told = ", ".join(
            f"{work} {1e3 * each:.1f} ms ({1e9 * each / voxels:.2f} ns a voxel)"
            for work, each in seconds.items()
        )
        print(f"{name}: {told}; both {seconds['both'] / seconds['involvement'] - 1:+.0%} of involvement")


if __name__ == "__main__":
    main()
