"""Times library operations: who computes them, what calling them through dacec costs, and small products as loops.

    python3 benches/libraries.py [--dacec PATH] [--seconds S] [--part operations|overhead|small] [size ...]

Both contenders are called from this process by turns, one call each, so that what disturbs the machine meets both. Printed are
the shortest times, which other programs can only lengthen, their ratio, and the median of the ratios of neighbouring calls: where
the two ratios are far apart, the machine was not calm. Needs NumPy, OpenBLAS and a C compiler.

Overhead is told in a third way, too: what a call takes for matrices without elements, for which nobody calls BLAS. That is what
is done around any call, for matrices of any size, and is measured to the nanosecond.
"""

import argparse
import ctypes
import os
import statistics
import subprocess
import sys
import tempfile
import time

os.environ.setdefault("OMP_WAIT_POLICY", "passive")

import numpy as np

HEAD = "import dace\nimport numpy as np\nN = dace.symbol('N')\n\n\n@dace.program\ndef kernel({}):\n"
SQUARE = ", ".join(f"{name}: dace.float64[N, N]" for name in "ABC")
OPERATIONS = {
    "gemm": "C[:] = 1.5 * A @ B + 0.5 * C",
    "syrk": "for i in range(N):\n        C[i, : i + 1] *= 0.5\n        for k in range(N):\n"
    "            C[i, : i + 1] += 1.5 * A[i, k] * A[: i + 1, k]",
    "cholesky": "C[:] = np.linalg.cholesky(A)",
    "solve": "C[:] = np.linalg.solve(A, B)",
}
# How often each contender is called, at the least and at the most.
CALLS = (7, 20000)


def built(command, folder, name, text, options=()):
    """The C function of a program."""
    home = os.path.join(folder, name)
    os.makedirs(home)
    file = os.path.join(home, "kernel.py")
    with open(file, "w") as out:
        out.write(text)
    line = [command, "build", file, "--program", "kernel", "--output", home, *options]
    done = subprocess.run(line, capture_output=True, text=True)
    if done.returncode:
        sys.exit(done.stderr)
    # Under a name of its own: the loader knows libraries by their names.
    library = ctypes.CDLL(os.path.join(home, "libkernel.so"), mode=os.RTLD_LOCAL)
    return library.dacec_kernel


def pointer(array):
    return array.ctypes.data_as(ctypes.c_void_p)


def timed(call):
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def contest(first, second, seconds):
    """The shortest seconds of both, the ratio second / first of these, and the median of the ratios of neighbouring calls."""
    first(), second()
    times, begin = [], time.perf_counter()
    while len(times) < CALLS[0] or time.perf_counter() - begin < seconds and len(times) < CALLS[1]:
        # Neither is always the one that finds the caches as the other left them, or the processor as it cooled down.
        if len(times) % 2:
            times.append((timed(first), timed(second)))
        else:
            later = timed(second)
            times.append((timed(first), later))
    a, b = (min(column) for column in zip(*times))
    return a, b, b / a, statistics.median(y / x for x, y in times)


def operands(n):
    random = np.random.default_rng(0)
    a = random.random((n, n)) / n
    a = a + a.T + 2 * np.eye(n)
    return a, random.random((n, n)), np.zeros((n, n))


def checked(function, *arguments):
    def call():
        if function(*arguments):
            sys.exit("a call has failed")

    return call


def operations(command, folder, sizes, seconds):
    print("operation       n   built-in ms   OpenBLAS ms   OpenBLAS / built-in   median of pairs")
    for name, statement in OPERATIONS.items():
        text = f"{HEAD.format(SQUARE)}    {statement}\n"
        ours = built(command, folder, f"{name}-built-in", text)
        theirs = built(command, folder, f"{name}-openblas", text, ["--library", "blas=openblas"])
        for n in sizes:
            arrays = operands(n)
            given = [pointer(array) for array in arrays] + [ctypes.c_int64(n)]
            a, b, ratio, median = contest(checked(ours, *given), checked(theirs, *given), seconds)
            print(f"{name:10}{n:7}{1e3 * a:14.3f}{1e3 * b:14.3f}{ratio:22.2f}{median:18.2f}", flush=True)


