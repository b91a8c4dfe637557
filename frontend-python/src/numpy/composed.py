"""Functions of NumPy and SciPy that are a few lines of NumPy. The compiler annotates them for each call; see
`numpy/composed.rs`, which says what is passed and what is known.

A function uses its parameters, and the names that its comment lists as constants. Two empty lines end a function.
"""


def nanvar(a):
    # axis, ddof, keepdims
    x = np.true_divide(a, 1)
    known = ~np.isnan(x)
    count = np.sum(known, axis=axis, keepdims=True).astype(x.dtype)
    middle = np.sum(np.where(known, x, 0), axis=axis, keepdims=True) / count
    distance = np.where(known, x - middle, 0)
    spread = np.sum(distance * distance, axis=axis, keepdims=True)
    left = count - ddof
    return np.sum(np.where(left > 0, spread / left, np.nan), axis=axis, keepdims=keepdims)


def nanstd(a):
    # axis, ddof, keepdims
    return np.sqrt(np.nanvar(a, axis=axis, ddof=ddof, keepdims=keepdims))


def nanmedian(a):
    # axis, keepdims
    x = np.true_divide(a, 1)
    if axis is None:
        line = np.sort(x.ravel())
        count = np.sum(~np.isnan(line))
        upper = count // 2 if count > 0 else 0
        middle = (line[max(count - 1, 0) // 2] + line[upper]) / 2
        if keepdims:
            return np.max(np.full(x.shape, middle), keepdims=True)
        return middle
    lines = np.sort(x, axis=axis)
    count = np.sum(~np.isnan(x), axis=axis, keepdims=True)
    low = np.take_along_axis(lines, np.maximum(count - 1, 0) // 2, axis=axis)
    high = np.take_along_axis(lines, np.where(count > 0, count // 2, 0), axis=axis)
    return np.sum((low + high) / 2, axis=axis, keepdims=keepdims)


def nanargmin(a):
    # axis
    return np.argmin(np.where(np.isnan(a), np.inf, a), axis=axis)


def nanargmax(a):
    # axis
    return np.argmax(np.where(np.isnan(a), -np.inf, a), axis=axis)


def nancumsum(a):
    # axis
    return np.cumsum(np.where(np.isnan(a), 0, a), axis=axis)


def nancumprod(a):
    # axis
    return np.cumprod(np.where(np.isnan(a), 1, a), axis=axis)


def cumulative_sum(x):
    # axis
    return np.cumsum(x, axis=axis)


def cumulative_prod(x):
    # axis
    return np.cumprod(x, axis=axis)


def matvec(x1, x2):
    return np.matmul(x1, x2[..., None])[..., 0].copy()


def vecmat(x1, x2):
    return np.matmul(np.conj(x1)[..., None, :], x2)[..., 0, :].copy()


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


def array_equiv(a1, a2):
    return np.all(a1 == a2)


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


def softmax(x):
    # axis
    power = np.exp(x - np.max(x, axis=axis, keepdims=True))
    return power / np.sum(power, axis=axis, keepdims=True)


def log_softmax(x):
    # axis
    below = x - np.max(x, axis=axis, keepdims=True)
    return below - np.log(np.sum(np.exp(below), axis=axis, keepdims=True))


def logsumexp(a):
    # axis, keepdims
    largest = np.max(a, axis=axis, keepdims=True)
    largest = np.where(np.isfinite(largest), largest, 0)
    total = np.log(np.sum(np.exp(a - largest), axis=axis, keepdims=True)) + largest
    return np.sum(total, axis=axis, keepdims=keepdims)
