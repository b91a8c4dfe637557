"""Statements: assignments of every form, loops and their ends, branches, returns."""

import math

import numpy as np
import dace

N, M = (dace.symbol(s) for s in ("N", "M"))
WEIGHTS = (0.25, 0.5, 0.25)
TABLE = {"left": 0, "right": 2}


@dace.program
def for_else(x: dace.float64[N]):
    found = -1
    for i in range(N):
        if x[i] > 0.95:
            found = i
            break
    else:
        found = 100
    for i in range(N):
        if x[i] > 0.5:
            break
    else:
        found += 1000
    return found


@dace.program
def for_else_plain(x: dace.float64[N]):
    t = 0.0
    for i in range(N):
        t += x[i]
    else:
        t = t * 2
    return t


@dace.program
def while_else(x: dace.float64[N], k: dace.int64):
    i = 0
    while i < k:
        if x[i] > 2.0:
            break
        i += 1
    else:
        i = i + 50
    return i


@dace.program
def nested_else(A: dace.float64[N, M]):
    count = 0
    for i in range(N):
        for j in range(M):
            if A[i, j] > 0.9:
                break
        else:
            count += 1
            continue
        count += 100
    return count


@dace.program
def enumerate_rows(A: dace.float64[N, M], x: dace.float64[N]):
    for i, row in enumerate(A):
        x[i] = row[0] + i
        row[1] = i


@dace.program
def enumerate_vector(x: dace.float64[N], y: dace.float64[N]):
    for i, value in enumerate(x, 1):
        y[i - 1] = value * i


@dace.program
def zip_vectors(x: dace.float64[N], y: dace.float64[N]):
    t = 0.0
    for a, b in zip(x, y):
        t += a * b
    return t


@dace.program
def zip_shorter(x: dace.float64[N], A: dace.float64[N, M]):
    t = 0.0
    for a, row in zip(x[1:], A[:3]):
        t += a * row[0]
    return t


@dace.program
def enumerate_zip(x: dace.float64[N], y: dace.float64[N]):
    t = 0.0
    for i, (a, b) in enumerate(zip(x, y)):
        t += i * a - b
    return t


@dace.program
def reversed_range(x: dace.float64[N]):
    t = 0.0
    for i in reversed(range(1, N)):
        x[i] = x[i] - x[i - 1]
        t = t * 0.5 + x[i]
    return t


@dace.program
def reversed_vector(x: dace.float64[N]):
    t = 0.0
    for value in reversed(x):
        t = t * 0.5 + value
    return t


@dace.program
def chained(x: dace.float64[N]):
    a = b = 0.0
    u = v = np.zeros(N)
    u[0] = 1.0
    for i in range(N):
        a += x[i]
        b += a
    return a, b, v


@dace.program
def chained_elements(x: dace.float64[N]):
    x[0] = x[1] = t = x[2] + 1
    return t


@dace.program
def tuple_swaps(x: dace.float64[N]):
    a, b, c = x[0], x[1], x[2]
    a, b, c = c, a, b
    (a, b), c = (b, a), c * 2
    [x[0], x[1]] = [x[1], x[0]]
    return a, b, c


@dace.program
def starred(x: dace.float64[N]):
    first, *rest = (x[0], x[1], x[2], x[3])
    *head, last = (1, 2, 3)
    p, *mid, q = (x[0], 2.0, 3.0, x[1])
    return first + rest[1] * last + head[0], p * mid[0] + q, len(rest) + len(mid)


@dace.program
def swap_rows(A: dace.float64[N, M]):
    A[0], A[1] = A[1].copy(), A[0].copy()
    A[[2, 3]] = A[[3, 2]]


@dace.program
def fibonacci(k: dace.int64):
    a, b = 0, 1
    for i in range(k):
        a, b = b, a + b
    return a


@dace.program
def unpack_vector(ix: dace.int64[3]):
    a, b, c = ix
    ix[0] = 10
    return a, b + c


