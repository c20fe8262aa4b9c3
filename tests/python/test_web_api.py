"""The API as the page uses it, over a real connection; workers do something quick instead of an analysis."""

from __future__ import annotations

import errno
import gc
import logging
import socket
import threading
import time
from collections import Counter
from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

pytest.importorskip("starlette")
pytest.importorskip("uvicorn")

import web_helpers as make
from groundglass.web import app as app_module
from groundglass.web import painting, uploads
from groundglass.web import server as server_module
from groundglass.web.service import Service

UNKNOWN = "x" * 43
NOT_FOUND = {"error": {"code": "not_found", "text": "There is no such result, or its time has run out."}}


@pytest.fixture(scope="module")
def page() -> Iterator[httpx.Client]:
    with make.serving(make.echo, upload_mb=4) as client:
        yield client


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


def test_about_and_health(page: httpx.Client) -> None:
    about = page.get("/api/about").json()
    assert about["limits"] == {"upload_mb": 4, "image_edge_px": 4096, "archive_images": 500}
    assert about["shared"] is False
    assert about["models"]
    assert {"name", "licence"} == about["models"][0].keys()
    assert "Not a medical device" in about["disclaimer"]
    assert page.get("/healthz").json() == {"status": "ok", "queue": 0, "running": 0}


def test_an_upload_becomes_a_result_and_is_deleted(page: httpx.Client) -> None:
    answer = make.send(page, make.png(), "%D1%81%D1%80%D0%B5%D0%B7.png")
    assert answer.status_code == 201
    job = answer.json()
    assert len(job["id"]) == 43
    assert (job["name"], job["kind"], job["error"]) == ("срез.png", "slice", None)
    assert job["created"] < job["expires"]
    done = make.ended(page, job["id"])
    assert done["state"] == "done"
    assert done["result"]["bytes"] == len(make.png())
    assert done["result"]["images"][0]["name"] == "срез.png"
    address = f"/api/results/{job['id']}"
    assert page.delete(address).status_code == 204
    assert page.get(address).json() == NOT_FOUND
    assert page.delete(address).json() == NOT_FOUND


def test_what_is_unknown_deleted_or_malformed_looks_the_same(page: httpx.Client) -> None:
    known = make.send(page, make.png()).json()["id"]
    make.ended(page, known)
    answers = [
        page.request(method, f"/api/results/{id}{rest}")
        for id in (UNKNOWN, "short", "x" * 44, "é" * 43)
        for method, rest in (("GET", ""), ("POST", "/cancel"), ("DELETE", ""), ("GET", "/painted.png"))
    ]
    answers += [
        page.get(f"/api/results/{known}/{rest}")
        for rest in (
            "files/page.json",
            "files/ct.nii.gz",
            "images/0/page.json",
            "images/9/image.png",
            "images/x/image.png",
        )
    ]
    assert {(answer.status_code, answer.text) for answer in answers} == {(404, answers[0].text)}
    assert answers[0].json() == NOT_FOUND
    outside = [
        page.get(f"/api/results/{known}/files/..%2f..%2fgroundglass.sqlite"),
        page.get("/..%2f..%2fapi.py"),
    ]
    assert [code(answer) for answer in outside] == [(404, "not_found")] * 2


def test_results_are_listed_only_where_they_are_shared(page: httpx.Client) -> None:
    assert code(page.get("/api/results")) == (403, "not_shared")
    with make.serving(make.echo, shared=True) as shared:
        ids = [make.send(shared, make.png(), f"{name}.png").json()["id"] for name in ("a", "b")]
        listed = shared.get("/api/results").json()["results"]
        assert [job["id"] for job in listed] == ids[::-1]
        assert "result" not in listed[0]


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, (400, "bad_name")),
        ({"X-File-Name": "%FF"}, (400, "bad_name")),
        ({"X-File-Name": "a.png", "Origin": "https://elsewhere.example"}, (403, "other_origin")),
        ({"X-File-Name": "a.png", "Origin": "null"}, (403, "other_origin")),
        ({"X-File-Name": "a.png", "Origin": "http://[no-address"}, (403, "other_origin")),
        ({"X-File-Name": "a.png", "Origin": "http://127.0.0.1:1"}, (403, "other_origin")),
        ({"X-File-Name": "a.png", "Origin": "http://127.0.0.1"}, (403, "other_origin")),
        ({"X-File-Name": "a.png", "Host": "elsewhere.example"}, (421, "unknown_host")),
    ],
)
def test_forms_of_other_sites_are_kept_out(
    page: httpx.Client, headers: dict[str, str], expected: tuple[int, str]
) -> None:
    assert code(page.post("/api/uploads", content=make.png(), headers=headers)) == expected


