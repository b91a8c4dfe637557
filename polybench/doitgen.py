"""A kernel of multiresolution analysis: each vector along the last axis of A is multiplied by the matrix C4,

A[r,q,p] := sum over s of A[r,q,s] C4[s,p].
"""

import numpy as np
import dace as dc

NR, NQ, NP = (dc.symbol(s, dtype=dc.int64) for s in ("NR", "NQ", "NP"))

presets = {
    "S": {"NR": 150, "NQ": 160, "NP": 200},
    "M": {"NR": 300, "NQ": 320, "NP": 350},
    "L": {"NR": 600, "NQ": 640, "NP": 700},
    "paper": {"NR": 220, "NQ": 250, "NP": 270},
}


@dc.program
def initialize(A: dc.float64[NR, NQ, NP], C4: dc.float64[NP, NP]):
    s = np.empty((NP,), dtype=np.int64)
    for p in dc.map[0:NP]:
        s[p] = p
    for r, q in dc.map[0:NR, 0:NQ]:
        A[r, q, :] = (r * q + s) % NP / NP
    for p in range(NP):
        C4[p, :] = p * s % NP / NP


@dc.program
def doitgen(A: dc.float64[NR, NQ, NP], C4: dc.float64[NP, NP]):
    for r in range(NR):
        A[r, :, :] = A[r, :, :] @ C4
