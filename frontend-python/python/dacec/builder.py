"""Building a graph by hand: containers, states, nodes, edges, as in DaCe.

What is built is kept as plain Python objects (`dacec.nodes`), and becomes a graph of the compiler by way of the `.sdfg` format.
A graph of the compiler comes back in the same way when somebody looks at its states or adds something.
"""

from __future__ import annotations

import json
import typing

import numpy

from dacec.data import Array, Data, Scalar
from dacec.dtypes import AllocationLifetime, Language, ScheduleType, StorageType, typeclass
from dacec.errors import InvalidSDFGError
from dacec.memlet import Memlet
from dacec.nodes import (
    AccessNode,
    Edge,
    InterstateEdge,
    LibraryNode,
    MapEntry,
    MapExit,
    NestedSDFG,
    Node,
    Tasklet,
    node_of,
)
from dacec.symbols import extent_text, parsed

if typing.TYPE_CHECKING:
    from dacec.sdfg import SDFG

__all__ = ["Builder", "InterstateEdge", "SDFGState"]


INTERPRETER = "__python"
"""The container by which a graph reaches the interpreter that runs it."""

_AnyNode = typing.TypeVar("_AnyNode", bound=Node)


class SDFGState:
    """Dataflow: what runs as soon as what it needs is there."""

    def __init__(self, sdfg: Builder, label: str, kept: dict | None = None):
        self.sdfg = sdfg
        self.label = label
        self._kept = kept or {}
        self._nodes: list[Node] = []
        self._edges: list[Edge] = []

    def nodes(self) -> list[Node]:
        """The nodes, in the order in which they were added."""
        return list(self._nodes)

    def edges(self) -> list[Edge]:
        """The edges, in the order in which they were added."""
        return list(self._edges)

    def fill_scope_connectors(self) -> None:
        """Nothing: connectors are made together with edges."""

    def data_nodes(self) -> list[AccessNode]:
        """The nodes that stand for containers."""
        return [node for node in self._nodes if isinstance(node, AccessNode)]

    def in_edges(self, node: Node) -> list[Edge]:
        """The edges that lead to a node."""
        return [edge for edge in self._edges if edge.dst is node]

    def out_edges(self, node: Node) -> list[Edge]:
        """The edges that begin at a node."""
        return [edge for edge in self._edges if edge.src is node]

    def _touch(self) -> None:
        self.sdfg._touch(self)

    def _add(self, node: _AnyNode) -> _AnyNode:
        self._touch()
        self._nodes.append(node)
        self._own(node)
        return node

    def _own(self, node: Node) -> None:
        """Is told when a node changes."""
        if isinstance(node, LibraryNode):
            node.touched = self._touch

    def remove_edge(self, edge: Edge) -> None:
        """Removes an edge."""
        self._touch()
        self._edges = [it for it in self._edges if it is not edge]

    def remove_node(self, node: Node) -> None:
        """Removes a node with its edges."""
        self._touch()
        self._nodes = [it for it in self._nodes if it is not node]
        self._edges = [it for it in self._edges if node not in (it.src, it.dst)]

    def add_access(self, array: str) -> AccessNode:
        """A node for a container."""
        self._touch()
        constants = self.sdfg._kept.get("attributes", {}).get("constants_prop") or {}
        if array not in self.sdfg._containers and array not in constants:
            raise InvalidSDFGError(f"there is no container `{array}`: add it first")
        return self._add(AccessNode(array))

    add_read = add_write = add_access

    def add_tasklet(
        self, name: str, inputs, outputs, code: str, language: Language = Language.Python
    ) -> Tasklet:
        """A computation in Python: `add_tasklet("add", {"a", "b"}, {"c"}, "c = a + b")`."""
        if language is not Language.Python:
            raise InvalidSDFGError(f"the tasklet `{name}` is in {language.name}: tasklets are written in Python here")
        return self._add(Tasklet(name, sorted(inputs), sorted(outputs), code))

    def add_nested_sdfg(
        self, sdfg: SDFG, inputs, outputs, symbol_mapping: dict | None = None, name: str | None = None
    ) -> NestedSDFG:
        """A call of another graph: its containers of these names are what it reads and writes."""
        mapping = {symbol: symbol for symbol in sorted(sdfg.free_symbols)}
        mapping |= {symbol: extent_text(value) for symbol, value in (symbol_mapping or {}).items()}
        node = NestedSDFG(name or sdfg.name, sorted(inputs), sorted(outputs), json.loads(sdfg.to_json()), mapping)
        return self._add(node)

    def add_reduce(self, wcr: str, axes=None, identity=None) -> LibraryNode:
        """Combines elements along axes (all of them if none is given): `add_reduce("lambda a, b: a + b", [0], 0)`."""
        attributes = {"wcr": wcr, "axes": None if axes is None else list(axes), "identity": identity}
        return self._add(LibraryNode("Reduce", "dace.libraries.standard.nodes.reduce.Reduce", attributes))

    def add_callback(
        self, function: str, signature: str, effects: bool = True, host: str | None = None
    ) -> LibraryNode:
        """A call of a function that is not compiled, with operands of declared types and shapes:
        `add_callback("smooth", "a: float64[n], k: int64 -> b: float64[n]")`. The names of operands are connectors.

        The function is given when the graph is called, by its name; it returns the result. With `effects`, calls have an
        order and none is left out; otherwise the result must depend on the operands alone. The name of a container of two
        `int64`, as `host`, is for a function of C: the address of the function, and what it is passed first.
        """
        if host is None:
            host = INTERPRETER
            if host not in self.sdfg._containers:
                self.sdfg.add_array(host, [2], "int64")
        properties = {"function": function, "signature": signature, "host": "changed" if effects else "read"}
        node = self._add(LibraryNode(function, "dacec.library.Callback", {"_meta_properties": properties}))
        # A call comes after those that were added before it.
        last = [it for it in self.data_nodes() if it.data == host and not self.out_edges(it)]
        moved = Memlet(f"{host}[0:2]")
        self.add_edge(last[-1] if last else self.add_access(host), None, node, "_host", moved)
        if effects:
            self.add_edge(node, "_host_after", self.add_access(host), None, moved)
        return node

    def add_map(
        self, name: str, ndrange: dict[str, str], schedule: ScheduleType = ScheduleType.Default
    ) -> tuple[MapEntry, MapExit]:
        """A parallel scope: `add_map("m", {"i": "0:N"})`."""
        entry = MapEntry(name, {param: str(part) for param, part in ndrange.items()}, schedule)
        self._add(entry)
        return entry, self._add(MapExit(entry))

    def add_edge(self, src: Node, src_conn: str | None, dst: Node, dst_conn: str | None, memlet: Memlet) -> Edge:
        """Moves data between connectors; those of maps are made as they are needed."""
        for node, conn, into in ((src, src_conn, False), (dst, dst_conn, True)):
            if node not in self._nodes:
                raise InvalidSDFGError(f"{node!r} is no node of the state `{self.label}`")
            if conn is not None:
                (node.in_connectors if into else node.out_connectors).setdefault(conn)
        self._touch()
        edge = Edge(src, src_conn, dst, dst_conn, memlet)
        self._edges.append(edge)
        return edge

    def add_nedge(self, src: Node, dst: Node, memlet: Memlet | None = None) -> Edge:
        """Moves data between nodes without connectors, or orders them if nothing moves."""
        return self.add_edge(src, None, dst, None, memlet or Memlet())

    def add_memlet_path(self, *path: Node, memlet: Memlet, src_conn: str | None = None, dst_conn: str | None = None):
        """Moves data from the first node to the last, through the maps between them."""
        if len(path) < 2:
            raise InvalidSDFGError("a path has at least two nodes")
        # The memlet is what moves inside of all maps; between them, it is all that their iterations move.
        reads = isinstance(path[0], AccessNode)
        last = len(path) - 2
        for at, (src, dst) in enumerate(zip(path, path[1:])):
            innermost = at == (last if reads else 0)
            moved = memlet if innermost else Memlet(data=memlet.data, wcr=memlet.wcr)
            out = src_conn if at == 0 else f"OUT_{memlet.data}"
            into = dst_conn if at == last else f"IN_{memlet.data}"
            self.add_edge(src, out, dst, into, moved)

    def add_mapped_tasklet(
        self,
        name: str,
        map_ranges: dict[str, str],
        inputs: dict[str, Memlet],
        code: str,
        outputs: dict[str, Memlet],
        schedule: ScheduleType = ScheduleType.Default,
        external_edges: bool = False,
        input_nodes: dict[str, AccessNode] | None = None,
        output_nodes: dict[str, AccessNode] | None = None,
    ) -> tuple[Tasklet, MapEntry, MapExit]:
        """A map around a tasklet. With `external_edges`, also the nodes of the containers that it reads and writes, if
        they are not given."""
        entry, exit = self.add_map(name, map_ranges, schedule)
        tasklet = self.add_tasklet(name, inputs, outputs, code)
        reads, writes = dict(input_nodes or {}), dict(output_nodes or {})
        for conn, memlet in inputs.items():
            if memlet.data is None:
                raise InvalidSDFGError(f"the connector `{conn}` of `{name}` needs a memlet with a container")
            outer = f"IN_{memlet.data}"
            if external_edges and outer not in entry.in_connectors:
                node = reads.get(memlet.data) or self.add_access(memlet.data)
                self.add_edge(node, None, entry, outer, Memlet(data=memlet.data))
            self.add_edge(entry, f"OUT_{memlet.data}", tasklet, conn, memlet)
        if not inputs:
            self.add_nedge(entry, tasklet)
        for conn, memlet in outputs.items():
            if memlet.data is None:
                raise InvalidSDFGError(f"the connector `{conn}` of `{name}` needs a memlet with a container")
            outer = f"OUT_{memlet.data}"
            if external_edges and outer not in exit.out_connectors:
                node = writes.get(memlet.data) or self.add_access(memlet.data)
                self.add_edge(exit, outer, node, None, Memlet(data=memlet.data, wcr=memlet.wcr))
            self.add_edge(tasklet, conn, exit, f"IN_{memlet.data}", memlet)
        return tasklet, entry, exit

    def _to_json(self, number: int) -> dict:
        place = {id(node): at for at, node in enumerate(self._nodes)}
        exits = {id(node.entry): place[id(node)] for node in self._nodes if node.is_exit}
        nodes = [node.to_json(at, place, exits) for at, node in enumerate(self._nodes)]
        edges = [edge.to_json(place) for edge in self._edges]
        rest = {"type": "SDFGState", "label": self.label, "id": number, "nodes": nodes, "edges": edges}
        return {**self._kept, **rest}

    @staticmethod
    def _of(sdfg: Builder, value: dict) -> SDFGState:
        """A state of a file."""
        own = ("type", "label", "id", "nodes", "edges", "scope_dict")
        kept = {key: it for key, it in value.items() if key not in own}
        attributes = {key: it for key, it in (value.get("attributes") or {}).items() if key != "_meta_empty"}
        state = SDFGState(sdfg, value["label"], {**kept, "attributes": attributes})
        state._nodes = [node_of(node) for node in value["nodes"]]
        for node in state._nodes:
            state._own(node)
        for node, raw in zip(state._nodes, value["nodes"]):
            if node.is_exit:
                node.entry = state._nodes[int(raw["scope_entry"])]
        state._edges = [Edge.of(edge, state._nodes) for edge in value["edges"]]
        return state

    def __repr__(self):
        return f"SDFGState({self.label})"


