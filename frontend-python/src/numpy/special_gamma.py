

def digamma_of(x):
    # 5.5.2, 5.5.4 and 5.11.2.
    value = 0.0
    y = x
    if x <= 0.0 and math.floor(x) == x:
        value = math.copysign(math.inf, -x) if x == 0.0 else math.nan
    else:
        if x < 0.0:
            value = -math.pi / math.tan(math.pi * (x - math.floor(x + 0.5)))
            y = 1.0 - x
        while y < 12.0:
            value -= 1.0 / y
            y += 1.0
        square = 1.0 / (y * y)
        tail = square * (1.0 / 12 - square * (1.0 / 120 - square * (1.0 / 252 - square * (1.0 / 240 - square * (1.0 / 132 - square * (691.0 / 32760 - square / 12.0))))))
        value += math.log(y) - 0.5 / y - tail
    return value


def digamma(x):
    return each(digamma_of, x)


def hurwitz_of(x, q):
    # 25.11.5 with twelve terms summed one by one.
    sum = 0.0
    for k in range(12):
        sum += (q + k) ** (-x)
    y = q + 12.0
    sum += y ** (1.0 - x) / (x - 1.0) + 0.5 * y ** (-x)
    factor = x * y ** (-x - 1.0)
    at = x
    square = 1.0 / (y * y)
    sum += factor / 12.0
    factor *= (at + 1.0) * (at + 2.0) * square
    sum -= factor / 720.0
    factor *= (at + 3.0) * (at + 4.0) * square
    sum += factor / 30240.0
    factor *= (at + 5.0) * (at + 6.0) * square
    sum -= factor / 1209600.0
    factor *= (at + 7.0) * (at + 8.0) * square
    sum += factor / 47900160.0
    factor *= (at + 9.0) * (at + 10.0) * square
    sum -= factor * 691.0 / 1307674368000.0
    return sum


def riemann_of(x):
    value = math.nan
    if x == 1.0:
        value = math.inf
    elif x > 0.0:
        value = hurwitz_of(x, 1.0)
    elif x == 0.0:
        value = -0.5
    elif x < 0.0:
        # 25.4.1; at even numbers, the sine is 0.
        sine = 0.0 if math.fmod(x, 2.0) == 0.0 else math.sin(0.5 * math.pi * math.fmod(x, 4.0))
        value = 2.0 ** x * math.pi ** (x - 1.0) * sine * math.gamma(1.0 - x) * hurwitz_of(1.0 - x, 1.0)
    return value


def zeta_of(x, q):
    value = math.nan
    if x == 1.0:
        value = math.inf
    elif x > 1.0 and q > 0.0:
        value = hurwitz_of(x, q)
    return value


def zeta(x, q=None):
    if q is None:
        return each(riemann_of, x)
    return each_pair(zeta_of, x, q)


def erfcx_of(x):
    # 7.12.1 for a large x; before that, the exponential function has no more error than its argument.
    value = 0.0
    if x < 25.0:
        value = math.exp(x * x) * math.erfc(x)
    elif x == x:
        term = 1.0
        value = 1.0
        for k in range(1, 12):
            term = -term * (2.0 * k - 1.0) / (2.0 * x * x)
            value += term
        value /= x * 1.772453850905516
    else:
        value = x
    return value


def erfcx(x):
    return each(erfcx_of, x)


def erfcinv_of(z):
    # Halley's method, from a rational approximation.
    value = math.nan
    small = z if z <= 1.0 else 2.0 - z
    if small == 0.0:
        value = math.inf
    elif small == 1.0:
        value = 0.0
    elif small > 0.0:
        t = math.sqrt(-2.0 * math.log(0.5 * small))
        value = -0.70711 * ((2.30753 + t * 0.27061) / (1.0 + t * (0.99229 + t * 0.04481)) - t)
        for _ in range(4):
            distance = math.erfc(value) - small
            value += distance / (1.1283791670955126 * math.exp(-value * value) - value * distance)
    return value if z <= 1.0 else -value


def erfcinv(x):
    return each(erfcinv_of, x)


def erfinv_of(y):
    value = math.nan
    if abs(y) > 0.5:
        value = erfcinv_of(1.0 - y)
    elif y == y:
        value = 0.8862269254527580 * y
        for _ in range(6):
            distance = math.erf(value) - y
            value -= distance / (1.1283791670955126 * math.exp(-value * value) + value * distance)
    return value


def erfinv(x):
    return each(erfinv_of, x)


def ndtri_of(p):
    return -1.4142135623730951 * erfcinv_of(2.0 * p)


def ndtri(x):
    return each(ndtri_of, x)


def log_ndtr_of(x):
    value = 0.0
    if x < -1.0:
        value = math.log(0.5 * erfcx_of(-0.7071067811865476 * x)) - 0.5 * x * x
    else:
        value = math.log1p(-0.5 * math.erfc(0.7071067811865476 * x))
    return value


