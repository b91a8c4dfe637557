"""Python functions that compiled programs call, because they cannot be compiled."""

import cmath
import threading
import time
import traceback
import unittest
import warnings

import numpy as np
import scipy.special
from numpy.lib.stride_tricks import sliding_window_view
from scipy import linalg, signal
from scipy.special import erf, jv

import dacec as dace

N = dace.symbol("N")
seen = []


def remember(a):
    try:
        seen.append(np.array(a))
    finally:
        a[0] = 100


def root(x, k) -> float:
    try:
        return (x / k) ** 0.5
    except ZeroDivisionError:
        return -1.0


def doubled(a) -> dace.float64[N]:
    import copy

    return copy.copy(a) * 2


def fails(a):
    try:
        raise KeyError(f"{a[0]}")
    finally:
        a[:] = 7


def first_then_change(a) -> float:
    try:
        return 2.0
    finally:
        a[0] = 50


def badly(a) -> float:
    import json

    return json.dumps(a.tolist())


def lambda_free(a) -> float:
    return float(sorted(a)[0])


def other_free(a) -> float:
    return float(a[0] + 6)


class Counter:
    def __init__(self):
        self.calls = 0

    def count(self, a, *, step=1) -> int:
        self.calls += step
        return self.calls


counter = Counter()


