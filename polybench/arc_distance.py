"""Distances along great circles of the unit sphere, between N pairs of points, by the haversine formula.

Between latitudes t1, t2 and longitudes p1, p2, all in radians,

    a = sin((t2 - t1) / 2)^2 + cos(t1) cos(t2) sin((p2 - p1) / 2)^2,        distance = 2 atan2(sqrt(a), sqrt(1 - a)).
"""

import numpy as np
import dace

N = dace.symbol("N", dtype=dace.int64)

presets = {
    "S": {"N": 200000},
    "M": {"N": 4000000},
    "L": {"N": 20000000},
    "paper": {"N": 10000000},
}


@dace.program
def initialize(
    latitude_1: dace.float64[N],
    longitude_1: dace.float64[N],
    latitude_2: dace.float64[N],
    longitude_2: dace.float64[N],
):
    for i in dace.map[0:N]:
        latitude_1[i] = np.pi * ((i * 37 % 1013) / 1013 - 0.5)
        longitude_1[i] = np.pi * (2.0 * (i * 53 % 1019) / 1019 - 1.0)
        latitude_2[i] = np.pi * ((i * 71 % 1021) / 1021 - 0.5)
        longitude_2[i] = np.pi * (2.0 * (i * 97 % 1031) / 1031 - 1.0)


@dace.program
def arc_distance(
    latitude_1: dace.float64[N],
    longitude_1: dace.float64[N],
    latitude_2: dace.float64[N],
    longitude_2: dace.float64[N],
):
    across = np.sin((latitude_2 - latitude_1) / 2) ** 2
    along = np.sin((longitude_2 - longitude_1) / 2) ** 2
    a = across + np.cos(latitude_1) * np.cos(latitude_2) * along
    return 2 * np.arctan2(np.sqrt(a), np.sqrt(1 - a))
