"""Cases as users give them (numpy arrays, pandas columns, lists) → the arrays that C++ takes.

What can't be taken is a :class:`ValueError` that begins with the argument's name. NaN among numbers is left
to the C++ to name.
"""

from __future__ import annotations

import math
from collections.abc import Container, Hashable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from numbers import Integral, Real
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from groundglass import _core

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


@dataclass(frozen=True)
class Column:
    """A column of classes: its different values, as Python has them, and each case as a place among them."""

    name: str
    values: list[Any]
    places: npt.NDArray[np.intp]

    def first_of(self, values: Container[Any]) -> int:
        """The first case whose value is none of these; the number of cases where all are."""
        wrong = np.array([value not in values for value in self.values], dtype=bool)
        return int(np.argmax(np.append(wrong[self.places], True)))


#: Whole numbers this far apart are told by a table of all in between, others by a dictionary.
_SPAN = 1 << 16


def column_of(given: object, name: str) -> Column:
    """What was given as a column. Raises ValueError for a value that is missing or no class. O(n)."""
    array = array_of(given, name)
    if array.dtype.kind in "iu" and array.size:
        low, high = int(array.min()), int(array.max())
        if high - low < _SPAN:
            cells = (array - array.dtype.type(low) if low else array).astype(np.intp, copy=False)
            found = np.bincount(cells, minlength=high - low + 1) > 0
            values = (np.flatnonzero(found) + low).tolist()
            return Column(name, values, cells if found.all() else (np.cumsum(found) - 1)[cells])
    cases = array.tolist()
    try:
        table: dict[Any, int] = {value: place for place, value in enumerate(dict.fromkeys(cases))}
    except TypeError:
        present(array, name)
        raise _no_class(cases, name) from None
    if any(is_missing(value) and not isinstance(value, str) for value in table):
        present(array, name)
    places = np.fromiter(map(table.__getitem__, cases), dtype=np.intp, count=len(cases))
    return Column(name, list(table), places)


def _no_class(cases: Sequence[Any], name: str) -> ValueError:
    for index, value in enumerate(cases):
        try:
            hash(value)
        except TypeError:
            return ValueError(f"{name}: {value!r} at index {index} is no class")
    raise AssertionError("all cases can be classes")


def labels_of(labels: object, positive: Hashable | None) -> npt.NDArray[np.uint8]:
    """0 and 1; with `positive` whatever equals it is 1."""
    array = array_of(labels, "labels")
    if positive is None and array.dtype.kind in "biuf":
        ones: npt.NDArray[np.bool_] = array == 1
        if (ones | (array == 0)).all():
            return ones.view(np.uint8)
    column = column_of(array, "labels")
    if positive is not None:
        chosen = [value == positive for value in column.values]
        if chosen and not any(chosen):
            raise ValueError(f"labels: none is the positive class {positive!r}")
        return np.array(chosen, dtype=np.uint8)[column.places]
    right = [value for value in column.values if isinstance(value, _NUMBER) and value in (0, 1)]
    if len(right) < len(column.values):
        wrong = array[column.first_of(right)]
        wrong = wrong.item() if isinstance(wrong, np.generic) else wrong
        raise ValueError(
            f"labels: 0 and 1 are needed, found {wrong!r}; name the positive class with positive="
        )
    return np.array([bool(value) for value in column.values], dtype=np.uint8)[column.places]


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
    columns = [column_of(values, name) for name, values in given.items()]
    known = known_of(columns, classes)
    place = {value: index for index, value in enumerate(known)}
    codes = []
    for column in columns:
        if any(value not in place for value in column.values):
            index = column.first_of(place)
            value = column.values[column.places[index]]
            raise ValueError(f"{column.name}: {value!r} at index {index} is not one of the classes {known}")
        codes.append(np.array([place[value] for value in column.values], dtype=np.uintp)[column.places])
    return known, codes


def known_of(columns: Sequence[Column], classes: Sequence[Hashable] | None) -> tuple[Hashable, ...]:
    """The classes in order: those that are given, else those that occur, sorted."""
    if classes is None:
        try:
            return tuple(sorted(set().union(*(column.values for column in columns))))
        except TypeError as error:
            raise ValueError(f"classes of different types have no order: {error}; give classes=") from error
    known = tuple(classes)
    if len(set(known)) != len(known):
        raise ValueError(f"classes: {known} name a class twice")
    return known


def counts_of(
    given: Mapping[str, object], classes: Sequence[Hashable] | None, least: int = 0
) -> tuple[tuple[Hashable, ...], npt.NDArray[np.uint64]]:
    """The classes in order, and how often the first of two columns has the one where the second has the
    other, with `least` rows and columns at least.

    Raises ValueError also for columns of different length and without cases. O(n): whole numbers are counted
    as they are, in one pass.
    """
    arrays = [array_of(values, name) for name, values in given.items()]
    if all(array.dtype.kind == "i" and array.size == arrays[0].size > 0 for array in arrays):
        found = _core.pair_counts(*arrays)
        if found is not None:
            table, *lows = found
            used = [np.flatnonzero(table.any(axis=axis)) for axis in (1, 0)]
            few = {name: cells + low for name, cells, low in zip(given, used, lows, strict=True)}
            with suppress(ValueError):  # of what can't be taken, which needs all cases to be named
                known, places = codes_of(few, classes)
                counts = np.zeros((max(len(known), least),) * 2, dtype=np.uint64)
                counts[np.ix_(*places)] = table[np.ix_(*used)]
                return known, counts
    known, (one, other) = codes_of(given, classes)
    return known, _core.confusion_counts(one, other, max(len(known), least))


def all_numbers(values: object, name: str) -> bool:
    """Whether none of them is a name or anything else without an order of its own."""
    array = array_of(values, name)
    if array.dtype.kind in "biu":
        return True
    return all(isinstance(value, _NUMBER) for value in column_of(array, name).values)


def whole(value: int, name: str) -> int:
    """A whole number that is not negative."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < 0:
        raise ValueError(f"{name} must be a whole number from 0, found {value!r}")
    return int(value)
