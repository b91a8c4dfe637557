"""Functions of NumPy that are loops. The compiler annotates them for each call; see `lower/library.rs`.

A function uses its parameters, and the names that its comment lists as constants. In a sort, NaN comes last.
Two empty lines end a function. Extents may be 0: a loop that starts at 1 has no iterations then.
"""

import math
import numpy as np
import dace


def scan(x, out):
    # op
    for k in range(x.shape[0]):
        if k == 0:
            out[k] = x[k]
        else:
            out[k] = op(out[k - 1], x[k])


def running(x, out):
    # op, start
    total = start
    for k in range(x.shape[0]):
        total = op(total, x[k])
        out[k] = total


def fold(x):
    # op
    total = x[0]
    for k in range(1, x.shape[0]):
        total = op(total, x[k])
    return total


def update_at(x, i, y):
    # op
    for k in range(i.shape[0]):
        x[i[k]] = op(x[i[k]], y)


def update_at_each(x, i, y):
    # op
    for k in range(i.shape[0]):
        x[i[k]] = op(x[i[k]], y[k])


def put(x, i, y):
    for k in range(i.shape[0]):
        x[i[k]] = y[k % y.shape[0]]


def extremum(x):
    # better
    best = x[0]
    at = 0
    for k in range(1, x.shape[0]):
        if better(x[k], best) or (x[k] != x[k] and best == best):
            best = x[k]
            at = k
    return at


def sort(x, out):
    n = x.shape[0]
    for k in range(n):
        out[k] = x[k]
    merged = np.empty_like(x)
    width = 1
    while width < n:
        for block in range((n + 2 * width - 1) // (2 * width)):
            middle = min(2 * width * block + width, n)
            end = min(2 * width * block + 2 * width, n)
            left = 2 * width * block
            right = middle
            for k in range(2 * width * block, end):
                if left < middle and (right >= end or not (out[right] < out[left] or (out[left] != out[left] and out[right] == out[right]))):
                    merged[k] = out[left]
                    left = left + 1
                else:
                    merged[k] = out[right]
                    right = right + 1
        for k in range(n):
            out[k] = merged[k]
        width = 2 * width


def argsort(x, out):
    n = x.shape[0]
    for k in range(n):
        out[k] = k
    merged = np.empty(n, dtype=np.int64)
    width = 1
    while width < n:
        for block in range((n + 2 * width - 1) // (2 * width)):
            middle = min(2 * width * block + width, n)
            end = min(2 * width * block + 2 * width, n)
            left = 2 * width * block
            right = middle
            for k in range(2 * width * block, end):
                first = x[out[left % n]]
                second = x[out[right % n]]
                if left < middle and (right >= end or not (second < first or (first != first and second == second))):
                    merged[k] = out[left]
                    left = left + 1
                else:
                    merged[k] = out[right]
                    right = right + 1
        for k in range(n):
            out[k] = merged[k]
        width = 2 * width


def searchsorted(a, v):
    # goes_after
    low = 0
    high = a.shape[0]
    while low < high:
        middle = (low + high) // 2
        if goes_after(a[middle], v):
            low = middle + 1
        else:
            high = middle
    return low


def interp(x, xp, fp, left, right):
    n = xp.shape[0]
    low = 0
    high = n
    while low < high:
        middle = (low + high) // 2
        if xp[middle] <= x:
            low = middle + 1
        else:
            high = middle
    value = x
    if x == x:
        if low == 0:
            value = left
        elif low == n:
            value = right
            if x == xp[n - 1]:
                value = fp[n - 1]
        elif xp[low - 1] == x:
            value = fp[low - 1]
        else:
            slope = (fp[low] - fp[low - 1]) / (xp[low] - xp[low - 1])
            value = slope * (x - xp[low - 1]) + fp[low - 1]
    return value


def convolve(a, v, out, offset):
    n = a.shape[0]
    m = v.shape[0]
    for i in dace.map[0 : out.shape[0]]:
        total = zero
        for k in range(max(0, i + offset - m + 1), min(n, i + offset + 1)):
            total = total + a[k] * v[i + offset - k]
        out[i] = total


def bincount(x, out):
    for k in range(x.shape[0]):
        assert x[k] >= 0 and x[k] < out.shape[0], "numbers must not be negative, and below `minlength`"
        out[x[k]] += 1


def bincount_weighted(x, weights, out):
    for k in range(x.shape[0]):
        assert x[k] >= 0 and x[k] < out.shape[0], "numbers must not be negative, and below `minlength`"
        out[x[k]] += weights[k]


def histogram(x, edges, counts):
    bins = counts.shape[0]
    for k in range(x.shape[0]):
        if x[k] >= edges[0] and x[k] <= edges[bins]:
            low = 0
            high = bins
            while low < high:
                middle = (low + high) // 2
                if edges[middle] <= x[k]:
                    low = middle + 1
                else:
                    high = middle
            counts[low - 1] += 1


def histogram_weighted(x, weights, edges, counts):
    bins = counts.shape[0]
    for k in range(x.shape[0]):
        if x[k] >= edges[0] and x[k] <= edges[bins]:
            low = 0
            high = bins
            while low < high:
                middle = (low + high) // 2
                if edges[middle] <= x[k]:
                    low = middle + 1
                else:
                    high = middle
            counts[low - 1] += weights[k]
