"""What annotated programs use besides NumPy, as plain Python: so that they also run without being compiled.

>>> from dacec import map
>>> [(i, j) for i, j in map[0:2, 0:4:2]]
[(0, 0), (0, 2), (1, 0), (1, 2)]
"""

from __future__ import annotations

import functools
import itertools

import numpy

from dacec.dtypes import typeclass

__all__ = [
    "define_local",
    "define_local_scalar",
    "elementwise",
    "in_program",
    "map",
    "mapscope",
    "nounroll",
    "reduce",
    "tasklet",
    "unroll",
]


class _Map:
    """`dace.map[0:N, 0:M]`: loops whose iterations are independent, so that they may run at once."""

    def __getitem__(self, ranges):
        ranges = ranges if isinstance(ranges, tuple) else (ranges,)
        loops = [range(it.start or 0, it.stop, it.step or 1) for it in ranges]
        return loops[0] if len(loops) == 1 else itertools.product(*loops)

    __name__ = "map"

    def __repr__(self):
        return "dacec.map"


class _Explicit:
    """A word of explicit dataflow: it decorates functions or opens blocks inside of programs, and only there."""

    def __init__(self, name: str):
        self.__name__ = name

    def _no_meaning(self, *_):
        raise TypeError(f"dacec.{self.__name__} has a meaning only inside of a compiled program")

    __call__ = __enter__ = __exit__ = __getitem__ = _no_meaning

    def __repr__(self):
        return f"dacec.{self.__name__}"


map = _Map()
mapscope = _Explicit("mapscope")
tasklet = _Explicit("tasklet")


def unroll(iterable):
    """Asks for a copy of the loop's body for each element."""
    return iterable


def nounroll(iterable):
    """Asks for a loop that stays a loop."""
    return iterable


def define_local(shape, dtype="float64", storage=None, lifetime=None):
    """A new array with arbitrary elements."""
    return numpy.empty(shape, typeclass.of(dtype).dtype)


def define_local_scalar(dtype="float64", storage=None, lifetime=None):
    """A new number."""
    return typeclass.of(dtype)(0)


def reduce(operation, array, output=None, axis=None, identity=None):
    """Combines elements along axes (all of them if none is given) by a function of two elements."""
    axes = range(array.ndim) if axis is None else [axis] if isinstance(axis, int) else axis
    axes = sorted(it % array.ndim for it in axes)
    kept = [it for it in range(array.ndim) if it not in axes]
    parts = numpy.transpose(array, (*axes, *kept)).reshape(-1, *(array.shape[it] for it in kept))
    parts = list(parts) if identity is None else [identity, *parts]
    result = functools.reduce(operation, parts)
    if output is None:
        return result
    output[...] = result
    return None


def elementwise(operation, array, output=None):
    """The results of a function of one element, for each element."""
    result = numpy.vectorize(operation)(array)
    if output is None:
        return result
    output[...] = result
    return None


def in_program() -> bool:
    """Whether the code runs compiled: not here."""
    return False
