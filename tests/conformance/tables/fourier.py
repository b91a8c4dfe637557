"""Fourier transforms: every length class (one, even, odd, prime, composite), types, axes, cut and filled up, scaled."""

from corpus import CLASSES, FLOATS, case

COMPLEX = ["complex64", "complex128"]
for name in ["fft", "ifft"]:
    case(f"np.fft.{name}(x)", T=CLASSES + ["complex64"], x="T[N]")
    for extent in ["1", "2", "3", "8", "9", "13", "30", "P"]:
        case(f"np.fft.{name}(x)", x=f"complex128[{extent}]")
    for call in ["x, axis=0", "x, axis=1", "x, n=3", "x, n=8", "x, n=8, axis=0", "x, 5", "x, n=1", "x, norm='ortho'", "x, norm='forward'"]:
        case(f"np.fft.{name}({call})", T=COMPLEX, x="T[N,M]")
    case(f"np.fft.{name}(x, axis=1)", x="float64[K,N,M]")
    case(f"np.fft.{name}(x[::-2])", x="float64[Q]")
    case(f"np.fft.{name}(x.T)", x="complex128[N,M]")
    case(f"np.fft.{name}(x[1])", x="complex128[N,M]")
    case(f"np.fft.{name}(x, n)", x="float64[P]", n="int64=10")
    case(f"np.fft.{name}(x, n)", x="float64[P]", n="int64=4")
    case(f"np.fft.{name}(x)", x="float64[U]")
    case(f"np.fft.{name}(x)", x="float64[U,M]")
    case(f"np.fft.{name}(x, 0)", x="float64[N]")
case("np.fft.ifft(np.fft.fft(x))", T=FLOATS, x="T[Q]")
case("np.fft.ifft(np.fft.fft(x) * np.fft.fft(y)).real", x="float64[P]", y="float64[P]")
case("np.abs(np.fft.fft(x)) ** 2", x="float64[Q]")
for extent in ["1", "2", "7", "8", "P", "Q"]:
    case("np.fft.rfft(x)", T=FLOATS, x=f"T[{extent}]")
    case("np.fft.ihfft(x)", x=f"float64[{extent}]")
for call in ["x", "x, axis=0", "x, n=3", "x, 8", "x, norm='ortho'", "x, norm='forward'"]:
    case(f"np.fft.rfft({call})", T=["int32", "float32", "float64"], x="T[N,M]")
case("np.fft.rfft(x)", x="complex128[N]")
for call in ["x", "x, 7", "x, 8", "x, n=4", "x, n=12", "x, 1", "x, axis=0", "x, norm='ortho'", "x, norm='forward'"]:
    case(f"np.fft.irfft({call})", T=COMPLEX, x="T[N,M]")
    case(f"np.fft.hfft({call})", x="complex128[N,M]")
case("np.fft.irfft(x)", x="float64[5]")
case("np.fft.irfft(np.fft.rfft(x), len(x))", x="float64[P]")
case("np.fft.irfft(np.fft.rfft(x), 12)", x="float64[Q]")
for name in ["fft2", "ifft2", "fftn", "ifftn"]:
    case(f"np.fft.{name}(x)", T=["int32", "float32", "complex128"], x="T[N,M]")
    case(f"np.fft.{name}(x)", x="complex128[K,N,M]")
    case(f"np.fft.{name}(x, (3, 6))", x="complex128[N,M]")
    case(f"np.fft.{name}(x, axes=(0, 1))", x="complex128[K,N,M]")
    case(f"np.fft.{name}(x, axes=(0, 2), norm='ortho')", x="complex128[K,N,M]")
for name in ["rfft2", "rfftn"]:
    case(f"np.fft.{name}(x)", T=FLOATS, x="T[N,M]")
    case(f"np.fft.{name}(x, (3, 6))", x="float64[N,M]")
for name in ["irfft2", "irfftn"]:
    case(f"np.fft.{name}(x)", T=COMPLEX, x="T[N,M]")
    case(f"np.fft.{name}(x, (4, 7))", x="complex128[N,M]")
case("np.fft.irfftn(np.fft.rfftn(x), x.shape)", x="float64[K,N,M]")
for name in ["fftfreq", "rfftfreq"]:
    for call in ["8", "9", "1", "5, 0.1", "6, d=2", "len(x)", "len(x), 0.5"]:
        case(f"np.fft.{name}({call})", x="float64[P]")
    case(f"np.fft.{name}(n, a)", n="int64=7", a="float64=0.25")
for name in ["fftshift", "ifftshift"]:
    for extent in ["8", "9", "N,M", "K,N,M"]:
        case(f"np.fft.{name}(x)", x=f"float64[{extent}]")
    case(f"np.fft.{name}(x, axes=0)", x="int32[N,M]")
    case(f"np.fft.{name}(x, axes=(1,))", x="complex128[N,M]")
    case(f"np.fft.{name}(np.fft.fftfreq(7))", x="float64[N]")
