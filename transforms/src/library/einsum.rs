//! Sums of products over shared axes: as matrix products where they are such, and as loops.

use super::accumulate::{Accumulation, Axis, Input};
use super::gemm::{SMALL, routine};
use super::{Call, Expansion, Operand};
use crate::Refusal;
use crate::surroundings::Surroundings;
use dacec_ir::library::defined::Einsum;
use dacec_ir::node::CallArgument;
use dacec_ir::{BinaryOp, Constant, Expr, Name, Range, ScalarExpr, State, Wcr};
use std::sync::Arc;

/// Calls of the matrix-product routine: one, or one for each matrix of a stack.
///
/// ```text
/// bij,bkj->bik     map b { gemm(i, k, j, A[b], B[b].T, C[b]) }
/// ijk,jkl->il      gemm(i, l, j*k, A, B, C)                       if the two axes are one in memory
/// ```
///
/// Letters of both operands and of the result count a stack; of those that the result has from one operand, and of those that are
/// summed over, several are one where that is how they lie in memory, in the same order. Operands are not copied: a transposed one is
/// one with exchanged distances.
///
/// **Requires** two operands of a type that the routine has, and a product that is not known to be small.
#[derive(Clone, Copy, Debug)]
pub struct EinsumGemm;

impl Expansion for EinsumGemm {
    fn op(&self) -> &'static str {
        "Einsum"
    }

    fn name(&self) -> &'static str {
        "gemm"
    }

    fn summary(&self) -> &'static str {
        "Calls of the matrix-product routine"
    }

    fn requirement(&self, call: &Call) -> Result<(), Refusal> {
        let product = Product::of(call)?;
        let c = call.output("_out");
        if product.operands().iter().any(|it| it.dtype != c.dtype) || routine(c.dtype).is_none() {
            return Err(Refusal::unproved(format!("there is no routine for elements of {}", c.dtype)));
        }
        if c.memlet.wcr.is_some() {
            return Err(Refusal::unproved("the result is combined with what is there"));
        }
        let small = |extent: &Expr| extent.as_int().is_some_and(|extent| extent <= SMALL);
        if [&product.rows, &product.columns, &product.terms].into_iter().all(|it| small(&it.extent)) {
            return Err(Refusal::unproved("the matrices are so small that a call costs more than loops"));
        }
        Ok(())
    }

    fn expand(&self, around: &mut Surroundings<'_>, state: &mut State, call: Call) {
        let product = Product::of(&call).expect("the requirement was checked");
        let c = call.output("_out");
        let number = |value: i64| CallArgument::Value(c.dtype, Constant::of_int(value, c.dtype).into());
        let pointer = |name: &str| CallArgument::Pointer(name.into());
        let int = |expr: &Expr| CallArgument::Int(expr.clone());
        let Product { rows, columns, terms, .. } = &product;
        let arguments = vec![
            int(&rows.extent),
            int(&columns.extent),
            int(&terms.extent),
            number(1),
            pointer("_in0"),
            int(&rows.strides[0]),
            int(&terms.strides[0]),
            pointer("_in1"),
            int(&terms.strides[1]),
            int(&columns.strides[1]),
            number(0),
            pointer("_out"),
            int(&rows.strides[2]),
            int(&columns.strides[2]),
        ];
        let name = routine(c.dtype).expect("the requirement was checked");
        let stack: Vec<(Name, Range)> = product
            .stack
            .iter()
            .map(|(_, extent)| (around.names.fresh("batch"), Range::full(extent)))
            .collect();
        // The letters of a stack come first in each operand.
        let (names, letters) = (product.names(), product.letters.clone());
        let in_stack: Vec<char> = product.stack.iter().map(|(letter, _)| *letter).collect();
        let mut call = call.clone();
        let mut reordered: Vec<Vec<char>> = Vec::new();
        for (at, (name, letters)) in names.into_iter().zip(&letters).enumerate() {
            let operand = if at == 2 { &mut call.outputs[&name] } else { &mut call.inputs[&name] };
            let rest = letters.iter().filter(|it| !in_stack.contains(it));
            let order = in_stack.iter().chain(rest).filter_map(|it| letters.iter().position(|own| own == it));
            let order: Vec<usize> = order.collect();
            *operand = operand.permuted(&order);
            reordered.push(order.into_iter().map(|at| letters[at]).collect());
        }
        let result = reordered.pop().unwrap_or_default();
        call.op = Arc::new(Einsum { operands: reordered, result });
        let stacked = stack.len();
        let own = move |operand: &Operand| operand.rank() - stacked;
        call.by_routine_in_stack(around, state, (name, arguments), stack, &own);
    }
}

/// One dimension of a product, which may be several axes.
#[derive(Debug)]
struct Dimension {
    extent: Expr,
    /// Its distance in both operands and the result, where they have it.
    strides: [Expr; 3],
}

/// A contraction as a stack of matrix products.
#[derive(Debug)]
struct Product<'c> {
    call: &'c Call,
    letters: [Vec<char>; 3],
    /// Letters that everybody has, with their extents.
    stack: Vec<(char, Expr)>,
    rows: Dimension,
    columns: Dimension,
    terms: Dimension,
}

