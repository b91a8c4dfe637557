"""Every program of this folder computes what its docstring says: checked against other formulations, at small sizes.

Where a program factorizes or solves, the check multiplies back. Sizes differ from each other, so that exchanged extents
are noticed. Run by `python -m unittest`, with the stand-in module of `frontend-python/oracle`.
"""

import collections
import itertools
import math
import pathlib
import statistics
import sys
import types
import unittest

import numpy as np

FOLDER = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(FOLDER.parent / "frontend-python" / "oracle"))

import run_reference  # noqa: E402


def run(name, **values):
    """Initializes and runs a program: arguments before it, arguments after it, what it returns."""
    module = run_reference.load(str(FOLDER / f"{name}.py"))
    program = run_reference.find(module, name)
    initialize = run_reference.find(module, "initialize")
    after = {**values, **run_reference.make_arguments(program, values, {})}
    initialize(**run_reference.relevant(initialize, after))
    before = {key: value.copy() if isinstance(value, np.ndarray) else value for key, value in after.items()}
    returned = program(**run_reference.relevant(program, after))
    return types.SimpleNamespace(**before), types.SimpleNamespace(**after), returned


def close(actual, expected):
    np.testing.assert_allclose(actual, expected, rtol=1e-11, atol=1e-12)


def lower(matrix):
    return np.tril(matrix)


class Products(unittest.TestCase):
    def test_gemm(self):
        before, after, _ = run("gemm", NI=5, NJ=6, NK=7, alpha=1.5, beta=1.2)
        close(after.C, 1.5 * np.einsum("ik,kj->ij", before.A, before.B) + 1.2 * before.C)

    def test_k2mm(self):
        before, after, _ = run("k2mm", NI=5, NJ=6, NK=7, NL=8, alpha=1.5, beta=1.2)
        close(after.D, 1.5 * np.einsum("ik,kj,jl->il", before.A, before.B, before.C) + 1.2 * before.D)

    def test_k3mm(self):
        before, _, result = run("k3mm", NI=5, NJ=6, NK=7, NL=8, NM=9)
        close(result, np.einsum("ik,kj,jm,ml->il", before.A, before.B, before.C, before.D))

    def test_atax(self):
        before, _, result = run("atax", M=5, N=7)
        close(result, np.einsum("ij,ik,k->j", before.A, before.A, before.x))

    def test_bicg(self):
        before, _, (q, s) = run("bicg", M=5, N=7)
        close(q, np.einsum("ij,j->i", before.A, before.p))
        close(s, np.einsum("ij,i->j", before.A, before.r))

    def test_mvt(self):
        before, after, _ = run("mvt", N=6)
        close(after.x1, before.x1 + np.einsum("ij,j->i", before.A, before.y1))
        close(after.x2, before.x2 + np.einsum("ij,i->j", before.A, before.y2))

    def test_gemver(self):
        before, after, _ = run("gemver", N=6, alpha=1.5, beta=1.2)
        a = before.A + before.u1[:, None] * before.v1 + before.u2[:, None] * before.v2
        x = before.x + 1.2 * np.einsum("ij,i->j", a, before.y) + before.z
        close(after.A, a)
        close(after.x, x)
        close(after.w, before.w + 1.5 * np.einsum("ij,j->i", a, x))

    def test_gesummv(self):
        before, _, result = run("gesummv", N=6, alpha=1.5, beta=1.2)
        close(result, np.einsum("ij,j->i", 1.5 * before.A + 1.2 * before.B, before.x))

    def test_symm(self):
        before, after, _ = run("symm", M=5, N=7, alpha=1.5, beta=1.2)
        a = lower(before.A) + np.tril(before.A, -1).T
        close(after.C, 1.5 * a @ before.B + 1.2 * before.C)

    def test_syrk(self):
        before, after, _ = run("syrk", M=5, N=7, alpha=1.5, beta=1.2)
        close(lower(after.C), lower(1.5 * before.A @ before.A.T + 1.2 * before.C))
        close(np.triu(after.C, 1), np.triu(before.C, 1))

    def test_syr2k(self):
        before, after, _ = run("syr2k", M=5, N=7, alpha=1.5, beta=1.2)
        product = before.A @ before.B.T
        close(lower(after.C), lower(1.5 * (product + product.T) + 1.2 * before.C))
        close(np.triu(after.C, 1), np.triu(before.C, 1))

    def test_trmm(self):
        before, after, _ = run("trmm", M=5, N=7, alpha=1.5)
        close(after.B, 1.5 * (np.tril(before.A, -1) + np.eye(5)).T @ before.B)

    def test_doitgen(self):
        before, after, _ = run("doitgen", NR=3, NQ=4, NP=5)
        close(after.A, np.einsum("rqs,sp->rqp", before.A, before.C4))


