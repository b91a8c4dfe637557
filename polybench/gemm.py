"""General matrix product: C := alpha A B + beta C, the operation GEMM of BLAS level 3.

A is NI x NK, B is NK x NJ, C is NI x NJ, all dense.
"""

import numpy as np
import dace as dc

NI, NJ, NK = (dc.symbol(s, dtype=dc.int64) for s in ("NI", "NJ", "NK"))

presets = {
    "S": {"NI": 1000, "NJ": 1100, "NK": 1200, "alpha": 1.5, "beta": 1.2},
    "M": {"NI": 2500, "NJ": 2750, "NK": 3000, "alpha": 1.5, "beta": 1.2},
    "L": {"NI": 7000, "NJ": 7500, "NK": 8000, "alpha": 1.5, "beta": 1.2},
    "paper": {"NI": 2000, "NJ": 2300, "NK": 2600, "alpha": 1.5, "beta": 1.2},
}


@dc.program
def initialize(C: dc.float64[NI, NJ], A: dc.float64[NI, NK], B: dc.float64[NK, NJ]):
    j = np.empty((NJ,), dtype=np.int64)
    k = np.empty((NK,), dtype=np.int64)
    for n in dc.map[0:NJ]:
        j[n] = n
    for n in dc.map[0:NK]:
        k[n] = n
    for i in range(NI):
        C[i, :] = ((i * j + 1) % NI) / NI
        A[i, :] = (i * (k + 1) % NK) / NK
    for i in range(NK):
        B[i, :] = (i * (j + 2) % NJ) / NJ


@dc.program
def gemm(alpha: dc.float64, beta: dc.float64, C: dc.float64[NI, NJ], A: dc.float64[NI, NK], B: dc.float64[NK, NJ]):
    C[:] = alpha * A @ B + beta * C
