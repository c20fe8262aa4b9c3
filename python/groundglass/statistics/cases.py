"""Cases as users give them (numpy arrays, pandas columns, lists) → the arrays that C++ takes.

What can't be taken is a :class:`ValueError` that begins with the argument's name. NaN among numbers is left
to the C++ to name.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from decimal import Decimal
from numbers import Integral, Real
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.uintp]

#: Bounds of a proportion.
Method = Literal["wilson", "jeffreys", "clopper_pearson"]
#: A number for each class, by name or in order.
Shares = Mapping[Any, float] | Sequence[float]

#: int, float and bool first: the rest is told by slower means.
_NUMBER = (int, float, Real, Decimal, np.bool_)


def array_of(values: object, name: str, dimensions: int | None = 1) -> npt.NDArray[Any]:
    """An array of any type, with that many dimensions where they are given. Masked entries become None."""
    array: npt.NDArray[Any]
    if isinstance(values, np.ma.MaskedArray):
        array = np.asarray(values)
        if (masked := np.ma.getmaskarray(values)).any():
            array = array.astype(object)
            array[masked] = None
    elif isinstance(values, (list, tuple)) and any(isinstance(value, str) for value in values):
        array = np.empty(len(values), dtype=object)  # numpy would turn a number among names into a name
        array[:] = values
    else:
        try:
            array = np.asarray(values)
        except ValueError as error:
            raise ValueError(f"{name}: {error}") from error
    if dimensions is not None and array.ndim != dimensions:
        shape = {1: "one dimension is", 2: "a row a case and a column a rater are"}[dimensions]
        raise ValueError(f"{name}: {shape} needed, found {array.ndim} dimensions")
    return array


def numbers(values: object, name: str, dimensions: int | None = 1) -> Floats:
    """Numbers as float64; what is missing (masked, None, pandas' NA) becomes NaN, which is left to the C++ to
    name."""
    array = array_of(values, name, dimensions)
    if array.dtype.kind == "O":
        found = np.array([_number(value, name) for value in array.ravel().tolist()], dtype=np.float64)
        return found.reshape(array.shape)
    if array.dtype.kind not in "biuf" and array.size:
        raise _no_number(array.ravel().tolist()[0], name)
    if array.dtype.kind in "iu" and array.dtype.itemsize == 8 and array.size:
        for end in (array.min(), array.max()):
            _number(end.item(), name)
    with np.errstate(over="ignore"):  # of a longer float: the C++ names what is infinite
        result: Floats = np.asarray(array, dtype=np.float64, order="C")
    return result


def _number(value: Any, name: str) -> float:
    if not isinstance(value, str) and is_missing(value):
        return math.nan
    if not isinstance(value, _NUMBER):
        raise _no_number(value, name)
    if isinstance(value, Integral) and abs(int(value)) > 1 << 53:
        raise ValueError(f"{name}: whole numbers beyond 2^53 are not told apart as floats, found {value}")
    try:
        return float(value)
    except OverflowError as error:
        raise ValueError(f"{name}: {value} is beyond the largest float") from error


def _no_number(found: object, name: str) -> ValueError:
    hint = "; groundglass.cohort.number_column reads columns of text" if isinstance(found, str) else ""
    return ValueError(f"{name}: numbers are needed, found {found!r}{hint}")


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
    wrong = next((v for v in values if not (isinstance(v, _NUMBER) and v in (0, 1))), None)
    if wrong is not None:
        raise ValueError(
            f"labels: 0 and 1 are needed, found {wrong!r}; name the positive class with positive="
        )
    return np.array([bool(value) for value in values], dtype=np.uint8)


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
    for name, values in columns.items():
        for index, value in enumerate(values):
            try:
                hash(value)
            except TypeError as error:
                raise ValueError(f"{name}: {value!r} at index {index} is no class") from error
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


def all_numbers(values: object, name: str) -> bool:
    """Whether none of them is a name or anything else without an order of its own."""
    return all(isinstance(value, _NUMBER) for value in present(values, name))


def whole(value: int, name: str) -> int:
    """A whole number that is not negative."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < 0:
        raise ValueError(f"{name} must be a whole number from 0, found {value!r}")
    return int(value)
