"""The published networks that can be imported, and what each takes and gives."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from groundglass.errors import ModelError
from groundglass.models.inf_net import InfNet, InfNetResNet50, InfNetVGG16
from groundglass.models.logit_sum_ensemble import LogitSumEnsemble
from groundglass.models.multi_class_unet import MultiClassUNet
from groundglass.models.pspnet_efficientnet import PSPNetEfficientNet
from groundglass.models.published import PublishedNetwork
from groundglass.models.unet_efficientnet import UNetEfficientNet

__all__ = ["ARCHITECTURES", "Architecture", "architecture"]

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)

SEMI_SEG = "COVID-SemiSeg, if it is one of the published checkpoints; else unknown"
SEMI_SEG_TERMS = (
    "of the checkpoint; the published ones are for non-commercial use only (terms of COVID-SemiSeg"
)


@dataclass(frozen=True)
class Architecture:
    """A published network: how to build it, and the contract of a file made of it.

    `input` and `classes` go into the contract as they are. `activation` makes probabilities of the network's
    logits. `training_data` and `licence` are what is known of the published weights.
    """

    name: str
    summary: str
    build: Callable[[], PublishedNetwork]
    input: dict[str, Any] = field(repr=False)
    classes: tuple[str, ...]
    activation: str
    training_data: str
    licence: str
    origin: str


def _inf_net_input() -> dict[str, Any]:
    """A colour picture, RGB, 0..1, less ImageNet's mean and over its deviation."""
    return {
        "channels": 3,
        "planes": ["red", "green", "blue"],
        "size": [352, 352],
        "multiple_of": 32,
        "resize": "bilinear_antialiased",
        "normalisation": "imagenet_rgb",
        "mean": list(IMAGENET_MEAN),
        "std": list(IMAGENET_STD),
    }


def _multi_class_input() -> dict[str, Any]:
    """The picture, then the infection map as a grey picture, both in the order blue, green, red."""
    return {
        "channels": 6,
        "planes": ["blue", "green", "red", "infection_blue", "infection_green", "infection_red"],
        "size": [352, 352],
        "multiple_of": 32,
        "resize": "bilinear",
        "normalisation": "imagenet_bgr_with_infection",
        # in the order of the planes: ImageNet's red values meet the blue planes
        "mean": list(IMAGENET_MEAN * 2),
        "std": list(IMAGENET_STD * 2),
    }


def _four_class_input() -> dict[str, Any]:
    """HU or grey values, clipped, less their mean and over their deviation, then ImageNet's red values."""
    return {
        "channels": 1,
        "planes": ["grey"],
        "size": [512, 512],
        "multiple_of": 32,
        "resize": "bilinear",
        "normalisation": "percentile_z_score",
        "clip": [-1500, 500],
        # mean and deviation are those of the pixels strictly between these percentiles
        "percentiles": [5, 95],
        "mean": [IMAGENET_MEAN[0]],
        "std": [IMAGENET_STD[0]],
    }


def _inf_net(name: str, backbone: str, build: Callable[[], PublishedNetwork], weights: str) -> Architecture:
    return Architecture(
        name=name,
        summary=f"infection, on {backbone}",
        build=build,
        input=_inf_net_input(),
        classes=("infection",),
        activation="sigmoid",
        training_data=SEMI_SEG,
        licence=f"{SEMI_SEG_TERMS}; {weights})",
        origin="Inf-Net (Fan et al., IEEE TMI 2020)",
    )


def _four_class(name: str, summary: str, build: Callable[[], PublishedNetwork]) -> Architecture:
    return Architecture(
        name=name,
        summary=summary,
        build=build,
        input=_four_class_input(),
        classes=("ground_glass", "consolidation", "other_lung", "background"),
        activation="softmax",
        training_data="not stated; its authors name the covid-segmentation set and MosMedData",
        licence="of the checkpoint; ask its authors",
        origin="42-EPOCHS",
    )


ARCHITECTURES: dict[str, Architecture] = {
    entry.name: entry
    for entry in (
        _inf_net("inf-net", "Res2Net-50 v1b", InfNet, "started from Res2Net weights under CC BY-NC-SA 4.0"),
        _inf_net("inf-net-resnet50", "ResNet-50", InfNetResNet50, "started from ImageNet weights"),
        _inf_net("inf-net-vgg16", "VGG-16", InfNetVGG16, "started from ImageNet weights"),
        Architecture(
            name="mc-unet",
            summary="ground glass and consolidation, from a slice and its infection map",
            build=MultiClassUNet,
            input=_multi_class_input(),
            classes=("ground_glass", "consolidation", "background"),
            # Three independent probabilities: the training treated the channels so. The largest one decides.
            activation="sigmoid",
            training_data=SEMI_SEG,
            licence=f"{SEMI_SEG_TERMS})",
            origin="multi-class U-Net published with Inf-Net (Fan et al., IEEE TMI 2020)",
        ),
        _four_class("unet-efficientnet-b0", "four classes, U-Net on EfficientNet-b0", UNetEfficientNet),
        _four_class(
            "pspnet-efficientnet-b2",
            "four classes, PSPNet on EfficientNet-b2",
            partial(PSPNetEfficientNet, "b2"),
        ),
        _four_class(
            "pspnet-efficientnet-b1",
            "four classes, PSPNet on EfficientNet-b1",
            partial(PSPNetEfficientNet, "b1"),
        ),
        _four_class(
            "ensemble", "four classes, the two networks with b0 and b2", partial(LogitSumEnsemble, "b2")
        ),
        _four_class(
            "ensemble-b1", "four classes, the two networks with b0 and b1", partial(LogitSumEnsemble, "b1")
        ),
    )
}
"""By the name that the command line's ``--as`` takes."""


def architecture(name: str) -> Architecture:
    """The architecture of that name; ``ModelError`` listing the names for any other."""
    if name not in ARCHITECTURES:
        raise ModelError(f"no architecture is called {name!r}; there are {', '.join(ARCHITECTURES)}")
    return ARCHITECTURES[name]
