"""N bodies that attract each other, by the leapfrog scheme, with their energies after every step.

With positions x, velocities v and masses m, and distances softened by e,

    a[i] = G sum over j of m[j] (x[j] - x[i]) / (|x[j] - x[i]|^2 + e^2)^(3/2);

a step is v += a dt/2, x += v dt, the new a, v += a dt/2. The energies are

    kinetic = sum over i of m[i] |v[i]|^2 / 2,      potential = -G sum over i < j of m[i] m[j] / |x[j] - x[i]|.
"""

import numpy as np
import dace

N, TSTEPS = (dace.symbol(s, dtype=dace.int64) for s in ("N", "TSTEPS"))

presets = {
    "S": {"N": 60, "TSTEPS": 80, "G": 1.0, "softening": 0.5, "dt": 0.01},
    "M": {"N": 250, "TSTEPS": 80, "G": 1.0, "softening": 0.5, "dt": 0.01},
    "L": {"N": 1000, "TSTEPS": 100, "G": 1.0, "softening": 0.5, "dt": 0.01},
    "paper": {"N": 100, "TSTEPS": 1000, "G": 1.0, "softening": 0.5, "dt": 0.01},
}


@dace.program
def initialize(mass: dace.float64[N], position: dace.float64[N, 3], velocity: dace.float64[N, 3]):
    for i in dace.map[0:N]:
        mass[i] = 20.0 * (1.0 + i % 3) / N
    for i, d in dace.map[0:N, 0:3]:
        position[i, d] = np.sin(2.3 * i + 1.1 * d) + np.cos(5.7 * i * (d + 1))
        velocity[i, d] = np.cos(3.1 * i + 0.7 * d) / 2


@dace.program
def acceleration(mass: dace.float64[N], position: dace.float64[N, 3], G: dace.float64, softening: dace.float64):
    x = position[:, 0]
    y = position[:, 1]
    z = position[:, 2]
    dx = x - x[:, np.newaxis]
    dy = y - y[:, np.newaxis]
    dz = z - z[:, np.newaxis]
    pull = (dx**2 + dy**2 + dz**2 + softening**2) ** -1.5
    return G * np.stack(((dx * pull) @ mass, (dy * pull) @ mass, (dz * pull) @ mass), axis=1)


@dace.program
def energies(mass: dace.float64[N], position: dace.float64[N, 3], velocity: dace.float64[N, 3], G: dace.float64):
    kinetic = 0.5 * np.sum(mass[:, np.newaxis] * velocity**2)
    differences = position - position[:, np.newaxis, :]
    distances = np.sqrt(np.sum(differences**2, axis=2))
    products = np.outer(mass, mass)
    potential = 0.0
    for i in range(N - 1):
        potential -= G * np.sum(products[i, i + 1 :] / distances[i, i + 1 :])
    return kinetic, potential


@dace.program
def nbody(
    mass: dace.float64[N],
    position: dace.float64[N, 3],
    velocity: dace.float64[N, 3],
    G: dace.float64,
    softening: dace.float64,
    dt: dace.float64,
):
    kinetic = np.empty(TSTEPS + 1)
    potential = np.empty(TSTEPS + 1)
    velocity -= np.sum(mass[:, np.newaxis] * velocity, axis=0) / np.sum(mass)
    force = acceleration(mass, position, G, softening)
    kinetic[0], potential[0] = energies(mass, position, velocity, G)
    for step in range(TSTEPS):
        velocity += force * dt / 2
        position += velocity * dt
        force = acceleration(mass, position, G, softening)
        velocity += force * dt / 2
        kinetic[step + 1], potential[step + 1] = energies(mass, position, velocity, G)
    return kinetic, potential
