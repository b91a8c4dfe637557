"""What a function refers to besides its parameters: values of globals, of closure variables, and of their attributes.

The compiler reads the text; what the names in it stand for, only the running interpreter knows. Each value is described
by a tuple for the compiler (`("int", 3)`), and guarded: if the name stands for another value at a later call, the program
is compiled again. Arrays are not constants: they are passed at every call, as arguments that the caller does not write.
Objects that mean nothing to compiled code are known by a name: the interpreter calls them, or takes them as arguments.
"""

from __future__ import annotations

import cmath
import copy
import dis
import enum
import functools
import math
import sys
import types
import typing

import numpy
import numpy.linalg

from dacec.data import Array, Scalar
from dacec.dtypes import compiletime, typeclass
from dacec.settings import settings
from dacec.symbols import Expression, extent_text, symbol

__all__ = ["Captures", "array_key", "attributes_of", "describe_constant", "described_result", "result_of", "snapshot"]

_MODULES = {numpy: "numpy", numpy.linalg: "numpy.linalg", math: "math", cmath: "cmath"}
_LATER = (
    "numpy.fft",
    "numpy.lib",
    "numpy.lib.stride_tricks",
    "scipy",
    "scipy.integrate",
    "scipy.linalg",
    "scipy.signal",
    "scipy.special",
)
_DEPTH = 4
_FUNCTIONS = (types.BuiltinFunctionType, types.MethodType, type, numpy.ufunc, functools.partial)
"""Classes of what can be called and has no attributes that programs use."""
_BUILTIN_TYPES = {float: "float64", int: "int64", complex: "complex128", bool: "bool"}


class Captures:
    """The values that one function uses."""

    def __init__(self):
        self.values: dict[str, tuple] = {}
        """Descriptions by name."""
        self._guards: dict[str, list[tuple]] = {}
        """`(origin, expectation)` for each value that the compiled code may rely on, by the name it is reached by."""
        self.arrays: dict[str, tuple] = {}
        """Where each array is that becomes an argument, by the argument's name."""
        self.objects: dict[str, object] = {}
        """What the interpreter calls, and what is passed to such calls."""
        self.fallbacks: dict[int, tuple] = {}
        """Functions of the same file that the interpreter can call, by the lines where they begin."""
        self.symbols: dict[str, str] = {}
        """Symbols with their types."""

    @staticmethod
    def of(function: types.FunctionType, waiting: tuple = (), around: Captures | None = None) -> Captures:
        """Looks at everything that the function refers to. `waiting` are the programs that wait for this one, and
        `around` is what is known of the last of them: names of arrays and objects are shared."""
        captures = Captures()
        if around is not None:
            captures.arrays, captures.objects = around.arrays, around.objects
        _Collector(captures, function, waiting).function(function)
        return captures

    def constant(self, name: str, value, origin: tuple, function, waiting: tuple) -> tuple:
        """Describes a value that is known although it is no global, such as `self`; its attributes are guarded."""
        collector = _Collector(self, function, waiting)
        _, collector.attributes = _names(function.__code__)
        collector.root_name = name
        return collector.describe(name, value, origin, 0)

    def guards(self, used: typing.Collection[str]) -> list[tuple]:
        """`(origin, expectation)` for each value that the compiled code relies on, which uses these names."""
        return [guard for name, guards in self._guards.items() if name in used for guard in guards]


