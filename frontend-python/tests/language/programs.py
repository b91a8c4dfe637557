"""Small programs, one for each feature of the language; `expected.json` holds what NumPy makes of them.

`python expect.py` writes that file anew, by running the programs under CPython with the stand-in `dace` module.
"""

import math

import numpy as np
import dace

N, M = (dace.symbol(s) for s in ("N", "M"))


@dace.program
def rebind_loop(x: dace.float64[N]):
    s = 0
    for i in range(N):
        s += x[i]
    return s


@dace.program
def int_loop_count(x: dace.float64[N]):
    c = 0
    for i in range(N):
        if x[i] > 0.5:
            c += 1
    return c


@dace.program
def while_count(x: dace.float64[N], k: dace.int64):
    it = 0
    while it < k and x[it] < 0.8:
        x[it] = x[it] * 2.0
        it += 1
    return it


@dace.program
def matpow(B: dace.float64[N, N], x: dace.float64[N]):
    v = np.ones(N)
    for t in range(3):
        v = B @ v
    return v


@dace.program
def swap(x: dace.float64[N]):
    x[0], x[1] = x[1], x[0]
    a = x[0]
    b = x[1]
    a, b = b, a
    return a - 2*b


@dace.program
def ifelse(x: dace.float64[N]):
    if x[0] > 0.3:
        z = 1.5
    else:
        z = 2
    return z * x


@dace.program
def loopvar_after(x: dace.float64[N]):
    for i in range(N):
        x[i] += i
    x[0] = i


@dace.program
def floor(ix: dace.int64[N]):
    ix[:] = (ix - 3) // 2 + (ix - 4) % 3
    return ix / 2


@dace.program
def neg_index(A: dace.float64[N, M]):
    A[-1, :] = A[0, ::-1]
    A[:, -2] += A[:, 1]
    return A[-1, -1]


@dace.program
def transpose(A: dace.float64[N, M]):
    B = A.T
    return B @ A


@dace.program
def view(A: dace.float64[N, M]):
    r = A[1]
    r[:] = 3.0
    r += 1
    c = A[:, 0]
    c[0] = 7


@dace.program
def keepdims(A: dace.float64[N, M]):
    return A - np.max(A, axis=1, keepdims=True), A.sum(axis=0), np.mean(A), A.std(axis=0)


@dace.program
def where(A: dace.float64[N, M]):
    return np.where(A > 0.5, A, -A)


@dace.program
def minmax(x: dace.float64[N]):
    a = max(x[0], x[1], 0.2)
    b = min(x[2], 3)
    return a + b, np.min(x), x.max()


@dace.program
def gather_scalar(x: dace.float64[N], ix: dace.int64[N]):
    s = 0.0
    for i in range(N):
        s += x[ix[i] % N]
    return s


@dace.program
def gather_map(x: dace.float64[N], y: dace.float64[N], ix: dace.int64[N]):
    for i in dace.map[0:N]:
        y[i] = x[ix[i] % N]


@dace.program
def scatter(x: dace.float64[N], y: dace.float64[N], ix: dace.int64[N]):
    for i in range(N):
        x[ix[i] % N] += y[i]


@dace.program
def scatter_map(x: dace.float64[N], y: dace.float64[N], ix: dace.int64[N]):
    for i in dace.map[0:N]:
        x[ix[i] % N] += y[i]


@dace.program
def map_local(A: dace.float64[N, M], x: dace.float64[N]):
    for i in dace.map[0:N]:
        s = 0.0
        for j in range(M):
            s += A[i, j]
        x[i] = s


@dace.program
def map_if(x: dace.float64[N]):
    for i in dace.map[0:N]:
        if x[i] > 0.5:
            x[i] = 1.0
        else:
            x[i] = 0.0


@dace.program
def map_chain(x: dace.float64[N], y: dace.float64[N]):
    for i in dace.map[0:N]:
        t = x[i] * 2
        u = t + 1
        y[i] = t * u


@dace.program
def map_if_sum(x: dace.float64[N]):
    t = 0.0
    for i in dace.map[0:N]:
        if x[i] > 0.5:
            t += x[i]
    return t


@dace.program
def hist(x: dace.float64[N], h: dace.int64[4]):
    for i in dace.map[0:N]:
        b = int(x[i] * 4)
        h[b] += 1


