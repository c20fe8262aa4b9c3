"""A pickle read without running anything that it names.

A pickle is a program: it may name any function of any installed package and call it. Here a name from the
file is looked up in a short list and nowhere else. The list holds what weights need: ordered dictionaries,
storages and the functions that make tensors of them, all replaced by the ones below. Any other name becomes
an inert class: it can be given state, so that the modules of a whole pickled network can be walked for their
tensors, but calling it is refused. So no package of the file's is imported, and no class of it has to be
installed. ``torch.load(weights_only=True)`` is as strict, but takes no whole networks.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import IO, Any, NoReturn

import torch
from torch import Tensor

__all__ = ["DamagedError", "Inert", "RefusedError", "Storage", "Stored", "Unpickler", "printable"]

DTYPES = {
    "DoubleStorage": torch.float64,
    "FloatStorage": torch.float32,
    "HalfStorage": torch.float16,
    "BFloat16Storage": torch.bfloat16,
    "LongStorage": torch.int64,
    "IntStorage": torch.int32,
    "ShortStorage": torch.int16,
    "CharStorage": torch.int8,
    "ByteStorage": torch.uint8,
    "BoolStorage": torch.bool,
}


class RefusedError(Exception):
    """The file asks for something that weights don't need."""


class DamagedError(Exception):
    """The file contradicts itself or ends early."""


def printable(text: str) -> str:
    """`text` from a file as a message may show it: not long, and nothing that steers a terminal."""
    shown = "".join(sign if sign.isprintable() else "?" for sign in text[:121])
    return shown if len(shown) <= 120 else f"{shown[:120]}…"


class _InertMeta(type):
    """Makes calling an inert class an error, while ``__new__``, which pickle uses for objects, works."""

    def __call__(cls, *args: Any, **kwargs: Any) -> NoReturn:
        raise RefusedError(f"the file would call {printable(cls.__name__)}, which weights don't need")


class Inert(metaclass=_InertMeta):
    """Stands for an object of a class that was not looked up; holds its state and does nothing."""

    __slots__ = ("state",)
    state: dict[str, Any]

    def __new__(cls, *args: Any, **kwargs: Any) -> Inert:
        self = object.__new__(cls)
        self.state = {}
        return self

    def __setstate__(self, state: Any) -> None:
        # A pair is a dictionary and slots.
        for part in state if isinstance(state, tuple) else (state,):
            if isinstance(part, dict):
                self.state.update(part)

    # A foreign list, set or dictionary is filled through these.
    def append(self, item: Any) -> None:
        """Drops `item`."""

    def extend(self, items: Any) -> None:
        """Drops `items`."""

    def add(self, item: Any) -> None:
        """Drops `item`."""

    def __setitem__(self, key: Any, value: Any) -> None:
        """Drops `value`."""


class _Mapping(dict[Any, Any]):
    """Stands for ``OrderedDict``; can't be given attributes, which could hide its methods."""

    __slots__ = ()

    def __setstate__(self, state: Any) -> None:
        """Drops `state`: a state dictionary's ``_metadata``."""


class _Function:
    """A function that a pickle may call. An object, since a pickle may set attributes of what it names."""

    __slots__ = ("_function",)

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function

    def __call__(self, *args: Any) -> Any:
        return self._function(*args)

    def __setstate__(self, state: Any) -> NoReturn:
        raise RefusedError("the file would change a function")


class _StorageType(_Function):
    """The name of a storage's type; it is never called."""

    __slots__ = ("dtype",)

    def __init__(self, name: str, dtype: torch.dtype) -> None:
        super().__init__(lambda *args: _refuse(f"the file would call {name}"))
        self.dtype = dtype


def _refuse(text: str) -> NoReturn:
    raise RefusedError(text)


class Storage:
    """A run of numbers in the file: which one, of which type, how many."""

    __slots__ = ("dtype", "key", "length")

    def __init__(self, key: str, dtype: torch.dtype, length: int) -> None:
        self.key = key
        self.dtype = dtype
        self.length = length

    def __setstate__(self, state: Any) -> NoReturn:
        raise RefusedError("the file would change a storage")

    @property
    def size(self) -> int:
        """In bytes."""
        return self.length * self.dtype.itemsize


