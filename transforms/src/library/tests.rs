//! Expansions against the operations' meaning, as the interpreter has it.

use super::*;
use crate::apply_everywhere;
use crate::map::MapFusion;
use crate::pass::{Context, Options, Pass};
use crate::simplify::StateFusion;
use dacec_ir::builder::{Code, SdfgBuilder, StateBuilder, name, value};
use dacec_ir::interp::Value;
use dacec_ir::interp::testing::{assert_same, assert_same_on, random_arguments};
use dacec_ir::library::{Dense, LibraryOp, MatMul, Reduce};
use dacec_ir::node::LibraryNode;
use dacec_ir::{DType, Data, Expr, Memlet, Schedule, Sdfg, Subset, TaskletCode, Wcr};

/// A container with its shape, and the subset that the operation sees.
type Place<'a> = (&'a str, &'a [&'a str], &'a str);

fn program(dtype: DType, op: impl LibraryOp + 'static, places: &[(&str, Place<'_>)]) -> Sdfg {
    let mut b = SdfgBuilder::new("p");
    for (_, at @ (name, shape, _)) in places {
        let shape: Vec<Expr> = shape.iter().map(|text| Expr::parse(text).expect("an extent")).collect();
        // An operand may be the result too.
        if places.iter().take_while(|(_, place)| !std::ptr::eq(place, at)).all(|(_, place)| place.0 != *name)
        {
            b.array(name, dtype, shape);
        }
    }
    let state = b.state("s");
    let outputs = op.outputs();
    let node = state.state.add_node(Node::Library(LibraryNode {
        label: "op".into(),
        op: Arc::new(op),
        implementation: None,
        span: Default::default(),
    }));
    for (connector, (name, _, subset)) in places {
        let memlet = Memlet::new(*name, Subset::parse(subset).expect("a subset"));
        let access = state.state.add_access(*name);
        match outputs.iter().any(|it| it.as_str() == *connector) {
            true => state.state.connect((node, Some(connector)), (access, None), memlet),
            false => state.state.connect((access, None), (node, Some(connector)), memlet),
        };
    }
    b.build()
}

fn product(a: Place<'_>, b: Place<'_>, c: Place<'_>) -> Sdfg {
    program(DType::Float64, MatMul, &[("_a", a), ("_b", b), ("_c", c)])
}

fn expand(sdfg: &Sdfg, prefer: &str) -> Sdfg {
    let mut after = sdfg.clone();
    let transformation = ExpandLibrary { prefer: vec![prefer.into()], ..ExpandLibrary::default() };
    let mut context = Context::new(Options { explain: true, ..Options::default() });
    let changed = apply_everywhere(&transformation, &mut after, &mut context);
    assert!(changed.any(), "expanded: {:?}", context.refusals());
    after
}

#[track_caller]
fn check(sdfg: &Sdfg, symbols: &[(&str, i64)]) {
    for prefer in ["pure", "gemm"] {
        assert_same(sdfg, &expand(sdfg, prefer), symbols);
    }
}

fn calls(sdfg: &Sdfg) -> usize {
    let is_call = |node: &Node| {
        node.as_tasklet().is_some_and(|tasklet| matches!(tasklet.code, TaskletCode::External(_)))
    };
    sdfg.body.states().iter().map(|it| it.nodes().filter(|(_, node)| is_call(node)).count()).sum()
}

const SIZES: [(&str, i64); 3] = [("N", 5), ("M", 4), ("K", 6)];

#[test]
fn products_of_vectors_and_matrices() {
    let matrix = ("A", &["N", "K"][..], "0:N, 0:K");
    check(&product(matrix, ("x", &["K"], "0:K"), ("y", &["N"], "0:N")), &SIZES);
    check(&product(("x", &["N"], "0:N"), matrix, ("y", &["K"], "0:K")), &SIZES);
    check(&product(("x", &["N"], "0:N"), ("y", &["N"], "0:N"), ("s", &["2"], "1")), &SIZES);
    let other = ("B", &["K", "M"][..], "0:K, 0:M");
    check(&product(matrix, other, ("C", &["N", "M"], "0:N, 0:M")), &SIZES);
}

