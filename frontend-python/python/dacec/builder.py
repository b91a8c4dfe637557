"""Building a graph by hand: containers, states, nodes, edges, as in DaCe.

What is built is kept as plain Python objects, and becomes a graph of the compiler by way of the `.sdfg` format.
"""

from __future__ import annotations

import json
import typing

from dacec.dtypes import AllocationLifetime, ScheduleType, StorageType, typeclass
from dacec.errors import InvalidSDFGError
from dacec.memlet import Memlet, ranges
from dacec.symbols import extent_text

__all__ = ["AccessNode", "Builder", "InterstateEdge", "MapEntry", "MapExit", "SDFGState", "Tasklet"]


class Node:
    """A node of a state."""

    kind = ""

    def __init__(self, label: str):
        self.label = label
        self.in_connectors: dict[str, None] = {}
        self.out_connectors: dict[str, None] = {}

    def attributes(self) -> dict:
        """What the file says about the node."""
        return {"label": self.label, "in_connectors": self.in_connectors, "out_connectors": self.out_connectors}

    def __repr__(self):
        return f"{type(self).__name__}({self.label})"


class AccessNode(Node):
    """A container, as it is at this point."""

    kind = "AccessNode"

    @property
    def data(self) -> str:
        """The container."""
        return self.label

    def attributes(self) -> dict:
        return {"data": self.label}


class Tasklet(Node):
    """A computation on single values."""

    kind = "Tasklet"

    def __init__(self, label: str, inputs: typing.Iterable[str], outputs: typing.Iterable[str], code: str):
        super().__init__(label)
        self.in_connectors = dict.fromkeys(inputs)
        self.out_connectors = dict.fromkeys(outputs)
        self.code = code

    def attributes(self) -> dict:
        return {**super().attributes(), "code": {"string_data": self.code, "language": "Python"}}


class MapEntry(Node):
    """The beginning of a parallel scope."""

    kind = "MapEntry"

    def __init__(self, label: str, dims: dict[str, str], schedule: ScheduleType):
        super().__init__(label)
        self.dims = dims
        self.schedule = schedule

    def attributes(self) -> dict:
        subset = ranges(", ".join(self.dims.values()))
        schedule = {"params": list(self.dims), "range": subset, "schedule": self.schedule.name}
        return {**super().attributes(), **schedule}


class MapExit(Node):
    """The end of a parallel scope."""

    kind = "MapExit"

    def __init__(self, entry: MapEntry):
        super().__init__(entry.label)
        self.entry = entry


class Edge(typing.NamedTuple):
    """Something that moves from one node to another."""

    src: Node
    src_conn: str | None
    dst: Node
    dst_conn: str | None
    data: Memlet


class SDFGState:
    """Dataflow: what runs as soon as what it needs is there."""

    def __init__(self, sdfg: Builder, label: str):
        self.sdfg = sdfg
        self.label = label
        self._nodes: list[Node] = []
        self._edges: list[Edge] = []

    def nodes(self) -> list[Node]:
        """The nodes, in the order in which they were added."""
        return list(self._nodes)

    def edges(self) -> list[Edge]:
        """The edges, in the order in which they were added."""
        return list(self._edges)

    def _add(self, node: Node) -> Node:
        self.sdfg._touch()
        self._nodes.append(node)
        return node

    def add_access(self, array: str) -> AccessNode:
        """A node for a container."""
        if array not in self.sdfg._containers:
            raise InvalidSDFGError(f"there is no container `{array}`: add it first")
        return self._add(AccessNode(array))

    add_read = add_write = add_access

    def add_tasklet(self, name: str, inputs, outputs, code: str, language=None) -> Tasklet:
        """A computation in Python: `add_tasklet("add", {"a", "b"}, {"c"}, "c = a + b")`."""
        return self._add(Tasklet(name, sorted(inputs), sorted(outputs), code))

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
        self.sdfg._touch()
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
            outer = f"IN_{memlet.data}"
            if external_edges and outer not in entry.in_connectors:
                node = reads.get(memlet.data) or self.add_access(memlet.data)
                self.add_edge(node, None, entry, outer, Memlet(data=memlet.data))
            self.add_edge(entry, f"OUT_{memlet.data}", tasklet, conn, memlet)
        if not inputs:
            self.add_nedge(entry, tasklet)
        for conn, memlet in outputs.items():
            outer = f"OUT_{memlet.data}"
            if external_edges and outer not in exit.out_connectors:
                node = writes.get(memlet.data) or self.add_access(memlet.data)
                self.add_edge(exit, outer, node, None, Memlet(data=memlet.data, wcr=memlet.wcr))
            self.add_edge(tasklet, conn, exit, f"IN_{memlet.data}", memlet)
        return tasklet, entry, exit

    def _to_json(self, number: int) -> dict:
        place = {id(node): at for at, node in enumerate(self._nodes)}
        exits = {id(node.entry): str(place[id(node)]) for node in self._nodes if isinstance(node, MapExit)}
        nodes = []
        for at, node in enumerate(self._nodes):
            one = {"type": node.kind, "label": node.label, "attributes": node.attributes(), "id": at}
            if isinstance(node, MapEntry):
                one["scope_exit"] = exits[id(node)]
            elif isinstance(node, MapExit):
                one["scope_entry"] = str(place[id(node.entry)])
                one["scope_exit"] = str(at)
            nodes.append(one)
        edges = [
            {
                "type": "MultiConnectorEdge",
                "src": str(place[id(edge.src)]),
                "dst": str(place[id(edge.dst)]),
                "src_connector": edge.src_conn,
                "dst_connector": edge.dst_conn,
                "attributes": {"data": self._memlet_json(edge.data)},
            }
            for edge in self._edges
        ]
        return {"type": "SDFGState", "label": self.label, "id": number, "nodes": nodes, "edges": edges}

    def _memlet_json(self, memlet: Memlet) -> dict:
        attributes: dict[str, typing.Any] = {}
        if memlet.data is not None:
            attributes = {"data": memlet.data, "wcr": memlet.wcr, "dynamic": memlet.dynamic}
            for key, subset in (("subset", memlet.subset), ("other_subset", memlet.other_subset)):
                if subset is not None:
                    attributes[key] = ranges(str(subset))
        return {"type": "Memlet", "attributes": attributes}

    def __repr__(self):
        return f"SDFGState({self.label})"