class Factorizations(unittest.TestCase):
    def test_cholesky(self):
        before, after, _ = run("cholesky", N=8)
        close(lower(after.A) @ lower(after.A).T, before.A)

    def test_lu(self):
        before, after, _ = run("lu", N=8)
        close((np.tril(after.A, -1) + np.eye(8)) @ np.triu(after.A), before.A)

    def test_ludcmp(self):
        before, after, (x, y) = run("ludcmp", N=8)
        close(before.A @ x, before.b)
        close(np.triu(after.A) @ x, y)

    def test_trisolv(self):
        before, after, _ = run("trisolv", N=8)
        close(before.L @ after.x, before.b)

    def test_durbin(self):
        before, _, y = run("durbin", N=8)
        row = np.concatenate([[1.0], before.r[:-1]])
        toeplitz = row[abs(np.subtract.outer(np.arange(8), np.arange(8)))]
        close(toeplitz @ y, -before.r)

    def test_gramschmidt(self):
        before, _, (q, r) = run("gramschmidt", M=9, N=6)
        close(q @ r, before.A)
        close(q.T @ q, np.eye(6))
        close(np.tril(r, -1), 0.0)


class Statistics(unittest.TestCase):
    def test_covariance(self):
        before, _, result = run("covariance", M=5, N=9)
        close(result, np.cov(before.data, rowvar=False))

    def test_correlation(self):
        before, _, result = run("correlation", M=5, N=9)
        self.assertTrue(np.all(before.data.std(axis=0) > 0.1))
        close(result, np.corrcoef(before.data, rowvar=False))


class Stencils(unittest.TestCase):
    def sweep(self, source, target, weights):
        """Every inner point of `target` from the points around it in `source`, one at a time."""
        for point in np.ndindex(*(extent - 2 for extent in source.shape)):
            centre = tuple(each + 1 for each in point)
            around = tuple(slice(each - 1, each + 2) for each in centre)
            target[centre] = np.sum(weights * source[around])

    def check_two_array_stencil(self, name, weights, **values):
        before, after, _ = run(name, TSTEPS=4, **values)
        for _ in range(3):
            self.sweep(before.A, before.B, weights)
            self.sweep(before.B, before.A, weights)
        close(after.A, before.A)
        close(after.B, before.B)

    def test_jacobi_1d(self):
        self.check_two_array_stencil("jacobi_1d", np.full(3, 0.33333), N=9)

    def test_jacobi_2d(self):
        self.check_two_array_stencil("jacobi_2d", np.array([[0, 0.2, 0], [0.2] * 3, [0, 0.2, 0]]), N=7)

    def test_heat_3d(self):
        weights = np.zeros((3, 3, 3))
        weights[1, 1, :] = weights[1, :, 1] = weights[:, 1, 1] = 0.125
        weights[1, 1, 1] = 1.0 - 6 * 0.125
        self.check_two_array_stencil("heat_3d", weights, N=6)

    def test_seidel_2d(self):
        before, after, _ = run("seidel_2d", TSTEPS=4, N=7)
        for _ in range(3):
            self.sweep(before.A, before.A, np.full((3, 3), 1 / 9))
        close(after.A, before.A)

    def test_fdtd_2d(self):
        before, after, _ = run("fdtd_2d", TMAX=3, NX=5, NY=6)
        ex, ey, hz = before.ex, before.ey, before.hz
        for t in range(3):
            ey[0] = before.source[t]
            for i, j in np.ndindex(5, 6):
                if i > 0:
                    ey[i, j] -= 0.5 * (hz[i, j] - hz[i - 1, j])
                if j > 0:
                    ex[i, j] -= 0.5 * (hz[i, j] - hz[i, j - 1])
            for i, j in np.ndindex(4, 5):
                hz[i, j] -= 0.7 * (ex[i, j + 1] - ex[i, j] + ey[i + 1, j] - ey[i, j])
        close(after.ex, ex)
        close(after.ey, ey)
        close(after.hz, hz)

    def test_adi(self):
        before, after, _ = run("adi", TSTEPS=3, N=7)
        n, u, a, b = 7, before.u, 2.0 * 49 / 3, 49 / 3

        def half_step(values, implicit, explicit):
            """Implicit along the first axis, explicit along the second; 1 at the border."""
            system = np.eye(n)
            right = np.ones((n, n))
            for i in range(1, n - 1):
                system[i, i - 1 : i + 2] = -implicit / 2, 1 + implicit, -implicit / 2
                for j in range(1, n - 1):
                    right[i, j] = np.dot([explicit / 2, 1 - explicit, explicit / 2], values[i, j - 1 : j + 2])
            return np.linalg.solve(system, right)

        for _ in range(3):
            v = half_step(u, a, b)
            u[1:-1, :] = half_step(v.T, b, a).T[1:-1, :]
        close(after.u, u)


