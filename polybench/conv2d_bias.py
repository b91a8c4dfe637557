"""A convolution layer with bias, on B images of H x W pixels with CI channels, by CO filters of K x K pixels.

    out[b,i,j,o] = bias[o] + sum over m, n, c of image[b, i+m, j+n, c] weights[m,n,c,o]
"""

import numpy as np
import dace as dc

B, H, W, CI, CO, K = (dc.symbol(s, dtype=dc.int64) for s in ("B", "H", "W", "CI", "CO", "K"))

presets = {
    "S": {"B": 4, "H": 24, "W": 24, "CI": 6, "CO": 16, "K": 4},
    "M": {"B": 8, "H": 48, "W": 48, "CI": 6, "CO": 16, "K": 5},
    "L": {"B": 8, "H": 128, "W": 128, "CI": 3, "CO": 16, "K": 5},
    "paper": {"B": 8, "H": 256, "W": 256, "CI": 3, "CO": 16, "K": 20},
}


@dc.program
def initialize(image: dc.float32[B, H, W, CI], weights: dc.float32[K, K, CI, CO], bias: dc.float32[CO]):
    for b, i, j, c in dc.map[0:B, 0:H, 0:W, 0:CI]:
        image[b, i, j, c] = (b + 3 * i + 7 * j + 5 * c) % 11 / 11
    for m, n, c, o in dc.map[0:K, 0:K, 0:CI, 0:CO]:
        weights[m, n, c, o] = (2 * m + 5 * n + 3 * c + o) % 7 / 7 - 0.5
    for o in dc.map[0:CO]:
        bias[o] = o / CO


@dc.program
def conv2d_bias(image: dc.float32[B, H, W, CI], weights: dc.float32[K, K, CI, CO], bias: dc.float32[CO]):
    out = np.empty((B, H - K + 1, W - K + 1, CO), dtype=np.float32)
    for i in range(H - K + 1):
        for j in range(W - K + 1):
            patch = image[:, i : i + K, j : j + K, :, np.newaxis]
            out[:, i, j, :] = np.sum(patch * weights[np.newaxis], axis=(1, 2, 3))
    return out + bias
