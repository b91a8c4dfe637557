"""Programs on which optimizers of dataflow graphs are known to go wrong: each has a rewrite that looks legal and is not.

Every program is one of a kind that has been reported against a compiler of annotated Python: dependences that are seen
between some accesses only, orders that disappear together with a copy, constants that hold on one path, temporaries that
are used in another state, slices that do not start at 0.
"""

import dace
import numpy as np

N = dace.symbol("N", dtype=dace.int64)
M = dace.symbol("M", dtype=dace.int64)

presets = {"S": {"N": 24, "M": 3, "beta": 0.0}}


@dace.program
def initialize(
    a: dace.float64[N],
    b: dace.float64[N],
    c: dace.float64[N],
    d: dace.float64[N],
    A: dace.float64[N, N],
    B: dace.float64[N, N],
    C: dace.float64[N, N],
    D: dace.float64[N, N],
):
    for i in dace.map[0:N]:
        a[i] = (7 * i + 3) % 11 - 4.5
        b[i] = (5 * i + 1) % 13 - 5.5
        c[i] = (3 * i + 2) % 7 + 0.25
        d[i] = (i * i + 1) % 17 - 7.75
    for i, j in dace.map[0:N, 0:N]:
        A[i, j] = (3 * i + 5 * j) % 19 - 8.5
        B[i, j] = (7 * i + 2 * j) % 23 - 10.5
        C[i, j] = (i + 11 * j) % 29 - 13.5
        D[i, j] = np.sqrt(C[i, j])


# Two writes of a loop meet in one element: the later iteration's first write comes after the earlier one's second.
@dace.program
def writes_of_neighbours(a: dace.float64[N], b: dace.float64[N], c: dace.float64[N], d: dace.float64[N]):
    for i in range(N - 1):
        a[i + 1] = b[i] + d[i]
        a[i] = b[i] + c[i]


@dace.program
def overlapping_windows(a: dace.float64[N]):
    for i in range(N - 1):
        a[i : i + 2] = i


# A product whose result goes through an array of one dimension more.
@dace.program
def product_through_a_stack(A: dace.float64[N, N], B: dace.float64[N, N], C: dace.float64[N, N]):
    stack = np.zeros((2, N, N))
    stack[0] = A @ B
    stack[1] = B @ A
    for k in range(2):
        C[:] = C + stack[k] @ A


@dace.program
def product_of_a_broadcast_stack(A: dace.float64[N, N], B: dace.float64[N, N], C: dace.float64[N, N]):
    stack = np.empty((3, N, N))
    for k in dace.map[0:3]:
        stack[k] = A * (k + 1)
    result = stack @ B
    C[:] = result[0] + result[2]


# The second inner map reads what other iterations of the first one wrote.
@dace.program
def maps_in_a_loop(A: dace.float64[N, N], B: dace.float64[N, N]):
    for i in range(N):
        row = np.empty((N,))
        for j in dace.map[0:N]:
            row[j] = A[i, j] * 2.0
        for j in dace.map[0:N]:
            B[i, j] = row[N - 1 - j] + row[j]


# The copy holds the values of before the map.
@dace.program
def maps_and_copies(A: dace.float64[N, N], B: dace.float64[N, N], C: dace.float64[N, N]):
    before = A.copy()
    for i, j in dace.map[0:N, 0:N]:
        A[i, j] = B[i, j] + 1.0
    after = A.copy()
    for i, j in dace.map[0:N, 0:N]:
        A[i, j] = before[j, i] - after[i, j]
    C[:] = before + after


@dace.program
def halo(x: dace.float64[5], y: dace.float64[2]):
    y[0] = x[0] + x[2] - x[4]
    y[1] = x[1] * x[3]


# A called program sees its slice from 0.
@dace.program
def call_with_an_offset(a: dace.float64[N], A: dace.float64[N, N]):
    for i in dace.map[2 : N - 2]:
        halo(a[i - 2 : i + 3], A[i, 1:3])


@dace.program
def matmul(X: dace.float64[4, 5], Y: dace.float64[5, 6], Z: dace.float64[4, 6]):
    Z[:] = X @ Y


