"""From a network to a shipped file."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
# TorchScript is the format that LibTorch reads; torch announces its successor on every call.
pytestmark = [pytest.mark.long, pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")]

from groundglass.models import EnsembleLite, FourClassProbability  # noqa: E402
from groundglass.training import __main__ as command  # noqa: E402
from groundglass.training.export import export  # noqa: E402
from groundglass.training.install import BYTES_MAX, install  # noqa: E402
from groundglass.weights import defaults, read_contract  # noqa: E402


def settled() -> EnsembleLite:
    """A network whose batch norms have statistics."""
    torch.manual_seed(5)
    network = EnsembleLite().train()
    with torch.no_grad():
        for _ in range(3):
            network(torch.randn(4, 1, 64, 64))
    return network.eval()


def test_export_round_trip(tmp_path: Path) -> None:
    network = settled()
    path = export(network, tmp_path / "m.pt", name="tried-lite", long_edge=320)
    assert path.stat().st_size <= BYTES_MAX
    assert [p.name for p in tmp_path.iterdir()] == ["m.pt"]
    contract = read_contract(path)
    assert contract["input"]["long_edge"] == 320
    assert contract["output"] == {
        "kind": "probability",
        "classes": ["ground_glass", "consolidation", "lung", "background"],
    }
    extra = {"groundglass.json": ""}
    loaded = torch.jit.load(str(path), _extra_files=extra)
    assert json.loads(extra["groundglass.json"]) == contract
    assert next(loaded.parameters()).dtype == torch.float16
    loaded = torch.jit.freeze(loaded.to(torch.float32).eval())
    x = torch.randn(1, 1, 96, 64)
    with torch.inference_mode():
        torch.testing.assert_close(loaded(x), FourClassProbability(network)(x), atol=0.02, rtol=0)


def test_export_names_no_source_files(tmp_path: Path) -> None:
    path = export(settled(), tmp_path / "m.pt", name="tried-lite", long_edge=320)
    folder = str(Path(command.__file__).parents[1]).encode()
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        for entry in archive.infolist():
            assert entry.filename.startswith("tried-lite/")
            assert folder not in archive.read(entry)


def test_export_refuses_a_diverged_network(tmp_path: Path) -> None:
    network = settled()
    with torch.no_grad():
        network.unet.head.bias.fill_(1e6)
    with pytest.raises(ValueError, match=r"network\.unet\.head\.bias has values beyond half precision"):
        export(network, tmp_path / "m.pt", name="tried-lite", long_edge=320)
    assert not list(tmp_path.iterdir())


def test_install_writes_the_manifest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = export(settled(), tmp_path / "m.pt", name="tried-lite", long_edge=320)
    shipped = tmp_path / "weights"
    shipped.mkdir()
    old = {"name": "old", "file": "old.pt", "default": False}
    (shipped / "manifest.json").write_text(json.dumps({"models": [old]}))
    entry = install(model, shipped)
    models = json.loads((shipped / "manifest.json").read_text())["models"]
    assert models == [old, entry]
    assert entry["bytes"] == (shipped / "tried-lite.pt").stat().st_size
    monkeypatch.setattr("groundglass.weights.FOLDER", shipped)
    assert [model.sha256 for model in defaults()] == [entry["sha256"]]


def test_calibration_is_part_of_the_file(tmp_path: Path) -> None:
    network = settled()
    quantiles = {"levels": [0.05, 0.95], "thresholds": [0.8, 0.2]}
    calibration = {
        "temperature": 2.0,
        "conditional_temperature": 0.5,
        "volume_quantiles": quantiles,
        "interval": {"coverage": 0.9},
    }
    path = export(network, tmp_path / "m.pt", name="m", long_edge=320, calibration=calibration)
    kept = read_contract(path)["calibration"]
    assert kept == {"temperature": 2.0, "conditional_temperature": 0.5, "volume_quantiles": quantiles}
    x = torch.randn(1, 1, 64, 64)
    with torch.inference_mode():
        p = torch.jit.load(str(path)).to(torch.float32)(x)
        logits = network(x)
    infected, consolidated = torch.sigmoid(logits[:, 0] / 2), torch.sigmoid(logits[:, 1] / 0.5)
    torch.testing.assert_close(p[:, 0] + p[:, 1], infected, atol=0.02, rtol=0)
    torch.testing.assert_close(p[:, 1], infected * consolidated, atol=0.02, rtol=0)
