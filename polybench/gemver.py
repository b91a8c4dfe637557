"""Two rank-one updates and two products with the result:

A := A + u1 v1^T + u2 v2^T,    x := x + beta A^T y + z,    w := w + alpha A x.
"""

import numpy as np
import dace as dc

N = dc.symbol("N", dtype=dc.int64)

presets = {
    "S": {"N": 2000, "alpha": 1.5, "beta": 1.2},
    "M": {"N": 6000, "alpha": 1.5, "beta": 1.2},
    "L": {"N": 14000, "alpha": 1.5, "beta": 1.2},
    "paper": {"N": 10000, "alpha": 1.5, "beta": 1.2},
}


@dc.program
def initialize(
    A: dc.float64[N, N],
    u1: dc.float64[N],
    v1: dc.float64[N],
    u2: dc.float64[N],
    v2: dc.float64[N],
    w: dc.float64[N],
    x: dc.float64[N],
    y: dc.float64[N],
    z: dc.float64[N],
):
    for i in dc.map[0:N]:
        u1[i] = i / N
        u2[i] = (i + 1) / N / 2.0
        v1[i] = (i + 1) / N / 4.0
        v2[i] = (i + 1) / N / 6.0
        y[i] = (i + 1) / N / 8.0
        z[i] = (i + 1) / N / 9.0
        x[i] = 0.0
        w[i] = 0.0
    for i in range(N):
        A[i, :] = u1 * i / N


@dc.program
def gemver(
    alpha: dc.float64,
    beta: dc.float64,
    A: dc.float64[N, N],
    u1: dc.float64[N],
    v1: dc.float64[N],
    u2: dc.float64[N],
    v2: dc.float64[N],
    w: dc.float64[N],
    x: dc.float64[N],
    y: dc.float64[N],
    z: dc.float64[N],
):
    A += np.outer(u1, v1) + np.outer(u2, v2)
    x += beta * y @ A + z
    w += alpha * A @ x
