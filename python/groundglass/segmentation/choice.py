"""Which models a segmentation uses, and the stage that runs them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from groundglass.errors import ModelError
from groundglass.findings.records import ModelRecord
from groundglass.segmentation.presets import Model
from groundglass.weights import ModelFile, available, defaults, find, found_by

if TYPE_CHECKING:
    from groundglass.segmentation.devices import Device
    from groundglass.segmentation.stages import Ensemble, InfNet

#: Inputs that the published networks' contracts state.
_INFECTION, _MULTI_CLASS = "imagenet_rgb", "imagenet_bgr_with_infection"
_FOUR_CLASS = "percentile_z_score"


def lookup_models(model: Model | None) -> list[ModelFile]:
    if model is None:
        return defaults()
    if isinstance(model, (str, os.PathLike)):
        model = [model]
    if not model:
        raise ValueError("model is an empty list; name at least one model, or leave it out for the default")
    files = [find(entry) for entry in model]
    for file in files:
        if found_by(file.contract) != "lesions":
            raise ModelError(
                f"{file.name} finds lungs, not lesions; the bundled models of lesions are "
                f"{', '.join(available())}"
            )
    return files


def model_record(file: ModelFile) -> ModelRecord:
    licence = file.contract.get("licence")
    return ModelRecord(name=file.name, sha256=file.sha256, licence=None if licence is None else str(licence))


def load_stage(
    models: Sequence[ModelFile],
    *,
    threads: int,
    views: int = 1,
    long_edge: int = 0,
    compatible: bool = False,
    device: Device = "auto",
) -> Ensemble | InfNet:
    """The segmentation stage for these models, by the input that each one's contract states.

    The infection network and the multi-class network of Inf-Net together are the stage InfNet; all others are
    averaged by Ensemble. With `compatible` they follow what was published. Raises
    :class:`groundglass.ModelError` for models that don't go together, :class:`ValueError` for `compatible`
    where nothing was published; without LibTorch the ImportError says what to install.
    """
    from groundglass.segmentation.stages import Ensemble, InfNet

    kinds = {_INFECTION: "infection network", _MULTI_CLASS: "multi-class network"}
    inputs = [str(file.contract["input"].get("normalisation", "window")) for file in models]
    if not kinds.keys() & set(inputs):
        paths = [file.path for file in models]
        if not compatible:
            return Ensemble(paths, threads=threads, views=views, long_edge=long_edge, device=device)
        if inputs != [_FOUR_CLASS]:
            raise ValueError(
                f"compatible follows a published flow, and {_named(models)} has none; it takes the two "
                "networks of Inf-Net, or one four-class network"
            )
        _one_view(views)
        return Ensemble.compatible(paths[0], threads=threads, device=device)
    if sorted(inputs) != sorted(kinds):
        found = ", ".join(
            f"{file.name} ({kinds.get(name, 'another network')})"
            for file, name in zip(models, inputs, strict=True)
        )
        raise ModelError(
            "Inf-Net is two networks, given as two models: the infection network and the multi-class "
            f"network; found {found}"
        )
    infection, multi_class = (models[inputs.index(name)].path for name in (_INFECTION, _MULTI_CLASS))
    if not compatible:
        return InfNet(infection, multi_class, threads=threads, views=views, device=device)
    _one_view(views)
    return InfNet.compatible(infection, multi_class, threads=threads, device=device)


def _named(models: Sequence[ModelFile]) -> str:
    return " with ".join(file.name for file in models)


def _one_view(views: int) -> None:
    if views != 1:
        raise ValueError(f"views must be 1 with compatible, not {views}: what was published looks once")
