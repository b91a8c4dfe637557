"""Descriptions of containers: what annotations are made of."""

from __future__ import annotations

import math
import typing

import numpy

from dacec.dtypes import StorageType, typeclass
from dacec.symbols import Expression, extent_text

__all__ = ["Array", "Data", "Scalar", "Structure", "callback", "ndarray", "struct"]


class Data:
    """A container: an array or a number."""

    def __init__(self, dtype, transient: bool = False):
        self.dtype = typeclass.of(dtype)
        self.transient = transient

    def __call__(self, *_):
        raise TypeError(f"{self!r} is an annotation; arrays are made by numpy.empty and its kind")

    def __or__(self, other):
        return typing.Union[self, other]

    def __ror__(self, other):
        return typing.Union[other, self]


class Scalar(Data):
    """A number."""

    shape: tuple = ()

    def __eq__(self, other):
        return isinstance(other, Scalar) and self.dtype == other.dtype

    def __hash__(self):
        return hash(("scalar", self.dtype))

    def __repr__(self):
        return f"Scalar({self.dtype})"


class Array(Data):
    """An array: its element type and its extents, which are integers, symbols, or arithmetic on them.

    `strides`, in elements, are those of C order if not given.
    """

    def __init__(self, dtype, shape, transient: bool = False, strides=None, storage=StorageType.Default, **_others):
        super().__init__(dtype, transient)
        self.shape = tuple(shape)
        if not self.shape:
            raise ValueError("an array has at least one dimension")
        self.strides = None if strides is None else tuple(strides)
        self.storage = storage
        for extent in self.shape + (self.strides or ()):
            extent_text(extent)

    @property
    def total_size(self):
        """Number of elements."""
        return math.prod(self.shape)

    @property
    def free_symbols(self) -> frozenset:
        """The symbols in the extents and strides."""
        exprs = [extent for extent in self.shape + (self.strides or ()) if isinstance(extent, Expression)]
        return frozenset().union(*(expr.free_symbols for expr in exprs))

    def __matmul__(self, storage):
        return Array(self.dtype, self.shape, self.transient, self.strides, storage)

    def __eq__(self, other):
        same = isinstance(other, Array) and (self.dtype, self.shape) == (other.dtype, other.shape)
        return same and self.strides == other.strides

    def __hash__(self):
        return hash((self.dtype, self.shape, self.strides))

    def __repr__(self):
        return f"{self.dtype}[{', '.join(map(str, self.shape))}]"


class callback:
    """Annotates a parameter that is a function of Python: `callback(float64, float64[N])` takes an array and gives a number,
    `callback(None)` takes and gives nothing. What it takes follows from the calls."""

    def __init__(self, result=None, *arguments):
        self.result = type(None) if result is None else result
        self.arguments = arguments

    def __repr__(self):
        return f"callback({', '.join(map(repr, (self.result, *self.arguments)))})"


def ndarray(shape, dtype="float64", *, strides=None, storage=StorageType.Default) -> Array:
    """Annotates an array by shape and type: `ndarray([N, M], float32)`."""
    return Array(dtype, shape, strides=strides, storage=storage)


class Structure(Data):
    """Annotates a parameter that has these members: arrays and numbers.

    A program takes any object that has them, whatever its class, and uses the arrays in place. It cannot replace members.

    >>> from dacec import float64, int64, symbol
    >>> Structure({"position": float64[symbol("N"), 3], "count": int64}, name="Points")
    Points(position: float64[N, 3], count: int64)
    """

    def __init__(self, members: dict[str, typing.Any], name: str = "Structure", transient: bool = False):
        self.name = name
        self.members = {key: _member(key, it) for key, it in dict(members).items()}
        self.transient = transient

    @property
    def free_symbols(self) -> frozenset:
        """The symbols in the extents of the members."""
        parts = (it.free_symbols for it in self.members.values() if isinstance(it, Array))
        return frozenset().union(*parts)

    def __eq__(self, other):
        return isinstance(other, Structure) and self.members == other.members

    def __hash__(self):
        return hash(tuple(self.members.items()))

    def __repr__(self):
        members = (f"{key}: {it.dtype if isinstance(it, Scalar) else it}" for key, it in self.members.items())
        return f"{self.name}({', '.join(members)})"


def struct(name: str, **members) -> Structure:
    """A structure by name and members: `struct("Point", x=float64, y=float64)`."""
    return Structure(members, name)


def _member(name: str, value) -> Data:
    if isinstance(value, (Array, Scalar)):
        return value
    if isinstance(value, typeclass) or value in (bool, int, float, complex):
        return Scalar(value)
    if isinstance(value, numpy.dtype) or (isinstance(value, type) and issubclass(value, numpy.generic)):
        return Scalar(value)
    raise TypeError(f"the member `{name}` is a type, such as float64 or float64[N], not {value!r}")
