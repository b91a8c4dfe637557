"""A stand-in for the `dace` module: runs annotated programs as plain Python and NumPy.

What an annotated function means is what CPython and NumPy make of it. dacec compiles such functions; this module
lets one ask NumPy itself for the answer, on the same unchanged source file:

    @dace.program                                 no compilation: the function is called as it is
    def scale(A: dace.float64[N, N + 1]):         annotations bind symbols: N comes from A.shape, and A.shape is checked
        for i in dace.map[0:N]:                   an index iterator, in order
            A[i, :] /= N                          N is a Python int while the program runs

Three rules go beyond "decorators do nothing":

* **Symbols are integers inside a program.** A call binds every symbol it can: from keywords, from integer parameters of
  the same name, from the extents of annotated arrays (`N`, `N + 1`, `2 * M - K`; not `R**K`), and otherwise from the
  program that calls it, by name. The function then runs with globals in which symbols are those integers, so nothing is
  left behind after the call, also after an error, and recursive or concurrent calls do not meet.
* **A scalar parameter has its declared type.** `alpha: dace.float32` receives a `numpy.float32`, whatever was passed:
  NumPy's promotion depends on it.
* **Arguments must fit their annotations**: data type, rank (axes of length one may be dropped) and extents.

A parameter that is a structure, or an object of a class with annotated members, is passed as it is; for a driver, its
members are arguments of their own, `parameter_member` (`flat_annotations`, `objects`).

Streams are queues, and `for element, number in dace.consume(stream, 4)` takes what is in one.

Not here, because plain Python gives them no meaning: explicit tasklets and memlets, and consuming functions.
The module is importable as `dacec` too.
"""

from __future__ import annotations

import collections
import contextlib
import contextvars
import functools
import inspect
import itertools
import operator
import sys
import types
import typing

import numpy as np

_bindings: contextvars.ContextVar[typing.Mapping] = contextvars.ContextVar(
    "symbol bindings", default=types.MappingProxyType({})
)
"""Values of symbols, by name, in the innermost running program."""


@contextlib.contextmanager
def _running(bindings):
    token = _bindings.set(bindings)
    try:
        yield
    finally:
        _bindings.reset(token)


class UnboundSymbol(NameError):
    """The value of a symbol is needed, and nothing has given it one."""


# Symbols --------------------------------------------------------------------------------------------------------------


