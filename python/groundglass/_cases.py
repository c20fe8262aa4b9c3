"""Cases as users give them (numpy arrays, pandas columns, lists) → the arrays that C++ takes.

What can't be taken is a :class:`ValueError` that begins with the argument's name. NaN among numbers is left
to the C++ to name.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.uintp]


def array_of(values: object, name: str, dimensions: int = 1) -> npt.NDArray[Any]:
    """An array of any type with that many dimensions."""
    try:
        array = np.asarray(values)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from error
    if array.ndim != dimensions:
        shape = {1: "one dimension is", 2: "a row a case and a column a rater are"}[dimensions]
        raise ValueError(f"{name}: {shape} needed, found {array.ndim} dimensions")
    return array


def numbers(values: object, name: str, dimensions: int = 1) -> Floats:
    """Numbers as float64; NaN is left to the C++ to name."""
    array = array_of(values, name, dimensions)
    if array.dtype.kind == "O":  # a nullable column of pandas, or numbers of several types
        cells = [np.nan if is_missing(cell) else cell for cell in array.ravel().tolist()]
        if all(isinstance(cell, (int, float, np.number)) for cell in cells):
            array = np.array(cells, dtype=np.float64).reshape(array.shape)
    if array.dtype.kind not in "biuf" and array.size:
        found = array.ravel().tolist()[0]
        hint = "; groundglass.cohort.number_column reads columns of text" if isinstance(found, str) else ""
        raise ValueError(f"{name}: numbers are needed, found {found!r}{hint}")
    return np.ascontiguousarray(array, dtype=np.float64)


def is_missing(value: object) -> bool:
    """Whether a cell is empty: None, NaN, pandas' NA and NaT, and text of nothing but spaces."""
    if isinstance(value, str):
        return not value.strip()
    try:
        return value is None or bool(value != value)
    except TypeError:  # pandas.NA is neither equal nor unequal to itself
        return True
    except ValueError:  # an array is no cell
        return False


def labels_of(labels: object, positive: Hashable | None) -> npt.NDArray[np.uint8]:
    """0 and 1; with `positive` whatever equals it is 1."""
    values = present(labels, "labels")
    if positive is not None:
        if values and positive not in values:
            raise ValueError(f"labels: none is the positive class {positive!r}")
        return np.array([value == positive for value in values], dtype=np.uint8)
    array = np.asarray(labels)
    if array.dtype.kind not in "biuf" and array.size:
        raise ValueError(
            f"labels: 0 and 1 are needed, found {array.ravel().tolist()[0]!r}; "
            "name the positive class with positive="
        )
    wrong = array[(array != 0) & (array != 1)]
    if wrong.size:
        raise ValueError(
            f"labels: 0 and 1 are needed, found {wrong.flat[0]}; name the positive class with positive="
        )
    return np.ascontiguousarray(array, dtype=np.uint8)


def present(values: object, name: str) -> list[Any]:
    """The values as a list; refuses missing ones."""
    found: list[Any] = array_of(values, name).tolist()
    for index, value in enumerate(found):
        if is_missing(value) and not isinstance(value, str):
            raise ValueError(f"{name}: the value at index {index} is missing; leave the case out")
    return found


def codes_of(
    given: Mapping[str, object], classes: Sequence[Hashable] | None
) -> tuple[tuple[Hashable, ...], list[Codes]]:
    """The classes in order, and each of the columns as places among them."""
    columns = {name: present(values, name) for name, values in given.items()}
    if classes is None:
        try:
            known = tuple(sorted(set().union(*columns.values())))
        except TypeError as error:
            raise ValueError(f"classes of different types have no order: {error}; give classes=") from error
    else:
        known = tuple(classes)
        if len(set(known)) != len(known):
            raise ValueError(f"classes: {known} name a class twice")
    place = {value: index for index, value in enumerate(known)}
    for name, values in columns.items():
        for index, value in enumerate(values):
            if value not in place:
                raise ValueError(f"{name}: {value!r} at index {index} is not one of the classes {known}")
    return known, [np.array([place[v] for v in values], dtype=np.uintp) for values in columns.values()]


def whole(value: int, name: str) -> int:
    """A whole number that is not negative."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < 0:
        raise ValueError(f"{name} must be a whole number from 0, found {value!r}")
    return int(value)
