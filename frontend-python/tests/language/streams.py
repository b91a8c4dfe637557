"""Streams: pushed to, popped from, consumed. Where the order is open, results do not depend on it."""

import numpy as np
import dace

N, M = (dace.symbol(s) for s in ("N", "M"))


@dace.program
def pushed_and_popped(x: dace.float64[N], y: dace.float64[N]):
    S = dace.define_stream(dace.float64)
    for i in range(N):
        S.push(2 * x[i])
    for i in range(N):
        y[i] = S.pop() + i
    S.push(3)
    return S.pop()


@dace.program
def filtered(x: dace.float64[N], y: dace.float64[N]):
    S = dace.define_stream(dace.float64, N)
    count = 0
    for i in dace.map[0:N]:
        if x[i] > 0.4:
            S.push(x[i])
            count += 1
    total = 0.0
    for e, p in dace.consume(S, 4):
        total += e * e
    y[0] = total
    return count


@dace.program
def consumed_while_it_grows(ix: dace.int64[N], x: dace.float64[N]):
    S = dace.define_stream(dace.int64)
    S.push(ix[0] + 4)
    leaves = 0
    for n, p in dace.consume(S, 2):
        if n < 2:
            leaves += n
        else:
            S.push(n - 1)
            S.push(n - 2)
    return leaves


@dace.program
def queues_of_an_array(x: dace.float64[N], k: dace.int64, A: dace.float64[N, M]):
    S = dace.define_streamarray([N], dace.float64, 4)
    for i in dace.map[0:N]:
        S[i].push(x[i])
        S[i].push(x[i] + 1)
    for i in range(N):
        A[i, 0] = S[i].pop()
        A[i, 1] = S[i].pop()
    S[k].push(7)
    return S[k].pop()


@dace.program
def several_streams(x: dace.float64[N]):
    small = dace.define_stream(dace.float64)
    large = dace.define_stream(dace.float64)
    for i in dace.map[0:N]:
        if x[i] < 0.5:
            small.push(x[i])
        else:
            large.push(-x[i])
    a, b = 0.0, 1.0
    for e, p in dace.consume(small, 4):
        a += e
    for e, p in dace.consume(large, 1):
        b *= e
    return a, b


@dace.program
def places_from_a_stream(ix: dace.int64[N], y: dace.float64[N]):
    S = dace.define_stream(dace.int64)
    for i in dace.map[0:N]:
        S.push(i)
    for e, p in dace.consume(S, 4):
        y[e] = 2 * ix[e]


@dace.program
def converted(z: dace.int32[N], x: dace.float64[N]):
    S = dace.define_stream(dace.float64)
    for i in range(3):
        S.push(z[i])
    x[0] = S.pop() / S.pop()
    x[1] = S.pop()


@dace.program
def stream_in_loops(A: dace.float64[N, M], y: dace.float64[N]):
    for i in range(N):
        S = dace.define_stream(dace.float64)
        for j in range(M):
            if A[i, j] > 0.3:
                S.push(A[i, j])
        s = 1.0
        for e, p in dace.consume(S, 2):
            s *= e + 1
        y[i] = s
