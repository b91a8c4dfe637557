"""Statistics that leave out what is not a number, and counts in several dimensions: as `composed.py`."""

import numpy as np
import dace


def nanvar(a, axis=None, ddof=0, keepdims=False):
    x = np.true_divide(a, 1)
    known = ~np.isnan(x)
    count = np.sum(known, axis=axis, keepdims=True).astype(np.real(x).dtype)
    middle = np.sum(np.where(known, x, 0), axis=axis, keepdims=True) / count
    distance = np.where(known, x - middle, 0)
    spread = np.sum(np.real(distance * np.conj(distance)), axis=axis, keepdims=True)
    left = count - ddof
    return np.sum(np.where(left > 0, spread / left, np.nan), axis=axis, keepdims=keepdims)


def nanstd(a, axis=None, ddof=0, keepdims=False):
    return np.sqrt(np.nanvar(a, axis=axis, ddof=ddof, keepdims=keepdims))


def nanmedian(a, axis=None, keepdims=False):
    x = np.true_divide(a, 1)
    if axis is None:
        line = np.sort(x.ravel())
        count = np.sum(~np.isnan(line))
        upper = count // 2 if count > 0 else 0
        low = line[max(count - 1, 0) // 2]
        high = line[upper]
        # The sum of large numbers has no double.
        middle = low if low == high else (low + high) / 2
        if keepdims:
            return np.max(np.full(x.shape, middle), keepdims=True)
        return middle
    lines = np.sort(x, axis=axis)
    count = np.sum(~np.isnan(x), axis=axis, keepdims=True)
    low = np.take_along_axis(lines, np.maximum(count - 1, 0) // 2, axis=axis)
    high = np.take_along_axis(lines, np.where(count > 0, count // 2, 0), axis=axis)
    return np.sum(np.where(low == high, low, (low + high) / 2), axis=axis, keepdims=keepdims)


def nanargmin(a, axis=None):
    return np.argmin(np.where(np.isnan(a), np.inf, a), axis=axis)


def nanargmax(a, axis=None):
    return np.argmax(np.where(np.isnan(a), -np.inf, a), axis=axis)


def nancumsum(a, axis=None):
    return np.cumsum(np.where(np.isnan(a), 0, a), axis=axis)


def nancumprod(a, axis=None):
    return np.cumprod(np.where(np.isnan(a), 1, a), axis=axis)


def histogram_density(counts, edges):
    return counts / np.diff(edges) / np.sum(counts)


def side_of_histogram(x, bins, limits):
    if np.ndim(bins) == 0:
        return np.histogram_bin_edges(x, bins, range=limits)
    return bins


def histogram2d(x, y, bins=10, range=None, density=None, weights=None):
    both = isinstance(bins, (tuple, list))
    x_edges = side_of_histogram(x, bins[0] if both else bins, None if range is None else range[0])
    y_edges = side_of_histogram(y, bins[1] if both else bins, None if range is None else range[1])
    rows = x_edges.shape[0] - 1
    columns = y_edges.shape[0] - 1
    row = np.searchsorted(x_edges, x, side="right") - 1
    column = np.searchsorted(y_edges, y, side="right") - 1
    counts = np.zeros((rows, columns))
    at = 0
    while at < x.shape[0]:
        i = row[at] - 1 if x[at] == x_edges[rows] else row[at]
        j = column[at] - 1 if y[at] == y_edges[columns] else column[at]
        if i >= 0 and i < rows and j >= 0 and j < columns:
            counts[i, j] += 1.0 if weights is None else weights[at]
        at += 1
    if density:
        total = np.sum(counts)
        counts /= np.diff(x_edges)[:, None]
        counts /= np.diff(y_edges)
        counts /= total
    return counts, x_edges, y_edges


def nanquantile_of_one(a, q, axis, keepdims):
    x = np.true_divide(a, 1)
    at = 0 if axis is None else axis
    lines = np.sort(x.ravel()) if axis is None else np.sort(x, axis=axis)
    count = np.sum(~np.isnan(lines), axis=at, keepdims=True)
    last = np.maximum(count - 1, 0)
    place = q * last
    low = np.floor(place).astype(np.int64)
    part = (place - low).astype(x.dtype)
    before = np.take_along_axis(lines, low, axis=at)
    after = np.take_along_axis(lines, np.minimum(low + 1, last), axis=at)
    step = after - before
    value = np.where(part >= 0.5, after - step * (1 - part), before + step * part)
    value = np.where(count > 0, value, np.nan)
    if axis is None and keepdims:
        return value.reshape((1,) * a.ndim)
    return np.sum(value, axis=at, keepdims=keepdims)


def nanquantile(a, q, axis=None, keepdims=False):
    if isinstance(q, (tuple, list)):
        return np.array([nanquantile_of_one(a, share, axis, keepdims) for share in q])
    return nanquantile_of_one(a, q, axis, keepdims)


def nanpercentile(a, q, axis=None, keepdims=False):
    if isinstance(q, (tuple, list)):
        return np.array([nanquantile_of_one(a, share / 100, axis, keepdims) for share in q])
    return nanquantile_of_one(a, q / 100, axis, keepdims)


def quantiles_of(a, q, axis=None, method="linear", keepdims=False):
    out_ = np.empty(q.shape + np.shape(np.quantile(a, 0.5, axis=axis, keepdims=keepdims)), dtype=np.result_type(a, 1.0))
    for k_ in range(q.shape[0]):
        out_[k_] = np.quantile(a, q[k_], axis=axis, method=method, keepdims=keepdims)
    return out_


def interp_periodic(x, xp, fp, period):
    assert period != 0, "period must be a non-zero value"
    width = abs(period)
    places = xp % width
    order = np.argsort(places)
    n = xp.shape[0]
    at = np.empty(n + 2)
    values = np.empty(n + 2, dtype=fp.dtype)
    at[1 : n + 1] = places[order]
    values[1 : n + 1] = fp[order]
    at[0] = at[n] - width
    at[n + 1] = at[1] + width
    values[0] = values[n]
    values[n + 1] = values[1]
    return np.interp(x % width, at, values)


def axes_below(count):
    return tuple(range(count))


def part_of(value, at):
    return value[at] if isinstance(value, (tuple, list)) else value


def histogram_of_columns(sample, bins=10, range=None, density=None, weights=None):
    sides = axes_below(sample.shape[1])
    edges = tuple(side_of_histogram(sample[:, k], part_of(bins, k), None if range is None else range[k]) for k in sides)
    shape = tuple(edge.shape[0] - 1 for edge in edges)
    size = 1
    for extent in shape:
        size = size * extent
    line = np.zeros(size)
    at = np.zeros(sample.shape[0], dtype=np.int64)
    inside = np.ones(sample.shape[0], dtype=np.bool_)
    for k in sides:
        place = np.searchsorted(edges[k], sample[:, k], side="right") - 1
        place = np.where(sample[:, k] == edges[k][shape[k]], shape[k] - 1, place)
        inside &= (place >= 0) & (place < shape[k])
        at[:] = at * shape[k] + place
    row = 0
    while row < sample.shape[0]:
        if inside[row]:
            line[at[row]] += 1.0 if weights is None else weights[row]
        row += 1
    counts = line.reshape(shape)
    if density:
        total = np.sum(line)
        for k in sides:
            width = np.diff(edges[k])
            counts = counts / width.reshape((1,) * k + (shape[k],) + (1,) * (len(sides) - k - 1))
        counts = counts / total
    return (counts,) + edges
