"""Correlation matrix of M variables from N observations:

    corr[i,j] = sum over k of (data[k,i] - mean[i]) (data[k,j] - mean[j]) / (N stddev[i] stddev[j]).

A variable that hardly varies gets a standard deviation of 1, so that nothing is divided by zero. The upper half is
computed and mirrored; `data` is left centred and scaled.
"""

import numpy as np
import dace as dc

M, N = (dc.symbol(s, dtype=dc.int64) for s in ("M", "N"))

presets = {
    "S": {"M": 500, "N": 800},
    "M": {"M": 1500, "N": 2500},
    "L": {"M": 3000, "N": 6000},
    "paper": {"M": 1200, "N": 1400},
}


@dc.program
def initialize(data: dc.float64[N, M]):
    for i, j in dc.map[0:N, 0:M]:
        data[i, j] = i * j % (N + 7) / M + i / N


@dc.program
def correlation(data: dc.float64[N, M]):
    mean = np.mean(data, axis=0)
    data -= mean
    stddev = np.sqrt(np.mean(data * data, axis=0))
    stddev = np.where(stddev <= 0.1, 1.0, stddev)
    data /= np.sqrt(N) * stddev
    corr = np.zeros((M, M))
    for i in range(M):
        corr[i, i] = 1.0
        corr[i, i + 1 :] = data[:, i] @ data[:, i + 1 :]
        corr[i + 1 :, i] = corr[i, i + 1 :]
    return corr
