"""What the documentation shows, works: the quick-start notebook, and examples in docstrings."""

import contextlib
import doctest
import importlib
import importlib.util
import io
import json
import linecache
import os
import pathlib
import pkgutil
import re
import subprocess
import sys
import tempfile
import unittest

import dacec

NOTEBOOK = pathlib.Path(__file__).resolve().parents[3] / "docs" / "quickstart.ipynb"


class Notebook(unittest.TestCase):
    def test_every_cell_runs(self):
        cells = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
        scope = {"__name__": "__main__"}
        printed = io.StringIO()
        for number, cell in enumerate(cells):
            if cell["cell_type"] != "code":
                continue
            self.assertEqual(cell["outputs"], [], "outputs are not kept in the repository")
            with contextlib.redirect_stdout(printed):
                run_cell("".join(cell["source"]), f"<cell {number}>", scope)
        output = printed.getvalue()
        self.assertIn("undefined name `undefined_function`", output)
        self.assertIn("`A` has no element [3]", output)
        self.assertIn("`largest` is not compiled", output)
        self.assertIn("chain(x: float64[N], y: float64[N])", output)
        self.assertEqual(scope["sdfg"].number_of_maps(), 1)


class Pages(unittest.TestCase):
    def test_every_example_of_the_language_runs(self):
        page = (NOTEBOOK.parent / "language.md").read_text(encoding="utf-8")
        blocks = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
        self.assertGreater(len(blocks), 8)
        scope = {"__name__": "__main__"}
        for number, block in enumerate(blocks):
            run_cell(block, f"<block {number}>", scope)


def run_cell(text, name, scope):
    """As Jupyter does: the text of a cell is where the source of its functions is looked for."""
    linecache.cache[name] = (len(text), None, text.splitlines(keepends=True), name)
    exec(compile(text, name, "exec"), scope)


class Docstrings(unittest.TestCase):
    def test_examples(self):
        failed = attempted = 0
        for found in pkgutil.walk_packages(dacec.__path__, "dacec."):
            if found.name.endswith(("_native", "__main__")):
                continue
            module = importlib.import_module(found.name)
            result = doctest.testmod(module, extraglobs={"Memlet": dacec.Memlet, "SDFG": dacec.SDFG})
            failed, attempted = failed + result.failed, attempted + result.attempted
        self.assertEqual(failed, 0)
        self.assertGreater(attempted, 5)

    def test_everything_public_is_described(self):
        for name in dacec.__all__:
            value = getattr(dacec, name)
            if isinstance(value, type) or callable(value) and hasattr(value, "__name__"):
                self.assertTrue(value.__doc__, f"dacec.{name} has no docstring")


TYPED = """
import numpy as np
import dacec as dace

N = dace.symbol("N")

@dace.program
def axpy(a, x, y):
    y[:] = a * x + y

class Model:
    @dace.program(auto_optimize=True, device=dace.DeviceType.CPU)
    def step(self, x):
        return x

axpy(2.0, np.ones(3), np.ones(3))
sdfg: dace.SDFG = axpy.to_sdfg(1.0, np.ones(3), np.ones(3))
count: int = sdfg.apply("MapFusion") + sdfg.apply_transformations(["StateFusion"])
path: str = axpy.compile().path
state: dace.SDFGState = sdfg.add_state("s")
node: dace.nodes.AccessNode = state.add_read("A")
with dace.config(threads=False):
    matrix: dace.Array = dace.float64[N, 2 * N + 1]
wrong: str = sdfg.simplify()
"""


@unittest.skipUnless(importlib.util.find_spec("mypy"), "mypy is not installed")
class Types(unittest.TestCase):
    def test_the_package_and_its_users_can_be_checked(self):
        with tempfile.TemporaryDirectory() as folder:
            user = pathlib.Path(folder) / "user.py"
            user.write_text(TYPED)
            command = [sys.executable, "-m", "mypy", "--cache-dir", folder, "--python-version", "3.11"]
            place = pathlib.Path(dacec.__file__).parents[1]
            # An installed package is found by itself, and mypy wants it so.
            path = {} if place.name == "site-packages" else {"MYPYPATH": str(place)}
            environment = {**os.environ, **path}
            files = [str(user), "-p", "dacec"]
            for one in (files[:1], files[1:]):
                done = subprocess.run([*command, *one], capture_output=True, text=True, env=environment)
                errors = [line for line in done.stdout.splitlines() if ": error:" in line]
                if one == files[:1]:
                    self.assertEqual(len(errors), 1, done.stdout + done.stderr)
                    self.assertIn(f"user.py:{len(TYPED.splitlines())}", errors[0])
                else:
                    self.assertEqual((done.returncode, errors), (0, []), done.stdout + done.stderr)


if __name__ == "__main__":
    unittest.main()
