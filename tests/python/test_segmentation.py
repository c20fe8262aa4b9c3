"""The segmentation stage, on tiny models that the tests make."""

from __future__ import annotations

import pickle
import shutil
import signal
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

import groundglass as gg  # noqa: E402
from groundglass.weights import read_contract  # noqa: E402
from tiny_models import maker  # noqa: E402

segmentation = pytest.importorskip("groundglass.segmentation.stages")
Ensemble = segmentation.Ensemble

# TorchScript is deprecated upstream, and is the format of the model files.
pytestmark = [pytest.mark.long, pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")]


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the files of make_models.py."""
    folder = tmp_path_factory.mktemp("models")
    maker().make(folder)
    return folder


def patient(slices: int = 12, edge: int = 64) -> Any:
    """Two lungs of air and, in the left one, ground glass (-400 HU) above consolidation (50 HU)."""
    ct = np.full((slices, edge, edge), 40, np.int16)
    lungs = np.zeros(ct.shape, np.uint8)
    half = edge // 2
    for columns, label in ((slice(6, half - 4), 2), (slice(half + 4, edge - 6), 1)):
        ct[1:-1, 8:-8, columns] = -1000
        lungs[1:-1, 8:-8, columns] = label
    ct[2:-2, 14:24, half + 8 : half + 18] = -400
    ct[2:-2, 30:40, half + 8 : half + 18] = 50
    return gg.LungCt(gg.CtVolume(ct, spacing_mm=(2.0, 1.0, 1.0)), lungs)


def test_lesions_are_where_they_were_painted(models: Path) -> None:
    result = Ensemble(models / "tiny.pt", keep_probabilities=True)(patient())
    assert result.lesions.dtype == np.uint8
    assert (result.lesions[3:-3, 18:21, 44:47] == 1).all()
    assert (result.lesions[3:-3, 34:37, 44:47] == 2).all()
    assert not result.lesions[result.lungs == 0].any()
    assert result.ground_glass_probability.dtype == np.uint8
    assert (result.ground_glass_probability[4:-4, 18:21, 44:47] > 200).all()
    assert (result.consolidation_probability[4:-4, 34:37, 44:47] > 200).all()
    assert not result.ground_glass_probability[result.lungs == 0].any()
    assert "segmented" in {note.code for note in result.notes}
    assert Ensemble(models / "tiny.pt")(patient()).ground_glass_probability is None


def test_the_same_as_torch_in_python(models: Path) -> None:
    """Crop, window, resize, network, back: each step written again with torch and numpy."""
    given = patient()
    result = Ensemble(models / "tiny.pt", average_mm=0, keep_probabilities=True)(given)
    network = torch.jit.load(models / "tiny.pt").float().eval()
    margin = 3
    rows, columns = np.flatnonzero(given.lungs[5].any(1)), np.flatnonzero(given.lungs[5].any(0))
    box = (
        slice(rows[0] - margin, rows[-1] + 1 + margin),
        slice(columns[0] - margin, columns[-1] + 1 + margin),
    )
    crop = torch.from_numpy(given.ct.hounsfield[5][box].astype(np.float32))
    image = ((crop + 1350) / 750 - 1).clamp(-1, 1)[None, None]
    height, width = crop.shape
    size = (round(height * 64 / max(height, width)), round(width * 64 / max(height, width)))
    resized = torch.nn.functional.interpolate(image, size, mode="bilinear", antialias=True)
    padded = torch.nn.functional.pad(resized, (0, -size[1] % 32, 0, -size[0] % 32), value=-1.0)
    with torch.inference_mode():
        planes = network(padded)[:, :, : size[0], : size[1]]
    back = torch.nn.functional.interpolate(planes, (height, width), mode="bilinear", antialias=True)
    inside = given.lungs[5][box] != 0
    for plane, found in zip(
        back[0].numpy(),
        (result.ground_glass_probability, result.consolidation_probability),
        strict=True,
    ):
        assert np.abs(found[5][box].astype(float) - 255 * plane)[inside].max() <= 0.51


@pytest.mark.parametrize("shape", [(70, 90), (32, 64), (200, 130), (1, 7)])
def test_resizing_equals_pillow(models: Path, shape: tuple[int, int]) -> None:
    """Through the whole of segment_image: the tiny model looks at one pixel at a time."""
    image_module = pytest.importorskip("PIL.Image")
    rng = np.random.default_rng(5)
    grey = rng.integers(0, 256, shape).astype(np.uint8)
    found = Ensemble(models / "tiny.pt").segment_image(grey)
    assert found.dtype == np.float32
    assert found.shape == (2, *shape)

    def resize(plane: Any, size: tuple[int, int]) -> Any:
        picture = image_module.fromarray(np.asarray(plane, np.float32))
        return np.asarray(picture.resize(size[::-1], image_module.Resampling.BILINEAR))

    scale = 64 / max(shape)
    size = (max(1, round(shape[0] * scale)), max(1, round(shape[1] * scale)))
    small = resize(grey / np.float32(127.5) - 1, size).astype(np.float64)
    infected, dense = 1 / (1 + np.exp(-16 * small)), 1 / (1 + np.exp(8 - 16 * small))
    for plane, expected in zip(found, (infected * (1 - dense), infected * dense), strict=True):
        assert np.abs(plane - resize(expected, shape)).max() < 2e-5


def test_hounsfield_slices_and_windows(models: Path) -> None:
    stage = Ensemble(models / "tiny.pt")
    hounsfield = patient().ct.hounsfield[5]
    own = stage.segment_image(hounsfield)
    assert np.array_equal(own, stage.segment_image(hounsfield.astype(np.float64)))
    assert np.array_equal(own, stage.segment_image(hounsfield, window=(-1350, 150)))
    assert not np.array_equal(own, stage.segment_image(hounsfield, window=(-1000, 400)))
    grey = np.round((hounsfield.clip(-1350, 150) + 1350) * (255 / 1500)).astype(np.uint8)
    assert np.abs(stage.segment_image(grey) - own).max() < 0.05
    assert np.array_equal(
        stage.segment_image(np.asfortranarray(hounsfield[:, :40])),
        stage.segment_image(hounsfield[:, :40]),
    )


def test_labels_of_an_image_need_the_threshold_together(models: Path) -> None:
    grey = np.random.default_rng(3).integers(0, 256, (60, 70)).astype(np.uint8)
    for threshold in (0.5, 0.8):
        labels, maps, lungs = Ensemble(models / "tiny.pt", threshold=threshold).find_in_image(grey)
        assert lungs is None
        lesion = maps[0] + maps[1] >= np.float32(threshold)
        assert labels.dtype == np.uint8
        assert np.array_equal(labels, np.where(lesion, np.where(maps[1] > maps[0], 2, 1), 0))
        assert set(np.unique(labels)) == {0, 1, 2}
        assert np.array_equal(maps, Ensemble(models / "tiny.pt").segment_image(grey))
    published = Ensemble.compatible(models / "four_class.pt")
    labels, maps, lungs = published.find_in_image(grey)
    assert lungs is not None
    assert (lungs[labels > 0] == 1).all()
    # The largest of four: it may lie below one half, and another class's may lie above both.
    assert (maps[0][labels == 1] >= maps[1][labels == 1]).all()
    assert (maps[1][labels == 2] >= maps[0][labels == 2]).all()


def test_wrong_images(models: Path) -> None:
    stage = Ensemble(models / "tiny.pt")
    with pytest.raises(ValueError, match="3 dimensions"):
        stage.segment_image(np.zeros((4, 4, 3), np.uint8))
    with pytest.raises(TypeError, match="complex64"):
        stage.segment_image(np.zeros((4, 4), np.complex64))
    with pytest.raises(ValueError, match="low < high"):
        stage.segment_image(np.zeros((4, 4), np.float32), window=(1, 1))
    with pytest.raises(ValueError, match="0 values"):
        stage.segment_image(np.zeros((0, 4), np.uint8))


def test_a_regular_value(models: Path) -> None:
    stage = Ensemble([models / "tiny.pt"], threads=2, average_mm=3)
    again = eval(repr(stage), {"Ensemble": Ensemble})
    assert again == stage
    assert type(again) is Ensemble
    assert pickle.loads(pickle.dumps(stage)) == stage
    assert stage != Ensemble([models / "tiny.pt"])
    assert stage != "Ensemble"
    assert stage.models == [str(models / "tiny.pt")]
    assert (stage.threads, stage.threshold, stage.average_mm, stage.views) == (2, 0.5, 3.0, 1)
    assert Ensemble([models / "tiny.pt"], views=4).views == 4
    (contract,) = stage.contracts
    assert contract["name"] == "tiny"
    assert contract["input"]["window_hu"] == [-1350, 150]
    assert contract["output"]["classes"] == ["ground_glass", "consolidation"]


def test_in_a_pipeline(models: Path) -> None:
    given = patient()
    stage = Ensemble(models / "tiny.pt")
    direct = stage(given)
    assert np.array_equal((given | stage).lesions, direct.lesions)
    count = stage | (lambda result: int((result.lesions > 0).sum()))
    assert count(given) == int((direct.lesions > 0).sum()) > 0


def test_progress_and_stopping(models: Path) -> None:
    stage = Ensemble(models / "tiny.pt", threads=2)
    seen: list[tuple[int, int]] = []
    stage.run(patient(), progress=lambda done, total: seen.append((done, total)))
    assert seen[0] == (0, 10)
    assert seen[-1] == (10, 10)
    assert seen == sorted(seen)
    with pytest.raises(segmentation.Cancelled):
        stage.run(patient(), progress=lambda done, total: False)

    def fail(done: int, total: int) -> bool:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        stage.run(patient(), progress=fail)


@pytest.mark.alone
def test_ctrl_c_stops_a_run(models: Path) -> None:
    stage = Ensemble(models / "tiny.pt", threads=1)
    long = patient(slices=4000)
    timer = threading.Timer(0.05, signal.raise_signal, [signal.SIGINT])
    # a shell that starts the tests in the background has the signal ignored
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        timer.start()
        start = time.perf_counter()
        with pytest.raises(KeyboardInterrupt):
            [stage(long) for _ in range(100)]
        timer.join()
        assert time.perf_counter() - start < 5
    finally:
        signal.signal(signal.SIGINT, before)


def test_settings_of_torch_are_not_touched(models: Path) -> None:
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(3)
        Ensemble(models / "tiny.pt", threads=2)(patient())
        assert torch.get_num_threads() == 3
        found: list[int] = []
        thread = threading.Thread(target=lambda: found.append(torch.get_num_threads()))
        thread.start()
        thread.join()
        assert found == [3]
        assert torch.is_grad_enabled()
        assert not torch.is_inference_mode_enabled()
    finally:
        torch.set_num_threads(before)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("legacy.pt", "not"),
        ("empty.pt", "not a model file"),
        ("truncated.pt", "not a model file"),
        ("checkpoint.pt", "groundglass.json"),
        ("no_contract.pt", "groundglass.json"),
        ("future.pt", "format_version"),
        ("logits.pt", "promises probabilities"),
        ("half.pt", r"\(1, 2, 32, 32\)"),
        ("other_classes.pt", "nodule"),
    ],
)
def test_wrong_files(models: Path, name: str, reason: str) -> None:
    with pytest.raises(gg.ModelError, match=reason) as caught:
        Ensemble(models / name)
    assert name in str(caught.value)
    assert "frame #" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("truncated.pt2", "not a model file"),
        ("package_no_contract.pt2", "groundglass.json"),
        ("not_compiled.pt2", "'compiled'"),
        ("other_torch.pt2", r"torch 1\.13\.1"),
        ("other_device.pt2", "'cuda'"),
        ("other_machine.pt2", "s390x"),
        ("other_vectors.pt2", "AVX4096"),
        ("other_size.pt2", "64 x 64"),
        ("one_size.pt2", "height and width left open"),
        ("not_a_library.pt2", "cannot be loaded"),
    ],
)
def test_wrong_packages(
    models: Path, name: str, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    with pytest.raises(gg.ModelError, match=reason) as caught:
        segmentation.try_model(models / name)
    assert name in str(caught.value)
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(shutil.which("g++") is None, reason="AOTInductor needs a C++ compiler")
def test_a_package_stands_in_for_the_torchscript_file(models: Path, tmp_path: Path) -> None:
    from groundglass.models.package_file import save_aoti

    package = tmp_path / "tiny.compiled"  # the name does not matter
    save_aoti(maker().Tiny().eval(), package, maker().contract())
    segmentation.try_model(package)
    assert read_contract(package)["compiled"]["shape"] == [1, 1, None, None]
    compiled = Ensemble(package, threads=3, keep_probabilities=True)
    script = Ensemble(models / "tiny.pt", threads=3, keep_probabilities=True)
    assert compiled.contracts == script.contracts
    found, expected = compiled(patient()), script(patient())
    assert np.array_equal(found.lesions, expected.lesions)
    for name in ("ground_glass_probability", "consolidation_probability"):
        difference = getattr(found, name).astype(int) - getattr(expected, name)
        assert np.abs(difference).max() <= 1  # a 255th, where rounding falls the other way
    image = patient().ct.hounsfield[5]
    assert np.abs(compiled.segment_image(image) - script.segment_image(image)).max() < 1e-5
    both = Ensemble([package, models / "tiny.pt"])(patient())
    assert np.array_equal(both.lesions, expected.lesions)
    with pytest.raises(ValueError, match="bfloat16"):
        Ensemble(package, bfloat16=True)


def test_views_are_averaged(models: Path) -> None:
    given = patient()
    hounsfield = given.ct.hounsfield[5]
    one = Ensemble(models / "tiny.pt").segment_image(hounsfield)
    for views, turns in ((2, [(2,)]), (4, [(1,), (1, 2)]), (8, [(1,), "turn"])):
        stage = Ensemble(models / "tiny.pt", views=views)
        found = stage.segment_image(hounsfield)
        assert np.abs(found - one).max() < 0.05
        for turn in turns:
            laid = np.rot90(hounsfield) if turn == "turn" else np.flip(hounsfield, [a - 1 for a in turn])
            answer = stage.segment_image(np.ascontiguousarray(laid))
            back = np.rot90(answer, -1, (1, 2)) if turn == "turn" else np.flip(answer, turn)
            assert np.abs(back - found).max() < 1e-5
    result = Ensemble(models / "tiny.pt", views=8)(given)
    assert len(result.uncertainty.member_voxels) == 8
    assert np.ptp(result.uncertainty.member_voxels) < 0.1 * np.mean(result.uncertainty.member_voxels)
    assert any("over 8 views" in note.text for note in result.notes)
    two_steps = segmentation.InfNet(models / "infection.pt", models / "multi_class.pt", views=8)
    assert len(two_steps(given).uncertainty.member_voxels) == 8
    for wrong in (0, 3, 16, -2):
        with pytest.raises(ValueError, match="views"):
            Ensemble(models / "tiny.pt", views=wrong)


def test_a_network_that_fails(models: Path) -> None:
    with pytest.raises(gg.ModelError, match="rows beyond 64"):
        Ensemble(models / "failing.pt").segment_image(np.zeros((96, 96), np.uint8))


@pytest.mark.parametrize(
    "options",
    [{"threads": -1}, {"threshold": 0.0}, {"average_mm": 30.0}, {"minimum_lesion_ml": -0.1}],
)
def test_wrong_options(models: Path, options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(options))):
        Ensemble(models / "tiny.pt", **options)
    with pytest.raises(ValueError, match="empty"):
        Ensemble([])


def test_what_is_said_of_another_torch() -> None:
    trouble = segmentation._trouble
    assert trouble("2.13.0", "2.13.1+cpu") is None
    wrong = trouble("2.13.0", "2.12.1+cpu")
    assert "2.13.0" in wrong
    assert "2.12.1+cpu" in wrong
    assert "pip install 'torch==2.13.*'" in wrong
    assert "no torch is installed" in trouble("2.13.0", None)
    assert "GROUNDGLASS_SEGMENTATION" in trouble(None, "2.13.0")


def test_torch_missing_or_unneeded(models: Path) -> None:
    """In processes of their own: without torch an ImportError; with it, torch itself is never imported."""

    def run(code: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True)

    missing = run("""
        import importlib.util
        real = importlib.util.find_spec
        importlib.util.find_spec = lambda name, *more: None if name == "torch" else real(name, *more)
        from groundglass.segmentation import Ensemble
    """)
    assert missing.returncode != 0
    assert "no torch is installed; pip install" in missing.stderr
    lean = run(f"""
        import sys
        from groundglass.segmentation import Ensemble
        Ensemble({str(models / "tiny.pt")!r})
        assert "torch" not in sys.modules
    """)
    assert lean.returncode == 0, lean.stderr
