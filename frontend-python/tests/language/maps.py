"""Arrays that belong to iterations of parallel loops, and arrays put together from parts."""

import numpy as np
import dace

N, M = (dace.symbol(s) for s in ("N", "M"))


@dace.program
def array_of_an_iteration(A: dace.float64[N, M], x: dace.float64[N]):
    for i in dace.map[0:N]:
        t = np.zeros(3)
        t[0] = A[i, 0]
        t[1] = A[i, 1] * 2
        t[2] = t[0] + t[1]
        x[i] = np.sum(t)


@dace.program
def row_of_an_iteration(A: dace.float64[N, M], x: dace.float64[N]):
    for i in dace.map[0:N]:
        t = np.empty(M)
        for j in range(M):
            t[j] = A[i, j] * i
        t[:] = t + 1
        x[i] = t[0] + t[M - 1]


@dace.program
def filled_by_inner_iterations(A: dace.float64[N, M], x: dace.float64[N]):
    for i in dace.map[0:N]:
        t = np.empty(M)
        for j in dace.map[0:M]:
            t[j] = A[i, j] + i
        x[i] = np.max(t) - t[1]


@dace.program
def updated_by_inner_iterations(A: dace.float64[N, M], x: dace.float64[N]):
    for i in dace.map[0:N]:
        t = dace.define_local([M], dace.float64)
        t[:] = 1
        for j in dace.map[0:M]:
            t[j] += A[i, j]
            t[j] *= 2
        for j in dace.map[0:M]:
            t[0] += A[i, j]
        x[i] = t[0] * t[M - 1]


@dace.program
def extrema_of_inner_iterations(A: dace.float64[N, M], x: dace.float64[N]):
    for i in dace.map[0:N]:
        t = np.zeros(2)
        for j in dace.map[0:M]:
            t[0] = max(t[0], A[i, j])
        x[i] = t[0]


@dace.program
def matrix_of_an_iteration(T: dace.float64[N, M, 3], A: dace.float64[N, M]):
    for i in dace.map[0:N]:
        t = np.zeros((M, 3))
        for j, k in dace.map[0:M, 0:3]:
            t[j, k] = T[i, j, k] * (j + k)
        A[i, :] = t @ np.ones(3)


@dace.program
def array_of_a_middle_iteration(T: dace.float64[N, M, 3], A: dace.float64[N, M]):
    for i in dace.map[0:N]:
        for j in dace.map[0:M]:
            t = np.empty(3)
            for k in dace.map[0:3]:
                t[k] = T[i, j, k] + i
            A[i, j] = t[0] * t[1] - t[2]


@dace.program
def rolled(A: dace.float64[N, M], x: dace.float64[N], k: dace.int64):
    x[:] = np.roll(x, -k) + np.roll(x, 11 * k)
    B = np.roll(A, k)
    C = np.roll(A, (1, -2), axis=(0, 1)) + np.roll(A, k, axis=1) + np.roll(A, 3, axis=0)
    return B, C, np.roll(A[::-1, 1:], 1, axis=(0, 1)), np.roll(A, (1, 2), axis=(1, 1)), np.roll(x[2:k], 5)


@dace.program
def repeated(A: dace.float64[N, M], x: dace.float64[N], k: dace.int64):
    a, b, c = np.tile(A, (2, 3)), np.tile(x, k), np.tile(x, (2, 1))
    return a, b, c, np.repeat(A, 3, axis=1), np.repeat(A, k), np.kron(A, A), np.kron(x, A)


@dace.program
def padded(A: dace.float64[N, M], x: dace.float64[N], k: dace.int64):
    a = np.pad(A, ((2, 3), (1, 0)), mode="reflect")
    b, c = np.pad(A, 7, mode="wrap"), np.pad(A, ((1, 2), (3, 4)), mode="edge")
    return a, b, c, np.pad(x, (k, 1), mode="symmetric"), np.pad(A[1:3], k, mode="reflect"), np.pad(x, 9, mode="symmetric")


@dace.program
def rolled_in_loops(A: dace.float64[N, M], x: dace.float64[N]):
    for i in range(M):
        x += np.roll(A[:, i], i)
    for i in dace.map[0:N]:
        A[i, :] = np.roll(A[i], i)


@dace.program
def counted_up_and_down(x: dace.float64[N], A: dace.float64[N, M]):
    i, n, m, low = 0, N, 1, 0
    while i < n:
        x[i] += i
        i += 1
    while m < N:
        for j in range(m):
            A[j : j + m, 0] += 1
        m *= 2
    while n > 0:
        n -= 1
        x[n] *= 2
    while low > -N:
        x[low] += 3
        low -= 2
    return i + m + n + low


@dace.program
def shared_by_many(x: dace.float64[N], k: dace.int64):
    a = b = c = d = e = 0
    f = 1
    for i in range(N):
        a += i
        b = b * 2 + 1
        if x[i] > 0.5:
            c = c + 0.5
            d -= 1
        e = max(e, a) - d
        f //= 2
    return a, b, c, d, e, f


@dace.program
def extrema_under_conditions(x: dace.float64[N], k: dace.int64):
    low, high, least, most = 100.0, -100.0, 1000, -1000
    for i in dace.map[0:N]:
        if x[i] > -1000.0:
            high = max(high, -x[i] - 5.0)
            low = min(low, x[i] + 5.0)
        for j in range(2):
            most = max(most, -i - j - 7)
            least = min(least, i + j + 7)
    return low, high, least, most


@dace.program
def sizes_of_iterations(x: dace.float64[N], y: dace.float64[N]):
    for i in dace.map[0:N]:
        y[i] = np.sort(x[: i + 1])[i] + np.max(x[: i + 1] * 2)
