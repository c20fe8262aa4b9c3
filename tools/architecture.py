"""The order of the rooms, and pictures of both trees as SVG.

``python tools/architecture.py FOLDER`` writes ``architecture-python.svg`` and ``architecture-cpp.svg``: rooms
as boxes, arrows from who includes or imports to what it takes. The rows of the Python rooms are :data:`ROWS`,
which the tests hold the imports to; those of the C++ folders follow from the includes.
"""

from __future__ import annotations

import ast
import re
import sys
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise
from pathlib import Path

import imports

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "python" / "groundglass"
HEADERS = ROOT / "include" / "groundglass"

#: Rooms of the Python package from the top to the ground: a module imports from its own room and from lower
#: rows, also inside of functions and for type checkers. `groundglass` is the package's own face.
ROWS = (
    ("doors", ("groundglass", "__main__")),
    ("commands", ("cli", "training")),
    ("programs", ("web", "demo", "compare")),
    ("one call", ("analyze", "widget")),
    ("a result", ("result",)),
    ("its files", ("extras",)),
    ("made of it", ("report", "cohort", "slices", "phantom", "models")),
    ("steps", ("segmentation", "overlay", "write", "plotting")),
    ("found", ("weights", "findings", "evaluation")),
    ("told", ("logs",)),
    ("taken in", ("_segmentation", "read", "statistics")),
    ("compiled", ("_core",)),
    ("joined", ("pipeline", "tables", "_run")),
    ("ground", ("html", "errors", "_optional", "_moved")),
)

#: Rows at the bottom that all others may use; the picture leaves arrows to them out.
GROUND = 3

#: What stands below the modules that have no docstring here.
COMPILED = {"_core": "the C++ library", "_segmentation": "its networks, on LibTorch"}

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
    """``module:line imports module`` for each import that neither leads to a lower row nor stays in its room,
    and modules that have no room."""
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
        folder = path.name == "__init__.py" and room != "groundglass"
        documentation = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
        boxes[room] = Room(f"{room}/" if folder else room, COMPILED.get(room) or _first_words(documentation))
    return boxes, arrows


def _first_words(documentation: str | None) -> str:
    sentence = " ".join((documentation or "").split("\n\n")[0].split())
    sentence = re.sub(r":\w+:`~?\.?([^`]*)`", r"\1", sentence).replace("`", "")
    return re.split(r"[.;:?] ?|, (?=and|which|told)", sentence)[0]


def cpp_rooms() -> tuple[dict[str, Room], Rooms]:
    """The folders of headers with their arrows; the umbrella header is left out, and ``detail`` is a part of
    the folder that it lies in."""
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


# --- drawing ------------------------------------------------------------------------------------------------

WIDTH, MARGIN, LEFT = 1180, 28, 110
BOX, HEIGHT, BETWEEN = 178, 62, 46
#: Between two boxes, and between lines that pass a row.
GAP, LANE = 22, 20
LETTERS, LINES = 29, 2

STYLE = """
  .ground { fill: #f6f8fa; stroke: #d5dde5 } .floor { fill: #e8eef3 }
  .box { fill: #ffffff; stroke: #7d93a8; stroke-width: 1.2 }
  .name { fill: #10212f; font: 600 14px ui-monospace, Menlo, Consolas, monospace }
  .text { fill: #47586a; font: 11px system-ui, "Segoe UI", Roboto, sans-serif }
  .row { fill: #5b6d7f; font: italic 12px system-ui, "Segoe UI", Roboto, sans-serif }
  .arrow { fill: none; stroke: #4b8bb5; stroke-width: 1.4 } .tip { fill: #4b8bb5 }
  @media (prefers-color-scheme: dark) {
    .ground { fill: #131a22; stroke: #2a3541 } .floor { fill: #1a232d }
    .box { fill: #22303d; stroke: #5f7891 } .name { fill: #eef4f9 } .text { fill: #b3c2d0 }
    .row { fill: #9fb0c0 } .arrow { stroke: #63b3e0 } .tip { fill: #63b3e0 }
  }
"""

#: A room's name, or that of a line from one room to another where it passes a row.
Node = str | tuple[str, str, int]


