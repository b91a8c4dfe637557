"""Distributions of `numpy.random.default_rng`, with the algorithms that NumPy uses, so that the numbers are the same.

As `random.py`, whose functions these call. `normal` and `waiting` are the tables of the ziggurat method, for normal and for
exponential numbers. Sources: G. Marsaglia and W. W. Tsang, *The Ziggurat Method for Generating Random Variables* (2000) and
*A Simple Method for Generating Gamma Variables* (2000); W. Hörmann, *The Transformed Rejection Method for Generating Poisson
Random Variables* (1993); V. Kachitvichyanukul and B. W. Schmeiser, *Binomial Random Variate Generation* (1988); L. Devroye,
*Non-Uniform Random Variate Generation* (1986); D. J. Best and N. I. Fisher, *Efficient Simulation of the von Mises
Distribution* (1979).
"""

import math
import numpy as np
import dace


def exponential_one(state, waiting):
    widths, heights, limits = waiting
    found = False
    x = 0.0
    while not found:
        bits = next64(state) >> np.uint64(3)
        strip = int(bits & np.uint64(255))
        place = bits >> np.uint64(8)
        x = float(place) * widths[strip]
        if place < limits[strip]:
            found = True
        elif strip == 0:
            found = True
            x = WAITING_TAIL - math.log1p(-unit(state))
        else:
            share = unit(state)
            found = (heights[strip - 1] - heights[strip]) * share + heights[strip] < math.exp(-x)
    return x


def gamma_one(state, shape, normal, waiting):
    value = 0.0
    if shape == 1.0:
        value = exponential_one(state, waiting)
    elif shape == 0.0:
        value = 0.0
    elif shape < 1.0:
        found = False
        while not found:
            u = unit(state)
            v = exponential_one(state, waiting)
            if u <= 1.0 - shape:
                value = u ** (1.0 / shape)
                found = value <= v
            else:
                y = -math.log((1.0 - u) / shape)
                value = (1.0 - shape + shape * y) ** (1.0 / shape)
                found = value <= v + y
    else:
        b = shape - 1.0 / 3.0
        c = 1.0 / math.sqrt(9.0 * b)
        found = False
        while not found:
            x = 0.0
            v = 0.0
            while v <= 0.0:
                x = normal_one(state, normal)
                v = 1.0 + c * x
            v = v * v * v
            u = unit(state)
            value = b * v
            if u < 1.0 - 0.0331 * (x * x) * (x * x):
                found = True
            else:
                found = math.log(u) < 0.5 * x * x + b * (1.0 - v + math.log(v))
    return value


def beta_one(state, a, b, normal, waiting):
    value = 0.0
    if a <= 1.0 and b <= 1.0:
        found = False
        while not found:
            u = unit(state)
            v = unit(state)
            x = u ** (1.0 / a)
            y = v ** (1.0 / b)
            if x + y <= 1.0 and u + v > 0.0:
                found = True
                if x + y > 0.0:
                    value = x / (x + y)
                else:
                    log_x = math.log(u) / a
                    log_y = math.log(v) / b
                    larger = max(log_x, log_y)
                    log_x -= larger
                    log_y -= larger
                    value = math.exp(log_x - math.log(math.exp(log_x) + math.exp(log_y)))
    else:
        first = gamma_one(state, a, normal, waiting)
        second = gamma_one(state, b, normal, waiting)
        value = first / (first + second)
    return value


def poisson_one(state, mean):
    count = 0
    if mean >= 10.0:
        slope = math.sqrt(mean)
        log_mean = math.log(mean)
        b = 0.931 + 2.53 * slope
        a = -0.059 + 0.02483 * b
        inverse = 1.1239 + 1.1328 / (b - 3.4)
        accepted = 0.9277 - 3.6224 / (b - 2.0)
        found = False
        while not found:
            u = unit(state) - 0.5
            v = unit(state)
            rest = 0.5 - abs(u)
            count = int(math.floor((2.0 * a / rest + b) * u + mean + 0.43))
            if rest >= 0.07 and v <= accepted:
                found = True
            elif count >= 0 and (rest >= 0.013 or v <= rest):
                height = math.log(v) + math.log(inverse) - math.log(a / (rest * rest) + b)
                found = height <= -mean + count * log_mean - math.lgamma(count + 1.0)
    elif mean > 0.0:
        least = math.exp(-mean)
        product = unit(state)
        while product > least:
            count += 1
            share = unit(state)
            product *= share
    return count


