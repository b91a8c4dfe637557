"""Quantiles, covariances, membership, and functions on samples."""

from corpus import CLASSES, FLOATS, REALS, body, case

for name, share in [("quantile", "0.3"), ("percentile", "30"), ("quantile", "0.0"), ("percentile", "100"), ("quantile", "0.5")]:
    case(f"np.{name}(x, {share})", T=["int32", "uint8", "float32", "float64"], x="T[P]")
    case(f"np.{name}(x, {share})", x="float64[N,M]")
    for axis in ["axis=0", "axis=1", "axis=-1", "axis=(0, 1)", "axis=1, keepdims=True", "keepdims=True"]:
        case(f"np.{name}(x, {share}, {axis})", T=FLOATS, x="T[N,M]")
    case(f"np.{name}(x, {share}, axis=(0, 2))", x="float64[K,N,M]")
    for method in ["linear", "lower", "higher", "midpoint", "nearest"]:
        case(f"np.{name}(x, {share}, method='{method}')", T=["int32", "float64"], x="T[P]")
        case(f"np.{name}(x, {share}, method='{method}')", x="float64[N]")
    case(f"np.{name}(x, {share})", x="float64[8]:special")
    case(f"np.{name}(x, {share})", x="float64[1]")
case("np.quantile(x, [0.25, 0.5, 0.75])", T=["int32", "float32", "float64"], x="T[P]")
case("np.quantile(x, [0.25, 0.5], axis=0)", x="float64[N,M]")
case("np.percentile(x, (10, 90), axis=1)", x="float64[N,M]")
case("np.quantile(x, y)", x="float64[P]", y="float64[3]:zeros")
case("np.quantile(x, a)", T=["float64"], x="T[P]", a="T=0.4")
for axes in ["(0, 1)", "(1, 2)", "(0, 2)", "(0, 1, 2)", "-1", "None"]:
    case(f"np.median(x, axis={axes})", T=["float64", "int32"], x="T[K,N,M]")
    case(f"np.median(x, axis={axes}, keepdims=True)", x="float64[K,N,M]")
for call in ["x", "x, rowvar=False", "x, ddof=0", "x, bias=True", "x, ddof=2", "x, y", "x, y, False"]:
    case(f"np.cov({call})", T=["float64", "float32", "int32", "complex128"], x="T[N,M]", y="T[N,M]")
for call in ["x", "x, ddof=0", "x, y", "x, bias=True"]:
    case(f"np.cov({call})", x="float64[P]", y="float64[P]")
for call in ["x", "x, rowvar=False", "x, y"]:
    case(f"np.corrcoef({call})", T=["float64", "float32", "int32"], x="T[N,M]", y="T[N,M]", tolerance=1e-11)
case("np.corrcoef(x, y)", x="float64[P]", y="float64[P]", tolerance=1e-11)
case("np.corrcoef(x)", x="float64[P]", tolerance=1e-11)
for call in ["x, y", "x, y, invert=True", "x, [1, 2]", "x, 2", "y, x"]:
    case(f"np.isin({call})", T=["int8", "int64", "uint8", "float64"], x="T[N,M]:ties", y="T[P]:ties")
case("np.isin(x, y)", x="float64[8]:special", y="float64[8]:special")
case("np.isin(x, y)", x="int32[N]:ties", y="float32[M]:ties")
case("np.isin(x, y)", x="float64[N]", y="float64[E]")
case("np.isin(a, x)", x="int64[N]", a="int64=2")

for call in ["x, prepend=0", "x, append=1.5", "x, prepend=0, append=9", "x, prepend=y", "x, n=2, prepend=0", "x, 1, -1, y, y", "x, append=y, axis=1"]:
    case(f"np.diff({call})", T=["float64", "int32"], x="T[N,M]", y="T[N,2]")
case("np.diff(x, prepend=x[:1])", x="float64[P]")
for call in ["x, y", "x, y, edge_order=2", "x, 0.5, edge_order=2", "x, edge_order=2", "x, a", "x, a, edge_order=2"]:
    case(f"np.gradient({call})", T=["float64", "float32", "int32"], x="T[P]", y="float64[P]:sorted", a="float64=0.2")
for call in ["x, axis=1, edge_order=2", "x, y, axis=1", "x, y, axis=1, edge_order=2", "x, 2.0, axis=0"]:
    case(f"np.gradient({call})", x="float64[N,M]", y="float64[M]:sorted")
for call in ["x, 0.5, 2.0", "x, z, y", "x, z, 0.5", "x, edge_order=2", "x, 0.5"]:
    body(f"a, b = np.gradient({call})\nreturn a, b", x="float64[N,M]", y="float64[M]:sorted", z="float64[N]:sorted")
