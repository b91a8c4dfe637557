"""Statements and expressions of Python: what is chosen, counted and deleted while a program runs."""

from corpus import body, case

VECTOR, MATRIX = "float64[N]", "float64[N,M]"

# --- sums over generators
for function in ["sum", "min", "max", "any", "all"]:
    for x in ["float64[N]", "int32[N]", "float32[P]", "bool[N]", "float64[1]"]:
        case(f"{function}(v * v for v in x)", x=x)
        case(f"{function}([x[i] for i in range(len(x))])", x=x)
    case(f"{function}(v > 0 for v in x)", x=VECTOR)
    case(f"{function}(v for v in x)", x="float64[E]")
    case(f"{function}(v * w for v, w in zip(x, y) if v < w)", x="float64[P]", y="float64[P]")
    case(f"{function}(x[i, j] for i in range(N) for j in range(i, M))", x=MATRIX)
    case(f"{function}(k * x[k] for k in range(N - 1, -1, -1))", x=VECTOR)
    case(f"{function}(np.sum(row) for row in x)", x=MATRIX)
    body(f"v = 5.0\ns = {function}(v for v in x)\nreturn v, s", x=VECTOR)
    body(f"s = 0\nfor i in range(N):\n    s += {function}(x[i, j] for j in range(i + 1))\nreturn s", x="float64[N,N]")
    body(f"for i in dace.map[0:N]:\n    y[i] = {function}(x[i, j] * x[i, j] for j in range(M))", x=MATRIX, y=VECTOR)
case("sum((v for v in x), 10)", x="int64[N]")
case("sum((v for v in x), 0.5)", x=VECTOR)
body("i = 0\nwhile any(x[j] < 0 for j in range(i, N)):\n    i += 1\nreturn i", x=VECTOR)
body("if all(v < 100 for v in x) and any(v < 0 for v in x):\n    return 1\nreturn 2", x=VECTOR)
body("return sum(v for v in x if v > 0) / sum(1 for v in x if v > 0)", x=VECTOR)

# --- arrays that a condition chooses
for a in ["int64=1", "int64=-1"]:
    case("x if a > 0 else y", T=["float64", "int32", "bool", "complex128"], x="T[N]", y="T[N]", a=a)
    body("t = x if a > 0 else y\nreturn t * 2, np.sum(t)", x=MATRIX, y=MATRIX, a=a)
    body("t = x + 1 if a > 0 else x - 1\nt[0] = 7\nreturn t", x=VECTOR, a=a)
    body("t = x[1:] if a > 0 else y[:-1]\nreturn t @ t", x=VECTOR, y=VECTOR, a=a)
    body("x[0] = 3\nt = x if a > 0 else y\nreturn t + 1", x=VECTOR, y=VECTOR, a=a)
    body("s = 0.0\nfor i in range(N):\n    row = x[i] if a > i else y[i]\n    s += np.sum(row) * i\nreturn s", x=MATRIX, y=MATRIX, a=a)

# --- match
for a in ["int64=1", "int64=2", "int64=7", "int64=-4"]:
    body("match a:\n    case 1:\n        return 5\n    case _:\n        return 6", a=a)
    body("match a:\n    case 1 | 2:\n        r = 5\n    case n if n < 0:\n        r = n * 10\n    case -4:\n        r = 1\n    case other:\n        r = other + 1\nreturn r", a=a)
    body("s = 0\nfor i in range(5):\n    match i + a:\n        case 3:\n            continue\n        case 5:\n            break\n        case k:\n            s += k\nreturn s", a=a)
    body("match (a, N):\n    case (1, 4):\n        return 1\n    case (n, 4) if n > 5:\n        return n\n    case (2, m):\n        return m * 100\n    case _:\n        return 0", a=a, x=VECTOR)
    body("match a:\n    case 1 as one:\n        return one + 1\n    case 2:\n        pass\nreturn a * 3", a=a)
body("mode = 'fast'\nmatch mode:\n    case 'slow':\n        return np.sum(x)\n    case 'fast' | 'quick':\n        return np.max(x)", x=VECTOR)
body("match x.ndim:\n    case 1:\n        return x[0]\n    case 2:\n        return x[0, 1]", x=MATRIX)