def tail_of_binomial(f):
    square = f * f
    return (13680.0 - (462.0 - (132.0 - (99.0 - 140.0 / square) / square) / square) / square) / f / 166320.0


def binomial_one(state, n, p):
    count = 0
    r = min(p, 1.0 - p)
    q = 1.0 - r
    if n == 0 or p == 0.0:
        count = 0
    elif r * n <= 30.0:
        start = math.exp(n * math.log1p(-r))
        mean = n * r
        bound = int(min(float(n), mean + 10.0 * math.sqrt(mean * q + 1.0)))
        share = start
        u = unit(state)
        while u > share:
            count += 1
            if count > bound:
                count = 0
                share = start
                u = unit(state)
            else:
                u -= share
                share = ((n - count + 1) * r * share) / (count * q)
        if p > 0.5:
            count = n - count
    else:
        fm = n * r + r
        m = int(math.floor(fm))
        nrq = n * r * q
        p1 = math.floor(2.195 * math.sqrt(nrq) - 4.6 * q) + 0.5
        xm = m + 0.5
        xl = xm - p1
        xr = xm + p1
        c = 0.134 + 20.5 / (15.3 + m)
        a = (fm - xl) / (fm - xl * r)
        left = a * (1.0 + a / 2.0)
        a = (xr - fm) / (xr * q)
        right = a * (1.0 + a / 2.0)
        p2 = p1 * (1.0 + 2.0 * c)
        p3 = p2 + c / left
        p4 = p3 + c / right
        found = False
        while not found:
            u = unit(state) * p4
            v = unit(state)
            tested = False
            if u <= p1:
                count = int(math.floor(xm - p1 * v + u))
                found = True
            elif u <= p2:
                x = xl + (u - p1) / c
                v = v * c + 1.0 - abs(m - x + 0.5) / p1
                count = int(math.floor(x))
                tested = v <= 1.0
            elif u <= p3:
                if v > 0.0:
                    count = int(math.floor(xl + math.log(v) / left))
                    tested = count >= 0
                v = v * (u - p2) * left
            else:
                if v > 0.0:
                    count = int(math.floor(xr - math.log(v) / right))
                    tested = count <= n
                v = v * (u - p3) * right
            if tested:
                k = abs(count - m)
                if k > 20 and k < nrq / 2.0 - 1.0:
                    rho = (k / nrq) * ((k * (k / 3.0 + 0.625) + 0.16666666666666666) / nrq + 0.5)
                    t = -k * k / (2.0 * nrq)
                    height = math.log(v)
                    if height < t - rho:
                        found = True
                    elif height <= t + rho:
                        x1 = count + 1.0
                        f1 = m + 1.0
                        z = n + 1.0 - m
                        w = n - count + 1.0
                        limit = xm * math.log(f1 / x1) + (n - m + 0.5) * math.log(z / w) + (count - m) * math.log(w * r / (x1 * q))
                        limit = limit + tail_of_binomial(f1) + tail_of_binomial(z) + tail_of_binomial(x1) + tail_of_binomial(w)
                        found = height <= limit
                else:
                    s = r / q
                    a = s * (n + 1)
                    share = 1.0
                    for i in range(m + 1, count + 1):
                        share *= a / i - s
                    for i in range(count + 1, m + 1):
                        share /= a / i - s
                    found = v <= share
        if p > 0.5:
            count = n - count
    return count


def geometric_one(state, p, waiting):
    count = 1
    if p >= 0.333333333333333333333333:
        sum = p
        product = p
        u = unit(state)
        while u > sum:
            product *= 1.0 - p
            sum += product
            count += 1
    else:
        z = math.ceil(-exponential_one(state, waiting) / math.log1p(-p))
        count = int(z) if z < 9.2e18 else 9223372036854775807
    return count


def exponentials(state, scale, widths, heights, limits, out):
    for k in range(out.shape[0]):
        out[k] = scale * exponential_one(state, (widths, heights, limits))


def standard_normals(state, nwidths, nheights, nlimits, out):
    for k in range(out.shape[0]):
        out[k] = normal_one(state, (nwidths, nheights, nlimits))


