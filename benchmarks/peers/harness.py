"""Times peers side by side, and holds their answers against each other.

A case is a set of callables that do the same work on the same input: ours and those of the packages that a
user would take instead. They run in turns, so that a neighbour on the machine disturbs all alike, each often
enough for the clock; the smallest and the median time are kept, to be read as ratios. On a busy machine a run
of more than some milliseconds never has a core to itself, so the ratio is that of the processor's time, of
all threads; a case that is about threads takes the clock's. The peak of memory is that of a process of its
own for each callable.
"""

from __future__ import annotations

import importlib.metadata
import json
import math
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Run = Callable[[], Any]
Peers = Mapping[str, Run]

OURS = "groundglass"
SCRIPTS = Path(__file__).parent


@dataclass(frozen=True)
class Case:
    """`build` makes the callables, ours among them under a name that begins with "groundglass". `same`
    raises where two answers differ; `against` names peers that the ratio is held against (default: all
    others), `bar` the ratio that is asked for."""

    name: str
    build: Callable[[], Peers]
    same: Callable[[Any, Any], None] | None = None
    bar: float | None = None
    against: Sequence[str] = ()
    memory: bool = False
    by_clock: bool = False


@dataclass
class Row:
    """What was measured of one callable of a case: seconds, the processor's `cpu` among them, and MB
    above what the process had before."""

    peer: str
    least: float
    median: float
    cpu: float
    peak_mb: float | None = None


@dataclass
class Table:
    """The rows of a case; `missing` are peers that could not run, with the reason."""

    case: Case
    rows: list[Row] = field(default_factory=list)
    missing: dict[str, str] = field(default_factory=dict)

    def best_peer(self, row: Row) -> Row | None:
        """The fastest of those that a row of ours is held against."""
        others = [other for other in self.rows if not other.peer.startswith(OURS)]
        chosen = [other for other in others if not self.case.against or other.peer in self.case.against]
        return min(chosen, key=self.figure, default=None)

    def figure(self, row: Row) -> float:
        """The seconds that the ratio is made of."""
        return row.least if self.case.by_clock else row.cpu


def measured(topic: str, case: Case, repeats: int, budget: float) -> Table:
    """All callables of a case in turns: `repeats` rounds, or at least 3 until `budget` seconds are over."""
    table = Table(case)
    peers = dict(case.build())
    answers: dict[str, Any] = {}
    calls: dict[str, int] = {}
    for name, run in list(peers.items()):
        try:
            answers[name] = run()
            start = time.perf_counter()
            run()
            calls[name] = max(1, math.ceil(0.005 / max(time.perf_counter() - start, 1e-7)))
        except ImportError as error:
            table.missing[name] = str(error)
            del peers[name]
    ours = next(name for name in answers if name.startswith(OURS))
    for name, answer in answers.items():
        if case.same is not None and name != ours:
            case.same(answers[ours], answer)
    answers.clear()
    seconds: dict[str, list[float]] = {name: [] for name in peers}
    cpu: dict[str, list[float]] = {name: [] for name in peers}
    began, order = time.perf_counter(), list(peers)
    for turn in range(repeats):
        if turn >= 3 and time.perf_counter() - began > budget:
            break
        order = order[1:] + order[:1]
        for name in order:
            run = peers[name]
            start, cpu_start = time.perf_counter(), time.process_time()
            for _ in range(calls[name]):
                run()
            cpu[name].append((time.process_time() - cpu_start) / calls[name])
            seconds[name].append((time.perf_counter() - start) / calls[name])
    for name, found in seconds.items():
        peak = memory_of(topic, case.name, name) if case.memory else None
        table.rows.append(Row(name, min(found), statistics.median(found), min(cpu[name]), peak))
    return table


def memory_of(topic: str, case: str, peer: str) -> float | None:
    """The peak of memory of one call, in MB above what its input takes, in a process of its own."""
    command = [sys.executable, str(SCRIPTS / "page.py"), "--memory-of", topic, case, peer]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return float(done.stdout.splitlines()[-1]) if done.returncode == 0 else None


def print_memory(run: Run) -> None:
    """What :func:`memory_of` reads."""
    before = _status("VmRSS")
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    kept = run()
    print(_status("VmHWM") - before, flush=True)
    del kept
    os._exit(0)


def _status(name: str) -> float:
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(f"{name}:"))


def versions(packages: Sequence[str]) -> dict[str, str]:
    """Of what is installed."""
    found = {}
    for package in packages:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            found[package] = "not installed"
    return found


def machine() -> dict[str, Any]:
    """What the figures were taken on."""
    lines = Path("/proc/cpuinfo").read_text(encoding="ascii").splitlines()
    cpu = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
    return {
        "cpu": cpu or platform.processor(),
        "cores": os.cpu_count(),
        "load": [round(load, 1) for load in os.getloadavg()],
        "python": platform.python_version(),
    }


def shown(seconds: float) -> str:
    """With a unit and three digits."""
    for unit, scale in (("s ", 1.0), ("ms", 1e3), ("µs", 1e6)):
        if seconds * scale >= 1 or unit == "µs":
            return f"{seconds * scale:.3g} {unit}"
    raise AssertionError


def as_text(table: Table) -> str:
    """A case as lines."""
    lines = [f"\n{table.case.name}" + (f"  (bar {table.case.bar:g})" if table.case.bar else "")]
    for row in table.rows:
        ratio = ""
        if row.peer.startswith(OURS) and (best := table.best_peer(row)):
            ratio = f"{table.figure(row) / table.figure(best):8.3f} of {best.peer}"
        peak = "" if row.peak_mb is None else f"{row.peak_mb:6.0f} MB"
        times = " ".join(f"{shown(seconds):>9}" for seconds in (row.least, row.median, row.cpu))
        lines.append(f"  {row.peer:44} {times} {peak:>9} {ratio}")
    lines += [f"  {name:44} {why}" for name, why in table.missing.items()]
    return "\n".join(lines)


def as_json(topic: str, table: Table) -> dict[str, Any]:
    """A case for programs."""
    rows = [vars(row) for row in table.rows]
    return {
        "topic": topic,
        "case": table.case.name,
        "bar": table.case.bar,
        "rows": rows,
        "missing": table.missing,
    }


def save(path: Path, document: Mapping[str, Any]) -> None:
    """As JSON."""
    path.write_text(json.dumps(document, indent=1), encoding="utf-8")
