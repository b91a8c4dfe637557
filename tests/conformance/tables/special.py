"""Functions of `scipy.special`."""

from corpus import FLOATS, body, case

for name in ["cbrt", "erf", "erfc", "exp2", "expm1", "log1p", "exp10", "expit", "log_expit", "ndtr"]:
    for x in ["T[N,M]", "T[8]:special", "T[E]"]:
        case(f"scipy.special.{name}(x)", T=FLOATS, x=x)
    case(f"scipy.special.{name}(x)", T=["int32", "uint8"], x="T[P]")
    case(f"scipy.special.{name}(a)", a="float64=0.3")
for name in ["gamma", "gammaln"]:
    case(f"scipy.special.{name}(abs(x) + 0.5)", T=FLOATS, x="T[N,M]")
    case(f"scipy.special.{name}(abs(x) + 1)", x="int32[P]")
for name in ["logit", "entr"]:
    case(f"scipy.special.{name}(abs(x) / (1 + abs(x)))", T=FLOATS, x="T[N,M]")
    case(f"scipy.special.{name}(x)", T=FLOATS, x="T[8]:special")
for name in ["xlogy", "xlog1py", "rel_entr", "kl_div"]:
    for x, y in [("abs(x)", "abs(y)"), ("x", "y"), ("x * 0", "y"), ("abs(x)", "0.5"), ("0.0", "abs(y)")]:
        case(f"scipy.special.{name}({x}, {y})", T=FLOATS, x="T[N,M]", y="T[M]")
    case(f"scipy.special.{name}(x, x)", x="float64[8]:special")
for name in ["softmax", "log_softmax", "logsumexp"]:
    for rest in ["", ", axis=0", ", axis=1", ", axis=-1", ", axis=(0, 1)"]:
        case(f"scipy.special.{name}(x{rest})", T=FLOATS, x="T[N,M]")
    case(f"scipy.special.{name}(x * 1000)", x="float64[P]")
case("scipy.special.logsumexp(x, axis=1, keepdims=True)", x="float64[N,M]")
case("scipy.special.logsumexp(x)", x="float64[8]:special")
body("t = scipy.special.expit(x @ y)\nreturn t * (1 - t)", x="float64[N,M]", y="float64[M,K]")
