//! Operations mean what the tasklet language says, and nested SDFGs, products and DaCe's interface work.

mod support;

use dacec_codegen::{Blas, Options, generate};
use dacec_ir::builder::{Code, SdfgBuilder, name};
use dacec_ir::code::Function;
use dacec_ir::node::{CallArgument, ExternalCall};
use dacec_ir::{
    BinaryOp, Connector, DType, Expr, Lifetime, Memlet, Name, NestedSdfg, Node, ScalarExpr, Sdfg, Span,
    Tasklet, TaskletCode, Wcr,
};
use support::{Argument, compile, compile_generated};

/// A program that computes `out = value(a, b)` on 64-bit integers.
fn integers(value: impl Fn(Code, Code) -> Code) -> impl Fn(i64, i64) -> i64 {
    let mut program = SdfgBuilder::new("f");
    program.scalar("a", DType::Int64).scalar("b", DType::Int64).array("out", DType::Int64, [Expr::one()]);
    let inputs = [("x", "a", ""), ("y", "b", "")];
    program.state("s").tasklet("t", &inputs, value(name("x"), name("y")), ("out", "0"));
    let library = compile(&program.build());
    move |a, b| {
        let mut out = [0];
        assert_eq!(library.call(&mut [Argument::I64(a), Argument::I64(b), Argument::I64s(&mut out)]), 0);
        out[0]
    }
}

#[test]
fn integer_division_rounds_down() {
    let floordiv = integers(|a, b| a.op(BinaryOp::FloorDiv, b));
    let modulo = integers(|a, b| a.op(BinaryOp::Mod, b));
    for (a, b) in [(7, 2), (-7, 2), (7, -2), (-7, -2), (6, 3), (-6, 3)] {
        let quotient = (a as f64 / b as f64).floor() as i64;
        assert_eq!((floordiv(a, b), modulo(a, b)), (quotient, a - quotient * b), "{a} by {b}");
    }
    assert_eq!((floordiv(5, 0), modulo(5, 0)), (0, 0));
    assert_eq!((floordiv(i64::MIN, -1), modulo(i64::MIN, -1)), (i64::MIN, 0));
}

#[test]
fn shifts_and_powers_have_no_undefined_cases() {
    let shl = integers(|a, b| a.op(BinaryOp::Shl, b));
    let shr = integers(|a, b| a.op(BinaryOp::Shr, b));
    let pow = integers(|a, b| a.op(BinaryOp::Pow, b));
    assert_eq!((shl(3, 2), shl(1, 64), shl(-1, 63)), (12, 0, i64::MIN));
    assert_eq!((shr(-8, 1), shr(-8, 64), shr(8, 64)), (-4, -1, 0));
    assert_eq!((pow(3, 5), pow(2, -1), pow(-1, -3), pow(1, -9), pow(2, 64)), (243, 0, -1, 1, 0));
}

/// A program that computes `out = value(a, b)` on doubles.
fn doubles(value: impl Fn(Code, Code) -> Code) -> impl Fn(f64, f64) -> f64 {
    let mut program = SdfgBuilder::new("f");
    program.scalar("a", DType::Float64).scalar("b", DType::Float64).array(
        "out",
        DType::Float64,
        [Expr::one()],
    );
    let inputs = [("x", "a", ""), ("y", "b", "")];
    program.state("s").tasklet("t", &inputs, value(name("x"), name("y")), ("out", "0"));
    let library = compile(&program.build());
    move |a, b| {
        let mut out = [0.0];
        assert_eq!(library.call(&mut [Argument::F64(a), Argument::F64(b), Argument::F64s(&mut out)]), 0);
        out[0]
    }
}

