//! Constants: containers whose elements are part of the program.

use super::c_strides;
use crate::interp::Tensor;
use crate::{DType, Expr, Span};
use std::sync::Arc;

/// Elements that are part of the program and never change, in C order; one value if there are no dimensions.
#[derive(Clone, Debug)]
pub struct ConstantArray {
    values: Arc<Tensor>,
    shape: Vec<Expr>,
    strides: Vec<Expr>,
    /// Where the constant was defined.
    pub span: Span,
}

impl ConstantArray {
    /// A constant with the shape and elements of a tensor.
    pub fn new(values: Tensor) -> Self {
        let shape: Vec<Expr> = values.shape().iter().map(|&extent| Expr::int(extent as i64)).collect();
        let strides = c_strides(&shape);
        ConstantArray { values: Arc::new(values), shape, strides, span: Span::default() }
    }

    /// The elements.
    pub fn values(&self) -> &Tensor {
        &self.values
    }

    /// Type of the elements.
    pub fn dtype(&self) -> DType {
        self.values.dtype()
    }

    /// Extent of each dimension.
    pub fn shape(&self) -> &[Expr] {
        &self.shape
    }

    /// Distance of neighbours along each dimension, in elements.
    pub fn strides(&self) -> &[Expr] {
        &self.strides
    }
}

impl PartialEq for ConstantArray {
    /// Equality of types, shapes and elements, where a NaN equals itself.
    fn eq(&self, other: &Self) -> bool {
        self.span == other.span && (Arc::ptr_eq(&self.values, &other.values) || self.same_values(other))
    }
}

impl ConstantArray {
    fn same_values(&self, other: &Self) -> bool {
        let (a, b) = (&*self.values, &*other.values);
        a.dtype() == b.dtype()
            && a.shape() == b.shape()
            && (0..a.len())
                .all(|at| a.get(at).to_constant().to_string() == b.get(at).to_constant().to_string())
    }
}