def test_a_proxys_name_must_be_allowed() -> None:
    with make.serving(make.echo, allow_hosts=("ct.example.org",)) as page:
        named = {"Host": "ct.example.org", "Origin": "https://ct.example.org"}
        assert page.get("/healthz", headers=named).status_code == 200
        assert page.get("/healthz", headers={"Host": "localhost:8000"}).status_code == 200
        assert page.get("/healthz", headers={"Host": "10.0.0.1"}).status_code == 421


def test_refused_uploads_leave_nothing(tmp_path: Path) -> None:
    with make.serving(make.echo, data=tmp_path, upload_mb=1) as page:
        answers = [
            make.send(page, b"plain text", "ct.nii.gz"),
            make.send(page, b""),
            make.send(page, make.png(1, 1)),
            make.send(page, make.huge_png(20_000, 20_000)),
            make.send(page, make.encrypted()),
            make.send(page, b"x" * ((1 << 20) + 1)),
            page.post("/api/uploads", content=iter([b"chunked"]), headers={"X-File-Name": "a"}),
        ]
        assert [code(answer) for answer in answers] == [
            (415, "unsupported_type"),
            (415, "empty_file"),
            (415, "too_small"),
            (415, "too_large_image"),
            (415, "encrypted_zip"),
            (413, "too_large"),
            (411, "length_required"),
        ]
        for answer in answers:
            assert str(tmp_path) not in answer.text
        assert not list((tmp_path / "uploads").iterdir())
        assert page.get("/healthz").json()["queue"] == 0


def test_a_disk_that_fills_up_in_mid_upload_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def receive(stream: object, path: Path, length: int) -> None:
        path.write_bytes(b"part")
        raise OSError(errno.ENOSPC, "No space left on device", str(path))

    monkeypatch.setattr(uploads, "receive", receive)
    with make.serving(make.echo, data=tmp_path) as page:
        assert code(make.send(page, make.png())) == (507, "storage_full")
        assert not list((tmp_path / "uploads").iterdir())


def test_full_storage_is_said_and_deleting_helps(tmp_path: Path) -> None:
    content = make.zipped({f"{i}.png": make.png(300, 300, i) for i in range(8)})
    with make.serving(make.echo, data=tmp_path, disk_gb=2 * len(content) / (1 << 30)) as page:
        answer = make.send(page, content)
        assert code(answer) == (507, "storage_full")
        assert answer.headers["retry-after"]
        assert make.send(page, make.png()).status_code == 201


def test_a_full_queue_is_said_at_once() -> None:
    with make.serving(make.by_content, queue=1) as page:
        running = make.send(page, make.named("patient")).json()["id"]
        make.wait_for(lambda: page.get(f"/api/results/{running}").json()["state"] == "running")
        waiting = make.send(page, make.named("fine")).json()
        assert (waiting["state"], waiting["position"]) == ("queued", 1)
        answer = make.send(page, make.named("fine"))
        assert code(answer) == (503, "queue_full")
        assert int(answer.headers["retry-after"]) > 0
        assert page.post(f"/api/results/{waiting['id']}/cancel").json()["state"] == "cancelled"
        again = make.send(page, make.named("fine")).json()["id"]
        assert make.wait_for(lambda: page.get(f"/api/results/{running}").json()["total"] == 1000)
        assert page.get(f"/api/results/{running}").json()["stage"] == "segmentation"
        assert page.post(f"/api/results/{running}/cancel").json()["state"] == "cancelled"
        assert make.ended(page, again)["state"] == "done"