class Expression:
    """Integer arithmetic over symbols, such as `N + 1`, as it is written in annotations and at module level.

    Programs never see one: they run with integers. An undecorated helper function can; whatever it computes with one
    gives what the integer would give.
    """

    __array_ufunc__ = None  # `array / N` must come to `__rtruediv__` whole, not element by element.

    def __init__(self, operation, *operands):
        self.operation = operation
        self.operands = operands

    def symbols(self):
        """Names of the symbols in this expression."""
        return set().union(*(_symbols_of(operand) for operand in self.operands))

    def evaluate(self, bindings):
        """The integer this is under `bindings`; `UnboundSymbol` if a symbol has no value there."""
        return self.operation(*(_evaluate(operand, bindings) for operand in self.operands))

    def _now(self):
        return self.evaluate(_bindings.get())

    def _combine(self, operation, *operands):
        bindings = _bindings.get()
        bound = all(_symbols_of(operand) <= bindings.keys() for operand in operands)
        if not bound and all(isinstance(operand, (int, Expression)) for operand in operands):
            return Expression(operation, *operands)
        return operation(*(_evaluate(operand, bindings) for operand in operands))

    def __add__(self, other):
        return self._combine(operator.add, self, other)

    def __radd__(self, other):
        return self._combine(operator.add, other, self)

    def __sub__(self, other):
        return self._combine(operator.sub, self, other)

    def __rsub__(self, other):
        return self._combine(operator.sub, other, self)

    def __mul__(self, other):
        return self._combine(operator.mul, self, other)

    def __rmul__(self, other):
        return self._combine(operator.mul, other, self)

    def __floordiv__(self, other):
        return self._combine(operator.floordiv, self, other)

    def __rfloordiv__(self, other):
        return self._combine(operator.floordiv, other, self)

    def __mod__(self, other):
        return self._combine(operator.mod, self, other)

    def __rmod__(self, other):
        return self._combine(operator.mod, other, self)

    def __pow__(self, other):
        return self._combine(operator.pow, self, other)

    def __rpow__(self, other):
        return self._combine(operator.pow, other, self)

    def __neg__(self):
        return self._combine(operator.neg, self)

    def __truediv__(self, other):
        return self._now() / _evaluate(other, _bindings.get())

    def __rtruediv__(self, other):
        return other / self._now()

    def __eq__(self, other):
        return self._now() == _evaluate(other, _bindings.get())

    def __lt__(self, other):
        return self._now() < _evaluate(other, _bindings.get())

    def __le__(self, other):
        return self._now() <= _evaluate(other, _bindings.get())

    def __gt__(self, other):
        return self._now() > _evaluate(other, _bindings.get())

    def __ge__(self, other):
        return self._now() >= _evaluate(other, _bindings.get())

    __hash__ = object.__hash__

    def __index__(self):
        return self._now()

    def __int__(self):
        return self._now()

    def __float__(self):
        return float(self._now())

    def __bool__(self):
        return self._now() != 0

    def __repr__(self):
        signs = {
            operator.add: "+",
            operator.sub: "-",
            operator.mul: "*",
            operator.floordiv: "//",
            operator.mod: "%",
            operator.pow: "**",
        }
        if self.operation is operator.neg:
            return f"-{self.operands[0]!r}"
        left, right = self.operands
        return f"({left!r} {signs[self.operation]} {right!r})"


class symbol(Expression):
    """A named integer, known when a program is called: `N = dace.symbol('N', dtype=dace.int64)`."""

    _fresh = itertools.count()

    def __init__(self, name=None, dtype=None, **_assumptions):
        super().__init__(None)
        self.name = f"sym_{next(symbol._fresh)}" if name is None else name
        self.dtype = int64 if dtype is None else dtype

    def symbols(self):
        return {self.name}

    def evaluate(self, bindings):
        if self.name not in bindings:
            raise UnboundSymbol(
                f"symbol `{self.name}` has no value: no extent of an argument determines it; "
                f"pass it by keyword, as in `program(..., {self.name}=10)`"
            )
        return bindings[self.name]

    def __repr__(self):
        return self.name


def _symbols_of(value):
    return value.symbols() if isinstance(value, Expression) else set()


def _evaluate(value, bindings):
    return value.evaluate(bindings) if isinstance(value, Expression) else value


def _affine(value, unknown, bindings):
    """`(slope, constant)` with `value == slope * unknown + constant`, or None where that is not so.

    Every other symbol of `value` must be bound.
    """
    if isinstance(value, symbol):
        return (1, 0) if value.name == unknown else (0, value.evaluate(bindings))
    if not isinstance(value, Expression):
        return 0, value
    parts = [_affine(operand, unknown, bindings) for operand in value.operands]
    if None in parts:
        return None
    slopes = [slope for slope, _ in parts]
    constants = [constant for _, constant in parts]
    if not any(slopes):
        return 0, value.operation(*constants)
    if value.operation in (operator.add, operator.sub, operator.neg):
        return value.operation(*slopes), value.operation(*constants)
    if value.operation is operator.mul and 0 in slopes:
        return slopes[0] * constants[1] + slopes[1] * constants[0], constants[0] * constants[1]
    return None


# Types ----------------------------------------------------------------------------------------------------------------


class ScalarType:
    """A data type: `dace.float64(x)` converts, `dace.float64[N, M]` annotates an array; NumPy takes it as a dtype."""

    def __init__(self, scalar):
        self.type = scalar
        self.dtype = np.dtype(scalar)

    def __call__(self, value):
        return self.type(value)

    def __getitem__(self, shape):
        return ArrayType(self.dtype, shape if isinstance(shape, tuple) else (shape,))

    def __repr__(self):
        return f"dace.{self.dtype.name}"