def lognormals(state, mean, sigma, nwidths, nheights, nlimits, out):
    for k in range(out.shape[0]):
        out[k] = math.exp(mean + sigma * normal_one(state, (nwidths, nheights, nlimits)))


def gammas(state, shape, scale, nwidths, nheights, nlimits, widths, heights, limits, out):
    assert shape >= 0 and scale >= 0, "shape < 0 or scale < 0"
    for k in range(out.shape[0]):
        out[k] = scale * gamma_one(state, shape, (nwidths, nheights, nlimits), (widths, heights, limits))


def betas(state, a, b, nwidths, nheights, nlimits, widths, heights, limits, out):
    assert a > 0 and b > 0, "a <= 0 or b <= 0"
    for k in range(out.shape[0]):
        out[k] = beta_one(state, a, b, (nwidths, nheights, nlimits), (widths, heights, limits))


def chisquares(state, df, nwidths, nheights, nlimits, widths, heights, limits, out):
    assert df > 0, "df <= 0"
    for k in range(out.shape[0]):
        out[k] = 2.0 * gamma_one(state, df / 2.0, (nwidths, nheights, nlimits), (widths, heights, limits))


def ratios(state, dfnum, dfden, nwidths, nheights, nlimits, widths, heights, limits, out):
    assert dfnum > 0 and dfden > 0, "dfnum <= 0 or dfden <= 0"
    for k in range(out.shape[0]):
        above = 2.0 * gamma_one(state, dfnum / 2.0, (nwidths, nheights, nlimits), (widths, heights, limits)) * dfden
        below = 2.0 * gamma_one(state, dfden / 2.0, (nwidths, nheights, nlimits), (widths, heights, limits)) * dfnum
        out[k] = above / below


def students(state, df, nwidths, nheights, nlimits, widths, heights, limits, out):
    assert df > 0, "df <= 0"
    for k in range(out.shape[0]):
        above = normal_one(state, (nwidths, nheights, nlimits))
        below = gamma_one(state, df / 2.0, (nwidths, nheights, nlimits), (widths, heights, limits))
        out[k] = math.sqrt(df / 2.0) * above / math.sqrt(below)


def cauchys(state, nwidths, nheights, nlimits, out):
    for k in range(out.shape[0]):
        above = normal_one(state, (nwidths, nheights, nlimits))
        below = normal_one(state, (nwidths, nheights, nlimits))
        out[k] = above / below


def paretos(state, a, widths, heights, limits, out):
    assert a > 0, "a <= 0"
    for k in range(out.shape[0]):
        out[k] = math.expm1(exponential_one(state, (widths, heights, limits)) / a)


def weibulls(state, a, widths, heights, limits, out):
    assert a >= 0, "a < 0"
    for k in range(out.shape[0]):
        if a == 0.0:
            out[k] = 0.0
        else:
            out[k] = exponential_one(state, (widths, heights, limits)) ** (1.0 / a)


def powers(state, a, widths, heights, limits, out):
    assert a > 0, "a <= 0"
    for k in range(out.shape[0]):
        out[k] = (-math.expm1(-exponential_one(state, (widths, heights, limits)))) ** (1.0 / a)


def rayleighs(state, scale, widths, heights, limits, out):
    assert scale >= 0, "scale < 0"
    for k in range(out.shape[0]):
        out[k] = scale * math.sqrt(2.0 * exponential_one(state, (widths, heights, limits)))


def laplaces(state, loc, scale, out):
    for k in range(out.shape[0]):
        u = unit(state)
        while u == 0.0:
            u = unit(state)
        if u >= 0.5:
            out[k] = loc - scale * math.log(2.0 - u - u)
        else:
            out[k] = loc + scale * math.log(u + u)


def gumbels(state, loc, scale, out):
    for k in range(out.shape[0]):
        u = 1.0 - unit(state)
        while u == 1.0:
            u = 1.0 - unit(state)
        out[k] = loc - scale * math.log(-math.log(u))


def logistics(state, loc, scale, out):
    for k in range(out.shape[0]):
        u = unit(state)
        while u == 0.0:
            u = unit(state)
        out[k] = loc + scale * math.log(u / (1.0 - u))


