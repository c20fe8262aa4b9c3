"""What the tests of the server share: uploads of any kind, and tasks for workers in place of analyses."""

from __future__ import annotations

import errno
import io
import json
import os
import signal
import stat
import struct
import threading
import time
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from PIL import Image

from groundglass.errors import Cancelled
from groundglass.web.analysis import PAGE
from groundglass.web.app import create_app
from groundglass.web.errors import Refused
from groundglass.web.server import bind, server, url
from groundglass.web.settings import Settings
from groundglass.web.worker import Order, Task, Tell
from groundglass.write import OutputError

ENDED = ("done", "failed", "cancelled")

#: What anything may take on a busy machine: a test that passes never waits for so long.
PATIENCE_S = 120


def png(width: int = 48, height: int = 48, seed: int = 0) -> bytes:
    """A grey picture of noise."""
    grey = np.random.default_rng(seed).integers(0, 256, (height, width), np.uint8)
    target = io.BytesIO()
    Image.fromarray(grey).save(target, "PNG")
    return target.getvalue()


def jpeg() -> bytes:
    """A grey JPEG of one value."""
    target = io.BytesIO()
    Image.fromarray(np.full((48, 48), 90, np.uint8)).save(target, "JPEG")
    return target.getvalue()


def huge_png(width: int, height: int) -> bytes:
    """A picture of few bytes that claims any size, and holds its first hundred rows in black."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    engine = zlib.compressobj(9)
    row = b"\0" * (width + 1)
    packed = b"".join(engine.compress(row) for _ in range(100)) + engine.flush()
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


def zipped(files: Mapping[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    """A zip with these files under exactly these names."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", method) as archive:
        for name, content in files.items():
            entry = zipfile.ZipInfo("x" * len(name))
            entry.filename = name
            entry.compress_type = method
            archive.writestr(entry, content)
    return target.getvalue()


def with_link() -> bytes:
    """A zip with a picture and a symbolic link."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("a.png", png())
        entry = zipfile.ZipInfo("b.png")
        entry.create_system = 3
        entry.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(entry, "/etc/passwd")
    return target.getvalue()


def encrypted() -> bytes:
    """A zip whose one entry is marked as protected by a password."""
    content = bytearray(zipped({"a.png": png()}))
    for signature, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(signature) + place] |= 1
    return bytes(content)


def claiming(size: int) -> bytes:
    """A zip of one volume that claims to have this many bytes."""
    content = bytearray(zipped({"ct.nii": b"x" * 1000}))
    struct.pack_into("<I", content, content.index(b"PK\x01\x02") + 24, size)
    return bytes(content)


def many_entries(claimed: int) -> bytes:
    """A zip whose directory claims to be `claimed` bytes long."""
    content = bytearray(zipped({"a.png": png()}))
    end = content.rindex(b"PK\x05\x06")
    directory = content.index(b"PK\x01\x02")
    content[directory:directory] = b"\0" * claimed
    struct.pack_into("<I", content, end + claimed + 12, claimed)
    return bytes(content)


@contextmanager
def serving(task: Task, static: Path | None = None, **settings: Any) -> Iterator[httpx.Client]:
    """A running server around a task, as a client that asks it."""
    options = {} if static is None else {"static": static}
    with bind("127.0.0.1", 0) as listener:
        running = server(create_app(Settings(**settings), task=task, **options))
        thread = threading.Thread(target=running.run, args=([listener],))
        thread.start()
        try:
            with httpx.Client(base_url=url(listener), timeout=30) as client:
                yield client
        finally:
            running.should_exit = True
            thread.join()


def send(page: httpx.Client, content: bytes, name: str = "a.png", **headers: str) -> Any:
    """The answer to an upload."""
    return page.post("/api/uploads", content=content, headers={"X-File-Name": name, **headers})


def ended(page: httpx.Client, id: str) -> dict[str, Any]:
    """The job once it has ended."""
    return wait_for(lambda: job if (job := page.get(f"/api/results/{id}").json())["state"] in ENDED else None)


def wait_for(look: Callable[[], Any]) -> Any:
    """What `look` gives as soon as it gives something."""
    latest = time.monotonic() + PATIENCE_S
    while time.monotonic() < latest:
        if found := look():
            return found
        time.sleep(0.02)
    raise AssertionError(f"nothing came within {PATIENCE_S} s")


# --- tasks --------------------------------------------------------------------------------------------------


def _write(order: Order, content: Mapping[str, Any]) -> None:
    (order.folder / PAGE).write_text(json.dumps(content), encoding="utf-8")


def echo(order: Order, tell: Tell) -> None:
    """Ends at once; the result says what the order was."""
    tell("read", 1, 2)
    image = {"index": 0, "name": "", "image": "images/0/image.png", "labels": "images/0/labels.png"}
    facts = {"pid": os.getpid(), "bytes": order.upload.stat().st_size}
    _write(order, {"kind": order.kind, "images": [image], **facts})


def patient(order: Order, tell: Tell) -> None:
    """Runs until it is cancelled."""
    done = 0
    while tell("segmentation", done, 1000):
        done += 1
        time.sleep(0.02)
    raise Cancelled("stopped")


def deaf(order: Order, tell: Tell) -> None:
    """Runs and never listens; what it has left lies in its folders."""
    (order.folder / "partial").write_text("x")
    tell("segmentation", 0, 1)
    time.sleep(60)


def by_content(order: Order, tell: Tell) -> None:
    """Does what the archive's first entry is called."""
    with zipfile.ZipFile(order.upload) as archive:
        word = archive.namelist()[0].removesuffix(".png")
    if word == "crash":
        os.kill(os.getpid(), signal.SIGSEGV)
    if word == "abort":
        os.abort()
    if word == "kill":  # as the system does where memory is short
        os.kill(os.getpid(), signal.SIGKILL)
    if word == "terminate":
        os.kill(os.getpid(), signal.SIGTERM)
    if word == "leave":
        os._exit(0)
    if word == "memory":
        raise MemoryError
    if word == "disk":
        raise OSError(errno.ENOSPC, "No space left on device", "/somewhere/Ivanov")
    if word == "output":
        raise OutputError("cannot write /somewhere/Ivanov: No space left on device")
    if word == "allocate":
        np.ones(1 << 40, np.uint8)
    if word == "refuse":
        raise Refused("no_lung", "No lung was found.")
    if word == "bug":
        raise KeyError("Ivanov")
    if word == "patient":
        patient(order, tell)
    if word == "deaf":
        deaf(order, tell)
    echo(order, tell)


def named(word: str) -> bytes:
    """An archive that :func:`by_content` understands."""
    return zipped({f"{word}.png": png()})
