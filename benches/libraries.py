"""Times library operations: who computes them, what calling them through dacec costs, and small products as loops.

    python3 benches/libraries.py [--dacec PATH] [--rounds N] [--part operations|overhead|small] [size ...]

Everything is compiled first and then called from this process in turns, so that what disturbs the machine meets all of
them. Printed are medians of the turns, and medians of the ratios of neighbouring turns. Needs NumPy, OpenBLAS and a C compiler.
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
# Seconds of a turn.
TURN = 0.03


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


def turn(call):
    """Median seconds of a call, of those that fit into a turn; the first one finds caches as others left them."""
    call()
    times = []
    while not times or sum(times) < TURN and len(times) < 200:
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def contest(first, second, rounds):
    """Median seconds of both, and the median of second / first."""
    times = [(turn(first), turn(second)) for _ in range(rounds)]
    ratios = [b / a for a, b in times]
    return [statistics.median(column) for column in zip(*times)] + [statistics.median(ratios)]


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


def operations(command, folder, sizes, rounds):
    print("operation       n   built-in ms   OpenBLAS ms   OpenBLAS / built-in")
    for name, statement in OPERATIONS.items():
        text = f"{HEAD.format(SQUARE)}    {statement}\n"
        ours = built(command, folder, f"{name}-built-in", text)
        theirs = built(command, folder, f"{name}-openblas", text, ["--library", "blas=openblas"])
        for n in sizes:
            arrays = operands(n)
            given = [pointer(array) for array in arrays] + [ctypes.c_int64(n)]
            a, b, ratio = contest(checked(ours, *given), checked(theirs, *given), rounds)
            print(f"{name:10}{n:7}{1e3 * a:14.3f}{1e3 * b:14.3f}{ratio:14.2f}", flush=True)


def overhead(command, folder, sizes, rounds):
    print("\ngemm by OpenBLAS   n   directly ms   through dacec ms   overhead %")
    text = f"{HEAD.format(SQUARE)}    C[:] = 1.5 * A @ B + 0.5 * C\n"
    ours = built(command, folder, "overhead", text, ["--library", "blas=openblas"])
    gemm = ctypes.CDLL("libopenblas.so.0").cblas_dgemm
    number, integer = ctypes.c_double, ctypes.c_int
    for n in sizes:
        arrays = operands(n)
        a, b, c = (pointer(array) for array in arrays)
        size = integer(n)

        def directly():
            gemm(101, 111, 111, size, size, size, number(1.5), a, size, b, size, number(0.5), c, size)

        x, y, ratio = contest(directly, checked(ours, a, b, c, ctypes.c_int64(n)), rounds)
        print(f"{'':12}{n:8}{1e3 * x:14.4f}{1e3 * y:17.4f}{100 * (ratio - 1):13.2f}", flush=True)


STACK = """
#include <stdint.h>
void cblas_dgemm(int, int, int, int, int, int, double, const double *, int, const double *, int, double, double *, int);
void stack(int64_t n, int64_t count, const double *a, const double *b, double *c) {
    for (int64_t s = 0; s < count; s++)
        cblas_dgemm(101, 111, 111, n, n, n, 1.0, a + s * n * n, n, b + s * n * n, n, 0.0, c + s * n * n, n);
}
"""


def small(command, folder, rounds):
    count = 2000
    print("\nsmall products   n   loops ns   unknown n, ns   OpenBLAS ns   OpenBLAS / loops   OpenBLAS / unknown n")
    source, target = os.path.join(folder, "stack.c"), os.path.join(folder, "libstack.so")
    with open(source, "w") as out:
        out.write(STACK)
    subprocess.run(["cc", "-O2", "-shared", "-fPIC", source, "-o", target, "-lopenblas"], check=True)
    theirs = ctypes.CDLL(target).stack
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
        a, c, ratio = contest(checked(known, *given), directly, rounds)
        b, _, other = contest(checked(unknown, *given, size), directly, rounds)
        times = "".join(f"{1e9 * it / count:13.1f}" for it in (a, b, c))
        print(f"{'':12}{n:6}{times}{ratio:16.2f}{other:20.2f}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dacec", default="dacec", help="the command")
    parser.add_argument("--rounds", type=int, default=9, help="turns of each contender")
    parser.add_argument("--part", choices=["operations", "overhead", "small"], help="only this one")
    parser.add_argument("sizes", nargs="*", type=int, default=[64, 256, 1000, 2000])
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if given.part in (None, "operations"):
            operations(given.dacec, folder, given.sizes, given.rounds)
        if given.part in (None, "overhead"):
            overhead(given.dacec, folder, given.sizes, given.rounds)
        if given.part in (None, "small"):
            small(given.dacec, folder, given.rounds)


if __name__ == "__main__":
    main()
