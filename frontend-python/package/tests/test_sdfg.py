"""Graphs from Python: built, rewritten, saved, compiled, called."""

import importlib
import pathlib
import subprocess
import sys
import tempfile
import types
import unittest

import numpy as np

import dacec as dace

N = dace.symbol("N")


@dace.program
def chain(A: dace.float64[N], B: dace.float64[N]):
    t = A * 2.0
    B[:] = t + 1.0


@dace.program
def product(A: dace.float64[N, N], B: dace.float64[N, N], C: dace.float64[N, N]):
    C[:] = A @ B


def twice():
    """`A = s * A`, by hand."""
    sdfg = dace.SDFG("twice")
    sdfg.add_array("A", [N], dace.float64)
    sdfg.add_scalar("s", dace.float64)
    sdfg.add_state("compute").add_mapped_tasklet(
        "scale",
        {"i": "0:N"},
        {"a": dace.Memlet("A[i]"), "f": dace.Memlet("s[0]")},
        "b = f * a",
        {"b": dace.Memlet("A[i]")},
        external_edges=True,
    )
    return sdfg


def sinks(sdfg):
    """The place of the state with which a graph ends."""
    left = [src for src, _, _ in sdfg.edges()]
    return next(at for at, state in enumerate(sdfg.states()) if state not in left)


