"""What the documentation shows, works: the quick-start notebook, and examples in docstrings."""

import contextlib
import doctest
import importlib
import io
import json
import linecache
import pathlib
import pkgutil
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
        self.assertIn("chain(x: float64[N], y: float64[N])", output)
        self.assertEqual(scope["sdfg"].number_of_maps(), 1)


def run_cell(text, name, scope):
    """As Jupyter does: the text of a cell is where the source of its functions is looked for."""
    linecache.cache[name] = (len(text), None, text.splitlines(keepends=True), name)
    exec(compile(text, name, "exec"), scope)


class Docstrings(unittest.TestCase):
    def test_examples(self):
        failed = attempted = 0
        for found in pkgutil.iter_modules(dacec.__path__, "dacec."):
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


if __name__ == "__main__":
    unittest.main()