class InterstateEdge:
    """What leads from one state to the next: a condition, and new values of symbols."""

    def __init__(self, condition: str | None = None, assignments: dict[str, str] | None = None):
        self.condition = condition
        self.assignments = {symbol: str(value) for symbol, value in (assignments or {}).items()}


class Builder:
    """A graph that is being built."""

    def __init__(self, name: str, constants: dict | None = None):
        self._name = name
        self._frozen = False
        self._containers: dict[str, dict] = {}
        self._symbols: dict[str, str] = {}
        self._states: list[SDFGState] = []
        self._transitions: list[tuple[SDFGState, SDFGState, InterstateEdge]] = []
        if constants:
            raise InvalidSDFGError("constants are not supported: write them into the code")

    def _changed(self) -> None:
        """Called after something was added."""

    def _touch(self) -> None:
        if self._frozen:
            raise InvalidSDFGError(f"nothing can be added to `{self._name}` any more: it was read or rewritten")
        self._changed()

    def _freeze(self) -> None:
        self._frozen = True

    def _container(self, name: str, kind: str, dtype, transient: bool, lifetime, **attributes) -> str:
        self._touch()
        if name in self._containers:
            raise InvalidSDFGError(f"there is a container `{name}` already")
        described = {"dtype": typeclass.of(dtype).name, "transient": transient, "lifetime": lifetime.name}
        self._containers[name] = {"type": kind, "attributes": {**described, **attributes}}
        return name

    def add_array(
        self,
        name: str,
        shape,
        dtype,
        storage: StorageType = StorageType.Default,
        transient: bool = False,
        strides=None,
        lifetime: AllocationLifetime = AllocationLifetime.Scope,
    ) -> str:
        """An array: an argument of the program, unless it is transient."""
        attributes: dict[str, typing.Any] = {"shape": [extent_text(extent) for extent in shape]}
        if strides is not None:
            attributes["strides"] = [extent_text(stride) for stride in strides]
        return self._container(name, "Array", dtype, transient, lifetime, storage=storage.name, **attributes)

    def add_transient(self, name: str, shape, dtype, storage: StorageType = StorageType.Default, **others) -> str:
        """An array inside of the program."""
        return self.add_array(name, shape, dtype, storage, transient=True, **others)

    def add_scalar(
        self, name: str, dtype, transient: bool = False, lifetime: AllocationLifetime = AllocationLifetime.Scope
    ) -> str:
        """A number: an argument of the program, unless it is transient."""
        return self._container(name, "Scalar", dtype, transient, lifetime)

    def add_symbol(self, name: str, stype="int64") -> str:
        """A symbol; those in shapes need not be added."""
        self._touch()
        self._symbols[name] = typeclass.of(stype).name
        return name

    def states(self) -> list[SDFGState]:
        """The states, in the order in which they were added."""
        return list(self._states)

    def add_state(self, label: str | None = None, is_start_block: bool = False) -> SDFGState:
        """A state; nothing leads to it yet."""
        self._touch()
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
        self._touch()
        self._transitions.append((src, dst, edge))

    def add_state_after(self, state: SDFGState, label: str | None = None) -> SDFGState:
        """A state that follows another."""
        new = self.add_state(label)
        for at, (src, dst, edge) in enumerate(self._transitions):
            if src is state:
                self._transitions[at] = (new, dst, edge)
        self.add_edge(state, new, InterstateEdge())
        return new

    def add_state_before(self, state: SDFGState, label: str | None = None) -> SDFGState:
        """A state that precedes another."""
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

    def _to_json(self) -> bytes:
        place = {id(state): at for at, state in enumerate(self._states)}
        edges = []
        for src, dst, edge in self._transitions:
            condition = {"string_data": edge.condition or "1", "language": "Python"}
            data = {"type": "InterstateEdge", "attributes": {"condition": condition, "assignments": edge.assignments}}
            ends = {"src": str(place[id(src)]), "dst": str(place[id(dst)])}
            edges.append({"type": "Edge", **ends, "attributes": {"data": data}})
        attributes = {"name": self._name, "_arrays": self._containers, "symbols": self._symbols}
        nodes = [state._to_json(at) for at, state in enumerate(self._states)]
        return json.dumps({"type": "SDFG", "attributes": attributes, "nodes": nodes, "edges": edges}).encode()
