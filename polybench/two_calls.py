"""Roughness and slope of a profile, by two functions that return arrays.

    smooth(u)[i] = (u[i] + 2 u[i+1] + u[i+2]) / 4        slope(u)[i] = (u[i+2] - u[i]) / 2

`two_calls` smooths twice and takes the slope twice, on profiles of different lengths: the functions' own N is another
number in every call. The result is |u - smooth(smooth(u))| + slope(slope(u))^2, where both are defined.
"""

import numpy as np
import dacec as dc

N = dc.symbol("N", dtype=dc.int64)

presets = {
    "S": {"N": 2000000},
    "M": {"N": 20000000},
    "L": {"N": 100000000},
    "paper": {"N": 40000000},
}


@dc.program
def initialize(u: dc.float64[N]):
    for i in dc.map[0:N]:
        u[i] = (i % 97) * (i % 89) / 8633


@dc.program
def smooth(u: dc.float64[N]):
    return 0.25 * (u[:-2] + 2.0 * u[1:-1] + u[2:])


@dc.program
def slope(u: dc.float64[N]):
    return 0.5 * (u[2:] - u[:-2])


@dc.program
def two_calls(u: dc.float64[N]):
    rough = u[2:-2] - smooth(smooth(u))
    curve = slope(slope(u))
    return np.abs(rough) + curve * curve