class Calls(unittest.TestCase):
    def setUp(self):
        seen.clear()
        quiet = warnings.catch_warnings()
        quiet.__enter__()
        self.addCleanup(quiet.__exit__, None, None, None)
        warnings.simplefilter("ignore", dace.PerformanceWarning)

    def test_what_is_passed_is_seen_and_may_be_changed(self):
        @dace.program
        def f(a: dace.float64[N]):
            a += 1
            remember(a)
            a += 1

        a = np.zeros(3)
        for _ in range(2):
            f(a)
        np.testing.assert_array_equal(seen, [[1, 1, 1], [102, 3, 3]])
        np.testing.assert_array_equal(a, [101, 4, 4])
        self.assertEqual(len(f._variants()), 1, "what the function changes is no reason to compile again")

    def test_numbers_and_keywords(self):
        @dace.program
        def f(a: dace.float64[N], n: dace.int64):
            for i in range(n):
                if i % 2 == 0:
                    a[i] = counter.count(a, step=2)
                else:
                    a[i] = root(a[i - 1], 2)

        a = np.zeros(5)
        f(a, 5)
        np.testing.assert_array_equal(a, [2, 1, 4, np.sqrt(2), 6])
        self.assertEqual(counter.calls, 6)

    def test_results_with_types(self):
        def three(a):
            with open("/dev/null"):
                return np.arange(3, dtype=np.float32)

        @dace.program
        def f(a: dace.float64[N], b: dace.float64[N]):
            x = doubled(a + 1)
            y: dace.float64[3] = three(a)
            b[:] = np.unwrap(a)
            return x + 1, y

        a, b = np.arange(4.0), np.zeros(4)
        x, y = f(a, b)
        np.testing.assert_array_equal(x, 2 * (a + 1) + 1)
        np.testing.assert_array_equal(y, [0, 1, 2])
        np.testing.assert_array_equal(b, np.unwrap(a))

    def test_arrays_of_the_caller_are_themselves(self):
        kept = []

        def keep(*arrays):
            kept.extend(arrays)

        @dace.program
        def f(a: dace.float64[N], s: dace.float64[N]):
            keep(a, s)
            keep(a[1 : N - 1], a * 2)

        a, s = np.arange(5.0), np.arange(10.0)[::2]
        f(a, s)
        self.assertIs(kept[0], a)
        np.testing.assert_array_equal(kept[1], s)
        self.assertTrue(np.shares_memory(kept[2], a))
        np.testing.assert_array_equal(kept[3], a * 2)

    def test_an_array_with_gaps_is_changed_too(self):
        @dace.program
        def f(a: dace.float64[N]):
            remember(a)

        base = np.zeros(6)
        f(base[::2])
        np.testing.assert_array_equal(base, [100, 0, 0, 0, 0, 0])

    def test_texts_tuples_none_and_objects(self):
        got = []

        def take(*items):
            got.append(items)

        @dace.program
        def f(n: dace.int64, x: dace.float32):
            take("text", None, (n, x), n + 1, 2.5, counter)

        f(3, 1.5)
        self.assertEqual(got, [("text", None, (3, np.float32(1.5)), 4, 2.5, counter)])
        self.assertEqual([type(it) for it in got[0][2:5]], [tuple, type(got[0][3]), float])

    def test_operands_are_found_before_the_call(self):
        @dace.program
        def f(a: dace.float64[N]):
            x = a[1] + first_then_change(a) + a[0]
            y = a[0] < first_then_change(a)
            a[1] += first_then_change(a)
            return x, y

        expected, a = np.ones(2), np.ones(2)
        self.assertEqual(f(a), f.f(expected))
        np.testing.assert_array_equal(a, expected)

    def test_an_exception_ends_the_program(self):
        @dace.program
        def f(a: dace.float64[N]):
            a += 1
            fails(a)
            a += 1

        a = np.zeros(3)
        with self.assertRaisesRegex(KeyError, "1.0"):
            f(a)
        try:
            f(a)
        except KeyError as error:
            frames = [frame.name for frame in traceback.extract_tb(error.__traceback__)]
        self.assertEqual(frames[-1], "fails")
        f_again = f.compile()
        with self.assertRaises(KeyError):
            f_again(a)

    def test_a_result_of_another_type_is_refused(self):
        @dace.program
        def f(a: dace.float64[N]):
            a[:] = badly(a)

        with self.assertRaisesRegex(TypeError, "`badly` gives no float64"):
            f(np.zeros(2))

    def test_programs_that_call_back_can_be_called(self):
        @dace.program
        def inner(a: dace.float64[N]):
            a += 1
            remember(a)

        @dace.program
        def outer(a: dace.float64[N]):
            inner(a)
            inner(a)

        a = np.zeros(3)
        outer(a)
        np.testing.assert_array_equal(seen, [[1, 1, 1], [101, 2, 2]])
        np.testing.assert_array_equal(a, [100, 2, 2])

    def test_graphs_keep_their_functions(self):
        @dace.program
        def f(a: dace.float64[N]):
            a[:] = doubled(a)

        a = np.ones(3)
        sdfg = f.to_sdfg()
        self.assertEqual(sdfg.argnames, ["a"])
        sdfg(a=a)
        sdfg.auto_optimize()
        sdfg(a)
        sdfg.compile()(a)
        np.testing.assert_array_equal(a, 8.0)
        restored = dace.SDFG.from_json(sdfg.to_json())
        # A file has no functions: its caller gives them.
        with self.assertRaisesRegex(TypeError, "misses the argument 'doubled'"):
            restored(a)
        restored(a, doubled=doubled)
        np.testing.assert_array_equal(a, 16.0)

    def test_the_interpreter_calls_too(self):
        @dace.program
        def f(a: dace.float64[N]):
            remember(a)
            a += root(a[0], 4)

        a = np.zeros(2)
        with dace.config(bounds_checks=True):
            f(a)
        np.testing.assert_array_equal(a, [105, 5])

    def test_functions_are_arguments(self):
        @dace.program
        def apply(f, a: dace.float64[N]):
            a[0] = f(a)

        @dace.program
        def declared(f: dace.callback(dace.float64, dace.float64[N]), g: dace.callback(None), a: dace.float64[N]):
            a[0] = f(a) + 1
            g()

        a, called = np.array([4.0, 1.0]), []
        apply(lambda_free, a)
        apply(other_free, a)
        self.assertEqual(a[0], 7.0)
        declared(np.max, lambda: called.append(1), a)
        self.assertEqual((a[0], called), (8.0, [1]))
        with self.assertRaisesRegex(dace.ArgumentError, "`f` is a function, but int was passed"):
            declared(3, print, a)
        with self.assertRaisesRegex(dace.ArgumentError, "a function for `f` has to be given"):
            declared.to_sdfg()

    def test_threads(self):
        @dace.program
        def f(a: dace.float64[N], k: dace.float64):
            for _ in range(20):
                a[:] = a + root(k, 1)

        results = []

        def work(k):
            a = np.zeros(50)
            f(a, float(k * k))
            results.append(np.array_equal(a, np.full(50, 20.0 * k)))

        threads = [threading.Thread(target=work, args=(k,)) for k in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(results, [True] * 6)

    def test_a_function_may_call_programs(self):
        @dace.program
        def inner(a: dace.float64[N]):
            a *= 2

        def between(a):
            try:
                inner(a)
            finally:
                pass

        @dace.program
        def outer(a: dace.float64[N]):
            between(a)
            a += 1

        a = np.ones(300_000)
        outer(a)
        np.testing.assert_array_equal(a, 3.0)


class Messages(unittest.TestCase):
    def test_the_warning_names_function_line_and_reason(self):
        @dace.program
        def f(a: dace.float64[N]):
            a += 1
            remember(a)

        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            f(np.ones(2))
            f(np.ones(2))
        self.assertEqual(len(caught), 1)
        self.assertIs(caught[0].category, dace.PerformanceWarning)
        self.assertEqual((caught[0].filename, caught[0].lineno), (__file__, f.f.__code__.co_firstlineno + 3))
        self.assertRegex(str(caught[0].message), "`remember` is not compiled: this statement cannot be compiled")

    def test_what_the_compiler_knows_of_a_library_is_no_callback(self):
        @dace.program
        def f(a: dace.float64[N], b: dace.float64[N]):
            a[:] = erf(a) + scipy.special.expit(a)
            b[:] = jv(0, b)

        a, b = np.linspace(-1, 1, 5), np.linspace(0, 3, 5)
        expected = erf(a) + scipy.special.expit(a), jv(0, b)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            f(a, b)
        self.assertRegex(" ".join(str(one.message) for one in caught), "^`jv` is not compiled")
        self.assertEqual(len(caught), 1)
        np.testing.assert_allclose((a, b), expected, rtol=1e-12)

    def test_what_the_compiler_knows_of_other_modules_is_no_callback(self):
        def f(a):
            spectrum = np.abs(np.fft.rfft(a)).sum()
            windows = sliding_window_view(a, 3).sum(axis=1)
            return spectrum, windows, cmath.exp(1j * a[0]), signal.convolve(a, a[:2]), linalg.norm(a)

        a = np.linspace(-1, 1, 8)
        with warnings.catch_warnings():
            warnings.simplefilter("error", dace.PerformanceWarning)
            found = dace.program(f)(a)
        for one, expected in zip(found, f(a), strict=True):
            np.testing.assert_allclose(one, expected, rtol=1e-12)

    def refused(self, text, program, *args):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", dace.PerformanceWarning)
            with self.assertRaisesRegex(dace.SourceError, text):
                program(*args)

    def test_a_result_without_type(self):
        @dace.program
        def f(a: dace.float64[N]):
            a += time.time()

        self.refused("the type of what `time.time`", f, np.ones(2))

    def test_parallel_loops(self):
        @dace.program
        def f(a: dace.float64[N]):
            for i in dace.map[0:N]:
                a[i] = root(a[i], 2)

        self.refused("`root` cannot be called in a parallel loop", f, np.ones(2))

    def test_shared_memory(self):
        def both(a, b):
            with open("/dev/null"):
                pass

        @dace.program
        def f(a: dace.float64[N]):
            both(a, a[1:])

        self.refused("share memory", f, np.ones(2))

    def test_calls_can_be_forbidden(self):
        @dace.program
        def f(a: dace.float64[N]):
            remember(a)

        with dace.config(callbacks=False):
            self.refused("this statement cannot be compiled", f, np.ones(2))


if __name__ == "__main__":
    unittest.main()
