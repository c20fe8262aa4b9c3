"""Several threads of one process, and a forked one, get what one thread gets."""

from __future__ import annotations

import hashlib
import multiprocessing
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import groundglass as gg
from small_study import patient, write


def measured(path: Path) -> str:
    """The lungs and the table of a study, as a digest."""
    lungs = gg.LungMask()(gg.read_ct(path))
    table = gg.Involvement()(gg.LesionCt(lungs, (lungs.lungs > 0).astype("uint8")))
    return hashlib.sha256(lungs.lungs.tobytes() + repr(table["both lungs"].opacity_ml).encode()).hexdigest()


def test_four_threads_read_and_measure_as_one_does(tmp_path: Path) -> None:
    study = write(tmp_path)
    alone = measured(study)
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(measured, [study] * 12)) == [alone] * 12


def test_a_forked_process_measures_after_its_parent_has(tmp_path: Path) -> None:
    study = write(tmp_path)
    alone = measured(study)
    with multiprocessing.get_context("fork").Pool(2) as pool:
        assert pool.map_async(measured, [study] * 4).get(timeout=120) == [alone] * 4


def test_dicom_is_decoded_in_threads_as_in_one(tmp_path: Path) -> None:
    from groundglass.write import write_dicom

    write_dicom(tmp_path / "study", patient().volume)
    alone = gg.read_ct(tmp_path / "study").hounsfield.tobytes()
    with ThreadPoolExecutor(4) as pool:
        for found in pool.map(gg.read_ct, [tmp_path / "study"] * 8):
            assert found.hounsfield.tobytes() == alone