class _Collector:
    def __init__(self, captures: Captures, root: types.FunctionType, waiting: tuple):
        self.captures = captures
        self.root = root
        self.waiting = waiting
        self.attributes: set[str] = set()
        self.helpers: set[types.CodeType] = set()
        self.root_name = ""
        """The name of the function's own by which the value is reached that is being described."""

    def guard(self, origin: tuple, expectation: tuple) -> None:
        self.captures._guards.setdefault(self.root_name, []).append((origin, expectation))

    def function(self, function: types.FunctionType) -> None:
        code = function.__code__
        names, self.attributes = _names(code)
        cells = dict(zip(code.co_freevars, function.__closure__ or ()))
        for name in sorted(names):
            if name in self.captures.values:
                continue
            origin: tuple
            if name in cells:
                origin = ("attribute", cells[name], "cell_contents")
                try:
                    value = cells[name].cell_contents
                except ValueError:  # It is assigned only later.
                    continue
            elif name in function.__globals__:
                origin = ("item", function.__globals__, name)
                value = function.__globals__[name]
            else:
                continue
            outer, self.root_name = self.root_name, name
            self.captures.values[name] = self.describe(name, value, origin, 0)
            self.root_name = outer

    def describe(self, name: str, value, origin: tuple, depth: int) -> tuple:
        if isinstance(value, types.ModuleType):
            return self.module(name, value, origin, depth)
        if isinstance(value, numpy.ndarray) and value.ndim > 0:
            return self.array(name, value, origin)
        described = describe_constant(value)
        self.guard(origin, ("constant", value if described is None else snapshot(value)))
        if described is not None:
            self.symbols(value)
            return described
        return self.callable(name, value) or self.namespace(name, value, depth) or self.object(name, value)

    def module(self, name: str, value: types.ModuleType, origin: tuple, depth: int) -> tuple:
        known = _known_modules().get(value)
        if known is not None or value.__name__ in ("dacec", "dace"):
            if known is None or not settings.callbacks:
                return ("module", known or "dacec")
            # What the compiler does not know of the module is left to the interpreter.
            names = [attribute for attribute in sorted(self.attributes) if hasattr(value, attribute)]
            others = {one: self.object(f"{name}.{one}", getattr(value, one)) for one in names}
            return ("open-module", known, others)
        if value.__name__.startswith("numpy."):
            return ("module", value.__name__)
        return self.namespace(name, value, depth) or self.object(name, value)

    def symbols(self, value) -> None:
        for one in _symbols_of(value):
            self.captures.symbols[one.name] = one.dtype.name

    def array(self, name: str, value: numpy.ndarray, origin: tuple) -> tuple:
        dtype = _dtype_name(value.dtype)
        if dtype is None or not value.flags.c_contiguous:
            return ("other", "an array with gaps, or of a type that is not supported")
        argument = "__g_" + name.replace(".", "_")
        while self.captures.arrays.get(argument, origin) != origin:
            argument += "_"
        self.captures.arrays[argument] = origin
        self.guard(origin, ("shaped", dtype, value.shape, None))
        return ("array", argument, dtype, list(value.shape))

    def callable(self, name: str, value) -> tuple | None:
        member = _member(value)
        if member is not None:
            # The compiler may not know it.
            return (*member, self.object(name, value))
        from dacec.program import Program
        from dacec.sdfg import SDFG

        if isinstance(value, Program):
            if value in self.waiting:
                return ("recursive",)
            graph, guards, captures = value._graph_for_call(self.waiting, self.captures)
            self.captures._guards.setdefault(self.root_name, []).extend(guards)
            self.captures.symbols.update(captures.symbols)
            return ("program", graph, value._parameters_for_call())
        if isinstance(value, SDFG):
            self.captures.arrays.update(value._arrays)
            self.captures.objects.update(value._objects)
            return ("program", value._graph.copy(), [(argument, None) for argument in value.argnames])
        if isinstance(value, types.FunctionType):
            if value.__code__.co_filename != self.root.__code__.co_filename:
                return self.object(name, value)
            if value.__code__ not in self.helpers:
                self.helpers.add(value.__code__)
                attributes = self.attributes
                self.function(value)
                self.attributes = attributes
            line = value.__code__.co_firstlineno
            if settings.callbacks:
                self.captures.fallbacks[line] = self.object(name, value)
            return ("function", line)
        return self.object(name, value) if isinstance(value, _FUNCTIONS) else None

    def object(self, name: str, value) -> tuple:
        """Something that compiled code can only hand back to the interpreter."""
        if not settings.callbacks:
            return ("other", _in_words(value))
        key = name
        while self.captures.objects.get(key, value) is not value:
            key += "_"
        self.captures.objects[key] = value
        return ("object", key, f"`{name}`", self.result(value))

    def result(self, value) -> tuple | None:
        declared = result_of(value)
        if isinstance(declared, Array):
            self.symbols(declared)
        return described_result(declared)

    def namespace(self, name: str, value, depth: int) -> tuple | None:
        """The attributes that the function may use, by their names in its code."""
        if depth >= _DEPTH or isinstance(value, types.BuiltinFunctionType):
            return None
        members = {}
        for attribute in sorted(self.attributes):
            try:
                member = getattr(value, attribute)
            except AttributeError:
                continue
            origin = ("attribute", value, attribute)
            members[attribute] = self.describe(f"{name}.{attribute}", member, origin, depth + 1)
        return ("namespace", members) if members else None


def result_of(function):
    """What the annotation of a function declares as its result, as for a parameter; None if it says nothing."""
    from dacec.program import _annotations, _declared

    function = getattr(function, "__func__", function)
    if not isinstance(function, types.FunctionType) or "return" not in function.__annotations__:
        return None
    try:
        annotation = _annotations(function)["return"]
    except Exception:  # noqa: BLE001  An annotation that cannot be evaluated says nothing.
        return None
    return type(None) if annotation in (None, type(None)) else _declared(annotation)[1]


def described_result(declared) -> tuple | None:
    """A declaration of a result for the compiler."""
    if declared is type(None):
        return ("constant", ("none",))
    if isinstance(declared, Array):
        return ("array", declared.dtype.name, [extent_text(extent) for extent in declared.shape], None)
    if isinstance(declared, Scalar):
        return ("scalar", declared.dtype.name)
    return ("python-scalar", declared) if isinstance(declared, str) else None