#[test]
fn blocks_of_lanes_end_with_the_vector() {
    let x = ("x", &["3"][..], "0:3");
    let y = ("y", &["L"][..], "0:L");
    let sdfg = product(x, ("A", &["3", "L"], "0:3, 0:L"), y);
    for length in [0, 1, 511, 512, 513, 1100] {
        assert_same(&sdfg, &expand(&sdfg, "pure"), &[("L", length)]);
    }
}

#[test]
fn tall_matrices_are_summed_in_pieces() {
    let sdfg = product(("x", &["N"], "0:N"), ("A", &["N", "L"], "0:N, 0:L"), ("y", &["L"], "0:L"));
    let expanded = expand(&sdfg, "pure");
    assert!(expanded.containers.contains_key("__partial"));
    for (rows, columns) in [(0, 3), (1, 3), (256, 3), (257, 0), (600, 5), (3, 2049)] {
        assert_same(&sdfg, &expanded, &[("N", rows), ("L", columns)]);
    }
    // One piece is no piece.
    let sdfg = product(("x", &["256"], "0:256"), ("A", &["256", "L"], "0:256, 0:L"), ("y", &["L"], "0:L"));
    assert!(!expand(&sdfg, "pure").containers.contains_key("__partial"));
}

#[test]
fn parts_and_columns_of_arrays() {
    let part = ("A", &["N + 2", "K + 1"][..], "1:N + 1, 1:K + 1");
    let column = ("X", &["K", "3"][..], "0:K, 2");
    check(&product(part, column, ("Y", &["2", "N"], "1, 0:N")), &SIZES);
    let strided = ("B", &["2*K", "M"][..], "0:2*K:2, 0:M");
    check(&product(part, strided, ("C", &["N", "2", "M"], "0:N, 1, 0:M")), &SIZES);
}

#[test]
fn stacks_of_matrices_broadcast() {
    let (a, b) = (("A", &["3", "N", "K"][..], "0:3, 0:N, 0:K"), ("B", &["K", "M"][..], "0:K, 0:M"));
    let sdfg = product(a, b, ("C", &["3", "N", "M"], "0:3, 0:N, 0:M"));
    check(&sdfg, &SIZES);
    assert_eq!(calls(&expand(&sdfg, "gemm")), 1);
}

#[test]
fn a_result_that_overlaps_an_operand_is_separated() {
    let (a, b) = (("A", &["N", "N"][..], "0:N, 0:N"), ("B", &["N", "N"][..], "0:N, 0:N"));
    check(&product(a, b, a), &SIZES);
    check(&product(a, b, b), &SIZES);
}

#[test]
fn small_and_integer_products_are_loops() {
    let small = |dtype| {
        let a = ("A", &["3", "3"][..], "0:3, 0:3");
        let places = [("_a", a), ("_b", ("B", a.1, a.2)), ("_c", ("C", a.1, a.2))];
        program(dtype, MatMul, &places)
    };
    assert_eq!(calls(&expand(&small(DType::Float64), "gemm")), 0);
    let a = ("A", &["N", "N"][..], "0:N, 0:N");
    let places = [("_a", a), ("_b", ("B", a.1, a.2)), ("_c", ("C", a.1, a.2))];
    let integers = program(DType::Int32, MatMul, &places);
    assert_eq!(calls(&expand(&integers, "gemm")), 0);
    check(&integers, &SIZES);
    assert_eq!(calls(&expand(&program(DType::Float64, MatMul, &places), "gemm")), 1);
}

