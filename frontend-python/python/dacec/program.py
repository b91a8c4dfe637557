"""Annotated functions: `@dace.program`.

A program is compiled when it is called first, once for each kind of arguments that needs code of its own (a
*specialization*): arrays by type, number of dimensions and layout; parameters without annotation by the type and shape of
what is passed; `dace.compiletime` parameters by value. What was compiled is kept in memory, and on disk for other
processes.
"""

from __future__ import annotations

import functools
import inspect
import os
import threading
import types
import typing
import warnings
import weakref

import numpy

from dacec import _native
from dacec.capture import (
    Captures,
    array_key,
    attributes_of,
    describe_constant,
    described_result,
    result_of,
    snapshot,
)
from dacec.data import Array, Scalar, Structure, callback
from dacec.dtypes import DeviceType, compiletime, typeclass
from dacec.errors import ArgumentError, PerformanceWarning, SourceError
from dacec.lending import lent
from dacec.settings import depends_on_settings, settings
from dacec.source import Source
from dacec.symbols import Expression, extent_text

if typing.TYPE_CHECKING:
    from dacec.sdfg import SDFG, CompiledSDFG

__all__ = ["Program", "function", "method", "program"]

_PYTHON_TYPES = {bool: "bool", int: "int64", float: "float64", complex: "complex128"}
_NO_DEFAULT = object()
_MOST_VARIANTS = 128
"""So many specializations of a program are kept in memory."""
_programs: weakref.WeakSet[Program] = weakref.WeakSet()


class _Parameter:
    """A parameter with what its annotation says."""

    def __init__(self, parameter: inspect.Parameter, annotation):
        self.name = parameter.name
        self.default = _NO_DEFAULT if parameter.default is parameter.empty else parameter.default
        self.keyword_only = parameter.kind is parameter.KEYWORD_ONLY
        self.optional, self.declared = _declared(annotation)

    @staticmethod
    def of(name: str, declared) -> _Parameter:
        """A parameter that is nowhere in the text."""
        kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
        return _Parameter(inspect.Parameter(name, kind), declared)

    @property
    def has_default(self) -> bool:
        return self.default is not _NO_DEFAULT


class _Plan:
    """How one specialization is compiled, and what it may be called with."""

    def __init__(self):
        self.parameters: dict[str, tuple] = {}
        self.expects: list[tuple] = []
        self.strides: list[tuple[str, int, int]] = []
        self.members: dict[str, tuple] = {}
        """Where the arguments come from that are members of structures."""
        self.objects: dict[str, object] = {}
        """Functions that the interpreter calls."""

    def add(self, name: str, parameter: tuple, expect: tuple) -> None:
        self.parameters[name] = parameter
        self.expects.append(expect)


