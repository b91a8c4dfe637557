"""Functions of Python that a graph from a file calls, and that its caller gives."""

import ctypes
import pathlib
import tempfile
import unittest

import numpy as np

import dacec as dace


def memlet(data, ranges):
    parts = [{"start": start, "end": end, "step": "1", "tile": "1"} for start, end in ranges]
    subset = {"type": "Range", "ranges": parts}
    return {"data": {"type": "Memlet", "attributes": {"data": data, "subset": subset}}}


def edge(source, target, data, ranges=(("0", "0"),), connectors=(None, None)):
    return {
        "type": "MultiConnectorEdge", "attributes": memlet(data, ranges), "src": str(source), "dst": str(target),
        "src_connector": connectors[0], "dst_connector": connectors[1],
    }  # fmt: skip


def array(shape, **more):
    return {"type": "Array", "attributes": {"dtype": "float64", "shape": shape, **more}}


def access(data):
    return {"type": "AccessNode", "attributes": {"data": data}}


def tasklet(label, code, inputs, outputs):
    connectors = {"in_connectors": dict.fromkeys(inputs), "out_connectors": dict.fromkeys(outputs)}
    attributes = {"label": label, "code": {"string_data": code, "language": "Python"}, **connectors}
    return {"type": "Tasklet", "attributes": {**attributes, "side_effects": True}}


def state(label, nodes, edges):
    return {"type": "SDFGState", "label": label, "attributes": {}, "nodes": nodes, "edges": edges}


def file():
    """`t[0] = summed(A)`, `changed(A)`, `B[0] = halved(t)`: as DaCe's front end writes it."""
    whole = (("0", "N - 1"),)
    first = state(
        "first",
        [
            tasklet("callback", "summed(__out_A, __out_t)", ["__in_A", "__istate"], ["__ostate", "__out_A", "__out_t"]),
            access("A"), access("A"), access("t"), access("__pystate"), access("__pystate"),
            tasklet("callback", "changed(__out_A)", ["__in_A", "__istate"], ["__ostate", "__out_A"]),
            access("A"), access("__pystate"),
            tasklet("callback", "b = halved(a)", ["a", "__istate"], ["__ostate", "b"]),
            access("B"), access("__pystate"),
        ],
        [
            edge(1, 0, "A", whole, (None, "__in_A")), edge(0, 2, "A", whole, ("__out_A", None)),
            edge(0, 3, "t", connectors=("__out_t", None)), edge(4, 0, "__pystate", connectors=(None, "__istate")),
            edge(0, 5, "__pystate", connectors=("__ostate", None)),
            edge(2, 6, "A", whole, (None, "__in_A")), edge(6, 7, "A", whole, ("__out_A", None)),
            edge(5, 6, "__pystate", connectors=(None, "__istate")),
            edge(6, 8, "__pystate", connectors=("__ostate", None)),
            edge(3, 9, "t", connectors=(None, "a")), edge(9, 10, "B", connectors=("b", None)),
            edge(8, 9, "__pystate", connectors=(None, "__istate")),
            edge(9, 11, "__pystate", connectors=("__ostate", None)),
        ],
    )  # fmt: skip
    functions = {
        "summed": {"type": "callback", "arguments": [array(["N"])], "returntypes": [array(["1"])]},
        "changed": {"type": "callback", "arguments": [array(["N"])], "returntypes": []},
        "halved": {"type": "callback", "arguments": ["float64"], "returntypes": ["float64"]},
    }
    containers = {
        "A": array(["N"]), "B": array(["1"]), "t": array(["1"], transient=True),
        "__pystate": {"type": "Scalar", "attributes": {"dtype": "int32", "shape": ["1"], "transient": True}},
    }  # fmt: skip
    attributes = {"name": "calling", "arg_names": ["A", "B"], "_arrays": containers}
    attributes["symbols"] = {"N": "int64", **functions}
    graph = {"type": "SDFG", "dace_version": "1.0.2", "attributes": attributes, "nodes": [first], "edges": []}
    import json

    return json.dumps(graph)


def double(a):
    a *= 2


class GivenFunctions(unittest.TestCase):
    def run_with(self, sdfg):
        A, B = np.arange(4.0), np.zeros(1)
        sdfg(A=A, B=B, summed=np.sum, changed=double, halved=lambda x: x / 2)
        np.testing.assert_array_equal(A, [0, 2, 4, 6])
        self.assertEqual(B[0], 3)

    def test_they_are_arguments(self):
        sdfg = dace.SDFG.from_json(file(), trust_code=True)
        self.assertEqual((sdfg.argnames, sdfg.functions), (["A", "B"], ["summed", "changed", "halved"]))
        self.run_with(sdfg)
        # Another function is another call.
        B = np.zeros(1)
        sdfg(np.ones(3), B, lambda a: a.sum() + 1, double, lambda x: -x)
        self.assertEqual(B[0], -4)
        with self.assertRaises(TypeError):
            sdfg(A=np.ones(3), B=B, summed=3, changed=double, halved=abs)
        with self.assertRaises(ZeroDivisionError):
            sdfg(np.ones(3), B, np.sum, double, lambda x: x / 0)

    def test_optimized_interpreted_and_saved_again(self):
        sdfg = dace.SDFG.from_json(file(), trust_code=True)
        sdfg.simplify()
        sdfg.auto_optimize()
        self.run_with(sdfg)
        with dace.config(bounds_checks=True):
            self.run_with(dace.SDFG.from_json(file(), trust_code=True))
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "again.sdfg"
            dace.SDFG.from_json(file(), trust_code=True).save(path)
            self.assertNotIn("__python", path.read_text())
            self.run_with(dace.SDFG.from_file(path, trust_code=True))

    def test_the_file_must_be_trusted(self):
        with self.assertRaisesRegex(dace.InvalidSDFGError, "accepted only from a file that is trusted"):
            dace.SDFG.from_json(file())

    def test_a_compiled_graph_takes_them_too(self):
        compiled = dace.SDFG.from_json(file(), trust_code=True).compile()
        self.run_with(compiled)