#[test]
fn reductions_along_every_axis() {
    let input = ("A", &["N", "M", "K"][..], "0:N, 0:M, 0:K");
    let outputs: [(Vec<usize>, Place<'_>); 5] = [
        (vec![0], ("R", &["M", "K"], "0:M, 0:K")),
        (vec![1], ("R", &["N", "K"], "0:N, 0:K")),
        (vec![2], ("R", &["N", "M"], "0:N, 0:M")),
        (vec![0, 1], ("R", &["K"], "0:K")),
        (vec![0, 1, 2], ("R", &["1"], "0")),
    ];
    for (axes, output) in outputs {
        for accumulate in [false, true] {
            for wcr in [Wcr::Sum, Wcr::Max] {
                let op = Reduce { wcr, axes: Some(axes.clone()), accumulate };
                check(&program(DType::Float64, op, &[("_in", input), ("_out", output)]), &SIZES);
            }
        }
    }
}

#[test]
fn every_operation_has_an_identity() {
    let places = [("_in", ("A", &["N", "K"][..], "0:N, 0:K")), ("_out", ("R", &["N"][..], "0:N"))];
    for wcr in Wcr::ALL {
        let logical = matches!(wcr, Wcr::LogicalAnd | Wcr::LogicalOr);
        for dtype in [DType::Bool, DType::Int8, DType::UInt64, DType::Int64, DType::Float32] {
            let bitwise = matches!(wcr, Wcr::BitAnd | Wcr::BitOr | Wcr::BitXor);
            if dtype.is_float() && bitwise || dtype != DType::Bool && logical {
                continue;
            }
            let op = Reduce { wcr, axes: Some(vec![1]), accumulate: false };
            check(&program(dtype, op, &places), &SIZES);
        }
    }
}

#[test]
fn what_cannot_be_expanded_says_why() {
    let a = ("A", &["N", "K"][..], "0:N, 0:K");
    let sdfg = product(a, ("B", &["K", "M"], "0:K, 0:M"), ("c", &["N"], "0:N"));
    let mut context = Context::new(Options { explain: true, ..Options::default() });
    let changed = apply_everywhere(&ExpandLibrary::default(), &mut sdfg.clone(), &mut context);
    assert!(!changed.any());
    let reason = context.refusals()[0].reason.to_string();
    assert!(
        reason.contains("pure: operands of 2 and 2 dimensions have no product of 1 dimensions"),
        "{reason}"
    );
}

#[test]
fn an_operation_inside_of_a_map_is_expanded_there() {
    let mut b = SdfgBuilder::new("p");
    let n = Expr::sym("N");
    b.array("A", DType::Float64, [n.clone(), n.clone()]).array("s", DType::Float64, [n.clone()]);
    let state = b.state("s");
    let dims = [("r".into(), dacec_ir::Range::full(&n))];
    let (entry, exit) = state.state.add_map("rows", dims, dacec_ir::Schedule::Default);
    let node = state.state.add_node(Node::Library(LibraryNode {
        label: "sum".into(),
        op: Arc::new(Reduce { wcr: Wcr::Sum, axes: None, accumulate: false }),
        implementation: None,
        span: Default::default(),
    }));
    let (a, s) = (state.state.add_access("A"), state.state.add_access("s"));
    let memlet = |data: &str, text: &str| Memlet::new(data, Subset::parse(text).expect("a subset"));
    state.state.connect((a, None), (entry, Some("IN_A")), memlet("A", "0:N, 0:N"));
    state.state.connect((entry, Some("OUT_A")), (node, Some("_in")), memlet("A", "r, 0:N"));
    state.state.connect((node, Some("_out")), (exit, Some("IN_s")), memlet("s", "r"));
    state.state.connect((exit, Some("OUT_s")), (s, None), memlet("s", "0:N"));
    let sdfg = b.build();
    check(&sdfg, &SIZES);
    let after = expand(&sdfg, "pure");
    assert!(after.containers.values().any(|it| matches!(it, Data::Scalar(_))));
}

/// `t = before(A)`, `u = t @ B`, `C = after(u, C)`, with expansion and folding.
fn folded(
    before: impl FnOnce(&mut StateBuilder<'_>),
    after: impl FnOnce(&mut StateBuilder<'_>),
) -> (Sdfg, Sdfg, usize) {
    let n = || Expr::sym("N");
    let mut b = SdfgBuilder::new("p");
    b.scalar("alpha", DType::Float64).scalar("beta", DType::Float64);
    for array in ["A", "B", "C"] {
        b.array(array, DType::Float64, [n(), n()]);
    }
    for array in ["t", "u"] {
        b.transient(array, DType::Float64, [n(), n()]);
    }
    before(&mut b.state("before"));
    let state = b.state("product").state;
    let node = state.add_node(Node::Library(LibraryNode {
        label: "op".into(),
        op: Arc::new(MatMul),
        implementation: None,
        span: Default::default(),
    }));
    for (connector, array) in [("_a", "t"), ("_b", "B"), ("_c", "u")] {
        let memlet = Memlet::new(array, Subset::full(&[n(), n()]));
        let access = state.add_access(array);
        match connector {
            "_c" => state.connect((node, Some(connector)), (access, None), memlet),
            _ => state.connect((access, None), (node, Some(connector)), memlet),
        };
    }
    after(&mut b.state("after"));
    let original = b.build();
    let mut result = original.clone();
    let mut context = Context::default();
    let _ = apply_everywhere(&StateFusion, &mut result, &mut context);
    let _ = apply_everywhere(&MapFusion, &mut result, &mut context);
    let _ = apply_everywhere(&ExpandLibrary::default(), &mut result, &mut context);
    let _ = apply_everywhere(&FoldIntoGemm, &mut result, &mut context);
    assert_same(&original, &result, &[("N", 9)]);
    let maps = crate::map::testing::maps(&result).len();
    (original, result, maps)
}

const DIMS: [(&str, &str); 2] = [("i", "0:N"), ("j", "0:N")];

fn scaled(from: &'static str, code: Code) -> impl FnOnce(&mut StateBuilder<'_>) {
    move |s| {
        let inputs = [("f", "alpha", ""), ("x", "A", from)];
        s.map("scale", &DIMS, &inputs, code, ("t", "i, j"));
    }
}

fn added(old: &'static str, code: Code) -> impl FnOnce(&mut StateBuilder<'_>) {
    move |s| {
        let inputs = [("f", "beta", ""), ("x", "u", "i, j"), ("y", "C", old)];
        s.map("add", &DIMS, &inputs, code, ("C", "i, j"));
    }
}

#[test]
fn scaling_transposition_and_accumulation_are_folded() {
    let sum = || name("x") + name("f") * name("y");
    let (before, after, maps) = folded(scaled("i, j", name("f") * name("x")), added("i, j", sum()));
    assert_eq!(maps, 0);
    // A factor that happens to be 0 keeps what is no number.
    let symbols = [("N", 9)];
    let mut arguments = random_arguments(&before, &symbols, 0).expect("sizes for all arguments");
    arguments["beta"].set(0, Value::float(0.0, DType::Float64));
    arguments["C"].set(5, Value::float(f64::NAN, DType::Float64));
    assert_same_on(&before, &after, &symbols, &arguments);
    let (_, _, maps) = folded(scaled("j, i", name("f") * name("x")), added("i, j", name("y") - name("x")));
    assert_eq!(maps, 0);
}

#[test]
fn other_maps_around_a_product_are_kept() {
    let sum = || name("x") + name("f") * name("y");
    let (_, _, maps) = folded(scaled("i, j", name("x") * name("x")), added("i, j", sum()));
    assert_eq!(maps, 1, "the square");
    let (_, _, maps) = folded(scaled("i, j", name("f") * name("x")), added("i, j", name("x") * name("y")));
    assert_eq!(maps, 1);
    let zero = name("x") + value(0.0) * name("y");
    let (_, _, maps) = folded(scaled("i, j", name("f") * name("x")), added("i, j", zero));
    assert_eq!(maps, 1, "the constant 0 would say that there is no old value");
}

#[test]
fn maps_that_use_a_part_of_the_product_are_kept() {
    let copied = |dims: &'static [(&str, &str)], from: &'static str, to: &'static str| {
        let after = move |s: &mut StateBuilder<'_>| {
            s.map("part", dims, &[("x", "u", from)], name("x"), ("C", to));
        };
        folded(scaled("i, j", name("f") * name("x")), after)
    };
    for (dims, from, to) in [
        (&[("i", "0:3"), ("j", "0:N")][..], "i, j", "i, j"),
        (&[("i", "0:N"), ("j", "1:N")], "i, j", "i, j"),
        (&[("i", "0:N:2"), ("j", "0:N")], "i, j", "i, j"),
        (&[("i", "0:N - 1"), ("j", "0:N")], "i + 1, j", "i, j"),
        (&[("i", "0:N")], "i, i", "i, 0"),
        (&[("i", "0:N"), ("j", "0:N")], "i, i", "i, j"),
    ] {
        let (_, _, maps) = copied(dims, from, to);
        assert_eq!(maps, 1, "{dims:?}");
    }
    let (_, _, maps) = copied(&DIMS, "i, j", "j, i");
    assert_eq!(maps, 0);
}

#[test]
fn factors_of_both_operands_are_multiplied() {
    let after = |s: &mut StateBuilder<'_>| {
        s.map("double", &DIMS, &[("x", "u", "i, j")], value(2.0) * name("x"), ("C", "i, j"));
    };
    let (_, _, maps) = folded(scaled("i, j", value(0.0) * name("x")), after);
    assert_eq!(maps, 0, "the factor 0 of the product is not one that is missing");
}

