"""Functions of NumPy and SciPy that are a few lines of NumPy; see `numpy/composed.rs`.

Each is compiled for what is passed, as a plain function of the user is: what is known stays known, also tuples, texts and
functions.
"""

import math
import numpy as np
import dace


def cumulative_sum(x, axis=0):
    return np.cumsum(x, axis=axis)


def cumulative_prod(x, axis=0):
    return np.cumprod(x, axis=axis)


def matvec(x1, x2):
    return np.matmul(x1, x2[..., None])[..., 0].copy()


def vecmat(x1, x2):
    return np.matmul(np.conj(x1)[..., None, :], x2)[..., 0, :].copy()


def digitize(x, bins, right=False):
    side = "left" if right else "right"
    places = np.searchsorted(bins, x, side=side)
    # Bins may descend, which only their values tell.
    if len(bins) > 1 and bins[0] > bins[-1]:
        if np.ndim(x) == 0:
            places = len(bins) - np.searchsorted(bins[::-1], x, side=side)
        else:
            places[...] = len(bins) - np.searchsorted(bins[::-1], x, side=side)
    return places


def diag_indices(n):
    return np.arange(n), np.arange(n)


def bartlett(M):
    n = np.arange(1 - M, M, 2)
    last = max(M - 1, 1)
    return np.where(n <= 0, 1 + n / last, 1 - n / last)


def blackman(M):
    n = np.arange(1 - M, M, 2)
    last = max(M - 1, 1)
    return 0.42 + 0.5 * np.cos(np.pi * n / last) + 0.08 * np.cos(2.0 * np.pi * n / last)


def hamming(M):
    n = np.arange(1 - M, M, 2)
    last = max(M - 1, 1)
    return 0.54 + 0.46 * np.cos(np.pi * n / last)


def hanning(M):
    n = np.arange(1 - M, M, 2)
    last = max(M - 1, 1)
    return 0.5 + 0.5 * np.cos(np.pi * n / last)


def isreal(x):
    return np.imag(x) == 0


def iscomplex(x):
    return np.imag(x) != 0


def array_equal(a1, a2):
    same = np.ndim(a1) == np.ndim(a2)
    for own, other in zip(np.shape(a1), np.shape(a2)):
        same = same and own == other
    equal = False
    if same:
        equal = np.all(a1 == a2)
    return equal


def array_equiv(a1, a2):
    return np.all(a1 == a2)


def diag_indices_from(arr):
    return np.arange(arr.shape[0]), np.arange(arr.shape[0])


def check_inside(holds):
    if np.ndim(holds) == 0:
        assert holds, "an index lies outside of the shape"
    else:
        assert np.all(holds), "an index lies outside of the shape"


def unravel_index(indices, shape, order="C"):
    rest = indices
    parts = ()
    extents = reversed(shape) if order == "C" else shape
    for extent in extents:
        part = (np.int64(rest % extent),)
        parts = part + parts if order == "C" else parts + part
        rest = rest // extent
    check_inside(rest == 0)
    return parts


def ravel_multi_index(multi_index, dims, mode="raise", order="C"):
    total = np.int64(0)
    pairs = zip(multi_index, dims) if order == "C" else reversed(tuple(zip(multi_index, dims)))
    for index, extent in pairs:
        if mode == "clip":
            at = np.clip(index, 0, extent - 1)
        elif mode == "wrap":
            at = index % extent
        else:
            check_inside((index >= 0) & (index < extent))
            at = index
        total = total * extent + at
    return total


def lexsort(keys):
    order = np.argsort(keys[0])
    for key in keys[1:]:
        assert len(key) == len(order), "all keys need to be the same shape"
        order[:] = order[np.argsort(key[order])]
    return order


def partition(a, kth, axis=-1):
    return np.sort(a, axis=axis)


def argpartition(a, kth, axis=-1):
    return np.argsort(a, axis=axis)


def piecewise(x, condlist, funclist):
    out_ = np.zeros_like(x)
    conditions_ = tuple(condlist)
    if len(funclist) > len(condlist):
        conditions_ = conditions_ + (~np.any(np.array(condlist), axis=0),)
    for condition_, function_ in zip(conditions_, funclist):
        if callable(function_):
            # A function gets what its condition chooses, and nothing else: it may look at all of it.
            chosen_ = x[condition_]
            if chosen_.size > 0:
                out_[condition_] = function_(chosen_)
        else:
            out_[condition_] = function_
    return out_


