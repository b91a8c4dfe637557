"""The symmetric rank-k update: C := alpha A A^T + beta C, the operation SYRK of BLAS level 3.

A is N x M; of C only the lower half, with the diagonal, is computed.
"""

import dace as dc

M, N = (dc.symbol(s, dtype=dc.int64) for s in ("M", "N"))

presets = {
    "S": {"M": 150, "N": 200, "alpha": 1.5, "beta": 1.2},
    "M": {"M": 800, "N": 1000, "alpha": 1.5, "beta": 1.2},
    "L": {"M": 2000, "N": 2500, "alpha": 1.5, "beta": 1.2},
    "paper": {"M": 1000, "N": 1200, "alpha": 1.5, "beta": 1.2},
}


@dc.program
def initialize(C: dc.float64[N, N], A: dc.float64[N, M]):
    for i, j in dc.map[0:N, 0:N]:
        C[i, j] = (i * j + 2) % N / M
    for i, j in dc.map[0:N, 0:M]:
        A[i, j] = (i * j + 1) % N / N


@dc.program
def syrk(alpha: dc.float64, beta: dc.float64, C: dc.float64[N, N], A: dc.float64[N, M]):
    for i in range(N):
        C[i, : i + 1] *= beta
        for k in range(M):
            C[i, : i + 1] += alpha * A[i, k] * A[: i + 1, k]
