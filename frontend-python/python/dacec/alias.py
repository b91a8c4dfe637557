"""`import dace` as `import dacec`, for programs that were written for DaCe."""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.machinery
import sys

__all__ = ["install_as_dace"]

_OTHER_NAMES = {
    "dace.config": "dacec.configuration",
    "dace.memlet": "dacec.memlet",
    "dace.sdfg.graph": "dacec.nodes",
    "dace.sdfg.nodes": "dacec.nodes",
    "dace.sdfg.sdfg": "dacec.sdfg",
    "dace.sdfg.state": "dacec.builder",
    "dace.symbolic": "dacec.symbols",
}
"""Modules of DaCe whose counterparts have another name."""


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds `dace` and its submodules in this package: the same objects under other names."""

    def find_spec(self, fullname, path=None, target=None):
        if fullname != "dace" and not fullname.startswith("dace."):
            return None
        real = _real(fullname)
        try:
            importlib.import_module(real)
        except ModuleNotFoundError:
            return None
        return importlib.machinery.ModuleSpec(fullname, self, is_package=True)

    def create_module(self, spec):
        # The module that there is already; the import system gives a new one its `__spec__` only if it has none.
        return _Alias(sys.modules[_real(spec.name)])

    def exec_module(self, module):
        real = sys.modules[_real(module.__spec__.name)]
        if not hasattr(real, "__path__"):
            # So that DaCe's submodules of it are looked for.
            real.__path__ = []
        sys.modules[module.__spec__.name] = real


class _Alias:
    """Stands for a module while the import system finishes its work, so that the module keeps its own description."""

    def __init__(self, module):
        self.__dict__["_module"] = module

    def __getattr__(self, name):
        return getattr(self._module, name)


def _real(name: str) -> str:
    return _OTHER_NAMES.get(name, "dacec" + name[len("dace") :])


def install_as_dace() -> None:
    """From now on, `import dace` in this process gives dacec; also if DaCe itself is installed."""
    if any(isinstance(finder, _Finder) for finder in sys.meta_path):
        return
    sys.meta_path.insert(0, _Finder())
    for name in [name for name in sys.modules if name == "dace" or name.startswith("dace.")]:
        del sys.modules[name]
