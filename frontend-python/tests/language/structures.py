"""Structures and classes: parameters that are objects, objects made in a program, and methods."""

import dataclasses

import numpy as np
import dace

N, M = (dace.symbol(s) for s in ("N", "M"))

Point = dace.struct("Point", x=dace.float64, y=dace.float64, count=dace.int64)
Field = dace.data.Structure({"values": dace.float64[N], "weights": dace.data.Array(dace.float64, [N])}, name="Field")
Grid = dace.data.Structure({"cells": dace.float64[N, M], "field": Field, "width": dace.data.Scalar(dace.float64)}, name="Grid")
Matrix = dace.data.Structure({"indptr": dace.int64[N + 1], "indices": dace.int32[M], "data": dace.float64[M]}, name="Matrix")


class Heat:
    """Members are declared; constants are the same for all."""

    alpha: dace.float64
    grid: dace.float64[N]
    steps: dace.int64
    order = 2
    factors = (0.5, 1.5)

    @dace.program
    def step(self, x: dace.float64[N]):
        x[1:-1] += self.alpha * (x[2:] - 2 * x[1:-1] + x[:-2]) + self.grid[1:-1] * self.order
        self.grid[0] = x[0]

    @dace.method
    def run(self, x: dace.float64[N]):
        for _ in range(self.steps):
            self.step(x)
        self.add(self.grid, self.factors[1])
        return self.total(x) + self.scaled

    def add(self, v, by=1.0):
        for i in range(v.shape[0]):
            v[i] += by

    def total(self, x):
        return np.sum(x) * self.alpha

    @property
    def scaled(self):
        return self.alpha * self.factors[0]

    @staticmethod
    def half(v):
        return v / 2


class Cooled(Heat):
    loss: dace.float64

    @dace.program
    def cool(self, x: dace.float64[N]):
        self.step(x)
        x -= self.loss * self.half(x)

    def total(self, x):
        return np.max(x)


class Polynomial:
    def __init__(self, a, b=2.0):
        """Only gives members their values."""
        self.a = a
        self.b = b
        self.sum = a + b

    def at(self, x):
        return self.a * x + self.b


class Layer:
    def __init__(self, n, scale):
        self.weights = np.full(n, scale)
        self.inner = Polynomial(scale, 1)

    def apply(self, x):
        y = self.inner.at(x)
        y *= self.weights
        return y


@dataclasses.dataclass
class Pair:
    first: dace.float64
    second: dace.float64 = 4.0


LINE = Polynomial(3.0)
Tally = dace.data.Structure({"sum": dace.float64, "hits": dace.int64, "parts": dace.float64[N]}, name="Tally")


class Counter:
    def __init__(self, start):
        self.seen = start
        self.weight = 0.5

    def add(self, v):
        self.seen += 1
        self.weight = self.weight + v
        return self.seen


@dace.program
def scalars_of_a_structure(p: Point, x: dace.float64[N]):
    x[p.count] = p.x * p.y
    x[: p.count] += p.x
    return p.x + p.count


@dace.program
def arrays_of_a_structure(f: Field):
    f.values[:] = f.values * f.weights
    f.weights += 1
    f.values[0] = len(f.weights)


@dace.program
def nested_structures(g: Grid, f: Field):
    g.cells[:, 0] += g.width * g.field.values + f.values
    for i in dace.map[0:N]:
        g.field.weights[i] = np.sum(g.cells[i, :])
    return g.field.values @ f.weights


@dace.program
def sparse_product(A: Matrix, x: dace.float64[N], y: dace.float64[N]):
    for i in range(N):
        for j in range(A.indptr[i], A.indptr[i + 1]):
            y[i] += A.data[j] * x[A.indices[j]]


@dace.program
def _update(f: Field, by: dace.float64):
    f.values += by
    f.weights[:] = f.values * 2


def plain_update(f, by):
    f.values *= by
    return f.weights[1]


@dace.program
def structures_are_passed_on(g: Grid, f: Field):
    _update(g.field, 1.5)
    _update(f, g.width)
    return plain_update(f, 2) + plain_update(g.field, 3)


@dace.program
def objects_as_parameters(h: Heat, x: dace.float64[N]):
    h.step(x)
    h.add(x)
    return h.total(x) + h.scaled + h.order


@dace.program
def objects_of_the_module(x: dace.float64[N]):
    x[:] = LINE.at(x) + LINE.sum
    return LINE.b


@dace.program
def objects_made_in_a_program(x: dace.float64[N], s: dace.float64):
    line = Polynomial(s, b=x[1])
    x[1] = 7
    layer = Layer(N, s + 1)
    other = Pair(s)
    y = layer.apply(x)
    layer.weights[2] = 0
    return line.at(x), y, layer.apply(x), other.first + other.second, layer.inner.sum


@dace.program
def methods_as_values(h: Heat, x: dace.float64[N]):
    f = h.total
    g = Heat.half
    return f(x) + g(x[0])


@dace.program
def objects_in_branches(h: Heat, x: dace.float64[N], k: dace.int64):
    for i in range(k):
        if x[i] > 0.4:
            h.grid[i] = Pair(x[i], i).second
        else:
            h.add(h.grid, Pair(2.0).second)
    while h.grid[0] < 10:
        h.grid[:] *= 2


def exchange(a, b, c):
    a[0] = b[1]
    b[2] += a[0]
    c[:] = a + b


@dace.program
def one_array_passed_twice(x: dace.float64[N], y: dace.float64[N]):
    exchange(x, x, y)
    exchange(y, x, y)


@dace.program
def members_are_assigned(p: Tally, x: dace.float64[N]):
    p.sum = 2
    p.hits += 3
    for i in range(N):
        if x[i] > 0.4:
            p.sum += x[i]
            p.hits, p.parts[i] = p.hits + 1, p.sum
    return p.sum * p.hits


def tallied(p, v):
    p.sum *= v
    p.hits -= 1
    return p.hits


@dace.program
def _counted(p: Tally, by: dace.float64):
    p.sum += by
    p.hits = p.hits * 2


@dace.program
def assigned_members_are_passed_on(p: Tally, k: dace.int64):
    before = p.sum
    _counted(p, 1.5)
    n = tallied(p, 2.0)
    alias = p
    alias.sum -= before
    return n + k, p.hits, before


@dace.program
def members_are_accumulated(p: Tally, x: dace.float64[N]):
    for i in dace.map[0:N]:
        p.sum += x[i]
    return p.sum


@dace.program
def members_of_new_objects(x: dace.float64[N]):
    c = Counter(3)
    other = Counter(0)
    for i in range(N):
        if x[i] > 0.3:
            c.add(x[i])
    d = c
    d.weight *= 2
    return c.seen, c.weight, other.seen + other.add(1.0)