def log_ndtr(x):
    return each(log_ndtr_of, x)


def gamma_share(a, x, upper):
    # 8.11.4 below a, 8.9.2 above.
    value = math.nan
    if a == 0.0 and x > 0.0:
        value = 0.0 if upper else 1.0
    elif x == 0.0 and a > 0.0:
        value = 1.0 if upper else 0.0
    elif math.isinf(x) and x > 0.0 and a > 0.0:
        value = 0.0 if upper else 1.0
    elif a > 0.0 and x > 0.0:
        factor = math.exp(a * math.log(x) - x - math.lgamma(a))
        if x < a + 1.0:
            term = 1.0 / a
            sum = term
            at = a
            steps = 0
            while abs(term) > 1e-17 * abs(sum) and steps < 100000:
                at += 1.0
                term *= x / at
                sum += term
                steps += 1
            value = 1.0 - factor * sum if upper else factor * sum
        else:
            b = x + 1.0 - a
            c = 1e300
            d = 1.0 / b
            h = d
            change = 2.0
            steps = 1
            while abs(change - 1.0) > 1e-16 and steps < 100000:
                part = -steps * (steps - a)
                b += 2.0
                d = 1.0 / (part * d + b)
                c = b + part / c
                change = d * c
                h *= change
                steps += 1
            value = factor * h if upper else 1.0 - factor * h
    return value


def gammainc_of(a, x):
    return gamma_share(a, x, False)


def gammainc(a, x):
    return each_pair(gammainc_of, a, x)


def gammaincc_of(a, x):
    return gamma_share(a, x, True)


def gammaincc(a, x):
    return each_pair(gammaincc_of, a, x)


def beta_fraction(a, b, x):
    # 8.17.22.
    c = 1.0
    d = 1.0 - (a + b) * x / (a + 1.0)
    d = 1.0 / (d if abs(d) > 1e-300 else 1e-300)
    h = d
    change = 2.0
    m = 1
    while abs(change - 1.0) > 1e-16 and m < 100000:
        part = m * (b - m) * x / ((a - 1.0 + 2.0 * m) * (a + 2.0 * m))
        d = 1.0 + part * d
        d = 1.0 / (d if abs(d) > 1e-300 else 1e-300)
        c = 1.0 + part / c
        c = c if abs(c) > 1e-300 else 1e-300
        h *= d * c
        part = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 1.0 + 2.0 * m))
        d = 1.0 + part * d
        d = 1.0 / (d if abs(d) > 1e-300 else 1e-300)
        c = 1.0 + part / c
        c = c if abs(c) > 1e-300 else 1e-300
        change = d * c
        h *= change
        m += 1
    return h


def betainc_of(a, b, x):
    value = math.nan
    if a > 0.0 and b > 0.0 and x >= 0.0 and x <= 1.0:
        if x == 0.0 or x == 1.0:
            value = x
        else:
            factor = math.exp(math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x))
            if x < (a + 1.0) / (a + b + 2.0):
                value = factor * beta_fraction(a, b, x) / a
            else:
                value = 1.0 - factor * beta_fraction(b, a, 1.0 - x) / b
    return value


def betainc(a, b, x):
    return each_triple(betainc_of, a, b, x)


def betaln_of(a, b):
    return math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)


def betaln(a, b):
    return each_pair(betaln_of, a, b)


def beta_of(a, b):
    value = 0.0
    if abs(a) < 80.0 and abs(b) < 80.0:
        value = math.gamma(a) * math.gamma(b) * rgamma_of(a + b)
    else:
        value = math.exp(betaln_of(a, b))
    return value


def beta(a, b):
    return each_pair(beta_of, a, b)


def rgamma_of(x):
    value = 0.0
    if x > 0.0 or math.floor(x) != x:
        value = 1.0 / math.gamma(x)
    return value


def rgamma(x):
    return each(rgamma_of, x)


def gammasgn_of(x):
    value = 1.0
    if x < 0.0:
        value = math.nan if math.floor(x) == x else 1.0 if math.floor(x) % 2.0 == 0.0 else -1.0
    return value


def gammasgn(x):
    return each(gammasgn_of, x)


def poch_of(z, m):
    value = 1.0
    if m >= 0.0 and m < 100.0 and math.floor(m) == m:
        for k in range(int(m)):
            value *= z + k
    else:
        value = gammasgn_of(z + m) * gammasgn_of(z) * math.exp(math.lgamma(z + m) - math.lgamma(z))
    return value


def poch(z, m):
    return each_pair(poch_of, z, m)


