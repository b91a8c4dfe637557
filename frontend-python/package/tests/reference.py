"""Results of all benchmark programs under CPython and NumPy, at small sizes: run by `test_programs.py` in a process of its
own, in which `dace` is the stand-in of `frontend-python/oracle`.

    python reference.py FOLDER        writes FOLDER/<program>.npz: `in_<name>`, `out_<name>`, and `values` as JSON
"""

import json
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "frontend-python" / "oracle"))

import numpy as np  # noqa: E402
import run_reference  # noqa: E402


# Where the numbers of a preset depend on each other.
CHOSEN = {"convergence": {"N": 500, "volume": 180.0}}


def main():
    folder = pathlib.Path(sys.argv[1])
    for file in sorted((ROOT / "polybench").glob("*.py")):
        module = run_reference.load(str(file))
        program = run_reference.find(module, file.stem)
        values = small(module.presets["S"]) | CHOSEN.get(file.stem, {})
        arguments = run_reference.make_arguments(program, values, {})
        saved = {f"in_{name}": array for name, array in arguments.items()}
        initialize = run_reference.find(module, "initialize")
        initialize(**run_reference.relevant(initialize, {**values, **arguments}))
        inputs = run_reference.relevant(program, {**values, **arguments})
        results, _ = run_reference.run(program, inputs, 1)
        saved.update({f"out_{name}": array for name, array in results.items()})
        np.savez(folder / f"{file.stem}.npz", values=json.dumps(values), **saved)


def small(preset):
    """Sizes of about ten, all different and in the same order; other numbers stay."""
    integers = sorted((name for name, value in preset.items() if isinstance(value, int)), key=preset.get)
    sizes = {name: min(preset[name], 9 + place) for place, name in enumerate(integers)}
    return {**preset, **sizes}


if __name__ == "__main__":
    main()
