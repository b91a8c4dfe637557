//! What the library operations of this crate compute, on tensors.

use super::arithmetic::{binary, combine, identity};
use super::{Tensor, Value};
use crate::data::Comma;
use crate::library::Reduce;
use crate::{BinaryOp, DType};

/// `c = a @ b` with NumPy's rules: a vector on the left is a row, on the right a column; what stands before the last two
/// dimensions is a stack of matrices, and broadcasts.
pub fn matmul(a: &Tensor, b: &Tensor, c: &mut Tensor) -> Result<(), String> {
    let dtype = c.dtype();
    if a.dtype() != dtype || b.dtype() != dtype {
        return Err(format!("operands of types {} and {} with a result of {dtype}", a.dtype(), b.dtype()));
    }
    let (left, right) = (Stack::rows(a)?, Stack::columns(b)?);
    let (rows, inner, columns) = (left.rows, left.columns, right.columns);
    if inner != right.rows {
        return Err(format!("shapes [{}] and [{}] do not fit", Comma(a.shape()), Comma(b.shape())));
    }
    let batch = broadcast(&left.batch, &right.batch).ok_or_else(|| {
        format!("stacks [{}] and [{}] do not broadcast", Comma(&left.batch), Comma(&right.batch))
    })?;
    let mut shape = batch.clone();
    shape.extend((a.shape().len() > 1).then_some(rows));
    shape.extend((b.shape().len() > 1).then_some(columns));
    // A memlet cannot tell a single index from an extent of one, so these do not count.
    if long(&shape) != long(c.shape()) {
        return Err(format!("the result has shape [{}], not [{}]", Comma(&shape), Comma(c.shape())));
    }
    for (matrix, index) in all_indices(&batch).iter().enumerate() {
        let (a_base, b_base) = (left.base(index), right.base(index));
        for (i, j) in (0..rows).flat_map(|i| (0..columns).map(move |j| (i, j))) {
            let mut sum = Value::zero(dtype);
            for k in 0..inner {
                let (x, y) = (a.get(a_base + i * inner + k), b.get(b_base + k * columns + j));
                sum = multiply_add(sum, x, y)?;
            }
            c.set((matrix * rows + i) * columns + j, sum);
        }
    }
    Ok(())
}

/// The elements of `input` combined along axes.
pub fn reduce(op: &Reduce, input: &Tensor, output: &mut Tensor) -> Result<(), String> {
    let dtype = output.dtype();
    if input.dtype() != dtype {
        return Err(format!("an operand of type {} with a result of {dtype}", input.dtype()));
    }
    let rank = input.shape().len();
    let reduced = |axis: usize| op.axes.as_ref().is_none_or(|axes| axes.contains(&axis));
    if let Some(axis) = op.axes.iter().flatten().find(|axis| **axis >= rank) {
        return Err(format!("an operand with {rank} dimensions has no axis {axis}"));
    }
    let kept: Vec<usize> = (0..rank).filter(|axis| !reduced(*axis)).map(|axis| input.shape()[axis]).collect();
    if long(&kept) != long(output.shape()) {
        return Err(format!("the result has shape [{}], not [{}]", Comma(&kept), Comma(output.shape())));
    }
    let mut results: Vec<Option<Value>> = match op.accumulate {
        true => (0..output.len()).map(|at| Some(output.get(at))).collect(),
        false => vec![identity(op.wcr, dtype); output.len()],
    };
    for (at, index) in all_indices(input.shape()).iter().enumerate() {
        let target = (0..rank)
            .filter(|axis| !reduced(*axis))
            .fold(0, |position, axis| position * input.shape()[axis] + index[axis]);
        let new = input.get(at);
        results[target] = Some(match results[target] {
            Some(old) => combine(op.wcr, old, new).map_err(|error| error.to_string())?,
            None => new,
        });
    }
    for (at, result) in results.into_iter().enumerate() {
        let empty = || format!("{} of no elements has no value for {dtype}", op.wcr);
        output.set(at, result.ok_or_else(empty)?);
    }
    Ok(())
}

/// A stack of matrices.
struct Stack {
    batch: Vec<usize>,
    rows: usize,
    columns: usize,
}

impl Stack {
    fn rows(tensor: &Tensor) -> Result<Self, String> {
        match tensor.shape() {
            [] => Err("an operand is a scalar".to_owned()),
            [len] => Ok(Stack { batch: Vec::new(), rows: 1, columns: *len }),
            [batch @ .., rows, columns] => {
                Ok(Stack { batch: batch.to_vec(), rows: *rows, columns: *columns })
            }
        }
    }

    fn columns(tensor: &Tensor) -> Result<Self, String> {
        match tensor.shape() {
            [len] => Ok(Stack { batch: Vec::new(), rows: *len, columns: 1 }),
            _ => Stack::rows(tensor),
        }
    }

    /// Position of the first element of the matrix at `index` of the broadcast stack.
    fn base(&self, index: &[usize]) -> usize {
        let own = &index[index.len() - self.batch.len()..];
        let matrix = self
            .batch
            .iter()
            .zip(own)
            .fold(0, |position, (extent, at)| position * extent + if *extent == 1 { 0 } else { *at });
        matrix * self.rows * self.columns
    }
}