@dace.program
def call_of_a_product_with_slices(A: dace.float64[N, N], B: dace.float64[N, N], C: dace.float64[N, N]):
    matmul(A[1:5, 2:7], B[3:8, 4:10], C[6:10, 1:7])


# A write after a read, and writes after writes, of parts.
@dace.program
def reads_before_writes(a: dace.float64[N], b: dace.float64[N], c: dace.float64[N], d: dace.float64[N]):
    b[:] = a
    a[:] = c
    c[1:] = a[:-1] + b[1:]
    d[:] = b + a


@dace.program
def writes_after_writes(a: dace.float64[N], b: dace.float64[N], c: dace.float64[N], d: dace.float64[N]):
    a[:] = b
    a[1:] = c[1:]
    a[:-2] = d[2:]
    a[5] = a[6] + 1.0


# What is assigned in one branch is no constant behind it.
@dace.program
def constants_of_branches(a: dace.float64[N], A: dace.float64[N, N]):
    n = 1
    if A[0, 0] > 0.0:
        n = 2
    elif A[0, 1] < 0.0:
        n = 3
    for i in range(n):
        a[i] += n


@dace.program
def flag_of_a_loop(a: dace.float64[N], b: dace.float64[N]):
    first = True
    for i in range(N):
        if first:
            a[i] = 100.0
        else:
            a[i] = b[i - 1]
        first = False


@dace.program
def interdependent_constants(a: dace.float64[N], b: dace.float64[N]):
    k = 2
    j = k + 1
    k = 5
    for i in range(3):
        a[j] = b[k] + i
        j, k = k, j + 1
    a[0] = j * 10 + k


@dace.program
def stale_symbols(a: dace.float64[N], b: dace.float64[N]):
    j = 0
    k = j + 1
    for i in range(6):
        a[k] = b[j] + k
        j = k
        k = j + 2


# A sum over conflicting writes is complete before somebody reads it.
@dace.program
def scatter_and_gather(a: dace.float64[N], b: dace.float64[N]):
    sums = np.zeros((5,))
    for i in range(N):
        sums[i * i % 5] += b[i] * b[i]
    for i in range(N):
        a[i] = b[i] / (1.0 + sums[i * i % 5])


# The intermediate is needed as a whole, later.
@dace.program
def an_intermediate_that_lives_on(A: dace.float64[N, N], B: dace.float64[N, N], C: dace.float64[N, N]):
    t = A + 1.0
    B[:] = t * 2.0
    for k in range(2):
        C[1:, :] = C[1:, :] + t[:-1, :]


# Copies between parts with other strides.
@dace.program
def parts_of_parts(A: dace.float64[N, N], B: dace.float64[N, N], C: dace.float64[N, N]):
    block = A[1:9, 2:10].copy()
    C[3:11, 4:12] = block.T
    column = B[:, 3].copy()
    C[5, :] = column
    B[:, 3] = column + C[:, 5]
    C[::2, 1] = column[::-2]


# A scalar belongs to an iteration.
@dace.program
def scalars_of_iterations(a: dace.float64[N], b: dace.float64[N]):
    last = 0.0
    for i in range(N):
        x = a[i] * 2.0
        y = x * x
        b[i] = y - x
        last = y
    b[0] = last


# Symbols may be anything: here the loop never runs.
@dace.program
def a_loop_that_may_be_empty(a: dace.float64[N], b: dace.float64[N]):
    last = 7
    for i in range(M - 5):
        a[i] = b[i]
        last = i
    a[1] = last


@dace.program
def values_that_are_no_numbers(a: dace.float64[N], b: dace.float64[N], c: dace.float64[N]):
    x = np.where(b > 0.0, np.log(b), b / 0.0)
    a[:] = np.where(np.isnan(np.sqrt(b)), -1.0, np.sqrt(np.abs(b)))
    c[:] = np.where(np.isinf(x), 1.0, x)


# Matrix-product routines do not read the old value where its factor is 0; 0 times what is no number is none.
@dace.program
def product_onto_no_numbers(beta: dace.float64, A: dace.float64[N, N], B: dace.float64[N, N], D: dace.float64[N, N]):
    D[:] = 1.5 * A @ B + beta * D