class Building(unittest.TestCase):
    def test_a_mapped_tasklet(self):
        sdfg = twice()
        self.assertTrue(sdfg.is_valid())
        self.assertEqual((sdfg.argnames, sdfg.free_symbols, sdfg.number_of_maps()), (["A", "s"], {"N"}, 1))
        A = np.arange(4.0)
        sdfg(A=A, s=3)
        np.testing.assert_array_equal(A, [0, 3, 6, 9])
        sdfg(A, 0.5)
        np.testing.assert_array_equal(A, [0, 1.5, 3, 4.5])

    def test_maps_copies_and_reductions_node_by_node(self):
        sdfg = dace.SDFG("square_sum")
        sdfg.add_array("A", [N, 3], dace.float32)
        sdfg.add_array("total", [1], dace.float32)
        sdfg.add_transient("copy", ["N", 3], dace.float32)
        first = sdfg.add_state("first", is_start_block=True)
        first.add_nedge(first.add_read("A"), first.add_write("copy"), dace.Memlet("A[0:N, 0:3]"))
        second = sdfg.add_state_after(first, "second")
        entry, exit = second.add_map("all", {"i": "0:N", "j": "0:3"})
        tasklet = second.add_tasklet("square", {"a"}, {"b"}, "b = a * a")
        read, write = second.add_read("copy"), second.add_write("total")
        second.add_memlet_path(read, entry, tasklet, dst_conn="a", memlet=dace.Memlet("copy[i, j]"))
        added = dace.Memlet("total[0]", wcr="lambda x, y: x + y")
        second.add_memlet_path(tasklet, exit, write, src_conn="b", memlet=added)
        sdfg.validate()
        A = np.random.default_rng(0).random((7, 3)).astype(np.float32)
        total = np.ones(1, np.float32)
        sdfg(A=A, total=total)
        np.testing.assert_allclose(total[0], 1 + np.sum(A * A), rtol=1e-5)
        self.assertEqual(sdfg.number_of_states(), 2)

    def test_loops(self):
        sdfg = dace.SDFG("doubling")
        sdfg.add_array("A", [1], dace.int64)
        sdfg.add_symbol("steps")
        body = sdfg.add_state("body")
        tasklet = body.add_tasklet("double", {"a"}, {"b"}, "b = a + a")
        body.add_edge(body.add_read("A"), None, tasklet, "a", dace.Memlet("A[0]"))
        body.add_edge(tasklet, "b", body.add_write("A"), None, dace.Memlet("A[0]"))
        sdfg.add_loop(None, body, None, "i", "0", "i < steps", "i + 1")
        A = np.array([3])
        sdfg(A=A, steps=5)
        self.assertEqual(A[0], 96)

    def test_mistakes_are_named(self):
        sdfg = twice()
        with self.assertRaisesRegex(dace.InvalidSDFGError, "container `A` already"):
            sdfg.add_array("A", [N], dace.float64)
        with self.assertRaisesRegex(dace.InvalidSDFGError, "no container `B`"):
            sdfg.states()[0].add_read("B")
        with self.assertRaisesRegex(dace.InvalidSDFGError, "a memlet is a name with a subset"):
            dace.Memlet("A[i")
        before = sdfg.states()[0]
        sdfg.simplify()
        with self.assertRaisesRegex(dace.InvalidSDFGError, "no state of `twice` any more"):
            sdfg.states() and before.add_read("A")
        with self.assertRaisesRegex(dace.InvalidSDFGError, "tasklets are written in Python"):
            sdfg.states()[0].add_tasklet("t", {}, {"b"}, "b = 1;", language=dace.Language.CPP)

    def test_graphs_of_programs_can_be_looked_at_and_extended(self):
        @dace.program
        def count(A: dace.float64[N], steps: dace.int64):
            for i in range(steps):
                A[:] = A * 2.0 + i

        sdfg = count.to_sdfg()
        text = str(sdfg)
        maps = [node for state in sdfg.states() for node in state.nodes() if isinstance(node, dace.nodes.MapEntry)]
        self.assertEqual([list(it.dims.values()) for it in maps], [["0:N"]] * len(maps))
        self.assertIn({"N"}, [{name for name in it.dims["__i0"] if name.isalpha()} for it in maps])
        self.assertEqual(str(sdfg), text, "looking changes nothing")
        sdfg.add_array("B", [N], dace.float64)
        last = sdfg.add_state_after(sdfg.states()[sinks(sdfg)], "copy")
        last.add_nedge(last.add_read("A"), last.add_write("B"), dace.Memlet.from_array("A", sdfg.arrays["A"]))
        self.assertEqual(list(sdfg.arglist()), ["A", "steps", "B", "N"])
        for _ in range(2):
            A, B, expected = np.ones(3), np.zeros(3), np.ones(3)
            count.f(expected, 4)
            sdfg(A=A, steps=4, B=B)
            np.testing.assert_array_equal(A, expected)
            np.testing.assert_array_equal(B, expected)
            sdfg.auto_optimize()

    def test_constants_reductions_and_graphs_in_graphs(self):
        sdfg = dace.SDFG("outer")
        sdfg.add_array("A", [N, 4], dace.float64)
        sdfg.add_array("sums", [N], dace.float64)
        sdfg.add_constant("weights", np.array([1.0, 2.0, 3.0, 4.0]))
        first = sdfg.add_state("first", is_start_state=True)
        first.add_mapped_tasklet(
            "weigh",
            {"i": "0:N", "j": "0:4"},
            {"a": dace.Memlet("A[i, j]"), "w": dace.Memlet("weights[j]")},
            "b = a * w",
            {"b": dace.Memlet("A[i, j]")},
            external_edges=True,
        )
        second = sdfg.add_state_after(first)
        reduction = second.add_reduce("lambda a, b: a + b", [1], 0)
        second.add_nedge(second.add_read("A"), reduction, dace.Memlet("A[0:N, 0:4]"))
        second.add_nedge(reduction, second.add_write("sums"), dace.Memlet("sums[0:N]"))
        third = sdfg.add_state_after(second)
        call = third.add_nested_sdfg(twice(), {"A", "s"}, {"A"}, {"N": N})
        sdfg.add_scalar("s", dace.float64)
        third.add_edge(third.add_read("sums"), None, call, "A", dace.Memlet("sums[0:N]"))
        third.add_edge(third.add_read("s"), None, call, "s", dace.Memlet("s[0]"))
        third.add_edge(call, "A", third.add_write("sums"), None, dace.Memlet("sums[0:N]"))
        A, sums = np.ones((3, 4)), np.zeros(3)
        sdfg(A=A, sums=sums, s=0.5)
        np.testing.assert_array_equal(sums, 5.0)
        second.remove_node(reduction)
        self.assertFalse(any(isinstance(it, dace.nodes.LibraryNode) for it in second.nodes()))

    def test_a_node_names_its_implementation(self):
        sdfg = product.to_sdfg()

        def node():
            all_nodes = (node for state in sdfg.states() for node in state.nodes())
            return next(node for node in all_nodes if isinstance(node, dace.nodes.LibraryNode))

        A = np.arange(9.0).reshape(3, 3)
        for name, calls in [(None, True), ("pure", False), ("gemm", True)]:
            if name is not None:
                node().implementation = name
            self.assertEqual(node().implementation, name)
            C = np.zeros((3, 3))
            sdfg(A=A, B=A, C=C)
            np.testing.assert_array_equal(C, A @ A)
            expanded = dace.SDFG.from_json(sdfg.to_json())
            expanded.expand_library_nodes()
            self.assertEqual("gemm_f64" in str(expanded.to_json()), calls)
        node().implementation = "nothing"
        with self.assertRaisesRegex(dace.DacecError, "no implementation `nothing` is known"):
            sdfg(A=A, B=A, C=C)
        earlier = node()
        sdfg.simplify()
        with self.assertRaises(dace.InvalidSDFGError):
            earlier.implementation = "pure"

    def test_an_invalid_graph_is_refused(self):
        sdfg = twice()
        state = sdfg.add_state_after(sdfg.states()[0])
        state.add_mapped_tasklet("m", {"i": "0:N"}, {}, "b = 1.0", {"b": dace.Memlet("A[i, 0]")}, external_edges=True)
        self.assertFalse(sdfg.is_valid())


