"""What the tests of the workflow share: a small phantom with its true masks, and commands that must fail."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import pytest

import groundglass as gg
from groundglass.cli import main
from groundglass.write import write_nifti

SHAPE = (24, 80, 80)


@lru_cache(maxsize=2)
def patient(seed: int = 3) -> gg.phantom.Phantom:
    """A chest with 8 % ground glass and 3 % consolidation in large voxels."""
    return gg.phantom.make(seed, shape=SHAPE)


def write(folder: Path, name: str = "ct") -> Path:
    """Writes ``NAME.nii.gz``, ``lungs.nii.gz`` and ``lesions.nii.gz``; gives the path of the first."""
    found = patient()
    for stem, array in ((name, found.hounsfield), ("lungs", found.lungs), ("lesions", found.lesions)):
        write_nifti(folder / f"{stem}.nii.gz", array, found.spacing_mm, found.origin_mm, found.direction)
    return folder / f"{name}.nii.gz"


def result() -> gg.Result:
    """The phantom's true masks, measured."""
    found = patient()
    return gg.analyze(found.volume, lungs=found.lungs, lesions=found.lesions)


def segmentation_missing() -> str | None:
    """Why the bundled model can't run here, or None where it can."""
    try:
        from groundglass.segmentation import Ensemble  # noqa: F401
        from groundglass.weights import defaults

        defaults()
    except (ImportError, gg.ModelError) as error:
        return f"the segmentation is not built or has no weights: {error}"
    return None


def refused(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 2) -> str:
    """Runs what must fail and gives its one sentence on stderr."""
    assert main(arguments) == code
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("groundglass: ")
    assert captured.err.count("\n") == 1, captured.err
    assert "Traceback" not in captured.err
    return captured.err
