"""Two matrix products in a row: D := alpha A B C + beta D.

A is NI x NK, B is NK x NJ, C is NJ x NL, D is NI x NL.
"""

import numpy as np
import dace as dc

NI, NJ, NK, NL = (dc.symbol(s, dtype=dc.int64) for s in ("NI", "NJ", "NK", "NL"))

presets = {
    "S": {"NI": 800, "NJ": 850, "NK": 900, "NL": 950, "alpha": 1.5, "beta": 1.2},
    "M": {"NI": 2000, "NJ": 2250, "NK": 2500, "NL": 2750, "alpha": 1.5, "beta": 1.2},
    "L": {"NI": 6000, "NJ": 6500, "NK": 7000, "NL": 7500, "alpha": 1.5, "beta": 1.2},
    "paper": {"NI": 3200, "NJ": 3600, "NK": 4400, "NL": 4800, "alpha": 1.5, "beta": 1.2},
}


@dc.program
def initialize(A: dc.float64[NI, NK], B: dc.float64[NK, NJ], C: dc.float64[NJ, NL], D: dc.float64[NI, NL]):
    j = np.empty((NJ,), dtype=np.int64)
    k = np.empty((NK,), dtype=np.int64)
    m = np.empty((NL,), dtype=np.int64)
    for n in dc.map[0:NJ]:
        j[n] = n
    for n in dc.map[0:NK]:
        k[n] = n
    for n in dc.map[0:NL]:
        m[n] = n
    for i in range(NI):
        A[i, :] = (i * k + 1) % NI / NI
        D[i, :] = i * (m + 2) % NK / NK
    for i in range(NK):
        B[i, :] = i * (j + 1) % NJ / NJ
    for i in range(NJ):
        C[i, :] = (i * (m + 3) + 1) % NL / NL


@dc.program
def k2mm(
    alpha: dc.float64,
    beta: dc.float64,
    A: dc.float64[NI, NK],
    B: dc.float64[NK, NJ],
    C: dc.float64[NJ, NL],
    D: dc.float64[NI, NL],
):
    D[:] = alpha * A @ B @ C + beta * D
