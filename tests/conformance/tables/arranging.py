"""Elements that are chosen, left out, put in between or added around, and functions called for each element."""

from corpus import CLASSES, body, case

VECTOR, MATRIX, LINE = "float64[N]", "float64[N,M]", "float64[P]"

for mode in ["raise", "wrap", "clip"]:
    index = "int64[K]:index" if mode == "raise" else "int64[K]"
    case(f"np.take(x, i, mode='{mode}')", T=["float64", "int32", "bool"], x="T[N]", i=index)
    case(f"np.take(x, i, axis=1, mode='{mode}')", x=MATRIX, i=index)
    case(f"np.take(x, i, mode='{mode}')", x=MATRIX, i=index)
    case(f"x.take([1, 2], mode='{mode}')", x=VECTOR)
    body(f"np.put(x, i, 9, mode='{mode}')", T=["float64", "int32"], x="T[N,M]", i=index)
    body(f"x.put([0, 2], [7.0, 8.0], mode='{mode}')", x=VECTOR)
    case(f"np.choose(i, [x, x + 1, x * 2], mode='{mode}')", x="float64[K]", i=index)
case("np.choose(i, [x, x + 1, x * 2])", T=["int64", "uint8", "int8"], x="float64[K]", i="T[K]:index")
case("np.choose(i, [x, x * 2])", x="float64[M]", i="int64[M]")
case("np.choose(i - 3, [x, x * 2])", x="float64[K]", i="int64[K]:index")
case("np.choose(i > 0, [x, -x])", x="float64[M]", i="int64[M]")
case("np.choose(n, [x, x * 2])", x="float64[M]", n="int64=1")
case("np.choose(n, [x, x * 2])", x="float64[M]", n="int64=2")
case("np.choose(n, [x, x * 2])", x="float64[M]", n="int64=-1")
case("np.choose(2, [x, x * 2])", x="float64[M]")
case("np.choose([1, 0, 1], [x, x * 2])", x="float64[K]")
body("np.put(x, [0, 7], [1.0, 2.0, 3.0])", x=MATRIX)
body("np.put(x, [0, 9], 9.0, mode='clip')", x=VECTOR)

# --- padding
for mode in ["maximum", "minimum", "mean", "median", "linear_ramp"]:
    for widths in ["2", "(1, 2)", "((1, 0), (2, 3))"]:
        case(f"np.pad(x, {widths}, '{mode}')", T=["float64", "int32", "float32"], x="T[N,M]")
    case(f"np.pad(x, 3, '{mode}')", T=["float64", "int64"], x="T[P]")
    case(f"np.pad(x, 1, '{mode}')", x="float64[1]")
case("np.pad(x, 2, 'mean', stat_length=2)", T=["float64", "int32"], x="T[P]")
case("np.pad(x, 2, 'maximum', stat_length=((1, 2), (3, 3)))", x=MATRIX)
case("np.pad(x, 2, 'linear_ramp', end_values=1.0)", x=LINE)
case("np.pad(x, (2, 3), 'linear_ramp', end_values=(5, -4))", T=["float64", "int32"], x="T[P]")

# --- delete, insert
for obj in ["[0, 1]", "[1, 3, 1]", "[]", "[-1]", "[0, -1]", "slice(0, 2)", "slice(1, None)", "slice(-2, None)", "slice(3, 1)", "slice(2, 99)"]:
    case(f"np.delete(x, {obj})", T=["float64", "int32"], x="T[P]")
    case(f"np.delete(x, {obj}, axis=0)", x=MATRIX)
    case(f"np.delete(x, {obj}, axis=1)", x=MATRIX)
for obj in ["[0, 2]", "[3, 1]", "[2, 2, 0]", "[-1, 1]", "i"]:
    case(f"np.insert(x, {obj}, 9)", T=["float64", "int32", "complex128"], x="T[P]", i="int64[K]:index")
    case(f"np.insert(x, {obj}, 9.0, axis=1)", x=MATRIX, i="int64[K]:index")
    case(f"np.insert(x, {obj}, 9.0, axis=0)", x=MATRIX, i="int64[K]:index")
