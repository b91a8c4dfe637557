"""Functions of NumPy that are loops. The compiler annotates them for each call; see `lower/library.rs`.

A function uses its parameters, and the names that its comment lists as constants. In a sort, NaN comes last.
Two empty lines end a function. Extents may be 0: a loop that starts at 1 has no iterations then.
"""

import math
import numpy as np
import scipy.special
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
            # As NumPy: from the other end, and between equal infinities what both are.
            if value != value:
                value = slope * (x - xp[low]) + fp[low]
                if value != value and fp[low] == fp[low - 1]:
                    value = fp[low]
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


def histogram(x, weights, edges, counts):
    # weight
    bins = counts.shape[0]
    origin = float(edges[0])
    scale = bins / max(float(edges[bins]) - origin, 2.2250738585072014e-308)
    for k in range(x.shape[0]):
        if x[k] >= edges[0] and x[k] <= edges[bins]:
            # Edges at equal distances, which are the common case, tell the bin; where they do not, it is searched for.
            guess = (float(x[k]) - origin) * scale
            near = -1
            if guess >= 0 and guess < bins:
                near = int(guess)
            if near >= 0:
                if edges[near] > x[k] or (edges[near + 1] <= x[k] and near + 1 < bins):
                    near = -1
            if near < 0:
                low = 0
                high = bins
                while low < high:
                    middle = (low + high) // 2
                    if edges[middle] <= x[k]:
                        low = middle + 1
                    else:
                        high = middle
                near = low - 1
            if near >= 0:
                counts[near] += weight(weights, k)


def isin(v, a):
    low = 0
    high = a.shape[0]
    while low < high:
        middle = (low + high) // 2
        if a[middle] < v:
            low = middle + 1
        else:
            high = middle
    found = False
    if low < a.shape[0]:
        found = a[low] == v
    return found


def quantile(x, q):
    # method
    n = x.shape[0]
    place = q * (n - 1)
    if method == "hazen":
        place = n * q - 0.5
    if method == "weibull":
        place = (n + 1) * q - 1
    if method == "median_unbiased":
        place = n * q + (1.0 + q) / 3.0 - 1
    if method == "normal_unbiased":
        place = n * q + 0.375 + 0.25 * q - 1
    if method == "interpolated_inverted_cdf":
        place = n * q - 1
    if method == "inverted_cdf":
        place = math.ceil(n * q) - 1
    place = min(max(place, 0.0), float(n - 1))
    if method == "nearest":
        # Halves go to the even place.
        place = np.rint(place)
    if method == "lower":
        place = math.floor(place)
    if method == "higher":
        place = math.ceil(place)
    low = int(math.floor(place))
    high = min(low + 1, n - 1)
    part = place - low
    if method == "midpoint" and part > 0:
        part = 0.5
    distance = x[high] - x[low]
    value = x[low] + distance * part
    if part >= 0.5:
        value = x[high] - distance * (1 - part)
    if part == 0:
        value = x[low]
    if x[n - 1] != x[n - 1]:
        value = x[n - 1]
    return value


def gradient(x, at, out):
    # second
    n = x.shape[0]
    for k in range(1, n - 1):
        before = at[k] - at[k - 1]
        after = at[k + 1] - at[k]
        both = before + after
        out[k] = -after / (before * both) * x[k - 1] + (after - before) / (before * after) * x[k] + before / (after * both) * x[k + 1]
    if second:
        assert n > 2, "a gradient of this order needs three elements at least"
        a = at[1] - at[0]
        b = at[2] - at[1]
        out[0] = -(2.0 * a + b) / (a * (a + b)) * x[0] + (a + b) / (a * b) * x[1] - a / (b * (a + b)) * x[2]
        c = at[n - 2] - at[n - 3]
        d = at[n - 1] - at[n - 2]
        out[n - 1] = d / (c * (c + d)) * x[n - 3] - (d + c) / (c * d) * x[n - 2] + (2.0 * d + c) / (d * (c + d)) * x[n - 1]
    else:
        assert n > 1, "a gradient needs two elements at least"
        out[0] = (x[1] - x[0]) / (at[1] - at[0])
        out[n - 1] = (x[n - 1] - x[n - 2]) / (at[n - 1] - at[n - 2])


def gradient_ends(x, h, out):
    n = x.shape[0]
    assert n > 2, "a gradient of this order needs three elements at least"
    out[0] = (-1.5 * x[0] + 2.0 * x[1] - 0.5 * x[2]) / h
    out[n - 1] = (0.5 * x[n - 3] - 2.0 * x[n - 2] + 1.5 * x[n - 1]) / h


def polyval(x, p):
    # start
    value = start
    for k in range(p.shape[0]):
        value = value * x + p[k]
    return value


def frexp_exponent(x):
    exponent = 0
    size = abs(float(x))
    if size > 0 and math.isfinite(size):
        exponent = int(math.floor(math.log2(size))) + 1
        # A power of two that has no double is taken in two steps.
        half = exponent // 2
        mantissa = size * 2.0 ** (-half) * 2.0 ** (half - exponent)
        if mantissa >= 1:
            exponent = exponent + 1
        if mantissa < 0.5:
            exponent = exponent - 1
    return exponent


def isqrt(n):
    assert n >= 0, "isqrt() argument must be nonnegative"
    root = int(math.sqrt(n))
    while root > 3037000499 or root * root > n:
        root = root - 1
    while root < 3037000499 and (root + 1) * (root + 1) <= n:
        root = root + 1
    return root


def remainder(x, y):
    a = abs(x)
    b = abs(y)
    value = x
    if math.isnan(x) or math.isnan(y):
        value = x + y
    elif math.isfinite(y):
        assert y != 0 and math.isfinite(x), "math domain error"
        part = math.fmod(a, b)
        rest = b - part
        if part > rest:
            part = -rest
        elif part == rest:
            part = part - 2.0 * math.fmod(0.5 * (a - part), b)
        value = math.copysign(1.0, x) * part
    return value


def first_extremum(x):
    # better
    best = x[0]
    for k in range(1, x.shape[0]):
        if better(x[k], best):
            best = x[k]
    return best


def summed(x):
    # start
    total = start
    for k in range(x.shape[0]):
        total = total + x[k]
    return total


def geomspace(start, stop, out):
    # closed
    n = out.shape[0]
    sign = np.sign(start)
    low = np.log10(start / sign)
    high = np.log10(stop / sign)
    steps = n - 1 if closed else n
    for k in dace.map[0:n]:
        if k == 0:
            out[k] = start
        elif closed and k == n - 1:
            out[k] = stop
        else:
            out[k] = sign * 10.0 ** (k * ((high - low) / steps) + low)


def run_starts(x, starts):
    for k in range(x.shape[0]):
        if k == 0:
            starts[k] = True
        else:
            starts[k] = x[k] != x[k - 1] and (x[k] == x[k] or x[k - 1] == x[k - 1])


def run_lengths(starts, total, out):
    n = starts.shape[0]
    for k in range(n):
        if k == n - 1:
            out[k] = total - starts[k]
        else:
            out[k] = starts[k + 1] - starts[k]


def run_numbers(starts, order, out):
    number = -1
    for k in range(starts.shape[0]):
        if starts[k]:
            number = number + 1
        out[order[k]] = number


def count_below(x):
    largest = -1
    for k in range(x.shape[0]):
        assert x[k] >= 0, "numbers must not be negative"
        if x[k] > largest:
            largest = int(x[k])
    return largest + 1


def leading_zeros(x):
    count = 0
    open = True
    for k in range(x.shape[0]):
        if x[k] != 0:
            open = False
        if open:
            count = count + 1
    return count