case("np.gradient(x)", x="float64[1]")
case("np.gradient(x, edge_order=2)", x="float64[2]")
case("np.gradient(x)", x="complex128[P]")
case("np.gradient(x, y)", x="complex128[P]", y="float64[P]:sorted")
for x in ["T[N]", "T[N,M]"]:
    case("np.polyval(p, x)", T=["float64", "float32", "int32", "complex128"], p="T[K]", x=x)
case("np.polyval(p, a)", p="float64[K]", a="float64=1.5")
case("np.polyval(p, x)", p="int32[K]", x="float64[N]")
case("np.polyval(p, x)", p="float64[E]", x="float64[N]")
case("np.polyval([1, 0, 2], x)", x="float64[N]")
case("np.cross(x, y)", T=["int32", "float64", "complex128"], x="T[N,2]", y="T[N,2]")
case("np.cross(x, y)", x="float64[N,2]", y="float64[2]")
for x in ["T[8]:special", "T[P]:big", "T[N,M]", "T[E]"]:
    body("m, e = np.frexp(x)\nreturn m, e", T=FLOATS, x=x)
body("m, e = np.frexp(x * 1e-310)\nreturn m, e", x="float64[P]", strict=True)
body("m, e = np.frexp(x)\nreturn m, e", x="int32[P]")
for call in ["x, 3", "x, (2, 3)", "x, (4, 5)", "x, 0", "x, len(x) + 2"]:
    case(f"np.resize({call})", T=["int32", "float64"], x="T[N]")
case("np.resize(x, (3, 7))", x="float64[N,M]")
for call in ["x, 0, 5", "x, 2, 1.5", "x, -1, 7", "x, 4, 7", "x, 1, y", "x, n, 3"]:
    case(f"np.insert({call})", T=["int32", "float64"], x="T[4]", y="T[3]", n="int64=-2")
for call in ["x, 1, 9, axis=0", "x, 1, y, axis=0", "x, 0, z, axis=1", "x, -1, 9, axis=1", "x, 2, 9"]:
    case(f"np.insert({call})", x="float64[N,M]", y="float64[M]", z="float64[N]")
case("np.insert(x, 9, 1)", x="float64[4]")
case("np.insert(x, n, 1)", x="float64[N]", n="int64=9")
for lists in ["[x, x]", "[[x], [y]]", "[[x, y], [y, x]]", "[[x, np.zeros((4, 2))]]", "[x, 1.5]"]:
    case(f"np.block({lists})", x="float64[4,4]", y="float64[4,4]")
case("np.block([x, y, 7])", x="float64[N]", y="int32[M]")
case("np.block([[np.eye(3), x], [np.zeros((2, 3)), np.ones((2, 4))]])", x="float64[3,4]")
for call in ["(2, 3)", "(2, 3, 4)", "(3,)", "(2, 2), dtype=np.float32"]:
    case(f"np.indices({call})")
case("np.indices(x.shape)", x="float64[N,M]")
for call in ["1, 1000", "1.0, 256, 9", "2, 32, 5", "1, 8, num=4, endpoint=False", "100, 1, 3", "-1, -16, 5", "1, 10, 1", "a, b, 6", "1, 4, 3, dtype=np.float32"]:
    case(f"np.geomspace({call})", a="float64=0.5", b="float64=8.0")
case("np.geomspace(1, 2, len(x))", x="float64[N]")
for call in ["x, 0", "x, 2", "x, 1, 0", "x, 0, 3", "x, 2, 1", "x, -1"]:
    case(f"np.rollaxis({call})", x="float64[K,N,M]")
for axis in ["axis=0", "axis=1", "axis=-1", "1"]:
    case(f"np.take_along_axis(x, np.argsort(x, {axis}), {axis})", x="float64[N,M]")
    case(f"np.take_along_axis(x, i, {axis})", T=CLASSES, x="T[N,M]", i="int64[N,M]:index")
case("np.take_along_axis(x, -i, axis=0)", x="float64[N,M]", i="int64[K,M]:index")
case("np.take_along_axis(x, i, axis=1)", x="float64[N,M]", i="int64[1,K]:index")
case("np.take_along_axis(x, i, axis=None)", x="float64[N,M]", i="int64[K]:index")
for name in ["max", "min", "sum"]:
    case(f"{name}(x)", T=REALS, x="T[P]")
    case(f"{name}(x)", T=["int64", "float64"], x="T[4]")
    case(f"{name}(x)", x="float64[8]:special")
    case(f"{name}(x)", x="float64[U]")
for value in ["0.3", "2.5", "-1.5", "5.0", "0.0", "1e-3", "30.5"]:
    for name in ["erf", "erfc", "lgamma", "gamma"]:
        if (name, value) not in [("gamma", "0.0"), ("lgamma", "0.0")]:
            case(f"math.{name}(a)", a=f"float64={value}")
    for other in ["1.5", "-0.7", "np.inf"]:
        case("math.remainder(a, b)", a=f"float64={value}", b=f"float64={other}")
