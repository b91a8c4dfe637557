"""DaCe's configuration, as far as it has a meaning here: `dace.Config.set("optimizer", "autooptimize", value=False)`.

dacec's own settings are those of :func:`dacec.config`. What DaCe's keys say is translated; a key without a counterpart is
remembered, and a warning says that it changes nothing.
"""

from __future__ import annotations

import contextlib
import sys
import types
import typing
import warnings

from dacec import settings as _settings

__all__ = ["Config", "set_temporary", "temporary_config"]

_MEANING: dict[str, tuple[str, typing.Callable, typing.Callable]] = {
    "optimizer.autooptimize": ("optimize", lambda on: "O3" if on else "O1", lambda level: level == "O3"),
    "compiler.cpu.openmp": ("threads", bool, bool),
    "frontend.raise_nested_parsing_errors": ("callbacks", lambda on: not on, lambda on: not on),
}
"""The setting that a key stands for, with the conversions there and back."""


class Config:
    """DaCe's configuration: keys are paths of words."""

    _others: typing.ClassVar[dict[str, typing.Any]] = {}

    @staticmethod
    def get(*path: str) -> typing.Any:
        """The value of a key; None if it was never set."""
        key = ".".join(path)
        if key in _MEANING:
            setting, _, back = _MEANING[key]
            return back(getattr(_settings.settings, setting))
        return Config._others.get(key)

    @staticmethod
    def get_bool(*path: str) -> bool:
        """The value of a key as a truth value."""
        return bool(Config.get(*path))

    @staticmethod
    def set(*path: str, value: typing.Any) -> None:
        """Changes the value of a key."""
        key = ".".join(path)
        if key in _MEANING:
            setting, there, _ = _MEANING[key]
            _settings.config(**{setting: there(value)})
            return
        Config._others[key] = value
        warnings.warn(f"dacec has nothing that DaCe's setting `{key}` would change", stacklevel=2)


@contextlib.contextmanager
def set_temporary(*path: str, value: typing.Any) -> typing.Iterator[None]:
    """Changes the value of a key for a block."""
    before = Config.get(*path)
    Config.set(*path, value=value)
    try:
        yield
    finally:
        if before is None:
            Config._others.pop(".".join(path), None)
        else:
            Config.set(*path, value=before)


@contextlib.contextmanager
def temporary_config() -> typing.Iterator[None]:
    """Sets back at the end of a block what was changed in it."""
    others = dict(Config._others)
    values = {setting: getattr(_settings.settings, setting) for setting, _, _ in _MEANING.values()}
    try:
        yield
    finally:
        Config._others = others
        _settings.config(**values)


class _Callable(types.ModuleType):
    """`import dace.config` puts this module where the function :func:`dacec.config` is; so it can be called like that."""

    def __call__(self, **changes):
        return _settings.config(**changes)


sys.modules[__name__].__class__ = _Callable
