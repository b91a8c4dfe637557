"""Elements that are chosen, left out, put in between or added around: as `composed.py`."""

import numpy as np
import dace


def within(indices, extent, mode):
    return indices % extent if mode == "wrap" else np.clip(indices, 0, extent - 1)


def take_within(a, indices, axis=None, mode="clip"):
    if axis is None:
        return np.take(a, within(indices, a.size, mode))
    return np.take(a, within(indices, a.shape[axis], mode), axis=axis)


def check_choices(a, count):
    assert np.all(a >= 0) and np.all(a < count), "invalid entry in choice array"


def put_flat(a, ind, v, mode="raise"):
    at = ind if mode == "raise" else within(ind, a.size, mode)
    if a.ndim == 1:
        np.put(a, at, v)
    else:
        line = a.ravel().copy()
        np.put(line, at, v)
        a[...] = line.reshape(a.shape)


def delete_slice(arr, start, stop, axis):
    moved = np.moveaxis(arr, axis, 0)
    n = moved.shape[0]
    first = min(max(start + n if start < 0 else start, 0), n)
    last = min(max(stop + n if stop < 0 else stop, first), n)
    return np.moveaxis(np.concatenate((moved[:first], moved[last:])), 0, axis).copy()


def insert_several(arr, obj, values, axis):
    moved = np.moveaxis(arr, axis, 0)
    n = moved.shape[0]
    count = obj.shape[0]
    at = np.where(obj < 0, obj + n, obj)
    order = np.argsort(at)
    places = np.empty(count, dtype=np.int64)
    is_new = np.zeros(n + count, dtype=np.bool_)
    for k in range(count):
        assert at[order[k]] >= 0 and at[order[k]] <= n, "an index lies outside of the axis"
        places[order[k]] = at[order[k]] + k
        is_new[at[order[k]] + k] = True
    out = np.empty((n + count,) + moved.shape[1:], dtype=arr.dtype)
    old = 0
    for k in range(n + count):
        if not is_new[k]:
            out[k] = moved[old]
            old += 1
    given = np.empty(arr.shape[:axis] + (count,) + arr.shape[axis + 1 :], dtype=arr.dtype)
    given[...] = values
    rows = np.moveaxis(given, axis, 0)
    for k in range(count):
        out[places[k]] = rows[k]
    return np.moveaxis(out, 0, axis).copy()


def statistic_of(line, how, integers):
    # The middle of integers is rounded, not cut off.
    if how == "maximum":
        return np.max(line, axis=0)
    if how == "minimum":
        return np.min(line, axis=0)
    middle = np.mean(line, axis=0) if how == "mean" else np.median(line, axis=0)
    return np.rint(middle) if integers else middle


def pad_by_statistic(array, widths, how, integers, lengths=None):
    padded = array
    for axis, (before, after) in enumerate(widths):
        moved = np.moveaxis(padded, axis, 0)
        n = moved.shape[0]
        ends = (n, n) if lengths is None else lengths[axis]
        first = min(ends[0], n)
        last = min(ends[1], n)
        out = np.empty((before + n + after,) + moved.shape[1:], dtype=array.dtype)
        out[:before] = statistic_of(moved[:first], how, integers)
        out[before : before + n] = moved
        out[before + n :] = statistic_of(moved[n - last :], how, integers)
        padded = np.moveaxis(out, 0, axis)
    return padded.copy()


def pad_by_ramp(array, widths, ends, integers):
    padded = array
    for axis, (before, after) in enumerate(widths):
        moved = np.moveaxis(padded, axis, 0)
        n = moved.shape[0]
        start, stop = ends[axis]
        out = np.empty((before + n + after,) + moved.shape[1:], dtype=array.dtype)
        for k in range(before):
            step = (moved[0] - start) / before
            value = k * step + start
            out[k] = np.floor(value) if integers else value
        out[before : before + n] = moved
        for k in range(after):
            step = (moved[n - 1] - stop) / after
            value = k * step + stop
            out[before + n + after - 1 - k] = np.floor(value) if integers else value
        padded = np.moveaxis(out, 0, axis)
    return padded.copy()


def packbits(a, axis=None, bitorder="big"):
    if axis is None:
        line = a.ravel()
        count = (line.shape[0] + 7) // 8
        out = np.zeros(count, dtype=np.uint8)
        for k in range(line.shape[0]):
            place = 7 - k % 8 if bitorder == "big" else k % 8
            if line[k] != 0:
                out[k // 8] += np.uint8(1) << np.uint8(place)
        return out
    moved = np.moveaxis(a, axis, 0)
    out = np.zeros(((moved.shape[0] + 7) // 8,) + moved.shape[1:], dtype=np.uint8)
    for k in range(moved.shape[0]):
        place = 7 - k % 8 if bitorder == "big" else k % 8
        out[k // 8] += np.where(moved[k] != 0, np.uint8(1) << np.uint8(place), np.uint8(0))
    return np.moveaxis(out, 0, axis).copy()


def unpackbits(a, axis=None, bitorder="big"):
    moved = a.ravel() if axis is None else np.moveaxis(a, axis, 0)
    out = np.zeros((8 * moved.shape[0],) + moved.shape[1:], dtype=np.uint8)
    for k in range(moved.shape[0]):
        for j in range(8):
            place = 7 - j if bitorder == "big" else j
            out[8 * k + j] = (moved[k] >> np.uint8(place)) & np.uint8(1)
    if axis is None:
        return out
    return np.moveaxis(out, 0, axis).copy()


def sort_complex_numbers(a):
    return a[np.lexsort((np.imag(a), np.real(a)))]


def asarray_chkfinite(a):
    assert np.all(np.isfinite(a)), "array must not contain infs or NaNs"
    return a


def vectorized(function_, *arrays_):
    operands_ = np.broadcast_arrays(*arrays_)
    lines_ = [operand_.copy().ravel() for operand_ in operands_]
    count_ = operands_[0].size
    assert count_ > 0, "cannot call `vectorize` on size 0 inputs unless `otypes` is set"
    first_ = function_(*[line_[0] for line_ in lines_])
    out_ = np.empty(count_, dtype=np.result_type(first_))
    for at_ in range(count_):
        out_[at_] = function_(*[line_[at_] for line_ in lines_])
    return out_.reshape(operands_[0].shape)


def diagonal_of_last(x, offset=0):
    return np.diagonal(x, offset, -2, -1)
