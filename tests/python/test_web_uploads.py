"""An upload on its way: its name, its length, its bytes, and what it is by them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from pathlib import Path

import pytest

pytest.importorskip("starlette")

import web_helpers as make
from groundglass.web import uploads
from groundglass.web.errors import Refused
from groundglass.web.settings import Settings
from small_study import write


def refusal(folder: Path, content: bytes, **settings: int) -> Refused:
    path = folder / "upload"
    path.write_bytes(content)
    with pytest.raises(Refused) as found:
        uploads.kind_of_upload(path, Settings(**settings))
    assert str(folder) not in found.value.text
    assert found.value.text.endswith(".")
    return found.value


def kind(folder: Path, content: bytes) -> tuple[str, str]:
    path = folder / "upload"
    path.write_bytes(content)
    found = uploads.kind_of_upload(path, Settings())
    return found.name, found.ending


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ("a.png", "a.png"),
        ("%D1%81%D1%80%D0%B5%D0%B7%201.png", "срез 1.png"),
        ("..%2F..%2Fetc%2Fpasswd", "passwd"),
        ("C%3A%5Cscans%5Ca.zip", "a.zip"),
        ("a%00%0Ab%E2%80%AE.png", "a__b_.png"),
        ("x" * 300, "x" * 200),
    ],
)
def test_a_name_is_only_shown(header: str, name: str) -> None:
    assert uploads.file_name({"x-file-name": header}) == name


@pytest.mark.parametrize("header", ["", "%FF%FE", "%2F", "%20", ".", "a%2F.."])
def test_a_name_must_be_there(header: str) -> None:
    with pytest.raises(Refused) as found:
        uploads.file_name({"x-file-name": header})
    assert (found.value.code, found.value.status) == ("bad_name", 400)
    with pytest.raises(Refused):
        uploads.file_name({})


@pytest.mark.parametrize(
    ("header", "code", "status"),
    [
        ("", "length_required", 411),
        ("many", "length_required", 411),
        ("-1", "length_required", 411),
        ("0", "empty_file", 415),
        (str((1 << 20) + 1), "too_large", 413),
        ("9" * 19, "too_large", 413),
        ("9" * 5000, "length_required", 411),
    ],
)
def test_the_length_is_checked_before_a_byte_is_read(header: str, code: str, status: int) -> None:
    with pytest.raises(Refused) as found:
        uploads.announced_length({"content-length": header}, Settings(upload_mb=1))
    assert (found.value.code, found.value.status) == (code, status)
    assert uploads.announced_length({"content-length": str(1 << 20)}, Settings(upload_mb=1)) == 1 << 20


def receive(path: Path, pieces: Iterable[bytes], length: int, pause: float = 0.0) -> None:
    async def stream() -> AsyncIterator[bytes]:
        for piece in pieces:
            await asyncio.sleep(pause)
            yield piece

    asyncio.run(uploads.receive(stream(), path, length))


def test_the_body_is_written_as_it_comes(tmp_path: Path) -> None:
    pieces = [b"", b"abc", b"d" * (3 << 20), b"", b"e"]
    receive(tmp_path / "a", pieces, sum(map(len, pieces)))
    assert (tmp_path / "a").read_bytes() == b"".join(pieces)


@pytest.mark.parametrize("pieces", [[b"abc", b""], [b"abc", b"defgh"]])
def test_another_length_than_announced_is_refused(tmp_path: Path, pieces: list[bytes]) -> None:
    with pytest.raises(Refused) as found:
        receive(tmp_path / "a", pieces, 5)
    assert (found.value.code, found.value.status) == ("incomplete", 400)


def test_a_stalled_or_dripping_upload_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "SILENCE_S", 0.05)
    with pytest.raises(Refused) as found:
        receive(tmp_path / "a", [b"a", b"b"], 2, pause=1.0)
    assert found.value.code == "too_slow"
    with pytest.raises(Refused) as found:
        receive(tmp_path / "a", [b"a"] * 1000, 1000, pause=0.02)
    assert (found.value.code, found.value.status) == ("too_slow", 408)


def test_pictures_and_studies_are_told_by_their_bytes(tmp_path: Path) -> None:
    assert kind(tmp_path, make.png()) == ("slice", ".png")
    assert kind(tmp_path, make.jpeg()) == ("slice", ".jpg")
    assert kind(tmp_path, make.zipped({"a.png": make.png()})) == ("archive", ".zip")
    assert kind(tmp_path, write(tmp_path).read_bytes()) == ("study", ".nii.gz")
    assert kind(tmp_path, b"NRRD0004\ntype: short\n") == ("study", ".nrrd")
    assert kind(tmp_path, b"ObjectType = Image\nNDims = 3\n") == ("study", ".mha")
    assert kind(tmp_path, b"\0" * 128 + b"DICM" + b"\0" * 99) == ("study", ".dcm")


@pytest.mark.parametrize(
    ("content", "code", "word"),
    [
        (b"Rar!\x1a\x07\x01\0", "rar", "send a zip"),
        (b"7z\xbc\xaf\x27\x1c\0\4", "unsupported_type", "7z"),
        (b"%PDF-1.7", "unsupported_type", "PDF"),
        (b"GIF89a", "unsupported_type", "GIF"),
        (b"plain text, whatever the name says", "unsupported_type", "PNG or JPEG slice"),
        (b"\x1f\x8b\x08\0\0\0\0\0\0\3\4\0\0\0", "unsupported_type", "NIfTI"),
        (b"\0" * 257 + b"ustar", "unsupported_type", "tar"),
        (b"PK\3\4 no archive at all", "damaged_archive", "damaged"),
        (b"\x89PNG\r\n\x1a\n no picture at all", "damaged", "damaged"),
    ],
)
def test_everything_else_is_refused_by_name(tmp_path: Path, content: bytes, code: str, word: str) -> None:
    found = refusal(tmp_path, content)
    assert found.code == code
    assert word in found.text


def test_pictures_must_have_the_size_of_a_slice(tmp_path: Path) -> None:
    assert refusal(tmp_path, make.png(1, 1)).code == "too_small"
    huge = make.huge_png(20_000, 20_000)
    assert len(huge) < 1 << 20
    assert refusal(tmp_path, huge).code == "too_large_image"
    assert refusal(tmp_path, make.huge_png(4097, 40)).code == "too_large_image"


def test_a_picture_says_its_size_at_its_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    picture = make.jpeg()
    preview = b"\xff\xe5\xff\xff" + b"x" * 65533
    large = picture[:2] + 3 * preview + picture[2:]
    assert kind(tmp_path, large) == ("slice", ".jpg")
    monkeypatch.setattr(uploads, "LONGEST_HEAD", 100_000)
    assert refusal(tmp_path, large).code == "damaged"
