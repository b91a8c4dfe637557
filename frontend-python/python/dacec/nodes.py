"""What graphs that are built by hand consist of: nodes, edges, and what leads from state to state.

Everything knows its form in an `.sdfg` file. What was read from one keeps what the file says about it beyond what is
described here, and only what was changed is written anew.
"""

from __future__ import annotations

import typing

from dacec.dtypes import ScheduleType
from dacec.memlet import Memlet, ranges, subset_text

__all__ = [
    "AccessNode",
    "Edge",
    "InterstateEdge",
    "LibraryNode",
    "MapEntry",
    "MapExit",
    "NestedSDFG",
    "Node",
    "Tasklet",
]


class Node:
    """A node of a state."""

    kind = ""
    is_exit = False
    entry: Node | None = None
    """The beginning of the scope that the node ends."""

    def __init__(self, label: str, inputs: typing.Iterable[str] = (), outputs: typing.Iterable[str] = ()):
        self.label = label
        self.in_connectors: dict[str, None] = dict.fromkeys(inputs)
        self.out_connectors: dict[str, None] = dict.fromkeys(outputs)
        self._kept: dict = {}
        self._read: dict = {}

    def attributes(self) -> dict:
        """What a file says about the node."""
        return {"label": self.label, "in_connectors": self.in_connectors, "out_connectors": self.out_connectors}

    def to_json(self, at: int, place: dict[int, int], exits: dict[int, int]) -> dict:
        """The node in a file; `place` has the numbers of all nodes of the state, `exits` those of the ends of scopes, by
        their beginnings."""
        own = {key: value for key, value in self.attributes().items() if self._read.get(key) != value}
        kept = self._kept.get("attributes", {})
        value = {**self._kept, "type": self.kind, "label": self.label, "id": at, "attributes": {**kept, **own}}
        if self.is_exit:
            value["scope_entry"], value["scope_exit"] = str(place[id(self.entry)]), str(at)
        elif id(self) in exits:
            value["scope_exit"] = str(exits[id(self)])
        return value

    def _keep(self, raw: dict) -> Node:
        """Remembers what a file says."""
        own = ("type", "label", "id", "scope_entry", "scope_exit")
        self._kept = {key: value for key, value in raw.items() if key not in own}
        self.kind = raw["type"]
        attributes = raw.get("attributes") or {}
        self.in_connectors = dict(attributes.get("in_connectors") or {})
        self.out_connectors = dict(attributes.get("out_connectors") or {})
        self._read = {key: _copied(value) for key, value in self.attributes().items()}
        return self

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
        super().__init__(label, inputs, outputs)
        self.code = code

    def attributes(self) -> dict:
        return {**super().attributes(), "code": {"string_data": self.code, "language": "Python"}}


class MapEntry(Node):
    """The beginning of a parallel scope."""

    kind = "MapEntry"

    def __init__(self, label: str, dims: dict[str, str], schedule: ScheduleType | None):
        super().__init__(label)
        self.dims = dims
        """The ranges of the parameters, as texts."""
        self.schedule = schedule

    @property
    def params(self) -> list[str]:
        """The parameters."""
        return list(self.dims)

    @property
    def range(self) -> list[str]:
        """The ranges of the parameters."""
        return list(self.dims.values())

    @property
    def map(self) -> MapEntry:
        """What describes the scope: the node itself."""
        return self

    def attributes(self) -> dict:
        own = {**super().attributes(), "params": self.params, "range": ranges(", ".join(self.dims.values()))}
        return own if self.schedule is None else {**own, "schedule": self.schedule.name}


class MapExit(Node):
    """The end of a parallel scope."""

    kind = "MapExit"
    is_exit = True

    def __init__(self, entry: Node | None):
        super().__init__(entry.label if entry else "")
        self.entry = entry


class NestedSDFG(Node):
    """A call of another graph."""

    kind = "NestedSDFG"

    def __init__(
        self,
        label: str,
        inputs: typing.Iterable[str],
        outputs: typing.Iterable[str],
        sdfg: dict,
        symbol_mapping: dict[str, str],
    ):
        super().__init__(label, inputs, outputs)
        self.sdfg = sdfg
        self.symbol_mapping = symbol_mapping

    def attributes(self) -> dict:
        return {**super().attributes(), "sdfg": self.sdfg, "symbol_mapping": self.symbol_mapping}


