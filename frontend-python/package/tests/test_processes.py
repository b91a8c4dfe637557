"""Threads, forked processes, interrupts, and what stays behind after many calls.

`DACEC_LEAK_CYCLES` is the number of compile-and-call cycles of the leak test, 60 if it is not set; 10000 is the full size.
"""

import gc
import multiprocessing
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import textwrap
import threading
import time
import unittest

import numpy as np

import dacec as dace

N = dace.symbol("N")
PARALLEL = 400_000
"""Elements enough for a loop on several threads."""


@dace.program
def busy(A: dace.float64[N]):
    return np.sum(A * A + 1.0)


@dace.program
def other(A: dace.float64[N], k: dace.float64):
    for i in dace.map[0:N]:
        A[i] = A[i] * k


class Threads(unittest.TestCase):
    def run_in_threads(self, work, count=8):
        failures = []

        def guarded(number):
            try:
                work(number)
            except BaseException as error:  # noqa: BLE001
                failures.append(error)

        threads = [threading.Thread(target=guarded, args=(number,)) for number in range(count)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if failures:
            raise failures[0]

    def test_the_same_program_at_once(self):
        @dace.program
        def fresh(A: dace.float64[N], k: dace.float64):
            return A * k + 2.0

        def work(number):
            for size in (10, 1000):
                for _ in range(20):
                    result = fresh(np.full(size, float(number)), 3.0)
                    np.testing.assert_array_equal(result, number * 3.0 + 2.0)

        self.run_in_threads(work)
        self.assertEqual(len(fresh._variants()), 1, "it is compiled once")

    def test_different_programs_at_once(self):
        def work(number):
            A = np.full(PARALLEL, float(number))
            for _ in range(5):
                expected = float(np.sum(A * A + 1.0))
                self.assertAlmostEqual(busy(A) / expected, 1.0, places=10)
                other(A, 1.5)

        self.run_in_threads(work, 4)

    def test_other_threads_run_meanwhile(self):
        """While a program runs, Python code of another thread makes progress."""

        @dace.program
        def long(A: dace.float64[N], steps: dace.int64):
            for _ in range(steps):
                A[:] = np.sin(A) + 0.5

        A = np.ones(1000)
        long(A, 1)
        count = 0
        thread = threading.Thread(target=long, args=(A, 20_000))
        thread.start()
        while thread.is_alive():
            count += 1
        self.assertGreater(count, 100)


def in_child(queue, size):
    A = np.ones(size)
    other(A, 2.0)
    queue.put((float(busy(A)), float(A[0])))


class Forks(unittest.TestCase):
    def test_a_forked_process_calls_and_compiles(self):
        A = np.ones(PARALLEL)
        busy(A)
        other(A, 1.0)  # Its team of threads is there before the fork.
        context = multiprocessing.get_context("fork")
        queue = context.Queue()
        children = [context.Process(target=in_child, args=(queue, PARALLEL), daemon=True) for _ in range(2)]
        for child in children:
            child.start()
        for _ in children:
            self.assertEqual(queue.get(timeout=60), (5.0 * PARALLEL, 2.0))
        for child in children:
            child.join()

    def test_a_fork_of_a_fork(self):
        other(np.ones(PARALLEL), 1.0)
        status = run_forked(lambda: run_forked(lambda: int(busy(np.ones(PARALLEL)) != 2.0 * PARALLEL)))
        self.assertEqual(status, 0)

    def test_a_fork_while_another_thread_compiles(self):
        @dace.program
        def slow(A: dace.float64[N]):
            return A * 3.25 + np.sqrt(A)

        thread = threading.Thread(target=slow, args=(np.ones(3),))
        thread.start()
        time.sleep(0.01)
        status = run_forked(lambda: int(slow(np.ones(3))[0] != 4.25))
        thread.join()
        self.assertEqual(status, 0)


def run_forked(work):
    """The status that `work` returns in a forked process; 99 if it does not end."""
    child = os.fork()
    if child == 0:
        status = 98
        try:
            status = work()
        finally:
            os._exit(status)
    for _ in range(600):
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.1)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return 99


class Interrupts(unittest.TestCase):
    def test_ctrl_c_ends_a_compilation(self):
        """A C++ compiler that never ends stands in the way; the exception comes all the same."""
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            compiler = folder / "slow-c++"
            compiler.write_text(
                textwrap.dedent("""\
                #!/bin/sh
                for word in "$@"; do case "$word" in *kernel_that_hangs*) exec sleep 300;; esac; done
                exec g++ "$@"
                """)
            )
            compiler.chmod(0o755)
            script = folder / "script.py"
            script.write_text(
                textwrap.dedent("""\
                import _thread, signal, threading, numpy, dacec
                # Whoever runs the tests in the background may have Ctrl-C ignored.
                signal.signal(signal.SIGINT, signal.default_int_handler)
                @dacec.program
                def kernel_that_hangs(A: dacec.float64[10]):
                    A[:] = 1
                threading.Timer(2.0, _thread.interrupt_main).start()
                try:
                    kernel_that_hangs(numpy.zeros(10))
                except KeyboardInterrupt:
                    print("interrupted")
                """)
            )
            environment = {**os.environ, "DACEC_CXX": str(compiler), "DACEC_CACHE_DIR": str(folder / "cache")}
            command = [sys.executable, str(script)]
            done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
        self.assertEqual(done.stdout.strip(), "interrupted", done.stderr)


class Memory(unittest.TestCase):
    def test_compiling_and_calling_leaves_nothing_behind(self):
        cycles = int(os.environ.get("DACEC_LEAK_CYCLES", "60"))
        for _ in range(20):
            cycle(2.0)
        before = used()
        for number in range(cycles):
            cycle(2.0 + number % 2)
        grown = used() - before
        # What is left of a cycle if anything is: a graph or a loaded library, tens of kilobytes.
        self.assertLess(grown, 2_000_000 + 2_000 * cycles, f"{grown} bytes after {cycles} cycles")

    def test_calls_leave_nothing_behind(self):
        A = np.ones((3, 50))
        pair(A, 1.0)
        before = used()
        for _ in range(20_000):
            pair(A, k=2.0)
            pair(A.T[::2].T, 2.0)
        self.assertLess(used() - before, 2_000_000)

    def test_programs_are_collected(self):
        import weakref

        class Holder:
            def __init__(self):
                self.k = 2.0

            @dace.program
            def f(self, A):
                return A * self.k

        holder = Holder()
        holder.f(np.ones(2))
        gone = weakref.ref(holder)
        del holder
        gc.collect()
        self.assertIsNone(gone())


@dace.program
def pair(A, k):
    return A * k, np.sum(A)


def cycle(k):
    """A program of its own, compiled (or found on disk), called, and dropped."""

    @dace.program
    def once(A: dace.float64[N]):
        return A * k + np.mean(A)

    np.testing.assert_array_equal(once(np.ones(4)), k + 1.0)
    once._clear()


def used():
    """Bytes of this process's own memory, after all garbage is gone."""
    gc.collect()
    fields = pathlib.Path("/proc/self/statm").read_text().split()
    return (int(fields[1]) - int(fields[2])) * os.sysconf("SC_PAGE_SIZE")


if __name__ == "__main__":
    unittest.main()
