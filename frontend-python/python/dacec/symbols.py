"""Symbols: integers that are known when a program is called, and arithmetic on them.

>>> N = symbol("N")
>>> N * (N + 1) // 2
N*(N + 1)//2
"""

from __future__ import annotations

import itertools
import re
import typing

__all__ = ["Expression", "symbol"]

_SUM, _PRODUCT, _UNARY, _POWER, _ATOM = range(5)


class Expression:
    """Integer arithmetic over symbols, as in the shape of an array. Equal if it is written equally."""

    __slots__ = ("_text", "_level", "_symbols")
    __array_ufunc__ = None

    def __init__(self, text: str, level: int, symbols: typing.Iterable[symbol]):
        self._text = text
        self._level = level
        self._symbols = frozenset(symbols)

    @property
    def free_symbols(self) -> frozenset[symbol]:
        """The symbols that the value depends on."""
        return self._symbols

    def _at(self, level: int) -> str:
        return self._text if self._level >= level else f"({self._text})"

    def _binary(self, operator: str, level: int, left, right):
        parts = [it for it in map(_operand, (left, right)) if it is not None]
        if len(parts) < 2:
            return NotImplemented
        # Operators group from the left, so the right operand has to bind tighter; powers group from the right.
        first, second = (level + 1, level) if operator == "**" else (level, level + 1)
        text = f"{parts[0]._at(first)}{operator}{parts[1]._at(second)}"
        return Expression(text, level, parts[0]._symbols | parts[1]._symbols)

    def __add__(self, other: Expression | int) -> Expression:
        return self._binary(" + ", _SUM, self, other)

    def __radd__(self, other: Expression | int) -> Expression:
        return self._binary(" + ", _SUM, other, self)

    def __sub__(self, other: Expression | int) -> Expression:
        return self._binary(" - ", _SUM, self, other)

    def __rsub__(self, other: Expression | int) -> Expression:
        return self._binary(" - ", _SUM, other, self)

    def __mul__(self, other: Expression | int) -> Expression:
        return self._binary("*", _PRODUCT, self, other)

    def __rmul__(self, other: Expression | int) -> Expression:
        return self._binary("*", _PRODUCT, other, self)

    def __floordiv__(self, other: Expression | int) -> Expression:
        return self._binary("//", _PRODUCT, self, other)

    def __rfloordiv__(self, other: Expression | int) -> Expression:
        return self._binary("//", _PRODUCT, other, self)

    def __mod__(self, other: Expression | int) -> Expression:
        return self._binary("%", _PRODUCT, self, other)

    def __rmod__(self, other: Expression | int) -> Expression:
        return self._binary("%", _PRODUCT, other, self)

    def __pow__(self, other: Expression | int) -> Expression:
        return self._binary("**", _POWER, self, other)

    def __rpow__(self, other: Expression | int) -> Expression:
        return self._binary("**", _POWER, other, self)

    def __neg__(self) -> Expression:
        return Expression(f"-{self._at(_UNARY)}", _UNARY, self._symbols)

    def __pos__(self) -> Expression:
        return self

    def __eq__(self, other):
        return isinstance(other, Expression) and self._text == other._text

    def __hash__(self):
        return hash(self._text)

    def __repr__(self):
        return self._text

    def _no_value(self, *_):
        raise TypeError(
            f"the value of `{self}` is known only inside of a compiled program; "
            "outside, use the shape of an array or a number"
        )

    __index__ = __int__ = __float__ = __bool__ = __lt__ = __le__ = __gt__ = __ge__ = _no_value


class symbol(Expression):
    """A named integer, such as the size of an array. Its value comes from the shapes of the arguments, or by keyword.

    Assumptions (`positive=True`, …) are accepted for compatibility.
    """

    __slots__ = ("name", "dtype")
    _numbers = itertools.count()

    def __init__(self, name: str | None = None, dtype=None, **assumptions: bool):
        from dacec import dtypes

        self.name = f"sym_{next(symbol._numbers)}" if name is None else name
        if not (isinstance(self.name, str) and self.name.isidentifier()):
            raise ValueError(f"a symbol's name is a word, not {name!r}")
        self.dtype = dtypes.int64 if dtype is None else dtypes.typeclass.of(dtype)
        if not self.dtype.is_integer:
            raise TypeError(f"symbols are integers, not {self.dtype}")
        super().__init__(self.name, _ATOM, (self,))

    def __reduce__(self):
        return (symbol, (self.name, self.dtype))

    def __eq__(self, other):
        return isinstance(other, Expression) and self.name == other._text

    def __hash__(self):
        return hash(self.name)


def _operand(value) -> Expression | None:
    return value if isinstance(value, Expression) else _number(value)


def _number(value) -> Expression | None:
    try:
        number = value.__index__()
    except AttributeError:
        return None
    return Expression(str(number), _ATOM if number >= 0 else _UNARY, ())


def parsed(text: str) -> Expression | int:
    """An extent that is given as text.

    >>> parsed("3"), parsed("2*N + 1")
    (3, 2*N + 1)
    """
    if text.lstrip("-").isdigit():
        return int(text)
    names = {name: symbol(name) for name in re.findall(r"[A-Za-z_]\w*", text)}
    if re.fullmatch(r"[\w\s+*/%()-]+", text) and "(" not in re.sub(r"(^|[^\w])\(", "", text):
        return eval(text, {"__builtins__": {}}, names)
    return Expression(f"({text})", _ATOM, names.values())


def extent_text(value) -> str:
    """An extent as text: a number, or arithmetic on symbols."""
    if isinstance(value, (Expression, str)):
        return str(value)
    number = _number(value)
    if number is None:
        raise TypeError(f"an extent is an integer or an expression over symbols, not {value!r}")
    return str(number)
