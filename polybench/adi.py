"""Alternating direction implicit integration of u_t = 2 u_xx + u_yy on the unit square, with u = 1 at its border.

Each step takes two half steps (Peaceman and Rachford), implicit along one axis and explicit along the other. The first,

    -a/2 v[i-1,j] + (1+a) v[i,j] - a/2 v[i+1,j] = b/2 u[i,j-1] + (1-b) u[i,j] + b/2 u[i,j+1],

with a = 2 dt/dx^2 and b = dt/dy^2, is a tridiagonal system for each column of v, solved for all columns at once by
Thomas' elimination: v[i] = p[i] v[i+1] + q[i], where p is the same for all columns. The second goes from v back to u
with the axes, and a and b, exchanged.
"""

import numpy as np
import dace as dc

N = dc.symbol("N", dtype=dc.int64)

presets = {
    "S": {"TSTEPS": 10, "N": 200},
    "M": {"TSTEPS": 40, "N": 600},
    "L": {"TSTEPS": 100, "N": 1200},
    "paper": {"TSTEPS": 100, "N": 200},
}


@dc.program
def initialize(u: dc.float64[N, N]):
    for i, j in dc.map[0:N, 0:N]:
        u[i, j] = (i + N - j) / N


@dc.program
def adi(TSTEPS: dc.int64, u: dc.float64[N, N]):
    v = np.zeros_like(u)
    p = np.zeros((N,))
    q = np.zeros_like(u)
    a = 2.0 * N * N / TSTEPS
    b = 1.0 * N * N / TSTEPS

    for t in range(TSTEPS):
        # Implicit along the columns.
        v[0, 1:-1] = 1.0
        p[0] = 0.0
        q[0, 1:-1] = 1.0
        for i in range(1, N - 1):
            pivot = 1.0 + a - 0.5 * a * p[i - 1]
            p[i] = 0.5 * a / pivot
            explicit = 0.5 * b * u[i, :-2] + (1.0 - b) * u[i, 1:-1] + 0.5 * b * u[i, 2:]
            q[i, 1:-1] = (explicit + 0.5 * a * q[i - 1, 1:-1]) / pivot
        v[-1, 1:-1] = 1.0
        for i in range(N - 2, 0, -1):
            v[i, 1:-1] = p[i] * v[i + 1, 1:-1] + q[i, 1:-1]

        # Implicit along the rows.
        u[1:-1, 0] = 1.0
        p[0] = 0.0
        q[1:-1, 0] = 1.0
        for j in range(1, N - 1):
            pivot = 1.0 + b - 0.5 * b * p[j - 1]
            p[j] = 0.5 * b / pivot
            explicit = 0.5 * a * v[:-2, j] + (1.0 - a) * v[1:-1, j] + 0.5 * a * v[2:, j]
            q[1:-1, j] = (explicit + 0.5 * b * q[1:-1, j - 1]) / pivot
        u[1:-1, -1] = 1.0
        for j in range(N - 2, 0, -1):
            u[1:-1, j] = p[j] * u[1:-1, j + 1] + q[1:-1, j]