class Stored:
    """A tensor as the pickle describes it. A tensor is made of it when the pickle has ended."""

    __slots__ = ("_offset", "_size", "_stride", "storage")

    def __init__(self, storage: Any, offset: Any, size: Any, stride: Any, *unused: Any) -> None:
        if not isinstance(storage, Storage) or not isinstance(size, tuple) or not isinstance(stride, tuple):
            raise DamagedError("a tensor is described in an unknown way")
        if len(size) != len(stride) or not all(
            type(number) is int and 0 <= number < 1 << 48 for number in (offset, *size, *stride)
        ):
            raise DamagedError("a tensor's shape is no shape")
        last = offset + sum((edge - 1) * step for edge, step in zip(size, stride, strict=True))
        if 0 not in size and last >= storage.length:
            raise DamagedError(f"a tensor of shape {size} is larger than its data")
        self.storage = storage
        self._offset = offset
        self._size = size
        self._stride = stride

    def __setstate__(self, state: Any) -> NoReturn:
        raise RefusedError("the file would change a tensor")

    def on(self, values: Tensor) -> Tensor:
        """The tensor, given its storage's values."""
        return values.as_strided(self._size, self._stride, self._offset)


def _encode(text: str, encoding: str) -> bytes:
    """How an old pickle protocol writes bytes."""
    if encoding != "latin1":
        raise RefusedError(f"the file would call _codecs.encode with {encoding!r}")
    return text.encode("latin1")


ALLOWED: dict[str, Any] = {
    "collections.OrderedDict": _Mapping,
    "builtins.set": set,
    "__builtin__.set": set,
    "builtins.frozenset": frozenset,
    "__builtin__.frozenset": frozenset,
    "_codecs.encode": _Function(_encode),
    "torch.Size": _Function(tuple),
    "torch.device": _Function(lambda *args: None),
    "torch._utils._rebuild_tensor": _Function(Stored),
    "torch._utils._rebuild_tensor_v2": _Function(Stored),
    "torch._utils._rebuild_parameter": _Function(lambda tensor, *unused: tensor),
    "torch._utils._rebuild_parameter_with_state": _Function(lambda tensor, *unused: tensor),
}
for _name, _dtype in DTYPES.items():
    ALLOWED[f"torch.{_name}"] = ALLOWED[f"torch.cuda.{_name}"] = _StorageType(_name, _dtype)


class Unpickler(pickle._Unpickler):  # type: ignore[name-defined, misc, unused-ignore]
    """Names go through the list; persistent ids become storages.

    Python's own unpickler, since the one in C takes memory for as many objects as a file claims to hold.
    """

    def __init__(self, file: IO[bytes], storages: dict[str, Storage] | None = None) -> None:
        super().__init__(file, encoding="utf-8")
        self._storages = storages

    def find_class(self, module: str, name: str) -> Any:
        """What stands for ``module.name``; nothing is imported."""
        full = f"{module}.{name}"
        if full in ALLOWED:
            return ALLOWED[full]
        return _InertMeta(full, (Inert,), {"__slots__": ()})

    def persistent_load(self, pid: Any) -> Any:
        """A storage, or in an old file the class of a module."""
        if self._storages is None or not isinstance(pid, tuple) or len(pid) < 2:
            raise DamagedError("data where none belongs")
        if pid[0] == "module":
            # (class, source file, source code): the inert class stands for itself, the code is dropped.
            return pid[1]
        if pid[0] != "storage" or len(pid) < 5 or type(pid[4]) is not int or pid[4] < 0:
            raise DamagedError("a storage is described in an unknown way")
        if not isinstance(pid[1], _StorageType):
            kind = printable(pid[1].__name__ if isinstance(pid[1], type) else type(pid[1]).__name__)
            raise RefusedError(f"the file stores numbers as {kind}, which weights don't need")
        if len(pid) > 5 and pid[5] is not None:
            raise DamagedError("a storage is a part of another, as only the first torch releases wrote")
        storage = self._storages.setdefault(str(pid[2]), Storage(str(pid[2]), pid[1].dtype, pid[4]))
        if (storage.dtype, storage.length) != (pid[1].dtype, pid[4]):
            raise DamagedError(f"its storage {storage.key} is of two types or lengths")
        return storage