# --- names
body("t = 1\ndel t\nt = 2\nreturn t")
body("t = x[1:]\ny = t\ndel t, x\ny[0] = 9\nreturn y", x=VECTOR)
body("import math as m\nreturn m.sqrt(a)", a="float64=2.5")
body("import numpy\nfrom math import floor, pi as half_turn\nreturn numpy.sum(x) + floor(half_turn)", x=VECTOR)
body("k = 5.0\ndef apply(f, v):\n    return f(v)\nreturn apply(lambda t: t * k, x)", x=VECTOR)

# --- further expressions
case("max(x[0], x[1], x[2], key=abs)", x=VECTOR)
case("min(x[0], x[1], key=lambda v: (v - 1) * (v - 1))", x=VECTOR)
case("max((1, -5, 3), key=abs)")
case("x[range(2)]", x=VECTOR)
case("x[range(3, 0, -1)]", x=MATRIX)
body("x[range(1, 3)] = 7", x=MATRIX)
body("x[:] = [[1.0], [2.0], [3.0], [4.0]]", x=MATRIX)
body("x[1:3] = [[1, 2, 3, 4, 5], [6, 7, 8, 9, 10]]", x=MATRIX)

# --- places of arrays
body("s = 0\nfor i, v in np.ndenumerate(x):\n    s += v * i[0] - i[1]\nreturn s", x=MATRIX)
body("s = 0.0\nfor (i, j), v in np.ndenumerate(x):\n    if v < 0:\n        continue\n    s += v * (i - 2 * j)\nreturn s", x=MATRIX)
body("for i, v in np.ndenumerate(x):\n    y[i] = v + i[0]", x=VECTOR, y=VECTOR)
body("s = 0.0\nfor i, j in np.ndindex(N, M):\n    s += x[i, j] * i\nreturn s", x=MATRIX)
body("for i in np.ndindex(x.shape):\n    x[i] = x[i] * 2 + i[-1]", x="float64[K,N,M]")
body("for i in np.ndindex(3):\n    x[i] = i[0]", x=VECTOR)
body("k = 0\nfor i, j in np.ndindex(N, M):\n    if x[i, j] > 2:\n        break\n    k += 1\nelse:\n    k = -1\nreturn k", x=MATRIX)
body("s = 0.0\nfor v in np.nditer(x):\n    s = s * 0.5 + v\nreturn s", x=MATRIX)
body("s = 0.0\nfor v in np.nditer(x.T):\n    s += v\nreturn s", x=MATRIX)
body("n = 0\nfor i in np.ndindex(N, 0):\n    n += 1\nreturn n", x=VECTOR)
case("sum(v * i[0] for i, v in np.ndenumerate(x))", x=MATRIX)
body("for k, (i, j) in enumerate(np.ndindex(N, M)):\n    x[i, j] = k", x=MATRIX)

