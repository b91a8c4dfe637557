"""Settings that hold for everything that is compiled: `dacec.config(...)`."""

from __future__ import annotations

import contextlib
import dataclasses
import typing
import weakref

__all__ = ["Settings", "config", "settings"]


@dataclasses.dataclass
class Settings:
    """What can be set, with the values that hold at first."""

    optimize: str = "O3"
    """How much graphs and code are optimized: `O0`, `O1` or `O3`."""
    fp: str = "default"
    """What may be done to floating-point arithmetic: `strict` is exactly as written, `default` may reorder, fuse and
    leave out what cancels, with its NaN or infinity, `fast` may take all values for finite."""
    march: str = "native"
    """The processor to compile for, as the C++ compiler's `-march` names it."""
    threads: bool = True
    """Whether loops may run on several threads."""
    bounds_checks: bool = False
    """Whether programs are interpreted, with a check of every index, in place of being compiled. Slow."""
    callbacks: bool = True
    """Whether the interpreter may be called for what cannot be compiled. If not, that is an error."""


settings = Settings()
_choices = {"optimize": ("O0", "O1", "O3"), "fp": ("default", "strict", "fast")}
_dependent: weakref.WeakSet = weakref.WeakSet()


def depends_on_settings(dispatcher) -> None:
    """What `dispatcher` has compiled is compiled again after a change of settings."""
    _dependent.add(dispatcher)


def config(**changes: typing.Any) -> contextlib.AbstractContextManager[Settings]:
    """Changes settings, for good or for a block.

    >>> import dacec
    >>> _ = dacec.config(threads=False)
    >>> with dacec.config(bounds_checks=True):
    ...     pass
    >>> _ = dacec.config(threads=True)
    """
    known = {field.name: field for field in dataclasses.fields(Settings)}
    for name, value in changes.items():
        if name not in known:
            raise TypeError(f"there is no setting {name!r}; there are {', '.join(known)}")
        wanted = type(getattr(settings, name))
        if not isinstance(value, wanted):
            raise TypeError(f"the setting {name!r} is a {wanted.__name__}, not {value!r}")
        if value not in _choices.get(name, (value,)):
            raise ValueError(f"the setting {name!r} is one of {', '.join(_choices[name])}, not {value!r}")
    before = {name: getattr(settings, name) for name in changes}
    _apply(changes)
    return _Restore(before)


class _Restore(contextlib.AbstractContextManager):
    """Sets back what was changed, at the end of a block."""

    def __init__(self, before: dict):
        self._before = before

    def __enter__(self) -> Settings:
        return settings

    def __exit__(self, *_) -> None:
        _apply(self._before)


def _apply(values: dict) -> None:
    changed = {name: value for name, value in values.items() if getattr(settings, name) != value}
    for name, value in changed.items():
        setattr(settings, name, value)
    if changed:
        for dispatcher in list(_dependent):
            dispatcher._clear()
