"""The graph of a program: the stateful dataflow multigraph, SDFG."""

from __future__ import annotations

import os
import pathlib
import tempfile
import threading
import webbrowser
from collections.abc import Iterator

from dacec import _native, nodes
from dacec.builder import INTERPRETER, Builder, InterstateEdge, SDFGState
from dacec.capture import Captures
from dacec.data import Array, Scalar
from dacec.errors import ArgumentError, InvalidSDFGError
from dacec.lending import lent
from dacec.program import _NO_DEFAULT, Program, _compile, _Plan
from dacec.settings import depends_on_settings, settings
from dacec.symbols import parsed

__all__ = ["SDFG", "CompiledSDFG", "SDFGState", "InterstateEdge", "nodes", "passes"]


class SDFG(Builder, _native.Dispatcher):
    """A graph, which can be built, rewritten, saved, drawn, compiled and called.

    A new one is empty and is filled by `add_array`, `add_state` and their kind. Its rules are checked when it is used.
    Its states can be looked at and changed after rewriting too, but then they are other objects than before.

    >>> sdfg = SDFG("twice")
    >>> _ = sdfg.add_array("A", ["N"], "float64")
    >>> state = sdfg.add_state("compute")
    >>> _ = state.add_mapped_tasklet(
    ...     "double", {"i": "0:N"}, {"a": Memlet("A[i]")}, "b = 2 * a", {"b": Memlet("A[i]")}, external_edges=True)
    >>> sdfg.validate()
    """

    def __init__(self, name: str, constants: dict | None = None):
        if not name.isidentifier():
            raise InvalidSDFGError(f"the name of a graph is a word, not {name!r}")
        Builder.__init__(self, name, constants)
        self._made: _native.Graph | None = None
        self._arrays: dict[str, tuple] = {}
        self._objects: dict[str, object] = {}
        self._lock = threading.RLock()
        depends_on_settings(self)

    @classmethod
    def _of(cls, graph: _native.Graph, captures: Captures | None = None) -> SDFG:
        """A graph of the compiler. What it needs besides its parameters is where `captures` says."""
        self = cls(graph.name)
        self._made = graph
        if captures is not None:
            self._arrays, self._objects = captures.arrays, captures.objects
        self._freeze()
        return self

    @property
    def _graph(self) -> _native.Graph:
        """The graph as the compiler has it; made again after something was added."""
        if self._made is None:
            # What calls functions or has code in C++ was built here, or read from a file that was trusted.
            self._made = _native.Graph.from_json(self._to_json(), True)
            # What moves into and out of maps follows from what moves inside.
            self._made.apply("propagate-memlets", None)
        return self._made

    def _changed(self) -> None:
        self._made = None
        self._clear()

    def _form(self) -> bytes:
        return self._graph.to_json()

    def _rewritten(self) -> None:
        self._freeze()
        self._clear()

    # Looking at it.

    @property
    def name(self) -> str:
        """The program's name."""
        return self._name if self._made is None else self._made.name

    def arglist(self) -> dict[str, Array | Scalar]:
        """Descriptions of the arguments, in order: of the containers, and then of the symbols."""
        arrays = self.arrays
        symbols = {name: Scalar("int64") for name in sorted(self.free_symbols)}
        return {**{name: arrays[name] for name in self.argnames}, **symbols}

    def all_nodes_recursive(self) -> Iterator[tuple[nodes.Node | SDFGState, SDFGState | SDFG]]:
        """Every state and every node of it, with what it is in."""
        for state in self.states():
            yield state, self
            for node in state.nodes():
                yield node, state

    @property
    def free_symbols(self) -> set[str]:
        """Names of the symbols that come from shapes, or by keyword."""
        return set(self._graph.free_symbols)

    @property
    def arrays(self) -> dict[str, Array | Scalar]:
        """A description of every container, by name. Changing one does not change the graph."""
        return {name: _described(one) for name, one in self._graph.containers().items()}

    def number_of_states(self) -> int:
        """How many states there are, in all control flow."""
        return self._graph.counts()[0]

    def number_of_maps(self) -> int:
        """How many maps there are, without those of nested graphs."""
        return self._graph.counts()[1]

    def number_of_transients(self) -> int:
        """How many internal arrays there are."""
        return self._graph.counts()[2]

    def validate(self) -> None:
        """Raises :class:`InvalidSDFGError` if a rule is broken."""
        self._graph.validate()

    def is_valid(self) -> bool:
        """Whether no rule is broken."""
        try:
            self.validate()
        except InvalidSDFGError:
            return False
        return True

    def __str__(self):
        return self._graph.to_text()

    def __repr__(self):
        return f"<SDFG {self.name}>"

    def _repr_html_(self) -> str:
        return self._graph.to_svg()

    def view(self, filename: str | os.PathLike | None = None) -> None:
        """Shows a drawing in the browser, or writes it to a file."""
        if filename is not None:
            pathlib.Path(filename).write_text(self._graph.to_svg(), encoding="utf-8")
            return
        with tempfile.NamedTemporaryFile("w", suffix=".svg", delete=False, encoding="utf-8") as file:
            file.write(self._graph.to_svg())
        webbrowser.open(pathlib.Path(file.name).as_uri())

    # Files.

    def to_json(self) -> bytes:
        """The contents of an `.sdfg` file."""
        return self._graph.to_json()

    def save(self, filename: str | os.PathLike) -> None:
        """Writes an `.sdfg` file, which DaCe and its viewers read too."""
        pathlib.Path(filename).write_bytes(self.to_json())

    @classmethod
    def from_json(cls, contents: bytes | str, trust_code: bool = False) -> SDFG:
        """Reads the contents of an `.sdfg` file.

        With `trust_code` it may have tasklets in C++, and call functions, which the caller of the graph gives by their names:
        what it does then is what you are allowed to do.
        """
        contents = contents.encode() if isinstance(contents, str) else contents
        return cls._of(_native.Graph.from_json(contents, trust_code))

    @classmethod
    def from_file(cls, filename: str | os.PathLike, trust_code: bool = False) -> SDFG:
        """Reads an `.sdfg` file, plain or compressed; see :meth:`from_json`."""
        path = pathlib.Path(filename)
        return cls._of(_native.Graph.from_json(path.read_bytes(), trust_code, path.parent))

    # Rewriting.

    def simplify(self) -> bool:
        """Removes what is not needed; whether anything changed."""
        changed = self._graph.simplify()
        self._rewritten()
        return changed

    def auto_optimize(self, device=None) -> SDFG:
        """Applies what makes programs fast, in a fixed order."""
        self._graph.auto_optimize()
        self._rewritten()
        return self

    def apply_gpu_transformations(self, *_options, **_others) -> None:
        """Programs run on the CPU: there is no code generator for GPUs."""
        raise NotImplementedError("programs run on the CPU; there is no code generator for DeviceType.GPU")

    def expand_library_nodes(self) -> None:
        """Replaces library nodes by their implementations."""
        self._graph.expand_library_nodes()
        self._rewritten()

    def apply_transformations(self, transformations, options=None) -> int:
        """Applies each transformation at most once, where it is allowed first; how many times it was.

        Transformations are named as texts (`"MapFusion"`, or with parameters `"map-tiling:tile_sizes=32,32"`) or by classes
        of that name.
        """
        # The pass itself is one of the two things that the limit counts.
        return sum(self._apply(one, options, 2) for one in _several(transformations))

    def apply_transformations_repeated(self, transformations, options=None) -> int:
        """Applies transformations as long as any of them is allowed anywhere; how many times one was."""
        total = 0
        while True:
            round_total = sum(self._apply(one, options, None) for one in _several(transformations))
            total += round_total
            if round_total == 0 or len(_several(transformations)) == 1:
                return total

    apply = apply_transformations_repeated

    def _apply(self, transformation, options: dict | None, limit: int | None) -> int:
        name = transformation if isinstance(transformation, str) else transformation.__name__
        for key, value in (options or {}).items():
            value = ",".join(map(str, value)) if isinstance(value, (tuple, list)) else value
            name += f":{key}={value}"
        count = self._graph.apply(name, limit)
        self._rewritten()
        return count

    # Running.

    def compile(self) -> CompiledSDFG:
        """Compiles the graph as it is. The result can be called, and knows the path of the library."""
        captures = Captures()
        captures.arrays, captures.objects = self._arrays, self._objects
        return CompiledSDFG(self._library(), self._signature_plan(), self, captures)

    def _library(self) -> _native.Library:
        return _compile(self._graph, None)

    def _signature_plan(self) -> _Plan:
        plan, containers = _Plan(), self._graph.containers()
        for name in self.argnames:
            one = containers[name]
            expect = ("number",) if one["scalar"] else ("array", one["dtype"], len(one["shape"]), "any")
            plan.add(name, (), expect)
        return plan

    @property
    def argnames(self) -> list[str]:
        """Names of the arguments, in order: without global arrays of the program that the graph was made of."""
        return [name for name in self._graph.arguments if name not in self._arrays and name != INTERPRETER]

    @property
    def functions(self) -> list[str]:
        """Names of the functions of Python that the graph calls and that its caller gives, as arguments after the others."""
        given = self._objects
        called = dict.fromkeys(name for name, _, _ in self._graph.callbacks())
        return [name for name in called if name.partition(".")[0] not in given and name not in given]

    def _prepare(self) -> None:
        with self._lock:
            if "_ready" not in self.__dict__:
                parameters = [(name, _NO_DEFAULT, False) for name in [*self.argnames, *self.functions]]
                self._configure(self.name, parameters, _NO_DEFAULT, sorted(self._graph.free_symbols))
                self._ready = True

    def _specialize(self, slots: tuple, symbols: list[tuple[str, int]]):
        slots = (*map(lent, self.argnames, slots), *slots[len(self.argnames) :])
        with self._lock:
            for variant in self._variants():
                if not self.functions or variant.accepts(slots):
                    return variant, slots
            program = self._graph if settings.bounds_checks else self._library()
            plan, names = self._signature_plan(), [*self.argnames, *self.functions]
            objects = {**self._objects, **_given(self.functions, slots[len(self.argnames) :])}
            plan.expects += [("constant", objects[name]) for name in self.functions]
            variant = _native.Variant(program, names, plan.expects, [], self._arrays, [], objects)
            self._add(variant)
            return variant, slots


