"""The process that analyzes: one job at a time, told and asked through a pipe.

A process and not a thread: a decoder that crashes or takes all memory on some file takes this process with
it, not the server, and DICOM decoders are not safe to run twice in one process.
"""

from __future__ import annotations

import contextlib
import errno
import logging
import multiprocessing
import os
import signal
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, Any

from groundglass import _moved, logs
from groundglass.errors import Cancelled
from groundglass.web.errors import Refused
from groundglass.write import OutputError

if TYPE_CHECKING:
    from groundglass.segmentation.devices import Device
    from groundglass.segmentation.presets import Preset

#: Told of the stage, the steps done and the steps in all; False asks to stop.
Tell = Callable[[str, int, int], bool]

#: Seconds between two messages of the same stage.
PACE_S = 0.1

CANCEL = "cancel"

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Order:
    """A job as its worker sees it: no id and no name.

    The result goes into `folder`, which exists; `temporary` is for what is removed afterwards.
    """

    kind: str
    upload: Path
    folder: Path
    temporary: Path
    threads: int
    preset: Preset | None = None
    model: tuple[str, ...] | None = None
    device: Device = "auto"
    archive_images: int = 500


@dataclass(frozen=True, kw_only=True)
class Progress:
    """How far a running job is."""

    stage: str
    done: int
    total: int


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How a job ended: ``"done"``, ``"cancelled"`` or ``"failed"``, the last with what the page shows."""

    state: str
    code: str = ""
    text: str = ""


#: What a worker does; it writes its files, raises Refused with what the page shall show, or Cancelled.
Task = Callable[[Order, Tell], None]


def work(pipe: Connection, task: Task, threads: int, memory: int | None, log_format: str | None) -> None:
    """The main function of a worker process: takes orders from the pipe until it closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to all; the server decides
    os.environ["OMP_NUM_THREADS"] = str(threads)
    _limit_memory(memory)
    if log_format is not None:
        logs.setup("warning", log_format)
    _first_to_go()
    threading.Thread(target=_end_with_parent, daemon=True).start()
    while True:
        try:
            order = pipe.recv()
        except (EOFError, OSError):
            return
        if isinstance(order, Order):  # a late word to cancel is none
            with contextlib.suppress(BrokenPipeError):
                pipe.send(_outcome(order, task, pipe))


def _outcome(order: Order, task: Task, pipe: Connection) -> Outcome:
    tempfile.tempdir = str(order.temporary)
    try:
        task(order, _teller(pipe))
    except Cancelled:
        return Outcome(state="cancelled")
    except Refused as error:
        return Outcome(state="failed", code=error.code, text=error.text)
    except MemoryError:
        text = "There is not enough memory on the server for this upload."
        return Outcome(state="failed", code="out_of_memory", text=text)
    except OSError as error:
        if error.errno != errno.ENOSPC and not isinstance(error, OutputError):
            return _internal(error)
        text = "The server's disk is full; try again later."
        return Outcome(state="failed", code="storage_failed", text=text)
    except Exception as error:
        return _internal(error)
    return Outcome(state="done")


def _internal(error: Exception) -> Outcome:
    log.exception("analysis failed inside")
    text = f"The analysis failed inside ({type(error).__name__}); please report it with the version."
    return Outcome(state="failed", code="internal_error", text=text)


def _teller(pipe: Connection) -> Tell:
    last: tuple[str, float] = ("", 0.0)

    def tell(stage: str, done: int, total: int) -> bool:
        nonlocal last
        now = time.monotonic()
        if stage != last[0] or done == total or now - last[1] >= PACE_S:
            last = (stage, now)
            pipe.send(Progress(stage=stage, done=done, total=total))
        return not (pipe.poll() and pipe.recv() == CANCEL)

    return tell


def _end_with_parent() -> None:
    """Ends this process where the server was killed without a word."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _limit_memory(most: int | None) -> None:
    """Has an allocation fail that would take more than `most` bytes, where the system can."""
    if most is None:
        return
    try:
        import resource
    except ImportError:
        return
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    most = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(resource.RLIMIT_DATA, (most, hard))


def _first_to_go() -> None:
    """Has Linux end this process, and not the server, where memory runs out."""
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")


if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        return _moved.attribute(__name__, name)
