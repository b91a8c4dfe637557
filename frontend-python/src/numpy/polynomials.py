"""Polynomials by their coefficients, the highest first. As `composed.py`."""

import numpy as np
import dace


def polyfit(x, y, deg, w=None):
    left = np.vander(x + 0.0, deg + 1)
    right = y + 0.0
    if w is not None:
        left *= w[:, None]
        if right.ndim == 2:
            right *= w[:, None]
        else:
            right *= w
    scale = np.sqrt(np.sum(left * left, axis=0))
    solved = np.linalg.lstsq(left / scale, right, rcond=x.shape[0] * np.finfo((x + 0.0).dtype).eps)
    if right.ndim == 2:
        return solved[0] / scale[:, None]
    return solved[0] / scale


def poly(seq_of_zeros):
    n = seq_of_zeros.shape[0]
    out = np.zeros(n + 1, dtype=np.result_type(seq_of_zeros, 1.0))
    out[0] = 1
    for k in range(n):
        for j in range(k + 1, 0, -1):
            out[j] = out[j] - seq_of_zeros[k] * out[j - 1]
    return out


def roots(p):
    n = p.shape[0] - 1
    assert p[0] != 0, "the first coefficient of a polynomial whose roots are wanted must not be 0"
    companion = np.zeros((n, n), dtype=np.result_type(p, 1.0))
    for k in range(1, n):
        companion[k, k - 1] = 1
    companion[0, :] = -p[1:] / p[0]
    return np.linalg.eigvals(companion)


def polyadd(a1, a2):
    n1 = a1.shape[0]
    n2 = a2.shape[0]
    n = max(n1, n2)
    out = np.zeros(n, dtype=np.result_type(a1, a2))
    out[n - n1 :] = a1
    out[n - n2 :] += a2
    return out


def polysub(a1, a2):
    n1 = a1.shape[0]
    n2 = a2.shape[0]
    n = max(n1, n2)
    out = np.zeros(n, dtype=np.result_type(a1, a2))
    out[n - n1 :] = a1
    out[n - n2 :] -= a2
    return out


def polymul(a1, a2):
    # NumPy leaves leading zeros out, so that the length of the result would depend on values.
    assert a1.shape[0] == 1 or a1[0] != 0, "the first coefficient of a polynomial that is multiplied must not be 0"
    assert a2.shape[0] == 1 or a2[0] != 0, "the first coefficient of a polynomial that is multiplied must not be 0"
    return np.convolve(a1, a2)


def polydiv(u, v):
    n = u.shape[0]
    m = v.shape[0]
    dtype = np.result_type(u, v, 1.0)
    steps = max(n - m + 1, 0)
    quotient = np.zeros(max(steps, 1), dtype=dtype)
    rest = u.astype(dtype)
    scale = 1.0 / v[0]
    for k in range(steps):
        factor = scale * rest[k]
        quotient[k] = factor
        for j in range(m):
            rest[k + j] -= factor * v[j]
    return quotient, rest


def leading_zeros_of_rest(rest):
    count = 0
    open = True
    for k in range(rest.shape[0] - 1):
        if np.abs(rest[k]) > 1e-8 or np.isnan(rest[k]):
            open = False
        if open:
            count = count + 1
    return count


def polyder(p, m=1):
    if m == 0:
        return p
    n = p.shape[0] - 1
    slope = p[:-1] * np.arange(n, 0, -1)
    if m == 1:
        return slope
    return np.polyder(slope, m - 1)


def polyint(p, m=1):
    if m == 0:
        return p
    n = p.shape[0]
    parts = p / np.arange(n, 0, -1)
    area = np.zeros(n + 1, dtype=parts.dtype)
    area[:-1] = parts
    if m == 1:
        return area
    return np.polyint(area, m - 1)
