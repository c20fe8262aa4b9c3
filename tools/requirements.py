"""Prints the requirements of the package and of the extras named on the command line (comma separated).

pip would build the package to learn them; read from pyproject.toml they can be installed first.
"""

import re
import sys
import tomllib
from pathlib import Path

project = tomllib.loads((Path(__file__).parent.parent / "pyproject.toml").read_text())["project"]
extras = project["optional-dependencies"]


def expand(names: list[str]) -> list[str]:
    requirements: list[str] = []
    for name in names:
        for requirement in extras[name]:
            own = re.fullmatch(r"groundglass\[(.+)\]", requirement)
            requirements += expand(own[1].split(",")) if own else [requirement]
    return requirements


print("\n".join(dict.fromkeys([*project["dependencies"], *expand(sys.argv[1].split(","))])))