#[test]
fn the_old_value_may_be_read_before_the_product() {
    let before = |s: &mut StateBuilder<'_>| {
        let inputs = [("f", "alpha", ""), ("x", "C", "i, j")];
        s.map("square", &DIMS, &inputs, name("x") * name("x"), ("t", "i, j"));
    };
    folded(before, added("i, j", name("x") + name("f") * name("y")));
}

#[test]
fn the_result_may_be_read_behind_the_product() {
    let after = |s: &mut StateBuilder<'_>| {
        added("i, j", name("x") + name("f") * name("y"))(s);
        let written = *s.state.accesses(&"C".into()).last().expect("the result");
        let entry = s.map("double", &DIMS, &[("x", "C", "i, j")], name("x") + name("x"), ("A", "i, j"));
        let read = s.state.in_edges(entry)[0].id;
        let (lonely, _) = s.state.endpoints(read);
        s.state.move_source(read, written, None);
        s.state.remove_node(lonely);
    };
    folded(scaled("i, j", name("f") * name("x")), after);
}

/// The results of both graphs on the same well-conditioned matrices: dominant diagonals, so all operations are defined.
#[track_caller]
fn check_dense(sdfg: &Sdfg, symbols: &[(&str, i64)]) {
    let expanded = expand(sdfg, "built-in");
    assert!(calls(&expanded) == 1, "one call");
    let mut arguments = random_arguments(sdfg, symbols, 3).expect("sizes are known");
    let a = arguments.get_mut("A").expect("every program has it");
    let columns = *a.shape().last().expect("it is a matrix");
    let rows = a.shape()[a.shape().len() - 2];
    for at in (0..a.len()).filter(|at| at / columns % rows == at % columns) {
        a.set(at, Value::float(40.0 + at as f64, DType::Float64));
    }
    assert_same_on(sdfg, &expanded, symbols, &arguments);
}

