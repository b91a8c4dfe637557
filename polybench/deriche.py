"""Deriche's recursive smoothing filter on an image of W x H pixels, first along the rows and then along the columns.

Along one axis the filter is the sum of a causal and an anticausal recursion of second order,

    y1[n] = a1 x[n] + a2 x[n-1] + b1 y1[n-1] + b2 y1[n-2]
    y2[n] = a3 x[n+1] + a4 x[n+2] + b1 y2[n+1] + b2 y2[n+2],

with what lies outside of the image taken as zero, and, with e = exp(-alpha),

    k = (1 - e)^2 / (1 + 2 alpha e - e^2),   a1 = k,   a2 = k e (alpha - 1),   a3 = k e (alpha + 1),   a4 = -k e^2,
    b1 = 2 e,   b2 = -e^2.
"""

import numpy as np
import dace

W, H = (dace.symbol(s, dtype=dace.int64) for s in ("W", "H"))

presets = {
    "S": {"W": 600, "H": 400, "alpha": 0.25},
    "M": {"W": 3000, "H": 2500, "alpha": 0.25},
    "L": {"W": 8000, "H": 6000, "alpha": 0.25},
    "paper": {"W": 7680, "H": 4320, "alpha": 0.25},
}


@dace.program
def initialize(image: dace.float64[W, H]):
    for i, j in dace.map[0:W, 0:H]:
        image[i, j] = (313 * i + 991 * j) % 65536 / 65535.0


@dace.program
def deriche(alpha: dace.float64, image: dace.float64[W, H]):
    e = np.exp(-alpha)
    k = (1.0 - e) * (1.0 - e) / (1.0 + 2.0 * alpha * e - e * e)
    a1 = k
    a2 = k * e * (alpha - 1.0)
    a3 = k * e * (alpha + 1.0)
    a4 = -k * e * e
    b1 = 2.0 * e
    b2 = -e * e

    y1 = np.empty_like(image)
    y1[:, 0] = a1 * image[:, 0]
    y1[:, 1] = a1 * image[:, 1] + a2 * image[:, 0] + b1 * y1[:, 0]
    for j in range(2, H):
        y1[:, j] = a1 * image[:, j] + a2 * image[:, j - 1] + b1 * y1[:, j - 1] + b2 * y1[:, j - 2]
    y2 = np.empty_like(image)
    y2[:, -1] = 0.0
    y2[:, -2] = a3 * image[:, -1]
    for j in range(H - 3, -1, -1):
        y2[:, j] = a3 * image[:, j + 1] + a4 * image[:, j + 2] + b1 * y2[:, j + 1] + b2 * y2[:, j + 2]
    rows = y1 + y2

    y1[0, :] = a1 * rows[0, :]
    y1[1, :] = a1 * rows[1, :] + a2 * rows[0, :] + b1 * y1[0, :]
    for i in range(2, W):
        y1[i, :] = a1 * rows[i, :] + a2 * rows[i - 1, :] + b1 * y1[i - 1, :] + b2 * y1[i - 2, :]
    y2[-1, :] = 0.0
    y2[-2, :] = a3 * rows[-1, :]
    for i in range(W - 3, -1, -1):
        y2[i, :] = a3 * rows[i + 1, :] + a4 * rows[i + 2, :] + b1 * y2[i + 1, :] + b2 * y2[i + 2, :]
    return y1 + y2
