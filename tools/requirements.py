"""Prints requirements out of pyproject.toml, the one place where versions stand.

    tools/requirements.py build io,segmentation   # of the build, the package and these extras
    tools/requirements.py torch                   # the one of torch alone

pip would build the package to learn them; read from the file they can be installed first.
"""

import re
import sys
import tomllib
from pathlib import Path
from typing import Any

CONTENT: dict[str, Any] = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text())
EXTRAS: dict[str, list[str]] = CONTENT["project"]["optional-dependencies"]


def expand(names: list[str]) -> list[str]:
    """The requirements of extras; an extra may name others of this package."""
    requirements: list[str] = []
    for name in names:
        for requirement in EXTRAS[name]:
            own = re.fullmatch(r"groundglass\[(.+)\]", requirement)
            requirements += expand(own[1].split(",")) if own else [requirement]
    return requirements


def torch() -> str:
    """Its minor version is part of the ABI, so it is bound to one."""
    (requirement,) = (found for found in expand(["segmentation"]) if re.match(r"torch\b", found))
    return requirement


def main(arguments: list[str]) -> int:
    match arguments:
        case ["torch"]:
            found = [torch()]
        case ["build", extras]:
            project = CONTENT["project"]
            found = [
                *CONTENT["build-system"]["requires"],
                *project["dependencies"],
                *expand(extras.split(",")),
            ]
        case _:
            print(__doc__, file=sys.stderr)
            return 2
    print("\n".join(dict.fromkeys(found)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
