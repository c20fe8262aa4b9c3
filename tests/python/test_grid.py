"""Masks of a volume file come back in the file's own axes, whatever their order and direction."""

from __future__ import annotations

from itertools import permutations, product
from pathlib import Path

import nibabel
import numpy as np
import pytest

import groundglass as gg
from groundglass.read.grid import Grid
from groundglass.write import write_dicom, write_nifti
from small_study import patient

ORDERS = [(axes, signs) for axes in permutations(range(3)) for signs in product((1, -1), repeat=3)]


def turned(image: nibabel.Nifti1Image, axes: tuple[int, ...], signs: tuple[int, ...]) -> nibabel.Nifti1Image:
    """The same voxels at the same places with the file's axes in another order and direction."""
    array = np.asarray(image.dataobj).transpose(axes)
    affine = image.affine[:, [*axes, 3]]
    for axis, sign in enumerate(signs):
        if sign < 0:
            affine[:, 3] += affine[:, axis] * (array.shape[axis] - 1)
            affine[:, axis] *= -1
            array = np.flip(array, axis)
    found = nibabel.Nifti1Image(array, affine)
    found.set_qform(affine, 1)
    return found


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> dict[str, nibabel.Nifti1Image]:
    """The phantom, oblique by some degrees, with its masks: no flip or swap leaves one as it is."""
    folder, found = tmp_path_factory.mktemp("images"), patient()
    angle = np.radians(8)
    direction = np.array([[0, 0, 1], [-np.sin(angle), np.cos(angle), 0], [np.cos(angle), np.sin(angle), 0]])
    arrays = {"ct": found.hounsfield, "lungs": found.lungs, "lesions": found.lesions}
    for name, array in arrays.items():
        write_nifti(folder / f"{name}.nii", array, (4.5, 4.0, 4.25), (-160.0, -170.0, -1200.0), direction)
    return {name: nibabel.load(folder / f"{name}.nii") for name in arrays}


@pytest.mark.parametrize(("axes", "signs"), ORDERS)
def test_masks_lie_over_the_file_in_every_order_of_axes(
    tmp_path: Path,
    images: dict[str, nibabel.Nifti1Image],
    axes: tuple[int, ...],
    signs: tuple[int, ...],
) -> None:
    source = turned(images["ct"], axes, signs)
    nibabel.save(source, tmp_path / "ct.nii.gz")
    found = gg.analyze(tmp_path / "ct.nii.gz", lungs=patient().lungs, lesions=patient().lesions)
    for name in ("lungs", "lesions"):
        path, labels = tmp_path / f"{name}.nii.gz", getattr(found, name)
        found.write_mask(path, labels)
        written = nibabel.load(path)
        assert written.shape == source.shape
        np.testing.assert_allclose(written.affine, source.affine, atol=1e-4)
        np.testing.assert_allclose(written.get_qform(), source.affine, atol=1e-3)
        np.testing.assert_array_equal(
            np.asarray(written.dataobj), np.asarray(turned(images[name], axes, signs).dataobj)
        )
        np.testing.assert_array_equal(gg.read_labels(path, like=found.ct), labels)


def test_a_result_is_analyzed_again_with_its_own_masks(
    tmp_path: Path, images: dict[str, nibabel.Nifti1Image]
) -> None:
    nibabel.save(turned(images["ct"], (1, 2, 0), (-1, 1, -1)), tmp_path / "ct.nii.gz")
    first = gg.analyze(
        tmp_path / "ct.nii.gz",
        lungs=patient().lungs,
        lesions=patient().lesions,
        position="supine",
        out=tmp_path / "out",
    )
    again = gg.analyze(
        tmp_path / "ct.nii.gz",
        lungs=tmp_path / "out" / "lungs.nii.gz",
        lesions=tmp_path / "out" / "lesions.nii.gz",
        position="supine",
    )
    assert again.region_rows() == first.region_rows()
    assert again.given_sha256 == first.given_sha256
    assert nibabel.load(tmp_path / "out" / "lesions.nii.gz").shape == (80, 24, 80)


@pytest.mark.parametrize("ending", ["nrrd", "mha"])
def test_other_volume_files_have_their_axes_too(tmp_path: Path, ending: str) -> None:
    sitk = pytest.importorskip("SimpleITK")
    image = sitk.GetImageFromArray(patient().hounsfield[::-1, ::-1].transpose(1, 0, 2))
    image.SetSpacing((4.0, 4.5, 4.0))
    image.SetDirection((1, 0, 0, 0, 0, -1, 0, -1, 0))
    sitk.WriteImage(image, tmp_path / f"ct.{ending}")
    found = gg.analyze(tmp_path / f"ct.{ending}", lungs=patient().lungs, lesions=patient().lesions)
    found.write_mask(tmp_path / "lesions.nii.gz", found.lesions)
    written = sitk.ReadImage(tmp_path / "lesions.nii.gz")
    assert written.GetSize() == image.GetSize()
    for name in ("GetSpacing", "GetOrigin", "GetDirection"):
        np.testing.assert_allclose(getattr(written, name)(), getattr(image, name)(), atol=1e-4)
    expected = patient().lesions[::-1, ::-1].transpose(1, 0, 2)
    np.testing.assert_array_equal(sitk.GetArrayFromImage(written), expected)


def test_masks_of_a_dicom_study_and_of_an_array_are_axial(tmp_path: Path) -> None:
    phantom = patient()
    write_dicom(tmp_path / "ct", phantom)
    for study in (tmp_path / "ct", phantom.volume):
        found = gg.analyze(study, lungs=phantom.lungs, lesions=phantom.lesions)
        assert found.source.grid is None
        path = tmp_path / f"{found.source.kind}.nii.gz"
        found.write_mask(path, found.lesions)
        written = nibabel.load(path)
        assert nibabel.aff2axcodes(written.affine) == ("L", "P", "S")
        np.testing.assert_array_equal(np.asarray(written.dataobj).T, phantom.lesions)


def test_arrays_of_other_voxels_are_refused() -> None:
    axes = ((0.0, 0.0, 1.0), (0.0, 1.0, 0.0), (1.0, 0.0, 0.0))
    grid = Grid(shape=(2, 3, 4), spacing_mm=(1, 1, 1), origin_mm=(0, 0, 0), direction=axes)
    assert grid.from_axial(np.zeros((2, 3, 4)), axes).shape == (2, 3, 4)
    with pytest.raises(ValueError, match="is not the grid of"):
        grid.from_axial(np.zeros((2, 4, 3)), axes)
