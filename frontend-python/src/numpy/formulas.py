"""Functions of NumPy that are formulas over arrays. The compiler annotates them for each call; see `lower/library.rs`.

A function uses its parameters, and the names that its comment lists as constants. Two empty lines end a function.
"""

import math
import numpy as np
import dace


def covariance(m):
    # ddof
    x = m - np.mean(m, axis=1, keepdims=True)
    return x @ np.conj(x.T) / (m.shape[1] - ddof)


def variance(m):
    # ddof
    x = m - np.mean(m)
    return np.sum(x * np.conj(x)) / (m.shape[0] - ddof)


def correlation(m):
    x = m - np.mean(m, axis=1, keepdims=True)
    c = x @ np.conj(x.T)
    s = np.sqrt(np.real(np.diag(c)))
    return c / s[:, None] / s


def pinv(a, rcond):
    u, s, vh = np.linalg.svd(a, full_matrices=False)
    inverse = np.where(s > rcond * np.max(s), 1 / s, 0)
    return (np.conj(vh.T) * inverse) @ np.conj(u.T)


def condition(a):
    s = np.linalg.svdvals(a)
    return np.max(s) / np.min(s)


def condition_inverse(a):
    s = np.linalg.svdvals(a)
    return np.min(s) / np.max(s)


def matrix_rank(a):
    # eps
    s = np.linalg.svdvals(a)
    return np.count_nonzero(s > np.max(s) * max(a.shape[0], a.shape[1]) * eps)
