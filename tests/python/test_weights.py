"""The catalogue of shipped models and the reader of contracts; none of it needs torch."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

import groundglass.weights as weights
from groundglass.errors import ModelError
from groundglass.weights import ModelFile, available, defaults, find, read_contract

CONTRACT: dict[str, Any] = {
    "format": "groundglass-model",
    "format_version": 1,
    "name": "mine",
    "version": "3",
    "input": {"channels": 1},
    "output": {"kind": "probability"},
}


def model_file(path: Path, contract: Any = CONTRACT, *, entry: str = "mine/extra/groundglass.json") -> Path:
    """A zip archive as torch writes one, with only its contract."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mine/version", "3")
        if entry:
            text = contract if isinstance(contract, str) else json.dumps(contract)
            archive.writestr(entry, text)
    return path


@pytest.fixture
def copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The shipped folder, copied so that a test may damage it."""
    folder = tmp_path / "weights"
    shutil.copytree(weights.FOLDER, folder, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(weights, "FOLDER", folder)
    return folder


def test_shipped_models_are_as_listed() -> None:
    manifest = json.loads((weights.FOLDER / "manifest.json").read_text())["models"]
    assert {e["name"] for e in manifest} == set(weights.everything())
    assert [e["name"] for e in manifest if e["default"]] == [model.name for model in defaults()]
    for entry in manifest:
        model = find(entry["name"])
        assert model.sha256 == entry["sha256"]
        assert model.path.stat().st_size == entry["bytes"] <= 8_000_000
        assert entry["licence"] == model.contract["licence"]
        assert "non-commercial" in entry["licence"]
        card = (weights.FOLDER / entry["card"]).read_text()
        assert "non-commercial" in card
        assert "not a medical device" in card.lower()
    listed = {e["file"] for e in manifest}
    assert {p.name for p in weights.FOLDER.glob("*.pt*")} == listed


def test_default_is_both() -> None:
    models = defaults()
    assert [model.name for model in models] == available() == ["ensemble-lite", "inf-net-lite"]
    for model in models:
        assert isinstance(model, ModelFile)
        assert model.contract["input"]["window_hu"] == [-1350, 150]
        assert model.contract["input"]["multiple_of"] == 32
        classes = ["ground_glass", "consolidation", "lung", "background"]
        assert model.contract["output"]["classes"] == classes


def test_changed_file_is_refused(copied: Path) -> None:
    assert find("ensemble-lite").path.parent == copied
    path = copied / "ensemble-lite.pt"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    with pytest.raises(ModelError, match=r"ensemble-lite\.pt has SHA-256 [0-9a-f]{64}, the manifest says"):
        find("ensemble-lite")
    with pytest.raises(ModelError, match="SHA-256"):
        defaults()


def test_missing_file_and_manifest(copied: Path) -> None:
    (copied / "ensemble-lite.pt").unlink()
    with pytest.raises(ModelError, match=r"ensemble-lite\.pt: cannot be read"):
        find("ensemble-lite")
    (copied / "manifest.json").write_text("{}")
    with pytest.raises(ModelError, match=r"manifest\.json: cannot be read"):
        available()


def test_users_file_by_path(tmp_path: Path) -> None:
    path = model_file(tmp_path / "any.pt")
    for argument in (path, str(path)):
        model = find(argument)
        assert model.name == "mine"
        assert model.contract == CONTRACT
        assert model.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


def test_unknown_name_lists_what_there_is() -> None:
    with pytest.raises(ModelError, match=r"'no-such' is neither a shipped model .*lite.* nor a file"):
        find("no-such")


@pytest.mark.parametrize(
    ("contract", "found"),
    [
        ("{", "is not JSON"),
        ([1], "format is 'list'"),
        ({"format": "onnx"}, "format is 'onnx'"),
        ({**CONTRACT, "format_version": 2}, "format_version is 2"),
        ({k: v for k, v in CONTRACT.items() if k not in ("input", "name")}, "name, input missing"),
        ({**CONTRACT, "output": "p"}, "output is str"),
    ],
)
def test_wrong_contract(tmp_path: Path, contract: Any, found: str) -> None:
    path = model_file(tmp_path / "m.pt", contract)
    with pytest.raises(ModelError, match=found) as error:
        find(path)
    assert str(path) in str(error.value)


def test_no_contract(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"0 entries \*/extra/groundglass\.json"):
        find(model_file(tmp_path / "m.pt", entry=""))


def test_huge_contract_is_not_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "m.pt"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("m/extra/groundglass.json", b" " * (2 << 20))
    with pytest.raises(ModelError, match="claims 2097152 bytes"):
        read_contract(path)


def test_not_an_archive(tmp_path: Path) -> None:
    path = tmp_path / "m.pt"
    path.write_bytes(b"text")
    with pytest.raises(ModelError, match="not a model file"):
        find(path)
    whole = model_file(tmp_path / "whole.pt").read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ModelError, match="not a model file"):
        find(path)
    with pytest.raises(ModelError, match="cannot be read"):
        read_contract(tmp_path / "absent.pt")


def test_catalogue_does_not_import_torch() -> None:
    code = (
        "import sys; from groundglass.weights import defaults; defaults(); "
        "print([m for m in sys.modules if m.split('.')[0] == 'torch'])"
    )
    package = str(Path(weights.__file__).parents[2])
    result = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {package!r}); {code}"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert result.stdout.strip() == "[]"
