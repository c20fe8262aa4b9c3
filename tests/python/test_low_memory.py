"""Where memory runs out there is a MemoryError, and nobody is told that a package is missing."""

from __future__ import annotations

import subprocess
import sys

import pytest

from groundglass._optional import make_room, not_imported

resource = pytest.importorskip("resource", reason="this system bounds no memory")
if not sys.platform.startswith("linux"):
    pytest.skip("the address space is bounded on Linux alone", allow_module_level=True)

STAGES = {
    "lung mask": "gg.LungMask()(ct)",
    "isotonic": "gg.isotonic_regression(values[::-1])",
    "bootstrap": "gg.evaluation.auc(values, labels, method='bootstrap', resamples=3)",
    "fit": "gg.fit_thresholds(values, labels)",
    "read": "decoders.need('SimpleITK')",
}


@pytest.mark.parametrize("stage", STAGES)
def test_the_process_goes_on(stage: str) -> None:
    code = f"""
import resource, sys
import numpy as np
import numpy.ma  # else imported, and in a new environment compiled, within the bounds
import groundglass as gg
import groundglass.read.decoders as decoders
hounsfield = np.full((40, 256, 256), -1000, np.int16)
hounsfield[:, 40:216, 20:236] = 40
hounsfield[5:35, 80:180, 40:110] = hounsfield[5:35, 80:180, 140:210] = -850
ct = gg.CtVolume(hounsfield, spacing_mm=(6, 1.4, 1.4))
values = np.arange(1e6)
labels = (values % 2).astype(np.uint8)
limit = resource.getrlimit(resource.RLIMIT_AS)
for megabytes in (0, 1, 3, 7, 12, 20, 40, 2000):
    used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + megabytes * 1_000_000, limit[1]))
    try:
        {STAGES[stage]}
        print("done")
    except MemoryError:
        print("MemoryError")
    resource.setrlimit(resource.RLIMIT_AS, limit)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.split()
    assert lines[0] == "MemoryError"
    assert lines[-1] == "done"


def test_a_failed_import_is_told_as_it_is() -> None:
    missing = not_imported(
        ModuleNotFoundError("No module named 'x'", name="x"), "this needs x: pip install x"
    )
    assert isinstance(missing, ImportError)
    assert str(missing) == "this needs x: pip install x"
    for words in ("x.so: failed to map segment from shared object", "x.so: Cannot allocate memory"):
        short = not_imported(ImportError(words, name="x"), "this needs x: pip install x")
        assert isinstance(short, MemoryError)
        assert "not enough memory to load x" in str(short)
    broken = not_imported(ImportError("undefined symbol: y", name="x"), "this needs x: pip install x")
    assert isinstance(broken, ImportError)
    assert str(broken) == "x is installed, but can't be loaded (undefined symbol: y); install it anew"


def test_a_library_without_room_is_not_tried() -> None:
    with pytest.raises(MemoryError, match="not enough memory to load x, which takes"):
        make_room("x", 1 << 40)
    make_room("sys", 1 << 40)
