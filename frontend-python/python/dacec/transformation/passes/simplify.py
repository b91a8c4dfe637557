"""The simplification as an object."""

from __future__ import annotations

from dacec.sdfg import SDFG

__all__ = ["SimplifyPass"]


class SimplifyPass:
    """As :meth:`dacec.SDFG.simplify`."""

    def __init__(self, **_options):
        pass

    def apply_pass(self, sdfg: SDFG, _results: dict | None = None) -> bool:
        """Simplifies the graph; whether anything changed."""
        return sdfg.simplify()
