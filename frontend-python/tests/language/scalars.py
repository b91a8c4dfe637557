"""Types: promotion, conversions, arithmetic of every kind of number."""

import cmath
import math

import numpy as np
import dace

N, M = (dace.symbol(s) for s in ("N", "M"))


@dace.program
def promote_arrays(z: dace.int32[N], q: dace.float32):
    a = z.astype(np.uint8)
    b = z.astype(np.int8)
    c = z.astype(np.float32)
    d = z.astype(np.int64)
    e = z.astype(np.uint64)
    return a * b, a + c, z + c, d + c, e + d, a + 1, b * 2.5, c * 1j, a + True


@dace.program
def promote_scalars(q: dace.float32, m: dace.int32, k: dace.int64, s: dace.float64):
    return q + m, q * k, q + 1, q + 1.5, m + 1, m / 2, m * 1.0, q * s, m + k, m // 2, q // 1, q ** 2, m ** 2


@dace.program
def weak_locals(q: dace.float32, z: dace.float32[N]):
    t = 0.1
    u = t + q
    v = 2
    return z * t, z + u, z * v, u, t * v, z * (t * v)


@dace.program
def wraparound(z: dace.uint8[N], ix: dace.int64[N]):
    a = z * z
    b = z.astype(np.int8)
    c = b * b
    d = ix * 4611686018427387904
    return a, b, c, d, z - 10, -z, ~z, z << 3


@dace.program
def wrap_scalars(m: dace.int32):
    a = m * np.int32(1073741824)
    b = np.int8(100) + np.int8(100)
    c = np.uint8(3) - np.uint8(5)
    return a, b, c


@dace.program
def floor_division(ix: dace.int64[N], x: dace.float64[N], k: dace.int64):
    return (ix - 3) // k, (ix - 3) % k, (3 - ix) // -2, (ix - 3) % -4, (x - 0.5) // 0.2, (x - 0.5) % -0.3, -k // 2, -k % 2, k % -2


@dace.program
def division_by_zero(x: dace.float64[N]):
    a = x - x
    return 1 / a, -1 / a, a / a, x // a, x % a


@dace.program
def int_division_by_zero(ix: dace.int64[N]):
    zero = ix - ix
    return ix // zero, ix % zero


@dace.program
def powers(x: dace.float64[N], ix: dace.int64[N], k: dace.int64):
    return x ** 3, x ** 0.5, x ** -1, ix ** 2, ix ** 3, 2 ** ix, 2.0 ** ix, x ** ix, k ** 2, 2 ** k, (-x) ** 2, (-x) ** 3


@dace.program
def constructors(x: dace.float64[N], k: dace.int64, q: dace.float64):
    return np.float32(q), np.int32(q * 10), np.int64(x[0] * 10), dace.int64(x * 10), dace.float32(x), np.complex128(q), np.uint8(k), np.bool_(k), np.float64(k) / 2


@dace.program
def python_casts(q: dace.float64, k: dace.int64):
    return int(q * 10), int(-q * 10), float(k), bool(k), complex(k), complex(q, k), round(q * 10), round(2.5), round(-0.5), round(q, 1), abs(-k), abs(-q), abs(3 + 4j)


@dace.program
def divmods(k: dace.int64, q: dace.float64):
    a, b = divmod(17, 5)
    c, d = divmod(-k, 2)
    e, f = divmod(q, 0.2)
    return a + b, c, d, e, f


@dace.program
def pow_calls(k: dace.int64, q: dace.float64):
    return pow(k, 2), pow(q, 2.5), pow(2, 10), pow(7, 3, 5), max(k, 2), min(1, 2), sum((k, q, 1))


@dace.program
def complex_numbers(x: dace.float64[N]):
    z = x + 2j
    w = z * z.conj() / (1 + z)
    z[0] = 1
    z += 1j
    z *= 2
    return w, z, abs(z), -z, z ** 2, z == w, z != z, z.real + z.imag, 1 / z


@dace.program
def complex_scalars(q: dace.float64, k: dace.int64):
    z = q + 1j * k
    w = complex(1, 2)
    return z * w, z / w, abs(z), z.real, z.imag, z.conjugate(), z - w, z == w, z ** 2


@dace.program
def complex64(z: dace.complex64[N], q: dace.float32):
    w = z + 1.5j
    return w * q, w + 1, w.real, np.abs(w), w * 2.0, w * np.float64(1)


@dace.program
def bool_arrays(x: dace.float64[N], y: dace.float64[N]):
    b = x > 0.5
    c = y > 0.5
    return b & c, b | c, b ^ c, ~b, b + c, b * c, b == c, b != c, b < c, b * 2, b + 1.5, b.sum(), b.any(), b.all(), b.astype(np.int32), np.logical_not(b)


@dace.program
def bool_scalars(k: dace.int64):
    a = k > 2
    b = k < 2
    return a and b, a or b, not a, a & b, a | b, a ^ b, a + b, a * 3, True + True, ~k, int(a) + 1, -True


