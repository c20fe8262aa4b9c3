"""The routes below ``/api`` and ``/healthz``."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Generator
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

from anyio import CapacityLimiter, to_thread
from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from groundglass.findings.records import NOT_A_DEVICE
from groundglass.read.kinds import KINDS, PICTURE_ENDINGS
from groundglass.read.pictures import LARGEST_EDGE
from groundglass.web import painting
from groundglass.web.analysis import DOWNLOADS, IMAGE, IMAGES, LABEL_IMAGE, SHOWN
from groundglass.web.errors import Refused, not_found
from groundglass.web.security import REPORT_POLICY
from groundglass.web.service import Service

_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".json": "application/json",
    ".csv": "text/csv; charset=utf-8",
    ".gz": "application/gzip",
    ".png": "image/png",
}
_ID = re.compile(r"[A-Za-z0-9_-]{43}")

Handler = Callable[[Request], Awaitable[Response]]


class Api:
    """The handlers, on one service."""

    def __init__(self, service: Service) -> None:
        self._service = service
        # painting takes a core and the memory of some pictures each time
        self._painters = CapacityLimiter(2)
        # a zip on its way keeps two files open, and a slice
        self._zips = CapacityLimiter(16)

    def routes(self) -> list[Route]:
        """What the application serves."""
        one = "/api/results/{id}"
        table: list[tuple[str, str, Handler]] = [
            ("GET", "/healthz", self.health),
            ("GET", "/api/about", self.about),
            ("POST", "/api/uploads", self.upload),
            ("GET", "/api/results", self.results),
            ("GET", one, self.result),
            ("DELETE", one, self.delete),
            ("POST", f"{one}/cancel", self.cancel),
            ("GET", f"{one}/files/{{name}}", self.file),
            ("GET", f"{one}/images/{{index}}/{{name}}", self.image),
            ("GET", f"{one}/painted.png", self.painted),
            ("GET", f"{one}/painted.zip", self.painted_zip),
        ]
        return [Route(path, handler, methods=[method]) for method, path, handler in table]

    async def health(self, request: Request) -> Response:
        store = self._service.store
        return JSONResponse(
            {"status": "ok", "queue": store.count("queued"), "running": store.count("running")}
        )

    async def about(self, request: Request) -> Response:
        from groundglass._core import __version__

        settings = self._service.settings
        return JSONResponse(
            {
                "version": __version__,
                "shared": settings.shared,
                "ttl_hours": settings.ttl_hours,
                "limits": {
                    "upload_mb": settings.upload_mb,
                    "image_edge_px": LARGEST_EDGE,
                    "archive_images": settings.archive_images,
                },
                "models": self._service.models,
                "disclaimer": NOT_A_DEVICE,
            }
        )

    async def upload(self, request: Request) -> Response:
        try:
            job = await self._service.upload(request.headers, request.stream())
        except ClientDisconnect:
            return Response(status_code=400)  # nobody is there to read it
        return JSONResponse(self._service.describe(job), 201)

    async def results(self, request: Request) -> Response:
        if not self._service.settings.shared:
            raise Refused("not_shared", "This server lists no results.", 403)
        jobs = self._service.store.recent()
        return JSONResponse({"results": [self._service.describe(job, result=False) for job in jobs]})

    async def result(self, request: Request) -> Response:
        job = self._service.find(_id(request))
        return JSONResponse(await to_thread.run_sync(self._service.describe, job))

    async def cancel(self, request: Request) -> Response:
        job = self._service.find(_id(request))
        await to_thread.run_sync(self._service.pool.cancel, job)
        return JSONResponse(self._service.describe(self._service.find(job.id)))

    async def delete(self, request: Request) -> Response:
        await to_thread.run_sync(self._service.delete, _id(request))
        return Response(status_code=204)

    async def file(self, request: Request) -> Response:
        name = request.path_params["name"]
        job, folder = self._service.finished(_id(request))
        if job.kind != "study" or name not in (*DOWNLOADS, SHOWN):
            raise not_found()
        headers = {"content-security-policy": REPORT_POLICY} if name == "report.html" else None
        return _answer(folder / name, request, headers)

    async def image(self, request: Request) -> Response:
        index, name = request.path_params["index"], request.path_params["name"]
        _, folder = self._service.finished(_id(request))
        if not re.fullmatch(r"\d{1,6}", index, re.ASCII) or name not in (IMAGE, LABEL_IMAGE):
            raise not_found()
        return _answer(folder / IMAGES / index / name, request)

    async def painted(self, request: Request) -> Response:
        job, folder = self._service.finished(_id(request))
        paint = painting.Paint.from_query(request.query_params)
        index = request.query_params.get("image", "0")
        if not re.fullmatch(r"\d{1,6}", index, re.ASCII):
            raise Refused("bad_option", "image must be the number of a picture or slice.", 400)
        try:
            content = await to_thread.run_sync(
                painting.painted, folder, int(index), paint, limiter=self._painters
            )
        except FileNotFoundError:  # deleted a moment ago
            raise not_found() from None
        number = "" if job.kind == "slice" else f"-{int(index):04d}"
        response = Response(content, media_type="image/png")
        return _named(response, request, f"{_stem(job.name)}-painted{number}.png")

    async def painted_zip(self, request: Request) -> Response:
        job, folder = self._service.finished(_id(request))
        paint = painting.Paint.from_query(request.query_params)
        language = painting.language(request.query_params.get("lang", "en"))
        try:
            pieces = await to_thread.run_sync(painting.painted_zip, folder, job.name, paint, language)
        except FileNotFoundError:  # deleted a moment ago
            raise not_found() from None
        response = _Zip(pieces, self._painters, self._zips)
        return _named(response, request, f"{_stem(job.name)}-painted.zip", always=True)


class _Zip(StreamingResponse):
    """A zip that is painted while it is sent, once it has a place; its files are closed however that ends."""

    def __init__(
        self, pieces: Generator[bytes, None, None], painters: CapacityLimiter, places: CapacityLimiter
    ) -> None:
        async def paced() -> AsyncIterator[bytes]:
            while (piece := await to_thread.run_sync(next, pieces, None, limiter=painters)) is not None:
                yield piece

        super().__init__(paced(), media_type="application/zip")
        self._pieces = pieces
        self._places = places

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with self._places:
            try:
                with suppress(FileNotFoundError):  # deleted meanwhile: the answer breaks off
                    await super().__call__(scope, receive, send)
            finally:
                self._pieces.close()


def _id(request: Request) -> str:
    """The id of the address; what can't be one is as unknown as any other."""
    id = request.path_params["id"]
    if not _ID.fullmatch(id):
        raise not_found()
    return str(id)


def _answer(path: Path, request: Request, headers: dict[str, str] | None = None) -> Response:
    if not path.is_file():
        raise not_found()
    response = FileResponse(path, headers=headers, media_type=_TYPES[path.suffix])
    return _named(response, request, path.name)


def _named(response: Response, request: Request, name: str, *, always: bool = False) -> Response:
    """The answer, to be saved under this name where it is wanted."""
    if always or request.query_params.get("download") == "1":
        response.headers["content-disposition"] = f"attachment; filename*=utf-8''{quote(name, safe='')}"
    return response


def _stem(name: str) -> str:
    stem = name
    files = (kind.endings[0] for kind in KINDS.values() if kind.endings)
    for ending in (".gz", ".zip", *files, *PICTURE_ENDINGS):
        if stem.lower().endswith(ending):
            stem = stem[: -len(ending)]
    return stem or "result"