#[test]
fn floats_follow_numpy() {
    let floordiv = doubles(|a, b| a.op(BinaryOp::FloorDiv, b));
    let modulo = doubles(|a, b| a.op(BinaryOp::Mod, b));
    let smaller = doubles(|a, b| a.op(BinaryOp::Min, b));
    assert_eq!((floordiv(-7.5, 2.0), modulo(-7.5, 2.0)), (-4.0, 0.5));
    assert_eq!((floordiv(7.5, -2.0), modulo(7.5, -2.0)), (-4.0, -0.5));
    assert_eq!(floordiv(1.0, 0.0), f64::INFINITY);
    assert!(modulo(1.0, 0.0).is_nan());
    assert!(smaller(f64::NAN, 1.0).is_nan() && smaller(1.0, f64::NAN).is_nan());
    assert_eq!(smaller(2.0, 1.0), 1.0);
    let precedence = doubles(|a, b| a.clone() - (b.clone() - a.clone()) * (a / (b.clone() * b)));
    assert_eq!(precedence(3.0, 2.0), 3.0 - (2.0 - 3.0) * (3.0 / 4.0));
}

#[test]
fn every_function_compiles_for_every_type_that_has_it() {
    let types = [DType::Float16, DType::Float32, DType::Float64, DType::Complex64, DType::Complex128];
    for dtype in
        types.into_iter().chain([DType::Int8, DType::UInt8, DType::Int32, DType::Int64, DType::UInt64])
    {
        let mut program = SdfgBuilder::new("functions");
        program.scalar("a", dtype);
        for function in Function::ALL {
            let call = ScalarExpr::Call(function, vec![ScalarExpr::name("x"); function.arity()]);
            let Ok(result) = call.dtype(&|_| Some(dtype)) else { continue };
            let out = format!("out_{}", function.name());
            program.array(&out, result, [Expr::one()]);
            program.state(&out).tasklet("t", &[("x", "a", "")], call, (&out, "0"));
        }
        compile(&program.build());
    }
}

#[test]
fn every_operation_and_resolution_compiles_for_every_type_that_has_it() {
    use BinaryOp::*;
    let ops = [
        Add, Sub, Mul, Div, FloorDiv, Mod, Pow, Min, Max, BitAnd, BitOr, BitXor, Shl, Shr, And, Or, Eq, Ne,
        Lt, Le, Gt, Ge,
    ];
    for dtype in DType::ALL.into_iter().filter(|dtype| *dtype != DType::BFloat16) {
        let mut program = SdfgBuilder::new("operations");
        program.scalar("a", dtype).scalar("b", dtype).array("A", dtype, [Expr::sym("N")]);
        for op in ops {
            let value = name("x").op(op, name("y"));
            let Ok(result) = value.0.dtype(&|_| Some(dtype)) else { continue };
            let out = format!("out_{op:?}");
            program.array(&out, result, [Expr::one()]);
            program.state(&out).tasklet("t", &[("x", "a", ""), ("y", "b", "")], value, (&out, "0"));
        }
        for wcr in Wcr::ALL {
            let bits = matches!(wcr, Wcr::BitAnd | Wcr::BitOr | Wcr::BitXor);
            if bits && !dtype.is_integer()
                || matches!(wcr, Wcr::LogicalAnd | Wcr::LogicalOr) && dtype != DType::Bool
            {
                continue;
            }
            let (one, some) = (format!("one_{wcr}"), format!("some_{wcr}"));
            program.array(&one, dtype, [Expr::one()]).array(&some, dtype, [Expr::int(4)]);
            for (out, subset) in [(&one, "0"), (&some, "i % 4")] {
                let inputs = [("x", "A", "i")];
                program.state(out).reduction("r", &[("i", "0:N")], &inputs, name("x"), (out, subset), wcr);
            }
        }
        compile(&program.build());
    }
}

/// `x *= 2` until it exceeds a limit, `limit` times at most; leaves early.
fn doubling() -> Sdfg {
    let mut inner = SdfgBuilder::new("doubling");
    inner.array("x", DType::Float64, [Expr::sym("M")]);
    inner.for_loop("t", 0, 100, |body| {
        body.conditional(
            Code(ScalarExpr::Load { name: "x".into(), indices: vec![ScalarExpr::int(0)] })
                .op(BinaryOp::Gt, Code(ScalarExpr::float(50.0))),
            |then| {
                then.push(dacec_ir::Block::Return);
            },
            |_| {},
        );
        let dims = [("i", "0:M")];
        body.state("double").map("d", &dims, &[("v", "x", "i")], name("v") + name("v"), ("x", "i"));
    });
    inner.build()
}

