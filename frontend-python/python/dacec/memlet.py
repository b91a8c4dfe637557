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

    @staticmethod
    def simple(data: str, subset_str: str, wcr_str: str | None = None, other_subset_str: str | None = None) -> Memlet:
        """As the constructor, in the form of earlier versions of DaCe."""
        return Memlet(data=data, subset=subset_str, wcr=wcr_str, other_subset=other_subset_str)

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


def _split(text: str, separator: str) -> list[str]:
    parts, depth, start = [], 0, 0
    for at, character in enumerate(text):
        depth += (character in "([") - (character in ")]")
        if character == separator and depth == 0:
            parts.append(text[start:at])
            start = at + 1
    return [*parts, text[start:]]
