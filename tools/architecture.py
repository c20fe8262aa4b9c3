"""The order of the rooms, and pictures of both trees as SVG.

``python tools/architecture.py FOLDER`` writes ``architecture-python.svg`` and ``architecture-cpp.svg``: rooms as
boxes, arrows from who includes or imports to what it takes. The rows of the Python rooms are :data:`ROWS`, which
the tests hold the imports to; those of the C++ folders follow from the includes.
"""

from __future__ import annotations

import ast
import re
import sys
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

import imports

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "python" / "groundglass"
HEADERS = ROOT / "include" / "groundglass"

#: Rooms of the Python package from the top to the ground: a module imports from its own room and from lower rows,
#: whatever is written inside of functions or for type checkers. `groundglass` is the package's own face.
ROWS = (
    ("doors", ("groundglass", "__main__")),
    ("commands", ("cli", "training")),
    ("programs", ("web", "demo")),
    ("one call", ("analyze", "widget")),
    ("a result", ("result",)),
    ("its files", ("extras",)),
    ("made of it", ("report", "cohort", "slices", "phantom", "models")),
    ("steps", ("segmentation", "overlay", "write", "plotting")),
    ("found", ("weights", "findings", "evaluation")),
    ("taken in", ("_segmentation", "read", "statistics")),
    ("compiled", ("_core", "logs")),
    ("joined", ("pipeline", "tables", "_run")),
    ("ground", ("html", "errors", "_optional", "_moved")),
)

Rooms = dict[str, set[str]]


@dataclass(frozen=True)
class Room:
    """A box: its name and what stands below it."""

    name: str
    text: str


def room_of(module: str) -> str:
    """The room of a module, or the package's name for its face."""
    return module.split(".")[1] if "." in module else module


def wrong_arrows(graph: imports.Graph, rows: Sequence[tuple[str, Sequence[str]]] = ROWS) -> list[str]:
    """``module:line imports module`` for each import that does not lead to a lower row or stay in its room, and
    modules that have no room."""
    height = {room: place for place, (_, rooms) in enumerate(rows) for room in rooms}
    wrong = [f"{module} is in no row" for module in graph if room_of(module) not in height]
    for module, found in graph.items():
        for target, line in found.items():
            here, there = room_of(module), room_of(target)
            if here != there and height.get(here, -1) >= height.get(there, len(rows)):
                wrong.append(f"{module}:{line} imports {target}")
    return wrong


def python_rooms() -> tuple[dict[str, Room], Rooms]:
    """The rooms of the package with their arrows."""
    arrows: Rooms = {room: set() for _, rooms in ROWS for room in rooms}
    for module, found in imports.graph(PACKAGE).items():
        arrows[room_of(module)] |= {room_of(target) for target in found} - {room_of(module)}
    files = imports.sources(PACKAGE)
    boxes = {}
    for room in arrows:
        path = files["groundglass" if room == "groundglass" else f"groundglass.{room}"]
        folder = path.stem == "__init__" and room != "groundglass"
        name = f"{room}/" if folder else room
        boxes[room] = Room(
            name, _first_words(ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))), path)
        )
    return boxes, arrows


def _first_words(documentation: str | None, path: Path) -> str:
    if path.suffix == ".pyi":
        return "the C++ library" if path.stem == "_core" else "its networks, on LibTorch"
    sentence = " ".join((documentation or "").split("\n\n")[0].split())
    sentence = re.sub(r":\w+:`~?\.?([^`]*)`", r"\1", sentence).replace("`", "")
    return re.split(r"[.;:?] ?|, (?=and|which|told)", sentence)[0]


def cpp_rooms() -> tuple[dict[str, Room], Rooms]:
    """The folders of headers with their arrows; the umbrella header is left out, and ``detail`` is a part of the
    folder that it lies in."""
    held: dict[str, list[str]] = {}
    arrows: Rooms = {}
    for header in sorted(HEADERS.rglob("*.hpp")):
        path = header.relative_to(HEADERS)
        if path.as_posix() == "groundglass.hpp":
            continue
        room = _folder(path.as_posix())
        if "detail" not in path.parts:
            held.setdefault(room, []).append(header.stem)
        for target in re.findall(r'#include [<"]groundglass/([^>"]+)', header.read_text(encoding="utf-8")):
            arrows.setdefault(room, set()).add(_folder(target))
    boxes = {
        room: Room(f"{room}/" if room else "at the root", ", ".join(names)) for room, names in held.items()
    }
    return boxes, {room: arrows.get(room, set()) & boxes.keys() - {room} for room in boxes}


def _folder(header: str) -> str:
    return header.split("/")[0] if "/" in header else ""


def needed(arrows: Rooms) -> Rooms:
    """The arrows without those that others together say already."""

    def below(room: str) -> set[str]:
        return set().union(*({target} | below(target) for target in arrows[room]))

    return {
        room: {one for one in targets if not any(one in below(other) for other in targets - {one})}
        for room, targets in arrows.items()
    }


def rows_of(arrows: Rooms) -> list[list[str]]:
    """Rooms by rows, each as low as it can be, the top first."""
    known: dict[str, int] = {}

    def height(room: str) -> int:
        if room not in known:
            known[room] = 1 + max((height(target) for target in arrows[room]), default=-1)
        return known[room]

    top = max(map(height, arrows))
    return [sorted(room for room in arrows if known[room] == level) for level in range(top, -1, -1)]


# --- drawing -------------------------------------------------------------------------------------------------

