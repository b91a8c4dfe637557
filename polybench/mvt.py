"""Two products of one matrix with vectors: x1 := x1 + A y1 and x2 := x2 + A^T y2."""

import dace as dc

N = dc.symbol("N", dc.int64)

presets = {
    "S": {"N": 5500},
    "M": {"N": 8000},
    "L": {"N": 16000},
    "paper": {"N": 22000},
}


@dc.program
def initialize(x1: dc.float64[N], x2: dc.float64[N], y1: dc.float64[N], y2: dc.float64[N], A: dc.float64[N, N]):
    for i in dc.map[0:N]:
        x1[i] = i / N
        x2[i] = (i + 1) / N
        y1[i] = (i + 3) / N
        y2[i] = (i + 4) / N
    for i in range(N):
        A[i, :] = x1 * (i + 1) / N


@dc.program
def mvt(x1: dc.float64[N], x2: dc.float64[N], y1: dc.float64[N], y2: dc.float64[N], A: dc.float64[N, N]):
    x1 += A @ y1
    x2 += y2 @ A