def calling(effects=True, host=None):
    """`B = smooth(A, k)` and `total = sum(B)`, by functions that the caller gives."""
    sdfg = dace.SDFG("calling")
    sdfg.add_array("A", ["N"], dace.float64)
    sdfg.add_array("B", ["N"], dace.float64)
    sdfg.add_array("total", [1], dace.float64)
    sdfg.add_scalar("k", dace.int64)
    if host is not None:
        sdfg.add_array(host, [2], dace.int64)
    state = sdfg.add_state("main")
    smooth = state.add_callback("smooth", "a: float64[n], k: int64 -> b: float64[n]", effects, host)
    middle = state.add_access("B")
    state.add_edge(state.add_read("A"), None, smooth, "a", dace.Memlet("A[0:N]"))
    state.add_edge(state.add_read("k"), None, smooth, "k", dace.Memlet("k[0]"))
    state.add_edge(smooth, "b", middle, None, dace.Memlet("B[0:N]"))
    if host is None:
        total = state.add_callback("summed", "b: float64[n] -> total: float64", effects)
        state.add_edge(middle, None, total, "b", dace.Memlet("B[0:N]"))
        state.add_edge(total, "total", state.add_write("total"), None, dace.Memlet("total[0]"))
    return sdfg


class Nodes(unittest.TestCase):
    """Functions that nodes of a graph call."""

    def run_with(self, sdfg):
        called = []

        def smooth(a, k):
            called.append("smooth")
            return a * k + 1

        def summed(b):
            called.append("summed")
            return b.sum()

        A, B, total = np.arange(4.0), np.zeros(4), np.zeros(1)
        sdfg(A=A, B=B, total=total, k=3, smooth=smooth, summed=summed)
        np.testing.assert_array_equal(B, 3 * A + 1)
        self.assertEqual(total[0], B.sum())
        self.assertEqual(called, ["smooth", "summed"])

    def test_they_are_called_however_the_graph_runs(self):
        for effects in (True, False):
            sdfg = calling(effects)
            self.assertEqual((sdfg.argnames, sdfg.functions), (["A", "B", "total", "k"], ["smooth", "summed"]))
            self.run_with(sdfg)
            with dace.config(bounds_checks=True):
                self.run_with(calling(effects))
            again = dace.SDFG.from_json(sdfg.to_json(), trust_code=True)
            again.simplify()
            again.auto_optimize()
            self.run_with(again)
            self.run_with(calling(effects).compile())

    def test_effects_are_kept_and_other_calls_are_not(self):
        for effects, expected in ((True, 1), (False, 0)):
            sdfg = dace.SDFG("unused")
            sdfg.add_array("A", [3], dace.float64)
            sdfg.add_transient("B", [3], dace.float64)
            state = sdfg.add_state("main")
            node = state.add_callback("note", "a: float64[3] -> b: float64[3]", effects)
            state.add_edge(state.add_read("A"), None, node, "a", dace.Memlet("A[0:3]"))
            state.add_edge(node, "b", state.add_write("B"), None, dace.Memlet("B[0:3]"))
            sdfg.simplify()
            called = []
            give = {"note": lambda a: called.append(a) or a} if effects else {}
            sdfg(np.ones(3), **give)
            self.assertEqual(len(called), expected)

    def test_exceptions_and_wrong_results_end_the_program(self):
        sdfg = calling()
        given = {"A": np.ones(3), "B": np.zeros(3), "total": np.zeros(1), "k": 1}
        with self.assertRaises(ZeroDivisionError):
            sdfg(**given, smooth=lambda a, k: 1 // 0, summed=np.sum)
        with self.assertRaisesRegex(ValueError, r"gives an array of shape \[4\], the program expects \[3\]"):
            sdfg(**given, smooth=lambda a, k: np.ones(4), summed=np.sum)

    def test_a_function_of_c_is_called_by_its_address(self):
        pointer, sizes = ctypes.POINTER(ctypes.c_double), [ctypes.c_int64] * 2
        types = [ctypes.c_int64, pointer, *sizes, ctypes.c_int64, pointer, *sizes]

        @ctypes.CFUNCTYPE(ctypes.c_int32, *types)
        def smooth(context, a, n, stride, k, b, rows, distance):
            for at in range(n):
                b[at * distance] = k * a[at * stride] + context
            return 0

        A, B = np.arange(4.0), np.zeros(4)
        host = np.array([ctypes.cast(smooth, ctypes.c_void_p).value, 7])
        calling(host="host")(A=A, B=B, total=np.zeros(1), k=3, host=host)
        np.testing.assert_array_equal(B, 3 * A + 7)

    def test_signatures_are_checked(self):
        sdfg = dace.SDFG("wrong")
        sdfg.add_array("A", [3], dace.float64)
        state = sdfg.add_state("main")
        node = state.add_callback("note", "a: float32[3] ->")
        state.add_edge(state.add_read("A"), None, node, "a", dace.Memlet("A[0:3]"))
        with self.assertRaisesRegex(dace.CompilationError, "`a` has elements of float64 where float32"):
            sdfg(np.ones(3), note=print)


if __name__ == "__main__":
    unittest.main()
