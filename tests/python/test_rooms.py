"""The rooms of the Python package: who may import whom, and that these tests see what they are there for."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tools"))

import architecture  # noqa: E402
import imports  # noqa: E402

PACKAGE = ROOT / "python" / "groundglass"


def test_there_is_no_circle() -> None:
    way = imports.circle(imports.graph(PACKAGE))
    assert not way, " imports ".join(way)


def test_every_import_leads_down() -> None:
    assert architecture.wrong_arrows(imports.graph(PACKAGE)) == []


def test_a_room_has_one_row() -> None:
    rooms = [room for _, rooms in architecture.ROWS for room in rooms]
    assert len(rooms) == len(set(rooms))
    assert set(rooms) == {architecture.room_of(module) for module in imports.sources(PACKAGE)}


def test_the_root_stays_small() -> None:
    assert len(list(PACKAGE.glob("*.py"))) <= 16


def test_what_is_private_stays_where_it_is() -> None:
    assert imports.foreign_private_names(PACKAGE) == []


def test_no_module_but_the_programs_asks_for_the_face() -> None:
    found = imports.graph(PACKAGE)
    assert [module for module, targets in found.items() if "groundglass" in targets] == []


# --- the walker itself -------------------------------------------------------------------------------------


def package(folder: Path, **texts: str) -> Path:
    """A package ``house`` with these modules; ``__`` in a name parts folders."""
    root = folder / "house"
    for name, text in {"__init__": "", **texts}.items():
        path = root / f"{name.replace('__', '/') if name != '__init__' else name}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    for inside in {path.parent for path in root.rglob("*.py")}:
        (inside / "__init__.py").touch()
    return root


@pytest.mark.parametrize(
    "back",
    [
        "from house import a",
        "import house.a",
        "from . import a",
        "from .a import name",
        "def later():\n    from house.a import name",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import house.a as other",
        "import importlib\ndef later():\n    return importlib.import_module('house.a')",
    ],
)
def test_a_circle_is_found_however_it_is_written(tmp_path: Path, back: str) -> None:
    root = package(tmp_path, a="from house.b import name", b="import house.c", c=back, d="import house.a")
    way = imports.circle(imports.graph(root))
    assert way[0] == way[-1]
    assert set(way) == {"house.a", "house.b", "house.c"}
    assert len(way) == 4


def test_a_face_and_its_inside_are_a_circle(tmp_path: Path) -> None:
    root = package(tmp_path, room__inside="def f():\n    from house.room import name")
    (root / "room" / "__init__.py").write_text("from house.room.inside import f")
    assert set(imports.circle(imports.graph(root))) == {"house.room", "house.room.inside"}


def test_a_module_of_a_package_is_not_its_face(tmp_path: Path) -> None:
    root = package(tmp_path, room__one="from house.room import two", room__two="")
    (root / "room" / "__init__.py").write_text("from . import one")
    found = imports.graph(root)
    assert imports.circle(found) == []
    assert set(found["house.room.one"]) == {"house.room.two"}


def test_a_stub_counts(tmp_path: Path) -> None:
    root = package(tmp_path, a="from house import compiled")
    (root / "compiled.pyi").write_text("from house.a import name")
    assert set(imports.circle(imports.graph(root))) == {"house.a", "house.compiled"}


def test_an_arrow_upwards_or_sideways_is_named(tmp_path: Path) -> None:
    root = package(
        tmp_path,
        up="",
        left="from house import down",
        right="\nfrom house import left",
        down="def f():\n    import house.up",
    )
    rows = (("", ("house", "up")), ("", ("left", "right")), ("", ("down",)))
    wrong = architecture.wrong_arrows(imports.graph(root), rows)
    assert wrong == ["house.down:2 imports house.up", "house.right:2 imports house.left"]
    assert architecture.wrong_arrows(imports.graph(root), rows[1:])[:2] == [
        "house is in no row",
        "house.up is in no row",
    ]


@pytest.mark.parametrize(
    "text", ["from house.a import _x", "from house import a\ndef f(): return a._x", "y = z._x"]
)
def test_a_private_name_of_another_module_is_named(tmp_path: Path, text: str) -> None:
    root = package(tmp_path, a="_x = 1", b=text, _c="", d="from house import _c\nimport os\nos._exit(0)")
    assert len(found := imports.foreign_private_names(root)) == 1
    assert found[0].startswith("house/b.py:")


def test_the_pictures_hold_every_room(tmp_path: Path) -> None:
    architecture.main(tmp_path)
    python = (tmp_path / "architecture-python.svg").read_text()
    for _, rooms in architecture.ROWS:
        for room in rooms:
            assert f">{room}<" in python or f">{room}/<" in python
    cpp = (tmp_path / "architecture-cpp.svg").read_text()
    for folder in (ROOT / "include" / "groundglass").iterdir():
        assert not folder.is_dir() or f">{folder.name}/<" in cpp


def test_the_sources_are_all_read() -> None:
    found = imports.sources(PACKAGE)
    assert len(found) > 140
    assert all(ast.parse(path.read_text(encoding="utf-8")) for path in found.values())
