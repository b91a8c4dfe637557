use super::*;
use crate::DType;
use crate::library::blas::{Factor, Trans};
use crate::library::defined::{Einsum, Stencil, Transpose};
use crate::library::{Blas, Csr, Dense, LibraryOp, MatMul};

/// Operands of doubles, with shapes as texts.
fn operands(shapes: &[(&str, &str)], dtype: DType) -> Operands {
    let operand = |(name, shape): &(&str, &str)| {
        let extents = shape.split_whitespace().map(|it| Expr::parse(it).expect("an extent"));
        let array = crate::Array::new(dtype, extents.collect::<Vec<_>>());
        ((*name).into(), OperandType { dtype, shape: array.shape, strides: array.strides })
    };
    shapes.iter().map(operand).collect()
}

#[track_caller]
fn check(op: &dyn LibraryOp, shapes: &[(&str, &str)], operations: &str, bytes: &str) {
    let cost = op.cost(&operands(shapes, DType::Float64)).expect("it is known");
    let parse = |text: &str| Expr::parse(text).expect("an expression");
    assert_eq!((cost.operations, cost.bytes), (parse(operations), parse(bytes)), "{}", op.name());
}

#[test]
fn products_multiply_and_add_for_each_term() {
    let matrices = [("_a", "N K"), ("_b", "K M"), ("_c", "N M")];
    check(&MatMul, &matrices, "2*N*K*M", "8*N*K + 8*K*M + 8*N*M");
    check(
        &MatMul,
        &[("_a", "B N K"), ("_b", "K M"), ("_c", "B N M")],
        "2*B*N*K*M",
        "8*B*N*K + 8*K*M + 8*B*N*M",
    );
    check(&MatMul, &[("_a", "N K"), ("_b", "K"), ("_c", "N")], "2*N*K", "8*N*K + 8*K + 8*N");
    check(&MatMul, &[("_a", "N"), ("_b", "N"), ("_c", "")], "2*N", "16*N + 8");
    // All pairs.
    check(&MatMul, &[("_a", "N"), ("_b", "M"), ("_c", "N M")], "2*N*M", "8*N + 8*M + 8*N*M");
    let gemm = Blas::Gemm { a: Trans::Transposed, b: Trans::No, alpha: Factor::ONE, beta: Factor::ZERO };
    check(&gemm, &[("_a", "K N"), ("_b", "K M"), ("_c", "N M")], "2*N*K*M", "8*N*K + 8*K*M + 8*N*M");
    let sparse = Csr { vector: false, alpha: Factor::ONE, beta: Factor::ZERO };
    let shapes = [("_a_rows", "N + 1"), ("_a_cols", "E"), ("_a_vals", "E"), ("_b", "K M"), ("_c", "N M")];
    assert_eq!(
        sparse.cost(&operands(&shapes[2..], DType::Float64)).map(|it| it.operations),
        Expr::parse("2*E*M").ok()
    );
    let einsum = Einsum::parse("bij,bkj->bik").expect("subscripts");
    let shapes = [("_in0", "B I J"), ("_in1", "B K J"), ("_out", "B I K")];
    check(&einsum, &shapes, "2*B*I*J*K", "8*B*I*J + 8*B*K*J + 8*B*I*K");
}

#[test]
fn complex_numbers_are_four_times_the_work() {
    let shapes = [("_a", "N N"), ("_b", "N N"), ("_c", "N N")];
    let cost = MatMul.cost(&operands(&shapes, DType::Complex64)).expect("it is known");
    let expected = ["8*N**3", "24*N**2"].map(|text| Expr::parse(text).expect("an expression"));
    assert_eq!([cost.operations, cost.bytes], expected);
}

#[test]
fn factorizations_are_cubic() {
    check(&Dense::Cholesky, &[("_a", "N N"), ("_l", "N N")], "N**3//3", "16*N**2");
    check(&Dense::Solve, &[("_a", "N N"), ("_b", "N"), ("_x", "N")], "2*N**3//3 + 2*N**2", "8*N**2 + 16*N");
    check(&Dense::Inv, &[("_a", "B N N"), ("_x", "B N N")], "2*B*N**3", "16*B*N**2");
    check(&Blas::LuInPlace, &[("_a", "N N"), ("_c", "N N")], "2*N**3//3", "16*N**2");
}

#[test]
fn what_only_moves_costs_bytes() {
    let transpose = Transpose { axes: vec![1, 0] };
    check(&transpose, &[("_inp", "N M"), ("_out", "M N")], "0", "16*N*M");
    let code = "0.5*(p0 + p1)".to_owned();
    let stencil = Stencil { code, offsets: vec![vec![-1], vec![1]], rank: 1 };
    check(&stencil, &[("_in", "N"), ("_old", "N"), ("_out", "N")], "2*N", "24*N");
}

#[test]
fn every_operation_has_a_cost_whatever_is_connected() {
    let nothing = Operands::default();
    let mut ops: Vec<Box<dyn LibraryOp>> = vec![Box::new(MatMul)];
    ops.extend(Dense::ALL.map(|op| -> Box<dyn LibraryOp> { Box::new(op) }));
    for op in ops {
        assert_eq!(op.cost(&nothing).map(|it| it.bytes), Some(Expr::zero()), "{}", op.name());
    }
}

#[test]
fn work_counts_eight_bytes_as_one_operation() {
    let cost = Cost { operations: Expr::sym("N"), bytes: Expr::sym("N") * 24 };
    assert_eq!(cost.work(), Expr::sym("N") * 4);
}