class ArrayType:
    """An array annotation: `dace.float64[N, M]`. A storage after `@` has no meaning here."""

    def __init__(self, dtype, shape):
        self.dtype = dtype
        self.shape = shape

    def extents(self, bindings):
        """The shape as integers; `UnboundSymbol` if a symbol of it has no value."""
        return tuple(_evaluate(extent, bindings) for extent in self.shape)

    def __matmul__(self, _storage):
        return self

    def __call__(self, *_):
        raise TypeError(f"{self!r} is an annotation; create arrays with numpy.empty or dace.define_local")

    def __repr__(self):
        extents = ", ".join(repr(extent) for extent in self.shape)
        return f"dace.{self.dtype.name}[{extents}]"


bool_ = ScalarType(np.bool_)
int8 = ScalarType(np.int8)
int16 = ScalarType(np.int16)
int32 = ScalarType(np.int32)
int64 = ScalarType(np.int64)
uint8 = ScalarType(np.uint8)
uint16 = ScalarType(np.uint16)
uint32 = ScalarType(np.uint32)
uint64 = ScalarType(np.uint64)
float16 = ScalarType(np.float16)
float32 = ScalarType(np.float32)
float64 = ScalarType(np.float64)
complex64 = ScalarType(np.complex64)
complex128 = ScalarType(np.complex128)


class Structure:
    """The type of a structure: an object with members of these types, in order."""

    def __init__(self, members, name="Structure", transient=False):
        del transient
        self.members = dict(members)
        self.name = name

    def __repr__(self):
        return f"{self.name}({', '.join(f'{name}: {declared!r}' for name, declared in self.members.items())})"


def struct(name, **members):
    """A structure by name and members: `struct("Point", x=float64, y=float64)`."""
    return Structure(members, name)


data = types.SimpleNamespace(
    Structure=Structure,
    Array=lambda dtype, shape, **_: dtype[tuple(shape)],
    Scalar=lambda dtype, **_: dtype,
)


def members_of(declared):
    """The types of the members of a structure, or of the objects of a class; None for other types."""
    if isinstance(declared, Structure):
        return declared.members
    if isinstance(declared, type) and not issubclass(declared, np.generic) and declared is not compiletime:
        inherited = {}
        for each in reversed(declared.__mro__):
            inherited.update(inspect.get_annotations(each))
        return inherited or None
    return None


class compiletime:
    """Annotates a parameter whose value the compiler may rely on; any value is taken here."""


class _Names:
    """A group of names that steer compilation and mean nothing to a run: every attribute exists."""

    def __init__(self, group):
        self._group = group

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return f"{self._group}.{name}"


StorageType = _Names("StorageType")
ScheduleType = _Names("ScheduleType")
DeviceType = _Names("DeviceType")
AllocationLifetime = _Names("AllocationLifetime")


# Programs -------------------------------------------------------------------------------------------------------------


