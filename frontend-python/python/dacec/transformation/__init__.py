"""Transformations as classes, as programs for DaCe import them: `from dacec.transformation.dataflow import MapFusion`.

The compiler knows transformations by name; a class of that name stands for one. Which there are says
:func:`dacec.passes`.

>>> from dacec.transformation.dataflow import MapFusion
>>> MapFusion
<transformation MapFusion>
"""

from __future__ import annotations

import typing

__all__ = ["Transformation", "named"]


class _Named(type):
    def __repr__(cls):
        return f"<transformation {cls.__name__}>"


class Transformation(metaclass=_Named):
    """The base of the classes that stand for transformations."""

    @classmethod
    def apply_to(cls, sdfg, options: dict[str, typing.Any] | None = None, **parameters) -> int:
        """Applies the transformation wherever it is allowed; how many times it was."""
        return sdfg.apply(cls, {**(options or {}), **parameters})


_known: dict[str, type[Transformation]] = {}


def named(name: str) -> type[Transformation]:
    """The class for the transformation of that name; `AttributeError` if there is none."""
    from dacec.sdfg import passes

    if name.startswith("_") or _plain(name) not in map(_plain, passes()):
        raise AttributeError(f"dacec has no transformation `{name}`; dacec.passes() lists those that there are")
    if name not in _known:
        made = _Named(name, (Transformation,), {"__doc__": f"The transformation `{name}`."})
        _known[name] = typing.cast("type[Transformation]", made)
    return _known[name]


def _plain(name: str) -> str:
    return name.replace("-", "").replace("_", "").lower()


def __getattr__(name: str):
    return named(name)