#[test]
fn a_nested_sdfg_works_on_a_column() {
    let (n, m) = (Expr::sym("N"), Expr::sym("K"));
    let mut outer = SdfgBuilder::new("outer");
    outer.array("A", DType::Float64, [n.clone(), m.clone()]);
    let mut sdfg = doubling();
    if let Some(dacec_ir::Data::Array(x)) = sdfg.containers.get_mut("x") {
        x.strides = vec![Expr::sym("S")];
    }
    let nested = NestedSdfg {
        sdfg,
        inputs: vec!["x".into()],
        outputs: vec!["x".into()],
        symbols: [("M".into(), n), ("S".into(), m)].into_iter().collect(),
        span: Span::default(),
    };
    let state = outer.state("s").state;
    let (before, after) = (state.add_access("A"), state.add_access("A"));
    let dims = [(Name::from("j"), dacec_ir::Range::new(0, Expr::sym("K")))];
    let (entry, exit) = state.add_map("columns", dims, dacec_ir::Schedule::Default);
    let node = state.add_node(Node::Nested(Box::new(nested)));
    let column = || Memlet::new("A", dacec_ir::Subset::parse("0:N, j").unwrap());
    let whole = || Memlet::new("A", dacec_ir::Subset::parse("0:N, 0:K").unwrap());
    state.connect((before, None), (entry, Some("IN_A")), whole());
    state.connect((entry, Some("OUT_A")), (node, Some("x")), column());
    state.connect((node, Some("x")), (exit, Some("IN_A")), column());
    state.connect((exit, Some("OUT_A")), (after, None), whole());
    let library = compile(&outer.build());
    let mut a: Vec<f64> = (0..15).map(|k| f64::from(k % 5 + 1)).collect();
    let expected: Vec<f64> = (0..15)
        .map(|k| f64::from(k % 5 + 1))
        .map(|first| {
            let mut value = first;
            while value <= 50.0 {
                value *= 2.0;
            }
            value
        })
        .collect();
    assert_eq!(library.call(&mut [Argument::F64s(&mut a), Argument::I64(5), Argument::I64(3)]), 0);
    assert_eq!(a, expected);
}

#[test]
fn values_of_iterations_stay_apart() {
    // t = A[i]; u = [t, t]; B[i] = u[0] + u[1], with t and u of each iteration
    let n = Expr::sym("N");
    let mut program = SdfgBuilder::new("private");
    program.array("A", DType::Float64, [n.clone()]).array("B", DType::Float64, [n.clone()]);
    program.local("t", DType::Float64).transient("u", DType::Float64, [n.clone()]);
    let state = program.state("s").state;
    let (a, b, t, u) =
        (state.add_access("A"), state.add_access("B"), state.add_access("t"), state.add_access("u"));
    let (entry, exit) =
        state.add_map("m", [("i".into(), dacec_ir::Range::new(0, n))], dacec_ir::Schedule::Default);
    let subset = |text: &str| dacec_ir::Subset::parse(text).unwrap();
    state.connect((a, None), (entry, Some("IN_A")), Memlet::new("A", subset("0:N")));
    state.connect((entry, Some("OUT_A")), (t, None), Memlet::new("A", subset("i")));
    state.connect((t, None), (u, None), Memlet::new("t", subset("")).to(subset("i")));
    state.connect((u, None), (exit, Some("IN_B")), Memlet::new("u", subset("i")).to(subset("i")));
    state.connect((exit, Some("OUT_B")), (b, None), Memlet::new("B", subset("0:N")));
    let library = compile(&program.build());
    let mut from: Vec<f64> = (0..500).map(f64::from).collect();
    let mut to = vec![0.0; 500];
    assert_eq!(
        library.call(&mut [Argument::F64s(&mut from), Argument::F64s(&mut to), Argument::I64(500)]),
        0
    );
    assert_eq!(from, to);
}