@dace.program
def map_rows(A: dace.float64[N, M]):
    for i in dace.map[0:N]:
        A[i, :] = A[i, :] / np.sum(A[i, :])


@dace.program
def f32(z: dace.float32[N], q: dace.float32):
    return z * 1.5 + q, z / 3, np.sqrt(z), z ** 2, np.sum(z)


@dace.program
def i32(z: dace.int32[N]):
    return z * 2, z / 3, np.sqrt(z), z ** 2, np.sum(z), z + 1.5, -z, abs(z), z // 2


@dace.program
def u8(z: dace.uint8[N]):
    return z + z, z * 3, z >> 1, z ^ 5, np.sum(z), z.astype(np.int16) - 3


@dace.program
def bools(x: dace.float64[N]):
    b = x > 0.5
    c = b & (x < 0.9)
    return c, ~c, np.any(b), np.all(b), np.sum(b), b + c


@dace.program
def cplx(x: dace.float64[N]):
    z = x + 1j * x
    return z * z, np.abs(z), z.real, np.conj(z), np.exp(z)


@dace.program
def shape_n(x: dace.float64[N]):
    n = x.shape[0]
    w = np.zeros(n + 1)
    w[1:] = x
    w[:-1] += x
    return w


@dace.program
def half(x: dace.float64[N]):
    h = N // 2
    return x[:h] + x[h:2*h]


@dace.program
def ternary(x: dace.float64[N], k: dace.int64):
    a = x[0] if k > 2 else x[1]
    return a * 2


@dace.program
def chain(x: dace.float64[N]):
    c = 0
    for i in range(N):
        if 0.2 < x[i] <= 0.7:
            c = c + 1
    return c


@dace.program
def breaks(x: dace.float64[N]):
    j = -1
    for i in range(N):
        if x[i] > 0.6:
            j = i
            break
    return j


@dace.program
def early(x: dace.float64[N]):
    for i in range(N):
        if x[i] > 0.6:
            return i
    return -1


@dace.program
def elif_chain(x: dace.float64[N]):
    for i in range(N):
        if x[i] > 0.6:
            x[i] = 1
        elif x[i] > 0.3:
            x[i] = 2
        else:
            x[i] = 3


@dace.program
def creation(x: dace.float64[N]):
    a = np.arange(N)
    b = np.eye(3)
    c = np.linspace(0, 1, 5)
    d = np.full((2, 3), 7)
    e = np.array([[1, 2], [3, 4]])
    return a, b, c, d, e, np.ones_like(x), np.zeros((N, 2), dtype=np.int32)


@dace.program
def overlap(x: dace.float64[N]):
    x[1:] = x[:-1]
    x[:-1] += x[1:]


@dace.program
def newaxis(x: dace.float64[N], y: dace.float64[N]):
    return x[:, np.newaxis] * y + y[None, :]


@dace.program
def ellipsis(T: dace.float64[N, M, 3]):
    return T[..., 0] + T[:, :, -1], T[0, ...]


@dace.program
def reshape(A: dace.float64[N, M]):
    return A.reshape((M, N)), A.flatten(), np.reshape(A, (-1,)), A.T.flatten()


@dace.program
def steps(x: dace.float64[N]):
    x[::2] = 0
    return x[1::2], x[::-1], x[-3:]


@dace.program
def mathf(x: dace.float64[N]):
    return math.sqrt(x[0]) + math.pi, np.exp(x[1]), math.floor(x[2] * 10), round(x[3] * 10), int(x[4] * 10)


def g(a, b=1.0):
    return a * b + 1

@dace.program
def helper(x: dace.float64[N]):
    return g(x[0], b=2.0) + (lambda t: t * t)(x[1])


@dace.program
def constfold(x: dace.float64[N]):
    for c in (1.0, 2.0, 3.0):
        x += c
    for i, w in enumerate([0.5, 0.25]):
        x[i] *= w


@dace.program
def iterate(A: dace.float64[N, M]):
    s = np.zeros(M)
    for row in A:
        s += row
    return s


@dace.program
def inc(v: dace.float64[N], a: dace.float64):
    v += a
@dace.program
def total(V: dace.float64[N, M]):
    return np.sum(V)

