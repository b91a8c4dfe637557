"""Programs that both DaCe and dacec can say: sources in Python, and graphs built with DaCe's interface.

Each entry makes an SDFG with DaCe, says with which arguments it is run, and has a function that computes the same with
plain Python and NumPy: for a Python program, that is the program.
"""

import dace
import numpy as np

N, M, K = (dace.symbol(name) for name in "NMK")
SIZES = {"N": 13, "M": 9, "K": 5}
PROGRAMS = {}


def random(shape, dtype=np.float64, seed=0):
    """Numbers between 0.5 and 1.5; integers between 0 and 9."""
    generator = np.random.default_rng(seed)
    if np.issubdtype(dtype, np.integer):
        return generator.integers(0, 10, shape).astype(dtype)
    if dtype == np.bool_:
        return generator.random(shape) < 0.5
    values = generator.random(shape) + 0.5
    if np.issubdtype(dtype, np.complexfloating):
        return (values + 1j * generator.random(shape)).astype(dtype)
    return values.astype(dtype)


class Entry:
    """A program: how its SDFG is made, its arguments, and what computes the same with NumPy."""

    def __init__(self, name, make, arguments, reference):
        self.name, self.make, self.arguments, self.reference = name, make, arguments, reference

    def inputs(self):
        """Fresh arguments, the same each time."""
        return {name: value() if callable(value) else value for name, value in self.arguments.items()}


def program(**arguments):
    """Registers a Python function as a program."""

    def register(function):
        name = function.__name__
        PROGRAMS[name] = Entry(name, lambda: dace.program(function).to_sdfg(simplify=True), arguments, function)
        return function

    return register


def graph(reference, **arguments):
    """Registers a function that builds an SDFG; `reference` does the same to NumPy arrays."""

    def register(function):
        name = function.__name__
        PROGRAMS[name] = Entry(name, function, arguments, reference)
        return function

    return register


def vector(length="N", dtype=np.float64, seed=0):
    return lambda: random(SIZES[length], dtype, seed)


def matrix(rows="N", columns="M", dtype=np.float64, seed=0):
    return lambda: random((SIZES[rows], SIZES[columns]), dtype, seed)


# --- Python: elementwise, slices, reductions, products ---------------------------------------------------------------


@program(a=1.5, x=vector(), y=vector(seed=1))
def axpy(a: dace.float64, x: dace.float64[N], y: dace.float64[N]):
    y[:] = a * x + y


@program(A=matrix(), B=matrix(seed=1))
def elementwise(A: dace.float64[N, M], B: dace.float64[N, M]):
    return np.sqrt(A) * np.exp(-B) + np.maximum(A, B) / 3.0


@program(A=matrix(), x=vector("M", seed=1))
def broadcast(A: dace.float64[N, M], x: dace.float64[M]):
    return A * x - 2.0


@program(A=matrix(dtype=np.float32), B=matrix(dtype=np.float32, seed=1))
def single(A: dace.float32[N, M], B: dace.float32[N, M]):
    B[:] = A * B + np.float32(0.5)