case("np.insert(x, [0, 2], [8.0, 9.0])", x=LINE)
case("np.insert(x, [1, 1], y, axis=1)", x=MATRIX, y="float64[N,2]")

# --- windows
for width in [1, 3, 4]:
    case(f"np.lib.stride_tricks.sliding_window_view(x, {width})", T=CLASSES, x="T[P]")
    case(f"np.lib.stride_tricks.sliding_window_view(x, {width}, axis=0)", x=MATRIX)
    case(f"np.lib.stride_tricks.sliding_window_view(x, {width}, axis=-1)", x=MATRIX)
case("np.lib.stride_tricks.sliding_window_view(x, (2, 3))", x=MATRIX)
case("np.lib.stride_tricks.sliding_window_view(x, 3).mean(axis=-1)", x=LINE)

SLIDING = "w = np.lib.stride_tricks.sliding_window_view"
body(f"{SLIDING}(x, 3)\nx[2] = 9\nreturn w, w.sum(axis=-1)", T=["float64", "int32"], x="T[P]")
body(f"{SLIDING}(x, 2, axis=1)\nv = w[1:, ::2]\nx[:] = x * 2\nx[0, 0] += 1\nreturn v, w", x=MATRIX)
body(f"{SLIDING}(x, (2, 3))\nfor k in range(3):\n    x[1, k] = w[0, 0].sum()\nreturn w", x=MATRIX)
body(f"{SLIDING}(x, (2, 2), axis=(0, 0))\nx[3] = 1\nreturn w", x=LINE)
body(f"{SLIDING}(x[1:], 2)\nx[0] = 5\nx[2] = 6\nreturn w", x=LINE)
body(f"{SLIDING}(x, 2)\nfor t in range(3):\n    x[1:] = w.mean(axis=-1)\nreturn w", x=LINE)
body(f"{SLIDING}(x, 2).copy()\nw[0, 0] = 5\nx[1] = 6\nreturn w", x=LINE)
body(f"{SLIDING}(x, 2)\nw[0, 0] = 5\nreturn w", x=LINE)
body(f"{SLIDING}(x, 3)\nv = w.reshape(-1)\nx[1] = 7\nreturn v, w", x=LINE)
body(f"{SLIDING}(x, n)\nx[0] = 7\nreturn w.sum()", x=LINE, n="int64=3")
body(f"{SLIDING}(x, n)\nreturn w.sum()", x=LINE, n="int64=9")
case("np.lib.stride_tricks.sliding_window_view(x, 9)", x="float64[8]")

# --- functions of numbers
for function in ["lambda v: v * v + 1", "lambda v: v if v > 0 else -v", "lambda v: 1"]:
    case(f"np.vectorize({function})(x)", T=["float64", "int64", "float32"], x="T[N,M]")
    case(f"np.vectorize({function})(x)", x="float64[U]")
body("f = np.vectorize(lambda a, b: a if a > b else b)\nreturn f(x, y), f(x, 1.0)", x=VECTOR, y=VECTOR)
body("f = np.vectorize(lambda a, b: a - b)\nreturn f(x, y)", x=MATRIX, y="float64[M]")
body("def f(v):\n    s = 0.0\n    while v > 0.5:\n        v = v / 2\n        s += 1.0\n    return s\nreturn np.vectorize(f)(x)", x=MATRIX)
case("np.vectorize(math.sqrt)(x)", x="float64[N]:pos")
case("np.vectorize(lambda v: v + 1)(a)", a="float64=2.5")

