"""`numpy.random.default_rng`: the generator PCG64 with NumPy's seeding, bit for bit.

The state is `uint64[6]`: the upper and lower half of the state, those of the increment, and half of a number that is left
over with a mark that it is there. The compiler annotates the functions for each call; see `lower/library.rs`.
Sources: M. O'Neill, *PCG: A Family of Simple Fast Space-Efficient Statistically Good Algorithms for Random Number
Generation* (2014), and for bounded integers D. Lemire, *Fast Random Integer Generation in an Interval* (2019).
"""

import math
import numpy as np
import dace


def high_product(a, b):
    low = (a & 4294967295) * (b & 4294967295)
    middle = (a >> 32) * (b & 4294967295) + (low >> 32)
    other = (a & 4294967295) * (b >> 32) + (middle & 4294967295)
    return (a >> 32) * (b >> 32) + (middle >> 32) + (other >> 32)


def step(state):
    low = state[1] * np.uint64(4865540595714422341)
    high = high_product(state[1], np.uint64(4865540595714422341))
    high = high + state[0] * np.uint64(4865540595714422341) + state[1] * np.uint64(2549297995355413924)
    total = low + state[3]
    carry = np.uint64(0)
    if total < low:
        carry = np.uint64(1)
    state[0] = high + state[2] + carry
    state[1] = total


def next64(state):
    step(state)
    mixed = state[0] ^ state[1]
    turn = state[0] >> 58
    return (mixed >> turn) | (mixed << ((np.uint64(64) - turn) & np.uint64(63)))


def next32(state):
    value = state[4]
    if state[5] != 0:
        state[5] = 0
    else:
        both = next64(state)
        value = both & np.uint64(4294967295)
        state[4] = both >> np.uint64(32)
        state[5] = 1
    return value


def seeded(seed, state):
    pool = np.zeros(4, dtype=np.uint64)
    assert seed >= 0, "a seed must not be negative"
    pool[0] = seed % 4294967296
    pool[1] = seed // 4294967296
    mask = np.uint64(4294967295)
    factor = np.uint64(0x43B0D7E5)
    for k in range(4):
        value = pool[k] ^ factor
        factor = factor * np.uint64(0x931E8875) & mask
        value = value * factor & mask
        pool[k] = value ^ (value >> np.uint64(16))
    for k in range(4):
        for j in range(4):
            if k != j:
                value = pool[k] ^ factor
                factor = factor * np.uint64(0x931E8875) & mask
                value = value * factor & mask
                value = value ^ (value >> np.uint64(16))
                value = (np.uint64(0xCA01F9DD) * pool[j] - np.uint64(0x4973F715) * value) & mask
                pool[j] = value ^ (value >> np.uint64(16))
    words = np.zeros(4, dtype=np.uint64)
    factor = np.uint64(0x8B51F9DD)
    for k in range(8):
        value = pool[k % 4] ^ factor
        factor = factor * np.uint64(0x58F38DED) & mask
        value = value * factor & mask
        value = value ^ (value >> np.uint64(16))
        words[k // 2] = words[k // 2] | (value << np.uint64(32 * (k % 2)))
    state[2] = (words[2] << np.uint64(1)) | (words[3] >> np.uint64(63))
    state[3] = (words[3] << np.uint64(1)) | np.uint64(1)
    state[0] = state[2]
    state[1] = state[3]
    total = state[1] + words[1]
    carry = np.uint64(0)
    if total < words[1]:
        carry = np.uint64(1)
    state[0] = state[0] + words[0] + carry
    state[1] = total
    step(state)
    state[4] = 0
    state[5] = 0


def uniform_doubles(state, low, high, out):
    for k in range(out.shape[0]):
        unit = float(next64(state) >> np.uint64(11)) * (1.0 / 9007199254740992.0)
        out[k] = low + (high - low) * unit


def uniform_singles(state, out):
    for k in range(out.shape[0]):
        out[k] = np.float32(next32(state) >> np.uint64(8)) * np.float32(1.0 / 16777216.0)


def lemire(state, span):
    count = span + np.uint64(1)
    mask = np.uint64(4294967295)
    offset = np.uint64(0)
    if span == 0:
        offset = np.uint64(0)
    elif span == mask:
        offset = next32(state)
    elif span < mask:
        product = next32(state) * count
        if (product & mask) < count:
            least = (mask - span) % count
            while (product & mask) < least:
                product = next32(state) * count
        offset = product >> np.uint64(32)
    elif count == 0:
        offset = next64(state)
    else:
        value = next64(state)
        if value * count < count:
            least = (np.uint64(0) - count) % count
            while value * count < least:
                value = next64(state)
        offset = high_product(value, count)
    return offset


def bounded(state, low, last, out):
    assert last >= low, "low >= high"
    for k in range(out.shape[0]):
        offset = lemire(state, np.uint64(last) - np.uint64(low))
        out[k] = np.int64(np.uint64(low) + offset)


def unit(state):
    value = float(next64(state) >> np.uint64(11)) * (1.0 / 9007199254740992.0)
    return value


def normal_one(state, normal):
    widths, heights, limits = normal
    found = False
    x = 0.0
    while not found:
        bits = next64(state)
        strip = int(bits & np.uint64(255))
        place = (bits >> np.uint64(9)) & np.uint64(4503599627370495)
        x = float(place) * widths[strip]
        if (bits >> np.uint64(8)) & np.uint64(1) != 0:
            x = -x
        if place < limits[strip]:
            found = True
        elif strip == 0:
            while not found:
                beyond = -1.0 / TAIL * math.log1p(-unit(state))
                height = -math.log1p(-unit(state))
                if height + height > beyond * beyond:
                    found = True
                    x = TAIL + beyond
                    if (place >> np.uint64(8)) & np.uint64(1) != 0:
                        x = -x
        else:
            least = heights[strip]
            share = unit(state)
            found = (heights[strip - 1] - least) * share + least < math.exp(-0.5 * x * x)
    return x


def normals(center, scale, widths, heights, limits, state, out):
    for k in range(out.shape[0]):
        out[k] = center + scale * normal_one(state, (widths, heights, limits))


def below(state, last):
    mask = last
    for k in range(6):
        mask = mask | (mask >> np.uint64(2**k))
    value = np.uint64(0)
    if last > np.uint64(4294967295):
        value = next64(state) & mask
        while value > last:
            value = next64(state) & mask
    elif last != 0:
        value = next32(state) & mask
        while value > last:
            value = next32(state) & mask
    return value


def shuffled(state, rows):
    for k in range(rows.shape[0] - 1):
        at = rows.shape[0] - 1 - k
        other = int(below(state, np.uint64(at)))
        held = rows[at]
        rows[at] = rows[other]
        rows[other] = held


def shuffled_rows(state, rows):
    for k in range(rows.shape[0] - 1):
        at = rows.shape[0] - 1 - k
        other = int(below(state, np.uint64(at)))
        if other != at:
            held = rows[at].copy()
            rows[at] = rows[other]
            rows[other] = held