/// `C = 2 * A @ B + 3 * C` by an external routine.
fn product() -> Sdfg {
    let [m, n, k] = ["M", "N", "K"].map(Expr::sym);
    let mut program = SdfgBuilder::new("product");
    program.array("A", DType::Float64, [m.clone(), k.clone()]);
    program.array("B", DType::Float64, [k.clone(), n.clone()]);
    program.array("C", DType::Float64, [m.clone(), n.clone()]);
    let value = |value: f64| CallArgument::Value(DType::Float64, ScalarExpr::float(value));
    let pointer = |name: &str| CallArgument::Pointer(name.into());
    let int = |expr: &Expr| CallArgument::Int(expr.clone());
    let one = Expr::one();
    let arguments = vec![
        int(&m),
        int(&n),
        int(&k),
        value(2.0),
        pointer("_a"),
        int(&k),
        int(&one),
        pointer("_b"),
        int(&n),
        int(&one),
        value(3.0),
        pointer("_c"),
        int(&n),
        int(&one),
    ];
    let matrix = Connector::array(DType::Float64, 2);
    let tasklet = Tasklet {
        label: "gemm".into(),
        inputs: [("_a".into(), matrix), ("_b".into(), matrix), ("_in".into(), matrix)].into_iter().collect(),
        outputs: [("_c".into(), matrix)].into_iter().collect(),
        code: TaskletCode::External(ExternalCall { routine: "gemm_f64".into(), arguments, cost: None }),
        span: Span::default(),
    };
    let state = program.state("s").state;
    let node = state.add_tasklet(tasklet);
    let whole =
        |data: &str, shape: [&Expr; 2]| Memlet::new(data, dacec_ir::Subset::full(&shape.map(Clone::clone)));
    for (data, conn, shape) in [("A", "_a", [&m, &k]), ("B", "_b", [&k, &n]), ("C", "_in", [&m, &n])] {
        let access = state.add_access(data);
        state.connect((access, None), (node, Some(conn)), whole(data, shape));
    }
    let c = state.add_access("C");
    state.connect((node, Some("_c")), (c, None), whole("C", [&m, &n]));
    program.build()
}

/// A provider with plain loops, in place of the one that the runtime links.
const PROVIDER: &str = r#"
extern "C" void dacec_gemm_f64(long m, long n, long k, double alpha, const double *a, long rsa, long csa,
                               const double *b, long rsb, long csb, double beta, double *c, long rsc, long csc) {
    for (long i = 0; i < m; i++)
        for (long j = 0; j < n; j++) {
            double sum = 0;
            for (long l = 0; l < k; l++) sum += a[i * rsa + l * csa] * b[l * rsb + j * csb];
            c[i * rsc + j * csc] = alpha * sum + beta * c[i * rsc + j * csc];
        }
}
extern "C" void cblas_dgemm(int order, int ta, int tb, int m, int n, int k, double alpha, const double *a, int lda,
                            const double *b, int ldb, double beta, double *c, int ldc) {
    const bool at = ta == 112, bt = tb == 112;
    dacec_gemm_f64(m, n, k, alpha, a, at ? 1 : lda, at ? lda : 1, b, bt ? 1 : ldb, bt ? ldb : 1, beta, c, ldc, 1);
}
"#;

#[test]
fn products_are_divided_among_threads() {
    let folder = tempfile::tempdir().unwrap();
    let provider = folder.path().join("provider.cpp");
    std::fs::write(&provider, PROVIDER).unwrap();
    for blas in [Blas::BuiltIn, Blas::Cblas] {
        let generated = generate(&product(), &Options { blas, ..Options::default() }).unwrap();
        assert_eq!(generated.uses_products, blas == Blas::BuiltIn);
        assert_eq!(generated.machine.is_empty(), blas == Blas::BuiltIn);
        let library =
            compile_generated("product", &generated, &["-fvisibility=default", provider.to_str().unwrap()]);
        for (m, n, k) in [(3, 4, 5), (97, 61, 83), (1, 300, 900), (500, 3, 200)] {
            let mut a: Vec<f64> = (0..m * k).map(|x| (x % 7) as f64).collect();
            let mut b: Vec<f64> = (0..k * n).map(|x| (x % 5) as f64).collect();
            let mut c: Vec<f64> = (0..m * n).map(|x| (x % 3) as f64).collect();
            let mut expected = c.clone();
            for i in 0..m {
                for j in 0..n {
                    let sum: f64 = (0..k).map(|l| a[i * k + l] * b[l * n + j]).sum();
                    expected[i * n + j] = 2.0 * sum + 3.0 * expected[i * n + j];
                }
            }
            let sizes = [k, m, n].map(|size| Argument::I64(size as i64));
            let mut arguments = vec![Argument::F64s(&mut a), Argument::F64s(&mut b), Argument::F64s(&mut c)];
            arguments.extend(sizes);
            assert_eq!(library.call(&mut arguments), 0);
            drop(arguments);
            assert_eq!(c, expected, "{m} {n} {k}");
        }
    }
}

