"""What makes arrays of subscripts, slices as values, triangles and grids as indices, `.flat`, and further parameters."""

from corpus import CLASSES, FLOATS, body, case

VECTOR, MATRIX = "float64[N]", "float64[N,M]"

# --- grids and rows
for grid in ["0:3, 0:4", "0:N, 0:M", "0:5", "0:1:5j", "0:1:5j, 0:2:3j", "0:1:0.25", "1:N:2, -1:2", "0:2, 0:2, 0:3", "0:1.0, 0:3", ":4"]:
    case(f"np.mgrid[{grid}]", x=MATRIX)
for grid in ["0:3, 0:4", "0:N, 0:M:2", "0:2, 0:2, 0:3", "0:1:5j, 0:2"]:
    body(f"g = np.ogrid[{grid}]\nreturn g[0], g[1]", x=MATRIX)
    body(f"g = np.ogrid[{grid}]\nreturn g[0] * 10 + g[1]", x=MATRIX)
case("np.ogrid[0:5]")
case("np.ogrid[0:1:5j]")
body("a, b = np.ogrid[:N, :M]\nx[:] = a * b", x=MATRIX)
for parts in ["x, 0, y", "x", "x, y, x", "1:4", "0:1:5j", "1, 2, 3", "1:4, 0, 4", "x, 1:3", "x[::-1], 2.5", "1.5, x", "x, [1, 2]"]:
    case(f"np.r_[{parts}]", T=["float64", "int32", "float32"], x="T[N]", y="T[M]")
case("np.r_[x, y]", x="int8[N]", y="uint8[M]")
case("np.r_[x, x]", x=MATRIX)
case("np.r_['-1', x, x]", x=MATRIX)
case("np.r_['0', x, x]", x=MATRIX)
for parts in ["x, y", "x, y, x", "z, x", "z, z", "x", "x, x * 2"]:
    case(f"np.c_[{parts}]", T=["float64", "int32"], x="T[N]", y="T[N]", z="T[N,M]")

# --- slices as values
for s in ["slice(1, 3)", "slice(2)", "slice(None)", "slice(None, None, -1)", "slice(-2, None)", "slice(0, N, 2)"]:
    case(f"x[{s}]", x=VECTOR)
    body(f"s = {s}\nx[s] = 7", x=VECTOR)
    case(f"x[{s}, 1]", x=MATRIX)
case("x[slice(None, None, 2), slice(1, None)]", x=MATRIX)
for s in ["np.s_[1:3]", "np.s_[:, 0]", "np.s_[..., 1:]", "np.index_exp[1:3]", "np.s_[1]", "np.s_[None, ::2]"]:
    case(f"x[{s}]", x=MATRIX)
body("s = np.s_[1:, :2]\nx[s] += 1", x=MATRIX)

# --- indices of grids and triangles
case("x[np.ix_([0, 2], [1, 3])]", T=CLASSES, x="T[N,M]")
case("x[np.ix_(i, j)]", x=MATRIX, i="int64[K]:index", j="int64[L]:index")
case("x[np.ix_(i, [0], j)]", x="float64[K,N,M]", i="int64[L]:index", j="int32[L]:index")
body("x[np.ix_([0, 2], [1, 3])] = 5.0", x=MATRIX)
body("x[np.ix_([0, 2], [1, 3])] += y", x=MATRIX, y="float64[2,2]")
body("a, b = np.ix_(x, y)\nreturn a + b", x="int64[N]", y="int64[M]")
body("a = np.ix_(x)\nreturn a[0]", x="int64[N]")
body("return np.sum(x[np.ix_(x[:, 0] > 0, [0, 1])])", x=MATRIX)
for name in ["tril", "triu"]:
    for call in ["4", "4, 1", "4, -1", "3, 0, 5", "5, 1, 3", "3, k=-1, m=4"]:
        body(f"i, j = np.{name}_indices({call})\nreturn i, j")
    for k in ["", ", 1", ", k=-1"]:
        body(f"i, j = np.{name}_indices(N{k})\nreturn np.sum(x[i, j])", x="float64[N,N]")
        body(f"x[np.{name}_indices(N{k})] = 0", x="float64[N,N]")
        case(f"x[np.{name}_indices_from(x{k})]", x="float64[4,4]")
        case(f"np.sum(x[np.{name}_indices_from(x{k})])", x=MATRIX)
case("x[np.diag_indices(4)]", x="float64[4,4]")
case("x[np.diag_indices_from(x)]", x="float64[N,N]")
body("x[np.diag_indices(N)] = 3", x="float64[N,N]")
case("x[[[0, 1], [2, 3]]]", x=VECTOR)
case("x[[[0, 1], [2, 3]], 1]", x=MATRIX)

