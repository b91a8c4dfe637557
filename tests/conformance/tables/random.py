"""Generators of random numbers: the same numbers as NumPy's, with `tolerance=0.0`."""

from corpus import body, case

for seed in ["0", "42", "123456789012", "n"]:
    case(f"np.random.default_rng({seed}).random(5)", n="int64=7", tolerance=0.0)
    body(f"rng = np.random.default_rng({seed})\nreturn rng.integers(10, size=8)", n="int64=7", tolerance=0.0)
for call in [
    "random((3, 4))",
    "random()",
    "random(size=0)",
    "random(len(x))",
    "random(7, dtype=np.float32)",
    "random(x.shape)",
    "uniform(-2.0, 3.5, 9)",
    "uniform(size=(2, 3))",
    "uniform(1, 2)",
    "uniform(a, 2 * a, size=4)",
    "integers(3, 9, 20)",
    "integers(0, 2**32, 6)",
    "integers(-5, 2**40, size=(2, 3))",
    "integers(1, 6, size=9, endpoint=True)",
    "integers(100)",
    "integers(-(2**62), 2**62, 9)",
    "integers(0, 3 * 2**62, 9)",
    "integers(5, 6, 3)",
    "integers(0, 100, 7, dtype=np.int32)",
    "integers(0, n, 5)",
    "integers(n, 5)",
]:
    # Compiled code may add and multiply with one rounding.
    tolerance = 1e-15 if call.startswith("uniform") else 0.0
    body(f"rng = np.random.default_rng(5)\nreturn rng.{call}", x="float64[N]", a="float64=1.5", n="int64=9", tolerance=tolerance)
body("rng = np.random.default_rng(1)\nx = rng.random(3)\ny = rng.random(3)\nk = rng.integers(5, size=3)\nreturn x, y, k", tolerance=0.0)
body("rng = np.random.default_rng(1)\nk = rng.integers(5, size=3)\ny = rng.random(3)\nj = rng.integers(5, size=4)\nreturn k, y, j", tolerance=0.0)
body("rng = np.random.default_rng(3)\ns = 0.0\nfor k in range(10):\n    s += rng.random() * k\nreturn s", tolerance=1e-15)
body("rng = np.random.default_rng(3)\ns = 0\nfor k in range(10):\n    if rng.random() < 0.5:\n        s += rng.integers(7)\nreturn s", tolerance=0.0)
body("rng = np.random.default_rng(9)\nrng.random(out=x)", x="float64[N,M]", tolerance=0.0)
body("a = np.random.default_rng(1)\nb = np.random.default_rng(2)\nx = a.random(2)\ny = b.random(2)\nz = a.random(2)\nreturn x, y, z", tolerance=0.0)
body("rng = np.random.default_rng(11)\ninside = 0\nfor k in range(500):\n    x = rng.random()\n    y = rng.random()\n    if x * x + y * y < 1.0:\n        inside += 1\nreturn 4.0 * inside / 500", tolerance=0.0)

for call in [
    "standard_normal(9)",
    "standard_normal()",
    "standard_normal((2, 3))",
    "standard_normal(size=0)",
    "normal(1.5, 2.0, 7)",
    "normal(a, scale=a, size=(3, 2))",
    "normal(loc=a)",
    "normal(size=len(x))",
]:
    body(f"rng = np.random.default_rng(7)\nreturn rng.{call}", x="float64[N]", a="float64=1.5", tolerance=1e-15)
# All strips and the tail are met.
body("rng = np.random.default_rng(8)\nx = rng.standard_normal(4000)\nreturn np.sum(x), np.max(x), np.min(x), x[::19]", tolerance=1e-13)
body("rng = np.random.default_rng(2)\ns = 0.0\nfor k in range(50):\n    s += rng.normal() * rng.random()\nreturn s", tolerance=1e-14)
for call in ["permutation(9)", "permutation(n)", "permutation(x)", "permutation(A)", "choice(5, 8)", "choice(x, 7)", "choice(n)", "choice(x, size=(2, 3))", "choice(x)"]:
    body(f"rng = np.random.default_rng(6)\nreturn rng.{call}", x="float64[N]", A="float64[N,M]", n="int64=7", tolerance=0.0)
