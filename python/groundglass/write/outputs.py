"""Outputs that appear whole or not at all."""

from __future__ import annotations

import errno
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from groundglass.errors import FormatError


class OutputError(FormatError, OSError):
    """An output that can't be written where it was asked for."""


class OutputExistsError(OutputError, FileExistsError):
    """An output that would overwrite what is there."""


@contextmanager
def output_folder(path: str | Path, *, overwrite: bool = False) -> Iterator[Path]:
    """A folder to fill that takes its name only when the block ends well.

    Yields a temporary folder beside ``path``; at the end it is renamed, so that ``path`` holds everything
    or does not exist. Leaving by any exception, the keyboard's included, removes it. Missing parents are
    made, and taken away again in that case. An empty folder at ``path`` counts as none.

    With ``overwrite`` an existing folder is replaced, and only when the block ends well.

    A full disk is an ``OSError`` that names ``path``. Raises ``OutputExistsError`` (a ``FormatError`` and a
    ``FileExistsError``) before the block when ``path`` is a file or, without ``overwrite``, a folder with
    content; ``OutputError`` when nothing can be written there.
    """
    target = _resolved(path)
    _check_target(target, path, folder=True, overwrite=overwrite)
    with _parents(target, path):
        temporary = _beside(target, "")
        with _clear(path):
            temporary.mkdir()
        try:
            with _naming_full(path):
                yield temporary
            with _clear(path):
                _check_target(target, path, folder=True, overwrite=overwrite)
                _replace_folder(temporary, target)
        except BaseException:
            shutil.rmtree(temporary, ignore_errors=True)
            raise


@contextmanager
def atomic_file(path: str | Path, *, overwrite: bool = False) -> Iterator[Path]:
    """A file to write that takes its name only when the block ends well; as ``output_folder``, for one file.

    The temporary name ends as ``path`` does, since libraries choose the format by it.
    """
    target = _resolved(path)
    _check_target(target, path, folder=False, overwrite=overwrite)
    with _parents(target, path):
        temporary = _beside(target, "".join(target.suffixes[-2:]))
        try:
            # Known now rather than after the work.
            with _clear(path):
                temporary.touch()
            with _naming_full(path):
                yield temporary
            with _clear(path):
                _check_target(target, path, folder=False, overwrite=overwrite)
                temporary.replace(target)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise


def check_output(out: str | os.PathLike[str], source: str | os.PathLike[str]) -> None:
    """Refuses an output folder that holds what is to be read: overwriting would remove it."""
    target, origin = Path(out).resolve(), Path(source).resolve()
    if target == origin or target in origin.parents:
        raise ValueError(
            f"the output folder {out} holds the input itself, which would be replaced; name another"
        )


def _resolved(path: str | Path) -> Path:
    if not str(path).strip():
        raise OutputError("the output path is empty; name a folder or file to write")
    with _clear(path):
        return Path(path).expanduser().resolve()


def _check_target(target: Path, shown: str | Path, *, folder: bool, overwrite: bool) -> None:
    with _clear(shown):
        if folder:
            if target.exists() and not target.is_dir():
                raise OutputExistsError(f"{shown} is a file; choose another folder for the output")
            if not target.is_dir() or not any(target.iterdir()):
                return
            if not overwrite:
                raise OutputExistsError(
                    f"the output folder {shown} exists and is not empty; choose another folder, or remove it "
                    "first"
                )
            here = Path.cwd()
            if target in (here, *here.parents, Path.home()):
                raise OutputExistsError(
                    f"{shown} is the working folder, the home folder or holds one of them and is not "
                    "replaced; choose another folder"
                )
        else:
            if target.is_dir():
                raise OutputExistsError(f"{shown} is a folder; choose a file name for the output")
            if target.exists() and not overwrite:
                raise OutputExistsError(
                    f"the output file {shown} exists; choose another name, or remove it first"
                )


@contextmanager
def _parents(target: Path, shown: str | Path) -> Iterator[None]:
    """Makes the folders above ``target``; takes those it made away again when the block fails."""
    missing = [folder for folder in target.parents if not folder.exists()]
    try:
        with _clear(shown):
            target.parent.mkdir(parents=True, exist_ok=True)
        yield
    except BaseException:
        for folder in missing:
            with suppress(OSError):
                folder.rmdir()
        raise


@contextmanager
def _clear(shown: str | Path) -> Iterator[None]:
    """Says of a system's error which output it hit and what to do."""
    try:
        yield
    except OutputError:
        raise
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise OutputError(f"cannot write {shown}: {reason}; choose a place that can be written") from error


#: No space, no quota, and a limit on the size of files.
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@contextmanager
def _naming_full(shown: str | Path) -> Iterator[None]:
    """Says of a full disk which output it hit and what to do, whatever a library made of the system's error.

    It stays a plain ``OSError`` with its number: the disk is full, the input is not wrong.
    """
    try:
        yield
    except OSError as error:
        cause: BaseException | None = error
        while cause is not None:
            if isinstance(cause, OSError) and cause.errno in _FULL:
                reason = f"{os.strerror(cause.errno)}; free some or name another place"
                raise OSError(cause.errno, reason, str(shown)) from error
            cause = cause.__cause__ or cause.__context__
        raise


def _beside(target: Path, suffix: str) -> Path:
    return target.parent / f".{target.name[:40]}.{secrets.token_hex(4)}.partial{suffix}"


def _replace_folder(temporary: Path, target: Path) -> None:
    if not target.exists():
        temporary.rename(target)
        return
    if not any(target.iterdir()):
        target.rmdir()
        temporary.rename(target)
        return
    old = _beside(target, "")
    target.rename(old)
    try:
        temporary.rename(target)
    except BaseException:
        old.rename(target)
        raise
    shutil.rmtree(old, ignore_errors=True)
