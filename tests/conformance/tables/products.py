"""Products of vectors, matrices and more; traces; linear algebra."""

from corpus import COMPLEX, FLOATS, body, case

TYPES = ["int32", "float32", "float64", "complex128"]
case("np.dot(x, y)", T=TYPES, x="T[N]", y="T[N]")
case("np.dot(x, y)", T=TYPES, x="T[N,M]", y="T[M]")
case("np.dot(x, y)", T=TYPES, x="T[N,M]", y="T[M,K]")
case("np.dot(x, y)", x="float64[N]", y="float64[N,M]")
case("np.dot(x, y)", x="float64[K,N,M]", y="float64[M]")
case("np.dot(x, y)", x="float64[K,N,M]", y="float64[M,L]")
case("np.dot(x, y)", x="float64[L,M]", y="float64[K,M,N]")
case("np.dot(a, x)", a="float64=2.0", x="float64[N,M]")
case("np.dot(x, y)", x="float64[E]", y="float64[E]")
case("np.dot(x, y)", x="float64[N,E]", y="float64[E,M]")
case("np.dot(x, y)", x="bool[N,M]", y="bool[M]")
body("np.dot(x, y, out=z)", x="float64[N,M]", y="float64[M,K]", z="float64[N,K]")
case("np.dot(x, y)", x="float64[N]", y="float64[M]")
case("np.dot(x, y)", x="int8[N,M]", y="int8[M]")
case("np.dot(x, y)", x="float32[N,M]", y="float64[M]")
for form in ["x @ y", "np.matmul(x, y)"]:
    case(form, T=TYPES + ["uint8", "bool"], x="T[N,M]", y="T[M,K]")
    case(form, x="float64[N]", y="float64[N]")
    case(form, x="float64[N,M]", y="float64[M]")
    case(form, x="float64[N]", y="float64[N,M]")
    case(form, x="float64[L,N,M]", y="float64[L,M,K]")
    case(form, x="float64[L,N,M]", y="float64[M,K]")
    case(form, x="float64[N,M]", y="float64[L,M,K]")
    case(form, x="float64[L,1,N,M]", y="float64[K,M,L]")
    case(form, x="float64[L,N,M]", y="float64[M]")
    case(form, x="float64[N,1]", y="float64[1,M]")
    case(form, x="float64[1,N]", y="float64[N,1]")
    case(form, x="float64[N,E]", y="float64[E,M]")
    case(form, x="float64[U,U]", y="float64[U,U]")
    case(form, x="float64[3,4]", y="float64[5,3]")
case("x.T @ y", x="float64[M,N]", y="float64[M,K]")
case("x @ y.T", x="float64[N,M]", y="float64[K,M]")
case("x[:, ::-1] @ y[::-1]", x="float64[N,M]", y="float64[M,K]")
case("x[::2] @ y", x="float64[N,M]", y="float64[M]")
case("x @ y @ z", x="float64[N,M]", y="float64[M,K]", z="float64[K]")
case("2.0 * x @ y + 1", x="float32[N,M]", y="float32[M,K]")
body("x[:] = x @ y", x="float64[N,N]", y="float64[N,N]")
body("x @= y", x="float64[N,N]", y="float64[N,N]")
body("np.matmul(x, y, out=z)", x="float64[N,M]", y="float64[M,K]", z="float64[N,K]")
case("np.vdot(x, y)", T=TYPES, x="T[N]", y="T[N]")
case("np.vdot(x, y)", x="float64[N,M]", y="float64[N,M]")
case("np.vecdot(x, y)", x="float64[N,M]", y="float64[N,M]")
case("np.inner(x, y)", T=TYPES, x="T[N]", y="T[N]")
case("np.inner(x, y)", x="float64[N,M]", y="float64[K,M]")
case("np.inner(x, y)", x="float64[N,M]", y="float64[M]")
case("np.inner(x, 2.0)", x="float64[N]")
case("np.outer(x, y)", T=TYPES + ["bool"], x="T[N]", y="T[M]")
case("np.outer(x, y)", x="float64[N,K]", y="float64[M]")
case("np.outer(x[::-1], y)", x="float64[N]", y="float64[M]")
case("np.outer(x, y)", x="float64[E]", y="float64[M]")
case("np.outer(x, y)", x="int32[N]", y="float32[M]")
body("np.outer(x, y, out=z)", x="float64[N]", y="float64[M]", z="float64[N,M]")
for axes in ["1", "2", "0", "([1], [0])", "([0, 1], [0, 1])", "([0, 1], [1, 0])", "(0, 0)", "(-1, -1)"]:
    shape = {"1": ("N,M", "M,K"), "2": ("N,M", "N,M"), "0": ("N,L", "K"), "([1], [0])": ("N,M", "M,K"), "(-1, -1)": ("N,M", "K,M")}
    left, right = shape.get(axes, ("N,N", "N,N"))
    case(f"np.tensordot(x, y, axes={axes})", x=f"float64[{left}]", y=f"float64[{right}]")