#[test]
fn an_unknown_routine_is_named() {
    let mut sdfg = product();
    sdfg.visit_states_mut(&mut |state| {
        for id in state.node_ids() {
            if let Node::Tasklet(tasklet) = state.node_mut(id)
                && let TaskletCode::External(call) = &mut tasklet.code
            {
                call.routine = "launch".into();
            }
        }
    });
    let error = generate(&sdfg, &Options::default()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the program calls the routine `launch`, which no library provides that the compiler was given"
    );
}

#[test]
fn persistent_arrays_live_in_the_handle() {
    // count = 1 if first else count + 1; out = count
    let mut program = SdfgBuilder::new("counter");
    program.scalar("first", DType::Float64).array("out", DType::Float64, [Expr::sym("N")]);
    program.transient("count", DType::Float64, [Expr::sym("N")]);
    let one = Code(ScalarExpr::float(1.0));
    let dims = [("i", "0:N")];
    let first = name("f").op(BinaryOp::Ne, Code(ScalarExpr::float(0.0)));
    let next = ScalarExpr::select(first.0, one.0.clone(), (name("c") + one).0);
    let inputs = [("f", "first", ""), ("c", "count", "i")];
    program.state("up").map("up", &dims, &inputs, next, ("count", "i"));
    program.state("out").copy(("count", "0:N"), ("out", "0:N"));
    let mut sdfg = program.build();
    if let Some(dacec_ir::Data::Array(count)) = sdfg.containers.get_mut("count") {
        count.lifetime = Lifetime::Persistent;
    }
    begin_with_zeros(sdfg.clone());
    let library = compile(&sdfg);
    type Init = unsafe extern "C" fn(i64) -> *mut std::ffi::c_void;
    type Run = unsafe extern "C" fn(*mut std::ffi::c_void, *mut f64, i64, f64);
    type Exit = unsafe extern "C" fn(*mut std::ffi::c_void) -> i32;
    let mut out = [0.0; 4];
    // SAFETY: these are the types of DaCe's functions for this program.
    unsafe {
        let state = library.symbol::<Init>("__dace_init_counter")(4);
        assert!(!state.is_null());
        let run = library.symbol::<Run>("__program_counter");
        for count in 1..4 {
            run(state, out.as_mut_ptr(), 4, f64::from(u8::from(count == 1)));
            assert_eq!(out, [f64::from(count); 4]);
        }
        assert_eq!(library.symbol::<Exit>("__dace_exit_counter")(state), 0);
    }
    assert_eq!(library.call(&mut [Argument::F64(1.0), Argument::F64s(&mut out), Argument::I64(4)]), 0);
    assert_eq!(out, [1.0; 4]);
}

/// The same counter is right without a first call, if its array is 0 when it is allocated.
fn begin_with_zeros(mut sdfg: dacec_ir::Sdfg) {
    sdfg.containers["count"].set_zeroed(true);
    assert!(dacec_ir::validate::validate(&sdfg).is_ok());
    let library = compile(&sdfg);
    let mut out = [0.0; 4];
    for _ in 0..2 {
        assert_eq!(library.call(&mut [Argument::F64(0.0), Argument::F64s(&mut out), Argument::I64(4)]), 0);
        assert_eq!(out, [1.0; 4]);
    }
    let number = dacec_ir::Scalar {
        zeroed: true,
        lifetime: Lifetime::Persistent,
        ..dacec_ir::Scalar::transient(DType::Float64)
    };
    sdfg.containers.insert("kept".into(), number.into());
    let state = &mut sdfg.body.blocks[1];
    let dacec_ir::Block::State(state) = state else { panic!("a state") };
    state.add_access("kept");
    let error = dacec_codegen::generate(&sdfg, &Default::default()).expect_err("a scalar is not kept");
    assert!(error.to_string().contains("`kept`: is to begin with zeros once"), "{error}");
}

