"""From contours, classical masks and phantoms to `lungs-lite`, the network that finds the lungs."""

from typing import TYPE_CHECKING, Any

from groundglass import _moved

if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        return _moved.attribute(__name__, name)
