"""Calling programs: what is passed, what comes back, and what is refused."""

import array
import copy
import dataclasses
import math
import pickle
import types
import typing
import unittest

import numpy as np

import dacec as dace

N, M = dace.symbol("N"), dace.symbol("M")
factor = 3
offsets = np.arange(10.0)
limits = {"low": 2, "high": [1.5, 2.5]}
pairs = ([2], 1)
single = np.array(2.0)


@dace.program
def axpy(a: dace.float64, x: dace.float64[N], y: dace.float64[N]):
    y[:] = a * x + y


@dace.program
def transposed_sum(A: dace.float64[N, M], B: dace.float64[M, N]):
    B[:] = A.T + B


@dace.program
def scaled(A: dace.float64[N]):
    return A * factor


@dace.program
def shifted(A: dace.float64[10]):
    A[:] = A + offsets
    offsets[0] = -1.0


@dace.program
def within(A: dace.float64[N]):
    return A * limits["low"] + limits["high"][1]


@dace.program
def inferred(A, k, flag=None):
    if flag is None:
        return A * k
    return A * k + flag


@dace.program
def several(A: dace.float64[N], n: int, repeat: dace.compiletime = 2):
    total = 0.0
    for i in dace.unroll(range(repeat)):
        total += A[i]
    return total, A * n, n + 1


@dace.program
def optional(A: dace.float64[N], B: typing.Optional[dace.float64[N]] = None):
    if B is None:
        A[:] = 1
    else:
        A[:] = B


def twice(x):
    return 2 * x + factor


@dace.program
def callee(A: dace.float64[N], k: dace.float64 = 10.0):
    A[:] = A * k
    return np.sum(A)


@dace.program
def caller(A: dace.float64[M], B: "dace.float64[M]"):
    total = callee(A)
    B[:] = twice(A) + total


@dace.program
def make(n: dace.int64):
    return np.zeros((n, 2), dtype=np.float32)


@dace.program
def symbolic(A: dace.float64[N]):
    A[:] = A + M


