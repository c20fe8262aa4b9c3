"""The stubs of the compiled modules against the modules, by mypy's stubtest."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.long

ROOT = Path(__file__).parents[2]

# What stubtest says of every class that pybind11 makes, and of the methods that Python hangs on afterwards.
EXPECTED = (
    r"\w+ is inconsistent, metaclass differs",
    r"\w+\.__init__ is inconsistent, stub does not have \*args parameter \"args\"",  # made by stages alone
    r"\w+\._repr_html_ is inconsistent, stub parameter \"self\" differs from runtime parameter \"\w+\"",
)


MODULES = ("groundglass._core", "groundglass._segmentation")

# The stub of _core is a file a room, which the module itself has no need of.
PARTS = re.compile(r"groundglass\._core\._\w+ failed to (?:import|find)")


def complaints() -> list[str]:
    """One run for both modules, since most of it is reading numpy's and torch's own stubs."""
    options = ["--concise", "--mypy-config-file", "pyproject.toml"]
    command = [sys.executable, "-m", "mypy.stubtest", *MODULES, *options]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    found = [line for line in done.stdout.splitlines() if line.startswith(MODULES)]
    assert found or "Success" in done.stdout, done.stdout + done.stderr
    module = re.compile(rf"(?:{'|'.join(map(re.escape, MODULES))})\.")
    return [
        line
        for line in found
        if not PARTS.match(line) and not any(re.fullmatch(known, module.sub("", line)) for known in EXPECTED)
    ]


def test_the_stubs_say_what_the_modules_have() -> None:
    pytest.importorskip("mypy", reason="mypy compares stubs with modules")
    for module in MODULES:
        pytest.importorskip(module)
    assert complaints() == []
