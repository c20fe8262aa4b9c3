"""What every answer carries and every request must: headers, a known host, no other site."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from groundglass.web.errors import Refused
from groundglass.web.settings import Settings

#: The page's own scripts, styles and workers, and nothing from elsewhere. Volumes are drawn in workers that
#: are made of blobs.
PAGE_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data: blob:",
        "connect-src 'self'",
        "worker-src 'self' blob:",
        "font-src 'self' data:",
        "manifest-src 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "form-action 'none'",
    )
)

#: For a report: it has its styles and pictures inside and needs no script.
REPORT_POLICY = (
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)

_HEADERS = {
    "content-security-policy": PAGE_POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}


def with_headers(scope: Scope, send: Send) -> Send:
    """`send` for the answers to a request, which adds the headers that they lack."""

    async def send_with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in _HEADERS.items():
                headers.setdefault(name, value)
            if scope["path"].startswith("/api"):
                headers.setdefault("cache-control", "no-store")
        await send(message)

    return send_with_headers


def error_response(error: Refused) -> JSONResponse:
    """A refusal as an answer."""
    headers = {} if error.retry_after is None else {"retry-after": str(error.retry_after)}
    return JSONResponse({"error": error.to_dict()}, error.status, headers)


class Secured:
    """The application with the checks before it and the headers on its answers."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        send = with_headers(scope, send)
        try:
            self._check(Headers(scope=scope))
        except Refused as error:
            await error_response(error)(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    def _check(self, headers: Headers) -> None:
        host = _without_port(headers.get("host", ""))
        if not self._settings.allows_host(host):
            text = "This server is not known by that name; its operator can add it with --allow-host."
            raise Refused("unknown_host", text, 421)
        origin = headers.get("origin")
        if origin is not None and not _is_same(origin, headers.get("host", "")):
            raise Refused("other_origin", "Requests from other sites are not answered.", 403)


#: Ports that an address need not name.
_PORTS = {"http": 80, "https": 443}


def _is_same(origin: str, host: str) -> bool:
    """Whether an Origin header names the same host and port as the Host header.

    The scheme is not compared: before the server there may be a proxy that speaks TLS. A port that is not
    named is that of the origin's scheme. ``null``, and what is more or less than an address, is no origin.
    """
    try:
        own, other = urlsplit(f"//{host}"), urlsplit(origin)
        port = _PORTS.get(other.scheme)
        if port is None or other.netloc != origin.partition("://")[2] or "@" in origin + host:
            return False
        return (_address(own.hostname), own.port or port) == (_address(other.hostname), other.port or port)
    except ValueError:
        return False


def _address(host: str | None) -> str:
    """A host's name or address, in one way of writing it."""
    if not host:
        raise ValueError("no host")
    try:
        return str(ip_address(host))
    except ValueError:
        return host.lower().rstrip(".")


def _without_port(host: str) -> str:
    if host.startswith("["):
        return host.partition("]")[0] + "]"
    return host.partition(":")[0]