@dace.program
def multiples_of_zero(a: dace.float64[N], b: dace.float64[N]):
    a[:] = np.sqrt(b) * 0.0
    for i in range(N):
        b[i] = 0.0 * (a[i] + b[i] / 0.0)


@dace.program
def division_rounds_down(a: dace.float64[N], b: dace.float64[N]):
    for i in range(N):
        a[i] = (i - 11) // 4 * 100 + (i - 11) % 4
        b[i] = (11 - i) // -4 * 100 + (11 - i) % -4


@dace.program
def unsigned_bounds(a: dace.float64[N], b: dace.float64[N]):
    n = np.uint64(5)
    for i in range(n - 1):
        a[i] = b[i + 1]
    a[10] = n - 1


# The order of a recurrence, of its reverse, and of two that are not one.
@dace.program
def recurrences(a: dace.float64[N], b: dace.float64[N], A: dace.float64[N, N]):
    for i in range(1, N):
        a[i] = a[i - 1] * 0.5 + b[i]
    for i in range(N - 2, -1, -1):
        b[i] = b[i + 1] * 0.25 + a[i]
    for i in range(1, N):
        for j in range(N - 1):
            A[i, j] = A[i - 1, j + 1] + A[i, j]


# A parallel loop takes all it reads from the one before, whose parameters have the same names in another order.
@dace.program
def names_that_change_places(A: dace.float64[N, N], B: dace.float64[N, N]):
    B[None] = np.where(A[None] > 0.25, 2.0, A[None])
    A[:] = np.tril(B)
    for i, j in dace.map[0:N, 0:N]:
        B[i, j] = A[i, j] * 0.5
    for i, j in dace.map[0:N, 0:N]:
        A[j, i] = B[j, i] + 10 * i + j


# A loop that runs once, with arrays whose sizes depend on its variable.
@dace.program
def sizes_of_the_only_iteration(a: dace.float64[N], b: dace.float64[N]):
    for i in range(2, 0, -2):
        t = np.sort(a[i:])
        b[i:] = t + np.cumsum(t)


# Sums of products that begin anew with each element, are kept in a scalar, or are used in the loop that computes them.
@dace.program
def products_in_loops(A: dace.float64[N, N], B: dace.float64[N, N], C: dace.float64[N, N], a: dace.float64[N]):
    for i in range(N):
        for j in range(N):
            s = 0.0
            for k in range(N):
                s += A[i, k] * B[k, j]
            C[i, j] = s
    for i in range(N):
        C[i, :] *= 0.5
        for k in range(N):
            for j in range(N):
                C[i, j] += A[k, i] * B[k, j]
    for i in range(N):
        s = a[i]
        for k in range(N):
            s += C[i, k] * B[k, 0]
        a[i] = 2 * s - A[i, i]


# The same where the sums are not products of what was there before.
@dace.program
def sums_that_feed_themselves(A: dace.float64[N, N], B: dace.float64[N, N], C: dace.float64[N, N], a: dace.float64[N]):
    for i in range(N):
        for j in range(N):
            s = 0.0
            for k in range(N):
                s += A[i, k] * B[k, j]
            A[i, j] = s
    for i in range(N):
        for j in range(N):
            C[0, j] = 0.0
            for k in range(N):
                C[0, j] += A[i, k] * B[k, j]
    s = 0.0
    for i in range(N):
        s = 0.5 * s
        for k in range(N):
            s += C[i, k] * a[k]
        a[i] = s
    for i in range(N):
        for j in range(N):
            C[i, j] = 0.0
            for k in range(i):
                C[i, j] += A[i, k] * B[k, j]


# A part of a product is not the product, and its diagonal is no matrix.
@dace.program
def parts_of_a_product(
    A: dace.float64[N, N],
    B: dace.float64[N, N],
    C: dace.float64[N, N],
    a: dace.float64[N],
    b: dace.float64[N],
    c: dace.float64[N],
):
    a[:] = np.diag(A @ B)
    b[0] = np.trace(A @ B)
    c[:] = (A @ B)[3]
    C[:5, :5] += (A @ B)[:5, :5]
    C[5:8, :] = 2.0 * (A @ B)[:3]
    t = A @ B
    for i in range(N):
        C[i, i] = t[i, i]