class Program:
    """An annotated function; calling it binds symbols, converts scalars, and runs it."""

    def __init__(self, function):
        functools.update_wrapper(self, function)
        self.f = function
        self.name = function.__name__
        self.owner = None
        self.signature = inspect.signature(function)

    def __call__(self, /, *args, **kwargs):
        given = self._take_symbols(kwargs)
        call = self.signature.bind(*args, **kwargs)
        call.apply_defaults()
        for name, value in call.arguments.items():
            call.arguments[name] = self._convert(name, value)
        bindings = self._bind(call.arguments, given)
        with _running(bindings):
            return _evaluate(self._specialised()(*call.args, **call.kwargs), bindings)

    def __get__(self, instance, _owner=None):
        return self if instance is None else types.MethodType(self, instance)

    @functools.cached_property
    def annotations(self):
        """What the parameters are declared as, by name; annotations given as text are evaluated."""
        function = self.f
        cells = zip(function.__code__.co_freevars, function.__closure__ or ())
        enclosing = {name: cell.cell_contents for name, cell in cells if not _is_empty(cell)}
        with _running({}):  # A symbol in an annotation is no number, also if another program is running.
            declared = {
                name: eval(annotation, function.__globals__, enclosing) if isinstance(annotation, str) else annotation
                for name, annotation in inspect.get_annotations(function).items()
            }
        if self.owner is not None:
            # The first parameter of a method is an object of the class.
            declared = {next(iter(self.signature.parameters)): self.owner, **declared}
        return {name: _not_optional(annotation) for name, annotation in declared.items()}

    def __set_name__(self, owner, _name):
        self.owner = owner

    @functools.cached_property
    def flat_annotations(self):
        """What the parameters are declared as, with those of members, `parameter_member`, for objects."""
        flat = {}

        def add(name, declared):
            members = members_of(declared)
            if members is None:
                flat[name] = declared
            for member, inner in (members or {}).items():
                add(f"{name}_{member}", inner)

        for name, declared in self.annotations.items():
            add(name, declared)
        return flat

    def objects(self, values):
        """The arguments by parameter, with objects made of the values of their members."""
        arguments = dict(values)
        for name, declared in self.annotations.items():
            if members_of(declared) is not None:
                for flat in self.flat_annotations:
                    if flat.startswith(f"{name}_"):
                        arguments.pop(flat, None)
                arguments[name] = self._made(values, name, declared)
        return arguments

    # No function of `objects`: one that calls itself would keep the values until cycles are collected.
    def _made(self, values, name, declared):
        members = members_of(declared)
        if members is None:
            return values.get(name)
        result = object.__new__(declared) if isinstance(declared, type) else types.SimpleNamespace()
        for member, inner in members.items():
            value = self._made(values, f"{name}_{member}", inner)
            if value is not None:
                setattr(result, member, self._convert(f"{name}_{member}", value))
        return result

    def symbols(self):
        """Names of the symbols that a caller may pass by keyword: those of the annotations and of the module."""
        function = self.f
        values = [value for value in function.__globals__.values() if isinstance(value, Expression)]
        values += [cell.cell_contents for cell in function.__closure__ or () if not _is_empty(cell)]
        for annotation in self.flat_annotations.values():
            if isinstance(annotation, ArrayType):
                values += annotation.shape
        return set().union(*(_symbols_of(value) for value in values))

    def _take_symbols(self, kwargs):
        """Removes from `kwargs` what is no parameter but a symbol, and returns it."""
        names = [name for name in kwargs if name not in self.signature.parameters]
        known = self.symbols() if names else ()
        return {name: operator.index(kwargs.pop(name)) for name in names if name in known}

    def _convert(self, name, value):
        """The value as its annotation declares it; TypeError if it is not that."""
        declared = self.flat_annotations.get(name)
        if value is None:
            return value
        if isinstance(declared, ArrayType):
            return self._array(name, declared, value)
        if isinstance(declared, ScalarType):
            return declared(value)
        if isinstance(declared, type) and issubclass(declared, np.generic):
            return declared(value)
        return value

    def _array(self, name, declared, value):
        place = f"argument `{name}` of `{self.name}`"
        if not isinstance(value, np.ndarray):
            raise TypeError(f"{place} must be an array, {declared!r}, not {type(value).__name__}")
        if value.dtype != declared.dtype:
            raise TypeError(f"{place} is declared as {declared!r}, but holds {value.dtype}")
        surplus = value.ndim - len(declared.shape)
        unit_axes = [axis for axis, extent in enumerate(value.shape) if extent == 1]
        if not 0 <= surplus <= len(unit_axes):
            raise TypeError(f"{place} is declared as {declared!r}, but has shape {value.shape}")
        return np.squeeze(value, axis=tuple(unit_axes[len(unit_axes) - surplus :]))

    def _bind(self, arguments, given):
        """Values of symbols for one call. What the arguments determine hides what the caller has under that name."""
        local = dict(given)
        arguments = self._members(arguments)
        for name in self.symbols() & arguments.keys():
            if isinstance(arguments[name], (int, np.integer)):
                local.setdefault(name, operator.index(arguments[name]))
        extents = [
            (name, axis, extent, arguments[name].shape[axis])
            for name, annotation in self.flat_annotations.items()
            if isinstance(annotation, ArrayType) and arguments.get(name) is not None
            for axis, extent in enumerate(annotation.shape)
        ]
        while self._solve_one(extents, local):
            pass
        bindings = {**_bindings.get(), **local}
        # With the caller's values known, an extent such as `N * T` can yield `N`.
        while self._solve_one(extents, bindings):
            pass
        for name, axis, extent, actual in extents:
            expected = _evaluate(extent, bindings)
            if expected != actual:
                raise TypeError(
                    f"argument `{name}` of `{self.name}` has {actual} elements along axis {axis}, "
                    f"but is declared with {extent!r} = {expected}"
                )
        return bindings

    def _members(self, arguments):
        """The arguments of a call, with those of members in place of objects."""
        flat = {}

        def add(name, declared, value):
            members = members_of(declared)
            if members is None:
                flat[name] = value
            for member, inner in (members or {}).items():
                add(f"{name}_{member}", inner, getattr(value, member, None))

        for name, value in arguments.items():
            add(name, self.annotations.get(name), value)
        return flat

    def _solve_one(self, extents, bindings):
        """Adds one symbol to `bindings` that an extent determines; says whether there was one."""
        for name, axis, extent, actual in extents:
            unknown = _symbols_of(extent) - bindings.keys()
            if len(unknown) != 1:
                continue
            (unknown,) = unknown
            affine = _affine(extent, unknown, bindings)
            if affine is None or affine[0] == 0:
                continue
            value, rest = divmod(actual - affine[1], affine[0])
            if rest:
                raise TypeError(
                    f"argument `{name}` of `{self.name}` has {actual} elements along axis {axis}; "
                    f"no integer `{unknown}` makes {extent!r} that"
                )
            bindings[unknown] = value
            return True
        return False

    def _specialised(self):
        """The function with every symbol it can see replaced by its value; symbols without one stay as they are."""
        function = self.f
        names = {name: _bound(value) for name, value in function.__globals__.items()}
        cells = tuple(_bound_cell(cell) for cell in function.__closure__ or ())
        copy = types.FunctionType(function.__code__, names, function.__name__, function.__defaults__, cells)
        copy.__kwdefaults__ = function.__kwdefaults__
        return copy