class Layouts(unittest.TestCase):
    def test_any_strides_are_used_in_place(self):
        base = np.arange(240.0).reshape(4, 60)
        layouts = {
            "rows with gaps": base[:, :15],
            "columns": np.asfortranarray(base[:, :15]),
            "every other": base[:, ::4],
            "backwards": base[::-1, 14::-1],
            "both ways": base[:, ::4].T[:15].T,
            "one row": base[:1, :15],
            "one column": base[:, :1],
            "nothing": base[:, :0],
        }
        for name, array in layouts.items():
            with self.subTest(name):
                inner = np.random.default_rng(1).random(array.shape[::-1])
                for target in (inner.copy(), np.asfortranarray(inner)):
                    expected = array.T + target
                    transposed_sum(array, target)
                    np.testing.assert_array_equal(target, expected)
                written = np.array(base)[:, ::-4][:, : array.shape[1]]
                source = np.ones(written.shape[::-1])
                expected = written + source.T
                transposed_sum(source, written)
                np.testing.assert_array_equal(written, expected)

    def test_layouts_share_specializations(self):
        x = np.arange(60.0)
        before = len(axpy._variants())
        for step in (2, 3, -1, 5):
            y = np.zeros(60 // abs(step))
            axpy(2.0, x[::step], y)
            np.testing.assert_array_equal(y, 2 * x[::step])
        self.assertLessEqual(len(axpy._variants()), before + 2)

    def test_a_column_vector_is_a_vector(self):
        x, y = np.ones((5, 1)), np.zeros(5)
        axpy(2.0, x, y)
        np.testing.assert_array_equal(y, 2.0)

    def test_results_are_numpys_own(self):
        result = scaled(np.ones(5))
        self.assertTrue(result.flags.owndata and result.flags.writeable and result.flags.c_contiguous)

    def test_other_libraries_lend_their_memory(self):
        class Interface:
            def __init__(self, array):
                self.array, self.__array_interface__ = array, array.__array_interface__

        class Pack:
            def __init__(self, array):
                self.array = array

            def __dlpack__(self, **options):
                return self.array.__dlpack__(**options)

            def __dlpack_device__(self):
                return self.array.__dlpack_device__()

        class Device:
            __cuda_array_interface__ = {}

        for lent in (Interface, Pack):
            y = np.ones(3)
            axpy(2.0, np.ones(3), lent(y))
            np.testing.assert_array_equal(y, 3.0)
        with self.assertRaisesRegex(dace.ArgumentError, "memory of a GPU"):
            axpy(2.0, np.ones(3), Device())
        sdfg, compiled = axpy.to_sdfg(), axpy.compile()
        for call in (sdfg, compiled):
            y = np.ones(3)
            call(2.0, Interface(np.ones(3)), Pack(y))
            np.testing.assert_array_equal(y, 3.0)
        y = array.array("d", [0.0, 1.0])
        axpy(2.0, memoryview(y), np.ones(2))
        axpy(2.0, np.ones(2), y)
        self.assertEqual(list(y), [2.0, 3.0])


class Structures(unittest.TestCase):
    def test_members_by_annotation(self):
        Body = dace.data.Structure({"mass": dace.float64, "velocity": dace.float64[N, 3], "kind": int}, name="Body")

        @dace.program
        def push(body: Body, force: dace.float64[3], dt: dace.float64):
            for i in range(N):
                body.velocity[i] += force * dt / body.mass
            return body.kind + 1

        body = types.SimpleNamespace(mass=2.0, velocity=np.zeros((4, 3)), kind=5)
        for mass in (2.0, 4):
            body.mass = mass
            self.assertEqual(push(body, np.arange(3.0), 0.5), 6)
        np.testing.assert_array_equal(body.velocity, [np.arange(3.0) * (0.25 + 0.125)] * 4)
        self.assertEqual(len(push._variants()), 1)
        self.assertEqual(push.to_sdfg().argnames, ["body_mass", "body_velocity", "body_kind", "force", "dt"])
        del body.kind
        with self.assertRaisesRegex(dace.ArgumentError, "`body` has no member `kind`"):
            push(body, np.arange(3.0), 0.5)

    def test_members_are_assigned(self):
        Body = dace.data.Structure({"mass": dace.float64, "hits": dace.int64, "weights": dace.float64[N]}, name="Body")

        @dace.program
        def hit(body: Body, by: dace.float64):
            for i in range(N):
                if body.weights[i] > by:
                    body.hits += 1
            body.mass = body.mass - by
            return body.mass

        body = types.SimpleNamespace(mass=2.0, hits=0, weights=np.array([1.0, 2.0, 3.0]))
        self.assertEqual(hit(body, 1.5), 0.5)
        self.assertEqual((body.mass, body.hits), (0.5, 2))
        self.assertEqual((type(body.mass), type(body.hits)), (float, int))
        body.mass = np.float64(5)
        self.assertEqual(hit(body, 2.5), 2.5)
        self.assertEqual((body.mass, body.hits, type(body.mass)), (2.5, 3, np.float64))
        self.assertEqual(hit.to_sdfg().argnames, ["body_mass", "body_hits", "body_weights", "by"])

    def test_assigned_members_are_values_of_their_types(self):
        Body = dace.data.Structure({"mass": dace.float64, "hits": dace.int64}, name="Body")

        @dace.program
        def hit(body: Body):
            body.hits += 1

        for hits, why in ((2.5, "is not a value of int64"), (2**63, "out of the range of int64"), ("2", "is a number")):
            body = types.SimpleNamespace(mass=2.0, hits=hits)
            with self.subTest(hits), self.assertRaisesRegex(dace.ArgumentError, why):
                hit(body)
            self.assertEqual(body.hits, hits)
        body = types.SimpleNamespace(mass=2.0, hits=np.array(2)[()])
        hit(body)
        self.assertEqual((body.hits, type(body.hits)), (3, np.int64))

    def test_assigned_members_are_nobody_elses(self):
        Body = dace.data.Structure({"hits": dace.int64}, name="Body")

        @dace.program
        def both(a: Body, b: Body):
            a.hits = a.hits + 1
            b.hits = b.hits + 1

        @dace.program
        def from_other(a: Body, b: Body):
            a.hits = b.hits + 1

        @dace.program
        def read(a: Body, b: Body):
            return a.hits + b.hits

        body, other = types.SimpleNamespace(hits=2), types.SimpleNamespace(hits=2)
        for checked in (False, True):
            with dace.config(bounds_checks=checked):
                for program in (both, from_other):
                    with self.assertRaisesRegex(dace.ArgumentError, "shares memory"):
                        program(body, body)
        self.assertEqual(read(body, body), 4)
        both(body, other)
        self.assertEqual((body.hits, other.hits), (3, 3))

    def test_members_by_use(self):
        @dataclasses.dataclass
        class Grid:
            values: np.ndarray
            scale: float
            unused: object = None

        @dace.program
        def apply(grid, out: dace.float64[N]):
            out[:] = grid.values * grid.scale
            grid.values[0] = -1

        for scale, size in ((2.0, 3), (3.0, 3), (2.0, 5)):
            grid, out = Grid(np.ones(size), scale), np.zeros(size)
            apply(grid, out)
            np.testing.assert_array_equal(out, scale)
            self.assertEqual(grid.values[0], -1)
        self.assertEqual(len(apply._variants()), 2)

    def test_a_structure_by_fields(self):
        Pair = dace.struct("Pair", a=dace.int32, b=np.float64)
        self.assertEqual(repr(Pair), "Pair(a: int32, b: float64)")
        with self.assertRaisesRegex(TypeError, "the member `a` is a type"):
            dace.struct("Pair", a=3)


class Values(unittest.TestCase):
    def test_numbers_of_python_and_numpy(self):
        for a in (2, 2.0, np.float32(2), np.int8(2), np.array(2.0), True + 1):
            y = np.zeros(3)
            axpy(a, np.ones(3), y)
            np.testing.assert_array_equal(y, 2.0)

    def test_types_follow_numpy_if_nothing_is_annotated(self):
        single = np.ones(3, np.float32)
        for k in (2, 2.5, np.float64(2.5), np.int16(2), np.float32(2), 1 + 2j):
            for array in (single, np.arange(3), np.arange(3, dtype=np.int8), np.ones((2, 3)).T):
                result, expected = inferred(array, k), array * k
                self.assertEqual(result.dtype, expected.dtype, (k, array.dtype))
                np.testing.assert_array_equal(result, expected)

    def test_arrays_without_dimensions_are_numbers_of_their_types(self):
        A = np.arange(4)
        for k in (2.5, [1, 2, 3, 4], 3, True, 1j, 2.5):
            k = np.array(k)
            result, expected = inferred(A, k), A * k
            self.assertEqual(result.dtype, expected.dtype, k)
            np.testing.assert_array_equal(result, expected)
        number = np.array(2.0)
        for value in (2.0, 3.0):
            number[...] = value
            np.testing.assert_array_equal(inferred(A, number), A * value)

    def test_constants_are_compiled_for_by_type_too(self):
        @dace.program
        def scale(A: dace.int64[N], k: dace.compiletime):
            return A * k

        @dace.program
        def scale_by_first(A: dace.int64[N], k: dace.compiletime):
            return A * k[0]

        @dace.program
        def signed(A: dace.float64[N], k: dace.compiletime):
            return np.copysign(A, k)

        A = np.arange(4)
        for k in (2, 2.0, True, np.float32(2), np.array(2.0), np.array(2), 2):
            for result in (scale(A, k), scale_by_first(A, (k,)), scale_by_first(A, [k])):
                self.assertEqual(result.dtype, (A * k).dtype, repr(k))
                np.testing.assert_array_equal(result, A * k)
        for k in (0.0, -0.0, np.float32(0.0), np.float32(-0.0)):
            np.testing.assert_array_equal(signed(np.ones(2), k), math.copysign(1, k), repr(k))
        scale_by_first(A, (float("nan"),))
        before = len(scale_by_first._variants())
        self.assertTrue(np.isnan(scale_by_first(A, (float("nan"),))[0]))
        self.assertEqual(len(scale_by_first._variants()), before)

    def test_constants_may_change_in_place(self):
        @dace.program
        def inferred_list(A, k):
            return A * k[0]

        @dace.program
        def inferred_dict(A, k):
            return A * k["k"]

        @dace.program
        def known(A, k: dace.compiletime):
            return A * k

        @dace.program
        def member(A: dace.float64[N], q):
            return A * q.k[0]

        A, k, d, single = np.ones(2), [2.0], {"k": 2.0}, np.array(2.0)
        q = types.SimpleNamespace(k=[2.0])
        for value in (2.0, 3.0, 3):
            k[0], d["k"], single[...], q.k[0] = value, value, value, value
            for program, argument in (
                (inferred_list, k),
                (inferred_dict, d),
                (known, single),
                (member, q),
            ):
                np.testing.assert_array_equal(program(A, argument), value)

    def test_every_type_goes_in_and_out(self):
        types = "bool int8 int16 int32 int64 uint8 uint16 uint32 uint64 float32 float64 complex64 complex128"
        for name in types.split():
            array = np.array([0, 1, 1], dtype=name)
            result = identity_of(array)
            self.assertEqual(result.dtype, array.dtype)
            np.testing.assert_array_equal(result, array)

    def test_keywords_and_defaults(self):
        y = np.zeros(3)
        axpy(2.0, y=y, x=np.ones(3))
        np.testing.assert_array_equal(y, 2.0)
        np.testing.assert_array_equal(inferred(np.ones(3), 2, flag=1.0), 3.0)
        np.testing.assert_array_equal(inferred(np.ones(3), 2), 2.0)

    def test_optional_arrays(self):
        A = np.zeros(3)
        optional(A)
        np.testing.assert_array_equal(A, 1.0)
        optional(A, np.full(3, 7.0))
        np.testing.assert_array_equal(A, 7.0)
        optional(A, B=None)
        np.testing.assert_array_equal(A, 1.0)

    def test_tuples_and_compile_time_values(self):
        total, product, n = several(np.arange(4.0), 3)
        self.assertEqual((total, n), (1.0, 4))
        np.testing.assert_array_equal(product, [0, 3, 6, 9])
        self.assertIsInstance(total, np.float64)
        self.assertEqual(several(np.arange(4.0), 3, repeat=4)[0], 6.0)

    def test_sizes_come_from_numbers_too(self):
        self.assertEqual(make(5).shape, (5, 2))
        self.assertEqual(make(0).dtype, np.float32)

    def test_symbols_by_keyword(self):
        A = np.zeros(3)
        symbolic(A, M=4)
        np.testing.assert_array_equal(A, 4.0)
        with self.assertRaisesRegex(dace.ArgumentError, "symbol `M`"):
            symbolic(A)


@dace.program
def identity_of(A):
    return np.copy(A)


class Globals(unittest.TestCase):
    def test_values_may_change_between_calls(self):
        global factor
        for factor in (3, 4, 2.5):
            np.testing.assert_array_equal(scaled(np.ones(3)), factor)
        factor = 3

    def test_values_that_always_change_fill_no_memory(self):
        global factor

        @dace.program
        def always(A: dace.float64[1]):
            return A * factor

        with dace.config(bounds_checks=True):
            for factor in range(150):
                self.assertEqual(always(np.ones(1))[0], factor)
            self.assertLessEqual(len(always._variants()), 128)
            self.assertEqual(len(always._plans), len(always._variants()))
        factor = 3

    def test_contents_of_dictionaries_may_change(self):
        np.testing.assert_array_equal(within(np.ones(2)), 4.5)
        limits["high"][1] = 3.0
        np.testing.assert_array_equal(within(np.ones(2)), 5.0)

    def test_contents_of_tuples_and_arrays_without_dimensions_may_change(self):
        global pairs

        @dace.program
        def scale(A: dace.int64[N]):
            return A * pairs[0][0]

        @dace.program
        def single_scale(A: dace.float64[N]):
            return A * single

        A = np.ones(2, np.int64)
        for value in (2, 3, 3.0):
            pairs[0][0] = value
            self.assertEqual(scale(A).dtype, (A * value).dtype)
            np.testing.assert_array_equal(scale(A), value)
            single[...] = value
            np.testing.assert_array_equal(single_scale(np.ones(2)), value)
        pairs = ([3], 1)
        self.assertEqual(scale(A).dtype, np.int64)
        pairs = ([2], 1)

    def test_arrays_are_shared(self):
        global offsets
        A = np.zeros(10)
        shifted(A)
        np.testing.assert_array_equal(A, np.arange(10.0))
        self.assertEqual(offsets[0], -1.0)
        offsets = np.full(10, 5.0)
        shifted(A)
        self.assertEqual((A[3], offsets[0]), (8.0, -1.0))

    def test_closures(self):
        def scale_by(k):
            @dace.program
            def scale(A: dace.float64[N]):
                return A * k

            return scale

        self.assertEqual(scale_by(2.0)(np.ones(1))[0], 2.0)
        self.assertEqual(scale_by(5.0)(np.ones(1))[0], 5.0)

    def test_programs_and_functions_call_each_other(self):
        A, B = np.ones(3), np.zeros(3)
        caller(A, B)
        np.testing.assert_array_equal(A, 10.0)
        np.testing.assert_array_equal(B, 2 * 10 + 3 + 30)

    def test_methods_know_their_object(self):
        class Model:
            def __init__(self, k):
                self.k, self.weights = k, np.arange(3.0)

            @dace.method
            def __call__(self, A: dace.float64[3]):
                return A * self.k + self.weights

            @dace.program
            def plain(self, A):
                return A * self.k

        two, five = Model(2.0), Model(5.0)
        np.testing.assert_array_equal(two(np.ones(3)), [2, 3, 4])
        np.testing.assert_array_equal(five(np.ones(3)), [5, 6, 7])
        two.weights[:] = 0
        two.k = 4.0
        np.testing.assert_array_equal(two(np.ones(3)), 4.0)
        np.testing.assert_array_equal(five.plain(np.ones(2)), 5.0)

    def test_attributes_may_change_in_place(self):
        class Model:
            def __init__(self):
                self.k, self.single = [2.0], np.array(1.0)

            @dace.method
            def scale(self, A: dace.float64[N]):
                return A * self.k[0] * self.single

        model = Model()
        for value in (2.0, 3.0):
            model.k[0] = value
            np.testing.assert_array_equal(model.scale(np.ones(2)), value)
        model.single[...] = 2.0
        np.testing.assert_array_equal(model.scale(np.ones(2)), 6.0)

    def test_copies_of_objects_have_methods_of_their_own(self):
        model = Scaling(2.0)
        np.testing.assert_array_equal(model.scale(np.ones(2)), 2.0)
        self.assertIs(model.scale, model.scale)
        copies = [copy.copy(model), copy.deepcopy(model), pickle.loads(pickle.dumps(model))]
        for k, other in enumerate(copies, 3):
            other.k = float(k)
            np.testing.assert_array_equal(other.scale(np.ones(2)), other.k)
            self.assertEqual(set(vars(other)), set(vars(model)))
        np.testing.assert_array_equal(model.scale(np.ones(2)), 2.0)
        bound = pickle.loads(pickle.dumps(model.scale))
        np.testing.assert_array_equal(bound(np.ones(2)), 2.0)
        for program in (axpy, copy.copy(axpy), copy.deepcopy(axpy), pickle.loads(pickle.dumps(axpy))):
            self.assertIs(program, axpy)

    def test_programs_of_one_name_are_several_methods(self):
        class Twice(Scaling):
            @dace.method
            def scale(self, A: dace.float64[N]):
                return A * self.k * 2.0

            def base(self, A):
                return super().scale(A)

        model = Twice(3.0)
        for _ in range(2):
            np.testing.assert_array_equal(model.scale(np.ones(2)), 6.0)
            np.testing.assert_array_equal(model.base(np.ones(2)), 3.0)
            # Two programs that one function has made.
            np.testing.assert_array_equal(model.one(np.ones(2)), 1.0)
            np.testing.assert_array_equal(model.two(np.ones(2)), 2.0)
        other = copy.deepcopy(model)
        np.testing.assert_array_equal([other.base(np.ones(1)), other.two(np.ones(1))], [[3.0], [2.0]])

    def test_modules_and_constants_of_numpy(self):
        from math import pi, sqrt

        double = np.float64

        @dace.program
        def f(A: dace.float64[N]):
            return A * sqrt(pi) + double(1)

        self.assertAlmostEqual(f(np.ones(1))[0], sqrt(pi) + 1)


def scaling_by(k):
    @dace.program
    def kernel(self, A: dace.float64[N]):
        return A * k

    return kernel


class Scaling:
    def __init__(self, k):
        self.k = k

    @dace.method
    def scale(self, A: dace.float64[N]):
        return A * self.k

    one, two = scaling_by(1.0), scaling_by(2.0)


class Refusals(unittest.TestCase):
    def refused(self, text, *args, program=axpy, kind=dace.ArgumentError, **kwargs):
        with self.assertRaisesRegex(kind, text):
            program(*args, **kwargs)

    def test_wrong_arrays(self):
        x, y = np.ones(5), np.zeros(5)
        self.refused("`y` has extent 4", 1.0, x, y[:4])
        self.refused("`x` is an array of float64", 1.0, x.astype(np.float32), y)
        self.refused(r"`x` is float64\[N\]", 1.0, np.ones((5, 2)), y)
        self.refused("`x` is an array, but list was passed", 1.0, [1.0] * 5, y)
        self.refused("`a` is a number, but str was passed", "1", x, y)
        self.refused("complex|is not a value of float64", 1j, x, y)
        self.refused("byte order|none of this machine's", 1.0, x.astype(">f8"), y)
        self.refused("aligned", 1.0, np.frombuffer(b"\0" * 41, np.float64, 5, 1), y)
        gaps = np.zeros(5, np.dtype([("a", "f8"), ("b", "i1")]))["a"]
        self.refused("aligned|stride of 9 bytes", 1.0, gaps, y)

    def test_what_is_written_is_nobody_elses(self):
        x = np.arange(5.0)
        self.refused("shares memory", 1.0, x, x)
        frozen = np.zeros(5)
        frozen.flags.writeable = False
        self.refused("`y` is read-only", 1.0, x, frozen)
        axpy(1.0, frozen, x)
        self.refused("several indices", 1.0, x, np.lib.stride_tricks.as_strided(np.zeros(1), (5,), (0,)))

    def test_arrays_that_compute_otherwise(self):
        x, y = np.ones(3), np.ones(3)
        masked = np.ma.masked_array([1.0, 2.0, 3.0], mask=[0, 1, 0])
        self.refused("`x`: programs know nothing of masks", 1.0, masked, y)
        self.refused("`a`: programs know nothing of masks", np.ma.masked, x, y)
        with self.assertWarns(PendingDeprecationWarning):
            matrix = np.matrix([[1.0]])
        self.refused("`A`: products of numpy.matrix", matrix, program=identity_of)
        Body = dace.data.Structure({"values": dace.float64[N]}, name="Body")

        @dace.program
        def total(body: Body):
            return np.sum(body.values)

        self.assertEqual(total(types.SimpleNamespace(values=x)), 3.0)
        self.refused("nothing of masks", types.SimpleNamespace(values=masked), program=total)
        axpy(1.0, masked.data, y)
        np.testing.assert_array_equal(y, [2.0, 3.0, 4.0])

        class Derived(np.ndarray):
            """Computes as arrays do."""

        axpy(1.0, x.view(Derived), y)
        np.testing.assert_array_equal(y, [3.0, 4.0, 5.0])

    def test_wrong_calls(self):
        x = np.ones(2)
        self.refused("misses the argument 'y'", 1.0, x, kind=TypeError)
        self.refused("takes 3 arguments, 4 are given", 1.0, x, x, x, kind=TypeError)
        self.refused("multiple values for argument a|unexpected keyword argument 'b'", 1.0, x, x, b=1, kind=TypeError)
        self.refused("multiple values", 1.0, x, y=x, a=2.0, kind=TypeError)
        self.refused("the symbol 'M' is an integer", x, program=symbolic, kind=TypeError, M=1.5)

    def test_errors_are_those_of_python_too(self):
        for kind in (TypeError, ValueError, dace.DacecError):
            self.refused("extent", 1.0, np.ones(3), np.ones(2), kind=kind)

    def test_types_without_annotation(self):
        self.refused("compiled code can do nothing with", np.ones(2), object(), program=inferred)
        with self.assertRaisesRegex(dace.ArgumentError, "the type of `A` is not known"):
            inferred.to_sdfg()


class Failures(unittest.TestCase):
    def test_a_failed_check_shows_its_line(self):
        @dace.program
        def positive(A: dace.float64[N]):
            assert A[0] > 0, "positive"

        with self.assertRaises(dace.ExecutionError) as caught:
            positive(np.zeros(1))
        line = positive.f.__code__.co_firstlineno + 2
        self.assertIn(f"test_calls.py:{line}: assertion failed: positive", str(caught.exception))
        self.assertIn(f'{line} | assert A[0] > 0, "positive"', str(caught.exception))


    def test_exceptions_are_those_that_the_program_names(self):
        @dace.program
        def raising(A: dace.float64[N], k: dace.int64):
            if k == 0:
                raise ValueError("zero")
            if k == 1:
                raise KeyError
            if k == 2:
                raise MyError("mine")
            assert k < 4

        for k, kind in enumerate((ValueError, KeyError, RuntimeError)):
            with self.assertRaises(kind) as caught:
                raising(np.ones(1), k)
            self.assertIsInstance(caught.exception, dace.ExecutionError)
        raising(np.ones(1), 3)
        for checked in (False, True):
            with dace.config(bounds_checks=checked), self.assertRaises(AssertionError):
                raising(np.ones(1), 4)


class MyError(Exception):
    pass


class Sources(unittest.TestCase):
    def test_the_message_shows_the_place(self):
        @dace.program
        def wrong(A: dace.float64[N]):
            A[:] = missing_function(A)  # noqa: F821

        with self.assertRaises(dace.SourceError) as caught:
            wrong(np.ones(2))
        text = str(caught.exception)
        self.assertIn("E0101", text)
        self.assertIn("A[:] = missing_function(A)", text)
        self.assertIn("test_calls.py", text)
        entry = caught.exception.diagnostics[0]
        self.assertEqual((entry["code"], entry["line"]), ("E0101", wrong.f.__code__.co_firstlineno + 2))
        self.assertIsInstance(caught.exception, SyntaxError)

    def test_recursion_is_told(self):
        with self.assertRaisesRegex(dace.SourceError, "calls itself"):
            recursive(np.ones(2))

    def test_what_has_no_text_cannot_be_compiled(self):
        scope = {"dace": dace, "N": N}
        exec("@dace.program\ndef f(A: dace.float64[N]):\n    A[:] = 1\n", scope)
        with self.assertRaisesRegex(dace.SourceError, "the source of 'f' is not there"):
            scope["f"](np.ones(2))

    def test_options_are_known(self):
        with self.assertRaisesRegex(TypeError, "no option 'fast'"):
            dace.program(fast=True)(lambda: None)
        with self.assertRaisesRegex(NotImplementedError, "GPU"):
            dace.program(device=dace.DeviceType.GPU)(lambda: None)


@dace.program
def recursive(A: dace.float64[N]):
    recursive(A)


class Checks(unittest.TestCase):
    def test_an_access_outside_is_found(self):
        @dace.program
        def scatter(A: dace.float64[N], at: dace.int64[M]):
            for i in range(M):
                A[at[i]] = 1.0

        with dace.config(bounds_checks=True):
            A = np.zeros(4)
            scatter(A, np.array([0, 3]))
            np.testing.assert_array_equal(A, [1, 0, 0, 1])
            with self.assertRaises(dace.BoundsError) as caught:
                scatter(A, np.array([1, 4]))
        error = caught.exception
        self.assertEqual((error.array, error.index, error.shape), ("A", (4,), (4,)))
        self.assertIn(f"test_calls.py:{scatter.f.__code__.co_firstlineno + 3}", str(error))
        self.assertIsInstance(error, IndexError)
        scatter(A, np.array([2]))
        np.testing.assert_array_equal(A, [1, 0, 1, 1])

    def test_checked_and_compiled_agree(self):
        A = np.arange(6.0).reshape(2, 3)[:, ::2]
        expected = inferred(A, 2.5, flag=1.0), several(np.arange(4.0), 3)
        with dace.config(bounds_checks=True):
            np.testing.assert_array_equal(inferred(A, 2.5, flag=1.0), expected[0])
            for one, other in zip(several(np.arange(4.0), 3), expected[1]):
                np.testing.assert_array_equal(one, other)

    def test_settings_are_checked(self):
        with self.assertRaisesRegex(TypeError, "no setting 'speed'"):
            dace.config(speed=1)
        with self.assertRaisesRegex(ValueError, "one of O0, O1, O3"):
            dace.config(optimize="O9")
        with self.assertRaisesRegex(TypeError, "is a bool"):
            dace.config(threads=3)


if __name__ == "__main__":
    unittest.main()
