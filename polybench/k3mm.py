"""Three matrix products: the result is (A B) (C D).

A is NI x NK, B is NK x NJ, C is NJ x NM, D is NM x NL.
"""

import numpy as np
import dace

NI = dace.symbol("NI", dtype=dace.int64)
NJ = dace.symbol("NJ", dtype=dace.int64)
NK = dace.symbol("NK", dtype=dace.int64)
NL = dace.symbol("NL", dtype=dace.int64)
NM = dace.symbol("NM", dtype=dace.int64)

presets = {
    "S": {"NI": 800, "NJ": 850, "NK": 900, "NL": 950, "NM": 1000},
    "M": {"NI": 2000, "NJ": 2200, "NK": 2400, "NL": 2600, "NM": 2800},
    "L": {"NI": 5500, "NJ": 6000, "NK": 6500, "NL": 7000, "NM": 7500},
    "paper": {"NI": 3200, "NJ": 3600, "NK": 4000, "NL": 4400, "NM": 4800},
}


@dace.program
def initialize(A: dace.float64[NI, NK], B: dace.float64[NK, NJ], C: dace.float64[NJ, NM], D: dace.float64[NM, NL]):
    j = np.empty((NJ,), dtype=np.int64)
    k = np.empty((NK,), dtype=np.int64)
    m = np.empty((NM,), dtype=np.int64)
    n = np.empty((NL,), dtype=np.int64)
    for i in dace.map[0:NJ]:
        j[i] = i
    for i in dace.map[0:NK]:
        k[i] = i
    for i in dace.map[0:NM]:
        m[i] = i
    for i in dace.map[0:NL]:
        n[i] = i
    for i in range(NI):
        A[i, :] = (i * k + 1) % NI / (5 * NI)
    for i in range(NK):
        B[i, :] = (i * (j + 1) + 2) % NJ / (5 * NJ)
    for i in range(NJ):
        C[i, :] = i * (m + 3) % NL / (5 * NL)
    for i in range(NM):
        D[i, :] = (i * (n + 2) + 2) % NK / (5 * NK)


@dace.program
def k3mm(A: dace.float64[NI, NK], B: dace.float64[NK, NJ], C: dace.float64[NJ, NM], D: dace.float64[NM, NL]):
    return (A @ B) @ (C @ D)