case("np.tensordot(x, y)", x="float64[K,N,M]", y="float64[N,M,L]")
case("np.tensordot(x, y, axes=([2, 0], [0, 1]))", x="float64[K,N,M]", y="float64[M,K,L]")
case("np.tensordot(x, y, 1)", T=["int32", "float32"], x="T[N,M]", y="T[M,K]")
for spec, left, right in [
    ("ij,jk->ik", "N,M", "M,K"),
    ("ij,jk", "N,M", "M,K"),
    ("ij,kj->ki", "N,M", "K,M"),
    ("i,i->", "N", "N"),
    ("i,i", "N", "N"),
    ("i,j->ij", "N", "M"),
    ("ij,ij->ij", "N,M", "N,M"),
    ("ij,ij->i", "N,M", "N,M"),
    ("ij,j->i", "N,M", "M"),
    ("bij,bjk->bik", "L,N,M", "L,M,K"),
    ("bij,jk->bik", "L,N,M", "M,K"),
    ("ijk,kl->ijl", "K,N,M", "M,L"),
    ("...ij,jk->...ik", "L,N,M", "M,K"),
    ("ij,jk->ki", "N,M", "M,K"),
]:
    case(f"np.einsum('{spec}', x, y)", x=f"float64[{left}]", y=f"float64[{right}]")
for spec, shape in [("ij->ji", "N,M"), ("ij->i", "N,M"), ("ij->", "N,M"), ("ii->i", "N,N"), ("ii", "N,N"), ("ii->", "N,N"), ("ijk->kij", "K,N,M"), ("ij->j", "N,M")]:
    case(f"np.einsum('{spec}', x)", T=["float64", "int32"], x=f"T[{shape}]")
case("np.einsum('ij,jk,kl->il', x, y, z)", x="float64[N,M]", y="float64[M,K]", z="float64[K,L]")
case("np.einsum('ij,jk->ik', x, y)", T=["int32", "float32", "complex64"], x="T[N,M]", y="T[M,K]")
case("np.einsum('ij,ij->i', x, y)", x="float32[N,M]", y="float64[N,M]")
case("np.einsum('i, j -> i j', x, y)", x="float64[N]", y="float64[M]")
case("np.kron(x, y)", T=["int32", "float64"], x="T[L,K]", y="T[N,M]")
case("np.kron(x, y)", x="float64[N]", y="float64[M]")
case("np.cross(x, y)", T=["int32", "float32", "float64"], x="T[3]", y="T[3]")
case("np.cross(x, y)", x="float64[N,3]", y="float64[N,3]")
case("np.cross(x, y)", x="float64[N,3]", y="float64[3]")
case("np.cross(x, y)", x="float64[2]", y="float64[2]")
case("np.trace(x)", T=TYPES + ["int8", "uint8"], x="T[N,N]")
case("np.trace(x)", x="float64[N,M]")
case("np.trace(x, 1)", x="float64[N,M]")
case("np.trace(x, offset=-1)", x="float64[N,M]")
case("np.trace(x)", x="float64[K,N,M]")
case("np.correlate(x, y)", x="float64[P]", y="float64[K]")
for name in ["norm"]:
    case(f"np.linalg.{name}(x)", T=FLOATS + COMPLEX + ["int32"], x="T[N]")
    case(f"np.linalg.{name}(x)", x="float64[N,M]")
    for order in ["1", "2", "np.inf", "-np.inf", "0", "3"]:
        case(f"np.linalg.{name}(x, {order})", x="float64[N]")
    for order in ["1", "np.inf", "'fro'", "-1"]:
        case(f"np.linalg.{name}(x, ord={order})", x="float64[N,M]")
    case(f"np.linalg.{name}(x, axis=1)", x="float64[N,M]")
    case(f"np.linalg.{name}(x, axis=0, keepdims=True)", x="float64[N,M]")
