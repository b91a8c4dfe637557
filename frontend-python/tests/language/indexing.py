"""Indexing: basic, by masks, by arrays of integers, mixed."""

import numpy as np
import dace

N, M = (dace.symbol(s) for s in ("N", "M"))


@dace.program
def ellipses(T: dace.float64[N, M, 3]):
    T[..., 0] = 1
    T[0, ...] += 1
    T[1, ..., 2] = 5
    return T[..., 1, :], T[...], T[..., -1]


@dace.program
def newaxes(x: dace.float64[N], A: dace.float64[N, M]):
    return x[:, None] * A, A[None, :, 0], x[None, :, None] + 1, A[1, None]


@dace.program
def negative(A: dace.float64[N, M], k: dace.int64):
    return A[-1], A[-2, -3], A[-k:], A[:, -k], A[:-k, 0]


@dace.program
def mask_read(x: dace.float64[N]):
    return np.sum(x[x > 0.5])


@dace.program
def mask_reductions(A: dace.float64[N, M]):
    m = A > 0.3
    return np.mean(A[m]), np.max(A[m]), A[m].min(), np.prod(A[~m]), A[m].size, len(A[A > 2])


@dace.program
def mask_write(A: dace.float64[N, M]):
    A[A > 0.7] = 0
    A[A < 0.2] += 1
    A[(A > 0.3) & (A < 0.5)] *= 2


@dace.program
def mask_write_rows(A: dace.float64[N, M], x: dace.float64[N]):
    A[x > 0.5] = 1.0
    A[x < 0.2, 1] = 3.0
    A[:, A[0] > 0.5] = 2.0


@dace.program
def mask_write_array(x: dace.float64[N], y: dace.float64[N]):
    m = x > 0.5
    x[m] = y[m]
    x[~m] += y[~m] * 2


@dace.program
def mask_of_scalar(x: dace.float64[N], y: dace.float64[N]):
    x[np.isnan(x)] = 0
    y[y == y.max()] = -1


@dace.program
def take_1d(x: dace.float64[N], ix: dace.int64[N]):
    return x[ix], x[ix[:3]], x[[0, 2, 4]], x[[-1, -2]], x[ix - 6]


@dace.program
def take_2d(x: dace.float64[N], B: dace.float64[N, N], ix: dace.int64[N]):
    K = np.zeros((2, 3), dtype=np.int64)
    K[0, 1] = 2
    K[1, 2] = 3
    return x[K], B[K]


@dace.program
def take_rows(A: dace.float64[N, M], ix: dace.int64[N]):
    return A[ix], A[:, [0, 2]], A[ix, 1], A[1, [0, 3]], A[1:3, [1, 2, 0]]


@dace.program
def take_pairs(B: dace.float64[N, N], ix: dace.int64[N]):
    j = np.arange(N)
    return B[ix, j], B[j, ix], B[ix, 0], B[ix[:, None], ix[None, :]], B[[0, 1], [1, 2]]


@dace.program
def take_mixed(T: dace.float64[N, M, 3], ix: dace.int64[N]):
    return T[ix, :, 1], T[:, [0, 1], 2], T[ix, 1:3], T[[0, 1], :, [1, 2]], T[..., [2, 0]]


@dace.program
def put_1d(x: dace.float64[N], y: dace.float64[N], ix: dace.int64[N]):
    x[ix] = y
    x[ix[:2]] = 5.0
    x[[0, 5]] = x[[5, 0]]


@dace.program
def put_rows(A: dace.float64[N, M], ix: dace.int64[N]):
    A[ix] = A + 1
    A[:, [0, 1]] = A[:, [1, 0]]
    A[[0, 2], [1, 3]] = 9
    A[[1, 2], 0] = [4.0, 5.0]


@dace.program
def aug_1d(x: dace.float64[N], ix: dace.int64[N]):
    x[ix] += 1
    x[ix] *= 2
    x[[0, 0, 1]] -= 5


@dace.program
def aug_rows(A: dace.float64[N, M], ix: dace.int64[N]):
    A[ix] += 1
    A[:, [0, 2]] *= 3
    A[ix, [0, 1, 2, 3, 0, 1]] -= 2


@dace.program
def indirect(x: dace.float64[N], ix: dace.int64[N]):
    t = 0.0
    for i in range(N):
        t += x[ix[ix[i]]]
        x[ix[i]] = i
    return t


@dace.program
def indirect_slice(A: dace.float64[N, M], ix: dace.int64[N]):
    t = 0.0
    for i in range(N):
        row = A[ix[i]]
        t += np.sum(row[1:])
        A[ix[i], 0] = i
    return t


@dace.program
def csr(x: dace.float64[N], y: dace.float64[N]):
    indptr = np.array([0, 1, 3, 3, 5, 6, 6])
    indices = np.array([0, 1, 2, 3, 0, 5])
    data = np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0])
    for i in range(N):
        y[i] = 0
        for j in range(indptr[i], indptr[i + 1]):
            y[i] += data[j] * x[indices[j]]


@dace.program
def csr_slices(x: dace.float64[N], y: dace.float64[N]):
    indptr = np.array([0, 1, 3, 3, 5, 6, 6])
    indices = np.array([0, 1, 2, 3, 0, 5])
    data = np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0])
    for i in range(N):
        cols = indices[indptr[i]:indptr[i + 1]]
        vals = data[indptr[i]:indptr[i + 1]]
        y[i] = vals @ x[cols]


@dace.program
def map_gather(A: dace.float64[N, M], x: dace.float64[N], ix: dace.int64[N]):
    for i in dace.map[0:N]:
        x[i] = A[ix[i], 1] + np.sum(A[ix[i], :])


@dace.program
def sized_by_data(x: dace.float64[N], ix: dace.int64[N]):
    n = ix[0]
    w = np.zeros(n)
    w[:] = x[:n]
    w[1:] += x[:n - 1]
    return np.sum(w)


@dace.program
def computed_parameter(x: dace.float64[N], k: dace.int64):
    h = k - 1
    w = np.zeros(h)
    w += x[:h]
    w += x[1:k]
    w[:k - 2] = x[k - 1:2 * k - 3]
    return w


@dace.program
def shapes_everywhere(A: dace.float64[N, M]):
    n, m = A.shape
    half = n // 2
    top = A[:half]
    rest = A[half:2 * half]
    w = np.empty((half, m))
    w[:] = top + rest
    w[:, 1:] -= top[:, :m - 1]
    return w


@dace.program
def empty_slices(x: dace.float64[N], k: dace.int64):
    e = x[k:k]
    return np.sum(e), np.sum(x[N:]), e @ e, np.sum(x[5:2] * x[5:2])


@dace.program
def bool_scalar_index(x: dace.float64[N]):
    b = x > 0.5
    c = 0
    for i in range(N):
        if b[i]:
            c += 1
    return c, x[np.int32(2)], x[int(1.5)]
