"""The heat equation in a cube by finite differences.

Every inner point changes by an eighth of the second differences along the three axes, A[i+1] - 2 A[i] + A[i-1] for the
first; A and B take turns.
"""

import dace

N = dace.symbol("N", dtype=dace.int64)

presets = {
    "S": {"TSTEPS": 20, "N": 40},
    "M": {"TSTEPS": 50, "N": 100},
    "L": {"TSTEPS": 100, "N": 200},
    "paper": {"TSTEPS": 500, "N": 120},
}


@dace.program
def initialize(A: dace.float64[N, N, N], B: dace.float64[N, N, N]):
    for i, j, k in dace.map[0:N, 0:N, 0:N]:
        A[i, j, k] = (i + j + (N - k)) * 10 / N
        B[i, j, k] = A[i, j, k]


@dace.program
def heat_3d(TSTEPS: dace.int64, A: dace.float64[N, N, N], B: dace.float64[N, N, N]):
    for t in range(1, TSTEPS):
        B[1:-1, 1:-1, 1:-1] = (
            0.125 * (A[2:, 1:-1, 1:-1] - 2.0 * A[1:-1, 1:-1, 1:-1] + A[:-2, 1:-1, 1:-1])
            + 0.125 * (A[1:-1, 2:, 1:-1] - 2.0 * A[1:-1, 1:-1, 1:-1] + A[1:-1, :-2, 1:-1])
            + 0.125 * (A[1:-1, 1:-1, 2:] - 2.0 * A[1:-1, 1:-1, 1:-1] + A[1:-1, 1:-1, :-2])
            + A[1:-1, 1:-1, 1:-1]
        )
        A[1:-1, 1:-1, 1:-1] = (
            0.125 * (B[2:, 1:-1, 1:-1] - 2.0 * B[1:-1, 1:-1, 1:-1] + B[:-2, 1:-1, 1:-1])
            + 0.125 * (B[1:-1, 2:, 1:-1] - 2.0 * B[1:-1, 1:-1, 1:-1] + B[1:-1, :-2, 1:-1])
            + 0.125 * (B[1:-1, 1:-1, 2:] - 2.0 * B[1:-1, 1:-1, 1:-1] + B[1:-1, 1:-1, :-2])
            + B[1:-1, 1:-1, 1:-1]
        )
