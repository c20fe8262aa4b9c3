"""Where networks run. Torch-free."""

from __future__ import annotations

from typing import Literal, get_args

#: The first CUDA device where there is one, the CPU, or CUDA with the CPU where it is absent.
Device = Literal["auto", "cpu", "cuda"]


def check_device(device: str) -> None:
    """Raises ValueError for a device that there is not."""
    if device not in get_args(Device):
        known = ", ".join(repr(name) for name in get_args(Device))
        raise ValueError(f"device must be one of {known}, not {device!r}")
