"""Universal functions: every one on each class of types, with special values, broadcasting, `out`, `where`, `dtype`."""

from corpus import BOOL, CLASSES, COMPLEX, FLOATS, INTEGERS, REALS, SIGNED, UNSIGNED, body, case

ARITHMETIC = ["add", "subtract", "multiply", "divide", "true_divide", "floor_divide", "mod", "remainder", "power"]
COMPARISONS = ["equal", "not_equal", "less", "less_equal", "greater", "greater_equal"]
LOGIC = ["logical_and", "logical_or", "logical_xor"]
BITS = ["bitwise_and", "bitwise_or", "bitwise_xor"]
EXTREMA = ["minimum", "maximum", "fmin", "fmax"]

for name in ARITHMETIC:
    for left, right in [
        ("float64", "float64"),
        ("float32", "float32"),
        ("int32", "int32"),
        ("uint8", "uint8"),
        ("uint8", "int8"),
        ("int64", "float32"),
        ("bool", "bool"),
        ("complex128", "float64"),
    ]:
        kind = ":pos" if name == "power" else ""
        case(f"np.{name}(x, y)", x=f"{left}[N,M]{kind}", y=f"{right}[M]:pos")
    case(f"np.{name}(x, 3)", T=["int16", "uint32", "float32", "complex64"], x="T[N]:pos")
    case(f"np.{name}(x, 2.5)", T=["int8", "float32", "float64"], x="T[N]:pos")
for name in ["add", "subtract", "multiply", "divide", "floor_divide", "mod", "fmod"]:
    case(f"np.{name}(x, y)", T=FLOATS, x="T[8,1]:special", y="T[1,8]:special")
for name in ["add", "subtract", "multiply"]:
    case(f"np.{name}(x, x)", T=INTEGERS, x="T[P]:extreme")
for name in ["floor_divide", "remainder", "fmod"]:
    case(f"np.{name}(x, y)", T=SIGNED, x="T[P]", y="T[P]:pos")
    case(f"np.{name}(x, -y)", T=SIGNED, x="T[P]", y="T[P]:pos")
    case(f"np.{name}(x, y)", T=UNSIGNED, x="T[P]:extreme", y="T[P]:pos")
    case(f"np.{name}(x, y)", T=["int32", "uint8", "int64"], x="T[P]", y="T[P]:zeros")
    case(f"np.{name}(x, -0.7)", T=FLOATS, x="T[P]")
for name in COMPARISONS:
    case(f"np.{name}(x, y)", T=CLASSES[:5] + ["int8", "uint64"], x="T[N,M]:ties", y="T[M]:ties")
    case(f"np.{name}(x, y)", T=FLOATS, x="T[8,1]:special", y="T[8]:special")
    case(f"np.{name}(x, 1)", T=["uint8", "int32", "float32"], x="T[N]:ties")
    case(f"np.{name}(x, y)", x="int32[N]:ties", y="float64[N]:ties")
    case(f"np.{name}(x, y)", x="int64[P]:extreme", y="uint64[P]:extreme")
    for bound in ["-1", "300", "n"]:
        case(f"np.{name}(x, {bound})", T=["uint8", "int8", "uint32", "uint64"], x="T[P]:extreme", n="int64=-2")
        case(f"np.{name}({bound}, x)", T=["uint8", "uint64"], x="T[P]:extreme", n="int64=-2")
    body(f"n = int(a)\nreturn np.{name}(x, n)", T=["uint8", "int8", "uint64"], x="T[P]:extreme", a="float64=-2.5")
for name in ["equal", "not_equal"]:
    case(f"np.{name}(x, y)", T=COMPLEX, x="T[N,M]:ties", y="T[M]:ties")
for name in LOGIC:
    case(f"np.{name}(x, y)", T=CLASSES, x="T[N,M]:ties", y="T[M]:ties")
    case(f"np.{name}(x, y)", T=["float64"], x="T[8,1]:special", y="T[8]:special")
for name in BITS:
    case(f"np.{name}(x, y)", T=BOOL + INTEGERS, x="T[N,M]", y="T[M]")
    case(f"np.{name}(x, y)", x="int64[N]", y="uint8[N]")
    case(f"np.{name}(x, 6)", T=["int32", "uint8"], x="T[N]")
    case(f"np.{name}(x, y)", x="float64[N]", y="float64[N]")
for name in ["left_shift", "right_shift"]:
    case(f"np.{name}(x, y)", T=INTEGERS, x="T[N,M]", y="T[M]:index")
    case(f"np.{name}(x, 3)", T=["int8", "uint16", "int64"], x="T[N]")
