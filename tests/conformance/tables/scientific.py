"""Functions of SciPy: special functions, and what `linalg`, `signal` and `integrate` have beside NumPy."""

from corpus import body, case

EVERY = "float64[Q]"
POSITIVE = "float64[Q]:pos"
UNIT = "float64[Q]:unit"

for name in ["j0", "j1", "i0", "i1", "i0e", "i1e", "erfcx", "log_ndtr", "dawsn", "rgamma", "gammasgn", "exprel", "softplus", "cosm1", "sindg", "cosdg", "sinc"]:
    case(f"scipy.special.{name}(x)", T=["float64", "float32"], x="T[Q]", tolerance=1e-5 if name == "rgamma" else None)
    case(f"scipy.special.{name}(x * 12)", x=EVERY)
for name in ["y0", "y1", "k0", "k1", "k0e", "k1e", "digamma", "psi", "exp1", "expi", "zeta", "tandg", "cotdg"]:
    case(f"scipy.special.{name}(x)", T=["float64", "float32"], x="T[Q]:pos")
    case(f"scipy.special.{name}(x * 15)", x=POSITIVE)
for name in ["erfinv", "ellipk", "ellipe", "digamma", "zeta", "expi"]:
    case(f"scipy.special.{name}(x)", x=UNIT)
for name in ["erfcinv", "ndtri", "ellipkm1"]:
    case(f"scipy.special.{name}(x)", x="float64[P]:pos")
    case(f"scipy.special.{name}(x / 5)", x="float64[N,M]:pos")
case("scipy.special.erfinv(x)", x="float64[8]:halves")
case("scipy.special.j0(a)", a="float64=2.5")
case("scipy.special.j0(2)")
for name in ["beta", "betaln", "gammainc", "gammaincc", "chdtr", "chdtrc", "kv", "kve", "zeta", "binom", "poch", "stdtr"]:
    case(f"scipy.special.{name}(x, y)", x=POSITIVE, y=POSITIVE)
    case(f"scipy.special.{name}(x + 3, 2.0)", x="float64[N,M]:pos")
    case(f"scipy.special.{name}(x, y * 9)", x="float64[N,1]:pos", y="float64[M]:pos")
case("scipy.special.binom(5.0, x)", x=EVERY)
case("scipy.special.binom(10, 3)")
case("scipy.special.comb(n, k)", n="int64[N]:pos", k="int64[N]:index")
case("scipy.special.perm(n, k)", n="int64[N]:pos", k="int64[N]:index")
case("scipy.special.comb(5, 2)")
case("scipy.special.factorial(3)")
case("scipy.special.factorial(x)", T=["float64", "int64"], x="T[N]:pos")
case("scipy.special.pdtr(k, x)", k="int64[N]:index", x="float64[N]:pos")
case("scipy.special.betainc(x, y, 0.3)", x=POSITIVE, y=POSITIVE)
case("scipy.special.fdtr(3.0, x, y)", x=POSITIVE, y=POSITIVE)
case("scipy.special.hyp2f1(1.0, 2.0, 3.0, x)", x=UNIT)
case("scipy.special.hyp2f1(0.5, x, 2.5, -3.0)", x=POSITIVE)
case("scipy.special.hyp2f1(1, 2, 3, 0.25)")
case("scipy.special.hyp1f1(x, 2.5, y)", x=POSITIVE, y=EVERY)
for name in ["eval_legendre", "eval_chebyt", "eval_chebyu"]:
    case(f"scipy.special.{name}(3.0, x)", x=UNIT)
    case(f"scipy.special.{name}(n, x)", n="float64[N,1]:zeros", x="float64[M]:unit")
case("scipy.special.huber(1.0, x)", x=EVERY)
case("scipy.special.pseudo_huber(x, y)", x=POSITIVE, y=EVERY)
for name in ["boxcox", "boxcox1p", "inv_boxcox", "inv_boxcox1p"]:
    for power in ["0.5", "0.0", "2.0"]:
        case(f"scipy.special.{name}(x, {power})", x=POSITIVE)
case("scipy.special.radian(x, y, 3.0)", x=EVERY, y=EVERY)

# --- linear algebra
for call in ["solve(x, y)", "solve(x, z)", "inv(x)", "det(x)", "norm(x)", "norm(y)", "pinv(x)", "eigvalsh(x + x.T)", "svdvals(x)", "expm(x / 10)", "expm(x * 3)", "toeplitz(y)", "toeplitz(y, w)", "circulant(y)", "hankel(y)", "hankel(y, w)"]:
    case(f"scipy.linalg.{call}", x="float64[N,N]", y="float64[N]", z="float64[N,K]", w="float64[M]", tolerance=1e-9)
case("scipy.linalg.expm(x / 10)", x="complex128[N,N]", tolerance=1e-9)
for options in ["", ", lower=True", ", lower=False"]:
    case(f"scipy.linalg.cholesky(x @ x.T + np.eye(N){options})", x="float64[N,N]", tolerance=1e-9)
    for more in ["", ", unit_diagonal=True", ", trans=1", ", trans='T'"]:
        case(f"scipy.linalg.solve_triangular(x + 9 * np.eye(N), y{options}{more})", x="float64[N,N]", y="float64[N,K]", tolerance=1e-9)
    case(f"scipy.linalg.solve_triangular(x + 9 * np.eye(N), y, trans='C'{options})", x="complex128[N,N]", y="complex128[N]", tolerance=1e-9)
case("np.linalg.pinv(x)", x="float64[K,N,M]", tolerance=1e-9)
case("np.linalg.matrix_rank(x)", x="float64[K,N,M]")
case("np.linalg.matrix_rank(np.zeros((2, 3, 3)))")
case("np.linalg.solve(x, y)", x="float64[K,N,N]", y="float64[N,2]", tolerance=1e-9)
case("np.linalg.solve(x, y)", x="float64[N,N]", y="float64[K,N,2]", tolerance=1e-9)
case("np.linalg.diagonal(x)", x="float64[N,N]")
case("np.linalg.diagonal(x, offset=1)", x="float64[K,N,M]")

# --- signals and integrals
for mode in ["", ", 'full'", ", 'same'", ", 'valid'"]:
    case(f"scipy.signal.convolve(x, y{mode})", x="float64[P]", y="float64[K]", tolerance=1e-10)
body("return scipy.signal.lfilter(b, a, x)", b="float64[K]", a="float64[K]:big", x="float64[Q]", tolerance=1e-9)
case("scipy.signal.lfilter([0.5, 0.25], [1.0], x)", x="float64[P]")
case("scipy.integrate.trapezoid(x)", x="float64[P]")
for n in ["2", "3", "P", "Q"]:
    case("scipy.integrate.simpson(x)", x=f"float64[{n}]")
    case("scipy.integrate.simpson(x, dx=0.5)", x=f"float64[{n}]")
for options in ["", ", dx=0.5", ", axis=0", ", initial=0", ", axis=0, initial=0"]:
    case(f"scipy.integrate.cumulative_trapezoid(x{options})", x="float64[N,M]")
case("scipy.integrate.cumulative_trapezoid(x, y)", x="float64[P]", y="float64[P]:sorted")