def triangulars(state, left, mode, right, out):
    assert left <= mode and mode <= right and left < right, "left <= mode <= right and left < right must hold"
    base = right - left
    ratio = (mode - left) / base
    for k in range(out.shape[0]):
        u = unit(state)
        if u <= ratio:
            out[k] = left + math.sqrt(u * ((mode - left) * base))
        else:
            out[k] = right - math.sqrt((1.0 - u) * ((right - mode) * base))


def walds(state, mean, scale, nwidths, nheights, nlimits, out):
    assert mean > 0 and scale > 0, "mean <= 0 or scale <= 0"
    part = mean / (2.0 * scale)
    for k in range(out.shape[0]):
        y = normal_one(state, (nwidths, nheights, nlimits))
        y = mean * y * y
        x = mean + part * (y - math.sqrt(4.0 * scale * y + y * y))
        u = unit(state)
        if u <= mean / (mean + x):
            out[k] = x
        else:
            out[k] = mean * mean / x


def vonmises_one(state, mu, kappa, normal):
    value = 0.0
    if kappa < 1e-8:
        value = math.pi * (2.0 * unit(state) - 1.0)
    elif kappa > 1e6:
        value = mu + math.sqrt(1.0 / kappa) * normal_one(state, normal)
        if value < -math.pi:
            value += 2.0 * math.pi
        if value > math.pi:
            value -= 2.0 * math.pi
    else:
        s = 1.0 / kappa + kappa
        if kappa >= 1e-5:
            r = 1.0 + math.sqrt(1.0 + 4.0 * kappa * kappa)
            rho = (r - math.sqrt(2.0 * r)) / (2.0 * kappa)
            s = (1.0 + rho * rho) / (2.0 * rho)
        w = 0.0
        found = False
        while not found:
            u = unit(state)
            z = math.cos(math.pi * u)
            w = (1.0 + s * z) / (s + z)
            y = kappa * (s - w)
            v = unit(state)
            found = y * (2.0 - y) - v >= 0.0 or math.log(y / v) + 1.0 - y >= 0.0
        u = unit(state)
        value = math.acos(w)
        if u < 0.5:
            value = -value
        value += mu
        size = math.fmod(abs(value) + math.pi, 2.0 * math.pi) - math.pi
        value = -size if value < 0.0 else size
    return value


def vonmises(state, mu, kappa, nwidths, nheights, nlimits, out):
    assert kappa >= 0, "kappa < 0"
    for k in range(out.shape[0]):
        out[k] = vonmises_one(state, mu, kappa, (nwidths, nheights, nlimits))


def zipfs(state, a, out):
    assert a > 1, "a <= 1"
    less = a - 1.0
    b = 2.0**less
    least = 9223372036854775807.0 ** (-less)
    for k in range(out.shape[0]):
        found = a >= 1025.0
        x = 1.0
        while not found:
            share = unit(state)
            u = share * least + (1.0 - share)
            v = unit(state)
            x = math.floor(u ** (-1.0 / less))
            if x <= 9223372036854775807.0 and x >= 1.0:
                t = (1.0 + 1.0 / x) ** less
                found = v * x * (t - 1.0) / (b - 1.0) <= t / b
        out[k] = int(x)


def logarithmics(state, p, out):
    assert p >= 0 and p < 1, "p < 0, p >= 1 or p is NaN"
    r = math.log1p(-p)
    for k in range(out.shape[0]):
        found = False
        count = 1
        while not found:
            v = unit(state)
            if v >= p:
                found = True
                count = 1
            else:
                u = unit(state)
                q = -math.expm1(r * u)
                if v <= q * q:
                    if v > 0.0:
                        count = int(math.floor(1.0 + math.log(v) / math.log(q)))
                        found = count >= 1
                else:
                    found = True
                    count = 1 if v >= q else 2
        out[k] = count


def geometrics(state, p, widths, heights, limits, out):
    assert p > 0 and p <= 1, "p <= 0, p > 1 or p contains NaNs"
    for k in range(out.shape[0]):
        out[k] = geometric_one(state, p, (widths, heights, limits))


def poissons(state, lam, out):
    assert lam >= 0, "lam < 0 or lam is NaN"
    for k in range(out.shape[0]):
        out[k] = poisson_one(state, lam)


def binomials(state, n, p, out):
    assert n >= 0 and p >= 0 and p <= 1, "n < 0, p < 0, p > 1 or p is NaN"
    for k in range(out.shape[0]):
        out[k] = binomial_one(state, int(n), p)


