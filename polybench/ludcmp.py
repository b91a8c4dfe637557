"""Solves A x = b: the factorization A = L U without pivoting, L y = b forwards, U x = y backwards.

L (with a unit diagonal) and U replace A. The result is x, y.
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
def initialize(A: dace.float64[N, N], b: dace.float64[N]):
    # Each diagonal element is larger than the rest of its row together: no pivoting is needed.
    for i, j in dace.map[0:N, 0:N]:
        A[i, j] = (i * j + 1) % N / N
    for i in dace.map[0:N]:
        A[i, i] = 1.0 + N
        b[i] = (i + 1) / N / 2.0 + 4.0


@dace.program
def ludcmp(A: dace.float64[N, N], b: dace.float64[N]):
    x = np.zeros_like(b)
    y = np.zeros_like(b)
    for i in range(N):
        for j in range(i):
            A[i, j] = (A[i, j] - A[i, :j] @ A[:j, j]) / A[j, j]
        for j in range(i, N):
            A[i, j] -= A[i, :i] @ A[:i, j]
    for i in range(N):
        y[i] = b[i] - A[i, :i] @ y[:i]
    for i in range(N - 1, -1, -1):
        x[i] = (y[i] - A[i, i + 1 :] @ x[i + 1 :]) / A[i, i]
    return x, y
