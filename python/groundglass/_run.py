"""A long run as its caller sees it: told how far it is, stopped, bounded in threads, measured."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from typing import TypeVar

from groundglass.errors import Cancelled

Result = TypeVar("Result")

#: Called with the stage's name, the steps done and the steps in all; an answer of ``False`` stops the work.
Progress = Callable[[str, int, int], "bool | None"]

#: The same where there is one stage alone.
Steps = Callable[[int, int], "bool | None"]

#: Seconds until a signal is noticed, at most.
_LOOK_S = 0.1


def teller(progress: Progress | None) -> Callable[[str, int, int], bool]:
    """The progress callback as one that raises :class:`Cancelled` instead of answering ``False``."""

    def tell(stage: str, done: int, total: int) -> bool:
        if progress is not None and progress(stage, done, total) is False:
            raise Cancelled(f"stopped during {stage}; nothing was written")
        return True

    return tell


def check_threads(threads: int) -> int:
    """The number of workers that `threads` means; 0 is one for every core this process may use."""
    if not isinstance(threads, int) or isinstance(threads, bool) or threads < 0:
        raise ValueError(f"threads must be 0 (one a core) or a positive whole number, not {threads!r}")
    return threads or core_count()


def core_count() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def peak_memory_mb() -> float | None:
    """Largest resident memory of this process so far in 10^6 bytes; None where the system does not tell."""
    try:
        import resource
    except ImportError:
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return float(peak if sys.platform == "darwin" else peak * 1024) / 1e6


def interruptible(call: Callable[[], Result]) -> Result:
    """What `call`, which releases the interpreter for long, gives or raises; signals are handled meanwhile.

    A signal's handler runs only between two steps of the main thread's Python code, so the call is made in
    another thread and waited for. Where the handler raises, that thread is left to itself: the program should
    end then. In other threads than the main one, which get no signals, the call is made as it is.
    """
    if threading.current_thread() is not threading.main_thread():
        return call()
    given: list[Result] = []
    failed: list[BaseException] = []

    def work() -> None:
        try:
            given.append(call())
        except BaseException as error:
            failed.append(error)

    thread = threading.Thread(target=work, name="groundglass-call", daemon=True)
    thread.start()
    while thread.is_alive():
        thread.join(_LOOK_S)
    if failed:
        raise failed[0]
    return given[0]
