"""Types of the compiled module, segmentation: what needs no LibTorch. The docstrings are in the module."""

from typing import Any

def preset_settings(name: str) -> dict[str, Any]: ...
