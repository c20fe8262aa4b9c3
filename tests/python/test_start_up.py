"""What starting imports, and what it leaves for later."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys

import pytest

import groundglass as gg

#: Rooms that have no part in a start, and libraries that take longer to import than a start may.
LATER = (
    *(f"groundglass.{room}" for room in ("analyze", "cohort", "evaluation", "phantom", "plotting", "read")),
    *(
        f"groundglass.{room}"
        for room in ("report", "result", "segmentation", "statistics", "widget", "write")
    ),
    *("SimpleITK", "matplotlib", "numpy", "pandas", "PIL", "pydicom", "scipy", "torch"),
)


def imported_by(program: str) -> set[str]:
    code = f"{program}\nimport json, sys; print('\\n' + json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout.splitlines()[-1]))


@pytest.mark.parametrize(
    ("program", "needed"),
    [
        ("import groundglass", "groundglass"),
        ("from groundglass.cli import main; main(['--help'])", "groundglass.cli.app"),
        ("from groundglass.cli import main; main(['analyze', '--help'])", "groundglass.cli.study"),
        ("from groundglass.cli import main; main(['--version'])", "groundglass._core"),
    ],
)
def test_a_start_leaves_the_rooms_alone(program: str, needed: str) -> None:
    found = imported_by(program)
    assert needed in found
    assert sorted(found & set(LATER)) == []


def test_a_cohort_needs_no_study() -> None:
    found = imported_by("import groundglass as gg; gg.fit_thresholds([0, 1, 2], [0, 1, 1])")
    assert "groundglass.statistics" in found
    assert not found & {
        "groundglass.read",
        "groundglass.analyze",
        "groundglass.phantom",
        "groundglass.plotting",
    }


def test_every_name_is_found_where_it_says() -> None:
    code = "import groundglass as gg; [getattr(gg, name) for name in gg.__all__]; gg.analyze.__call__"
    assert "groundglass.analyze" in imported_by(code)
    assert set(gg.__all__) <= set(dir(gg))
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = gg.nothing  # type: ignore[attr-defined]


@pytest.mark.parametrize("first", ["import groundglass.analyze", "import groundglass.cli.study", "pass"])
def test_the_function_stands_where_its_module_has_the_same_name(first: str) -> None:
    code = f"{first}\nimport groundglass, types\nassert isinstance(groundglass.analyze, types.FunctionType)"
    imported_by(code)
    assert importlib.import_module("groundglass.analyze").analyze is gg.analyze


def test_a_cell_draws_what_was_made_without_the_face() -> None:
    code = "from groundglass._core import LungMask; assert LungMask()._repr_html_().startswith('<')"
    assert "groundglass.widget.repr_html" in imported_by(code)