@dace.program
def bits(k: dace.int64, m: dace.int32, ix: dace.int64[N]):
    return k << 2, k >> 1, k & 6, k | 8, k ^ 5, ~k, -k >> 1, 1 << k, ix << 2, ix >> 1, ix & 3, m << 2, (k - 10) >> 1, k << 40


@dace.program
def maths(q: dace.float64, k: dace.int64):
    return math.sin(q), math.sqrt(k), math.exp(q), math.log(q), math.log(q, 2), math.log2(q), math.log10(q), math.floor(q * 10), math.ceil(q * 10), math.trunc(-q * 10), math.atan2(q, 2), math.hypot(q, k), math.pow(q, k), math.fabs(-q), math.pi * q, math.gcd(12, k * 2)


@dace.program
def more_maths(q: dace.float64, k: dace.int64):
    return math.erf(q), math.expm1(q), math.log1p(q), math.tanh(q), math.asinh(q), math.copysign(q, -1), math.fmod(-q, 0.2), math.degrees(q), math.radians(q), math.isnan(q), math.isinf(q), math.isfinite(q), math.cbrt(q), math.factorial(5), math.isclose(q, 0.3), math.inf, math.tau, math.e, math.comb(5, 2), math.isqrt(17), math.ldexp(q, 3), math.dist((q, 1), (2, 3)), math.prod((q, k)), math.lcm(4, k), math.exp2(q)


@dace.program
def cmaths(q: dace.float64):
    z = complex(q, 1)
    return cmath.exp(z), cmath.sqrt(z), cmath.phase(z), cmath.log(z), cmath.sin(z), cmath.sqrt(-1), cmath.pi, cmath.polar(z)[0], cmath.rect(2, q), cmath.cosh(z), cmath.isnan(z)


@dace.program
def type_queries(x: dace.float64[N], z: dace.float32[N]):
    w = np.zeros(N, dtype=z.dtype)
    v = np.zeros_like(x)
    if x.dtype == np.float64:
        v += 1
    if z.dtype == x.dtype:
        v += 10
    return w + z, v, np.ones(3, dtype=int), np.zeros(2, dtype=bool), np.zeros(2, np.complex64), np.zeros(2, dtype="int16")


@dace.program
def int_reductions(z: dace.int32[N], b: dace.uint8[N]):
    b += 100
    return np.sum(z), np.prod(z), np.mean(z), np.max(z), np.sum(b), z.sum(), z.max()


@dace.program
def nans(x: dace.float64[N]):
    x[0] = np.nan
    x[1] = np.inf
    x[2] = -np.inf
    return np.max(x), np.min(x), np.maximum(x, 0.5), np.fmax(x, 0.5), np.isnan(x), np.isinf(x), x == x, x > 0.5, np.where(np.isnan(x), 0, x), np.sum(x[1:]), np.sign(x)


@dace.program
def joined_types(z: dace.float32[N], k: dace.int64):
    t = 0
    for i in range(N):
        t = t + z[i]
    u = k
    if k > 1:
        u = u / 2
    v = np.float32(1)
    for i in range(3):
        v = v * 1.1
    return t, u, v


@dace.program
def integer_accumulators(z: dace.int32[N], b: dace.uint8[N]):
    t = 0
    for i in range(N):
        t += z[i]
    m = z[0]
    for i in range(N):
        if z[i] > m:
            m = z[i]
    p = b[0]
    for i in range(N):
        p = p * 3 + 1
    return t, m, p


@dace.program
def floats_of_two_integers(z: dace.int16[N], b: dace.uint16[N]):
    c = z.astype(np.int8)
    part, whole = np.modf(z)
    return np.hypot(z, b), np.arctan2(c, b), np.hypot(c, 1), np.fmax(z, b), np.logaddexp(z, b), part, whole


@dace.program
def integers_without_and_with_a_sign(ix: dace.int64[N], b: dace.uint64[N]):
    i = ix - 3 + 4611686018427387904
    u = b - b + 4611686018427387905
    return i == u, i < u, u <= i, i != u, ix - 3 < b, b > ix - 3, np.isin(i, u), np.isin(ix - 3, b)


@dace.program
def types_of_lists(q: dace.float32, z: dace.uint8[N]):
    return np.array([q, 0.1]), np.array([z[0], 1]), np.array([q, 1]), np.array([z[1], True]), np.array([1, 2], dtype="i4"), np.zeros(2, "f4")


@dace.program
def types_of_spaced_numbers(q: dace.float32, m: dace.int8):
    return np.linspace(q, q * 3, 3), np.linspace(0, q, 3), np.linspace(m, 20, 3), np.logspace(q, 2 * q, 3)


@dace.program
def rounded_digits():
    return round(1.115, 2), round(2.675, 2), round(-0.125, 2), round(1e300, 2), np.round(1.115, 2)


@dace.program
def truth_values_of_python():
    total = 0
    for i in range(5):
        total += ~(i > 2)
    return total, ~True, np.invert(True)