# The factor 0 of a product is not a factor that is missing.
@dace.program
def product_times_zero(A: dace.float64[N, N], B: dace.float64[N, N], C: dace.float64[N, N]):
    C[:] = (0.0 * A) @ (2.0 * B)


# Loops over bands and triangles of matrices, of which not all rows are alike.
@dace.program
def products_of_bands(A: dace.float64[N, N], B: dace.float64[N, N], C: dace.float64[N, N], a: dace.float64[N]):
    for i in range(N - 10):
        s = 0.0
        for k in range(i, i + 10):
            s += A[i, k] * B[k, 0]
        a[i] = 2.0 * s + a[i]
    for i in range(N - 10):
        for j in range(N):
            C[i, j] = 0.0
            for k in range(i, i + 10):
                C[i, j] += A[i, k] * B[k, j]
    for i in range(N - 10):
        for k in range(i, i + 10):
            C[i, : i + 1] += A[i, k] * A[: i + 1, k]


# The rows that are multiplied by a triangle are not all rows.
@dace.program
def multiple_of_more_rows(A: dace.float64[N, N], B: dace.float64[N, N]):
    for i in range(N - 1):
        for j in range(N):
            B[i, j] += A[i + 1 : N - 1, i] @ B[i + 1 : N - 1, j]
    B *= 2.0


# Temporaries whose sizes are made of the variable of a loop that becomes another one.
@dace.program
def sizes_along_diagonals(a: dace.float64[N], A: dace.float64[N, N]):
    for i in range(1, N):
        for j in range(1, N):
            t = a[: j + 1] * 0.5
            A[i, j] = 0.5 * A[i, j - 1] + 0.25 * A[i - 1, j] + np.max(t) - np.min(t)


@dace.program
def sizes_behind_a_sum(A: dace.float64[N, N], a: dace.float64[N], b: dace.float64[N], c: dace.float64[N]):
    for i in range(N):
        s = 0.0
        for k in range(N):
            s += A[i, k] * a[k]
        b[i] = np.sort(c[: i + 1] * s)[i]


@dace.program
def sizes_in_one_of_two_loops(a: dace.float64[N], b: dace.float64[N], c: dace.float64[N]):
    for i in range(1, N):
        if a[i] > 0.5:
            b[i] = a[i] + 1
        t = a[:i] * 2.0
        c[i] = c[i - 1] + np.max(t) - np.min(t)


# A buffer keeps what earlier iterations have put into it: it is not of one iteration alone.
@dace.program
def rows_that_grow(a: dace.float64[N], C: dace.float64[N, N]):
    V = np.empty((N, N))
    for s in range(N):
        V[:, s] = a * s + 1
        C[:, : s + 1] += V[:, : s + 1]


# What the first loop reads is overwritten in the last one. Only the loop between them keeps them in order, and of what it
# does one part follows from the first, and another one is before the last.
@dace.program
def order_through_a_loop(
    a: dace.float64[N],
    b: dace.float64[N],
    c: dace.float64[N],
    d: dace.float64[N],
    A: dace.float64[N, N],
    B: dace.float64[N, N],
):
    for i in dace.map[1:N]:
        b[i] = a[i - 1] + A[0, i]
    for i in dace.map[0:1]:
        c[i] = b[i + 1] * 2
        d[i] = B[0, i] * 3
    for i in dace.map[1:N]:
        a[i] = d[0] + A[0, i]


# Of what is summed up, nothing is read from memory.
@dace.program
def sums_of_numbers(a: dace.float64[N], b: dace.float64[N]):
    a[:] = np.eye(N).sum(axis=0)
    b[:] = np.ones((20, N)).sum(axis=0)


# A bound that is read twice is another one the second time.
@dace.program
def bounds_that_are_written_between_reads(a: dace.float64[N], b: dace.float64[N], c: dace.float64[N]):
    ends = np.empty(N, np.int64)
    for i in range(N):
        ends[i] = i
    for i in range(1, N - 1):
        c[i] = np.sum(a[: ends[i]])
        ends[i] += 1
        c[i] += np.sum(b[: ends[i]])


