"""Functions of SciPy that are formulas of elementary functions: as `composed.py`."""

import numpy as np
import scipy.special
import dace


def expit(x):
    return 1 / (1 + np.exp(-x))


def log_expit(x):
    return np.minimum(x, 0) - np.log1p(np.exp(-np.abs(x)))


def logit(x):
    return np.log(x / (1 - x))


def exp10(x):
    return 10.0**x


def ndtr(x):
    return 0.5 * scipy.special.erfc(-x * 0.7071067811865476)


def xlogy(x, y):
    return np.where((x == 0) & ~np.isnan(y), 0, x * np.log(y))


def xlog1py(x, y):
    return np.where((x == 0) & ~np.isnan(y), 0, x * np.log1p(y))


def entr(x):
    return np.where(x == 0, 0, np.where(x < 0, -np.inf, -x * np.log(x)))


def rel_entr(x, y):
    inside = np.where((x > 0) & (y > 0), x * np.log(x / y), np.where((x == 0) & (y >= 0), x * 0, np.inf))
    return np.where(np.isnan(x) | np.isnan(y), np.nan, inside)


def kl_div(x, y):
    inside = np.where((x > 0) & (y > 0), x * np.log(x / y) - x + y, np.where((x == 0) & (y >= 0), y, np.inf))
    return np.where(np.isnan(x) | np.isnan(y), np.nan, inside)


def softmax(x, axis=None):
    power = np.exp(x - np.max(x, axis=axis, keepdims=True))
    return power / np.sum(power, axis=axis, keepdims=True)


def log_softmax(x, axis=None):
    below = x - np.max(x, axis=axis, keepdims=True)
    return below - np.log(np.sum(np.exp(below), axis=axis, keepdims=True))


def logsumexp(a, axis=None, keepdims=False):
    largest = np.max(a, axis=axis, keepdims=True)
    largest = np.where(np.isfinite(largest), largest, 0)
    total = np.log(np.sum(np.exp(a - largest), axis=axis, keepdims=True)) + largest
    return np.sum(total, axis=axis, keepdims=keepdims)


def softplus(x):
    return np.logaddexp(x * 0, x)


def huber(delta, r):
    size = np.abs(r)
    return np.where(delta < 0, np.inf, np.where(size <= delta, 0.5 * r * r, delta * (size - 0.5 * delta)))


def pseudo_huber(delta, r):
    share = r / np.where(delta == 0, 1, delta)
    value = delta * delta * (np.sqrt(1 + share * share) - 1)
    return np.where(delta < 0, np.inf, np.where((delta == 0) | (r == 0), 0, value))


def boxcox(x, lmbda):
    power = np.where(np.abs(lmbda) < 1e-19, 1, lmbda)
    return np.where(np.abs(lmbda) < 1e-19, np.log(x), np.expm1(lmbda * np.log(x)) / power)


def boxcox1p(x, lmbda):
    power = np.where(np.abs(lmbda) < 1e-19, 1, lmbda)
    return np.where(np.abs(lmbda) < 1e-19, np.log1p(x), np.expm1(lmbda * np.log1p(x)) / power)


def inv_boxcox(y, lmbda):
    power = np.where(lmbda == 0, 1, lmbda)
    return np.where(lmbda == 0, np.exp(y), np.exp(np.log1p(lmbda * y) / power))


def inv_boxcox1p(y, lmbda):
    power = np.where(lmbda == 0, 1, lmbda)
    return np.where(lmbda == 0, np.expm1(y), np.expm1(np.log1p(lmbda * y) / power))


def cosm1(x):
    half = np.sin(0.5 * x)
    return -2.0 * half * half


def exprel(x):
    return np.where(x == 0, 1, np.expm1(x) / np.where(x == 0, 1, x))


def radian(d, m, s):
    return (d + (m + s / 60.0) / 60.0) * 0.017453292519943295


def sindg(x):
    return np.sin(np.remainder(x, 360.0) * 0.017453292519943295)


def cosdg(x):
    return np.cos(np.remainder(x, 360.0) * 0.017453292519943295)


def tandg(x):
    return np.tan(np.remainder(x, 180.0) * 0.017453292519943295)


def cotdg(x):
    return 1.0 / np.tan(np.remainder(x, 180.0) * 0.017453292519943295)