class Builder:
    """A graph that is being built."""

    def __init__(self, name: str, constants: dict | None = None):
        self._name = name
        self._frozen = False
        self._kept: dict[str, typing.Any] = {}
        """What a file says about the graph beyond what is described here."""
        self._containers: dict[str, dict] = {}
        self._symbols: dict[str, str] = {}
        self._states: list[SDFGState] = []
        self._transitions: list[tuple[SDFGState, SDFGState, InterstateEdge]] = []
        for key, value in (constants or {}).items():
            self.add_constant(key, value)

    def _changed(self) -> None:
        """Called after something was added."""

    def _form(self) -> bytes:
        """The graph as it is in the compiler."""
        raise NotImplementedError

    def _touch(self, state: SDFGState | None = None) -> None:
        """Gets ready for a change of the graph, or of one of its states."""
        self._thaw()
        if state is not None and not any(it is state for it in self._states):
            raise InvalidSDFGError(
                f"`{state.label}` is no state of `{self._name}` any more, which was rewritten: get it again from states()"
            )
        self._changed()

    def _thaw(self) -> None:
        """Takes over what the compiler has."""
        if not self._frozen:
            return
        value = json.loads(self._form())
        attributes = dict(value["attributes"])
        self._name = attributes.pop("name")
        self._containers = attributes.pop("_arrays", {})
        self._symbols = attributes.pop("symbols", {})
        attributes.pop("_meta_body", None)
        self._kept = {**value, "attributes": attributes}
        self._states = [SDFGState._of(self, state) for state in value["nodes"]]
        self._transitions = [
            (self._states[int(it["src"])], self._states[int(it["dst"])], InterstateEdge.of(it["attributes"]["data"]))
            for it in value["edges"]
        ]
        self._frozen = False

    def _freeze(self) -> None:
        self._frozen = True

    def _container(self, name: str, kind: str, dtype, transient: bool, lifetime, **attributes) -> tuple[str, Data]:
        self._touch()
        if name in self._containers:
            raise InvalidSDFGError(f"there is a container `{name}` already")
        described = {"dtype": typeclass.of(dtype).name, "transient": transient, "lifetime": lifetime.name}
        self._containers[name] = {"type": kind, "attributes": {**described, **attributes}}
        if "shape" not in attributes:
            return name, Scalar(dtype)
        return name, Array(dtype, [parsed(extent) for extent in attributes["shape"]] or [1], transient)

    def add_array(
        self,
        name: str,
        shape,
        dtype,
        storage: StorageType = StorageType.Default,
        transient: bool = False,
        strides=None,
        lifetime: AllocationLifetime = AllocationLifetime.Scope,
    ) -> tuple[str, Data]:
        """An array: an argument of the program, unless it is transient. The name and a description are given back, as by
        all methods that add containers."""
        attributes: dict[str, typing.Any] = {"shape": [extent_text(extent) for extent in shape]}
        if strides is not None:
            attributes["strides"] = [extent_text(stride) for stride in strides]
        return self._container(name, "Array", dtype, transient, lifetime, storage=storage.name, **attributes)

    def add_transient(self, name: str, shape, dtype, storage: StorageType = StorageType.Default, **others) -> tuple[str, Data]:
        """An array inside of the program."""
        return self.add_array(name, shape, dtype, storage, transient=True, **others)

    def add_scalar(
        self, name: str, dtype, transient: bool = False, lifetime: AllocationLifetime = AllocationLifetime.Scope
    ) -> tuple[str, Data]:
        """A number: an argument of the program, unless it is transient."""
        return self._container(name, "Scalar", dtype, transient, lifetime)

    def add_symbol(self, name: str, stype="int64") -> str:
        """A symbol; those in shapes need not be added."""
        self._touch()
        self._symbols[name] = typeclass.of(stype).name
        return name

    def add_constant(self, name: str, value, dtype=None) -> str:
        """A number or an array that never changes, which code can use by its name."""
        self._touch()
        array = numpy.asarray(value, None if dtype is None else typeclass.of(dtype).dtype)
        described = {"type": "ndarray", "dtype": typeclass.of(array.dtype).name, "data": array.tolist()}
        attributes = self._kept.setdefault("attributes", {})
        attributes["constants_prop"] = {**(attributes.get("constants_prop") or {}), name: [None, described]}
        return name

    def add_stream(
        self, name: str, dtype, buffer_size=0, shape=(1,), transient: bool = True, storage=StorageType.Default
    ) -> tuple[str, Data]:
        """A queue, or an array of queues; `buffer_size` 0 is no limit."""
        attributes = {"shape": [extent_text(extent) for extent in shape], "buffer_size": extent_text(buffer_size)}
        lifetime = AllocationLifetime.Scope
        return self._container(name, "Stream", dtype, transient, lifetime, storage=storage.name, **attributes)

    def states(self) -> list[SDFGState]:
        """The states, in the order in which they were added."""
        self._thaw()
        return list(self._states)

    nodes = all_states = states

    def edges(self) -> list[tuple[SDFGState, SDFGState, InterstateEdge]]:
        """What leads from state to state."""
        self._thaw()
        return list(self._transitions)

    @property
    def start_state(self) -> SDFGState:
        """The state with which the graph begins."""
        return self.states()[0]

    def add_state(
        self, label: str | None = None, is_start_block: bool = False, is_start_state: bool = False
    ) -> SDFGState:
        """A state; nothing leads to it yet."""
        self._touch()
        is_start_block = is_start_block or is_start_state
        taken = {state.label for state in self._states}
        label = label or "state"
        number, unique = 0, label
        while unique in taken:
            number += 1
            unique = f"{label}_{number}"
        state = SDFGState(self, unique)
        self._states.insert(0 if is_start_block else len(self._states), state)
        return state

    def add_edge(self, src: SDFGState, dst: SDFGState, edge: InterstateEdge) -> None:
        """Leads from one state to another."""
        self._touch(src)
        self._touch(dst)
        self._transitions.append((src, dst, edge))

    def add_state_after(self, state: SDFGState, label: str | None = None) -> SDFGState:
        """A state that follows another."""
        self._touch(state)
        new = self.add_state(label)
        for at, (src, dst, edge) in enumerate(self._transitions):
            if src is state:
                self._transitions[at] = (new, dst, edge)
        self.add_edge(state, new, InterstateEdge())
        return new

    def add_state_before(self, state: SDFGState, label: str | None = None) -> SDFGState:
        """A state that precedes another."""
        self._touch(state)
        new = self.add_state(label, is_start_block=self._states[0] is state)
        for at, (src, dst, edge) in enumerate(self._transitions):
            if dst is state:
                self._transitions[at] = (src, new, edge)
        self.add_edge(new, state, InterstateEdge())
        return new

    def add_loop(
        self,
        before: SDFGState | None,
        body: SDFGState,
        after: SDFGState | None,
        variable: str,
        start: str,
        condition: str,
        increment: str,
    ) -> tuple[SDFGState, SDFGState, SDFGState]:
        """Runs `body` while a condition holds: `add_loop(None, body, None, "i", "0", "i < N", "i + 1")`. Returns the states
        before, at the test, and after."""
        before = before or self.add_state_before(body, "before")
        self._transitions = [it for it in self._transitions if it[:2] != (before, body)]
        guard = self.add_state("guard")
        after = after or self.add_state("after")
        self.add_edge(before, guard, InterstateEdge(assignments={variable: start}))
        self.add_edge(guard, body, InterstateEdge(condition))
        self.add_edge(body, guard, InterstateEdge(assignments={variable: increment}))
        self.add_edge(guard, after, InterstateEdge(f"not ({condition})"))
        return before, guard, after

    def fill_scope_connectors(self) -> None:
        """Nothing: connectors are made together with edges."""

    def _to_json(self) -> bytes:
        place = {id(state): at for at, state in enumerate(self._states)}
        edges = []
        for src, dst, edge in self._transitions:
            ends = {"src": str(place[id(src)]), "dst": str(place[id(dst)])}
            edges.append({"type": "Edge", **ends, "attributes": {"data": edge.to_json()}})
        attributes = {**self._kept.get("attributes", {})}
        attributes |= {"name": self._name, "_arrays": self._containers, "symbols": self._symbols}
        if "arg_names" in attributes:
            # New arguments come after those that the graph has.
            visible = [name for name, it in self._containers.items() if not it["attributes"].get("transient")]
            order = attributes["arg_names"]
            attributes["arg_names"] = order + [name for name in visible if name not in order]
        nodes = [state._to_json(at) for at, state in enumerate(self._states)]
        rest = {"type": "SDFG", "attributes": attributes, "nodes": nodes, "edges": edges}
        return json.dumps({**self._kept, **rest, "start_block": 0}).encode()