@dace.program
def call(A: dace.float64[N, M]):
    inc(A[0, :], 1.0)
    inc(A[:, 0], 2.0)
    r = total(A)
    return r


@dace.program
def dotvec(x: dace.float64[N], y: dace.float64[N]):
    return x @ y, np.dot(x, y), np.outer(x, y), np.inner(x, y)


@dace.program
def intparam(m: dace.int32, x: dace.float64[N]):
    for i in range(m):
        x[i] += m
    return x[:m] / m


@dace.program
def ret_param_shape(m: dace.int64):
    return np.ones(m) * m


@dace.program
def aug_branch(x: dace.float64[N]):
    a = 1
    if x[0] > 0.1:
        a *= 2
    a += 1
    return a * x


@dace.program
def powers(x: dace.float64[N], ix: dace.int64[N]):
    return x ** 2, x ** 3, x ** 0.5, 2 ** x, ix ** 2, x ** ix, ix ** 0.5


@dace.program
def nested_map(A: dace.float64[N, M]):
    for i in dace.map[0:N]:
        for j in dace.map[0:M]:
            A[i, j] = A[i, j] + i * j


@dace.program
def clip(x: dace.float64[N]):
    return np.clip(x, 0.2, 0.8), np.minimum(x, 0.5), np.maximum(x, x[::-1])


@dace.program
def out(x: dace.float64[N], y: dace.float64[N]):
    np.add(x, y, out=y)
    np.multiply(y, 2, y)


@dace.program
def dead(x: dace.float64[N]):
    b = True
    if b:
        x += 1
    else:
        x += 2
    if N > 3:
        x *= 2


@dace.program
def mean_int(ix: dace.int64[N]):
    return np.mean(ix), np.max(ix), np.prod(ix[:3])


@dace.program
def cumul(x: dace.float64[N]):
    for i in range(1, N):
        x[i] = x[i] + x[i-1]
    for i in range(N-2, -1, -1):
        x[i] -= x[i+1]


@dace.program
def dyn_slice(x: dace.float64[N], k: dace.int64):
    for i in range(0, N, 2):
        x[i:i+k] += 1
    return x[:k].copy()


@dace.program
def tmpshape(A: dace.float64[N, M]):
    for i in range(N):
        t = A[i, i+1:] * 2
        A[i, i+1:] = t


@dace.program
def unused_expr(x: dace.float64[N]):
    """doc"""
    pass
    y = x + 1
    assert N > 0
    return y


@dace.program
def accum_elem(A: dace.float64[N, M], x: dace.float64[N]):
    for i, j in dace.map[0:N, 0:M]:
        x[i] += A[i, j]


@dace.program
def int_div_sym(x: dace.float64[N]):
    for i in dace.map[0:N]:
        x[i] = (i * 3 + 1) % N / N + i // 2


@dace.program
def vecwhile(x: dace.float64[N]):
    n = 0
    while np.sum(x) > 1.0:
        x *= 0.5
        n += 1
    return n


@dace.program
def gather(x: dace.float64[N], ix: dace.int64[N]):
    return x[ix] + x[ix - 1]


@dace.program
def mask(A: dace.float64[N, M]):
    A[A > 0.5] = 0.0
    A[A < 0.2] += 1
    m = A > 0.3
    A[m] *= 2


@dace.program
def scatter_vec(x: dace.float64[N], y: dace.float64[N], ix: dace.int64[N]):
    x[ix] = y
    y[ix] += 1
    x[ix[:2]] = 5


@dace.program
def concat(x: dace.float64[N], y: dace.float64[N], A: dace.float64[N, M]):
    return np.concatenate((x, y)), np.stack([x, y], axis=1), np.vstack((x, y)), np.hstack((A, A)), np.roll(x, 2)


@dace.program
def maxmap(A: dace.float64[N, M]):
    m = -1.0
    lo = 10.0
    for i, j in dace.map[0:N, 0:M]:
        m = max(m, A[i, j])
        lo = min(A[i, j], lo)
    return m, lo


@dace.program
def param_assign(x: dace.float64[N], k: dace.int64):
    for i in range(N):
        k += 1
        x[i] = k
    return k


