"""Devices: named, checked, fallen back from with a word; and model files free of what was made on a CPU.

No GPU is asked for: where there is one, the last test compares it with the CPU.
"""

from __future__ import annotations

import re
import warnings
from typing import Any

import numpy as np
import pytest

import groundglass as gg
import small_study
from groundglass import weights
from groundglass.cli import main
from groundglass.segmentation.devices import check_device
from groundglass.web import Settings

torch = pytest.importorskip("torch")
stages = pytest.importorskip("groundglass.segmentation.stages")

CUDA = torch.cuda.is_available()
#: What makes a tensor and takes a device.
MAKERS = r"aten::(?:arange|zeros|ones|full|empty|eye|linspace|tensor|rand|randn|to)\b"


def program(name: str) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return torch.jit.load(str(weights.find(name).path), map_location="cpu")


@pytest.mark.parametrize("name", weights.everything())
def test_a_model_file_makes_no_tensor_on_a_device_of_its_own(name: str) -> None:
    graph = str(program(name).inlined_graph)
    assert not re.search(r"Device = prim::Constant", graph), "a device is written into the program"
    none = set(re.findall(r"(%[\w.]+) : NoneType = prim::Constant", graph))
    known = set(re.findall(r"(%[\w.]+) : Device = prim::device", graph))
    for line in graph.splitlines():
        if not re.search(MAKERS, line) or "aten::to" in line:
            continue
        taken = re.findall(r"%[\w.]+", line.partition("=")[2].partition("#")[0])
        assert known & set(taken), f"made on the default device, None of {none & set(taken)}: {line.strip()}"


def test_grid_means_are_made_where_their_input_is() -> None:
    from groundglass.models.ensemble_lite import GridMean, bands

    x = torch.rand(2, 3, 13, 22)
    for cells in (1, 2, 3, 6):
        expected = torch.nn.functional.adaptive_avg_pool2d(x, cells)
        assert torch.allclose(GridMean(cells)(x), expected, atol=1e-6)
        assert bands(13, cells, torch.device("meta")).device.type == "meta"
    assert GridMean(3)(x.to("meta")).device.type == "meta"


def test_devices_are_named_and_checked(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ValueError, match="device must be one of 'auto', 'cpu', 'cuda'"):
        check_device("gpu")
    for make in (stages.Lungs, stages.Ensemble):
        with pytest.raises(ValueError, match="device must be 'auto', 'cpu' or 'cuda'"):
            make(device="gpu")
    with pytest.raises(ValueError, match="device must be one of"):
        gg.analyze(small_study.patient().volume, device="gpu")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="device must be one of"):
        Settings(device="gpu")  # type: ignore[arg-type]
    assert main(["analyze", ".", "--json", "--device", "gpu"]) == 2
    assert "auto" in capsys.readouterr().err


@pytest.mark.skipif(CUDA, reason="there is a CUDA device")
def test_without_cuda_the_cpu_takes_over_and_says_so() -> None:
    found = small_study.patient()
    quiet = gg.analyze(found.volume, preset="fast")
    assert quiet.options["segmentation"]["device"] == "cpu"
    assert "device_fallback" not in [note.code for note in quiet.notes]
    asked = gg.analyze(found.volume, preset="fast", device="cuda")
    told = {
        stage: [note for note in notes if note.code == "device_fallback"]
        for stage, notes in asked.stage_notes.items()
    }
    assert {stage for stage, notes in told.items() if notes} == {"lungs", "segmentation"}
    for notes in told.values():
        assert all(note.level == "warning" and "no CUDA device" in note.text for note in notes)
    assert asked.options["segmentation"]["device"] == "cpu"
    assert np.array_equal(asked.lesions, quiet.lesions)
    assert np.array_equal(asked.lungs, quiet.lungs)


@pytest.mark.skipif(not CUDA, reason="there is no CUDA device")
def test_cuda_gives_the_numbers_of_the_cpu() -> None:
    found = small_study.patient()
    lungs = gg.LungCt(found.volume, found.lungs)
    one, other = (
        stages.Ensemble(device=device, keep_probabilities=True)(lungs) for device in ("cpu", "cuda")
    )
    for name in ("ground_glass_probability", "consolidation_probability"):
        apart = np.abs(getattr(one, name).astype(int) - getattr(other, name).astype(int))
        assert apart.max() <= 1  # in 255ths
    assert abs((one.lesions > 0).sum() - (other.lesions > 0).sum()) <= 1e-3 * (one.lesions > 0).sum()
