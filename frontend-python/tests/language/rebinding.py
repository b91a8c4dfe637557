"""Arrays that loops carry from one iteration to the next under names that change."""

import numpy as np
import dace
N, M = (dace.symbol(s) for s in ("N", "M"))


@dace.program
def new_becomes_old(x: dace.float64[N], k: dace.int64):
    u = x.copy()
    for t in range(k):
        new = np.zeros_like(u)
        new[1:-1] = 0.5 * (u[2:] + u[:-2])
        new[0] = t
        u = new
    return u


@dace.program
def exchanged(x: dace.float64[N], k: dace.int64):
    u = x.copy()
    new = np.empty_like(u)
    for t in range(k):
        new[:] = u * 0.5 + t
        new[0] += u[-1]
        u, new = new, u
    return u, new


@dace.program
def rotated(x: dace.float64[N], k: dace.int64):
    a = x + 1
    b = x + 2
    c = x + 3
    for t in range(k):
        a[0] += t
        b[1] *= 2
        a, b, c = b, c, a
    return a, b, c


@dace.program
def parameter_gets_values(x: dace.float64[N], k: dace.int64):
    for t in range(k):
        x = x * 0.5 + t
    return x


@dace.program
def parameter_under_a_condition(x: dace.float64[N], y: dace.float64[N], s: dace.float64):
    if s > 0.1:
        x = y
    for t in range(2):
        x = x + np.roll(x, 1)
    return x.sum()


@dace.program
def old_value_is_compared(x: dace.float64[N], s: dace.float64):
    n = 0
    change = 1.0
    while change > 1e-3 and n < 50:
        old = x
        x = 0.5 * (x + s / x)
        change = np.max(np.abs(x - old))
        n += 1
    return x, n


@dace.program
def three_generations(x: dace.float64[N], k: dace.int64):
    older = x
    old = x * 2
    for t in range(k):
        new = 2 * old - older
        older = old
        old = new
    return old, older


@dace.program
def best_so_far(A: dace.float64[N, M]):
    best = A[0].copy()
    score = 0.0
    for i in range(N):
        row = A[i] * 2
        if row.sum() > score:
            score = row.sum()
            best = row
    return best, score


@dace.program
def conjugate_gradients(B: dace.float64[N, N], x: dace.float64[N]):
    S = B @ B.T + 6 * np.eye(N)
    solution = np.zeros_like(x)
    r = x - S @ solution
    p = r
    rs = r @ r
    for i in range(4):
        Sp = S @ p
        alpha = rs / (p @ Sp)
        solution = solution + alpha * p
        r = r - alpha * Sp
        new = r @ r
        p = r + new / rs * p
        rs = new
    return solution


@dace.program
def exchanged_under_a_condition(x: dace.float64[N]):
    u = x + 1
    v = x + 2
    for t in range(4):
        if t % 2 == 0:
            u, v = v, u
        u[0] += 1
    return u, v


@dace.program
def exchanged_in_the_inner_loop(x: dace.float64[N]):
    u = x + 1
    v = x + 2
    for t in range(3):
        for s in range(2):
            u[1:] += v[:-1]
            u, v = v, u
        v[0] = t
    return u - v


@dace.program
def best_of_a_parameter(x: dace.float64[N]):
    best = x
    for t in range(5):
        x = np.roll(x, 1) * 1.1
        if x[0] > best[0]:
            best = x
    return best, x


@dace.program
def not_every_new_becomes_old(x: dace.float64[N]):
    u = x.copy()
    for t in range(4):
        n = u * 0.5
        n[0] = u[0]
        if n.sum() < 0.5:
            continue
        u = n
    return u


@dace.program
def exchanged_with_a_sum(x: dace.float64[N], y: dace.float64[N]):
    a = x
    b = y
    for t in range(3):
        a, b = b, a + b
    return a, b, x, y


@dace.program
def previous_one_after_the_loop(x: dace.float64[N], k: dace.int64):
    while k > 0:
        prev = x
        x = prev + 1
        k -= 1
        if k == 2:
            break
    else:
        x = x * 0
    return x, prev


@dace.program
def leapfrog(x: dace.float64[N], k: dace.int64):
    before = x.copy()
    now = x + 0.5
    for t in range(k):
        after = np.zeros_like(now)
        after[1:-1] = 2 * now[1:-1] - before[1:-1] + 0.3 * (now[2:] - 2 * now[1:-1] + now[:-2])
        before = now
        now = after
    return now, before


@dace.program
def leapfrog_at_once(x: dace.float64[N], k: dace.int64):
    before = x.copy()
    now = x + 0.5
    for t in range(k):
        after = np.zeros_like(now)
        after[1:-1] = 2 * now[1:-1] - before[1:-1] + 0.3 * (now[2:] - 2 * now[1:-1] + now[:-2])
        before, now = now, after
    return now, before
