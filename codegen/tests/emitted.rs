//! The text of emitted code: small, readable, and as decided.

mod support;

use dacec_codegen::{CodegenError, Options, generate};
use dacec_ir::builder::{Code, SdfgBuilder, name, value};
use dacec_ir::{Block, DType, Expr, Function, Name, Node, Sdfg, Span, Wcr};
use support::emit;

/// The emitted function, without its head and its last line.
fn body(sdfg: &Sdfg) -> String {
    body_of(&emit(sdfg).kernel_unit)
}

fn body_of(unit: &str) -> String {
    let start = unit.find("int32_t dacec_kernel_").expect("the unit has the function");
    let lines = unit[start..].lines().skip(1).take_while(|line| *line != "    return 0;");
    lines.map(|line| format!("{}\n", line.strip_prefix("    ").unwrap_or(line))).collect()
}

fn n() -> Expr {
    Expr::sym("N")
}

fn matrix() -> SdfgBuilder {
    let mut program = SdfgBuilder::new("program");
    program.array("A", DType::Float64, [n(), n()]);
    program
}

#[test]
fn a_stencil_has_a_parallel_and_a_vector_loop() {
    let mut program = matrix();
    program.array("B", DType::Float64, [n(), n()]);
    program.state("s").map(
        "mean",
        &[("i", "1:N - 1"), ("j", "1:N - 1")],
        &[("l", "A", "i, j - 1"), ("c", "A", "i, j"), ("d", "A", "i + 1, j")],
        value(0.2) * (name("l") + name("c") * name("c") - name("d")),
        ("B", "i, j"),
    );
    insta::assert_snapshot!(body(&program.build()), @r#"
    #pragma omp parallel for
    for (int64_t i = 1; i < N - 1; i++) {
        #pragma GCC ivdep
        for (int64_t j = 1; j < N - 1; j++) {
            const double c = A[i*N + j];
            B[i*N + j] = 0.2 * (A[i*N + j - 1] + c * c - A[(i + 1)*N + j]);
        }
    }
    "#);
}

#[test]
fn a_parallel_loop_in_a_sequential_one_has_a_version_without_threads() {
    let mut program = matrix();
    program.for_loop("t", 0, n(), |b| {
        b.state("s").reduction(
            "sum",
            &[("i", "0:t")],
            &[("a", "A", "t, i")],
            name("a"),
            ("A", "t, t"),
            Wcr::Sum,
        );
    });
    let mut program = program.build();
    program.visit_states_mut(&mut |state| {
        for id in state.node_ids() {
            if let Node::MapEntry(map) = state.node_mut(id) {
                map.parallel_if = Some(Expr::sym("t").gt(&Expr::int(999)));
            }
        }
    });
    insta::assert_snapshot!(body(&program), @r#"
    for (int64_t t = 0; t < N; t++) {
        double A_sum = 0.0;
        if (t >= 1000) {
            #pragma omp parallel for reduction(+: A_sum)
            for (int64_t i = 0; i < t; i++) {
                A_sum += A[t*N + i];
            }
        } else {
            #pragma GCC ivdep
            for (int64_t i = 0; i < t; i++) {
                A_sum += A[t*N + i];
            }
        }
        A[t*N + t] += A_sum;
    }
    "#);
}

/// `y = A @ x`, and what is read of `A` in iteration `i, k`.
fn product(subset: &str) -> Sdfg {
    let mut program = matrix();
    program.array("x", DType::Float64, [n()]).array("y", DType::Float64, [n()]);
    let inputs = [("a", "A", subset), ("x", "x", "k")];
    let dims = [("i", "0:N"), ("k", "0:N")];
    program.state("s").reduction("mv", &dims, &inputs, name("a") * name("x"), ("y", "i"), Wcr::Sum);
    program.build()
}

#[test]
fn four_rows_share_the_loop_over_columns() {
    insta::assert_snapshot!(body(&product("i, k")), @r#"
    #pragma omp parallel for
    for (int64_t i = 0; i < N; i += 4) {
        if (i < N - 3) {
            double y_sum = y[i];
            double y_sum_1 = y[i + 1];
            double y_sum_2 = y[i + 2];
            double y_sum_3 = y[i + 3];
            #pragma GCC ivdep
            for (int64_t k = 0; k < N; k++) {
                y_sum += A[i*N + k] * x[k];
                y_sum_1 += A[(i + 1)*N + k] * x[k];
                y_sum_2 += A[(i + 2)*N + k] * x[k];
                y_sum_3 += A[(i + 3)*N + k] * x[k];
            }
            y[i] = y_sum;
            y[i + 1] = y_sum_1;
            y[i + 2] = y_sum_2;
            y[i + 3] = y_sum_3;
        } else {
            for (int64_t i_1 = i; i_1 < N; i_1++) {
                double y_sum = y[i_1];
                #pragma GCC ivdep
                for (int64_t k = 0; k < N; k++) {
                    y_sum += A[i_1*N + k] * x[k];
                }
                y[i_1] = y_sum;
            }
        }
    }
    "#);
}

#[test]
fn loops_that_share_nothing_contiguous_stay_as_they_are() {
    // Columns of A: what four iterations read is contiguous, what each reads is not.
    assert!(!body(&product("k, i")).contains("i += 4"));
    // A function call in the inner loop costs more than a load.
    let mut program = matrix();
    program.array("x", DType::Float64, [n()]).array("y", DType::Float64, [n()]);
    let inputs = [("a", "A", "i, k"), ("x", "x", "k")];
    let code = (name("a") * name("x")).call(dacec_ir::Function::Exp);
    program.state("s").reduction("e", &[("i", "0:N"), ("k", "0:N")], &inputs, code, ("y", "i"), Wcr::Sum);
    assert!(!body(&program.build()).contains("i += 4"));
    // Four additions to one sum would wait for each other.
    let mut program = matrix();
    program.array("x", DType::Float64, [n()]).returns("__return", DType::Float64, [Expr::one()]);
    let code = name("a") * name("x");
    let dims = [("i", "0:N"), ("k", "0:N")];
    program.state("s").reduction("all", &dims, &inputs, code, ("__return", "0"), Wcr::Sum);
    assert!(!body(&program.build()).contains("i += 4"));
}

/// `out = max(out, value)` over a vector, which two names read.
fn search(dtype: DType, subset: &str, value: Code, wcr: Wcr) -> Sdfg {
    let mut program = SdfgBuilder::new("program");
    program.array("x", dtype, [n()]).returns("__return", dtype, [Expr::one()]);
    let inputs = [("a", "x", subset), ("b", "x", "0")];
    program.state("s").reduction("r", &[("i", "0:N")], &inputs, value, ("__return", "0"), wcr);
    program.build()
}

#[test]
fn extremes_are_searched_for_in_lanes() {
    insta::assert_snapshot!(body(&search(DType::Float64, "i", name("a") * name("b"), Wcr::Max)), @r#"
    double __return_max = -__builtin_inf();
    #pragma omp parallel for reduction(dacec_max_float64: __return_max)
    for (int64_t i = 0; i < N; i += 4096) {
        int64_t rest_1 = i;
        if (i < dacec_min<int64_t>(N, i + 4096) - 63) {
            rest_1 = i + 32*dacec_floordiv<int64_t>(dacec_min<int64_t>(N, i + 4096) - i, 32);
            alignas(64) double __lanes_1[32];
            for (int64_t lane_1 = 0; lane_1 < 32; lane_1++) {
                __lanes_1[lane_1] = __return_max;
            }
            for (int64_t i_1 = i; i_1 < rest_1; i_1 += 32) {
                for (int64_t lane_1 = 0; lane_1 < 32; lane_1++) {
                    __lanes_1[lane_1] = dacec_max<double>(__lanes_1[lane_1], x[i_1 + lane_1] * x[0]);
                }
            }
            for (int64_t lane_1 = 0; lane_1 < 16; lane_1++) {
                __lanes_1[lane_1] = dacec_max<double>(__lanes_1[lane_1], __lanes_1[lane_1 + 16]);
            }
            for (int64_t lane_1 = 0; lane_1 < 8; lane_1++) {
                __lanes_1[lane_1] = dacec_max<double>(__lanes_1[lane_1], __lanes_1[lane_1 + 8]);
            }
            for (int64_t lane_1 = 0; lane_1 < 4; lane_1++) {
                __lanes_1[lane_1] = dacec_max<double>(__lanes_1[lane_1], __lanes_1[lane_1 + 4]);
            }
            for (int64_t lane_1 = 0; lane_1 < 4; lane_1++) {
                __return_max = dacec_max<double>(__return_max, __lanes_1[lane_1]);
            }
        }
        #pragma GCC ivdep
        for (int64_t i_1 = rest_1; i_1 < dacec_min<int64_t>(N, i + 4096); i_1++) {
            __return_max = dacec_max<double>(__return_max, x[i_1] * x[0]);
        }
    }
    __return[0] = dacec_max<double>(__return[0], __return_max);
    "#);
}

#[test]
fn extremes_of_elements_side_by_side_are_found_by_a_function() {
    insta::assert_snapshot!(body(&search(DType::Float32, "i + 1", name("a"), Wcr::Min)), @r#"
    float __return_min = __builtin_inff();
    #pragma omp parallel for reduction(dacec_min_float32: __return_min)
    for (int64_t i = 0; i < N; i += 4096) {
        __return_min = dacec_extreme<float, dacec_min<float>>(__return_min, x + i + 1, dacec_min<int64_t>(N, i + 4096) - i);
    }
    __return[0] = dacec_min<float>(__return[0], __return_min);
    "#);
}

#[test]
fn lanes_of_rows_are_those_of_the_function() {
    let rows = |value: Code| {
        let mut program = matrix();
        program.array("y", DType::Float64, [n()]);
        let dims = [("i", "0:N"), ("j", "0:N")];
        program.state("s").reduction("r", &dims, &[("a", "A", "i, j")], value, ("y", "i"), Wcr::Max);
        body(&program.build())
    };
    insta::assert_snapshot!(rows(name("a")), @r#"
    #pragma omp parallel for
    for (int64_t i = 0; i < N; i++) {
        double y_max = y[i];
        y_max = dacec_extreme<double, dacec_max<double>>(y_max, A + i*N, N);
        y[i] = y_max;
    }
    "#);
    assert!(!rows(name("a") * name("a")).contains("lanes"));
}

#[test]
fn other_reductions_have_no_lanes() {
    let lanes = |sdfg: &Sdfg| ["lanes", "dacec_extreme"].iter().any(|it| body(sdfg).contains(it));
    assert!(lanes(&search(DType::Float32, "i", name("a").call(Function::Abs), Wcr::Min)));
    // The compiler knows these itself.
    assert!(!lanes(&search(DType::Float64, "i", name("a"), Wcr::Sum)));
    assert!(!lanes(&search(DType::Int64, "i", name("a"), Wcr::Max)));
    // No vector instruction loads these, or computes that.
    assert!(!lanes(&search(DType::Float64, "N - i - 1", name("a"), Wcr::Max)));
    assert!(!lanes(&search(DType::Float64, "i", name("a").call(Function::Sin), Wcr::Max)));
    assert!(!lanes(&search(DType::Complex128, "i", name("a"), Wcr::Max)));
}

#[test]
fn loops_of_one_iteration_space_stay_nested() {
    let mut program = SdfgBuilder::new("program");
    program.array("A", DType::Float64, [Expr::int(3), n()]).returns(
        "__return",
        DType::Float64,
        [Expr::one()],
    );
    let dims = [("i", "0:3"), ("j", "0:N")];
    program.state("s").reduction("r", &dims, &[("a", "A", "i, j")], name("a"), ("__return", "0"), Wcr::Max);
    let mut program = program.build();
    program.visit_states_mut(&mut |state| {
        for id in state.node_ids() {
            if let Node::MapEntry(map) = state.node_mut(id) {
                map.collapse = 2;
            }
        }
    });
    let body = body(&program);
    assert!(body.contains("collapse(2)") && !body.contains("extreme"), "{body}");
}

#[test]
fn sums_of_columns_are_made_in_blocks() {
    let mut program = matrix();
    program.array("w", DType::Float64, [n()]);
    let dims = [("i", "0:N"), ("j", "0:N")];
    program.state("s").reduction("r", &dims, &[("a", "A", "i, j")], name("a"), ("w", "j"), Wcr::Sum);
    insta::assert_snapshot!(body(&program.build()), @r#"
    #pragma omp parallel for if(parallel: N >= 513)
    for (int64_t j_block = 0; j_block < N; j_block += 512) {
        const int64_t j_end = dacec_min<int64_t>(N, j_block + 512);
        for (int64_t i = 0; i < N; i += 4) {
            if (i < N - 3) {
                #pragma GCC ivdep
                for (int64_t j = j_block; j < j_end; j++) {
                    w[j] += A[i*N + j];
                    w[j] += A[(i + 1)*N + j];
                    w[j] += A[(i + 2)*N + j];
                    w[j] += A[(i + 3)*N + j];
                }
            } else {
                for (int64_t i_1 = i; i_1 < N; i_1++) {
                    #pragma GCC ivdep
                    for (int64_t j = j_block; j < j_end; j++) {
                        w[j] += A[i_1*N + j];
                    }
                }
            }
        }
    }
    "#);
}

#[test]
fn sums_of_rows_are_kept_in_a_variable() {
    let mut program = matrix();
    program.array("w", DType::Float64, [n()]);
    let dims = [("i", "0:N"), ("j", "0:N")];
    program.state("s").reduction("r", &dims, &[("a", "A", "i, j")], name("a"), ("w", "i"), Wcr::Sum);
    insta::assert_snapshot!(body(&program.build()), @r#"
    #pragma omp parallel for
    for (int64_t i = 0; i < N; i++) {
        double w_sum = w[i];
        #pragma GCC ivdep
        for (int64_t j = 0; j < N; j++) {
            w_sum += A[i*N + j];
        }
        w[i] = w_sum;
    }
    "#);
}

#[test]
fn a_sum_of_everything_has_a_copy_for_each_thread() {
    let mut program = matrix();
    program.returns("__return", DType::Float64, [Expr::one()]);
    let dims = [("i", "0:N"), ("j", "0:N")];
    program.state("s").reduction("r", &dims, &[("a", "A", "i, j")], name("a"), ("__return", "0"), Wcr::Sum);
    insta::assert_snapshot!(body(&program.build()), @r#"
    double __return_sum = 0.0;
    #pragma omp parallel for reduction(+: __return_sum)
    for (int64_t i = 0; i < N; i++) {
        #pragma GCC ivdep
        for (int64_t j = 0; j < N; j++) {
            __return_sum += A[i*N + j];
        }
    }
    __return[0] += __return_sum;
    "#);
}

#[test]
fn a_loop_with_an_unknown_step_refuses_zero() {
    let mut program = matrix();
    let bounds = (Expr::zero(), n(), Expr::sym("S"));
    let body_region = dacec_ir::Region::new([Block::Break]);
    program.push(Block::Loop(Box::new(dacec_ir::Loop::counted("loop", "i", bounds, body_region))));
    insta::assert_snapshot!(body(&program.build()), @r#"
    if (S == 0) {
        return 5; // a symbol has a value without meaning
    }
    for (int64_t i = 0; S > 0 ? i < N : i > N; i += S) {
        break;
    }
    "#);
}

#[test]
fn comments_quote_the_source() {
    let mut program = matrix();
    let state = program.state("s").state;
    state.span = Span::new(0, 0, 2);
    let copy = (state.add_access("A"), state.add_access("t"));
    state.connect(
        (copy.0, None),
        (copy.1, None),
        dacec_ir::Memlet::element("A", [Expr::zero(), Expr::one()]),
    );
    program.local("t", DType::Float64);
    let mut sdfg = program.build();
    sdfg.file = "folder/program.py".to_owned();
    let source = Some("def program(A):\n    t = A[0, 1] \\\n");
    let text = generate(&sdfg, &Options { source, ..Options::default() }).unwrap().kernel_unit;
    insta::assert_snapshot!(body_of(&text), @r#"
    // program.py:2: t = A[0, 1]
    const double t = A[1];
    "#);
    assert!(body(&sdfg).contains("// program.py:2\n"));
}

#[test]
fn names_that_are_keywords_are_changed() {
    let mut program = SdfgBuilder::new("program");
    program.array("new", DType::Float64, [n()]).scalar("int", DType::Float64);
    program.state("s").map("set", &[("this", "0:N")], &[("x", "int", "")], name("x"), ("new", "this"));
    insta::assert_snapshot!(body(&program.build()), @r#"
    #pragma omp parallel for simd
    for (int64_t this_1 = 0; this_1 < N; this_1++) {
        new_1[this_1] = int_1;
    }
    "#);
}

#[test]
fn library_nodes_must_be_expanded() {
    let mut program = matrix();
    let op = std::sync::Arc::new(dacec_ir::library::MatMul);
    let node = dacec_ir::node::LibraryNode {
        label: "product".into(),
        op,
        implementation: None,
        span: Span::default(),
    };
    program.state("s").state.add_node(Node::Library(node));
    let error = generate(&program.build(), &Options::default()).unwrap_err();
    assert_eq!(error, CodegenError::NotExpanded { label: Name::from("product"), op: "MatMul".to_owned() });
}

#[test]
fn the_header_documents_arguments() {
    let mut program = SdfgBuilder::new("f");
    program.array("A", DType::Float64, [n(), Expr::sym("M") + 1]).scalar("z", DType::Complex128);
    program.returns("__return", DType::Float64, [n()]);
    program.state("s").copy(("A", "0:N, 0"), ("__return", "0:N"));
    insta::assert_snapshot!(emit(&program.build()).header, @r#"
    /* The program f; generated by dacec, do not edit.
     *
     *   A            float64[N, M + 1], read
     *   z            complex128
     *   __return     float64[N], written
     *   M            size or index
     *   N            size or index
     *
     * Arrays lie in C order without gaps unless strides (in elements) are given, and do not overlap.
     */
    #ifndef DACEC_F_H
    #define DACEC_F_H

    #include <stdbool.h>
    #include <stdint.h>

    #ifndef DACEC_SUCCESS
    #define DACEC_SUCCESS 0
    #define DACEC_ERROR_NULL_POINTER 1 /* a pointer to an array is null */
    #define DACEC_ERROR_NEGATIVE_SIZE 2 /* an extent or a size symbol is negative */
    #define DACEC_ERROR_OUT_OF_MEMORY 3 /* memory for a temporary or a result could not be allocated */
    #define DACEC_ERROR_UNSUPPORTED_CPU 4 /* the CPU lacks instruction sets that the library was compiled for */
    #define DACEC_ERROR_BAD_SYMBOL 5 /* symbols have values for which the program has no meaning */
    #define DACEC_ERROR_CHECK_FAILED 6 /* a check at run time failed */
    #endif

    #ifdef __cplusplus
    extern "C" {
    #endif

    /* Runs the program; returns DACEC_SUCCESS or one of the codes above. */
    int32_t dacec_f(const double *A, __complex__ double z, double *__return, int64_t M, int64_t N);

    /* The same with the arguments in an array: pointers to arrays as they are, for everything else a pointer to the
       value. */
    int32_t dacec_call_f(void **arguments);

    /* What was wrong in the last call on this thread; the empty text if nothing was. */
    const char *dacec_error_f(void);

    /* The interface of DaCe, which keeps persistent arrays between calls: initialize (null if there is no memory), run
       as often as you like, finalize. */
    typedef struct f_state_t *fHandle_t;
    fHandle_t __dace_init_f(int64_t M, int64_t N);
    void __program_f(fHandle_t handle, const double *A, double *__return, int64_t M, int64_t N, __complex__ double z);
    int __dace_exit_f(fHandle_t handle);

    #ifdef __cplusplus
    }
    #endif

    #endif
    "#);
}

#[test]
fn the_wrapper_finds_symbols_and_checks() {
    let mut program = SdfgBuilder::new("f");
    program.array("A", DType::Float64, [n() * 2 + Expr::sym("M"), n()]).scalar("lambda", DType::Int32);
    program.returns("__return", DType::Float64, [n()]);
    let steps = Expr::sym("STEPS");
    program.for_loop("t", 0, steps, |body| body.state("s").copy(("A", "0:N, 0"), ("__return", "0:N")));
    let text = emit(&program.build()).wrapper;
    let function = &text[text.find("def f(").expect("the module has the function")..];
    insta::assert_snapshot!(function, @r#"
    def f(A, lambda_, *, M=None, N=None, STEPS):
        _array("A", A, "float64", 2, False)
        _value_lambda_ = _scalar("lambda", lambda_, "int32")
        lambda_ = int(_value_lambda_)
        N = _symbol("N", N, A.shape[1])
        M = _symbol("M", M, A.shape[0] - 2*N)
        _layout("A", A, (M + 2*N, N), None)
        _result___return = _np.empty((N,), "float64")
        _value_M = _scalar("M", M, "int64")
        _value_N = _scalar("N", N, "int64")
        _value_STEPS = _scalar("STEPS", STEPS, "int64")
        _arguments = (_ctypes.c_void_p * 6)(A.ctypes.data, _value_lambda_.ctypes.data, _result___return.ctypes.data, _value_M.ctypes.data, _value_N.ctypes.data, _value_STEPS.ctypes.data)
        if _call(_arguments) != 0:
            raise RuntimeError(_error().decode())
        return _result___return
    "#);
}