class Layout:
    """Where boxes stand and lines pass: rows from the top, in an order with few crossings, each as near to
    what it is joined to as the others let it."""

    def __init__(self, arrows: Rooms, rows: Sequence[Sequence[str]]) -> None:
        self.arrows = {room: sorted(arrows[room]) for row in rows for room in row}
        self.row = {room: place for place, row in enumerate(rows) for room in row}
        self.rows: list[list[Node]] = [list(row) for row in rows]
        self.joined: dict[Node, list[Node]] = {room: [] for room in self.row}
        for room, targets in self.arrows.items():
            for target in targets:
                line = self.line(room, target)
                for node in line[1:-1]:
                    self.rows[self._row(node)].append(node)
                for one, other in pairwise(line):
                    self.joined.setdefault(one, []).append(other)
                    self.joined.setdefault(other, []).append(one)
        self.x: dict[Node, float] = {}
        for row in self.rows:
            self._spread(row, [LEFT + (WIDTH - LEFT) * (at + 0.5) / len(row) for at in range(len(row))])
        for again in range(60):
            for row in self.rows if again % 2 else self.rows[::-1]:
                if again < 40:
                    row.sort(key=self._middle)
                self._spread(row, [self._middle(node) for node in row])

    def line(self, room: str, target: str) -> list[Node]:
        """The nodes from a room to another."""
        passed = range(self.row[room] + 1, self.row[target])
        return [room, *((room, target, place) for place in passed), target]

    def port(self, room: str, other: Node) -> float:
        """Where the line to or from the node next to it meets a room's box."""
        below = self._row(other) > self.row[room]
        others = [one for one in self.joined[room] if (self._row(one) > self.row[room]) == below]
        place = sorted(others, key=self.x.__getitem__).index(other)
        return self.x[room] + ((place + 1) / (len(others) + 1) - 0.5) * (BOX - 20)

    def _row(self, node: Node) -> int:
        return self.row[node] if isinstance(node, str) else node[2]

    def _middle(self, node: Node) -> float:
        joined = self.joined[node]
        return sum(self.x[one] for one in joined) / len(joined) if joined else self.x[node]

    def _spread(self, row: Sequence[Node], wanted: Sequence[float]) -> None:
        """Places a row's nodes in their order, none upon another, all within the picture: half way between
        what pushing from the left and from the right gives."""
        half = [(BOX + GAP) / 2 if isinstance(node, str) else LANE / 2 for node in row]
        left, right = LEFT, WIDTH - MARGIN + GAP / 2
        rightmost = [right - sum(half[at:]) - sum(half[at + 1 :]) for at in range(len(row))]
        leftmost = [left + sum(half[:at]) + sum(half[: at + 1]) for at in range(len(row))]
        pushed, pulled = list(wanted), list(wanted)
        for at in range(len(row)):
            least = pushed[at - 1] + half[at - 1] + half[at] if at else left + half[at]
            pushed[at] = min(max(pushed[at], least), rightmost[at])
        for at in reversed(range(len(row))):
            last = at == len(row) - 1
            most = right - half[at] if last else pulled[at + 1] - half[at + 1] - half[at]
            pulled[at] = max(min(pulled[at], most), leftmost[at])
        for node, one, other in zip(row, pushed, pulled, strict=True):
            self.x[node] = (one + other) / 2


def drawn(
    boxes: Mapping[str, Room],
    arrows: Rooms,
    rows: Sequence[tuple[str, Sequence[str]]],
    title: str,
    ground: int = 0,
) -> str:
    """The SVG. The last `ground` rows stand on a floor of their own; arrows from above to it are left out."""
    floor = {room for _, rooms in rows[len(rows) - ground :] for room in rooms}
    arrows = needed(arrows)
    arrows = {
        room: {one for one in found if room in floor or one not in floor} for room, found in arrows.items()
    }
    layout = Layout(arrows, [rooms for _, rooms in rows])
    top = [MARGIN + place * (HEIGHT + BETWEEN) for place in range(len(rows))]
    height = top[-1] + HEIGHT + MARGIN
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img">',
        f"<title>{escape(title)}</title><style>{STYLE}</style>",
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" '
        'orient="auto"><path class="tip" d="M0 0L8 4L0 8z"/></marker></defs>',
        f'<rect class="ground" x="0.5" y="0.5" width="{WIDTH - 1}" height="{height - 1}" rx="12"/>',
    ]
    if ground:
        start = top[-ground] - BETWEEN / 2
        parts.append(
            f'<path class="floor" d="M1 {start}H{WIDTH - 1}V{height - 12}q0 11-11 11H12q-11 0-11-11z"/>'
        )
    for room, targets in layout.arrows.items():
        parts += [_line(layout, layout.line(room, target), top) for target in targets]
    for (name, rooms), y in zip(rows, top, strict=True):
        parts.append(
            f'<text class="row" x="{MARGIN - 10}" y="{y + HEIGHT / 2 + 4:.1f}">{escape(name)}</text>'
        )
        parts += [_box(boxes[room], layout.x[room], y) for room in rooms]
    return "\n".join([*parts, "</svg>\n"])


def _line(layout: Layout, nodes: Sequence[Node], top: Sequence[float]) -> str:
    """An arrow, straight where it passes a row and bent between rows."""
    row = layout.row[str(nodes[0])]
    x, y = layout.port(str(nodes[0]), nodes[1]), top[row] + HEIGHT
    path = f"M{x:.1f} {y:.1f}"
    for place, node in enumerate(nodes[1:], row + 1):
        last = place == row + len(nodes) - 1
        to, below = (
            (layout.port(str(node), nodes[-2]), top[place] - 2) if last else (layout.x[node], top[place])
        )
        bend = (below - y) * 0.6
        path += f"C{x:.1f} {y + bend:.1f} {to:.1f} {below - bend:.1f} {to:.1f} {below:.1f}"
        x, y = to, below + (0 if last else HEIGHT)
        path += "" if last else f"V{y:.1f}"
    return f'<path class="arrow" marker-end="url(#tip)" d="{path}"/>'


def _box(room: Room, centre: float, top: float) -> str:
    lines = textwrap.wrap(room.text, LETTERS, max_lines=LINES, placeholder=" …")
    text = "".join(
        f'<text class="text" x="{centre:.1f}" y="{top + 37 + 14 * place:.1f}" text-anchor="middle">'
        f"{escape(line)}</text>"
        for place, line in enumerate(lines)
    )
    place = f'x="{centre:.1f}" y="{top + 19:.1f}" text-anchor="middle"'
    name = f'<text class="name" {place}>{escape(room.name)}</text>'
    left = centre - BOX / 2
    return (
        f'<rect class="box" x="{left:.1f}" y="{top:.1f}" width="{BOX}" height="{HEIGHT}" rx="8"/>{name}{text}'
    )


def main(folder: Path) -> None:
    """Writes both pictures."""
    boxes, arrows = python_rooms()
    text = drawn(boxes, arrows, ROWS, "The rooms of the Python package and what they import", GROUND)
    (folder / "architecture-python.svg").write_text(text, encoding="utf-8")
    boxes, arrows = cpp_rooms()
    rows = [("", row) for row in rows_of(arrows)]
    text = drawn(boxes, arrows, rows, "The folders of the C++ library and what they include")
    (folder / "architecture-cpp.svg").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
