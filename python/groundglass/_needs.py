"""Packages that only some of groundglass needs: why one could not be imported, told as it is."""

from __future__ import annotations

import mmap
import sys

#: What the dynamic loader says where the address space or the memory has no room for a library.
_NO_ROOM = (
    "cannot allocate memory",
    "failed to map segment",
    "cannot map zero-fill pages",
    "cannot create shared object descriptor",
)


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
