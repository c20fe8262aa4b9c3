from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import groundglass as gg

ROOT = Path(__file__).parents[2]

# A folder may include from itself and from the folders named: an include points towards the data's source.
SOURCES = {
    "": set(),
    "volume": {""},
    "reading": {"", "volume"},
    "lungs": {"", "volume"},
    "io": {"", "volume"},
    "segmentation": {"", "volume"},
    "quantification": {"", "volume"},
    "statistics": {""},
    "severity": {"", "volume", "quantification", "statistics"},
}


def test_includes_point_towards_the_source() -> None:
    include = ROOT / "include" / "groundglass"
    wrong = []
    for header in include.rglob("*.hpp"):
        if header.name == "groundglass.hpp":
            continue
        folder = header.parent.relative_to(include).as_posix().replace(".", "").removesuffix("/detail")
        for target in re.findall(r"#include <groundglass/(.+)>", header.read_text()):
            source = target.rpartition("/")[0].removesuffix("/detail")
            if source != folder and source not in SOURCES[folder]:
                wrong.append(f"{folder}/{header.name} includes {target}")
    assert not wrong


def test_torch_stays_within_the_segmentation() -> None:
    folders = ("include", "bindings", "src", "examples")
    files = [f for folder in folders for f in (ROOT / folder).rglob("*.[ch]pp")]
    assert len(files) > 20
    for file in files:
        if file.parent != ROOT / "src" / "segmentation":
            assert not re.search(r"#include <(torch|ATen|c10)/", file.read_text()), file


def test_only_array_hpp_includes_xtensor() -> None:
    for header in (ROOT / "include").rglob("*.hpp"):
        assert ("#include <xtensor" in header.read_text()) == (header.name == "array.hpp"), header


def test_importing_the_package_does_not_import_torch() -> None:
    code = "import sys, groundglass; sys.exit('torch' in sys.modules or 'SimpleITK' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_versions_agree() -> None:
    header = (ROOT / "include" / "groundglass" / "version.hpp").read_text()
    pyproject = (ROOT / "pyproject.toml").read_text()
    citation = (ROOT / "CITATION.cff").read_text()
    parts = re.findall(r"GROUNDGLASS_VERSION_(?:MAJOR|MINOR|PATCH) (\d+)\n", header)
    assert gg.__version__ == ".".join(parts)
    assert f'\nversion = "{gg.__version__}"' in pyproject
    assert f"\nversion: {gg.__version__}\n" in citation


def test_every_public_name_is_documented() -> None:
    undocumented = [name for name in gg.__all__ if not getattr(getattr(gg, name), "__doc__", None)]
    assert undocumented == []