class Others(unittest.TestCase):
    def test_deriche(self):
        before, _, result = run("deriche", W=7, H=6, alpha=0.25)

        def response(n):
            """The filter's matrix along an axis of n pixels: from Deriche's closed form of the impulse response."""
            e = np.exp(-0.25)
            k = (1 - e) ** 2 / (1 + 2 * 0.25 * e - e * e)
            distance = abs(np.subtract.outer(np.arange(n), np.arange(n)))
            return k * (1 + 0.25 * distance) * e**distance

        close(result, response(7) @ before.image @ response(6))

    def test_floyd_warshall(self):
        before, after, _ = run("floyd_warshall", N=9)
        expected = before.path.copy()
        for _ in range(9):  # Paths of twice as many edges in each round.
            expected = np.minimum(expected, np.min(expected[:, :, None] + expected[None, :, :], axis=1))
        np.testing.assert_array_equal(after.path, expected)

    def test_nussinov(self):
        before, _, table = run("nussinov", N=9)

        def pairs(i, j):
            """The best folding of bases i to j, by what base i does: nothing, or pair with base k."""
            if j - i < 2:
                return 0
            best = pairs(i + 1, j)
            for k in range(i + 2, j + 1):
                if before.seq[i] + before.seq[k] == 3:
                    best = max(best, 1 + pairs(i + 1, k - 1) + pairs(k + 1, j))
            return best

        for i in range(9):
            for j in range(i, 9):
                self.assertEqual(table[i, j], pairs(i, j), (i, j))

    def test_go_fast(self):
        before, _, result = run("go_fast", N=6)
        close(result, before.a + np.sum(np.tanh(np.diag(before.a))))

    def test_scalar_reduction(self):
        before, _, total = run("scalar_reduction", M=4, N=5, shift=0.25)
        close(total, np.sum((before.A - 0.25) ** 2))

    def test_convergence(self):
        before, after, level = run("convergence", N=500, volume=180.0, tolerance=1e-13)
        close(after.depth, np.maximum(level - before.ground, 0.0))
        np.testing.assert_allclose(np.sum(after.depth), 180.0, atol=1e-9)
        self.assertTrue(0.0 < np.count_nonzero(after.depth) < 500, "some ground stays dry")

    def test_two_calls(self):
        before, _, result = run("two_calls", N=12)
        u = before.u
        smooth = np.convolve(u, np.array([1, 4, 6, 4, 1]) / 16, "valid")
        curve = (u[4:] - 2 * u[2:-2] + u[:-4]) / 4
        close(result, abs(u[2:-2] - smooth) + curve**2)


