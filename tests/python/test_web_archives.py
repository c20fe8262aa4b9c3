"""Zips from strangers: what they hold is told, and nothing unsafe is opened."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

pytest.importorskip("starlette")

import web_helpers as make
from groundglass.web import archives
from groundglass.web.archives import inspect, opened, pictures
from groundglass.web.errors import Refused

DICOM = b"\0" * 128 + b"DICM" + b"\0" * 64


def stored(folder: Path, content: bytes) -> Path:
    path = folder / "upload.zip"
    path.write_bytes(content)
    return path


def kind(folder: Path, content: bytes, **limits: int) -> str:
    return inspect(stored(folder, content), **{"most_images": 10, "most_unpacked": 1 << 30} | limits)


def code(folder: Path, content: bytes, **limits: int) -> str:
    with pytest.raises(Refused) as refusal:
        kind(folder, content, **limits)
    assert refusal.value.text.endswith(".")
    assert str(folder) not in refusal.value.text
    return refusal.value.code


def test_an_archive_is_told_by_its_bytes_and_not_by_names(tmp_path: Path) -> None:
    assert kind(tmp_path, make.zipped({"a/b/1.dcm": make.png(), "2": make.jpeg()})) == "archive"
    assert kind(tmp_path, make.zipped({"1.png": DICOM, "2.jpg": DICOM})) == "study"
    assert kind(tmp_path, make.zipped({"readme.txt": b"x", "ct.nii.gz": b"\x1f\x8b"})) == "study"


@pytest.mark.parametrize("pair", [("ct.mhd", "ct.raw"), ("ct.hdr", "ct.img"), ("ct.nhdr", "ct.raw.gz")])
def test_a_header_with_its_data_is_a_study(tmp_path: Path, pair: tuple[str, str]) -> None:
    assert kind(tmp_path, make.zipped(dict.fromkeys(pair, b"x"))) == "study"


def test_a_discs_viewer_does_not_hide_its_study(tmp_path: Path) -> None:
    disc = {f"{i}": DICOM for i in range(3)} | {"icon.png": make.png(), "viewer.exe": b"MZ"}
    assert kind(tmp_path, make.zipped(disc)) == "study"
    both = {"1": DICOM, "a.png": make.png(), "b.png": make.png()}
    assert code(tmp_path, make.zipped(both)) == "mixed_archive"
    assert code(tmp_path, make.zipped({"ct.nii": b"x", "a.png": make.png()})) == "mixed_archive"


def test_what_systems_add_is_no_content(tmp_path: Path) -> None:
    added = {"__MACOSX/._a.png": make.png(), ".DS_Store": b"x", "a/Thumbs.db": b"x"}
    assert code(tmp_path, make.zipped(added)) == "no_images"
    assert kind(tmp_path, make.zipped(added | {"ct.nrrd": b"NRRD"})) == "study"


@pytest.mark.parametrize(
    "name",
    [
        "../a.png",
        "a/../../b.png",
        "/etc/a.png",
        "C:\\a.png",
        "c:/a.png",
        "..\\a.png",
        "\\\\host\\a.png",
        "a\0.png",
    ],
)
def test_names_that_lead_out_are_refused(tmp_path: Path, name: str) -> None:
    assert code(tmp_path, make.zipped({"fine.png": make.png(), name: make.png()})) == "unsafe_path"


def test_links_passwords_and_archives_in_archives_are_refused(tmp_path: Path) -> None:
    assert code(tmp_path, make.with_link()) == "unsafe_path"
    assert code(tmp_path, make.encrypted()) == "encrypted_zip"
    assert code(tmp_path, make.zipped({"in.zip": make.zipped({"a.png": make.png()})})) == "nested_archive"
    assert code(tmp_path, make.zipped({"in.rar": b"Rar!\x1a\x07\0"})) == "nested_archive"
    inside = make.zipped({"in.zip": make.zipped({"a.png": make.png()}), "b.png": make.png()})
    assert kind(tmp_path, inside) == "archive"


@pytest.mark.parametrize("name", ["", ".", "./."])
def test_a_file_without_a_name_is_refused(tmp_path: Path, name: str) -> None:
    assert code(tmp_path, make.zipped({"fine.png": make.png(), name: make.png()})) == "unsafe_path"


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_slow_ways_to_compress_are_refused(tmp_path: Path, method: int) -> None:
    assert code(tmp_path, make.zipped({"a.png": make.png()}, method)) == "unsupported_compression"


def test_bombs_are_refused_without_unpacking(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert code(tmp_path, make.claiming(300 << 20)) == "zip_bomb"
    assert kind(tmp_path, make.claiming(100 << 20)) == "study"
    assert code(tmp_path, make.many_entries(9 << 20)) == "zip_bomb"
    monkeypatch.setattr(archives, "MOST_ENTRIES", 3)
    assert code(tmp_path, make.zipped({f"{i}.png": make.png() for i in range(4)})) == "zip_bomb"


def test_limits_on_number_and_size(tmp_path: Path) -> None:
    eleven = make.zipped({f"{i}.png": make.png() for i in range(11)})
    assert code(tmp_path, eleven) == "too_large"
    assert code(tmp_path, eleven, most_images=20, most_unpacked=1000) == "too_large"
    assert kind(tmp_path, eleven, most_images=11) == "archive"


@pytest.mark.parametrize("cut", [4, 40, -30, -1])
def test_a_cut_off_archive_is_damaged(tmp_path: Path, cut: int) -> None:
    assert code(tmp_path, make.zipped({"a.png": make.png()})[:cut]) == "damaged_archive"


def test_empty_and_useless_archives(tmp_path: Path) -> None:
    assert code(tmp_path, make.zipped({})) == "no_images"
    assert code(tmp_path, make.zipped({"a/": b"", "b.txt": b"x"})) == "no_images"


def test_pictures_come_in_the_order_that_people_count_in(tmp_path: Path) -> None:
    names = ("s/10.png", "s/9.PNG", "s/1.png", "a b.png")
    path = stored(tmp_path, make.zipped({name: make.png() for name in names} | {"x.txt": b"x"}))
    found, other, each = pictures(path, tmp_path, most=10)
    assert found == ["a b.png", "s/1.png", "s/9.PNG", "s/10.png"]
    assert other == 1
    read = [(p.name, p.path.read_bytes()) for p in each if not isinstance(p, Refused)]
    assert read == [(name, make.png()) for name in found]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["picture", "upload.zip"]
    with pytest.raises(Refused, match="allowed"):
        pictures(path, tmp_path, most=3)


def test_a_damaged_entry_does_not_keep_the_others_back(tmp_path: Path) -> None:
    content = bytearray(make.zipped({"a.png": make.png(), "b.png": make.png(seed=1)}))
    content[200] ^= 0xFF  # inside of a.png: its checksum is wrong now
    _, _, each = pictures(stored(tmp_path, bytes(content)), tmp_path, most=10)
    first, second = list(each)
    assert isinstance(first, Refused)
    assert first.code == "damaged"
    assert not isinstance(second, Refused)


def test_backslashes_separate_and_control_characters_are_not_shown(tmp_path: Path) -> None:
    path = stored(tmp_path, make.zipped({"a\\b\u202e\n.png": make.png()}))
    found, _, _ = pictures(path, tmp_path, most=1)
    assert found == ["a/b__.png"]
    with opened(path) as archive:
        assert len(archive.infolist()) == 1
