"""The web page of groundglass: ``groundglass serve``, or :func:`create_app` under any ASGI server."""

from __future__ import annotations

from typing import TYPE_CHECKING

from groundglass import _optional
from groundglass.web.settings import Settings

if TYPE_CHECKING:
    from starlette.types import ASGIApp

__all__ = ["Settings", "create_app"]


def create_app(settings: Settings | None = None) -> ASGIApp:
    """The page and its API as an ASGI application; see :func:`groundglass.web.app.create_app`.

    Raises :class:`ImportError` where what it needs is not installed.
    """
    require("starlette", "PIL")
    from groundglass.web.app import create_app as create

    return create(settings)


def require(*modules: str) -> None:
    """Raises :class:`ImportError` naming what to install where one of these is missing."""
    _optional.require("the page", *modules, install="'groundglass[web]'")
