"""Running a command: exit codes, signals, and one sentence for what went wrong."""

from __future__ import annotations

import io
import logging
import os
import re
import signal
import sys
import threading
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType

from groundglass._optional import missing
from groundglass.cli.errors import WrongInput
from groundglass.errors import ModelError

DONE, FAILED, WRONG, STOPPED, ENDED = 0, 1, 2, 130, 143

#: Options of the program, which the commands do not know.
BEFORE_COMMAND = ("--log-level", "--log-format")

#: What a path that can't be used raises; other system errors, such as a full disk, are not wrong input.
PATH_ERRORS = (FileExistsError, FileNotFoundError, PermissionError, NotADirectoryError, IsADirectoryError)


class _Ended(BaseException):
    """The process was asked to end; raised so that temporary folders are removed."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command line with `arguments` (default: the process's) and returns the exit code."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # an old terminal may lack a sign; that is no reason to fail
    try:
        with _ending_cleanly():
            code = _run(words)
            sys.stdout.flush()
        return code
    except KeyboardInterrupt:
        return _stop(STOPPED, words, at_once=arguments is None)
    except _Ended:
        return _stop(ENDED, words, at_once=arguments is None)
    except BrokenPipeError:
        # whoever read our output has gone; keep Python from complaining once more when it closes
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except Exception as error:
        return _say(*explain(error), words, error)


def explain(error: Exception) -> tuple[int, str]:
    """The exit code and the sentence for an exception."""
    text = str(error).strip()
    if hasattr(error, "format_message"):  # the command-line parser's own errors
        option, context = getattr(error, "option_name", None), getattr(error, "ctx", None)
        if option in BEFORE_COMMAND:
            return WRONG, f"{option} stands before the command; see `groundglass --help`"
        command = context.command_path if context is not None else "groundglass"
        words = error.format_message().rstrip(".").replace(": Value error, ", ": ")  # the parser's own label
        return WRONG, f"{words}; see `{command} --help`"
    if isinstance(error, OSError) and error.strerror:
        where = f": {error.filename}" if error.filename is not None else ""
        text = f"{error.strerror}{where}"
    text = text.partition("\n")[0]  # a library may add its own traceback
    if isinstance(error, (WrongInput, ValueError, *PATH_ERRORS)):
        return WRONG, text or type(error).__name__
    if isinstance(error, (ModelError, ImportError, OSError)):
        return FAILED, text or type(error).__name__
    if isinstance(error, MemoryError):
        return FAILED, "not enough memory for this study"
    return FAILED, f"internal error, {type(error).__name__}: {text}; --debug shows where, please report it"


def _run(words: list[str]) -> int:
    try:
        from groundglass.cli.app import app
    except ImportError as error:
        if error.name in ("typer", "rich"):
            raise ImportError(missing("the command line", error.name), name=error.name) from error
        raise
    outcome = app(words, prog_name="groundglass", standalone_mode=False)
    if outcome == STOPPED:
        raise KeyboardInterrupt
    return outcome if isinstance(outcome, int) else DONE


def _stop(code: int, words: Sequence[str], *, at_once: bool) -> int:
    """Ends a stopped program. `at_once` does not wait for a call of compiled code that still runs."""
    _say(code, "stopped; nothing was written", words)
    if at_once:
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError, ValueError):
                stream.flush()
        os._exit(code)
    return code


def _say(code: int, text: str, words: Sequence[str], error: Exception | None = None) -> int:
    """Tells on stderr why the code is not :data:`DONE`; with ``--debug`` where in the program as well."""
    from groundglass import logs

    debug = error if "--debug" in words else None
    if logs.is_set_up():
        named: frozenset[str] = getattr(error, "named", frozenset())
        text = logs.without_identifiers(_without_given(text, words), named)
        fields = {"exit_code": code, "text": text}
        logging.getLogger("groundglass.cli").error("not done", extra=fields, exc_info=debug)
        return code
    if debug is not None:
        traceback.print_exception(debug)
    print(f"groundglass: {text}", file=sys.stderr)
    return code


def _without_given(text: str, words: Sequence[str]) -> str:
    """The text with "…" for what the user named after the command: it may be a path, which no log holds."""
    from groundglass import logs

    given = [word for word in words if not word.startswith("-") and word not in (*logs.LEVELS, *logs.FORMATS)]
    values = [word.partition("=")[2] for word in words if word.startswith("-")]
    named = {shown for word in (*given[1:], *values) if word for shown in (word, str(Path(word)))}
    for name in sorted(named, key=len, reverse=True):
        # with what the library adds to it: a file in the folder
        text = re.sub(rf"(?<![\w-]){re.escape(name)}(?:/[^\s:;,]+|(?![\w-]))", "…", text)
    return text


@contextmanager
def _ending_cleanly() -> Iterator[None]:
    """Turns a request to end (SIGTERM) into an exception while the work runs."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def end(number: int, frame: FrameType | None) -> None:
        raise _Ended

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
