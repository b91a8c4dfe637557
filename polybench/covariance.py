"""Covariance matrix of M variables from N observations:

    cov[i,j] = sum over k of (data[k,i] - mean[i]) (data[k,j] - mean[j]) / (N - 1).

The upper half is computed and mirrored; `data` is left centred.
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
        data[i, j] = i * j % (N + 7) / M


@dc.program
def covariance(data: dc.float64[N, M]):
    mean = np.mean(data, axis=0)
    data -= mean
    cov = np.zeros((M, M))
    for i in range(M):
        cov[i, i:] = data[:, i] @ data[:, i:] / (N - 1)
        cov[i:, i] = cov[i, i:]
    return cov
