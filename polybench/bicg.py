"""The two products in each step of the biconjugate gradient method: q = A p and s = A^T r, A being N x M."""

import dace as dc

M, N = (dc.symbol(s, dtype=dc.int64) for s in ("M", "N"))

presets = {
    "S": {"M": 5000, "N": 6000},
    "M": {"M": 7000, "N": 8500},
    "L": {"M": 16000, "N": 20000},
    "paper": {"M": 18000, "N": 22000},
}


@dc.program
def initialize(A: dc.float64[N, M], p: dc.float64[M], r: dc.float64[N]):
    for j in dc.map[0:M]:
        p[j] = j % M / M
    for i in dc.map[0:N]:
        r[i] = i % N / N
    for i in range(N):
        A[i, :] = p * (i + 1) / N


@dc.program
def bicg(A: dc.float64[N, M], p: dc.float64[M], r: dc.float64[N]):
    return A @ p, r @ A
