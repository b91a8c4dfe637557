"""Jacobi's iteration with a five-point stencil on a square.

Each half step replaces every inner point by the mean of itself and its four neighbours,

    B[i,j] = (A[i,j] + A[i,j-1] + A[i,j+1] + A[i+1,j] + A[i-1,j]) / 5,

and A and B change roles in the second half. The border stays as it is.
"""

import dacec as dace

N = dace.symbol("N", dace.int64)

presets = {
    "S": {"TSTEPS": 60, "N": 300},
    "M": {"TSTEPS": 100, "N": 1000},
    "L": {"TSTEPS": 200, "N": 2000},
    "paper": {"TSTEPS": 1000, "N": 2800},
}


@dace.program
def initialize(A: dace.float64[N, N], B: dace.float64[N, N]):
    for i, j in dace.map[0:N, 0:N]:
        A[i, j] = i * (j + 2) / N
        B[i, j] = i * (j + 3) / N


@dace.program
def jacobi_2d(TSTEPS: dace.int64, A: dace.float64[N, N], B: dace.float64[N, N]):
    for t in range(1, TSTEPS):
        B[1:-1, 1:-1] = 0.2 * (A[1:-1, 1:-1] + A[1:-1, :-2] + A[1:-1, 2:] + A[2:, 1:-1] + A[:-2, 1:-1])
        A[1:-1, 1:-1] = 0.2 * (B[1:-1, 1:-1] + B[1:-1, :-2] + B[1:-1, 2:] + B[2:, 1:-1] + B[:-2, 1:-1])
