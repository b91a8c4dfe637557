"""Programs that were once wrong, found by random generation and made small."""

import math

import numpy as np
import dace
N, M = (dace.symbol(s) for s in ("N", "M"))


@dace.program
def square_of_truth_values(x: dace.float64[N]):
    b = x > 0.5
    return b ** 2, np.square(b), b ** 3, np.power(b, 2)


@dace.program
def element_takes_what_an_array_does_not(z: dace.int32[N]):
    z[0] += 0.75
    z[1] *= 1.5
    z[2] /= 2


@dace.program
def item_before_an_update_of_the_array(x: dace.float64[N], y: dace.float64[N]):
    for v in x:
        x[x > 0.2] += 1
        y[0] += v


@dace.program
def item_of_a_tuple_before_an_update(x: dace.float64[N], y: dace.float64[N]):
    for v in (x[0], x[1]):
        x[x > 0.2] += 1
        y[0] += v


@dace.program
def difference_along_a_new_axis(x: dace.float64[N]):
    return np.diff(x[1:, None]), np.diff(x[1:, None], axis=0)


@dace.program
def arrays_of_a_loop_with_continue(A: dace.float64[N, M], x: dace.float64[N]):
    for i in range(N):
        if x[i] > 0.5:
            continue
        t = A[1:]
        u = A[0] + i
    return t, u


@dace.program
def arrays_of_a_loop_with_break(A: dace.float64[N, M], x: dace.float64[N]):
    for i in range(N):
        t = A + i
        v = A[:, 0]
        if x[i] > 0.8:
            break
    return t, v


@dace.program
def part_that_a_loop_has_picked(A: dace.float64[N, M], x: dace.float64[N]):
    for i in range(N):
        row = A[i]
        part = A[i:, 1]
        if x[i] > 0.8:
            break
    row[0] = 5.0
    return row + 1, np.sum(part)


@dace.program
def item_that_a_loop_has_reached(A: dace.float64[N, M], x: dace.float64[N]):
    for i, row in enumerate(A):
        x[i] += row[0]
    row[1] = 7.0
    for i in range(2):
        for v in A:
            last = v
            if v[0] > 0.5:
                break
        x[i] = last[1] + v[2]
    return x.copy()


@dace.program
def part_that_is_picked_before_another(A: dace.float64[N, M]):
    for i in range(N - 1):
        t = A[i]
        u = t
        t = A[i + 1]
    u[0] = 1.0
    t[1] = 2.0


@dace.program
def _step(x: dace.float64[N]):
    x[1:] = 0.5 * x[:-1]
    return x


@dace.program
def _row(A: dace.float64[N, M], i: dace.int64):
    return A[i], A[:, 1:]


def _inner(v):
    v[0] += 1
    return v[1:-1]


@dace.program
def results_that_are_arguments(x: dace.float64[N], y: dace.float64[N]):
    t = _step(x)
    t[0] = 3.0
    for k in range(2):
        y = _step(y)
    y[1] = 4.0
    return y + 1


@dace.program
def results_that_are_parts_of_arguments(A: dace.float64[N, M], B: dace.float64[N, N], x: dace.float64[N]):
    row, rest = _row(A[1:], 2)
    row[0] = 5.0
    A[1:3] = 6.0
    rest[0, 0] += 1.0
    inner = _inner(x[1:])
    inner[:] = 7.0
    u = _row(B[:, :4], 1)[0]
    B[1] = 8.0
    return np.sum(row), np.sum(rest), u.copy()


@dace.program
def comparisons_with_integers_out_of_range(x: dace.float64[N]):
    u = (x * 10).astype(np.uint8)
    v = (x * 10).astype(np.uint64)
    w = (x * 10).astype(np.int8)
    return u > -1, -1 < u, u == 260, v >= -3, -3 == v, w < 200, w != -129, np.clip(u, -1, 2), np.clip(w, -300, 2)


@dace.program
def assigned_in_some_iterations(ix: dace.int64[N], A: dace.float64[N, M], y: dace.float64[N]):
    for i in range(N):
        if i == 0 or ix[i] > 4:
            t = i
            row = A[i]
            size = i + 1
        for j in range(ix[i] + (i == 0)):
            u = i
        if ix[i] > 2:
            size *= 2
        y[i] = t * 100 + u * 10 + size + row[1]
    return t


