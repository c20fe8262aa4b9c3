"""The errors that are the library's own; a wrong option is a plain ``ValueError``."""

__all__ = ["Cancelled", "FormatError", "ModelError"]


class FormatError(ValueError):
    """A file, series or volume that can't be taken as what it claims to be.

    The text says what was found, where, and what to do. `named` are words of the file that it may hold, which
    no log does.
    """

    named: frozenset[str] = frozenset()


class ModelError(RuntimeError):
    """A model that can't be found, verified, loaded or run."""


class Cancelled(RuntimeError):
    """The progress callback answered ``False``; nothing was written."""
