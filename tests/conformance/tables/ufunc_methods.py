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

# --- at: indices of any kind
for index in ["slice(1, 3)", "(slice(None), 1)", "(slice(None, None, 2), [0, 0, 2])", "([0, 0], slice(1, None))", "...", "(..., 0)", "1", "(1, 2)", "i", "(i, i)", "(i, 0)", "(i[:, None], i)", "[[0, 1], [0, 2]]", "([0, 0, 1], [1, 1, 2])", "np.s_[::-1, 1:3]"]:
    body(f"np.add.at(x, {index}, 2.0)", x="float64[N,M]", i="int64[K]:index")
    body(f"np.negative.at(x, {index})", x="float64[N,M]", i="int64[K]:index")
    body(f"np.multiply.at(x[:, ::2], {index.replace('2', '1')}, 3)", x="int32[N,M]", i="int64[K]:index")
body("np.add.at(x, (slice(None), [0, 0, 1]), y)", x="float64[N,M]", y="float64[K]")
body("np.subtract.at(x, ([0, 0], slice(1, 3)), y)", x="float64[N,M]", y="float64[2,2]")
body("np.add.at(x, (x > 0), 1.0)", x="float64[N,M]")
body("np.add.at(x, ([0, 1], [0, 1], [1, 1]), 1.0)", x="float64[2,3,4]")

# --- casting
RULES = ["no", "equiv", "safe", "same_kind", "unsafe"]
for rule in RULES:
    case(f"np.add(x, y, casting='{rule}')", T=["int32", "float64", "uint8"], x="int32[N]", y="T[N]")
    case(f"np.sqrt(x, casting='{rule}')", T=["float32", "int8"], x="T[N]:pos")
    case(f"np.multiply(x, x, dtype=np.int32, casting='{rule}')", T=["int32", "int64", "float64", "uint32"], x="T[N]")
    body(f"np.add(x, y, out=z, casting='{rule}')", T=["float32", "int64", "float64", "uint8"], x="float64[N]", y="float64[N]:pos", z="T[N]")
    body(f"np.add(x, x, out=z, casting='{rule}')", T=["uint8", "int8", "float32"], x="int32[N]:pos", z="T[N]")
    case(f"x.astype(np.int32, casting='{rule}')", T=["int32", "int8", "uint32", "int64", "float64", "bool"], x="T[N]")
    body(f"np.copyto(x, y, casting='{rule}')", T=["int32", "int64", "float64"], x="int32[N]", y="T[N]")
    for pair in ["np.int8, np.int16", "np.float64, np.float32", "np.uint8, np.int8", "np.int8, np.uint8", "np.int64, np.float32", "np.complex128, np.float64"]:
        case(f"1 if np.can_cast({pair}, '{rule}') else 0")
case("1 if np.can_cast(x, np.float32) else 0", T=["int16", "int64"], x="T[N]")
body("np.add(x, y, out=z)", T=["uint8", "int8", "float32", "int64"], x="int32[N]:pos", y="int32[N]", z="T[N]")
case("np.add(x, 2.5, dtype=np.int32)", x="int32[N]")
case("np.add(x, y, dtype=np.float32)", T=["float64", "int32", "complex128"], x="T[N]", y="float32[N]")
body("np.copyto(x, 2.5)", T=["int32", "float64"], x="T[N]")
body("y = x.astype(np.float64, copy=False)\ny[0] = 9\nreturn y", T=["float64", "int32"], x="T[N]")