for name in EXTREMA:
    case(f"np.{name}(x, y)", T=CLASSES + ["int8", "uint64"], x="T[N,M]", y="T[M]")
    case(f"np.{name}(x, y)", T=FLOATS, x="T[8,1]:special", y="T[8]:special")
    case(f"np.{name}(x, 0)", T=["int32", "float32", "float64"], x="T[N]")
for name in ["arctan2", "hypot", "copysign", "logaddexp", "logaddexp2", "nextafter", "float_power"]:
    case(f"np.{name}(x, y)", T=["int32", "uint8", "float32", "float64"], x="T[N,M]:pos", y="T[M]:pos")
    case(f"np.{name}(x, y)", x="float32[N]:pos", y="float64[N]:pos")
for name in ["arctan2", "hypot", "copysign", "nextafter", "logaddexp"]:
    case(f"np.{name}(x, y)", T=FLOATS, x="T[8,1]:special", y="T[8]:special")
for name in ["gcd", "lcm"]:
    case(f"np.{name}(x, y)", T=INTEGERS, x="T[N,M]", y="T[M]")
    case(f"np.{name}(x, 6)", T=["int32"], x="T[N]")
case("np.heaviside(x, 0.5)", T=FLOATS, x="T[8]:special")
case("np.heaviside(x, y)", x="float64[N,M]:ties", y="float64[M]")
case("np.ldexp(x, y)", T=FLOATS, x="T[N]", y="int32[N]")
for name in ["divmod", "modf", "frexp"]:
    pair = "x, y" if name == "divmod" else "x"
    given = {"y": "T[N]:pos"} if name == "divmod" else {}
    body(f"a, b = np.{name}({pair})\nreturn a, b", T=FLOATS, x="T[N]", **given)
body("a, b = np.divmod(x, y)\nreturn a, b", T=["int32", "uint8"], x="T[N]", y="T[N]:pos")

ANY = ["abs", "absolute", "sign", "positive", "square", "conj", "conjugate", "isnan", "isfinite", "isinf"]
for name in ANY:
    case(f"np.{name}(x)", T=["int8", "int64", "uint16", "float32", "float64", "complex64", "complex128"], x="T[N,M]")
for name in ["negative", "reciprocal"]:
    case(f"np.{name}(x)", T=["int32", "int64", "float32", "float64", "complex128"], x="T[N,M]:pos")
case("np.negative(x)", T=INTEGERS, x="T[P]:extreme")
case("np.abs(x)", T=SIGNED, x="T[P]:extreme")
case("np.square(x)", T=INTEGERS, x="T[P]:extreme")
case("np.abs(x)", T=BOOL, x="T[N]")
for name in ["abs", "sign", "negative", "square", "isnan", "isinf", "isfinite", "signbit", "fabs", "isposinf", "isneginf"]:
    case(f"np.{name}(x)", T=FLOATS, x="T[8]:special")
for name in ["floor", "ceil", "trunc", "rint", "fix", "round", "around"]:
    case(f"np.{name}(x)", T=FLOATS, x="T[8]:halves")
    case(f"np.{name}(x)", T=["float64"], x="T[8]:special")
    case(f"np.{name}(x)", T=["int32", "uint8"], x="T[N]")
case("np.round(x, 1)", T=FLOATS, x="T[8]:halves")
case("np.round(x, 2)", T=["float64"], x="T[N,M]")
for name in ["invert", "bitwise_not", "bitwise_count"]:
    case(f"np.{name}(x)", T=(BOOL if name != "bitwise_count" else []) + INTEGERS, x="T[P]")
case("np.logical_not(x)", T=CLASSES, x="T[N,M]:ties")

REAL_LINE = ["exp", "exp2", "expm1", "sin", "cos", "tan", "sinh", "cosh", "tanh", "arctan", "arcsinh", "cbrt"]
POSITIVE = ["sqrt", "log", "log2", "log10", "log1p"]
UNIT = ["arcsin", "arccos", "arctanh"]
for names, kind in [(REAL_LINE, ""), (POSITIVE, ":pos"), (UNIT, ":unit"), (["arccosh"], ":big")]:
    for name in names:
        whole = ["int32", "uint32"] if kind != ":unit" else []
        case(f"np.{name}(x)", T=whole + FLOATS, x=f"T[N,M]{kind}")
        case(f"np.{name}(x)", T=FLOATS, x="T[8]:special")
        if name != "cbrt":
            case(f"np.{name}(x)", T=COMPLEX, x=f"T[N]{kind}")
for name in ["sqrt", "sin", "exp"]:
    case(f"np.{name}(x)", T=["bool", "int8", "uint8", "int16", "uint16"], x="T[N]", tolerance=2e-3)
for name in ["deg2rad", "rad2deg", "radians", "degrees", "sinc"]:
    case(f"np.{name}(x)", T=["int32", "float32", "float64"], x="T[N,M]")