REGULAR = "x + 9 * np.eye(4)"
case(f"np.linalg.solve({REGULAR}, y)", T=FLOATS, x="T[4,4]", y="T[4]", tolerance=None)
case(f"np.linalg.solve({REGULAR}, y)", x="float64[4,4]", y="float64[4,M]", tolerance=1e-11)
case("np.linalg.solve(x, y)", x="float64[N,N]", y="float64[N]", tolerance=1e-10)
case("np.linalg.solve(x, y)", x="int32[K,K]", y="int32[K]", tolerance=1e-10)
case(f"np.linalg.inv({REGULAR})", T=FLOATS, x="T[4,4]")
case("np.linalg.inv(x)", x="float64[N,N]", tolerance=1e-10)
case(f"np.linalg.det({REGULAR})", T=FLOATS, x="T[4,4]")
case("np.linalg.det(x)", x="float64[N,N]", tolerance=1e-10)
case("np.linalg.det(x)", x="int32[K,K]", tolerance=1e-10)
case("np.linalg.det(x)", x="float64[2,K,K]", tolerance=1e-10)
case("np.linalg.cholesky(x @ x.T + np.eye(4))", T=["float64"], x="T[4,4]")
case("np.linalg.cholesky(x @ x.T + np.eye(N))", x="float64[N,N]")
for power in [0, 1, 2, 3, 5, -1]:
    case(f"np.linalg.matrix_power(x, {power})", x="float64[N,N]", tolerance=1e-10)
case("np.linalg.matrix_power(x, 3)", x="int64[N,N]")
case("np.linalg.multi_dot([x, y, z])", x="float64[N,M]", y="float64[M,K]", z="float64[K,L]")
case("np.linalg.outer(x, y)", x="float64[N]", y="float64[M]")
case("np.linalg.trace(x)", x="float64[N,N]")
ROUND = {"tolerance": 1e-10}
for order in ["2", "-2", "'nuc'"]:
    case(f"np.linalg.norm(x, {order})", T=["float64", "complex128", "int32"], x="T[N,M]", **ROUND)
    case(f"np.linalg.norm(x, {order}, axis=(1, 2))", x="float64[K,N,M]", **ROUND)
    case(f"np.linalg.norm(x, {order}, axis=(2, 0), keepdims=True)", x="float64[K,N,M]", **ROUND)
for shape in ["N,M", "M,N", "N,N"]:
    case("np.linalg.pinv(x)", T=["float64", "complex128"], x=f"T[{shape}]", **ROUND)
    case("np.linalg.matrix_rank(x)", T=["float64", "int32"], x=f"T[{shape}]")
    case("np.linalg.cond(x)", T=["float64", "complex128"], x=f"T[{shape}]", tolerance=1e-9)
case("np.linalg.pinv(np.outer(x, y))", x="float64[4]", y="float64[5]", tolerance=1e-9)
case("np.linalg.matrix_rank(np.outer(x, y))", x="float64[4]", y="float64[5]")
case("np.linalg.cond(x, -2)", x="float64[N,N]", tolerance=1e-9)
for name in ["det", "slogdet"]:
    pick = "" if name == "det" else "[1]"
    case(f"np.linalg.{name}(x){pick}", T=["float64", "complex128", "int32"], x="T[N,N]", **ROUND)
    case(f"np.linalg.{name}(x){pick}", x="float64[K,N,N]", **ROUND)
body("s, l = np.linalg.slogdet(x)\nreturn s, l", T=["float64", "complex128"], x="T[N,N]", **ROUND)
body("s, l = np.linalg.slogdet(x * 1e200)\nreturn s, l", x="float64[N,N]", **ROUND)
body("s, l = np.linalg.slogdet(np.zeros((3, 3)))\nreturn s, l")
for b in ["M", "M,K"]:
    for shape in ["M,N", "M,M"]:
        body("x, r, k, s = np.linalg.lstsq(a, b)\nreturn x, k, s", T=["float64", "complex128"], a=f"T[{shape}]", b=f"T[{b}]", tolerance=1e-9)
    body("x, r, k, s = np.linalg.lstsq(a, b, rcond=None)\nreturn x, r.sum(), r.size", a="float64[M,N]", b=f"float64[{b}]", tolerance=1e-9)
