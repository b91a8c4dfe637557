"""Shortest paths between all pairs of nodes, by Floyd and Warshall:

path[i,j] := min(path[i,j], path[i,k] + path[k,j])    for k = 0, 1, ..., N-1.
"""

import numpy as np
import dace

N = dace.symbol("N", dtype=dace.int64)

presets = {
    "S": {"N": 300},
    "M": {"N": 700},
    "L": {"N": 2500},
    "paper": {"N": 2800},
}


@dace.program
def initialize(path: dace.int32[N, N]):
    for i, j in dace.map[0:N, 0:N]:
        path[i, j] = i * j % 7 + 1
        if (i + j) % 13 == 0 or (i + j) % 7 == 0 or (i + j) % 11 == 0:
            path[i, j] = 999


@dace.program
def floyd_warshall(path: dace.int32[N, N]):
    for k in range(N):
        path[:] = np.minimum(path, path[:, k : k + 1] + path[k : k + 1, :])