WIDTH, MARGIN, LEFT = 1180, 28, 104
BOX, HEIGHT, BETWEEN = 186, 64, 52
LETTERS, LINES = 30, 2

STYLE = """
  .ground { fill: #f6f8fa; stroke: #d5dde5 } .box { fill: #ffffff; stroke: #7d93a8; stroke-width: 1.2 }
  .name { fill: #10212f; font: 600 14px ui-monospace, Menlo, Consolas, monospace }
  .text { fill: #47586a; font: 11px system-ui, "Segoe UI", Roboto, sans-serif }
  .row { fill: #66788a; font: italic 12px system-ui, "Segoe UI", Roboto, sans-serif }
  .arrow { fill: none; stroke: #4b8bb5; stroke-width: 1.4 } .tip { fill: #4b8bb5 }
  @media (prefers-color-scheme: dark) {
    .ground { fill: #131a22; stroke: #2a3541 } .box { fill: #1d2732; stroke: #5f7891 }
    .name { fill: #eef4f9 } .text { fill: #b3c2d0 } .row { fill: #93a5b6 }
    .arrow { stroke: #63b3e0 } .tip { fill: #63b3e0 }
  }
"""


def drawn(
    boxes: Mapping[str, Room], arrows: Rooms, rows: Sequence[tuple[str, Sequence[str]]], title: str
) -> str:
    """The SVG. Boxes lie over arrows, so that one that passes a row runs behind it."""
    arrows = needed(arrows)
    order = _untangled([list(rooms) for _, rooms in rows], arrows)
    centre: dict[str, float] = {}
    top: dict[str, float] = {}
    for place, rooms in enumerate(order):
        step = (WIDTH - LEFT - MARGIN) / len(rooms)
        for at, room in enumerate(rooms):
            centre[room] = LEFT + step * (at + 0.5)
            top[room] = MARGIN + place * (HEIGHT + BETWEEN)
    height = 2 * MARGIN + len(order) * (HEIGHT + BETWEEN) - BETWEEN
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img">',
        f"<title>{escape(title)}</title><style>{STYLE}</style>",
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" '
        'orient="auto"><path class="tip" d="M0 0L8 4L0 8z"/></marker></defs>',
        f'<rect class="ground" x="0.5" y="0.5" width="{WIDTH - 1}" height="{height - 1}" rx="12"/>',
    ]
    for room, targets in arrows.items():
        for target in targets:
            start = _port(room, target, sorted(targets, key=centre.__getitem__), centre)
            sources = sorted((one for one in arrows if target in arrows[one]), key=centre.__getitem__)
            end = _port(target, room, sources, centre)
            above, below = top[room] + HEIGHT, top[target] - 2
            bend = min(90.0, (below - above) * 0.55)
            parts.append(
                f'<path class="arrow" marker-end="url(#tip)" d="M{start:.1f} {above:.1f}C{start:.1f} '
                f'{above + bend:.1f} {end:.1f} {below - bend:.1f} {end:.1f} {below:.1f}"/>'
            )
    for (name, _), rooms in zip(rows, order, strict=True):
        middle = top[rooms[0]] + HEIGHT / 2
        parts.append(f'<text class="row" x="{MARGIN - 8}" y="{middle + 4:.1f}">{escape(name)}</text>')
        parts += [_box(boxes[room], centre[room], top[room]) for room in rooms]
    return "\n".join([*parts, "</svg>\n"])


def _port(room: str, other: str, others: Sequence[str], centre: Mapping[str, float]) -> float:
    """Where the arrow to or from `other` meets the box of `room`."""
    share = (others.index(other) + 1) / (len(others) + 1)
    return centre[room] + (share - 0.5) * (BOX - 24)


def _box(room: Room, centre: float, top: float) -> str:
    lines = textwrap.wrap(room.text, LETTERS, max_lines=LINES, placeholder=" …")
    text = "".join(
        f'<text class="text" x="{centre:.1f}" y="{top + 38 + 14 * place:.1f}" text-anchor="middle">'
        f"{escape(line)}</text>"
        for place, line in enumerate(lines)
    )
    return (
        f'<rect class="box" x="{centre - BOX / 2:.1f}" y="{top:.1f}" width="{BOX}" height="{HEIGHT}" rx="8"/>'
        f'<text class="name" x="{centre:.1f}" y="{top + 20:.1f}" text-anchor="middle">{escape(room.name)}</text>{text}'
    )


def _untangled(rows: list[list[str]], arrows: Rooms) -> list[list[str]]:
    """Each row in the order of the middle of what its rooms are joined to, until that changes no more."""
    for _ in range(8):
        share = {room: (at + 0.5) / len(row) for row in rows for at, room in enumerate(row)}

        def middle(room: str, share: Mapping[str, float] = share) -> float:
            joined = arrows[room] | {one for one in arrows if room in arrows[one]}
            return sum(share[one] for one in joined) / len(joined) if joined else share[room]

        rows = [sorted(row, key=middle) for row in rows]
    return rows


def main(folder: Path) -> None:
    """Writes both pictures."""
    boxes, arrows = python_rooms()
    text = drawn(boxes, arrows, ROWS, "The rooms of the Python package and what they import")
    (folder / "architecture-python.svg").write_text(text, encoding="utf-8")
    boxes, arrows = cpp_rooms()
    rows = [("", row) for row in rows_of(arrows)]
    text = drawn(boxes, arrows, rows, "The folders of the C++ library and what they include")
    (folder / "architecture-cpp.svg").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
