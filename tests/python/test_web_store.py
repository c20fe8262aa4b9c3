"""Records and folders: what outlives a restart, what expires, and what is counted."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("starlette")

from groundglass.web import store as module
from groundglass.web.store import Job, Store, folder_bytes, shown


def opened(folder: Path | None, ttl_s: float = 60.0) -> Store:
    return Store(folder, ttl_s=ttl_s)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    found = opened(tmp_path / "data")
    yield found
    found.close()


def add(store: Store, name: str = "a.zip") -> Job:
    """An upload with its file."""
    id = store.new_id()
    store.upload_folder(id).mkdir()
    (store.upload_folder(id) / "upload.zip").write_bytes(b"12345")
    return store.add(id, name=name, kind="study", file="upload.zip", size=5)


def finish(store: Store, job: Job, size: int = 7) -> None:
    store.result_folder(job.id).mkdir()
    (store.result_folder(job.id) / "file").write_bytes(b"x" * size)
    store.drop_work(job.id)
    assert store.move(job.id, "done", size=size)


def test_ids_can_not_be_guessed(store: Store) -> None:
    ids = {store.new_id() for _ in range(100)}
    assert len(ids) == 100
    assert {len(id) for id in ids} == {43}
    assert shown(next(iter(ids))) not in next(iter(ids))


def test_the_queue_is_first_come_first_served(store: Store) -> None:
    first, second, third = add(store), add(store), add(store)
    assert [store.position(job) for job in (first, second, third)] == [1, 2, 3]
    taken = store.take_next()
    assert taken is not None
    assert (taken.id, taken.state) == (first.id, "running")
    assert store.position(taken) == 0
    assert store.position(third) == 2
    assert [job.id for job in store.recent()] == [third.id, second.id, first.id]
    assert store.count("queued") == 2


def test_a_state_changes_only_from_where_it_was(store: Store) -> None:
    job = add(store)
    assert not store.move(job.id, "done", ("running",))
    assert store.move(job.id, "cancelled", ("queued",), size=0)
    assert not store.move(job.id, "done")
    assert not store.move("unknown", "done")
    assert store.take_next() is None
    found = store.get(job.id)
    assert found is not None
    assert (found.state, found.bytes) == ("cancelled", 0)


def test_results_expire_and_are_swept(tmp_path: Path) -> None:
    store = opened(tmp_path, ttl_s=0.05)
    done, waiting = add(store), add(store)
    finish(store, done)
    time.sleep(0.1)
    assert store.get(done.id) is None
    assert [job.id for job in store.recent()] == [waiting.id]
    assert store.result_folder(done.id).exists()
    assert store.sweep() == 1
    assert not store.result_folder(done.id).exists()
    assert store.get(waiting.id) is not None
    assert store.sweep() == 0
    store.close()


def test_removing_leaves_nothing(store: Store) -> None:
    job = add(store)
    finish(store, job)
    assert store.remove(job.id)
    assert not store.remove(job.id)
    assert store.get(job.id) is None
    assert folder_bytes(store.folder / "results") == folder_bytes(store.folder / "uploads") == 0


def test_room_is_counted_for_what_is_still_to_come(store: Store) -> None:
    job = add(store)
    assert store.used_bytes() == module.ROOM * 5
    finish(store, job, size=7)
    assert store.used_bytes() == 7
    store.remove(job.id)
    assert store.used_bytes() == 0


def test_a_restart_puts_everything_in_order(tmp_path: Path) -> None:
    store = opened(tmp_path)
    done, running, waiting, lost = (add(store) for _ in range(4))
    finish(store, done)
    assert store.move(running.id, "running")
    store.work_folder(running.id).mkdir()
    (store.upload_folder(lost.id) / "upload.zip").unlink()
    (store.folder / "uploads" / "stray").mkdir()
    (store.folder / "results" / "stray").mkdir()
    store.close()

    store = opened(tmp_path)
    states = {job.id: (job.state, job.error_code) for job in store.recent()}
    assert states == {
        done.id: ("done", None),
        running.id: ("failed", "server_restarted"),
        waiting.id: ("queued", None),
        lost.id: ("failed", "server_restarted"),
    }
    assert [path.name for path in (tmp_path / "uploads").iterdir()] == [waiting.id]
    assert [path.name for path in (tmp_path / "results").iterdir()] == [done.id]
    assert not list((tmp_path / "work").iterdir())
    store.close()


def test_one_server_a_folder(store: Store) -> None:
    with pytest.raises(ValueError, match="in use by another server"):
        opened(store.folder)


def test_a_folder_is_private_and_a_temporary_one_goes(tmp_path: Path) -> None:
    store = opened(tmp_path / "new" / "data")
    assert (tmp_path / "new" / "data").stat().st_mode & 0o077 == 0
    store.close()
    temporary = opened(None)
    assert temporary.folder.is_dir()
    assert temporary.folder.stat().st_mode & 0o077 == 0
    temporary.close()
    assert not temporary.folder.exists()


def test_ids_are_private_in_a_folder_that_others_read(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    (tmp_path / "groundglass.sqlite").touch(mode=0o644)
    store = opened(tmp_path)
    add(store)
    assert {path.name for path in tmp_path.iterdir() if path.stat().st_mode & 0o077} == set()
    store.close()


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="needs locks of files")
def test_folders_of_killed_servers_are_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(module, "_FRESH_S", 0.0)
    abandoned, strange = (tmp_path / f"groundglass-serve-{name}" for name in ("abandoned", "strange"))
    for folder in (abandoned, strange):
        (folder / "results").mkdir(parents=True)
    (abandoned / "lock").touch()
    (tmp_path / "groundglass-serve-link").symlink_to(abandoned)
    first = opened(None)
    second = opened(None)
    assert not abandoned.exists()
    assert first.folder.is_dir()
    assert strange.is_dir()
    monkeypatch.setattr(module, "_FRESH_S", 60.0)
    abandoned.mkdir()
    (abandoned / "lock").touch()
    opened(None).close()
    assert abandoned.exists()
    for store in (first, second):
        store.close()


def test_a_folder_that_can_not_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(ValueError, match=r"data folder .*file.* can't be written"):
        opened(tmp_path / "file")
    (tmp_path / "groundglass.sqlite").write_text("no database" * 100)
    with pytest.raises(ValueError, match="can't be used"):
        opened(tmp_path)