#[test]
fn dense_operations_are_calls() {
    let f64 = DType::Float64;
    let square = ("A", &["N", "N"][..], "0:N, 0:N");
    let other = |name| (name, &["N", "N"][..], "0:N, 0:N");
    let system = |b, x| program(f64, Dense::Solve, &[("_a", square), ("_b", b), ("_x", x)]);
    check_dense(&system(("B", &["N", "M"], "0:N, 0:M"), ("X", &["N", "M"], "0:N, 0:M")), &SIZES);
    check_dense(&system(("b", &["N"], "0:N"), ("x", &["N", "2"], "0:N, 1")), &SIZES);
    check_dense(&program(f64, Dense::Inv, &[("_a", square), ("_x", other("X"))]), &SIZES);
    check_dense(&program(f64, Dense::Det, &[("_a", square), ("_d", ("d", &["1"], "0"))]), &SIZES);
    check_dense(&program(f64, Dense::Cholesky, &[("_a", square), ("_l", other("L"))]), &SIZES);
    let (sign, logarithm) = (("s", &["1"][..], "0"), ("l", &["1"][..], "0"));
    check_dense(&program(f64, Dense::Slogdet, &[("_a", square), ("_s", sign), ("_l", logarithm)]), &SIZES);
    let (w, v) = (("w", &["N"][..], "0:N"), other("V"));
    check_dense(&program(f64, Dense::Eigh, &[("_a", square), ("_w", w), ("_v", v)]), &SIZES);
    let tall = ("A", &["K", "M"][..], "0:K, 0:M");
    let (q, r) = (("Q", &["K", "M"][..], "0:K, 0:M"), ("R", &["M", "M"][..], "0:M, 0:M"));
    check_dense(&program(f64, Dense::Qr, &[("_a", tall), ("_q", q), ("_r", r)]), &SIZES);
    let (u, s, vh) =
        (("U", &["K", "M"][..], "0:K, 0:M"), ("s", &["M"][..], "0:M"), ("W", &["M", "M"][..], "0:M, 0:M"));
    check_dense(&program(f64, Dense::Svd, &[("_a", tall), ("_u", u), ("_s", s), ("_vh", vh)]), &SIZES);
}

