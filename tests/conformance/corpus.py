"""Writes a corpus: small annotated programs, their arguments, and what NumPy makes of them.

    python corpus.py --output FOLDER                     the cases of `tables/`
    python corpus.py --output FOLDER --random 40 --seed 7    random programs instead, see `random_programs.py`

The folder receives

    programs_00.py, ...    annotated functions, as many in a file as `PER_FILE` says
    cases.json             one entry a case: its function and file, symbols, number arguments, tolerances
    inputs.npz             array arguments, as `FUNCTION.NAME`
    expected.npz           array arguments as NumPy leaves them, and results: `FUNCTION.__return`, `FUNCTION.__return_0`, ...

A table calls `case` (one expression, the value that is compared) or `body` (statements). Arguments are described by a
short text:

    float64[N,M]           an array; extents are symbols of `EXTENTS`, or integers
    float64[N]:pos         with values of another kind, see `values`
    int64=3                a number

`T` in a description or an expression stands for each type of the family that is given as `T=...`.
"""

import argparse
import importlib
import json
import os
import pathlib
import sys
import warnings
import zlib

HERE = pathlib.Path(__file__).resolve().parent
ORACLE = HERE.parents[1] / "frontend-python" / "oracle"
sys.path[:0] = [str(HERE), str(ORACLE)]

import numpy as np  # noqa: E402

EXTENTS = {"N": 4, "M": 5, "K": 3, "L": 2, "E": 0, "U": 1, "P": 7, "Q": 12}
"""Values of the symbols that shapes use: distinct, one empty, one of extent 1."""

PER_FILE = 100

BOOL = ["bool"]
SIGNED = ["int8", "int16", "int32", "int64"]
UNSIGNED = ["uint8", "uint16", "uint32", "uint64"]
INTEGERS = SIGNED + UNSIGNED
FLOATS = ["float32", "float64"]
COMPLEX = ["complex64", "complex128"]
REALS = ["bool", "int32", "int64", "uint8", "float32", "float64"]
CLASSES = ["bool", "int32", "uint8", "float32", "float64", "complex128"]
"""One type of each class, and both usual floats."""

HEADER = """import math

import numpy as np
import scipy.integrate
import scipy.linalg
import scipy.signal
import scipy.special
import dace

{symbols}
"""

cases = []
"""Every case, in order of definition."""


class Case:
    """One program: its arguments, its text, and how exactly it must agree."""

    least = 0.0
    """The tolerance is relative to the largest element of an array, or to this if that is more."""

    strict = False
    """Whether operations must be exactly those that are written, not reassociated."""

    def __init__(self, text, arguments, tolerance):
        self.text = text
        self.arguments = arguments
        self.tolerance = tolerance
        self.function = f"c{len(cases):04d}"
        told = ", ".join(f"{name}: {spec}" for name, spec in arguments.items())
        self.name = f"{' ; '.join(text.split(chr(10)))}  ({told})"

    def source(self):
        """The annotated function."""
        parameters = ", ".join(f"{name}: {annotation(spec)}" for name, spec in self.arguments.items())
        lines = "".join(f"    {line}\n" for line in self.text.split("\n"))
        return f"@dace.program\ndef {self.function}({parameters}):\n{lines}"

    def argument(self, name, spec):
        """The value of an argument: always the same one."""
        return argument(name, spec)

    def symbols(self):
        """The symbols of its shapes."""
        names = [extent for spec in self.arguments.values() for extent in parsed(spec)[1] or () if extent in EXTENTS]
        return {name: EXTENTS[name] for name in names}


def case(text, T=None, tolerance=None, **arguments):
    """A case for each type of `T`: the value of an expression."""
    body(f"return {text}", T, tolerance, **arguments)


def body(text, T=None, tolerance=None, strict=False, **arguments):
    """A case for each type of `T`: statements."""
    for dtype in T or [None]:
        given = {name: spec.replace("T", dtype) if dtype else spec for name, spec in arguments.items()}
        cases.append(Case(typed(text, dtype).strip("\n"), given, tolerance))
        cases[-1].strict = strict


def typed(text, dtype):
    """The text with `np.T` as the type that it stands for."""
    return text.replace("np.T,", f"np.{dtype},").replace("np.T)", f"np.{dtype})") if dtype else text


def parsed(spec):
    """Type, extents (`None` for a number), and kind or value of a description."""
    if "=" in spec:
        dtype, value = spec.split("=")
        return dtype, None, value
    shape, _, kind = spec.partition(":")
    dtype, _, extents = shape.rstrip("]").partition("[")
    return dtype, extents.split(","), kind


def annotation(spec):
    """The description as Python writes it."""
    dtype, extents, _ = parsed(spec)
    name = f"dace.{'bool_' if dtype == 'bool' else dtype}"
    return name if extents is None else f"{name}[{', '.join(extents)}]"


def argument(name, spec):
    """The value that a description stands for: always the same one."""
    dtype, extents, kind = parsed(spec)
    if extents is None:
        return np.dtype(dtype).type(eval(kind, {"np": np})).item()  # noqa: S307
    shape = tuple(EXTENTS[extent] if extent in EXTENTS else int(extent) for extent in extents)
    # CRC-32 instead of `hash`, which differs from process to process.
    return values(np.random.default_rng(zlib.crc32(name.encode())), np.dtype(dtype), shape, kind)


