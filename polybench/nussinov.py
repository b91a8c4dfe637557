"""The largest number of base pairs in the folding of an RNA sequence, by Nussinov's dynamic programming.

With bases 0 to 3, of which 0 pairs with 3 and 1 with 2, table[i,j] is the answer for the bases i to j: the largest of

    table[i,j-1],  table[i+1,j],                                       one end stays free,
    table[i+1,j-1] + 1  if i and j pair and are no neighbours,         (without the 1 if they do not)
    table[i,k] + table[k+1,j]  for i < k < j                           two foldings side by side.
"""

import numpy as np
import dace as dc

N = dc.symbol("N", dtype=dc.int64)

presets = {
    "S": {"N": 80},
    "M": {"N": 300},
    "L": {"N": 1500},
    "paper": {"N": 500},
}


@dc.program
def initialize(seq: dc.int32[N]):
    for i in dc.map[0:N]:
        seq[i] = (i + 1) * (i + 2) // 2 % 4


@dc.program
def nussinov(seq: dc.int32[N]):
    table = np.zeros((N, N), dtype=np.int32)
    for i in range(N - 2, -1, -1):
        for j in range(i + 1, N):
            best = max(table[i, j - 1], table[i + 1, j])
            pairs = 0
            if i < j - 1 and seq[i] + seq[j] == 3:
                pairs = 1
            best = max(best, table[i + 1, j - 1] + pairs)
            for k in range(i + 1, j):
                best = max(best, table[i, k] + table[k + 1, j])
            table[i, j] = best
    return table
