"""Sphinx configuration. tools/docs.sh runs Doxygen first."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import groundglass

project = "groundglass"
author = "The groundglass authors"
copyright = "The groundglass authors"
version = release = groundglass.__version__

extensions = ["myst_nb", "breathe", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = f"groundglass {release}"
html_static_path = ["_static"]
html_css_files = ["tables.css"]

breathe_projects = {"groundglass": "_build/xml"}
breathe_default_project = "groundglass"
# The namespace is declared anew on the page of each of its headers.
suppress_warnings = ["duplicate_declaration.cpp"]
primary_domain = "py"
highlight_language = "python"

myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 3
# The copies in docs/notebooks were executed by tools/notebooks.sh.
nb_execution_mode = "off"
autodoc_member_order = "bysource"
autodoc_typehints = "description"
nitpicky = False


def write_header_pages() -> None:
    """One page a header, so that a new header is in the reference as soon as it exists."""
    docs = Path(__file__).parent
    include = docs.parent / "include"
    pages = docs / "reference" / "cpp"
    shutil.rmtree(pages, ignore_errors=True)
    pages.mkdir(parents=True)
    names = []
    for header in sorted(include.rglob("*.hpp")):
        path = header.relative_to(include).as_posix()
        name = path.removeprefix("groundglass/").removesuffix(".hpp").replace("/", "-")
        # The umbrella only includes; its text is on the page all the same.
        names.append(name)
        (pages / f"{name}.md").write_text(
            f"# {path.removeprefix('groundglass/')}\n\n```cpp\n#include <{path}>\n```\n\n"
            f"```{{doxygenfile}} {header.name}\n:sections: briefdescription detaileddescription"
            " innernamespace innerclass define func enum typedef var public-func public-static-func"
            " public-attrib friend\n```\n"
        )
    toc = "\n".join(names)
    (pages / "index.md").write_text(f"# C++ headers\n\n```{{toctree}}\n:maxdepth: 1\n\n{toc}\n```\n")


write_header_pages()


def write_command_line_help() -> None:
    """The help texts of all commands, asked of the program itself."""
    environment = {**os.environ, "COLUMNS": "100", "NO_COLOR": "1", "TERM": "dumb"}
    text = ""
    commands = ["", "analyze", "segment", "intervals", "thresholds", "agreement", "phantom", "demo", "models"]
    for command in commands:
        words = [sys.executable, "-m", "groundglass", *command.split(), "--help"]
        answer = subprocess.run(words, env=environment, capture_output=True, text=True, check=True).stdout
        text += f"## groundglass {command}\n\n```text\n{answer.strip()}\n```\n\n"
    (Path(__file__).parent / "reference" / "command-line-help.txt").write_text(text)


write_command_line_help()


def write_cohort_pictures() -> None:
    """The pictures of the cohort tutorial, from the table that comes with the project."""
    import matplotlib
    import pandas

    from groundglass import plotting

    matplotlib.use("agg")
    docs = Path(__file__).parent
    cohort = pandas.read_csv(docs.parent / "examples" / "data" / "phantom-cohort.csv")
    fraction, severity = cohort["opacity_fraction"], cohort["severity"]
    fit = groundglass.fit_thresholds(fraction, severity, order=["mild", "moderate", "severe"])
    edges = [0, 0.01, 0.02, 0.03, 0.04, 0.06, 0.08, 0.11, 0.15, 0.22, 1]
    table = groundglass.interval_table(fraction, cohort["severe"], edges=edges, isotonic=True)
    probability = plotting.interval_probability(table)
    probability.set_xlim(0, 0.4)
    violin = plotting.violin(fraction, severity, cuts=fit)
    violin.set_ylim(-0.01, 0.3)
    objective = plotting.threshold_objective(fit, fraction, severity)
    for name, ax in {"probability": probability, "violin": violin, "objective": objective}.items():
        ax.figure.savefig(docs / "pictures" / f"cohort-{name}.png", dpi=110)


write_cohort_pictures()