case("np.spacing(x)", T=FLOATS, x="T[N]:pos")
case("np.real(x)", T=["float64", "complex64", "complex128", "int32"], x="T[N]")
case("np.imag(x)", T=["float64", "complex64", "complex128", "int32"], x="T[N]")
case("np.angle(x)", T=["complex128", "float64"], x="T[N]")
case("np.nan_to_num(x)", T=FLOATS, x="T[8]:special")
case("np.isclose(x, y)", x="float64[N,M]", y="float64[M]")
case("np.isclose(x, y)", x="float64[8,1]:special", y="float64[8]:special")
case("np.allclose(x, x)", x="float64[N,M]")
case("np.allclose(x, x + 1e-3, atol=1e-2)", x="float64[N,M]")
case("np.array_equal(x, y)", x="float64[N]", y="float64[N]")

# Shapes: no dimension, nothing in it, one element, more than three dimensions.
for name in ["add", "multiply", "maximum", "less"]:
    case(f"np.{name}(a, b)", a="float64=1.5", b="float64=-2.5")
    case(f"np.{name}(x, y)", x="float64[E]", y="float64[E]")
    case(f"np.{name}(x, y)", x="float64[N,1]", y="float64[1,M]")
    case(f"np.{name}(x, y)", x="float64[L,K,N,M]", y="float64[N,M]")
    case(f"np.{name}(x, y)", x="float64[U]", y="float64[U]")
    case(f"np.{name}(x[::-1], y[::2])", x="int32[6]", y="int32[12]")
for name in ["sqrt", "negative", "exp", "sign"]:
    case(f"np.{name}(a)", a="float64=2.25")
    case(f"np.{name}(x)", x="float64[E,M]")
    case(f"np.{name}(x)", x="float64[U,U]")
    case(f"np.{name}(x.T)", x="float64[N,M]")
    case(f"np.{name}(x[1:, ::-2])", x="float64[N,M]")

# Where the result goes.
for name in ["add", "multiply", "power", "maximum"]:
    body(f"np.{name}(x, y, out=z)", T=["float64", "int32"], x="T[N,M]:pos", y="T[M]:pos", z="T[N,M]")
    body(f"np.{name}(x, y, z)", x="float64[N]:pos", y="float64[N]:pos", z="float64[N]")
    body(f"return np.{name}(x, y, out=x)", x="float64[N,M]:pos", y="float64[M]:pos")
    body(f"np.{name}(x, y, out=z)", x="float32[N]:pos", y="float32[N]:pos", z="float64[N]", tolerance=1e-6)
    body(f"np.{name}(x, y, out=z[:, 1:4])", x="float64[N,3]:pos", y="float64[3]:pos", z="float64[N,M]")
    body(f"np.{name}(x, y, out=z, where=m)", x="float64[N]:pos", y="float64[N]:pos", z="float64[N]", m="bool[N]")
    body(f"np.{name}(x, y, out=z, where=x > 1)", x="float64[N,M]:pos", y="float64[M]:pos", z="float64[N,M]")
    case(f"np.{name}(x, y, dtype=np.float64)", x="float32[N]:pos", y="float32[N]:pos")
    case(f"np.{name}(x, y, dtype=np.float32)", x="float32[N]:pos", y="int16[N]:pos")
body("np.sqrt(x, out=y)", x="float64[N]:pos", y="float64[N]")
body("np.sqrt(x, x)", x="float64[N]:pos")
body("np.sqrt(x, out=y, where=x > 2)", x="float64[N]:pos", y="float64[N]")
body("np.divide(x, y, out=z, where=y != 0)", x="float64[N]", y="float64[N]:ties", z="float64[N]")
body("np.less(x, y, out=z)", x="float64[N]", y="float64[N]", z="bool[N]")
body("np.add(x[1:], x[:-1], out=x[1:])", x="float64[P]")
body("np.add(x[:-1], 1, out=x[1:])", x="float64[P]")
body("np.multiply(x, 2, out=x[::-1])", x="int32[P]")
case("np.sqrt(x, dtype=np.float32)", x="int8[N]:pos")
case("np.add(x, 1, dtype=np.int64)", x="int32[P]:extreme")
body("np.add(x, y, out=z)", x="float64[N]", y="float64[N]", z="int32[N]")
body("np.add(x, y, out=z)", x="complex128[N]", y="float64[N]", z="float64[N]")
body("np.add(x, y, out=z)", x="float64[N]", y="float64[M]", z="float64[N]")

