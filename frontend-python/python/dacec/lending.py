"""Arrays of other libraries: programs work on their memory, without copies.

>>> import array
>>> lent("x", array.array("d", [1.0, 2.0]))
array([1., 2.])
"""

from __future__ import annotations

import array

import numpy

from dacec.errors import ArgumentError

__all__ = ["lent"]

_OWN = (numpy.ndarray, numpy.generic, int, float, complex, str, bytes, tuple, list, dict, type(None))


def lent(name: str, value):
    """The NumPy array that shares the memory of an object: of one with the array interface or DLPack (PyTorch, JAX, CuPy,
    …), or of Python's own arrays. Anything else stays what it is."""
    if isinstance(value, _OWN):
        return value
    if hasattr(value, "__cuda_array_interface__"):
        raise ArgumentError(f"`{name}` lies in the memory of a GPU; programs run on the CPU: pass a copy")
    if hasattr(value, "__array_interface__") or isinstance(value, (array.array, memoryview)):
        return numpy.asarray(value)
    if hasattr(value, "__dlpack__"):
        try:
            return numpy.from_dlpack(value)
        except (BufferError, RuntimeError, TypeError) as error:
            raise ArgumentError(f"`{name}`: {type(value).__name__} gives no array: {error}") from error
    return value
