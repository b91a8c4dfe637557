"""The level to which a volume of water fills a landscape, by bisection.

Over ground of height g[i] >= 0 on N equal cells, water of level h covers cell i with a depth of max(h - g[i], 0). The
total depth grows with h, so the level for a given volume,

    sum over i of max(h - g[i], 0) = volume,

lies between 0 and max(g) + volume / N, and halving that interval finds it. The loop ends when the interval is shorter
than the tolerance.
"""

import numpy as np
import dace as dc

N = dc.symbol("N", dtype=dc.int64)

HIGHEST = 1.0

presets = {
    "S": {"N": 100000, "volume": 40000.0, "tolerance": 1e-13},
    "M": {"N": 2000000, "volume": 800000.0, "tolerance": 1e-13},
    "L": {"N": 20000000, "volume": 8000000.0, "tolerance": 1e-13},
    "paper": {"N": 4000000, "volume": 1600000.0, "tolerance": 1e-13},
}


@dc.program
def initialize(ground: dc.float64[N], depth: dc.float64[N]):
    for i in dc.map[0:N]:
        ground[i] = HIGHEST * (i * 31 % 1009) / 1009
        depth[i] = 0.0


@dc.program
def convergence(ground: dc.float64[N], depth: dc.float64[N], volume: dc.float64, tolerance: dc.float64):
    low = 0.0
    high = HIGHEST + volume / N
    while high - low > tolerance:
        level = 0.5 * (low + high)
        if np.sum(np.maximum(level - ground, 0.0)) > volume:
            high = level
        else:
            low = level
    depth[:] = np.maximum(low - ground, 0.0)
    return low