def _bound(value):
    bindings = _bindings.get()
    if isinstance(value, Expression) and value.symbols() <= bindings.keys():
        return value.evaluate(bindings)
    return value


def _bound_cell(cell):
    if _is_empty(cell) or not isinstance(cell.cell_contents, Expression):
        return cell  # Shared, so that the function and its enclosing one still see each other's assignments.
    return types.CellType(_bound(cell.cell_contents))


def _is_empty(cell):
    try:
        cell.cell_contents
    except ValueError:
        return True
    return False


def _not_optional(annotation):
    """`T` for `Optional[T]`; other annotations as they are."""
    if typing.get_origin(annotation) not in (typing.Union, getattr(types, "UnionType", None)):
        return annotation
    members = [member for member in typing.get_args(annotation) if member is not type(None)]
    return members[0] if len(members) == 1 else annotation


def program(function=None, **_options):
    """Marks a function for compilation: `@dace.program`, or with options, which mean nothing to a plain run."""
    return program if function is None else Program(function)


function = program
method = program


# Inside programs ------------------------------------------------------------------------------------------------------


class _Map:
    """`dace.map[0:N, 0:M:2]`: the indices of a parallel loop, here one after another, the last fastest."""

    def __getitem__(self, ranges):
        return _Indices(ranges if isinstance(ranges, tuple) else (ranges,))


