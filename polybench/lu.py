"""The factorization A = L U without pivoting, row by row; L has a unit diagonal. Both replace A:

L[i,j] = (A[i,j] - sum over k < j of L[i,k] U[k,j]) / U[j,j]    for j < i,
U[i,j] =  A[i,j] - sum over k < i of L[i,k] U[k,j]              for j >= i.
"""

import dace as dc

N = dc.symbol("N", dtype=dc.int64)

presets = {
    "S": {"N": 150},
    "M": {"N": 900},
    "L": {"N": 3000},
    "paper": {"N": 2000},
}


@dc.program
def initialize(A: dc.float64[N, N]):
    # Each diagonal element is larger than the rest of its row together: no pivoting is needed.
    for i, j in dc.map[0:N, 0:N]:
        A[i, j] = (i * j + 1) % N / N
    for i in dc.map[0:N]:
        A[i, i] = 1.0 + N


@dc.program
def lu(A: dc.float64[N, N]):
    for i in range(N):
        for j in range(i):
            A[i, j] = (A[i, j] - A[i, :j] @ A[:j, j]) / A[j, j]
        for j in range(i, N):
            A[i, j] -= A[i, :i] @ A[:i, j]
