"""Writes the `.json` beside each file of programs: their arguments, and what NumPy leaves in them."""

import json
import pathlib
import random
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "oracle"))

import numpy as np  # noqa: E402

import dace  # noqa: E402
import run_reference  # noqa: E402

FILES = ["programs", "statements", "views", "indexing", "scalars", "calls", "maps", "mixed", "streams", "structures", "found", "rebinding"]
HELPERS = {"g", "inc", "total", "sq", "two", "bump"}
ROWS, COLUMNS = 6, 4

random.seed(1)


def numbers(count):
    """So many numbers between 0 and 1."""
    return [round(random.random(), 3) for _ in range(count)]


VALUES = {
    "N": ROWS,
    "M": COLUMNS,
    "k": 3,
    "m": 4,
    "q": 0.3,
    "s": 0.5,
    "x": numbers(ROWS),
    "y": numbers(ROWS),
    "A": numbers(ROWS * COLUMNS),
    "B": numbers(ROWS * ROWS),
    "T": numbers(ROWS * COLUMNS * 3),
    "ix": [5, 3, 1, 0, 4, 1],
    "z": [1, 2, 3, 200, 5, 6],
    "b": [1, 200, 3, 4, 5, 6],
    # Members of structures.
    "p_x": 1.5,
    "p_y": 0.25,
    "p_count": 2,
    "p_sum": 1.25,
    "p_hits": 4,
    "p_parts": [0.0] * ROWS,
    "f_values": numbers(ROWS),
    "f_weights": numbers(ROWS),
    "g_cells": numbers(ROWS * COLUMNS),
    "g_field_values": numbers(ROWS),
    "g_field_weights": numbers(ROWS),
    "g_width": 0.75,
    "A_indptr": [0, 1, 1, 2, 4, 4, 4],
    "A_indices": [3, 0, 5, 1],
    "A_data": numbers(COLUMNS),
    "h_alpha": 0.3,
    "h_grid": numbers(ROWS),
    "h_steps": 2,
    "self_alpha": 0.2,
    "self_grid": numbers(ROWS),
    "self_steps": 3,
    "self_loss": 0.125,
}


def expected(program):
    """Results of one program, by name."""
    scalars = {name: value for name, value in VALUES.items() if not isinstance(value, list)}
    arguments = run_reference.make_arguments(program, scalars, {})
    for name, array in arguments.items():
        if name in VALUES:
            arguments[name] = np.array(VALUES[name][: array.size], dtype=array.dtype).reshape(array.shape)
    with np.errstate(all="ignore"):
        results, _ = run_reference.run(program, run_reference.relevant(program, {**VALUES, **arguments}), 1)
    return {name: described(np.asarray(value)) for name, value in results.items()}


def described(array):
    """An array as JSON: type, shape, and real and imaginary parts as text, so that no digit is lost."""
    if array.dtype.kind in "biu":
        parts = [[str(int(value)), "0"] for value in array.ravel()]
    else:
        flat = array.astype(np.complex128).ravel()
        parts = [[repr(float(value.real)), repr(float(value.imag))] for value in flat]
    return {"dtype": array.dtype.name, "shape": list(array.shape), "data": parts}


def write(stem):
    """Writes the expectations of one file."""
    module = run_reference.load(str(HERE / f"{stem}.py"))
    programs = {name: value for name, value in vars(module).items() if isinstance(value, dace.Program)}
    for owner in [value for value in vars(module).values() if isinstance(value, type)]:
        methods = vars(owner).items()
        programs |= {f"{owner.__name__}_{name}": value for name, value in methods if isinstance(value, dace.Program)}
    cases = {}
    for name, program in programs.items():
        if name in HELPERS or name.startswith("_"):
            continue
        try:
            cases[name] = expected(program)
        except Exception as error:
            raise SystemExit(f"{stem}.{name}: {error!r}") from error
    lines = [f'"values": {json.dumps(VALUES)}'] + [f'"{name}": {json.dumps(case)}' for name, case in cases.items()]
    (HERE / f"{stem}.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")


def main():
    for stem in FILES:
        write(stem)


if __name__ == "__main__":
    main()