@dace.program
def param_acc(s: dace.float64, x: dace.float64[N]):
    for i in dace.map[0:N]:
        s += x[i]
    return s


@dace.program
def param_if(q: dace.float64, x: dace.float64[N]):
    if x[0] > 0.1:
        q = 2.5
    return q * x


@dace.program
def local_arr_map(A: dace.float64[N, M]):
    for i in dace.map[0:N]:
        t = np.zeros(M)
        t += A[i, :]
        t[0] /= 2
        A[i, :] = t


@dace.program
def while_true(x: dace.float64[N]):
    i = 0
    while True:
        if x[i] > 0.5:
            break
        i += 1
        if i >= N:
            break
    return i


@dace.program
def continues(x: dace.float64[N]):
    s = 0.0
    for i in range(N):
        if x[i] > 0.5:
            continue
        s += x[i]
    return s


@dace.program
def sq(v: dace.float64):
    return v * v

@dace.program
def nested_calls(x: dace.float64[N]):
    a = sq(x[0]) + sq(x[1])
    b = sq(a)
    return b


@dace.program
def two(v: dace.float64[N]):
    return v * 2, v + 1

@dace.program
def call_tuple(x: dace.float64[N]):
    a, b = two(x)
    return a - b


@dace.program
def bump(v: dace.float64[N]):
    v[0] = 5.0
    return v[1]

@dace.program
def call_scalar_weak(x: dace.float64[N]):
    c = x[0] + bump(x)
    return c


@dace.program
def sizes(A: dace.float64[N, M]):
    n, m = A.shape
    B = np.empty((m, n))
    for i in range(n):
        for j in range(m):
            B[j, i] = A[i, j]
    return B


@dace.program
def upd_int_sym(x: dace.float64[N]):
    lo = 0
    hi = N - 1
    while lo < hi:
        mid = (lo + hi) // 2
        if x[mid] < 0.5:
            lo = mid + 1
        else:
            hi = mid
    return lo


@dace.program
def sort_bubble(x: dace.float64[N]):
    for i in range(N):
        for j in range(N - 1 - i):
            if x[j] > x[j + 1]:
                x[j], x[j + 1] = x[j + 1], x[j]


@dace.program
def fib(ix: dace.int64[N]):
    a, b = 0, 1
    for i in range(N):
        a, b = b, a + b
        ix[i] = a


@dace.program
def listcomp(x: dace.float64[N]):
    w = [0.1 * c for c in range(3)]
    for i in range(3):
        x[i] += sum(w)
    return x * w[2]


@dace.program
def symstep(x: dace.float64[N], k: dace.int64):
    for i in range(0, N, k):
        x[i] = -1.0
    for i in range(N - 1, 0, -2):
        x[i] += 1


@dace.program
def stale_row(A: dace.float64[N, M]):
    s = 0.0
    for i in range(N):
        t = A[i, 0] * 2
        s = s + t
    return t + s


@dace.program
def negparam(x: dace.float64[N]):
    j = -2
    x[j] = 9
    for i in range(-3, 0):
        x[i] += 1


@dace.program
def twod_neg(A: dace.float64[N, M]):
    return A[::-1, ::-1] + A[:, ::-1], np.flip(A, axis=0)


@dace.program
def boolvar(x: dace.float64[N]):
    found = False
    for i in range(N):
        if x[i] > 0.9:
            found = True
    return found


@dace.program
def notand(x: dace.float64[N], k: dace.int64):
    if not (k > 2 and x[0] > 0.9) or k == 100:
        x[:] = 1
    if k:
        x[1] = 2


@dace.program
def augmat(B: dace.float64[N, N]):
    B += B.T
    B -= np.mean(B, axis=0)
    B *= B


@dace.program
def f32_scalar_acc(z: dace.float32[N]):
    s = np.float32(0)
    for i in range(N):
        s += z[i] * 2
    return s


@dace.program
def i32acc(z: dace.int32[N]):
    s = 0
    for i in range(N):
        s += z[i]
    return s


@dace.program
def mixed(x: dace.float64[N], ix: dace.int64[N]):
    return x * ix, ix % 3 == 0, np.sqrt(ix), x // 0.3, x % 0.3, -ix // 2


@dace.program
def divmodsym(x: dace.float64[N]):
    for i in range(N):
        x[i] = i / 2 + (i - 3) // 2 + (i - 3) % 4 + 2 ** i