# --- lists that change
body("t = [x[0]]\nt.append(1.5)\nx[0] = 9\nreturn t[0] + t[1], len(t)", x=VECTOR)
body("t = []\nfor k in range(3):\n    t.append(x[k] * k)\nreturn np.array(t)", x=VECTOR)
body("t = []\nfor k in range(N):\n    t.append(k)\nreturn len(t)", x=VECTOR)
body("t = [1, 2, 3]\nt[0] = 7\nt[-1] += 5\nreturn t[0], t[1], t[2]")
body("t = [1, 2, 3]\nu = t\nu.append(4)\nv = list(t)\nv.append(5)\nreturn len(t), len(u), len(v)")
body("t = [1, 2, 3]\nu = t\nt += [4, 5]\nt = t + [6]\nreturn len(t), len(u)")
body("t = [3, 1, 2]\na = t.pop()\nb = t.pop(0)\nt.insert(0, 8)\nt.insert(-1, 9)\nreturn a, b, t[0], t[1], t[2]")
body("t = [1, 2]\nt.extend((x[0], x[1]))\nt.reverse()\nreturn np.array(t)", x=VECTOR)
body("t = [[1], [2]]\nu = t[0]\nu.append(5)\nt[1].append(6)\nt[1][0] = 7\nreturn t[0][1], t[1][0], t[1][1], len(u)")
body("t = [1, 2]\nt.clear()\nt.append(4)\nreturn t[0], len(t)")
body("t = [x[0], x[1]]\nt[0], t[1] = t[1], t[0]\nreturn t[0] - t[1]", x=VECTOR)
body("t = [x, x + 1]\nt[1][0] = 9\nt[0] += 1\nreturn t[0] + t[1]", x=VECTOR)
body("t = [1, 2, 3]\na = t.pop(5)\nreturn a")
body("t = []\na = t.pop()\nreturn a")
body("t = [1]\nt[1] = 3\nreturn t[0]")
body("s = 0.0\nfor i in range(N):\n    t = [x[i]]\n    t.append(i)\n    s += t[0] * t[1]\nreturn s", x=VECTOR)
body("t = []\nif N > 3:\n    t.append(1)\nfor k, v in enumerate((2, 3)):\n    if k == 1:\n        t.append(v)\nreturn np.array(t)", x="float64[4]")
body("t = []\nfor row in x:\n    t.append(np.sum(row))\nreturn np.array(t)", x="float64[3,M]")
body("stages = []\nfor c in (0.5, 0.25):\n    k = x * c\n    for s in stages:\n        k = k + s\n    stages.append(k)\nreturn stages[-1]", x=VECTOR)
body("t = [1]\nd = {'a': t}\nt.append(2)\nreturn len(d['a'])")
body("def f(v):\n    u = list(v)\n    u.append(3)\n    return len(u)\nt = [1, 2]\nreturn f(t), len(t)")

# --- arrays of lists whose length is not known
for function in ["np.array", "np.asarray"]:
    case(f"{function}([v * 2 for v in x])", T=["float64", "int32", "bool"], x="T[N]")
    case(f"{function}([x[i] + i for i in range(N - 1, -1, -1)])", T=["float64", "float32"], x="T[N]")
    case(f"{function}([[x[i] * y[j] for j in range(M)] for i in range(N)])", x=VECTOR, y="float64[M]")
    case(f"{function}([row * 2 for row in x])", x=MATRIX)
    case(f"{function}([[a, b, a * b] for a, b in zip(x, y)])", x=VECTOR, y=VECTOR)
    case(f"{function}([i for i in range(N)], dtype=np.float32)", x=VECTOR)
case("np.array([np.sum(row) for row in x])", x=MATRIX)
case("np.array([i * k for k, i in enumerate(x)])", x="int64[N]")
body("i = 5\ny = np.array([x[i] for i in range(N)])\nreturn y, i", x=VECTOR)
body("y = np.zeros(N)\nfor k in range(N):\n    y[k] = np.array([x[i] * k for i in range(N)]).sum()\nreturn y", x=VECTOR)
body("f = lambda v: v * v + 1\nreturn np.array([f(v) for v in x])", x=VECTOR)
case("np.array([v for v in x[1:]]).mean()", x=VECTOR)
body("y = np.array([x[i] for i in range(n)])\nreturn y.sum(), len(y)", x=VECTOR, n="int64=3")

# What one branch assigns, the other one reads in a later iteration.
for values in ["1, 3", "a, b", "1.5, 2.5", "x[0], x[1]"]:
    first, second = values.split(", ")
    for use in ["x[:int(t)] += 1", "x[1] += t", "y = x[int(t):]\n        x[0] += y[0]"]:
        body(
            f"t = {first}\nfor i in range(4, -1, -1):\n    if k[0] < i:\n        t = {second}\n    else:\n        {use}\nreturn x",
            x="float64[P]:pos",
            k="int32[K]:index",
            a="int64=1",
            b="int64=2",
        )
body("t = 1\ni = 0\nwhile i < 5:\n    i += 1\n    if k[i % 3] > 0:\n        t = 3\n        continue\n    x[:t] += 1\nreturn x", x="float64[P]", k="int32[K]")
body("for v in [-1.0, -300.0, 254.7]:\n    u[1:] = x[1:] * 0 + v", T=["uint8", "int8", "uint16", "int16", "uint32", "uint64"], u="T[N]", x="float64[N]")
