"""Methods of universal functions beyond sums: `reduceat`, `at`, reductions in order along axes, and results that are given."""

from corpus import body, case

# NumPy's `power` and `arctan2` do not combine elements in order where the processor has AVX-512.
ORDERED = ["subtract", "divide", "fmax", "fmod", "hypot", "logaddexp", "floor_divide", "copysign"]
for name in ORDERED:
    case(f"np.{name}.reduce(x)", x="float64[P]:pos")
    for axis in [0, 1, -1]:
        case(f"np.{name}.reduce(x, axis={axis})", x="float64[N,M]:pos")
case("np.subtract.reduce(x, axis=1)", T=["int32", "float32", "complex128"], x="T[K,N,M]")
case("np.subtract.reduce(x, axis=1, keepdims=True)", x="float64[N,M]")
case("np.divide.reduce(x, axis=0)", x="int32[N,M]:pos")
case("np.gcd.reduce(x, axis=1)", x="int64[N,M]:pos")
for name in ["equal", "less", "not_equal"]:
    case(f"np.{name}.reduce(x)", x="float64[P]")
    case(f"np.{name}.accumulate(x)", x="float64[P]")
for name in ["add", "multiply", "maximum", "minimum", "subtract", "logical_and"]:
    for at in ["[0, 2, 1]", "[0]", "i", "[3, 3, 0]"]:
        case(f"np.{name}.reduceat(x, {at})", T=["float64", "int32"], x="T[P]", i="int64[N]:index")
    case(f"np.{name}.reduceat(x, [0, 2], axis=1)", x="float64[N,M]")
    case(f"np.{name}.reduceat(x, [0, 3, 1])", x="float64[N,M]")
case("np.add.reduceat(x, [0, 9])", x="float64[P]")
for call in ["x, [0, 0, 1], 1.0", "x, i, 2.5", "x, i, y", "x, 1, 2.0", "x, x > 0, 1.0"]:
    body(f"np.add.at({call})", x="float64[N]", i="int64[K]:index", y="float64[K]")
for name in ["subtract", "multiply", "maximum"]:
    body(f"np.{name}.at(x, i, 2)", T=["int64", "float32"], x="T[N]", i="int64[P]:index")
body("np.add.at(x, (i, j), 1.0)", x="float64[N,M]", i="int64[P]:index", j="int64[P]:index")
body("np.add.at(x, (i, j), y)", x="float64[N,M]", i="int64[P]:index", j="int64[P]:index", y="float64[P]")
body("np.add.at(x, i, y)", x="float64[N,M]", i="int64[K]:index", y="float64[K,M]")
body("np.add.at(x, i, y)", x="float64[N,M]", i="int64[K]:index", y="float64[M]")
body("np.negative.at(x, [0, 1, 0])", x="float64[N]")
for name in ["reduce", "accumulate"]:
    case(f"np.logical_xor.{name}(x)", T=["float64", "bool", "int32"], x="T[N]")
body("np.modf(x, out=(y, z))", x="float64[N]", y="float64[N]", z="float64[N]")
body("np.divmod(x, 2.0, out=(y, z))", x="float64[N]", y="float64[N]", z="float64[N]")
body("np.add.accumulate(x, out=y)", x="float64[N]", y="float64[N]")