def values(rng, dtype, shape, kind):
    """Numbers of a kind: small by default, without two equal ones where that is possible."""
    size = int(np.prod(shape))
    if kind == "special":
        numbers = [np.nan, np.inf, -np.inf, -0.0, 0.0, 1.5, -2.5, 1e300 if dtype.itemsize >= 8 else 1e30]
        return np.resize(np.array(numbers).astype(dtype), shape)
    if kind == "extreme":
        numbers = [np.iinfo(dtype).max, np.iinfo(dtype).min, 1, 0, np.iinfo(dtype).max - 1, 3, 2]
        return np.resize(np.array(numbers, dtype=dtype), shape)
    if kind == "halves":
        return np.resize(np.array([0.5, 1.5, -0.5, 2.5, -1.5, -2.5, 3.2, -3.7]).astype(dtype), shape)
    if kind == "index":
        return rng.integers(0, 3, shape).astype(dtype)
    if kind == "ties":
        ties = rng.integers(0, 3, shape) - (1 if dtype.kind in "ifc" else 0)
        return ties.astype(dtype)
    if kind == "sorted":
        return np.sort(values(rng, dtype, shape, ""), axis=None).reshape(shape)
    if kind == "zeros":
        return np.zeros(shape, dtype)
    if dtype.kind == "b":
        return rng.integers(0, 2, shape).astype(bool)
    if dtype.kind in "iu":
        low = 1 if kind in ("pos", "unit") else 0 if dtype.kind == "u" else -9
        return rng.integers(low, 10, shape).astype(dtype)
    low, high = {"pos": (0.5, 4.0), "unit": (-0.95, 0.95), "big": (1.1, 9.0)}.get(kind, (-3.5, 4.25))
    real = np.linspace(low, high, max(size, 1))[:size]
    rng.shuffle(real)
    if dtype.kind == "c":
        imaginary = np.linspace(low, high, max(size, 1))[:size]
        rng.shuffle(imaginary)
        real = real + 1j * imaginary
    return real.astype(dtype).reshape(shape)


def write(folder):
    """Writes the corpus of all cases that were defined."""
    sys.path.insert(0, str(folder))
    described, inputs, expected = [], {}, {}
    header = HEADER.format(symbols="\n".join(f'{name} = dace.symbol("{name}")' for name in EXTENTS))
    for start in range(0, len(cases), PER_FILE):
        chunk = cases[start : start + PER_FILE]
        stem = f"programs_{start // PER_FILE:02d}"
        texts = [header] + [each.source() for each in chunk]
        (folder / f"{stem}.py").write_text("\n\n".join(texts))
        module = importlib.import_module(stem)
        for each in chunk:
            described.append(evaluate(each, getattr(module, each.function), inputs, expected))
            described[-1]["file"] = f"{stem}.py"
    np.savez(folder / "inputs.npz", **inputs)
    np.savez(folder / "expected.npz", **expected)
    (folder / "cases.json").write_text(json.dumps(described, indent=0))


def evaluate(each, program, inputs, expected):
    """Runs one case; what NumPy refuses is described by its error."""
    arguments = {name: each.argument(name, spec) for name, spec in each.arguments.items()}
    numbers = {}
    for name, value in arguments.items():
        if isinstance(value, np.ndarray):
            inputs[f"{each.function}.{name}"] = value.copy()
        else:
            numbers[name] = [repr(part) for part in (complex(value).real, complex(value).imag)]
    entry = {
        "name": each.name,
        "function": each.function,
        "symbols": each.symbols(),
        "numbers": numbers,
        "arrays": [name for name, value in arguments.items() if isinstance(value, np.ndarray)],
        "tolerance": each.tolerance,
        "least": each.least,
        # By default, the sign of zero may get lost.
        "strict": each.strict or any(":special" in spec for spec in each.arguments.values()),
        "results": [],
    }
    try:
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            returned = program(**arguments)
    except Exception as error:  # noqa: BLE001  (whatever NumPy raises is its answer)
        entry["raises"] = f"{type(error).__name__}: {error}"
        return entry
    results = {name: value for name, value in arguments.items() if isinstance(value, np.ndarray)}
    if isinstance(returned, (tuple, list)):
        results.update({f"__return_{position}": np.array(value) for position, value in enumerate(returned)})
    elif returned is not None:
        results["__return"] = np.array(returned)
    for name, value in results.items():
        expected[f"{each.function}.{name}"] = value
    entry["results"] = list(results)
    return entry


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", required=True, type=pathlib.Path, help="the folder to write")
    parser.add_argument("--random", type=int, metavar="COUNT", help="so many random programs instead of the tables")
    parser.add_argument("--seed", type=int, default=0, help="where the random programs start")
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    if options.random is not None:
        importlib.import_module("random_programs").define(options.seed, options.random)
    else:
        chosen = os.environ.get("DACEC_TEST_TABLES")
        for table in sorted((HERE / "tables").glob("*.py")):
            if chosen and table.stem not in chosen.split(","):
                continue
            importlib.import_module(f"tables.{table.stem}")
    write(options.output)


if __name__ == "__main__":
    # Tables import this module by name; they must find this one, not a second copy with a list of its own.
    sys.modules["corpus"] = sys.modules["__main__"]
    main()
