"""The Origin header against the Host header: host and port, however they are written."""

from __future__ import annotations

import pytest

from groundglass.web.security import _is_same


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        ("http://localhost:8000", "localhost:8000"),
        ("http://LOCALHOST:8000", "localhost:8000"),
        ("http://ct.example.org", "ct.example.org"),
        ("http://ct.example.org", "ct.example.org:80"),
        ("https://ct.example.org", "ct.example.org"),  # TLS ends at a proxy
        ("https://ct.example.org:443", "ct.example.org"),
        ("https://ct.example.org", "ct.example.org."),
        ("http://[::1]:8000", "[::1]:8000"),
        ("http://[::1]:8000", "[0:0:0:0:0:0:0:1]:8000"),
        ("http://[FE80::1]", "[fe80::1]"),
    ],
)
def test_the_same(origin: str, host: str) -> None:
    assert _is_same(origin, host)


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        ("http://localhost:8001", "localhost:8000"),
        ("http://localhost", "localhost:8000"),
        ("http://localhost:8000", "localhost"),
        ("https://ct.example.org", "ct.example.org:80"),
        ("http://ct.example.org:443", "ct.example.org"),
        ("http://ct.example.org.evil.example:8000", "ct.example.org:8000"),
        ("http://[::1]:8001", "[::1]:8000"),
        ("http://127.0.0.1:8000", "localhost:8000"),
        ("null", "localhost:8000"),
        ("", "localhost:8000"),
        ("file://", "localhost"),
        ("ftp://localhost", "localhost"),
        ("localhost:8000", "localhost:8000"),
        ("//localhost:8000", "localhost:8000"),
        ("http://localhost:8000/", "localhost:8000"),
        ("http://localhost:8000@evil.example", "localhost:8000"),
        ("http://evil.example@localhost:8000", "localhost:8000"),
        ("http://localhost:99999999", "localhost"),
        ("http://localhost:x", "localhost"),
        ("http://[no-address", "localhost"),
        ("http://localhost", ""),
    ],
)
def test_another(origin: str, host: str) -> None:
    assert not _is_same(origin, host)
