"""Calls a compiled program, and prints how many threads the process has then, how many ran at most while it did, and on
how many processors they may run.

    python threads.py LIBRARY PROCESSORS ELEMENTS SYMBOL …        PROCESSORS is 0 for all
"""

import ctypes
import os
import sys
import threading

library = sys.argv[1]
processors, elements, *symbols = map(int, sys.argv[2:])
if processors:
    # As `taskset` does.
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:processors])


def running(observer):
    """Threads that are computing, the observer left out."""
    states = []
    for task in os.listdir("/proc/self/task"):
        try:
            with open(f"/proc/self/task/{task}/stat") as file:
                states.append(int(task) != observer and file.read().rsplit(")", 1)[1].split()[0] == "R")
        except OSError:
            pass
    return sum(states)


kernel = ctypes.CDLL(library).dacec_kernel
arguments = [(ctypes.c_double * elements)() for _ in range(3)] + [ctypes.c_int64(it) for it in symbols]
ended, most = threading.Event(), 0


def observe():
    global most
    while not ended.is_set():
        most = max(most, running(threading.get_native_id()))


observer = threading.Thread(target=observe)
observer.start()
for _ in range(3):
    # The lock of the interpreter is free meanwhile.
    if kernel(*arguments):
        sys.exit("a call has failed")
ended.set()
observed = observer.native_id
observer.join()
# The interpreter is done with a thread a moment before the system is.
while os.path.exists(f"/proc/self/task/{observed}"):
    pass
print(len(os.listdir("/proc/self/task")), most, len(os.sched_getaffinity(0)))
