"""The Gauss-Seidel iteration with a nine-point stencil: in one array, in order of rows and columns,

    A[i,j] := the mean of A[i-1..i+1, j-1..j+1],

so that each point uses the new values above and to the left of it. The border stays as it is.
"""

import dace

N = dace.symbol("N", dtype=dace.int64)

presets = {
    "S": {"TSTEPS": 4, "N": 120},
    "M": {"TSTEPS": 10, "N": 500},
    "L": {"TSTEPS": 50, "N": 1500},
    "paper": {"TSTEPS": 100, "N": 400},
}


@dace.program
def initialize(A: dace.float64[N, N]):
    for i, j in dace.map[0:N, 0:N]:
        A[i, j] = (i * (j + 2) + 2) / N


@dace.program
def seidel_2d(TSTEPS: dace.int64, A: dace.float64[N, N]):
    for t in range(TSTEPS - 1):
        for i in range(1, N - 1):
            A[i, 1:-1] += (
                A[i - 1, :-2] + A[i - 1, 1:-1] + A[i - 1, 2:] + A[i, 2:] + A[i + 1, :-2] + A[i + 1, 1:-1] + A[i + 1, 2:]
            )
            for j in range(1, N - 1):
                A[i, j] = (A[i, j] + A[i, j - 1]) / 9.0
