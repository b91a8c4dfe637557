"""The Yule-Walker equations T y = -r by Durbin's recursion.

T is symmetric Toeplitz, with first row (1, r[0], ..., r[N-2]).

The solution of order k is extended to order k + 1:

    beta  := (1 - alpha^2) beta,
    alpha := -(r[k] + sum over i < k of r[k-1-i] y[i]) / beta,
    y[i]  := y[i] + alpha y[k-1-i]   for i < k,   y[k] := alpha.
"""

import numpy as np
import dace

N = dace.symbol("N", dtype=dace.int64)

presets = {
    "S": {"N": 3000},
    "M": {"N": 30000},
    "L": {"N": 60000},
    "paper": {"N": 16000},
}


@dace.program
def initialize(r: dace.float64[N]):
    # Convex and falling from 1: such a sequence makes T positive definite.
    for i in dace.map[0:N]:
        r[i] = 1.0 / (i + 2)


@dace.program
def durbin(r: dace.float64[N]):
    y = np.empty_like(r)
    alpha = -r[0]
    beta = 1.0
    y[0] = alpha
    for k in range(1, N):
        beta *= 1.0 - alpha * alpha
        alpha = -(r[k] + np.dot(np.flip(r[:k]), y[:k])) / beta
        y[:k] += alpha * np.flip(y[:k])
        y[k] = alpha
    return y
