//! What is emitted: one call in place, without temporary arrays; loops where a call would cost more.

use dacec::{Compiler, Options, generate, optimize};
use dacec_ir::builder::SdfgBuilder;
use dacec_ir::library::MatMul;
use dacec_ir::library::blas::{Blas, Factor, RankUpdate, Side, Trans, Triangle, Triangular};
use dacec_ir::{DType, Expr, Node, Sdfg};
use dacec_runtime::{Arguments, BlasProvider, Cache};
use ndarray::{Array2, Array3, Axis};

type Operands<'a> = &'a [(&'a str, &'a str, &'a str)];

/// A program with one operation on square matrices.
fn square(op: Blas, size: Expr, inputs: Operands<'_>) -> Sdfg {
    let mut program = SdfgBuilder::new("f");
    for name in ["A", "B", "C"] {
        program.array(name, DType::Float64, [size.clone(), size.clone()]);
    }
    program.scalar("alpha", DType::Float64).scalar("beta", DType::Float64);
    let whole = format!("0:{size}, 0:{size}");
    let inputs: Vec<(&str, &str, &str)> = inputs
        .iter()
        .map(
            |&(connector, data, subset)| {
                if subset == "whole" { (connector, data, &*whole) } else { (connector, data, subset) }
            },
        )
        .collect();
    program.state("s").library_with("op", op, &inputs, &[("_c", "C", &whole)]);
    program.build()
}

/// The text of the computation.
pub(super) fn kernel(mut sdfg: Sdfg, blas: BlasProvider) -> String {
    let options = Options { blas, ..Options::default() };
    optimize(&mut sdfg, &options).expect("the graph is valid");
    let text = generate(&sdfg, None, &options).expect("everything can be emitted").kernel_unit;
    let start = text.find("dacec_kernel_").expect("there is a kernel");
    text[start..].to_owned()
}

/// Everything that updates a matrix: it is one call, and no memory is allocated.
#[test]
fn updates_are_one_call_in_place() {
    let (alpha, beta) = (Factor::Operand, Factor::Operand);
    let update = RankUpdate { triangle: Triangle::Lower, transposed: false, hermitian: false, alpha, beta };
    let triangular =
        Triangular { side: Side::Left, triangle: Triangle::Lower, a: Trans::Transposed, unit: true, alpha };
    let (a, b, c) = (("_a", "A", "whole"), ("_b", "B", "whole"), ("_c", "C", "whole"));
    let (alpha_in, beta_in) = (("_alpha", "alpha", ""), ("_beta", "beta", ""));
    let old = ("_b", "C", "whole");
    let symm = Blas::Symm { side: Side::Left, triangle: Triangle::Lower, hermitian: false, alpha, beta };
    let gemm = Blas::Gemm { a: Trans::No, b: Trans::No, alpha, beta };
    let cases: [(Blas, Operands<'_>, &str); 6] = [
        (
            gemm,
            &[a, b, c, alpha_in, beta_in],
            "dacec_product_f64(N, N, N, alpha, A, N, 1, B, N, 1, dacec_old_f64(N, N, beta, C, N, 1), C, N, 1);",
        ),
        (
            Blas::Syrk(update),
            &[a, c, alpha_in, beta_in],
            "dacec_syrk<double>(N, N, 0, alpha, A, N, 1, 1, beta, C, N, 1);",
        ),
        (
            Blas::Syr2k(update),
            &[a, b, c, alpha_in, beta_in],
            "dacec_syr2k<double>(N, N, 0, alpha, A, N, 1, B, N, 1, 1, beta, C, N, 1);",
        ),
        (
            symm,
            &[a, b, c, alpha_in, beta_in],
            "dacec_symm<double>(N, N, 0, 0, alpha, A, N, 1, B, N, 1, 1, beta, C, N, 1);",
        ),
        (
            Blas::Trmm(triangular),
            &[a, old, alpha_in],
            "dacec_trmm<double>(N, N, 1, 1, 0, alpha, A, 1, N, C, N, 1);",
        ),
        (
            Blas::Trsm(triangular),
            &[a, old, alpha_in],
            "dacec_trsm<double>(N, N, 1, 1, 0, alpha, A, 1, N, C, N, 1);",
        ),
    ];
    for (op, inputs, call) in cases {
        let text = kernel(square(op, Expr::sym("N"), inputs), BlasProvider::BuiltIn);
        assert!(text.contains(call), "{op:?}\n{text}");
        assert!(!text.contains("alloc") && !text.contains("for ("), "{op:?}\n{text}");
    }
    let text = kernel(
        square(Blas::Syrk(update), Expr::sym("N"), &[a, c, alpha_in, beta_in]),
        BlasProvider::OpenBlas,
    );
    assert!(text.contains("dacec_cblas_syrk_f64(N, N, 0, alpha, A, N, 1, 1, beta, C, N, 1);"), "{text}");
}

#[test]
fn small_operands_are_loops() {
    let inputs: Operands<'_> = &[("_a", "A", "whole"), ("_b", "B", "whole")];
    let gemm = Blas::Gemm { a: Trans::Transposed, b: Trans::No, alpha: Factor::ONE, beta: Factor::ZERO };
    let text = kernel(square(gemm, Expr::int(4), inputs), BlasProvider::OpenBlas);
    assert!(!text.contains("dacec_product") && text.contains("for ("), "{text}");
    let text = kernel(square(gemm, Expr::int(9), inputs), BlasProvider::OpenBlas);
    assert!(text.contains("dacec_product"), "{text}");
}

#[test]
fn what_does_not_fit_is_refused() {
    let compiler = |implementation: &str| {
        let implementations = vec![("Trsm".into(), implementation.into())];
        let options = Options { implementations, ..Options::default() };
        Compiler::with_cache(options, Cache::private().expect("a private cache can be made"))
            .expect("there is a compiler")
    };
    let program = |dtype: DType, columns: &str| {
        let n = Expr::sym("N");
        let mut program = SdfgBuilder::new("f");
        program.array("A", dtype, [n.clone(), n.clone()]).array("C", dtype, [n.clone(), n]);
        let it = Triangular {
            side: Side::Left,
            triangle: Triangle::Lower,
            a: Trans::No,
            unit: false,
            alpha: Factor::ONE,
        };
        let (part, whole) = (format!("0:N, {columns}"), "0:N, 0:N");
        program.state("s").library_with(
            "op",
            Blas::Trsm(it),
            &[("_a", "A", &part), ("_b", "C", whole)],
            &[("_c", "C", whole)],
        );
        program.build()
    };
    let refused =
        |implementation: &str, sdfg: Sdfg| compiler(implementation).compile(sdfg).unwrap_err().to_string();
    let message = refused("blas", program(DType::Int64, "0:N"));
    assert!(message.contains("blas: there is no routine for elements of int64"), "{message}");
    let message = refused("pure", program(DType::Int64, "0:N"));
    assert!(message.contains("pure: elements of int64 are not divided"), "{message}");
    let message = refused("blas", program(DType::Float64, "1:N"));
    assert!(message.contains("the extents"), "{message}");
}

/// A stack of products, on threads that share its matrices, and then one on which they all work.
fn stack() -> Sdfg {
    let (n, s) = (Expr::sym("N"), Expr::sym("S"));
    let mut program = SdfgBuilder::new("stack");
    for name in ["A", "B", "C"] {
        program.array(name, DType::Float64, [s.clone(), n.clone(), n.clone()]);
    }
    let whole = "0:S, 0:N, 0:N";
    let operands = [("_a", "A", whole), ("_b", "B", whole), ("_c", "C", whole)];
    program.state("each").library("product", MatMul, &operands);
    let operands = [("_a", "A", "0, 0:N, 0:N"), ("_b", "B", "0, 0:N, 0:N"), ("_c", "C", "0, 0:N, 0:N")];
    program.state("first").library("product", MatMul, &operands);
    program.build()
}

#[test]
fn a_blas_with_threads_does_not_start_them_in_shared_loops() {
    let text = kernel(stack(), BlasProvider::OpenBlas);
    let (alone, end) = (text.find("dacec_alone alone("), text.rfind("dacec_product_f64("));
    let team = text.find("#pragma omp parallel for");
    assert!(alone.is_some() && alone < team && team < end, "{text}");
    // The block ends before the product that is alone.
    let before = &text[..end.unwrap_or_default()];
    assert_eq!(before.matches('{').count(), before.matches('}').count() + 1, "{text}");
    assert!(!kernel(stack(), BlasProvider::BuiltIn).contains("dacec_alone"));
}

/// Three products, of which the second and the third name who computes them.
fn chosen(second: &str, third: &str) -> Sdfg {
    let n = Expr::sym("N");
    let mut program = SdfgBuilder::new("chosen");
    for name in ["A", "B", "X", "Y", "Z"] {
        program.array(name, DType::Float64, [n.clone(), n.clone()]);
    }
    for (result, implementation) in [("X", None), ("Y", Some(second)), ("Z", Some(third))] {
        let whole = "0:N, 0:N";
        let mut state = program.state(result);
        let node = state.library(
            "product",
            MatMul,
            &[("_a", "A", whole), ("_b", "B", whole), ("_c", result, whole)],
        );
        if let Node::Library(node) = state.state.node_mut(node) {
            node.implementation = implementation.map(Into::into);
        }
    }
    program.build()
}

#[test]
fn one_node_can_use_another_library() {
    let text = kernel(chosen("openblas", "built-in"), BlasProvider::BuiltIn);
    assert_eq!(text.matches(" machine::dacec_product_f64(N, N, N,").count(), 1, "{text}");
    assert_eq!(text.matches(" dacec_product_f64(N, N, N,").count(), 2, "{text}");
    let text = kernel(chosen("pure", "built-in"), BlasProvider::OpenBlas);
    assert_eq!(text.matches(" built_in::dacec_product_f64(N, N, N,").count(), 1, "{text}");
    // Text and files keep the choice.
    let sdfg = chosen("openblas", "built-in");
    let text = sdfg.to_string();
    assert_eq!(dacec_ir::text::parse(&text).expect("it can be read").to_string(), text);
    let file = dacec_ir::json::to_string(&sdfg);
    let again = dacec_ir::json::from_slice(file.as_bytes()).expect("it can be read").to_string();
    assert_eq!(again.matches("as openblas").count() + again.matches("as \"openblas\"").count(), 1, "{again}");
}

#[test]
fn results_do_not_depend_on_who_is_chosen() {
    let cache = Cache::private().expect("a private cache can be made");
    let compiler = Compiler::with_cache(Options::default(), cache.clone()).expect("there is a compiler");
    let refused = compiler.compile(chosen("openblas", "mkl")).unwrap_err().to_string();
    assert!(refused.contains("cannot call both"), "{refused}");
    if !super::has(BlasProvider::OpenBlas) {
        return;
    }
    let program = compiler.compile(chosen("openblas", "pure")).expect("it can be compiled");
    let program = program.load().expect("it can be loaded");
    let n = 40;
    let a = Array2::from_shape_fn((n, n), |(i, j)| i as f64 - 2.0 * j as f64);
    let b = Array2::from_shape_fn((n, n), |(i, j)| (i * j % 7) as f64);
    let mut results: [Array2<f64>; 3] = std::array::from_fn(|_| Array2::zeros((n, n)));
    let [x, y, z] = &mut results;
    let arguments = Arguments::default().array("A", &a).array("B", &b);
    program.call(&mut arguments.array("X", x).array("Y", y).array("Z", z)).expect("the arguments fit");
    let expected = a.dot(&b);
    assert!(results.iter().all(|result| *result == expected));
}

#[test]
fn stacks_of_products_are_right_whoever_multiplies() {
    let cache = Cache::private().expect("a private cache can be made");
    for blas in [BlasProvider::BuiltIn, BlasProvider::OpenBlas] {
        if blas == BlasProvider::OpenBlas && !super::has(blas) {
            continue;
        }
        let options = Options { blas, ..Options::default() };
        let compiler = Compiler::with_cache(options, cache.clone()).expect("there is a compiler");
        let program =
            compiler.compile(stack()).expect("it can be compiled").load().expect("it can be loaded");
        for n in [3, 8, 40] {
            let a = Array3::from_shape_fn((6, n, n), |(s, i, j)| (s + 2 * i) as f64 - j as f64);
            let b = Array3::from_shape_fn((6, n, n), |(s, i, j)| (s * j) as f64 - i as f64);
            let mut c = Array3::<f64>::zeros((6, n, n));
            let mut arguments = Arguments::default().array("A", &a).array("B", &b).array("C", &mut c);
            program.call(&mut arguments).expect("the arguments fit");
            for s in 0..6 {
                let expected = a.index_axis(Axis(0), s).dot(&b.index_axis(Axis(0), s));
                assert_eq!(c.index_axis(Axis(0), s).to_owned(), expected, "{blas:?}, {n}");
            }
        }
    }
}