@program(A=matrix(dtype=np.int64), B=matrix(dtype=np.int64, seed=1))
def integers(A: dace.int64[N, M], B: dace.int64[N, M]):
    B[:] = (A * 3 + B) % 7 - (A // 2)


@program(A=matrix(dtype=np.int32), B=matrix(dtype=np.float64, seed=1))
def mixed_types(A: dace.int32[N, M], B: dace.float64[N, M]):
    B[:] = A + B * 0.5


@program(A=matrix(dtype=np.complex128), B=matrix(dtype=np.complex128, seed=1))
def complex_numbers(A: dace.complex128[N, M], B: dace.complex128[N, M]):
    B[:] = A * B + A


@program(A=matrix(), B=matrix(seed=1))
def slices(A: dace.float64[N, M], B: dace.float64[N, M]):
    B[1:-1, :] = A[2:, :] - A[:-2, :]


@program(x=vector(), y=vector(seed=1))
def strided(x: dace.float64[N], y: dace.float64[N]):
    y[1:N:2] = 2.5
    x[0:N:2] = 0.5


@program(A=matrix(), k=3)
def row(A: dace.float64[N, M], k: dace.int64):
    A[k, :] = A[k - 1, :] + 1.0


@program(A=matrix())
def total(A: dace.float64[N, M]):
    return np.sum(A)


@program(A=matrix())
def column_sums(A: dace.float64[N, M]):
    return np.sum(A, axis=0)


@program(A=matrix())
def extremes(A: dace.float64[N, M]):
    return np.max(A, axis=1) - np.min(A, axis=1)


@program(A=matrix("N", "K"), B=matrix("K", "M", seed=1))
def product(A: dace.float64[N, K], B: dace.float64[K, M]):
    return A @ B


@program(A=matrix(), x=vector("M", seed=1))
def matrix_vector(A: dace.float64[N, M], x: dace.float64[M]):
    return A @ x


@program(x=vector(), y=vector(seed=1))
def inner(x: dace.float64[N], y: dace.float64[N]):
    return x @ y


@program(A=matrix())
def transposed(A: dace.float64[N, M]):
    return np.transpose(A) * 2.0


@program(A=matrix(), x=vector("M", seed=1))
def atax(A: dace.float64[N, M], x: dace.float64[M]):
    return (A @ x) @ A


@program(A=matrix(), B=matrix(seed=1))
def choose(A: dace.float64[N, M], B: dace.float64[N, M]):
    return np.where(A > B, A, B * 2.0)


# --- Python: control flow --------------------------------------------------------------------------------------------


@program(A=lambda: random((SIZES["N"], SIZES["N"])))
def nested_loops(A: dace.float64[N, N]):
    for i in range(1, N):
        for j in range(i):
            A[i, j] = A[i - 1, j] * 0.5 + A[i, j]


@program(x=vector())
def backward(x: dace.float64[N]):
    for i in range(N - 2, -1, -1):
        x[i] = x[i] + x[i + 1] * 0.5


@program(x=vector(), n=4)
def branches(x: dace.float64[N], n: dace.int64):
    if n > 3:
        x[0] = 1.0
    elif n > 1:
        x[1] = 2.0
    else:
        x[2] = 3.0


@program(x=vector())
def branch_in_loop(x: dace.float64[N]):
    for i in range(N):
        if x[i] > 1.0:
            x[i] = x[i] - 1.0
        else:
            x[i] = x[i] * 2.0


@program(x=vector())
def while_loop(x: dace.float64[N]):
    while x[0] < 10.0:
        x[:] = x * 1.5


@program(x=vector())
def leave_loop(x: dace.float64[N]):
    for i in range(N):
        if x[i] > 1.3:
            break
        x[i] = 0.0


@program(x=vector())
def skip(x: dace.float64[N]):
    for i in range(N):
        if x[i] > 1.0:
            continue
        x[i] = x[i] + 10.0


@program(A=matrix(), B=matrix(seed=1), steps=3)
def jacobi(A: dace.float64[N, M], B: dace.float64[N, M], steps: dace.int64):
    for t in range(steps):
        B[1:-1, 1:-1] = 0.25 * (A[:-2, 1:-1] + A[2:, 1:-1] + A[1:-1, :-2] + A[1:-1, 2:])
        A[1:-1, 1:-1] = 0.25 * (B[:-2, 1:-1] + B[2:, 1:-1] + B[1:-1, :-2] + B[1:-1, 2:])


# --- Python: maps, tasklets, conflict resolution, calls --------------------------------------------------------------


@program(A=matrix(), B=matrix(seed=1))
def parallel(A: dace.float64[N, M], B: dace.float64[N, M]):
    for i, j in dace.map[0:N, 0:M]:
        B[i, j] = A[i, j] * i + j


@program(x=vector())
def conflict_sum(x: dace.float64[N]):
    s = np.zeros((1,))
    for i in dace.map[0:N]:
        s += x[i] * x[i]
    return s


@program(x=vector(), h=lambda: np.zeros(10, np.int64))
def histogram(x: dace.float64[N], h: dace.int64[10]):
    for i in dace.map[0:N]:
        h[(i * i) % 10] += 1


@dace.program
def scale(v: dace.float64[M], f: dace.float64):
    v[:] = v * f


@program(A=matrix())
def calls(A: dace.float64[N, M]):
    for i in range(N):
        scale(A[i, :], 2.0)


# --- graphs: what Python does not say ---------------------------------------------------------------------------------


def _vector_graph(name, *names, dtype=dace.float64):
    sdfg = dace.SDFG(name)
    for it in names:
        sdfg.add_array(it, [N], dtype)
    return sdfg


def _tasklet_statements(x, y):
    y[:] = np.where(x > 1.0, x * 2, np.sin(x)) + 1


@graph(_tasklet_statements, x=vector(), y=vector(seed=1))
def tasklet_statements():
    sdfg = _vector_graph("tasklet_statements", "x", "y")
    state = sdfg.add_state("only")
    code = "t = a\nif a > 1.0:\n    t = a * 2\nelse:\n    t = math.sin(a)\nb = t + 1"
    state.add_mapped_tasklet(
        "m", {"i": "0:N"}, {"a": dace.Memlet("x[i]")}, code, {"b": dace.Memlet("y[i]")}, external_edges=True
    )
    return sdfg


def _map_with_step(x, y):
    index = np.arange(1, len(x), 3)
    y[index] = x[index] + index


@graph(_map_with_step, x=vector(), y=vector(seed=1))
def map_with_step():
    sdfg = _vector_graph("map_with_step", "x", "y")
    state = sdfg.add_state("only")
    state.add_mapped_tasklet(
        "m", {"i": "1:N:3"}, {"a": dace.Memlet("x[i]")}, "b = a + i", {"b": dace.Memlet("y[i]")}, external_edges=True
    )
    return sdfg


def _nested_maps(A, B):
    B[:] = A * 2 + np.arange(A.shape[0])[:, None] - np.arange(A.shape[1])


@graph(_nested_maps, A=matrix(), B=matrix(seed=1))
def nested_maps():
    sdfg = dace.SDFG("nested_maps")
    sdfg.add_array("A", [N, M], dace.float64)
    sdfg.add_array("B", [N, M], dace.float64)
    state = sdfg.add_state("only")
    a, b = state.add_read("A"), state.add_write("B")
    outer_in, outer_out = state.add_map("outer", {"i": "0:N"})
    inner_in, inner_out = state.add_map("inner", {"j": "0:M"}, schedule=dace.ScheduleType.Sequential)
    tasklet = state.add_tasklet("t", {"x"}, {"y"}, "y = x * 2 + i - j")
    state.add_memlet_path(a, outer_in, inner_in, tasklet, dst_conn="x", memlet=dace.Memlet("A[i, j]"))
    state.add_memlet_path(tasklet, inner_out, outer_out, b, src_conn="y", memlet=dace.Memlet("B[i, j]"))
    return sdfg


def _reduction_node(x, y):
    y[0] = max(0, x.max())


@graph(_reduction_node, x=vector(), y=lambda: np.zeros(1))
def reduction_node():
    sdfg = dace.SDFG("reduction_node")
    sdfg.add_array("x", [N], dace.float64)
    sdfg.add_array("y", [1], dace.float64)
    state = sdfg.add_state("only")
    reduce = state.add_reduce("lambda a, b: max(a, b)", None, 0)
    state.add_edge(state.add_read("x"), None, reduce, None, dace.Memlet("x[0:N]"))
    state.add_edge(reduce, None, state.add_write("y"), None, dace.Memlet("y[0]"))
    return sdfg


def _copies(A, B):
    B[3:7, 2] = A[2, 1:5]


@graph(_copies, A=matrix(), B=lambda: np.zeros((SIZES["M"], SIZES["N"])))
def copies():
    sdfg = dace.SDFG("copies")
    sdfg.add_array("A", [N, M], dace.float64)
    sdfg.add_array("B", [M, N], dace.float64)
    sdfg.add_transient("t", [4], dace.float64)
    state = sdfg.add_state("only")
    a, t, b = state.add_read("A"), state.add_access("t"), state.add_write("B")
    state.add_nedge(a, t, dace.Memlet("A[2, 1:5]", other_subset="0:4"))
    state.add_nedge(t, b, dace.Memlet("t[0:4]", other_subset="3:7, 2"))
    return sdfg


def _columns_are_near(A, out):
    out[:] = A[:, 4] * 3


@graph(_columns_are_near, A=matrix(), out=vector())
def columns_are_near():
    sdfg = dace.SDFG("columns_are_near")
    sdfg.add_array("A", [N, M], dace.float64)
    sdfg.add_array("out", [N], dace.float64)
    sdfg.add_transient("t", [N, M], dace.float64, strides=[1, N])
    first, second = sdfg.add_state("first"), sdfg.add_state("second")
    sdfg.add_edge(first, second, dace.InterstateEdge())
    first.add_mapped_tasklet(
        "m", {"i": "0:N", "j": "0:M"}, {"a": dace.Memlet("A[i, j]")}, "b = a * 3", {"b": dace.Memlet("t[i, j]")},
        external_edges=True,
    )
    second.add_mapped_tasklet(
        "n", {"i": "0:N"}, {"a": dace.Memlet("t[i, 4]")}, "b = a", {"b": dace.Memlet("out[i]")}, external_edges=True
    )
    return sdfg


def _symbols_on_transitions(x, n):
    k = n % 3 + 1
    x[:k] = k + np.arange(k)


@graph(_symbols_on_transitions, x=vector(), n=5)
def symbols_on_transitions():
    sdfg = dace.SDFG("symbols_on_transitions")
    sdfg.add_array("x", [N], dace.float64)
    sdfg.add_scalar("n", dace.int64)
    sdfg.add_symbol("k", dace.int64)
    first, second = sdfg.add_state("first"), sdfg.add_state("second")
    sdfg.add_edge(first, second, dace.InterstateEdge(assignments={"k": "n % 3 + 1"}))
    second.add_mapped_tasklet("m", {"i": "0:k"}, {}, "b = k + i", {"b": dace.Memlet("x[i]")}, external_edges=True)
    return sdfg


def _count(x):
    x[:] = np.arange(len(x)) * 2


def _loop(sdfg, inverted):
    """x[i] = i * 2 for i below N, by states and transitions; tested at the end if `inverted`."""
    before, body, after = sdfg.add_state("before"), sdfg.add_state("body"), sdfg.add_state("after")
    tasklet = body.add_tasklet("t", {}, {"b"}, "b = i * 2")
    body.add_edge(tasklet, "b", body.add_write("x"), None, dace.Memlet("x[i]"))
    if inverted:
        latch = sdfg.add_state("latch")
        sdfg.add_edge(before, body, dace.InterstateEdge(assignments={"i": "0"}))
        sdfg.add_edge(body, latch, dace.InterstateEdge(assignments={"i": "i + 1"}))
        sdfg.add_edge(latch, body, dace.InterstateEdge("i < N"))
        sdfg.add_edge(latch, after, dace.InterstateEdge("i >= N"))
    else:
        guard = sdfg.add_state("guard")
        sdfg.add_edge(before, guard, dace.InterstateEdge(assignments={"i": "0"}))
        sdfg.add_edge(guard, body, dace.InterstateEdge("i < N"))
        sdfg.add_edge(body, guard, dace.InterstateEdge(assignments={"i": "i + 1"}))
        sdfg.add_edge(guard, after, dace.InterstateEdge("i >= N"))
    return sdfg


@graph(_count, x=vector())
def state_machine_loop():
    return _loop(_vector_graph("state_machine_loop", "x"), False)


@graph(_count, x=vector())
def state_machine_inverted():
    return _loop(_vector_graph("state_machine_inverted", "x"), True)


def _nested_graph(A):
    A += 1


@graph(_nested_graph, A=matrix())
def nested_graph():
    inner = dace.SDFG("inner")
    inner.add_array("v", [K], dace.float64)
    inner.add_state("only").add_mapped_tasklet(
        "m", {"i": "0:K"}, {"a": dace.Memlet("v[i]")}, "b = a + 1", {"b": dace.Memlet("v[i]")}, external_edges=True
    )
    sdfg = dace.SDFG("nested_graph")
    sdfg.add_array("A", [N, M], dace.float64)
    state = sdfg.add_state("only")
    entry, exit_ = state.add_map("rows", {"r": "0:N"})
    node = state.add_nested_sdfg(inner, sdfg, {"v"}, {"v"}, {"K": "M"})
    memlet = dace.Memlet("A[r, 0:M]")
    state.add_memlet_path(state.add_read("A"), entry, node, dst_conn="v", memlet=memlet)
    state.add_memlet_path(node, exit_, state.add_write("A"), src_conn="v", memlet=memlet)
    return sdfg


def _map_order(x, y):
    x[:] = np.arange(len(x))
    y[:] = x[::-1] * 2


@graph(_map_order, x=vector(), y=vector(seed=1))
def map_order():
    """A second map reads what the first one wrote in the same state."""
    sdfg = _vector_graph("map_order", "x", "y")
    state = sdfg.add_state("only")
    state.add_mapped_tasklet(
        "one", {"i": "0:N"}, {}, "b = i", {"b": dace.Memlet("x[i]")}, external_edges=True
    )
    written = [node for node in state.data_nodes() if node.data == "x"][0]
    state.add_mapped_tasklet(
        "two", {"i": "0:N"}, {"a": dace.Memlet("x[N - 1 - i]")}, "b = a * 2", {"b": dace.Memlet("y[i]")},
        external_edges=True, input_nodes={"x": written},
    )
    return sdfg


def _write_conflict(x, y):
    y[0] += x.sum()


@graph(_write_conflict, x=vector(), y=lambda: np.zeros(1))
def write_conflict():
    sdfg = dace.SDFG("write_conflict")
    sdfg.add_array("x", [N], dace.float64)
    sdfg.add_array("y", [1], dace.float64)
    state = sdfg.add_state("only")
    state.add_mapped_tasklet(
        "m", {"i": "0:N"}, {"a": dace.Memlet("x[i]")}, "b = a", {"b": dace.Memlet("y[0]", wcr="lambda a, b: a + b")},
        external_edges=True,
    )
    return sdfg


def _dynamic_writes(x, y):
    y[x > 4] = x[x > 4] * 10


@graph(_dynamic_writes, x=vector(dtype=np.int64), y=vector(dtype=np.int64, seed=1))
def dynamic_writes():
    sdfg = _vector_graph("dynamic_writes", "x", "y", dtype=dace.int64)
    state = sdfg.add_state("only")
    state.add_mapped_tasklet(
        "m", {"i": "0:N"}, {"a": dace.Memlet("x[i]")}, "if a > 4:\n    b = a * 10",
        {"b": dace.Memlet("y[i]", dynamic=True)}, external_edges=True,
    )
    return sdfg


# --- graphs: other kinds of containers, scopes and code ---------------------------------------------------------------


def _viewed(x, y):
    y[:] = x.reshape(3, 4)[1, :].sum()
    x[:4] = 2.0


@graph(_viewed, x=lambda: random(12), y=lambda: np.zeros(1))
def viewed():
    """Reads through a view of another shape, and writes through one."""
    sdfg = dace.SDFG("viewed")
    sdfg.add_array("x", [12], dace.float64)
    sdfg.add_array("y", [1], dace.float64)
    sdfg.add_view("v", [3, 4], dace.float64)
    sdfg.add_view("w", [4], dace.float64)
    first, second = sdfg.add_state("first"), sdfg.add_state("second")
    sdfg.add_edge(first, second, dace.InterstateEdge())
    view, reduce = first.add_access("v"), first.add_reduce("lambda a, b: a + b", None, 0)
    first.add_edge(first.add_read("x"), None, view, "views", dace.Memlet("x[0:12]"))
    first.add_edge(view, None, reduce, None, dace.Memlet("v[1, 0:4]"))
    first.add_edge(reduce, None, first.add_write("y"), None, dace.Memlet("y[0]"))
    second.add_mapped_tasklet("m", {"i": "0:4"}, {}, "b = 2", {"b": dace.Memlet("w[i]")}, external_edges=True)
    written = [node for node in second.data_nodes() if node.data == "w"][0]
    second.add_edge(written, "views", second.add_write("x"), None, dace.Memlet("x[0:4]"))
    return sdfg


def _view_without_connector(x, y):
    y[:] = x[4:8] * 3


@graph(_view_without_connector, x=lambda: random(12), y=lambda: np.zeros(4))
def view_without_connector():
    """Files of earlier versions do not say which edge shows the view."""
    sdfg = dace.SDFG("view_without_connector")
    sdfg.add_array("x", [12], dace.float64)
    sdfg.add_array("y", [4], dace.float64)
    sdfg.add_view("v", [4], dace.float64)
    state = sdfg.add_state("only")
    view = state.add_access("v")
    state.add_nedge(state.add_read("x"), view, dace.Memlet("x[4:8]"))
    state.add_mapped_tasklet(
        "m", {"i": "0:4"}, {"a": dace.Memlet("v[i]")}, "b = a * 3", {"b": dace.Memlet("y[i]")}, external_edges=True,
        input_nodes={"v": view},
    )
    return sdfg


def _referred(x, y, n):
    y[:] = (x if n > 3 else y) * 2


def referred_graph(name):
    sdfg = _vector_graph(name, "x", "y")
    sdfg.add_scalar("n", dace.int64)
    sdfg.add_reference("r", [N], dace.float64)
    start, last = sdfg.add_state("start"), sdfg.add_state("last")
    for array, condition in (("x", "n > 3"), ("y", "n <= 3")):
        state = sdfg.add_state(f"set_{array}")
        state.add_edge(state.add_read(array), None, state.add_access("r"), "set", dace.Memlet(f"{array}[0:N]"))
        sdfg.add_edge(start, state, dace.InterstateEdge(condition))
        sdfg.add_edge(state, last, dace.InterstateEdge())
    last.add_mapped_tasklet(
        "m", {"i": "0:N"}, {"a": dace.Memlet("r[i]")}, "b = a * 2", {"b": dace.Memlet("y[i]")}, external_edges=True
    )
    return sdfg


@graph(_referred, x=vector(), y=vector(seed=1), n=5)
def referred():
    return referred_graph("referred")


@graph(_referred, x=vector(), y=vector(seed=1), n=2)
def referred_to_itself():
    return referred_graph("referred_to_itself")


def _through_stream(x, y):
    y[:] = x + 1


@graph(_through_stream, x=vector(), y=vector(seed=1))
def through_stream():
    """A map pushes one element in each iteration; the queue is emptied into an array."""
    sdfg = _vector_graph("through_stream", "x", "y")
    sdfg.add_stream("S", dace.float64, transient=True)
    state = sdfg.add_state("only")
    entry, exit_ = state.add_map("m", {"i": "0:N"}, schedule=dace.ScheduleType.Sequential)
    tasklet, stream = state.add_tasklet("t", {"a"}, {"b"}, "b = a + 1"), state.add_access("S")
    state.add_memlet_path(state.add_read("x"), entry, tasklet, dst_conn="a", memlet=dace.Memlet("x[i]"))
    state.add_memlet_path(tasklet, exit_, stream, src_conn="b", memlet=dace.Memlet("S[0]"))
    state.add_nedge(stream, state.add_write("y"), dace.Memlet("y[0:N]"))
    return sdfg


def _pushed(state, count):
    """Pushes elements of `x` to the stream `S`; the stream's access."""
    entry, exit_ = state.add_map("push", {"i": f"0:{count}"}, schedule=dace.ScheduleType.Sequential)
    tasklet, stream = state.add_tasklet("p", {"a"}, {"b"}, "b = a"), state.add_access("S")
    state.add_memlet_path(state.add_read("x"), entry, tasklet, dst_conn="a", memlet=dace.Memlet("x[i]"))
    state.add_memlet_path(tasklet, exit_, stream, src_conn="b", memlet=dace.Memlet("S[0]"))
    return stream


def _consumed(x, total):
    total[0] = (x * x).sum()


@graph(_consumed, x=vector(), total=lambda: np.zeros(1))
def consumed():
    sdfg = dace.SDFG("consumed")
    sdfg.add_array("x", [N], dace.float64)
    sdfg.add_array("total", [1], dace.float64)
    sdfg.add_stream("S", dace.float64, transient=True)
    state = sdfg.add_state("only")
    stream = _pushed(state, "N")
    entry, exit_ = state.add_consume("eat", ("p", "2"))
    tasklet = state.add_tasklet("t", {"a"}, {"b"}, "b = a * a")
    state.add_edge(stream, None, entry, "IN_stream", dace.Memlet("S[0]"))
    state.add_edge(entry, "OUT_stream", tasklet, "a", dace.Memlet("S[0]"))
    state.add_memlet_path(
        tasklet, exit_, state.add_write("total"), src_conn="b",
        memlet=dace.Memlet("total[0]", wcr="lambda a, b: a + b"),
    )
    return sdfg


def _halved(x, steps):
    value = x[0]
    while value > 1:
        value, steps[0] = value / 2, steps[0] + 1
    steps[0] += 1


@graph(_halved, x=lambda: np.array([100.0]), steps=lambda: np.zeros(1, np.int64))
def halved():
    """Iterations push more work to the queue that they consume."""
    sdfg = dace.SDFG("halved")
    sdfg.add_array("x", [1], dace.float64)
    sdfg.add_array("steps", [1], dace.int64)
    sdfg.add_stream("S", dace.float64, transient=True)
    state = sdfg.add_state("only")
    stream = _pushed(state, "1")
    entry, exit_ = state.add_consume("eat", ("p", "1"))
    tasklet = state.add_tasklet("t", {"a"}, {"more", "count"}, "count = 1\nif a > 1:\n    more = a / 2")
    state.add_edge(stream, None, entry, "IN_stream", dace.Memlet("S[0]"))
    state.add_edge(entry, "OUT_stream", tasklet, "a", dace.Memlet("S[0]"))
    state.add_memlet_path(
        tasklet, exit_, state.add_access("S"), src_conn="more", memlet=dace.Memlet("S[0]", dynamic=True)
    )
    state.add_memlet_path(
        tasklet, exit_, state.add_write("steps"), src_conn="count",
        memlet=dace.Memlet("steps[0]", wcr="lambda a, b: a + b"),
    )
    return sdfg


def _own_resolution(x, y):
    y[0] = (1 + y[0]) * np.prod(1 + x) - 1


@graph(_own_resolution, x=vector(), y=lambda: np.ones(1))
def own_resolution():
    sdfg = dace.SDFG("own_resolution")
    sdfg.add_array("x", [N], dace.float64)
    sdfg.add_array("y", [1], dace.float64)
    state = sdfg.add_state("only")
    state.add_mapped_tasklet(
        "m", {"i": "0:N"}, {"a": dace.Memlet("x[i]")}, "b = a",
        {"b": dace.Memlet("y[0]", wcr="lambda a, b: a + b + a * b")}, external_edges=True,
    )
    return sdfg


def _with_constants(x, y):
    y[:] = x * np.array([1.5, -2.0, 0.25])[np.arange(len(x)) % 3] + 7


@graph(_with_constants, x=vector(), y=vector(seed=1))
def with_constants():
    sdfg = _vector_graph("with_constants", "x", "y")
    sdfg.add_constant("weights", np.array([1.5, -2.0, 0.25]))
    sdfg.add_constant("shift", np.int64(7))
    state = sdfg.add_state("only")
    state.add_mapped_tasklet(
        "m", {"i": "0:N"}, {"a": dace.Memlet("x[i]")}, "b = a * weights[i % 3] + shift", {"b": dace.Memlet("y[i]")},
        external_edges=True,
    )
    return sdfg


def _matrix_structure():
    fields = {"start": dace.int64[N + 1], "values": dace.float64[K]}
    return dace.data.Structure(fields, name="Rows")


VALUES = {"B.start": lambda: np.arange(SIZES["N"] + 1) ** 2, "B.values": vector("K")}


def _first_values(y, **m):
    y[: len(m["B.values"])] = m["B.values"] * 2 + m["B.start"][: len(m["B.values"])]


@graph(_first_values, y=vector(seed=1), **VALUES)
def member_directly():
    sdfg = dace.SDFG("member_directly")
    sdfg.add_datadesc("B", _matrix_structure())
    sdfg.add_array("y", [N], dace.float64)
    state = sdfg.add_state("only")
    entry, exit_ = state.add_map("m", {"i": "0:K"})
    tasklet = state.add_tasklet("t", {"a", "s"}, {"b"}, "b = a * 2 + s")
    state.add_memlet_path(state.add_read("B.values"), entry, tasklet, dst_conn="a", memlet=dace.Memlet("B.values[i]"))
    state.add_memlet_path(state.add_read("B.start"), entry, tasklet, dst_conn="s", memlet=dace.Memlet("B.start[i]"))
    state.add_memlet_path(tasklet, exit_, state.add_write("y"), src_conn="b", memlet=dace.Memlet("y[i]"))
    return sdfg


@graph(_first_values, y=vector(seed=1), **VALUES)
def member_by_view():
    sdfg = dace.SDFG("member_by_view")
    rows = _matrix_structure()
    sdfg.add_datadesc("B", rows)
    sdfg.add_array("y", [N], dace.float64)
    state = sdfg.add_state("only")
    whole = state.add_read("B")
    entry, exit_ = state.add_map("m", {"i": "0:K"})
    tasklet = state.add_tasklet("t", {"a", "s"}, {"b"}, "b = a * 2 + s")
    for field, conn in (("values", "a"), ("start", "s")):
        member = rows.members[field]
        sdfg.add_view(f"v{field}", member.shape, member.dtype)
        view = state.add_access(f"v{field}")
        state.add_edge(whole, None, view, "views", dace.Memlet.from_array(f"B.{field}", member))
        state.add_memlet_path(view, entry, tasklet, dst_conn=conn, memlet=dace.Memlet(f"v{field}[i]"))
    state.add_memlet_path(tasklet, exit_, state.add_write("y"), src_conn="b", memlet=dace.Memlet("y[i]"))
    return sdfg


def _in_cpp(x, y):
    y[:] = x * 3 + np.arange(len(x))


@graph(_in_cpp, x=vector(), y=vector(seed=1))
def in_cpp():
    sdfg = _vector_graph("in_cpp", "x", "y")
    state = sdfg.add_state("only")
    state.add_mapped_tasklet(
        "m", {"i": "0:N"}, {"a": dace.Memlet("x[i]")}, "b = a * 3 + i;", {"b": dace.Memlet("y[i]")},
        external_edges=True, language=dace.Language.CPP,
    )
    return sdfg


def _tangled(x, n):
    at, k = "a", 0
    while True:
        x[k] += 1 if at == "a" else 10
        k += 1
        if k >= min(n, len(x) - 1):
            return
        at = "b" if at == "a" else "a"


@graph(_tangled, x=vector(), n=6)
def tangled():
    """Two states that lead to each other, both entered from outside: no loop has this shape."""
    sdfg = dace.SDFG("tangled")
    sdfg.add_array("x", [N], dace.float64)
    sdfg.add_scalar("n", dace.int64)
    start, one, two, end = (sdfg.add_state(label) for label in ("start", "one", "two", "end"))
    for state, amount in ((one, 1), (two, 10)):
        tasklet = state.add_tasklet("t", {"a"}, {"b"}, f"b = a + {amount}")
        state.add_edge(state.add_read("x"), None, tasklet, "a", dace.Memlet("x[k]"))
        state.add_edge(tasklet, "b", state.add_write("x"), None, dace.Memlet("x[k]"))
    sdfg.add_edge(start, one, dace.InterstateEdge("n > 3", {"k": 0}))
    sdfg.add_edge(start, two, dace.InterstateEdge("n <= 3", {"k": 0}))
    for state, other in ((one, two), (two, one)):
        sdfg.add_edge(state, other, dace.InterstateEdge("k + 1 < min(n, N - 1)", {"k": "k + 1"}))
        sdfg.add_edge(state, end, dace.InterstateEdge("k + 1 >= min(n, N - 1)"))
    return sdfg


def _kept_near(x, y):
    y[:] = x * 2 + 1


@graph(_kept_near, x=vector(), y=vector(seed=1))
def kept_near():
    """Containers with a place and a lifetime of their own, and a schedule that says who iterates."""
    sdfg = _vector_graph("kept_near", "x", "y")
    sdfg.add_transient("t", [N], dace.float64, storage=dace.StorageType.CPU_Heap, lifetime=dace.AllocationLifetime.SDFG)
    sdfg.add_transient("u", [1], dace.float64, storage=dace.StorageType.Register)
    first, second = sdfg.add_state("first"), sdfg.add_state("second")
    sdfg.add_edge(first, second, dace.InterstateEdge())
    first.add_mapped_tasklet(
        "m", {"i": "0:N"}, {"a": dace.Memlet("x[i]")}, "b = a * 2", {"b": dace.Memlet("t[i]")}, external_edges=True,
        schedule=dace.ScheduleType.CPU_Multicore,
    )
    entry, exit_ = second.add_map("n", {"i": "0:N"}, schedule=dace.ScheduleType.Sequential)
    tasklet, near = second.add_tasklet("t", {"a"}, {"b"}, "b = a + 1"), second.add_access("u")
    second.add_memlet_path(second.add_read("t"), entry, near, memlet=dace.Memlet("t[i]"))
    second.add_edge(near, None, tasklet, "a", dace.Memlet("u[0]"))
    second.add_memlet_path(tasklet, exit_, second.add_write("y"), src_conn="b", memlet=dace.Memlet("y[i]"))
    return sdfg


def _in_lanes(x, y):
    y[:] = x * x + 1


@graph(_in_lanes, x=lambda: random((3, 4), np.float32), y=lambda: np.zeros((3, 4), np.float32))
def in_lanes():
    """Vectors of four numbers."""
    sdfg = dace.SDFG("in_lanes")
    for name in "xy":
        sdfg.add_array(name, [3], dace.vector(dace.float32, 4))
    state = sdfg.add_state("only")
    state.add_mapped_tasklet(
        "m", {"i": "0:3"}, {"a": dace.Memlet("x[i]")}, "b = a * a + dace.float32(1)", {"b": dace.Memlet("y[i]")},
        external_edges=True,
    )
    return sdfg


def _counted_from_one(x, y):
    y[:] = x * 2
    y[0] += x[1]


@graph(_counted_from_one, x=vector(), y=vector(seed=1))
def counted_from_one():
    """Arrays whose indices begin with 1, and with -2."""
    sdfg = dace.SDFG("counted_from_one")
    sdfg.add_array("x", [N], dace.float64, offset=[-1])
    sdfg.add_array("y", [N], dace.float64, offset=[2])
    first, second = sdfg.add_state("first"), sdfg.add_state("second")
    sdfg.add_edge(first, second, dace.InterstateEdge())
    entry, exit_ = first.add_map("m", {"i": "1:N + 1"})
    tasklet = first.add_tasklet("t", {"a"}, {"b"}, "b = a * 2")
    first.add_memlet_path(first.add_read("x"), entry, tasklet, dst_conn="a", memlet=dace.Memlet("x[i]"))
    first.add_memlet_path(tasklet, exit_, first.add_write("y"), src_conn="b", memlet=dace.Memlet("y[i - 3]"))
    add = second.add_tasklet("add", {"a", "c"}, {"b"}, "b = a + c")
    second.add_edge(second.add_read("x"), None, add, "a", dace.Memlet("x[2]"))
    second.add_edge(second.add_read("y"), None, add, "c", dace.Memlet("y[-2]"))
    second.add_edge(add, "b", second.add_write("y"), None, dace.Memlet("y[-2]"))
    return sdfg


ROWS = np.array([0, 3, 3, 4, 9, 13])


def _rows_of_data(start, x, y):
    for row in range(5):
        y[row] += x[start[row]:start[row + 1]].sum()


@graph(_rows_of_data, start=lambda: ROWS.copy(), x=vector(), y=lambda: np.ones(5))
def rows_of_data():
    """A map whose range is read from an array, in a map."""
    sdfg = dace.SDFG("rows_of_data")
    sdfg.add_array("start", [6], dace.int64)
    sdfg.add_array("x", [N], dace.float64)
    sdfg.add_array("y", [5], dace.float64)
    state = sdfg.add_state("only")
    begins, ends, x = state.add_read("start"), state.add_read("start"), state.add_read("x")
    outer_in, outer_out = state.add_map("rows", {"r": "0:5"})
    inner_in, inner_out = state.add_map("row", {"k": "first:last"}, schedule=dace.ScheduleType.Sequential)
    tasklet = state.add_tasklet("t", {"a"}, {"b"}, "b = a")
    for node, conn, index in ((begins, "first", "r"), (ends, "last", "r + 1")):
        inner_in.add_in_connector(conn)
        state.add_memlet_path(node, outer_in, inner_in, dst_conn=conn, memlet=dace.Memlet(f"start[{index}]"))
    state.add_memlet_path(x, outer_in, inner_in, tasklet, dst_conn="a", memlet=dace.Memlet("x[k]"))
    state.add_memlet_path(
        tasklet, inner_out, outer_out, state.add_write("y"), src_conn="b",
        memlet=dace.Memlet("y[r]", wcr="lambda a, b: a + b"),
    )
    return sdfg


def _length_from_data(n, x):
    x[:n[0]] = np.arange(n[0]) + n[0]


@graph(_length_from_data, n=lambda: np.array([7]), x=vector())
def length_from_data():
    """A parallel map whose range is read from an array."""
    sdfg = dace.SDFG("length_from_data")
    sdfg.add_array("n", [1], dace.int64)
    sdfg.add_array("x", [N], dace.float64)
    state = sdfg.add_state("only")
    entry, exit_ = state.add_map("m", {"i": "0:length"})
    entry.add_in_connector("length")
    tasklet = state.add_tasklet("t", {}, {"b"}, "b = i + length")
    state.add_edge(state.add_read("n"), None, entry, "length", dace.Memlet("n[0]"))
    state.add_nedge(entry, tasklet, dace.Memlet())
    state.add_memlet_path(tasklet, exit_, state.add_write("x"), src_conn="b", memlet=dace.Memlet("x[i]", dynamic=True))
    return sdfg


def _zeros_first(A, x, y):
    x[:] = A.sum(axis=1)
    y[0] = A[-1, 0]


@graph(_zeros_first, A=matrix(), x=vector(), y=lambda: np.zeros(1))
def zeros_first():
    """Sums into transients that begin with zeros: in each iteration of a map, and in each execution of a state."""
    sdfg = dace.SDFG("zeros_first")
    sdfg.add_array("A", [N, M], dace.float64)
    sdfg.add_array("x", [N], dace.float64)
    sdfg.add_array("y", [1], dace.float64)
    sdfg.add_transient("s", [1], dace.float64)
    sdfg.add_transient("t", [1], dace.float64)
    sum_of = {"memlet": dace.Memlet("s[0]", wcr="lambda a, b: a + b")}
    first, body = sdfg.add_state("rows"), sdfg.add_state("body")
    outer_in, outer_out = first.add_map("outer", {"i": "0:N"})
    inner_in, inner_out = first.add_map("inner", {"j": "0:M"}, schedule=dace.ScheduleType.Sequential)
    tasklet, s = first.add_tasklet("add", {"a"}, {"b"}, "b = a"), first.add_access("s")
    s.setzero = True
    first.add_memlet_path(
        first.add_read("A"), outer_in, inner_in, tasklet, dst_conn="a", memlet=dace.Memlet("A[i, j]")
    )
    first.add_memlet_path(tasklet, inner_out, s, src_conn="b", **sum_of)
    write = first.add_tasklet("write", {"a"}, {"b"}, "b = a")
    first.add_edge(s, None, write, "a", dace.Memlet("s[0]"))
    first.add_memlet_path(write, outer_out, first.add_write("x"), src_conn="b", memlet=dace.Memlet("x[i]"))
    add, t = body.add_tasklet("add", {"a"}, {"b"}, "b = a"), body.add_access("t")
    t.setzero = True
    body.add_edge(body.add_read("A"), None, add, "a", dace.Memlet("A[k, 0]"))
    body.add_edge(add, "b", t, None, dace.Memlet("t[0]", wcr="lambda a, b: a + b"))
    body.add_nedge(t, body.add_write("y"), dace.Memlet("t[0]", other_subset="0"))
    sdfg.add_loop(first, body, None, "k", "0", "k < N", "k + 1")
    return sdfg


def _with_own_code(x, y):
    y[:] = x * 3 + 0.5


@graph(_with_own_code, x=vector(), y=vector(seed=1))
def with_own_code():
    """A helper before the program, a value that its initialization computes, and a tasklet's own declaration."""
    sdfg = _vector_graph("with_own_code", "x", "y")
    sdfg.append_global_code("#include <cmath>\nstatic double shift;\nstatic double thrice(double a) { return 3 * a; }")
    sdfg.append_init_code("shift = std::sqrt(0.25);")
    sdfg.append_exit_code("shift = 0;")
    state = sdfg.add_state("only")
    tasklet, _, _ = state.add_mapped_tasklet(
        "m", {"i": "0:N"}, {"a": dace.Memlet("x[i]")}, "b = moved(thrice(a));", {"b": dace.Memlet("y[i]")},
        external_edges=True, language=dace.Language.CPP,
    )
    tasklet.code_global = dace.properties.CodeBlock(
        "static double moved(double a) { return a + shift; }", dace.Language.CPP
    )
    return sdfg


def _timed(x, y):
    y[:] = x + 1


@graph(_timed, x=vector(), y=vector(seed=1))
def timed():
    """Timers of the program, a state and a map; a memlet that says itself how much moves."""
    sdfg = _vector_graph("timed", "x", "y")
    state = sdfg.add_state("only")
    _, entry, _ = state.add_mapped_tasklet(
        "m", {"i": "0:N"}, {"a": dace.Memlet("x[i]")}, "b = a + 1", {"b": dace.Memlet("y[i]")}, external_edges=True
    )
    for element in (sdfg, state, entry.map):
        element.instrument = dace.InstrumentationType.Timer
    state.in_edges(entry)[0].data.volume = 2 * N
    return sdfg


def _in_pairs(x, y):
    y[0] = (x[:12:2] * x[1:12:2]).sum()


@graph(_in_pairs, x=vector(), y=lambda: np.zeros(1))
def consumed_in_pairs():
    """Iterations take two elements at a time, as a pointer."""
    sdfg = dace.SDFG("consumed_in_pairs")
    sdfg.add_array("x", [N], dace.float64)
    sdfg.add_array("y", [1], dace.float64)
    sdfg.add_stream("S", dace.float64, transient=True)
    state = sdfg.add_state("only")
    stream = _pushed(state, "12")
    entry, exit_ = state.add_consume("eat", ("p", "2"), chunksize=2)
    tasklet = state.add_tasklet("t", {"a": dace.pointer(dace.float64)}, {"b"}, "b = a[0] * a[1]")
    state.add_edge(stream, None, entry, "IN_stream", dace.Memlet("S[0]"))
    state.add_edge(entry, "OUT_stream", tasklet, "a", dace.Memlet("S[0]", volume=2))
    state.add_memlet_path(
        tasklet, exit_, state.add_write("y"), src_conn="b", memlet=dace.Memlet("y[0]", wcr="lambda a, b: a + b")
    )
    return sdfg


def _in_tiles(x, y):
    y[:] = x[:12].reshape(3, 4)[:, :2].reshape(-1)


@graph(_in_tiles, x=vector(), y=lambda: np.zeros(6))
def in_tiles():
    """A copy of two elements at every fourth index."""
    sdfg = dace.SDFG("in_tiles")
    sdfg.add_array("x", [N], dace.float64)
    sdfg.add_array("y", [6], dace.float64)
    state = sdfg.add_state("only")
    tiles = dace.subsets.Range([(0, 11, 4, 2)])
    state.add_nedge(state.add_read("x"), state.add_write("y"), dace.Memlet(data="x", subset=tiles, other_subset="0:6"))
    return sdfg


def _keeps_count(x):
    x[1], x[2] = 41, 42


@graph(_keeps_count, x=vector())
def keeps_count():
    """Tasklets that share a number in the program's state."""
    sdfg = dace.SDFG("keeps_count")
    sdfg.add_array("x", [N], dace.float64)
    first, second = sdfg.add_state("first"), sdfg.add_state("second")
    sdfg.add_edge(first, second, dace.InterstateEdge())
    for state, at, fields in ((first, 1, ["int calls = 40;"]), (second, 2, [])):
        tasklet = state.add_tasklet(
            "t", {}, {"b"}, "__state->calls += 1; b = __state->calls;", language=dace.Language.CPP, state_fields=fields
        )
        state.add_edge(tasklet, "b", state.add_write("x"), None, dace.Memlet(f"x[{at}]"))
    return sdfg


# --- Control flow as regions -----------------------------------------------------------------------------------------


def choices_in_regions(x: dace.float64[N], y: dace.float64[N]):
    for i in range(N):
        if x[i] > 1.2:
            y[i] = 1
        elif x[i] > 0.8:
            y[i] = 2
        else:
            y[i] = 3
    k = 0
    while k < 5:
        y[k] += 10
        k += 1


def _with_regions():
    parsed = dace.program(choices_in_regions)
    parsed.use_experimental_cfg_blocks = True
    return parsed.to_sdfg(simplify=True)


PROGRAMS["choices_in_regions"] = Entry(
    "choices_in_regions", _with_regions, {"x": vector(), "y": vector(seed=1)}, choices_in_regions
)


def _jumps_in_regions(x, n):
    for i in range(len(x)):
        x[i] += 1
        if i % 2 == 0:
            continue
        x[i] += 10
        if i > n:
            break
    if n > 100:
        return
    x[:3] += 100


def _make_jumps():
    """Loops, one of which tests its condition last, and every jump that a region may have."""
    regions = dace.sdfg.state
    sdfg = dace.SDFG("jumps")
    sdfg.using_experimental_blocks = True
    sdfg.add_array("x", [N], dace.float64)
    sdfg.add_scalar("n", dace.int64)
    for symbol in "ij":
        sdfg.add_symbol(symbol, dace.int64)

    def add(region, label, amount, index, **options):
        state = region.add_state(label, **options)
        tasklet = state.add_tasklet("t", {"a"}, {"b"}, f"b = a + {amount}")
        state.add_edge(state.add_read("x"), None, tasklet, "a", dace.Memlet(f"x[{index}]"))
        state.add_edge(tasklet, "b", state.add_write("x"), None, dace.Memlet(f"x[{index}]"))
        return state

    def jump(region, after, condition, kind, label):
        choice = regions.ConditionalBlock(label, sdfg=sdfg, parent=region)
        region.add_node(choice)
        region.add_edge(after, choice, dace.InterstateEdge())
        branch = regions.ControlFlowRegion(f"{label}_branch", sdfg=sdfg)
        choice.add_branch(dace.properties.CodeBlock(condition), branch)
        branch.add_node(kind(f"{label}_jump"), is_start_block=True)
        return choice

    loop = regions.LoopRegion("count", "i < N", "i", "i = 0", "i = i + 1", sdfg=sdfg)
    sdfg.add_node(loop, is_start_block=True)
    even = jump(loop, add(loop, "first", 1, "i", is_start_block=True), "i % 2 == 0", regions.ContinueBlock, "even")
    second = add(loop, "second", 10, "i")
    loop.add_edge(even, second, dace.InterstateEdge())
    jump(loop, second, "i > n", regions.BreakBlock, "far")
    large = jump(sdfg, loop, "n > 100", regions.ReturnBlock, "large")
    last = regions.LoopRegion("last", "j < 3", "j", "j = 0", "j = j + 1", inverted=True, sdfg=sdfg)
    sdfg.add_node(last)
    sdfg.add_edge(large, last, dace.InterstateEdge())
    add(last, "third", 100, "j", is_start_block=True)
    return sdfg


for _name, _limit in (("jumps_in_regions", 5), ("returns_in_regions", 500)):
    PROGRAMS[_name] = Entry(_name, _make_jumps, {"x": vector(), "n": _limit}, _jumps_in_regions)


# --- Every type, storage and lifetime that a CPU has -----------------------------------------------------------------

NUMBERS = ["int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float32", "float64", "complex64",
           "complex128"]  # fmt: skip


def _every_number(**arrays):
    for name in NUMBERS:
        arrays[f"y_{name}"][:] = arrays[f"x_{name}"] + arrays[f"x_{name}"]
    arrays["y_bool"][:] = ~arrays["x_bool"]


def _number_inputs():
    made = {}
    for name in [*NUMBERS, "bool"]:
        dtype = np.dtype(name).type
        made[f"x_{name}"] = lambda dtype=dtype: random(4, dtype)
        made[f"y_{name}"] = lambda dtype=dtype: np.zeros(4, dtype)
    return made


@graph(_every_number, **_number_inputs())
def every_number():
    """Each type of numbers, with its own arithmetic."""
    sdfg = dace.SDFG("every_number")
    state = sdfg.add_state("only")
    for name in [*NUMBERS, "bool"]:
        for side in "xy":
            sdfg.add_array(f"{side}_{name}", [4], getattr(dace, "bool_" if name == "bool" else name))
        state.add_mapped_tasklet(
            f"m_{name}", {"i": "0:4"}, {"a": dace.Memlet(f"x_{name}[i]")}, "b = not a" if name == "bool" else "b = a + a",
            {"b": dace.Memlet(f"y_{name}[i]")}, external_edges=True,
        )
    return sdfg


def _every_place(x, y):
    y[:] = x * 2**5


@graph(_every_place, x=vector(), y=vector(seed=1))
def every_place():
    """A transient of each lifetime and of each storage of a CPU, one after the other, and schedules."""
    sdfg = _vector_graph("every_place", "x", "y")
    lifetimes, storages = dace.AllocationLifetime, dace.StorageType
    places = [
        ("t0", storages.CPU_Heap, lifetimes.Global), ("t1", storages.Default, lifetimes.Persistent),
        ("t2", storages.Default, lifetimes.State), ("t3", storages.Register, lifetimes.SDFG),
    ]  # fmt: skip
    for name, storage, lifetime in places:
        shape = [13] if storage == storages.Register else [N]
        sdfg.add_transient(name, shape, dace.float64, storage=storage, lifetime=lifetime)
    names = ["x", *(name for name, _, _ in places), "y"]
    schedules = [dace.ScheduleType.Sequential, dace.ScheduleType.CPU_Multicore, dace.ScheduleType.Default]
    state = sdfg.add_state("only")
    last = state.add_read("x")
    for at, (source, target) in enumerate(zip(names, names[1:])):
        next_one = state.add_access(target)
        state.add_mapped_tasklet(
            f"m{at}", {"i": "0:13"}, {"a": dace.Memlet(f"{source}[i]")}, "b = a * 2", {"b": dace.Memlet(f"{target}[i]")},
            external_edges=True, schedule=schedules[at % 3], input_nodes={source: last}, output_nodes={target: next_one},
        )
        last = next_one
    return sdfg


def _resolved(x, y):
    y[:] = [x.sum(), x.prod(), x.min(), x.max()]


@graph(_resolved, x=vector(), y=lambda: np.array([0.0, 1.0, 99.0, -99.0]))
def every_resolution():
    """Writes that meet: sum, product, minimum, maximum."""
    sdfg = dace.SDFG("every_resolution")
    sdfg.add_array("x", [N], dace.float64)
    sdfg.add_array("y", [4], dace.float64)
    state = sdfg.add_state("only")
    write = state.add_write("y")
    for at, text in enumerate(("a + b", "a * b", "min(a, b)", "max(a, b)")):
        state.add_mapped_tasklet(
            f"m{at}", {"i": "0:N"}, {"a": dace.Memlet("x[i]")}, "b = a",
            {"b": dace.Memlet(f"y[{at}]", wcr=f"lambda a, b: {text}")}, external_edges=True, output_nodes={"y": write},
        )
    return sdfg


# --- Arrays of structures, half precision, and types that are no numbers ---------------------------------------------


RECORDS = {"A.values": matrix("N", "K"), "A.weights": matrix("N", "K", seed=1)}


def _records(name):
    """An SDFG with an array of structures, views of one of them and of its members; and the structure."""
    sdfg = dace.SDFG(name)
    record = dace.data.Structure({"values": dace.float64[K], "weights": dace.float64[K]}, name="Record")
    sdfg.add_datadesc("A", record[N])
    sdfg.add_datadesc("row", dace.data.View.view(record))
    for member in record.members:
        sdfg.add_view(member, [K], dace.float64)
    return sdfg, record


def _read_records(out, **A):
    out[:] = A["A.values"] * A["A.weights"]


@graph(_read_records, out=matrix("N", "K", seed=2), **RECORDS)
def read_records():
    """A map over an array of structures, whose members are read."""
    sdfg, record = _records("read_records")
    sdfg.add_array("out", [N, K], dace.float64)
    state = sdfg.add_state("only")
    outer_in, outer_out = state.add_map("rows", {"i": "0:N"})
    inner_in, inner_out = state.add_map("columns", {"j": "0:K"}, schedule=dace.ScheduleType.Sequential)
    tasklet, row = state.add_tasklet("t", {"a", "b"}, {"c"}, "c = a * b"), state.add_access("row")
    one = dace.Memlet(data="A", subset="i")
    state.add_memlet_path(state.add_read("A"), outer_in, row, dst_conn="views", memlet=one)
    for member, conn in (("values", "a"), ("weights", "b")):
        view = state.add_access(member)
        state.add_edge(row, None, view, "views", dace.Memlet.from_array(f"row.{member}", record.members[member]))
        state.add_memlet_path(view, inner_in, tasklet, dst_conn=conn, memlet=dace.Memlet(f"{member}[j]"))
    write = state.add_write("out")
    state.add_memlet_path(tasklet, inner_out, outer_out, write, src_conn="c", memlet=dace.Memlet("out[i, j]"))
    return sdfg


def _write_records(x, **A):
    A["A.values"][:] = x * 2


@graph(_write_records, x=matrix("N", "K", seed=2), **RECORDS)
def write_records():
    """A map over an array of structures, a member of which is written."""
    sdfg, record = _records("write_records")
    sdfg.add_array("x", [N, K], dace.float64)
    sdfg.remove_data("weights")
    state = sdfg.add_state("only")
    outer_in, outer_out = state.add_map("rows", {"i": "0:N"})
    inner_in, inner_out = state.add_map("columns", {"j": "0:K"}, schedule=dace.ScheduleType.Sequential)
    tasklet = state.add_tasklet("t", {"a"}, {"b"}, "b = a * 2")
    read, row, view = state.add_read("x"), state.add_access("row"), state.add_access("values")
    state.add_memlet_path(read, outer_in, inner_in, tasklet, dst_conn="a", memlet=dace.Memlet("x[i, j]"))
    state.add_memlet_path(tasklet, inner_out, view, src_conn="b", memlet=dace.Memlet("values[j]"))
    state.add_edge(view, "views", row, None, dace.Memlet.from_array("row.values", record.members["values"]))
    one = dace.Memlet(data="A", subset="i")
    state.add_memlet_path(row, outer_out, state.add_write("A"), src_conn="views", memlet=one)
    return sdfg


def _half_numbers(x, y, z):
    y[:] = x[::-1]
    z[:] = x


@graph(_half_numbers, x=vector(dtype=np.float16), y=vector(dtype=np.float16), z=vector(dtype=np.float16))
def half_numbers():
    """Moved only: DaCe 1.0.2 takes the bits for an integer where it computes with them, and declares none of its own."""
    sdfg = _vector_graph("half_numbers", "x", "y", "z", dtype=dace.float16)
    state = sdfg.add_state("only")
    state.add_mapped_tasklet(
        "m", {"i": "0:N"}, {"a": dace.Memlet("x[N - 1 - i]")}, "b = a", {"b": dace.Memlet("y[i]", dynamic=True)},
        external_edges=True,
    )
    state.add_nedge(state.add_read("x"), state.add_write("z"), dace.Memlet("x[0:N]"))
    return sdfg


def _chain(state, source, first, between, second):
    """A tasklet on elements of a container, one on what it leaves in another, and `y`."""
    name, subset = source
    between = state.add_access(between)
    state.add_edge(state.add_read(name), None, first, "a", dace.Memlet(data=name, subset=subset))
    state.add_edge(first, "b", between, None, dace.Memlet(data=between.data, subset="0"))
    state.add_edge(between, None, second, "a", dace.Memlet(data=between.data, subset="0"))
    state.add_edge(second, "b", state.add_write("y"), None, dace.Memlet("y[0]"))


def _by_address(x, y):
    y[:] = x[2] + x[5]


@graph(_by_address, x=vector(), y=lambda: np.zeros(1))
def by_address():
    """A container that holds an address."""
    sdfg, address = dace.SDFG("by_address"), dace.pointer(dace.float64)
    sdfg.add_array("x", [N], dace.float64)
    sdfg.add_array("y", [1], dace.float64)
    sdfg.add_scalar("p", address, transient=True)
    state, cpp = sdfg.add_state("only"), {"language": dace.Language.CPP}
    take = state.add_tasklet("take", {"a": address}, {"b": address}, "b = a + 2;", **cpp)
    use = state.add_tasklet("use", {"a": address}, {"b"}, "b = a[0] + a[3];", **cpp)
    _chain(state, ("x", "0:N"), take, "p", use)
    return sdfg


def _by_handle(x, y):
    y[:] = 2 * x[0]


@graph(_by_handle, x=vector(), y=lambda: np.zeros(1))
def by_handle():
    """A container of a type that only the program's own code knows."""
    sdfg, handle = dace.SDFG("by_handle"), dace.opaque("Handle")
    sdfg.append_global_code("struct Handle { double value; };")
    sdfg.add_array("x", [N], dace.float64)
    sdfg.add_array("y", [1], dace.float64)
    sdfg.add_transient("h", [1], handle)
    state, cpp = sdfg.add_state("only"), {"language": dace.Language.CPP}
    make = state.add_tasklet("make", {"a"}, {"b": handle}, "b.value = a;", **cpp)
    use = state.add_tasklet("use", {"a": handle}, {"b"}, "b = a.value * 2;", **cpp)
    _chain(state, ("x", "0"), make, "h", use)
    return sdfg