def negative_binomials(state, n, p, nwidths, nheights, nlimits, widths, heights, limits, out):
    assert n > 0 and p > 0 and p <= 1, "n <= 0, p <= 0 or p > 1"
    for k in range(out.shape[0]):
        mean = (1.0 - p) / p * gamma_one(state, n, (nwidths, nheights, nlimits), (widths, heights, limits))
        out[k] = poisson_one(state, mean)


def dirichlets(state, alpha, nwidths, nheights, nlimits, widths, heights, limits, out):
    n = alpha.shape[0]
    largest = alpha[0]
    for j in range(n):
        assert alpha[j] > 0, "alpha <= 0"
        largest = max(largest, alpha[j])
    rest = np.empty(n)
    if largest < 0.1:
        sum = 0.0
        for j in range(n - 1, -1, -1):
            rest[j] = sum
            sum += alpha[j]
    for k in range(out.shape[0] // n):
        if largest < 0.1:
            share = 1.0
            for j in range(n - 1):
                v = beta_one(state, alpha[j], rest[j], (nwidths, nheights, nlimits), (widths, heights, limits))
                out[k * n + j] = share * v
                share *= 1.0 - v
            out[k * n + n - 1] = share
        else:
            sum = 0.0
            for j in range(n):
                v = gamma_one(state, alpha[j], (nwidths, nheights, nlimits), (widths, heights, limits))
                out[k * n + j] = v
                sum += v
            inverse = 1.0 / sum
            for j in range(n):
                out[k * n + j] = out[k * n + j] * inverse


def multinomials(state, n, pvals, out):
    d = pvals.shape[0]
    for k in range(out.shape[0] // d):
        left = int(n)
        rest = 1.0
        for j in range(d):
            out[k * d + j] = 0
        for j in range(d - 1):
            if left > 0:
                count = binomial_one(state, left, pvals[j] / rest)
                out[k * d + j] = count
                left -= count
                rest -= pvals[j]
        if left > 0:
            out[k * d + d - 1] = left


def chosen_by_share(state, p, out):
    n = p.shape[0]
    cdf = np.cumsum(p)
    assert abs(cdf[n - 1] - 1.0) < 1.5e-8, "probabilities do not sum to 1"
    cdf /= cdf[n - 1]
    for k in range(out.shape[0]):
        share = unit(state)
        low = 0
        high = n
        while low < high:
            middle = (low + high) // 2
            if cdf[middle] <= share:
                low = middle + 1
            else:
                high = middle
        out[k] = low


def chosen_apart(state, n, out):
    # SHUFFLED
    size = out.shape[0]
    assert size <= n, "cannot take a larger sample than population when replace is False"
    if n > 10000 and size > n // (50 if SHUFFLED else 20):
        places = np.arange(n)
        for k in range(n - max(n - size, 1)):
            at = n - 1 - k
            other = int(lemire(state, np.uint64(at)))
            held = places[at]
            places[at] = places[other]
            places[other] = held
        for k in range(size):
            out[k] = places[n - size + k]
    else:
        # R. W. Floyd's algorithm: each draw is from one number more, and that number takes the place of one drawn before.
        taken = np.zeros(n, dtype=np.bool_)
        for k in range(size):
            last = n - size + k
            value = int(lemire(state, np.uint64(last)))
            if taken[value]:
                value = last
            taken[value] = True
            out[k] = value
        if SHUFFLED:
            for k in range(size - 1):
                at = size - 1 - k
                other = int(lemire(state, np.uint64(at)))
                held = out[at]
                out[at] = out[other]
                out[other] = held


def bounded_small(state, low, last, out):
    # BITS
    assert last >= low, "low >= high"
    span = np.uint64(last - low)
    count = span + np.uint64(1)
    mask = np.uint64(2**BITS - 1)
    words = 32 // BITS
    left = 0
    buffer = np.uint64(0)
    for k in range(out.shape[0]):
        offset = np.uint64(0)
        found = span == 0
        while not found:
            if left == 0:
                buffer = next32(state)
                left = words
            else:
                buffer = buffer >> np.uint64(BITS)
            left -= 1
            piece = buffer & mask
            if span == mask:
                offset = piece
                found = True
            else:
                product = piece * count
                offset = product >> np.uint64(BITS)
                found = (product & mask) >= (mask - span) % count
        out[k] = low + int(offset)
