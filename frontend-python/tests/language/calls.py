"""Calls of annotated and plain functions."""

import numpy as np
import dace

N, M, K = (dace.symbol(s) for s in ("N", "M", "K"))
FACTOR = 3.0
OFFSETS = [1, 2]


@dace.program
def _scale(v: dace.float64[N], factor: dace.float64 = 2.0):
    v *= factor


@dace.program
def _sum(V: dace.float64[N, M]):
    return np.sum(V)


@dace.program
def _affine(v: dace.float64[N], a: dace.float64, b: dace.float64 = 1.0):
    return a * v + b


@dace.program
def _both(v: dace.float64[N]):
    return np.min(v), np.max(v)


@dace.program
def _global(v: dace.float64[N]):
    v += FACTOR
    v[OFFSETS[0]] = OFFSETS[1]


@dace.program
def _search(v: dace.float64[N], limit: dace.float64):
    for i in range(N):
        if v[i] > limit:
            return i
    return -1


@dace.program
def _nothing(v: dace.float64[N], k: dace.int64):
    if k > 2:
        return
    v += 1


@dace.program
def _fill(out: dace.float64[N], value: dace.float64, n: dace.int64):
    for i in range(n):
        out[i] = value + i


def plain(v, w=2):
    """A function without annotations."""
    t = v * w
    if w > 3:
        t = t + 1
    return t


def plain_loop(v, n):
    t = 0.0
    for i in range(n):
        t += v[i] * i
    return t


def plain_writes(v, value):
    v[0] = value
    v[1:] += value


def plain_tuple(a, b):
    return a + b, a - b


@dace.program
def subarrays(A: dace.float64[N, M], x: dace.float64[N]):
    _scale(x)
    _scale(A[1])
    _scale(A[:, 2], 3.0)
    _scale(x[::2], factor=0.5)
    _scale(x[::-1])
    return _sum(A), _sum(A[1:3]), _sum(A[:, :2]), _sum(A.T)


@dace.program
def keywords(x: dace.float64[N]):
    return _affine(x, 2.0), _affine(x, b=3.0, a=1.0), _affine(v=x, a=0.5)


@dace.program
def tuples(x: dace.float64[N]):
    low, high = _both(x)
    t = _both(x[1:])
    return high - low, t[0] + t[1]


@dace.program
def closures(x: dace.float64[N]):
    _global(x)
    return x[0] + FACTOR + OFFSETS[-1]


@dace.program
def in_expressions(x: dace.float64[N], y: dace.float64[N]):
    z = _affine(x, 2.0) + _affine(y, 3.0) * x
    x[:] = _affine(x, -1.0)
    x[1:] = _affine(x[:-1], 2.0)
    return z


@dace.program
def early_exits(x: dace.float64[N], k: dace.int64):
    i = _search(x, 0.5)
    j = _search(x, 5.0)
    _nothing(x, k)
    _nothing(x[1:], 1)
    return i, j


@dace.program
def in_loops(A: dace.float64[N, M], x: dace.float64[N]):
    for i in range(N):
        _scale(A[i], i)
        low, high = _both(A[i])
        x[i] = high - low
    for i in range(1, N):
        _scale(x[:i], 1.1)


@dace.program
def in_maps(A: dace.float64[N, M], x: dace.float64[N]):
    for i in dace.map[0:N]:
        _scale(A[i], 2.0)
        x[i] = _search(A[i], 0.5)


@dace.program
def in_conditions(x: dace.float64[N], k: dace.int64):
    if _search(x, 0.2) > 0 and _search(x, 0.3) < 4:
        x[0] = 7
    while _search(x, 0.5) >= 0:
        x *= 0.5
    return k


@dace.program
def symbols_per_call(A: dace.float64[N, M], B: dace.float64[N, N]):
    return _sum(A) + _sum(B) + _sum(B[:2, 1:]), _sum(A + 1)


@dace.program
def fills(x: dace.float64[N], k: dace.int64):
    _fill(x, 2.0, k)
    _fill(x[k:], 1.0, 2)


@dace.program
def plain_calls(x: dace.float64[N], k: dace.int64):
    a = plain(x)
    b = plain(x[0], w=5)
    c = plain(k, 3)
    plain_writes(x, 4.0)
    s, d = plain_tuple(x[1], x[2])
    return a, b, c, plain_loop(x, k), s * d


@dace.program
def plain_in_map(A: dace.float64[N, M], x: dace.float64[N]):
    for i in dace.map[0:N]:
        x[i] = plain_loop(A[i], 3) + plain(A[i, 0], 4)


