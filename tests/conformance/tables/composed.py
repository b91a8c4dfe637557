"""Functions that are written in NumPy themselves: polynomials, index arithmetic, functions along axes, eigenvalues."""

from corpus import FLOATS, body, case

VECTOR, MATRIX, LINE = "float64[N]", "float64[N,M]", "float64[P]"

# --- polynomials
for deg in [0, 1, 2, 3]:
    case(f"np.polyfit(x, y, {deg})", T=FLOATS, tolerance=1e-4, x="T[P]", y="T[P]")
case("np.polyfit(x, y, 1, w=w)", x=LINE, y=LINE, w="float64[P]:pos", tolerance=1e-9)
case("np.polyfit(x, y, 2)", x=LINE, y="float64[P,2]", tolerance=1e-9)
case("np.polyfit(x, y, 2, w=w)", x=LINE, y="float64[P,2]", w="float64[P]:pos", tolerance=1e-9)
case("np.polyfit(x, y, 1)", x="int64[P]", y="int32[P]", tolerance=1e-9)
case("np.poly(x)", T=["float64", "float32", "int64"], x="T[N]")
case("np.poly([1.0, 2.0])")
case("np.poly(x)", x="float64[1]")
body("r = np.roots([1.0, -6.0, 11.0, -6.0])\nreturn np.sort(r.real), np.max(np.abs(r.imag)) < 1e-9")
body("r = np.roots(x)\nreturn np.sort(np.abs(r))", T=["float64", "float32", "int32"], x="T[N]:pos", tolerance=1e-5)
body("r = np.roots(x)\nreturn np.max(np.abs(np.polyval(x, r))) < 1e-9", x="float64[M]:pos")
for x, y in [("T[N]:pos", "T[M]:pos"), ("T[M]:pos", "T[N]:pos"), ("T[N]:pos", "T[N]:pos")]:
    for name in ["polyadd", "polysub", "polymul"]:
        case(f"np.{name}(x, y)", T=["float64", "int32", "complex128"], x=x, y=y)
case("np.polyadd(x, y)", x="float32[N]", y="int8[N]")
case("np.polyadd(x, [1.0, 2.0])", x=VECTOR)
for m in [1, 2, 3]:
    case(f"np.polyder(x, {m})", T=["float64", "int32", "complex128"], x="T[M]")
    case(f"np.polyint(x, {m})", T=["float64", "int32", "complex128"], x="T[M]")
case("np.polyder(x)", x=VECTOR)
case("np.polyint(x)", x="float32[N]")

# --- indices
for order in ["", ", order='F'"]:
    body(f"i, j = np.unravel_index(k, (4, 5){order})\nreturn i, j", k="int64[N]:index")
    body(f"i, j = np.unravel_index(7, (4, 5){order})\nreturn i, j")
    body(f"i, j, l = np.unravel_index(k, (2, 3, 4){order})\nreturn i, j, l", k="int32[N]:index")
    case(f"np.ravel_multi_index((i, j), (4, 5){order})", i="int64[N]:index", j="int64[N]:index")
    case(f"np.ravel_multi_index((i, j), (4, 5), mode='clip'{order})", i="int64[N]", j="int64[N]")
    case(f"np.ravel_multi_index((i, j), (4, 5), mode='wrap'{order})", i="int64[N]", j="int64[N]")
body("i, j = np.unravel_index(np.argmax(x), x.shape)\nreturn i, j, x[i, j]", x=MATRIX)
case("np.unravel_index(k, (2, 1))[0]", k="int64[N]:pos")
case("np.ravel_multi_index((1, 2), (4, 5))")
case("np.ravel_multi_index((i, j), (4, 5))", i="int64[N]", j="int64[N]")
case("np.lexsort((x, y))", T=["int64", "float64", "uint8"], x="T[Q]:ties", y="T[Q]:ties")
case("np.lexsort((x, y, z))", x="int64[Q]:ties", y="int64[Q]:ties", z="float64[Q]:ties")
case("np.lexsort(x)", x="int64[3,Q]:ties")
case("np.lexsort([x])", x="float64[P]:ties")
case("x[np.lexsort((x, y))]", x="float64[E]", y="float64[E]")
for k in [0, 2, 6, -1]:
    body(f"y = np.partition(x, {k})\nreturn y[{k}]", T=["float64", "int32"], x="T[P]")
    body(f"i = np.argpartition(x, {k})\nreturn x[i[{k}]]", x=LINE)
