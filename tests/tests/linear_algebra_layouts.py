"""`numpy.linalg` on operands that lie in memory in every way: transposed, every second row and column, backwards, conjugate;
and on matrices with elements that are no numbers."""

import numpy as np
import dace as dc

N, M, S = (dc.symbol(s, dtype=dc.int64) for s in ("N", "M", "S"))

presets = {
    "S": {"N": 24, "M": 6, "S": 2},
    "large": {"N": 320, "M": 10, "S": 2},
}


@dc.program
def initialize(A: dc.float64[N, N], B: dc.float64[N, M], C: dc.complex64[S, M, M], E: dc.float64[N, N]):
    for i, j in dc.map[0:N, 0:N]:
        A[i, j] = ((i * 7 + j * 13) % 11) / 11
        E[i, j] = ((i * 5 + j * 3) % 7) / 7
    for i in dc.map[0:N]:
        A[i, i] = N + 1.0
        E[i, i] = N + 2.0
    E[1, 2] = np.nan
    for i, j in dc.map[0:N, 0:M]:
        B[i, j] = (i * j % 7) / 7 + 0.1
    for s, i, j in dc.map[0:S, 0:M, 0:M]:
        C[s, i, j] = (i + 2 * j + s) % 5 + 1j * (i * j % 3)
    for s, i in dc.map[0:S, 0:M]:
        C[s, i, i] = 3 * M + s


@dc.program
def linear_algebra_layouts(A: dc.float64[N, N], B: dc.float64[N, M], C: dc.complex64[S, M, M], E: dc.float64[N, N]):
    K = A @ A.T
    X = np.linalg.solve(A[::2, ::2].T, B[::2])
    Y = np.linalg.solve(A[1 : N - 1, 1 : N - 1], B[1 : N - 1].copy())
    I = np.linalg.inv(A.T[1:, 1:])
    L = np.linalg.cholesky(K[::2, ::2])
    w = np.linalg.eigvalsh(K.T[1:, 1:])
    s = np.linalg.svdvals(B.T)
    d = np.linalg.det(A[::-1, ::-1] / N)
    D = np.linalg.inv(np.conj(C))
    sign, log = np.linalg.slogdet(A.T)
    q, r = np.linalg.qr(B[::2].copy().T)
    P = q @ r
    x = np.linalg.solve(E, B[:, 0].copy())
    V = np.linalg.inv(E)
    e = np.linalg.det(E)
    return X, Y, I, L, w, s, d, D, sign, log, P, x, V, e