@dace.program
def augmented(ix: dace.int64[N], x: dace.float64[N], k: dace.int64):
    a = 100
    a += k
    a -= 1
    a *= 3
    a //= 2
    a %= 50
    a **= 2
    a <<= 2
    a >>= 1
    a |= 5
    a &= 0xFFFF
    a ^= 3
    ix += 3
    ix //= 2
    ix %= 5
    ix **= 2
    ix <<= 1
    ix >>= 1
    ix |= 1
    ix &= 14
    ix ^= 7
    x /= 2
    x -= 1
    x *= x
    x **= 2
    x %= 0.3
    x //= 0.1
    return a


@dace.program
def augmented_matmul(B: dace.float64[N, N], x: dace.float64[N]):
    C = B.copy()
    C @= B
    return C @ x


@dace.program
def augmented_slices(x: dace.float64[N], y: dace.float64[N]):
    x[1:] += x[:-1]
    y[::-1] -= x
    y[::2] *= 3
    y[-2:] /= 4


@dace.program
def negative_steps(x: dace.float64[N], y: dace.float64[N]):
    y[::-1] = x
    x[4:1:-1] = y[:3]
    x[-1:-4:-2] = 5.0
    return y[::-2], x[10:0:-1], x[:2:-1], x[2::-1], x[-10:3]


@dace.program
def out_of_range_slices(x: dace.float64[N], k: dace.int64):
    return x[2:100], x[:k + 20], np.sum(x[50:]), x[-100:2], x[3:2]


@dace.program
def ternary_chain(x: dace.float64[N]):
    for i in range(N):
        x[i] = 1.0 if x[i] > 0.8 else 0.5 if x[i] > 0.4 else -x[i]


@dace.program
def ternary_guard(x: dace.float64[N], k: dace.int64):
    t = 0.0
    for i in range(N):
        t += x[i - k] if i >= k else x[i + k] if i + k < N else 0.25
    return t


@dace.program
def comparisons(x: dace.float64[N], k: dace.int64):
    c = 0
    if 0 < k < 10 != k:
        c += 1
    if k == 3 == k:
        c += 2
    if 0.0 <= x[0] <= 1.0 and not x[1] < 0 or k > 100:
        c += 4
    if k in (1, 2, 3):
        c += 8
    if k not in (1, 2, 3):
        c += 16
    if (k > 1) == (k < 5):
        c += 32
    return c


@dace.program
def short_circuit(x: dace.float64[N], k: dace.int64):
    i = N
    t = 0.0
    while i > 0 and x[i - 1] > 0.1:
        i -= 1
        if i < N and x[i] > 0.5 or i == k:
            t += x[i]
    return t


@dace.program
def and_or_values(k: dace.int64, q: dace.float64):
    a = k and 7
    b = (k - 3) or 9
    c = q or 2.0
    d = 0 or k
    return a, b, c, d


@dace.program
def early_values(x: dace.float64[N], k: dace.int64):
    for i in range(N):
        if x[i] > 0.9:
            return i, x[i]
        if i > k:
            return k, 0.5
    return -1, 0.0


@dace.program
def early_arrays(x: dace.float64[N], k: dace.int64):
    if k > 2:
        return x * 2
    y = x + 1
    return y


@dace.program
def early_nothing(x: dace.float64[N], k: dace.int64):
    x[0] = 1
    if k > 2:
        return
    x[1] = 2


@dace.program
def return_in_while(x: dace.float64[N]):
    i = 0
    while True:
        if x[i] > 0.5 or i == N - 1:
            return i
        i += 1


@dace.program
def nested_function(x: dace.float64[N], q: dace.float64):
    def scale(v, factor=2.0):
        w = v * factor
        return w + q

    return scale(x) + scale(x, factor=0.5) + scale(x[0])


@dace.program
def nested_function_branches(x: dace.float64[N]):
    def clamp(v, low, high):
        if v < low:
            return low
        if v > high:
            return high
        return v

    for i in range(N):
        x[i] = clamp(x[i], 0.25, 0.75)


@dace.program
def nested_function_loop(x: dace.float64[N], k: dace.int64):
    def power(v, n):
        result = 1.0
        for _ in range(n):
            result *= v
        return result

    return power(x[0], k) + power(x[1], 2)