#[test]
fn stacks_and_parts_of_dense_matrices() {
    let a = ("A", &["3", "N", "N"][..], "0:3, 0:N, 0:N");
    let x = ("X", &["3", "N", "N"][..], "0:3, 0:N, 0:N");
    check_dense(&program(DType::Float64, Dense::Inv, &[("_a", a), ("_x", x)]), &SIZES);
    let (rows, spectra) = (("A", &["M", "N"][..], "0:M, 0:N"), ("X", &["M", "N"][..], "0:M, 0:N"));
    for op in [Dense::Fft, Dense::Ifft] {
        check_dense(&program(DType::Complex128, op, &[("_a", rows), ("_x", spectra)]), &SIZES);
    }
    // The result overwrites the argument.
    let a = ("A", &["N", "N"][..], "0:N, 0:N");
    let sdfg = program(DType::Float64, Dense::Cholesky, &[("_a", a), ("_l", a)]);
    check_dense(&sdfg, &SIZES);
}

#[test]
fn types_without_a_routine_are_refused() {
    let (a, x) = (("A", &["N", "N"][..], "0:N, 0:N"), ("X", &["N", "N"][..], "0:N, 0:N"));
    for (dtype, op) in [(DType::Int64, Dense::Inv), (DType::Float64, Dense::Fft)] {
        let mut sdfg = program(dtype, op, &[("_a", a), ("_x", x)]);
        let mut context = Context::new(Options { explain: true, ..Options::default() });
        assert!(!apply_everywhere(&ExpandLibrary::default(), &mut sdfg, &mut context).any());
        assert!(format!("{:?}", context.refusals()).contains(dtype.name()), "{:?}", context.refusals());
    }
}

/// `_x`, `_residuals`, `_rank` and `_s` of least squares, of a matrix `A` and right-hand sides with the given subsets.
fn least_squares(a: (&[&str], &str), b: (&[&str], &str), x: (&[&str], &str)) -> Sdfg {
    let exprs = |shape: &[&str]| -> Vec<Expr> {
        shape.iter().map(|text| Expr::parse(text).expect("an extent")).collect()
    };
    let mut program = SdfgBuilder::new("p");
    program.array("A", DType::Float64, exprs(a.0)).array("b", DType::Float64, exprs(b.0));
    program.array("rcond", DType::Float64, exprs(&["1"])).array("x", DType::Float64, exprs(x.0));
    program.array("r", DType::Float64, exprs(&["M"])).array("k", DType::Int64, exprs(&["1"]));
    program.array("s", DType::Float64, exprs(&["Min(N, K)"]));
    let places = [
        ("_a", "A", a.1),
        ("_b", "b", b.1),
        ("_rcond", "rcond", "0"),
        ("_x", "x", x.1),
        ("_residuals", "r", if b.0.len() == 1 { "0:1" } else { "0:M" }),
        ("_rank", "k", "0"),
        ("_s", "s", "0:Min(N, K)"),
    ];
    program.state("s").library("lstsq", Dense::Lstsq, &places);
    program.build()
}

