"""What the server is told at its start."""

from __future__ import annotations

import ipaddress
import math
import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from groundglass._run import check_threads
from groundglass.segmentation.devices import Device, check_device
from groundglass.segmentation.presets import Preset, choose

LOOPBACK_NAMES = ("localhost", "127.0.0.1", "[::1]")

_LEAST = {
    "ttl_hours": 1 / 3600,
    "workers": 1,
    "memory_gb": 0,
    "queue": 1,
    "upload_mb": 1,
    "disk_gb": 0.001,
    "archive_images": 1,
    "unpacked_mb": 1,
    "job_minutes": 0.001,
}


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Options of ``groundglass serve``; raises :class:`ValueError` for one that makes no sense.

    `data` is the folder for uploads and results, None for a private temporary one that is removed at the
    end. Results live `ttl_hours`. `workers` analyses run at a time, each in a process of its own with
    `threads` threads and at most `memory_gb` of memory; 0 shares the cores, and three quarters of the memory,
    evenly. `queue` more may wait or be on their way up. `preset`, `model` and `device` are as in
    :func:`groundglass.analyze`.
    `allow_hosts` are names under which a proxy asks for the page.

    An archive may hold `archive_images` pictures and unpack to `unpacked_mb`; an analysis may take
    `job_minutes`. With `shared` everybody sees the list of all results. Workers log in `log_format`, one of
    :data:`groundglass.logs.FORMATS`, None for not at all.
    """

    host: str = "127.0.0.1"
    port: int = 8000
    shared: bool = False
    data: Path | None = None
    ttl_hours: float = 24.0
    workers: int = 1
    threads: int = 0
    memory_gb: float = 0.0
    queue: int = 20
    upload_mb: int = 2048
    disk_gb: float = 20.0
    allow_hosts: tuple[str, ...] = ()
    preset: Preset | None = None
    model: tuple[str, ...] | None = None
    device: Device = "auto"
    archive_images: int = 500
    unpacked_mb: int = 4096
    job_minutes: float = 30.0
    log_format: str | None = None

    def __post_init__(self) -> None:
        for name, least in _LEAST.items():
            if not least <= getattr(self, name) < math.inf:
                raise ValueError(f"{name} must be at least {least:.4g}, not {getattr(self, name)}")
        if not 0 <= self.port <= 65535:
            raise ValueError(f"port must lie in 0..65535, not {self.port}")
        check_threads(self.threads)
        check_device(self.device)
        choose(self.preset, self.model, None, compatible=False)
        for name in self.allow_hosts:
            if "/" in name or ":" in name.rpartition("]")[2]:
                text = "allow_hosts takes names without scheme and port, as ct.example.org"
                raise ValueError(f"{text}, not {name}")

    @property
    def upload_bytes(self) -> int:
        """The largest upload."""
        return self.upload_mb << 20

    @property
    def unpacked_bytes(self) -> int:
        """The most that an archive may unpack to."""
        return self.unpacked_mb << 20

    @property
    def disk_bytes(self) -> int:
        """What uploads and results may take together."""
        return int(self.disk_gb * (1 << 30))

    @property
    def worker_threads(self) -> int:
        """Threads of one worker."""
        return self.threads or max(1, check_threads(0) // self.workers)

    @property
    def worker_bytes(self) -> int | None:
        """Memory of one worker; None where the machine does not say how much it has."""
        if self.memory_gb:
            return int(self.memory_gb * (1 << 30))
        memory = _memory()
        return None if memory is None else memory * 3 // 4 // self.workers

    @property
    def loopback(self) -> bool:
        """Whether only this machine can reach the server."""
        return self.host == "localhost" or _is(self.host, "is_loopback")

    @property
    def wildcard(self) -> bool:
        """Whether the server listens at every address of the machine."""
        return self.host == "" or _is(self.host, "is_unspecified")

    def allows_host(self, host: str) -> bool:
        """Whether a request with this Host header, a port left out, is meant for this server.

        A name that isn't known could belong to a site that had its name point here (DNS rebinding). At a
        wildcard address any plain address is taken: no site can have one of those for a name.
        """
        host = host.lower().rstrip(".")
        named = {self.host.lower(), f"[{self.host.lower()}]", *(name.lower() for name in self.allow_hosts)}
        if host in named or (host in LOOPBACK_NAMES and (self.loopback or self.wildcard)):
            return True
        return self.wildcard and _is_address(host.strip("[]"))


def _memory() -> int | None:
    """Bytes of memory that this machine, or the container, has."""
    try:
        found = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return None
    with suppress(OSError, ValueError):
        found = min(found, int(Path("/sys/fs/cgroup/memory.max").read_text()))
    return found


def _is(host: str, quality: str) -> bool:
    try:
        return bool(getattr(ipaddress.ip_address(host), quality))
    except ValueError:
        return False


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
