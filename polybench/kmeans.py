"""Clusters of N points in D dimensions around K centres, by Lloyd's iteration.

TSTEPS times, every point joins the centre next to it, the first of those at the same distance,

    label[i] = argmin over k of sum over d of (points[i,d] - centres[k,d])^2,

and every centre that has points moves to their mean.
"""

import numpy as np
import dace

N, D, K, TSTEPS = (dace.symbol(s, dtype=dace.int64) for s in ("N", "D", "K", "TSTEPS"))

presets = {
    "S": {"N": 6000, "D": 3, "K": 8, "TSTEPS": 10},
    "M": {"N": 60000, "D": 4, "K": 12, "TSTEPS": 10},
    "L": {"N": 400000, "D": 4, "K": 32, "TSTEPS": 10},
    "paper": {"N": 100000, "D": 8, "K": 16, "TSTEPS": 20},
}


@dace.program
def initialize(points: dace.float64[N, D], centres: dace.float64[K, D]):
    for i, d in dace.map[0:N, 0:D]:
        points[i, d] = np.sin(1.7 * i + 0.9 * i * d) + i % K
    for k, d in dace.map[0:K, 0:D]:
        centres[k, d] = 0.7 * k + 0.1 * d


@dace.program
def kmeans(points: dace.float64[N, D], centres: dace.float64[K, D]):
    label = np.zeros(N, dtype=np.int64)
    for _ in range(TSTEPS):
        squares = np.sum((points[:, np.newaxis, :] - centres) ** 2, axis=2)
        label[:] = np.argmin(squares, axis=1)
        for k in range(K):
            mine = label == k
            count = np.sum(mine)
            if count > 0:
                centres[k] = np.sum(points * mine[:, np.newaxis], axis=0) / count
    return label