class LibraryNode(Node):
    """An operation that the compiler replaces by its implementation."""

    kind = "LibraryNode"

    touched: typing.Callable[[], None] | None = None
    """Called before the node changes."""

    def __init__(self, label: str, classpath: str, properties: dict):
        super().__init__(label)
        self.properties = properties
        self._kept = {"classpath": classpath}

    @property
    def implementation(self) -> str | None:
        """Who computes the operation: the name of an implementation, such as ``pure``, or of a library, such as ``openblas``;
        ``None`` for what is best. One that cannot is an error when the graph is compiled, with the reason."""
        return self.properties.get("_meta_implementation")

    @implementation.setter
    def implementation(self, name: str | None) -> None:
        if self.touched is not None:
            self.touched()
        self.properties = {**self.properties, "_meta_implementation": name}

    def attributes(self) -> dict:
        return {**super().attributes(), "name": self.label, **self.properties}


def node_of(raw: dict) -> Node:
    """A node of a file."""
    kind, label, attributes = raw["type"], raw.get("label", ""), raw.get("attributes") or {}
    node: Node
    if kind == "AccessNode":
        node = AccessNode(attributes["data"])
    elif kind == "Tasklet":
        code = attributes.get("code") or ""
        node = Tasklet(label, (), (), code if isinstance(code, str) else code.get("string_data", ""))
    elif kind == "MapEntry":
        parts = zip(attributes["params"], attributes["range"]["ranges"])
        node = MapEntry(label, {name: subset_text([part]) for name, part in parts}, None)
    elif kind.endswith("Exit"):
        node = MapExit(None)
        node.label = label
    elif kind == "LibraryNode":
        chosen = attributes.get("_meta_implementation")
        node = LibraryNode(label, "", {} if chosen is None else {"_meta_implementation": chosen})
    else:
        node = Node(label)
    return node._keep(raw)


class Edge:
    """Something that moves from one node to another."""

    def __init__(self, src: Node, src_conn: str | None, dst: Node, dst_conn: str | None, data: Memlet):
        self.src, self.src_conn, self.dst, self.dst_conn, self.data = src, src_conn, dst, dst_conn, data
        self._kept: dict = {}

    @staticmethod
    def of(raw: dict, nodes: list[Node]) -> Edge:
        """An edge of a file."""
        ends = nodes[int(raw["src"])], raw.get("src_connector"), nodes[int(raw["dst"])], raw.get("dst_connector")
        edge = Edge(*ends, Memlet._of(raw["attributes"]["data"]))
        edge._kept = raw
        return edge

    def to_json(self, place: dict[int, int]) -> dict:
        """The edge in a file; `place` has the numbers of all nodes."""
        attributes = {**self._kept.get("attributes", {}), "data": self.data._to_json()}
        return {
            **self._kept,
            "type": "MultiConnectorEdge",
            "src": str(place[id(self.src)]),
            "dst": str(place[id(self.dst)]),
            "src_connector": self.src_conn,
            "dst_connector": self.dst_conn,
            "attributes": attributes,
        }

    def __iter__(self):
        return iter((self.src, self.src_conn, self.dst, self.dst_conn, self.data))

    def __repr__(self):
        return f"Edge({self.src!r} -> {self.dst!r}, {self.data!r})"


class InterstateEdge:
    """What leads from one state to the next: a condition, and new values of symbols."""

    def __init__(self, condition: str | None = None, assignments: dict[str, str] | None = None):
        self.condition = condition
        self.assignments = {symbol: str(value) for symbol, value in (assignments or {}).items()}
        self._kept: dict = {}

    @staticmethod
    def of(raw: dict) -> InterstateEdge:
        """The data of an edge of a file."""
        attributes = raw.get("attributes") or {}
        condition = attributes.get("condition")
        condition = condition.get("string_data") if isinstance(condition, dict) else condition
        edge = InterstateEdge(None if condition in (None, "", "1") else condition, attributes.get("assignments"))
        edge._kept = raw
        return edge

    def to_json(self) -> dict:
        """The data of an edge in a file."""
        condition = {"string_data": self.condition or "1", "language": "Python"}
        own = {"condition": condition, "assignments": self.assignments}
        return {**self._kept, "type": "InterstateEdge", "attributes": {**self._kept.get("attributes", {}), **own}}


def _copied(value):
    return dict(value) if isinstance(value, dict) else value