@dace.program
def lambdas(x: dace.float64[N]):
    f = lambda a, b=1: a * a + b
    g = lambda v: f(v) - f(v, 2)
    return f(x) + g(x), f(x[0], 3)


@dace.program
def comprehension(x: dace.float64[N]):
    squares = [i * i for i in range(4)]
    pairs = [(i, j) for i in range(3) for j in range(3) if i < j]
    t = 0.0
    for (i, j), s in zip(pairs, squares):
        t += x[i] * x[j] * s
    return t, sum([x[i] for i in range(3)]), max([x[i] for i in range(3)])


@dace.program
def constants(x: dace.float64[N]):
    t = 0.0
    for k, w in enumerate(WEIGHTS):
        t += w * x[k]
    for name in TABLE:
        t += x[TABLE[name]]
    for name, at in TABLE.items():
        t -= x[at] * len(name)
    local = {"a": 1.5, "b": 2.5}
    offsets = [[0, 1], [1, 2]]
    for a, b in offsets:
        t += x[a] * x[b]
    return t + local["a"] * WEIGHTS[-1] + sum(local.values())


@dace.program
def unrolled(x: dace.float64[N]):
    t = 0.0
    for i in dace.unroll(range(3)):
        t += x[i] * WEIGHTS[i]
    for i in dace.nounroll(range(3)):
        t += x[i]
    return t


@dace.program
def unrolled_break(x: dace.float64[N]):
    t = 0.0
    for w in (0.1, 0.2, 0.3):
        if x[0] < w:
            break
        if x[1] > 0.5:
            continue
        t += w
    else:
        t += 10
    return t


@dace.program
def annotated_locals(x: dace.float64[N], k: dace.int64):
    a: dace.float64 = 1.0
    b: int = 3
    d: dace.float64[N] = x + 1
    return a / 3, b / 2, d


@dace.program
def walrus(x: dace.float64[N]):
    c = 0
    if (t := x[0] * 2) > 0.1:
        c = c + t
    return c + t


@dace.program
def loop_bounds(x: dace.float64[N], ix: dace.int64[N], k: dace.int64):
    t = 0.0
    for i in range(ix[0], k, -1):
        t += x[i]
    for i in range(0, N, k):
        t += x[i] * 2
    for i in range(k, ix[0]):
        t *= 1.5
    n = k
    for i in range(n):
        n += 1
        t += n
    for i in range(5, -1, -2):
        t += i
    return t


@dace.program
def loop_rebinds_variable(x: dace.float64[N]):
    t = 0
    for i in range(N):
        i = i * 2
        t += i
    return t, i


@dace.program
def loop_over_slices(A: dace.float64[N, M]):
    t = 0.0
    for row in A[1:4, ::2]:
        row *= 2
        t += row[1]
    for column in A.T:
        t -= column[0]
    return t


@dace.program
def data_dependent_while(x: dace.float64[N]):
    n = 0
    while np.sum(x) > 0.5 and n < 20:
        x *= 0.5
        n += 1
    return n


@dace.program
def pass_and_doc(x: dace.float64[N]):
    """Does little."""
    if x[0] > 0:
        pass
    else:
        x[0] = 1
    for _ in range(3):
        pass
    ...


@dace.program
def conditional_types(x: dace.float64[N], k: dace.int64):
    if k > 4:
        v = 1
    elif k > 2:
        v = 0.5
    else:
        v = x[0]
    return v


@dace.program
def deleted_loop(x: dace.float64[N], k: dace.int64):
    t = 0.0
    for i in range(k, k):
        t = 1.0
    for i in range(k - 5):
        t += 2.0
    return t


@dace.program
def break_out_of_two(A: dace.float64[N, M]):
    done = False
    c = 0
    for i in range(N):
        for j in range(M):
            c += 1
            if A[i, j] > 0.8:
                done = True
                break
        if done:
            break
    return c, done


@dace.program
def holds(x: dace.float64[N], k: dace.int64):
    assert k > 0
    assert x.shape[0] == N, "the extent"
    assert np.all(x >= 0) and k < 100, f"negative {k}"
    return x[0]