class CompiledSDFG(_native.Dispatcher):
    """A compiled program: it can be called, and it has a library that other languages can call."""

    def __init__(self, library: _native.Library, plan: _Plan, program: Program | SDFG, captures):
        self._library = library
        self.name = program.name
        parameters = program._parameters if isinstance(program, Program) else None
        names = self._argnames = program.argnames
        functions = self._functions = [] if isinstance(program, Program) else program.functions
        defaults = [it.default for it in parameters] if parameters else [_NO_DEFAULT] * len(names)
        defaults += [_NO_DEFAULT] * len(functions)
        symbols = program._symbols() if isinstance(program, Program) else program.free_symbols
        arguments = [(*it, False) for it in zip([*names, *functions], defaults)]
        self._configure(self.name, arguments, _NO_DEFAULT, sorted(symbols))
        self._plan, self._origins = plan, {**captures.arrays, **plan.members}
        self._objects = captures.objects
        if not functions:
            self._variant(())

    def _variant(self, given: tuple) -> None:
        """Adds a variant for the functions that are given."""
        objects = {**self._objects, **_given(self._functions, given)}
        expects = [*self._plan.expects, *(("constant", function) for function in given)]
        names = [*self._argnames, *self._functions]
        self._add(_native.Variant(self._library, names, expects, self._plan.strides, self._origins, [], objects))

    def _specialize(self, slots: tuple, symbols: list[tuple[str, int]]):
        count = len(self._argnames)
        slots = (*map(lent, self._argnames, slots), *slots[count:])
        for name, expect, value in zip(self._argnames, self._plan.expects, slots):
            _check_constants(name, expect, value)
        for variant in self._variants():
            if not self._functions or variant.accepts(slots):
                return variant, slots
        self._variant(slots[count:])
        return self._variants()[-1], slots

    @property
    def path(self) -> str:
        """Path of the shared library, in the build cache."""
        return self._library.path

    @property
    def filename(self) -> str:
        """Path of the shared library."""
        return self.path

    @property
    def sdfg(self) -> SDFG:
        """The graph that the code was made from."""
        return SDFG._of(self._library.graph)

    @property
    def code(self) -> str:
        """The emitted C++ code."""
        return self._library.code

    @property
    def header(self) -> str:
        """The C header."""
        return self._library.header

    @property
    def signature(self) -> str:
        """Names and types of arguments and results."""
        return self._library.signature

    @property
    def cached(self) -> bool:
        """Whether the library was there already."""
        return self._library.cached

    @property
    def phases(self) -> list[tuple[str, float]]:
        """Where compile time went, in seconds."""
        return self._library.phases

    def save(self, folder: str | os.PathLike) -> list[str]:
        """Writes the library, its header, a wrapper and the graph into a folder; returns the paths."""
        return self._library.save(os.fspath(folder))

    def __repr__(self):
        return f"<compiled {self.signature}>"


