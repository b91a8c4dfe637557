"""Exceptions. Every one derives from :class:`DacecError`, and from the built-in exception that NumPy would raise."""

from __future__ import annotations

import builtins
import re
import typing

__all__ = [
    "ArgumentError",
    "BoundsError",
    "CompilationError",
    "DacecError",
    "ExecutionError",
    "InvalidSDFGError",
    "OutOfMemoryError",
    "PerformanceWarning",
    "SourceError",
]


class DacecError(Exception):
    """Anything that dacec refuses or cannot do."""

    code: str | None
    """The stable code of the message, such as `E0101`; `dacec explain CODE` says more."""

    def __init__(self, message: str, *, code: str | None = None, **attributes: typing.Any):
        super().__init__(message)
        self.code = code
        for name, value in attributes.items():
            setattr(self, name, value)

    # Some exceptions that others derive from as well would quote the message.
    __str__ = BaseException.__str__


class CompilationError(DacecError):
    """A program cannot be compiled."""


class SourceError(CompilationError, SyntaxError):
    """The source uses what cannot be compiled. The text shows every place, the reason, and what to write instead."""

    diagnostics: list[dict]
    """Every message as data: `code`, `message`, `file`, `line`, `help`."""

    def __init__(self, message: str, *, code: str | None = None, diagnostics: list[dict] | None = None):
        super().__init__(message, code=code)
        self.diagnostics = diagnostics or []
        self.msg = message

    def __str__(self) -> str:
        return self.msg


class ArgumentError(DacecError, TypeError, ValueError):
    """An argument does not fit the program: its type, shape, layout or value."""


class ExecutionError(DacecError, RuntimeError):
    """A program gave up while it ran.

    What `raise ValueError(...)` or `assert` in the program have raised is a `ValueError` or an `AssertionError` too.

    >>> isinstance(ExecutionError("`f` failed: f.py:3: ValueError: too small"), ValueError)
    True
    """

    def __new__(cls, message: str, **_attributes: typing.Any):
        if cls is ExecutionError:
            cls = _raised_as(message)
        return super().__new__(cls, message)


def _raised_as(message: str) -> type[ExecutionError]:
    """The class for a message: of the exception that it names, too."""
    found = re.search(r": (?:(\w+)(?::|\s*$)|(assertion failed))", message, re.MULTILINE)
    name = "AssertionError" if found and found[2] else found[1] if found else ""
    base = getattr(builtins, name, None)
    if not (isinstance(base, type) and issubclass(base, Exception)) or issubclass(ExecutionError, base):
        return ExecutionError
    if name not in _classes:
        try:
            _classes[name] = type("ExecutionError", (ExecutionError, base), {"__module__": __name__})
        except TypeError:  # Their memory is laid out differently.
            return ExecutionError
    return _classes[name]


_classes: dict[str, type[ExecutionError]] = {}


class OutOfMemoryError(ExecutionError, MemoryError):
    """There is no memory for a result or for what a program needs inside."""


class BoundsError(ExecutionError, IndexError):
    """An access outside of an array, found under `dacec.config(bounds_checks=True)`."""

    array: str
    """The array's name."""
    index: tuple[int, ...]
    """The index."""
    shape: tuple[int, ...]
    """The array's shape."""


class InvalidSDFGError(DacecError, ValueError):
    """A graph breaks a rule; the text names the elements."""


class PerformanceWarning(UserWarning):
    """Something works, but not at the speed of compiled code."""
