"""Times matrix operations by the built-in routines and by OpenBLAS: ratios of times that were measured in turns.

    python3 benches/libraries.py [path of the dacec command] [size ...]
"""

import os
import re
import subprocess
import sys
import tempfile

PROGRAM = """
import dace
import numpy as np
N = dace.symbol('N')
presets = {'S': {'N': 64}}

@dace.program
def initialize(A: dace.float64[N, N], B: dace.float64[N, N], C: dace.float64[N, N]):
    for i, j in dace.map[0:N, 0:N]:
        A[i, j] = ((i * 7 + j * 13) % 11) / 11 / N
        B[i, j] = ((i * 3 + j * 5) % 7) / 7
        C[i, j] = 0
    for i in dace.map[0:N]:
        A[i, i] = 3.0

"""
KERNELS = {
    "gemm": "C[:] = 1.5 * A @ B + 0.5 * C",
    "cholesky": "C[:] = np.linalg.cholesky(A + A.T)",
    "solve": "C[:] = np.linalg.solve(A, B)",
    "inverse": "C[:] = np.linalg.inv(A)",
}
UNITS = {"s": 1e3, "ms": 1.0, "µs": 1e-3, "ns": 1e-6}
ROUNDS = 3


def milliseconds(command, file, size, options):
    repeat = 5 if size >= 1000 else 50
    line = [command, "run", file, "--program", "kernel", "--set", f"N={size}", "--repeat", str(repeat), *options]
    output = subprocess.run(line, capture_output=True, text=True)
    if output.returncode:
        sys.exit(output.stderr)
    # The lower end of the confidence interval: others may use the machine too.
    found = re.search(r"confidence ([\d.]+) (\w+)", output.stdout)
    return float(found[1]) * UNITS[found[2]]


def main():
    command = sys.argv[1] if len(sys.argv) > 1 else "dacec"
    sizes = [int(size) for size in sys.argv[2:]] or [64, 256, 1000, 2000]
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    print("operation     n   built-in ms   OpenBLAS ms   OpenBLAS / built-in")
    with tempfile.TemporaryDirectory() as folder:
        for name, statement in KERNELS.items():
            file = os.path.join(folder, f"{name}.py")
            with open(file, "w") as text:
                arguments = ", ".join(f"{array}: dace.float64[N, N]" for array in "ABC")
                text.write(f"{PROGRAM}@dace.program\ndef kernel({arguments}):\n    {statement}\n")
            for size in sizes:
                times = [[], []]
                for _ in range(ROUNDS):
                    for which, options in enumerate([[], ["--library", "blas=openblas"]]):
                        times[which].append(milliseconds(command, file, size, options))
                ours, theirs = (min(each) for each in times)
                print(f"{name:9}{size:6}{ours:14.3f}{theirs:14.3f}{theirs / ours:14.2f}", flush=True)


if __name__ == "__main__":
    main()