# --- further functions
case("np.packbits(x)", x="bool[P]")
case("np.packbits(x, bitorder='little')", x="uint8[Q]:ties")
case("np.packbits(x, axis=0)", x="bool[P,K]")
case("np.packbits(x, axis=1)", x="bool[K,P]")
case("np.unpackbits(x)", x="uint8[P]")
case("np.unpackbits(x, bitorder='little')", x="uint8[N,K]")
case("np.unpackbits(x, axis=1)", x="uint8[N,K]")
case("np.sort_complex(x)", T=["float32", "float64", "int32", "int8", "complex64", "complex128"], x="T[P]:ties")
case("np.real_if_close(x)", x=LINE)
case("np.asarray_chkfinite(x)", x=LINE)
case("np.asarray_chkfinite(x)", x="float64[8]:special")
case("np.astype(x, np.float32)", T=["float64", "int32", "bool"], x="T[N]")
body("a, b = np.atleast_2d(x, y)\nreturn a, b", x=VECTOR, y=MATRIX)
case("np.atleast_3d(x, x)[1]", x=VECTOR)
case("np.sum(np.setxor1d(x, y))", T=["float64", "int32"], x="T[P]:ties", y="T[N]:ties")
body("i, j = np.mask_indices(3, np.triu)\nreturn i, j")
body("i, j = np.mask_indices(4, np.tril, -1)\nreturn i, j")
case("np.zeros(np.broadcast_shapes((3, 1), (4,)))")
for axis in ["", ", axis=0", ", axis=1", ", axis=1, keepdims=True", ", keepdims=True"]:
    case(f"np.nanquantile(x, 0.3{axis})", T=["float64", "float32"], x="T[2,4]:special", tolerance=1e-5)
    case(f"np.nanpercentile(x, [25, 50, 90]{axis})", x=MATRIX)
    case(f"np.nanpercentile(x, 30{axis})", x=MATRIX)
case("np.nanpercentile(x, 40)", x="int32[P]")
for method in ["hazen", "weibull", "median_unbiased", "normal_unbiased", "interpolated_inverted_cdf", "inverted_cdf"]:
    for share in [0, 30, 50, 87.5, 100]:
        case(f"np.percentile(x, {share}, method='{method}')", x=LINE)
    case(f"np.quantile(x, [0.1, 0.6], axis=1, method='{method}')", T=["float64", "int32"], x="T[N,M]")
case("np.percentile(x, y)", x=LINE, y="float64[N]:pos")
case("np.quantile(x, y / 5, axis=1)", x=MATRIX, y="float64[N]:pos")
case("np.interp(x, y, z, period=6.0)", x=VECTOR, y=LINE, z=LINE)
case("np.interp(x, y, z, period=-2)", x=MATRIX, y=LINE, z=LINE)
case("np.interp(x, y, z, left=-1.0, right=9.0)", x=VECTOR, y="float64[P]:sorted", z=LINE)
for call in ["x, 3", "x, bins=3, range=((0, 1), (-1, 2))", "x, (3, 4)", "x, 3, weights=w"]:
    body(f"h, (a, b) = np.histogramdd({call})\nreturn h, a, b", x="float64[P,2]", w="float64[P]:pos")
body("h, e = np.histogramdd(x, 3, density=True)\nreturn h", x="float64[Q,2]")
body("h, e = np.histogramdd(x, 2)\nreturn h, e[2]", x="float64[P,3]")
REST = "q, r = np.polydiv({})\nreturn q, np.polyval(r, 2.0), len(r)"
body(REST.format("x, y"), T=["float64", "complex128"], x="T[M]:pos", y="T[K]:pos")
body(REST.format("x, y"), x="float64[K]:pos", y="float64[M]:pos")
body(REST.format("[1.0, 5.0, 6.0, 7.0], [1.0, 2.0]"))
body(REST.format("np.polymul(x, y), x"), T=["float64", "int32"], x="T[K]:pos", y="T[M]:pos")
body(REST.format("[1, 3, 5, 6], [1, 2, 3]"))
body(REST.format("x, [2.0]"), x=LINE)
body("q, r = np.polydiv(x, y)\nreturn r", x="float64[K]:pos", y="float64[K]:pos")
for function in ["np.polyadd", "np.polysub"]:
    case(f"{function}([0.0, 1.0, 2.0], [0.0, 0.0, 0.0, 5.0])")
    case(f"{function}(x, x)", x=VECTOR)
case("np.polymul([0.0, 1.0], x)", x=VECTOR)
case("np.polymul([0.0], x)", x="float64[K]:pos")
case("np.i0(x)", T=["float64", "int32"], x="T[P]")
case("np.i0(x * 20)", x=LINE)
