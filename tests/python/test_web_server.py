"""``groundglass serve`` as a program: it starts, logs, ends, and keeps what it should."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

pytest.importorskip("starlette")
pytest.importorskip("uvicorn")
pytest.importorskip("torch")

import web_helpers as make
from groundglass import _optional, web
from groundglass.cli import main
from groundglass.web import server as server_module
from small_study import refused, segmentation_missing, write
from tiny_models import maker

if missing := segmentation_missing():
    pytest.skip(missing, allow_module_level=True)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("model") / "tiny.pt"
    maker().save(maker().Tiny(), path, json.dumps(maker().contract()))
    return path


class Program:
    """A running ``groundglass serve`` with its log."""

    def __init__(self, process: subprocess.Popen[str], page: httpx.Client, log: Path) -> None:
        self.process, self.page, self.log = process, page, log

    def end(self, number: int = signal.SIGTERM) -> tuple[int, str]:
        """Asks it to end; gives the exit code and all that it has logged."""
        self.process.send_signal(number)
        return self.process.wait(timeout=30), self.log.read_text()


@contextmanager
def served(model: Path, *options: str, folder: Path) -> Iterator[Program]:
    words = [sys.executable, "-m", "groundglass", "serve", "--port", "0", "--model", str(model), *options]
    environment = os.environ | {"TMPDIR": str(folder)}
    log = folder / "log.txt"
    with (
        log.open("w") as target,
        subprocess.Popen(words, stderr=target, text=True, env=environment) as process,
    ):
        try:
            found = make.wait_for(lambda: re.search(r"http://[\d.]+:\d+", log.read_text()))
            address = found.group().replace("0.0.0.0", "127.0.0.1")
            with httpx.Client(base_url=address, timeout=30) as page:
                make.wait_for(lambda: _answers(page))
                yield Program(process, page, log)
        finally:
            process.kill()


def _answers(page: httpx.Client) -> bool:
    try:
        return page.get("/healthz").status_code == 200
    except httpx.TransportError:
        return False


def test_uploads_are_analyzed_and_outlive_the_server(model: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    study = write(tmp_path).read_bytes()
    with served(model, "--data", str(data), "--log-format", "json", folder=tmp_path) as program:
        page = program.page
        ids = [
            make.send(page, content, f"Ivanov.{ending}").json()["id"]
            for content, ending in ((study, "nii.gz"), (make.zipped({"a/Ivanov.png": make.png()}), "zip"))
        ]
        states = [make.ended(page, id) for id in ids]
        assert [(job["kind"], job["state"]) for job in states] == [("study", "done"), ("archive", "done")]
        address = f"/api/results/{ids[0]}"
        report = page.get(f"{address}/files/report.html")
        assert report.headers["content-security-policy"].startswith("sandbox; default-src 'none';")
        volume = page.get(f"{address}/files/ct.nii.gz?download=1")
        assert volume.content[:2] == b"\x1f\x8b"
        assert volume.headers["content-disposition"].startswith("attachment")
        assert "content-encoding" not in volume.headers
        painted = page.get(f"{address}/painted.png?image=3&ground_glass=FFD400&download=1")
        assert painted.headers["content-type"] == "image/png"
        assert "Ivanov-painted-0003.png" in painted.headers["content-disposition"]
        archive = page.get(f"/api/results/{ids[1]}/painted.zip?consolidation=FF3B30&lang=ru")
        assert archive.content[:2] == b"PK"
        assert not list((data / "uploads").iterdir())
        code, log = program.end()
        assert code == 143
    lines = [json.loads(line) for line in log.splitlines()]
    assert lines[0]["message"] == "serving"
    ended = [line for line in lines if line["message"] == "job done"]
    assert [line["kind"] for line in ended] == ["study", "archive"]
    assert all(line["seconds"] > 0 and len(line["job"]) == 8 for line in ended)
    requests = {(line["method"], line["route"]) for line in lines if line["message"] == "request"}
    assert requests == {("POST", "/api/uploads")}
    for secret in ("Ivanov", *ids, str(tmp_path)):
        assert secret not in log
    with served(model, "--data", str(data), folder=tmp_path) as program:
        assert program.page.get(f"/api/results/{ids[0]}").json()["result"] == states[0]["result"]


def test_a_temporary_folder_and_a_running_job_end_with_the_server(model: Path, tmp_path: Path) -> None:
    with served(model, folder=tmp_path) as program:
        assert list(tmp_path.glob("groundglass-serve-*"))
        make.send(program.page, write(tmp_path).read_bytes())
        make.wait_for(lambda: program.page.get("/healthz").json()["running"])
        code, log = program.end(signal.SIGINT)
        assert code == 130
    assert not list(tmp_path.glob("groundglass-serve-*"))
    assert "job cancelled" in log
    assert "code=server_stopped" in log
    assert "Traceback" not in log


def test_other_machines_are_warned_of(model: Path, tmp_path: Path) -> None:
    with served(model, "--host", "0.0.0.0", folder=tmp_path) as program:
        assert program.page.get("/healthz", headers={"Host": "elsewhere.example"}).status_code == 421
        _, log = program.end()
    assert "put a proxy in front" in log


def test_what_can_not_be_is_one_sentence(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert "the port is in use" in refused(capsys, "serve", "--port", port)
    (tmp_path / "file").write_text("x")
    serve: tuple[str, ...] = ("serve", "--port", "0")
    assert "no address of this machine" in refused(capsys, *serve, "--host", "192.0.2.1")
    assert "can't be written" in refused(capsys, *serve, "--data", str(tmp_path / "file"))
    assert "neither a shipped model" in refused(capsys, *serve, "--model", "gone.pt")
    assert "queue must be at least 1" in refused(capsys, *serve, "--queue", "0")
    assert "ttl_hours" in refused(capsys, *serve, "--ttl-hours", "inf")
    assert "without scheme and port" in refused(capsys, *serve, "--allow-host", "ct.example.org:8443")


def test_what_is_missing_is_named(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    found = _optional.find_spec
    monkeypatch.setattr(_optional, "find_spec", lambda name: None if name == "starlette" else found(name))
    text = refused(capsys, "serve", code=1)
    assert "pip install 'groundglass[web]'" in text


def test_help_has_examples(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["serve", "--help"]) == 0
    text = capsys.readouterr().out
    for word in ("--allow-host", "--ttl-hours", "groundglass serve --data", "Ctrl-C"):
        assert word in text


def test_a_connection_may_hold_files() -> None:
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(1000, before[1]), before[1]))
        server_module._allow_files()
        assert resource.getrlimit(resource.RLIMIT_NOFILE) == (min(4096, before[1]), before[1])
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_settings_know_their_hosts() -> None:
    def allows(asked: str, **settings: Any) -> bool:
        return web.Settings(**settings).allows_host(asked)

    assert allows("localhost")
    assert allows("[::1]", host="::1")
    assert not allows("192.0.2.1")
    assert not allows("")
    assert allows("192.0.2.1", host="0.0.0.0")
    assert allows("[2001:db8::1]", host="::")
    assert not allows("example.org", host="0.0.0.0")
    assert allows("Example.org.", host="0.0.0.0", allow_hosts=("example.org",))
    assert allows("ct.local", host="ct.local")
    assert not allows("localhost", host="192.0.2.1")
    assert not web.Settings(host="192.0.2.1").loopback
