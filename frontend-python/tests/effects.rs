//! What people notice of a program: failing checks, and printed text.

use dacec_frontend::SourceFile;
use dacec_ir::interp::{self, Arguments, Options, Tensor};
use dacec_ir::validate;

const HEAD: &str = "import numpy as np
import dace
N, M = (dace.symbol(s) for s in ('N', 'M'))

@dace.program
def f(x: dace.float64[N], y: dace.float64[M], k: dace.int64):
    ";

/// What the body prints, or the error that it ends with, for the vector 0.25, 0.5, … of `n` elements, one of `m`, and `k`.
fn outcome(body: &str, n: usize, m: usize, k: i64) -> Result<String, String> {
    let text = format!("{HEAD}{}\n", body.replace('\n', "\n    "));
    let file = SourceFile::parse("f.py", &text).expect("the text is Python");
    let sdfg = file.lower("f").unwrap_or_else(|errors| panic!("{body}: {}", errors[0]));
    validate::validate(&sdfg).unwrap_or_else(|violations| panic!("{body}: {}", violations[0]));
    let vector = |len: usize| Tensor::vector((1..=len).map(|at| at as f64 / 4.0).collect::<Vec<_>>());
    let mut arguments = Arguments::default();
    arguments.insert("x".into(), vector(n));
    arguments.insert("y".into(), vector(m));
    arguments.insert("k".into(), Tensor::scalar(k));
    interp::run_printing(&sdfg, &mut arguments, &[], &Options::default())
        .map_err(|error| error.fault.to_string())
}

fn prints(body: &str, expected: &str) {
    assert_eq!(outcome(body, 4, 3, 5).as_deref(), Ok(expected), "{body}");
}

fn fails(body: &str, (n, m, k): (usize, usize, i64), expected: &str) {
    assert_eq!(outcome(body, n, m, k), Err(expected.to_owned()), "{body}");
}

fn passes(body: &str, (n, m, k): (usize, usize, i64)) {
    assert_eq!(outcome(body, n, m, k).as_deref(), Ok(""), "{body}");
}

#[test]
fn text_is_that_of_python() {
    prints("print('a', k, x[0])", "a 5 0.25\n");
    prints("print()", "\n");
    prints("print(1, 2.0, 1e20, 1e-7, True, None, sep='-', end='!')", "1-2.0-1e+20-1e-07-True-None!");
    prints("print(f'{k=} {x[1]:6.2f}|{k:<4d}|{k:04d} {k + 1}')", "k=5   0.50|5   |0005 6\n");
    prints("print(x[0] > 1, 2 * x[2] + 1j, np.float32(0.1))", "False (1.5+1j) 0.1\n");
    prints("print((k, 2, 'a'), (1.5,))", "(np.int64(5), 2, 'a') (1.5,)\n");
    prints("for i in range(2):\n    print(i, x[i], end=';')", "0 0.25;1 0.5;");
    prints("if k > 4:\n    print('large')\nelse:\n    print('small')", "large\n");
    prints("s = 'x'\nprint(s, f'{s}{s}')", "x xx\n");
    prints("print(x, f'{x[1:3] * 4 > 2}|')", "[0.25 0.5  0.75 1.  ] [False  True]|\n");
    prints("y = x * k\nprint(y)\ny[:] = 0", "[1.25 2.5  3.75 5.  ]\n");
    prints("t = 0.0\nfor i in range(N):\n    t += x[i]\nprint('sum', t)", "sum 2.5\n");
}

#[test]
fn lists_have_their_own_brackets() {
    prints("print([1, 2], (1, 2), [], [3], (3,))", "[1, 2] (1, 2) [] [3] (3,)\n");
    prints(
        "t = [1, (2, [3, 4])]\nprint(t, t[1:], t + [5], [0] * 2)",
        "[1, (2, [3, 4])] [(2, [3, 4])] [1, (2, [3, 4]), 5] [0, 0]\n",
    );
    prints(
        "print(sorted((3, 1)), list(range(2)), tuple([1, 2]), [i * i for i in range(3)])",
        "[1, 3] [0, 1] (1, 2) [0, 1, 4]\n",
    );
    prints(
        "def show(v):\n    t = v\n    print(t)\nshow([1])\nshow((1,))\n*a, b = 1, 2, 3\nprint(a, f'{a}')",
        "[1]\n(1,)\n[1, 2] [1, 2]\n",
    );
    prints(
        "print(isinstance([1], list), isinstance([1], tuple), isinstance((1,), (list, tuple)))",
        "True False True\n",
    );
}

#[test]
fn assertions_are_checked() {
    passes("assert k > 0\nassert k > 0 and x[0] > 0, 'never'", (4, 3, 5));
    fails("assert k > 0", (4, 3, 0), "line 7: assertion failed: k > 0");
    fails("assert k > 0, 'k is small'", (4, 3, -1), "line 7: assertion failed: k is small");
    fails("assert k > 0, f'k is {k}'", (4, 3, -1), "line 7: assertion failed: k is {k}");
    fails("assert np.all(x > 0.25), 'sign'", (4, 3, 1), "line 7: assertion failed: sign");
    fails("for i in range(N):\n    assert x[i] < 0.6", (4, 3, 1), "line 8: assertion failed: x[i] < 0.6");
    fails(
        "for i in dace.map[0:N]:\n    assert x[i] < 0.6",
        (4, 3, 1),
        "line 8: assertion failed: x[i] < 0.6",
    );
    fails("raise ValueError('no')", (4, 3, 1), "line 7: ValueError: no");
    passes("if k > 9:\n    raise ValueError('no')", (4, 3, 1));
    fails("assert False, 'never'", (4, 3, 1), "line 7: assertion failed: never");
}

#[test]
fn extents_that_cannot_be_compared_are_checked() {
    passes("z = x + y", (4, 4, 1));
    fails("z = x + y", (4, 3, 1), "line 7: the extents N and M must be equal");
    fails("x[:] = y", (4, 3, 1), "line 7: the extents M and N must be equal");
    fails("z = x @ y", (4, 3, 1), "line 7: the extents N and M must be equal");
    passes("x[:k] = y[:k]", (4, 3, 2));
    passes("for i in dace.map[0:N]:\n    x[i] = np.sum(x + y)", (4, 4, 2));
    fails(
        "for i in dace.map[0:N]:\n    x[i] = np.sum(x + y)",
        (4, 3, 2),
        "line 8: the extents N and M must be equal",
    );
    // Nothing is added where the loop has no iterations.
    passes("for i in dace.map[0:k]:\n    y[i] = np.sum(x + y)", (4, 3, 0));
    passes("for i in range(k):\n    y[i] = np.sum(x + y)", (4, 3, 0));
    passes("n = x.shape[0]\nz = np.zeros(n + 1)\nz[1:] = x\nz[:n] += x", (4, 3, 0));
}

#[test]
fn slices_stay_inside_of_arrays() {
    passes("z = x[-2:] + x[:2]", (4, 3, 1));
    passes("z = x[-2:] * 2\nassert z.shape[0] == min(2, N)", (1, 3, 1));
    fails("z = x[:N - 2] * 2", (1, 3, 1), "line 7: the bound N - 2 of a slice must not be negative");
    passes("z = x[:3] * 2\nassert z.shape[0] == min(3, N)", (2, 3, 1));
    passes("z = x[:3] * 2\nassert z.shape[0] == min(3, N)", (5, 3, 1));
    passes("z = x[3:2] * 2\nassert z.shape[0] == 0", (5, 3, 1));
}