class Program(_native.Dispatcher):
    """A function that is compiled when it is called. Made by :func:`program`.

    Parallel calls from several threads are safe, and run in parallel.
    """

    def __init__(self, function: types.FunctionType, instance=_NO_DEFAULT, types: tuple = (), **options):
        if not inspect.isfunction(function):
            raise TypeError(f"@program decorates functions, not {type(function).__name__}")
        functools.update_wrapper(self, function)
        self.f = function
        self.name = function.__name__
        self.options = _Options(**options)
        self._instance = instance
        self._method: Program | None = None
        """The program in the class, if this one is bound to an object of it."""
        self._attribute = self.name
        """The name by which objects have it."""
        self._key = f"__dacec_{function.__qualname__}"
        """Where objects keep the one that is bound to them."""
        self._types = types
        self._lock = threading.RLock()
        self._plans: list[tuple[list, _native.Variant]] = []
        _programs.add(self)
        depends_on_settings(self)

    # What is found out when it is needed first: names in annotations may be defined after the function.

    @functools.cached_property
    def _parameters(self) -> list[_Parameter]:
        signature = inspect.signature(self.f)
        parameters = list(signature.parameters.values())
        if self._instance is not _NO_DEFAULT:
            parameters = parameters[1:]
        for parameter in parameters:
            if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
                raise SourceError(f"{self.name}(): a program has a fixed number of parameters, no `*{parameter.name}`")
        annotations = dict(zip((parameter.name for parameter in parameters), self._types))
        annotations.update(_annotations(self.f))
        return [_Parameter(parameter, annotations.get(parameter.name)) for parameter in parameters]

    @functools.cached_property
    def argnames(self) -> list[str]:
        """Names of the parameters."""
        return [parameter.name for parameter in self._parameters]

    def __get__(self, instance, owner=None):
        """A program in a class is a method: `self` is known when it is compiled."""
        if instance is None:
            return self
        own = getattr(instance, "__dict__", {})
        known = own.get(self._key)
        # A copy of an object begins with what is bound to the original.
        if isinstance(known, Program) and known._instance is instance and known._method is self:
            return known
        bound = Program(self.f, instance=instance, types=self._types, **self.options.given)
        bound._method, bound._attribute = self, self._attribute
        if own or hasattr(instance, "__dict__"):
            own[self._key] = bound
        return bound

    def __set_name__(self, owner, name):
        """A class and those derived from it may have programs of the same function name under several names."""
        self._attribute, self._key = name, f"__dacec_{owner.__qualname__}.{name}"

    def __reduce__(self):
        """Copied and pickled by name, as functions and methods are: what was compiled stays here."""
        if self._method is None:
            return self.f.__qualname__
        return getattr, (self._instance, self._attribute)

    def __repr__(self):
        return f"<dacec program {self.name}>"

    # Graphs and libraries.

    def to_sdfg(self, *args, simplify: bool | None = None, **kwargs) -> SDFG:
        """The program as a graph, for the arguments that are given, or as its annotations say."""
        from dacec.sdfg import SDFG

        plan, _ = self._planned(args, kwargs)
        graph, captures, _ = self._lower(plan, Captures.of(self.f))
        if simplify is None:
            simplify = self.options.simplify is not False
        if simplify:
            graph.simplify()
        return SDFG._of(graph, captures)

    def compile(self, *args, **kwargs) -> CompiledSDFG:
        """Compiles the program for the arguments that are given, or as its annotations say. The result can be called,
        and knows the path of the library."""
        from dacec.sdfg import CompiledSDFG

        plan, _ = self._planned(args, kwargs)
        source = Source.of(self.f)
        graph, captures, _ = self._lower(plan, Captures.of(self.f))
        library = _compile(graph, source.text, self.options)
        return CompiledSDFG(library, plan, self, captures)

    def _planned(self, args: tuple, kwargs: dict) -> tuple[_Plan, tuple]:
        if args or kwargs:
            self._prepare()
            slots, _ = self._bind(*args, **kwargs)
            return self._plan(self._converted(slots)), slots
        return self._plan(None), ()

    def _prepare(self) -> None:
        """Tells the dispatcher about the parameters, when they are needed first."""
        with self._lock:
            if "_ready" not in self.__dict__:
                parameters = [(it.name, it.default, it.keyword_only) for it in self._parameters]
                self._configure(self.name, parameters, _NO_DEFAULT, sorted(self._symbols()))
                self._ready = True

    def _symbols(self) -> set[str]:
        """Symbols that a caller may give by name: those of the annotations and of the code."""
        shaped = [it.declared for it in self._parameters if isinstance(it.declared, (Array, Structure))]
        names = {one.name for it in shaped for one in it.free_symbols}
        values = list(self.f.__globals__.values())
        values += [cell.cell_contents for cell in self.f.__closure__ or () if _is_filled(cell)]
        for value in values:
            if isinstance(value, Expression):
                names |= {one.name for one in value.free_symbols}
        return names - set(self.argnames)

    # Specializing.

    def _specialize(self, slots: tuple, symbols: list[tuple[str, int]]):
        """The variant for a call that none of the known ones fits, and the arguments as it takes them."""
        slots = self._converted(slots)
        with self._lock:
            for variant in self._variants():
                if variant.accepts(slots):
                    return variant, slots
            plan = self._plan(slots)
            for expects, variant in self._plans:
                # The same code: the arguments do not fit it, and the call will say why.
                if _native.same(expects, plan.expects) and variant in self._variants() and variant.guards_hold():
                    return variant, slots
            variant = self._build(plan)
            if len(self._plans) >= _MOST_VARIANTS:
                # Something that the code relies on changes all the time.
                self._clear()
            self._plans.append((plan.expects, variant))
            self._add(variant)
            return variant, slots

    def _clear(self) -> None:
        """Forgets what was compiled; it is still on disk."""
        self._plans.clear()
        super()._clear()

    def _build(self, plan: _Plan) -> _native.Variant:
        graph, captures, guards = self._lower(plan, Captures.of(self.f))
        program = graph if settings.bounds_checks else _compile(graph, Source.of(self.f).text, self.options)
        origins = {**captures.arrays, **plan.members}
        return _native.Variant(
            program, self.argnames, plan.expects, plan.strides, origins, guards, captures.objects
        )

    def _lower(self, plan: _Plan, captures: Captures, waiting: tuple = ()):
        source = Source.of(self.f)
        captures.objects.update(plan.objects)
        parameters = plan.parameters
        if self._instance is not _NO_DEFAULT:
            name = next(iter(inspect.signature(self.f).parameters))
            origin = ("attribute", self, "_instance")
            described = captures.constant(name, self._instance, origin, self.f, (*waiting, self))
            parameters = {name: ("constant", described), **parameters}
        for declared in (it.declared for it in self._parameters):
            if isinstance(declared, (Array, Structure)):
                captures.symbols.update({one.name: one.dtype.name for one in declared.free_symbols})
        graph, used = _native.lower(
            file=source.file,
            text=source.text,
            function=self.f.__name__,
            line=source.line,
            captured=captures.values,
            parameters=parameters,
            symbols=list(captures.symbols.items()),
            fallbacks=captures.fallbacks,
        )
        if self._instance is not _NO_DEFAULT:
            used.append(name)
        if not waiting:
            _warn_of_callbacks(graph, source.file)
        return graph, captures, captures.guards(used)

    def _converted(self, slots: tuple) -> tuple:
        """Objects that are no NumPy arrays, but share their memory with one, as that."""
        may = [it.declared is None or isinstance(it.declared, Array) for it in self._parameters]
        return tuple(lent(name, value) if one else value for name, value, one in zip(self.argnames, slots, may))

    def _plan(self, slots: tuple | None) -> _Plan:
        """What is compiled for these arguments; without any, what the annotations say."""
        plan = _Plan()
        for place, parameter in enumerate(self._parameters):
            value = _NO_DEFAULT if slots is None else slots[place]
            self._plan_parameter(plan, place, parameter, value)
        return plan

    def _plan_parameter(self, plan: _Plan, place: int, parameter: _Parameter, value) -> None:
        name, declared = parameter.name, parameter.declared
        if value is _NO_DEFAULT and (declared in (None, compiletime) or parameter.optional):
            if not parameter.has_default:
                raise ArgumentError(
                    f"the type of `{name}` is not known: annotate it, or give arguments to compile for"
                )
            value = parameter.default
        if value is None and (parameter.optional or parameter.default is None or declared is None):
            plan.add(name, ("constant", ("none",)), ("none",))
        elif declared is compiletime:
            described = describe_constant(value)
            if described is None:
                raise ArgumentError(f"`{name}`: no constant of compiled code can be made of {value!r}")
            plan.add(name, ("constant", described), ("constant", snapshot(value)))
        elif isinstance(declared, Array):
            self._plan_array(plan, place, parameter, value)
        elif isinstance(declared, Scalar):
            plan.add(name, ("scalar", declared.dtype.name), ("number",))
        elif isinstance(declared, str):
            plan.add(name, ("python-scalar", declared), ("number",))
        elif isinstance(declared, Structure):
            self._plan_structure(plan, place, parameter, value)
        elif isinstance(declared, callback) or declared is None and inspect.isroutine(value):
            self._plan_callback(plan, parameter, value)
        else:
            self._plan_inferred(plan, place, name, value)

    def _plan_array(self, plan: _Plan, place: int, parameter: _Parameter, value) -> None:
        name, declared = parameter.name, parameter.declared
        dtype, shape = declared.dtype.name, [extent_text(extent) for extent in declared.shape]
        layout = "C"
        if declared.strides is not None:
            strides, layout = [extent_text(stride) for stride in declared.strides], "any"
        else:
            key = array_key(value) if isinstance(value, numpy.ndarray) and value.ndim == len(shape) else None
            layout = key[1] if key else "C"
            strides = None
            if layout != "C":
                strides = self._stride_symbols(plan, place, name, layout, len(shape))
        plan.add(name, ("array", dtype, shape, strides), ("array", dtype, len(shape), layout))

    @staticmethod
    def _stride_symbols(plan: _Plan, place: int, name: str, layout: str, rank: int) -> list:
        unit = {"unit-last": rank - 1, "unit-first": 0}.get(layout)
        strides: list[str | int] = []
        for dimension in range(rank):
            if dimension == unit:
                strides.append(1)
                continue
            symbol = f"__{name}_stride_{dimension}"
            plan.strides.append((symbol, place, dimension))
            strides.append(symbol)
        return strides

    def _plan_callback(self, plan: _Plan, parameter: _Parameter, value) -> None:
        """A function that the interpreter calls."""
        name, declared = parameter.name, parameter.declared
        if value is _NO_DEFAULT:
            raise ArgumentError(f"a function for `{name}` has to be given")
        if not callable(value):
            raise ArgumentError(f"`{name}` is a function, but {type(value).__name__} was passed")
        result = result_of(value) if declared is None else _declared(declared.result)[1]
        if declared is not None and declared.result is type(None):
            result = type(None)
        # No name of the program's text is like this one.
        plan.objects[f"@{name}"] = value
        described = ("object", f"@{name}", f"`{name}`", described_result(result))
        plan.add(name, ("constant", described), ("constant", value))

    def _plan_structure(self, plan: _Plan, place: int, parameter: _Parameter, value) -> None:
        """An object with the members that the annotation names."""
        members = {}
        for member, declared in parameter.declared.members.items():
            given = _NO_DEFAULT if value is _NO_DEFAULT else getattr(value, member, _NO_DEFAULT)
            if value is not _NO_DEFAULT and given is _NO_DEFAULT:
                raise ArgumentError(f"`{parameter.name}` has no member `{member}`, as {parameter.declared!r} says")
            members[member] = (declared, given)
        self._plan_members(plan, place, parameter.name, members)

    def _plan_members(self, plan: _Plan, place: int, name: str, members: dict[str, tuple]) -> None:
        """Arguments for the members of an object: their declarations, if there are any, and values."""
        inner, described, expects = _Plan(), [], []
        for member, (declared, value) in members.items():
            argument = f"{name}_{member}"
            while argument in self.argnames or argument in plan.members:
                argument += "_"
            if isinstance(declared, Array):
                layout = _Parameter.of(argument, Array(declared.dtype, declared.shape, strides=declared.strides))
                self._plan_array(inner, place, layout, _NO_DEFAULT)
            elif isinstance(declared, Scalar):
                inner.add(argument, ("scalar", declared.dtype.name), ("number",))
            else:
                self._plan_inferred(inner, place, argument, value)
            if inner.parameters[argument][0] != "constant":
                plan.members[argument] = ("member", place, member)
            described.append((member, argument, inner.parameters[argument]))
            expects.append((member, inner.expects[-1]))
        plan.add(name, ("structure", described), ("structure", expects))

    def _plan_inferred(self, plan: _Plan, place: int, name: str, value) -> None:
        if isinstance(value, numpy.ndarray) and value.ndim > 0:
            key = array_key(value)
            if key is None:
                raise ArgumentError(f"`{name}`: arrays of {value.dtype.str} are not supported")
            dtype, layout = key
            strides = None if layout == "C" else [stride // value.itemsize for stride in value.strides]
            if any(stride % value.itemsize for stride in value.strides):
                raise ArgumentError(f"`{name}`: the distance of its elements is no multiple of their size")
            given = None if layout == "C" else list(value.strides)
            shape = list(value.shape)
            plan.add(name, ("array", dtype, shape, strides), ("shaped", dtype, shape, given))
        elif type(value) in _PYTHON_TYPES:
            plan.add(name, ("python-scalar", _PYTHON_TYPES[type(value)]), ("class", type(value)))
        elif isinstance(value, numpy.ndarray):
            # One class for all element types: the type and that it is a single number are what the code is for.
            dtype = typeclass.of(value.dtype).name
            plan.add(name, ("scalar", dtype), ("shaped", dtype, [], None))
        elif isinstance(value, numpy.generic):
            plan.add(name, ("scalar", typeclass.of(value.dtype).name), ("class", type(value)))
        else:
            described = describe_constant(value)
            if described is not None:
                plan.add(name, ("constant", described), ("constant", snapshot(value)))
                return
            names = {} if isinstance(value, (type, types.ModuleType)) else self._members_of(value)
            if not names:
                raise ArgumentError(
                    f"`{name}`: compiled code can do nothing with {value!r}; "
                    "it takes arrays, numbers, None, strings, tuples of these, and objects that have such members"
                )
            self._plan_members(plan, place, name, {member: (None, it) for member, it in names.items()})

    def _members_of(self, value) -> dict[str, object]:
        """The members of an object that the code may use, and can."""
        found = {}
        for member in sorted(attributes_of(self.f)):
            it = getattr(value, member, None)
            if isinstance(it, numpy.ndarray) and it.ndim > 0 or describe_constant(it) is not None and it is not None:
                found[member] = it
        return found

    # For programs that call this one.

    def _graph_for_call(self, waiting: tuple, around: Captures):
        """The graph as another program calls it, what it relies on, and what it uses. `waiting` are the programs around,
        and the last of them has found what is `around`."""
        waiting = (*waiting, self)
        graph, captures, guards = self._lower(self._plan(None), Captures.of(self.f, waiting, around), waiting)
        return graph, guards, captures

    def _parameters_for_call(self) -> list[tuple[str, tuple | None]]:
        described = []
        for parameter in self._parameters:
            default = describe_constant(parameter.default) if parameter.has_default else None
            described.append((parameter.name, default))
        return described


class _Options:
    """The options of the decorator."""

    def __init__(self, **given):
        self.given = given
        given = dict(given)
        self.auto_optimize = given.pop("auto_optimize", None)
        self.simplify = given.pop("simplify", None)
        device = given.pop("device", None) or DeviceType.CPU
        # They steer when DaCe compiles again. Here that follows from the arguments and values.
        for ignored in ("recreate_sdfg", "regenerate_code", "recompile", "use_explicit_cf", "regenerate"):
            given.pop(ignored, None)
        if given:
            raise TypeError(f"program() has no option {', '.join(map(repr, given))}")
        if device is not DeviceType.CPU:
            raise NotImplementedError(f"programs run on the CPU; there is no code generator for {device}")

    @property
    def passes(self) -> str:
        """How much graphs are rewritten."""
        if self.simplify is False and not self.auto_optimize:
            return "O0"
        if self.auto_optimize is False:
            return "O1"
        return "O3" if self.auto_optimize else settings.optimize


def _warn_of_callbacks(graph, file: str) -> None:
    """Says what will be slow: the functions that the interpreter calls."""
    for function, line, reason in dict.fromkeys(graph.callbacks()):
        text = f"`{function}` is not compiled: {reason}; the interpreter calls it whenever the program comes here"
        warnings.warn_explicit(text, PerformanceWarning, file, line)


def _compile(graph, text: str | None, options: _Options | None = None) -> _native.Library:
    return _native.compile(
        graph,
        source=text,
        passes=options.passes if options else "O0",
        opt=settings.optimize,
        fp=settings.fp,
        march=settings.march,
        openmp=settings.threads,
    )


@typing.overload
def program(function: typing.Callable[..., typing.Any], /) -> Program: ...
@typing.overload
def program(
    *types: typing.Any,
    auto_optimize: bool | None = None,
    simplify: bool | None = None,
    device: DeviceType | None = None,
    **options: typing.Any,
) -> typing.Callable[[typing.Callable[..., typing.Any]], Program]: ...
def program(*types, **options):
    """Compiles a function when it is called.

    >>> import numpy as np
    >>> import dacec as dace
    >>> N = dace.symbol("N")

        @dace.program
        def axpy(a: dace.float64, x: dace.float64[N], y: dace.float64[N]):
            y[:] = a * x + y

    Types of the parameters may also be given to the decorator: `@dace.program(dace.float64, dace.float64[N])`. Options:
    `auto_optimize` (on unless `False`), `simplify` (`False` compiles the graph as the front end makes it),
    `device` (`dace.DeviceType.CPU`).
    """
    if len(types) == 1 and not options and callable(types[0]) and not _is_type(types[0]):
        return Program(types[0])
    return functools.partial(Program, types=types, **options)


function = program
method = program


def _declared(annotation):
    """Whether an annotation allows None, and what else it declares: an Array, a Scalar, the name of one of Python's
    number types, `compiletime`, or None for what is inferred from arguments."""
    origin = typing.get_origin(annotation)
    if origin is typing.Union or origin is getattr(types, "UnionType", None):
        rest = [part for part in typing.get_args(annotation) if part is not type(None)]
        optional = len(rest) < len(typing.get_args(annotation))
        return optional, _declared(rest[0])[1] if len(rest) == 1 else None
    if origin is typing.Annotated:
        return _declared(typing.get_args(annotation)[0])
    if isinstance(annotation, (Array, Scalar, Structure, callback)):
        return False, annotation
    if isinstance(annotation, typeclass):
        return False, Scalar(annotation)
    if annotation is compiletime:
        return False, compiletime
    if annotation in _PYTHON_TYPES:
        return False, _PYTHON_TYPES[annotation]
    if isinstance(annotation, numpy.dtype) or (isinstance(annotation, type) and issubclass(annotation, numpy.generic)):
        return False, Scalar(annotation)
    return False, None


def _is_type(value) -> bool:
    return isinstance(value, (typeclass, Array, Scalar, Structure, type))


def _annotations(function: types.FunctionType) -> dict:
    """Annotations as values; those that are texts are evaluated where the function was written."""
    cells = zip(function.__code__.co_freevars, function.__closure__ or ())
    enclosing = {name: cell.cell_contents for name, cell in cells if _is_filled(cell)}
    values = {}
    for name, annotation in inspect.get_annotations(function).items():
        if isinstance(annotation, str):
            annotation = eval(annotation, function.__globals__, enclosing)
        values[name] = annotation
    return values


def _is_filled(cell) -> bool:
    try:
        cell.cell_contents
    except ValueError:
        return False
    return True


def _renew_locks() -> None:
    """In a new process, no thread is there any more that could release a lock."""
    for one in list(_programs):
        one._lock = threading.RLock()


os.register_at_fork(after_in_child=_renew_locks)
