"""Expressions of random programs: made of the values that a function has at the place where they are used."""

import dataclasses

import numpy as np


@dataclasses.dataclass
class Made:
    """An expression."""

    text: str
    exact: tuple = ()
    """Names in it that must hold exact numbers."""
    rounded: bool = False
    """Whether its value is rounded even if they do."""


def is_exact(value):
    """Whether numbers are multiples of 1/1024: then rounding has not touched them."""
    array = np.asarray(value)
    if array.dtype.kind not in "fc":
        return True
    parts = np.stack([array.real, array.imag]) * 1024
    return bool(np.all(parts == np.round(parts)))


class Expressions:
    """Makes expressions for a function that is being written."""

    def __init__(self, rng, function):
        self.rng = rng
        self.function = function

    def value(self, text):
        """What an expression is now; nothing if it is wrong."""
        try:
            with np.errstate(divide="raise", invalid="raise"):
                return eval(text, dict(self.function.values))  # noqa: S307
        except Exception:  # noqa: BLE001
            return None

    def arrays(self, kinds="biufc"):
        """Names of the arrays of some kinds."""
        return self.function.variables(
            lambda it: isinstance(it, np.ndarray) and it.ndim > 0 and it.dtype.kind in kinds and it.size > 0
        )

    def integers(self):
        """Names of integers."""
        return self.function.variables(lambda it: isinstance(it, (int, np.integer)) and not isinstance(it, bool))

    # Arrays -----------------------------------------------------------------------------------------------------------

    def array(self):
        """An expression of some shape."""
        shape = np.shape(self.function.values[self.rng.choice(self.arrays())])
        if self.rng.random() < 0.4:
            return self.special()
        return self.of_shape(shape, 2)

    def of_shape(self, shape, depth):
        """An expression that can be assigned to that shape."""
        if not shape:
            return self.scalar(depth)
        choice = self.rng.random()
        if depth == 0 or choice < 0.25:
            return self.leaf(shape)
        if choice < 0.7:
            left, right = self.of_shape(shape, depth - 1), self.operand(shape, depth - 1)
            if self.rng.random() < 0.5:
                left, right = right, left
            return self.binary(left, right)
        if choice < 0.9:
            return self.unary(self.of_shape(shape, depth - 1))
        if choice < 0.95:
            condition = self.comparison(shape)
            left, right = self.of_shape(shape, depth - 1), self.operand(shape, depth - 1)
            return self.smooth(f"np.where({condition.text}, {left.text}, {right.text})", condition, left, right)
        return self.comparison(shape)

    def operand(self, shape, depth):
        """What can be combined with that shape: the same one, a number, or trailing axes of it."""
        choice = self.rng.random()
        if choice < 0.3:
            return self.scalar(0)
        if choice < 0.5 and len(shape) > 1:
            return self.leaf(shape[1:])
        return self.of_shape(shape, depth)

    def leaf(self, shape):
        """A variable or a part of one."""
        same = [name for name in self.arrays() if self.function.values[name].shape == shape]
        if same and self.rng.random() < 0.6:
            return Made(self.rng.choice(same))
        for _ in range(12):
            name = self.rng.choice(self.arrays())
            index = self.index(self.function.values[name])
            if np.shape(self.value(f"{name}{index.text}")) == shape:
                return Made(f"{name}{index.text}", index.exact)
        if same:
            return Made(self.rng.choice(same))
        extents = ", ".join(map(str, shape))
        return Made(f"np.full(({extents},), {self.rng.choice(['1.5', '2', '-1'])})")

    def binary(self, left, right):
        """An operation on two operands."""
        kind = self.rng.random()
        if kind < 0.7:
            operator = self.rng.choices("+-*/", weights=[5, 4, 4, 1])[0]
            return self.smooth(f"({left.text} {operator} {right.text})", left, right, rounded=operator == "/")
        if kind < 0.8:
            function = self.rng.choice(["maximum", "minimum"])
            return self.smooth(f"np.{function}({left.text}, {right.text})", left, right)
        operator = self.rng.choice(["//", "%", "&", "|", "^", "//", "%"])
        return self.jump(f"({left.text} {operator} {right.text})", left, right)

    def unary(self, operand):
        """An operation on one operand."""
        exact = ["-{}", "abs({})", "{} ** 2", "np.square({})", "({} + 1)"]
        rounded = ["np.sqrt(abs({}))", "np.sin({})", "np.exp(-abs({}))", "({} / 3)"]
        jumps = ["np.floor({})", "np.sign({})", "({}).astype(np.int64)", "({}).astype(np.float32)", "np.rint({})"]
        choice = self.rng.random()
        if choice < 0.5:
            return self.smooth(f"({self.rng.choice(exact).format(f'({operand.text})')})", operand)
        if choice < 0.75:
            return self.smooth(self.rng.choice(rounded).format(f"({operand.text})"), operand, rounded=True)
        return self.jump(self.rng.choice(jumps).format(operand.text), operand)

    def comparison(self, shape):
        """A truth value for each element."""
        left, right = self.leaf(shape), self.operand(shape, 0)
        operator = self.rng.choice(["<", "<=", ">", "==", "!="])
        return self.jump(f"({left.text} {operator} {right.text})", left, right)

    def special(self):
        """A function of a whole array."""
        name = self.rng.choice(self.arrays("iuf") or self.arrays())
        array = self.function.values[name]
        matrix = array.ndim == 2
        forms = [
            "np.cumsum({a})", "{a}.copy()", "np.zeros_like({a})", "{a}[::-1]", "np.concatenate(({a}, {a}))", "{a} + 1",
            "np.stack(({a}, {a} * 2))", "np.roll({a}, 1)", "np.clip({a}, -1, 2)", "np.arange(N)", "np.zeros(N)",
            "np.sort({a})", "np.append({a}, 1)", "np.diff({a})", "np.outer({a}, {a})", "np.repeat({a}, 2)",
        ]  # fmt: skip
        if matrix:
            forms += [
                "np.sum({a}, axis=0)", "np.max({a}, axis=1)", "{a}.T", "{a}.reshape(-1)", "{a} @ {a}.T", "{a}[:, 0]",
                "np.argmax({a}, axis=1)", "np.sum({a}, axis=1, keepdims=True)", "np.tril({a})", "{a}.mean(axis=0)",
                "np.cumsum({a}, axis=1)", "np.any({a} > 1, axis=0)", "{a}.flatten()", "np.prod({a}, axis=1)",
                "{a}.min(axis=0)",
            ]  # fmt: skip
        text = self.rng.choice(forms).format(a=name)
        return Made(text, (name,), "mean" in text)

    # Numbers ----------------------------------------------------------------------------------------------------------

    def scalar(self, depth=1):
        """A number."""
        choice = self.rng.random()
        if depth == 0 or choice < 0.3:
            return self.number()
        if choice < 0.6:
            return self.reduction()
        if choice < 0.85:
            return self.binary(self.scalar(depth - 1), self.scalar(depth - 1))
        if choice < 0.92:
            condition = self.condition()
            first, second = self.alike()
            return self.smooth(f"({first.text} if {condition.text} else {second.text})", condition, first, second)
        function = self.rng.choice(["min", "max"])
        first, second = self.alike()
        return self.jump(f"{function}({first.text}, {second.text})", first, second)

    def alike(self):
        """Two numbers of one type, so that a choice between them has it."""
        first = self.number()
        for _ in range(10):
            second = self.number()
            if type(self.value(second.text)) is type(self.value(first.text)):
                return first, second
        return first, first

    def number(self):
        """A constant, a variable, or an element."""
        numbers = self.function.variables(
            lambda it: isinstance(it, (int, float, np.number, np.bool_)) or isinstance(it, np.ndarray) and it.ndim == 0
        )
        choice = self.rng.random()
        if choice < 0.35 and numbers:
            return Made(self.rng.choice(numbers))
        if choice < 0.6:
            return Made(self.rng.choice(["1", "2", "-1", "3", "0.5", "1.5", "-0.25", "N", "M"]))
        return self.element()

    def element(self):
        """An element of an array."""
        name = self.rng.choice(self.arrays())
        array = self.function.values[name]
        positions = [self.position(extent) for extent in array.shape]
        text = ", ".join(position.text for position in positions)
        return Made(f"{name}[{text}]", sum((position.exact for position in positions), ()))

    def reduction(self):
        """A number that comes from an array."""
        name = self.rng.choice(self.arrays())
        index = self.index(self.function.values[name])
        text = f"{name}{index.text}" if self.rng.random() < 0.4 else name
        text = text if np.ndim(self.value(text)) else name
        forms = ["np.sum({})", "np.max({})", "{}.min()", "np.mean({})", "len({})", "np.count_nonzero({})", "np.prod({})"]
        forms += ["np.argmax({})", "np.any({})", "{}.sum()", "{}.size", "np.std({})", "{}.shape[0]"]
        if np.ndim(self.value(text)) == 1:
            forms += ["{0} @ {0}", "np.dot({0}, {0})"]
        text = self.rng.choice(forms).format(text)
        return Made(text, index.exact + (name,), "mean" in text or "std" in text)

    def condition(self):
        """One truth value."""
        first, second, third = self.number(), self.number(), self.number()
        text = f"{first.text} {self.rng.choice(['<', '<=', '>', '==', '!='])} {second.text}"
        choice = self.rng.random()
        if choice < 0.25:
            return self.jump(f"{text} {self.rng.choice(['and', 'or'])} {third.text} > 0", first, second, third)
        if choice < 0.35:
            name = self.rng.choice(self.arrays())
            return Made(f"np.{self.rng.choice(['any', 'all'])}({name} > 0)", (name,))
        if choice < 0.45:
            return self.jump(f"{third.text} < {text}", first, second, third)
        return self.jump(text if choice < 0.9 else f"not ({text})", first, second)

    # Indices ----------------------------------------------------------------------------------------------------------

    def position(self, extent):
        """An index of one element along an axis."""
        choice = self.rng.random()
        names = self.integers()
        if choice < 0.45 and names:
            name = self.rng.choice(names)
            return Made(self.rng.choice([name, name, f"{name} - 1", f"-{name}", f"{name} + 1", f"{name} % {extent}"]))
        if choice < 0.55:
            indices = [it for it in self.arrays("iu") if self.function.values[it].ndim == 1]
            if indices:
                name = self.rng.choice(indices)
                return Made(f"{name}[{self.rng.choice(['0', '-1', '2'])}]")
        return Made(self.rng.choice(["0", "1", "-1", "2", "-2"]))

    def slice(self):
        """A slice along an axis."""
        names = self.integers()
        name = self.rng.choice(names) if names else "1"
        forms = [":", "1:", ":-1", "1:-1", "::2", "::-1", ":3", "-3:", "1:4", "4:1:-1", f"{name}:", f":{name}", "1::2"]
        forms += [f"{name}:{name} + 2", "-2:0:-1", "2:"]
        return self.rng.choice(forms)

    def index(self, array):
        """An index expression, with its brackets."""
        ndim = array.ndim
        choice = self.rng.random()
        if choice < 0.06:
            indices = [it for it in self.arrays("iu") if self.function.values[it].ndim == 1]
            if indices:
                name = self.rng.choice(indices)
                return Made(f"[{name}]" if self.rng.random() < 0.5 else f"[{name} % 3]")
        if choice < 0.12:
            return Made(self.rng.choice(["[...]", "[:]", "[..., 0]", "[0, ...]", "[..., 1:]", "[None]", "[[0, 2, 1]]"]))
        parts, exact = [], ()
        for extent in array.shape[: self.rng.randint(1, ndim)]:
            if self.rng.random() < 0.5:
                position = self.position(extent)
                parts.append(position.text)
                exact += position.exact
            else:
                parts.append(self.slice())
        if self.rng.random() < 0.05:
            parts.insert(self.rng.randint(0, len(parts)), "None")
        return Made(f"[{', '.join(parts)}]", exact)

    # Rounding ---------------------------------------------------------------------------------------------------------

    def smooth(self, text, *operands, rounded=False):
        """An operation that changes a little when its operands do."""
        exact = sum((operand.exact for operand in operands), ())
        return Made(text, exact, rounded or any(operand.rounded for operand in operands))

    def jump(self, text, *operands):
        """An operation that does not: its operands must be exact, or it is left out."""
        if any(operand.rounded for operand in operands):
            return operands[0]
        names = sum((self.names(operand) for operand in operands), ())
        return Made(text, sum((operand.exact for operand in operands), ()) + names)

    def names(self, made):
        """The variables of an expression."""
        words = set("".join(it if it.isalnum() or it == "_" else " " for it in made.text).split())
        numeric = (int, float, complex, np.generic, np.ndarray)
        return tuple(sorted(word for word in words if isinstance(self.function.values.get(word), numeric)))
