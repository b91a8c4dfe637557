"""Eigenvalues of matrices without symmetry, and bases that are made complete. As `composed.py`.

The matrix is brought to triangular form by unitary transformations: Householder reflections leave one diagonal below the
main one, which iterations with a shift make small; each of them is a chain of rotations. Source: G. H. Golub and C. F. Van
Loan, *Matrix Computations*, chapter 7 (4th edition, 2013).
"""

import numpy as np
import dace


def to_hessenberg(t, z, wanted):
    n = t.shape[0]
    v = np.zeros(n, dtype=t.dtype)
    for k in range(n - 2):
        square = 0.0
        for i in range(k + 1, n):
            v[i] = t[i, k]
            square += abs(v[i]) * abs(v[i])
        size = np.sqrt(square)
        if size > 0:
            first = abs(v[k + 1])
            if first > 0:
                v[k + 1] = v[k + 1] + v[k + 1] / first * size
            else:
                v[k + 1] = size
            square = 0.0
            for i in range(k + 1, n):
                square += abs(v[i]) * abs(v[i])
            for j in range(k, n):
                total = t[k + 1, j] * 0
                for i in range(k + 1, n):
                    total += np.conj(v[i]) * t[i, j]
                total = 2 * total / square
                for i in range(k + 1, n):
                    t[i, j] -= v[i] * total
            for i in range(n):
                total = t[i, k] * 0
                for j in range(k + 1, n):
                    total += t[i, j] * v[j]
                total = 2 * total / square
                for j in range(k + 1, n):
                    t[i, j] -= total * np.conj(v[j])
            if wanted:
                for i in range(n):
                    total = z[i, k] * 0
                    for j in range(k + 1, n):
                        total += z[i, j] * v[j]
                    total = 2 * total / square
                    for j in range(k + 1, n):
                        z[i, j] -= total * np.conj(v[j])


def to_triangle(t, z, wanted):
    n = t.shape[0]
    eps = np.finfo(t.dtype).eps
    to_hessenberg(t, z, wanted)
    high = n - 1
    rounds = 0
    while high > 0:
        low = high
        linked = True
        while linked:
            if low == 0:
                linked = False
            else:
                size = abs(t[low - 1, low - 1]) + abs(t[low, low])
                if abs(t[low, low - 1]) <= eps * size or abs(t[low, low - 1]) == 0:
                    t[low, low - 1] = 0
                    linked = False
                else:
                    low = low - 1
        if low == high:
            high = high - 1
            rounds = 0
        else:
            rounds = rounds + 1
            assert rounds <= 300, "Eigenvalues did not converge"
            last = t[high, high]
            half = (t[high - 1, high - 1] - last) / 2
            root = np.sqrt(half * half + t[high - 1, high] * t[high, high - 1])
            shift = last + half - root
            if abs(half + root) < abs(half - root):
                shift = last + half + root
            if rounds % 10 == 0:
                # The shift has not helped: another one leaves the circle.
                shift = last + abs(t[high, high - 1])
            x = t[low, low] - shift
            y = t[low + 1, low]
            for k in range(low, high):
                if k > low:
                    x = t[k, k - 1]
                    y = t[k + 1, k - 1]
                size = np.hypot(abs(x), abs(y))
                c = size * 0 + 1
                s = x * 0
                if size > 0:
                    if abs(x) > 0:
                        c = abs(x) / size
                        s = x / abs(x) * np.conj(y) / size
                    else:
                        c = size * 0
                        s = np.conj(y) / size
                for j in range(max(k - 1, low), n):
                    u = t[k, j]
                    v = t[k + 1, j]
                    t[k, j] = c * u + s * v
                    t[k + 1, j] = c * v - np.conj(s) * u
                for i in range(min(k + 2, high) + 1):
                    u = t[i, k]
                    v = t[i, k + 1]
                    t[i, k] = c * u + np.conj(s) * v
                    t[i, k + 1] = c * v - s * u
                if wanted:
                    for i in range(n):
                        u = z[i, k]
                        v = z[i, k + 1]
                        z[i, k] = c * u + np.conj(s) * v
                        z[i, k + 1] = c * v - s * u


def eigvals(a):
    t = a * (1 + 0j)
    to_triangle(t, np.zeros((1, 1), dtype=t.dtype), False)
    return np.diag(t)


def eig(a):
    t = a * (1 + 0j)
    n = t.shape[0]
    z = np.eye(n, dtype=t.dtype)
    to_triangle(t, z, True)
    largest = np.max(np.abs(t))
    least = np.finfo(t.dtype).eps * largest + np.finfo(t.dtype).tiny
    vectors = np.zeros((n, n), dtype=t.dtype)
    w = np.zeros(n, dtype=t.dtype)
    for k in range(n):
        w[k] = 1
        for m in range(k):
            i = k - 1 - m
            total = -t[i, k]
            for j in range(i + 1, k):
                total -= t[i, j] * w[j]
            gap = t[i, i] - t[k, k]
            if abs(gap) < least:
                gap = gap * 0 + least
            w[i] = total / gap
        square = largest * 0
        for i in range(n):
            total = z[i, 0] * 0
            for j in range(k + 1):
                total += z[i, j] * w[j]
            vectors[i, k] = total
            square += abs(total) * abs(total)
        size = np.sqrt(square)
        for i in range(n):
            vectors[i, k] = vectors[i, k] / size
    return np.diag(t), vectors


def completed(q):
    m, n = q.shape
    out = np.zeros((m, m), dtype=q.dtype)
    out[:, :n] = q
    v = np.zeros(m, dtype=q.dtype)
    for k in range(n, m):
        # The axis that is farthest from what is there so far is made orthogonal to that, twice.
        axis = np.argmin(np.sum(np.abs(out) ** 2, axis=1))
        for i in range(m):
            v[i] = 0
        v[axis] = 1
        for _ in range(2):
            for j in range(k):
                total = v[0] * 0
                for i in range(m):
                    total += np.conj(out[i, j]) * v[i]
                for i in range(m):
                    v[i] -= out[i, j] * total
        square = abs(v[0]) * 0
        for i in range(m):
            square += abs(v[i]) * abs(v[i])
        for i in range(m):
            out[i, k] = v[i] / np.sqrt(square)
    return out


def complete_qr(a):
    q, r = np.linalg.qr(a)
    m, n = a.shape
    full = np.zeros((m, n), dtype=r.dtype)
    full[: r.shape[0]] = r
    return completed(q), full


def full_svd(a):
    u, s, vh = np.linalg.svd(a, full_matrices=False)
    return completed(u), s, np.conj(completed(np.conj(vh.T)).T)


def condition_by_norm(a, p):
    return np.linalg.norm(a, p) * np.linalg.norm(np.linalg.inv(a), p)


def tensorsolve(a, b):
    shape = a.shape[b.ndim :]
    size = 1
    for extent in shape:
        size = size * extent
    return np.linalg.solve(a.reshape(size, size), b.reshape(size)).reshape(shape)


def tensorinv(a, ind=2):
    size = 1
    for extent in a.shape[ind:]:
        size = size * extent
    return np.linalg.inv(a.reshape(size, size)).reshape(a.shape[ind:] + a.shape[:ind])


def vector_norm(x, axis=None, keepdims=False, ord=2):
    if axis is None and not keepdims:
        return np.linalg.norm(x.ravel(), ord)
    return np.linalg.norm(x, ord, axis=axis, keepdims=keepdims)


def matrix_norm(x, keepdims=False, ord="fro"):
    return np.linalg.norm(x, ord, axis=(-2, -1), keepdims=keepdims)