class Rewriting(unittest.TestCase):
    def test_transformations_by_name(self):
        sdfg = chain.to_sdfg()
        self.assertEqual(sdfg.number_of_maps(), 2)
        self.assertEqual(sdfg.apply_transformations("MapFusion"), 1)
        self.assertEqual(sdfg.number_of_maps(), 1)
        self.assertEqual(sdfg.apply_transformations("map-fusion"), 0)
        B = np.zeros(3)
        sdfg(A=np.ones(3), B=B)
        np.testing.assert_array_equal(B, 3.0)
        with self.assertRaisesRegex(KeyError, "no pass `Map`"):
            sdfg.apply_transformations("Map")
        self.assertIn("map-fusion", dace.passes())

    def test_transformations_by_class(self):
        dace.install_as_dace()
        from dace.transformation.auto.auto_optimize import auto_optimize
        from dace.transformation.dataflow import MapFusion
        from dace.transformation.interstate import StateFusion
        from dace.transformation.passes.simplify import SimplifyPass

        sdfg = chain.to_sdfg(simplify=False)
        self.assertGreater(StateFusion.apply_to(sdfg), 0)
        SimplifyPass().apply_pass(sdfg, {})
        self.assertEqual(sdfg.apply_transformations(MapFusion), 1)
        self.assertIs(auto_optimize(sdfg, dace.DeviceType.CPU), sdfg)
        with self.assertRaises(ImportError):
            from dace.transformation.dataflow import NoSuchThing  # noqa: F401

    def test_pipelines(self):
        sdfg = chain.to_sdfg(simplify=False)
        self.assertGreater(sdfg.number_of_transients(), 0)
        self.assertTrue(sdfg.simplify())
        sdfg.auto_optimize(dace.DeviceType.CPU)
        self.assertEqual((sdfg.number_of_maps(), sdfg.number_of_transients()), (1, 0))
        self.assertGreater(chain.to_sdfg().apply_transformations_repeated(["MapFusion", "StateFusion"]), 0)

    def test_graphs_of_programs_are_specialized(self):
        @dace.program
        def inferred(A, k):
            return A * k

        sdfg = inferred.to_sdfg(np.ones((2, 3), np.float32), 2)
        self.assertEqual(sdfg.arrays["A"], dace.float32[2, 3])
        self.assertEqual(sdfg.arrays["__return"].dtype, dace.float32)

    def test_a_graph_can_be_called_by_a_program(self):
        inner = twice()

        @dace.program
        def around(A: dace.float64[N]):
            inner(A, 4.0)
            A[:] = A + 1.0

        A = np.ones(3)
        around(A)
        np.testing.assert_array_equal(A, 5.0)


