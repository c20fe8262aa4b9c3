"""Sphinx configuration. tools/docs.sh runs Doxygen first."""

import importlib
import os
import pkgutil
import re
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
html_css_files = ["site.css"]
html_theme_options = {
    "light_css_variables": {"color-brand-primary": "#0b6691", "color-brand-content": "#0b6691"},
    "dark_css_variables": {"color-brand-primary": "#63c5f5", "color-brand-content": "#63c5f5"},
}

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
# Widgets need a kernel, which a page has not: their HTML says the same.
nb_mime_priority_overrides = [("html", "application/vnd.jupyter.widget-view+json", None)]
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
    for header in sorted((include / "groundglass").rglob("*.hpp")):
        if "detail" in header.parts:
            continue
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


#: The modules of the Python reference by what they are for; one that is named nowhere comes last.
PYTHON_PAGES = {
    "The whole job": ("analyze", "compare", "result", "findings", "extras", "read", "slices", "errors"),
    "Stage by stage": ("stages", "segmentation", "weights", "models"),
    "See and hand on": (
        "report",
        "web",
        "widget",
        "overlay",
        "plotting",
        "write",
        "tables",
        "errors",
        "logs",
    ),
    "Cohorts": ("cohort", "statistics", "evaluation"),
    "Phantom": ("phantom", "demo"),
}
#: Modules that a package does not itself document.
INNER_MODULES = {
    "cohort": ("severity_model", "visits"),
    "compare": ("changes", "change_map", "registration"),
    "findings": ("findings", "layers"),
    "logs": ("identifiers",),
    "models": ("importer", "model_file", "package_file", "published"),
    "read": ("grid", "kinds", "pictures"),
    "segmentation": ("image_lesions",),
    "statistics": ("threshold_surface",),
    "web": ("app", "settings"),
    "widget": ("viewer",),
    "write": ("dicom_seg", "dicom_sr"),
}
#: Modules of which what is inherited is documented too.
INHERITED = ("groundglass.result",)
#: Documented by the pages of the command line and of the training, or of no use to others.
NO_PAGE = {"cli", "html", "training", "pipeline"}


def write_python_pages() -> None:
    """One page a module from its docstrings: a new module is in the reference as soon as it exists."""
    pages = Path(__file__).parent / "reference" / "python"
    shutil.rmtree(pages, ignore_errors=True)
    pages.mkdir(parents=True)
    found = {entry.name for entry in pkgutil.iter_modules(groundglass.__path__) if entry.name[0] != "_"}
    named = {name for names in PYTHON_PAGES.values() for name in names}
    groups = {**PYTHON_PAGES, "More": tuple(sorted(found - named - NO_PAGE))}
    index = "# Python modules\n\n```{eval-rst}\n.. automodule:: groundglass\n   :no-members:\n```\n"
    for title, names in groups.items():
        names = [name for name in names if name == "stages" or name in found]
        if not names:
            continue
        index += f"\n## {title}\n\n| module | |\n| --- | --- |\n"
        for name in names:
            if name == "stages":
                heading, summary = "Values and stages", "Volumes, masks, tables, and the steps between them."
                text = module_text("groundglass._core", "imported-members:", "undoc-members:")
                text += module_text("groundglass.pipeline", special="__call__, __or__")
            else:
                heading = f"groundglass.{name}"
                documentation = importlib.import_module(heading).__doc__ or ""
                summary = " ".join(documentation.split("\n\n")[0].split()).replace("``", "`")
                summary = re.sub(r":\w+:`~?(.*?)`", r"`\1`", summary).replace("|", "\\|")
                inner = [f"{heading}.{module}" for module in INNER_MODULES.get(name, ())]
                text = "".join(module_text(module) for module in (heading, *inner))
            (pages / f"{name}.md").write_text(f"# {heading}\n\n{text}")
            index += f"| [{heading}]({name}.md) | {summary} |\n"
        index += "\n```{toctree}\n:hidden:\n\n" + "\n".join(names) + "\n```\n"
    (pages / "index.md").write_text(index)


def module_text(module: str, *options: str, special: str = "") -> str:
    """The directive that documents a module."""
    inherited = ["inherited-members:"] if module in INHERITED else []
    lines = ["members:", *inherited, *options, *([f"special-members: {special}"] if special else [])]
    body = "".join(f"\n   :{line}" for line in lines)
    return f"```{{eval-rst}}\n.. automodule:: {module}{body}\n```\n\n"


write_python_pages()


def write_command_line_help() -> None:
    """The help texts of all commands, asked of the program itself."""
    from typer.main import get_command

    from groundglass.cli.app import app

    environment = {**os.environ, "COLUMNS": "100", "NO_COLOR": "1", "TERM": "dumb"}
    text = ""
    commands = [()]
    while commands:
        words = commands.pop(0)
        command = get_command(app)
        for word in words:
            command = command.commands[word]
        commands[:0] = [(*words, name) for name in getattr(command, "commands", {})]
        call = [sys.executable, "-m", "groundglass", *words, "--help"]
        answer = subprocess.run(call, env=environment, capture_output=True, text=True, check=True).stdout
        lines = "\n".join(line.rstrip() for line in answer.strip("\n").splitlines())
        text += f"## {' '.join(('groundglass', *words))}\n\n```text\n{lines.strip()}\n```\n\n"
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


def write_architecture() -> None:
    """The pictures of both trees, from their includes and imports."""
    docs = Path(__file__).parent
    sys.path.insert(0, str(docs.parent / "tools"))
    architecture = importlib.import_module("architecture")
    architecture.main(docs / "pictures")


write_architecture()
