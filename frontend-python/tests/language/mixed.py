"""Programs that use several features together."""

import numpy as np
import dace
N, M = (dace.symbol(s) for s in ("N", "M"))


@dace.program
def size_assigned_in_branch(x: dace.float64[N], k: dace.int64):
    n = k
    if k > 2:
        n = 2
    y = np.zeros(n)
    for i in range(n):
        y[i] = x[i]
    s = 0.0
    for v in y:
        s += v
    return s


@dace.program
def row_view_in_loops(A: dace.float64[N, M], x: dace.float64[N]):
    for i in range(N):
        t = A[i]
        for j in range(M):
            t[j] += x[i]
        if i > 0:
            t[0] = 1
    return A[0, 0]


@dace.program
def closure_sees_later_value(x: dace.float64[N]):
    a = 1
    def f(v):
        return v + a
    a = 2
    return f(x)


@dace.program
def list_of_lambdas(x: dace.float64[N]):
    fs = [lambda v: v + 1, lambda v: v * 2]
    t = x[0]
    for f in fs:
        t = f(t)
    return t


@dace.program
def runs_in_whiles(x: dace.float64[N], k: dace.int64):
    i = 0
    total = 0.0
    while i < N:
        j = i
        while j < N and x[j] > 0.1:
            j += 1
            if j - i > k:
                break
        total += j - i
        i = j + 1
    return total


@dace.program
def best_and_where(x: dace.float64[N]):
    best, where = x[0], 0
    for i in range(1, N):
        if x[i] > best:
            best, where = x[i], i
    return best, where


@dace.program
def mask_until_empty(x: dace.float64[N]):
    m = x > 0.5
    while np.any(m):
        x[m] -= 0.3
        m = x > 0.5
    return x.copy()


@dace.program
def zip_of_range_and_indices(x: dace.float64[N], ix: dace.int64[N]):
    out = np.zeros(N)
    for i, j in zip(range(N), ix):
        out[i] = x[j] if j < N else 0.0
    return out


@dace.program
def rebinding_accumulator(A: dace.float64[N, M]):
    r = np.zeros(M)
    for i in range(N):
        r = r + A[i]
    return r


@dace.program
def ternary_accumulator(x: dace.float64[N], k: dace.int64):
    s = 0
    for i in range(0, N, 2):
        s = s * 2 + i if x[i] > 0.2 else s - 1
    return s


@dace.program
def typed_counters(z: dace.int32[N]):
    s = np.int32(0)
    for v in z:
        s += v
    c = 0
    for v in z:
        c = c + 1 if v % 2 == 0 else c
    return s, c


@dace.program
def array_of_either_branch(x: dace.float64[N]):
    if x[0] > 0.5:
        y = np.zeros(3)
    else:
        y = np.ones(3)
    y[0] = x[1]
    return y


@dace.program
def array_of_each_iteration(x: dace.float64[N]):
    y = np.zeros(2)
    for i in range(3):
        y = np.ones(2) * i
        y[0] = i + x[i]
    return y


@dace.program
def loops_with_else_and_jumps(x: dace.float64[N], k: dace.int64):
    t = 0
    for i in range(k):
        for j in range(i, k):
            if (i + j) % 2:
                continue
            if j > 5:
                break
            t += i * j
        else:
            t += 1000
    return t


@dace.program
def square_of_parameter(x: dace.float64[N], k: dace.int64):
    a = np.zeros((k, k))
    a[k - 1, 0] = 1
    a[:, k - 1] += x[:k]
    b = a[1:, 1:]
    b[0, 0] = 5
    return np.sum(a), b.shape[0]


@dace.program
def slices_of_slices(x: dace.float64[N]):
    y = x[::-1][1:3]
    z = x[1::2][::-1]
    y[0] = 50
    z[0] = 60
    return y + 0, z + 0


@dace.program
def newton_with_lambdas(x: dace.float64[N], q: dace.float64):
    def newton(f, df, start):
        v = start
        for _ in range(20):
            v = v - f(v) / df(v)
        return v
    return newton(lambda v: v * v - 2, lambda v: 2 * v, q)


@dace.program
def halves_by_length(x: dace.float64[N]):
    n = len(x)
    h = n // 2
    lo = x[:h]
    hi = x[n - h:]
    lo += hi
    hi[:] = lo[::-1]
    return lo @ hi


@dace.program
def data_dependent_swap(x: dace.float64[N], ix: dace.int64[N]):
    i = ix[0]
    x[i], x[i - 1] = x[i - 1], x[i]
    i, x[i] = 2, 7.0
    return i


@dace.program
def views_and_rebinding(A: dace.float64[N, M]):
    B = A
    C = B[1:3]
    B = B + 1
    C += 10
    return B[1, 0] - A[1, 0]


@dace.program
def overlaps_and_out(x: dace.float64[N]):
    x[1:4] = x[0:3] + x[2:5]
    x[:] = x[::-1]
    x[2:] -= x[:-2]
    np.add(x, 1, out=x)
    x[:2], x[2:4] = x[2:4], x[:2]


@dace.program
def loop_variable_after_else(x: dace.float64[N], k: dace.int64):
    for i in range(N):
        if i == k:
            continue
        x[i] = i
    else:
        x[k] = -1
    j = 10
    for j in range(0):
        pass
    return j, i

@dace.program
def overlap_sum(x: dace.float64[N]):
    x[1:4] = x[0:3] + x[2:5]


@dace.program
def reverse_in_place(x: dace.float64[N]):
    x[:] = x[::-1]


@dace.program
def overlap_difference(x: dace.float64[N]):
    x[2:] -= x[:-2]


@dace.program
def ufunc_in_place(x: dace.float64[N]):
    np.add(x, 1, out=x)


@dace.program
def swap_of_slices(x: dace.float64[N]):
    x[:2], x[2:4] = x[2:4], x[:2]


@dace.program
def dictionary_around_branches(x: dace.float64[N]):
    settings = {"scale": 2.0, "shift": (1, 2)}
    for i in range(N):
        if x[i] > 0.5:
            x[i] *= settings["scale"]
        else:
            x[i] += settings["shift"][1]
    return settings["scale"]


@dace.program
def values_of_a_dictionary(x: dace.float64[N], k: dace.int64):
    values = {"one": x[1], "two": (x[0], x[2]), "k": k}
    x[:] = 100.0
    k += 1
    return values["one"], values["two"][1], values["k"] + k
