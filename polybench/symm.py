"""The product with a symmetric matrix: C := alpha A B + beta C, the operation SYMM of BLAS level 3.

A is M x M, of which only the lower half is stored; B and C are M x N. Row i of the lower half acts twice: as a row on
row i of C, and as a column on the rows above.
"""

import numpy as np
import dace as dc

M, N = (dc.symbol(s, dtype=dc.int64) for s in ("M", "N"))

presets = {
    "S": {"M": 250, "N": 300, "alpha": 1.5, "beta": 1.2},
    "M": {"M": 600, "N": 700, "alpha": 1.5, "beta": 1.2},
    "L": {"M": 1600, "N": 2000, "alpha": 1.5, "beta": 1.2},
    "paper": {"M": 1000, "N": 1200, "alpha": 1.5, "beta": 1.2},
}


@dc.program
def initialize(C: dc.float64[M, N], A: dc.float64[M, M], B: dc.float64[M, N]):
    for i, j in dc.map[0:M, 0:N]:
        C[i, j] = (i + j) % 100 / M
        B[i, j] = (N + i - j) % 100 / M
    for i, j in dc.map[0:M, 0:M]:
        # What stands above the diagonal must not matter.
        A[i, j] = -999.0
        if j <= i:
            A[i, j] = (i + j) % 100 / M


@dc.program
def symm(alpha: dc.float64, beta: dc.float64, C: dc.float64[M, N], A: dc.float64[M, M], B: dc.float64[M, N]):
    C *= beta
    for i in range(M):
        C[:i, :] += alpha * np.outer(A[i, :i], B[i, :])
        C[i, :] += alpha * (A[i, :i] @ B[:i, :] + A[i, i] * B[i, :])
