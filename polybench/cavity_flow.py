"""Flow in a square cavity whose lid moves, by finite differences.

An incompressible fluid of density rho and viscosity nu fills a square of side 2, whose top moves to the right with
speed 1:

    u_t + u u_x + v u_y = -p_x / rho + nu (u_xx + u_yy),        u_x + v_y = 0,
    v_t + u v_x + v v_y = -p_y / rho + nu (v_xx + v_yy).

Each of the TSTEPS explicit steps, with backward differences for transport, first solves

    p_xx + p_yy = rho ((u_x + v_y) / dt - u_x^2 - 2 u_y v_x - v_y^2)

by SWEEPS Jacobi sweeps, with p_x = 0 at the sides, p_y = 0 at the bottom and p = 0 at the lid.
"""

import numpy as np
import dace

NX, NY, TSTEPS, SWEEPS = (dace.symbol(s, dtype=dace.int64) for s in ("NX", "NY", "TSTEPS", "SWEEPS"))

presets = {
    "S": {"NX": 61, "NY": 61, "TSTEPS": 25, "SWEEPS": 20, "dt": 0.0005, "rho": 1.0, "nu": 0.1},
    "M": {"NX": 201, "NY": 201, "TSTEPS": 50, "SWEEPS": 40, "dt": 0.0001, "rho": 1.0, "nu": 0.1},
    "L": {"NX": 501, "NY": 501, "TSTEPS": 100, "SWEEPS": 50, "dt": 0.00002, "rho": 1.0, "nu": 0.1},
    "paper": {"NX": 121, "NY": 121, "TSTEPS": 700, "SWEEPS": 50, "dt": 0.0002, "rho": 1.0, "nu": 0.1},
}


@dace.program
def initialize(u: dace.float64[NY, NX], v: dace.float64[NY, NX], p: dace.float64[NY, NX]):
    u[:] = 0.0
    v[:] = 0.0
    p[:] = 0.0


@dace.program
def divergence_source(
    u: dace.float64[NY, NX],
    v: dace.float64[NY, NX],
    dx: dace.float64,
    dy: dace.float64,
    dt: dace.float64,
    rho: dace.float64,
):
    u_x = (u[1:-1, 2:] - u[1:-1, :-2]) / (2 * dx)
    u_y = (u[2:, 1:-1] - u[:-2, 1:-1]) / (2 * dy)
    v_x = (v[1:-1, 2:] - v[1:-1, :-2]) / (2 * dx)
    v_y = (v[2:, 1:-1] - v[:-2, 1:-1]) / (2 * dy)
    return rho * ((u_x + v_y) / dt - u_x**2 - 2 * u_y * v_x - v_y**2)


@dace.program
def solve_pressure(p: dace.float64[NY, NX], source: dace.float64[NY - 2, NX - 2], dx: dace.float64, dy: dace.float64):
    for _ in range(SWEEPS):
        before = p.copy()
        p[1:-1, 1:-1] = (
            (before[1:-1, 2:] + before[1:-1, :-2]) * dy**2
            + (before[2:, 1:-1] + before[:-2, 1:-1]) * dx**2
            - source * dx**2 * dy**2
        ) / (2 * (dx**2 + dy**2))
        p[:, -1] = p[:, -2]
        p[:, 0] = p[:, 1]
        p[0, :] = p[1, :]
        p[-1, :] = 0.0


@dace.program
def cavity_flow(
    u: dace.float64[NY, NX],
    v: dace.float64[NY, NX],
    p: dace.float64[NY, NX],
    dt: dace.float64,
    rho: dace.float64,
    nu: dace.float64,
):
    dx = 2.0 / (NX - 1)
    dy = 2.0 / (NY - 1)
    for _ in range(TSTEPS):
        source = divergence_source(u, v, dx, dy, dt, rho)
        solve_pressure(p, source, dx, dy, SWEEPS=SWEEPS)
        un = u.copy()
        vn = v.copy()
        centre_u = un[1:-1, 1:-1]
        centre_v = vn[1:-1, 1:-1]
        u[1:-1, 1:-1] = (
            centre_u
            - dt / dx * centre_u * (centre_u - un[1:-1, :-2])
            - dt / dy * centre_v * (centre_u - un[:-2, 1:-1])
            - dt / (2 * rho * dx) * (p[1:-1, 2:] - p[1:-1, :-2])
            + nu * dt / dx**2 * (un[1:-1, 2:] - 2 * centre_u + un[1:-1, :-2])
            + nu * dt / dy**2 * (un[2:, 1:-1] - 2 * centre_u + un[:-2, 1:-1])
        )
        v[1:-1, 1:-1] = (
            centre_v
            - dt / dx * centre_u * (centre_v - vn[1:-1, :-2])
            - dt / dy * centre_v * (centre_v - vn[:-2, 1:-1])
            - dt / (2 * rho * dy) * (p[2:, 1:-1] - p[:-2, 1:-1])
            + nu * dt / dx**2 * (vn[1:-1, 2:] - 2 * centre_v + vn[1:-1, :-2])
            + nu * dt / dy**2 * (vn[2:, 1:-1] - 2 * centre_v + vn[:-2, 1:-1])
        )
        u[0, :] = 0.0
        u[:, 0] = 0.0
        u[:, -1] = 0.0
        u[-1, :] = 1.0
        v[0, :] = 0.0
        v[-1, :] = 0.0
        v[:, 0] = 0.0
        v[:, -1] = 0.0
