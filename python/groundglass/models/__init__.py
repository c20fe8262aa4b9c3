"""Network definitions in plain torch: the bundled ones, and the published ones with their entries' names.

Importing this package imports torch; :mod:`groundglass` itself never does.
"""

from groundglass.models.efficientnet_lite import EfficientNetLite, load_imagenet
from groundglass.models.inf_net import InfNet, InfNetMaps, InfNetResNet50, InfNetVGG16
from groundglass.models.logit_sum_ensemble import LogitSumEnsemble
from groundglass.models.multi_class_unet import MultiClassUNet
from groundglass.models.pspnet_efficientnet import PSPNetEfficientNet
from groundglass.models.published import PaddedTo32
from groundglass.models.unet_efficientnet import UNetEfficientNet
from groundglass.models.unet_lite import UNetLite, UNetLiteProbability, probabilities

__all__ = [
    "EfficientNetLite",
    "InfNet",
    "InfNetMaps",
    "InfNetResNet50",
    "InfNetVGG16",
    "LogitSumEnsemble",
    "MultiClassUNet",
    "PSPNetEfficientNet",
    "PaddedTo32",
    "UNetEfficientNet",
    "UNetLite",
    "UNetLiteProbability",
    "load_imagenet",
    "probabilities",
]
