"""Prints arrays: what CPython and NumPy write, compiled and interpreted programs write too."""

import numpy as np
import dace

N, M = dace.symbol("N"), dace.symbol("M")

presets = {"S": {"N": 4, "M": 5}}


@dace.program
def initialize(x: dace.float64[N, M]):
    x[:] = np.linspace(-3.5, 4.25, N * M).reshape(N, M)


@dace.program
def arrays(x: dace.float64[N, M]):
    print("begin")
    print("plain", x)
    print(x[1:3, ::-2], x.T[0], sep="\n", end="|\n")
    print(f"in a text: {x[0]}, {x[:, :1]}")
    print(np.arange(12).reshape(2, 2, 3), np.arange(8).reshape(2, 2, 2, 1) - 4)
    print(np.array([-5, 10, 100]), np.arange(3), np.arange(130, dtype=np.uint8))
    print(x > 0, np.array([True]))
    print(np.zeros((0,)), np.zeros((3, 0)), np.ones((1, 1)))
    print(np.array([1e-5, 1.0]), np.array([1e8, 2.5]), np.array([123456.789, 0.5]))
    print(np.array([1e300, 1e-300, -0.0, 0.0]), np.array([1.5e-7, 1e10]))
    print(np.array([np.nan, np.inf, -np.inf, 1.25]), np.array([np.nan, 1e20]), np.array([np.inf, np.inf]))
    print(np.array([0.1, 0.25, 1 / 3]), np.array([1.0, 2.0]), np.array([2.0 ** -9, 0.5]), np.array([1 - 1e-10]))
    print(np.array([0.1, 1 / 3], dtype=np.float32), np.array([1e6, 0.5], dtype=np.float32), np.arange(3, dtype=np.float32) / 7)
    print(np.array([1 + 2j, -0.5 - 1e3j, 1e-9 + 0j]), np.array([complex(np.nan, np.inf), 2j]))
    print(np.arange(40) * 1000, np.arange(40) * 0.125)
    print(np.arange(1001), np.arange(1000).reshape(10, 100)[0])
    print(np.arange(1200).reshape(300, 4), np.arange(2000.0).reshape(4, 500), np.arange(1500).reshape(15, 10, 10))
    for i in range(2):
        y = x[i] * i
        print(i, y, y.sum())
        y[:] = 0
    square = np.array([[x[0, 0], 1.0], [0.5, x[0, 0]]])
    inner(square)
    square[0] = 7
    print(square)
    print("end")


@dace.program
def inner(a: dace.float64[2, 2]):
    print("inner", a @ a)
    a *= 2
    print(a[:, 0])