impl<'c> Product<'c> {
    fn of(call: &'c Call) -> Result<Self, Refusal> {
        let op = op_of(call)?;
        let [a, b] = &op.operands[..] else { return Err(Refusal::unproved("there are not two operands")) };
        let c = &op.result;
        let letters = [a.clone(), b.clone(), c.clone()];
        let all = a.iter().chain(b.iter().filter(|it| !a.contains(it)));
        let (mut stack, mut rows, mut columns, mut terms) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for letter in all {
            match (a.contains(letter), b.contains(letter), c.contains(letter)) {
                (true, true, true) => stack.push((*letter, extent_of(call, &letters[0], 0, *letter))),
                (true, false, true) => rows.push(*letter),
                (false, true, true) => columns.push(*letter),
                (true, true, false) => terms.push(*letter),
                _ => {
                    return Err(Refusal::unproved(format!("`{letter}` is summed over in one operand alone")));
                }
            }
        }
        if rows.is_empty() || columns.is_empty() || terms.is_empty() {
            return Err(Refusal::unproved("it is no product of matrices"));
        }
        let one = |group: &[char]| one_dimension(call, &letters, group);
        let (rows, columns, terms) = (one(&rows)?, one(&columns)?, one(&terms)?);
        Ok(Product { call, letters, stack, rows, columns, terms })
    }

    fn names(&self) -> [Name; 3] {
        [Einsum::connector(0), Einsum::connector(1), "_out".into()]
    }

    fn operands(&self) -> [&Operand; 2] {
        [self.call.input("_in0"), self.call.input("_in1")]
    }
}

fn op_of(call: &Call) -> Result<&Einsum, Refusal> {
    let op = call.op.as_any().downcast_ref::<Einsum>();
    let op = op.ok_or_else(|| Refusal::unproved("the operation is none of its kind"))?;
    let ranks = op
        .operands
        .iter()
        .enumerate()
        .all(|(at, letters)| call.input(&Einsum::connector(at)).rank() == letters.len());
    match ranks && call.output("_out").rank() == op.result.len() {
        true => Ok(op),
        false => Err(Refusal::unproved("an operand has not as many dimensions as letters")),
    }
}

/// The extent of a letter of an input.
fn extent_of(call: &Call, letters: &[char], at: usize, letter: char) -> Expr {
    let position = letters.iter().position(|it| *it == letter).unwrap_or_default();
    call.input(&Einsum::connector(at)).shape[position].clone()
}

/// The axes of a group as one, if they follow each other in memory wherever they are.
fn one_dimension(call: &Call, letters: &[Vec<char>; 3], group: &[char]) -> Result<Dimension, Refusal> {
    let mut strides: [Expr; 3] = Default::default();
    let mut extent = Expr::one();
    for (at, own) in letters.iter().enumerate().filter(|(_, own)| own.contains(&group[0])) {
        // Both operands, then the result.
        let of = if at == 2 { call.output("_out") } else { call.input(&Einsum::connector(at)) };
        let position = |letter: char| own.iter().position(|it| *it == letter).unwrap_or_default();
        for pair in group.windows(2) {
            let (outer, inner) = (position(pair[0]), position(pair[1]));
            if of.strides[outer] != &of.strides[inner] * &of.shape[inner] {
                return Err(Refusal::unproved(format!(
                    "the axes `{}` and `{}` are not one",
                    pair[0], pair[1]
                )));
            }
        }
        extent = group.iter().fold(Expr::one(), |product, letter| product * &of.shape[position(*letter)]);
        strides[at] = of.strides[position(group[group.len() - 1])].clone();
    }
    Ok(Dimension { extent, strides })
}

/// Loops, in the order in which the operands lie in memory.
#[derive(Clone, Copy, Debug)]
pub struct EinsumLoops;

impl Expansion for EinsumLoops {
    fn op(&self) -> &'static str {
        "Einsum"
    }

    fn name(&self) -> &'static str {
        "loops"
    }

    fn summary(&self) -> &'static str {
        "Loops that accumulate products in the order in which the operands lie in memory"
    }

    fn requirement(&self, call: &Call) -> Result<(), Refusal> {
        let op = op_of(call)?;
        let output = call.output("_out");
        if op.operands.len() > NAMES.len() || op.summed().is_empty() {
            return Err(Refusal::unproved("there are too many operands, or there is nothing to sum"));
        }
        if call.inputs.values().any(|it| it.dtype != output.dtype) || output.memlet.wcr.is_some() {
            return Err(Refusal::unproved(
                "not everything is of one type, or it is combined with what is there",
            ));
        }
        Ok(())
    }

    fn expand(&self, around: &mut Surroundings<'_>, state: &mut State, call: Call) {
        let op = op_of(&call).expect("the requirement was checked").clone();
        let (output, summed) = (call.output("_out"), op.summed());
        let axis = |letter: &char| match op.result.iter().position(|it| it == letter) {
            Some(at) => Axis::Kept(at),
            None => Axis::Reduced(summed.iter().position(|it| it == letter).unwrap_or_default()),
        };
        let extent = |letter: &char| {
            let at = op.operands.iter().position(|it| it.contains(letter)).unwrap_or_default();
            extent_of(&call, &op.operands[at], at, *letter)
        };
        let reduced = summed.iter().map(extent).collect();
        let inputs = op.operands.iter().enumerate().map(|(at, letters)| Input {
            connector: NAMES[at],
            operand: call.input(&Einsum::connector(at)),
            axes: letters.iter().map(axis).collect(),
        });
        let factors = NAMES[..op.operands.len()].iter().map(|name| ScalarExpr::name(*name));
        let product = factors.reduce(|a, b| ScalarExpr::binary(BinaryOp::Mul, a, b));
        let accumulation = Accumulation {
            kept: output.shape.clone(),
            reduced,
            inputs: inputs.collect(),
            value: product.unwrap_or_else(|| Constant::of_int(1, output.dtype).into()),
            wcr: Wcr::Sum,
            identity: Constant::of_int(0, output.dtype),
            output,
            accumulate: false,
            finish: None,
        };
        accumulation.build(around, state, &call);
    }
}

/// What operands are called in loops.
const NAMES: [&str; 6] = ["a", "b", "c", "d", "e", "f"];
