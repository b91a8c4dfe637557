//! Tasklets in C++ inside of annotated Python: compiled as they are written, if the user trusts the file.

use dacec::{Compiler, Options};
use dacec_frontend::SourceFile;
use dacec_runtime::arguments::Value;
use dacec_runtime::{Arguments, ArrayBuf, Cache};

const TEXT: &str = r#"import dace
N = dace.symbol("N")

@dace.program
def f(A: dace.float64[N, 3], x: dace.float64[N], y: dace.float64[N], total: dace.float64[1]):
    last = 0.0
    for i in dace.map[0:N]:
        with dace.tasklet(language=dace.Language.CPP):
            a << x[i]
            row << A[i, :]
            o >> y[i]
            s >> total(1, lambda p, q: p + q)[0]
            """
            o = a * (row[0] + row[2]);
            s = o > 0 ? 1 : 0;
            """
    @dace.tasklet(language=dace.Language.CPP)
    def tail():
        v << x
        n << x[0] + x[1]
        w >> A[0, 1:3]
        l >> last
        "w[0] = v[1]; w[1] = n; l = v[0] + 0.5;"
    A[1, 1] = last
"#;

#[test]
fn tasklets_in_cpp_compute_what_they_say() {
    let mut file = SourceFile::parse("f.py", TEXT).expect("the text is Python");
    assert_eq!(file.lower("f").expect_err("nobody trusts it")[0].code, "E0307");
    file.trust_code();
    let sdfg = file.lower("f").unwrap_or_else(|errors| panic!("{}", errors[0]));
    let compiler = Compiler::with_cache(Options::default(), Cache::private().expect("there is room"))
        .expect("a compiler");
    let program = compiler.compile(sdfg).expect("it compiles").load().expect("it loads");
    let mut a = ArrayBuf::from_slice(&[2, 3], &[1.0, 2.0, 3.0, -4.0, 5.0, 1.0]).expect("small");
    let mut x = ArrayBuf::from_slice(&[2], &[10.0, 20.0]).expect("small");
    let (mut y, mut total) = (
        ArrayBuf::from_slice(&[2], &[0.0; 2]).expect("small"),
        ArrayBuf::from_slice(&[1], &[5.0]).expect("small"),
    );
    let mut arguments = Arguments::default();
    for (name, array) in [("A", &mut a), ("x", &mut x), ("y", &mut y), ("total", &mut total)] {
        arguments.insert(name, Value::Array(array.into()));
    }
    program.call(&mut arguments).expect("it runs");
    drop(arguments);
    assert_eq!(y.as_slice::<f64>(), Some(&[40.0, -60.0][..]));
    assert_eq!(total.as_slice::<f64>(), Some(&[6.0][..]));
    assert_eq!(a.as_slice::<f64>(), Some(&[1.0, 20.0, 30.0, -4.0, 10.5, 1.0][..]));
}
