"""Jacobi's iteration with a three-point stencil on a line.

Each half step replaces every inner point by the mean of itself and its two neighbours,

    B[i] = (A[i-1] + A[i] + A[i+1]) / 3,

written with PolyBench's rounded third; A and B change roles in the second half. The two end points stay as they are.
"""

import dace as dc

N = dc.symbol("N", dtype=dc.int64)

THIRD = 0.33333

presets = {
    "S": {"TSTEPS": 1500, "N": 6400},
    "M": {"TSTEPS": 15000, "N": 60000},
    "L": {"TSTEPS": 10000, "N": 200000},
    "paper": {"TSTEPS": 4000, "N": 32000},
}


@dc.program
def initialize(A: dc.float64[N], B: dc.float64[N]):
    for i in dc.map[0:N]:
        A[i] = (i + 2) / N
        B[i] = (i + 3) / N


@dc.program
def jacobi_1d(TSTEPS: dc.int64, A: dc.float64[N], B: dc.float64[N]):
    for t in range(1, TSTEPS):
        B[1:-1] = THIRD * (A[:-2] + A[1:-1] + A[2:])
        A[1:-1] = THIRD * (B[:-2] + B[1:-1] + B[2:])
