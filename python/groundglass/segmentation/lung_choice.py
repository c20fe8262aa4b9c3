"""Which lungs when: by the network where it can run, by the classical mask otherwise."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Literal, NamedTuple, get_args

from groundglass import weights
from groundglass._core import CtVolume, LungCt, LungMask, held_against
from groundglass.errors import FormatError
from groundglass.findings.records import LungModelRecord
from groundglass.segmentation.devices import Device, check_device

if TYPE_CHECKING:
    from groundglass.segmentation.stages import Lungs

#: How lungs are found.
LungMethod = Literal["network", "classical"]

_log = logging.getLogger(__name__)


class FoundLungs(NamedTuple):
    """A CT with its lungs, and the weights that found them; None for the classical mask."""

    lungs: LungCt
    model: LungModelRecord | None


def check_lung_method(method: LungMethod | None) -> None:
    """Raises ValueError for a method that there is not, ModelError for the network without its weights."""
    if method is not None and method not in get_args(LungMethod):
        known = ", ".join(repr(name) for name in get_args(LungMethod))
        raise ValueError(f"lung_method must be one of {known}, or None for what can run, not {method!r}")
    if method == "network":
        weights.find(weights.LUNGS)


def find_lungs(
    ct: CtVolume, method: LungMethod | None = None, *, threads: int = 0, device: Device = "auto"
) -> LungCt:
    """`ct` -> its lungs: the stage :class:`groundglass.segmentation.Lungs` where LibTorch and the bundled
    weights are there, :class:`groundglass.LungMask` otherwise; `method` asks for one of them. The network
    runs on `device`, as of the stage.

    Lungs by the network are held against the classical mask: where the two differ by more than the usual, a
    warning says where and by how many ml (``lung_masks_differ_*``, see :func:`groundglass.compare_lungs`).
    Where it finds none and was not asked for, the classical ones are taken, with the warning
    ``lungs_not_by_network``. Raises :class:`groundglass.FormatError` where no lung is found, ImportError
    where the network is asked for and can't be loaded, ModelError for damaged weights, ValueError for another
    method. Cost: both masks where the network runs, else that of the classical one.
    """
    return lungs_by(ct, method, threads=threads, device=device).lungs


def lungs_by(
    ct: CtVolume,
    method: LungMethod | None,
    *,
    threads: int = 0,
    device: Device = "auto",
    progress: Callable[[int, int], bool] | None = None,
) -> FoundLungs:
    """The same with the record of the weights, telling of the network's progress."""
    check_lung_method(method)
    check_device(device)
    network = None if method == "classical" else _network(threads, device, needed=method == "network")
    classical = LungMask()
    if network is None:
        return FoundLungs(_not_empty(classical(ct)), None)
    found = network.run(ct, progress=progress)
    by_network = method == "network" or bool(found.lungs.any())
    if method == "network":
        _not_empty(found)
    held = _not_empty(held_against(found, classical(ct)))
    return FoundLungs(held, _record(network) if by_network else None)


def _not_empty(lungs: LungCt) -> LungCt:
    if not lungs.lungs.any():
        raise FormatError(
            "no lung was found in the volume: nothing to measure; is it a chest CT in Hounsfield units? "
            "A lung mask of your own can be given instead (lungs=, --lungs)"
        )
    return lungs


def _network(threads: int, device: Device, *, needed: bool) -> Lungs | None:
    """The stage; None where it can't run here and is not needed."""
    if not needed and not weights.ships(weights.LUNGS):
        return None
    try:
        return _loaded(threads, device)
    except ImportError as error:
        if needed:
            raise
        _log.info("lungs without a network", extra={"reason": str(error).partition(";")[0]})
        return None


@lru_cache(maxsize=1)
def _loaded(threads: int, device: Device) -> Lungs:
    from groundglass.segmentation.stages import Lungs

    return Lungs(threads=threads, device=device)


def _record(stage: Lungs) -> LungModelRecord:
    file = weights.find(weights.LUNGS)
    return LungModelRecord(
        name=file.name,
        version=str(file.contract["version"]),
        sha256=file.sha256,
        licence=None if (licence := file.contract.get("licence")) is None else str(licence),
        threshold=stage.threshold,
    )
