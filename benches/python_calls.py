"""What a call from Python costs, against a ctypes call of the same library and against Numba's dispatch.

    python benches/python_calls.py            needs the package; Numba only if it is to be compared with

Reports, for `y = a * x + y` on 8 elements: the first call with an empty cache, the first call of a new process with the
library in the cache, and later calls. Everything is measured in one run, in turns; medians. Later calls are measured in
the processor time of the thread, which other load of the machine does not change much; they run on that thread alone.
"""

import ctypes
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import timeit

FIRST_CALL = """
import time
import numpy as np
import dacec as dace

N = dace.symbol("N")


@dace.program
def axpy(a: dace.float64, x: dace.float64[N], y: dace.float64[N]):
    y[:] = a * x + y


if __name__ == "__main__":
    x, y = np.ones(8), np.zeros(8)
    start = time.perf_counter()
    axpy(2.0, x, y)
    print(time.perf_counter() - start)
"""
REPEAT, CALLS = 25, 20_000


def main():
    with tempfile.TemporaryDirectory() as folder:
        script = os.path.join(folder, "axpy_small.py")
        with open(script, "w") as file:
            file.write(FIRST_CALL)
        cold = [first_call(script, os.path.join(folder, f"cache-{number}")) for number in range(5)]
        warm = [first_call(script, os.path.join(folder, "cache-0")) for _ in range(9)]
        sys.path.insert(0, folder)
        report = {"first_call_cold_s": statistics.median(cold), "first_call_warm_s": statistics.median(warm)}
        report.update(later_calls())
    print(json.dumps(report, indent=2))


def first_call(script, cache):
    environment = {**os.environ, "DACEC_CACHE_DIR": cache}
    return float(subprocess.run([sys.executable, script], env=environment, check=True, capture_output=True).stdout)


def later_calls():
    import axpy_small
    import numpy as np

    axpy = axpy_small.axpy
    x, y = np.ones(8), np.zeros(8)
    axpy(2.0, x, y)
    library = ctypes.CDLL(axpy.compile().path)
    library.dacec_axpy.argtypes = [ctypes.c_double, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64]
    px, py = x.ctypes.data, y.ctypes.data
    # As people write it: the addresses are looked up in every call.
    per_call = lambda: library.dacec_axpy(2.0, x.ctypes.data, y.ctypes.data, 8)  # noqa: E731
    contenders = {
        "dacec_us": lambda: axpy(2.0, x, y),
        "ctypes_us": per_call,
        "ctypes_prepared_us": lambda: library.dacec_axpy(2.0, px, py, 8),
        "numpy_us": lambda: np.add(2.0 * x, y, out=y),
    }
    try:
        import numba
    except ImportError:
        pass
    else:
        jitted = numba.njit(numba_axpy)
        jitted(2.0, x, y)
        contenders["numba_us"] = lambda: jitted(2.0, x, y)
    seconds = {name: [] for name in contenders}
    for _ in range(REPEAT):
        for name, call in contenders.items():
            seconds[name].append(timeit.timeit(call, number=CALLS, timer=time.thread_time) / CALLS)
    return {name: round(1e6 * statistics.median(values), 3) for name, values in seconds.items()}


def numba_axpy(a, x, y):
    for i in range(x.shape[0]):
        y[i] = a * x[i] + y[i]


if __name__ == "__main__":
    main()
