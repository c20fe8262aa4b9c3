"""Starting: a process of its own each time, so the ratio is the clock's."""

from __future__ import annotations

import subprocess
import sys
from functools import partial

from harness import Case, Peers


def start(*words: str) -> Peers:
    def run(*arguments: str) -> None:
        subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)

    return {"groundglass": partial(run, *words), "import numpy": partial(run, "-c", "import numpy")}


CASES = [
    Case("import groundglass", partial(start, "-c", "import groundglass"), None, 1.3, by_clock=True),
    Case("groundglass --help", partial(start, "-m", "groundglass", "--help"), None, 2.0, by_clock=True),
]
