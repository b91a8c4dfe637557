"""Memlets: what moves along an edge of a graph."""

from __future__ import annotations

import re

from dacec.errors import InvalidSDFGError

__all__ = ["Memlet"]

_FORM = re.compile(r"\s*(?P<data>[A-Za-z_]\w*)\s*(?:\[(?P<subset>.*)\])?\s*", re.DOTALL)


class Memlet:
    """What moves: `Memlet("A[i, 0:N]")`, or `Memlet(data="A", subset="i, 0:N")`.

    `wcr` combines what is written with what is there (`"lambda a, b: a + b"`); `other_subset` is the subset at the other
    end of a copy.
    """

    def __init__(
        self,
        expr: str | None = None,
        data: str | None = None,
        subset: str | None = None,
        other_subset: str | None = None,
        wcr: str | None = None,
        dynamic: bool = False,
        volume: str | int | None = None,
    ):
        if expr is not None:
            found = _FORM.fullmatch(expr)
            if found is None:
                raise InvalidSDFGError(f"a memlet is a name with a subset, as in `A[i, 0:N]`, not {expr!r}")
            data, subset = found["data"], found["subset"] if found["subset"] is not None else subset
        self.data = data
        self.subset = subset
        self.other_subset = other_subset
        self.wcr = wcr
        self.dynamic = dynamic
        self.volume = volume
        self._kept: dict = {}

    @staticmethod
    def simple(data: str, subset_str: str, wcr_str: str | None = None, other_subset_str: str | None = None) -> Memlet:
        """As the constructor, in the form of earlier versions of DaCe."""
        return Memlet(data=data, subset=subset_str, wcr=wcr_str, other_subset=other_subset_str)

    @staticmethod
    def from_array(name: str, array) -> Memlet:
        """All elements of a container."""
        extents = getattr(array, "shape", ())
        return Memlet(data=name, subset=", ".join(f"0:{extent}" for extent in extents) or "0")

    @staticmethod
    def _of(raw: dict) -> Memlet:
        """A memlet of a file, which keeps what the file says as long as it is not changed."""
        attributes = raw.get("attributes") or {}
        memlet = Memlet(data=attributes.get("data"), wcr=_text(attributes.get("wcr")))
        memlet.dynamic = bool(attributes.get("dynamic"))
        for key in ("subset", "other_subset"):
            described = attributes.get(key)
            if described and described.get("type") == "Range":
                setattr(memlet, key, subset_text(described["ranges"]))
        memlet._kept = {"raw": raw, "was": memlet._state()}
        return memlet

    def _state(self) -> tuple:
        return self.data, self.subset, self.other_subset, self.wcr, self.dynamic

    def _to_json(self) -> dict:
        if self._kept and self._kept["was"] == self._state():
            return self._kept["raw"]
        attributes: dict = {}
        if self.data is not None:
            attributes = {"data": self.data, "wcr": self.wcr, "dynamic": self.dynamic}
            for key, subset in (("subset", self.subset), ("other_subset", self.other_subset)):
                if subset is not None:
                    attributes[key] = ranges(str(subset))
        return {"type": "Memlet", "attributes": attributes}

    def __repr__(self):
        return f"Memlet({self.data}[{self.subset}])" if self.data else "Memlet()"


def dimensions(subset: str) -> list[str]:
    """The parts of a subset between commas that are not inside of parentheses."""
    parts, depth, start = [], 0, 0
    for at, character in enumerate(subset):
        depth += (character in "([") - (character in ")]")
        if character == "," and depth == 0:
            parts.append(subset[start:at])
            start = at + 1
    parts.append(subset[start:])
    return [part.strip() for part in parts if part.strip()]


def ranges(subset: str) -> dict:
    """A subset as `.sdfg` files have it: ends are included there."""
    described = []
    for part in dimensions(subset):
        pieces = [piece.strip() for piece in _split(part, ":")]
        start, step = pieces[0] or "0", pieces[2] if len(pieces) > 2 else "1"
        end = f"({pieces[1]}) - 1" if len(pieces) > 1 else start
        if len(pieces) > 1 and not pieces[1]:
            raise InvalidSDFGError(f"the range `{part}` has no end")
        described.append({"start": start, "end": end, "step": step, "tile": "1"})
    return {"type": "Range", "ranges": described}


def subset_text(described: list[dict]) -> str:
    """A subset of a file as text, without the ends that files include."""
    parts = []
    for one in described:
        start, end, step = (str(one[key]) for key in ("start", "end", "step"))
        if start == end:
            parts.append(start)
            continue
        stop = f"{end} + 1" if not end.endswith(" - 1") else end[: -len(" - 1")]
        parts.append(f"{start}:{stop}" if step == "1" else f"{start}:{stop}:{step}")
    return ", ".join(parts)


def _text(value) -> str | None:
    return value.get("string_data") if isinstance(value, dict) else value


def _split(text: str, separator: str) -> list[str]:
    parts, depth, start = [], 0, 0
    for at, character in enumerate(text):
        depth += (character in "([") - (character in ")]")
        if character == separator and depth == 0:
            parts.append(text[start:at])
            start = at + 1
    return [*parts, text[start:]]
