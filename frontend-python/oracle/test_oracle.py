"""Tests of the stand-in module and of the reference runner. Run by `python -m unittest`."""

import gc
import json
import pathlib
import subprocess
import sys
import tempfile
import textwrap
import threading
import unittest
import weakref

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import numpy as np  # noqa: E402

import dace  # noqa: E402
import dace as dc  # noqa: E402

N = dace.symbol("N")
M = dace.symbol("M", dace.int64)
K, T = (dc.symbol(s, dtype=dc.int64) for s in ("K", "T"))
NEXT = N + 1
SCALE = 2.0


@dace.program
def extents(A: dace.float64[N]):
    return N


@dace.program
def needs_t(A: dace.float64[N]):
    return N * T


def undecorated(A):
    """A helper sees the symbols of the program that runs it, as numbers."""
    return [A / N, N / 2, N - 1, int(N), np.zeros(N), N == 3, [10, 20, 30, 40][N]]


class Symbols(unittest.TestCase):
    def test_are_integers_inside(self):
        @dace.program
        def inside(A: dace.float64[N, N + 1]):
            return type(N), type(NEXT), NEXT, list(range(N)), np.zeros((N, NEXT)).shape, A / N

        result = inside(np.full((3, 4), 6.0))
        self.assertEqual(result[:5], (int, int, 4, [0, 1, 2], (3, 4)))
        np.testing.assert_array_equal(result[5], np.full((3, 4), 2.0))

    def test_are_symbols_again_outside_also_after_an_error(self):
        @dace.program
        def fails(A: dace.float64[N]):
            return A[N]

        with self.assertRaises(IndexError):
            fails(np.zeros(3))
        self.assertIsInstance(N, dace.symbol)
        with self.assertRaises(dace.UnboundSymbol):
            int(N)

    def test_come_from_affine_extents(self):
        @dace.program
        def affine(A: dace.float64[2 * M + 1], B: dace.float64[M + K, K - 2]):
            return M, K

        self.assertEqual(affine(np.zeros(7), np.zeros((8, 3))), (3, 5))

    def test_come_from_extents_that_others_make_affine(self):
        @dace.program
        def product(A: dace.float64[M * K], B: dace.float64[K]):
            return M, K

        self.assertEqual(product(np.zeros(12), np.zeros(4)), (3, 4))

    def test_come_from_keywords_and_integer_parameters(self):
        @dace.program
        def power(A: dace.float64[M**K]):
            return M, K

        @dace.program
        def named(M: dace.int32, A: dace.float64[M * 2]):
            return M

        self.assertEqual(power(np.zeros(8), M=2, K=3), (2, 3))
        self.assertEqual(named(4, np.zeros(8)), 4)

    def test_without_a_value_are_named(self):
        @dace.program
        def power(A: dace.float64[M**K]):
            return 0

        with self.assertRaisesRegex(NameError, "`[MK]` has no value"):
            power(np.zeros(8))
        with self.assertRaisesRegex(TypeError, "unexpected keyword argument 'Q'"):
            power(np.zeros(8), M=2, K=3, Q=1)

    def test_wrong_extents_are_refused(self):
        @dace.program
        def square(A: dace.float64[N, N], B: dace.float64[2 * M]):
            return 0

        with self.assertRaisesRegex(TypeError, r"`A` of `square` has 4 elements along axis 1.*N = 3"):
            square(np.zeros((3, 4)), np.zeros(2))
        with self.assertRaisesRegex(TypeError, r"no integer `M` makes \(2 \* M\) that"):
            square(np.zeros((3, 3)), np.zeros(5))

    def test_of_a_callee_are_its_own(self):
        @dace.program
        def caller(A: dace.float64[N]):
            return extents(A[1:]), extents(A[2:]), N

        self.assertEqual(caller(np.zeros(9)), (8, 7, 9))

    def test_not_inferable_are_inherited_or_passed(self):
        @dace.program
        def caller(A: dace.float64[N], B: dace.float64[T]):
            return needs_t(A), needs_t(A, T=100)

        self.assertEqual(caller(np.zeros(3), np.zeros(5)), (15, 300))
        with self.assertRaisesRegex(NameError, "`T` has no value"):
            needs_t(np.zeros(3))

    def test_serve_helpers_and_closures(self):
        R = dace.symbol("R")

        @dace.program
        def closure(A: dace.float64[R]):
            return R, R + 1

        @dace.program
        def calls_helper(A: dace.float64[N]):
            return undecorated(A)

        self.assertEqual(closure(np.zeros(5)), (5, 6))
        quotient, half, less, number, zeros, equal, element = calls_helper(np.full(3, 6.0))
        np.testing.assert_array_equal(quotient, np.full(3, 2.0))
        self.assertEqual((half, less, number, zeros.shape, equal, element), (1.5, 2, 3, (3,), True, 40))

    def test_shadowed_names_are_local(self):
        @dace.program
        def shadow(A: dace.float64[N]):
            M = N * 10
            return M

        self.assertEqual(shadow(np.zeros(3)), 30)

    def test_of_concurrent_calls_do_not_meet(self):
        barrier = threading.Barrier(2)
        seen = {}

        @dace.program
        def waits(A: dace.float64[N]):
            barrier.wait()
            seen[len(A)] = N

        threads = [threading.Thread(target=waits, args=(np.zeros(size),)) for size in (3, 5)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(seen, {3: 3, 5: 5})


class Arguments(unittest.TestCase):
    def test_scalars_get_their_declared_type(self):
        @dace.program
        def types(a: dace.float32, b: np.int16, c: float, d: dace.bool, e=7):
            return a, b, c, d, e

        result = types(1, b=2.0, c=3, d=1)
        self.assertEqual([type(value) for value in result], [np.float32, np.int16, int, np.bool_, int])

    def test_type_and_rank_must_fit(self):
        @dace.program
        def takes(A: dace.float64[N]):
            A += 1.0

        with self.assertRaisesRegex(TypeError, r"declared as dace.float64\[N\], but holds float32"):
            takes(np.zeros(3, np.float32))
        with self.assertRaisesRegex(TypeError, r"has shape \(3, 2\)"):
            takes(np.zeros((3, 2)))
        with self.assertRaisesRegex(TypeError, "must be an array"):
            takes([1.0])
        column = np.zeros((3, 1))
        takes(column)
        np.testing.assert_array_equal(column, np.ones((3, 1)))

    def test_annotations_may_be_text_optional_or_placed(self):
        @dace.program
        def takes(A: "dace.float64[N + 1]", B: dace.int32[N] @ dace.StorageType.CPU_Heap = None):
            return N, B is None

        @dace.program
        def other_size(A: dace.float64[N]):
            return takes(A[1:])

        self.assertEqual(other_size(np.zeros(5)), (3, True))
        self.assertEqual(takes(np.zeros(4), np.zeros(3, np.int32)), (3, False))

    def test_are_not_kept(self):
        values = {"A": np.zeros(3)}
        gc.disable()
        try:
            extents.objects(values)
            array = weakref.ref(values.pop("A"))
            self.assertIsNone(array())
        finally:
            gc.enable()

    def test_every_form_of_the_decorator(self):
        @dace
        def bare(a: dace.int64):
            return a + 1

        @dace.program(auto_optimize=True)
        def options(a: dace.int64):
            return a + 2

        class Model:
            step = 3

            @dace.method
            def advance(self, a: dace.int64):
                return a + self.step

        self.assertEqual((bare(1), options(1), Model().advance(1)), (2, 3, 4))
        self.assertEqual((bare.name, dace.function), ("bare", dace.program))


class Inside(unittest.TestCase):
    def test_map_yields_indices_in_order(self):
        self.assertEqual(list(dace.map[0:3]), [0, 1, 2])
        self.assertEqual(list(dace.map[0:2, 1:6:2]), [(0, 1), (0, 3), (0, 5), (1, 1), (1, 3), (1, 5)])
        self.assertEqual(list(dace.map[3:3]), [])
        self.assertEqual(list(dace.map[2:4] @ dace.ScheduleType.Sequential), [2, 3])
        with self.assertRaises(TypeError):
            dace.map[0:]

    def test_dtypes_convert_and_serve_numpy(self):
        self.assertIs(type(dace.float32(1)), np.float32)
        self.assertEqual(np.zeros(2, dtype=dace.int16).dtype, np.int16)
        self.assertEqual(np.ones(2).astype(dace.complex64).dtype, np.complex64)
        self.assertEqual(dace.define_local([2, 3], dace.uint8).shape, (2, 3))
        self.assertEqual(dace.define_local_scalar(dace.float64), 0.0)

    def test_reduce(self):
        A = np.arange(24.0).reshape(2, 3, 4)
        np.testing.assert_array_equal(dace.reduce(lambda a, b: a + b, A, axis=(0, 2)), A.sum(axis=(0, 2)))
        np.testing.assert_array_equal(dace.reduce(max, A, axis=-1), A.max(axis=-1))
        target = np.full((2, 3), 100.0)
        dace.reduce(lambda a, b: a + b, A, target, axis=2)
        np.testing.assert_array_equal(target, A.sum(axis=2) + 100.0)
        dace.reduce(lambda a, b: a * b, A, target, axis=2, identity=1)
        np.testing.assert_array_equal(target, A.prod(axis=2))
        self.assertEqual(dace.reduce(lambda a, b: a + b, np.zeros((2, 0)), axis=1, identity=0).tolist(), [0.0, 0.0])

    def test_elementwise(self):
        np.testing.assert_array_equal(dace.elementwise(lambda x: x * x, np.arange(3.0)), [0.0, 1.0, 4.0])

    def test_what_is_missing_says_so(self):
        with self.assertRaisesRegex(AttributeError, "dace.comm"):
            dace.comm

    def test_consume(self):
        queue = dace.define_stream(dace.int64)
        queue.push(3)
        taken = []
        for element, processor in dace.consume(queue, num_pes=2):
            taken.append((element, processor))
            if element > 1:
                queue.push(element - 1)
        self.assertEqual(taken, [(3, 0), (2, 1), (1, 0)])

    def test_module_has_two_names(self):
        import dacec

        self.assertIs(dacec, dace)


class Reference(unittest.TestCase):
    FILE = """
        import numpy as np
        import dacec as dc

        N = dc.symbol("N", dtype=dc.int64)

        @dc.program
        def initialize(A: dc.float64[N, N + 1]):
            for i in range(N):
                A[i, :] = i

        @dc.program
        def kernel(A: dc.float64[N, N + 1], alpha: dc.float64):
            A *= alpha
            return np.sum(A), A[0, :] + 1
    """

    def run_reference(self, *options, file=FILE):
        """The process: its JSON line and its results; or its standard error, if it fails."""
        path = self.folder / "program.py"
        path.write_text(textwrap.dedent(file))
        output = self.folder / "out.npz"
        runner = pathlib.Path(__file__).with_name("run_reference.py")
        command = [sys.executable, str(runner), str(path), "--output", str(output), *options]
        done = subprocess.run(command, capture_output=True, text=True, input=self.requests)
        if done.returncode != 0:
            return done.stderr
        with np.load(output) as archive:
            return json.loads(done.stdout.splitlines()[-1]), dict(archive)

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.requests = ""

    def test_takes_turns(self):
        self.requests = "0 9\n60 2\n"
        options = ["--program", "kernel", "--initialize", "initialize", "--values", '{"N": 3, "alpha": 2}', "--turns"]
        seconds, results = self.run_reference(*options)
        self.assertEqual(len(seconds), 2)
        self.assertEqual(results["__return_0"], 24)

    def test_initializes_runs_and_saves(self):
        values = json.dumps({"N": 3, "alpha": 2, "unrelated": 1})
        options = ["--program", "kernel", "--initialize", "initialize", "--values", values, "--repeat", "3"]
        report, results = self.run_reference(*options)
        np.testing.assert_array_equal(results["A"], [[0.0] * 4, [2.0] * 4, [4.0] * 4])
        self.assertEqual(results["__return_0"], 24.0)
        np.testing.assert_array_equal(results["__return_1"], np.ones(4))
        self.assertEqual(report["results"]["A"], {"dtype": "float64", "shape": [3, 4]})
        self.assertEqual(len(report["seconds"]), 3)
        self.assertIn(report["median"], report["seconds"])

        _, results = self.run_reference(*options, "--save", "")
        self.assertEqual(sorted(results), ["__return_0", "__return_1"])

    def test_takes_arrays(self):
        np.savez(self.folder / "in.npz", A=np.full((1, 2), 5.0))
        arrays = str(self.folder / "in.npz")
        _, results = self.run_reference("--program", "kernel", "--values", '{"alpha": 0.5}', "--arrays", arrays)
        np.testing.assert_array_equal(results["A"], [[2.5, 2.5]])

    def test_fails_aloud(self):
        self.assertIn("it has: initialize, kernel", self.run_reference("--program", "kernal"))
        self.assertIn("`N` has no value", self.run_reference("--program", "kernel", "--values", '{"alpha": 1}'))
        self.assertIn("SyntaxError", self.run_reference("--program", "kernel", file="def"))
        self.assertIn("at least 1", self.run_reference("--program", "kernel", "--repeat", "0"))


if __name__ == "__main__":
    unittest.main()