@dace.program
def size_that_changes_its_sign(ix: dace.int64[N]):
    for i in range(N - 1, -1, -1):
        if i == N - 1 or ix[i] == 3:
            t = np.zeros(M).size
        t *= -1
    t += t
    return t


@dace.program
def not_needed_where_it_is_not_assigned(ix: dace.int64[N], x: dace.float64[N]):
    for i in range(N):
        if ix[i] > 3:
            t = x[i]
        if ix[i] > 3 and t > 0:
            x[i] = -t


@dace.program
def _flat_part(A: dace.float64[N, M]):
    return A[1:].reshape(-1)


@dace.program
def results_that_share_elements(A: dace.float64[N, M]):
    t = _flat_part(A)
    t[1:-1] = 7.0
    A[1, 2] = 5.0
    return t.copy(), t[2]


@dace.program
def numbers_of_numpy(x: dace.float64[N], z: dace.int32[N]):
    f = x.astype(np.float32)
    return (
        np.sin(1.0) * f,
        np.minimum(1, 3) * z,
        np.add(1, 2) * z,
        np.abs(-1) * z,
        np.sqrt(2) * f,
        np.max(5) * z,
        np.round(2.6) * f,
        np.clip(1, 0, 5) * z,
        np.where(True, 1, 2) * z,
        np.floor(2.5) * f,
        np.real(2.0) * f,
    )


@dace.program
def numbers_of_python(x: dace.float64[N], z: dace.int32[N]):
    f = x.astype(np.float32)
    b = z.astype(np.int8)
    return (
        math.sin(f[0]) * f,
        math.floor(f[1]) * b,
        math.floor(z[0]) * b,
        math.pow(2, 3) * z,
        math.gcd(4, 6) * z,
        math.fabs(-2) * z,
        math.sqrt(z[0]) * f,
        math.radians(f[0]) * f,
        math.hypot(f[0], f[1]) * f,
        math.isnan(f[0]) * b,
    )


@dace.program
def unused_elements_before_a_write(x: dace.float64[N], ix: dace.int64[N]):
    ix[0] = len(x[ix % 3]) - 5
    x[ix[1] % 6] = x[ix].shape[0]


@dace.program
def part_of_a_new_axis(x: dace.float64[N], k: dace.int64):
    t = x[None, k]
    if x[0] > 0:
        t[k:] *= t[k:]
    t[k - 3:] += 1.0


@dace.program
def array_of_the_last_iteration(x: dace.float64[N]):
    for i in range(N):
        t = x * i
        last = t[1:]
        if x[i] > 0.9:
            break
    return last.copy()


@dace.program
def both_shapes_of_an_array_in_one_assignment(A: dace.float64[N, M]):
    t = A.reshape(-1)
    for row in A:
        t[5], row[2] = row[2], t[5]
    t[0] = A[1, 1] = 3.0


@dace.program
def quotients_of_complex_numbers(x: dace.float64[N]):
    c = (x + 1j * x[::-1]) * 1e200
    return c / c, c / np.exp(x.astype(np.float16) * 1000), 1 / c


@dace.program
def assigned_in_the_other_branch(k: dace.int64):
    """What one branch assigns is not what the other one reads: that is what an earlier iteration has left."""
    left = k
    rounds = 0
    steps = 0
    total = 0
    while left > 0:
        steps += 1
        if steps % 7 == 0:
            left = left - 1
            rounds = 0
        else:
            rounds = rounds + 1
            total += rounds
    return total


@dace.program
def assigned_in_a_loop_without_iterations(x: dace.float64[N], k: dace.int64):
    """What an inner loop assigns is read after it also where it has no iterations."""
    last = 0.0
    total = 0.0
    for i in range(N):
        for j in range(i - k):
            last = x[j]
        total += last
        last = last + 1
    return total