def binom_of(n, k):
    value = 1.0
    if n < 0.0 and math.floor(n) == n:
        value = math.nan
    elif math.floor(k) == k and abs(k) < 1000.0:
        if k < 0.0:
            value = 0.0
        few = n - k if math.floor(n) == n and n > 0.0 and k > 0.5 * n and n >= k else k
        for j in range(int(few)):
            value *= (n - j) / (j + 1.0)
        if math.floor(n) == n:
            value = math.floor(value + 0.5) if abs(value) < 9007199254740992.0 else value
    else:
        if abs(n) < 80.0 and abs(k) < 80.0:
            value = math.gamma(n + 1.0) * rgamma_of(k + 1.0) * rgamma_of(n - k + 1.0)
        else:
            value = 1.0 / ((n + 1.0) * beta_of(1.0 + n - k, 1.0 + k))
    return value


def binom(n, k):
    return each_pair(binom_of, n, k)


def comb_of(n, k):
    return binom_of(n, k) if k <= n and n >= 0.0 and k >= 0.0 else 0.0


def comb(N, k):
    return each_pair(comb_of, N, k)


def perm_of(n, k):
    return poch_of(n - k + 1.0, k) if k <= n and n >= 0.0 and k >= 0.0 else 0.0


def perm(N, k):
    return each_pair(perm_of, N, k)


def factorial_of(n):
    value = n
    if n < 0.0:
        value = 0.0
    elif n == n:
        value = math.gamma(n + 1.0)
    return value


def factorial(n):
    # Always in double precision.
    return each(factorial_of, np.float64(n))


def exp1_of(x):
    # 6.6.2 below 1, 6.9.1 above.
    value = math.nan
    if x == 0.0:
        value = math.inf
    elif x > 0.0 and x <= 1.0:
        value = -0.5772156649015329 - math.log(x)
        term = -1.0
        for k in range(1, 30):
            term *= -x / k
            value += term / k
    elif x > 1.0 and x < 800.0:
        b = x + 1.0
        c = 1e300
        d = 1.0 / b
        value = d
        change = 2.0
        k = 1
        while abs(change - 1.0) > 1e-16 and k < 10000:
            part = -float(k) * k
            b += 2.0
            d = 1.0 / (part * d + b)
            c = b + part / c
            change = c * d
            value *= change
            k += 1
        value *= math.exp(-x)
    elif x >= 800.0:
        value = 0.0
    return value


def exp1(x):
    return each(exp1_of, x)


def expi_of(x):
    value = math.nan
    if x < 0.0:
        value = -exp1_of(-x)
    elif x == 0.0:
        value = -math.inf
    elif x < 40.0:
        value = 0.5772156649015329 + math.log(x)
        term = 1.0
        k = 1
        while term > 1e-18 * abs(value) * k and k < 500:
            term *= x / k
            value += term / k
            k += 1
    elif x == x:
        # 6.12.2.
        term = 1.0
        value = 1.0
        for k in range(1, 40):
            term *= k / x
            value += term
        value *= math.exp(x) / x
    return value


def expi(x):
    return each(expi_of, x)


def ellipkm1_of(p):
    # 19.8.5: the mean of arithmetic and geometric means.
    value = math.nan
    if p == 0.0:
        value = math.inf
    elif p > 0.0:
        a = 1.0
        b = math.sqrt(p)
        while abs(a - b) > 1e-15 * a:
            middle = 0.5 * (a + b)
            b = math.sqrt(a * b)
            a = middle
        value = 0.5 * math.pi / a
    return value


def ellipkm1(p):
    return each(ellipkm1_of, p)


def ellipk_of(m):
    return ellipkm1_of(1.0 - m)


def ellipk(m):
    return each(ellipk_of, m)


def ellipe_of(m):
    # 19.8.6.
    value = math.nan
    if m == 1.0:
        value = 1.0
    elif m < 1.0:
        a = 1.0
        b = math.sqrt(1.0 - m)
        sum = 1.0 - 0.5 * m
        power = 1.0
        while abs(a - b) > 1e-16 * a and power < 1e9:
            half = 0.5 * (a - b)
            middle = 0.5 * (a + b)
            b = math.sqrt(a * b)
            a = middle
            sum -= power * half * half
            power *= 2.0
        value = 0.5 * math.pi / a * sum
    return value


def ellipe(m):
    return each(ellipe_of, m)


def dawsn_of(x):
    # A sum over samples of the integrand, whose error is below exp(-60): G. Rybicki, Computers in Physics 3 (1989).
    value = x
    if abs(x) < 1e-3:
        value = x * (1.0 - x * x * (2.0 / 3.0 - x * x * 4.0 / 15.0))
    elif abs(x) < 1e7:
        middle = 2 * int(math.floor(x / 0.4 + 0.5))
        value = 0.0
        for k in range(36):
            n = middle + 2 * k + 1
            value += math.exp(-(x - n * 0.2) * (x - n * 0.2)) / n
            n = middle - 2 * k - 1
            value += math.exp(-(x - n * 0.2) * (x - n * 0.2)) / n
        value *= 0.5641895835477563
    elif x == x:
        value = 0.5 / x
    return value


