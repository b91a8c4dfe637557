"""Random programs: straight-line code, loops, branches, slices, views, reductions and calls, for `corpus.py --random`.

A program grows statement by statement. After each, the whole of it runs under NumPy, and the statement stays only if that
succeeds and all numbers stay small: so every program is correct, and what its names hold is known while it is written.
The next statement is made of what there is: shapes need no rules here, only values.

Floating-point results may differ by rounding. What jumps (comparisons, roundings, indices of extremes) is therefore
applied only to numbers that are exact: integers, and multiples of 1/1024. Nor does a statement stay whose results depend
on the last digits of a sine or an exponential, as a loop of `z /= np.sin(z)` does.

The same seed and position give the same program.
"""

import random
import signal
import warnings

import corpus
import dace
import numpy as np

from random_expressions import Expressions, is_exact

SYMBOLS = {"N": 6, "M": 5}
"""Extents of the arguments."""

ARRAYS = {
    "float64": ["x", "y", "A", "B"],
    "int64": ["k", "C"],
    "int32": ["j"],
    "float32": ["z"],
    "uint8": ["u"],
    "bool": ["b"],
    "complex128": ["c"],
}
"""Names of array arguments by their type; those in capitals have two dimensions."""

LARGEST = 1e4
"""Programs whose numbers become larger than this are not continued that way."""

SECONDS = 1.0
"""A program that computes for longer is not continued that way; they take less than a hundredth of it."""


def give_up(*_):
    raise TimeoutError


signal.signal(signal.SIGVTALRM, give_up)

PRELUDE = "import math\nimport numpy as np\nimport dace\n" + "".join(f"{it} = dace.symbol('{it}')\n" for it in SYMBOLS)


def define(seed, count):
    """Adds so many programs to the corpus."""
    corpus.EXTENTS.update(SYMBOLS)
    for position in range(count):
        corpus.cases.append(RandomCase(seed, position))


class Rough:
    """NumPy whose sines and exponentials are wrong in the last digits, as those of another library may be."""

    def __getattr__(self, name):
        return getattr(np, name)

    def sin(self, value):
        return nudged(np.sin(value))

    def exp(self, value):
        return nudged(np.exp(value))


def nudged(value):
    """The next but three numbers."""
    return (value * (1 + 4 * np.finfo(np.asarray(value).dtype).eps)).astype(np.asarray(value).dtype)


ROUGH = Rough()
ROUNDED = ("np.sin", "np.exp")


class RandomCase(corpus.Case):
    """One random program, with the functions that it calls."""

    def __init__(self, seed, position):
        rng = random.Random(f"{seed}:{position}")
        self.function = f"r{position:05d}"
        helpers = [Function(rng, f"{self.function}_h{at}", [], helper=True) for at in range(rng.choice([0, 0, 1, 2]))]
        main = Function(rng, self.function, helpers)
        self.text = main.text()
        self.helpers = [helper.source() for helper in helpers]
        self.arguments = main.arguments
        self.tolerance = main.tolerance()
        self.least = 1.0
        self.name = f"random program {position} of seed {seed}:\n{self.source()}"

    def source(self):
        return "\n\n".join([*self.helpers, super().source()])

    def argument(self, name, spec):
        return argument(name, spec)


