

def bessel_large(order, x, second):
    # 10.17: an expansion in 1/x, whose terms fall until they are as many as 2x.
    square = 4.0 * order * order
    even = 1.0
    odd = 0.0
    term = 1.0
    for k in range(1, 40):
        before = term
        term = term * (square - (2.0 * k - 1.0) ** 2.0) / (8.0 * k * x)
        if abs(term) > abs(before) or abs(term) < 1e-18:
            break
        if k % 4 == 1:
            odd = odd + term
        elif k % 4 == 2:
            even = even - term
        elif k % 4 == 3:
            odd = odd - term
        else:
            even = even + term
    # The phase is added by its sine and cosine: beside a large x, it would be rounded.
    turn = (0.5 * order + 0.25) * math.pi
    sine = math.sin(x) * math.cos(turn) - math.cos(x) * math.sin(turn)
    cosine = math.cos(x) * math.cos(turn) + math.sin(x) * math.sin(turn)
    value = cosine * even - sine * odd
    if second:
        value = sine * even + cosine * odd
    return math.sqrt(2.0 / (math.pi * x)) * value


def bessel_small(order, x, second):
    # 3.6(ii): recurrence from a high order down, scaled by 1 = J0 + 2 J2 + 2 J4 + ...
    # 10.23(iii): the second kind is a sum over the orders above.
    start = 2 * ((int(x) + 60) // 2)
    above = 0.0
    value = 1e-280
    total = 0.0
    sum = 0.0
    zeroth = 0.0
    first = 0.0
    for k in range(start, 0, -1):
        below = 2.0 * k / x * value - above
        above = value
        value = below
        n = k - 1
        if abs(value) > 1e200:
            value = value * 1e-200
            above = above * 1e-200
            total = total * 1e-200
            sum = sum * 1e-200
            zeroth = zeroth * 1e-200
            first = first * 1e-200
        if n % 2 == 0 and n > 0:
            total = total + 2.0 * value
            if order == 0:
                half = n // 2
                sum = sum + (value / half if half % 2 == 0 else -value / half)
        if n % 2 == 1 and n > 1 and order == 1:
            half = n // 2
            part = value * n / (half * (half + 1.0))
            sum = sum + (part if half % 2 == 0 else -part)
        if n == 1:
            first = value
        if n == 0:
            zeroth = value
    total = total + zeroth
    kind = zeroth / total if order == 0 else first / total
    if second:
        sum = sum / total
        logarithm = math.log(0.5 * x) + 0.5772156649015329
        if order == 0:
            kind = 2.0 / math.pi * logarithm * kind - 4.0 / math.pi * sum
        else:
            kind = 2.0 / math.pi * (logarithm - 1.0) * kind - 2.0 / (math.pi * x) * zeroth / total - 2.0 / math.pi * sum
    return kind


def bessel_of(order, x, second):
    value = 0.0
    if x < 25.0:
        value = bessel_small(order, x, second)
    elif math.isinf(x):
        value = 0.0
    else:
        value = bessel_large(order, x, second)
    return value


def j0_of(x):
    value = x
    if x == 0.0:
        value = 1.0
    elif x == x:
        value = bessel_of(0, abs(x), False)
    return value


def j0(x):
    return each(j0_of, x)


def j1_of(x):
    value = x
    if x != 0.0 and x == x:
        value = math.copysign(1.0, x) * bessel_of(1, abs(x), False)
    return value


def j1(x):
    return each(j1_of, x)


def y0_of(x):
    value = math.nan
    if x == 0.0:
        value = -math.inf
    elif x > 0.0:
        value = bessel_of(0, x, True)
    return value


def y0(x):
    return each(y0_of, x)


def y1_of(x):
    value = math.nan
    if x == 0.0:
        value = -math.inf
    elif x > 0.0:
        value = bessel_of(1, x, True)
    return value


def y1(x):
    return each(y1_of, x)


def scaled_i_of(order, x):
    # exp(-x) times the function, for x >= 0: 10.25.2, whose terms are positive, or 10.40.1 for a large x.
    value = 0.0
    if x < 30.0:
        term = 1.0 if order == 0 else 0.5 * x
        value = term
        k = 1
        while term > 1e-17 * value and k < 500:
            term = term * 0.25 * x * x / (k * (k + float(order)))
            value = value + term
            k += 1
        value = value * math.exp(-x)
    elif not math.isinf(x):
        term = 1.0
        value = 1.0
        for k in range(1, 40):
            term = -term * (4.0 * order * order - (2.0 * k - 1.0) ** 2.0) / (8.0 * k * x)
            if abs(term) < 1e-18:
                break
            value = value + term
        value = value / math.sqrt(2.0 * math.pi * x)
    return value


def i0e_of(x):
    return scaled_i_of(0, abs(x)) if x == x else x


def i0e(x):
    return each(i0e_of, x)


def i1e_of(x):
    return math.copysign(1.0, x) * scaled_i_of(1, abs(x)) if x == x else x


def i1e(x):
    return each(i1e_of, x)


def i0_of(x):
    value = i0e_of(x)
    return value * math.exp(abs(x)) if not math.isinf(x) else abs(x)


def i0(x):
    return each(i0_of, x)


def i1_of(x):
    value = i1e_of(x)
    return value * math.exp(abs(x)) if not math.isinf(x) else x


def i1(x):
    return each(i1_of, x)


def kve_of(order, x):
    # 10.32.9: a trapezoidal sum of an integrand that falls doubly exponentially has no error that could be seen.
    value = math.nan
    if x == 0.0:
        value = math.inf
    elif x > 0.0:
        step = min(0.0625, 0.6 / math.sqrt(x))
        value = 0.5
        t = 0.0
        part = 1.0
        while part > 1e-18 * value and t < 800.0:
            t += step
            half = math.sinh(0.5 * t)
            part = math.exp(-2.0 * x * half * half) * math.cosh(order * t)
            value += part
        value *= step
    return value


def kve(v, z):
    return each_pair(kve_of, v, z)


def kv_of(order, x):
    value = kve_of(order, x)
    if x > 0.0:
        value *= math.exp(-x)
    return value


def kv(v, z):
    return each_pair(kv_of, v, z)


def k0(x):
    return each_pair(kv_of, x * 0, x)


def k1(x):
    return each_pair(kv_of, x * 0 + 1, x)


def k0e(x):
    return each_pair(kve_of, x * 0, x)


def k1e(x):
    return each_pair(kve_of, x * 0 + 1, x)
