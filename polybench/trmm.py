"""The product with a triangular matrix: B := alpha A^T B, the operation TRMM of BLAS level 3.

A is M x M, lower triangular with a unit diagonal; only what stands below the diagonal is read. B is M x N.
"""

import dace

M, N = (dace.symbol(s, dtype=dace.int64) for s in ("M", "N"))

presets = {
    "S": {"M": 150, "N": 180, "alpha": 1.5},
    "M": {"M": 700, "N": 900, "alpha": 1.5},
    "L": {"M": 2000, "N": 2500, "alpha": 1.5},
    "paper": {"M": 1000, "N": 1200, "alpha": 1.5},
}


@dace.program
def initialize(A: dace.float64[M, M], B: dace.float64[M, N]):
    for i, j in dace.map[0:M, 0:M]:
        A[i, j] = i * j % M / M
    for i, j in dace.map[0:M, 0:N]:
        B[i, j] = (N + i - j) % N / N


@dace.program
def trmm(alpha: dace.float64, A: dace.float64[M, M], B: dace.float64[M, N]):
    for i in range(M):
        for j in range(N):
            B[i, j] += A[i + 1 :, i] @ B[i + 1 :, j]
    B *= alpha
