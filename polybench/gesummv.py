"""The sum of two matrix-vector products: y = alpha A x + beta B x."""

import dace

N = dace.symbol("N", dtype=dace.int64)

presets = {
    "S": {"N": 2500, "alpha": 1.5, "beta": 1.2},
    "M": {"N": 6000, "alpha": 1.5, "beta": 1.2},
    "L": {"N": 14000, "alpha": 1.5, "beta": 1.2},
    "paper": {"N": 14000, "alpha": 1.5, "beta": 1.2},
}


@dace.program
def initialize(A: dace.float64[N, N], B: dace.float64[N, N], x: dace.float64[N]):
    for i in dace.map[0:N]:
        x[i] = i / N
    for i in range(N):
        A[i, :] = (x * i + 1.0) / N
        B[i, :] = (x * i + 2.0) / N


@dace.program
def gesummv(alpha: dace.float64, beta: dace.float64, A: dace.float64[N, N], B: dace.float64[N, N], x: dace.float64[N]):
    return alpha * A @ x + beta * B @ x
