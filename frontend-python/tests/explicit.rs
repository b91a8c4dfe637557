//! Explicit dataflow means what the same computation means without it.

use dacec_frontend::SourceFile;
use dacec_ir::interp::{self, Arguments, Options, Order, Tensor};
use dacec_ir::validate;

const HEAD: &str = "import math
from typing import Optional
import numpy as np
import dace
N, M = (dace.symbol(s) for s in ('N', 'M'))

@dace.program
def _shift(x: dace.float64[N], by: dace.compiletime = 1, twice: Optional[dace.int64] = None):
    if twice is None:
        x += by
    else:
        x += by * twice

@dace.program
def _untyped(v, w=2):
    v *= w
    return v.shape[0]

@dace.program
def f(A: dace.float64[N, M], x: dace.float64[N], y: dace.float64[N], z: dace.int32[N]):
    ";

/// What the body leaves in the arguments and returns.
fn outcome(body: &str, order: Order) -> Arguments {
    let text = format!("{HEAD}{}\n", body.replace('\n', "\n    "));
    let file = SourceFile::parse("f.py", &text).expect("the text is Python");
    let sdfg = file.lower("f").unwrap_or_else(|errors| panic!("{body}: {}", errors[0]));
    validate::validate(&sdfg).unwrap_or_else(|violations| panic!("{body}: {}", violations[0]));
    let mut arguments = Arguments::default();
    for (name, shape) in [("A", &[5, 4][..]), ("x", &[5]), ("y", &[5]), ("z", &[5])] {
        let dtype = sdfg.containers[name].dtype();
        arguments.insert(name.into(), Tensor::random(dtype, shape, shape.len() as u64));
    }
    let options = Options { order, ..Options::thorough() };
    interp::run_with(&sdfg, &mut arguments, &[], &options).unwrap_or_else(|error| panic!("{body}: {error}"));
    arguments
}

#[track_caller]
fn same(explicit: &str, plain: &str) {
    for order in [Order::Forward, Order::Backward] {
        assert_eq!(outcome(explicit, order), outcome(plain, order), "{explicit}");
    }
}

#[test]
fn streams_in_tasklets() {
    same(
        "S = dace.define_stream(dace.float64, N)\nfor i in dace.map[0:N]:\n    with dace.tasklet:\n        a << x[i]\n        o >> S(-1)\n        if a > 0.5:\n            o = a\n@dace.consume(S, 4)\ndef f(e, p):\n    o >> y(1, lambda a, b: a + b)[0]\n    o = e",
        "for i in range(N):\n    if x[i] > 0.5:\n        y[0] += x[i]",
    );
    // Each assignment to the connector pushes; what is not assigned is not combined.
    same(
        "S = dace.define_stream(dace.int32, 8)\nwith dace.tasklet:\n    s >> S\n    s = 7\n@dace.consume(S, 4)\ndef scope(elem, p):\n    sout >> S(-1)\n    val >> z(-1, lambda a, b: a + b)[0]\n    if elem == 1:\n        val = 1\n    elif elem > 1:\n        sout = elem - 1\n        sout = elem - 2",
        "z[0] += 13",
    );
    same(
        "S = dace.define_stream(dace.float64)\nx[1:3] >> S\nwith dace.tasklet:\n    a << S\n    o >> y[0]\n    o = 2 * a\nS >> A[0, 1:4]",
        "y[0] = 2 * x[1]\nA[0, 1] = x[2]",
    );
    same(
        "S = dace.define_stream(dace.float64)\nfor i in range(N):\n    S.push(x[i])\n@dace.consumescope(S, 2, lambda: y[1] >= 3)\ndef take(e, p):\n    y[0] += 1\n    y[1] += 1\n",
        "while y[1] < 3:\n    y[0] += 1\n    y[1] += 1",
    );
}