class Fields(unittest.TestCase):
    def test_cavity_flow(self):
        nx, ny, dt, rho, nu = 6, 7, 0.01, 1.5, 0.2
        _, after, _ = run("cavity_flow", NX=nx, NY=ny, TSTEPS=4, SWEEPS=3, dt=dt, rho=rho, nu=nu)
        dx, dy = 2 / (nx - 1), 2 / (ny - 1)
        u, v, p = np.zeros((3, ny, nx))
        inner = [(i, j) for i in range(1, ny - 1) for j in range(1, nx - 1)]

        def steps(f, i, j):
            """Central and backward differences, and the Laplacian, along x and y."""
            x, y = (f[i, j + 1] - f[i, j - 1]) / (2 * dx), (f[i + 1, j] - f[i - 1, j]) / (2 * dy)
            back = (f[i, j] - f[i, j - 1]) / dx, (f[i, j] - f[i - 1, j]) / dy
            xx = (f[i, j + 1] - 2 * f[i, j] + f[i, j - 1]) / dx**2
            yy = (f[i + 1, j] - 2 * f[i, j] + f[i - 1, j]) / dy**2
            return (x, y), back, xx + yy

        for _ in range(4):
            for _ in range(3):
                old = p.copy()
                for i, j in inner:
                    (u_x, u_y), (v_x, v_y) = steps(u, i, j)[0], steps(v, i, j)[0]
                    source = rho * ((u_x + v_y) / dt - u_x**2 - 2 * u_y * v_x - v_y**2)
                    sides = (old[i, j + 1] + old[i, j - 1]) / dx**2 + (old[i + 1, j] + old[i - 1, j]) / dy**2
                    p[i, j] = (sides - source) / (2 / dx**2 + 2 / dy**2)
                p[:, -1], p[:, 0] = p[:, -2], p[:, 1]
                p[0], p[-1] = p[1], 0
            un, vn = u.copy(), v.copy()
            for i, j in inner:
                (p_x, p_y), _, _ = steps(p, i, j)
                for new, old, force in ((u, un, p_x), (v, vn, p_y)):
                    _, (along_x, along_y), bend = steps(old, i, j)
                    transport = un[i, j] * along_x + vn[i, j] * along_y
                    new[i, j] = old[i, j] + dt * (nu * bend - transport - force / rho)
            for wall in (u[0], u[:, 0], u[:, -1], v[0], v[-1], v[:, 0], v[:, -1]):
                wall[:] = 0
            u[-1] = 1
        close(after.u, u)
        close(after.v, v)
        close(after.p, p)

    def test_hdiff(self):
        before, after, _ = run("hdiff", I=5, J=6, K=3)
        f = before.field

        def laplacian(i, j):
            return 4 * f[i, j] - f[i + 1, j] - f[i - 1, j] - f[i, j + 1] - f[i, j - 1]

        def flux(i, j, k, m):
            """From point i, j to its neighbour k, m."""
            value = laplacian(k, m) - laplacian(i, j)
            return value * (value * (f[k, m] - f[i, j]) <= 0)

        for i, j in np.ndindex(5, 6):
            x, y = i + 2, j + 2
            around = flux(x, y, x + 1, y) - flux(x - 1, y, x, y) + flux(x, y, x, y + 1) - flux(x, y - 1, x, y)
            close(after.result[i, j], f[x, y] - before.coefficient[i, j] * around)

    def test_tridiagonal_columns(self):
        before, _, x = run("tridiagonal_columns", I=3, J=4, K=6)
        for i, j in np.ndindex(3, 4):
            a, b, c, d = (array[i, j] for array in (before.a, before.b, before.c, before.d))
            close((np.diag(b) + np.diag(a[1:], -1) + np.diag(c[:-1], 1)) @ x[i, j], d)

    def test_game_of_life(self):
        before, after, _ = run("game_of_life", H=9, W=11, TSTEPS=4)
        alive = {(i, j) for i, j in np.ndindex(9, 11) if before.board[i, j]}
        around = [(i, j) for i in (-1, 0, 1) for j in (-1, 0, 1) if (i, j) != (0, 0)]
        for _ in range(4):
            counts = collections.Counter(((i + x) % 9, (j + y) % 11) for i, j in alive for x, y in around)
            alive = {cell for cell, count in counts.items() if count == 3 or count == 2 and cell in alive}
        self.assertTrue(alive)
        self.assertEqual(alive, {(i, j) for i, j in np.ndindex(9, 11) if after.board[i, j]})

    def test_mandelbrot(self):
        _, after, _ = run("mandelbrot", H=7, W=9, TSTEPS=20, left=-2.0, right=0.5, bottom=-1.2, top=1.1)
        for i, j in np.ndindex(7, 9):
            c, z, count = complex(-2.0 + 2.5 * j / 8, -1.2 + 2.3 * i / 6), 0, 0
            while count < 20 and abs(z) < 2:
                z, count = z * z + c, count + 1
            self.assertEqual(after.counts[i, j], count)

    def test_fft2d(self):
        before, _, result = run("fft2d", N=16)
        close(result, np.fft.fft2(before.image))