body("y = np.partition(x, 2)\nreturn np.sort(y[:2]), np.sort(y[2:])", x=LINE)
body("y = np.partition(x, 2, axis=0)\nreturn y[2]", x=MATRIX)
body("y = np.partition(x, [1, 3])\nreturn y[1], y[3]", x=LINE)
body("x.partition(2)\nreturn np.sort(x[:2]), x[2]\n".strip(), x=LINE)

# --- functions of functions
case("np.piecewise(x, [x < 0, x >= 0], [-1.0, 1.0])", T=["float64", "float32", "int32"], x="T[N,M]")
case("np.piecewise(x, [x < 0, x >= 0], [lambda v: -v, lambda v: v * v])", T=["float64", "int32"], x="T[N,M]")
case("np.piecewise(x, [x < 0], [lambda v: -v, 7.0])", x=MATRIX)
case("np.piecewise(x, [x < 0, x > 1], [lambda v: -v, 7.5])", x="int64[N]")
case("np.piecewise(x, [x < 0, x < 1], [1, 2])", x="float64[E]")
for function in ["np.sum", "np.max", "np.argmax", "np.mean", "lambda r: r[0] + r[-1]", "lambda r: np.dot(r, r)"]:
    for axis in [0, 1, -1]:
        case(f"np.apply_along_axis({function}, {axis}, x)", x=MATRIX)
    case(f"np.apply_along_axis({function}, 1, x)", T=["int32", "float32"], x="T[K,N,M]")
for function in ["np.sort", "np.cumsum", "lambda r: r * 2 - r[0]", "lambda r: r[:2]"]:
    for axis in [0, 1]:
        case(f"np.apply_along_axis({function}, {axis}, x)", x=MATRIX)
    case(f"np.apply_along_axis({function}, 1, x)", x="float64[K,N,M]")
case("np.apply_along_axis(np.sum, 0, x)", x=VECTOR)
case("np.apply_over_axes(np.sum, x, [0, 2])", x="float64[K,N,M]")
case("np.apply_over_axes(np.max, x, [1])", x="int32[K,N,M]")

# --- samples
for call in ["x, 5", "x, 5, range=(0, 3)", "x, [-2.0, 0.0, 3.0]", "x, y"]:
    body(f"h, e = np.histogram({call}, density=True)\nreturn h, e", x="float64[Q]", y="float64[N]:sorted")
    case(f"np.histogram_bin_edges({call})", x="float64[Q]", y="float64[N]:sorted")
body("h, e = np.histogram(x, 5, density=True, weights=y)\nreturn h, e", x="float64[Q]", y="float64[Q]:pos")
for call in ["x, y", "x, y, 4", "x, y, bins=[3, 4]", "x, y, 3, [[-1, 1], [0, 2]]", "x, y, z", "x, y, [z, 3]", "x, y, 4, weights=w"]:
    for density in ["", ", density=True"]:
        body(f"h, a, b = np.histogram2d({call}{density})\nreturn h, a, b", x="float64[Q]", y="float64[Q]", z="float64[N]:sorted", w="float64[Q]:pos")
body("h, a, b = np.histogram2d(x, x, 3)\nreturn h, a, b", x="float64[1]")
case("np.unwrap(x)", x="float64[Q]:big")
case("np.unwrap(x * 3, axis=0)", x=MATRIX)
case("np.unwrap(x * 3, period=4.0)", x=MATRIX)
case("np.unwrap(x * 3, discont=5.0)", x=LINE)
for m, beta in [(5, 2.0), (12, 14.0), (6, 0.0), (7, 8.6)]:
    case(f"np.kaiser({m}, {beta})")

# --- linear algebra
for dtype in ["float32", "float64", "int32", "complex64", "complex128"]:
    body("w = np.linalg.eigvals(x)\nreturn np.sort(np.abs(w))", T=[dtype], x="T[N,N]", tolerance=1e-4 if dtype in ("float32", "complex64") else 1e-10)
