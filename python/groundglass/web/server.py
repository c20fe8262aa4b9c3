"""Running the application with uvicorn: limits on connections, a clean end, one word at the start."""

from __future__ import annotations

import asyncio
import errno
import logging
import signal
import socket
import threading
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from groundglass.web.errors import Refused
from groundglass.web.security import error_response, with_headers

#: Connections at a time. As many more are answered with 503, and those beyond are closed.
MOST_CONNECTIONS = 512
#: Files and connections that may be open at a time, where the system allows as many.
_MOST_FILES = 4096
#: Seconds for a request's head to arrive, and for the rest of a refused body.
PATIENCE_S = 20.0
#: Seconds that a client may take nothing of an answer.
STALL_S = 60.0
#: Seconds that running answers have when the server ends.
FAREWELL_S = 5


class Protocol(H11Protocol):
    """uvicorn's HTTP/1.1 that does not wait for ever for a request to arrive, nor for an answer to be taken,
    and bounds the number of connections.

    Without it a client that sends its request byte by byte, or reads nothing, keeps its connection.
    """

    _deadline: asyncio.TimerHandle | None = None
    _stalled: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        if len(self.connections) > MOST_CONNECTIONS:
            self.app = _busy
        if len(self.connections) > 2 * MOST_CONNECTIONS:
            transport.abort()
        else:
            self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        self._done_waiting()
        self._done_stalling()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._done_stalling()
        self._stalled = self.loop.call_later(STALL_S, self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        self._done_stalling()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._answering():
            self._done_waiting()
        elif self._deadline is None:
            self._wait()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if not self._answering():
            self._wait()

    def _answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _wait(self) -> None:
        self._done_waiting()
        self._deadline = self.loop.call_later(PATIENCE_S, self._give_up)

    def _done_waiting(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _done_stalling(self) -> None:
        if self._stalled is not None:
            self._stalled.cancel()
            self._stalled = None

    def _give_up(self) -> None:
        if not self._answering():
            self.transport.abort()


async def _busy(scope: Scope, receive: Receive, send: Send) -> None:
    """What is answered where there are too many connections."""
    text = "The server has too many connections; try again in a minute."
    response = error_response(Refused("too_many_connections", text, 503, retry_after=60))
    response.headers["connection"] = "close"
    await response(scope, receive, with_headers(scope, send))


class Server(uvicorn.Server):
    """uvicorn's server that keeps the signal that ended it instead of raising it again."""

    ended_by: int | None = None

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """SIGINT and SIGTERM end the server, as long as this context lasts; another thread than the main one
        gets no signals."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return

        def end(number: int, frame: Any) -> None:
            self.ended_by = self.ended_by or number
            self.should_exit = True

        before = {number: signal.signal(number, end) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def bind(host: str, port: int) -> socket.socket:
    """A socket that listens at the address; raises :class:`OSError` where it can't be had."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0][0]
        return socket.create_server((host, port), family=family, backlog=MOST_CONNECTIONS)
    except OSError as error:
        reason = {
            errno.EADDRINUSE: "the port is in use; choose another with --port",
            errno.EACCES: "that port needs rights that you don't have; choose one above 1023",
        }.get(error.errno or 0, "that is no address of this machine")
        raise OSError(f"can't listen at {host} port {port}: {reason}") from error


def server(app: ASGIApp) -> Server:
    """The server for an application, to be run on a listener."""
    return Server(
        uvicorn.Config(
            app,
            http=Protocol,
            ws="none",
            lifespan="on",
            access_log=False,
            log_config=None,
            server_header=False,
            timeout_graceful_shutdown=FAREWELL_S,
        )
    )


def run(app: ASGIApp, listener: socket.socket) -> int:
    """Serves until told to end, and gives the signal that said so.

    What uvicorn has to say goes where groundglass logs to. Raises :class:`RuntimeError` where the application
    failed to start.
    """
    logger = logging.getLogger("uvicorn")
    logger.handlers = logging.getLogger("groundglass").handlers
    logger.propagate = False
    logger.setLevel(logging.WARNING)
    _allow_files()
    running = server(app)
    running.run(sockets=[listener])
    if running.ended_by is None:
        raise RuntimeError("the server failed to start; what it logged says why")
    return running.ended_by


def _allow_files() -> None:
    """Raises the bound on open files, which is 1024 on most systems: a connection may read a file or two."""
    try:
        import resource
    except ImportError:
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _MOST_FILES if hard == resource.RLIM_INFINITY else min(_MOST_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def url(listener: socket.socket) -> str:
    """The address of the page."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
