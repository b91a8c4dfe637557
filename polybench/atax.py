"""A matrix transposed times the matrix times a vector: y = A^T (A x), A being M x N."""

import dace

M = dace.symbol("M")
N = dace.symbol("N")

presets = {
    "S": {"M": 5000, "N": 6000},
    "M": {"M": 7000, "N": 8500},
    "L": {"M": 16000, "N": 20000},
    "paper": {"M": 18000, "N": 22000},
}


@dace.program
def initialize(A: dace.float64[M, N], x: dace.float64[N]):
    for j in dace.map[0:N]:
        x[j] = 1.0 + j / N
    for i in range(M):
        A[i, :] = (x + i) / (5 * M)


@dace.program
def atax(A: dace.float64[M, N], x: dace.float64[N]):
    return (A @ x) @ A
