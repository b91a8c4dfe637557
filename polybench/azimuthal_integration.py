"""The mean intensity of a diffraction image as a function of the distance from the centre of the beam.

The distances of N pixels fall into BINS rings of equal width, from the smallest distance to the largest; a ring b gets

    I[b] = (sum of intensity[i] over pixels i in ring b) / (number of pixels in ring b),        0 where there is none.
"""

import numpy as np
import dace as dc

N, BINS = (dc.symbol(s, dtype=dc.int64) for s in ("N", "BINS"))

presets = {
    "S": {"N": 200000, "BINS": 500},
    "M": {"N": 4000000, "BINS": 1000},
    "L": {"N": 20000000, "BINS": 1000},
    "paper": {"N": 1000000, "BINS": 1000},
}


@dc.program
def initialize(intensity: dc.float64[N], distance: dc.float64[N]):
    for i in dc.map[0:N]:
        x = (i * 31 % 1009) / 1009 - 0.4
        y = (i * 43 % 997) / 997 - 0.6
        distance[i] = np.sqrt(x * x + y * y)
        intensity[i] = 1.0 + np.cos(20.0 * distance[i])


@dc.program
def azimuthal_integration(intensity: dc.float64[N], distance: dc.float64[N]):
    pixels, _ = np.histogram(distance, BINS)
    total, _ = np.histogram(distance, BINS, weights=intensity)
    return total / np.maximum(pixels, 1)
