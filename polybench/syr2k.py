"""The symmetric rank-2k update: C := alpha (A B^T + B A^T) + beta C, the operation SYR2K of BLAS level 3.

A and B are N x M; of C only the lower half, with the diagonal, is computed.
"""

import dace

M, N = [dace.symbol(s, dtype=dace.int64) for s in ("M", "N")]

presets = {
    "S": {"M": 150, "N": 200, "alpha": 1.5, "beta": 1.2},
    "M": {"M": 700, "N": 900, "alpha": 1.5, "beta": 1.2},
    "L": {"M": 2000, "N": 2500, "alpha": 1.5, "beta": 1.2},
    "paper": {"M": 1000, "N": 1200, "alpha": 1.5, "beta": 1.2},
}


@dace.program
def initialize(C: dace.float64[N, N], A: dace.float64[N, M], B: dace.float64[N, M]):
    for i, j in dace.map[0:N, 0:N]:
        C[i, j] = (i * j + 3) % N / M
    for i, j in dace.map[0:N, 0:M]:
        A[i, j] = (i * j + 1) % N / N
        B[i, j] = (i * j + 2) % M / M


@dace.program
def syr2k(
    alpha: dace.float64,
    beta: dace.float64,
    C: dace.float64[N, N],
    A: dace.float64[N, M],
    B: dace.float64[N, M],
):
    for i in range(N):
        C[i, : i + 1] *= beta
        for k in range(M):
            C[i, : i + 1] += alpha * (A[: i + 1, k] * B[i, k] + B[: i + 1, k] * A[i, k])
