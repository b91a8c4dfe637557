"""A sum over all elements of a matrix, accumulated by the iterations of a parallel map:

total = sum over i, j of (A[i,j] - shift)^2.
"""

import dace

M, N = [dace.symbol(s) for s in ("M", "N")]

presets = {
    "S": {"M": 400, "N": 500, "shift": 0.25},
    "M": {"M": 1500, "N": 2000, "shift": 0.25},
    "L": {"M": 6000, "N": 8000, "shift": 0.25},
    "paper": {"M": 3000, "N": 4000, "shift": 0.25},
}


@dace.program
def initialize(A: dace.float64[M, N]):
    for i, j in dace.map[0:M, 0:N]:
        A[i, j] = (3 * i + j) % N / N


@dace.program
def scalar_reduction(A: dace.float64[M, N], shift: dace.float64):
    total = 0.0
    for i, j in dace.map[0:M, 0:N]:
        total += (A[i, j] - shift) * (A[i, j] - shift)
    return total
