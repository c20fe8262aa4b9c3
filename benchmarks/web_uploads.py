"""Many uploads at once to the web page: ``web_uploads.py FILE [--uploads 200]``.

Starts ``groundglass serve`` with a folder of its own, sends the file that many times at the same moment, and
tells what was answered, how long ``/healthz`` took meanwhile, and the most memory that the server itself took
(its workers are processes of their own). Then what was taken is cancelled.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import httpx

PIECE = 64 << 10


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def peak_mb(process: int) -> float:
    """Largest resident memory of a process so far, from Linux's /proc."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{process}/status").read_text())
    return int(found[1]) / 1000 if found else float("nan")


async def pieces(file: Path) -> AsyncIterator[bytes]:
    with file.open("rb") as stream:
        while piece := stream.read(PIECE):
            yield piece
            await asyncio.sleep(0)  # lets the others send as well


async def ready(client: httpx.AsyncClient) -> None:
    for _ in range(300):
        try:
            await client.get("/healthz")
            return
        except httpx.TransportError:
            await asyncio.sleep(0.1)
    raise SystemExit("the server did not start")


async def measure(file: Path, uploads: int, port: int, server: int) -> None:
    limits = httpx.Limits(max_connections=uploads + 8)
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=300, limits=limits) as client:
        await ready(client)
        before = peak_mb(server)
        waits: list[float] = []

        async def look() -> None:
            while True:
                start = time.perf_counter()
                await client.get("/healthz")
                waits.append(time.perf_counter() - start)
                await asyncio.sleep(0.1)

        async def send(number: int) -> tuple[str, str | None]:
            headers = {"X-File-Name": f"{number}.zip", "Content-Length": str(file.stat().st_size)}
            answer = await client.post("/api/uploads", content=pieces(file), headers=headers)
            content = answer.json()
            if answer.status_code == 201:
                return "201", content["id"]
            return f"{answer.status_code} {content['error']['code']}", None

        looking = asyncio.create_task(look())
        start = time.perf_counter()
        answers = await asyncio.gather(*(send(number) for number in range(uploads)))
        seconds = time.perf_counter() - start
        looking.cancel()
        counts = ", ".join(
            f"{count} x {answer}" for answer, count in Counter(answer for answer, _ in answers).items()
        )
        print(
            f"{uploads} uploads of {file.stat().st_size / 1e6:.1f} MB answered in {seconds:.1f} s: {counts}"
        )
        print(f"/healthz meanwhile: {max(waits):.2f} s at most, {len(waits)} times")
        print(f"server alone: {before:.0f} MB before, {peak_mb(server):.0f} MB at most")
        for _, taken in answers:
            if taken is not None:
                await client.delete(f"/api/results/{taken}")
        print("afterwards:", (await client.get("/healthz")).text)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", type=Path)
    parser.add_argument("--uploads", type=int, default=200)
    options = parser.parse_args()
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "groundglass", "serve", "--port", str(port), "--data", folder]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
            try:
                asyncio.run(measure(options.file, options.uploads, port, server.pid))
            finally:
                server.send_signal(signal.SIGTERM)


if __name__ == "__main__":
    main()