# The loop runs along rows, which is where the map does not; but rows meet their neighbours.
@dace.program
def rows_that_lean_on_each_other(A: dace.float64[N, N], B: dace.float64[N, N], C: dace.float64[N, N]):
    for k in range(1, N):
        A[1:, k] = 0.5 * A[1:, k - 1] + B[1:, k]
        C[1:, k] = 0.25 * C[:-1, k - 1] + B[1:, k]
    for k in range(N - 2, -1, -1):
        A[:, k] -= 0.125 * A[:, k + 1] * C[:, k]


# Here none meets another one, whichever way the loop goes.
@dace.program
def rows_of_their_own(A: dace.float64[N, N], B: dace.float64[N, N]):
    for k in range(1, N):
        A[:, k] = 0.5 * A[:, k - 1] + B[:, k]
    for k in range(N - 2, -1, -1):
        B[:, k] -= 0.125 * B[:, k + 1] * A[:, k]


# A matrix that is multiplied from both sides is read once, unless one product needs all of the other's result.
@dace.program
def products_from_both_sides(
    A: dace.float64[N, N], a: dace.float64[N], b: dace.float64[N], c: dace.float64[N], d: dace.float64[N]
):
    c[:] = A @ a
    d[:] = b @ A


@dace.program
def products_that_wait(A: dace.float64[N, N], a: dace.float64[N], b: dace.float64[N], c: dace.float64[N]):
    b[:] = (A @ a) / np.max(a)
    c[:] = b @ A
    a[:] = A @ a
    a[:] = a @ A


@dace.program
def products_of_parts(A: dace.float64[N, N], B: dace.float64[N, N], a: dace.float64[N], b: dace.float64[N]):
    left = A[1:, 2:] @ a[2:]
    below = b[1:] @ A[1:, 2:]
    B[0, 1:] = left
    B[1, 2:] = below
    B[2, 2:] = (A[3, 2:] @ A[2:, 2:].T) @ A[2:, 2:]


# Rows that share a loop over the columns also share a sum; 23 of them, so that some remain.
@dace.program
def sums_of_sums(A: dace.float64[N, N], a: dace.float64[N], b: dace.float64[N], c: dace.float64[N]):
    b[1:] = A[1:] @ a
    c[0] = a[1:] @ b[1:]
    c[1] = np.max(A[1:] @ c)
    c[2] = np.sum((A[:, 1:] @ a[1:]) ** 2)


# Rows that are multiplied by one matrix are multiplied before the loop, unless the loop changes what they read.
@dace.program
def rows_times_a_matrix(A: dace.float64[N, N], B: dace.float64[N, N], C: dace.float64[N, N]):
    for i in range(N):
        C[i, :] = A[i, :] @ B
    for i in range(N):
        row = np.tanh(C[:, i] @ B)
        C[i, :] = row
    for i in range(N - 1):
        B[i + 1, :] = A[i, :] @ B
    for i in range(N):
        if i == 5:
            break
        C[i, :] = B @ A[:, i]


# Half of a symmetric product, above and below the diagonal, with and without it; and halves of one that is not symmetric.
@dace.program
def halves_of_products(A: dace.float64[N, N], B: dace.float64[N, N], C: dace.float64[N, N], D: dace.float64[N, N]):
    for i in range(N):
        C[i, i:] = A[:, i] @ A[:, i:]
        C[i:, i] = C[i, i:] / 2.0
    for i in range(N - 1):
        D[i, i + 1 :] = A[i, 1:] @ A[i + 1 :, 1:].T
    for i in range(1, N):
        D[i, :i] = A[:i, :] @ A[i, :] + D[i - 1, :i]
    for i in range(N):
        B[i, : i + 1] = A[:, i] @ C[:, : i + 1]
    for i in range(2, N):
        B[i, : i - 1] += A[: i - 1, :] @ A[i, :]


# The products of an iteration may be larger than what a loop writes.
@dace.program
def rows_that_are_not_kept(A: dace.float64[N, N], a: dace.float64[N], C: dace.float64[N, N]):
    for i in range(N):
        a[i] = np.max(A[i, :] @ C)
    for i in range(3):
        C[i, :3] = A[i, :] @ C[:, :3]
