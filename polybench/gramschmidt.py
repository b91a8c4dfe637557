"""The factorization A = Q R by the modified Gram-Schmidt process; A is M x N of full rank, and is used up.

R[k,k] = |a_k|,    q_k = a_k / R[k,k],    R[k,j] = q_k . a_j,    a_j := a_j - q_k R[k,j]    for j > k
"""

import numpy as np
import dace as dc

M, N = (dc.symbol(s, dtype=dc.int64) for s in ("M", "N"))

presets = {
    "S": {"M": 240, "N": 200},
    "M": {"M": 900, "N": 700},
    "L": {"M": 2400, "N": 2000},
    "paper": {"M": 2000, "N": 1600},
}


@dc.program
def initialize(A: dc.float64[M, N]):
    # The heavy diagonal keeps the columns far from dependent.
    for i, j in dc.map[0:M, 0:N]:
        A[i, j] = (i * j % M) / M
    for i in dc.map[0:N]:
        A[i, i] += N


@dc.program
def gramschmidt(A: dc.float64[M, N]):
    Q = np.zeros_like(A)
    R = np.zeros((N, N))
    for k in range(N):
        R[k, k] = np.sqrt(A[:, k] @ A[:, k])
        Q[:, k] = A[:, k] / R[k, k]
        for j in range(k + 1, N):
            R[k, j] = Q[:, k] @ A[:, j]
            A[:, j] -= Q[:, k] * R[k, j]
    return Q, R
