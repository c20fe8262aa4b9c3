"""All figures against what a user would take instead, on one page: ``make bench``.

    python benchmarks/peers/page.py [TOPIC ...] [--case TEXT] [--repeats 7] [--budget 20] [--json FILE]

Each topic is a module beside this one with a list ``CASES``. Answers are compared before they are timed.
Peers are development dependencies (``pip install groundglass[bench]``); one that is missing is named and left
out. Read the ratios, the smallest time of ours by that of the fastest peer in the same run, not the
milliseconds.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")  # one thread unless a case says otherwise
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
sys.path.insert(0, str(Path(__file__).parent))

import harness

TOPICS = ("rates", "agreement", "thresholds", "smoothing", "volumes", "quantification", "reading", "start")
PACKAGES = (
    *("numpy", "scipy", "scikit-learn", "statsmodels", "connected-components-3d", "SimpleITK", "dicomsdl"),
    *("nibabel", "pynrrd", "groundglass"),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("topics", nargs="*", metavar="TOPIC", help=f"of {', '.join(TOPICS)} (default: all)")
    parser.add_argument("--case", default="", help="only cases whose name contains this")
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--budget", type=float, default=20, help="seconds a case after three rounds")
    parser.add_argument("--json", type=Path, help="write the page here for programs")
    parser.add_argument("--memory-of", nargs=3, metavar=("TOPIC", "CASE", "PEER"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.memory_of:
        topic, name, peer = arguments.memory_of
        case = next(case for case in importlib.import_module(topic).CASES if case.name == name)
        harness.print_memory(case.build()[peer])
    known = arguments.topics or TOPICS
    if wrong := set(known) - set(TOPICS):
        parser.error(f"{sorted(wrong)[0]} is not one of {', '.join(TOPICS)}")
    document = {"machine": harness.machine(), "versions": harness.versions(PACKAGES), "cases": []}
    print(", ".join(f"{name} {value}" for name, value in document["machine"].items()))
    print(", ".join(f"{name} {version}" for name, version in document["versions"].items()))
    print(
        "\ncase, who: least, median, least of the processor, peak above the input, ours by the fastest peer",
        flush=True,
    )
    for topic in known:
        for case in importlib.import_module(topic).CASES:
            if arguments.case not in case.name:
                continue
            table = harness.measured(topic, case, arguments.repeats, arguments.budget)
            print(harness.as_text(table), flush=True)
            document["cases"].append(harness.as_json(topic, table))
            if arguments.json:
                harness.save(arguments.json, document)


if __name__ == "__main__":
    main()
