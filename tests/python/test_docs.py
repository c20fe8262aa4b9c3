"""The pages of the documentation: what they name exists, and their programs are Python."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
#: Made by the build of the site.
GENERATED = (
    "docs/reference/cpp/",
    "docs/reference/python/",
    "docs/notebooks/",
    "docs/pictures/architecture-",
    "docs/pictures/cohort-",
)
PAGES = [
    ROOT / "README.md",
    *sorted(
        path
        for path in DOCS.rglob("*.md")
        if "_build" not in path.parts and not path.relative_to(ROOT).as_posix().startswith(GENERATED)
    ),
]


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def made_by_the_build(target: Path) -> bool:
    return target.is_relative_to(ROOT) and name(target).startswith(GENERATED)


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_what_a_page_links_to_is_there(page: Path) -> None:
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    links = re.findall(r"\]\(([^)\s#]+)(?:#[^)]*)?\)", text)
    links += [f"{link}.md" for link in re.findall(r"\{doc\}`(?:[^`<]*<)?([^`>]+)>?`", text)]
    for link in links:
        if re.match(r"https?://", link):
            continue
        target = (page.parent / link).resolve()
        notebook = target.with_suffix(".ipynb")
        assert target.exists() or made_by_the_build(target) or made_by_the_build(notebook), link


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_programs_on_a_page_are_python(page: Path) -> None:
    for program in re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL):
        ast.parse(program)


def test_every_page_is_in_a_table_of_contents() -> None:
    listed = set()
    for page in PAGES:
        for toctree in re.findall(r"```\{toctree\}\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL):
            for line in toctree.splitlines():
                if line and not line.startswith(":"):
                    listed |= set(page.parent.glob(f"{line}.md"))
    assert {page for page in PAGES if page.name not in ("README.md", "index.md")} <= listed | {
        DOCS / "decisions" / "index.md"
    }


def test_pictures_of_the_readme_are_small_and_shown() -> None:
    pictures = sorted((DOCS / "pictures").glob("*"))
    text = "".join(page.read_text(encoding="utf-8") for page in PAGES)
    for picture in pictures:
        if not made_by_the_build(picture):
            assert picture.stat().st_size < 400_000, picture.name
            assert picture.name in text, f"{picture.name} is on no page"


def test_the_first_screen_of_the_readme_shows_a_picture_and_the_two_commands() -> None:
    lines = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    first = "\n".join(lines[:30])
    assert "](docs/pictures/" in first
    assert "make demo" in first
    assert "make test" in first
    assert len(lines) <= 170


def test_the_printed_table_loads_nothing_from_elsewhere() -> None:
    svg = (DOCS / "pictures" / "terminal.svg").read_text(encoding="utf-8")
    addresses = set(re.findall(r"https?://[^\s\"'<>]+", svg))
    assert "@font-face" not in svg
    assert addresses <= {"http://www.w3.org/2000/svg", "https://www.textualize.io"}


def test_the_gallery_knows_its_pictures() -> None:
    script = ROOT / "tools" / "gallery.py"
    done = subprocess.run([sys.executable, script, "sculpture"], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    names = done.stderr.strip().partition("none of ")[2].split(", ")
    committed = {path.stem for path in (DOCS / "pictures").glob("*") if not made_by_the_build(path)}
    assert committed == set(names)
