"""Every benchmark program, called from Python, gives what CPython and NumPy give on the same file."""

import importlib.util
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

import numpy as np

import dacec

HERE = pathlib.Path(__file__).resolve().parent
POLYBENCH = HERE.parents[2] / "polybench"


class Programs(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        dacec.install_as_dace()
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        subprocess.run([sys.executable, str(HERE / "reference.py"), cls.folder.name], check=True)

    def check(self, file):
        with np.load(pathlib.Path(self.folder.name) / f"{file.stem}.npz") as saved:
            values = json.loads(str(saved["values"]))
            arrays = {name[3:]: saved[name] for name in saved.files if name.startswith("in_")}
            expected = {name[4:]: saved[name] for name in saved.files if name.startswith("out_")}
        module = load(file)
        call(module.initialize, {**values, **arrays})
        returned = call(getattr(module, file.stem), {**values, **arrays})
        if isinstance(returned, tuple):
            arrays.update({f"__return_{place}": value for place, value in enumerate(returned)})
        elif returned is not None:
            arrays["__return"] = returned
        for name, value in expected.items():
            single = value.dtype in (np.float32, np.complex64)
            rtol, atol = (1e-4, 1e-5) if single else (1e-10, 1e-12)
            np.testing.assert_allclose(arrays[name], value, rtol=rtol, atol=atol, err_msg=f"{file.stem}: {name}")
            self.assertEqual(np.asarray(arrays[name]).dtype, value.dtype, f"{file.stem}: {name}")


def make(file):
    return lambda self: self.check(file)


for path in sorted(POLYBENCH.glob("*.py")):
    setattr(Programs, f"test_{path.stem}", make(path))


def load(file):
    spec = importlib.util.spec_from_file_location(f"polybench_{file.stem}", file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def call(program, values):
    """Calls a program with those of the values that are its parameters or symbols."""
    taken = {*program.argnames, *program.to_sdfg().free_symbols}
    return program(**{name: value for name, value in values.items() if name in taken})


if __name__ == "__main__":
    unittest.main()
