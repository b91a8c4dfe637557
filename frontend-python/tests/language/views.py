"""Views: which names share memory, and which do not."""

import numpy as np
import dace

N, M = (dace.symbol(s) for s in ("N", "M"))


@dace.program
def slice_is_view(x: dace.float64[N]):
    v = x[1:4]
    v[0] = 10
    x[2] = 20
    w = v[1:]
    w += 1
    return v * 1, w * 1


@dace.program
def view_sees_base(x: dace.float64[N]):
    v = x[::2]
    x[:] = x * 2
    return v + 0


@dace.program
def reversed_view(x: dace.float64[N]):
    v = x[::-1]
    v[0] = 5
    x[0] = 7
    v[1:3] += 1
    return v + 0


@dace.program
def transposed_view(A: dace.float64[N, M]):
    B = A.T
    B[1, 2] = 9
    A[0, 3] = 8
    C = np.transpose(A)
    C[0] = 1
    return B + 0


@dace.program
def reshaped_view(A: dace.float64[N, M]):
    v = A.reshape(N * M)
    v[5] = 100
    A[0, 0] = 50
    w = np.reshape(A, (M, N))
    w[0, 1] = 25
    return v + 0, w + 0


@dace.program
def reshaped_fresh(x: dace.float64[N]):
    t = x * 2
    w = t.reshape((2, 3))
    w[0, 1] = 7
    t[5] = 9
    return t + 0, w + 0


@dace.program
def ravel_view(A: dace.float64[N, M]):
    v = A.ravel()
    v[3] = 7
    f = A.flatten()
    f[4] = 9
    return v[:5] + 0, f[:5] + 0


@dace.program
def reshape_of_transposed(A: dace.float64[N, M]):
    v = A.T.reshape(N * M)
    v[0] = 100
    r = A[:, 1:3].reshape(2 * N)
    r[0] = 200
    return v + 0


@dace.program
def reshape_rows(A: dace.float64[N, M]):
    v = A[1:3].reshape(2 * M)
    v[0] = 100
    return v + 0


@dace.program
def reshape_minus_one(A: dace.float64[N, M]):
    v = np.reshape(A, -1)
    v[1] = 5
    w = np.reshape(A, (2, -1))
    return v + 0, w + 0


@dace.program
def newaxis_view(x: dace.float64[N]):
    c = x[:, np.newaxis]
    c[2, 0] = 4
    r = x[None]
    r[0, 3] = 6
    return c * r


@dace.program
def alias_of_argument(x: dace.float64[N]):
    y = x
    y[0] = 3
    y += 1
    y = y + 1
    y[1] = 100


@dace.program
def rebinding_leaves_base(x: dace.float64[N]):
    v = x[1:]
    v = v * 2
    v[0] = 77
    return v


@dace.program
def copy_is_apart(x: dace.float64[N]):
    c = x.copy()
    c[0] = 9
    d = np.copy(x)
    d[1] = 8
    e = np.array(x)
    e[2] = 7
    return c, d, e


@dace.program
def view_of_element_row(A: dace.float64[N, M]):
    for i in range(N):
        row = A[i]
        row[0] = row[1] + i
        last = A[i, -1:]
        last *= 2


@dace.program
def overlapping_views(x: dace.float64[N]):
    a = x[1:]
    b = x[:-1]
    a[:] = b
    b += a


@dace.program
def overlapping_2d(A: dace.float64[N, M]):
    A[1:, 1:] = A[:-1, :-1]
    A[:, ::-1] = A
    A[0] = A[:, 0][:M]


@dace.program
def self_transpose(B: dace.float64[N, N]):
    B[:] = B.T
    B += B.T


@dace.program
def view_in_branch(A: dace.float64[N, M], k: dace.int64):
    r = A[k]
    if k > 1:
        r[0] = 1
    else:
        r[1] = 2
    k = 0
    r[2] = 3
    return r + 0


@dace.program
def scalar_is_no_view(x: dace.float64[N]):
    a = x[0]
    x[0] = 9
    b = x[1:2]
    x[1] = 8
    return a, b + 0


@dace.program
def broadcast_write(A: dace.float64[N, M], x: dace.float64[M]):
    A[:] = A[0]
    A[1:3] = A[:, 0:1][:2]
    A[:, 2] = 7


@dace.program
def stale_index(x: dace.float64[N], ix: dace.int64[N]):
    i = ix[0]
    v = x[i - 1:]
    ix[0] = 0
    v[0] = 50
    return i


@dace.program
def diagonal_fill(B: dace.float64[N, N]):
    for i in range(N):
        B[i, i] = 0
    B[0, :][1] = 5
    B[:, 1][2:][0] = 6


@dace.program
def reshaped_columns(x: dace.float64[N], y: dace.float64[N]):
    c = x.reshape((N, 1))
    c[1, 0] = 5
    r = np.reshape(y, (1, N))
    r += 1
    return c * r


@dace.program
def reshaped_in_loop(A: dace.float64[N, M]):
    for i in range(N):
        v = A[i].reshape((2, 2))
        v[1, 0] = i
        A[i, 0] = 9
        v[0, 1] = v[0, 0] + 1
    w = A.reshape((N * M,))
    for i in range(4):
        w[i] = -1.0
        A[5, 0] += w[i]


@dace.program
def reshaped_twice(x: dace.float64[N]):
    a = x.reshape((2, 3))
    b = x.reshape((3, 2))
    a[0, 1] = 10
    b[2, 1] = 20
    x[0] = 30
    return a + 0, b + 0


@dace.program
def reshaped_strided(x: dace.float64[N], T: dace.float64[N, M, 3]):
    s = T[0, :, 1].reshape((2, 2))
    s[1, 1] = 50
    T[0, 0, 1] = 60
    return s + 0
