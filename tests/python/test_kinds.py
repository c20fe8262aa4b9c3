"""The one list of kinds of input."""

from __future__ import annotations

from typing import get_args

from groundglass.read.kinds import KINDS, VOLUME_ENDINGS, VOLUMES, Kind, title_of


def test_every_kind_of_file_is_told() -> None:
    assert set(get_args(Kind)) - {"zip"} == set(KINDS) - {"array"}
    assert set(VOLUMES) < set(KINDS)


def test_people_read_titles() -> None:
    assert title_of("metaimage") == "MetaImage"
    assert title_of("dicom") == "DICOM series"
    assert title_of("another") == "another"


def test_endings_are_in_small_letters_and_each_once() -> None:
    assert len(VOLUME_ENDINGS) == len(set(VOLUME_ENDINGS)) == 8
    assert all(ending == ending.lower() and ending.startswith(".") for ending in VOLUME_ENDINGS)