def _check_constants(name: str, expect: tuple, value) -> None:
    """Refuses a value that is not the one that the code was made for: the code would not look at it."""
    kind, *rest = expect
    if kind == "structure":
        for member, inner in rest[0]:
            _check_constants(f"{name}.{member}", inner, getattr(value, member, None))
    elif kind in ("constant", "none"):
        expected = rest[0] if rest else None
        if not _native.same(expected, value):
            raise ArgumentError(f"it is compiled for `{name}` = {expected!r}, but {value!r} was passed")


def _given(names: list[str], functions: tuple) -> dict[str, object]:
    """The functions by their names."""
    for name, function in zip(names, functions):
        if not callable(function):
            raise TypeError(f"`{name}` is a function that the graph calls, not {type(function).__name__}")
    return dict(zip(names, functions))


def _described(one: dict) -> Array | Scalar:
    """The description of a container."""
    if one["scalar"] or not one["shape"]:
        scalar = Scalar(one["dtype"])
        scalar.transient = one["transient"]
        return scalar
    shape, strides = ([parsed(extent) for extent in one[key]] for key in ("shape", "strides"))
    return Array(one["dtype"], shape, one["transient"], None if one["c_order"] else strides)


def _several(transformations) -> list:
    if isinstance(transformations, (list, tuple, set)):
        return list(transformations)
    return [transformations]


def passes() -> dict[str, str]:
    """Every transformation and pass that `apply_transformations` takes, with one sentence."""
    return dict(_native.Graph.passes())