@dace.program
def condexpr_arr(x: dace.float64[N]):
    for i in range(N):
        x[i] = x[i - 1] if i > 0 else 0.5


@dace.program
def map_condexpr(x: dace.float64[N], y: dace.float64[N]):
    for i in dace.map[0:N]:
        y[i] = x[i - 1] if i > 0 else 0.0


@dace.program
def map_sum_call(A: dace.float64[N, M], x: dace.float64[N]):
    for i in dace.map[0:N]:
        x[i] = A[i, :] @ A[i, :]


@dace.program
def map_2stage(A: dace.float64[N, M], x: dace.float64[N]):
    for i in dace.map[1:N-1]:
        A[i, 0] = x[i-1] + x[i+1]
        A[i, 1] = A[i, 0] * 2


@dace.program
def std(A: dace.float64[N, M]):
    mu = np.mean(A, axis=1, keepdims=True)
    sd = np.std(A, axis=1, keepdims=True)
    return (A - mu) / sd, np.var(A)


@dace.program
def softmax(A: dace.float64[N, M]):
    e = np.exp(A - np.max(A, axis=-1, keepdims=True))
    return e / np.sum(e, axis=-1, keepdims=True)


@dace.program
def three_d(T: dace.float64[N, M, 3]):
    return np.sum(T, axis=(0, 2)), np.transpose(T, (2, 0, 1)), T @ np.ones((3, 2))


@dace.program
def mandel(x: dace.float64[N]):
    out = np.zeros(N, dtype=np.int64)
    for i in range(N):
        z = 0j
        c = x[i] * 3 - 2 + 0.1j
        n = 0
        while n < 20 and abs(z) < 2.0:
            z = z * z + c
            n += 1
        out[i] = n
    return out


@dace.program
def crc(ix: dace.int64[N]):
    crc = 0xFFFF
    for i in range(N):
        b = ix[i]
        cur = 0xFF & b
        for _ in range(8):
            if (crc & 1) ^ (cur & 1):
                crc = (crc >> 1) ^ 0x8408
            else:
                crc >>= 1
            cur >>= 1
    crc = (~crc & 0xFFFF)
    crc = (crc << 8) | ((crc >> 8) & 0xFF)
    return crc & 0xFFFF


@dace.program
def zero_trip(x: dace.float64[N], k: dace.int64):
    t = 5.0
    for i in range(k, 3):
        t = x[i]
    return t


@dace.program
def two_loops(x: dace.float64[N]):
    for i in range(2):
        t = x[i] * 2
        x[i] = t
    for i in range(2, N):
        t = x[i] + 1
        x[i] = t
    return t


@dace.program
def branch_new(x: dace.float64[N]):
    for i in range(N):
        if x[i] > 0.5:
            d = 1.0
        else:
            d = -1.0
        x[i] *= d


@dace.program
def alias_mut(x: dace.float64[N], k: dace.int64):
    i = k
    a = i
    i += 1
    i += 1
    x[a] = i
    return a + i


@dace.program
def loop_sym(x: dace.float64[N]):
    p = 0
    for i in range(N):
        q1 = p
        p += 2
        x[i] = q1 + p


@dace.program
def slice_mut(x: dace.float64[N]):
    n = 1
    for i in range(3):
        v = x[:n]
        n += 1
        v += 1
        x[n] = 0.5


@dace.program
def inner_acc(A: dace.float64[N, M], x: dace.float64[N]):
    for i in range(N):
        acc = 0.0
        for j in range(M):
            acc += A[i, j]
        x[i] = acc
    return acc


@dace.program
def while_if_sym(k: dace.int64, x: dace.float64[N]):
    n = k
    c = 0
    while n != 1:
        if n % 2 == 0:
            n = n // 2
        else:
            n = 3 * n + 1
        c += 1
    x[0] = c
    return n, c


@dace.program
def shadow(M: dace.int64, x: dace.float64[N]):
    N = 3
    x[N] = M
    return x * N


@dace.program
def arr_loop(x: dace.float64[N]):
    u = np.zeros(N)
    w = np.ones(N)
    for t in range(3):
        u = w + x
        w = u * 0.5
    return u + w