class _Indices:
    def __init__(self, ranges):
        for each in ranges:
            if not isinstance(each, slice) or each.stop is None:
                raise TypeError("dace.map takes ranges with an end: `dace.map[0:N, 0:M]`")
        self.ranges = [range(each.start or 0, each.stop, 1 if each.step is None else each.step) for each in ranges]

    def __iter__(self):
        return iter(self.ranges[0]) if len(self.ranges) == 1 else itertools.product(*self.ranges)

    def __matmul__(self, _schedule):
        return self


map = _Map()


def unroll(iterable):
    """Asks for the loop to be unrolled; the iteration is the same."""
    return iterable


nounroll = unroll


def in_program():
    """True in code that is compiled or, as here, run in its place."""
    return True


def define_local(shape, dtype, *_, **__):
    """An uninitialised local array."""
    return np.empty(shape, dtype)


def define_local_scalar(dtype, *_, **__):
    """A local scalar."""
    return dtype(0)


class stream:
    """A queue without limit, or an array of them: first in, first out."""

    def __init__(self, dtype, shape=()):
        self.dtype = dtype
        self.queues = {index: collections.deque() for index in np.ndindex(*shape)}
        self.index = () if not shape else None

    def __getitem__(self, index):
        one = object.__new__(stream)
        one.dtype, one.queues, one.index = self.dtype, self.queues, tuple(np.atleast_1d(index))
        return one

    @property
    def queue(self):
        return self.queues[self.index]

    def push(self, value):
        self.queue.append(self.dtype(value))

    def pop(self):
        return self.queue.popleft()


def define_stream(dtype=float32, buffer_size=1, **_):
    """A stream."""
    del buffer_size
    return stream(dtype)


def define_streamarray(dimensions, dtype=float32, buffer_size=1, **_):
    """An array of streams."""
    del buffer_size
    return stream(dtype, tuple(np.atleast_1d(dimensions)))


def consume(queue, num_pes=1, condition=None):
    """The elements of a stream and numbers of processing elements, until it is empty or the condition holds."""
    for count in itertools.count():
        if not queue.queue or (condition is not None and condition()):
            return
        yield queue.pop(), count % num_pes


def reduce(operation, source, target=None, axis=None, identity=None):
    """Reduces axes of `source` by `operation`, into a new array or into `target`.

    Without an identity, `target`'s present value takes part.
    """
    axes = tuple(range(source.ndim)) if axis is None else tuple(np.atleast_1d(axis) % source.ndim)
    kept = tuple(each for each in range(source.ndim) if each not in axes)
    rows = np.transpose(source, kept + axes).reshape([source.shape[each] for each in kept] + [-1])
    result = np.empty(rows.shape[:-1], source.dtype)
    for index in np.ndindex(result.shape):
        values = rows[index] if identity is None else itertools.chain([source.dtype.type(identity)], rows[index])
        result[index] = functools.reduce(operation, values)
    if target is None:
        return result
    result = result.reshape(target.shape)
    for index in np.ndindex(target.shape):
        target[index] = result[index] if identity is not None else operation(target[index], result[index])
    return None


def elementwise(operation, source, target=None):
    """Applies `operation` to each element of `source`, into a new array or into `target`."""
    result = np.empty_like(source) if target is None else target
    for index in np.ndindex(source.shape):
        result[index] = operation(source[index])
    return result if target is None else None


def __getattr__(name):
    raise AttributeError(f"`dace.{name}` has no meaning under plain Python; the stand-in module does not provide it")


class _CallableModule(types.ModuleType):
    """Lets `@dace` itself be the decorator."""

    def __call__(self, function=None, **options):
        return program(function, **options)


sys.modules[__name__].__class__ = _CallableModule

# Last: from here on the builtin of this name is hidden.
bool = bool_