class Function:
    """An annotated function that is being written."""

    def __init__(self, rng, name, helpers, helper=False):
        self.rng = rng
        self.name = name
        self.helpers = helpers
        self.arguments = self.pick_arguments(helper)
        self.lines = []
        self.indent = 0
        self.loops = 0
        self.fresh = 0
        self.module = {}
        exec(PRELUDE + "\n\n".join(each.source() for each in helpers), self.module)  # noqa: S102
        self.values = self.run([])
        self.make = Expressions(rng, self)
        for _ in range(rng.randint(1, 3) if helper else rng.randint(3, 8)):
            self.statement()
        self.finish()

    def pick_arguments(self, helper):
        """Some arrays, mostly of floats, and numbers."""
        rng = self.rng
        kinds = ["float64", *rng.choices(list(ARRAYS), weights=[6, 4, 2, 1, 1, 1, 1], k=1 if helper else 2)]
        picked = {}
        for kind in kinds:
            for name in rng.sample(ARRAYS[kind], rng.randint(1, len(ARRAYS[kind]))):
                extents = "N,M" if name.isupper() else rng.choice(["N", "N", "M"])
                picked[name] = f"{kind}[{extents}]"
        if not all(symbol in str(picked.values()) for symbol in SYMBOLS):
            picked["A"] = "float64[N,M]"
        if rng.random() < 0.5:
            picked["n"] = f"int64={rng.randint(1, 3)}"
        if rng.random() < 0.3:
            picked["q"] = f"float64={rng.choice([0.5, -1.25, 3.0])}"
        return picked

    def text(self):
        """The lines of the body."""
        return "\n".join(self.lines)

    def source(self):
        """The function."""
        parameters = ", ".join(f"{name}: {corpus.annotation(spec)}" for name, spec in self.arguments.items())
        body = "".join(f"    {line}\n" for line in self.lines)
        return f"@dace.program\ndef {self.name}({parameters}):\n{body}"

    def tolerance(self):
        """How far results may be apart, relative to them."""
        texts = [self.text(), str(self.arguments), *(helper.source() for helper in self.helpers)]
        return 1e-4 if any("float32" in text for text in texts) else 1e-9

    # Running ----------------------------------------------------------------------------------------------------------

    def run(self, lines, numpy=np):
        """The names after these lines; raises what they raise."""
        names = {**self.module, **SYMBOLS, "np": numpy}
        for name, spec in self.arguments.items():
            names[name] = np.asarray(argument(name, spec), corpus.parsed(spec)[0])[()]
        # Integers of Python grow without bound when a loop squares them.
        signal.setitimer(signal.ITIMER_VIRTUAL, SECONDS)
        try:
            # What NumPy only warns of is an error of the program here: a division by zero, an imaginary part that is lost.
            with np.errstate(divide="raise", invalid="raise"), warnings.catch_warnings():
                warnings.simplefilter("error", np.exceptions.ComplexWarning)
                exec(compile("\n".join(lines), self.name, "exec"), names)  # noqa: S102
        finally:
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        return names

    def attempt(self, *lines, exact=()):
        """Adds lines, if the program then still runs and stays within bounds; says whether it does.

        The names in `exact` must hold exact numbers before and after.
        """
        told = [" " * 4 * self.indent + line for line in lines]
        if not all(is_exact(self.values.get(name)) for name in exact):
            return False
        try:
            values = self.run(self.lines + told)
        except Exception:  # noqa: BLE001  (whatever NumPy and Python refuse is not wanted)
            return False
        known = {name: value for name, value in values.items() if name not in self.module}
        if not all(is_small(value) for value in known.values()) or not all(is_exact(values.get(it)) for it in exact):
            return False
        # A number keeps its type, and in blocks an array keeps its type and shape: a compiler has one for the name.
        kept = ((values.get(name), value) for name, value in self.values.items() if self.indent or np.isscalar(value))
        if any(kind(now) != kind(before) for now, before in kept):
            return False
        if not self.is_conditioned(self.lines + told, values):
            return False
        self.lines += told
        self.values = values
        return True

    def is_conditioned(self, lines, values):
        """Whether the values of lines stay what they are if functions round otherwise."""
        if not any(name in line for name in ROUNDED for line in lines):
            return True
        known = (float, complex, np.number, np.ndarray)
        names = [name for name, value in values.items() if isinstance(value, known)]
        tolerance = self.tolerance()
        try:
            others = self.run(lines, ROUGH)
            return all(np.allclose(others[name], values[name], tolerance, tolerance) for name in names)
        except Exception:  # noqa: BLE001  (a number may now be just beyond a bound)
            return False

    def variables(self, wanted):
        """Names of the values that are wanted."""
        # The item of a loop over an array is not used after the loop.
        hidden = {*self.module, *SYMBOLS, *(f"v{depth}" for depth in range(self.indent, 3))}
        return [name for name, value in self.values.items() if name not in hidden and wanted(value)]

    def new_name(self):
        """A name that was not used before."""
        self.fresh += 1
        return f"t{self.fresh}"

    # Statements -------------------------------------------------------------------------------------------------------

    def statement(self):
        """Adds a statement of a random kind."""
        simple = [(self.assign, 5), (self.store, 5), (self.update, 4), (self.number, 3), (self.view, 2)]
        simple += [(self.masked, 1), (self.exchange, 1), (self.call, 3 if self.helpers else 0)]
        nested = [(self.for_loop, 4), (self.map_loop, 1), (self.while_loop, 1), (self.branch, 3), (self.over_array, 1)]
        kinds = simple + (nested if self.indent < 2 else [])
        for _ in range(20):
            (kind,) = self.rng.choices([it for it, _ in kinds], weights=[it for _, it in kinds])
            if kind():
                return

    def add(self, text, made):
        """Adds a line with an expression in place of `{}`."""
        return self.attempt(text.format(made.text), exact=made.exact)

    def assign(self):
        """A name for a new array; sometimes one that there is."""
        made = self.make.array()
        rebound = self.indent == 0 and self.rng.random() < 0.2
        old = [name for name in self.variables(lambda it: isinstance(it, np.ndarray)) if name not in self.arguments]
        return self.add(f"{self.rng.choice(old) if old and rebound else self.new_name()} = {{}}", made)

    def number(self):
        """A name for a number, or a number that changes."""
        made = self.make.scalar()
        old = self.variables(lambda it: isinstance(it, (int, float, np.number)) and not isinstance(it, bool))
        old = [name for name in old if name.startswith("t")]
        if old and self.rng.random() < 0.6:
            return self.add(f"{self.rng.choice(old)} {self.rng.choice(['+=', '-=', '*=', '='])} {{}}", made)
        return self.add(f"{self.new_name()} = {{}}", made)

    def target(self):
        """An element or part of an array, and the shape of it."""
        arrays = self.variables(lambda it: isinstance(it, np.ndarray) and it.ndim and it.flags.writeable)
        if not arrays:
            return None
        name = self.rng.choice(arrays)
        index = self.make.index(self.values[name])
        part = self.make.value(f"{name}{index.text}")
        return (f"{name}{index.text}", np.shape(part), index.exact) if np.size(part) and part is not None else None

    def store(self):
        """An element or part of an array gets values."""
        target = self.target()
        if target is None:
            return False
        text, shape, exact = target
        made = self.make.of_shape(shape, 2)
        copied = ".copy()" if steps_over(self.make.value(text), self.make.value(made.text)) else ""
        return self.attempt(f"{text} = {made.text}{copied}", exact=made.exact + exact)

    def update(self):
        """An array or part of it is updated in place."""
        target = self.target()
        if target is None:
            return False
        text, shape, exact = target
        made = self.make.of_shape(shape, 1)
        operator = self.rng.choice(["+=", "+=", "-=", "*=", "//=", "%=", "**=", "/=", "|=", "^="])
        power = operator == "**="
        if power and self.indent:
            # Each square doubles the relative error, and a loop makes many.
            exact += (text.split("[")[0],)
        return self.attempt(f"{text} {operator} {'2' if power else made.text}", exact=made.exact + exact)

    def view(self):
        """A name for a part of an array, which shares its elements."""
        arrays = self.variables(lambda it: isinstance(it, np.ndarray) and it.ndim)
        name = self.rng.choice(arrays)
        forms = [".T", ".reshape(-1)", ".copy()", "", self.make.index(self.values[name]).text]
        form = self.rng.choice(forms + forms[-1:] * 6)
        return self.attempt(f"{self.new_name()} = {name}{form}")

    def masked(self):
        """Elements that a mask selects are overwritten or updated."""
        arrays = self.variables(lambda it: isinstance(it, np.ndarray) and it.ndim and it.dtype.kind in "if")
        if not arrays:
            return False
        name = self.rng.choice(arrays)
        mask = f"{name} {self.rng.choice(['>', '<=', '!='])} {self.rng.randint(-2, 2)}"
        operator = self.rng.choice(["=", "+=", "*="])
        return self.attempt(f"{name}[{mask}] {operator} {self.rng.choice(['0', '1', '2'])}", exact=(name,))

    def exchange(self):
        """Several targets at once."""
        first, second = self.target(), self.target()
        # An index with an ellipsis gives a view, also of a single element: no exchange then.
        targets = (first, second)
        if any(it is None or "..." in it[0] or it[1] != targets[0][1] for it in targets) or self.rng.random() < 0.2:
            values = self.make.scalar(), self.make.scalar()
            names = self.new_name(), self.new_name()
            exact = values[0].exact + values[1].exact
            return self.attempt(f"{names[0]}, {names[1]} = {values[0].text}, {values[1].text}", exact=exact)
        if first[1]:
            return self.attempt(f"{first[0]}, {second[0]} = {second[0]}.copy(), {first[0]}.copy()")
        return self.attempt(f"{first[0]}, {second[0]} = {second[0]}, {first[0]}")

    def call(self):
        """A call of another annotated function, on arrays that fit."""
        helper = self.rng.choice(self.helpers)
        given = []
        for name, spec in helper.arguments.items():
            dtype, extents, value = corpus.parsed(spec)
            if extents is None:
                given += [f"{name}={value}"] if self.rng.random() < 0.5 else [f"{name}=np.{dtype}({value})"]
                continue
            fits = self.variables(
                lambda it: isinstance(it, np.ndarray) and it.dtype == dtype and it.ndim == len(extents)  # noqa: B023
            )
            if not fits:
                return False
            chosen = self.rng.choice(fits)
            part = self.rng.choice(["", "", "[1:]", "[:4]"])
            given.append(f"{name}={chosen}{part}")
        # Two arguments that share elements are not passed: what is written through one is not seen through the other.
        names = [each.split("=")[1].split("[")[0] for each in given]
        arrays = [self.values[name] for name in names if isinstance(self.values.get(name), np.ndarray)]
        shared = any(np.shares_memory(a, b) for at, a in enumerate(arrays) for b in arrays[:at])
        return not shared and self.attempt(f"{self.new_name()} = {helper.name}({', '.join(given)})")

    # Blocks -----------------------------------------------------------------------------------------------------------

    def body(self, header, leave=()):
        """A block with a first statement that stays, and more."""
        self.indent += 1
        start = len(self.lines)
        self.lines.append(" " * 4 * (self.indent - 1) + header)
        for _ in range(self.rng.randint(1, 3)):
            self.statement()
        if len(self.lines) == start + 1:
            self.attempt("pass")
        if leave and self.rng.random() < 0.3:
            condition = self.make.condition()
            self.attempt(f"if {condition.text}:", f"    {self.rng.choice(leave)}", exact=condition.exact)
        self.indent -= 1
        if len(self.lines) == start + 1:
            del self.lines[start:]
            return False
        return True

    def for_loop(self):
        """A loop over a range."""
        variable = f"i{self.indent}"
        extent = self.rng.choice(["N", "M", "n", "N - 1", "M // 2", "3"])
        extent = "2" if extent == "n" and "n" not in self.arguments else extent
        ranges = [extent, f"1, {extent}", f"{extent} - 1, -1, -1", f"0, {extent}, 2", f"{extent}, 0, -2"]
        if not self.attempt(f"for {variable} in range({self.rng.choice(ranges)}):", "    pass"):
            return False
        header = self.lines.pop(-2)
        self.lines.pop()
        return self.body(header.strip(), leave=["break", "continue"])

    def over_array(self):
        """A loop over the elements or rows of an array."""
        name = self.rng.choice(self.variables(lambda it: isinstance(it, np.ndarray) and it.ndim))
        at, item = f"i{self.indent}", f"v{self.indent}"
        header = self.rng.choice([f"for {item} in {name}:", f"for {at}, {item} in enumerate({name}):"])
        if not self.attempt(header, "    pass"):
            return False
        del self.lines[-2:]
        return self.body(header, leave=["break", "continue"])

    def map_loop(self):
        """A parallel loop, each iteration of which writes an element of its own."""
        vectors = self.variables(lambda it: isinstance(it, np.ndarray) and it.shape == (SYMBOLS["N"],))
        vectors = [name for name in vectors if self.values[name].dtype.kind in "fi" and self.values[name].base is None]
        if len(vectors) < 2:
            return False
        target, *sources = self.rng.sample(vectors, min(3, len(vectors)))
        if any(np.shares_memory(self.values[target], self.values[source]) for source in sources):
            return False
        terms = [f"{name}[{self.rng.choice(['p', 'p', 'N - 1 - p', '(p + 1) % N'])}]" for name in sources]
        value = f" {self.rng.choice('+-*')} ".join([*terms, self.rng.choice(["p", "2", "0.5"])])
        operator = self.rng.choice(["=", "=", "+=", "-="])
        return self.attempt("for p in dace.map[0:N]:", f"    {target}[p] {operator} {value}")

    def while_loop(self):
        """A loop that counts up or down."""
        # Not a name that other statements change, so that the loop ends.
        counter = self.new_name().replace("t", "w")
        if not self.attempt(f"{counter} = 0", f"while {counter} < {self.rng.randint(1, 4)}:", f"    {counter} += 1"):
            return False
        del self.lines[-1]
        header = self.lines.pop().strip()
        self.indent += 1
        self.lines += [" " * 4 * (self.indent - 1) + header, " " * 4 * self.indent + f"{counter} += 1"]
        for _ in range(self.rng.randint(1, 2)):
            self.statement()
        self.indent -= 1
        return True

    def branch(self):
        """`if`, with or without `else`.

        Both branches are written while they are taken: what is not taken NumPy would not look at.
        """
        made = self.make.condition()
        if not set(self.make.names(made)) - set(SYMBOLS):
            return False  # A branch that is never taken may be found out, and then is wrong in other ways.
        if not self.attempt(f"if {made.text}:", "    pass", exact=made.exact):
            return False
        del self.lines[-2:]
        taken = made.text if self.make.value(made.text) else f"not ({made.text})"
        start, before = len(self.lines), self.values
        if not self.body(f"if {taken}:"):
            return False
        if self.rng.random() < 0.5:
            first = self.lines[start:]
            del self.lines[start:]
            self.values = before
            if self.body(f"if {taken}:"):
                first += [" " * 4 * self.indent + "else:", *self.lines[start + 1 :]]
            self.lines[start:] = first
            self.values = before
            if not self.attempt("pass"):
                del self.lines[start:]
                self.values = before
                return False
            self.lines.pop()
        return True

    # The end ----------------------------------------------------------------------------------------------------------

    def finish(self):
        """Returns some of the values, sometimes other ones early."""
        names = self.variables(lambda it: isinstance(it, (np.ndarray, int, float, np.number)))
        names = [name for name in names if name[0] == "t"]
        if names:
            chosen = self.rng.sample(names, min(len(names), self.rng.randint(1, 3)))
            self.lines.append(f"return {', '.join(chosen)}")
        elif not self.lines:
            self.lines.append("pass")