def test_sixty_uploads_at_once_are_each_taken_or_refused(tmp_path: Path) -> None:
    with make.serving(make.by_content, queue=5, data=tmp_path) as page, ThreadPoolExecutor(60) as many:
        running = make.send(page, make.named("patient")).json()["id"]
        make.wait_for(lambda: page.get(f"/api/results/{running}").json()["state"] == "running")
        answers = list(many.map(lambda _: make.send(page, make.named("fine")), range(60)))
        assert Counter(answer.status_code for answer in answers) == {201: 5, 503: 55}
        assert {code(answer)[1] for answer in answers if answer.status_code == 503} == {"queue_full"}
        taken = [answer.json()["id"] for answer in answers if answer.status_code == 201]
        assert len(list((tmp_path / "uploads").iterdir())) == 6
        page.delete(f"/api/results/{running}")
        assert {make.ended(page, id)["state"] for id in taken} == {"done"}


def test_a_failure_is_shown_with_its_code() -> None:
    with make.serving(make.by_content) as page:
        job = make.ended(page, make.send(page, make.named("refuse")).json()["id"])
        assert job["error"] == {"code": "no_lung", "text": "No lung was found."}
        assert job["result"] is None
        answer = page.get(f"/api/results/{job['id']}/painted.zip")
        assert code(answer) == (404, "not_found")


def test_a_failure_inside_is_said_and_logged_once(
    page: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    logged: list[str] = []
    monkeypatch.setattr(app_module.log, "exception", logged.append)
    monkeypatch.setattr(
        logging.getLogger("uvicorn.error"), "error", lambda *_, **__: logged.append("uvicorn")
    )

    def find(self: object, id: str) -> None:
        raise KeyError(id)

    monkeypatch.setattr(Service, "find", find)
    answer = page.get(f"/api/results/{UNKNOWN}")
    assert code(answer) == (500, "internal_error")
    assert UNKNOWN not in answer.text
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    assert page.get("/healthz").status_code == 200
    assert logged == ["request failed inside"]


def test_what_is_deleted_while_it_is_painted_is_not_found(tmp_path: Path) -> None:
    with make.serving(make.echo, data=tmp_path) as page:
        id = make.send(page, make.png()).json()["id"]
        make.ended(page, id)
        (tmp_path / "results" / id / "page.json").unlink()
        for name in ("painted.png", "painted.zip"):
            assert page.get(f"/api/results/{id}/{name}").json() == NOT_FOUND


def test_a_zip_that_nobody_takes_any_more_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    closed = threading.Event()

    def painted_zip(*given: object) -> Generator[bytes, None, None]:
        try:
            while True:
                yield b"x" * (1 << 20)
        finally:
            closed.set()

    monkeypatch.setattr(painting, "painted_zip", painted_zip)
    with make.serving(make.echo) as page:
        id = make.send(page, make.png()).json()["id"]
        make.ended(page, id)
        gc.disable()
        try:
            with page.stream("GET", f"/api/results/{id}/painted.zip") as answer:
                assert next(answer.iter_raw())
            assert closed.wait(10)
        finally:
            gc.enable()


def test_every_answer_carries_the_security_headers(page: httpx.Client) -> None:
    answers = [
        page.get("/"),
        page.get("/api/about"),
        page.get("/nothing"),
        page.get("/api/about", headers={"Host": "elsewhere.example"}),
        page.put("/api/uploads"),
    ]
    for answer in answers:
        headers = answer.headers
        assert headers["content-security-policy"].startswith("default-src 'none'; script-src 'self'")
        assert "unsafe" not in headers["content-security-policy"]
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cross-origin-opener-policy"] == "same-origin"
        assert headers["cross-origin-resource-policy"] == "same-origin"
        assert "set-cookie" not in headers
        assert "server" not in headers
    assert answers[1].headers["cache-control"] == "no-store"
    assert code(answers[2]) == (404, "not_found")
    assert code(answers[4]) == (405, "method_not_allowed")


def test_the_page_is_served_or_said_to_be_missing(tmp_path: Path) -> None:
    with make.serving(make.echo, static=tmp_path / "none") as page:
        answer = page.get("/")
        assert answer.status_code == 200
        assert "npm run build" in answer.text
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text("<title>the page</title>")
    (tmp_path / "licences.txt").write_text("MIT")
    (tmp_path / "assets" / "index-1a2b.js").write_text("1")
    with make.serving(make.echo, static=tmp_path) as page:
        assert "the page" in page.get("/").text
        assert page.get("/").headers["cache-control"] == "no-cache"
        assert "immutable" in page.get("/assets/index-1a2b.js").headers["cache-control"]
        assert page.get("/assets/index-1a2b.js").headers["content-type"].startswith("text/javascript")
        assert page.get("/licences.txt").text == "MIT"
        assert page.get("/assets/none.js").status_code == 404
        assert page.get("/api/about").json()["shared"] is False


def test_what_expires_is_swept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app_module, "SWEEP_S", 0.05)
    with make.serving(make.echo, data=tmp_path, ttl_hours=0.0006) as page:
        id = make.send(page, make.png()).json()["id"]
        make.wait_for(lambda: page.get(f"/api/results/{id}").json() == NOT_FOUND)
        make.wait_for(lambda: not list((tmp_path / "results").iterdir()))