@dace.program
def correlated_with_a_longer_vector(x: dace.float64[N], A: dace.float64[N, M]):
    return np.correlate(x[:2], x[:4], "same"), np.correlate(x[:3], A[:, 0], "same"), np.correlate(x, x[:4], "same")


@dace.program
def pieces_of_functions(x: dace.float64[N]):
    t = x[0]
    return np.piecewise(x, [x < 0.3, x > 0.6], [lambda v: v - v.mean() + t, 5, lambda v: v * len(v)])


@dace.program
def weights_of_averages(x: dace.float64[N], y: dace.float64[N], A: dace.float64[N, M]):
    a, b = np.average(x, returned=True)
    c, d = np.average(x, weights=y, returned=True)
    e, f = np.average(A, axis=0, returned=True)
    g, h = np.average(A, axis=0, weights=y, returned=True)
    return a, b, c, d, e, f, g, h


@dace.program
def middles_of_large_numbers(x: dace.float64[N]):
    y = x * 0 + 1e308
    return np.median(y[:1]), np.nanmedian(y[:3]), np.median(x), np.nanmedian(x)


@dace.program
def interpolated_infinities(x: dace.float64[N]):
    up = x * 0 + np.inf
    at = np.arange(N) / N
    return np.interp(x, at, up), np.interp(x, np.array([0.0, np.inf]), np.array([1.0, 2.0])), np.interp(x, at, x)


@dace.program
def spread_of_complex_numbers(x: dace.float64[N], y: dace.float64[N]):
    c = x + 1j * y
    return np.nanvar(c), np.nanstd(c), np.nanvar(x, ddof=1)


@dace.program
def equal_arrays(x: dace.float64[N], A: dace.float64[N, M]):
    return np.array_equal(x, x[:3]), np.array_equal(x, x), np.array_equal(A, A[0]), np.array_equal(A[:, 0], x), np.array_equal(x[:1], x)


@dace.program
def limits_of_formulas(x: dace.float64[N], ix: dace.int64[N]):
    both = np.corrcoef(np.stack((x, 3 * x)))
    return both <= 1, both, np.kaiser(1, 5.0), np.kaiser(4, 5.0), np.polyder(ix, 0), np.polyint(ix, 0)


@dace.program
def choice_of_literals(x: dace.float64[N], k: dace.int64):
    s = 0
    for i in range(N):
        s += (100000 if x[i] > 0.5 else 200000) * 100000
    return s, (3 if k > 2 else 4) * 1000000000


@dace.program
def histogram_under_a_condition(ix: dace.int64[N]):
    h = np.zeros((4,), dtype=np.int64)
    for i in dace.map[0:N]:
        if ix[i] >= 0:
            h[ix[i] % 4] += 1
    return h


@dace.program
def zeros_of_both_signs(x: dace.float64[N]):
    y = np.zeros((6,))
    y[0] = 0.0 * x[0]
    y[1] = -0.0 * x[1]
    y[2] = 0.0
    y[3] = -1e-300 * x[3]
    y[4] = -0.0 * x[4]
    y[5] = 1e-300
    return np.argsort(y, kind="stable")


@dace.program
def complex_edges(x: dace.float64[N]):
    z = x * 0j
    w = np.array([np.inf + 0j, 0j, 1e-12 + 1e-12j])
    return np.power(z, 0j), np.power(z, -1 + 0j), np.power(z, 1 + 0j), np.sign(w), np.expm1(x * 1e-12 + 1e-12j)


@dace.program
def products_with_zeros_of_both_signs(x: dace.float64[N]):
    return np.copysign(1.0, x * -0.0), np.copysign(1.0, 0.0 * x), np.copysign(1.0, -0.0 * (x - 1.0))


# Of slices that leave out more than there is, nothing is left, and less than nothing is no length.
@dace.program
def lengths_of_slices_beyond_the_end(x: dace.float64[N], A: dace.float64[N, M]):
    t = 9
    n = x[1:].size
    y = np.zeros(n)
    y[:] = x[1:] + 1
    z = A[t:]
    return x[t:].size, len(x[:-12]), np.size(x[7:-7]), z.shape[0], z.nbytes, n, np.sum(y), np.mean(x[t:])
