"""Who imports whom in a Python package, read from its sources: imports inside functions and those for type
checkers alone count as any other."""

from __future__ import annotations

import ast
from collections import deque
from collections.abc import Iterator, Mapping
from pathlib import Path

#: The modules that a module imports, each with the line that does so first.
Imports = dict[str, int]
Graph = dict[str, Imports]


def sources(folder: Path) -> dict[str, Path]:
    """The files of the package in `folder` by the module's name, stubs of compiled modules among them."""
    found = {}
    for path in sorted([*folder.rglob("*.py"), *folder.rglob("*.pyi")]):
        parts = path.relative_to(folder.parent).with_suffix("").parts
        if "node_modules" not in parts:
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def graph(folder: Path) -> Graph:
    """The imports among the modules of the package in `folder`.

    ``from package import name`` is an import of the module ``package.name`` where there is one, else of the
    package's own face, ``package``. Texts given to ``import_module`` count where they are constants.
    """
    files = sources(folder)
    return {module: _imports(module, path, files) for module, path in files.items()}


def _imports(module: str, path: Path, files: Mapping[str, Path]) -> Imports:
    found: Imports = {}
    package = module if path.stem == "__init__" else module.rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        for name in _names(node, package, files):
            target = _known(name, files)
            if target and target != module:
                found[target] = min(node.lineno, found.get(target, node.lineno))  # type: ignore[attr-defined]
    return found


def _names(node: ast.AST, package: str, files: Mapping[str, Path]) -> Iterator[str]:
    """What a node imports, by full names; of several of a module each for itself."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
        base = ".".join([*above, *([node.module] if node.module else [])])
        for alias in node.names:
            name = f"{base}.{alias.name}"
            yield name if name in files else base
    elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("import_module"):
        yield from (one.value for one in node.args[:1] if isinstance(one, ast.Constant))


def _known(name: str, files: Mapping[str, Path]) -> str | None:
    """The module itself, or the nearest package above it that is one of ours."""
    while name and name not in files:
        name = name.rpartition(".")[0]
    return name or None


def circle(found: Mapping[str, Mapping[str, object]]) -> list[str]:
    """The shortest way from a module over its imports back to itself, both ends named; empty for none."""
    ways = (way for start in found if (way := _back(start, found)))
    return min(ways, key=len, default=[])


def _back(start: str, found: Mapping[str, Mapping[str, object]]) -> list[str]:
    before: dict[str, str] = {}
    waiting = deque([start])
    while waiting:
        here = waiting.popleft()
        for target in found.get(here, {}):
            if target == start:
                way = [start, here]
                while way[-1] != start:
                    way.append(before[way[-1]])
                return way[::-1]
            if target not in before:
                before[target] = here
                waiting.append(target)
    return []


def foreign_private_names(folder: Path) -> list[str]:
    """``file:line name`` for each name with an underscore that a module takes from another one of the
    package, by import or as an attribute that it does not define itself."""
    files = sources(folder)
    texts = {
        module: path.read_text(encoding="utf-8") for module, path in files.items() if path.suffix == ".py"
    }
    trees = {module: ast.parse(text) for module, text in texts.items()}
    own = {module: set(_private_names(tree)) for module, tree in trees.items()}
    somewhere = set().union(*own.values())
    wrong = []
    for module, tree in trees.items():
        for node in ast.walk(tree):
            name = ""
            if isinstance(node, ast.ImportFrom) and (
                node.level or (node.module or "").startswith(folder.name)
            ):
                package = module if files[module].stem == "__init__" else module.rpartition(".")[0]
                full = dict(zip((a.name for a in node.names), _names(node, package, files), strict=True))
                taken = (n for n in full if _is_private(n) and not full[n].endswith(f".{n}"))
                name = next(taken, "")
            elif isinstance(node, ast.Attribute) and node.attr in somewhere - own[module]:
                name = ast.unparse(node)
            if name:
                wrong.append(f"{files[module].relative_to(folder.parent)}:{node.lineno} {name}")  # type: ignore[attr-defined]
    return wrong


def _private_names(tree: ast.AST) -> Iterator[str]:
    """Names with an underscore that a module gives to functions, classes, constants and attributes."""
    for node in ast.walk(tree):
        name = ""
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            name = node.name
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            name = node.id
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            name = node.attr
        if _is_private(name):
            yield name


def _is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__") and name != "_"
