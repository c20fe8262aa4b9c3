"""The worker pool: takes jobs from the queue, gives each to a process, and survives what becomes of it."""

from __future__ import annotations

import logging
import multiprocessing
import shutil
import signal
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess

from groundglass.web.errors import Refused
from groundglass.web.settings import Settings
from groundglass.web.store import ROOM, Job, Store, folder_bytes, shown
from groundglass.web.worker import CANCEL, Order, Outcome, Progress, Task, work

#: Seconds that a cancelled analysis has to stop by itself.
GRACE_S = 3.0

#: Seconds between two looks at a running job.
_TICK_S = 0.1

#: Seconds of rest after a failure of the server itself, such as a database that can't be written.
_REST_S = 1.0

_STOPPED = Outcome(
    state="cancelled",
    code="server_stopped",
    text="The server was stopped before the analysis had ended; send the file again.",
)

_TOO_MUCH = Outcome(
    state="failed",
    code="storage_full",
    text="The server's storage has no room for the result; delete results, or try again later.",
)

log = logging.getLogger(__name__)


class Pool:
    """`settings.workers` processes, each with a thread that hands it one job after the other.

    The queue is that of the store; :meth:`place` bounds it. `task` is what a worker does with a job: a
    function of a module, since it is found again by its name in another process.
    """

    def __init__(self, settings: Settings, store: Store, task: Task) -> None:
        self._settings = settings
        self._store = store
        self._task = task
        self._changed = threading.Condition()
        self._coming = 0
        self._progress: dict[str, Progress] = {}
        self._closing = False
        self._keepers = [
            threading.Thread(target=self._keep, name=f"worker-{number}", daemon=True)
            for number in range(settings.workers)
        ]

    def start(self) -> None:
        """Starts the workers; what waits in the store is taken up."""
        for keeper in self._keepers:
            keeper.start()

    def close(self) -> None:
        """Cancels what runs and ends the processes; what waits stays in the store."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        for keeper in self._keepers:
            if keeper.is_alive():
                keeper.join()

    @contextmanager
    def place(self) -> Iterator[None]:
        """A place in the queue for an upload on its way; refused where there is none."""
        with self._changed:
            if self._store.count("queued") + self._coming >= self._settings.queue:
                text = "Too many uploads are waiting; try again in a minute."
                raise Refused("queue_full", text, 503, retry_after=60)
            self._coming += 1
        try:
            yield
        finally:
            with self._changed:
                self._coming -= 1
                self._changed.notify_all()

    def progress(self, id: str) -> Progress | None:
        """How far a running job is, None before its first word and after its last."""
        return self._progress.get(id)

    def cancel(self, job: Job) -> bool:
        """Takes a job out of the queue or stops it; False where it has ended already.

        The record says so at once; a running analysis gets :data:`GRACE_S` to stop, then its process ends.
        """
        if self._store.move(job.id, "cancelled", ("queued",), size=0):
            self._store.drop_work(job.id)
            return True
        return self._store.move(job.id, "cancelled", ("running",), size=0)

    def _keep(self) -> None:
        """One worker's thread; nothing but the end of the server ends it."""
        while not self._closing:
            try:
                with _Worker(self._task, self._settings) as worker:
                    while (job := self._next(worker)) is not None:
                        self._run(worker, job)
            except Exception:
                log.exception("worker lost")
                time.sleep(_REST_S)

    def _next(self, worker: _Worker) -> Job | None:
        """The next job as soon as there is one; None at the end of the server, or of the worker."""
        with self._changed:
            while not self._closing and worker.process.is_alive():
                if (job := self._store.take_next()) is not None:
                    return job
                self._changed.wait(1.0)
        return None

    def _run(self, worker: _Worker, job: Job) -> None:
        start = time.monotonic()
        log.info("job started", extra={"job": shown(job.id), "kind": job.kind})
        try:
            outcome = self._outcome(worker, job)
            if outcome.state == "cancelled" and self._closing:
                outcome = _STOPPED
            if outcome.state == "done" and not self._fits(job):
                outcome = _TOO_MUCH
            self._finish(job, outcome)
        except (OSError, sqlite3.Error) as error:
            log.error("job lost", extra={"job": shown(job.id), "code": type(error).__name__})
            text = "The server could not store the result; its disk may be full."
            outcome = Outcome(state="failed", code="storage_failed", text=text)
            self._store.drop_work(job.id)  # room for the record
            self._write_off(job, outcome)
        finally:
            self._progress.pop(job.id, None)
            self._store.drop_work(job.id)
        seconds = round(time.monotonic() - start, 3)
        details = {"job": shown(job.id), "kind": job.kind, "seconds": seconds}
        log.info(f"job {outcome.state}", extra=details | ({"code": outcome.code} if outcome.code else {}))

    def _fits(self, job: Job) -> bool:
        """Whether there is room for the result, which of a few JPEGs can be much larger than the upload."""
        others = self._store.used_bytes() - ROOM * job.bytes
        size = folder_bytes(self._store.work_folder(job.id) / "result")
        return others + size <= self._settings.disk_bytes

    def _finish(self, job: Job, outcome: Outcome) -> None:
        """Moves a complete result to its place and says so in the record, in this order."""
        if outcome.state != "done":
            error = (outcome.code, outcome.text) if outcome.code else None
            self._store.move(job.id, outcome.state, ("running",), error=error, size=0)
            return
        folder = self._store.work_folder(job.id) / "result"
        size = folder_bytes(folder)
        folder.rename(self._store.result_folder(job.id))
        recorded = False
        try:
            recorded = self._store.move(job.id, "done", ("running",), size=size)
        finally:
            if not recorded:
                shutil.rmtree(self._store.result_folder(job.id), ignore_errors=True)

    def _write_off(self, job: Job, outcome: Outcome) -> None:
        """Records a failure, as soon as records can be written again; the next start does it otherwise."""
        while True:
            try:
                self._store.move(job.id, "failed", error=(outcome.code, outcome.text), size=0)
            except sqlite3.Error:
                if self._closing:
                    return
                time.sleep(_REST_S)
            else:
                return

    def _outcome(self, worker: _Worker, job: Job) -> Outcome:
        """Gives the job to the process and listens until it has ended, one way or another."""
        work_folder = self._store.work_folder(job.id)
        for name in ("result", "temporary"):
            (work_folder / name).mkdir(parents=True, exist_ok=True)
        order = Order(
            kind=job.kind,
            upload=self._store.upload_folder(job.id) / job.file,
            folder=work_folder / "result",
            temporary=work_folder / "temporary",
            threads=self._settings.worker_threads,
            preset=self._settings.preset,
            model=self._settings.model,
            device=self._settings.device,
            archive_images=self._settings.archive_images,
        )
        with suppress(BrokenPipeError):  # a worker that has just died, as is found below
            worker.pipe.send(order)
        latest = time.monotonic() + 60 * self._settings.job_minutes
        patience: float | None = None
        while True:
            wait([worker.pipe, worker.process.sentinel], _TICK_S)
            try:
                while worker.pipe.poll():
                    message = worker.pipe.recv()
                    if isinstance(message, Outcome):
                        return message
                    self._progress[job.id] = message
            except (EOFError, OSError):
                worker.process.join(GRACE_S)
            if not worker.process.is_alive():
                code = worker.process.exitcode
                if code == -signal.SIGTERM:  # as a service manager ends all of a service's processes
                    return _STOPPED
                log.error("worker died", extra={"job": shown(job.id), "code": f"exit {code}"})
                text = "The analysis broke off: the file may be damaged, or too large for the server."
                return Outcome(state="failed", code="worker_died", text=text)
            now = time.monotonic()
            if now > latest:
                worker.end()
                text = f"The analysis was stopped after {self._settings.job_minutes:g} minutes."
                return Outcome(state="failed", code="time_limit", text=text)
            if patience is None and (self._closing or not self._wanted(job)):
                patience = now + GRACE_S
                with suppress(OSError):
                    worker.pipe.send(CANCEL)
            if patience is not None and now > patience:
                worker.end()
                return Outcome(state="cancelled")

    def _wanted(self, job: Job) -> bool:
        """Whether nobody has cancelled or deleted the job meanwhile."""
        found = self._store.get(job.id)
        return found is not None and found.state == "running"


class _Worker:
    """A process and the pipe to it; as a context it ends with that."""

    def __init__(self, task: Task, settings: Settings) -> None:
        context = multiprocessing.get_context("spawn")
        self.pipe: Connection
        self.pipe, theirs = context.Pipe()
        self.process: BaseProcess = context.Process(
            target=work,
            args=(theirs, task, settings.worker_threads, settings.worker_bytes, settings.log_format),
            name="groundglass worker",
            daemon=True,
        )
        self.process.start()
        theirs.close()

    def __enter__(self) -> _Worker:
        return self

    def __exit__(self, *error: object) -> None:
        self.end()

    def end(self) -> None:
        """Ends the process, whatever it does."""
        self.pipe.close()
        if self.process.is_alive():
            self.process.kill()
        self.process.join()
