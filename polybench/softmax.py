"""The softmax function along the last axis, of B x H matrices of N x N numbers.

    result[b,h,i,j] = exp(x[b,h,i,j] - m) / (sum over k of exp(x[b,h,i,k] - m)),      m = max over k of x[b,h,i,k]
"""

import numpy as np
import dace as dc

B, H, N = (dc.symbol(s, dtype=dc.int64) for s in ("B", "H", "N"))

presets = {
    "S": {"B": 8, "H": 8, "N": 128},
    "M": {"B": 16, "H": 8, "N": 448},
    "L": {"B": 64, "H": 16, "N": 512},
    "paper": {"B": 64, "H": 16, "N": 512},
}


@dc.program
def initialize(x: dc.float32[B, H, N, N]):
    for b, h, i, j in dc.map[0:B, 0:H, 0:N, 0:N]:
        x[b, h, i, j] = (b * 3 + h * 5 + i * 7 + j * 11) % 31 / 10


@dc.program
def softmax(x: dc.float32[B, H, N, N]):
    exponential = np.exp(x - np.max(x, axis=-1, keepdims=True))
    return exponential / np.sum(exponential, axis=-1, keepdims=True)
