"""Reductions and running reductions, as functions and as methods."""

from corpus import BOOL, CLASSES, FLOATS, INTEGERS, body, case

NUMBERS = ["int8", "int32", "uint8", "uint64", "float32", "float64", "complex128"]
SUMS = ["sum", "prod", "mean"]
EXTREMA = ["min", "max", "amin", "amax"]
SPREAD = ["std", "var"]
TRUTH = ["all", "any"]
POSITIONS = ["argmin", "argmax"]

for name in SUMS + EXTREMA + SPREAD + TRUTH + ["ptp", "median", "count_nonzero"]:
    types = ["float32", "float64", "int32", "uint8"] + (["complex128"] if name in SUMS + SPREAD + TRUTH else [])
    types += BOOL if name not in SPREAD + ["ptp", "median"] else []
    case(f"np.{name}(x)", T=types, x="T[N,M]")
    case(f"np.{name}(x, axis=0)", T=types, x="T[N,M]")
    case(f"np.{name}(x, axis=-1)", T=types[:3], x="T[N,M]")
    case(f"np.{name}(x, 1)", T=["float64"], x="T[N,M]")
    case(f"np.{name}(x, axis=(0, 2))", T=["float64", "int32"], x="T[K,N,M]")
    case(f"np.{name}(x, axis=1, keepdims=True)", T=types[:3], x="T[N,M]")
    case(f"np.{name}(x, keepdims=True)", T=["float64"], x="T[N,M]")
    case(f"np.{name}(x[1:, ::-2])", T=["float64"], x="T[N,M]")
    case(f"np.{name}(x.T, axis=0)", T=["float64", "int32"], x="T[N,M]")
    case(f"np.{name}(x)", T=["float64"], x="T[1]")
    case(f"np.{name}(x)", T=["float64"], x="T[U]")
    case(f"np.{name}(x, axis=0)", T=["float64"], x="T[1,M]")
    case(f"np.{name}(x)", T=["float64"], x="T[8]:special")
    if name != "median":
        case(f"np.{name}(x, axis=1)", T=["float64"], x="T[M,E]")
    case(f"np.{name}(x, axis=0)", T=["float64"], x="T[M,E]")
for name in SUMS + ["min", "max"] + SPREAD + TRUTH + POSITIONS + ["cumsum", "cumprod"]:
    types = ["float64", "int32"]
    case(f"x.{name}()", T=types, x="T[N,M]")
    case(f"x.{name}(axis=0)", T=types, x="T[N,M]")
    case(f"x.{name}(1)", T=types, x="T[N,M]")
for name in SUMS + ["min", "max"] + SPREAD + TRUTH:
    case(f"x.{name}(axis=1, keepdims=True)", T=["float64"], x="T[N,M]")
for name in SUMS:
    case(f"np.{name}(x)", T=["int8", "int16", "uint16", "uint32", "uint64", "int64"], x="T[N,M]:index")
    case(f"np.{name}(x)", T=["int64", "uint64", "int32"], x="T[P]:extreme")
    case(f"np.{name}(x, dtype=np.float64)", T=["float32", "int32"], x="T[N,M]")
    case(f"np.{name}(x, where=x > 0)", T=["float64"], x="T[N,M]")
    case(f"np.{name}(x, axis=0, where=m)", x="float64[N,M]", m="bool[N,M]")
    body(f"np.{name}(x, axis=0, out=y)", x="float64[N,M]", y="float64[M]")
case("np.sum(x, initial=10.0)", x="float64[N]")
case("np.prod(x, initial=2)", x="int64[N]")
case("np.max(x, initial=0.0)", x="float64[N]")
case("np.min(x, axis=1, initial=0.0)", x="float64[N,M]")
case("np.max(x, initial=-1.0)", x="float64[E]")
case("np.max(x, initial=-100.0, where=x < 2)", x="float64[N,M]")
case("np.sum(x)", x="float64[E]")
case("np.prod(x)", x="float64[E]")
case("np.sum(x, dtype=np.int32)", x="int32[P]:extreme")
case("np.sum(x > 0)", x="float64[N,M]")
case("np.sum(x > 0, axis=1)", x="float64[N,M]")
case("np.mean(x > 0)", x="float64[N,M]")
case("np.sum(x * y)", x="float64[N]", y="float64[N]")
case("np.sum([a, b, 3.0])", a="float64=1.5", b="float64=2.0")
case("np.sum(x, axis=())", x="float64[N,M]")
case("np.var(x, ddof=1)", x="float64[N,M]")
case("np.std(x, axis=1, ddof=1)", x="float64[N,M]")
case("np.var(x, axis=(0, 1), keepdims=True)", x="float64[N,M]")
case("np.std(x, dtype=np.float64)", x="float32[N,M]")
case("np.average(x)", T=["float64", "int32"], x="T[N,M]")
case("np.average(x, axis=0)", x="float64[N,M]")
case("np.average(x, weights=w)", x="float64[N]", w="float64[N]:pos")
case("np.average(x, axis=1, weights=w)", x="float64[N,M]", w="float64[M]:pos")
for name in POSITIONS:
    case(f"np.{name}(x)", T=["bool", "int32", "uint8", "float32", "float64"], x="T[N,M]")
    case(f"np.{name}(x)", T=["int32", "float64"], x="T[N,M]:ties")
    case(f"np.{name}(x, axis=0)", T=["int32", "float64"], x="T[N,M]:ties")
    case(f"np.{name}(x, axis=-1)", T=["float64"], x="T[K,N,M]:ties")
    case(f"np.{name}(x, axis=1, keepdims=True)", T=["float64"], x="T[N,M]")
    case(f"np.{name}(x)", x="float64[8]:special")
    case(f"np.{name}(x[::-1])", x="float64[P]")
    case(f"np.{name}(x)", x="float64[1]")