body("rng = np.random.default_rng(4)\nrng.shuffle(x)\nreturn rng.integers(9)", x="float64[N]", tolerance=0.0)
body("rng = np.random.default_rng(4)\nrng.shuffle(A)\nrng.shuffle(A[1:, 0])", A="float64[N,M]", tolerance=0.0)

# --- distributions
for call in [
    "exponential(2.0, {n})",
    "standard_exponential({n})",
    "gamma(2.0, 1.5, {n})",
    "gamma(0.5, 2.0, {n})",
    "standard_gamma(1.0, {n})",
    "beta(1.0, 2.0, {n})",
    "beta(0.5, 0.25, {n})",
    "chisquare(3.0, {n})",
    "f(2.0, 3.0, {n})",
    "standard_t(3.0, {n})",
    "standard_cauchy({n})",
    "pareto(2.0, {n})",
    "weibull(2.0, {n})",
    "power(2.0, {n})",
    "rayleigh(1.5, {n})",
    "laplace(0.5, 1.0, {n})",
    "gumbel(0.0, 2.0, {n})",
    "logistic(1.0, 1.0, {n})",
    "lognormal(0.0, 1.0, {n})",
    "triangular(-1.0, 0.5, 3.0, {n})",
    "wald(1.0, 2.0, {n})",
    "vonmises(0.5, 1.0, {n})",
    "poisson(3.0, {n})",
    "poisson(25.0, {n})",
    "binomial(10, 0.3, {n})",
    "binomial(1000, 0.4, {n})",
    "binomial(100000, 0.9, {n})",
    "negative_binomial(3, 0.5, {n})",
    "geometric(0.3, {n})",
    "geometric(0.6, {n})",
    "zipf(2.0, {n})",
    "logseries(0.7, {n})",
    "dirichlet([1.0, 2.0, 0.5], {n})",
    "dirichlet([0.01, 0.02], {n})",
    "multinomial(20, [0.2, 0.3, 0.5], {n})",
    "multivariate_normal([0.0, 1.0], [[2.0, 0.5], [0.5, 1.0]], {n}, method='cholesky')",
]:
    body(f"rng = np.random.default_rng(3)\nx = rng.{call.format(n=25)}\ny = rng.random()\nreturn x, y", tolerance=1e-13)
for call in ["exponential(a)", "poisson(a * 9, size=(2, 3))", "laplace()"]:
    body(f"rng = np.random.default_rng(3)\nx = rng.{call}\ny = rng.random()\nreturn x, y", a="float64=1.5", n="int64=7", tolerance=1e-14)
for dtype in ["int8", "uint16", "uint32"]:
    case(f"np.random.default_rng(3).integers(0, 100, 37, dtype=np.{dtype})", tolerance=0.0)
    case(f"np.random.default_rng(3).integers({0 if dtype[0] == 'u' else -3}, 5, (3, 4), dtype=np.{dtype})", tolerance=0.0)
case("np.random.default_rng(3).integers(0, 256, 20, dtype=np.uint8)", tolerance=0.0)
for call in [
    "choice(5, 3, replace=False)",
    "choice(50, 20, replace=False)",
    "choice(50, 20, replace=False, shuffle=False)",
    "choice(20000, 500, replace=False)[:9]",
    "choice(x, 3, replace=False)",
    "choice([1.0, 2.0, 3.0], 9, p=[0.2, 0.3, 0.5])",
    "choice(3, p=[0.2, 0.3, 0.5])",
    "permuted([1, 2, 3, 4])",
    "permuted(A)",
]:
    body(f"rng = np.random.default_rng(6)\ny = rng.{call}\nreturn y, rng.random()", x="float64[N]", A="float64[N,M]", tolerance=0.0)
