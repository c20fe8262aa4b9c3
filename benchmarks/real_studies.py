"""Runs the command line over the real studies beside the checkout and prints what came out of each.

    python benchmarks/real_studies.py [--data ../shared/data] [--out build/real-studies] [--model NAME|FILE]

For each study: wall seconds and peak resident memory of the whole process, lung volume, PO, PHO, and what
was refused. For the COVID-19 study also the agreement with the radiologists' slice labels, for the labelled
slices the Dice of infection, ground glass and consolidation (the bundled weights have seen these slices: that
row says that the path from picture to label works, not how good the model is).
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import shutil
import sys
import time
from pathlib import Path

import numpy as np
import numpy.typing as npt

ROOT = Path(__file__).parents[1]


def run(arguments: list[str]) -> tuple[int, float, float, str]:
    """Exit code, wall seconds, peak MiB and the last line on stderr of one `groundglass` command."""
    command = [sys.executable, "-m", "groundglass", *arguments]
    reading, writing = os.pipe()
    started = time.perf_counter()
    child = os.posix_spawn(
        sys.executable,
        command,
        os.environ,
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
            (os.POSIX_SPAWN_DUP2, writing, 2),
            (os.POSIX_SPAWN_CLOSE, reading),
        ],
    )
    os.close(writing)
    with os.fdopen(reading) as stream:
        errors = stream.read()
    _, status, usage = os.wait4(child, 0)
    seconds = time.perf_counter() - started
    lines = [line for line in errors.splitlines() if line.strip()]
    return os.waitstatus_to_exitcode(status), seconds, usage.ru_maxrss / 1024, lines[-1] if lines else ""


def area_under_curve(score: npt.NDArray[np.float64], label: npt.NDArray[np.bool_]) -> float:
    """Mann-Whitney: the chance that an involved slice scores above one that is not, ties counting half."""
    positive, negative = score[label][:, None], score[~label][None, :]
    return float(np.mean((positive > negative) + 0.5 * (positive == negative)))


def slice_agreement(folder: Path, labels: Path) -> str:
    """Sensitivity, specificity and AUC per slice against the slice labels of the first case.

    The label array runs from the head down (inferred: the other order is no better than chance).
    """
    with (folder / "slices.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    percent = np.array([float(row["opacity_percent"] or 0) for row in rows])[::-1]
    lung = np.array([float(row["lung_ml"]) for row in rows])[::-1] > 0
    involved = np.load(labels)[0, : len(rows)].astype(bool)
    text = [f"AUC {area_under_curve(percent[lung], involved[lung]):.3f}"]
    for cut in (0.5, 1.0, 2.0):
        called = percent >= cut
        sensitivity = np.mean(called[lung & involved])
        specificity = np.mean(~called[lung & ~involved])
        text.append(f"at {cut} %: sensitivity {sensitivity:.2f}, specificity {specificity:.2f}")
    return "; ".join(text)


def slice_dice(folder: Path, labels: Path) -> str:
    """Mean over slices and pooled Dice of infection, ground glass and consolidation."""
    from PIL import Image

    names = {"infection": (1, 2), "ground glass": (1,), "consolidation": (2,)}
    counts: dict[str, list[tuple[int, int, int]]] = {name: [] for name in names}
    for file in sorted(labels.glob("*.png")):
        truth = np.asarray(Image.open(file))
        found = np.asarray(Image.open(folder / file.name))
        for name, values in names.items():
            a, b = np.isin(truth, values), np.isin(found, values)
            counts[name].append((int((a & b).sum()), int(a.sum()), int(b.sum())))
    text = []
    for name, rows in counts.items():
        dice = [2 * c / (a + b) for c, a, b in rows if a > 0]
        common, true, found_ = np.sum(rows, axis=0)
        text.append(f"{name} {np.mean(dice):.3f} (pooled {2 * common / (true + found_):.3f})")
    return ", ".join(text)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "real-studies")
    parser.add_argument("--model")
    options = parser.parse_args()
    if not options.data.is_dir():
        parser.error(f"{options.data} is not there")
    shutil.rmtree(options.out, ignore_errors=True)
    options.out.mkdir(parents=True)

    data = options.data
    studies = [data / "covid-ct-md" / name for name in ("covid-P001", "normal-001", "cap-001")]
    studies += [data / "chest-imaging-platform" / name for name in ("ct-64.nrrd", "simple_dicom")]
    studies += [*sorted((data / "totalsegmentator").rglob("*.nii.gz")), data / "lungmask"]
    model = ["--model", options.model] if options.model else []
    for study in studies:
        out = options.out / study.relative_to(data).as_posix().replace("/", "-").partition(".")[0]
        code, seconds, peak, last = run(["analyze", str(study), "--out", str(out), *model])
        line = f"{study.relative_to(data)!s:45} exit {code} {seconds:6.1f} s {peak:6.0f} MiB  "
        if code == 0:
            result = json.loads((out / "result.json").read_text())
            with (out / "regions.csv").open() as stream:
                both = next(csv.DictReader(stream))
            line += (
                f"lung {float(both['lung_ml']):.0f} ml, PO {float(both['opacity_percent'] or 'nan'):.2f} %, "
                f"PHO {float(both['high_opacity_percent'] or 'nan'):.2f} %, notes "
                f"{sorted(note['code'] for note in result['notes'])}"
            )
        else:
            line += last
        print(line, flush=True)
    labels = data / "covid-ct-md" / "Slice-level-labels-updated-1.npy"
    print("slices of covid-P001:", slice_agreement(options.out / "covid-ct-md-covid-P001", labels))

    labelled = data / "covid-semiseg" / "labelled"
    out = options.out / "labelled"
    segment = ["segment", str(labelled / "images"), "--out", str(out), "--probabilities"]
    code, seconds, peak, last = run([*segment, *model])
    print(f"covid-semiseg/labelled exit {code} {seconds:.1f} s {peak:.0f} MiB {last}")
    print("Dice:", slice_dice(out, labelled / "labels"))


if __name__ == "__main__":
    main()
