"""Types of the compiled module, a file a room of the C++ library; the docstrings are the module's."""

from groundglass._core._lungs import *
from groundglass._core._quantification import *
from groundglass._core._reading import *
from groundglass._core._segmentation import *
from groundglass._core._severity import *
from groundglass._core._statistics import *
from groundglass._core._volume import *

__version__: str
torch_version: str
