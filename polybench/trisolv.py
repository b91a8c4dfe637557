"""Solves L x = b for a lower triangular L by forward substitution:

x[i] = (b[i] - sum over j < i of L[i,j] x[j]) / L[i,i].
"""

import dace

N = dace.symbol("N", dtype=dace.int64)

presets = {
    "S": {"N": 5000},
    "M": {"N": 8000},
    "L": {"N": 16000},
    "paper": {"N": 16000},
}


@dace.program
def initialize(L: dace.float64[N, N], x: dace.float64[N], b: dace.float64[N]):
    for i in dace.map[0:N]:
        x[i] = 0.0
        b[i] = 1.0 + i / N
    for i in range(N):
        # A heavy diagonal keeps the solution moderate.
        L[i, :i] = b[:i] / (2 * N)
        L[i, i] = 1.0 + i / N
        L[i, i + 1 :] = 0.0


@dace.program
def trisolv(L: dace.float64[N, N], x: dace.float64[N], b: dace.float64[N]):
    for i in range(N):
        x[i] = (b[i] - L[i, :i] @ x[:i]) / L[i, i]