@dace.program
def call_order(x: dace.float64[N]):
    _scale(x, 2.0)
    y = x[0] + _affine(x, 1.0)[0]
    _scale(x, 3.0)
    return y + x[0]


@dace.program
def scalar_results(x: dace.float64[N]):
    return _sum(x[:, None]) * 2 + _both(x)[1]


@dace.program
def starred_arguments(x: dace.float64[N]):
    rest = (2.0, 3.0)
    return _affine(x, *rest)


def with_factor(v):
    return v * FACTOR + 1


def with_factor_in_steps(v):
    t = v * FACTOR
    return t + 1


by_factor = lambda v: v + FACTOR  # noqa: E731


def applied(function, v):
    return function(v) * FACTOR


@dace.program
def names_of_the_module(x: dace.float64[N]):
    FACTOR = 7.0
    x[0] = with_factor(x[0]) + FACTOR
    x[1] = with_factor_in_steps(x[1])
    x[2] = by_factor(x[2])
    k = 2.0
    x[3] = applied(lambda t: t + k, x[3])


@dace.program
def names_where_it_is_written(x: dace.float64[N], s: dace.float64):
    def both(g, s, t):
        return g(s) + g(t)

    def in_steps(g, lower, upper):
        width = upper - lower
        return width * g(lower) + g(upper)

    i = 2
    g = lambda v: v * i  # noqa: E731

    def h(v):
        t = v * i
        return t + 1

    x[0] = both(lambda u: u * s, 5.0, 7.0)
    x[1] = [g(i) for i in (5, 6)][0] + [h(i) for i in (5, 6)][1]
    x[2] = sum(g(1.0) for i in range(3))
    x[3] = in_steps(lambda u: u * u * x[i], 1.0, 3.0)
    i = 3
    return g(1.0), [(lambda v: v * i)(2) for i in (5, 6)][1], both(g, 1.0, 2.0)


@dace.program
def defaults(x: dace.float64[N], k: dace.int64):
    n = 2
    f = lambda v, n=n: v + n  # noqa: E731

    def g(v, a=x[0], b=k, c=1.0):
        t = v * a
        return t + b + c

    n = 50
    x[0] = 100.0
    fs = []
    for i in range(3):
        fs.append(lambda v, i=i: v + i)
    scaled = [lambda v, k=k: v * k for k in (1, 2, 3)]
    given = g(2.0, 3.0), g(2.0, c=x[1])
    return f(1), f(1, 3), f(v=1, n=4), g(2.0), given[0], given[1], fs[0](3), fs[2](3), scaled[0](x[1]) + scaled[2](x[1])


@dace.program
def default_of_iteration(x: dace.float64[N]):
    for i in range(N):
        g = lambda v, k=i: v * k  # noqa: E731
        x[i] = g(x[i])


@dace.program
def members_and_choices(x: dace.float64[N], k: dace.int64):
    table = {"a": 1.5, 2: x[0]}
    a, b = (x[0], 2.0) if x[1] > 0.4 else (3.0, x[2])
    s = 0.0
    for i in range(N)[::-1]:
        s = s * 0.5 + x[i]
    for i in range(1, k + 4)[::-2]:
        s = s * 0.5 + i
    for i in range(k, 10)[::3]:
        s = s * 0.5 + i
    known = ("a" in table) + 10 * (2 in table) + 100 * ("b" in table) + 1000 * ("b" not in "abc")
    return a, b, s, known


@dace.program
def many_known_elements():
    x = np.arange(200.0) * 0.1
    x[100] = -3
    return sum(x), max(x), min(x)


@dace.program
def parts_of_a_tuple(x: dace.float64[N]):
    t = (1, 2, 3, 4, 5)
    a = t[::-1]
    b = t[3:0:-2]
    c = t[1::2]
    d = t[-2:]
    e = t[10:2:-1]
    x[0] = a[0] + 10 * b[0] + 100 * b[1] + 1000 * c[0] + 10000 * c[1]
    x[1] = d[0] + 10 * e[0] + 100 * len(e) + 1000 * len(t[4:1])


@dace.program
def joined_rows(x: dace.float64[N]):
    A = np.arange(12.0).reshape(3, 4) * x[0]
    return np.vstack(A), np.hstack(A), np.concatenate(A), np.stack(A, axis=1)


@dace.program
def item_that_the_run_chooses(x: dace.float64[N], k: dace.int64):
    weights = [0.25, 0.5, 0.25]
    places = (3, 1, 2)
    s = 0.0
    for i in range(1, N - 1):
        for j in range(3):
            s += weights[j] * x[i - 1 + j] * places[j - 1]
    return s, places[k - 2] // 2, x[places[k - 1]]