class Files(unittest.TestCase):
    def test_a_file_and_back(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "chain.sdfg"
            chain.to_sdfg().save(path)
            read = dace.SDFG.from_file(path)
        self.assertEqual(str(read), str(chain.to_sdfg()))
        B = np.zeros(3)
        read(A=np.ones(3), B=B)
        np.testing.assert_array_equal(B, 3.0)
        with self.assertRaises(dace.InvalidSDFGError):
            dace.SDFG.from_json(b"{}")

    def test_drawings(self):
        self.assertIn("<svg", chain.to_sdfg()._repr_html_())
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "chain.svg"
            chain.to_sdfg().view(path)
            self.assertTrue(path.read_text().rstrip().endswith("</svg>"))

    def test_a_compiled_program_knows_its_library(self):
        compiled = chain.compile()
        self.assertTrue(pathlib.Path(compiled.path).is_file())
        self.assertIn("chain(A: float64[N], B: float64[N])", compiled.signature)
        self.assertIn("dacec_chain", compiled.header)
        self.assertIn("B[", compiled.code)
        B = np.zeros(2)
        compiled(np.ones(2), B)
        np.testing.assert_array_equal(B, 3.0)
        self.assertTrue(chain.compile().cached)
        with tempfile.TemporaryDirectory() as folder:
            names = {pathlib.Path(path).name for path in compiled.save(folder)}
        self.assertEqual(names, {"libchain.so", "chain.h", "chain.py", "chain.sdfg"})
        with self.assertRaises(dace.ArgumentError):
            compiled(np.ones(2), np.zeros(3))


    def test_a_compiled_program_is_for_its_constants(self):
        @dace.program
        def scale(A: dace.float64[N], k: dace.compiletime, B: dace.float64[N] = None):
            if B is None:
                return A * k
            return A * k + B

        @dace.program
        def member(A: dace.float64[N], q):
            return A * q.k[0]

        A, q = np.ones(2), types.SimpleNamespace(k=[2])
        compiled = scale.compile(A, 2)
        np.testing.assert_array_equal(compiled(A, 2), 2.0)
        for given in (3, 2.0):
            with self.assertRaisesRegex(dace.ArgumentError, f"compiled for `k` = 2, but {given} was passed"):
                compiled(A, given)
        with self.assertRaisesRegex(dace.ArgumentError, "compiled for `B` = None"):
            compiled(A, 2, A)
        compiled = member.compile(A, q)
        np.testing.assert_array_equal(compiled(A, q), 2.0)
        q.k[0] = 3
        with self.assertRaisesRegex(dace.ArgumentError, r"compiled for `q.k` = \[2\], but \[3\] was passed"):
            compiled(A, q)


class Scripts(unittest.TestCase):
    SCRIPT = (
        "import sys\nimport numpy as np\nimport dace\nimport dace.dtypes as types\nfrom dace import symbol\n"
        "N = symbol('N')\n\n@dace.program\ndef double(A: dace.float64[N]):\n    return A * 2\n\n"
        "assert types.float64 is dace.float64\n"
        "if __name__ == '__main__':\n    print(dace.__name__, double(np.ones(2)), sys.argv[1:])\n"
    )

    def test_a_script_for_dace_runs(self):
        with tempfile.TemporaryDirectory() as folder:
            script = pathlib.Path(folder) / "script.py"
            script.write_text(self.SCRIPT)
            command = [sys.executable, "-m", "dacec", str(script), "one", "two"]
            done = subprocess.run(command, capture_output=True, text=True)
        self.assertEqual(done.stdout, "dacec [2. 2.] ['one', 'two']\n", done.stderr)

    def test_a_missing_script_is_named(self):
        done = subprocess.run([sys.executable, "-m", "dacec", "no/such.py"], capture_output=True, text=True)
        self.assertIn("there is no file no/such.py", done.stderr)
        self.assertNotEqual(done.returncode, 0)

    def test_the_module_goes_by_both_names(self):
        dace.install_as_dace()
        dace.install_as_dace()
        alias = importlib.import_module("dace")
        importlib.import_module("dace.data")
        self.assertIs(alias, dace)
        self.assertIs(sys.modules["dace.data"], sys.modules["dacec.data"])
        self.assertEqual(sys.modules["dacec"].__spec__.name, "dacec")
        with self.assertRaises(ModuleNotFoundError):
            importlib.import_module("dace.no_such_module")


class Configuration(unittest.TestCase):
    def test_keys_of_dace(self):
        dace.install_as_dace()
        configuration = importlib.import_module("dace.config")
        self.assertTrue(dace.Config.get_bool("optimizer", "autooptimize"))
        with configuration.set_temporary("optimizer", "autooptimize", value=False):
            self.assertEqual(configuration.Config.get("optimizer", "autooptimize"), False)
        with dace.config(threads=False):
            self.assertFalse(dace.Config.get_bool("compiler", "cpu", "openmp"))
        with self.assertWarnsRegex(UserWarning, "`no.such.key`"):
            dace.Config.set("no", "such", "key", value=3)
        self.assertEqual(dace.Config.get("no", "such", "key"), 3)


class Plain(unittest.TestCase):
    """The same names in Python that is not compiled."""

    def test_the_function_itself_stays(self):
        A, B = np.ones(2), np.zeros(2)
        chain.f(A, B)
        np.testing.assert_array_equal(B, 3.0)

    def test_maps_and_reductions(self):
        self.assertEqual(list(dace.map[0:3]), [0, 1, 2])
        self.assertEqual(list(dace.map[0:2, 1:3]), [(0, 1), (0, 2), (1, 1), (1, 2)])
        A = np.arange(6.0).reshape(2, 3)
        np.testing.assert_array_equal(dace.reduce(lambda a, b: a + b, A, axis=0), A.sum(axis=0))
        self.assertEqual(dace.reduce(max, A, identity=7.0), 7.0)
        np.testing.assert_array_equal(dace.elementwise(lambda x: x + 1, A), A + 1)
        self.assertEqual(dace.define_local([2, 3], dace.float32).dtype, np.float32)
        with self.assertRaisesRegex(TypeError, "only inside of a compiled program"):
            dace.mapscope(chain)

    def test_types_are_numpys(self):
        self.assertEqual(np.zeros(2, dace.float32).dtype, np.float32)
        self.assertEqual((dace.int8(3).dtype, dace.float64.bytes), (np.int8, 8))
        self.assertEqual(repr(dace.float64[N, 2 * N + 1]), "float64[N, 2*N + 1]")
        self.assertEqual(dace.ndarray((N,), dace.int32), dace.int32[N])
        self.assertEqual(dace.float64[N] @ dace.StorageType.CPU_Heap, dace.float64[N])

    def test_symbols_have_no_value(self):
        self.assertEqual(repr((N + 1) * 2 - N // 3 % 4), "(N + 1)*2 - N//3%4")
        self.assertEqual(repr(2 ** (N - (1 - N))), "2**(N - (1 - N))")
        for use in (int, float, bool, range):
            with self.assertRaisesRegex(TypeError, "known only inside of a compiled program"):
                use(N)
        with self.assertRaises(TypeError):
            dace.symbol("x", dace.float64)


if __name__ == "__main__":
    unittest.main()
