"""Element types and the words that steer compilation.

A type is three things: an annotation of a number (`x: dace.float64`), the beginning of an annotation of an array
(`A: dace.float64[N, M]`), and a conversion (`dace.float32(x)`). NumPy takes it where it takes a dtype.
"""

from __future__ import annotations

import builtins
import enum
import typing

import numpy

if typing.TYPE_CHECKING:
    from dacec.data import Array

__all__ = [
    "AllocationLifetime",
    "DeviceType",
    "Language",
    "ScheduleType",
    "StorageType",
    "bool",
    "bool_",
    "complex128",
    "complex64",
    "compiletime",
    "float16",
    "float32",
    "float64",
    "int16",
    "int32",
    "int64",
    "int8",
    "typeclass",
    "uint16",
    "uint32",
    "uint64",
    "uint8",
]


class typeclass:
    """An element type."""

    __slots__ = ("dtype", "name", "type")
    _known: typing.ClassVar[dict[str, typeclass]] = {}

    def __init__(self, name: str):
        self.name = name
        self.dtype = numpy.dtype(name)
        self.type = self.dtype.type
        typeclass._known[name] = self

    @staticmethod
    def of(value) -> typeclass:
        """The element type that anything means which NumPy takes as a dtype."""
        if isinstance(value, typeclass):
            return value
        name = numpy.dtype(value).name
        try:
            return typeclass._known[name]
        except KeyError:
            raise TypeError(f"{name} is no element type of compiled programs") from None

    @property
    def is_integer(self) -> builtins.bool:
        """Whether the values are integers."""
        return self.dtype.kind in "iu"

    @property
    def bytes(self) -> int:
        """Size of an element."""
        return self.dtype.itemsize

    def as_numpy_dtype(self) -> numpy.dtype:
        """NumPy's dtype."""
        return self.dtype

    def to_string(self) -> str:
        """The name."""
        return self.name

    def __call__(self, value) -> typing.Any:
        return self.type(value)

    def __getitem__(self, shape) -> Array:
        from dacec.data import Array

        return Array(self, shape if isinstance(shape, tuple) else (shape,))

    def __or__(self, other):
        return typing.Union[self, other]

    def __ror__(self, other):
        return typing.Union[other, self]

    def __eq__(self, other):
        if isinstance(other, typeclass):
            return self.name == other.name
        return isinstance(other, (numpy.dtype, type)) and self.dtype == other

    def __hash__(self):
        return hash(self.dtype)

    def __reduce__(self):
        return (typeclass.of, (self.name,))

    def __repr__(self):
        return self.name


bool = bool_ = typeclass("bool")
int8, int16, int32, int64 = (typeclass(f"int{bits}") for bits in (8, 16, 32, 64))
uint8, uint16, uint32, uint64 = (typeclass(f"uint{bits}") for bits in (8, 16, 32, 64))
float16, float32, float64 = (typeclass(f"float{bits}") for bits in (16, 32, 64))
complex64, complex128 = typeclass("complex64"), typeclass("complex128")


class compiletime:
    """Annotates a parameter whose value the program is compiled for: it may decide shapes and branches."""


class StorageType(enum.Enum):
    """Where the memory of a container is."""

    Default = enum.auto()
    Register = enum.auto()
    CPU_Pinned = enum.auto()
    CPU_Heap = enum.auto()
    CPU_ThreadLocal = enum.auto()
    GPU_Global = enum.auto()
    GPU_Shared = enum.auto()


class ScheduleType(enum.Enum):
    """How the iterations of a parallel loop are run."""

    Default = enum.auto()
    Sequential = enum.auto()
    CPU_Multicore = enum.auto()
    GPU_Default = enum.auto()
    GPU_Device = enum.auto()
    GPU_ThreadBlock = enum.auto()


class DeviceType(enum.Enum):
    """What a program is compiled for."""

    CPU = enum.auto()
    GPU = enum.auto()
    FPGA = enum.auto()


class AllocationLifetime(enum.Enum):
    """How long the memory of a container lives."""

    Scope = enum.auto()
    State = enum.auto()
    SDFG = enum.auto()
    Global = enum.auto()
    Persistent = enum.auto()


class Language(enum.Enum):
    """In which language the code of a tasklet is written."""

    Python = enum.auto()
    CPP = enum.auto()