#[test]
fn least_squares_are_one_call() {
    let matrix = (&["N", "K"][..], "0:N, 0:K");
    let several = least_squares(matrix, (&["N", "M"], "0:N, 0:M"), (&["K", "M"], "0:K, 0:M"));
    let vector = least_squares(matrix, (&["N"], "0:N"), (&["K"], "0:K"));
    for (rows, columns) in [(6, 4), (4, 6), (5, 5), (1, 3), (3, 1), (1, 1)] {
        for sdfg in [&several, &vector] {
            check_dense(sdfg, &[("N", rows), ("K", columns), ("M", 2)]);
        }
    }
    // A column of a matrix is a vector; the second axis of three is not seen.
    let part = (&["N", "2", "K"][..], "0:N, 1, 0:K");
    let column = least_squares(part, (&["N", "3"], "0:N, 2"), (&["K"], "0:K"));
    check_dense(&column, &[("N", 5), ("K", 3), ("M", 1)]);
    let stack = least_squares((&["2", "N", "K"], "0:2, 0:N, 0:K"), (&["N"], "0:N"), (&["K"], "0:K"));
    let mut context = Context::new(Options { explain: true, ..Options::default() });
    assert!(!apply_everywhere(&ExpandLibrary::default(), &mut stack.clone(), &mut context).any());
    assert!(format!("{:?}", context.refusals()).contains("stack of matrices"), "{:?}", context.refusals());
}

/// The map around the calls of a stack of products, scheduled.
fn stack_map(count: &str, size: &str) -> dacec_ir::Map {
    let shape = [count, size, size];
    let subset = format!("0:{count}, 0:{size}, 0:{size}");
    let mut sdfg =
        expand(&product(("A", &shape, &subset), ("B", &shape, &subset), ("C", &shape, &subset)), "gemm");
    let _ = crate::map::ScheduleMaps.run(&mut sdfg, &mut Context::default());
    crate::map::testing::maps(&sdfg).swap_remove(0)
}

#[test]
fn the_cost_of_calls_decides_who_shares_their_work() {
    // A call shares its work where there are few of them, and no thread starts for little of it.
    assert_eq!(stack_map("4", "2000").schedule, Schedule::Sequential);
    assert_eq!(stack_map("64", "16").schedule, Schedule::Sequential);
    let many = stack_map("64", "200");
    assert_eq!((many.schedule, many.parallel_if), (Schedule::CpuMulticore, None));
    let unknown = stack_map("N", "M");
    let condition = unknown.parallel_if.expect("sizes are not known");
    let parallel = |n: i64, m: i64| {
        condition.eval(&|name: &Name| Some(if name.as_str() == "N" { n } else { m })).expect("sizes") != 0
    };
    assert!(parallel(64, 200) && parallel(8, 2000) && parallel(100_000, 8));
    assert!(!parallel(7, 2000) && !parallel(64, 16));
}

#[test]
fn calls_say_what_they_cost() {
    let sdfg = expand(
        &product(
            ("A", &["N", "K"], "0:N, 0:K"),
            ("B", &["K", "M"], "0:K, 0:M"),
            ("C", &["N", "M"], "0:N, 0:M"),
        ),
        "gemm",
    );
    let text = sdfg.to_string();
    assert_eq!(dacec_ir::text::parse(&text).expect("what was printed can be read").to_string(), text);
    let decisions = crate::explain::decisions(&sdfg);
    let operations = Expr::parse("2*N*K*M").expect("an expression").to_string();
    assert!(
        decisions.iter().any(|it| it.how.contains(&format!("{operations} operations, "))),
        "{decisions:?}"
    );
}

/// The right-hand side is a vector that is a copy of a row; in place of it, the row would be a matrix of one row.
#[test]
fn a_row_does_not_take_the_place_of_a_vector() {
    let text = "sdfg p(A, B, x) {
  symbol N: int64
  data A: float64[N, N]
  data B: float64[3, N]
  data x: float64[N]
  transient t: float64[N]

  state s {
    n0 = access B
    n1 = access t
    n0 -> n1: B[1, 0:N]
    n2 = access A
    n3 = library solve Trsm()
    n4 = access x
    n2 -> n3._a: A[0:N, 0:N]
    n1 -> n3._b: t[0:N]
    n3._c -> n4: x[0:N]
  }
}
";
    let sdfg = dacec_ir::text::parse(text).expect("the text is right");
    let mut after = sdfg.clone();
    let _ = crate::simplify::simplify().run(&mut after, &mut Context::default()).expect("passes are right");
    assert_same(&sdfg, &after, &SIZES);
    assert_same(&sdfg, &expand(&after, "blas"), &SIZES);
}
