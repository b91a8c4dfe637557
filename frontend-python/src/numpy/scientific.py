"""Functions of SciPy's modules `linalg`, `signal` and `integrate`: as `composed.py`."""

import numpy as np
import dace


def cholesky(a, lower=False):
    if lower:
        return np.linalg.cholesky(a)
    return np.linalg.cholesky(a, upper=True)


def solve_triangular(a, b, trans=0, lower=False, unit_diagonal=False):
    turned = trans == 1 or trans == 2 or trans == "T" or trans == "C"
    matrix = a.T if turned else a
    if trans == 2 or trans == "C":
        matrix = np.conj(matrix)
    forward = lower != turned
    n = a.shape[0]
    x = np.empty(b.shape, dtype=np.result_type(a, b, np.float32(1)))
    x[...] = b
    for step in range(n):
        row = step if forward else n - 1 - step
        for k in range(step):
            column = k if forward else n - 1 - k
            x[row] -= matrix[row, column] * x[column]
        if not unit_diagonal:
            x[row] /= matrix[row, row]
    return x


def toeplitz(c, r=None):
    row = np.conj(c) if r is None else r
    n = c.shape[0]
    m = row.shape[0]
    out = np.empty((n, m), dtype=np.result_type(c, row))
    for i in range(n):
        for j in range(m):
            out[i, j] = c[i - j] if i >= j else row[j - i]
    return out


def circulant(c):
    n = c.shape[0]
    out = np.empty((n, n), dtype=c.dtype)
    for i in range(n):
        for j in range(n):
            out[i, j] = c[(i - j + n) % n]
    return out


def hankel(c, r=None):
    n = c.shape[0]
    m = n if r is None else r.shape[0]
    out = np.zeros((n, m), dtype=c.dtype if r is None else np.result_type(c, r))
    for i in range(n):
        for j in range(m):
            if i + j < n:
                out[i, j] = c[i + j]
            elif r is not None:
                out[i, j] = r[i + j - n + 1]
    return out


def expm(A):
    # N. J. Higham, The Scaling and Squaring Method for the Matrix Exponential Revisited (2005).
    n = A.shape[0]
    size = np.max(np.sum(np.abs(A), axis=0))
    halvings = 0
    while size > 5.371920351148152:
        size /= 2
        halvings += 1
    one = np.eye(n)
    a = A / 2.0**halvings
    a2 = a @ a
    a4 = a2 @ a2
    a6 = a4 @ a2
    odd = a @ (
        a6 @ (a6 + 16380.0 * a4 + 40840800.0 * a2)
        + 33522128640.0 * a6
        + 10559470521600.0 * a4
        + 1187353796428800.0 * a2
        + 32382376266240000.0 * one
    )
    even = (
        a6 @ (182.0 * a6 + 960960.0 * a4 + 1323241920.0 * a2)
        + 670442572800.0 * a6
        + 129060195264000.0 * a4
        + 7771770303897600.0 * a2
        + 64764752532480000.0 * one
    )
    power = np.linalg.solve(even - odd, even + odd)
    for _ in range(halvings):
        power[...] = power @ power
    return power


def convolve(in1, in2, mode="full"):
    if mode != "same":
        return np.convolve(in1, in2, mode)
    whole = np.convolve(in1, in2)
    start = (in2.shape[0] - 1) // 2
    return whole[start : start + in1.shape[0]].copy()


def lfilter(b, a, x):
    n = b.shape[0]
    m = a.shape[0]
    out = np.empty(x.shape[0], dtype=np.result_type(b, a, x, np.float32(1)))
    for k in range(x.shape[0]):
        value = out.dtype(0)
        for j in range(min(n, k + 1)):
            value += b[j] * x[k - j]
        for j in range(1, min(m, k + 1)):
            value -= a[j] * out[k - j]
        out[k] = value / a[0]
    return out


def cumulative_trapezoid(y, x=None, dx=1.0, axis=-1, initial=None):
    moved = np.moveaxis(y, axis, -1)
    width = dx if x is None else np.diff(x)
    area = np.cumsum(width * (moved[..., 1:] + moved[..., :-1]) / 2.0, axis=-1)
    if initial is None:
        return np.moveaxis(area, -1, axis).copy()
    out = np.zeros(moved.shape, dtype=area.dtype)
    out[..., 1:] = area
    return np.moveaxis(out, -1, axis).copy()


def simpson(y, dx=1.0):
    # Of an even number of samples, the last interval has a formula of its own.
    n = y.shape[0]
    assert n > 0, "there are no samples"
    odd = n if n % 2 == 1 else n - 1
    total = 0.0
    if n == 2:
        total = 0.5 * dx * (y[0] + y[1])
    else:
        for k in range(0, odd - 2, 2):
            total += dx / 3.0 * (y[k] + 4.0 * y[k + 1] + y[k + 2])
        if n % 2 == 0:
            total += dx * (5.0 / 12.0 * y[n - 1] + 2.0 / 3.0 * y[n - 2] - y[n - 3] / 12.0)
    return total


def correlated_normals(numbers, mean, cov):
    return mean + numbers @ np.linalg.cholesky(cov).T


def stacked_pinv(a, rcond=1e-15):
    rows_ = a.shape[-2]
    columns_ = a.shape[-1]
    others_ = a.shape[:-2]
    stack_ = a.copy().reshape((-1, rows_, columns_))
    out_ = np.empty((stack_.shape[0], columns_, rows_), dtype=np.result_type(a, np.float32(1)))
    for k_ in range(stack_.shape[0]):
        out_[k_] = np.linalg.pinv(stack_[k_], rcond)
    return out_.reshape(others_ + (columns_, rows_))


def stacked_rank(A):
    others_ = A.shape[:-2]
    stack_ = A.copy().reshape((-1, A.shape[-2], A.shape[-1]))
    out_ = np.empty(stack_.shape[0], dtype=np.int64)
    for k_ in range(stack_.shape[0]):
        out_[k_] = np.linalg.matrix_rank(stack_[k_])
    return out_.reshape(others_)


def solve_each(a, b):
    others_ = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    left_ = np.broadcast_to(a, others_ + a.shape[-2:]).copy()
    right_ = np.broadcast_to(b, others_ + b.shape[-2:]).copy()
    return np.linalg.solve(left_, right_)
