"""The discrete Fourier transform of an N x N image, by radix-2 steps; N is a power of 2.

    X[p,q] = sum over i, j of x[i,j] exp(-2 pi i (p i + q j) / N)

Rows first, then columns. Along one axis, Stockham's form of the fast transform needs log2(N) steps and no exchange of
bits: with l = N/2, N/4, ..., 1 and m = 1, 2, ..., N/2, for all 0 <= j < l and 0 <= k < m,

    y[2 j m + k]     =  x[j m + k] + x[(j + l) m + k],
    y[2 j m + m + k] = (x[j m + k] - x[(j + l) m + k]) exp(-pi i j / l).
"""

import numpy as np
import dace

N = dace.symbol("N", dtype=dace.int64)

presets = {
    "S": {"N": 256},
    "M": {"N": 1024},
    "L": {"N": 4096},
    "paper": {"N": 2048},
}


@dace.program
def initialize(image: dace.complex128[N, N]):
    for i, j in dace.map[0:N, 0:N]:
        image[i, j] = (i * 31 % 29) / 29 + 1j * ((j * 37 + i) % 23) / 23


@dace.program
def transform_rows(x: dace.complex128[N, N]):
    y = x.copy()
    l = N // 2
    m = 1
    while l >= 1:
        for j in range(l):
            first = x[:, j * m : (j + 1) * m]
            second = x[:, (j + l) * m : (j + l + 1) * m]
            y[:, 2 * j * m : (2 * j + 1) * m] = first + second
            y[:, (2 * j + 1) * m : (2 * j + 2) * m] = (first - second) * np.exp(-1j * np.pi * j / l)
        x[:] = y
        l //= 2
        m *= 2


@dace.program
def fft2d(image: dace.complex128[N, N]):
    spectrum = image.copy()
    transform_rows(spectrum)
    columns = spectrum.T.copy()
    transform_rows(columns)
    return columns.T