def overhead(command, folder, sizes, seconds):
    text = f"{HEAD.format(SQUARE)}    C[:] = 1.5 * A @ B + 0.5 * C\n"
    ours = built(command, folder, "overhead", text, ["--library", "blas=openblas"])
    gemm = ctypes.CDLL("libopenblas.so.0").cblas_dgemm
    number, integer = ctypes.c_double, ctypes.c_int

    def contenders(n):
        arrays = operands(n)
        a, b, c = (pointer(array) for array in arrays)
        size, leading, symbol = integer(n), integer(max(n, 1)), ctypes.c_int64(n)
        factors = number(1.5), number(0.5)

        def directly():
            gemm(101, 111, 111, size, size, size, factors[0], a, leading, b, leading, factors[1], c, leading)

        # What is called needs its arrays.
        return directly, lambda: ours(a, b, c, symbol), arrays

    fixed = fixed_cost(folder, os.path.join(folder, "overhead", "libkernel.so"))
    print(f"\na call of gemm through dacec takes {1e9 * fixed:.0f} ns for matrices without elements, without BLAS")
    print("gemm by OpenBLAS   n   directly ms   through dacec ms   overhead %   median of pairs %   fixed part %")
    for n in sizes:
        directly, through, _kept = contenders(n)
        x, y, ratio, median = contest(directly, through, seconds)
        shares = "".join(f"{100 * share:{width}.3f}" for share, width in [(ratio - 1, 13), (median - 1, 20), (fixed / x, 15)])
        print(f"{'':12}{n:8}{1e3 * x:14.4f}{1e3 * y:17.4f}{shares}", flush=True)


FIXED = """
#include <stdint.h>
#include <time.h>
typedef int32_t kernel(double *, double *, double *, int64_t);
static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec + 1e-9 * time.tv_nsec;
}
double fixed(kernel *ours) {
    static double a[1], b[1], c[1];
    double lowest = 1;
    for (int turn = 0; turn < 200; turn++) {
        const double begin = now();
        for (int call = 0; call < 1000; call++) ours(a, b, c, 0);
        const double time = now() - begin;
        if (time < lowest) lowest = time;
    }
    return lowest / 1000;
}
"""


def compiled(folder, name, text):
    source, target = os.path.join(folder, f"{name}.c"), os.path.join(folder, f"lib{name}.so")
    with open(source, "w") as out:
        out.write(text)
    subprocess.run(["cc", "-O2", "-shared", "-fPIC", source, "-o", target, "-lopenblas"], check=True)
    return ctypes.CDLL(target)


def fixed_cost(folder, kernel):
    """Seconds of a call of the kernel for matrices without elements."""
    fixed = compiled(folder, "fixed", FIXED).fixed
    fixed.restype = ctypes.c_double
    return fixed(ctypes.CDLL(kernel).dacec_kernel)


STACK = """
#include <stdint.h>
void cblas_dgemm(int, int, int, int, int, int, double, const double *, int, const double *, int, double, double *, int);
void stack(int64_t n, int64_t count, const double *a, const double *b, double *c) {
    for (int64_t s = 0; s < count; s++)
        cblas_dgemm(101, 111, 111, n, n, n, 1.0, a + s * n * n, n, b + s * n * n, n, 0.0, c + s * n * n, n);
}
"""


def small(command, folder, seconds):
    count = 2000
    print("\nsmall products   n   loops ns   unknown n, ns   OpenBLAS ns   OpenBLAS / loops   OpenBLAS / unknown n")
    theirs = compiled(folder, "stack", STACK).stack
    theirs.restype = None
    body = "    for s in range({}):\n        C[s] = A[s] @ B[s]\n"
    symbolic = ", ".join(f"{name}: dace.float64[{count}, N, N]" for name in "ABC")
    unknown = built(command, folder, "small-unknown", HEAD.format(symbolic) + body.format(count))
    for n in (2, 3, 4, 6, 8):
        parameters = ", ".join(f"{name}: dace.float64[{count}, {n}, {n}]" for name in "ABC")
        known = built(command, folder, f"small-{n}", HEAD.format(parameters) + body.format(count))
        arrays = [np.random.default_rng(k).random((count, n, n)) for k in range(3)]
        given = [pointer(array) for array in arrays]
        size = ctypes.c_int64(n)
        directly = lambda: theirs(size, ctypes.c_int64(count), *given)
        a, c, ratio, _ = contest(checked(known, *given), directly, seconds)
        b, _, other, _ = contest(checked(unknown, *given, size), directly, seconds)
        times = "".join(f"{1e9 * it / count:13.1f}" for it in (a, b, c))
        print(f"{'':12}{n:6}{times}{ratio:16.2f}{other:20.2f}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dacec", default="dacec", help="the command")
    parser.add_argument("--seconds", type=float, default=2.0, help="time for each pair of contenders")
    parser.add_argument("--part", choices=["operations", "overhead", "small"], help="only this one")
    parser.add_argument("sizes", nargs="*", type=int, default=[64, 256, 1000, 2000])
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if given.part in (None, "operations"):
            operations(given.dacec, folder, given.sizes, given.seconds)
        if given.part in (None, "overhead"):
            overhead(given.dacec, folder, given.sizes, given.seconds)
        if given.part in (None, "small"):
            small(given.dacec, folder, given.seconds)


if __name__ == "__main__":
    main()