#[test]
fn threads_of_a_nested_sdfg_share_its_containers() {
    // The histogram of a nested SDFG that runs its own parallel map.
    let mut inner = SdfgBuilder::new("inner");
    inner.array("h", DType::Int64, [Expr::int(3)]);
    let dims = [("i", "0:N")];
    inner.state("s").reduction("r", &dims, &[], ScalarExpr::int(1), ("h", "i % 3"), Wcr::Sum);
    let mut outer = SdfgBuilder::new("outer");
    outer.array("H", DType::Int64, [Expr::int(3)]);
    let nested = NestedSdfg {
        sdfg: inner.build(),
        inputs: Vec::new(),
        outputs: vec!["h".into()],
        symbols: [("N".into(), Expr::sym("M") * 3)].into_iter().collect(),
        span: Span::default(),
    };
    let state = outer.state("s").state;
    let node = state.add_node(Node::Nested(Box::new(nested)));
    let access = state.add_access("H");
    let whole = Memlet::new("H", dacec_ir::Subset::parse("0:3").unwrap());
    state.connect((node, Some("h")), (access, None), whole);
    let generated = support::emit(&outer.build());
    assert!(generated.kernel_unit.contains("#pragma omp atomic"), "{}", generated.kernel_unit);
    let library = compile_generated("outer", &generated, &[]);
    let mut h = [0; 3];
    assert_eq!(library.call(&mut [Argument::I64s(&mut h), Argument::I64(30_000)]), 0);
    assert_eq!(h, [30_000; 3]);
}

/// `for i in parallel: H[subset] += 1`, where a nested SDFG makes the update: its `i` is the parameter, its `k` its own.
fn nested_updates(subset: &str) -> dacec_codegen::Generated {
    let text = format!(
        "sdfg outer(H) {{
          symbol N: int64
          data H: int64[N, 4]

          state s {{
            n0 = map m(i in 0:N) {{
              n0 -> n1
              n1 = nested () -> (h) with [N = N, p = i] sdfg inner(h) {{
                symbol N: int64
                symbol p: int64
                data h: int64[N, 4]

                loop l for k in 0:4 {{
                  state s {{
                    n0 = tasklet t() -> (o: int64) {{ o = 1 }}
                    n0.o -> n1: h[{subset}] wcr sum
                    n1 = access h
                  }}
                }}
              }}
              n1.h -> n2.IN_H: H[0:N, 0:4]
            }} n2
            n2.OUT_H -> n3: H[0:N, 0:4]
            n3 = access H
          }}
        }}"
    );
    let sdfg = dacec_ir::text::parse(&text).unwrap_or_else(|error| panic!("{error}"));
    support::emit(&sdfg)
}

#[test]
fn updates_of_nested_sdfgs_do_not_lose_those_of_other_threads() {
    for (subset, meet) in [
        ("k, 0", true),
        ("p % 4, k", true),
        ("0, k", true),
        ("p, k", false),
        ("p, 0", false),
        ("p + k, 0", true),
        ("N - 1 - p, 0:4", false),
    ] {
        let unit = nested_updates(subset).kernel_unit;
        assert!(unit.contains("#pragma omp parallel for"), "{unit}");
        assert_eq!(unit.contains("#pragma omp atomic"), meet, "{subset}: {unit}");
    }
    let library = compile_generated("outer", &nested_updates("k, 0"), &[]);
    let mut h = vec![0; 4 * 20_000];
    assert_eq!(library.call(&mut [Argument::I64s(&mut h), Argument::I64(20_000)]), 0);
    assert_eq!((h[0], h[4], h[16]), (20_000, 20_000, 0));
}

