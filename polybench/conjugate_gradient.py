"""The method of conjugate gradients, for A x = b with a symmetric positive definite matrix A.

From x = 0, r = p = b, until |r| <= tolerance |b|,

    alpha = (r, r) / (p, A p),   x += alpha p,   r' = r - alpha A p,   beta = (r', r') / (r, r),   p = r' + beta p.

The matrix is the identity plus exp(-|i - j|), and b is a wave. The result is the number of steps.
"""

import numpy as np
import dace

N = dace.symbol("N", dtype=dace.int64)

presets = {
    "S": {"N": 1200, "tolerance": 1e-12},
    "M": {"N": 5000, "tolerance": 1e-12},
    "L": {"N": 16000, "tolerance": 1e-12},
    "paper": {"N": 8000, "tolerance": 1e-12},
}


@dace.program
def initialize(A: dace.float64[N, N], b: dace.float64[N], x: dace.float64[N]):
    for i, j in dace.map[0:N, 0:N]:
        A[i, j] = np.exp(-1.0 * abs(i - j))
    for i in dace.map[0:N]:
        A[i, i] += 1.0
        b[i] = 1.0 + np.sin(0.37 * i)
        x[i] = 0.0


@dace.program
def conjugate_gradient(A: dace.float64[N, N], b: dace.float64[N], x: dace.float64[N], tolerance: dace.float64):
    r = b - A @ x
    p = r.copy()
    rr = r @ r
    limit = tolerance**2 * (b @ b)
    steps = 0
    while rr > limit and steps < 2 * N:
        Ap = A @ p
        alpha = rr / (p @ Ap)
        x += alpha * p
        r -= alpha * Ap
        rr_next = r @ r
        p = r + rr_next / rr * p
        rr = rr_next
        steps += 1
    return steps