def argument(name, spec):
    """The value of an argument: small exact numbers."""
    dtype, extents, _ = corpus.parsed(spec)
    if extents is None:
        return corpus.argument(name, spec)
    rng = random.Random(name)
    shape = [SYMBOLS[extent] for extent in extents]
    size = int(np.prod(shape))
    if dtype in ("float64", "float32", "complex128"):
        numbers = np.array([rng.randint(-12, 12) / 4 for _ in range(size)])
        numbers = numbers + 1j * numbers[::-1] if dtype == "complex128" else numbers
    else:
        low, high = {"bool": (0, 1), "uint8": (0, 6)}.get(dtype, (-4, 6))
        numbers = np.array([rng.randint(low, high) for _ in range(size)])
    return numbers.astype(dtype).reshape(shape)


def kind(value):
    """Type and shape of a value."""
    return (type(value), getattr(value, "dtype", None), np.shape(value)) if isinstance(value, np.ndarray) else type(value)


def steps_over(target, value):
    """Whether NumPy may copy one part of an array to another in place, and read what it has just written.

    It does so for vectors that advance the same way with different steps: `x[::2] = x[:3]` gives `x[4]` the new `x[2]`.
    """
    if not isinstance(target, np.ndarray) or not isinstance(value, np.ndarray) or target.strides == value.strides:
        return False
    return root(target) is root(value)


def root(array):
    """The array whose elements a view shares."""
    while isinstance(array.base, np.ndarray):
        array = array.base
    return array


def is_small(value):
    """Whether a value is no number, or one that later operations can handle.

    Arrays without dimensions are numbers to a compiler, but `x[..., 0]` is a view of one element to NumPy.
    """
    if isinstance(value, np.ndarray) and value.ndim == 0:
        return False
    if isinstance(value, int):
        # Those beyond 64 bits are objects to NumPy.
        return abs(value) <= LARGEST
    if isinstance(value, (float, complex, np.generic, np.ndarray)):
        array = np.asarray(value)
        return array.dtype.kind not in "iufc" or bool(np.all(np.abs(array.astype(complex)) <= LARGEST))
    return True
