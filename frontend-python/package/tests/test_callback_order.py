"""Programs whose calls of Python functions come in between everything else, against the same functions not compiled."""

import unittest
import warnings

import numpy as np

import dacec as dace

N = dace.symbol("N")
programs = []


def program(function):
    programs.append(dace.program(function))
    return programs[-1]


def bump(a):
    try:
        a += 1
    finally:
        pass


def size(a) -> int:
    try:
        return int(a[0]) % 3 + 1
    finally:
        a[0] += 1


def flag(a) -> bool:
    try:
        return bool(a.sum() < 40)
    finally:
        pass


def norm(a) -> float:
    try:
        return float(np.abs(a).max())
    finally:
        pass


def fresh(a, n) -> dace.float64[N]:
    try:
        return np.sort(a)[::-1] + n
    finally:
        pass


def grow(a, b):
    try:
        b[...] = a * 2
    finally:
        pass


@program
def scalars(a: dace.float64[N]):
    x = a[0]
    y = a[1] * 2
    bump(a)
    return x + a[0], y, x * y


@program
def views(a: dace.float64[N]):
    b = a[1:3]
    c = a[1:3].copy()
    bump(b)
    d = b + c
    bump(a)
    return d + b


@program
def bounds(a: dace.float64[N]):
    n = size(a)
    s = 0.0
    for i in range(n):
        s += a[i] * n
    a[n] = s
    for i in range(size(a)):
        a[i + size(a)] += i
    return n


@program
def conditions(a: dace.float64[N]):
    k = 0
    while flag(a):
        k += 1
        a += 1
        if norm(a) > 9:
            bump(a)
            if k > 4:
                break
        else:
            continue
    return k


@program
def temporaries(a: dace.float64[N]):
    b = a * 2
    bump(b)
    c = b + 1
    t = np.zeros_like(a)
    grow(c, t)
    u = np.empty((3, a.shape[0]))
    for i in range(3):
        u[i] = t * i
        bump(u[i])
    return u, t


@program
def results(a: dace.float64[N]):
    b = fresh(a, 1)
    b = fresh(b + 1, norm(b))
    a[:] = fresh(a, len(a))
    x = norm(a) + norm(b)
    a[1:] = a[1:] * x
    return b / norm(a)


@program
def matrix(a: dace.float64[N]):
    m = np.outer(a, a)
    bump(m[1])
    bump(m[:, 2])
    bump(m[::2, 1:])
    bump(m.T)
    return m @ m + norm(m)


@program
def early(a: dace.float64[N]):
    if norm(a) > 3:
        bump(a)
        return a[0] + 1
    bump(a)
    bump(a)
    return a[0]


@program
def order(a: dace.float64[N]):
    x = a[0] + size(a) * a[0] + size(a)
    y = (a[0], size(a), a[0])
    a[size(a)] = a[0] + size(a)
    a[0] *= size(a)
    m = np.outer(a, a)
    m[size(a), 1] += size(a) * m[1, 1]
    values = [a[0] + size(a) for _ in range(2)]
    return x, y[0] + y[1] + y[2], values[0] - values[1], m


@program
def chained(a: dace.float64[N]):
    x = size(a) < a[0] < 5
    w = max(a[0], size(a))
    v = abs(a[0] - size(a)) + min(size(a), a[0])
    return x, w, v


@program
def reshaped(a: dace.float64[N]):
    m = np.zeros((2, 3))
    v = m.reshape(6)
    bump(v)
    bump(m[0])
    v[1] = 7
    bump(m)
    return m, v


class Agreement(unittest.TestCase):
    """Whatever is optimized, and interpreted too."""

    def check(self, **settings):
        with dace.config(**settings), warnings.catch_warnings():
            warnings.simplefilter("ignore", dace.PerformanceWarning)
            for one in programs:
                for start in (0.0, 1.0, 5.0):
                    with self.subTest(one.name, start=start):
                        given = np.arange(6.0) + start
                        expected = given.copy()
                        result, reference = one(given), one.f(expected)
                        results = result if isinstance(result, tuple) else (result,)
                        references = reference if isinstance(reference, tuple) else (reference,)
                        self.assertEqual(len(results), len(references))
                        for value, right in zip(results, references):
                            np.testing.assert_allclose(value, right, rtol=1e-13)
                        np.testing.assert_allclose(given, expected, rtol=1e-13)

    def test_optimized(self):
        self.check()

    def test_simplified(self):
        self.check(optimize="O1")

    def test_interpreted(self):
        self.check(bounds_checks=True)


class Refusals(unittest.TestCase):
    """What would come in another order than in Python."""

    def refused(self, text, function):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", dace.PerformanceWarning)
            with self.assertRaisesRegex(dace.SourceError, text):
                dace.program(function)(np.ones(4))

    def test_calls_that_may_not_be_made(self):
        def junction(a: dace.float64[N]):
            return a[0] > 3 and flag(a)

        def conditional(a: dace.float64[N]):
            return size(a) if a[0] > 1 else 3

        def chain(a: dace.float64[N]):
            return 1 < a[0] < size(a)

        for function in (junction, conditional, chain):
            self.refused("where it may not be evaluated", function)

    def test_indices(self):
        def read(a: dace.float64[N]):
            m = np.outer(a, a)
            return m[int(a[0]), size(a)]

        def update(a: dace.float64[N]):
            a[int(a[0])] += size(a)

        for function in (read, update):
            self.refused("another part of the index has read", function)


if __name__ == "__main__":
    unittest.main()
