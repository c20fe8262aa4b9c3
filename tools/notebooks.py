"""Executes the notebooks; the copies in docs/notebooks hold what they printed and drew.

Those in examples/notebooks stay without outputs, so that a change in git is a change of what they say.
`--strip` removes outputs that an editor has left there.
"""

import argparse
import sys
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "examples" / "notebooks"
EXECUTED = ROOT / "docs" / "notebooks"

#: Of one cell, and of the kernel's start, on a busy machine.
TIMEOUT_S, STARTUP_S = 600, 180


def is_stripped(notebook: nbformat.NotebookNode) -> bool:
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    return not any(cell.outputs or cell.execution_count is not None for cell in cells)


def strip(notebook: nbformat.NotebookNode) -> None:
    for cell in notebook.cells:
        cell.metadata = nbformat.NotebookNode()
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--strip", action="store_true", help="remove outputs from the sources and stop")
    only_strip = parser.parse_args().strip
    EXECUTED.mkdir(exist_ok=True)
    for path in sorted(SOURCE.glob("*.ipynb")):
        notebook = nbformat.read(path, as_version=4)
        if only_strip:
            strip(notebook)
            nbformat.write(notebook, path)
            continue
        if not is_stripped(notebook):
            print(f"notebooks: {path.name} holds outputs; tools/notebooks.sh --strip", file=sys.stderr)
            return 1
        start = time.perf_counter()
        resources = {"metadata": {"path": str(path.parent)}}
        try:
            client = NotebookClient(notebook, timeout=TIMEOUT_S, kernel_name="python3", resources=resources)
            # the state of a viewer is a whole CT; without it the page shows the result that stands beside it
            client.store_widget_state = False
            client.startup_timeout = STARTUP_S
            client.execute()
        except CellExecutionError as error:
            print(f"notebooks: {path.name} fails\n{error}", file=sys.stderr)
            return 1
        nbformat.write(notebook, EXECUTED / path.name)
        print(f"notebooks: {path.name} in {time.perf_counter() - start:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