# --- flat
for at in ["3", "-1", "2:5", "::3", "[0, 2]", "k"]:
    case(f"x.flat[{at}]", x=MATRIX, k="int64=4")
    body(f"x.flat[{at}] = 7", x=MATRIX, k="int64=4")
case("x.T.flat[1]", x=MATRIX)
case("x[:, 1].flat[2]", x=MATRIX)
body("x.flat = 3.0", x=MATRIX)
body("x.flat[:] = y", x="float64[4,5]", y="float64[20]")
body("x.flat[::6] += 1", x=MATRIX)
body("s = 0.0\nfor v in x.flat:\n    s = s * 0.5 + v\nreturn s", x=MATRIX)
body("for k, v in enumerate(x.flat):\n    y[k] = v", x="float64[4,5]", y="float64[20]")
case("x.strides[0] + x.strides[1]", T=["float64", "int16"], x="T[N,M]")
body("t = x.tolist()\nreturn t[1] + t[0]", x="float64[3]")
body("t = x.tolist()\nx[:] = 0\nreturn t[1][0], len(t)", x="int32[3,2]")

# --- further parameters
for name in ["zeros", "ones"]:
    case(f"np.{name}((3, 4), order='F')")
    case(f"np.{name}_like(x, shape=(2, 3))", x="int32[N,M]")
    case(f"np.{name}_like(x, dtype=np.int8, shape=x.shape[0])", x=MATRIX)
case("np.full((2, 3), 7, order='C')")
case("np.full((2, 3), [1, 2, 3])")
case("np.full((2, M), x)", T=["float64", "int32"], x="T[M]")
case("np.full((2, M), x, dtype=np.float32)", x="float64[M]")
case("np.full_like(x, [1, 2, 3, 4, 5])", T=["float64", "int32"], x="T[N,M]")
case("np.full_like(x, 2, shape=(3,))", x=MATRIX)
for x in ["x", "[[1, 2], [3, 4]]", "x[0]"]:
    for ndmin in [0, 2, 3]:
        case(f"np.array({x}, ndmin={ndmin})", x=MATRIX)
case("np.array(x, order='C')", x=MATRIX)
case("x.astype(np.float32, order='C', casting='unsafe')", x=MATRIX)
case("x.copy('C')", x=MATRIX)
for call in ["0, 1, 5", "a, 3.0, 5, endpoint=False", "0, 10, 1", "2, 3, 7, dtype=np.float32"]:
    body(f"y, s = np.linspace({call}, retstep=True)\nreturn y, s", a="float64=1.0")
for call in ["x, x + 1, 5", "x, x + 1, 5, axis=1", "x, 3.0, 4", "0.0, x, 4, axis=-1", "x, x * 2, 1", "x, x * 2, 4, endpoint=False", "[0, 1], [2, 3], 3"]:
    case(f"np.linspace({call})", T=["float64", "int32"], x="T[N]")
for name in ["trace", "diagonal"]:
    for call in ["x, 0, 1, 2", "x, axis1=0, axis2=2", "x, 1, axis1=1, axis2=2", "x, axis1=-1, axis2=-2", "x, -1, 2, 0"]:
        case(f"np.{name}({call})", x="float64[K,N,M]")
case("x.diagonal(0, 1, 2)", x="float64[K,N,M]")
for call in ["x, y, axis=0", "x, y, axisa=0, axisb=0, axisc=0", "x, y, axisa=0, axisb=0"]:
    case(f"np.cross({call})", x="float64[3,N]", y="float64[3,N]")
body("a, b = np.meshgrid(x, y, sparse=True)\nreturn a, b", x=VECTOR, y="float64[M]")
body("a, b = np.meshgrid(x, y, indexing='ij', sparse=True)\nreturn a, b", x=VECTOR, y="float64[M]")
case("np.choose(i, x)", i="int64[N]:index", x="float64[3,N]")
case("i.choose([10, 20, 30])", i="int64[N]:index")
body("x.put([0, 2], 5.0)", x=VECTOR)
body("return np.sum(x.compress([True, False, True, False]))", x="float64[4]")
body("a, b, c, d = np.unstack(x)\nreturn a + d, b * c", x="float64[4,3]")
body("a, b, c = np.unstack(x, axis=1)\nreturn a, b - c", x="float64[N,3]")
for name, kind in [("acos", "unit"), ("acosh", "big"), ("asin", "unit"), ("asinh", "unit"), ("atan", "unit"), ("atanh", "unit")]:
    case(f"np.{name}(x)", T=FLOATS, x=f"T[N]:{kind}")
case("np.atan2(x, y)", x=VECTOR, y=VECTOR)
case("np.pow(x, 2)", T=FLOATS + ["int32"], x="T[N]")
for name in ["asanyarray", "asfortranarray", "require"]:
    case(f"np.{name}(x)", x=MATRIX)
