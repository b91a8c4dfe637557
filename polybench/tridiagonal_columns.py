"""Tridiagonal systems in all I x J columns of K levels at once, by elimination without pivoting.

    a[k] x[k-1] + b[k] x[k] + c[k] x[k+1] = d[k],        a[0] = c[K-1] = 0

Downwards c'[k] = c[k] / s and d'[k] = (d[k] - a[k] d'[k-1]) / s with s = b[k] - a[k] c'[k-1]; then upwards
x[k] = d'[k] - c'[k] x[k+1].
"""

import numpy as np
import dace

I, J, K = (dace.symbol(s, dtype=dace.int64) for s in ("I", "J", "K"))

presets = {
    "S": {"I": 80, "J": 80, "K": 60},
    "M": {"I": 200, "J": 200, "K": 160},
    "L": {"I": 512, "J": 512, "K": 160},
    "paper": {"I": 256, "J": 256, "K": 160},
}


@dace.program
def initialize(
    a: dace.float64[I, J, K], b: dace.float64[I, J, K], c: dace.float64[I, J, K], d: dace.float64[I, J, K]
):
    for i, j, k in dace.map[0:I, 0:J, 0:K]:
        a[i, j, k] = -1.0 - (i + k) % 5 / 10
        b[i, j, k] = 4.0 + (j + 2 * k) % 7 / 10
        c[i, j, k] = -1.0 + (i + 2 * j + k) % 3 / 10
        d[i, j, k] = (i + 3 * j + 5 * k) % 11 / 11


@dace.program
def tridiagonal_columns(
    a: dace.float64[I, J, K], b: dace.float64[I, J, K], c: dace.float64[I, J, K], d: dace.float64[I, J, K]
):
    upper = np.empty_like(c)
    x = np.empty_like(d)
    upper[:, :, 0] = c[:, :, 0] / b[:, :, 0]
    x[:, :, 0] = d[:, :, 0] / b[:, :, 0]
    for k in range(1, K):
        pivot = b[:, :, k] - a[:, :, k] * upper[:, :, k - 1]
        upper[:, :, k] = c[:, :, k] / pivot
        x[:, :, k] = (d[:, :, k] - a[:, :, k] * x[:, :, k - 1]) / pivot
    for k in range(K - 2, -1, -1):
        x[:, :, k] -= upper[:, :, k] * x[:, :, k + 1]
    return x