# --- connections that misbehave -----------------------------------------------------------------------------


def connection(page: httpx.Client, length: int, body: bytes) -> socket.socket:
    """A connection with an upload of which this part is sent."""
    found = socket.create_connection((page.base_url.host, page.base_url.port or 80), timeout=10)
    head = (
        "POST /api/uploads HTTP/1.1",
        "Host: 127.0.0.1",
        "X-File-Name: a.png",
        f"Content-Length: {length}",
    )
    found.sendall("\r\n".join((*head, "", "")).encode() + body)
    return found


def test_a_closed_tab_in_mid_upload_leaves_nothing(tmp_path: Path) -> None:
    with make.serving(make.echo, data=tmp_path, queue=1) as page:
        with connection(page, 1000, b"x" * 10):
            make.wait_for(lambda: list((tmp_path / "uploads").iterdir()))
            assert code(make.send(page, make.png())) == (503, "queue_full")
        make.wait_for(lambda: not list((tmp_path / "uploads").iterdir()))
        assert make.send(page, make.png()).status_code == 201


def test_more_than_was_announced_is_not_taken(page: httpx.Client) -> None:
    content = make.png()
    with connection(page, len(content), content + b"GET /more" * 100) as found:
        answer = found.recv(100_000)
        assert answer.startswith(b"HTTP/1.1 201")


def test_a_request_that_never_arrives_is_given_up(
    page: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server_module, "PATIENCE_S", 0.3)
    # a server that did not give up would let the socket time out
    with (
        socket.create_connection((page.base_url.host, page.base_url.port or 80), timeout=10) as found,
        suppress(ConnectionError),
    ):
        for letter in b"GET / HT":
            found.sendall(bytes([letter]))
            time.sleep(0.01)
        assert found.recv(10) == b""
    assert page.get("/healthz").json()["status"] == "ok"


def test_connections_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    request = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    with make.serving(make.echo) as page:
        address = (page.base_url.host, page.base_url.port or 80)
        monkeypatch.setattr(server_module, "MOST_CONNECTIONS", 1)
        with socket.create_connection(address) as first, socket.create_connection(address) as second:
            second.settimeout(10)
            with socket.create_connection(address) as third:
                assert third.recv(1) == b""
            second.sendall(request)
            answer = b"".join(iter(lambda: second.recv(10_000), b""))
            assert answer.startswith(b"HTTP/1.1 503")
            assert b"content-security-policy" in answer
            assert b'"code":"too_many_connections"' in answer
            first.sendall(request)
            assert first.recv(10_000).startswith(b"HTTP/1.1 200")


def test_a_client_that_takes_nothing_of_an_answer_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server_module, "STALL_S", 0.3)
    size = 32 << 20  # more than the system takes over from the server
    (tmp_path / "index.html").write_bytes(b"x" * size)
    with make.serving(make.echo, static=tmp_path) as page, socket.socket() as found:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        found.settimeout(10)
        found.connect((page.base_url.host, page.base_url.port or 80))
        found.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        time.sleep(1.0)
        taken = 0
        with suppress(ConnectionError):
            while piece := found.recv(1 << 20):
                taken += len(piece)
        assert taken < size
        assert len(page.get("/").content) == size
