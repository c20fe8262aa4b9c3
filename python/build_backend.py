"""scikit-build-core, with torch as a build requirement where the segmentation is built, and the web page.

A wheel with the segmentation must see LibTorch while it is compiled, and isolation hides the one installed.
Set ``GROUNDGLASS_SEGMENTATION=OFF`` to build the core alone, without a download of torch. The page is built
by ``tools/page.sh``, which leaves it out with a word where there is no npm; with ``GROUNDGLASS_PAGE=OFF`` it
stays as it is.
"""

import os
import subprocess
import sys
from pathlib import Path

from scikit_build_core import build as _build
from scikit_build_core.build import *  # noqa: F403

ROOT = Path(__file__).parents[1]


def _torch():
    asked = [sys.executable, "tools/requirements.py", "torch"]
    return subprocess.run(asked, cwd=ROOT, check=True, capture_output=True, text=True).stdout.strip()


def _with_torch(requires):
    return requires if os.environ.get("GROUNDGLASS_SEGMENTATION", "ON") == "OFF" else [*requires, _torch()]


def get_requires_for_build_wheel(config_settings=None):
    return _with_torch(_build.get_requires_for_build_wheel(config_settings))


def get_requires_for_build_editable(config_settings=None):
    return _with_torch(_build.get_requires_for_build_editable(config_settings))


def _build_page():
    if os.environ.get("GROUNDGLASS_PAGE", "ON") != "OFF":
        subprocess.run(["bash", "tools/page.sh"], cwd=ROOT, check=True)


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    _build_page()
    return _build.build_wheel(wheel_directory, config_settings, metadata_directory)


def build_editable(wheel_directory, config_settings=None, metadata_directory=None):
    _build_page()
    return _build.build_editable(wheel_directory, config_settings, metadata_directory)
