"""What is painted into a patient keeps, or takes from, the mask as it says."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("SimpleITK")

from groundglass import phantom
from groundglass.models.lungs_lite import NEIGHBOURS_MM
from groundglass.training.lungs import painting, sampling
from groundglass.training.lungs.patients import Patient, prepared


@pytest.fixture(scope="module")
def patient() -> Patient:
    made = phantom.make(5, ground_glass=0, consolidation=0, shape=(60, 112, 112))
    return prepared("made", "phantom", made.hounsfield, made.lungs > 0, made.spacing_mm)


def test_a_patient_lies_on_the_grid(patient: Patient) -> None:
    assert patient.hounsfield.shape[1] % 32 == patient.hounsfield.shape[2] % 32 == 0
    assert 3000 < patient.lungs.sum() * 12e-3 < 6000
    assert (patient.depth[patient.lungs] >= 0).all()
    assert (patient.depth[~patient.lungs] <= 0).all()
    assert patient.body[:, 0].max() == 0
    assert patient.body[patient.lungs].min() > 3


@pytest.mark.parametrize("paint", [painting.consolidation, painting.dense_lobe, painting.ground_glass])
@pytest.mark.parametrize("seed", range(4))
def test_opacity_keeps_the_mask_and_stays_in_it(
    patient: Patient, paint: Callable[[painting.Scene, np.random.Generator], None], seed: int
) -> None:
    scene = painting.Scene.of(patient)
    paint(scene, np.random.default_rng(seed))
    changed = scene.hounsfield != patient.hounsfield
    np.testing.assert_array_equal(scene.lungs, patient.lungs)
    assert not (changed & ~patient.lungs).any()
    assert changed.sum() > 0.02 * patient.lungs.sum()
    denser = scene.hounsfield[changed].mean() - patient.hounsfield[changed].mean()
    assert denser > 100


def test_a_dense_lobe_ends_where_the_lobe_does(patient: Patient) -> None:
    scene = painting.Scene.of(patient)
    painting.dense_lobe(scene, np.random.default_rng(1))
    changed = scene.hounsfield - patient.hounsfield > 200
    shares = [changed[patient.lobes == k].mean() for k in range(1, 6)]
    assert 1 <= sum(share > 0.5 for share in shares) <= 2
    assert sum(share == 0 for share in shares) >= 3


@pytest.mark.parametrize(
    ("paint", "low", "high"), [(painting.effusion, 0, 25), (painting.pneumothorax, -1000, -970)]
)
@pytest.mark.parametrize("seed", range(4))
def test_fluid_and_gas_of_the_pleura_leave_the_mask(
    patient: Patient,
    paint: Callable[[painting.Scene, np.random.Generator], None],
    low: float,
    high: float,
    seed: int,
) -> None:
    scene = painting.Scene.of(patient)
    paint(scene, np.random.default_rng(seed))
    gone = patient.lungs & ~scene.lungs
    assert not (scene.lungs & ~patient.lungs).any()
    assert 0.01 < gone.sum() / patient.lungs.sum() < 0.4
    assert low - 1 <= np.median(scene.hounsfield[gone]) <= high + 1


@pytest.mark.parametrize(
    "paint",
    [painting.bowel_gas, painting.mediastinal_gas, painting.gas_below_diaphragm, painting.gas_below_skin],
)
@pytest.mark.parametrize("seed", range(4))
def test_other_gas_lies_outside_of_the_lungs(
    patient: Patient, paint: Callable[[painting.Scene, np.random.Generator], None], seed: int
) -> None:
    scene = painting.Scene.of(patient)
    paint(scene, np.random.default_rng(seed))
    changed = scene.hounsfield != patient.hounsfield
    np.testing.assert_array_equal(scene.lungs, patient.lungs)
    assert changed.any()
    assert not (changed & patient.lungs).any()
    assert (patient.body[changed] > 3).all()


def test_thick_slices_keep_the_mean_and_lose_detail() -> None:
    image = np.random.default_rng(0).normal(0, 100, (31, 8, 8)).astype(np.float32)
    thick = painting.thick_slices(image, 3)
    assert thick.shape == image.shape
    assert abs(thick.mean() - image.mean()) < 10
    assert np.diff(thick, axis=0).std() < 0.5 * np.diff(image, axis=0).std()


def test_a_batch_depends_on_its_step_alone(patient: Patient) -> None:
    walked = sampling.Sampler([patient], [3])
    for step in range(4):
        planes, lungs = walked.batch(step)
    again, same = sampling.Sampler([patient], [3]).batch(3)
    assert planes.shape == (sampling.BATCH, len(NEIGHBOURS_MM), *sampling.SIZE)
    assert lungs.shape == (sampling.BATCH, 1, *sampling.SIZE)
    assert float(planes.min()) >= -1
    assert float(planes.max()) <= 1
    assert 0 <= float(lungs.min()) < float(lungs.max()) <= 1
    assert planes.equal(again)
    assert lungs.equal(same)


def test_a_view_moves_image_and_mask_together() -> None:
    """A mask that is a function of the image stays that function, to the pixel's blur."""
    import torch

    y, x = np.mgrid[:160, :192]
    disc = (((y - 70) ** 2 + (x - 110) ** 2) < 40**2).astype(np.float32)
    stack = torch.from_numpy(np.stack([disc, disc]))[None]
    for seed in range(6):
        moved = sampling.moved_in_plane(stack, np.random.default_rng(seed))
        assert moved[:, 0].equal(moved[:, 1])
        area = float(moved[:, 0].sum()) / disc.sum()
        assert 0.5 < area < 2