case("np.linalg.lstsq(a, b)[0]", a="float64[N,M]", b="float64[N]", tolerance=1e-9)
case("np.linalg.lstsq(np.vstack([x, np.ones(len(x))]).T, y)[0]", x="float64[P]", y="float64[P]", tolerance=1e-9)
body("x, r, k, s = np.linalg.lstsq(a, y[1])\nreturn x, k, s, r.size", T=["float32", "complex64"], a="T[M,N]", y="T[2,M]", tolerance=2e-3)
body("x, r, k, s = np.linalg.lstsq(np.outer(a, a), b, rcond=1e-9)\nreturn x, k, r.size", a="float64[M]", b="float64[M,K]", tolerance=1e-9)
for rcond in ["0.3", "0.0", "-1", "1.5"]:
    body(f"x, r, k, s = np.linalg.lstsq(np.diag(np.arange(5.0)), b, rcond={rcond})\nreturn x, k, s", b="float64[5]", tolerance=1e-9)
body("x, r, k, s = np.linalg.lstsq(np.zeros((4, 2)), b)\nreturn x, k, s, r.size", b="float64[4]")
body("x, r, k, s = np.linalg.lstsq(a, b)\nreturn x, k, s, r.size", a="int32[1,1]", b="int32[1]")
case("np.linalg.det(np.zeros((3, 3)))")

# Matrices of one number, rows and columns.
for call in ["inv(x)", "det(x)", "cholesky(abs(x) + 1)", "eigh(x)", "eigvalsh(x)", "svd(x)[1]", "qr(x)[0] @ np.linalg.qr(x)[1]", "slogdet(x)", "solve(x, y)", "matrix_power(x, 3)", "cond(x)", "norm(x, 2)", "pinv(x)"]:
    case(f"np.linalg.{call}", T=["float64", "complex128"], x="T[1,1]", y="T[1]")
case("np.linalg.solve(x, y)", x="float32[1,1]", y="float32[1,M]")
case("np.linalg.solve(x + np.eye(4), y)", x="float64[N,4]", y="float64[N,1]", tolerance=1e-10)
case("np.linalg.inv(x)", x="float64[K,1,1]")
case("np.linalg.det(x + np.eye(3))", x="float64[1,3,3]", tolerance=1e-11)
case("np.linalg.svd(x, full_matrices=False)[1]", x="float64[N,1]")
case("np.linalg.svdvals(x)", x="float64[1,M]")
body("q, r = np.linalg.qr(x)\nreturn q @ r, r.shape[0]", x="float64[N,1]")
case("np.linalg.lstsq(x, y, rcond=None)[0]", x="float64[N,1]", y="float64[N]")
case("np.linalg.norm(x, 'nuc')", x="float64[N,1]")
case("np.linalg.inv(x * 0)", x="float64[1,1]")

for T in ["float64", "complex128", "int32"]:
    case("np.matvec(x, y)", x=f"{T}[N,M]", y=f"{T}[M]")
    case("np.matvec(x, y)", x=f"{T}[K,N,M]", y=f"{T}[K,M]")
    case("np.vecmat(y, x)", x=f"{T}[N,M]", y=f"{T}[N]")
    case("np.vecmat(y, x)", x=f"{T}[K,N,M]", y=f"{T}[K,N]")

# --- einsum with lists of numbers
case("np.einsum(x, [0, 1], y, [1, 2], [0, 2])", T=["float64", "int32"], x="T[N,K]", y="T[K,M]")
case("np.einsum(x, [0, 1], y, [1, 2])", x="float64[N,K]", y="float64[K,M]")
case("np.einsum(x, [3, 1])", x="float64[N,K]")
case("np.einsum(x, [0, 0])", x="float64[N,N]")
case("np.einsum(x, [0, 1], [1, 0])", x="float64[N,K]")
case("np.einsum(x, [..., 0], y, [..., 0], [...])", x="float64[N,K]", y="float64[N,K]")
case("np.einsum(x, (0, 1), [0])", x="float64[N,K]")
case("np.einsum(x, [30, 2], y, [2, 1], [1, 30])", x="float64[N,K]", y="float64[K,M]")
case("np.einsum(x, [0, 1], y, [2, 3], [0, 4])", x="float64[N,K]", y="float64[K,M]")