class Learning(unittest.TestCase):
    def test_conv2d_bias(self):
        before, _, result = run("conv2d_bias", B=2, H=7, W=8, CI=3, CO=4, K=3)
        windows = np.lib.stride_tricks.sliding_window_view(before.image.astype(float), (3, 3), axis=(1, 2))
        expected = np.einsum("bijcmn,mnco->bijo", windows, before.weights) + before.bias
        np.testing.assert_allclose(result, expected, rtol=1e-5, atol=1e-5)

    def test_softmax(self):
        before, _, result = run("softmax", B=2, H=3, N=5)
        for row, x in zip(result.reshape(-1, 5), before.x.reshape(-1, 5)):
            np.testing.assert_allclose(row, 1 / np.sum(np.exp(x.astype(float) - x[:, None]), axis=1), rtol=1e-5)

    def test_mlp(self):
        before, _, result = run("mlp", B=3, C=4, S0=5, S1=6, S2=7)
        for row, x in zip(result, before.x.astype(float)):
            for weights, bias in ((before.w1, before.b1), (before.w2, before.b2)):
                x = np.array([max(0.0, np.dot(x, column) + b) for column, b in zip(weights.T, bias)])
            scores = np.exp(x @ before.w3 + before.b3)
            np.testing.assert_allclose(row, scores / scores.sum(), rtol=1e-5)

    def test_kmeans(self):
        before, after, label = run("kmeans", N=40, D=2, K=4, TSTEPS=3)
        centres = [tuple(centre) for centre in before.centres]
        for _ in range(3):
            nearest = [min(range(4), key=lambda k: math.dist(point, centres[k])) for point in before.points]
            for k in range(4):
                mine = [point for point, which in zip(before.points, nearest) if which == k]
                centres[k] = tuple(np.mean(mine, axis=0)) if mine else centres[k]
        np.testing.assert_array_equal(label, nearest)
        close(after.centres, centres)