# Methods.
for name in ["add", "multiply", "maximum", "minimum"]:
    case(f"np.{name}.reduce(x)", T=["bool", "int32", "uint8", "float32", "float64"], x="T[N,M]")
    case(f"np.{name}.reduce(x, axis=1)", T=["int16", "float64"], x="T[N,M]")
    case(f"np.{name}.reduce(x, axis=(0, 2))", x="float64[K,N,M]")
    case(f"np.{name}.reduce(x, axis=None)", x="float64[N,M]")
    case(f"np.{name}.reduce(x, axis=-1, keepdims=True)", x="float64[N,M]")
    case(f"np.{name}.reduce(x, initial=2.0)", x="float64[N,M]")
    case(f"np.{name}.reduce(x, axis=0, initial=2.0, where=x > 0)", x="float64[N,M]")
    case(f"np.{name}.accumulate(x)", T=["int32", "uint8", "float32", "float64"], x="T[P]")
    case(f"np.{name}.accumulate(x, axis=1)", x="float64[N,M]")
    case(f"np.{name}.accumulate(x)", x="float64[N,M]")
    case(f"np.{name}.outer(x, y)", T=["int32", "float64"], x="T[N]", y="T[M]")
    case(f"np.{name}.outer(x, y)", x="float64[N,M]", y="float64[K]")
    body(f"np.{name}.at(x, i, y)", T=["int32", "float64"], x="T[N]", i="int64[P]:index", y="T[P]")
    body(f"np.{name}.at(x, i, 2)", x="float64[N]", i="int32[P]:index")
for name in ["logical_and", "logical_or", "bitwise_and", "bitwise_or", "bitwise_xor"]:
    case(f"np.{name}.reduce(x)", T=["bool", "int32"], x="T[N,M]")
    case(f"np.{name}.reduce(x, axis=1)", T=["bool", "uint8"], x="T[N,M]")
for name in ["subtract", "divide", "power", "less", "arctan2", "hypot"]:
    case(f"np.{name}.outer(x, y)", x="float64[N]:pos", y="float64[M]:pos")
case("np.subtract.reduce(x)", x="float64[P]")
case("np.subtract.accumulate(x)", x="float64[P]")
body("np.subtract.at(x, i, y)", x="float64[N]", i="int64[P]:index", y="float64[P]")

# Operators of Python.
for op in ["+", "-", "*", "/", "//", "%", "**", "<", "<=", "==", "!=", ">", ">="]:
    case(f"x {op} y", T=["int32", "int64", "uint8", "float32", "float64"], x="T[N,M]:pos", y="T[M]:pos")
    case(f"x {op} 3", T=["int16", "uint8", "float32"], x="T[N]:pos")
    case(f"3 {op} x", T=["int16", "uint8", "float32"], x="T[N]:pos")
    case(f"x {op} a", x="float32[N]:pos", a="float64=2.5")
    case(f"a {op} b", T=["int64", "float64", "int32"], a="T=7", b="T=3")
for op in ["&", "|", "^", "<<", ">>"]:
    case(f"x {op} y", T=["int32", "uint8"], x="T[N]", y="T[N]:index")
    case(f"x {op} 2", T=["int16"], x="T[N]")
case("-x // y", T=SIGNED, x="T[N]:pos", y="T[N]:pos")
case("-x % y", T=SIGNED + FLOATS, x="T[N]:pos", y="T[N]:pos")
case("x % -y", T=SIGNED + FLOATS, x="T[N]:pos", y="T[N]:pos")
case("a // b", T=["int64", "int32", "float64"], a="T=-7", b="T=3")
case("a % b", T=["int64", "int32", "float64"], a="T=-7", b="T=3")
case("a % b", T=["int64", "int32", "float64"], a="T=7", b="T=-3")
case("x ** 2", T=["int8", "int32", "uint8", "float32", "float64", "complex128"], x="T[N]")
case("x ** 0.5", T=["int32", "float32", "float64"], x="T[N]:pos")
case("x ** -1", T=["float32", "float64"], x="T[N]:pos")
case("x ** -1", T=["int32"], x="T[N]:pos")
case("2 ** x", T=["int64", "uint8", "float64"], x="T[N]:index")
case("-x", T=["bool", "int8", "uint8", "float32", "complex64"], x="T[N]")
case("~x", T=["bool", "int8", "uint8", "int64"], x="T[N]")
case("+x", T=["int8", "float64"], x="T[N]")
case("abs(x)", T=["int8", "float64", "complex128"], x="T[N]")
case("x * 1j", T=["float32", "float64", "int32", "complex64"], x="T[N]")
for op in ["+=", "-=", "*=", "//=", "%=", "**="]:
    body(f"x {op} y", T=["int32", "float64"], x="T[N,M]:pos", y="T[M]:pos")
    body(f"x {op} 2", T=["uint8", "float32"], x="T[N]:pos")
for op in ["&=", "|=", "^=", "<<=", ">>="]:
    body(f"x {op} y", T=["int32", "uint8"], x="T[N]", y="T[N]:index")
