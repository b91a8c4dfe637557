"""Finite differences in the time domain: Maxwell's equations in two dimensions on a staggered grid.

In each step a source drives the first row of ey, then

    ey -= 1/2 d(hz)/dx,    ex -= 1/2 d(hz)/dy,    hz -= 7/10 (d(ex)/dy + d(ey)/dx).
"""

import dace as dc

TMAX, NX, NY = (dc.symbol(s, dtype=dc.int64) for s in ("TMAX", "NX", "NY"))

presets = {
    "S": {"TMAX": 40, "NX": 300, "NY": 320},
    "M": {"TMAX": 150, "NX": 800, "NY": 900},
    "L": {"TMAX": 400, "NX": 2000, "NY": 2500},
    "paper": {"TMAX": 500, "NX": 1000, "NY": 1200},
}


@dc.program
def initialize(ex: dc.float64[NX, NY], ey: dc.float64[NX, NY], hz: dc.float64[NX, NY], source: dc.float64[TMAX]):
    for i, j in dc.map[0:NX, 0:NY]:
        ex[i, j] = i * (j + 1) / NX
        ey[i, j] = i * (j + 2) / NY
        hz[i, j] = i * (j + 3) / NX
    for t in dc.map[0:TMAX]:
        source[t] = t


@dc.program
def fdtd_2d(ex: dc.float64[NX, NY], ey: dc.float64[NX, NY], hz: dc.float64[NX, NY], source: dc.float64[TMAX]):
    for t in range(TMAX):
        ey[0, :] = source[t]
        ey[1:, :] -= 0.5 * (hz[1:, :] - hz[:-1, :])
        ex[:, 1:] -= 0.5 * (hz[:, 1:] - hz[:, :-1])
        hz[:-1, :-1] -= 0.7 * (ex[:-1, 1:] - ex[:-1, :-1] + ey[1:, :-1] - ey[:-1, :-1])
