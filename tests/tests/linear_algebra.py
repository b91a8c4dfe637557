"""Every function of `numpy.linalg` that is compiled, on well-conditioned matrices; factors are multiplied again where only
their product is determined."""

import numpy as np
import dace as dc

N, M, S = (dc.symbol(s, dtype=dc.int64) for s in ("N", "M", "S"))

presets = {
    "S": {"N": 60, "M": 7, "S": 3},
    "tiny": {"N": 2, "M": 1, "S": 1},
    "one": {"N": 1, "M": 1, "S": 1},
    "empty": {"N": 0, "M": 0, "S": 0},
    # Worth more than one thread.
    "large": {"N": 300, "M": 7, "S": 2},
}


@dc.program
def initialize(
    A: dc.float64[N, N],
    B: dc.float64[N, M],
    b: dc.float64[N],
    C: dc.complex128[S, M, M],
    T: dc.float32[N, M],
):
    for i, j in dc.map[0:N, 0:N]:
        A[i, j] = ((i * 7 + j * 13) % 11) / 11
    for i in dc.map[0:N]:
        A[i, i] = N + 1.0
    for i, j in dc.map[0:N, 0:M]:
        B[i, j] = (i * j % 7) / 7 + 0.1
        T[i, j] = (i * j % 5 + 1) / (i + j + 1)
    for i in dc.map[0:N]:
        b[i] = i / N
    for s, i, j in dc.map[0:S, 0:M, 0:M]:
        C[s, i, j] = (i + 2 * j + s) % 5 + 1j * (i * j % 3)
    for s, i in dc.map[0:S, 0:M]:
        C[s, i, i] = 3 * M + s


@dc.program
def linear_algebra(
    A: dc.float64[N, N],
    B: dc.float64[N, M],
    b: dc.float64[N],
    C: dc.complex128[S, M, M],
    T: dc.float32[N, M],
):
    X = np.linalg.solve(A, B)
    x = np.linalg.solve(A.T, b)
    # Every row is exchanged.
    R = np.flipud(A) + 0.0
    Y = np.linalg.solve(R, B)
    I = np.linalg.inv(A)
    d = np.linalg.det(A / N)
    L = np.linalg.cholesky(A @ A.T)
    q, r = np.linalg.qr(B)
    P = q @ r
    w, v = np.linalg.eigh(A @ A.T)
    V = (v * w) @ v.T
    u, s, vh = np.linalg.svd(B, full_matrices=False)
    U = (u * s) @ vh
    D = np.linalg.inv(C)
    dets = np.linalg.det(C / M)
    sv = np.linalg.svdvals(T)
    return X, x, I, d, L, P, w, V, s, U, D, dets, sv, r, Y
