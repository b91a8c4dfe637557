"""Cholesky factorization A = L L^T of a symmetric positive definite matrix, row by row:

    L[i,j] = (A[i,j] - sum over k < j of L[i,k] L[j,k]) / L[j,j]    for j < i,
    L[i,i] = sqrt(A[i,i] - sum over k < i of L[i,k]^2).

L replaces the lower half of A; the upper half stays as it is.
"""

import numpy as np
import dace

N = dace.symbol("N", dtype=dace.int64)

presets = {
    "S": {"N": 150},
    "M": {"N": 900},
    "L": {"N": 3000},
    "paper": {"N": 2000},
}


@dace.program
def initialize(A: dace.float64[N, N]):
    # Symmetric, and each diagonal element larger than the rest of its row together.
    for i, j in dace.map[0:N, 0:N]:
        A[i, j] = 1.0 / (1.0 + abs(i - j))
    for i in dace.map[0:N]:
        A[i, i] = 1.0 + N


@dace.program
def cholesky(A: dace.float64[N, N]):
    for i in range(N):
        for j in range(i):
            A[i, j] = (A[i, j] - A[i, :j] @ A[j, :j]) / A[j, j]
        A[i, i] = np.sqrt(A[i, i] - A[i, :i] @ A[i, :i])
