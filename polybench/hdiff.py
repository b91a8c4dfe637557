"""Horizontal diffusion of a field on I x J columns of K levels, as in weather models, with limited fluxes.

With the Laplacian L = 4 f[i,j] - f[i+1,j] - f[i-1,j] - f[i,j+1] - f[i,j-1] on each level, the flux between neighbours
along the first axis is

    F[i,j] = L[i+1,j] - L[i,j],  but 0 where it points up the gradient: (L[i+1,j] - L[i,j]) (f[i+1,j] - f[i,j]) > 0,

likewise G along the second axis, and the result f[i,j] - c[i,j] (F[i,j] - F[i-1,j] + G[i,j] - G[i,j-1]). The field has
two more points on each side than the result.
"""

import numpy as np
import dace as dc

I, J, K = (dc.symbol(s, dtype=dc.int64) for s in ("I", "J", "K"))

presets = {
    "S": {"I": 64, "J": 64, "K": 60},
    "M": {"I": 128, "J": 160, "K": 160},
    "L": {"I": 384, "J": 384, "K": 160},
    "paper": {"I": 256, "J": 256, "K": 160},
}


@dc.program
def initialize(field: dc.float64[I + 4, J + 4, K], coefficient: dc.float64[I, J, K], result: dc.float64[I, J, K]):
    for i, j, k in dc.map[0 : I + 4, 0 : J + 4, 0:K]:
        field[i, j, k] = (i * 31 + j * 17 + k * 7) % 101 / 101
    for i, j, k in dc.map[0:I, 0:J, 0:K]:
        coefficient[i, j, k] = (i + 2 * j + 3 * k) % 13 / 52
        result[i, j, k] = 0.0


@dc.program
def hdiff(field: dc.float64[I + 4, J + 4, K], coefficient: dc.float64[I, J, K], result: dc.float64[I, J, K]):
    laplacian = 4.0 * field[1:-1, 1:-1, :] - (
        field[2:, 1:-1, :] + field[:-2, 1:-1, :] + field[1:-1, 2:, :] + field[1:-1, :-2, :]
    )
    flux = laplacian[1:, 1:-1, :] - laplacian[:-1, 1:-1, :]
    uphill = flux * (field[2:-1, 2:-2, :] - field[1:-2, 2:-2, :]) > 0
    flux_x = np.where(uphill, 0.0, flux)
    flux = laplacian[1:-1, 1:, :] - laplacian[1:-1, :-1, :]
    uphill = flux * (field[2:-2, 2:-1, :] - field[2:-2, 1:-2, :]) > 0
    flux_y = np.where(uphill, 0.0, flux)
    result[:] = field[2:-2, 2:-2, :] - coefficient * (
        flux_x[1:, :, :] - flux_x[:-1, :, :] + flux_y[:, 1:, :] - flux_y[:, :-1, :]
    )