def apply_along_axis(func1d, axis, arr):
    moved_ = np.moveaxis(arr, axis, -1)
    others_ = moved_.shape[:-1]
    rows_ = moved_.copy().reshape(-1, moved_.shape[-1])
    first_ = func1d(rows_[0])
    if len(others_) == 0:
        return first_
    out_ = np.empty((rows_.shape[0],) + np.shape(first_), dtype=first_.dtype)
    for row_ in range(rows_.shape[0]):
        out_[row_] = func1d(rows_[row_])
    if np.ndim(first_) == 0:
        return out_.reshape(others_)
    return np.moveaxis(out_.reshape(others_ + np.shape(first_)), -1, axis).copy()


def apply_over_axes(func, a, axes):
    value = a
    for axis in axes:
        reduced = func(value, axis=axis)
        value = reduced if reduced.ndim == value.ndim else np.expand_dims(reduced, axis)
    return value


def unwrap(p, discont=None, axis=-1, period=2 * np.pi):
    line = np.moveaxis(p, axis, -1)
    step = np.diff(line)
    limit = period / 2 if discont is None else discont
    turned = (step + period / 2) % period - period / 2
    turned = np.where((turned == -period / 2) & (step > 0), period / 2, turned)
    correction = np.where(np.abs(step) < limit, 0, turned - step)
    out = line * 1.0
    out[..., 1:] = line[..., 1:] + np.cumsum(correction, axis=-1)
    return np.moveaxis(out, -1, axis).copy()


def unstack(x, axis=0):
    moved = np.moveaxis(x, axis, 0)
    return tuple(moved[k] for k in range(x.shape[axis]))


def kaiser(M, beta):
    n = np.arange(0, M)
    alpha = (M - 1) / 2.0
    top = np.i0(beta * np.sqrt(1 - ((n - alpha) / max(alpha, 0.5)) ** 2.0))
    return top / np.i0(float(beta))


def spaced_arrays(start, stop, num=50, endpoint=True, axis=0):
    low = start * 1.0
    high = stop * 1.0
    parts = num - 1 if endpoint else num
    width = high - low
    out = np.empty((num,) + width.shape, dtype=width.dtype)
    for k in range(num):
        out[k] = k * (width / max(parts, 1)) + low
    if endpoint and num > 1:
        out[num - 1] = high
    return np.moveaxis(out, 0, axis).copy()


def cross_along(a, b, axisa, axisb, axisc):
    product = np.cross(np.moveaxis(a, axisa, -1), np.moveaxis(b, axisb, -1))
    return np.moveaxis(product, -1, axisc).copy()


def fold_axis(op, x, axis, dtype):
    moved = np.moveaxis(x, axis, 0)
    total = moved[0].astype(dtype)
    for k in range(1, x.shape[axis]):
        total[...] = op(total, moved[k])
    return total


def reduceat(op, x, at, axis, dtype):
    moved = np.moveaxis(x, axis, 0).astype(dtype)
    n = moved.shape[0]
    out = np.empty((at.shape[0],) + moved.shape[1:], dtype=dtype)
    for k in range(at.shape[0]):
        stop = n
        if k + 1 < at.shape[0]:
            stop = at[k + 1]
        assert at[k] >= 0 and at[k] < n, "an index of reduceat lies outside of the axis"
        out[k] = moved[at[k]]
        for j in range(at[k] + 1, stop):
            out[k] = op(out[k], moved[j])
    return np.moveaxis(out, 0, axis).copy()


def update_rows(op, x, at, y):
    for k in range(at.shape[0]):
        x[at[k]] = op(x[at[k]], y[k])


def update_pairs(op, x, rows, columns, y):
    for k in range(rows.shape[0]):
        x[rows[k], columns[k]] = op(x[rows[k], columns[k]], y[k])


def update_one_operand(op, x, at):
    for k in range(at.shape[0]):
        x[at[k]] = op(x[at[k]])


def update_where(op, x, at, y):
    x[at] = op(x[at], y)


def update_places(op, x, at, y):
    line = x.ravel().copy()
    for k in range(at.shape[0]):
        line[at[k]] = op(line[at[k]], y[k])
    x[...] = line.reshape(x.shape)


def update_places_by_one(op, x, at):
    line = x.ravel().copy()
    for k in range(at.shape[0]):
        line[at[k]] = op(line[at[k]])
    x[...] = line.reshape(x.shape)


def resized_with_zeros(a, count):
    line = np.zeros(count, dtype=a.dtype)
    kept = min(count, a.size)
    line[:kept] = a.ravel()[:kept]
    return line