def dawsn(x):
    return each(dawsn_of, x)


def stdtr_of(df, t):
    share = 0.5 * betainc_of(0.5 * df, 0.5, df / (df + t * t))
    return share if t < 0.0 else 1.0 - share


def stdtr(df, t):
    return each_pair(stdtr_of, df, t)


def chdtr(v, x):
    return each_pair(gammainc_of, v / 2, x / 2)


def chdtrc(v, x):
    return each_pair(gammaincc_of, v / 2, x / 2)


def pdtr_of(k, m):
    return gamma_share(math.floor(k) + 1.0, m, True) if m != 0.0 else 1.0


def pdtr(k, m):
    return each_pair(pdtr_of, k, m)


def fdtr_of(d, n, x):
    return betainc_of(0.5 * d, 0.5 * n, d * x / (d * x + n))


def fdtr(dfn, dfd, x):
    return each_triple(fdtr_of, dfn, dfd, x)


def hyp2f1_series(a, b, c, z):
    # 15.2.1.
    term = 1.0
    sum = 1.0
    k = 0
    while abs(term) > 1e-17 * abs(sum) and k < 100000:
        term *= (a + k) * (b + k) / ((c + k) * (k + 1.0)) * z
        sum += term
        k += 1
    return sum


def hyp2f1(a, b, c, z):
    shape_ = np.broadcast_shapes(np.shape(a), np.shape(b), np.shape(c), np.shape(z))
    first_ = np.broadcast_to(a, (1,) + shape_).copy().ravel()
    second_ = np.broadcast_to(b, (1,) + shape_).copy().ravel()
    third_ = np.broadcast_to(c, (1,) + shape_).copy().ravel()
    at_ = np.broadcast_to(z, (1,) + shape_).copy().ravel()
    out_ = np.empty(first_.shape[0], dtype=first_.dtype)
    for k_ in dace.map[0 : first_.shape[0]]:
        out_[k_] = hyp2f1_of(float(first_[k_]), float(second_[k_]), float(third_[k_]), float(at_[k_]))
    if len(shape_) == 0:
        return out_[0]
    return out_.reshape(shape_)


def hyp2f1_of(a, b, c, z):
    value = math.nan
    if z == 1.0:
        # 15.4.20.
        if c - a - b > 0.0:
            value = math.gamma(c) * math.gamma(c - a - b) * rgamma_of(c - a) * rgamma_of(c - b)
        else:
            value = math.inf
    elif z < 0.0:
        # 15.8.1.
        value = (1.0 - z) ** (-a) * hyp2f1_series(a, c - b, c, z / (z - 1.0))
    elif z < 1.0:
        value = hyp2f1_series(a, b, c, z)
    return value


def hyp1f1_of(a, b, x):
    # 13.2.2, and 13.2.39 for a negative x.
    upper = b - a if x < 0.0 else a
    size = abs(x)
    term = 1.0
    sum = 1.0
    k = 0
    while abs(term) > 1e-17 * abs(sum) and k < 100000:
        term *= (upper + k) / ((b + k) * (k + 1.0)) * size
        sum += term
        k += 1
    return sum * math.exp(x) if x < 0.0 else sum


def hyp1f1(a, b, x):
    return each_triple(hyp1f1_of, a, b, x)


def eval_legendre_of(n, x):
    before = 1.0
    value = 1.0 if n == 0.0 else x
    for k in range(2, int(n) + 1):
        next = ((2.0 * k - 1.0) * x * value - (k - 1.0) * before) / k
        before = value
        value = next
    return value


def eval_legendre(n, x):
    return each_pair(eval_legendre_of, n, x)


def chebyshev_of(n, x, first):
    before = 1.0
    value = 1.0 if n == 0.0 else first
    for k in range(2, int(n) + 1):
        next = 2.0 * x * value - before
        before = value
        value = next
    return value


def eval_chebyt_of(n, x):
    return chebyshev_of(n, x, x)


def eval_chebyt(n, x):
    return each_pair(eval_chebyt_of, n, x)


def eval_chebyu_of(n, x):
    return chebyshev_of(n, x, 2.0 * x)


def eval_chebyu(n, x):
    return each_pair(eval_chebyu_of, n, x)


def eval_hermite_of(n, x):
    before = 1.0
    value = 1.0 if n == 0.0 else 2.0 * x
    for k in range(2, int(n) + 1):
        next = 2.0 * x * value - 2.0 * (k - 1.0) * before
        before = value
        value = next
    return value


def eval_hermite(n, x):
    return each_pair(eval_hermite_of, n, x)
