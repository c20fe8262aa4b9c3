"""Network definitions in plain torch: the bundled ones, and the published ones with their entries' names.

Importing this package imports torch; :mod:`groundglass` itself never does.
"""

from groundglass.models.efficientnet_lite import EfficientNetLite, load_imagenet
from groundglass.models.ensemble_lite import EnsembleLite
from groundglass.models.four_classes import (
    CLASSES,
    FourClassProbability,
    LiteNetwork,
    probabilities,
)
from groundglass.models.inf_net import InfNet, InfNetMaps, InfNetResNet50, InfNetVGG16
from groundglass.models.inf_net_lite import InfNetLite
from groundglass.models.logit_sum_ensemble import LogitSumEnsemble
from groundglass.models.multi_class_unet import MultiClassUNet
from groundglass.models.pspnet_efficientnet import PSPNetEfficientNet
from groundglass.models.published import PaddedTo32
from groundglass.models.unet_efficientnet import UNetEfficientNet
from groundglass.models.unet_lite import UNetLite

__all__ = [
    "CLASSES",
    "EfficientNetLite",
    "EnsembleLite",
    "FourClassProbability",
    "InfNet",
    "InfNetLite",
    "InfNetMaps",
    "InfNetResNet50",
    "InfNetVGG16",
    "LiteNetwork",
    "LogitSumEnsemble",
    "MultiClassUNet",
    "PSPNetEfficientNet",
    "PaddedTo32",
    "UNetEfficientNet",
    "UNetLite",
    "load_imagenet",
    "probabilities",
]
