"""The parts of a running server in one place, and what a request needs of them."""

from __future__ import annotations

import json
import logging
import shutil
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from anyio import CapacityLimiter, to_thread

from groundglass import weights
from groundglass.segmentation.choice import lookup_models, model_record
from groundglass.segmentation.presets import choose
from groundglass.web import analysis, uploads
from groundglass.web.errors import Refused, not_found
from groundglass.web.jobs import Pool
from groundglass.web.settings import Settings
from groundglass.web.store import ROOM, Job, Store, shown
from groundglass.web.worker import Task

log = logging.getLogger(__name__)


class Service:
    """The store and the worker pool, with the operations of the API on them.

    Raises :class:`groundglass.ModelError` for a model that can't be found, and as
    :class:`groundglass.web.store.Store` does for the data folder.
    """

    def __init__(self, settings: Settings, task: Task = analysis.run) -> None:
        self.settings = settings
        lungs = [weights.find(weights.LUNGS)] if weights.ships(weights.LUNGS) else []
        #: name and licence of what segments, lesions first
        chosen = choose(settings.preset, settings.model, None, compatible=False)
        self.models = [
            {"name": record.name, "licence": record.licence}
            for record in map(model_record, [*lookup_models(chosen.model), *lungs])
        ]
        self.store = Store(settings.data, ttl_s=3600 * settings.ttl_hours)
        self.pool = Pool(settings, self.store, task)
        self._coming_bytes = 0
        # the directory of an archive takes up to 100 MB while it is looked at
        self._lookers = CapacityLimiter(2)

    def start(self) -> None:
        """Starts the workers."""
        self.pool.start()

    def close(self) -> None:
        """Cancels what runs, ends the workers, removes a temporary data folder."""
        self.pool.close()
        self.store.close()

    async def upload(self, headers: Mapping[str, str], body: AsyncIterator[bytes]) -> Job:
        """Takes an upload and puts it in the queue; raises :class:`Refused`. What goes wrong on the way
        leaves nothing behind."""
        name = uploads.file_name(headers)
        length = uploads.announced_length(headers, self.settings)
        id = self.store.new_id()
        folder = self.store.upload_folder(id)
        with self.pool.place(), self._room(length):
            folder.mkdir(mode=0o700)
            try:
                part = folder / "part"
                try:
                    await uploads.receive(body, part, length)
                except OSError as error:
                    raise _storage_full() from error
                kind = await to_thread.run_sync(
                    uploads.kind_of_upload, part, self.settings, limiter=self._lookers
                )
                file = f"upload{kind.ending}"
                part.rename(folder / file)
                job = self.store.add(id, name=name, kind=kind.name, file=file, size=length)
            except BaseException:
                shutil.rmtree(folder, ignore_errors=True)
                raise
        log.info("upload taken", extra={"job": shown(id), "kind": job.kind, "bytes": length})
        return job

    def find(self, id: str) -> Job:
        """The job of this id; raises the one "not found" for everything else."""
        job = self.store.get(id)
        if job is None:
            raise not_found()
        return job

    def finished(self, id: str) -> tuple[Job, Path]:
        """A job that is done and the folder of its result."""
        job = self.find(id)
        if job.state != "done":
            raise not_found()
        return job, self.store.result_folder(id)

    def delete(self, id: str) -> None:
        """Stops the job where it runs and removes all of it."""
        job = self.find(id)
        self.pool.cancel(job)
        self.store.remove(job.id)
        log.info("result deleted", extra={"job": shown(id)})

    def describe(self, job: Job, *, result: bool = True) -> dict[str, Any]:
        """The job as the page sees it."""
        progress = self.pool.progress(job.id) if job.state == "running" else None
        content: dict[str, Any] = {
            "id": job.id,
            "name": job.name,
            "kind": job.kind,
            "state": job.state,
            "position": self.store.position(job),
            "stage": progress.stage if progress else None,
            "done": progress.done if progress else 0,
            "total": progress.total if progress else 0,
            "created": _iso(job.created),
            "expires": _iso(job.expires),
            "error": {"code": job.error_code, "text": job.error_text} if job.error_code else None,
        }
        return content | ({"result": self._result(job)} if result else {})

    def _result(self, job: Job) -> dict[str, Any] | None:
        if job.state != "done":
            return None
        try:
            text = (self.store.result_folder(job.id) / analysis.PAGE).read_text(encoding="utf-8")
        except FileNotFoundError:  # deleted a moment ago
            raise not_found() from None
        content: dict[str, Any] = json.loads(text)
        if job.kind == "slice":
            content["images"][0]["name"] = job.name
        return content

    @contextmanager
    def _room(self, length: int) -> Iterator[None]:
        """Room on disk for an upload and what becomes of it; refused where there is none."""
        wanted = ROOM * length
        taken = self.store.used_bytes() + self._coming_bytes
        free = shutil.disk_usage(self.store.folder).free
        if taken + wanted > self.settings.disk_bytes or self._coming_bytes + wanted > free:
            raise _storage_full()
        self._coming_bytes += wanted
        try:
            yield
        finally:
            self._coming_bytes -= wanted


def _storage_full() -> Refused:
    text = "The server's storage is full; delete results, or try again later."
    return Refused("storage_full", text, 507, retry_after=600)


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
