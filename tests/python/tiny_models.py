"""The model files of the C++ tests, for the Python ones."""

from __future__ import annotations

import importlib.util
import sys
from functools import lru_cache
from pathlib import Path
from types import ModuleType

MAKER = Path(__file__).parents[1] / "cpp" / "segmentation" / "make_models.py"


@lru_cache(maxsize=1)
def maker() -> ModuleType:
    """The module make_models; it needs torch."""
    spec = importlib.util.spec_from_file_location("make_models", MAKER)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["make_models"] = module  # TorchScript looks up the source of its classes
    spec.loader.exec_module(module)
    return module
