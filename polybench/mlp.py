"""A perceptron of three layers that sorts B inputs into classes.

    h1 = max(x W1 + b1, 0),    h2 = max(h1 W2 + b2, 0),    s = h2 W3 + b3,

    result = exp(s) / (sum of exp(s) over classes).
"""

import numpy as np
import dace

B, C, S0, S1, S2 = (dace.symbol(s, dtype=dace.int64) for s in ("B", "C", "S0", "S1", "S2"))

presets = {
    "S": {"B": 64, "C": 10, "S0": 784, "S1": 1000, "S2": 500},
    "M": {"B": 512, "C": 100, "S0": 2000, "S1": 4000, "S2": 1000},
    "L": {"B": 1024, "C": 100, "S0": 4000, "S1": 8000, "S2": 4000},
    "paper": {"B": 8, "C": 3, "S0": 30000, "S1": 2000, "S2": 2000},
}


@dace.program
def initialize(
    x: dace.float32[B, S0],
    w1: dace.float32[S0, S1],
    b1: dace.float32[S1],
    w2: dace.float32[S1, S2],
    b2: dace.float32[S2],
    w3: dace.float32[S2, C],
    b3: dace.float32[C],
):
    for i, j in dace.map[0:B, 0:S0]:
        x[i, j] = (i * 7 + j * 3) % 17 / 17
    for i, j in dace.map[0:S0, 0:S1]:
        w1[i, j] = ((i * 5 + j * 11) % 23 - 11) / (4 * S0)
    for i, j in dace.map[0:S1, 0:S2]:
        w2[i, j] = ((i * 3 + j * 13) % 19 - 8) / (4 * S1)
    for i, j in dace.map[0:S2, 0:C]:
        w3[i, j] = ((i * 7 + j * 2) % 29 - 14) / S2
    for j in dace.map[0:S1]:
        b1[j] = j % 5 / 50
    for j in dace.map[0:S2]:
        b2[j] = j % 7 / 70
    for j in dace.map[0:C]:
        b3[j] = j % 3 / 30


@dace.program
def relu(x: dace.float32[B, S0]):
    return np.maximum(x, 0)


@dace.program
def softmax(x: dace.float32[B, C]):
    exponential = np.exp(x - np.max(x, axis=-1, keepdims=True))
    return exponential / np.sum(exponential, axis=-1, keepdims=True)


@dace.program
def mlp(
    x: dace.float32[B, S0],
    w1: dace.float32[S0, S1],
    b1: dace.float32[S1],
    w2: dace.float32[S1, S2],
    b2: dace.float32[S2],
    w3: dace.float32[S2, C],
    b3: dace.float32[C],
):
    first = relu(x @ w1 + b1)
    second = relu(first @ w2 + b2)
    return softmax(second @ w3 + b3)