def describe_constant(value) -> tuple | None:
    """The description of a value that is known by itself; None if it is not of that kind."""
    known = _describe_type(value)
    if known is not None:
        return known
    if isinstance(value, numpy.generic) or (isinstance(value, numpy.ndarray) and value.ndim == 0):
        dtype = _dtype_name(value.dtype)
        return None if dtype is None else ("number", numpy.asarray(value)[()], dtype)
    if isinstance(value, enum.Enum):
        return ("hint",) if type(value).__module__ == "dacec.dtypes" else None
    if isinstance(value, bool):
        return ("bool", value)
    if isinstance(value, int):
        return ("int", value) if -(2**63) <= value < 2**63 else ("other", "an integer of more than 64 bits")
    if isinstance(value, float):
        return ("float", value)
    if isinstance(value, complex):
        return ("complex", value.real, value.imag)
    if isinstance(value, str):
        return ("text", value)
    if isinstance(value, (tuple, list)):
        items = [describe_constant(item) for item in value]
        return None if None in items else ("list" if isinstance(value, list) else "tuple", items)
    if isinstance(value, dict):
        keys, values = describe_constant(tuple(value)), describe_constant(tuple(value.values()))
        return None if keys is None or values is None else ("dict", list(zip(keys[1], values[1])))
    return None


def snapshot(value):
    """A constant as it is now, to compare with later: lists, dictionaries and arrays without dimensions may change and still
    be the same object, in tuples too."""
    return copy.deepcopy(value) if isinstance(value, (list, dict, tuple, numpy.ndarray)) else value


def _describe_type(value) -> tuple | None:
    """The description of a type, of a symbolic value, or of one of Python's own singletons."""
    if value is None:
        return ("none",)
    if value is ...:
        return ("ellipsis",)
    if isinstance(value, Expression):
        return ("symbolic", str(value))
    if isinstance(value, typeclass):
        return ("dtype", value.name)
    if isinstance(value, numpy.dtype) or (isinstance(value, type) and issubclass(value, numpy.generic)):
        name = _dtype_name(numpy.dtype(value))
        return None if name is None else ("dtype", name)
    if isinstance(value, type) and value in _BUILTIN_TYPES:
        return ("dtype", _BUILTIN_TYPES[value])
    if isinstance(value, Array):
        return ("array-type", value.dtype.name, [extent_text(extent) for extent in value.shape])
    if isinstance(value, type) and (value is compiletime or issubclass(value, enum.Enum)):
        return ("hint",)
    return None


def _symbols_of(value) -> typing.Iterable[symbol]:
    if isinstance(value, Expression):
        return value.free_symbols
    if isinstance(value, Array):
        return value.free_symbols
    if isinstance(value, (tuple, list)):
        return [one for item in value for one in _symbols_of(item)]
    if isinstance(value, dict):
        return [one for item in value.values() for one in _symbols_of(item)]
    return ()


def _known_modules() -> dict[types.ModuleType, str]:
    """The modules of which the compiler knows functions: some of them once somebody has imported them."""
    return _MODULES | {sys.modules[name]: name for name in _LATER if name in sys.modules}


def _member(value) -> tuple | None:
    """A function of a module that the compiler knows."""
    import dacec

    name = getattr(value, "__name__", None)
    if not isinstance(name, str):
        return None
    for module, full in [*_known_modules().items(), (dacec, "dacec")]:
        if getattr(module, name, None) is value:
            return ("member", full, name)
    return None


def _dtype_name(dtype: numpy.dtype) -> str | None:
    known = dtype.name in typeclass._known and dtype.isnative
    return dtype.name if known else None


def array_key(value: numpy.ndarray) -> tuple[str, str] | None:
    """Element type and layout of an array, as far as compiled code depends on them; None if no program takes it."""
    dtype = _dtype_name(value.dtype)
    if dtype is None:
        return None
    if value.flags.c_contiguous:
        return dtype, "C"
    if value.strides[-1] == value.itemsize:
        return dtype, "unit-last"
    return dtype, "unit-first" if value.strides[0] == value.itemsize else "any"


def attributes_of(function: types.FunctionType) -> set[str]:
    """Names of the attributes that a function uses, of whatever object."""
    return _names(function.__code__)[1]


def _names(code: types.CodeType) -> tuple[set[str], set[str]]:
    """Names that the code reads from outside, and names of attributes; of functions inside too."""
    names, attributes = set(code.co_freevars), set()
    for instruction in dis.get_instructions(code):
        if instruction.opname in ("LOAD_GLOBAL", "LOAD_NAME"):
            names.add(instruction.argval)
        elif instruction.opname in ("LOAD_ATTR", "LOAD_METHOD"):
            attributes.add(instruction.argval)
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            inner_names, inner_attributes = _names(constant)
            names |= inner_names
            attributes |= inner_attributes
    return names, attributes


def _in_words(value) -> str:
    name = type(value).__name__
    return f"{'an' if name[:1].lower() in 'aeiou' else 'a'} `{name}`"
