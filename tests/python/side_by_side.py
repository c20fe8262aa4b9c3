"""What makes several tests at a time a short run: who begins, who is alone, and one thread each.

Tests that hold a clock against the program are marked ``alone`` and begin first: every test takes part in one
lock, those as its only holder, and a gate in front lets none pass one that waits for that. Then come files
that are marked ``long``, so that none of them is the last that all wait for.
"""

from __future__ import annotations

import fcntl
import os
import tempfile
from collections.abc import Generator
from pathlib import Path

import pytest

# More threads than cores spend their time waiting for each other. Read when numpy and torch are loaded, here
# and in the programs that tests start.
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    def rank(item: pytest.Item) -> int:
        # Later a server or a browser of another file may go on working while its test waits for the lock.
        return 0 if item.get_closest_marker("alone") else 1 if item.get_closest_marker("long") else 2

    items.sort(key=rank)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    worker = getattr(item.config, "workerinput", None)
    if worker is None:  # pytest runs one at a time
        return (yield)
    lock = Path(tempfile.gettempdir()) / f"groundglass-tests-{worker['testrunuid']}"
    alone = item.get_closest_marker("alone") is not None
    with Path(f"{lock}.gate").open("w") as gate, Path(f"{lock}.room").open("w") as room:
        fcntl.flock(gate, fcntl.LOCK_EX)
        fcntl.flock(room, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
        fcntl.flock(gate, fcntl.LOCK_UN)
        return (yield)
