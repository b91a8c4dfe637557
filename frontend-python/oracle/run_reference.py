"""Runs one program of an annotated file under CPython and NumPy, and saves every result.

`dacec run --verify` starts this process to learn what the program should have computed:

    python run_reference.py FILE.py --program gemm --output results.npz
                            [--values '{"N": 1000, "alpha": 1.5}']     symbols and scalar arguments
                            [--arrays inputs.npz]                      array arguments, by name
                            [--initialize initialize]                  a program that fills the array arguments first
                            [--save A,C]                               array arguments worth saving; all, if not given
                            [--repeat 5]                               timed runs, each on fresh copies of the inputs
                            [--turns]                                  runs on request, between those of others

Array arguments that `--arrays` does not hold are allocated as they are annotated, filled with zeros. Values that belong
to neither the program nor its initializer are ignored: a preset may serve several programs of a file.

`results.npz` holds the array arguments as the program leaves them, and what it returns: `__return`, or `__return_0`,
`__return_1`, ... for a tuple. On success one line of JSON is the last line of the output; on failure the traceback goes
to stderr and the exit status is not zero.

With `--turns` the results of one run are saved and reported first. Then each line on stdin is a request, `SECONDS COUNT`:
the program runs until that much time was measured or until it ran that often, and the seconds of each run come back as
one line of JSON.
"""

import argparse
import importlib.util
import json
import os
import statistics
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import numpy as np  # noqa: E402

import dace  # noqa: E402

sys.modules["dacec"] = dace


def main():
    options = parse_options()
    module = load(options.file)
    program = find(module, options.program)
    values = json.loads(options.values)
    arguments = make_arguments(program, values, load_arrays(options.arrays))
    if options.initialize:
        initializer = find(module, options.initialize)
        # It may fill more arrays than this program takes.
        filled = make_arguments(initializer, values, arguments)
        initializer(**relevant(initializer, {**values, **filled}))
    inputs = relevant(program, {**values, **arguments})
    results, seconds = run(program, inputs, options.repeat)
    if options.save is not None:
        kept = options.save.split(",")
        results = {name: value for name, value in results.items() if name in kept or name.startswith("__return")}
    np.savez(options.output, **results)
    print(json.dumps(report(program, results, seconds)), flush=True)
    if options.turns:
        for request in sys.stdin:
            enough, count = request.split()
            print(json.dumps(take_turn(program, inputs, float(enough), int(count))), flush=True)


def parse_options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", help="the annotated Python file")
    parser.add_argument("--program", required=True, help="name of the annotated function to run")
    parser.add_argument("--output", required=True, help="where the results go (.npz)")
    parser.add_argument("--values", default="{}", help="symbols and scalar arguments, a JSON object")
    parser.add_argument("--arrays", help="array arguments (.npz)")
    parser.add_argument("--initialize", help="name of an annotated function that fills the array arguments in place")
    parser.add_argument("--save", help="names of the array arguments to save, with commas between; default: all")
    parser.add_argument("--repeat", type=int, default=1, help="number of timed runs")
    parser.add_argument("--turns", action="store_true", help="run on request: each line on stdin is one")
    options = parser.parse_args()
    if options.repeat < 1:
        parser.error("--repeat must be at least 1")
    return options


def load(path):
    """The file as a module; its directory can be imported from, as if it were run as a script."""
    sys.path.insert(0, os.path.dirname(os.path.abspath(path)))
    spec = importlib.util.spec_from_file_location(os.path.splitext(os.path.basename(path))[0], path)
    if spec is None:
        raise SystemExit(f"{path} is no Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules.setdefault(spec.name, module)
    spec.loader.exec_module(module)
    return module


def find(module, name):
    program = getattr(module, name, None)
    # `Class_method` is the method of a class.
    for owner in [value for value in vars(module).values() if isinstance(value, type)]:
        for method, value in vars(owner).items():
            if isinstance(value, dace.Program) and f"{owner.__name__}_{method}" == name:
                program = value
    if not isinstance(program, dace.Program):
        known = sorted(key for key, value in vars(module).items() if isinstance(value, dace.Program))
        raise SystemExit(f"{module.__file__} has no annotated function `{name}`; it has: {', '.join(known) or 'none'}")
    return program


def load_arrays(path):
    if path is None:
        return {}
    with np.load(path, allow_pickle=False) as archive:
        return {name: archive[name] for name in archive.files}


def make_arguments(program, values, arrays):
    """The array arguments of `program`: the given ones, and zeros in the annotated shape for the others."""
    integers = {name: value for name, value in values.items() if isinstance(value, int)}
    made = dict(arrays)
    for name, declared in program.flat_annotations.items():
        if isinstance(declared, dace.ArrayType) and name not in made and name != "return":
            made[name] = np.zeros(declared.extents(integers), declared.dtype)
    return made


def relevant(program, values):
    """Those of `values` that `program` takes: its parameters and the symbols it knows."""
    taken = program.signature.parameters.keys() | program.flat_annotations.keys() | program.symbols()
    return {name: value for name, value in values.items() if name in taken}


def run(program, inputs, repeat):
    """Results of the first run, and the seconds of each."""
    results = None
    seconds = []
    for _ in range(repeat):
        fresh, returned, elapsed = run_once(program, inputs)
        seconds.append(elapsed)
        if results is None:
            results = {name: value for name, value in fresh.items() if isinstance(value, np.ndarray)}
            results.update(name_returned(returned))
    return results, seconds


def run_once(program, inputs):
    """The arguments after a run on fresh copies, what it returned, and its seconds."""
    fresh = {name: value.copy() if isinstance(value, np.ndarray) else value for name, value in inputs.items()}
    start = time.perf_counter()
    returned = program(**program.objects(fresh))
    return fresh, returned, time.perf_counter() - start


def take_turn(program, inputs, enough, count):
    seconds = []
    while len(seconds) < count and sum(seconds) < enough:
        seconds.append(run_once(program, inputs)[2])
    return seconds


def name_returned(returned):
    if returned is None:
        return {}
    if isinstance(returned, tuple):
        return {f"__return_{position}": np.array(value) for position, value in enumerate(returned)}
    return {"__return": np.array(returned)}


def report(program, results, seconds):
    return {
        "program": program.name,
        "seconds": seconds,
        "median": statistics.median(seconds),
        "python": sys.version.split()[0],
        "numpy": np.__version__,
        "results": {name: {"dtype": value.dtype.name, "shape": value.shape} for name, value in results.items()},
    }


if __name__ == "__main__":
    main()
