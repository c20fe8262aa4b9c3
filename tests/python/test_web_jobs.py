"""The worker pool: whatever becomes of a job, its record says so and the next one runs."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("starlette")

import web_helpers as make
from groundglass.web import jobs
from groundglass.web.errors import Refused
from groundglass.web.jobs import Pool
from groundglass.web.settings import Settings
from groundglass.web.store import Job, Store
from groundglass.web.worker import Task


class Running:
    """A store and a pool on it."""

    def __init__(self, folder: Path, task: Task = make.by_content, **settings: Any) -> None:
        self.store = Store(folder, ttl_s=60)
        self.pool = Pool(Settings(**settings), self.store, task)
        self.pool.start()

    def add(self, word: str) -> Job:
        id = self.store.new_id()
        self.store.upload_folder(id).mkdir()
        (self.store.upload_folder(id) / "upload.zip").write_bytes(make.named(word))
        with self.pool.place():
            return self.store.add(id, name="Ivanov.zip", kind="archive", file="upload.zip", size=9)

    def now(self, job: Job) -> Job:
        found = self.store.get(job.id)
        assert found is not None
        return found

    def wait(self, job: Job, *states: str) -> Job:
        found: Job = make.wait_for(
            lambda: now if (now := self.now(job)).state in (states or make.ENDED) else None
        )
        return found

    def left(self, job: Job) -> list[Path]:
        """Folders of a job."""
        folders = (self.store.upload_folder(job.id), self.store.work_folder(job.id))
        return [folder for folder in (*folders, self.store.result_folder(job.id)) if folder.exists()]

    def close(self) -> None:
        self.pool.close()
        self.store.close()


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Running]]:
    """Starts pools on one data folder, one after the other; the last one is closed at the end."""
    started: list[Running] = []

    def start(**settings: Any) -> Running:
        started.append(Running(tmp_path / "data", **settings))
        return started[-1]

    yield start
    started[-1].close()


@pytest.fixture
def running(start: Callable[..., Running]) -> Running:
    return start()


def gone(running: Running, job: Job) -> bool:
    return bool(make.wait_for(lambda: not running.left(job)))


def test_a_job_ends_with_its_result_and_without_its_upload(running: Running) -> None:
    job = running.wait(running.add("fine"))
    assert (job.state, job.error_code) == ("done", None)
    make.wait_for(lambda: running.left(job) == [running.store.result_folder(job.id)])
    assert job.bytes == sum(path.stat().st_size for path in running.store.result_folder(job.id).iterdir())


@pytest.mark.parametrize(
    ("word", "code"),
    [
        ("refuse", "no_lung"),
        ("bug", "internal_error"),
        ("memory", "out_of_memory"),
        ("allocate", "out_of_memory"),
        ("disk", "storage_failed"),
        ("output", "storage_failed"),
        ("crash", "worker_died"),
        ("abort", "worker_died"),
        ("kill", "worker_died"),
        ("leave", "worker_died"),
    ],
)
def test_what_goes_wrong_is_said_and_the_next_job_runs(running: Running, word: str, code: str) -> None:
    first, second = running.add(word), running.add("fine")
    failed = running.wait(first)
    assert (failed.state, failed.error_code, failed.bytes) == ("failed", code, 0)
    assert failed.error_text is not None
    assert failed.error_text.endswith(".")
    assert "Ivanov" not in failed.error_text
    assert running.wait(second).state == "done"
    assert gone(running, first)


def test_a_worker_ended_from_outside_has_not_failed(running: Running) -> None:
    job = running.wait(running.add("terminate"))
    assert (job.state, job.error_code) == ("cancelled", "server_stopped")
    assert running.wait(running.add("fine")).state == "done"


def test_a_running_job_is_cancelled_and_its_worker_kept(running: Running) -> None:
    job = running.wait(running.add("patient"), "running")
    progress = make.wait_for(lambda: running.pool.progress(job.id))
    assert (progress.stage, progress.total) == ("segmentation", 1000)
    assert running.pool.cancel(job)
    assert running.now(job).state == "cancelled"
    assert not running.pool.cancel(job)
    assert gone(running, job)
    assert running.wait(running.add("fine")).state == "done"
    assert running.now(job).state == "cancelled"


def test_a_job_that_does_not_listen_is_stopped(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "GRACE_S", 0.2)
    job = running.add("deaf")
    make.wait_for(lambda: running.pool.progress(job.id))
    running.pool.cancel(job)
    assert gone(running, job)
    assert running.wait(running.add("fine")).state == "done"


def test_a_waiting_job_is_cancelled_at_once(running: Running) -> None:
    first, second = running.add("patient"), running.add("fine")
    running.wait(first, "running")
    assert running.pool.cancel(second)
    assert running.now(second).state == "cancelled"
    assert not running.left(second)
    running.pool.cancel(first)


def test_a_job_that_was_deleted_leaves_nothing(running: Running) -> None:
    job = running.wait(running.add("patient"), "running")
    running.pool.cancel(job)
    running.store.remove(job.id)
    assert gone(running, job)
    assert running.wait(running.add("fine")).state == "done"


@pytest.mark.alone
def test_a_job_has_its_time(start: Callable[..., Running]) -> None:
    running = start(job_minutes=0.03)
    job = running.wait(running.add("deaf"))
    assert (job.state, job.error_code) == ("failed", "time_limit")
    assert running.wait(running.add("fine")).state == "done"


def test_two_workers_run_two_jobs(start: Callable[..., Running]) -> None:
    running = start(workers=2)
    both = [running.add("patient"), running.add("patient")]
    for job in both:
        running.wait(job, "running")
    for job in both:
        running.pool.cancel(job)


def test_the_queue_is_bounded(start: Callable[..., Running]) -> None:
    running = start(queue=2)
    first = running.wait(running.add("patient"), "running")
    running.add("fine")
    with running.pool.place(), pytest.raises(Refused) as refusal, running.pool.place():
        pass
    assert (refusal.value.code, refusal.value.status) == ("queue_full", 503)
    assert refusal.value.retry_after
    running.add("fine")
    running.pool.cancel(first)


def test_closing_cancels_what_runs_and_keeps_what_waits(start: Callable[..., Running]) -> None:
    running = start()
    first, second = running.add("patient"), running.add("fine")
    running.wait(first, "running")
    running.pool.close()
    assert running.now(first).state == "cancelled"
    assert running.now(first).error_code == "server_stopped"
    assert running.now(second).state == "queued"
    running.store.close()
    assert start().wait(second).state == "done"


def test_workers_end_with_a_server_that_was_killed(tmp_path: Path) -> None:
    program = (
        "import sys, time; sys.path.insert(0, sys.argv[2])\n"
        "import test_web_jobs, pathlib\n"
        "if __name__ == '__main__':\n"
        "    running = test_web_jobs.Running(pathlib.Path(sys.argv[1]))\n"
        "    running.wait(running.add('deaf'), 'running')\n"
        "    import multiprocessing; print(multiprocessing.active_children()[0].pid, flush=True)\n"
        "    time.sleep(60)\n"
    )
    script = tmp_path / "program.py"
    script.write_text(program)
    arguments = [sys.executable, str(script), str(tmp_path / "data"), str(Path(__file__).parent)]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        worker = int(server.stdout.readline())
        os.kill(worker, 0)
        server.send_signal(signal.SIGKILL)

    def ended() -> bool:
        status = Path(f"/proc/{worker}/stat")
        return not status.exists() or status.read_text().split()[2] == "Z"

    if Path("/proc").is_dir():
        assert make.wait_for(ended)


def test_a_failing_database_does_not_end_a_worker(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "_REST_S", 0.05)
    right = running.store.move
    failures = iter([sqlite3.OperationalError("database or disk is full")])

    def move(*given: Any, **named: Any) -> bool:
        for failure in failures:
            raise failure
        return right(*given, **named)

    monkeypatch.setattr(running.store, "move", move)
    assert running.wait(running.add("fine")).state == "done"


def test_a_result_that_can_not_be_recorded_has_failed(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "_REST_S", 0.05)
    right = running.store.move
    failures = [sqlite3.OperationalError("database or disk is full") for _ in range(2)]

    def move(id: str, state: str, *given: Any, **named: Any) -> bool:
        if state != "running" and failures:
            raise failures.pop()
        return right(id, state, *given, **named)

    monkeypatch.setattr(running.store, "move", move)
    job = running.wait(running.add("fine"))
    assert (job.state, job.error_code) == ("failed", "storage_failed")
    assert gone(running, job)
    assert running.wait(running.add("fine")).state == "done"


def test_a_worker_that_can_not_start_is_started_again(
    start: Callable[..., Running], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "_REST_S", 0.05)
    right = jobs._Worker
    failures = [OSError("too many open files")]

    def worker(*given: Any) -> Any:
        if failures:
            raise failures.pop()
        return right(*given)

    monkeypatch.setattr(jobs, "_Worker", worker)
    running = start()
    assert running.wait(running.add("fine")).state == "done"


def test_a_worker_that_ends_while_it_waits_fails_no_job(running: Running) -> None:
    running.wait(running.add("fine"))
    (worker,) = multiprocessing.active_children()
    worker.kill()
    worker.join()
    assert running.wait(running.add("fine")).state == "done"


def test_a_result_that_has_no_room_is_not_kept(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    size = running.wait(running.add("fine")).bytes
    monkeypatch.setattr(Settings, "disk_bytes", 2 * size - 1)
    job = running.wait(running.add("fine"))
    assert (job.state, job.error_code, job.bytes) == ("failed", "storage_full", 0)
    assert gone(running, job)
    monkeypatch.setattr(Settings, "disk_bytes", 3 * size)
    assert running.wait(running.add("fine")).state == "done"
