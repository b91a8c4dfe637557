//! Products and sums over whole vectors and matrices as [accumulations](super::super::accumulate).

use super::super::accumulate::{Accumulation, Axis, Finish, Input};
use super::{Call, factor};
use crate::surroundings::Surroundings;
use dacec_ir::library::Blas;
use dacec_ir::library::blas::{Factor, Trans};
use dacec_ir::{BinaryOp, Constant, DType, Expr, Function, ScalarExpr, State, Wcr};

const I: Axis = Axis::Kept(0);
const J: Axis = Axis::Kept(1);
const K: Axis = Axis::Reduced(0);

/// Replaces the node by loops.
pub(super) fn expand(around: &mut Surroundings<'_>, state: &mut State, call: &Call, op: &Blas) {
    let accumulation = match op {
        Blas::Gemm { a, b, .. } => product(call, op, ("_a", [I, K], *a), ("_b", vec![K, J], *b)),
        Blas::Gemv { a, .. } => product(call, op, ("_A", [I, K], *a), ("_x", vec![K], Trans::No)),
        Blas::Dot { conjugate } => dot(call, *conjugate),
        Blas::Nrm2 => norm(call),
        Blas::Ger { conjugate, .. } => {
            let value = multiply(of("x"), conj_if(*conjugate, call.input("_x").dtype, of("y")));
            let inputs = vec![input(call, "_x", vec![I]), input(call, "_y", vec![J])];
            element_wise(call, op, inputs, Some(value))
        }
        Blas::Axpy { .. } => element_wise(call, op, vec![input(call, "_x", vec![I])], Some(of("x"))),
        // The old value alone.
        _ => element_wise(call, op, Vec::new(), None),
    };
    accumulation.build(around, state, call);
}

fn of(name: &str) -> ScalarExpr {
    ScalarExpr::name(name)
}

fn multiply(a: ScalarExpr, b: ScalarExpr) -> ScalarExpr {
    ScalarExpr::binary(BinaryOp::Mul, a, b)
}

fn conj_if(conjugate: bool, dtype: DType, value: ScalarExpr) -> ScalarExpr {
    if conjugate && dtype.is_complex() { ScalarExpr::call(Function::Conj, value) } else { value }
}

/// `factor * value`, without a factor that is 1.
fn scaled(call: &Call, by: Factor, connector: &str, value: ScalarExpr, dtype: DType) -> ScalarExpr {
    if by == Factor::ONE { value } else { multiply(factor(call, by, connector, dtype), value) }
}

/// An operand under its connector's name without the underscore.
fn input<'c>(call: &'c Call, connector: &'static str, axes: Vec<Axis>) -> Input<'c> {
    Input { connector: &connector[1..], operand: call.input(connector), axes }
}

/// Factors that are read, which have no axes.
fn factors<'c>(call: &'c Call, op: &Blas) -> Vec<Input<'c>> {
    let all = [(op.alpha(), "_alpha"), (op.beta(), "_beta")].into_iter();
    let read = all.filter(|it| it.0 == Factor::Operand);
    read.map(|(_, name)| Input { connector: name, operand: call.input(name), axes: Vec::new() }).collect()
}