class Physics(unittest.TestCase):
    def test_arc_distance(self):
        before, _, result = run("arc_distance", N=50)

        def on_sphere(latitude, longitude):
            x, y = np.cos(latitude) * np.cos(longitude), np.cos(latitude) * np.sin(longitude)
            return np.stack([x, y, np.sin(latitude)], axis=1)

        first = on_sphere(before.latitude_1, before.longitude_1)
        second = on_sphere(before.latitude_2, before.longitude_2)
        angle = np.arctan2(np.linalg.norm(np.cross(first, second), axis=1), np.sum(first * second, axis=1))
        np.testing.assert_allclose(result, angle, rtol=1e-9)

    def test_azimuthal_integration(self):
        before, _, result = run("azimuthal_integration", N=300, BINS=7)
        edges = np.linspace(before.distance.min(), before.distance.max(), 8)
        ring = np.clip(np.searchsorted(edges, before.distance, side="right") - 1, 0, 6)
        close(result, [before.intensity[ring == b].mean() for b in range(7)])

    def test_nbody(self):
        values = {"G": 1.5, "softening": 0.3, "dt": 0.02}
        before, after, (kinetic, potential) = run("nbody", N=5, TSTEPS=6, **values)
        m, x, v = before.mass, before.position, before.velocity
        v -= sum(m[i] * v[i] for i in range(5)) / m.sum()

        def pull():
            a = np.zeros((5, 3))
            for i, j in itertools.permutations(range(5), 2):
                a[i] += 1.5 * m[j] * (x[j] - x[i]) / (math.dist(x[i], x[j]) ** 2 + 0.09) ** 1.5
            return a

        for step in range(7):
            pairs = itertools.combinations(range(5), 2)
            close(kinetic[step], sum(m[i] * (v[i] @ v[i]) / 2 for i in range(5)))
            close(potential[step], -sum(1.5 * m[i] * m[j] / math.dist(x[i], x[j]) for i, j in pairs))
            if step < 6:
                v += pull() * 0.01
                x += v * 0.02
                v += pull() * 0.01
        close(after.position, x)
        close(after.velocity, v)


class Numerics(unittest.TestCase):
    def test_conjugate_gradient(self):
        before, after, steps = run("conjugate_gradient", N=12, tolerance=1e-12)
        close(before.A @ after.x, before.b)
        self.assertTrue(1 < steps <= 13)

    def test_spmv(self):
        before, _, y = run("spmv", M=7, N=9, W=3)
        self.assertEqual(len(set(np.diff(before.indptr))), 3, "rows of different lengths")
        dense = np.zeros((7, 9))
        for i in range(7):
            for k in range(before.indptr[i], before.indptr[i + 1]):
                dense[i, before.indices[k]] += before.data[k]
        close(y, dense @ before.x)

    def test_black_scholes(self):
        values = {"rate": 0.02, "volatility": 0.3}
        before, after, _ = run("black_scholes", N=20, call=np.zeros(20), put=np.zeros(20), **values)
        # The expected payoff under the lognormal distribution of the price at expiry, by the midpoint rule.
        quantiles = (np.arange(200000) + 0.5) / 200000
        normal = np.array([statistics.NormalDist().inv_cdf(q) for q in quantiles[::100]])
        for i in range(20):
            spread = 0.3 * math.sqrt(before.expiry[i])
            price = before.spot[i] * np.exp(0.02 * before.expiry[i] - spread**2 / 2 + spread * normal)
            discount = math.exp(-0.02 * before.expiry[i])
            call = discount * np.mean(np.maximum(price - before.strike[i], 0))
            put = discount * np.mean(np.maximum(before.strike[i] - price, 0))
            np.testing.assert_allclose([after.call[i], after.put[i]], [call, put], rtol=0.01, atol=0.02)
        close(after.call - after.put, before.spot - before.strike * np.exp(-0.02 * before.expiry))

    def test_crc16(self):
        before, _, result = run("crc16", N=50)
        # Every bit pattern is a polynomial; the remainder of the message with 16 zeros behind it.
        message = int.from_bytes(bytes(before.message), "big")
        remainder = (message << 16) ^ (0xFFFF << (8 * 50))
        for shift in range(8 * 50 - 1, -1, -1):
            if remainder >> (shift + 16) & 1:
                remainder ^= 0x11021 << shift
        self.assertEqual(result, remainder)


class Folder(unittest.TestCase):
    def test_every_program_is_tested_and_has_presets(self):
        cases = unittest.defaultTestLoader.loadTestsFromModule(sys.modules[__name__])
        tested = {case.id().rsplit(".test_")[-1] for suite in cases for case in suite}
        for path in sorted(FOLDER.glob("*.py")):
            self.assertIn(path.stem, tested)
            presets = run_reference.load(str(path)).presets
            self.assertEqual(list(presets), ["S", "M", "L", "paper"], path.name)
            self.assertEqual(len({tuple(sizes) for sizes in presets.values()}), 1, f"{path.name}: keys differ")


if __name__ == "__main__":
    unittest.main()
