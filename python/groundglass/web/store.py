"""What the server keeps: a record of every upload in SQLite, and a folder for each one's files.

Below the data folder lie ``groundglass.sqlite``, ``uploads/ID/`` until the analysis has ended, ``work/ID/``
while it runs, and ``results/ID/`` until its time has run out. Nothing but the record holds an upload's name.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
import sqlite3
import stat
import tempfile
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from groundglass.write import OutputError

#: States that a job leaves again.
OPEN = ("queued", "running")

#: What an upload and its files to come may take together, in uploads.
ROOM = 3

_PREFIX = "groundglass-serve-"
#: Seconds that a temporary folder is left alone, since its server may not have locked it yet.
_FRESH_S = 60.0

_SCHEMA = """
CREATE TABLE IF NOT EXISTS jobs (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    file TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    created REAL NOT NULL,
    expires REAL NOT NULL,
    error_code TEXT,
    error_text TEXT
);
CREATE INDEX IF NOT EXISTS jobs_by_state ON jobs (state, number);
"""


@dataclass(frozen=True, kw_only=True)
class Job:
    """One upload and what became of it.

    `file` is the stored name of the upload, `bytes` what its files take on disk; `created` and `expires` are
    seconds since 1970. `number` counts uploads and gives the order of the queue.
    """

    number: int
    id: str
    name: str
    kind: str
    state: str
    file: str
    bytes: int
    created: float
    expires: float
    error_code: str | None
    error_text: str | None


class Store:
    """The records and folders below one data folder; safe to use from several threads.

    `folder` is made where it does not exist, readable for its owner alone; of one that exists, what is
    written into it. None is a temporary one that :meth:`close` removes, with those that killed servers left
    behind. Raises :class:`groundglass.write.OutputError` for a folder that can't be written
    and :class:`ValueError` for one that another server uses.

    What an ended server left behind is put in order: what ran has failed, what waited waits again, and
    files without a record are removed.
    """

    def __init__(self, folder: Path | None, *, ttl_s: float) -> None:
        if folder is None:
            _remove_abandoned()
        self._temporary = tempfile.TemporaryDirectory(prefix=_PREFIX) if folder is None else None
        self.folder = Path(self._temporary.name if self._temporary else folder or "").resolve()
        self._ttl_s = ttl_s
        self._lock = threading.RLock()
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._guard = _only_one(self.folder)
            for name in ("uploads", "work", "results"):
                (self.folder / name).mkdir(exist_ok=True, mode=0o700)
            base = self.folder / "groundglass.sqlite"
            base.touch(mode=0o600)
            base.chmod(0o600)  # it holds the ids, which are keys
        except OSError as error:
            raise OutputError(
                f"the data folder {folder} can't be written ({error.strerror}); choose another"
            ) from error
        try:
            self._base = sqlite3.connect(base, check_same_thread=False, isolation_level=None)
            self._base.executescript(
                f"PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA secure_delete=ON; {_SCHEMA}"
            )
        except sqlite3.DatabaseError as error:
            os.close(self._guard)
            raise ValueError(
                f"groundglass.sqlite in {self.folder} can't be used ({error}); remove it, or choose another "
                "data folder"
            ) from error
        self._base.row_factory = lambda cursor, row: Job(
            **dict(zip((column[0] for column in cursor.description), row, strict=True))
        )
        self._tidy()

    def close(self) -> None:
        """Ends the use of the folder, and removes a temporary one."""
        with self._lock:
            self._base.close()
            os.close(self._guard)
        if self._temporary is not None:
            self._temporary.cleanup()

    def upload_folder(self, id: str) -> Path:
        """Where the upload lies until its analysis has ended."""
        return self.folder / "uploads" / id

    def work_folder(self, id: str) -> Path:
        """Where the analysis writes."""
        return self.folder / "work" / id

    def result_folder(self, id: str) -> Path:
        """Where the result lies once it is complete."""
        return self.folder / "results" / id

    def new_id(self) -> str:
        """An id that nobody can guess: 256 random bits in 43 characters."""
        return secrets.token_urlsafe(32)

    def add(self, id: str, *, name: str, kind: str, file: str, size: int) -> Job:
        """Records an upload as the last in the queue."""
        now = time.time()
        with self._lock:
            self._base.execute(
                "INSERT INTO jobs (id, name, kind, state, file, bytes, created, expires) "
                "VALUES (?, ?, ?, 'queued', ?, ?, ?, ?)",
                (id, name, kind, file, size, now, now + self._ttl_s),
            )
            found = self.get(id)
        assert found is not None
        return found

    def get(self, id: str) -> Job | None:
        """The record, None for what is unknown, deleted or has expired."""
        found = self._all("SELECT * FROM jobs WHERE id = ?", (id,))
        if not found or (found[0].expires < time.time() and found[0].state not in OPEN):
            return None
        return found[0]

    def recent(self, most: int = 200) -> list[Job]:
        """The newest records first."""
        return self._all(
            "SELECT * FROM jobs WHERE expires >= ? OR state IN ('queued', 'running') "
            "ORDER BY number DESC LIMIT ?",
            (time.time(), most),
        )

    def count(self, state: str) -> int:
        """How many jobs are in this state."""
        return self._number("SELECT COUNT(*) FROM jobs WHERE state = ?", (state,))

    def position(self, job: Job) -> int:
        """The place in the queue, 1 for the next one; 0 for what does not wait."""
        if job.state != "queued":
            return 0
        return 1 + self._number(
            "SELECT COUNT(*) FROM jobs WHERE state = 'queued' AND number < ?", (job.number,)
        )

    def used_bytes(self) -> int:
        """What the files of all records take on disk, or will take once they are analyzed."""
        return self._number(
            "SELECT COALESCE(SUM(CASE WHEN state IN ('queued', 'running') THEN ? * bytes ELSE bytes END), 0) "
            "FROM jobs",
            (ROOM,),
        )

    def take_next(self) -> Job | None:
        """The first of the queue, from now on running; None where nobody waits."""
        with self._lock:
            found = self._all("SELECT * FROM jobs WHERE state = 'queued' ORDER BY number LIMIT 1", ())
            if not found or not self.move(found[0].id, "running", ("queued",)):
                return None
            return self.get(found[0].id)

    def move(
        self,
        id: str,
        state: str,
        before: Sequence[str] = OPEN,
        *,
        error: tuple[str, str] | None = None,
        size: int | None = None,
    ) -> bool:
        """Changes the state where it is one of `before`; False where it is another, or there is no record.

        A job that ends lives its whole time from then on.
        """
        code, text = error or (None, None)
        marks = ", ".join("?" * len(before))
        with self._lock:
            changed = self._base.execute(
                f"UPDATE jobs SET state = ?, error_code = ?, error_text = ?, bytes = COALESCE(?, bytes), "
                f"expires = ? WHERE id = ? AND state IN ({marks})",
                (state, code, text, size, time.time() + self._ttl_s, id, *before),
            )
        return changed.rowcount == 1

    def remove(self, id: str) -> bool:
        """Forgets a record and its result; False where there is none. A running job's folders stay until it
        has ended."""
        with self._lock:
            gone = self._base.execute("DELETE FROM jobs WHERE id = ?", (id,)).rowcount == 1
        shutil.rmtree(self.result_folder(id), ignore_errors=True)
        return gone

    def drop_work(self, id: str) -> None:
        """Removes the upload and what its analysis has left."""
        shutil.rmtree(self.upload_folder(id), ignore_errors=True)
        shutil.rmtree(self.work_folder(id), ignore_errors=True)

    def sweep(self) -> int:
        """Removes what has expired and gives its number."""
        expired = self._all(
            "SELECT * FROM jobs WHERE expires < ? AND state NOT IN ('queued', 'running')", (time.time(),)
        )
        for job in expired:
            self.remove(job.id)
        return len(expired)

    def _tidy(self) -> None:
        for job in self._all("SELECT * FROM jobs WHERE state IN ('queued', 'running')", ()):
            waits = job.state == "queued" and (self.upload_folder(job.id) / job.file).is_file()
            if not waits:
                text = "The server was restarted before the analysis had ended; send the file again."
                self.move(job.id, "failed", error=("server_restarted", text), size=0)
        queued = {job.id for job in self._all("SELECT * FROM jobs WHERE state = 'queued'", ())}
        done = {job.id for job in self._all("SELECT * FROM jobs WHERE state = 'done'", ())}
        for name, known in (("uploads", queued), ("work", set()), ("results", done)):
            for path in (self.folder / name).iterdir():
                if path.name not in known:
                    shutil.rmtree(path, ignore_errors=True)

    def _all(self, statement: str, values: Sequence[Any]) -> list[Job]:
        with self._lock:
            return self._base.execute(statement, values).fetchall()

    def _number(self, statement: str, values: Sequence[Any]) -> int:
        with self._lock:
            cursor = self._base.cursor()
            cursor.row_factory = None
            return int(cursor.execute(statement, values).fetchone()[0])


def shown(id: str) -> str:
    """What stands in the log for an id, which is the key to its result."""
    return hashlib.sha256(id.encode()).hexdigest()[:8]


def folder_bytes(folder: Path) -> int:
    """What the files below a folder take."""
    return sum(path.lstat().st_size for path in folder.rglob("*") if path.is_file())


def _remove_abandoned() -> None:
    """Removes the temporary folders of servers of this user that were killed: nobody holds their locks."""
    if not hasattr(os, "getuid"):  # a system without such locks
        return
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        with suppress(OSError, ValueError):
            state = folder.lstat()
            age = time.time() - (folder / "lock").lstat().st_mtime
            if stat.S_ISDIR(state.st_mode) and state.st_uid == os.getuid() and age > _FRESH_S:
                guard = _only_one(folder)
                shutil.rmtree(folder, ignore_errors=True)
                os.close(guard)


def _only_one(folder: Path) -> int:
    """A lock on the folder for as long as the descriptor is open."""
    guard = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        import fcntl
    except ImportError:  # a system without such locks
        return guard
    try:
        fcntl.flock(guard, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(guard)
        raise ValueError(f"the data folder {folder} is in use by another server; choose another") from error
    return guard
