"""A model file with strange bytes is refused with a ModelError, whatever they are."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

import groundglass as gg
from groundglass.weights import FOLDER, find
from small_study import refused, segmentation_missing

#: Tries each file in one process, so that a crash is seen as a short list.
TRY = """
import sys, groundglass as gg
from groundglass.segmentation import try_model
for path in sys.argv[1:]:
    try:
        try_model(path)
        print("taken", flush=True)
    except gg.ModelError as error:
        assert str(error)
        print("refused", flush=True)
"""

STRANGE = (
    None,
    True,
    -1,
    0,
    1e308,
    float("inf"),
    float("nan"),
    10**400,
    "",
    "a\0b",
    "\ud800",
    [],
    {},
    [[]],
    2**64,
)


@pytest.fixture(scope="module")
def source() -> Path:
    if reason := segmentation_missing():
        pytest.skip(reason)
    return FOLDER / "ensemble-lite.pt"


def contract_of(archive: zipfile.ZipFile) -> str:
    return next(name for name in archive.namelist() if name.endswith("/extra/groundglass.json"))


def with_contract(source: Path, target: Path, content: bytes) -> Path:
    with zipfile.ZipFile(source) as archive, zipfile.ZipFile(target, "w") as made:
        own = contract_of(archive)
        for name in archive.namelist():
            made.writestr(name, content if name == own else archive.read(name))
    return target


def outcomes(files: list[Path]) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", TRY, *map(str, files)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-500:]
    return done.stdout.split()


def places(value: Any, above: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [above, *(place for key, entry in inner for place in places(entry, (*above, key)))]


def test_contracts_of_any_content(source: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(source) as archive:
        text = archive.read(contract_of(archive)).decode()
    contents = [
        bytes(range(256)),
        b"",
        b"[" * 200_000,
        b'{"a":' * 100_000,
        text.encode("utf-32"),
        b"null",
        b'"x"',
    ]
    contents.append(text.replace("a", "é").encode("latin-1"))
    files = [with_contract(source, tmp_path / f"{n}.pt", content) for n, content in enumerate(contents)]
    assert outcomes(files) == ["refused"] * len(files)
    pick = random.Random(11)
    changed = []
    for n in range(25):
        contract = json.loads(text)
        place = pick.choice([place for place in places(contract) if place])
        inside = contract
        for key in place[:-1]:
            inside = inside[key]
        inside[place[-1]] = pick.choice(STRANGE)
        changed.append(with_contract(source, tmp_path / f"changed{n}.pt", json.dumps(contract).encode()))
    assert set(outcomes(changed)) <= {"refused", "taken"}


def test_changed_bytes_are_found(source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    raw = source.read_bytes()
    pick = random.Random(5)
    files = []
    for n in range(12):
        content = bytearray(raw)
        for _ in range(20):
            at = pick.randrange(len(raw)) if n % 2 else len(raw) - 1 - pick.randrange(20_000)
            content[at] ^= 1 + pick.randrange(255)
        files.append(tmp_path / f"{n}.pt")
        files[-1].write_bytes(content)
    files.append(tmp_path / "cut.pt")
    files[-1].write_bytes(raw[: len(raw) // 2])
    assert outcomes(files) == ["refused"] * len(files)
    for file in files[:3]:
        refused(capsys, "models", "verify", str(file))


def test_one_weight_changed_is_no_other_result(source: Path, tmp_path: Path) -> None:
    """LibTorch loads it without a word, and every number would be another."""
    with zipfile.ZipFile(source) as archive:
        largest = max(archive.infolist(), key=lambda entry: entry.file_size)
    content = bytearray(source.read_bytes())
    content[largest.header_offset + 4096 + largest.file_size // 2] ^= 64
    (tmp_path / "changed.pt").write_bytes(content)
    with pytest.raises(gg.ModelError, match="the model file is damaged"):
        find(tmp_path / "changed.pt")
