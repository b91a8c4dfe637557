"""The start of `special_bessel.py` and `special_gamma.py`: functions of SciPy that are series, fractions and recurrences.

A function of numbers stands under the name of SciPy's function with `_of` behind it; it is called for each element, in double
precision. Formulas are those of the *NIST Handbook of Mathematical Functions* (2010), which the comments name by section.
"""

import math
import numpy as np
import dace


def each(function_, x_):
    if np.ndim(x_) == 0:
        return np.result_type(x_)(function_(float(x_)))
    line_ = x_.ravel()
    out_ = np.empty(line_.shape[0], dtype=x_.dtype)
    for k_ in dace.map[0 : line_.shape[0]]:
        out_[k_] = function_(float(line_[k_]))
    return out_.reshape(x_.shape)


def each_pair(function_, x_, y_):
    shape_ = np.broadcast_shapes(np.shape(x_), np.shape(y_))
    if len(shape_) == 0:
        return np.result_type(x_, y_)(function_(float(x_), float(y_)))
    first_ = np.broadcast_to(x_, shape_).copy().ravel()
    second_ = np.broadcast_to(y_, shape_).copy().ravel()
    out_ = np.empty(first_.shape[0], dtype=first_.dtype)
    for k_ in dace.map[0 : first_.shape[0]]:
        out_[k_] = function_(float(first_[k_]), float(second_[k_]))
    return out_.reshape(shape_)


def each_triple(function_, x_, y_, z_):
    shape_ = np.broadcast_shapes(np.shape(x_), np.shape(y_), np.shape(z_))
    if len(shape_) == 0:
        return np.result_type(x_, y_, z_)(function_(float(x_), float(y_), float(z_)))
    first_ = np.broadcast_to(x_, shape_).copy().ravel()
    second_ = np.broadcast_to(y_, shape_).copy().ravel()
    third_ = np.broadcast_to(z_, shape_).copy().ravel()
    out_ = np.empty(first_.shape[0], dtype=first_.dtype)
    for k_ in dace.map[0 : first_.shape[0]]:
        out_[k_] = function_(float(first_[k_]), float(second_[k_]), float(third_[k_]))
    return out_.reshape(shape_)