for n in ["M", "P", "1"]:
    for dtype in ["float64", "complex128"]:
        body("w = np.linalg.eigvals(x)\nreturn np.abs(np.sum(w)), np.abs(np.prod(w))", T=[dtype], x=f"T[{n},{n}]", tolerance=1e-9)
        body("w, v = np.linalg.eig(x)\nreturn np.max(np.abs(x @ v - v * w)) < 1e-9, np.sqrt(np.sum(np.abs(v) ** 2, axis=0))", T=[dtype], x=f"T[{n},{n}]")
body("w = np.linalg.eigvals(x + x.T)\nreturn np.sort(w.real)", x="float64[P,P]", tolerance=1e-10)
body("x[:] = 0\nx[0, 3] = 1\nx[1, 0] = 1\nx[2, 1] = 1\nx[3, 2] = 1\nw = np.linalg.eigvals(x)\nreturn np.sort(np.round(w.real, 9)), np.abs(w)", x="float64[4,4]", tolerance=1e-9)
body("w, v = np.linalg.eig(np.tril(x))\nreturn np.sort(w.real)", x="float64[P,P]", tolerance=1e-9)
body("w, v = np.linalg.eig(np.zeros((3, 3)))\nreturn np.abs(w)")
for x in ["float64[M,N]", "complex128[N,M]", "float32[N,M]"]:
    body("u, s, v = np.linalg.svd(x)\nreturn s, np.abs(u).shape[1], v.shape[0]", x=x, tolerance=1e-5)
    body("u, s, v = np.linalg.svd(x, full_matrices=True)\nn = s.shape[0]\nreturn (u[:, :n] * s) @ v[:n]", x=x, tolerance=1e-5)
    body("u, s, v = np.linalg.svd(x)\nreturn np.conj(u.T) @ u, v @ np.conj(v.T)", x=x, tolerance=1e-5)
    body("q, r = np.linalg.qr(x, mode='complete')\nreturn q @ r, np.conj(q.T) @ q", x=x, tolerance=1e-5)
for p in ["1", "-1", "np.inf", "-np.inf", "'fro'", "'nuc'", "2", "None"]:
    case(f"np.linalg.cond(x, {p})", x="float64[N,N]", tolerance=1e-9)
case("np.linalg.tensorsolve(x, y)", x="float64[2,3,6]", y="float64[2,3]", tolerance=1e-9)
case("np.linalg.tensorinv(x, ind=1)", x="float64[6,2,3]", tolerance=1e-9)
case("np.linalg.tensorinv(x)", x="float64[2,3,6]", tolerance=1e-9)
for call in ["x", "x, axis=0", "x, axis=1, keepdims=True", "x, ord=1", "x, axis=0, ord=np.inf"]:
    case(f"np.linalg.vector_norm({call})", x=MATRIX)
for call in ["x", "x, ord=1", "x, ord='nuc'", "x, keepdims=True"]:
    case(f"np.linalg.matrix_norm({call})", x=MATRIX)
case("np.linalg.matrix_norm(x)", x="float64[K,N,M]")
case("np.linalg.cross(x, y)", x="float64[N,3]", y="float64[N,3]")
case("np.linalg.tensordot(x, y, axes=1)", x=MATRIX, y="float64[M,K]")
case("np.linalg.vecdot(x, y)", x=MATRIX, y=MATRIX)
case("np.linalg.matrix_transpose(x)", x=MATRIX)
case("np.linalg.trace(x)", x="float64[K,N,N]")
for name in ["eigvalsh(x + x.T, UPLO='U')", "eigvalsh(np.triu(x), 'U')", "cholesky(x @ x.T + np.eye(N), upper=True)"]:
    case(f"np.linalg.{name}", T=FLOATS, x="T[N,N]", tolerance=1e-4)
case("np.linalg.eigvalsh(x, UPLO='U')", x="complex128[N,N]", tolerance=1e-9)
case("np.linalg.cholesky(x @ np.conj(x.T) + np.eye(N), upper=True)", x="complex128[N,N]", tolerance=1e-9)