#[test]
fn literals_have_64_bits() {
    let choice = |a: Code| {
        let positive = a.op(BinaryOp::Gt, Code(ScalarExpr::int(0)));
        Code(ScalarExpr::select(positive.0, ScalarExpr::int(100_000), ScalarExpr::int(-200_000)))
    };
    let product = integers(|a, _| choice(a).op(BinaryOp::Mul, Code(ScalarExpr::int(100_000))));
    assert_eq!((product(1, 0), product(0, 0)), (10_000_000_000, -20_000_000_000));
    let (a, b, large) = (Expr::sym("a"), Expr::sym("b"), Expr::int(2_000_000_000));
    let chosen = Expr::select(&a.lt(&b), &large, &Expr::int(-5)) * 2;
    for (value, expected) in
        [(a.lt(&b) * &large + b.lt(&Expr::int(5)) * &large, 4_000_000_000), (chosen, 4_000_000_000)]
    {
        let mut program = SdfgBuilder::new("f");
        program.array("out", DType::Int64, [Expr::one()]);
        program.state("s").tasklet("t", &[], ScalarExpr::Symbolic(value), ("out", "0"));
        let mut out = [0];
        let arguments = &mut [Argument::I64s(&mut out), Argument::I64(1), Argument::I64(2)];
        assert_eq!(compile(&program.build()).call(arguments), 0);
        assert_eq!(out[0], expected);
    }
}

/// A program with an array of `n*n` elements of which it uses one, with that lifetime, and the name of that array.
fn square(name: &str, lifetime: Lifetime, extent: Expr) -> Sdfg {
    let mut program = SdfgBuilder::new("f");
    program.array("out", DType::Float64, [Expr::one()]);
    program.transient(name, DType::Float64, [extent.clone(), extent]);
    program.state("s").tasklet("t", &[], ScalarExpr::float(2.0), (name, "0, 0"));
    program.state("u").tasklet("t", &[("x", name, "0, 0")], Code(ScalarExpr::name("x")), ("out", "0"));
    let mut sdfg = program.build();
    if let Some(dacec_ir::Data::Array(array)) = sdfg.containers.get_mut(name) {
        array.lifetime = lifetime;
    }
    sdfg
}

#[test]
fn sizes_do_not_wrap() {
    for lifetime in [Lifetime::Scope, Lifetime::Persistent] {
        // The quotient needs a helper where the memory is taken.
        for extent in [Expr::sym("n"), Expr::sym("n").floor_div(&Expr::int(2)) * 2] {
            let library = compile(&square("t", lifetime, extent));
            let mut out = [0.0];
            let mut call = |n| library.call(&mut [Argument::F64s(&mut out), Argument::I64(n)]);
            assert_eq!((call(100), call(3_100_000_000), call(1 << 32), call(1 << 62)), (0, 3, 3, 3));
        }
    }
}

#[test]
fn arrays_may_have_any_name() {
    let names = "buffer elements status free printf alone char32_t __real__ __LINE__ __typeof _OPENMP abi_now alignas linux";
    for name in names.split_whitespace() {
        for lifetime in [Lifetime::Scope, Lifetime::Persistent] {
            compile(&square(name, lifetime, Expr::sym("n")));
        }
    }
}

#[test]
fn blocks_that_are_kept_keep_their_size() {
    let library = compile(&square("t", Lifetime::Scope, Expr::sym("n")));
    let mut out = [0.0];
    // A smaller array takes the block of a larger one, which then holds a large one again.
    for n in [700, 600, 700, 500, 700] {
        assert_eq!(library.call(&mut [Argument::F64s(&mut out), Argument::I64(n)]), 0);
    }
}

#[test]
fn programs_do_not_take_the_place_of_routines_that_they_call() {
    let mut program = product();
    program.name = "gemm_f64".into();
    let error = generate(&program, &Options::default()).unwrap_err();
    assert!(error.to_string().contains("the name of a routine that it calls"), "{error}");
    program.name = "gemm_f32".into();
    assert!(generate(&program, &Options::default()).is_ok());
}
