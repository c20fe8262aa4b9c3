"""The whole run on tiny made-up data, its pieces, and the command."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
# TorchScript is the format that LibTorch reads; torch announces its successor on every call.
pytestmark = [pytest.mark.long, pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")]

from made_up_slices import STILL, slice_of, write_data  # noqa: E402

from groundglass.models import UNetLite, probabilities  # noqa: E402
from groundglass.training import __main__ as command  # noqa: E402
from groundglass.training import pipeline as pipeline_module  # noqa: E402
from groundglass.training.measure import measure_and_export  # noqa: E402
from groundglass.training.pipeline import (  # noqa: E402
    Batch,
    Minutes,
    Training,
    TrainingOptions,
    batch_of,
    relabelled,
)
from groundglass.training.synthesis import lesion_shares, with_lesions  # noqa: E402
from groundglass.weights import read_contract  # noqa: E402


def test_batches_take_so_many_of_each_source() -> None:
    first, second = [slice_of(i) for i in range(3)], [replace(slice_of(7), kinds=False, trust=0.4)]
    rng = np.random.default_rng(0)
    batch = batch_of([(first, 2), (second, 1)], 0, [1], (64, 64), rng, STILL)
    assert batch.x.shape == batch.plain.shape == (3, 1, 64, 64)
    assert batch.target.shape == (3, 3, 64, 64)
    assert batch.kinds.tolist() == [True, True, False]
    assert batch.trust.tolist() == pytest.approx([1.0, 1.0, 0.4])


def test_doubtful_targets_are_blended_with_the_average() -> None:
    torch.manual_seed(0)
    network = UNetLite().eval()
    x = torch.randn(2, 1, 32, 32)
    target = torch.rand(2, 3, 32, 32) / 3
    batch = Batch(x + 1, x, target, torch.tensor([True, False]), torch.tensor([1.0, 0.4]))
    new = relabelled(batch, network)
    assert torch.equal(new[0], target[0])
    with torch.inference_mode():
        own = probabilities(network(x))[1]
    expected = 0.4 * (target[1, 0] + target[1, 1]) + 0.6 * (own[0] + own[1])
    torch.testing.assert_close(new[1, 0], expected)
    assert not new[1, 1].any()
    assert torch.equal(new[1, 2], target[1, 2])


def test_synthetic_lesions_lie_in_the_lungs() -> None:
    lungs = np.zeros((96, 96), bool)
    lungs[20:80, 10:80] = True
    hu = np.where(lungs, -850, 40).astype(np.float32)
    extents, cores = [], 0
    for seed in range(12):
        rng = np.random.default_rng(seed)
        ground_glass, consolidation = lesion_shares(lungs, rng)
        both = ground_glass + consolidation
        assert both.min() >= 0
        assert both.max() <= 1 + 1e-6
        assert not both[~lungs].any()
        new = with_lesions(hu, ground_glass, consolidation, rng)
        assert np.array_equal(new[both == 0], hu[both == 0])
        if (ground_glass > 0.99).sum() > 50:
            assert -750 < new[ground_glass > 0.99].mean() < -400
        if (consolidation > 0.99).sum() > 50:
            assert -120 < new[consolidation > 0.99].mean() < 120
            cores += 1
        extents.append(both[lungs].mean())
    assert cores >= 3
    assert max(extents) > 3 * min(extents)


def test_pipeline_from_data_to_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "out"
    data = write_data(tmp_path / "data")
    options = TrainingOptions(
        steps=1, folds=2, long_edge=64, pretrain_canvas=(64, 32), canvas=(64, 32), batch=(2, 1)
    )
    monkeypatch.setattr("groundglass.training.evaluate.RESAMPLES", 20)
    training = Training(data, None, out, options)
    training.run()
    paths = measure_and_export(training)
    assert sorted(p.name for p in paths) == ["ensemble-lite.pt", "inf-net-lite.pt"]
    for path in paths:
        contract = read_contract(path)
        assert contract["name"] == path.stem
        assert contract["input"]["long_edge"] == 64
        assert len(contract["calibration"]["volume_quantiles"]["thresholds"]) == 19
    report = json.loads((out / "figures.json").read_text())
    assert sorted(name for fold in report["held_out"] for name in fold) == ["0", "1", "2", "3"]
    assert set(report["figures"]) == {"ensemble-lite", "inf-net-lite", "both", "unet-from-scratch"}
    assert 0 <= report["figures"]["both"]["mean_iou.pooled"]["value"] <= 1
    for picture in ("learning_curves", "ensemble-lite-reliability", "inf-net-lite-reliability"):
        assert (out / f"{picture}.png").stat().st_size > 5000

    def resumed() -> list[str]:
        events = [json.loads(line) for line in (out / "log.jsonl").read_text().splitlines()]
        return [e["stage"] for e in events if e["event"] == "resume"]

    assert resumed() == []
    last = out / "ensemble-lite-distil.pt"
    before = last.read_bytes()
    last.unlink()
    Training(data, None, out, replace(options, resume=True)).run()
    assert len(resumed()) == 2 + 4 + 2 + 1
    was, again = (torch.load(io.BytesIO(b)) for b in (before, last.read_bytes()))
    for key, value in was["average"].items():
        assert torch.equal(value, again["average"][key]), key


def test_jobs_run_side_by_side(tmp_path: Path) -> None:
    """In processes of their own, which read what the parent prepared."""
    options = TrainingOptions(
        steps=1, folds=2, long_edge=64, pretrain_canvas=(64, 32), canvas=(64, 32), processes=2
    )
    pipeline = Training(write_data(tmp_path / "data"), None, tmp_path / "out", options)
    pipeline.prepare()
    pipeline.phase([("pretrain", (name,)) for name in pipeline_module.NETWORKS])
    assert {p.name for p in (tmp_path / "out").glob("*-pretrain.pt")} == {
        "ensemble-lite-pretrain.pt",
        "inf-net-lite-pretrain.pt",
    }
    with pytest.raises(FileNotFoundError):
        pipeline.phase([("distil", ("ensemble-lite",)), ("distil", ("inf-net-lite",))])


def test_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    seen: list[tuple[Path, Path | None, Path, TrainingOptions]] = []

    class Recorder:
        def __init__(self, data: Path, healthy: Path | None, out: Path, options: TrainingOptions) -> None:
            seen.append((data, healthy, out, options))

        def run(self) -> None:
            (tmp_path / "tried-lite.pt").write_bytes(b"1234")

    text = (
        "--data d --healthy h --out o --minutes 1 2 3 4 --seed 9 --folds 3 --resume --long-edge 320 "
        "--processes 2 --published-structure-loss"
    )
    with monkeypatch.context() as patch:
        patch.setattr(command, "Training", Recorder)
        patch.setattr(command, "measure_and_export", lambda training: [tmp_path / "tried-lite.pt"])
        assert command.main(text.split()) == 0
    expected = TrainingOptions(
        minutes=Minutes(1, 2, 3, 4),
        seed=9,
        folds=3,
        resume=True,
        long_edge=320,
        processes=2,
        published_structure_loss=True,
    )
    assert seen == [(Path("d"), Path("h"), Path("o"), expected)]
    assert "4 bytes" in capsys.readouterr().out
    assert command.main(["--data", str(tmp_path), "--out", str(tmp_path / "out"), "--processes", "1"]) == 2
    assert "no .jpg or .png slices" in capsys.readouterr().err
