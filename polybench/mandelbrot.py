"""The Mandelbrot set: after how many steps the iteration z -> z^2 + c, from z = 0, is seen to escape.

For H x W values of c on a rectangle of the complex plane, counts[i,j] is how many of the first TSTEPS iterates, from
z = 0 on, stay inside the circle of radius 2, all before them too; points of the set have TSTEPS.
"""

import numpy as np
import dace

H, W, TSTEPS = (dace.symbol(s, dtype=dace.int64) for s in ("H", "W", "TSTEPS"))

presets = {
    "S": {"H": 180, "W": 240, "TSTEPS": 30, "left": -2.05, "right": 0.55, "bottom": -1.1, "top": 1.1},
    "M": {"H": 600, "W": 800, "TSTEPS": 40, "left": -2.05, "right": 0.55, "bottom": -1.1, "top": 1.1},
    "L": {"H": 2000, "W": 2000, "TSTEPS": 100, "left": -2.05, "right": 0.55, "bottom": -1.1, "top": 1.1},
    "paper": {"H": 1000, "W": 1000, "TSTEPS": 200, "left": -2.25, "right": 0.75, "bottom": -1.25, "top": 1.25},
}


@dace.program
def initialize(counts: dace.int64[H, W]):
    counts[:] = 0


@dace.program
def mandelbrot(
    counts: dace.int64[H, W], left: dace.float64, right: dace.float64, bottom: dace.float64, top: dace.float64
):
    c = np.linspace(left, right, W) + 1j * np.linspace(bottom, top, H)[:, np.newaxis]
    z = np.zeros((H, W), dtype=np.complex128)
    for _ in range(TSTEPS):
        inside = z.real**2 + z.imag**2 < 4
        counts[inside] += 1
        z = np.where(inside, z * z + c, z)
