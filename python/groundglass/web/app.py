"""The ASGI application: the page, its API, and what surrounds both."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from anyio import to_thread
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from groundglass.web import analysis
from groundglass.web.api import Api
from groundglass.web.errors import Refused
from groundglass.web.security import Secured, error_response
from groundglass.web.service import Service
from groundglass.web.settings import Settings
from groundglass.web.worker import Task

#: The built page.
STATIC = Path(__file__).parent / "static"

#: Seconds between two looks for what has expired.
SWEEP_S = 60.0

_NOT_BUILT = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>groundglass</title>
<h1>groundglass</h1>
<p>The server runs, and its API is at /api; this installation comes without the page.</p>
<p>Install a wheel of groundglass, which has the page inside, or build it in a source tree with node:</p>
<pre>cd python/frontend
npm ci
npm run build</pre>
</html>
"""

log = logging.getLogger(__name__)


def create_app(
    settings: Settings | None = None, *, task: Task = analysis.run, static: Path = STATIC
) -> ASGIApp:
    """The page and its API as an ASGI application with a worker pool of its own.

    The workers start and end with the application's lifespan. `task` is what they do with an upload.
    Raises :class:`ValueError` for a data folder that can't be used, :class:`groundglass.ModelError` for a
    model that can't be found.
    """
    settings = settings or Settings()
    service = Service(settings, task)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        service.start()
        sweeper = asyncio.create_task(_sweep(service))
        try:
            yield
        finally:
            sweeper.cancel()
            with suppress(asyncio.CancelledError):
                await sweeper
            await to_thread.run_sync(service.close)

    app = Starlette(
        routes=[*Api(service).routes(), *_page(static)],
        lifespan=lifespan,
        exception_handlers={Refused: _refused, HTTPException: _http_error, Exception: _failed},
    )
    return Secured(_Logged(app), settings)


def _page(static: Path) -> list[Route | Mount]:
    """The routes of the page, or of a word on how to get it."""
    index = static / "index.html"
    if not index.is_file():

        async def not_built(request: Request) -> Response:
            return HTMLResponse(_NOT_BUILT, headers={"cache-control": "no-cache"})

        return [Route("/", not_built)]

    async def page(request: Request) -> Response:
        return FileResponse(index, headers={"cache-control": "no-cache"})

    return [Route("/", page), Mount("/", _Files(directory=static))]


class _Files(StaticFiles):
    """The page's files; those below ``assets`` have a hash of their content in their names."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        hashed = path.startswith("assets/") and response.status_code < 400
        response.headers["cache-control"] = "public, max-age=31536000, immutable" if hashed else "no-cache"
        return response


class _Logged:
    """The application with a line in the log for each request, the address's pattern in place of the
    address."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status = 0

        async def listening(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        start = time.monotonic()
        try:
            await self._app(scope, receive, listening)
        except Exception:
            log.exception("request failed inside")
            if status != 500:  # in mid-answer, which uvicorn breaks off
                raise
        # looks of the page at a running job come every second
        level = logging.INFO if scope["method"] != "GET" or status >= 400 else logging.DEBUG
        details = {
            "method": scope["method"],
            "route": getattr(scope.get("route"), "path", None) or "-",
            "status": status,
            "seconds": round(time.monotonic() - start, 3),
        }
        log.log(level, "request", extra=details)


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refused)
    log.info("request refused", extra={"code": error.code, "status": error.status})
    return error_response(error)


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    code = {404: "not_found", 405: "method_not_allowed"}.get(error.status_code, "bad_request")
    text = {404: "There is no such page.", 405: "This address does not take that method."}
    found = Refused(code, text.get(error.status_code, "The request can't be answered."), error.status_code)
    response = error_response(found)
    response.headers.update(error.headers or {})
    return response


async def _failed(request: Request, error: Exception) -> Response:
    text = "The server failed inside; it has written down where."
    return error_response(Refused("internal_error", text, 500))


async def _sweep(service: Service) -> None:
    """Removes what has expired, again and again."""
    while True:
        await asyncio.sleep(SWEEP_S)
        try:
            count = await to_thread.run_sync(service.store.sweep)
        except Exception:
            log.exception("sweep failed")
        else:
            if count:
                log.info("results expired", extra={"count": count})
