"""The stubs of the compiled modules against the modules, by mypy's stubtest."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# What stubtest says of every class that pybind11 makes, and of the methods that Python hangs on afterwards.
EXPECTED = (
    r"\w+ is inconsistent, metaclass differs",
    r"\w+\.__init__ is inconsistent, stub does not have \*args parameter \"args\"",  # made by stages alone
    r"\w+\._repr_html_ is inconsistent, stub parameter \"self\" differs from runtime parameter \"\w+\"",
)


def complaints(module: str) -> list[str]:
    command = [sys.executable, "-m", "mypy.stubtest", module, "--concise", "--mypy-config-file", "pyproject.toml"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert "Success" in done.stdout or re.search(rf"^{re.escape(module)}\.", done.stdout, re.M), (
        done.stdout + done.stderr
    )
    found = [line.removeprefix(f"{module}.") for line in done.stdout.splitlines() if line.startswith(module)]
    # The stub of _core is a file a room, which the module itself has no need of.
    parts = re.compile(r"_\w+ failed to (?:import|find)")
    return [
        line
        for line in found
        if not parts.match(line) and not any(re.fullmatch(known, line) for known in EXPECTED)
    ]


@pytest.mark.parametrize("module", ["groundglass._core", "groundglass._segmentation"])
def test_a_stub_says_what_its_module_has(module: str) -> None:
    pytest.importorskip("mypy", reason="mypy compares stubs with modules")
    pytest.importorskip(module)
    assert complaints(module) == []
