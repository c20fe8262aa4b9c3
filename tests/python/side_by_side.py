"""Tests that hold a clock against the program run without company where pytest runs several at a time.

Every test takes part in one lock, those that are marked ``alone`` as its only holder. A gate in front lets
none pass one that waits for that.
"""

from __future__ import annotations

import fcntl
import tempfile
from collections.abc import Generator
from pathlib import Path

import pytest


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
