"""``groundglass serve``."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from groundglass.cli.manual import OTHER, flag, page
from groundglass.cli.options import Debug, DeviceOption, Devices, LogFormat, LogLevel, Models, PresetOption

if TYPE_CHECKING:
    from groundglass.web import Settings

ADDRESS, LIMITS, STORAGE = "Address", "Limits", "Storage"

EXAMPLES = {
    "For yourself, at http://127.0.0.1:8000:": "groundglass serve",
    "With results that outlive the server:": "groundglass serve --data /var/lib/groundglass --ttl-hours 72",
    "Behind a proxy that adds TLS and asks who is there:": (
        "groundglass serve --data /var/lib/groundglass \\",
        "    --allow-host ct.example.org --log-format json",
    ),
    "Two analyses at a time, four cores each:": "groundglass serve --workers 2 --threads 4",
}


def register(app: typer.Typer) -> None:
    """Adds the command to the program."""
    settings = page(serve, examples=EXAMPLES, see="the guide Deploy the page in the documentation")
    app.command(rich_help_panel="Serve", **settings)(serve)


def serve(
    host: Annotated[
        str,
        typer.Option("--host", metavar="ADDRESS", help="Where to listen.", rich_help_panel=ADDRESS),
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option("--port", min=0, max=65535, metavar="N", help="Port.", rich_help_panel=ADDRESS)
    ] = 8000,
    allow_host: Annotated[
        list[str] | None,
        typer.Option(
            "--allow-host",
            metavar="NAME",
            help="A name under which a proxy asks for the page; again for several.",
            rich_help_panel=ADDRESS,
        ),
    ] = None,
    shared: Annotated[
        bool,
        flag("--shared", help="Show everybody the list of all results.", panel=ADDRESS),
    ] = False,
    data: Annotated[
        Path | None,
        typer.Option(
            "--data",
            metavar="DIR",
            help="Folder for uploads and results; without it a private one that is removed at the end.",
            rich_help_panel=STORAGE,
        ),
    ] = None,
    ttl_hours: Annotated[
        float,
        typer.Option("--ttl-hours", metavar="H", help="How long a result is kept.", rich_help_panel=STORAGE),
    ] = 24.0,
    disk_gb: Annotated[
        float,
        typer.Option(
            "--disk-gb",
            metavar="N",
            help="What uploads and results may take; more is refused.",
            rich_help_panel=STORAGE,
        ),
    ] = 20.0,
    upload_mb: Annotated[
        int,
        typer.Option("--upload-mb", metavar="N", help="The largest upload.", rich_help_panel=LIMITS),
    ] = 2048,
    queue: Annotated[
        int,
        typer.Option("--queue", metavar="N", help="Uploads that may wait.", rich_help_panel=LIMITS),
    ] = 20,
    workers: Annotated[
        int, typer.Option("--workers", metavar="N", help="Analyses at a time.", rich_help_panel=LIMITS)
    ] = 1,
    threads: Annotated[
        int,
        typer.Option(
            "--threads",
            min=0,
            metavar="N",
            help="Threads of one analysis; 0 shares the cores.",
            rich_help_panel=LIMITS,
        ),
    ] = 0,
    memory_gb: Annotated[
        float,
        typer.Option(
            "--memory-gb",
            metavar="N",
            help="Memory of one analysis; 0 shares three quarters of the machine's.",
            rich_help_panel=LIMITS,
        ),
    ] = 0.0,
    preset: PresetOption = None,
    model: Models = None,
    device: DeviceOption = Devices.auto,
    log_format: Annotated[
        LogFormat | None,
        typer.Option(
            "--log-format",
            help="A line for people, or one JSON object a line.",
            show_default="text",
            rich_help_panel=OTHER,
        ),
    ] = None,
    debug: Debug = False,
) -> None:
    """Serve the web page: upload a slice, an archive of slices or a whole study, and see what is found.

    Listens on this machine alone unless told otherwise, sends nothing anywhere, and loads nothing from
    elsewhere. A result is known to those who have its address, and is removed when its time has run out; an
    upload as soon as it is analyzed. There are no accounts and no TLS: for others than yourself put a proxy
    in front that has both. One line a request goes to the standard error, without names, addresses of
    results or anything of a patient.
    """
    from groundglass import logs
    from groundglass.cli.console import blaming_model
    from groundglass.web import Settings

    level, form = logs.in_use() or (LogLevel.info, LogFormat.text)
    form = log_format or form
    settings = Settings(
        host=host,
        port=port,
        shared=shared,
        data=data,
        ttl_hours=ttl_hours,
        workers=workers,
        threads=threads,
        memory_gb=memory_gb,
        queue=queue,
        upload_mb=upload_mb,
        disk_gb=disk_gb,
        allow_hosts=tuple(allow_host or ()),
        preset=None if preset is None else preset.value,
        model=tuple(model) if model else None,
        device=device.value,
        log_format=form,
    )
    with blaming_model(model or None):
        ended_by = _serve(settings, level, form)
    raise SystemExit(128 + ended_by)


def _serve(settings: Settings, log_level: str, log_format: str) -> int:
    """Runs the server until a signal ends it, and gives that."""
    from groundglass import logs
    from groundglass.cli.console import console
    from groundglass.cli.errors import WrongInput
    from groundglass.web import create_app, require

    require("starlette", "uvicorn", "PIL", "torch")
    from groundglass.web.server import bind, run, url

    try:
        listener = bind(settings.host, settings.port)
    except OSError as error:
        raise WrongInput(str(error)) from error
    with listener:
        app = create_app(settings)
        logs.setup(log_level, log_format)
        log = logging.getLogger(__name__)
        if log_format == LogFormat.text:
            text = f"The page is at {url(listener)}; Ctrl-C ends it."
            console(stderr=True).print(text, markup=False, soft_wrap=True)
        else:
            log.info("serving", extra={"address": url(listener)})
        if not settings.loopback:
            log.warning(
                "reachable from other machines, without accounts and without TLS: put a proxy in front"
            )
        return run(app, listener)