/// Sums of products along `K`, multiplied and added to what is there.
fn product<'c>(
    call: &'c Call,
    op: &Blas,
    (left, mut axes_a, a): (&'static str, [Axis; 2], Trans),
    (right, mut axes_b, b): (&'static str, Vec<Axis>, Trans),
) -> Accumulation<'c> {
    let (result, _) = result_of(op);
    let output = call.output(result);
    let dtype = output.dtype;
    let terms = call.input(left).shape[usize::from(a == Trans::No)].clone();
    if a != Trans::No {
        axes_a.reverse();
    }
    if b != Trans::No {
        axes_b.reverse();
    }
    let (x, y) = (input(call, left, axes_a.to_vec()), input(call, right, axes_b));
    let value = multiply(
        conj_if(a == Trans::Adjoint, dtype, of(x.connector)),
        conj_if(b == Trans::Adjoint, dtype, of(y.connector)),
    );
    let mut finish =
        Finish { inputs: factors(call, op), value: scaled(call, op.alpha(), "_alpha", of("value"), dtype) };
    if let Some(old) = op.old() {
        let axes = (0..output.rank()).map(Axis::Kept).collect();
        finish.inputs.push(Input { connector: "old", operand: call.input(old), axes });
        let rest = scaled(call, op.beta(), "_beta", of("old"), dtype);
        finish.value = ScalarExpr::binary(BinaryOp::Add, finish.value, rest);
    }
    let plain = finish.inputs.is_empty() && finish.value == of("value");
    Accumulation {
        kept: output.shape.clone(),
        reduced: vec![terms],
        inputs: vec![x, y],
        value,
        wcr: Wcr::Sum,
        identity: Constant::of_int(0, dtype),
        output,
        accumulate: false,
        finish: (!plain).then_some(finish),
    }
}

fn result_of(op: &Blas) -> (&'static str, usize) {
    let (name, form) = op.result();
    (name, form.rank())
}

/// A sum over vectors.
fn sum<'c>(
    call: &'c Call,
    inputs: Vec<Input<'c>>,
    value: ScalarExpr,
    finish: Option<Finish<'c>>,
) -> Accumulation<'c> {
    let output = call.output("_result");
    let terms: Vec<Expr> = inputs[0].operand.shape.clone();
    Accumulation {
        kept: Vec::new(),
        reduced: terms,
        inputs,
        value,
        wcr: Wcr::Sum,
        identity: Constant::of_int(0, output.dtype),
        output,
        accumulate: false,
        finish,
    }
}

fn dot(call: &Call, conjugate: bool) -> Accumulation<'_> {
    let (x, y) = (input(call, "_x", vec![K]), input(call, "_y", vec![K]));
    let value = multiply(conj_if(conjugate, x.operand.dtype, of("x")), of("y"));
    sum(call, vec![x, y], value, None)
}

fn norm(call: &Call) -> Accumulation<'_> {
    let x = input(call, "_x", vec![K]);
    let square = |value: ScalarExpr| multiply(value.clone(), value);
    let value = match x.operand.dtype.is_complex() {
        false => square(of("x")),
        true => {
            let part = |function| square(ScalarExpr::call(function, of("x")));
            ScalarExpr::binary(BinaryOp::Add, part(Function::Real), part(Function::Imag))
        }
    };
    let root = ScalarExpr::call(Function::Sqrt, of("value"));
    sum(call, vec![x], value, Some(Finish { inputs: Vec::new(), value: root }))
}

/// `alpha * value + old`, or `alpha * old`, of each element.
fn element_wise<'c>(
    call: &'c Call,
    op: &Blas,
    mut inputs: Vec<Input<'c>>,
    value: Option<ScalarExpr>,
) -> Accumulation<'c> {
    let (result, rank) = result_of(op);
    let output = call.output(result);
    let dtype = output.dtype;
    inputs.extend(factors(call, op));
    if let Some(old) = op.old() {
        let axes = (0..rank).map(Axis::Kept).collect();
        inputs.push(Input { connector: "old", operand: call.input(old), axes });
    }
    let value = match value {
        Some(value) => {
            let product = scaled(call, op.alpha(), "_alpha", value, dtype);
            ScalarExpr::binary(BinaryOp::Add, product, of("old"))
        }
        None => scaled(call, op.alpha(), "_alpha", of("old"), dtype),
    };
    Accumulation {
        kept: output.shape.clone(),
        reduced: Vec::new(),
        inputs,
        value,
        wcr: Wcr::Sum,
        identity: Constant::of_int(0, dtype),
        output,
        accumulate: false,
        finish: None,
    }
}
