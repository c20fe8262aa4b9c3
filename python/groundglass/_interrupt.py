"""Ctrl-C during a long call of compiled code."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

Result = TypeVar("Result")

#: Seconds until a signal is noticed, at most.
_LOOK_S = 0.1


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