#[test]
fn tasklets() {
    same(
        "for i in dace.map[0:N]:\n    with dace.tasklet:\n        a << x[i]\n        o >> y[i]\n        o = 2 * a + 1",
        "for i in dace.map[0:N]:\n    y[i] = 2 * x[i] + 1",
    );
    same(
        "with dace.tasklet:\n    a << x[0]\n    b << x[1]\n    c >> x[0]\n    d >> x[1]\n    c = b\n    d = a",
        "x[0], x[1] = x[1], x[0]",
    );
    same(
        "for i in dace.map[1:N - 1]:\n    with dace.tasklet:\n        l << x[i - 1]\n        r << x[i + 1]\n        o >> y[i]\n        if l > r:\n            o = l\n        else:\n            o = math.sqrt(abs(r))",
        "for i in dace.map[1:N - 1]:\n    if x[i - 1] > x[i + 1]:\n        y[i] = x[i - 1]\n    else:\n        y[i] = math.sqrt(abs(x[i + 1]))",
    );
    same(
        "for i in dace.map[0:N]:\n    with dace.tasklet:\n        row << A[i, :]\n        o >> y[i]\n        o = 0.0\n        for j in range(M):\n            o = o + row[j]",
        "for i in dace.map[0:N]:\n    t = 0.0\n    for j in range(M):\n        t = t + A[i, j]\n    y[i] = t",
    );
    same(
        "for i in dace.map[0:N]:\n    with dace.tasklet:\n        a << x[i]\n        o >> A[i, :]\n        for j in range(M):\n            o[j] = a * j",
        "for i in range(N):\n    for j in range(M):\n        A[i, j] = x[i] * j",
    );
    same(
        "for i in dace.map[0:N]:\n    with dace.tasklet:\n        a << x[i]\n        o >> y(-1)[i]\n        if a > 0:\n            o = a",
        "for i in range(N):\n    if x[i] > 0:\n        y[i] = x[i]",
    );
}

#[test]
fn conflicts_are_resolved() {
    same(
        "s = 0.0\nfor i in dace.map[0:N]:\n    with dace.tasklet:\n        a << z[i]\n        o >> s(1, lambda p, q: p + q)\n        o = a\nreturn s",
        "s = 0.0\nfor i in range(N):\n    s += z[i]\nreturn s",
    );
    same(
        "for i, j in dace.map[0:N, 0:M]:\n    with dace.tasklet:\n        a << A[i, j]\n        o >> x(1, lambda p, q: max(p, q))[i]\n        o = a",
        "for i in range(N):\n    for j in range(M):\n        x[i] = max(x[i], A[i, j])",
    );
    same(
        "for i, j in dace.map[0:N, 0:M]:\n    with dace.tasklet:\n        a << A[i, j]\n        o >> z(1, lambda p, q: p + q)[i]\n        o = int(a * 10)",
        "for i in range(N):\n    for j in range(M):\n        z[i] += int(A[i, j] * 10)",
    );
}

#[test]
fn loops_in_the_form_of_functions() {
    same("@dace.map(_[0:N])\ndef scale(i):\n    a << x[i]\n    o >> y[i]\n    o = 3 * a", "y[:] = 3 * x");
    same(
        "@dace.map\ndef scale(i: _[0:N], j: _[0:M]):\n    a << A[i, j]\n    o >> A[i, j]\n    o = a + i - j",
        "for i in range(N):\n    for j in range(M):\n        A[i, j] = A[i, j] + i - j",
    );
    same(
        "@dace.mapscope(_[0:N])\ndef rows(i):\n    @dace.tasklet\n    def one():\n        a << x[i]\n        o >> y[i]\n        o = a * a",
        "y[:] = x * x",
    );
    same("@dace.tasklet\ndef one():\n    a << x[2]\n    o >> y[3]\n    o = a", "y[3] = x[2]");
}

#[test]
fn copies_and_reductions() {
    same("x[0:2] << y[3:5]", "x[0:2] = y[3:5]");
    same("y >> x", "x[:] = y");
    same("dace.reduce(lambda a, b: a + b, A, x, axis=1, identity=0)", "x[:] = np.sum(A, axis=1)");
    same("dace.reduce(lambda a, b: a + b, A, x, axis=1)", "x += np.sum(A, axis=1)");
    same("return dace.reduce(lambda a, b: max(a, b), A, axis=0)", "return np.max(A, axis=0)");
    same(
        "return dace.reduce(lambda a, b: a + b, z, identity=5)",
        "t = z[0]\nt = 5\nfor i in range(N):\n    t += z[i]\nreturn np.int32(t)",
    );
    same("t = dace.define_local([N], dace.float64)\nt[:] = x\ny[:] = t", "y[:] = x");
}

#[test]
fn constant_and_optional_parameters() {
    same("_shift(x)\n_shift(y, 3)\n_shift(x[1:], twice=2)", "x += 1\ny += 3\nx[1:] += 2");
    same("n = _untyped(x)\nm = _untyped(A, w=3.0)\nz[0] = n + m", "x *= 2\nA *= 3.0\nz[0] = 2 * N");
}