fn multiply_add(sum: Value, x: Value, y: Value) -> Result<Value, String> {
    // Truth values combine as in NumPy: `or` of `and`s, which is what their sum and product are.
    let product = binary(BinaryOp::Mul, x, y).map_err(|error| error.to_string())?;
    binary(BinaryOp::Add, sum, product).map_err(|error| error.to_string())
}

fn broadcast(a: &[usize], b: &[usize]) -> Option<Vec<usize>> {
    let rank = a.len().max(b.len());
    let extent = |shape: &[usize], dim: usize| match (dim + shape.len()).checked_sub(rank) {
        Some(own) => shape[own],
        None => 1,
    };
    (0..rank)
        .map(|dim| match (extent(a, dim), extent(b, dim)) {
            (x, y) if x == y || y == 1 => Some(x),
            (1, y) => Some(y),
            _ => None,
        })
        .collect()
}

/// The extents that are not one.
fn long(shape: &[usize]) -> Vec<usize> {
    shape.iter().copied().filter(|extent| *extent != 1).collect()
}

/// Every index of a box, in C order.
fn all_indices(shape: &[usize]) -> Vec<Vec<usize>> {
    let mut indices = vec![Vec::with_capacity(shape.len())];
    for &extent in shape {
        indices = indices
            .iter()
            .flat_map(|prefix: &Vec<usize>| {
                (0..extent).map(move |at| prefix.iter().copied().chain([at]).collect())
            })
            .collect();
    }
    indices
}

/// How far two results may be apart that differ in rounding only, for numbers around 1.
pub(super) fn tolerance(dtype: DType) -> f64 {
    match dtype.real() {
        DType::Float16 => 1e-2,
        DType::BFloat16 => 1e-1,
        DType::Float32 => 1e-4,
        DType::Float64 => 1e-9,
        _ => 0.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Wcr;

    fn product(a: &[usize], b: &[usize], c: &[usize]) -> Result<Vec<i64>, String> {
        let counting = |shape: &[usize]| {
            let len = shape.iter().product::<usize>() as i64;
            Tensor::new(shape, (1..=len).collect()).expect("as many numbers as elements")
        };
        let mut result = Tensor::zeros(DType::Int64, c);
        matmul(&counting(a), &counting(b), &mut result)?;
        Ok(result.as_slice::<i64>().expect("integers").to_vec())
    }

    #[test]
    fn products_of_vectors_and_matrices() {
        assert_eq!(product(&[2, 2], &[2, 2], &[2, 2]).unwrap(), [7, 10, 15, 22]);
        assert_eq!(product(&[3], &[3], &[]).unwrap(), [14]);
        assert_eq!(product(&[2, 3], &[3], &[2]).unwrap(), [14, 32]);
        assert_eq!(product(&[2], &[2, 3], &[3]).unwrap(), [9, 12, 15]);
    }

    #[test]
    fn stacks_broadcast() {
        assert_eq!(product(&[2, 1, 2], &[2, 1], &[2, 1, 1]).unwrap(), [5, 11]);
        assert_eq!(product(&[2, 1, 1, 2], &[3, 2, 1], &[2, 3, 1, 1]).unwrap(), [5, 11, 17, 11, 25, 39]);
    }

    #[test]
    fn shapes_must_fit() {
        assert!(product(&[2, 3], &[2, 3], &[2, 3]).unwrap_err().contains("do not fit"));
        assert!(product(&[2, 2, 2], &[3, 2, 2], &[3, 2, 2]).unwrap_err().contains("do not broadcast"));
        assert!(product(&[2, 2], &[2, 2], &[4]).unwrap_err().contains("the result has shape"));
    }

    fn reduced(op: Reduce, output: &[usize]) -> Result<Vec<i32>, String> {
        let input = Tensor::new(&[2, 3], vec![1_i32, 2, 3, 4, 5, 6]).expect("six numbers");
        let mut result = Tensor::zeros(DType::Int32, output);
        for at in 0..result.len() {
            result.set(at, Value::int(100, DType::Int32));
        }
        reduce(&op, &input, &mut result)?;
        Ok(result.as_slice::<i32>().expect("integers").to_vec())
    }

    #[test]
    fn axes_disappear() {
        let op = |wcr, axes, accumulate| Reduce { wcr, axes, accumulate };
        assert_eq!(reduced(op(Wcr::Sum, None, false), &[]).unwrap(), [21]);
        assert_eq!(reduced(op(Wcr::Sum, Some(vec![0]), false), &[3]).unwrap(), [5, 7, 9]);
        assert_eq!(reduced(op(Wcr::Max, Some(vec![1]), false), &[2]).unwrap(), [3, 6]);
        assert_eq!(reduced(op(Wcr::Sum, Some(vec![1]), true), &[2]).unwrap(), [106, 115]);
        assert_eq!(reduced(op(Wcr::BitXor, Some(vec![0]), false), &[3]).unwrap(), [5, 7, 5]);
        assert!(reduced(op(Wcr::Sum, Some(vec![2]), false), &[2]).unwrap_err().contains("no axis 2"));
        assert!(reduced(op(Wcr::Sum, Some(vec![0]), false), &[2]).is_err());
    }
}
