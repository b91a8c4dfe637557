"""Where a function was written."""

from __future__ import annotations

import dataclasses
import inspect
import linecache
import types

from dacec.errors import SourceError

__all__ = ["Source"]


@dataclasses.dataclass(frozen=True)
class Source:
    """The text around a function: of its file, or of its notebook cell."""

    file: str
    text: str
    line: int
    """Where the function or its first decorator begins, counted from 1."""

    @staticmethod
    def of(function: types.FunctionType) -> Source:
        """Looks a function up; notebooks and `doctest` keep the texts of their cells where `linecache` finds them."""
        code = function.__code__
        file = inspect.getsourcefile(function) or code.co_filename
        lines = linecache.getlines(file, function.__globals__) or linecache.getlines(code.co_filename)
        if not lines:
            raise SourceError(
                f"the source of {function.__qualname__!r} is not there ({code.co_filename}): "
                "programs are compiled from their text, so write it in a file or a notebook cell"
            )
        return Source(file, "".join(lines), code.co_firstlineno)
