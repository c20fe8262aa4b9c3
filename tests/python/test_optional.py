"""Packages that may be missing: one list, one sentence."""

from __future__ import annotations

import builtins
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from groundglass import _optional
from groundglass.tables import to_pandas

ROOT = Path(__file__).parents[2]


def test_pip_installs_what_the_sentence_says() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    for package, install in _optional.PACKAGES.values():
        option = re.fullmatch(r"'groundglass\[(\w+)\]'", install)
        wanted = project["optional-dependencies"][option[1]] if option else project["dependencies"]
        assert package.lower() in [re.split(r"[<>=]", entry)[0].lower() for entry in wanted], package


def test_nobody_else_writes_the_sentence() -> None:
    package = ROOT / "python" / "groundglass"
    wrong = [
        path.relative_to(package).as_posix()
        for path in package.rglob("*.py")
        if "node_modules" not in path.parts and "pip install" in path.read_text(encoding="utf-8")
    ]
    # the stages name the version of torch that they were built with, and reading says what it takes
    assert sorted(wrong) == ["_optional.py", "read/__init__.py", "segmentation/stages.py"]


def test_sentences() -> None:
    assert _optional.missing("a picture", "PIL") == "a picture needs Pillow: pip install 'groundglass[io]'"
    several = _optional.missing("the viewer", "ipyniivue", "anywidget")
    assert several == "the viewer needs ipyniivue and anywidget: pip install 'groundglass[notebook]'"
    assert _optional.missing("the page", "PIL", install="'groundglass[web]'").endswith("'groundglass[web]'")


def test_what_is_missing_is_told_where_it_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without_pandas(name: str, *more: Any, **options: Any) -> Any:
        if name == "pandas":
            raise ModuleNotFoundError("No module named 'pandas'", name="pandas")
        return real(name, *more, **options)

    monkeypatch.setattr(builtins, "__import__", without_pandas)
    with pytest.raises(
        ImportError, match=r"^a data frame needs pandas: pip install 'groundglass\[cohort\]'$"
    ):
        to_pandas([{"a": 1}])


def test_require_loads_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_optional, "find_spec", lambda name: None if name == "highdicom" else object())
    _optional.require("anything", "pandas", "torch")
    with pytest.raises(ImportError, match="dicom-seg needs highdicom"):
        _optional.require("dicom-seg", "highdicom")