for name in ["cumsum", "cumprod"]:
    case(f"np.{name}(x)", T=["bool", "int8", "int32", "uint8", "uint64", "float32", "float64", "complex128"], x="T[P]")
    case(f"np.{name}(x)", x="float64[N,M]")
    case(f"np.{name}(x, axis=0)", T=["int32", "float64"], x="T[N,M]")
    case(f"np.{name}(x, axis=-1)", T=["float64"], x="T[K,N,M]")
    case(f"np.{name}(x)", x="float64[E]")
    case(f"np.{name}(x)", x="float64[1]")
    case(f"np.{name}(x, dtype=np.float64)", x="int32[N]")
    case(f"np.{name}(x[::-2])", x="float64[P]")
    case(f"np.{name}(x)", x="float64[8]:special")
for name in ["nansum", "nanprod", "nanmax", "nanmin", "nanmean"]:
    case(f"np.{name}(x)", x="float64[4]:special" if name == "nanmean" else "float64[8]:special")
    case(f"np.{name}(x, axis=0)", x="float64[8,3]")
case("np.count_nonzero(x)", T=CLASSES, x="T[N,M]:ties")
case("np.median(x)", T=FLOATS + ["int32"], x="T[P]")
case("np.median(x, axis=1)", x="float64[N,K]")
case("np.max(np.abs(x))", x="complex128[N]")
case("max(x)", x="float64[P]")
case("min(x)", x="int32[P]")
case("sum(x)", T=["float64", "int32"], x="T[P]")
case("len(x)", x="float64[N,M]")
for name in INTEGERS:
    case("np.min(x)", T=[name], x="T[P]:extreme")
    case("np.max(x)", T=[name], x="T[P]:extreme")

# What is no number goes on and on; nothing and one element.
for call in ["maximum.accumulate(x)", "minimum.accumulate(x)"]:
    case(f"np.{call}", T=["float64", "float32"], x="T[8]:special")
    case(f"np.{call}", T=["float64", "int32"], x="T[E]")
    case(f"np.{call}", T=["float64", "int32"], x="T[U]")
for subscripts in ["i,i->i", "i,i->", "i,j->ij"]:
    case(f"np.einsum('{subscripts}', x, y)", x="float64[8]:special", y="float64[8]")
    case(f"np.einsum('{subscripts}', x, y)", x="float64[E]", y="float64[E]")
    case(f"np.einsum('{subscripts}', x, y)", x="float64[U]", y="float64[U]")
for name in ["sort", "argsort", "cumsum", "cumprod"]:
    case(f"np.{name}(x)", T=["float64", "int32"], x="T[E]")
    case(f"np.{name}(x)", T=["float64", "int32"], x="T[U]")

# Long enough for vector instructions, and with ends that do not fill one.
for call in ["np.max", "np.min", "np.nanmax", "np.nanmin", "np.ptp"]:
    for length in [64, 129, 300]:
        for values in ["special", "ties"]:
            case(f"{call}(x)", T=["float32", "float64"], x=f"T[{length}]:{values}")
    for axis in [0, 1]:
        case(f"{call}(A, axis={axis})", T=["float32", "float64"], A="T[67,130]:special")
case("np.max(np.abs(x) * 2 - y)", T=["float32", "float64"], x="T[200]", y="T[200]")
case("(A - A.max(axis=1, keepdims=True)).min()", A="float64[5,100]")
body("m = x[0]\nfor i in range(1, len(x)):\n    m = max(m, x[i])\nreturn m", x="float64[150]")
