"""Every operation of linear algebra for one type of elements, on dense operands and on every second row and column. `DTYPE` and
`UNIT` are replaced: by a type, and by what imaginary parts are multiplied by, 0 for real types."""

import numpy as np
import dace as dc

N, M = (dc.symbol(s, dtype=dc.int64) for s in ("N", "M"))

presets = {
    "S": {"N": 12, "M": 5},
    "one": {"N": 1, "M": 2},
    "empty": {"N": 0, "M": 2},
}


@dc.program
def initialize(A: dc.DTYPE[N, N], B: dc.DTYPE[N, M], W: dc.DTYPE[2 * N, 2 * N]):
    for i, j in dc.map[0:N, 0:N]:
        A[i, j] = ((i * 7 + j * 13) % 11) / 11 + UNIT * ((i + 2 * j) % 5) / 5
    for i in dc.map[0:N]:
        A[i, i] = N + 1.0
    for i, j in dc.map[0:N, 0:M]:
        B[i, j] = (i * j % 7) / 7 + 0.1 + UNIT * ((i + j) % 3)
    for i, j in dc.map[0 : 2 * N, 0 : 2 * N]:
        W[i, j] = ((i * 3 + j * 5) % 13) / 13 - UNIT * ((2 * i + j) % 7) / 7
    for i in dc.map[0 : 2 * N]:
        W[i, i] = 2 * N + 1.0


@dc.program
def linear_algebra_types(A: dc.DTYPE[N, N], B: dc.DTYPE[N, M], W: dc.DTYPE[2 * N, 2 * N]):
    V = W[::2, 1::2] + A
    product = np.conj(A).T @ B
    vector = W[::2, ::2] @ B[:, 0]
    inner = np.vdot(B[:, 0], B[:, 1])
    sums = np.sum(W[::2, ::2], axis=0)
    X = np.linalg.solve(A, B)
    x = np.linalg.solve(W[::2, ::2].T, B[:, 0])
    I = np.linalg.inv(V)
    d = np.linalg.det(A / (N + 1))
    sign, log = np.linalg.slogdet(V)
    K = A @ np.conj(A).T
    L = np.linalg.cholesky(K)
    q, r = np.linalg.qr(B)
    P = q @ r
    w, v = np.linalg.eigh(K)
    E = (v * w) @ np.conj(v).T
    u, s, vh = np.linalg.svd(B, full_matrices=False)
    U = (u * s) @ vh
    Z = np.linalg.lstsq(A, B)[0]
    F = np.linalg.matrix_power(A, 2)
    return product, vector, inner, sums, X, x, I, d, sign, log, L, P, w, E, s, U, Z, F