for value in ["0", "1", "15", "16", "17", "2147395600", "9223372036854775807", "4611686018427387904", "4611686018427386880", "-1"]:
    case("math.isqrt(n)", n=f"int64={value}")
case("math.isqrt(n)", n="int32=99")
for part in ["real", "imag"]:
    body(f"x.{part} = y", T=["complex64", "complex128"], x="T[N,M]", y="float64[M]")
    body(f"x.{part} = 3", x="complex128[N]")
    body(f"x.{part}[1:] = 2.5", x="complex128[N]")
    body(f"x.{part}[1, 2] = 2.5", x="complex128[N,M]")
    body(f"x.{part} += y", x="complex128[N]", y="float64[N]")
    body(f"x.{part}[::2] *= 3", x="complex128[P]")
    body(f"x[1:].{part} = y", x="complex128[4]", y="float64[3]")
body("x.real = y\nx.imag = -y", x="complex64[N]", y="float32[N]")
body("x.real = x.imag", x="complex128[N]")
body("x.real = y", x="float64[N]", y="float64[N]")
for step in ["::n", "1::n", ":-1:n", "::n, ::n", "::n + 1"]:
    case(f"x[{step}]", x="float64[P,Q]", n="int64=3")
    body(f"x[{step}] += 1", x="float64[P,Q]", n="int64=3")
    body(f"x[{step}] = 1", x="int32[P,Q]", n="int64=1")
body("s = 0.0\nfor k in range(1, 4):\n    s += x[::k].sum()\nreturn s", x="float64[Q]")
case("x[::n]", x="float64[N]", n="int64=0")
for part in ["real", "imag"]:
    body(f"x.{part} = y", x="complex128[8]", y="float64[8]:special")
    body(f"x.{part}[:] = np.inf", x="complex128[N]")
case("complex(a, b)", a="float64=np.inf", b="float64=1.5")
case("complex(a, b)", a="float64=2.5", b="float64=np.nan")

for name in ["nanvar", "nanstd"]:
    for rest in ["", ", axis=0", ", axis=1", ", ddof=1", ", axis=-1, keepdims=True", ", axis=(0, 1)", ", axis=1, ddof=3"]:
        case(f"np.{name}(np.where(x > 0.5, np.nan, x){rest})", T=FLOATS, x="T[N,M]")
    case(f"np.{name}(x)", x="int32[P]")
    case(f"np.{name}(x)", x="float64[1]")
for rest in ["", ", axis=0", ", axis=1", ", axis=-1, keepdims=True", ", keepdims=True"]:
    case(f"np.nanmedian(np.where(x > 0.5, np.nan, x){rest})", T=FLOATS, x="T[N,M]")
    case(f"np.nanmedian(x{rest})", T=["int32", "float64"], x="T[N,M]")
for name in ["nanargmin", "nanargmax"]:
    for rest in ["", ", axis=0", ", axis=-1"]:
        case(f"np.{name}(np.where(x == 0.25, np.nan, x){rest})", T=FLOATS, x="T[N,M]")
        case(f"np.{name}(x{rest})", x="int32[N,M]")
for name in ["nancumsum", "nancumprod"]:
    for rest in ["", ", axis=0", ", axis=-1"]:
        case(f"np.{name}(np.where(x > 0.5, np.nan, x){rest})", T=FLOATS, x="T[N,M]")
    case(f"np.{name}(x)", x="int32[P]")
for name in ["cumulative_sum", "cumulative_prod"]:
    case(f"np.{name}(x)", T=CLASSES, x="T[P]")
    case(f"np.{name}(x, axis=1)", x="float64[N,M]")
for name in ["bartlett", "blackman", "hamming", "hanning"]:
    for size in ["7", "8", "1", "len(x)", "N"]:
        case(f"np.{name}({size}) * 1.0", x="float64[N]")
for name in ["isreal", "iscomplex"]:
    case(f"np.{name}(x)", T=["int32", "float64", "complex128"], x="T[N,M]")
    case(f"np.{name}(np.where(x > 0, x, x + 1j))", x="float64[P]")
case("np.array_equiv(x, y)", x="int32[N,M]:ties", y="int32[M]:ties")
case("np.array_equiv(x, x)", x="float64[N,M]")
for of in ["x, y", "x, 1.5", "y, 1", "x, np.float64", "np.int8, np.uint8"]:
    case(f"np.zeros(3, np.result_type({of}))", x="float32[N]", y="int16[N]")
case("np.ones(2, np.promote_types(np.int32, np.float32))")
case("x + (1 if np.iscomplexobj(x) else 2) + (4 if np.isscalar(x[0]) else 8) + (16 if np.isrealobj(x) else 32)", T=CLASSES, x="T[N]")
body("i, j = np.diag_indices(4)\nA[i, j] = 7\nreturn i + j", A="float64[N,M]")
