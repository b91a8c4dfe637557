"""The product of a sparse M x N matrix and a vector, with the matrix in compressed rows.

Row i has the values data[k] in the columns indices[k], for indptr[i] <= k < indptr[i+1]:

    y[i] = sum over these k of data[k] x[indices[k]].

Rows have W values on average.
"""

import numpy as np
import dace

M, N, W = (dace.symbol(s, dtype=dace.int64) for s in ("M", "N", "W"))

presets = {
    "S": {"M": 3000, "N": 4000, "W": 20},
    "M": {"M": 60000, "N": 80000, "W": 24},
    "L": {"M": 1000000, "N": 1200000, "W": 30},
    "paper": {"M": 131072, "N": 131072, "W": 32},
}


@dace.program
def initialize(
    indptr: dace.int64[M + 1], indices: dace.int64[M * W], data: dace.float64[M * W], x: dace.float64[N]
):
    for i in dace.map[0 : M + 1]:
        indptr[i] = min(i * W + i % 2, M * W)
    for k in dace.map[0 : M * W]:
        indices[k] = k * 37 % N
        data[k] = (k % 13 - 6) / 13
    for j in dace.map[0:N]:
        x[j] = 1.0 + j % 7


@dace.program
def spmv(indptr: dace.int64[M + 1], indices: dace.int64[M * W], data: dace.float64[M * W], x: dace.float64[N]):
    y = np.empty(M)
    for i in range(M):
        columns = indices[indptr[i] : indptr[i + 1]]
        values = data[indptr[i] : indptr[i + 1]]
        y[i] = values @ x[columns]
    return y
